"""evolve: how one event changes the book. Total: every event has an answer."""

from __future__ import annotations

from ledger.book import Book, Booking, Dated, Emergency, LineKey, Move, Origin, Terms, UseKey
from ledger.heads import NO_ENTRIES, TextPlace, about, commitments, followed
from ledger.notary.tlog import leaf_hash
from schemas import codec
from schemas.envelope import Recorded
from schemas.events import (
    ActorEnrolled,
    ActualPosted,
    AuthoritySet,
    BenefitPlanned,
    CapacityAllocated,
    CommitmentPosted,
    DecisionClosed,
    DecisionRequested,
    EntryReversed,
    EnvelopeFunded,
    Fact,
    FundingApproved,
    FundingReallocated,
    InitiativeLinked,
    PeriodClosed,
    PolicyAdopted,
    PortfolioOpened,
    TextErased,
)

MONEY_FACTS: tuple[type[Fact], ...] = (
    EnvelopeFunded,
    FundingApproved,
    FundingReallocated,
    CommitmentPosted,
    ActualPosted,
)
"""Facts that are deltas: any of them can be reversed at any time."""

MONEY_DECISIONS = (EnvelopeFunded, FundingApproved, FundingReallocated)
"""Those of them that somebody decided."""


def evolve(book: Book, event: Recorded, payload: bytes | None = None) -> None:
    """Take one event into the book.

    payload: the bytes as they are stored; without them the encoding that `decide`'s events are stored in.
    An event that no rule would have allowed (one another program wrote) is taken as it stands.
    """
    fact = event.data
    year = book.fiscal_year(event.effective_on)
    key, minor = line_of(fact, event.subject, year)
    leaf = leaf_hash(codec.encode(event) if payload is None else payload)
    book.frontier.append(leaf)
    book.sequence = event.at
    book.recorded_at = event.recordedtime
    book.take_command(event)
    origin = _origin(book, event)
    book.write_line(key, minor, origin)
    _take_proof(book, event, leaf)
    if isinstance(fact, EntryReversed):
        _reverse(book, fact, event.at, year)
    elif key.moves:
        _move_money(book, event, key, minor, origin)
    else:
        stack = book.stack(event.subject, type(fact))
        book.put(book.stacks, (event.subject, type(fact)), (*stack, Dated(event.effective_on, event.at, fact)))
    _list(book, event)
    if isinstance(fact, PortfolioOpened):
        book.importing = fact.historic
        if fact.registrar.vkey is not None:
            book.put(book.keys, fact.registrar.vkey, fact.registrar.actor)
    elif event.basis != "imported":
        book.importing = False


def _take_proof(book: Book, event: Recorded, leaf: bytes) -> None:
    """Take an entry into the heads of what it is about, and note the texts it holds as commitments."""
    names = about(event, book.about)
    for name in names:
        book.put(book.heads, name, followed(book.heads.get(name, NO_ENTRIES), event.at, leaf))
    held = commitments(event.data)
    if held:
        requests = [book.newest(name, DecisionRequested) for name in names]
        concerned = (*names, *(each for request in requests if request is not None for each in request.subjects))
        for field, commitment in held:
            place = TextPlace(event.at, field, concerned)
            book.put(book.texts, commitment, (*book.texts.get(commitment, ()), place))
    if isinstance(event.data, TextErased):
        book.put(book.erased, event.data.commitment, event.at)


def evolve_foreign(book: Book, sequence: int, payload: bytes) -> None:
    """Take note of an entry that is no event: it has its place and its hash, and no meaning."""
    book.frontier.append(leaf_hash(payload))
    book.sequence = sequence
    book.foreign_count += 1
    book.end_command()
    book.write_line(None, 0, None)


