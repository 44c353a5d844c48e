"""A chart as a picture: SVG or PNG, the same bytes for the same chart.

Matplotlib draws it, with its own defaults whatever is set up on the machine, and without its mathematics: a `$` in a
title is a dollar. The text of an SVG is text, so that it can be searched and read aloud. The colours are Okabe and
Ito's; lines differ by their dashes too, parts of a bar by their shade.
"""

from __future__ import annotations

import io
import math
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

from tui.model.chart import (
    Bars,
    Chart,
    Lines,
    day_ticks,
    ending,
    extent,
    last_value,
    span,
    spread,
    tick,
    ticks,
)

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#000000", "#E69F00", "#CC79A7", "#56B4E9")
"""One a line: blue, vermilion, green, black, orange, purple, sky blue."""
DASHES = ("-", "--", "-.", ":", (0, (6, 1, 1, 1, 1, 1)), (0, (8, 2)), (0, (3, 1)))
"""One a line, besides."""
PARTS = ("#0072B2", "#9CCBE8")
"""One a part of a bar: strong and pale."""
MARKS = ({"color": "#000000", "linewidth": 2.2}, {"color": "#D55E00", "linewidth": 1.6, "linestyle": (0, (1.5, 1))})
"""One a mark of a bar: whole and dashed."""
INK, FAINT = "#333333", "#DDDDDD"
MAKER = "Portfolio Ledger"
WIDTH_IN, HEAD_IN, DPI = 10.0, 0.4, 120


def picture(chart: Chart, kind: str) -> bytes:
    """Return a chart as the bytes of a file. kind: svg or png."""
    with _settings():
        file = io.BytesIO()
        about: dict[str, str | None] = {"Title": chart.title, "Description": _in_words(chart)}
        about |= {"Creator": MAKER, "Date": None} if kind == "svg" else {"Software": MAKER}
        _figure(chart).savefig(file, format=kind, metadata=about)
        return file.getvalue()


