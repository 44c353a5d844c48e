"""Two moments beside each other as lines: totals first, then initiative by initiative, field by field."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from projections.moment import Moment
from projections.moments import Compared, FieldChange, InitiativeChange, Total
from schemas import subjects
from schemas.envelope import Recorded
from tui.model.card import Standing
from tui.model.figures import money, percent
from tui.model.glyphs import Glyphs
from tui.model.kept import NOTHING_KEPT
from tui.model.stated import first_text
from tui.model.text import clean

NOTHING = "–"
SEQUENCE_CELLS = 10

AMOUNT = re.compile(r"-?[0-9]{1,3}(,[0-9]{3})*\.[0-9]+")
"""An amount as figures.money writes one with a fraction."""


class Compare(NamedTuple):
    """One line of a comparison, its texts clean. sign: `~` changed, `+` new, `-` ended or gone. delta: with its sign.

    subject: an initiative; `total` and `mix` for figures of the whole portfolio, which no single entry set.
    """

    sign: str
    subject: str
    field: str
    before: str
    after: str
    delta: str
    sequence: int | None
    who: str
    title: str = ""

    @property
    def derived(self) -> bool:
        """Whether it follows from everything, rather than from one decision."""
        return self.subject in ("total", "mix")

    @property
    def standing(self) -> Standing:
        """How it is drawn."""
        return "unknown" if self.derived else "problem" if self.sign == "-" else "yes" if self.sign == "+" else "plain"


def compare_rows(compared: Compared, glyphs: Glyphs) -> list[Compare]:
    """Return every line of a comparison."""
    rows = [_total(total, glyphs) for total in compared.totals]
    back = compared.after.sequence < compared.before.sequence
    for change in compared.changes:
        rows += _initiative(change, glyphs, "(not yet)" if back else "(gone)")
    return rows


def compare_title(compared: Compared) -> str:
    """Return how much changed, in one line."""
    ended = sum(change.ended and change.kind != "gone" for change in compared.changes)
    gone = "not there yet" if compared.after.sequence < compared.before.sequence else "gone"
    counts = {"added": compared.count("added"), "ended": ended, gone: compared.count("gone")}
    told = "".join(f", {count:,} {word}" for word, count in counts.items() if count)
    return f"{compared.count('changed'):,} of {compared.initiatives:,} initiatives changed{told}"


def moment_words(moment: Moment) -> str:
    """Return a moment as its sequence and its day."""
    return f"seq {moment.sequence:,} ({moment.as_of})"


def set_by_words(event: Recorded | None, sequence: int) -> str:
    """Return which decision set a value: what kind, by whom, when and why. event: None where it cannot be read."""
    if event is None:
        return f"set by {sequence:,}, which cannot be read"
    why = first_text(event.data, NOTHING_KEPT, "reason", "rationale", "dissent", "commentary", "question", "hypothesis")
    day = event.recordedtime.date()
    told = f"set by {sequence:,} {subjects.bare(event.data.TYPE)}, {clean(event.actor, 30)}, recorded {day}"
    return f"{told}: {clean(why, 400)}" if why else told


def compare_line(row: Compare, width: int, glyphs: Glyphs) -> str:
    """Return a line of so many cells: what, which field, both values, and who set the later one when."""
    cells = _cells(width)
    what, field, who = (
        _cut(text, room, glyphs)
        for text, room in ((row.subject, cells.what), (row.field, cells.field), (row.who, cells.who))
    )
    before, after = _fitted((row.before, row.after), cells.value, glyphs)
    at = NOTHING if row.sequence is None else f"{row.sequence:,}"
    left = f"{row.sign} {what:<{cells.what}} {field:<{cells.field}} {before:>{cells.value}} {glyphs.becomes}"
    return f"{left} {after:<{cells.value}}{at:>{SEQUENCE_CELLS}}  {who}"


def compare_header(width: int) -> str:
    """Return the words above the lines."""
    cells = _cells(width)
    left = f"  {'what':<{cells.what}} {'field':<{cells.field}} {'A':>{cells.value}}  "
    return f"{left} {'B':<{cells.value}}{'set by':>{SEQUENCE_CELLS}}  who"


class _Cells(NamedTuple):
    what: int
    field: int
    value: int
    who: int


def _cells(width: int) -> _Cells:
    """Return how wide each column of a line is, which is the wider the more room there is."""
    what, field, who = (15, 24, 14) if width >= 100 else (9, 14, 8)
    return _Cells(what, field, (width - what - field - SEQUENCE_CELLS - who - 9) // 2, who)


def compare_text(compared: Compared, width: int, glyphs: Glyphs) -> str:
    """Return a comparison as text."""
    rows = compare_rows(compared, glyphs)
    if not rows:
        return f"{clean(compared.portfolio)}: nothing differs"
    lines = [compare_title(compared), "", compare_header(width)]
    return "\n".join([*lines, *(compare_line(row, width, glyphs).rstrip() for row in rows)])


def _total(total: Total, glyphs: Glyphs) -> Compare:
    subject, field = ("mix", clean(total.objective, 40)) if total.objective else ("total", total.name.replace("_", " "))
    if total.currency:
        before, after = (
            NOTHING if value is None else money(int(value), total.currency) for value in (total.before, total.after)
        )
        delta = _delta(int(total.before or 0), int(total.after or 0), total.currency, glyphs)
        field = f"{field} {clean(total.currency)}"
    elif total.name == "index":
        before, after = (NOTHING if value is None else f"{value:.4f}" for value in (total.before, total.after))
        field, delta = "alignment", ""
    else:
        before, after, delta = percent(total.before), percent(total.after), ""
    return Compare("~", subject, field, before, after, delta, None, "derived")


def _initiative(change: InitiativeChange, glyphs: Glyphs, gone: str) -> Iterator[Compare]:
    name, title = clean(change.initiative, 40), clean(change.title or "", 60)
    who = clean(change.actor or NOTHING, 30)
    if change.kind == "added":
        yield Compare("+", name, "(new)", NOTHING, title, "", change.sequence, who, title)
    if change.kind == "gone":
        yield Compare("-", name, gone, title, NOTHING, "", change.sequence, who, title)
    for field in change.fields:
        yield _field(field, name, title, glyphs)


def _field(change: FieldChange, name: str, title: str, glyphs: Glyphs) -> Compare:
    sign = "-" if change.ends else {"added": "+", "gone": "-", "changed": "~"}[change.kind]
    label = change.field.removesuffix("_bp").replace("_", " ") + (f" {clean(change.key, 60)}" if change.key else "")
    delta = ""
    if change.minor_before is not None or change.minor_after is not None:
        delta = _delta(change.minor_before or 0, change.minor_after or 0, change.currency, glyphs)
    return Compare(
        sign,
        name,
        label,
        _value(change, change.before, change.minor_before),
        _value(change, change.after, change.minor_after),
        delta,
        change.sequence,
        clean(change.actor or NOTHING, 30),
        title,
    )


def _value(change: FieldChange, text: str | None, minor: int | None) -> str:
    if minor is not None:
        return money(minor, change.currency)
    if text is None:
        return NOTHING
    if change.field in ("alignment", "progress_bp") and text.isdigit():
        return percent(int(text) / 10_000)
    return clean(text, 400)


def _delta(before: int, after: int, currency: str | None, glyphs: Glyphs) -> str:
    if before == after:
        return ""
    sign = glyphs.more if after > before else glyphs.less
    return f"{sign} {money(abs(after - before), currency)}"


def _fitted(texts: tuple[str, str], cells: int, glyphs: Glyphs) -> list[str]:
    """Return two values in so many cells each; amounts without room both in whole units, or both in millions."""
    ways: tuple[Callable[[str], str], ...] = (str, lambda text: text.removesuffix(".00"), _millions)
    amounts = [text for text in texts if AMOUNT.fullmatch(text)]
    way = next((each for each in ways if all(len(each(text)) <= cells for text in amounts)), _millions)
    return [_cut(way(text) if text in amounts else text, cells, glyphs) for text in texts]


def _millions(text: str) -> str:
    return f"{float(text.replace(',', '')) / 1e6:,.2f} M"


def _cut(text: str, cells: int, glyphs: Glyphs) -> str:
    return text if len(text) <= cells else text[: max(cells - 1, 0)] + glyphs.ellipsis
