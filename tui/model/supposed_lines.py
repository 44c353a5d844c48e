"""What is supposed, and what comes of it, as lines of text: for the screen, whatever its width."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from ledger.suppose import Fate, Outcome
from projections.rows import AlignmentRow
from projections.scenarios import Headline, Side
from schemas import subjects
from tui.model.card import Standing
from tui.model.fates import fate_cells, in_words, outcome_line
from tui.model.figures import bar, money_within, percent
from tui.model.glyphs import Glyphs
from tui.model.headlines import amounts_of, headline_rows
from tui.model.supposed import SupposedDecision
from tui.model.text import clean

LABEL_CELLS = 16
WIDEST_CELLS = 22
WIDE_CELLS = 60
"""From here on an objective takes one line, below it two."""

Told = list[tuple[str, Standing]]
"""Lines, and how each stands."""


class Column(NamedTuple):
    """A scenario beside the others. headline: None while it is not known."""

    title: str
    headline: Headline | None


def decision_line(decision: SupposedDecision, outcome: Outcome | None, width: int, glyphs: Glyphs) -> str:
    """Return a supposed decision in the list."""
    sign = glyphs.no if outcome is not None and outcome.refused is not None else " "
    at = "" if decision.sequence is None else f" {decision.sequence:,}"
    does = {"leaves out": f"without{at}", "replaces": f"instead of{at}", "adds": "with"}[decision.does]
    return cut(f"[{'x' if decision.on else ' '}]{sign}{does}: {decision.about}", width, glyphs)


def decision_words(
    decision: SupposedDecision, outcome: Outcome | None, day: Callable[[int], str], glyphs: Glyphs
) -> list[str]:
    """Return all there is to say of a supposed decision. day: of a sequence."""
    where = "the last one" if decision.sequence is None else f"{decision.sequence:,} ({day(decision.sequence)})"
    first = {"leaves out": "leaves out", "replaces": "in the place of", "adds": "added behind"}[decision.does]
    told = [f"{first} {where}", decision.about]
    if not decision.on:
        told.append("off: it is not supposed now")
    elif outcome is not None:
        told.append(outcome_line(outcome, glyphs))
    elif decision.line:
        told.append(f"{glyphs.unknown} not decided yet")
    return told


def outcome_lines(now: Headline | None, columns: Sequence[Column], focus: int, width: int, glyphs: Glyphs) -> Told:
    """Return the figures side by side, a column a scenario, and where there is room by how much that in focus differs.

    Shape: eleven lines of at most *width* characters. Errors: none; what is not known yet is a dash.
    """
    if now is None:
        return []
    known = [now, *(each.headline or now for each in columns)]
    count = len(known) + (LABEL_CELLS + 12 * (len(known) + 1) <= width)
    cells = min((width - LABEL_CELLS) // count, WIDEST_CELLS)
    written = money_within(amounts_of(known), now.currency, cells - 2)
    names = ["now", *(clean(each.title, cells - 2) for each in columns)]
    if count > len(known):
        names.append("change")
    names = [f"{glyphs.here if place == focus + 1 else ''}{name} " for place, name in enumerate(names)]
    told: Told = [("".join([" " * LABEL_CELLS, *(name.rjust(cells) for name in names)]), "plain")]
    for row in headline_rows(known, lambda minor, _: written(minor)):
        parts = [f"{row.cells[0]} "]
        for column, cell, change in zip(columns, row.cells[1:], row.changes[1:], strict=True):
            sign = "" if not change else glyphs.more if change[0] == "+" else glyphs.less
            parts.append(f"{glyphs.dash} " if column.headline is None else f"{cell}{sign or ' '}")
        if count > len(known):
            parts.append(f"{row.changes[focus + 1]} ")
        standing: Standing = "yes" if any(row.changes) else "plain"
        told.append(("".join([row.short.ljust(LABEL_CELLS), *(part.rjust(cells) for part in parts)]), standing))
    return told


def alignment_lines(now: Side, then: Side | None, width: int, glyphs: Glyphs) -> Told:
    """Return where money goes by objective: as it is, and as a scenario has it. then: None while that is not known.

    Shape: one line an objective where there is room for it, else two; then what serves no objective.
    """
    rows = _shares(now.alignment, then.alignment if then else ())
    rows.append(("no objective", None, now.headline.orphan_share, then.headline.orphan_share if then else None))
    if now.headline.index is None and (then is None or then.headline.index is None):
        return [("No money counts yet, so there is no share to show.", "unknown")]
    most = max([0.01, *(share or 0.0 for _, *shares in rows for share in shares)])
    told: Told = []
    for name, target, was, share in rows:
        shown = was if then is None else share
        words = percent(was) if then is None or was == share else f"{percent(was)} {glyphs.becomes} {percent(share)}"
        sign = " " if then is None or was == share else glyphs.more if (share or 0.0) > (was or 0.0) else glyphs.less
        standing: Standing = "plain" if sign == " " else "yes"
        aim = "" if target is None else f"of {percent(target)}"
        if width >= WIDE_CELLS:
            drawn = _bar(shown, target, most, width - 52, glyphs)
            told.append((f"{clean(name, 19):<19} {drawn} {words:>17} {sign} {aim:>10}", standing))
            continue
        told.append((f"{clean(name, width - 22):<{width - 20}}{words:>18} {sign}", standing))
        told.append((_bar(shown, target, most, width, glyphs), standing))
    return told


def _shares(
    now: Sequence[AlignmentRow], then: Sequence[AlignmentRow]
) -> list[tuple[str, float | None, float | None, float | None]]:
    """Return each objective of either history: its name, its target, and its share in both."""
    olds, news = ({row.objective: row for row in rows} for rows in (now, then))
    found: list[tuple[str, float | None, float | None, float | None]] = []
    for name in dict.fromkeys([*olds, *news]):
        old, new = olds.get(name), news.get(name)
        row = new or old
        assert row is not None, "a name comes from one of them"
        found.append((name, row.target_bp / 10_000, old.share if old else None, new.share if new else None))
    return found


def _bar(share: float | None, target: float | None, most: float, width: int, glyphs: Glyphs) -> str:
    return bar((share or 0.0) / most, width, None if target is None else target / most, glyphs)


def fate_line(fate: Fate, width: int, glyphs: Glyphs) -> str:
    """Return what became of a recorded decision, in the list."""
    sequence, kind, subject, _, why = fate_cells(fate)
    word = f"{glyphs.no} refused" if fate.refused is not None else "~ changed"
    return cut(f"{sequence:>9} {word} {subjects.bare(kind)} {subject.partition('/')[2]}: {why}", width, glyphs)


def fate_words(fate: Fate) -> list[str]:
    """Return all there is to say of what became of a recorded decision."""
    sequence, kind, subject, now, why = fate_cells(fate)
    if fate.refused is not None:
        return [f"{sequence} {kind} {subject} no longer passes", in_words(fate.refused)]
    return [f"{sequence} {kind} {subject} stands at {now} and differs", f"in {why}"]


def cut(text: str, width: int, glyphs: Glyphs) -> str:
    """Return a clean text in at most *width* characters."""
    return text if len(text) <= width else f"{text[: max(width - 1, 0)]}{glyphs.ellipsis}"
