"""Re-performed: every event of a log judged and decided again from its own bytes, every view rebuilt. Level A4.

Deciding again takes the command that is stored with an event, its signatures among what is judged, and the book as it
was before. By which rules, the event says; so what is looked at here besides is what an event says of itself: that
the rules never went back to older ones, nor the clock, and that the log is the one its first event names. An event
put into the stream past the service, by whoever can, has to come through all of it.
"""

from __future__ import annotations

import datetime
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import NamedTuple

import msgspec

from ledger.notary.places import Place
from ledger.notary.rehash import read_entries
from ledger.reperform import Reperformance, reperform
from ledger.store import EventReader, Stored
from projections.compare import Comparison, Moved, Step, compare, questions
from projections.levels import Finding, decided_finding, shown_finding
from projections.moment import Moment
from projections.replica import Replica
from projections.sync import catch_up
from projections.views import ask
from schemas import codec
from schemas.envelope import Recorded
from schemas.events import PortfolioOpened, TextErased

OLDEST_RULES = "0"
"""Rules that knew no signature and no grant: what they decided shows none."""

MOST_NAMED = 5


class PlaceReader:
    """The entries of a log's files, read like a stream. Their subjects are not in the log, and empty."""

    def __init__(self, place: Place, size: int) -> None:
        self._place, self._size = place, size

    async def read(self, *, after: int = 0, until: int | None = None) -> AsyncIterator[Stored]:
        """Yield the entries above *after*. Errors: TileMissing, PlaceError."""
        last = self._size if until is None else min(until, self._size)
        for sequence, payload in enumerate(read_entries(self._place, last), start=1):
            if sequence > after:
                yield Stored(sequence, "", payload)

    async def last_sequence(self) -> int:
        return self._size


class Performed(NamedTuple):
    """What came of it. compared: None where nothing is kept to compare views with."""

    reperformance: Reperformance
    compared: Comparison | None
    findings: tuple[Finding, ...]


class _Judged(msgspec.Struct):
    """What events say of themselves, all together. wrong: in words, with the sequence in front.
    erased: which texts, and by which entry."""

    origin: str | None = None
    signed: int = 0
    granted: int = 0
    imported: int = 0
    old_rules: int = 0
    foreign: int = 0
    wrong: list[str] = msgspec.field(default_factory=list)
    erased: list[str] = msgspec.field(default_factory=list)
    newest_rules: str = OLDEST_RULES
    latest: datetime.datetime | None = None


async def performed(
    reader: EventReader,
    portfolio: str,
    origin: str,
    *,
    directory: Path | None = None,
    moved: Moved = lambda *_: None,
) -> Performed:
    """Decide every event of a portfolio again, and rebuild its views.

    origin: the log's, as its checkpoint says. directory: where segments and archive are kept, to compare views with
    those made from them; None where there are none.
    Errors: StoreError; PlaceError, TileMissing where the entries cannot be read; ArchiveDiffers.
    """
    decided, findings = await judged_again(reader, portfolio, origin, moved=moved)
    today = Moment(0, None, datetime.datetime.now(datetime.UTC).date())
    compared = None
    if directory is not None:
        compared = await compare(reader, directory, portfolio, today, moved=moved)
        shown = shown_finding(compared)
    else:
        fresh = Replica(portfolio)
        await catch_up(fresh, reader)
        asked = questions(fresh, today)
        for question, moment in asked:
            ask(fresh, question, moment)
        shown = Finding(f"{len(asked)} views were rebuilt; there are none kept here to compare them with", "yes")
    return Performed(decided, compared, (*findings, shown))


async def judged(reader: EventReader, portfolio: str, origin: str | None = None) -> tuple[Finding, ...]:
    """Judge every event by what it says of itself alone. origin: the log's, None where it is not known."""
    found = await _judge(reader, portfolio, lambda _: None)
    return tuple(_findings(found, origin))


