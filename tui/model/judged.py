"""A form judged as it stands: the verdict of the rules, and what is said of it, on which lines and at which fields."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import NamedTuple

import msgspec

from ledger.book import Book
from schemas import sent, subjects
from schemas.receipts import Reason, ReasonClass, Refused
from schemas.values import zone_of
from tui.model.card import CardLine, authority
from tui.model.drafts import CommandDraft
from tui.model.figures import money
from tui.model.forms import Sender, Slip, line_of, slips_of
from tui.model.naming import named
from tui.model.pen import NEXT_KEY, NO_PEN, Pen
from tui.model.templates import origin
from tui.model.text import clean
from tui.model.verdicts import Verdict, verdict
from tui.model.writing import Writing


class Judged(NamedTuple):
    """What is said of a form. at: the sequence of the book it was judged on. verdict: None where a text is unreadable.

    missing: labels of the fields that are needed and empty. slips: what is wrong, by path; `` for the whole.
    policy: the sequence of the guardrails policy in force, None for none. currency: that of the figures of a refusal.
    signs: by which keys it is signed, as lines of a card.
    """

    at: int
    verdict: Verdict | None
    missing: tuple[str, ...]
    slips: Mapping[str, str]
    policy: int | None
    currency: str | None
    signs: tuple[CardLine, ...] = ()

    @property
    def passes(self) -> bool:
        """Whether it would be recorded now."""
        return self.verdict is not None and bool(self.verdict.events)

    @property
    def names(self) -> dict[str, None]:
        """What the command names, whether it would be accepted or not."""
        if self.verdict is None:
            return {}
        told = msgspec.json.decode(sent.split(self.verdict.line).line)
        return named(told["subject"], told["data"])


def judged(book: Book, writing: Writing, draft: CommandDraft, *, now: datetime.datetime, pen: Pen = NO_PEN) -> Judged:
    """Return what would become of a form as it stands. The book is as it was afterwards.

    The command says that its sender has seen the book as it stands; where it was sent before without an answer, what
    it said then. pen: what it is signed with; its free texts stay in it.
    """
    seen = book.sequence if draft.seen is None else draft.seen
    sender = Sender(origin(book, writing.texts), draft.commandid, draft.actor, seen, draft.recordedtime)
    currency = None if book.opened is None else book.opened.currency
    line = line_of(writing.form, writing.texts, sender, currency=currency)
    missing = tuple(dict.fromkeys(row.spec.label or "an item" for row in writing.missing))
    policy = _policy(book, now)
    signs = tuple(pen.lines(book, draft.actor, _day(book, now)))
    if isinstance(line, list):
        return Judged(book.sequence, None, missing, _by_path(line), policy, currency, signs)
    found = verdict(book, pen.signed(line), now=now)
    slips = [] if found.refused is None else slips_of(writing.form, writing.texts, found.refused)
    if missing and slips and slips[0].path in {row.path for row in writing.missing}:
        slips = []  # that it is needed is said already
    if found.refused is not None:
        currency = book.currencies.get(str(found.refused.detail.get("envelope")), currency)
    return Judged(book.sequence, found, missing, _by_path(slips), policy, currency, signs)


def judged_again(book: Book, found: Judged, payload: bytes, *, now: datetime.datetime) -> Judged:
    """Return the same as it would be judged if this were sent in its place: the command with its texts kept apart."""
    return found._replace(at=book.sequence, verdict=verdict(book, payload, now=now))


def verdict_lines(found: Judged) -> list[CardLine]:
    """Return the verdict as lines of a card: what would become of it, why, and what is flagged."""
    lines = [_headline(found)]
    refused = None if found.verdict is None else found.verdict.refused
    if refused is not None and not _only_missing(found):
        lines += _refusal(refused, found.currency, said=("value", "allowed") if any(found.slips) else ())
    for path, problem in found.slips.items():
        if found.verdict is None:
            lines.append(CardLine("field", f"{path.removeprefix('data.')}: {problem}", "problem"))
    if found.missing and not found.passes:
        lines.append(CardLine("needed", ", ".join(found.missing), "unknown"))
    if found.verdict is not None and found.verdict.flags:
        lines += [CardLine("flag", f"{flag.name}: {flag.meaning}", "problem") for flag in found.verdict.flags]
        if found.verdict.events[0].flagreason is None:
            lines.append(CardLine("", "say why it passes all the same, in its reason for a flag", "unknown"))
    return lines


def basis_lines(found: Judged) -> list[CardLine]:
    """Return the lines that follow: on what it was judged, and what nobody has checked."""
    told = "no guardrails: what breaks a rule of money or governance is flagged"
    if found.policy is not None:
        told = f"guardrails of seq {found.policy:,}"
    lines = [CardLine("judged", f"at seq {found.at:,}, under {told}")]
    if found.passes:
        assert found.verdict is not None, "what passes has a verdict"
        event = found.verdict.events[0]
        lines.append(authority(event))
        if Reason.SIGNATURE_MISSING.name in (event.flags or "").split(","):
            lines += [CardLine("signature", "ABSENT, and policy asks for one", "problem"), CardLine("next", NEXT_KEY)]
        elif event.signatures is None:
            lines.append(CardLine("signature", "none; nobody has to sign under these rules", "unknown"))
    return [*lines, *found.signs]


def _headline(found: Judged) -> CardLine:
    told = found.verdict
    if told is None:
        return CardLine("NOT READABLE", "what is written in a field cannot be taken", "problem")
    if told.repeats is not None:
        return CardLine("RECORDED ALREADY", f"at sequence {told.repeats:,}; it is not sent again", "yes")
    if told.events:
        places = [f"{subjects.bare(event.data.TYPE)} at sequence {event.at:,}" for event in told.events]
        return CardLine("WOULD BE ACCEPTED", ", ".join(places), "problem" if told.flags else "yes")
    if _only_missing(found):
        return CardLine("NOT COMPLETE", "it is judged once it is", "unknown")
    assert told.refused is not None, "a verdict says one of three"
    return CardLine("WOULD BE REFUSED", told.refused.reason.name, "problem")


def _only_missing(found: Judged) -> bool:
    """Say whether all that is wrong is that something is still needed."""
    refused = None if found.verdict is None else found.verdict.refused
    if refused is None or refused.reason.of_class is not ReasonClass.SHAPE:
        return False
    return bool(found.missing) and not found.slips


def _refusal(refused: Refused, currency: str | None, said: tuple[str, ...]) -> list[CardLine]:
    """Return why. said: what of its details stands at its field already."""
    detail = refused.detail
    amounts = str(detail.get("field", "")).endswith(".minor")
    lines = [CardLine("why", clean(str(detail.get("problem", refused.reason.meaning)), 400), "problem")]
    figures = [
        f"{name.removesuffix('_minor').replace('_', ' ')} "
        f"{_figure(value, currency if amounts or name.endswith('_minor') else '')}"
        for name, value in detail.items()
        if name not in ("problem", "problems", "field", *said)
    ]
    if figures:
        lines.append(CardLine("about", clean("; ".join(figures), 400)))
    if refused.reason in SIGNATURES:
        lines.append(CardLine("next", NEXT_KEY))
    if refused.grants is not None:
        lines.append(CardLine("grants", f"it rests on grants {refused.grants}"))
    if refused.reason.again:
        lines.append(CardLine("again", "another time it may pass unchanged"))
    return lines


def _figure(value: object, currency: str | None) -> str:
    """Return what a refusal tells of. currency: of an amount in minor units; empty for what is none."""
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}" if currency == "" else money(value, currency)
    return str(value)


def _day(book: Book, now: datetime.datetime) -> datetime.date:
    """Return the day it is, in the portfolio's time zone."""
    return now.astimezone(datetime.UTC if book.opened is None else zone_of(book.opened.time_zone)).date()


def _policy(book: Book, now: datetime.datetime) -> int | None:
    held = None if book.opened is None else book.policy("guardrails", _day(book, now))
    return None if held is None else held.sequence


def _by_path(slips: list[Slip]) -> dict[str, str]:
    found: dict[str, str] = {}
    for slip in slips:
        found.setdefault(slip.path, slip.problem)
    return found


SIGNATURES = (Reason.SIGNATURE_MISSING, Reason.SIGNATURE_INVALID, Reason.KEY_UNKNOWN, Reason.KEY_REVOKED)
"""Refusals that another key may answer."""

NOT_SENT_TWICE = Reason.COMMAND_ID_REUSED
"""The refusal of a command that was recorded, and has been changed since."""
