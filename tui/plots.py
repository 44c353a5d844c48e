"""Views as charts: what of each is worth looking at. How a chart is drawn is tui.plot_text and tui.plot_file."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable, Sequence
from itertools import dropwhile
from pathlib import Path

from projections.moment import Moment
from projections.replica import Replica
from projections.rows import AlignmentRow, BenefitRow, ModelRow, SpendRow
from projections.segments import Progress
from projections.series import OVER_TIME, AlignmentPoint, BenefitPoint, Series, SpendPoint, series
from projections.views import VIEWS, Question, View
from tui import plain
from tui.common import WORLD_FAILED, CommandError
from tui.model.chart import MOST_BARS, MOST_LINES, Bar, Bars, Chart, Line, Lines, figure
from tui.model.figures import percent
from tui.model.text import clean
from tui.terminal import ascii_only, width

ENDINGS = (".svg", ".png")


def can_plot(name: str, files: Sequence[Path]) -> None:
    """Say that a view has a plot and that files can hold it. Errors: CommandError."""
    if name not in PLOTTED:
        others = ", ".join(PLOTTED)
        raise CommandError(f"{name} has no plot, it is better read as a table; there are plots of {others}")
    for path in files:
        if path.suffix.lower() not in ENDINGS:
            raise CommandError(f"cannot write a plot to {path}: a plot is {' or '.join(ENDINGS)}; give a file of these")


def chart_of(replica: Replica, question: Question, at: Moment, answer: View, progress: Progress) -> Chart:
    """Return a view as a chart; with its figures over time where it has a series. Units: progress counts points.

    Errors: KeyError where it is not one of PLOTTED.
    """
    title = clean(plain.heading(answer))
    if not answer.rows:
        return Chart(title, [], plain.EMPTY[answer.view])
    over_time = series(replica, question, at, progress=progress) if question.name in OVER_TIME else None
    return Chart(title, _CHARTS[question.name](question, answer, over_time))


def as_text(chart: Chart) -> str:
    """Return a chart as text for standard output, as wide and with such letters as it shows."""
    from tui.plot_text import drawn  # its library is for plots alone

    dumb = os.environ.get("TERM") == "dumb"
    return drawn(chart, width=width(), ascii_only=ascii_only(sys.stdout.encoding), colour=not dumb)


def write_picture(chart: Chart, path: Path) -> None:
    """Write a chart as SVG or PNG, as the file's ending has it. Errors: CommandError."""
    logging.getLogger("matplotlib").setLevel(logging.ERROR)  # its first start tells stderr which fonts it looks for
    from tui.plot_file import picture  # a second to load, and for plots alone

    try:
        path.write_bytes(picture(chart, path.suffix.lower().removeprefix(".")))
    except OSError as error:
        raise CommandError(f"cannot write {path}: {error.strerror}; give a file that can be", WORLD_FAILED) from error


def _alignment(question: Question, answer: View, over_time: Series | None) -> list[Lines | Bars]:
    rows = [row for row in answer.rows if isinstance(row, AlignmentRow)]
    bars = []
    for row in rows:
        target = row.target_bp / 10_000
        told = f"{percent(row.share)}, target {percent(target)}"
        bars.append(Bar(clean(row.objective, 24), clean(row.title), [row.share or 0.0], [target], told))
    orphan = answer.totals["orphan_share"]
    bars.append(Bar("", "serves no objective", [orphan or 0.0], [None], percent(orphan)))
    of_money = f"{question.measure} money"
    panels: list[Lines | Bars] = [
        Bars(f"Share of {of_money} against target", ["share"], ["target"], bars, "share", note=_needs_money(orphan))
    ]
    assert over_time is not None
    points = [point for point in over_time.points if isinstance(point, AlignmentPoint)]
    points = list(dropwhile(lambda point: point.index is None, points))
    if not points:
        return panels
    days = [point.as_of for point in points]
    index = Line("index", [point.index for point in points])
    drift = f"drift is what is missing to 100 %, now {percent(points[-1].drift)}"
    panels.append(Lines("Alignment index over time", days, [index], "share", top=1.0, note=drift))
    names = sorted({name for point in points for name in point.shares})
    lines = [Line(clean(name, 24), [point.shares.get(name) for point in points]) for name in names]
    lines.append(Line("no objective", [point.orphan_share for point in points]))
    kept, left = _greatest(lines)
    note = f"{left} smaller ones are not drawn" if left else ""
    panels.append(Lines(f"Share of {of_money} by objective over time", days, kept, "share", note=note))
    return panels


