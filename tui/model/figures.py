"""Figures as a person reads them: money, shares, instants and bars."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Sequence

from schemas.values import CURRENCY_EXPONENTS

EIGHTHS = " ▏▎▍▌▋▊▉█"


def money(minor: int, currency: str | None) -> str:
    """Return an amount with thousands separated, in major units: 1,250,000.00. Without a currency, two decimals."""
    exponent = CURRENCY_EXPONENTS.get(currency or "", 2)
    sign, size = ("-" if minor < 0 else ""), abs(minor)
    if exponent == 0:
        return f"{sign}{size:,}"
    whole, part = divmod(size, 10**exponent)
    return f"{sign}{whole:,}.{part:0{exponent}d}"


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


def bar(share: float, width: int, mark: float | None = None) -> str:
    """Return a bar of *width* cells filled to *share* of it, with a target mark where one is given.

    Shape: exactly *width* characters; a share is cut to 0 to 1. The mark is never hidden by the bar.
    """
    eighths = round(max(0.0, min(share, 1.0)) * width * 8)
    full, part = divmod(eighths, 8)
    cells = list("█" * full + (EIGHTHS[part] if part else "") + "·" * width)[:width]
    if mark is not None and width > 0:
        cells[min(round(max(0.0, min(mark, 1.0)) * width), width - 1)] = "┃"
    return "".join(cells)
