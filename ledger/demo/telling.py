"""How the demo is told: steps are collected in any order, sorted by their time, and decided on a book of their own.

The book is deterministic, so the sequences a vote or a reversal names here are those of any store the lines go to.
"""

from __future__ import annotations

import datetime
import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Literal, NamedTuple

import msgspec

from ledger.book import Book
from ledger.decider import Repeated, asked, decide, event_id
from ledger.evolve import evolve
from ledger.notary.note import SignerKey, signer_key
from ledger.signing import signed
from schemas import commands as c
from schemas import sent
from schemas.events import Closing, DecisionClosed, Fact, Option, Question, Tally, VoteRecorded
from schemas.events.decisions import Evidences, Present, Presented, Vote
from schemas.events.governance import DecisionKind
from schemas.events.policy import Escalations
from schemas.receipts import Refused
from schemas.values import Evidence, Money

PORTFOLIO = "demo"
ORIGIN = "demo-5eed0001"
COMMITTEE = "ai-steering"

Lane = Literal["morning", "beat", "afternoon"]
Basis = Literal["ordinary", "emergency", "minuted", "ratified"]
_OPENS_AT = {"morning": 7, "beat": 9, "afternoon": 14}
_COMMANDS: dict[type[Any], str] = {command.FACT: f"{command.__name__}.v1" for command in c.COMMANDS}
_COMMANDS |= {Question: "RequestDecision.v1", Closing: "ClosePeriod.v1"}


class Step(NamedTuple):
    """One command of the demo: when it is recorded, its line as it is sent, signed or not, its beat, and what becomes
    of it.

    expect: `accepted`, or the name of the Reason it is refused with. after: the last sequence before it.
    """

    recorded_at: datetime.datetime
    line: bytes
    beat: int | None
    expect: str
    after: int


class Seen:
    """What had been told when a step is made: the book, and the places of the steps that were marked."""

    def __init__(self) -> None:
        self.book = Book(PORTFOLIO)
        self._marks: dict[str, tuple[int, str]] = {}

    def mark(self, name: str, sequence: int, event: str) -> None:
        assert name not in self._marks, f"two steps are marked {name}"
        self._marks[name] = (sequence, event)

    def sequence(self, mark: str) -> int:
        """Return the sequence of a marked step's first event."""
        return self._marks[mark][0]

    def event(self, mark: str) -> str:
        """Return the id of a marked step's first event."""
        return self._marks[mark][1]


Made = Fact | Question | Closing
Making = Made | Callable[[Seen], Made]
"""A fact, or how it is made once the steps before it were told."""


class _Told(NamedTuple):
    recorded_at: datetime.datetime
    actor: str
    making: Making
    time: datetime.date
    beat: int | None
    mark: str | None
    because: str | None
    expect: str
    said: dict[str, Any]
    commandid: str | None
    signed: bool


class Cast(NamedTuple):
    """One vote. seat: None for an adviser."""

    voter: str
    seat: str | None
    vote: Vote = "approve"
    reason: str | None = None
    dissent: str | None = None
    capacity: Literal["member", "alternate", "adviser"] = "member"