def line_of(fact: Fact, subject: str, year: str) -> tuple[LineKey, int]:
    """Return what the book keeps of an entry, and its delta in minor units.

    year: the fiscal year of its effective day, for money that names no period.
    """
    leg = 0
    moves: tuple[Move, ...]
    booked: tuple[Booking, ...]
    if isinstance(fact, EnvelopeFunded):
        if fact.kind in ("transfer", "carry_forward"):
            leg = 1 if fact.amount.minor > 0 else -1
        moves = ((1, ("funded", fact.envelope, None, None)),)
        booked = (Booking(1, "funded", fact.fiscal_period),)
    elif isinstance(fact, FundingApproved):
        moves = _approval(1, fact.envelope, fact.initiative)
        booked = (Booking(1, "approved", fact.period or year),)
    elif isinstance(fact, FundingReallocated):
        moves = _approval(-1, fact.source.envelope, fact.source.initiative)
        moves += _approval(1, fact.target.envelope, fact.target.initiative)
        booked = (
            Booking(-1, "approved", fact.source.period or year),
            Booking(1, "approved", fact.target.period or year),
        )
    elif isinstance(fact, CommitmentPosted):
        moves = _commitment(1, fact.envelope, fact.initiative, fact.commitment)
        booked = (Booking(1, "committed", fact.period),)
    elif isinstance(fact, ActualPosted):
        moves = ((1, ("actual", fact.envelope, fact.initiative, None)),)
        booked = (Booking(1, "actual", fact.period),)
        if fact.commitment is not None:
            moves += _commitment(-1, fact.envelope, fact.initiative, fact.commitment)
            booked += (Booking(-1, "committed", fact.period),)
    else:
        return LineKey(type(fact), subject), 0
    return LineKey(type(fact), subject, fact.amount.currency, moves, booked, leg), fact.amount.minor


def _approval(sign: int, envelope: str, initiative: str) -> tuple[Move, ...]:
    return ((sign, ("approved", envelope, None, None)), (sign, ("approved", envelope, initiative, None)))


def _commitment(sign: int, envelope: str, initiative: str | None, commitment: str) -> tuple[Move, ...]:
    return ((sign, ("open", envelope, initiative, None)), (sign, ("open", envelope, initiative, commitment)))


def _origin(book: Book, event: Recorded) -> Origin:
    if not isinstance(event.data, MONEY_DECISIONS) or (event.decisionid is None and event.grants is None):
        return Origin(event.actor)
    day = None if event.grants is None else event.decidedon or book.local_day(event.recordedtime)
    return Origin(event.actor, event.decisionid, event.grants, None if day is None else f"{day:%Y-%m}")


def _list(book: Book, event: Recorded) -> None:
    """List what a rule looks up by something else than its subject. An entry taken back stays listed."""
    fact = event.data
    for condition in getattr(fact, "conditions", ()):
        book.put(book.conditions, condition.condition, event.at)
        initiatives = _held_up(book, fact)
        book.put(book.terms, condition.condition, Terms(condition, initiatives))
        for initiative in initiatives if condition.blocking else ():
            book.list_name(condition.condition, "blocking", initiative)
    if isinstance(fact, ActorEnrolled):
        if fact.vkey is not None:
            book.put(book.keys, fact.vkey, fact.actor)
    elif isinstance(fact, AuthoritySet):
        book.list_name(fact.authority, "held", fact.holder.kind, fact.holder.id)
        if fact.holder.kind == "body":
            book.list_name(fact.holder.id, "bodies")
    elif isinstance(fact, InitiativeLinked):
        if fact.kind == "backlog":
            book.list_name(fact.initiative, "backlog", fact.system or "", fact.target)
    elif isinstance(fact, CapacityAllocated):
        book.list_name(fact.initiative, "planned", fact.pool, fact.skill, fact.unit, fact.period)
    elif isinstance(fact, BenefitPlanned):
        book.list_name(fact.benefit, "measure", fact.measure)
    elif isinstance(fact, PeriodClosed):
        book.list_name(fact.period, "closed")
    elif isinstance(fact, FundingApproved):
        if event.basis == "emergency" and fact.ratify_by is not None:
            given = Emergency(event.at, fact.ratify_by, event.decisionid)
            book.put(book.emergencies, fact.initiative, (*book.emergencies.get(fact.initiative, ()), given))
    elif isinstance(fact, DecisionClosed) and fact.ratifies is not None and fact.outcome == "approved":
        book.put(book.ratified, fact.ratifies, event.at)
    if isinstance(fact, AuthoritySet | PolicyAdopted):
        recorded_on = book.local_day(event.recordedtime)
        if event.effective_on < recorded_on:
            book.put(book.since, event.at, recorded_on)


