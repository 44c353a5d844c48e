"""Rows of the timeline by place, a page of 256 at a time, so that a list of a million costs what is seen of it."""

from __future__ import annotations

import datetime
from array import array
from collections import OrderedDict
from collections.abc import Sequence
from typing import NamedTuple

from projections.line import Line
from projections.replica import Replica

PAGE_ROWS = 256
MOST_PAGES = 64


class Row(NamedTuple):
    """One decision in the list. reversed_by: the sequence of the entry that reversed it."""

    sequence: int
    recorded_at: datetime.datetime
    effective_on: datetime.date
    type: str
    subject: str
    actor: str
    basis: str
    flags: str | None
    reversed_by: int | None
    minor: int | None
    currency: str | None

    @property
    def problem(self) -> bool:
        """Whether something about it wants a second look."""
        return self.flags is not None or self.reversed_by is not None or self.basis == "emergency"


class Wanted(NamedTuple):
    """Pages that are to be read. sequences: of all their rows. age: of what they are pages of."""

    age: int
    pages: tuple[int, ...]
    sequences: Sequence[int]


class Pages:
    """The rows of a line, or of those on it that a filter lets pass."""

    def __init__(self, replica: Replica, line: Line) -> None:
        self._replica, self._line = replica, line
        self._shown: array[int] | None = None
        self._kept: OrderedDict[int, list[Row]] = OrderedDict()
        self._age = 0

    def show(self, sequences: array[int] | None) -> None:
        """Give the rows of these sequences, of all where None."""
        self._shown = sequences
        self.grown()

    def grown(self) -> None:
        """Forget what may have changed now that the line has grown: pages that were not full, and reversals."""
        self._age += 1
        self._kept.clear()

    @property
    def index(self) -> Sequence[int]:
        """The sequences there are rows of."""
        return self._line.sequences if self._shown is None else self._shown

    def row(self, place: int) -> Row:
        """Return the row at a 0-based place. Errors: IndexError."""
        page, within = divmod(place, PAGE_ROWS)
        if page in self._kept:
            self._kept.move_to_end(page)
        else:
            wanted = self._of(range(page, page + 1))
            self.keep(wanted, self.read(wanted))
        return self._kept[page][within]

    def wanted(self, first: int, last: int) -> Wanted:
        """Return the pages of a range of places, both included, that would have to be read; places may be beyond."""
        first, last = max(first, 0), min(last, len(self.index) - 1)
        pages = range(first // PAGE_ROWS, last // PAGE_ROWS + 1) if first <= last else range(0)
        lacking = [page for page in pages if page not in self._kept]
        return self._of(range(lacking[0], lacking[-1] + 1) if lacking else range(0))

    def read(self, wanted: Wanted) -> list[list[Row]]:
        """Return the rows of pages; may be called in a thread."""
        rows = self._read(wanted.sequences) if wanted.sequences else []
        return [rows[place * PAGE_ROWS : (place + 1) * PAGE_ROWS] for place in range(len(wanted.pages))]

    def keep(self, wanted: Wanted, pages: Sequence[list[Row]]) -> None:
        """Keep pages that were read, unless what they are pages of is another by now."""
        if wanted.age == self._age:
            for page, rows in zip(wanted.pages, pages, strict=True):
                self._keep(page, rows)

    def _keep(self, page: int, rows: list[Row]) -> None:
        self._kept[page] = rows
        if len(self._kept) > MOST_PAGES:
            self._kept.popitem(last=False)

    def _of(self, pages: range) -> Wanted:
        """Return pages that stand side by side, as they are now."""
        return Wanted(self._age, tuple(pages), self.index[pages.start * PAGE_ROWS : pages.stop * PAGE_ROWS])

    def _read(self, wanted: Sequence[int]) -> list[Row]:
        """Return the rows of some sequences, which stand side by side among those there are rows of."""
        listed = "" if wanted[-1] - wanted[0] < len(wanted) else f"and e.sequence in ({','.join(map(str, wanted))})"
        bounds = f"between {wanted[0]} and {wanted[-1]}"
        rows = self._replica.ask(
            f"""select e.sequence, e.recorded_at, e.effective_on, e.type, e.subject, e.actor, e.basis, e.flags,
                       r.reversed_by, m.minor, c.name as currency
            from {self._replica.events_between(wanted[0], wanted[-1])} e
            left join (
                select reversed_sequence, min(sequence) as reversed_by from entry_reversed
                where reversed_sequence {bounds} group by reversed_sequence
            ) r on r.reversed_sequence = e.sequence
            left join (
                select sequence, any_value(currency_id) as currency_id,
                       coalesce(
                           arg_max(minor, abs(minor)) filter (measure <> 'committed'), any_value(minor)
                       ) as minor
                from money_entries where sequence {bounds} group by sequence
            ) m on m.sequence = e.sequence
            left join names c on c.id = m.currency_id
            where e.sequence {bounds} {listed}
            order by e.sequence"""
        )
        return [Row(**row) for row in rows]
