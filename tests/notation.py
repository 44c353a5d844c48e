"""Rules in the portfolio's own words: given what stands, when a command comes, then this becomes of it.

    given(fund("claims", 100), propose("AI-1"))
        .when(approve("AI-1", "claims", 101))
        .then(flagged(Reason.OVER_ENVELOPE))

What can be asked is in tests.words. It is asked for TODAY, by ana, unless `on` or `by` says something else. A portfolio
is open unless the first thing given is its opening, or nothing is given by `given_nothing`.

In most of these portfolios nobody was granted anything, so that every decision is flagged for that. `given` looks past
what is only flagged for who decided (but for LATE), unless it is what is expected; `governed` looks at every flag.
"""

from __future__ import annotations

import datetime
import json
from typing import Any, NamedTuple

from ledger.book import Book
from ledger.decider import Asked, Repeated, decide
from ledger.evolve import evolve, evolve_foreign
from ledger.notary.note import SignerKey
from ledger.signing import signed as sign
from schemas.commands import parse
from schemas.envelope import Recorded
from schemas.receipts import Reason, ReasonClass, Refused
from tests.keys import key
from tests.teller import START
from tests.words import ORIGIN, PORTFOLIO, Ask, opening

TODAY = START.date()

WHO_DECIDED = {each for each in Reason if each.of_class is ReasonClass.GOVERNANCE} - {Reason.LATE}

Outcome = tuple[Recorded, ...] | Repeated | Refused


class Said(NamedTuple):
    """An ask, the day it is to be true from, and fields of the command other than its data."""

    ask: Ask
    day: datetime.date | str = TODAY
    more: dict[str, Any] = {}  # noqa: RUF012 - never changed
    keys: tuple[SignerKey, ...] = ()

    def signatures(self, line: bytes) -> str | None:
        """Return the signature lines that come beside the command: those `on` names, or those of `signed`."""
        found = self.more.get("signatures")
        if self.keys:
            found = sign(line, *self.keys).signatures.decode()
        return None if found is None else str(found)

    def line(self, commandid: str) -> bytes:
        """Return the command as its sender writes it."""
        more = {name: value for name, value in self.more.items() if name != "signatures"}
        said = {"type": f"{self.ask.type}.v1", "portfolio": ORIGIN, "commandid": commandid, "actor": "ana"}
        said |= {"subject": self.ask.about, "time": str(self.day), "data": self.ask.data} | more
        return json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode()


class Foreign(NamedTuple):
    """An entry that is no event."""


def on(day: datetime.date | str, ask: Ask, **more: Any) -> Said:
    """Ask for another day, or with other fields of the command."""
    return Said(ask, day, more)


def by(actor: str, ask: Ask | Said, **more: Any) -> Said:
    """Let somebody else ask. more: other fields of the command."""
    said = _said(ask)
    return said._replace(more=said.more | {"actor": actor} | more)


def signed(said: Ask | Said, *keys: SignerKey | str) -> Said:
    """Let it come with the signatures of some keys; a name stands for its key."""
    return _said(said)._replace(keys=tuple(key(each) if isinstance(each, str) else each for each in keys))


def foreign() -> Foreign:
    """Say that somebody else's entry stands here."""
    return Foreign()


def given(*said: Ask | Said | Foreign) -> Given:
    """Return a portfolio in which all this was accepted, in this order, after its opening."""
    first = said[0] if said else None
    asked = first.ask if isinstance(first, Said) else first
    opens = isinstance(asked, Ask) and asked.type == "OpenPortfolio"
    return Given(Book(PORTFOLIO)).and_(*(() if opens else (opening(),)), *said)


def governed(*said: Ask | Said | Foreign) -> Given:
    """Return the same as `given`, where every flag counts."""
    stands = given(*said)
    return Given(stands.book, governed=True)


def given_nothing() -> Given:
    """Return a portfolio that was never opened."""
    return Given(Book(PORTFOLIO))


class Given:
    """A book, and what can be asked of it."""

    def __init__(self, book: Book, *, governed: bool = False) -> None:
        self.book, self._governed = book, governed

    def and_(self, *said: Ask | Said | Foreign) -> Given:
        """Add what was accepted after that."""
        for each in said:
            if isinstance(each, Foreign):
                evolve_foreign(self.book, self.book.sequence + 1, b"foreign")
                continue
            said = _said(each)
            line = said.line(f"c-{self.book.sequence + 1}")
            outcome = self._decide(line, START, said.signatures(line))
            assert isinstance(outcome, tuple), f"given, and not accepted: {each}: {outcome}"
            for event in outcome:
                evolve(self.book, event)
        return self

    def when(self, said: Ask | Said | bytes, *, at: str | None = None) -> When:
        """Let a command come, at an instant where one is named."""
        line = said if isinstance(said, bytes) else _said(said).line("asked")
        signatures = None if isinstance(said, bytes) else _said(said).signatures(line)
        outcome = self._decide(line, START if at is None else datetime.datetime.fromisoformat(at), signatures)
        return When(outcome, self._governed)

    def _decide(self, line: bytes, now: datetime.datetime, signatures: str | None) -> Outcome:
        command = parse(line)
        return command if isinstance(command, Refused) else decide(Asked(command, line, signatures), self.book, now=now)


class When(NamedTuple):
    """What became of a command."""

    outcome: Outcome
    governed: bool = False

    def then(self, expected: Expected) -> tuple[Recorded, ...]:
        """Check that it is what was expected; return the events of a command that was accepted."""
        outcome = self.outcome
        if expected.repeats is not None:
            assert outcome == expected.repeats
            return ()
        if expected.refuses is not None:
            assert isinstance(outcome, Refused), f"expected {expected.refuses.name}, got {outcome}"
            assert outcome.reason is expected.refuses, outcome
            assert {name: outcome.detail.get(name) for name in expected.detail} == expected.detail, outcome
            return ()
        assert isinstance(outcome, tuple), f"expected events, got {outcome}"
        told = outcome[0].flags.split(",") if outcome[0].flags else []
        past = set() if self.governed else {each.name for each in WHO_DECIDED - set(expected.flags)}
        flags = sorted(expected.flags, key=lambda reason: reason.place)
        assert [name for name in told if name not in past] == [reason.name for reason in flags], outcome
        assert {event.flags for event in outcome} == {outcome[0].flags}, outcome
        return outcome


class Expected(NamedTuple):
    """What should become of a command."""

    flags: tuple[Reason, ...] = ()
    refuses: Reason | None = None
    detail: dict[str, Any] = {}  # noqa: RUF012 - never changed
    repeats: Repeated | None = None


def accepted() -> Expected:
    """Events, and no flag on any of them."""
    return Expected()


def flagged(*reasons: Reason) -> Expected:
    """Events, each with exactly these flags, in the order of Reason."""
    return Expected(flags=reasons)


def refused(reason: Reason, **detail: Any) -> Expected:
    """Nothing, for this reason. detail: what of the receipt's detail matters here."""
    return Expected(refuses=reason, detail=detail)


def repeated(sequence: int, event_count: int = 1) -> Expected:
    """Nothing new: the command was accepted before."""
    return Expected(repeats=Repeated(sequence, event_count))


def _said(said: Ask | Said) -> Said:
    return said if isinstance(said, Said) else Said(said)
