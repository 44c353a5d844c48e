"""The book: the portfolio as the decider sees it.

The book holds what a rule may ask and nothing else: sums of money, the facts that replace each other (as stacks,
newest last, so that a void can take the newest away), a line for each entry that a reversal may name, who recorded it
and under which authority, hashes of every command id and posting reference, and the heads of what entries are about.
What a rule looks up by something else than its subject has a list of names (`listed`), so that no decision walks
through all there is. `speculate` and `roll_back` let a writer decide a batch before it is stored and take it back when
it was not. How an event changes it is in `evolve`.
"""

from __future__ import annotations

import datetime
from array import array
from collections.abc import Iterator
from copy import copy
from typing import Any, NamedTuple, TypeVar

from ledger.heads import Head, TextPlace
from ledger.index import Found, HashIndex, hash64
from ledger.notary.tlog import Frontier
from schemas.envelope import Recorded
from schemas.events import (
    AuthoritySet,
    Condition,
    Fact,
    GateDecided,
    InitiativeAmended,
    InitiativeProposed,
    ObjectivesSet,
    PeriodClosed,
    PolicyAdopted,
    PortfolioOpened,
)
from schemas.values import fiscal_year, period_days, zone_of

F = TypeVar("F", bound=Fact)

ENDED = {"kill": "killed", "complete": "completed", "merged": "merged"}
"""Outcomes of a gate that end an initiative, and the status they leave."""

AMENDABLE = ("title", "sponsor", "lead", "value_stream", "kind", "horizon", "parent", "ai")
"""What an amendment can change of an initiative."""


class Dated(NamedTuple):
    """A fact of those that replace each other: of two, the greater (effective_on, sequence) holds."""

    effective_on: datetime.date
    sequence: int
    fact: Any


SumKey = tuple[str, str, str | None, str | None]
"""(measure, envelope, initiative, commitment). measure: funded, approved, open, actual."""

Move = tuple[int, SumKey]
"""A sum that an entry moves: 1 by its delta, -1 against it."""


class Booking(NamedTuple):
    """A period's sum that an entry moves. measure: funded, approved, committed or actual."""

    sign: int
    measure: str
    period: str


class LineKey(NamedTuple):
    """What entries have in common; a few thousand for a million entries. moves: empty for what is no money.
    booked: the periods the money stands in. leg: where the other leg of a transfer stands, 1 behind or 1 before."""

    type: type[Fact]
    subject: str
    currency: str = ""
    moves: tuple[Move, ...] = ()
    booked: tuple[Booking, ...] = ()
    leg: int = 0


class Line(NamedTuple):
    """What a reversal needs to know of an entry. minor: the delta, 0 for what is no money."""

    key: LineKey
    minor: int


class Origin(NamedTuple):
    """Who recorded an entry, and for a decision about money the decision and the grants it rests on.

    decided_in: the month it was decided in, such as 2026-03, where it rests on grants. A few for each decision.
    """

    actor: str
    decision: str | None = None
    grants: str | None = None
    decided_in: str | None = None


class Terms(NamedTuple):
    """A condition as it was set, and the initiatives it is about. A money decision that set one is not kept whole."""

    condition: Condition
    initiatives: tuple[str, ...]


class Emergency(NamedTuple):
    """An approval somebody gave alone: where it stands, what it is to be ratified by, and as what decision."""

    sequence: int
    ratify_by: datetime.date
    decision: str | None


UseKey = tuple[str, str, str, str]
"""(holder's kind, holder's id, currency, month): what a holder of authority has approved."""

_NOTHING = object()


