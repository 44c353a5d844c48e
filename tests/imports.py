"""What tests of importers share: the lines apart from the problems, a made file with a cell changed, one import."""

from __future__ import annotations

import asyncio
import csv
import io
import json
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from typing import Any

from ledger.importers.lines import Problem
from ledger.store import MemoryStore
from ledger.writer import Writer
from schemas.receipts import Receipt
from tui.recording import opening_command

PORTFOLIO = "made-up"
ORIGIN = f"{PORTFOLIO}-0a1b2c3d"
NOW = datetime(2026, 11, 20, 16, tzinfo=UTC)


def apart(said: Iterable[bytes | Problem]) -> tuple[list[Problem], list[dict[str, Any]]]:
    """Return the problems, and the commands as JSON."""
    every = list(said)
    return [each for each in every if isinstance(each, Problem)], [
        json.loads(each) for each in every if isinstance(each, bytes)
    ]


def of(asked: Iterable[dict[str, Any]], kind: str = "", about: str = "") -> list[dict[str, Any]]:
    """Return what the commands of a type and a subject say."""
    return [each["data"] for each in asked if each["type"].startswith(kind) and each["subject"].endswith(about)]


def edited(files: Mapping[str, bytes], file: str, line: int, **cells: str) -> dict[str, bytes]:
    """Return files with cells of the row that begins on a line changed; a column's spaces are underscores here."""
    reader = csv.reader(io.StringIO(files[file].decode()))
    rows, begins = [], [1]
    for row in reader:
        rows.append(row)
        begins.append(reader.line_num + 1)
    columns = [column.replace(" ", "_") for column in rows[0]]
    for column, value in cells.items():
        rows[begins.index(line)][columns.index(column)] = value
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return {**files, file: text.getvalue().encode()}


def opening(currency: str, *, historic: bool) -> bytes:
    """Return the command that opens the portfolio."""
    return opening_command(
        PORTFOLIO, ORIGIN, "ines", title="Made up", currency=currency, historic=historic, day=date(2026, 1, 1)
    )


def send(store: MemoryStore, lines: Iterable[bytes]) -> list[Receipt]:
    """Return the receipts of commands, sent by a writer that has to catch up first."""
    return asyncio.run(Writer(PORTFOLIO, store, clock=lambda: NOW).submit_all(list(lines)))


def stored(store: MemoryStore) -> list[dict[str, Any]]:
    """Return the events of a store as plain JSON, the opening left out."""
    return [json.loads(entry.payload) for entry in store.entries][1:]
