"""What-if: recorded decisions left out or replaced, others added, and what would have come of it. Nothing is recorded.

Keys change what is supposed (`tui.model.supposed`), `tui.outcomes` says what comes of it, and this draws it. None of
them can write to a stream; what may be adopted is kept as drafts.
"""

from __future__ import annotations

from collections.abc import Sequence
from time import monotonic
from typing import overload

from textual import work
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Static

from ledger.suppose import Fate, Outcome
from projections.line import instant_of
from tui import keys
from tui.model import supposed_lines as drawn
from tui.model.glyphs import Glyphs
from tui.model.text import clean
from tui.outcomes import Compared, Found, Outcomes
from tui.screens.suppose_asking import Asks
from tui.session import StoreError
from tui.widgets.key_line import KeyLine
from tui.widgets.rows import Line, Rows
from tui.widgets.too_small import TooSmall

QUICK_ENTRIES = 5_000
"""As long as no more stand behind the forks, which is about a second, all is decided again when decisions arrive."""

BUSY_S = 0.1
"""How often progress is drawn."""

PATIENCE_S = 0.3
"""For how long what was known before stands while something else is decided."""

NO_CHANGE = "every recorded decision comes out as it is"

NOTHING = "Nothing is supposed yet.\no leaves a recorded decision out, r puts another in its place, a adds one."