def _spend(question: Question, answer: View, over_time: Series | None) -> list[Lines | Bars]:
    assert over_time is not None
    points = [point for point in over_time.points if isinstance(point, SpendPoint)]
    ladder = {
        "funded": [point.funded_minor for point in points],
        "approved": [point.approved_minor for point in points],
        "actual": [point.actual_minor for point in points],
        "committed": [point.committed_minor for point in points],
    }
    currency = answer.currency
    lines = [Line(name, values) for name, values in ladder.items()]
    others = ", ".join(total["currency"] for total in answer.totals.get("other_currencies", []))
    note = f"not drawn: {others}" if others else ""
    days = [point.as_of for point in points]
    panels: list[Lines | Bars] = [Lines(f"Spend over time, {currency}", days, lines, "money", currency, note=note)]
    rows = [row for row in answer.rows if isinstance(row, SpendRow) and row.currency == currency]
    funded = any(row.key is not None and row.funded_minor for row in rows)
    bars = []
    for row in rows:
        if row.key is None and not (row.committed_minor or row.actual_minor):
            continue  # funds alone stand on no initiative; as a bar they would only dwarf the others
        marks: list[float | None] = [row.approved_minor, *([row.funded_minor] if funded else [])]
        spent = [max(0, row.actual_minor), max(0, row.committed_minor)]
        told = _of(row.actual_minor, row.approved_minor, currency)
        key = plain.NO_INITIATIVE if row.key is None else clean(row.key, 40)
        bars.append(Bar(key, clean(row.title or ""), spent, marks, told))
    marks_of = ["approved", *(["funded"] if funded else [])]
    words = question.by.replace("_", " ")
    title = f"Spend by {words}, {currency}: actual of approved"
    return [*panels, *_bars(title, ["actual", "committed"], marks_of, bars, currency)]


def _benefits(_: Question, answer: View, over_time: Series | None) -> list[Lines | Bars]:
    assert over_time is not None
    points = [point for point in over_time.points if isinstance(point, BenefitPoint)]
    currency = answer.currency
    lines = [
        Line("planned", [point.planned_minor for point in points]),
        Line("claimed", [point.claimed_minor for point in points]),
        Line("validated", [point.validated_minor for point in points]),
    ]
    days = [point.as_of for point in points]
    bars = []
    for row in answer.rows:
        assert isinstance(row, BenefitRow)
        if row.currency == currency:
            parts = [max(0, row.validated_minor), max(0, row.claimed_minor - max(0, row.validated_minor))]
            told = _of(row.validated_minor, row.planned_minor, currency)
            bars.append(Bar(clean(row.benefit, 24), clean(row.title), parts, [row.planned_minor], told))
    title, of = f"Benefits, {currency}: validated of planned", ["validated", "claimed beyond"]
    return [
        Lines(f"Benefits over time, {currency}", days, lines, "money", currency),
        *_bars(title, of, ["planned"], bars, currency),
    ]


def _models(_: Question, answer: View, __: Series | None) -> list[Lines | Bars]:
    bars = []
    for row in answer.rows:
        assert isinstance(row, ModelRow)
        parts = [max(0, row.exposed_minor), max(0, row.approved_minor - row.exposed_minor)]
        ends = f"ends {row.retires_on}" if row.retires_on else "no end announced"
        told = f"{figure(row.approved_minor, 'money', answer.currency)}, {ends}"
        bars.append(Bar(clean(row.name or row.model), "", parts, [], told))
    title = f"Approved money that depends on each model, {answer.currency}"
    return _bars(title, ["without a fallback", "with one"], [], bars, answer.currency)


def _bars(
    title: str, parts: Sequence[str], marks: Sequence[str], bars: Sequence[Bar], currency: str | None
) -> list[Lines | Bars]:
    """Return bars of money, longest first; those that are nothing are left out, and those that are too many."""
    drawn = [bar for bar in bars if any(bar.parts) or any(bar.marks)]
    drawn.sort(key=lambda bar: max(sum(bar.parts), *(mark or 0 for mark in bar.marks), 0), reverse=True)
    left = [f"{len(bars) - len(drawn)} without money"] if len(drawn) < len(bars) else []
    left += [f"{len(drawn) - MOST_BARS} smaller ones"] if len(drawn) > MOST_BARS else []
    note = f"not drawn: {', '.join(left)}" if left else ""
    return [Bars(title, parts, marks, drawn[:MOST_BARS], "money", currency, note)] if drawn else []


def _greatest(lines: Sequence[Line]) -> tuple[list[Line], int]:
    """Return the lines that reach highest, in their order, and how many were left out."""
    reach = [max((value for value in line.values if value is not None), default=0.0) for line in lines]
    kept = sorted(sorted(range(len(lines)), key=lambda place: -reach[place])[:MOST_LINES])
    return [lines[place] for place in kept], len(lines) - len(kept)


def _of(part: int, whole: int, currency: str | None) -> str:
    return f"{figure(part, 'money', currency)} of {figure(whole, 'money', currency)}"


def _needs_money(orphan: float | None) -> str:
    return "no money counts yet, so there is no share" if orphan is None else ""


_CHARTS: dict[str, Callable[[Question, View, Series | None], list[Lines | Bars]]] = {
    "alignment": _alignment,
    "spend": _spend,
    "benefits": _benefits,
    "models": _models,
}
PLOTTED = tuple(name for name in VIEWS if name in _CHARTS)
"""The views that have a plot."""