async def judged_again(
    reader: EventReader, portfolio: str, origin: str, *, moved: Moved = lambda *_: None
) -> tuple[Reperformance, tuple[Finding, ...]]:
    """Judge every event by what it says of itself, and decide it again. Errors: as performed."""
    count = _counter(moved, "decide", 2 * await reader.last_sequence())  # once by what they say, once by the rules
    said = await _judge(reader, portfolio, count)
    decided = await reperform(reader, portfolio, count)
    return decided, (decided_finding(decided), *_findings(said, origin))


def portfolio_of(payload: bytes) -> str | None:
    """Return the portfolio that an entry says it is of, None where it says none."""
    try:
        source = msgspec.json.decode(payload, type=_Sourced).source
    except msgspec.MsgspecError:
        return None
    return source.removeprefix("/portfolio/") if source.startswith("/portfolio/") else None


class _Sourced(msgspec.Struct):
    source: str


async def _judge(reader: EventReader, portfolio: str, moved: Callable[[int], None]) -> _Judged:
    judged = _Judged()
    async for entry in reader.read():
        moved(1)
        try:
            event = codec.decode(entry.payload, portfolio=portfolio, sequence=entry.sequence)
        except codec.ForeignEntry:
            judged.foreign += 1
            continue
        _take(judged, event)
    return judged


def _take(judged: _Judged, event: Recorded) -> None:
    if isinstance(event.data, PortfolioOpened):
        judged.origin = event.data.log_origin
    if isinstance(event.data, TextErased):
        judged.erased.append(f"{event.data.field} of entry {event.data.entry:,} by entry {event.at:,}")
    judged.signed += event.signatures is not None
    judged.granted += event.grants is not None
    judged.imported += event.basis == "imported"
    if _number(event.rules) < _number(judged.newest_rules):
        judged.wrong.append(
            f"sequence {event.at:,} says it was decided by rules {event.rules}, after rules {judged.newest_rules} held"
        )
    elif event.rules == OLDEST_RULES and event.basis != "imported":
        judged.old_rules += 1
    judged.newest_rules = max(judged.newest_rules, event.rules, key=_number)
    if judged.latest is not None and event.recordedtime < judged.latest:
        judged.wrong.append(f"sequence {event.at:,} says it was recorded before the one before it: it is backdated")
    judged.latest = max(judged.latest or event.recordedtime, event.recordedtime)


def _number(rules: str) -> int:
    return int(rules) if rules.isascii() and rules.isdecimal() else -1


def _findings(judged: _Judged, origin: str | None) -> list[Finding]:
    found = [Finding(each, "problem") for each in judged.wrong[:MOST_NAMED]]
    if len(judged.wrong) > MOST_NAMED:
        found.append(Finding(f"{len(judged.wrong) - MOST_NAMED:,} more entries say what cannot be", "problem"))
    if origin is not None and judged.origin != origin:
        found.append(Finding(f"the log is {origin!r}, and its first event names {judged.origin!r}", "problem"))
    if judged.foreign:
        found.append(
            Finding(f"{judged.foreign:,} entries are no events of this portfolio; they count for nothing", "yes")
        )
    if judged.erased:
        named = ", ".join(judged.erased[:MOST_NAMED]) + (", ..." if len(judged.erased) > MOST_NAMED else "")
        found.append(Finding(f"texts: {len(judged.erased):,} erased, commitments unchanged: {named}", "yes"))
    if judged.old_rules:
        found.append(
            Finding(
                f"{judged.old_rules:,} events were decided by rules {OLDEST_RULES}, which ask for no signature and no "
                "grant: who was allowed to decide them was not judged",
                "unknown",
            )
        )
    else:
        told = f"{judged.signed:,} signed commands and {judged.granted:,} events that name a grant were judged again"
        imported = f"; {judged.imported:,} imported entries need neither" if judged.imported else ""
        found.append(Finding(f"{told}{imported}", "yes"))
    return found


def _counter(moved: Moved, step: Step, whole: int) -> Callable[[int], None]:
    done = 0

    def count(more: int) -> None:
        nonlocal done
        done += more
        if done % 256 == 0 or done == whole:
            moved(step, done, whole)

    return count
