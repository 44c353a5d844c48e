"""A verification as lines of text: its bars, its outcome, and the levels with what each rests on."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from projections.levels import Level
from tui.model.card import Standing
from tui.model.glyphs import Glyphs
from tui.model.verification import WORDS, Gauge, Problem, Step, Verification

LABEL_CELLS, LEVEL_CELLS, TOLD_CELLS, PROBLEM_CELLS = 14, 17, 16, 13


def duration(seconds: float | None) -> str:
    """Return a time as minutes and seconds, a short one as seconds; a dash where there is none."""
    if seconds is None:
        return "–"
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def gauge_line(step: Step, gauge: Gauge, width: int, glyphs: Glyphs, *, waits: bool = False) -> str:
    """Return one step as a bar with count, rate and time left, or the time it took.

    waits: it was asked for and has not begun.
    """
    cells = 12 if width < 100 else min(width - 80, 50)
    full, part = divmod(round(gauge.share * cells * 8), 8)
    drawn = (glyphs.parts[-1] * full + (glyphs.parts[part] if part else "")).ljust(cells, glyphs.empty)
    line = f"{WORDS[step]:<{LABEL_CELLS}}{drawn} {int(gauge.share * 100):>3} %"
    if gauge.whole is None:
        return f"{line}  {'waiting' if waits else 'not run'}"
    counts = f"{gauge.done:,} / {gauge.whole:,}"
    rate = "–" if gauge.rate is None else f"{gauge.rate:,.0f}"
    left = f"in {duration(gauge.spent_s)}" if gauge.ended else f"{duration(gauge.left_s)} left"
    return f"{line} {counts:>21} {rate:>9}/s  {left}"


def outcome(check: Verification, tip: int, glyphs: Glyphs) -> tuple[str, Standing]:
    """Return how a verification stands, in one line. tip: the last entry known now."""
    at, problems = check.sequence, len(check.problems)
    if check.running:
        return (f"{glyphs.paused} paused; p goes on", "unknown") if check.paused else ("checking", "plain")
    if check.state == "failed":
        return f"it could not be ended {glyphs.problem}", "problem"
    since = f"; {tip - at:,} entries have come since" if at is not None and tip > at else ""
    if problems:
        these = "difference" if problems == 1 else "differences"
        return f"{problems:,} {these} {glyphs.problem} at sequence {at or 0:,}{since}", "problem"
    if check.state == "stopped":
        return f"stopped before its end {glyphs.unknown}", "unknown"
    if at is None:
        return f"nothing was checked yet {glyphs.unknown}", "unknown"
    if check.comparison is None:
        told = f"every event comes out as it is stored {glyphs.yes} at sequence {at:,}; not rebuilt"
    else:
        left_out = "" if check.reperformance else "; not decided again"
        told = f"nothing differs {glyphs.yes} at sequence {at:,}{left_out}"
    return f"{told}{since}", "yes"


def problem_lines(problem: Problem, width: int, glyphs: Glyphs) -> list[str]:
    """Return a problem as three lines at most: the entry it is about, then what; a report has it whole."""
    at = f"{problem.sequence:,}" if problem.sequence else ""
    room = max(width - PROBLEM_CELLS, 16)
    told = textwrap.wrap(problem.text, room, max_lines=3, placeholder=f" {glyphs.ellipsis}", break_on_hyphens=False)
    return [
        f"{glyphs.problem}{at:>10}  {text}" if place == 0 else f"{'':{PROBLEM_CELLS}}{text}"
        for place, text in enumerate(told)
    ]


def progress_words(check: Verification, glyphs: Glyphs) -> str:
    """Return what the header of another screen says of a verification: its progress, or what came of it."""
    if check.running:
        return f"verify {'paused at ' if check.paused else ''}{int(check.share * 100)} %"
    if problems := len(check.problems):
        return f"verify: {problems:,} {'problem' if problems == 1 else 'problems'} {glyphs.problem}"
    if check.state == "done" and check.sequence is not None:
        done = "nothing differs" if check.comparison else "decided again"
        return f"{done} {glyphs.yes} to {check.sequence:,}, {seal_words(check) or 'not signed'}"
    return "proof not checked"


def seal_words(check: Verification) -> str:
    """Return how far the log is sealed and witnessed, as it was verified last; empty where that does not hold."""
    ranges = check.proven.ranges if check.proven else {}
    witnessed, sealed = ranges.get("witnessed"), ranges.get("sealed")
    size = (sealed or witnessed or (0, 0))[1]
    if not size:
        return ""
    return f"sealed to {size:,}, {f'witnessed to {witnessed[1]:,}' if witnessed else 'not witnessed'}"


def level_lines(
    levels: Sequence[Level], width: int, glyphs: Glyphs, *, meant: bool = True
) -> list[tuple[str, Standing]]:
    """Return the levels as lines of at most so many cells: each with its standing, then what it rests on.

    meant: whether to say what each level means, and to leave a line between two.
    """
    signs = {"yes": glyphs.yes, "problem": glyphs.problem, "unknown": glyphs.unknown}
    lines: list[tuple[str, Standing]] = []
    room = max(width - LEVEL_CELLS - TOLD_CELLS, 16)
    for level in levels:
        head = f"{level.name} {level.word:<{LEVEL_CELLS - 3}}{level.told} {signs[level.standing]}"
        said: list[tuple[str, Standing]] = [(level.meaning, "plain")] if meant else []
        said += [(f"{signs[finding.standing]} {finding.text}", finding.standing) for finding in level.findings]
        for text, standing in said:
            for part in textwrap.wrap(text, room, subsequent_indent="" if standing == "plain" else "  "):
                lines.append((f"{head:<{LEVEL_CELLS + TOLD_CELLS}}{part}", standing))
                head = ""
        if meant:
            lines.append(("", "plain"))
    return lines[:-1] if meant else lines
