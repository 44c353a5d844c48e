"""Figures as a person reads them: money, shares, instants and bars."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Sequence

from schemas.values import CURRENCY_EXPONENTS
from tui.model.glyphs import UNICODE, Glyphs


def money(minor: int, currency: str | None) -> str:
    """Return an amount with thousands separated, in major units: 1,250,000.00. Without a currency, two decimals."""
    exponent = CURRENCY_EXPONENTS.get(currency or "", 2)
    sign, size = ("-" if minor < 0 else ""), abs(minor)
    if exponent == 0:
        return f"{sign}{size:,}"
    whole, part = divmod(size, 10**exponent)
    return f"{sign}{whole:,}.{part:0{exponent}d}"


def short_money(minor: int, currency: str | None) -> str:
    """Return an amount in few cells, rounded to three digits: 1.2M, 240k, 950. For where the whole stands beside it."""
    major = abs(minor) / 10 ** CURRENCY_EXPONENTS.get(currency or "", 2)
    sign = "-" if minor < 0 else ""
    for unit, name in ((1e9, "bn"), (1e6, "M"), (1e3, "k")):
        if major >= unit * 0.9995:
            return f"{sign}{major / unit:.3g}{name}"
    return f"{sign}{major:.3g}"


def money_within(amounts: Sequence[int], currency: str | None, width: int) -> Callable[[int], str]:
    """Return how to write amounts that stand together, all alike: in full, in whole units, or in millions.

    Shape: the first of these in which each of *amounts*, in minor units, takes at most *width* characters.
    """
    unit = 10 ** CURRENCY_EXPONENTS.get(currency or "", 2)
    ways: list[Callable[[int], str]] = [
        lambda minor: money(minor, currency),
        lambda minor: f"{round(minor / unit):,}",
        lambda minor: f"{minor / unit / 1e6:,.2f} M",
    ]
    return next((way for way in ways if all(len(way(minor)) <= width for minor in amounts)), ways[-1])


def percent(share: float | None) -> str:
    """Return a share as a percentage with one decimal, a dash where there is none."""
    return "–" if share is None else f"{100 * share:.1f} %"


def instant(at: datetime.datetime | None) -> str:
    """Return an instant in UTC to the second, a dash where there is none."""
    return "–" if at is None else at.astimezone(datetime.UTC).strftime("%Y-%m-%d %H:%M:%S")


def bar(share: float, width: int, mark: float | None = None, glyphs: Glyphs = UNICODE) -> str:
    """Return a bar of *width* cells filled to *share* of it, with a target mark where one is given.

    Shape: exactly *width* characters; a share is cut to 0 to 1. The mark is never hidden by the bar.
    """
    eighths = round(max(0.0, min(share, 1.0)) * width * 8)
    full, part = divmod(eighths, 8)
    cells = list(glyphs.parts[8] * full + (glyphs.parts[part] if part else "") + glyphs.empty * width)[:width]
    if mark is not None and width > 0:
        cells[min(round(max(0.0, min(mark, 1.0)) * width), width - 1)] = glyphs.target
    return "".join(cells)


def sparkline(
    values: Sequence[float | None], glyphs: Glyphs = UNICODE, *, height: int = 1, cells: int = 1
) -> list[str]:
    """Return values as columns from the least to the greatest, on so many lines, the upper one first.

    Shape: *height* lines; each value is *cells* wide, with a blank between where there are more than one. A value that
    is not known is blank, the least one never is.
    """
    known = [value for value in values if value is not None]
    least, most = min(known, default=0.0), max(known, default=0.0)
    steps = len(glyphs.steps) - 1
    levels = [
        0 if value is None else 1 + round((value - least) / ((most - least) or 1.0) * (height * steps - 1))
        for value in values
    ]
    gap = " " if cells > 1 else ""
    lines = []
    for line in range(height - 1, -1, -1):
        signs = (glyphs.steps[max(0, min(level - line * steps, steps))] for level in levels)
        lines.append(gap.join(sign * (cells - len(gap)) for sign in signs))
    return lines