class Telling:
    """Collects the steps of the demo."""

    def __init__(self) -> None:
        self._told: list[_Told] = []
        self._taken: Counter[tuple[datetime.date, Lane]] = Counter()

    def tell(
        self,
        day: datetime.date,
        actor: str,
        making: Making,
        *,
        beat: int | None = None,
        lane: Lane | None = None,
        at: datetime.time | None = None,
        time: datetime.date | None = None,
        mark: str | None = None,
        because: str | None = None,
        decision: str | None = None,
        story: str | None = None,
        decidedon: datetime.date | None = None,
        basis: Basis = "ordinary",
        flagreason: str | None = None,
        sourceref: str | None = None,
        expect: str = "accepted",
        commandid: str | None = None,
        signed: bool = False,
    ) -> None:
        """Add a step: what *actor* has recorded on *day*.

        signed: with the actor's demo key. commandid: of its own; without it they are numbered.

        lane: the part of the day; steps of one lane are a minute apart. time: effective, without it the day itself.
        mark: a name by which later steps find it. because: the mark of what caused it. story: the correlation id.
        """
        part: Lane = lane or ("afternoon" if beat is None else "beat")
        clock = at or datetime.time(_OPENS_AT[part])
        recorded_at = datetime.datetime.combine(day, clock, datetime.UTC)
        if at is None:
            recorded_at += datetime.timedelta(minutes=self._taken[day, part])
            self._taken[day, part] += 1
        said = {
            "decidedon": decidedon,
            "decisionid": decision,
            "correlationid": story,
            "basis": None if basis == "ordinary" else basis,
            "flagreason": flagreason,
            "sourceref": sourceref,
        }
        self._told.append(
            _Told(recorded_at, actor, making, time or day, beat, mark, because, expect, said, commandid, signed)
        )

    def decide(
        self,
        day: datetime.date,
        name: str,
        votes: Sequence[Cast],
        *,
        beat: int | None,
        asked_on: datetime.date,
        kind: DecisionKind,
        subjects: Sequence[str],
        question: str,
        options: Sequence[Option],
        rationale: str,
        amount: Money | None = None,
        option: str | None = None,
        chair: str = "eva",
        body: str | None = COMMITTEE,
        trigger: str | None = None,
        story: str | None = None,
        escalation: Escalations = (),
        suppliers: tuple[str, ...] = (),
        ratifies: str | None = None,
        basis: Basis = "ordinary",
        held_on: datetime.date | None = None,
        evidence: Evidences | None = None,
        asker: str = "ana",
    ) -> None:
        """Add a decision: the question as *asker* puts it, the votes, and its close. option: without it the first."""
        chosen = option or options[0].option
        found = evidence or (document(f"paper-{name}"),)

        def put(seen: Seen) -> Question:
            return Question(
                decision=name,
                kind=kind,
                subjects=tuple(f"initiative/{subject}" for subject in subjects),
                question=question,
                options=tuple(options),
                recommended=options[0].option,
                evidence=found,
                presented=Presented(as_known=seen.book.sequence, as_of=asked_on),
                trigger=None if trigger is None else seen.sequence(trigger),
                amount=amount,
                escalation=escalation,
                suppliers=suppliers,
                due=held_on or day,
            )

        self.tell(asked_on, asker, put, beat=beat, mark=name, decision=name, story=story, because=trigger)
        minuted: Literal["minuted", "self"] = "self" if held_on in (None, day) else "minuted"
        for cast in votes:

            def vote(seen: Seen, cast: Cast = cast) -> VoteRecorded:
                return VoteRecorded(
                    decision=name,
                    request=seen.sequence(name),
                    voter=cast.voter,
                    seat=cast.seat,
                    capacity=cast.capacity,
                    cast=minuted,
                    vote=cast.vote,
                    option=chosen if cast.vote == "approve" else None,
                    reason=cast.reason,
                    dissent=cast.dissent,
                )

            voter = cast.voter if minuted == "self" else "ana"
            self.tell(
                day,
                voter,
                vote,
                beat=beat,
                decision=name,
                story=story,
                time=held_on,
                because=name,
                **_late(held_on, day),
            )
        closed = DecisionClosed(
            decision=name,
            outcome="approved",
            option=chosen,
            rationale=rationale,
            tally=_tally(votes),
            body=body,
            meeting=f"{body} {held_on or day}" if body else None,
            held_on=held_on or day,
            present=tuple(Present(actor=cast.voter, seat=cast.seat) for cast in votes if cast.capacity != "adviser"),
            ratifies=ratifies,
        )
        after: dict[str, Any] = {} if basis == "ordinary" else {"basis": basis}
        self.tell(
            day,
            chair,
            closed,
            beat=beat,
            decision=name,
            story=story,
            time=held_on,
            because=name,
            mark=f"{name}-closed",
            **_late(held_on, day),
            **after,
        )

    def steps(self) -> Iterator[Step]:
        """Yield the steps in the order of their time, each decided on a book that took in those before it."""
        seen = Seen()
        place = 0
        for told in sorted(self._told, key=lambda each: each.recorded_at):
            data = told.making(seen) if callable(told.making) else told.making
            place += told.commandid is None
            commandid = told.commandid or f"demo-{place:04d}"
            command = {
                "type": _COMMANDS[type(data)],
                "portfolio": ORIGIN,
                "commandid": commandid,
                "actor": told.actor,
                "subject": data.subject(),
                "time": told.time,
                **{name: value for name, value in told.said.items() if value is not None},
            }
            if told.because is not None:
                command["causationid"] = seen.event(told.because)
            line = msgspec.json.encode(command | {"data": data})
            parsed = c.parse(line)
            assert not isinstance(parsed, Refused), f"{parsed}: {line.decode()}"
            after = seen.book.sequence
            command_sent = signed(line, demo_key(told.actor)) if told.signed else sent.Sent(line, b"")
            outcome = decide(asked(parsed, *command_sent), seen.book, now=told.recorded_at)
            if isinstance(outcome, Refused):
                assert told.expect == outcome.reason.name, f"{told.recorded_at} {outcome}: {line.decode()}"
            else:
                assert told.expect == "accepted", f"{told.recorded_at} is not refused: {line.decode()}"
                assert not isinstance(outcome, Repeated), f"{commandid} was told before"
                for event in outcome:
                    evolve(seen.book, event)
                if told.mark is not None:
                    seen.mark(told.mark, outcome[0].at, event_id(PORTFOLIO, commandid, 0))
            yield Step(told.recorded_at, sent.joined(*command_sent), told.beat, told.expect, after)


def demo_key(actor: str) -> SignerKey:
    """Return the key an actor of the demo signs with. It is no secret: whoever reads this can make it."""
    return signer_key(actor, hashlib.sha256(f"{ORIGIN} {actor}".encode()).digest())


def usd(thousands: float) -> Money:
    """Return an amount given in thousands of dollars."""
    return Money(minor=round(thousands * 100_000), currency="USD")


def cents(minor: int) -> Money:
    """Return an amount given in cents."""
    return Money(minor=minor, currency="USD")


def document(name: str) -> Evidence:
    """Return a document by a hash made of its name: the demo has no documents behind it."""

    return Evidence(ref=f"dms:{name}", sha256=hashlib.sha256(name.encode()).hexdigest())


def on(text: str) -> datetime.date:
    """Return a day written as 2024-03-14."""
    return datetime.date.fromisoformat(text)


def workday(day: datetime.date) -> datetime.date:
    """Return the day, or the Monday after it where it falls on a weekend."""
    return day + datetime.timedelta(days=max(0, 7 - day.weekday()) if day.weekday() > 4 else 0)


def _tally(votes: Sequence[Cast]) -> Tally:
    counted: dict[str, int] = Counter(cast.vote for cast in votes)
    return Tally(**counted)


def _late(held_on: datetime.date | None, day: datetime.date) -> dict[str, Any]:
    """What is entered from the minutes says when it was decided."""
    if held_on in (None, day):
        return {}
    return {
        "decidedon": held_on,
        "basis": "minuted",
        "flagreason": "The minutes of the meeting were approved late.",
    }
