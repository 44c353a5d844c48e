"""What importers share: a table becomes rows, a fact becomes a command line, what cannot be read becomes a Problem.

    it_commitments.csv, line 4102: planned_commit is '2014-13': write a month, such as 2008-06

An importer gives the same lines for the same bytes, and the same command ids as long as the source keeps its keys. So
an import that was interrupted is simply run again: what is in the ledger is answered, what is not goes in.
"""

from __future__ import annotations

import codecs
import csv
import datetime
import re
import uuid
from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple

import msgspec

from schemas.commands import BY_TYPE
from schemas.events import Fact
from schemas.values import MAX_MINOR, as_id

_NAMESPACE = uuid.UUID("0d9b6c1a-7c56-5b0e-8f5e-3a1b52f3c7a4")
"""Of command ids: an id is the uuid5 of `<format>/<source key>`."""

_COMMAND_OF: dict[type[Fact], str] = {command.FACT: name for name, command in BY_TYPE.items()}

_encoder = msgspec.json.Encoder()


class Problem(NamedTuple):
    """Something in a file that goes nowhere, and why. line: 1-based, as an editor shows it; the header is line 1."""

    file: str
    line: int
    message: str


class Unreadable(Exception):
    """A row that makes no sense; raised while it is read, and yielded as its problem by whoever reads the rows."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        super().__init__(problem.message)


class Sender(NamedTuple):
    """In whose name an importer speaks. format: its own name, the system of every `sourceref`. origin: the ledger's."""

    format: str
    origin: str
    actor: str


class Row(NamedTuple):
    """One row of a table. Its readers return a cell's value or raise Unreadable."""

    file: str
    line: int
    cells: dict[str, str]

    def unreadable(self, column: str, why: str) -> Unreadable:
        """Return the exception that names this row, a column, its value, and why it cannot be."""
        value = self.cells[column]
        shown = value if len(value) <= 80 else value[:77] + "..."
        return Unreadable(Problem(self.file, self.line, f"{column} is {shown!r}: {why}"))

    def text(self, column: str, max_chars: int = 300) -> str:
        """Return a cell that is neither empty nor longer than *max_chars*."""
        value = self.cells[column]
        if not value.strip():
            raise self.unreadable(column, "it must not be empty")
        if len(value) > max_chars:
            raise self.unreadable(column, f"at most {max_chars} characters")
        return value

    def name(self, column: str) -> str:
        """Return a cell that can be part of a reference: at most 64 characters, none of them a control character."""
        value = self.text(column, max_chars=64)
        if re.search(r"[\x00-\x1f\x7f]", value):
            raise self.unreadable(column, "it must not hold control characters")
        return value

    def id(self, column: str) -> str:
        """Return a cell as an id, other characters replaced by underscores."""
        return as_id(self.text(column, max_chars=64))

    def integer(self, column: str, *, times: int = 1) -> int:
        """Return a whole number, *times* as much; an empty cell is zero."""
        value = self.cells[column] or "0"
        if not re.fullmatch(r"-?[0-9]{1,16}", value):
            raise self.unreadable(column, "write a whole number")
        if abs(int(value) * times) > MAX_MINOR:
            raise self.unreadable(column, "more than the ledger can hold")
        return int(value) * times

    def month(self, column: str) -> datetime.date:
        """Return the first day of a month."""
        if not re.fullmatch(r"[12][0-9]{3}-(0[1-9]|1[0-2])", self.cells[column]):
            raise self.unreadable(column, "write a month, such as 2008-06")
        return datetime.date.fromisoformat(self.cells[column] + "-01")

    def day(self, column: str) -> datetime.date:
        """Return a day."""
        try:
            if re.fullmatch(r"[12][0-9]{3}-[0-9]{2}-[0-9]{2}", self.cells[column]):
                return datetime.date.fromisoformat(self.cells[column])
        except ValueError:
            pass  # the 31st of June; told below
        raise self.unreadable(column, "write a day, such as 2008-06-30")

    def year(self, column: str) -> int:
        """Return a year of four digits."""
        if not re.fullmatch(r"[12][0-9]{3}", self.cells[column]):
            raise self.unreadable(column, "write a year, such as 2008")
        return int(self.cells[column])


def read_rows(file: str, data: bytes, columns: Collection[str]) -> Iterator[Row | Problem]:
    """Yield the rows of a CSV in UTF-8, with or without a byte-order mark, and a Problem for each that is none.

    columns: those the header must have; others may stand beside them. Blank lines are no rows.
    After a row that is torn, such as by a quote that was never closed, reading goes on at the very next line.
    """
    texts: list[str] = []
    numbers: list[int] = []
    for number, raw in enumerate(data.removeprefix(codecs.BOM_UTF8).splitlines(keepends=True), start=1):
        try:
            texts.append(raw.decode())
            numbers.append(number)
        except UnicodeDecodeError as error:
            yield Problem(file, number, f"byte {error.start + 1} of the line is {raw[error.start]:#04x}: not UTF-8")
    header: list[str] | None = None
    place = 0
    while place < len(texts):
        began = numbers[place]
        try:
            cells, after = _record(texts, place)
        except csv.Error as error:
            yield Problem(file, began, f"the row is not CSV: {error}")
            place += 1
            continue
        if not cells:
            place = after
        elif header is None:
            if (problem := _header_problem(file, began, cells, columns)) is not None:
                yield problem
                return
            header, place = cells, after
        elif len(cells) != len(header):
            yield Problem(file, began, f"the row has {len(cells)} columns, the header {len(header)}")
            place += 1
        else:
            yield Row(file, began, dict(zip(header, cells, strict=True)))
            place = after
    if header is None:
        yield Problem(file, 1, f"there is no header; expected the columns {', '.join(columns)}")


def command_line(
    sender: Sender,
    fact: Fact,
    *,
    key: str,
    effective_on: datetime.date,
    recorded_at: datetime.datetime | None,
    reference: str,
) -> bytes:
    """Return the command that asks for a fact, as one compact JSON line without its line feed.

    key: names the fact in its source; the command id follows from it. recorded_at: in UTC; None outside a historic
    import. reference: where it stands in the source, for a person to look up.
    """
    said: dict[str, object] = {
        "type": _COMMAND_OF[type(fact)],
        "portfolio": sender.origin,
        "commandid": str(uuid.uuid5(_NAMESPACE, f"{sender.format}/{key}")),
        "actor": sender.actor,
        "subject": fact.subject(),
        "time": effective_on,
    }
    if recorded_at is not None:
        said["recordedtime"] = recorded_at
    said["sourceref"] = f"{sender.format}:{reference}"
    said["data"] = fact
    return _encoder.encode(said)


def _record(texts: Sequence[str], place: int) -> tuple[list[str], int]:
    """Return the cells of the record that begins at a place, and the place after it. Errors: csv.Error."""
    reader = csv.reader((texts[at] for at in range(place, len(texts))), strict=True)
    return next(reader), place + reader.line_num


def _header_problem(file: str, line: int, header: list[str], columns: Collection[str]) -> Problem | None:
    missing = [column for column in columns if column not in header]
    if missing:
        return Problem(file, line, f"the header lacks {', '.join(missing)}")
    twice = [column for column in columns if header.count(column) > 1]
    return Problem(file, line, f"the header has {', '.join(twice)} twice") if twice else None
