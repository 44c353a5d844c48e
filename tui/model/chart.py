"""What a plot is made of, whoever draws it: panels of lines over time, and of bars.

Everything a chart says is clean text and plain numbers; how it looks is tui.plot_text and tui.plot_file.
"""

from __future__ import annotations

import datetime
import math
from collections.abc import Sequence
from typing import Literal

import msgspec

from schemas.values import CURRENCY_EXPONENTS
from tui.model.figures import percent

Unit = Literal["share", "money"]
"""share: 0 to 1. money: minor units of the panel's currency."""


class Line(msgspec.Struct, frozen=True):
    """One figure over time; None where it is not known."""

    name: str
    values: Sequence[float | None]


class Lines(msgspec.Struct, frozen=True):
    """Figures over the same days, oldest first. top: the greatest value there can be, where there is one."""

    title: str
    days: Sequence[datetime.date]
    lines: Sequence[Line]
    unit: Unit
    currency: str | None = None
    top: float | None = None
    note: str = ""


class Bar(msgspec.Struct, frozen=True):
    """One bar: parts that follow one another, each zero or more, and marks at values of their own. told: in words."""

    key: str
    title: str
    parts: Sequence[float]
    marks: Sequence[float | None]
    told: str


class Bars(msgspec.Struct, frozen=True):
    """Bars on one scale. parts and marks: what those of each bar are called."""

    title: str
    parts: Sequence[str]
    marks: Sequence[str]
    bars: Sequence[Bar]
    unit: Unit
    currency: str | None = None
    note: str = ""


class Chart(msgspec.Struct, frozen=True):
    """A plot: what was asked, and its panels from top to bottom. empty: what to say where there is nothing to draw."""

    title: str
    panels: Sequence[Lines | Bars]
    empty: str = ""


MOST_LINES = 7
"""As many lines as have a colour of their own that the colour-blind can tell apart."""
MOST_BARS = 40
"""As many bars as a person looks at."""


def figure(value: float | None, unit: Unit, currency: str | None) -> str:
    """Return a value as it stands beside a line: 23.6 %, 39.1 M; a dash where there is none."""
    if unit == "share":
        return percent(value)
    return "–" if value is None else _in_thousands(value, currency)


def tick(value: float, unit: Unit, currency: str | None) -> str:
    """Return a value of an axis: 80 %, 12.5 M."""
    return f"{round(100 * value, 1):g} %" if unit == "share" else _in_thousands(value, currency)


def ending(line: Line, panel: Lines) -> str:
    """Return what is said of a line's end: its last value, or until when there was one."""
    last = max((place for place, value in enumerate(line.values) if value is not None), default=None)
    if last is not None and last < len(line.values) - 1:
        return f"until {panel.days[last]:%Y-%m}"
    return figure(line.values[-1], panel.unit, panel.currency)


def last_value(line: Line) -> float | None:
    """Return the last value of a line that is known, None where none is."""
    return next((value for value in reversed(line.values) if value is not None), None)


def _in_thousands(minor: float, currency: str | None) -> str:
    """Return money to three digits: 1.95 M, 39.1 M, 1,240 bn."""
    units = 10 ** CURRENCY_EXPONENTS.get(currency or "", 2)
    power, letter = next((each for each in _SIZES if abs(minor) >= 10 ** each[0] * units), (0, ""))
    size = minor / units / 10**power
    decimals = 2 - math.floor(math.log10(abs(size))) if size else 0
    return f"{round(size, min(2, max(0, decimals))):,.10g}{letter}"


_SIZES = ((9, " bn"), (6, " M"), (3, " k"))


def span(panel: Lines) -> tuple[float, float]:
    """Return the least and greatest value of a panel's axis: from zero on, or from below its lines up to its top."""
    values = [value for line in panel.lines for value in line.values if value is not None] or [0.0]
    if panel.top is not None:
        return max(0.0, math.floor(20 * min(values) - 0.5) / 20 * panel.top), panel.top
    low, high = min(0.0, *values), max(0.0, *values)
    return low, high if high > low else low + 1.0


def extent(panel: Bars) -> float:
    """Return the length of a panel's longest bar or farthest mark; 1 where all are nothing."""
    ends = [sum(bar.parts) for bar in panel.bars]
    marks = [mark for bar in panel.bars for mark in bar.marks if mark is not None]
    return max([*ends, *marks, 0.0]) or 1.0


def ticks(low: float, high: float, most: int) -> list[float]:
    """Return the round values from low to high: steps of 1, 2 or 5 times a power of ten, as many as may be.

    most: five or more; then there are two at the least.
    """
    power = math.floor(math.log10((high - low) / most))
    steps = (digit * 10.0**place for place in (power, power + 1, power + 2) for digit in (1, 2, 5))
    found: list[float] = []
    for step in steps:
        first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
        found = [round(place * step, 10) for place in range(first, last + 1)]
        if len(found) <= most:
            break
    return found


def day_ticks(first: datetime.date, last: datetime.date, most: int) -> list[tuple[datetime.date, str]]:
    """Return first days of months or years between two days, at most so many, and how each is written."""
    months = (last.year - first.year) * 12 + last.month - first.month
    step = next((each for each in (1, 2, 3, 6, 12) if months / each < most), 12 * math.ceil(months / 12 / most))
    place = -(-(first.year * 12 + first.month - 1 + (first.day > 1)) // step) * step
    found = []
    while place <= last.year * 12 + last.month - 1:
        day = datetime.date(place // 12, place % 12 + 1, 1)
        found.append((day, f"{day:%Y}" if step % 12 == 0 else f"{day:%Y-%m}"))
        place += step
    return found or [(first, first.isoformat())]


def spread(places: Sequence[float], gap: float, low: float, high: float) -> list[float]:
    """Return places of labels that keep a gap between them, each near where it should stand, in the order given.

    Where there is too little room for all between low and high, the gap becomes smaller.
    """
    gap = min(gap, (high - low) / max(len(places) - 1, 1))
    order = sorted(range(len(places)), key=lambda index: places[index])
    moved = [0.0] * len(places)
    least, greatest = low, high
    for index in order:
        moved[index] = max(places[index], least)
        least = moved[index] + gap
    for index in reversed(order):
        moved[index] = min(moved[index], greatest)
        greatest = moved[index] - gap
    return moved
