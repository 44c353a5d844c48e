"""The board's list of initiatives: by priority, by score, by money; those that hold a text."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from tui.model.board import BoardSeen, Ranked
from tui.model.board_drawing import Drawing, to_setter, whole_percent, widest
from tui.model.chart import figure
from tui.model.pieces import Look, Panel, Piece, Pieces, ToInitiative
from tui.model.text import clean, fit

ORDERS: dict[str, Callable[[Ranked], float | str | None]] = {
    "priority": lambda each: each.ranked.rank,
    "score": lambda each: _down(each.ranked.score),
    "value": lambda each: _down(each.ranked.value),
    "novelty": lambda each: _down(each.ranked.novelty),
    "approved": lambda each: _down(each.told.approved_minor),
    "spent": lambda each: _down(_spent(each)),
    "title": lambda each: each.told.title.casefold(),
}
"""What initiatives are sorted by: the first that comes has the least of it; one that has none comes last. Of those that
are alike in it, the one with more money comes first."""


class Column(NamedTuple):
    """One column: its head, how many cells it takes, and what stands in it. from_width: of the panel it appears at."""

    head: str
    cells: int
    make: Callable[[Ranked], list[Piece]]
    from_width: int = 0
    right: bool = False


def initiatives(seen: BoardSeen, drawing: Drawing, order: str = "priority", words: str = "") -> Panel:
    """Return initiatives that have not ended, one a line under a line of heads. words: what each must hold."""
    found = chosen(seen.initiatives, order, words)
    columns = [each for each in _columns(seen, drawing) if each.from_width <= drawing.width]
    titles = max(drawing.width - sum(each.cells + 1 for each in columns), 8)
    columns.insert(2, Column("title", titles, lambda each: [drawing.name(each.told.title, titles)]))
    lines: list[Pieces] = []
    heads = (Piece(" ".join(fit(each.head, each.cells, right=each.right) for each in columns), "dim"),)
    for each in found:
        cells = [piece for column in columns for piece in (*column.make(each), Piece(" "))]
        lines.append(tuple(cells[:-1]))
    count, ended = len(seen.initiatives), sum(seen.ended.values())
    shown = f"{len(found):,} of {count:,} hold {clean(words, 24)}" if words else f"{count:,} under way"
    note = f"{shown}, {ended:,} ended" if ended else shown
    empty = "None holds them; / asks for others." if words else "No initiatives yet; ProposeInitiative proposes one."
    return Panel("initiatives", f"Initiatives by {order}", lines, note, empty, heads if found else ())


def chosen(rows: Sequence[Ranked], order: str, words: str) -> list[Ranked]:
    """Return those that hold every word in their id, title, stream, stage, status or people, in an order."""
    wanted = words.casefold().split()
    found = [each for each in rows if all(word in _words(each) for word in wanted)]
    key = ORDERS[order]

    def place(each: Ranked) -> tuple[bool, float | str, float, str]:
        value, money = key(each), 0 if order == "title" else -(each.told.approved_minor or 0)
        return value is None, 0 if value is None else value, money, each.told.initiative

    return sorted(found, key=place)


def _columns(seen: BoardSeen, drawing: Drawing) -> list[Column]:
    """Return the columns beside the title, from left to right; it stands after the second."""
    width = drawing.width
    ids = widest([each.told.initiative for each in seen.initiatives], 14)
    stages = widest([_stage(each) for each in seen.initiatives], 9, 5)
    ranks = len(str(max((each.ranked.rank or 0 for each in seen.initiatives), default=0)))
    scored = 14 if width >= 124 else 8 if width >= 110 or 76 <= width < 84 else 0
    spent = 16 if width >= 124 else 10 if width >= 76 else 8
    return [
        Column("#", max(ranks, 2), lambda each: [_rank(each, max(ranks, 2))], right=True),
        Column("", ids, lambda each: [_id(each, drawing, ids)]),
        Column("was", 4, lambda each: [Piece(fit(_was(each, drawing), 4, right=True), "dim")], 92, True),
        Column("stream", 9, lambda each: [drawing.name(each.told.value_stream, 9, "dim")], 110),
        Column("stage", stages, lambda each: [drawing.name(_stage(each), stages)], 56),
        Column("score", max(scored + 4, 5), lambda each: _score(each, drawing, scored), right=not scored),
        Column("value", 5, lambda each: [_mark(each, "value", each.ranked.value)], 92, True),
        Column("novel", 5, lambda each: [_mark(each, "novelty", each.ranked.novelty)], 92, True),
        Column("approved", 8, lambda each: [_approved(each)], 84, True),
        Column("spent of approved" if spent > 10 else "spent", spent + 8, lambda each: _spend(each, drawing, spent)),
    ]


def _id(each: Ranked, drawing: Drawing, cells: int) -> Piece:
    name = each.told.initiative
    return Piece(drawing.name(name, cells).text, "plain", ToInitiative(name), name)


def _rank(each: Ranked, cells: int) -> Piece:
    rank = "–" if each.ranked.rank is None else str(each.ranked.rank)
    return to_setter("priority", each.told.initiative, "rank", f"{rank:>{cells}}")


def _was(each: Ranked, drawing: Drawing) -> str:
    rank, was = each.ranked.rank, each.ranked.was
    if rank is None or was is None or rank == was:
        return ""
    return f"{drawing.glyphs.more if rank < was else drawing.glyphs.less}{abs(was - rank)}"


def _stage(each: Ranked) -> str:
    return "on hold" if each.told.status == "held" else each.told.stage


def _score(each: Ranked, drawing: Drawing, cells: int) -> list[Piece]:
    score = each.ranked.score
    told = "–" if score is None else f"{round(score)}"
    drawn = drawing.bar(score / 100, cells) if score is not None and cells else [Piece(" " * (cells or 1))]
    return [*drawn, to_setter("priority", each.told.initiative, "score", f"{told:>4}")]


def _mark(each: Ranked, field: str, mark: float | None) -> Piece:
    told = "–" if mark is None else f"{round(mark)}"
    return to_setter("priority", each.told.initiative, field, f"{told:>5}")


def _approved(each: Ranked) -> Piece:
    told = figure(each.told.approved_minor, "money", each.told.currency)
    return to_setter("initiatives", each.told.initiative, "approved_minor", f"{told:>8}")


def _spend(each: Ranked, drawing: Drawing, cells: int) -> list[Piece]:
    """Return what is spent of what is approved: a bar, and in percent."""
    share, spent = _spent(each), each.told.actual_minor
    over = share is not None and share > 1
    look: Look = "problem" if over or (share is None and spent) else "plain"
    told = whole_percent(share) if share is not None or not spent else figure(spent, "money", each.told.currency)
    sign = drawing.glyphs.problem if look == "problem" else " "
    return [
        *drawing.bar(share, cells, 1.0),
        to_setter("initiatives", each.told.initiative, "actual_minor", f"{told:>6} {sign}", look),
    ]


def _spent(each: Ranked) -> float | None:
    approved = each.told.approved_minor
    return each.told.actual_minor / approved if approved > 0 else None


def _down(value: float | None) -> float | None:
    return None if value is None else -value


def _words(each: Ranked) -> str:
    told = each.told
    said = (told.initiative, told.title, told.value_stream, told.stage, told.status, told.sponsor, told.lead, told.kind)
    return " ".join(filter(None, said)).casefold()
