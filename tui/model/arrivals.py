"""What was recorded while a decision was being written: how much of it, and what of it touches what is written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from schemas import subjects
from schemas.envelope import Recorded
from tui.model.naming import named_by
from tui.model.text import clean

MOST_NAMED = 3


class Arrival(NamedTuple):
    """One event as a line, and whether it touches what is written."""

    text: str
    touches: bool


class Arrivals(NamedTuple):
    """What arrived, in words, and event by event, those that touch what is written first."""

    headline: str
    events: tuple[Arrival, ...]


def arrivals(events: Sequence[Recorded], count: int, mine: Mapping[str, None]) -> Arrivals:
    """Return what arrived. events: the last of them, at most; count: of all. mine: what is named in what is written."""
    touched: dict[str, None] = {}
    found: list[Arrival] = []
    touching = 0
    for event in events:
        common = [name for name in named_by(event) if name in mine]
        touched |= dict.fromkeys(common)
        touching += bool(common)
        found.append(Arrival(_line(event), bool(common)))
    said = f"{count:,} decision{'s' if count != 1 else ''} arrived meanwhile, "
    said += f"{touching:,} touch{'es' if touching == 1 else ''} {_names(touched)}" if touching else "none touches this"
    return Arrivals(said, tuple(sorted(found, key=lambda arrival: not arrival.touches)))


def _line(event: Recorded) -> str:
    kind, day = subjects.bare(event.data.TYPE), event.recordedtime.strftime("%H:%M")
    return clean(f"{event.at:,} {day} {kind} {event.subject} by {event.actor}", 120)


def _names(touched: Mapping[str, None]) -> str:
    """Return what is touched, initiatives first, in short."""
    names = sorted(touched, key=lambda name: not name.startswith("initiative/"))
    ids = list(dict.fromkeys(clean(name.partition("/")[2], 40) for name in names))
    more = f" and {len(ids) - MOST_NAMED} more" if len(ids) > MOST_NAMED else ""
    return ", ".join(ids[:MOST_NAMED]) + more