class SupposeScreen(Asks):
    """What is supposed, the histories side by side, where money goes, and what no longer passes."""

    BINDINGS = [*keys.bindings("suppose")]

    def compose(self) -> ComposeResult:
        self.outcomes = Outcomes(self.ledger.session)
        self.glyphs = self.ledger.glyphs
        self.compared: Compared | None = None
        self.began: float | None = None
        self.note = ""
        yield TooSmall()
        with Vertical(classes="body"):
            yield Static(classes="header", id="header")
            yield Static(classes="line", id="status")
            with Horizontal(id="upper", classes="row"):
                with Vertical(id="supposed", classes="panel"):
                    yield Rows(id="decisions", sign=self.glyphs.here)
                    yield Static(id="said")
                yield Rows(id="outcome")
            with Horizontal(id="lower", classes="row"):
                yield Rows(id="alignment")
                with Vertical(id="recorded", classes="panel"):
                    yield Rows(id="fates", empty=NO_CHANGE, sign=self.glyphs.here)
                    yield Static(id="why")
        yield KeyLine()

    def on_mount(self) -> None:
        self.add_class("-suppose")
        for panel in ("outcome", "alignment"):
            self.query_one(f"#{panel}").add_class("panel")
        self.rows("outcome").can_focus = False
        self.query_one("#supposed").border_title = "Supposed decisions"
        self.rows("decisions").focus()
        self.set_interval(BUSY_S, self._draw_progress)
        self.call_after_refresh(self.shown)

    def rows(self, name: str) -> Rows:
        """One of the lists."""
        return self.query_one(f"#{name}", Rows)

    # What the application tells

    def shown(self) -> None:
        self.changed()

    def news(self, arrived: int) -> None:
        if arrived and self.began is None and self._quick():
            self.evaluate()
        else:
            self._draw_status()

    async def go(self, text: str) -> None:
        before = self.ledger.head.sequence
        await super().go(text)
        if self.ledger.head.sequence != before:  # what was recorded there is seen in Replay
            await self.ledger.action_go("replay")

    def on_resize(self) -> None:
        self._draw_header()

    def on_rows_resized(self) -> None:
        self.draw()

    # Changing what is supposed

    def changed(self, *, more: bool = False) -> None:
        if more:
            self.rows("decisions").cursor = len(self.what_if.scenario.decisions) - 1
        self._draw_header()
        self._draw_supposed()
        self.evaluate()

    @property
    def here(self) -> int | None:
        """The place of the supposed decision under the cursor."""
        place = self.rows("decisions").cursor
        return place if place < len(self.what_if.scenario.decisions) else None

    def action_on_off(self) -> None:
        if self.here is not None:
            self.what_if.toggle(self.here)
            self.changed()

    def action_drop(self) -> None:
        if self.here is not None:
            self.what_if.drop(self.here)
            self.changed()

    def action_scenario(self, by: int) -> None:
        self.what_if.turn(by)
        self.draw()

    def action_drop_scenario(self) -> None:
        self.what_if.drop_scenario()
        self.changed()

    def action_again(self) -> None:
        self.evaluate()

    async def on_rows_opened(self, message: Rows.Opened) -> None:
        await self._open(message.rows)

    async def action_open(self) -> None:
        focused = self.focused
        if isinstance(focused, Rows):
            await self._open(focused)

    async def _open(self, rows: Rows) -> None:
        """Go to a recorded decision, or ask how a supposed one should read."""
        if rows.id == "fates" and rows.here is not None:
            await self._go_to(rows.here.sequence)
        elif rows.id == "decisions" and self.here is not None:
            decision = self.what_if.scenario.decisions[self.here]
            if decision.line:
                self.rewrite(self.here)
            elif decision.sequence is not None:
                await self._go_to(decision.sequence)

    async def _go_to(self, sequence: int) -> None:
        self.ledger.remember()
        self.ledger.head.playing = False
        self.ledger.head.to(sequence)
        await self.ledger.action_go("replay")

    def on_rows_selected(self) -> None:
        self._draw_said()
        self._draw_why()

    def action_panel(self) -> None:
        if not self.has_class("-narrow"):
            self.focus_next(Rows)
            return
        following = {"": "-bars", "-bars": "-fates", "-fates": ""}
        now = next((each for each in ("-bars", "-fates") if self.has_class(each)), "")
        self.remove_class("-bars", "-fates", "-behind")
        if following[now]:
            self.add_class(following[now], "-behind")
        self.rows({"": "decisions", "-bars": "alignment", "-fates": "fates"}[following[now]]).focus()

    async def action_leave(self) -> None:
        """Stop what is being decided; where nothing is, leave."""
        if self.maximized is not None:
            self.minimize()
        elif self.outcomes.busy is not None:
            self.workers.cancel_group(self, "evaluate")
            self.outcomes.forks.stop()
            self.note, self.began = "stopped; ctrl+r decides again", None
            self.draw()
        else:
            before = [each.mode for each in self.ledger.places if each.mode != "suppose"]
            await self.ledger.action_go(before[-1] if before else "replay")

    # What comes of it

    @work(exclusive=True, group="evaluate")
    async def evaluate(self) -> None:
        """Decide every scenario again that was not yet, and draw. A newer one replaces one that is under way."""
        self.note = ""
        try:
            while True:
                self.began, self._impatient = monotonic(), False
                self.compared = await self.outcomes.of(self.what_if)
                self.began = None
                self.draw()
                if not self._behind or not self._quick():
                    break
            await self.outcomes.ready()
        except StoreError as error:
            self.note, self.began = f"{self.glyphs.offline} {clean(str(error), 200)}", None
            self.draw()
        finally:
            if self.ready:  # also where it was stopped: only now is nothing under way
                self._draw_status()

    def _quick(self) -> bool:
        """Say whether it takes no time to decide everything again."""
        last = self.ledger.session.replica.sequence
        return all(last - each.fork(last) <= QUICK_ENTRIES for each in self.what_if.scenarios if each.on)

    @property
    def _behind(self) -> int:
        """How many entries have arrived since what is shown."""
        return 0 if self.compared is None else self.ledger.session.replica.sequence - self.compared.last

    def found(self, place: int) -> Found | str | None:
        """Return what came of a scenario as it is now, or why nothing can; None where that is not known yet."""
        compared, scenarios = self.compared, self.what_if.scenarios
        if compared is None or place >= min(len(compared.scenarios), len(scenarios)):
            return None
        found = compared.scenarios[place]
        if isinstance(found, Found) and found.changes != scenarios[place].changes(compared.last):
            return None
        return found

    # Drawing

    def draw(self) -> None:
        """Draw everything, as far as it is known."""
        self._draw_header()
        self._draw_status()
        self._draw_supposed()
        found = [self.found(place) for place in range(len(self.what_if.scenarios))]
        here = found[self.what_if.focus]
        self._draw_outcome([each if isinstance(each, Found) else None for each in found])
        self._draw_alignment(here if isinstance(here, Found) else None)
        self._draw_fates(here)

    def _draw_progress(self) -> None:
        """Draw how far what is under way is; once it takes long, without what was known before."""
        busy = self.outcomes.busy is not None
        if self.began is not None and monotonic() - self.began > PATIENCE_S and not self._impatient:
            self._impatient = True
            self.draw()
        elif busy or self._was_busy:
            self._draw_status()
        self._was_busy = busy

    _was_busy = _impatient = False

    def _draw_header(self) -> None:
        what_if, glyphs, session = self.what_if, self.glyphs, self.ledger.session
        fork = what_if.scenario.fork(session.replica.sequence)
        name = clean(what_if.title(what_if.focus), 60)
        mode = f"{glyphs.suppose} WHAT-IF {glyphs.dash} NOT RECORDED"
        where, which = f"{fork:,} ({self._day(fork)})", f'{what_if.focus + 1} of {len(what_if.scenarios)} "{name}"'
        if self.has_class("-narrow"):
            parts = [mode, f"fork {where}", which]
        else:
            parts = [mode, clean(session.portfolio, 30), f"forked at seq {where}", f"scenario {which}"]
        self.query_one("#header", Static).update(Content("   ".join(parts)), layout=False)

    def _draw_status(self) -> None:
        self.query_one("#status", Static).update(Content(self._status()), layout=False)

    def _status(self) -> str:
        """Return what is being done, or how things stand."""
        busy, found, arrived = self.outcomes.busy, self.found(self.what_if.focus), self._behind
        if busy is not None:
            return f"{self.glyphs.playing} {busy.words}: {busy.done:,} of {busy.total:,}   esc stops it"
        if self.note:
            return self.note
        if isinstance(found, str):
            return f"{self.glyphs.problem} {clean(found, 300)}"
        parts = [f"{arrived:,} decisions arrived since, ctrl+r decides again"] if arrived else []
        if found is not None and found.changes:
            refused = sum(fate.refused is not None for fate in found.fates)
            changed = len(found.fates) - refused
            parts.append(f"decided again: {found.kept:,} as before, {changed:,} otherwise, {refused:,} refused")
        behind = self.what_if.scenario.behind
        parts.append("a adds behind the last one" if behind is None else f"a adds behind {behind:,}")
        return "   ".join(parts)

    def _draw_supposed(self) -> None:
        decisions, outcomes = self.what_if.scenario.decisions, self._outcomes()
        width = self.rows("decisions").room
        shown = [
            Line(
                drawn.decision_line(decision, outcome, width, self.glyphs),
                "unknown" if not decision.on else "problem" if outcome is not None and outcome.refused else "plain",
                decision,
            )
            for decision, outcome in zip(decisions, outcomes, strict=True)
        ]
        self.rows("decisions").show(shown)
        self.query_one("#supposed").border_subtitle = f"{len(self.what_if.scenario.on)} of {len(decisions)} on"
        self._draw_said()

    def _outcomes(self) -> list[Outcome | None]:
        found = self.found(self.what_if.focus)
        return self.what_if.scenario.outcomes(found.outcomes if isinstance(found, Found) else ())

    def _draw_said(self) -> None:
        """Draw all there is to say of the supposed decision under the cursor."""
        said, here = self.query_one("#said", Static), self.here
        if here is None:
            said.update(Content(NOTHING))
            return
        decision, outcome = self.what_if.scenario.decisions[here], self._outcomes()[here]
        told = drawn.decision_words(decision, outcome, self._day, self.glyphs)
        said.update(Content("\n".join(told)))

    def _draw_outcome(self, found: list[Found | None]) -> None:
        panel = self.rows("outcome")
        titles = [self.what_if.title(place) for place in range(len(found))]
        columns = [
            drawn.Column(title, None if each is None else each.side.headline)
            for title, each in zip(titles, found, strict=True)
        ]
        now = None if self.compared is None else self.compared.now.headline
        width = panel.room
        panel.show([Line(*each) for each in drawn.outcome_lines(now, columns, self.what_if.focus, width, self.glyphs)])
        panel.border_title = "Outcome by scenario"
        if self.compared is not None and now is not None:
            more, less = self.glyphs.more, self.glyphs.less
            known = f"{now.currency or ''} as of {self.compared.as_of}".strip()
            panel.border_subtitle = f"{known}, {more} more {less} less than now"

    def _draw_alignment(self, found: Found | None) -> None:
        panel = self.rows("alignment")
        panel.border_title = f"Alignment: {clean(self.what_if.title(self.what_if.focus), 24)}"
        panel.border_subtitle = f"now {self.glyphs.becomes} supposed, {self.glyphs.target} target"
        if self.compared is None:
            return
        told = drawn.alignment_lines(self.compared.now, None if found is None else found.side, panel.room, self.glyphs)
        panel.show([Line(*each) for each in told])

    def _draw_fates(self, found: Found | str | None) -> None:
        panel = self.query_one("#recorded")
        fates = found.fates if isinstance(found, Found) else ()
        refused = sum(fate.refused is not None for fate in fates)
        panel.border_title = f"Recorded: {refused:,} no longer pass, {len(fates) - refused:,} come out otherwise"
        if not fates:
            panel.border_title = "Recorded decisions"
        panel.border_subtitle = "enter goes to it in Replay" if fates else ""
        self.rows("fates").empty = "not known yet" if found is None else NO_CHANGE
        self.rows("fates").show(Fates(fates, self.rows("fates").room, self.glyphs))
        self._draw_why()

    def _draw_why(self) -> None:
        """Draw all there is to say of the recorded decision under the cursor."""
        fate = self.rows("fates").here
        why = self.query_one("#why", Static)
        why.set_class(fate is not None, "-over")
        why.update(Content("" if fate is None else "\n".join(drawn.fate_words(fate))))

    def _day(self, sequence: int) -> str:
        us = self.ledger.session.line.at(sequence)
        return "before the first" if us is None else f"{instant_of(us).astimezone(self.ledger.session.zone):%Y-%m-%d}"


class Fates(Sequence[Line]):
    """What became of recorded decisions as lines, each written when it is drawn: there may be as many as decisions."""

    def __init__(self, fates: Sequence[Fate], width: int, glyphs: Glyphs) -> None:
        self._fates, self._width, self._glyphs = fates, width, glyphs

    def __len__(self) -> int:
        return len(self._fates)

    @overload
    def __getitem__(self, place: int) -> Line: ...

    @overload
    def __getitem__(self, place: slice) -> list[Line]: ...

    def __getitem__(self, place: int | slice) -> Line | list[Line]:
        if isinstance(place, slice):
            return [self[each] for each in range(*place.indices(len(self)))]
        fate = self._fates[place]
        return Line(
            drawn.fate_line(fate, self._width, self._glyphs), "problem" if fate.refused is not None else "plain", fate
        )