def _held_up(book: Book, fact: Fact) -> tuple[str, ...]:
    """Return the initiatives that a condition of this fact is about."""
    if isinstance(fact, DecisionClosed):
        request = book.newest(fact.subject(), DecisionRequested)
        subjects = () if request is None else request.subjects
        return tuple(each.removeprefix("initiative/") for each in subjects if each.startswith("initiative/"))
    initiative = getattr(fact, "initiative", None)
    return () if initiative is None else (initiative,)


def _move_money(book: Book, event: Recorded, key: LineKey, minor: int, origin: Origin) -> None:
    fact = event.data
    for _, (_, envelope, _, _) in key.moves:
        if envelope not in book.currencies:
            book.put(book.currencies, envelope, key.currency)
    _move(book, key, minor)
    _count(book, key, minor, origin)
    if isinstance(fact, EnvelopeFunded):
        named = Dated(event.effective_on, event.at, fact.value_stream)
        book.put(book.value_streams, fact.envelope, (*book.value_streams.get(fact.envelope, ()), named))
    if isinstance(fact, ActualPosted):
        book.posting_refs.put(fact.posting_ref, event.at)


def _move(book: Book, key: LineKey, minor: int, period: str | None = None) -> None:
    """Move the sums of an entry by *minor*. period: book it there, and not where the entry was booked."""
    for sign, sum_key in key.moves:
        book.add(sum_key, sign * minor)
        if sum_key[0] == "approved" and sum_key[2] is not None:
            whole = (sum_key[2], key.currency)
            book.put(book.totals, whole, book.totals.get(whole, 0) + sign * minor)
    for booking in key.booked:
        place = (period or booking.period, booking.measure, key.currency)
        book.put(book.booked, place, book.booked.get(place, 0) + booking.sign * minor)


def _count(book: Book, key: LineKey, minor: int, origin: Origin, *, taken_back: bool = False) -> None:
    """Count what an entry adds against the decision it names and the authority of those who decided."""
    if minor <= 0:
        return
    sign = -1 if taken_back else 1
    if origin.decision is not None:
        place = (origin.decision, key.currency)
        book.put(book.under, place, book.under.get(place, 0) + sign * minor)
    for kind, holder in _holders(book, origin.grants):
        use: UseKey = (kind, holder, key.currency, origin.decided_in or "")
        book.put(book.uses, use, book.uses.get(use, 0) + sign * minor)


def _holders(book: Book, grants: str | None) -> list[tuple[str, str]]:
    """Return whose authority was used: of a deputy, the principal's."""
    found = []
    for text in dict.fromkeys(grants.split(",")) if grants else ():
        line = book.line(int(text)) if text.isdecimal() else None
        stack = () if line is None else book.stack(line.key.subject, AuthoritySet)
        for dated in stack:
            if dated.sequence == int(text):
                fact: AuthoritySet = dated.fact
                principal = ("actor", fact.deputy_for) if fact.deputy_for else (fact.holder.kind, fact.holder.id)
                if principal not in found:
                    found.append(principal)
    return found


def _reverse(book: Book, fact: EntryReversed, sequence: int, year: str) -> None:
    line = book.line(fact.sequence)
    if line is None or fact.sequence in book.reversed_by:
        return
    book.put(book.reversed_by, fact.sequence, sequence)
    key = line.key
    if not key.moves:
        left = tuple(dated for dated in book.stack(key.subject, key.type) if dated.sequence != fact.sequence)
        book.put(book.stacks, (key.subject, key.type), left)
        return
    _move(book, key, -line.minor, None if fact.kind == "void" else fact.period or year)
    origin = book.origin(fact.sequence)
    if origin is not None:
        _count(book, key, line.minor, origin, taken_back=True)
    if fact.kind == "void" and key.type is EnvelopeFunded:
        envelope = key.moves[0][1][1]
        kept = tuple(dated for dated in book.value_streams.get(envelope, ()) if dated.sequence != fact.sequence)
        book.put(book.value_streams, envelope, kept)
