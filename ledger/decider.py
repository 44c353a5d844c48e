"""decide: from a command and the book, the facts it causes or why it causes none. No clock, no random, no I/O.

Every version of the rules that ever decided is kept (`VERSIONS`), so that an event can be decided again by the one it
names. What is wrong in itself (shape, identity, arithmetic) and what money breaks, they share.
"""

from __future__ import annotations

import datetime
import hashlib
import uuid
from collections.abc import Callable, Iterable, Mapping
from itertools import chain
from typing import Any, Literal, NamedTuple

from ledger.book import Book, Dated
from ledger.index import hash64
from ledger.rules import (
    ballots,
    benefits,
    corrections,
    decisions,
    delivery,
    funding,
    governance,
    periods,
    proof,
    spending,
    strategy,
    watching,
)
from ledger.rules.case import Case
from ledger.rules.governed import WHAT, WHO, Governing
from ledger.rules.guards import Guard, Guards
from ledger.rules.signing import signed_by_those_who_must
from schemas import commands as c
from schemas import subjects
from schemas.envelope import RECORDED, Recorded
from schemas.events import Fact
from schemas.receipts import Reason, ReasonClass, Refused

RULES_VERSION = "1"
"""What decides now."""

_NAMESPACE = uuid.UUID("6f3c1d5e-5c9b-5a51-9a43-0d5f1f1d7b10")
"""Of event ids: an id is the uuid5 of portfolio, command id and place."""
_NAMESPACE_BYTES = _NAMESPACE.bytes


class Asked(NamedTuple):
    """A command, the bytes it came as, and the signature lines over them, where there are any."""

    command: c.Command
    line: bytes
    signatures: str | None = None


def asked(command: c.Command, line: bytes, signatures: bytes) -> Asked:
    """Return what is asked by what was sent. Signatures that are no text stay none that could fit."""
    return Asked(command, line, signatures.decode(errors="replace") or None)


class Repeated(NamedTuple):
    """The command was accepted before: where its first event stands, and how many there are."""

    sequence: int
    event_count: int


class Rule(NamedTuple):
    """The guards of one command, and the facts it causes once none of them refuses."""

    guards: Callable[[Any, Book, datetime.datetime], Guards]
    facts: Callable[[Any, Book], tuple[Fact, ...]] = lambda ask, _: (ask.data,)


def _plain(guards: Callable[[Any, Book], Guards]) -> Callable[[Any, Book, datetime.datetime], Guards]:
    """Return guards that do not ask when the command is recorded."""
    return lambda ask, book, _: guards(ask, book)


def _update_forecast(ask: c.UpdateForecast, book: Book, at: datetime.datetime) -> Guards:
    yield from delivery.update_forecast(ask, book, book.local_day(at))


