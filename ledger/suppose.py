"""Supposing: a fork of a history with decisions left out, replaced or added, decided again by the same rules.

Nothing here can write: a fork is made of a book and of bytes, and gives bytes and a report. Behind the fork

- a recorded command is decided again, in its order, at its own recorded time and by the version of the rules that
  decided it. It is *kept* where the same facts
  come out, *changed* where others do (another flag, another total), *refused* where the rules no longer let it pass;
- what names an entry by its sequence (a reversal, a vote's request, a trigger) names it where it stands now. Where
  it does not stand, the command that names it is refused as UNKNOWN_ENTRY; so is one whose causationid is the id of
  an event that does not stand: it says that it was asked because of what was not. `seen` and `presented` are moments
  and move along;
- a replacement takes the place of what it replaces, also for what refers to that, where both are facts of one type
  about one subject;
- a supposed command is decided by the rules of today; who may decide it is flagged and never refused, since nobody
  decided it. No flag needs a reason, and no signature is checked: nobody was asked;
- a supposed command names entries by the sequences of the recorded history; those beyond its end count the supposed
  events, in their order;
- a foreign entry is kept, byte for byte. An event that rests on no command cannot be decided, and stays as it stands.

A law: a fork that changes nothing gives the bytes of the history.
"""

from __future__ import annotations

import datetime
from array import array
from collections.abc import Callable, Sequence
from typing import Literal, NamedTuple

import msgspec

from ledger.book import Book
from ledger.decider import RULES_VERSION, VERSIONS, Asked, Repeated, decide
from ledger.evolve import evolve, evolve_foreign
from ledger.fork import Entry, Fork, SupposeError, Unit
from ledger.references import Lost, moved_data, moved_line, uncaused
from schemas import codec
from schemas.commands import Command, parse
from schemas.envelope import Recorded
from schemas.events import PeriodClosed
from schemas.receipts import Refused


class LeaveOut(NamedTuple):
    """Suppose that a recorded command had not been given. sequence: of any of its events."""

    sequence: int
    on: bool = True


class Replace(NamedTuple):
    """Suppose another command in the place of a recorded one. sequence: of any of its events.

    at: when it is supposed to be recorded; without it, when the one it replaces was.
    """

    sequence: int
    line: bytes
    at: datetime.datetime | None = None
    on: bool = True


class Add(NamedTuple):
    """Suppose a command that was not given, behind a recorded entry.

    after: that entry's sequence. at: when it is supposed to be recorded; without it, when that entry was, and behind
    the last one now. While a historic import goes on, the command states its own recordedtime, as any in it does.
    """

    after: int
    line: bytes
    at: datetime.datetime | None = None
    on: bool = True


Change = LeaveOut | Replace | Add
Moved = Callable[[int], None]
MOVED_EACH = 64
"""How many units are dealt with between two words of progress: some ten milliseconds."""

Became = Literal["kept", "changed", "left_out", "replaced", "refused"]


class Fate(NamedTuple):
    """What became of a recorded command. sequence: of its first event.

    now: where that stands in the fork, None where it does not. refused: why it no longer passes. differs: the
    attributes of the event, or `data.<field>`, that came out otherwise.
    """

    sequence: int
    type: str
    subject: str
    became: Became
    now: int | None = None
    refused: Refused | None = None
    differs: tuple[str, ...] = ()


class Outcome(NamedTuple):
    """What came of a supposed command: its events, or why it causes none. line: as it was decided.

    repeats: the sequence of the same command, which was accepted before.
    """

    line: bytes
    events: tuple[Recorded, ...] = ()
    refused: Refused | None = None
    repeats: int | None = None


class Supposing(NamedTuple):
    """A supposed history behind a fork. fork: the last sequence both histories share. payloads: what follows it.

    told: every recorded command that was not simply kept. outcomes: of the supposed commands that are on, in the
    order of the changes. kept: how many recorded commands came out as they are. book: the portfolio at its end.
    """

    fork: int
    payloads: list[bytes]
    told: tuple[Fate, ...]
    outcomes: tuple[Outcome, ...]
    kept: int
    book: Book

    @property
    def refused(self) -> tuple[Fate, ...]:
        """The recorded commands that no longer pass."""
        return tuple(fate for fate in self.told if fate.became == "refused")


