"""Releases of a catalogue of AI models, as the commands that say what each release changed.

    {"type":"ChangeModelLifecycle.v1","portfolio":"ai-2026-5f3a9c01","commandid":"...","actor":"importer",
     "subject":"model/claude-3-opus-20240229-3f1e86a6","time":"2025-03-20","recordedtime":"2025-03-20T00:00:00Z",
     "sourceref":"model-catalogue:1.65.0","data":{"model":"claude-3-opus-20240229-3f1e86a6",
     "name":"claude-3-opus-20240229","provider":"anthropic","change":"retirement_announced",
     "effective_on":"2025-03-01","source":"model catalogue, release 1.65.0"}}

The models of the first release come first, then the changes in the order of their file: as text, release 1.104.2 would
come before 1.59.2. What the catalogue does not say is not guessed: no stage, and a model that was withdrawn from the
catalogue is not thereby retired.

**When.** Releases have an order and no dates. With a date for each, a change is effective and recorded on its release's
date. Without, it is recorded when it is imported, and effective from *since*, which has to be the same at every import:
the day the ledger was opened, say. All changes of a model are then of one day, and of those the one recorded last
holds. The day a model ends is `effective_on`, in either case: a catalogue may tell of it later, or change its mind.
"""

from __future__ import annotations

import datetime
import hashlib
import itertools
import re
from collections.abc import Iterator, Mapping
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Literal, NamedTuple

from ledger.importers.lines import Problem, Row, Sender, Unreadable, command_line, read_rows
from schemas.events import ModelLifecycleChanged, Prices
from schemas.values import as_id

FORMAT = "model-catalogue"
SNAPSHOTS, CHANGES = "model_catalogue_snapshots.csv", "model_catalogue_changes.csv"

_PRICES = ("input_usd_per_mtok", "output_usd_per_mtok")
_COLUMNS = {
    SNAPSHOTS: ("catalogue_version", "model", "provider", *_PRICES),
    CHANGES: ("seen_in_version", "previous_version", "change", "model", "provider", "from", "to"),
}
_Kind = Literal["catalogued", "retirement_announced", "rescheduled", "cancelled", "price", "withdrawn"]
_KINDS: dict[str, _Kind] = {
    "ModelCatalogued": "catalogued",
    "ModelRetirementAnnounced": "retirement_announced",
    "ModelRetirementRescheduled": "rescheduled",
    "ModelRetirementCancelled": "cancelled",
    "ModelPriceChanged": "price",
    "ModelWithdrawn": "withdrawn",
}
_MILLIONTH = Decimal("0.000001")
_BEFORE_ALL = datetime.date(1970, 1, 1)


def commands(
    files: Mapping[str, bytes],
    *,
    origin: str,
    actor: str,
    recorded: Mapping[str, datetime.date] | None = None,
    since: datetime.date = _BEFORE_ALL,
) -> Iterator[bytes | Problem]:
    """Yield what cannot be read of the files, then the commands of everything else.

    files: model_catalogue_snapshots.csv and model_catalogue_changes.csv. recorded: for a historic import, when each
    release came out. since: what stands for the day of a release where no dates are given.
    Errors: ValueError where only some releases have a date, or a later one an earlier date.
    """
    reading = _Reading(files)
    if recorded:
        _check_dates(reading.releases, recorded)
    yield from reading.problems
    sender = Sender(FORMAT, origin, actor)
    for release, key, fact in reading.said:
        day = recorded[release] if recorded else None
        midnight = None if day is None else datetime.datetime.combine(day, datetime.time(), datetime.UTC)
        yield command_line(
            sender,
            fact,
            key=f"{release}/{key}",
            effective_on=day or since,
            recorded_at=midnight,
            reference=release,
        )


def model_id(name: str) -> str:
    """Return the id of a model: its name as far as an id can hold it, and eight hex digits that tell it from others."""
    return f"{as_id(name)[:55]}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"


class _Said(NamedTuple):
    """What a release changed. key: names it within the release."""

    release: str
    key: str
    fact: ModelLifecycleChanged