RULES: dict[type[c.Command], Rule] = {
    c.EnrolActor: Rule(_plain(governance.enrol_actor)),
    c.SetObjectives: Rule(_plain(strategy.set_objectives)),
    c.AdoptPolicy: Rule(_plain(governance.adopt_policy)),
    c.SetAuthority: Rule(_plain(governance.set_authority)),
    c.FundEnvelope: Rule(_plain(funding.fund_envelope), funding.envelope_legs),
    c.ProposeInitiative: Rule(_plain(delivery.propose_initiative)),
    c.DeclareAlignment: Rule(_plain(strategy.declare_alignment)),
    c.ScoreInitiative: Rule(_plain(watching.score_initiative)),
    c.SetPriority: Rule(_plain(watching.set_priority)),
    c.SetBaseline: Rule(_plain(delivery.set_baseline)),
    c.LinkInitiative: Rule(_plain(watching.link_initiative)),
    c.RequestDecision: Rule(_plain(decisions.request_decision), decisions.requested),
    c.RecordVote: Rule(_plain(decisions.record_vote)),
    c.ApproveFunding: Rule(_plain(funding.approve_funding)),
    c.ReallocateFunding: Rule(_plain(funding.reallocate_funding)),
    c.DecideGate: Rule(_plain(funding.decide_gate)),
    c.DischargeCondition: Rule(_plain(decisions.discharge_condition)),
    c.PostCommitment: Rule(_plain(spending.post_commitment)),
    c.PostActual: Rule(_plain(spending.post_actual)),
    c.UpdateForecast: Rule(_update_forecast),
    c.RateAssurance: Rule(_plain(watching.rate_assurance)),
    c.AssessRisk: Rule(_plain(watching.assess_risk)),
    c.ReportFlow: Rule(_plain(watching.report_flow)),
    c.AllocateCapacity: Rule(_plain(watching.allocate_capacity)),
    c.PlanBenefit: Rule(_plain(benefits.plan_benefit)),
    c.MeasureBenefit: Rule(_plain(benefits.measure_benefit)),
    c.ChangeModelLifecycle: Rule(_plain(watching.change_model_lifecycle)),
    c.ReverseEntry: Rule(_plain(corrections.reverse_entry), corrections.reversals),
    c.ClosePeriod: Rule(_plain(periods.close_period), periods.closing),
    c.OpenPortfolio: Rule(lambda *_: iter(())),
    c.AmendInitiative: Rule(_plain(delivery.amend_initiative)),
    c.CloseDecision: Rule(_plain(decisions.close_decision)),
    c.SetBody: Rule(_plain(governance.set_body)),
    c.DeclareInterest: Rule(_plain(governance.declare_interest)),
    c.AnchorCheckpoint: Rule(_plain(proof.anchor_checkpoint), proof.anchored),
    c.EraseText: Rule(_plain(proof.erase_text)),
    c.SetHold: Rule(_plain(proof.set_hold)),
}

OUTSIDE = (
    c.PostCommitment,
    c.PostActual,
    c.UpdateForecast,
    c.RateAssurance,
    c.AssessRisk,
    c.ReportFlow,
    c.MeasureBenefit,
    c.ChangeModelLifecycle,
    c.AnchorCheckpoint,
    c.EraseText,
    c.SetHold,
)
"""Facts from outside: true whenever they are told, so they are never late, and what they break is flagged at most."""

NEVER_LATE = (*OUTSIDE, c.AllocateCapacity, c.ReverseEntry)
"""These, and what is planned or mended."""


class Version(NamedTuple):
    """The rules of one version.

    policy: how a policy is looked up. facts: what is true whatever a guardrail says. who, what: who may decide, and
    what has to hold, besides. in_order: whether what is found is told in the order of Reason, each reason once.
    """

    rules: Mapping[type[c.Command], Rule]
    policy: Callable[[Book, str, datetime.date], Dated | None]
    outside: tuple[type[c.Command], ...]
    who: Mapping[type[c.Command], Governing]
    what: Mapping[type[c.Command], Governing]
    signed: bool
    in_order: bool


VERSIONS: dict[str, Version] = {
    "0": Version(RULES, Book.policy, NEVER_LATE, {}, {}, signed=False, in_order=False),
    "1": Version(
        RULES | {c.RequestDecision: Rule(_plain(decisions.request_decision), ballots.requested)},
        Book.ruling_policy,
        OUTSIDE,
        WHO,
        WHAT,
        signed=True,
        in_order=True,
    ),
}
"""Every version that ever decided. "0" knew no authority; what it decided stays as it was decided."""

Supposing = Literal["again", "supposed"]


