"""Commands as NDJSON: one JSON object a line, taken as they stand."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from typing import NamedTuple


class NumberedLine(NamedTuple):
    """A command and where it stands. number: 1-based, as an editor shows it. command: without its line end."""

    number: int
    command: bytes


def commands(data: bytes) -> Iterator[NumberedLine]:
    """Yield the lines that are not blank. What they say is for the ledger to judge."""
    for number, line in enumerate(data.removeprefix(codecs.BOM_UTF8).split(b"\n"), start=1):
        command = line.removesuffix(b"\r")
        if command.strip():
            yield NumberedLine(number, command)