@contextmanager
def _settings() -> Iterator[None]:
    """Draw as this page says, and not as a file in the directory one happens to be in does."""
    with mpl.rc_context(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of letters that no font of the machine has; they stay as boxes
        mpl.rcdefaults()
        mpl.rcParams.update(
            {
                "text.parse_math": False,
                "text.usetex": False,
                "svg.fonttype": "none",
                "svg.hashsalt": "portfolio-ledger",
                "font.size": 9.5,
                "axes.spines.top": False,
                "axes.spines.right": False,
                "axes.edgecolor": INK,
                "axes.titlesize": 11,
                "axes.titlelocation": "left",
                "axes.titleweight": "bold",
                "xtick.color": INK,
                "ytick.color": INK,
            }
        )
        yield


def _figure(chart: Chart) -> Figure:
    heights = [_height(panel) for panel in chart.panels]
    drawn = Figure(figsize=(WIDTH_IN, sum(heights) + HEAD_IN), dpi=DPI)
    drawn.set_layout_engine(ConstrainedLayoutEngine(h_pad=0.12, w_pad=0.12))
    drawn.suptitle(_short(chart.title, 130), x=0.012, ha="left", color=INK)
    if not chart.panels:
        drawn.text(0.012, 0.2, chart.empty, ha="left", color=INK)
        return drawn
    # A figure of its own for each, so that long names beside bars take no room from lines.
    parts = drawn.subfigures(len(heights), 1, squeeze=False, height_ratios=heights)[:, 0]
    for part, panel in zip(parts, chart.panels, strict=True):
        place = part.subplots()
        _lines(place, panel) if isinstance(panel, Lines) else _bars(place, panel)
        if panel.note:
            place.set_xlabel(panel.note, loc="left", color=INK)
    return drawn


def _height(panel: Lines | Bars) -> float:
    """Return the height of a panel in inches."""
    if isinstance(panel, Bars):
        return 1.1 + 0.27 * len(panel.bars)
    return 2.4 if len(panel.lines) == 1 else 3.3


def _lines(place: Axes, panel: Lines) -> None:
    """Draw lines over their days, with what each is written beside its end."""
    low, high = span(panel)
    days = [day.toordinal() for day in panel.days]
    beside = spread(
        [low if (end := last_value(line)) is None else end for line in panel.lines], 0.075 * (high - low), low, high
    )
    for index, (line, at) in enumerate(zip(panel.lines, beside, strict=True)):
        style: Any = {"color": COLOURS[index % len(COLOURS)], "linestyle": DASHES[index % len(DASHES)], "linewidth": 2}
        values = [math.nan if value is None else value for value in line.values]
        if panel.top is not None:
            place.fill_between(days, values, panel.top, color=FAINT, linewidth=0, alpha=0.5)
        place.plot(days, values, marker="o" if len(days) == 1 else None, clip_on=False, **style)
        place.plot([1.015, 1.05], [at, at], transform=place.get_yaxis_transform(), clip_on=False, **style)
        _beside(place, at, 36, f"{line.name}  {ending(line, panel)}")
    place.set_title(panel.title, color=INK)
    place.set_ylim(low, high if panel.top is not None else high + 0.04 * (high - low))
    place.set_xlim(days[0], max(days[-1], days[0] + 1))
    steps = ticks(low, high, 6)
    place.set_yticks(steps, [tick(each, panel.unit, panel.currency) for each in steps])
    named = day_ticks(panel.days[0], panel.days[-1], 10)
    place.set_xticks([day.toordinal() for day, _ in named], [word for _, word in named])
    place.grid(axis="y", color=FAINT, linewidth=0.8)
    place.set_axisbelow(True)


def _bars(place: Axes, panel: Bars) -> None:
    """Draw bars from the top down, their marks on them, and what each comes to at its right."""
    for row, bar in enumerate(panel.bars):
        begin = 0.0
        for index, part in enumerate(bar.parts):
            place.barh(row, part, left=begin, height=0.62, color=PARTS[index])
            begin += part
        for index, mark in enumerate(bar.marks):
            if mark is not None:
                style: Any = MARKS[index]
                place.plot([mark, mark], [row - 0.42, row + 0.42], zorder=3, clip_on=False, **style)
        _beside(place, row, 8, bar.told)
    place.set_title(panel.title, color=INK, pad=26)
    end = extent(panel)
    place.set_xlim(0, 1.01 * end)
    steps = ticks(0, end, 8)
    place.set_xticks(steps, [tick(each, panel.unit, panel.currency) for each in steps])
    place.set_ylim(len(panel.bars) - 0.4, -0.6)
    place.set_yticks(range(len(panel.bars)), [_short(f"{bar.key}  {bar.title}".strip(), 46) for bar in panel.bars])
    place.tick_params(axis="y", length=0)
    place.grid(axis="x", color=FAINT, linewidth=0.8)
    place.set_axisbelow(True)
    for index, name in enumerate(panel.parts):
        place.plot([], [], marker="s", markersize=8, linestyle="none", color=PARTS[index], label=name)
    for index, name in enumerate(panel.marks):
        style = MARKS[index]
        place.plot([], [], label=name, **style)
    told: Any = {"frameon": False, "borderpad": 0, "handletextpad": 0.5, "handlelength": 1.2, "labelcolor": INK}
    place.legend(loc="lower left", bbox_to_anchor=(0, 1.0), ncols=4, **told)


def _beside(place: Axes, row: float, points: float, text: str) -> None:
    """Write at the right of a panel, so many points from it, at a height of its own axis."""
    across: Any = ("axes fraction", "data")
    place.annotate(text, (1, row), (points, 0), across, "offset points", va="center", color=INK)


def _in_words(chart: Chart) -> str:
    """Return what the picture shows, for those who hear it."""
    said = []
    for panel in chart.panels:
        if isinstance(panel, Lines):
            told = [f"{line.name} {ending(line, panel)}" for line in panel.lines]
        else:
            told = [f"{bar.key} {bar.title}".strip() + f" {bar.told}" for bar in panel.bars]
        said.append(f"{panel.title}: {'; '.join(told)}.")
    return " ".join(said) or chart.empty


def _short(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 1] + "…"