def decide(
    asked: Asked,
    book: Book,
    *,
    now: datetime.datetime,
    rules: str = RULES_VERSION,
    supposing: Supposing | None = None,
) -> tuple[Recorded, ...] | Repeated | Refused:
    """Return the events a command causes, that it was accepted before, or why it causes none.

    The events stand after the book's last entry; taking them in is the caller's. Of the guards that fail, shape,
    identity and arithmetic refuse; governance and money are refused, flagged on the events or let pass, as the
    guardrails policy says; without one they are flagged.
    rules: the version to decide by. supposing: in a supposed history nobody has to explain a flag; who may decide
    what is only *supposed* is flagged, since it is nobody's decision.
    Units: now is aware and in UTC. Errors: KeyError where there is no such version.
    """
    ask, version = asked.command, VERSIONS[rules]
    known = book.command(ask.commandid)
    if known is not None and known.mark == hash64(asked.line):
        return Repeated(known.sequence, known.event_count)
    recorded_at = now if ask.recordedtime is None else ask.recordedtime.astimezone(datetime.UTC)
    if ask.recordedtime is None and book.recorded_at is not None:
        recorded_at = max(now, book.recorded_at)
    case = Case(ask, book, book.local_day(recorded_at), version.policy, names_all=version.in_order)
    guardrails = case.policy("guardrails")
    rule = version.rules[type(ask)]
    checks = chain(
        _common(ask, book, now, reused=known is not None),
        _signed(asked, case) if version.signed and supposing is None else (),
        rule.guards(ask, book, recorded_at),
        _lateness(case, version),
        _governed(case, version.who) if ask.recordedtime is None else (),
        _governed(case, version.what),
    )
    found = _found(checks)
    if version.in_order and len(found) > 1:
        firsts: dict[Reason, Refused] = {}
        for each in sorted(found, key=_place):
            firsts.setdefault(each.reason, each)
        found = list(firsts.values())
    actions = {each.rule: each.action for each in guardrails.rules} if found and guardrails is not None else {}
    flags: list[Refused] = []
    for each in found:
        reason = each.reason
        action = actions.get(reason.name, "flag") if reason.follows_policy else "refuse"
        spared = reason.follows_policy and isinstance(ask, version.outside)
        spared = spared or (supposing == "supposed" and reason.of_class is ReasonClass.GOVERNANCE)
        if action == "refuse" and not spared:
            return each.under(case.policies, case.authorities)
        if action != "off":
            flags.append(each)
    if version.in_order and supposing is None and ask.flagreason is None and not isinstance(ask, version.outside):
        unexplained = [flag.reason.name for flag in flags if actions.get(flag.reason.name) == "flag"]
        if unexplained:
            refused = Refused(Reason.UNEXPLAINED, field="flagreason", flags=unexplained)
            return refused.under(case.policies, case.authorities)
    return _record(asked, rule.facts(ask, book), flags, case, rules, recorded_at, now)


def _place(found: Refused) -> int:
    return found.reason.place


def _found(checks: Iterable[Guard]) -> list[Refused]:
    """Return what guards find, in the order they are asked; after what always refuses, none is asked."""
    found = []
    for refused in checks:
        if refused is not None:
            found.append(refused)
            if not refused.reason.follows_policy:
                break
    return found


def _signed(asked: Asked, case: Case) -> Guards:
    yield from signed_by_those_who_must(asked.line, asked.signatures, case)


def _governed(case: Case, governing: Mapping[type[c.Command], Governing]) -> Guards:
    guards = governing.get(type(case.ask))
    if guards is not None:
        yield from guards(case.ask, case)


def _lateness(case: Case, version: Version) -> Guards:
    """A decision is to be recorded soon after it is made, as policy has it; a historic import is late by nature."""
    ask = case.ask
    if isinstance(ask, NEVER_LATE) or ask.recordedtime is not None or case.book.opened is None:
        return
    tolerance = case.policy("tolerance")
    if tolerance is None:
        return
    decided_on = ask.decidedon or ask.time
    days, allowed = (case.recorded_on - decided_on).days, tolerance.lateness_days
    if days > allowed:
        yield Refused(Reason.LATE, decided_on=decided_on, days=days, allowed=allowed)
        shown = (
            ask.decisionid or ask.sourceref or getattr(ask.data, "minutes", None) or getattr(ask.data, "evidence", ())
        )
        if version.in_order and not shown:
            yield Refused(Reason.UNDOCUMENTED, decided_on=decided_on, problem="name a decision, minutes or a source")


def _common(ask: c.Command, book: Book, now: datetime.datetime, *, reused: bool) -> Guards:
    opened = book.opened
    opening = isinstance(ask, c.OpenPortfolio)
    yield _for_this_ledger(ask, book)
    if opening:
        yield Refused(Reason.ALREADY_OPEN, portfolio=book.portfolio) if book.sequence else None
    else:
        yield Refused(Reason.NOT_OPEN, portfolio=book.portfolio) if opened is None else None
    yield Refused(Reason.COMMAND_ID_REUSED, field="commandid", value=ask.commandid) if reused else None
    yield _subject_fits(ask)
    yield _recorded_time_fits(ask, book, now)


