"""The decision card: who decided what, when, why, by which authority, and what of it has been checked.

Always the same lines in the same order, so that an eye knows where to look. A line that says nothing was checked says
so: *not checked* is never shown as a yes.
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

import msgspec

from ledger.findings import Finding
from ledger.notary.tlog import leaf_hash
from projections.around import Around
from projections.bounds import Bound, Bounds
from projections.line import instant_of
from projections.signed import Signed
from schemas import subjects
from schemas.envelope import Recorded
from schemas.receipts import Reason
from tui.model.figures import instant, money
from tui.model.kept import KeptTexts, ReadText
from tui.model.stated import first_text
from tui.model.text import clean, has_hidden

Standing = Literal["plain", "yes", "problem", "unknown"]


class CardLine(NamedTuple):
    """One line: its label, what it says, and whether that is good, a problem, or not known. at: the sequence it
    speaks of, where it leads."""

    label: str
    text: str
    standing: Standing = "plain"
    at: int | None = None


def card(
    event: Recorded,
    told: Around,
    payload: bytes,
    zone: datetime.tzinfo,
    read: ReadText | None = None,
    title: str | None = None,
) -> list[CardLine]:
    """Return the lines of a decision's card. read: a vault's text by its commitment, None for no vault.

    title: of the initiative it is about, None for another subject.
    """
    kept = KeptTexts(dict(told.erased), read)
    kind = subjects.bare(event.data.TYPE)
    called = f"  {clean(title, 60)}" if title else ""
    lines = [CardLine(kind, f"{clean(event.subject, 60)}{called}")]
    roles = f"  ({', '.join(clean(role, 24) for role in told.roles)})" if told.roles else "  (not enrolled then)"
    behalf = f" for {clean(event.onbehalfof)}" if event.onbehalfof else ""
    lines.append(CardLine("who", f"{clean(event.actor)}{behalf}{roles}"))
    lines += _when(event, zone, told.bounds)
    lines += _what(event)
    why = first_text(
        event.data, kept, "reason", "rationale", "dissent", "commentary", "question", "hypothesis", "explanation"
    )
    lines.append(CardLine("why", clean(why, 1_000) if why else "no reason was given", "plain" if why else "unknown"))
    lines.append(authority(event))
    lines += _approvals(told, kept)
    lines += _evidence(event, told)
    lines += _policy(event)
    if told.reversed_by is not None:
        lines.append(CardLine("reversed", f"later, by sequence {told.reversed_by:,}", "problem", told.reversed_by))
    lines.append(_signature(told.signed))
    lines.append(CardLine("leaf", f"{event.at - 1:,}  {leaf_hash(payload).hex()[:16]}…"))
    lines.append(CardLine("proof", "NOT CHECKED; v checks it against the archive", "unknown"))
    if any(map(has_hidden, _strings(msgspec.json.decode(payload)))):
        lines.append(CardLine("text", "contains hidden characters", "problem"))
    return lines


def with_findings(lines: Sequence[CardLine], found: Sequence[Finding], sequence: int) -> list[CardLine]:
    """Return a card with what auditors hold against its entry, right under its first line."""
    held = [
        CardLine(
            each.finding,
            f"{each.severity}, {each.status}: {clean(each.title, 200)}. {clean(each.text, 600)} ({clean(each.actor)})",
            "problem" if each.status == "open" else "plain",
        )
        for each in found
        if each.sequence == sequence
    ]
    return [*lines[:1], *held, *lines[1:]]


def _when(event: Recorded, zone: datetime.tzinfo, bounds: Bounds) -> list[CardLine]:
    recorded = event.recordedtime.astimezone(zone)
    days = (recorded.date() - event.effective_on).days
    gap = "the same day" if days == 0 else f"{days:,} days after" if days > 0 else f"{-days:,} days before"
    lines = [
        CardLine("true from", str(event.effective_on)),
        CardLine("recorded", f"{instant(event.recordedtime)} UTC, {gap}"),
    ]
    if event.decidedon is not None:
        lines.append(CardLine("decided", str(event.decidedon)))
    if event.importedtime is not None:
        lines.append(CardLine("imported", f"{instant(event.importedtime)} UTC"))
    return [*lines, *_bounded(bounds, event.importedtime or event.recordedtime)]


def _bounded(bounds: Bounds, recorded_at: datetime.datetime) -> list[CardLine]:
    """Return between when witnesses say it was recorded; nothing where no checkpoint with a time is anchored."""
    told = []
    for words, bound in (("not before", bounds.not_before), ("not after", bounds.not_after)):
        if bound is not None:
            told.append(f"{words} {instant(instant_of(bound.at_s * 1_000_000))} UTC (checkpoint at {_place(bound)})")
    if not told:
        return []
    outside = bounds.outside(recorded_at)
    checked = "verified" if bounds.checked else "as witnesses state, NOT CHECKED"
    found = f"OUTSIDE: {outside}; " if outside else ""
    at = next(bound.anchor.sequence for bound in (bounds.not_before, bounds.not_after) if bound is not None)
    return [CardLine("bounds", f"{found}{', '.join(told)}; {checked}", "problem" if outside else "unknown", at)]


def _place(bound: Bound) -> str:
    where = "" if bound.anchor.sequence is None else f", anchored at {bound.anchor.sequence:,}"
    return f"{bound.anchor.size:,}{where}"


def _what(event: Recorded) -> list[CardLine]:
    amount = getattr(event.data, "amount", None)
    lines = []
    if amount is not None and hasattr(amount, "minor"):
        envelope = getattr(event.data, "envelope", None)
        from_ = f"  from {clean(envelope)}" if envelope else ""
        lines.append(CardLine("amount", f"{money(amount.minor, amount.currency)} {amount.currency}{from_}"))
    for name in ("outcome", "vote", "stage", "status"):
        if isinstance(value := getattr(event.data, name, None), str):
            lines.append(CardLine(name, clean(value)))
    return lines


def authority(event: Recorded) -> CardLine:
    """Return what stands behind an entry: the grants it rests on, and what of that was found wanting.

    Rules "0" knew no authority. Of what nobody needs authority for, later rules name none.
    """
    basis = f"{event.basis}; " if event.basis != "ordinary" else ""
    standing: Standing = "problem" if event.basis == "emergency" else "yes" if event.grants else "plain"
    at, grants = next(iter(event.grants_at), None), clean(event.grants or "")
    wanting = [flag for flag in (event.flags or "").split(",") if flag in OF_AUTHORITY]
    if event.basis == "imported":
        return CardLine("authority", "imported: the source's own", "unknown")
    if event.rules == "0":
        return CardLine(
            "authority", f"{basis}NOT CHECKED under rules 0", "problem" if event.basis == "emergency" else "unknown"
        )
    if wanting:
        behind = f"grants {grants}, but " if grants else ""
        return CardLine("authority", f"{basis}{behind}{Reason[wanting[0]].meaning}", "problem", at)
    if event.grants:
        return CardLine("authority", f"{basis}grants {grants}, by rules {clean(event.rules)}", standing, at)
    return CardLine("authority", f"{basis}none needed under rules {clean(event.rules)}", standing)


OF_AUTHORITY = frozenset(
    {
        "NOT_REGISTRAR",
        "SELF_ENROLMENT",
        "NOT_ONESELF",
        "SELF_GRANT",
        "BEYOND_GRANTOR",
        "NO_DECISION",
        "BEYOND_DECISION",
        "NO_AUTHORITY",
        "OVER_LIMIT",
        "WRONG_TIER",
        "SELF_APPROVAL",
        "NOT_SEATED",
        "WRONG_BODY",
    }
)
"""Flags that speak against who decided."""


def _signature(signed: Signed) -> CardLine:
    if signed.state == "checked":
        return CardLine("signature", f"checked: {', '.join(map(clean, signed.by))} signed the command", "yes")
    if signed.state == "fails":
        return CardLine("signature", f"DOES NOT HOLD: {clean(signed.problem or '', 200)}", "problem")
    if signed.state == "missing":
        return CardLine("signature", "ABSENT: policy wanted it signed", "problem")
    if signed.state == "before":
        return CardLine("signature", "with the first event of its command")
    return CardLine("signature", "not signed; nobody had to")


def _approvals(told: Around, kept: KeptTexts) -> list[CardLine]:
    if not told.votes:
        return [CardLine("approvals", "no votes are recorded with it", "unknown")]
    counts: dict[str, int] = {}
    for vote in told.votes:
        counts[vote.vote] = counts.get(vote.vote, 0) + 1
    against = counts.get("reject", 0)
    lines = [CardLine("approvals", ", ".join(f"{count} {word}" for word, count in counts.items()), at=told.votes[0][0])]
    for vote in told.votes:
        said = kept.told(vote.dissent)
        if said:
            lines.append(CardLine("dissent", f"{clean(vote.voter)}: {clean(said, 600)}", "problem", vote.sequence))
    if against and not any(vote.dissent for vote in told.votes):
        lines.append(CardLine("dissent", "voted against, without a reason on record", "problem"))
    return lines


def _evidence(event: Recorded, told: Around) -> list[CardLine]:
    found: list[tuple[int | None, str, str]] = [*told.evidence]
    stated: Any = getattr(event.data, "evidence", None) or ()
    for each in stated if isinstance(stated, Sequence) else (stated,):
        if hasattr(each, "sha256") and (each.ref, each.sha256) not in {(ref, sha) for _, ref, sha in found}:
            found.insert(0, (None, each.ref, each.sha256))
    if event.sourceref:
        reference, _, sha = event.sourceref.partition("#")
        found.append((None, reference, sha))
    if not found:
        return [CardLine("evidence", "none is named", "unknown")]
    return [
        CardLine("evidence", f"{clean(ref, 48)}  {clean(sha[:12])}…  NOT CHECKED", "unknown", at)
        for at, ref, sha in found[:6]
    ]


def _policy(event: Recorded) -> list[CardLine]:
    rules = f"rules {clean(event.rules)}"
    version = f"judged under policy {clean(event.policy)}, {rules}" if event.policy else rules
    at = event.policy_at
    if not event.flags:
        return [CardLine("policy", f"nothing flagged; {version}", "yes", at)]
    lines = []
    for flag in event.flags.split(","):
        meaning = Reason[flag].meaning if flag in Reason.__members__ else ""
        lines.append(CardLine("policy", f"{clean(flag)}: {meaning}; {version}", "problem", at))
    if event.flagreason:
        lines.append(CardLine("", clean(event.flagreason, 400)))
    return lines


def _strings(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        return [text for pair in value.items() for each in pair for text in _strings(each)]
    if isinstance(value, list):
        return [text for each in value for text in _strings(each)]
    return []
