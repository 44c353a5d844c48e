"""Glyphs: every sign a screen draws, and what stands for it where a terminal shows ASCII only."""

from __future__ import annotations

import locale
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Glyphs:
    """One set of signs, each a single cell wide. A word always stands beside a sign that means something."""

    yes: str = "✓"
    no: str = "✗"
    problem: str = "!"
    unknown: str = "?"
    here: str = "▸"
    playing: str = "▶"
    paused: str = "‖"
    live: str = "●"
    offline: str = "○"
    past: str = "◷"
    draft: str = "✎"
    suppose: str = "⚗"
    mark: str = "◆"
    finding: str = "⚑"
    head: str = "▲"
    more: str = "▲"
    less: str = "▼"
    becomes: str = "→"
    same: str = "·"
    tick: str = "╵"
    target: str = "┃"
    empty: str = "·"
    steps: str = " ▁▂▃▄▅▆▇█"
    parts: str = " ▏▎▍▌▋▊▉█"
    rule: str = "─"
    ellipsis: str = "…"
    dash: str = "—"


UNICODE = Glyphs()
ASCII = Glyphs(
    yes="+",
    no="x",
    here=">",
    playing=">",
    paused="=",
    live="*",
    offline="o",
    past="@",
    draft="%",
    suppose="~",
    mark="#",
    finding="F",
    head="^",
    more="^",
    less="v",
    becomes=">",
    same=".",
    tick="'",
    target="|",
    empty=".",
    steps=" ..::==##",
    parts=" ---====#",
    rule="-",
    ellipsis="~",
    dash="-",
)
SETS: Mapping[str, Glyphs] = {"unicode": UNICODE, "ascii": ASCII}


def glyphs(name: str | None, encoding: str | None = None) -> Glyphs:
    """Return the set of that name; without one, what the terminal's encoding can show. Errors: KeyError."""
    if name is not None:
        return SETS[name]
    told = (encoding or locale.getpreferredencoding(False)).lower().replace("-", "")
    return UNICODE if told == "utf8" else ASCII
