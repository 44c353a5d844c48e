"""The replay head: where in the history one stands, and how it moves: by steps, by play, by following the tip.

It knows nothing of a screen. A screen asks it where it is, tells it which keys were pressed and how much time has
passed, and draws.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from projections.line import DAY_US, Line

SPEEDS: tuple[int, ...] = (1, 2, 5, 10, 50, 200, 1_000, 5_000)
"""Decisions a second."""

CALENDAR: tuple[tuple[str, int], ...] = (("day", 1), ("week", 7), ("month", 30), ("quarter", 91))
"""Days a second, and their word."""

GAP_S = 2.0
"""The longest that play waits where nothing happened."""

Clock = Literal["decisions", "calendar"]


@dataclass
class Head:
    """One replay. sequence: the last event known, 0 before the first. shown: sequences that pass the filter, None
    for all. marks: sequences marked by hand. a: the moment to compare with. watched: the field whose change stops
    play."""

    line: Line
    sequence: int = 0
    shown: array[int] | None = None
    live: bool = False
    playing: bool = False
    clock: Clock = "decisions"
    speed: int = 3
    pace: int = 1
    a: int | None = None
    marks: set[int] = field(default_factory=set)
    watched: str | None = None
    _owed: float = 0.0
    _time_us: float | None = None

    @property
    def index(self) -> Sequence[int]:
        """The sequences one steps through: all, or those that pass the filter."""
        return self.line.sequences if self.shown is None else self.shown

    @property
    def place(self) -> int:
        """The place among them, 0-based; -1 before the first."""
        return bisect_right(self.index, self.sequence) - 1

    @property
    def at_tip(self) -> bool:
        """Whether there is nothing after this."""
        return self.sequence >= self.line.tip

    def to(self, sequence: int) -> None:
        """Go to a sequence; where it is not on the line, to the last one before it. Moving back ends following."""
        target = max(0, min(sequence, self.line.tip))
        place = self.line.place(target)
        target = self.line.sequences[place] if place >= 0 else (self.line.sequences[0] if len(self.line) else 0)
        self.live = self.live and target >= self.line.tip
        self.sequence, self._time_us, self._owed = target, None, 0.0

    def step(self, by: int) -> None:
        """Go so many decisions on among those shown, negative back; it stops at both ends."""
        index = self.index
        if not index:
            return
        place = bisect_right(index, self.sequence) - 1
        if by < 0 and place >= 0 and index[place] != self.sequence:
            place += 1  # between two: a step back lands on the one before
        self.to(index[max(0, min(place + by, len(index) - 1))])

    def follow(self) -> None:
        """Go to the tip and stay there."""
        self.to(self.line.tip)
        self.live, self.playing = True, False

    def arrived(self) -> None:
        """Tell the head that the line has grown: one that follows goes along."""
        if self.live:
            self.sequence = self.line.tip

    def show(self, sequences: array[int] | None) -> None:
        """Step through these only, all where None. The head goes to the nearest one before it, or the first."""
        self.shown = sequences
        if sequences:
            self.to(sequences[max(bisect_right(sequences, self.sequence) - 1, 0)])

    def next_in(self, sequences: array[int], *, back: bool = False) -> int | None:
        """Return the next of some sequences after here, or the last before; None where there is none."""
        if back:
            place = bisect_left(sequences, self.sequence) - 1
            return sequences[place] if place >= 0 else None
        place = bisect_right(sequences, self.sequence)
        return sequences[place] if place < len(sequences) else None

    def play(self) -> None:
        """Start or stop playing. At the end it starts again from the first."""
        self.playing = not self.playing
        self._owed, self._time_us = 0.0, None
        if self.playing and self.place >= len(self.index) - 1 and self.index:
            self.to(self.index[0])

    def faster(self, by: int) -> None:
        """Change the speed of the clock in use by so many steps."""
        if self.clock == "decisions":
            self.speed = max(0, min(self.speed + by, len(SPEEDS) - 1))
        else:
            self.pace = max(0, min(self.pace + by, len(CALENDAR) - 1))

    def toggle_clock(self) -> None:
        """Change between so many decisions a second and so many days a second."""
        self.clock = "calendar" if self.clock == "decisions" else "decisions"
        self._owed, self._time_us = 0.0, None

    @property
    def speed_words(self) -> str:
        """How fast it plays, in words."""
        return f"{SPEEDS[self.speed]:,}/s" if self.clock == "decisions" else f"1 {CALENDAR[self.pace][0]}/s"

    def tick(self, passed_s: float) -> bool:
        """Let time pass while playing, and say whether the head moved. It stops at the last decision shown."""
        if not self.playing or not self.index:
            return False
        before = self.sequence
        if self.clock == "decisions":
            self._owed += passed_s * SPEEDS[self.speed]
            whole = int(self._owed)
            if whole:
                owed = self._owed - whole
                self.step(whole)
                self._owed = owed
        else:
            self._tick_calendar(passed_s)
        if self.place >= len(self.index) - 1:
            self.playing = False
        return self.sequence != before

    def _tick_calendar(self, passed_s: float) -> None:
        rate_us = CALENDAR[self.pace][1] * DAY_US
        now = self._time_us if self._time_us is not None else float(self.line.at(self.sequence) or 0)
        index = self.index
        following = bisect_right(index, self.sequence)
        if following < len(index):
            at = self.line.at(index[following]) or 0
            if at - now > GAP_S * rate_us:  # a long silence is not waited for
                now = at - GAP_S * rate_us
        now += passed_s * rate_us
        reached = self.line.until(int(now))
        place = bisect_right(index, reached) - 1
        if place >= 0 and index[place] > self.sequence:
            self.to(index[place])
        self._time_us = now
