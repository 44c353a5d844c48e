"""The line of time: when each event was recorded, as numbers, so that any place on it is found by halving."""

from __future__ import annotations

import datetime
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from itertools import pairwise

import pyarrow as pa

from projections.replica import Replica

DAY_US = 86_400_000_000
READ_ENTRIES = 1_048_576
"""How many entries are put in order at a time: each time every segment is opened, and 16 bytes an entry are needed."""


class Line:
    """Sequences of events and when they were recorded, oldest first. Foreign entries are not on it.

    Units: instants in microseconds since 1970 in UTC. 8 bytes an event, 16 where there are foreign entries.
    """

    def __init__(self, sequences: Sequence[int] = (), recorded_us: Sequence[int] = ()) -> None:
        self.sequences: Sequence[int] = _packed(sequences)
        self.recorded_us = array("q", recorded_us)

    def __len__(self) -> int:
        return len(self.sequences)

    def extend(self, sequences: Sequence[int], recorded_us: Sequence[int]) -> None:
        """Take in newer events."""
        if sequences:
            more, have = _packed(sequences), self.sequences
            if isinstance(more, range) and isinstance(have, range) and (not have or have.stop == more.start):
                self.sequences = range(have.start if have else more.start, more.stop)
            else:
                self.sequences = have if isinstance(have, array) else array("q", have)
                self.sequences.extend(more)
            self.recorded_us.extend(recorded_us)

    @property
    def tip(self) -> int:
        """The last sequence, 0 where there is none."""
        return self.sequences[-1] if self.sequences else 0

    @property
    def begin_us(self) -> int:
        """Where the line begins by time: with the first event; with the second where the first, which opened a historic
        portfolio, counts as recorded before all."""
        return self.recorded_us[1 if len(self) > 1 and self.recorded_us[0] == 0 else 0]

    def place(self, sequence: int) -> int:
        """Return the place of the last event up to a sequence, 0-based; -1 before the first."""
        return bisect_right(self.sequences, sequence) - 1

    def at(self, sequence: int) -> int | None:
        """Return when the last event up to a sequence was recorded, None before the first."""
        place = self.place(sequence)
        return self.recorded_us[place] if place >= 0 else None

    def until(self, instant_us: int) -> int:
        """Return the sequence of the last event recorded by an instant, 0 before the first."""
        place = bisect_right(self.recorded_us, instant_us) - 1
        return self.sequences[place] if place >= 0 else 0

    def next_at(self, sequence: int) -> int | None:
        """Return when the event after a sequence was recorded, None at the tip."""
        place = bisect_right(self.sequences, sequence)
        return self.recorded_us[place] if place < len(self) else None

    def sequence_at(self, share: float, *, by_time: bool) -> int:
        """Return the sequence that stands so far along the line; 0 on an empty one."""
        if not len(self):
            return 0
        share = max(0.0, min(share, 1.0))
        first, last = self.begin_us, self.recorded_us[-1]
        if by_time and last > first:
            return self.until(first + round(share * (last - first)))
        return self.sequences[round(share * (len(self) - 1))]

    def density(self, cells: int, *, by_time: bool) -> list[int]:
        """Return how many events stand in each of so many cells of the line."""
        if cells < 1 or not len(self):
            return [0] * max(cells, 0)
        first, span = self.begin_us, self.recorded_us[-1] - self.begin_us
        if by_time and span:
            edges = [0, *(bisect_left(self.recorded_us, first - (-span * cell // cells)) for cell in range(1, cells))]
        else:
            edges = [-(-len(self) * cell // cells) for cell in range(cells)]
        return [after - before for before, after in pairwise([*edges, len(self)])]

    def cell_of(self, sequence: int, cells: int, *, by_time: bool) -> int:
        """Return the cell of so many that the last event up to a sequence stands in, the first before there is one."""
        place = self.place(sequence)
        if place < 0:
            return 0
        first, span = self.begin_us, self.recorded_us[-1] - self.begin_us
        if by_time and span:
            return max(0, min((self.recorded_us[place] - first) * cells // span, cells - 1))
        return place * cells // len(self)


def _packed(sequences: Sequence[int]) -> Sequence[int]:
    """Return rising sequences as a range where none is missing between them, else as an array."""
    first, last = (sequences[0], sequences[-1]) if sequences else (0, -1)
    return range(first, last + 1) if last - first + 1 == len(sequences) else array("q", sequences)


def instant_of(us: int) -> datetime.datetime:
    """Return the instant of so many microseconds since 1970."""
    return datetime.datetime.fromtimestamp(0, datetime.UTC) + datetime.timedelta(microseconds=us)


def recorded_since(replica: Replica, after: int) -> tuple[array[int], array[int]]:
    """Return the sequences of the events behind one, and when each was recorded, in microseconds since 1970."""
    sequences, recorded_us = array("q"), array("q")
    for start in range(after, replica.sequence, READ_ENTRIES):
        table = replica.arrow(
            "select sequence, epoch_us(recorded_at) as at from events "
            f"where sequence > {start} and sequence <= {start + READ_ENTRIES} order by sequence"
        )
        _take(sequences, table.column("sequence"))
        _take(recorded_us, table.column("at"))
    return sequences, recorded_us


def _take(numbers: array[int], column: pa.ChunkedArray) -> None:
    """Take in the numbers of a column, none of which is missing, without making an object of each."""
    for chunk in column.chunks:
        start = chunk.offset * numbers.itemsize
        numbers.frombytes(memoryview(chunk.buffers()[1])[start : start + len(chunk) * numbers.itemsize])