class Book:
    """The state of one portfolio after its first `sequence` entries."""

    def __init__(self, portfolio: str) -> None:
        self.portfolio = portfolio
        self.sequence = 0
        self.recorded_at: datetime.datetime | None = None
        self.importing = False
        self.foreign_count = 0
        self.commands = HashIndex()
        self.posting_refs = HashIndex()
        self.stacks: dict[tuple[str, type[Fact]], tuple[Dated, ...]] = {}
        self.sums: dict[SumKey, int] = {}
        self.currencies: dict[str, str] = {}
        self.value_streams: dict[str, tuple[Dated, ...]] = {}
        self.booked: dict[tuple[str, str, str], int] = {}
        self.reversed_by: dict[int, int] = {}
        self.conditions: dict[str, int] = {}
        self.terms: dict[str, Terms] = {}
        self.keys: dict[str, str] = {}
        self.listed: dict[tuple[str, ...], tuple[str, ...]] = {}
        self.since: dict[int, datetime.date] = {}
        self.totals: dict[tuple[str, str], int] = {}
        self.under: dict[tuple[str, str], int] = {}
        self.uses: dict[UseKey, int] = {}
        self.emergencies: dict[str, tuple[Emergency, ...]] = {}
        self.ratified: dict[str, int] = {}
        self.frontier = Frontier()
        self.heads: dict[str, Head] = {}
        self.texts: dict[str, tuple[TextPlace, ...]] = {}
        self.erased: dict[str, int] = {}
        self._line_keys: list[LineKey | None] = [None]
        self._line_key_places: dict[LineKey, int] = {}
        self._line_key_of = array("I")
        self._minor_of = array("q")
        self._origins: list[Origin | None] = [None]
        self._origin_places: dict[Origin, int] = {}
        self._origin_of = array("I")
        self._command: tuple[str, int, int, int] | None = None
        self._undo: list[tuple[dict[Any, Any], Any, Any]] | None = None
        self._marked: tuple[Any, ...] = ()

    # What rules ask.

    @property
    def opened(self) -> PortfolioOpened | None:
        """The portfolio's first fact, None before it."""
        return self.newest(f"portfolio/{self.portfolio}", PortfolioOpened)

    def newest(self, subject: str, of_type: type[F]) -> F | None:
        """Return the fact recorded last of a subject and type, those taken back left out."""
        stack = self.stacks.get((subject, of_type))
        fact: F | None = stack[-1].fact if stack else None
        return fact

    def in_force(self, subject: str, of_type: type[F], day: datetime.date) -> F | None:
        """Return the fact of a subject and type that holds on *day*."""
        dated = self.dated_in_force(subject, of_type, day)
        fact: F | None = None if dated is None else dated.fact
        return fact

    def each(self, of_type: type[F]) -> Iterator[F]:
        """Yield the newest fact of a type for every subject that has one."""
        for (_, kind), stack in self.stacks.items():
            if kind is of_type and stack:
                yield stack[-1].fact

    def initiative(self, initiative: str) -> InitiativeProposed | None:
        """Return the proposal of an initiative, None where there is none."""
        return self.newest(f"initiative/{initiative}", InitiativeProposed)

    def stage(self, initiative: str) -> str:
        """Return the stage an initiative is in; `proposed` before its first gate."""
        gate = self.newest(f"initiative/{initiative}", GateDecided)
        return "proposed" if gate is None else gate.stage_to

    def status(self, initiative: str) -> str:
        """Return active, held, killed, completed or merged."""
        gate = self.newest(f"initiative/{initiative}", GateDecided)
        if gate is None:
            return "active"
        return ENDED.get(gate.outcome, "held" if gate.outcome == "hold" else "active")

    def description(self, initiative: str, day: datetime.date) -> dict[str, Any]:
        """Return what is said of an initiative on *day*: field by field the newest statement that is effective."""
        subject = f"initiative/{initiative}"
        said = [
            dated for kind in (InitiativeProposed, InitiativeAmended) for dated in self.stacks.get((subject, kind), ())
        ]
        told: dict[str, Any] = dict.fromkeys(AMENDABLE)
        for dated in sorted((each for each in said if each.effective_on <= day), key=lambda each: each[:2]):
            told |= {name: value for name in AMENDABLE if (value := getattr(dated.fact, name)) is not None}
        return told

    def value_stream(self, envelope: str, day: datetime.date) -> str | None:
        """Return the value stream an envelope belongs to on *day*, None where none is known."""
        named = [dated for dated in self.value_streams.get(envelope, ()) if dated.effective_on <= day]
        return max(named, key=lambda dated: dated[:2]).fact if named else None

    def total(self, measure: str, envelope: str, initiative: str | None = None, commitment: str | None = None) -> int:
        """Return a sum in minor units. measure: funded and approved of an envelope; open of a commitment;
        approved, open and actual of an initiative on an envelope."""
        return self.sums.get((measure, envelope, initiative, commitment), 0)

    def fiscal_year(self, day: datetime.date) -> str:
        """Return the fiscal year a day falls in, by the portfolio's calendar."""
        return fiscal_year(day, self._year_start())

    def period_days(self, period: str) -> tuple[datetime.date, datetime.date]:
        """Return the first and last day of a period, by the portfolio's calendar."""
        return period_days(period, self._year_start())

    def closed_by(self, period: str | None) -> str | None:
        """Return the closed period that covers *period*, None where it is open."""
        if period is None:
            return None
        first, last = self.period_days(period)
        for name in self.names("closed"):
            closed = self.newest(f"period/{name}", PeriodClosed)
            start, end = self.period_days(name)
            if closed is not None and closed.status != "reopened" and start <= first and last <= end:
                return name
        return None

    def period_totals(self, period: str) -> dict[tuple[str, str], int]:
        """Return what is booked in a period and the periods within it, by measure and currency, in minor units."""
        start, end = self.period_days(period)
        totals: dict[tuple[str, str], int] = {}
        for (name, measure, currency), minor in self.booked.items():
            first, last = self.period_days(name)
            if start <= first and last <= end:
                totals[measure, currency] = totals.get((measure, currency), 0) + minor
        return {key: totals[key] for key in sorted(totals)}

    def policy(self, kind: str, day: datetime.date) -> Dated | None:
        """Return the policy of a kind that is in force on *day*, with its sequence."""
        return self.dated_in_force(f"policy/{kind}", PolicyAdopted, day)

    def ruling_policy(self, kind: str, day: datetime.date) -> Dated | None:
        """Return the policy of a kind that rules on *day*: none does before the day it is recorded."""
        return self._ruling(f"policy/{kind}", PolicyAdopted, day)

    def ruling_authority(self, authority: str, day: datetime.date) -> Dated | None:
        """Return an authority as it stands on *day*: no grant does before the day it is recorded."""
        return self._ruling(f"authority/{authority}", AuthoritySet, day)

    def _ruling(self, subject: str, of_type: type[Fact], day: datetime.date) -> Dated | None:
        found, started = None, datetime.date.min
        for dated in self.stacks.get((subject, of_type), ()):
            since = self.since.get(dated.sequence, dated.effective_on)
            if started <= since <= day:
                found, started = dated, since
        return found

    def names(self, *what: str) -> tuple[str, ...]:
        """Return the names that were listed under something, in the order of recording."""
        return self.listed.get(what, ())

    def author(self, sequence: int) -> str | None:
        """Return who recorded an entry, None where it is none or a foreign one."""
        origin = self.origin(sequence)
        return None if origin is None else origin.actor

    def origin(self, sequence: int) -> Origin | None:
        """Return who recorded an entry and what it rests on, None where it is none or a foreign one."""
        return self._origins[self._origin_of[sequence - 1]] if 1 <= sequence <= len(self._origin_of) else None

    def local_day(self, at: datetime.datetime) -> datetime.date:
        """Return the day of an instant in the portfolio's time zone; before its opening, in that of the instant."""
        opened = self.opened
        try:
            return at.date() if opened is None else at.astimezone(zone_of(opened.time_zone)).date()
        except OverflowError:  # of the first or last day there is, which only a foreign program can have recorded
            return at.date()

    def dated_in_force(self, subject: str, of_type: type[Fact], day: datetime.date) -> Dated | None:
        """Return the fact of a subject and type that holds on *day*, with its sequence."""
        live = [dated for dated in self.stacks.get((subject, of_type), ()) if dated.effective_on <= day]
        return max(live, key=lambda dated: dated[:2]) if live else None

    def stack(self, subject: str, of_type: type[Fact]) -> tuple[Dated, ...]:
        """Return the facts of a subject and type in the order of recording, those taken back left out."""
        return self.stacks.get((subject, of_type), ())

    def _year_start(self) -> int:
        opened = self.opened
        return 1 if opened is None else opened.fiscal_year_start

    def line(self, sequence: int) -> Line | None:
        """Return what a reversal needs to know of an entry, None where it is none or a foreign one."""
        if not 1 <= sequence <= len(self._line_key_of):
            return None
        key = self._line_keys[self._line_key_of[sequence - 1]]
        return None if key is None else Line(key, self._minor_of[sequence - 1])

    def about(self, sequence: int) -> tuple[str, ...]:
        """Return what an entry is about, as far as a reversal of it has to know: its subject, and whose money it is."""
        line = self.line(sequence)
        if line is None:
            return ()
        named = (f"initiative/{key[2]}" for _, key in line.key.moves if key[2] is not None)
        return tuple(dict.fromkeys((line.key.subject, *named)))

    def is_newest(self, sequence: int, key: LineKey) -> bool:
        """Say whether an entry is the last recorded of its subject and type."""
        stack = self.stacks.get((key.subject, key.type), ())
        return len(stack) > 0 and stack[-1].sequence == sequence

    def command(self, commandid: str) -> Found | None:
        """Return where a command was accepted, with the mark of its bytes; None where it was not."""
        if self._command is not None and self._command[0] == commandid:
            return Found(*self._command[1:])
        return self.commands.find(commandid)

    def posting_is_live(self, posting_ref: str) -> bool:
        """Say whether a posting reference is used by an entry that was not reversed."""
        found = self.posting_refs.find(posting_ref)
        return found is not None and found.sequence not in self.reversed_by

    # How it changes.

    def copy(self) -> Book:
        """Return a book that stands where this one does; what one takes in later, the other does not know of."""
        assert self._undo is None, "a book is copied between decisions, not within one"
        made = Book(self.portfolio)
        # What the tables hold is never changed in place, so that a copy of each table is enough.
        vars(made).update({name: copy(held) for name, held in vars(self).items()})
        made.frontier = self.frontier.copy()
        return made

    def speculate(self) -> None:
        """Remember where the book stands, so that what follows can be taken back."""
        self._undo = []
        self._marked = (
            self.sequence,
            self.recorded_at,
            self.importing,
            self.foreign_count,
            len(self.commands),
            len(self.posting_refs),
            self._command,
            self.frontier.copy(),
        )

    def settle(self) -> None:
        """Keep what was speculated."""
        self._undo = None

    def roll_back(self) -> None:
        """Take back everything since `speculate`."""
        if self._undo is None:
            raise AssertionError("nothing was speculated")
        for table, key, before in reversed(self._undo):
            if before is _NOTHING:
                del table[key]
            else:
                table[key] = before
        self._undo = None
        self.sequence, self.recorded_at, self.importing, self.foreign_count = self._marked[:4]
        commands, postings, self._command, self.frontier = self._marked[4:]
        self.commands.truncate(commands)
        self.posting_refs.truncate(postings)
        del self._line_key_of[self.sequence :]
        del self._minor_of[self.sequence :]
        del self._origin_of[self.sequence :]

    def put(self, table: dict[Any, Any], key: Any, value: Any) -> None:
        """Change one of the book's tables; the only way they change."""
        if self._undo is not None:
            self._undo.append((table, key, table.get(key, _NOTHING)))
        table[key] = value

    def add(self, key: SumKey, minor: int) -> None:
        """Move a sum."""
        self.put(self.sums, key, self.sums.get(key, 0) + minor)

    def list_name(self, name: str, *what: str) -> None:
        """Take a name into the list of something, once."""
        named = self.listed.get(what, ())
        if name not in named:
            self.put(self.listed, what, (*named, name))

    def write_line(self, key: LineKey | None, minor: int, origin: Origin | None) -> None:
        """Take the line of the next entry, and where it comes from; None for a foreign one."""
        place = 0
        if key is not None:
            place = self._line_key_places.get(key, 0)
            if place == 0:
                place = self._line_key_places[key] = len(self._line_keys)
                self._line_keys.append(key)
        self._line_key_of.append(place)
        self._minor_of.append(minor)
        place = 0
        if origin is not None:
            place = self._origin_places.get(origin, 0)
            if place == 0:
                place = self._origin_places[origin] = len(self._origins)
                self._origins.append(origin)
        self._origin_of.append(place)

    def take_command(self, event: Recorded) -> None:
        """Remember the command an event came from. Its entries stand side by side; the first holds its bytes."""
        if event.command is not None:
            self._keep_command()
            self._command = (event.commandid, event.at, 1, hash64(event.command.encode()))
        elif self._command is not None and self._command[0] == event.commandid:
            name, first, count, mark = self._command
            self._command = (name, first, count + 1, mark)
        else:
            self.end_command()

    def end_command(self) -> None:
        """Say that no further entry belongs to the command before."""
        self._keep_command()
        self._command = None

    def _keep_command(self) -> None:
        if self._command is not None:
            name, first, count, mark = self._command
            self.commands.put(name, first, count, mark)


def objectives_in_force(book: Book, day: datetime.date) -> ObjectivesSet | None:
    """Return the set of objectives that holds on *day*."""
    return book.in_force(f"objectives/{book.portfolio}", ObjectivesSet, day)