class _Reading:
    """Both files, read. releases: in order. problems: what could not be read."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self.problems: list[Problem] = []
        self.said: list[_Said] = []
        self.releases: list[str] = []
        self._lines: dict[tuple[str, str], tuple[str, int]] = {}
        missing = [file for file in _COLUMNS if file not in files]
        if missing:
            self.problems += [Problem(file, 1, "the file is missing; nothing goes in without it") for file in missing]
            return
        for file in _COLUMNS:
            for row in read_rows(file, files[file], _COLUMNS[file]):
                try:
                    if isinstance(row, Problem):
                        self.problems.append(row)
                    elif file == SNAPSHOTS:
                        self._take_first_release(row)
                    else:
                        self._take_change(row)
                except Unreadable as no:
                    self.problems.append(no.problem)

    def _take_first_release(self, row: Row) -> None:
        """Take a model of the first release; later ones stand in the changes."""
        release = _release(row, "catalogue_version")
        if not self.releases:
            self.releases.append(release)
        if release == self.releases[0]:
            prices = _prices(*(_price(row, column, row.cells[column]) for column in _PRICES))
            self._say(row, release, "catalogued", prices=prices)

    def _take_change(self, row: Row) -> None:
        release = _release(row, "seen_in_version")
        if not self.releases:
            raise row.unreadable("previous_version", f"{SNAPSHOTS} has nothing of it")
        if release != self.releases[-1]:
            if row.cells["previous_version"] != self.releases[-1] or release in self.releases:
                why = f"the changes before are of {self.releases[-1]}; keep them in the order of the releases"
                raise row.unreadable("previous_version", why)
            self.releases.append(release)
        kind = _KINDS.get(row.cells["change"])
        if kind is None:
            raise row.unreadable("change", f"write {', '.join(_KINDS)}")
        before, after = row.cells["from"], row.cells["to"]
        if kind in ("catalogued", "price"):
            self._say(row, release, kind, prices=_pair(row, "to"))
        elif kind in ("retirement_announced", "rescheduled"):
            self._say(row, release, kind, effective_on=row.day("to"))
        elif kind == "cancelled" and (after or not before):
            raise row.unreadable("to", "what was cancelled has a day before and none after")
        else:
            self._say(row, release, kind)

    def _say(
        self,
        row: Row,
        release: str,
        change: _Kind,
        *,
        prices: Prices | None = None,
        effective_on: datetime.date | None = None,
    ) -> None:
        name = row.text("model")
        fact = ModelLifecycleChanged(
            model=model_id(name),
            name=name,
            provider=row.text("provider"),
            change=change,
            effective_on=effective_on,
            prices=prices,
            source=f"model catalogue, release {release}",
        )
        key = f"{change}/{fact.model}"
        file, line = self._lines.setdefault((release, key), (row.file, row.line))
        if (file, line) != (row.file, row.line):
            raise row.unreadable("model", f"line {line} says this of it in {release} too, and counts")
        self.said.append(_Said(release, key, fact))


def _release(row: Row, column: str) -> str:
    if not re.fullmatch(r"[0-9A-Za-z][0-9A-Za-z.+_-]{0,63}", row.cells[column]):
        raise row.unreadable(column, "write a release, such as 1.59.2")
    return row.cells[column]


def _pair(row: Row, column: str) -> Prices | None:
    """Return what is paid for input and for output, written as 15/60; a side, or both, may be empty."""
    sides = row.cells[column].split("/")
    if len(sides) != 2:
        raise row.unreadable(column, "write the prices of input and output, such as 15/60")
    return _prices(*(_price(row, column, side) for side in sides))


def _prices(paid_in: str | None, paid_out: str | None) -> Prices | None:
    """Return the prices that are given, None where none is: not given is not free."""
    if paid_in is None and paid_out is None:
        return None
    return Prices(currency="USD", input_per_mtok=paid_in, output_per_mtok=paid_out)


def _price(row: Row, column: str, value: str) -> str | None:
    """Return dollars for a million tokens as they are written, half-even where the ledger has fewer decimals."""
    if not value:
        return None
    if not re.fullmatch(r"[0-9]{1,15}(\.[0-9]{1,12})?", value):
        raise row.unreadable(column, "write dollars for a million tokens, such as 0.15")
    return value if len(value.partition(".")[2]) <= 6 else str(Decimal(value).quantize(_MILLIONTH, ROUND_HALF_EVEN))


def _check_dates(releases: list[str], recorded: Mapping[str, datetime.date]) -> None:
    without = [release for release in releases if release not in recorded]
    if without:
        raise ValueError(f"give a date for every release or for none; none is given for {', '.join(without)}")
    for earlier, later in itertools.pairwise(releases):
        if recorded[later] < recorded[earlier]:
            raise ValueError(f"release {later} came after {earlier}, and its date is before; give later dates")
