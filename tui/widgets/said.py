"""What is said of a form: what arrived meanwhile, the verdict, and the effect it would have."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from tui.model.arrivals import Arrivals
from tui.model.card import CardLine
from tui.model.effect import PORTFOLIO, Effect
from tui.model.glyphs import Glyphs
from tui.model.judged import Judged, basis_lines, verdict_lines
from tui.model.lines import card_lines, change_line
from tui.theme import STYLES
from tui.widgets.rows import Line, Rows

MOST_ARRIVED = 4
"""How many lines of what arrived are in sight at once."""

LABEL_CELLS = 10


class Said(Vertical):
    """Three panels; where there is room for one only, the effect stands under the verdict."""

    def __init__(self, glyphs: Glyphs, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._glyphs = glyphs

    def compose(self) -> ComposeResult:
        yield Rows(id="arrivals")
        with VerticalScroll(id="verdict", can_focus=False):
            yield Static(id="judged")
        with VerticalScroll(id="effect", can_focus=False):
            yield Static(id="changes")

    def on_mount(self) -> None:
        for name in ("arrivals", "verdict", "effect"):
            self.query_one(f"#{name}").add_class("panel")
        self.query_one("#arrivals").can_focus = False
        self.query_one("#verdict").border_title = "Verdict"
        self.query_one("#effect").border_title = "Effect if recorded"

    def show(self, found: Judged | None, effect: Effect | None, notes: Sequence[CardLine], *, waiting: bool) -> None:
        """Show a verdict and its effect. notes: what is told before it. waiting: the effect is being worked out."""
        panel = self.query_one("#verdict", VerticalScroll)
        width = max(panel.scrollable_content_region.width - 1, 20)
        said = [*notes, *([] if found is None else verdict_lines(found))]
        verdict = self._card(said or [CardLine("NOT JUDGED", "the book is being read", "unknown")], width, titled=True)
        basis = self._card([] if found is None else basis_lines(found), width, titled=False)
        changes = Content("\n".join(self._effect(found, effect, width, waiting)))
        one_only = self.screen.has_class("-narrow")
        order = [verdict, changes, Content("\n"), basis] if one_only else [verdict, basis]
        self.query_one("#judged", Static).update(Content("").join(order))
        self.query_one("#changes", Static).update(changes)
        as_of = "" if effect is None else f"as of {effect.as_of}"
        self.query_one("#effect").border_subtitle = as_of
        panel.border_subtitle = f"effect {as_of}" if one_only and effect is not None else ""

    def show_arrivals(self, arrivals: Arrivals | None) -> None:
        """Show what arrived meanwhile; nothing where there is none."""
        rows = self.query_one("#arrivals", Rows)
        rows.display = arrivals is not None
        if arrivals is not None:
            rows.border_title = arrivals.headline
            signs = {True: self._glyphs.problem, False: " "}
            lines = [(f"{signs[each.touches]} {each.text}", each.touches) for each in arrivals.events]
            rows.show([Line(text, "problem" if touches else "plain") for text, touches in lines])
            most = MOST_ARRIVED // 2 if self.screen.has_class("-narrow") else MOST_ARRIVED
            rows.styles.height = min(len(lines), most) + 2

    def scroll(self, by: int) -> None:
        """Show more of the verdict, or of the effect where the verdict is in sight whole."""
        verdict, effect = (self.query_one(f"#{name}", VerticalScroll) for name in ("verdict", "effect"))
        (verdict if verdict.max_scroll_y else effect).scroll_relative(y=by, animate=False)

    def _card(self, lines: list[CardLine], width: int, *, titled: bool) -> Content:
        parts: list[tuple[str, str]] = []
        for text, line in card_lines(lines, self._glyphs, width, titled=titled):
            if titled and line is lines[0]:
                parts.append((f"{text}\n", f"bold {STYLES[line.standing]}".strip()))
            else:
                parts += [(text[:LABEL_CELLS], "dim"), (f"{text[LABEL_CELLS:]}\n", STYLES[line.standing])]
        return Content.assemble(*parts)

    def _effect(self, found: Judged | None, effect: Effect | None, width: int, waiting: bool) -> list[str]:
        if found is None or not found.passes:
            return ["No effect: it would not be recorded as it stands."]
        if effect is None:
            return ["is being worked out" if waiting else "cannot be said: more is known meanwhile"]
        changed = [(name, each._replace(set_by=None)) for name, changes in effect.said for each in changes]
        if self.screen.has_class("-narrow"):  # a line each, what changes first
            named = [
                each if name == PORTFOLIO else each._replace(field=f"{name} {each.field}") for name, each in changed
            ]
            named.sort(key=lambda each: each.sign == "·")
            return [change_line(each, width, self._glyphs).rstrip() for each in named]
        lines: list[str] = []
        for place, (name, each) in enumerate(changed):
            if place == 0 or changed[place - 1][0] != name:
                lines.append(name)
            lines.append(f" {change_line(each, width - 1, self._glyphs)}".rstrip())
        return lines
