"""What was measured as rows, and the rows as a table a person reads."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

FASTER_IS_MORE = ("events/s", "decisions/s")
"""The units of which more is better."""


class Row(msgspec.Struct, frozen=True):
    """One number, beside a peer's in the same run where there is one.

    ratio: how many times better than the peer; above 1 is better. goal: DESIGN, section 9; reached: whether *value*
    is there, None where no goal is set at this size.
    """

    name: str
    value: float
    unit: str
    peer: str | None = None
    peer_value: float | None = None
    ratio: float | None = None
    goal: float | None = None
    reached: bool | None = None


def row(name: str, value: float, unit: str, *, peer: tuple[str, float] | None = None, goal: float | None = None) -> Row:
    """Return a row with its ratio and whether its goal is reached worked out."""
    more = unit in FASTER_IS_MORE
    told = None if peer is None else value / peer[1] if more else peer[1] / value
    return Row(
        name=name,
        value=value,
        unit=unit,
        peer=None if peer is None else peer[0],
        peer_value=None if peer is None else peer[1],
        ratio=told,
        goal=goal,
        reached=None if goal is None else value >= goal if more else value <= goal,
    )


def table(rows: Sequence[Row]) -> str:
    """Return rows as aligned plain text."""
    lines = [("what", "here", "unit", "goal", "reached", "peer", "peer's", "ratio")]
    for each in rows:
        goal = "" if each.goal is None else f"{'>=' if each.unit in FASTER_IS_MORE else '<='} {_shown(each.goal)}"
        reached = {True: "yes", False: "NO", None: ""}[each.reached]
        peers = ("", "", "")
        if each.peer is not None and each.peer_value is not None and each.ratio is not None:
            peers = (each.peer, _shown(each.peer_value), f"{_shown(each.ratio)} x")
        lines.append((each.name, _shown(each.value), each.unit, goal, reached, *peers))
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    to_the_right = {1, 3, 6, 7}
    return "\n".join(
        "  ".join(
            text.rjust(width) if place in to_the_right else text.ljust(width)
            for place, (text, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )


def _shown(number: float) -> str:
    """Return a number with three figures that mean something."""
    if abs(number) >= 100:
        return f"{number:,.0f}"
    return f"{number:.1f}" if abs(number) >= 10 else f"{number:.2f}" if abs(number) >= 1 else f"{number:.3f}"
