"""Where the panels of a board stand: as many as there is room for, the others behind one of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

PRIORITIES = ("initiatives", "alignment")
MONEY = ("needs", "pipeline", "streams", "envelopes")
EVIDENCE = ("models", "capacity", "benefits")

COLUMNS: tuple[tuple[int, tuple[tuple[str, ...], ...]], ...] = (
    (170, (PRIORITIES, (*MONEY, "trend"), EVIDENCE)),
    (110, ((*PRIORITIES, "trend"), (*MONEY, *EVIDENCE))),
    (0, (("initiatives", "needs", "alignment", *MONEY[1:], *EVIDENCE, "trend"),)),
)
"""From which width on, the panels of each column from top to bottom. The first column is the widest."""

FIRST_SHARE = {3: 0.5, 2: 0.58, 1: 1.0}
"""How much of the width the first column has, by the number of columns."""

LEAST_LINES = 2
"""Lines of a panel that has more of them and little room."""

SLOT_LINES = 4
"""Lines there must be for a panel that others stand behind."""

BORDER = 2


class Box(NamedTuple):
    """A place on the screen, in cells, its border included."""

    x: int
    y: int
    width: int
    height: int


class Places(NamedTuple):
    """Where panels stand, in the order of reading. behind: those that share the place of the one in front of them."""

    boxes: Mapping[str, Box]
    behind: Sequence[str]
    in_front: Sequence[str]


def names(width: int) -> list[str]:
    """Return every panel in the order of reading, which is the order of tab."""
    return [name for column in _columns(width) for name in column]


def places(width: int, height: int, lines: Mapping[str, int], front: str) -> Places:
    """Return where panels stand. lines: how many each has. front: which of those without room of their own is seen."""
    columns = _columns(width)
    first = round(width * FIRST_SHARE[len(columns)])
    rest = (width - first) // max(len(columns) - 1, 1)
    widths = [first, *[rest] * (len(columns) - 2), width - first - rest * max(len(columns) - 2, 0)][: len(columns)]
    boxes: dict[str, Box] = {}
    behind: list[str] = []
    in_front: list[str] = []
    for place, column in enumerate(columns):
        heights, hidden = _stacked(column, height, lines, front)
        y = 0
        for name, tall in heights.items():
            boxes[name] = Box(sum(widths[:place]), y, widths[place], tall)
            y += tall
        behind += hidden
        in_front += list(heights)[-1:] if hidden else []
    return Places(boxes, behind, in_front)


def _columns(width: int) -> Sequence[Sequence[str]]:
    return next(columns for least, columns in COLUMNS if width >= least)


def _stacked(
    column: Sequence[str], height: int, lines: Mapping[str, int], front: str
) -> tuple[dict[str, int], list[str]]:
    """Return the height of each panel of a column that is seen, from top to bottom, and those that are behind one."""
    if column[0] != "initiatives":
        return _shared(column, height, lines, front)
    rest = column[1:]
    least = max(height * 3 // 5, 8) if len(rest) > 2 else max(height * 2 // 5, 8)
    heights, hidden = _shared(rest, height - least, lines, front, fill=False)
    return {column[0]: height - sum(heights.values()), **heights}, hidden


def _shared(
    column: Sequence[str], height: int, lines: Mapping[str, int], front: str, *, fill: bool = True
) -> tuple[dict[str, int], list[str]]:
    """Share a height among panels. fill: the last one takes what is left over."""
    wanted = {name: max(lines[name], 1) + BORDER for name in column}
    heights = {name: min(wanted[name], LEAST_LINES + BORDER) for name in column}
    hidden: list[str] = []
    if sum(heights.values()) > height:
        seen: list[str] = []
        for name in column:
            if sum(heights[each] for each in [*seen, name]) + SLOT_LINES + BORDER > height:
                break
            seen.append(name)
        sharing = [name for name in column if name not in seen]
        shown = front if front in sharing else sharing[0]
        hidden = [name for name in sharing if name != shown]
        heights = {**{name: heights[name] for name in seen}, shown: height - sum(heights[name] for name in seen)}
        return heights, hidden
    left = height - sum(heights.values())
    for name in sorted(column, key=lambda each: wanted[each] - heights[each]):
        if wanted[name] - heights[name] <= min(left, LEAST_LINES):  # a short list is seen whole before a long one grows
            left -= wanted[name] - heights[name]
            heights[name] = wanted[name]
    while left and (short := [name for name in column if heights[name] < wanted[name]]):
        for name in short[:left]:
            heights[name] += 1
            left -= 1
    if fill and left:
        heights[column[-1]] += left
    return heights, hidden