def suppose(
    fork: Fork, changes: Sequence[Change], *, now: datetime.datetime, moved: Moved = lambda _: None
) -> Supposing:
    """Return the history of a fork with these changes. now: when what is added behind the last entry is recorded.

    moved: told how many more units were dealt with, now and then; what it raises stops the telling.
    Errors: SupposeError where a change names an entry that is not behind the fork, or none that can be left out.
    """
    return _Retelling(fork, changes, now).told(moved)


class _Retelling:
    """One telling of what is behind a fork, with changes. It is `ledger.references.Places` as it goes."""

    def __init__(self, fork: Fork, changes: Sequence[Change], now: datetime.datetime) -> None:
        self._fork, self._now = fork, now
        self._book, self._shared = fork.book.copy(), fork.book.sequence
        self._payloads: list[bytes] = []
        self._told: list[Fate] = []
        self._kept = 0
        self._stands = array("q")  # by place behind the fork: where the entry stands now, 0 where it does not
        self._known = array("q")  # and how many entries there were once it was dealt with
        self._lost: dict[str, int] = {}
        self._renamed: dict[str, str] = {}
        self._supposed: list[int] = []
        self._outcomes: dict[int, Outcome] = {}
        self._adds: dict[int, list[tuple[int, Add]]] = {}
        self._marked: dict[int, tuple[int, LeaveOut | Replace]] = {}
        self._sort(changes)

    def told(self, moved: Moved) -> Supposing:
        units = self._fork.units
        first = units[0].recorded_at if units else None
        self._add(self._shared, self._book.recorded_at or first)
        for place, unit in enumerate(units, start=1):
            if place % MOVED_EACH == 0:
                moved(MOVED_EACH)
            before = len(self._stands)
            self._tell(unit)
            self._known.extend(stands or self._book.sequence for stands in self._stands[before:])
            for sequence, _, _ in unit.entries:
                self._add(sequence, unit.recorded_at or self._book.recorded_at)
        outcomes = tuple(outcome for _, outcome in sorted(self._outcomes.items()))
        return Supposing(self._shared, self._payloads, tuple(self._told), outcomes, self._kept, self._book)

    # Where entries stand: ledger.references.Places.

    def entry(self, sequence: int) -> int | None:
        if sequence <= self._shared:
            return sequence
        beyond = sequence - self._fork.sequence
        if beyond > 0:
            return self._supposed[beyond - 1] if beyond <= len(self._supposed) else None
        place = sequence - self._shared
        return (self._stands[place - 1] or None) if place <= len(self._stands) else None

    def moment(self, sequence: int) -> int:
        place = sequence - self._shared
        if place <= 0:
            return sequence
        return self._known[place - 1] if place <= len(self._known) else self._book.sequence

    def cause(self, event_id: str) -> str | int:
        return self._lost.get(event_id) or self._renamed.get(event_id, event_id)

    # One after the other.

    def _sort(self, changes: Sequence[Change]) -> None:
        units = self._fork.units
        for place, change in enumerate(changes):
            if not change.on:
                continue
            if isinstance(change, Add):
                if not self._shared <= change.after <= self._fork.sequence:
                    raise SupposeError(
                        f"nothing can be supposed after {change.after}: the fork is at {self._shared} and the history "
                        f"ends at {self._fork.sequence}; fork before the first change"
                    )
                self._adds.setdefault(change.after, []).append((place, change))
                continue
            unit = units.of(change.sequence)
            if unit is None or unit.event is None:
                raise SupposeError(
                    f"entry {change.sequence} cannot be left out or replaced: it is foreign, not recorded, or not "
                    f"behind the fork at {self._shared}"
                )
            first = unit.entries[0].sequence
            if first in self._marked:
                raise SupposeError(f"entry {change.sequence} is left out or replaced twice; turn one of them off")
            self._marked[first] = (place, change)

    def _add(self, after: int, at: datetime.datetime | None) -> None:
        if after == self._fork.sequence:
            at = self._now
        for place, change in self._adds.get(after, ()):
            self._suppose(place, change.line, change.at or at or self._now)

    def _suppose(self, place: int, line: bytes, at: datetime.datetime) -> tuple[Recorded, ...]:
        """Decide a supposed command, keep what comes of it, and return its events."""
        line, found = self._decide(parse(line), line, at, None)
        if isinstance(found, Refused):
            self._outcomes[place] = Outcome(line, refused=found)
            return ()
        if isinstance(found, Repeated):
            self._outcomes[place] = Outcome(line, repeats=found.sequence)
            return ()
        for event in found:
            self._store(event, codec.encode(event))
        self._outcomes[place] = Outcome(line, found)
        self._supposed += [event.at for event in found]
        return found

    def _tell(self, unit: Unit) -> None:
        marked = self._marked.get(unit.entries[0].sequence)
        if unit.event is None:
            self._keep_foreign(unit.entries[0])
        elif marked is None:
            self._again(unit, unit.event)
        elif isinstance(marked[1], LeaveOut):
            self._drop(unit, "left_out")
        else:
            place, replace = marked[0], marked[1]
            found = self._suppose(place, replace.line, replace.at or unit.recorded_at or self._now)
            self._drop(unit, "replaced", found)

    def _keep_foreign(self, entry: Entry) -> None:
        place = self._book.sequence + 1
        try:
            codec.decode(entry.payload, portfolio=self._book.portfolio, sequence=place)
        except codec.ForeignEntry:
            self._stands.append(place)
            self._payloads.append(entry.payload)
            evolve_foreign(self._book, place, entry.payload)
        else:  # It is foreign only because of where it stands. Here it would become an event that nobody recorded.
            self._stands.append(0)
            self._told.append(Fate(entry.sequence, "foreign", "", "left_out"))

    def _again(self, unit: Unit, first: Recorded) -> None:
        """Decide a recorded command again. An event that rests on none stays as it stands."""
        found: tuple[Recorded, ...] | Repeated | Refused
        if first.command is None or unit.command is None:
            found = self._as_it_stands(first)
        else:
            assert unit.recorded_at is not None
            _, found = self._decide(unit.command, first.command.encode(), unit.recorded_at, first)
        if isinstance(found, Refused):
            self._drop(unit, "refused", refused=found)
            return
        if isinstance(found, Repeated):
            # A supposed command was this very one, given earlier.
            self._follow(unit, list(range(found.sequence, found.sequence + found.event_count)))
            self._tell_fate(unit, "changed", found.sequence, differs=("sequence",))
            return
        differs = self._differences(unit, found)
        for place, event in enumerate(found):
            # What comes out as it is recorded keeps its bytes, also where another program encoded it in another way.
            recorded = unit.entries[place] if place < len(unit.entries) else None
            same = recorded is not None and recorded.event == event
            self._store(event, recorded.payload if recorded is not None and same else codec.encode(event))
        self._follow(unit, [event.at for event in found])
        if differs:
            self._tell_fate(unit, "changed", found[0].at, differs=differs)
        else:
            self._kept += 1

    def _decide(
        self, parsed: Command | Refused, line: bytes, at: datetime.datetime, recorded: Recorded | None
    ) -> tuple[bytes, tuple[Recorded, ...] | Repeated | Refused]:
        """Return a command's line as it is here, and what is decided of it.

        recorded: the event it caused, whose rules decide it again; None for what is only supposed.
        """
        if isinstance(parsed, Refused):
            return line, parsed
        moved = moved_line(parsed, line, self)
        if isinstance(moved, Lost):
            return line, moved.refused
        again = parsed if moved == line else parse(moved)
        if isinstance(again, Refused):
            return moved, again
        if recorded is None:
            return moved, decide(Asked(again, moved), self._book, now=at, supposing="supposed")
        rules = recorded.rules if recorded.rules in VERSIONS else RULES_VERSION
        # What was signed names entries where they stood: moved, it is not what was signed.
        asked = Asked(again, moved, recorded.signatures if moved == line else None)
        return moved, decide(asked, self._book, now=at, rules=rules, supposing="again")

    def _as_it_stands(self, event: Recorded) -> tuple[Recorded, ...] | Refused:
        moved = self._moved(event, 0, None)
        return moved.refused if isinstance(moved, Lost) else (moved,)

    def _store(self, event: Recorded, payload: bytes) -> None:
        evolve(self._book, event, payload)
        self._payloads.append(payload)

    def _moved(self, event: Recorded, place: int, command: str | None) -> Recorded | Lost:
        """Return an event as it is where it stands now, if nothing else is different. place: in its command."""
        data = moved_data(event.data, self)
        if isinstance(data, Lost):
            return data
        cause = None if event.causationid is None else self.cause(event.causationid)
        if isinstance(cause, int):
            return uncaused(cause)
        policy = None if event.policy_at is None else self.entry(event.policy_at)
        return msgspec.structs.replace(
            event,
            subject=data.subject(),
            sequence=f"{self._book.sequence + 1 + place:016d}",
            policy=None if policy is None else str(policy),
            grants=self._granted(event),
            causationid=cause,
            command=command,
            data=data,
        )

    def _granted(self, event: Recorded) -> str | None:
        """Return the grants of an event where they stand now."""
        places = map(self.entry, event.grants_at)
        return ",".join(str(place) for place in places if place is not None) or None

    def _drop(
        self, unit: Unit, became: Became, instead: Sequence[Recorded] = (), refused: Refused | None = None
    ) -> None:
        """Leave a unit out. instead: the events that take its place."""
        for place, (_, _, event) in enumerate(unit.entries):
            assert event is not None
            heir = instead[place] if place < len(instead) else None
            if heir is not None and (type(heir.data), heir.subject) == (type(event.data), event.subject):
                self._stands.append(heir.at)
                self._renamed[event.id] = heir.id
            else:
                self._stands.append(0)
                self._lost[event.id] = event.at
        self._tell_fate(unit, became, instead[0].at if instead else None, refused)

    def _follow(self, unit: Unit, now: Sequence[int]) -> None:
        """Note where the entries of a unit stand now."""
        for place, (_, _, event) in enumerate(unit.entries):
            self._stands.append(now[place] if place < len(now) else 0)
            if event is not None and place >= len(now):
                self._lost[event.id] = event.at

    def _tell_fate(
        self,
        unit: Unit,
        became: Became,
        now: int | None,
        refused: Refused | None = None,
        differs: tuple[str, ...] = (),
    ) -> None:
        first = unit.event
        assert first is not None
        fate = Fate(unit.entries[0].sequence, first.data.TYPE, first.subject, became, now, refused, differs)
        self._told.append(fate)

    def _differences(self, unit: Unit, found: Sequence[Recorded]) -> tuple[str, ...]:
        """Return what differs between the events of a unit as they were, moved, and as they were decided again."""
        if len(unit.entries) != len(found):
            return ("events",)
        differs: dict[str, None] = {}
        for place, ((_, _, event), now) in enumerate(zip(unit.entries, found, strict=True)):
            assert event is not None
            was = self._moved(event, place, now.command)
            if isinstance(was, Lost):
                return ("events",)
            if isinstance(was.data, PeriodClosed) and isinstance(now.data, PeriodClosed):
                # Where a closing stands and the root before it follow from the entries; they are no decision.
                data = msgspec.structs.replace(was.data, last_sequence=now.data.last_sequence, root=now.data.root)
                was = msgspec.structs.replace(was, data=data)
            if was != now:
                differs |= dict.fromkeys(_fields_that_differ(was, now))
            if event.policy_at is not None and self.entry(event.policy_at) is None:
                differs["policy"] = None  # it was judged under one that does not stand
            if event.grants is not None and (was.grants or "").count(",") != event.grants.count(","):
                differs["grants"] = None
        return tuple(differs)


def _fields_that_differ(was: Recorded, now: Recorded) -> list[str]:
    one, other = msgspec.to_builtins(was), msgspec.to_builtins(now)
    names = [*one, *(name for name in other if name not in one)]
    found = [name for name in names if name != "data" and one.get(name) != other.get(name)]
    inner, outer = one["data"], other["data"]
    names = [*inner, *(name for name in outer if name not in inner)]
    return found + [f"data.{name}" for name in names if inner.get(name) != outer.get(name)]