def _for_this_ledger(ask: c.Command, book: Book) -> Guard:
    if isinstance(ask, c.OpenPortfolio):
        data = ask.data
        fits = data.portfolio == book.portfolio and ask.portfolio == data.log_origin
        fits = fits and data.log_origin[:-9] == book.portfolio
        wanted = f"{book.portfolio}-<eight hex digits>, the same in portfolio and data.log_origin"
    else:
        opened = book.opened
        fits = opened is None or ask.portfolio == opened.log_origin
        wanted = "" if opened is None else opened.log_origin
    return None if fits else Refused(Reason.WRONG_PORTFOLIO, field="portfolio", value=ask.portfolio, allowed=wanted)


def _subject_fits(ask: c.Command) -> Guard:
    wanted = ask.data.subject()
    return (
        None
        if ask.subject == wanted
        else Refused(Reason.WRONG_SUBJECT, field="subject", value=ask.subject, allowed=wanted)
    )


def _recorded_time_fits(ask: c.Command, book: Book, now: datetime.datetime) -> Guard:
    stated = ask.recordedtime
    if stated is None:
        return None
    opening = isinstance(ask, c.OpenPortfolio) and ask.data.historic
    if not (book.importing or opening):
        return Refused(Reason.RECORDED_TIME_STATED, field="recordedtime", value=stated)
    if book.recorded_at is not None and stated < book.recorded_at:
        return Refused(Reason.RECORDED_TIME_BACKWARDS, field="recordedtime", value=stated, last=book.recorded_at)
    if stated > now:
        return Refused(Reason.RECORDED_TIME_AHEAD, field="recordedtime", value=stated, now=now)
    return None


def _record(
    asked: Asked,
    facts: tuple[Fact, ...],
    flags: list[Refused],
    case: Case,
    rules: str,
    recorded_at: datetime.datetime,
    now: datetime.datetime,
) -> tuple[Recorded, ...]:
    ask, book = asked.command, case.book
    imported = ask.recordedtime is not None
    shared: dict[str, Any] = {
        "specversion": "1.0",
        "source": subjects.source(book.portfolio),
        "time": datetime.datetime.combine(ask.time, datetime.time(), datetime.UTC),
        "recordedtime": recorded_at,
        "actor": ask.actor,
        "onbehalfof": ask.onbehalfof,
        "commandid": ask.commandid,
        "decisionid": ask.decisionid,
        "causationid": ask.causationid,
        "correlationid": ask.correlationid,
        "decidedon": ask.decidedon,
        "basis": "imported" if imported else ask.basis,
        "grants": case.authorities,
        "policy": case.policies,
        "rules": rules,
        "flags": ",".join(flag.reason.name for flag in flags) or None,
        "flagreason": ask.flagreason if flags else None,
        "importedtime": now if imported else None,
        "sourceref": ask.sourceref,
    }
    return tuple(
        RECORDED[type(fact)](
            id=event_id(book.portfolio, ask.commandid, place),
            sequence=f"{book.sequence + 1 + place:016d}",
            subject=fact.subject(),
            command=asked.line.decode() if place == 0 else None,
            signatures=asked.signatures if place == 0 else None,
            data=fact,
            **shared,
        )
        for place, fact in enumerate(facts)
    )


def event_id(portfolio: str, commandid: str, place: int) -> str:
    """Return the id of the event a command causes at a place, 0-based: the same at every repeat."""
    # What uuid.uuid5 gives, without the objects it makes on the way.
    number = bytearray(hashlib.sha1(_NAMESPACE_BYTES + f"{portfolio}/{commandid}/{place}".encode()).digest()[:16])  # noqa: S324
    number[6], number[8] = number[6] & 0x0F | 0x50, number[8] & 0x3F | 0x80
    text = number.hex()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
