"""The headline of a board: alignment, spend, return and capacity, each a figure over a bar."""

from __future__ import annotations

from typing import NamedTuple

from rich.cells import cell_len

from tui.model.board import BoardSeen
from tui.model.board_drawing import MOST_BAR, Drawing, first_fit, part_of, share_of, signed, whole_percent
from tui.model.chart import figure
from tui.model.pieces import Lead, Look, Piece, Pieces, ToEntry, ToTotal
from tui.model.text import clean, fit

MOST_LOAD = 1.5
"""The load that fills a bar: half as much again as there is."""

GAP = 2
"""Cells between two blocks."""


class Block(NamedTuple):
    """One figure of the headline: its texts, the longest first; its bar, and what its mark stands at."""

    name: str
    texts: tuple[str, ...]
    share: float | None
    mark: float | None
    leads: Lead | None = None
    look: Look = "strong"


def headline(seen: BoardSeen, drawing: Drawing) -> list[Pieces]:
    """Return the two lines of the headline, the figures and the bars.

    Alignment is filled to the index, with the mark at 1. Spend is filled to what is spent of what is approved; the mark
    adds what is committed. Return is filled to what is validated of what is planned; the mark is what was spent, so
    that a bar beyond it has paid. Capacity is filled to what is planned; the mark is all there is.
    """
    blocks = _blocks(seen, drawing)
    cells = max((drawing.width - GAP * (len(blocks) - 1)) // len(blocks), 8)
    first: list[Piece] = []
    second: list[Piece] = []
    for block in blocks:
        told = fit(first_fit(cells, *block.texts), cells, ellipsis=drawing.glyphs.ellipsis)
        first += [Piece(told, block.look, block.leads, block.name), Piece(" " * GAP)]
        second += [*drawing.bar(block.share, cells, block.mark), Piece(" " * GAP)]
    return [tuple(first[:-1]), tuple(second[:-1])]


def headline_list(seen: BoardSeen, drawing: Drawing) -> list[Pieces]:
    """Return the headline one figure a line, with its bar behind it: for plain text."""
    blocks = _blocks(seen, drawing)
    texts = max(cell_len(block.texts[0]) for block in blocks)
    cells = max(min(drawing.width - texts - GAP, MOST_BAR), 8)
    return [
        (
            Piece(fit(block.texts[0], texts), block.look, block.leads, block.name),
            *(Piece(" " * GAP), *drawing.bar(block.share, cells, block.mark)),
        )
        for block in blocks
    ]


def _blocks(seen: BoardSeen, drawing: Drawing) -> list[Block]:
    return [_alignment(seen), _spend(seen, drawing), _return(seen), _capacity(seen, drawing)]


def _alignment(seen: BoardSeen) -> Block:
    told = seen.headline
    if not seen.objectives:
        return Block("alignment.index", ("Alignment: no objectives set", "Alignment –"), None, 1.0, ToTotal("index"))
    index = "–" if told.index is None else f"{told.index:.4f}"
    moves = "" if told.index is None else f", {figure(told.must_move_minor, 'money', seen.currency)} must move"
    texts = (f"Alignment {index} of 1{moves}", f"Alignment {index} of 1", f"Alignment {index}")
    return Block("alignment.index", texts, told.index, 1.0, ToTotal("index"))


def _spend(seen: BoardSeen, drawing: Drawing) -> Block:
    told = seen.headline
    share = share_of(told.actual_minor, told.approved_minor)
    amounts = part_of(told.actual_minor, told.approved_minor, seen.currency)
    over, percent = drawing.over(share), whole_percent(share)
    texts = (
        f"Spend {amounts} approved, {percent}{over}",
        f"Spend {amounts}, {percent}{over}",
        f"Spend {figure(told.actual_minor, 'money', seen.currency)} {percent}{over}",
        f"Spend {percent}{over}",
    )
    mark = share_of(told.actual_minor + told.committed_minor, told.approved_minor)
    return Block("spend.actual", texts, share, mark, ToTotal("actual"), "problem" if over else "strong")


def _return(seen: BoardSeen) -> Block:
    told = seen.headline
    if not (told.planned_minor or told.validated_minor):
        return Block("roi", ("Return: no benefits planned", "Return –"), None, None, ToTotal("roi"))
    validated, spent = (figure(minor, "money", seen.currency) for minor in (told.validated_minor, told.actual_minor))
    texts = (
        f"ROI {signed(told.roi)}, {validated} validated of {spent} spent",
        f"ROI {signed(told.roi)}, {validated} validated",
        f"ROI {signed(told.roi)}",
    )
    share, mark = (share_of(minor, told.planned_minor) for minor in (told.validated_minor, told.actual_minor))
    return Block("roi", texts, share, mark, ToTotal("roi"))


def _capacity(seen: BoardSeen, drawing: Drawing) -> Block:
    row = seen.headline.load
    if row is None:
        return Block("capacity.load", ("Capacity not planned", "Capacity –"), None, 1 / MOST_LOAD)
    load = row.load or 0.0
    over = drawing.over(load)
    told = f"Capacity {whole_percent(load)}{over}"
    short = f"Load {whole_percent(load)}{over}"
    texts = (f"{told}, {clean(row.skill, 16)} {row.period}", f"{told} {row.period}", told, short)
    leads = ToEntry(row.last_sequence)
    return Block("capacity.load", texts, load / MOST_LOAD, 1 / MOST_LOAD, leads, "problem" if over else "strong")
