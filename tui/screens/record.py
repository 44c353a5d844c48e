"""Record: a decision is written in a form, judged while it is written, and recorded once it is confirmed.

Nothing is written to the ledger before that. What is written in the form is kept as a draft at every pause.
"""

from __future__ import annotations

import asyncio
import uuid

import msgspec
from textual import work
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Static

from ledger.store import StoreError
from schemas import subjects
from schemas.receipts import Accepted, Reason, Refused
from tui import keys
from tui.desk import Desk
from tui.model.arrivals import Arrivals, arrivals
from tui.model.card import CardLine
from tui.model.drafts import CommandDraft
from tui.model.effect import Effect
from tui.model.exact import command_text, event_text, question_text
from tui.model.judged import SIGNATURES, Judged
from tui.model.kinds import Begin
from tui.model.pen import NEXT_KEY
from tui.model.text import clean
from tui.recorder import Recorder
from tui.screens.form import FormScreen
from tui.screens.tell import TellScreen
from tui.sending import send
from tui.widgets.fields import FieldPanel
from tui.widgets.key_line import KeyLine
from tui.widgets.rows import Rows
from tui.widgets.said import Said
from tui.widgets.too_small import TooSmall

PARTS = ("#header", "#fields", "#value", "#told", "#offered", "#field", "#arrivals", "#judged", "#changes")
"""What is drawn on."""

PAUSE_S = 0.15
"""How long nothing must be typed before what is written is judged."""

TRIES = 5
"""How often the book is read on before it is told that it cannot keep up."""


class RecordScreen(FormScreen[int | None]):
    """A form on the left; on the right what would become of it. Gives the sequence that was recorded, if any."""

    where = "record"
    BINDINGS = [*keys.bindings("record", first=True)]

    def __init__(self, desk: Desk, recorder: Recorder | None, begin: Begin) -> None:
        """recorder: None where nothing may be recorded from here; then there are only drafts."""
        super().__init__(desk)
        self._recorder, self._begin = recorder, begin
        self.draft: CommandDraft | None = None
        self.found: Judged | None = None
        self.effect: Effect | None = None
        self.arrivals: Arrivals | None = None
        self.trouble = self.unanswered = ""
        self._safe, self._began = begin.draft, dict[str, str]()
        self._done = False

    def compose(self) -> ComposeResult:
        yield TooSmall()
        with Vertical(classes="body"):
            yield Static(classes="header", id="header")
            with Horizontal(id="panels"):
                with Vertical(id="writing"):
                    yield FieldPanel(id="form", classes="panel")
                    with Vertical(id="field", classes="panel"):
                        yield Static(id="told")
                        yield Rows(id="offered")
                yield Said(self.ledger.glyphs, id="said")
        yield KeyLine()

    def on_mount(self) -> None:
        self.query_one("#offered").can_focus = False
        self._draw_header()
        self._open()

    @work(group="open")
    async def _open(self) -> None:
        """Read the book, and open the form on it."""
        await self._level()
        self.draft, self.writing = self.desk.begun(self._begin)
        self._began = dict(self.writing.texts)
        self.query_one("#form").border_title = self.writing.form.title
        self.draw(fill=True)
        self.judge(0)

    # What is told

    def news(self, arrived: int) -> None:
        if arrived:
            self.judge(0)
        self._draw_header()

    def written(self) -> None:
        self.judge()

    def on_resize(self) -> None:
        if self.writing is not None:
            self.call_after_refresh(self.draw)

    async def quitting(self) -> None:
        self._keep()

    def on_unmount(self) -> None:
        self._keep()

    # Judging

    def action_judge(self) -> None:
        self.judge(0)

    @work(exclusive=True, group="judge")
    async def judge(self, after_s: float | None = None) -> None:
        """Say what would become of what is written, once nothing was typed for a while."""
        await asyncio.sleep(PAUSE_S if after_s is None else after_s)
        await self._judge()

    async def _judge(self) -> Judged | None:
        """Judge what is written, draw it, and return what was found; None where it cannot be judged."""
        if self.writing is None or self.draft is None:
            return None
        await self._level()
        self._keep()
        found = self.desk.judge(self.writing, self.draft) if self.desk.is_level else None
        self.found, self.effect = found, None
        self.slips = {} if found is None else dict(found.slips)
        self.draw(waiting=True)
        if found is not None:
            effect = await self.desk.effect(found)
            if self.found is found:
                self.effect = effect
                self._draw_said()
        return found

    async def _level(self) -> None:
        """Read what the book has not got yet; the session may go on while it is read."""
        self.trouble = ""
        for _ in range(TRIES):
            if self.desk.is_level:
                return
            try:
                await self.desk.catch_up(lambda _: self._draw_header())
            except StoreError as error:
                self.trouble = str(error)
                return

    # Keeping

    def action_draft(self) -> None:
        if self._keep(always=True) and self.draft is not None and self.writing is not None:
            self._safe, self._began = self.draft, dict(self.writing.texts)
            self.notify(f"kept as draft {self.draft.id}", markup=False)
        self._draw_said()

    def _keep(self, *, always: bool = False) -> bool:
        """Keep what is written as a draft where something was written, and say whether nothing would be lost."""
        if self._done or self.locked or self.writing is None or self.draft is None:
            return False
        if self.writing.texts == self.draft.written and not always:
            return True
        now = self.desk.session.clock()
        draft = msgspec.structs.replace(self.draft, written=dict(self.writing.texts), changed_at=now)
        try:
            self.desk.drafts.put(draft)
        except OSError as error:
            self.trouble = f"the draft cannot be kept: {error}; what is written here is nowhere else"
            return False
        self.draft = draft
        return True

    def action_leave(self) -> None:
        """Leave; where something was written since it was last kept, ask whether it is to be kept."""
        if self.locked:
            self.notify("it is being sent; the answer is waited for")
            return
        recorded = self._recorded_already()
        if recorded is not None or self.writing is None or self.writing.texts == self._began:
            self._end(recorded)
            return
        hint = "enter keeps it as a draft, delete throws it away, esc goes on"
        told = "What you have written is not recorded." if self._keep() else f"It is not recorded, and {self.trouble}."
        asked = TellScreen("Leave without recording it?", told, {"enter": "keep", "delete": "away"}, hint)
        self.app.push_screen(asked, self._leave)

    def _leave(self, answer: str | None) -> None:
        if answer is None or self.draft is None:
            return
        if answer == "away":
            self._done = True
            if self._safe is None:
                self.desk.drafts.remove(self.draft.id)
            else:
                self.desk.drafts.put(self._safe)
        self._end(None)

    def _recorded_already(self) -> int | None:
        """Return where it was recorded without an answer, None where it was not."""
        return None if self.found is None or self.found.verdict is None else self.found.verdict.repeats

    def _end(self, recorded: int | None) -> None:
        """Leave. recorded: where it stands in the ledger; then there is nothing left to keep."""
        if recorded is not None and self.draft is not None:
            self._done = True
            self.desk.drafts.remove(self.draft.id)
        self._keep()
        self._done = True
        self.dismiss(recorded)

    # Sending

    def action_send(self) -> None:
        if not self.locked:
            self._ask()

    @work(exclusive=True, group="ask")
    async def _ask(self) -> None:
        """Judge it now, and where it would be accepted ask for a word before it is sent."""
        found = await self._judge()
        if found is None or found.verdict is None or self.draft is None:
            self._warn(self.trouble or "it cannot be read as it stands; see its fields")
            return
        told = found.verdict
        if told.repeats is not None:
            self._end(told.repeats)
        elif told.refused is not None and told.refused.reason is Reason.COMMAND_ID_REUSED:
            self._ask_for_another()
        elif told.refused is not None and found.missing:
            self._warn(f"it is not complete, it needs {', '.join(found.missing)}; nothing was sent")
        elif told.refused is not None:
            then = f"; {NEXT_KEY}" if told.refused.reason in SIGNATURES else ""
            self._warn(f"it would be refused: {told.refused.reason.meaning}; nothing was sent{then}")
        elif (reason := self._only_drafts()) is not None:
            self._keep(always=True)
            self._warn(f"{reason}: it is kept as a draft, and nothing was sent")
        else:
            try:
                found = await self.desk.as_sent(found)
            except OSError as error:
                self._warn(f"its texts cannot be kept apart: {error}; nothing was sent")
                return
            if not found.passes:
                self._warn("with its texts kept apart it would be refused; nothing was sent")
                return
            text = question_text(found, ends_import=self.desk.book.importing and self.draft.recordedtime is None)
            title, hint = f"Record this as {clean(self.draft.actor)}?", "enter records it, esc goes back"
            asked = TellScreen(title, text, {"enter": "send"}, hint)

            def answered(answer: str | None) -> None:
                if answer == "send":
                    self._send(found)

            self.app.push_screen(asked, answered)

    def _ask_for_another(self) -> None:
        """Ask whether what was changed after it had been sent, and recorded, is to be a decision of its own."""

        def answered(answer: str | None) -> None:
            if answer is not None and self.draft is not None:
                self.draft = msgspec.structs.replace(self.draft, commandid=str(uuid.uuid4()), seen=None)
                self._keep(always=True)
                self.judge(0)

        told = "It was sent before, without an answer, and is recorded as it stood then. What stands here differs."
        hint = "enter makes it a decision of its own, esc goes back"
        self.app.push_screen(TellScreen("It is recorded already", told, {"enter": "another"}, hint), answered)

    @work(group="send")
    async def _send(self, found: Judged) -> None:
        """Send it as it was judged, once, and take in the answer."""
        if self._recorder is None or self.draft is None or self.locked:
            return
        self.locked, self.unanswered, self.arrivals = True, "", None
        self._draw_header()
        try:
            sent = await send(self._recorder, self.desk.drafts, self.draft, found)
        except OSError as error:
            self._warn(f"the draft cannot be kept: {error}; nothing was sent")
            return
        finally:
            self.locked = False
            self._draw_header()
        if isinstance(sent.receipt, Accepted):
            self._done = True
            await self.ledger.refresh_session()
            kinds = ", ".join(f"{subjects.bare(each.type)}, sequence {each.sequence:,}" for each in sent.receipt.events)
            self.app.notify(kinds, title="recorded", markup=False)
            self.dismiss(sent.receipt.events[0].sequence)
            return
        assert sent.draft is not None, "what is not recorded is kept"
        self.draft = self._safe = sent.draft
        self._began = dict(sent.draft.written)
        if sent.problem is not None:
            self.unanswered = sent.problem
        await self._meanwhile(found)
        if isinstance(sent.receipt, Refused):
            then = f"; {NEXT_KEY}" if sent.receipt.reason in SIGNATURES else ""
            self._warn(f"refused: {sent.receipt.reason.meaning}{then}")

    async def _meanwhile(self, before: Judged) -> None:
        """Show what has arrived since it was judged, and judge it again."""
        await self.ledger.refresh_session()
        await self._level()
        count = self.desk.session.replica.sequence - before.at
        try:
            events = await self.desk.arrived(before.at) if count else []
        except StoreError as error:
            events, self.trouble = [], str(error)
        self.arrivals = arrivals(events, count, before.names) if count else None
        self.judge(0)

    def _only_drafts(self) -> str | None:
        """Return why nothing can be recorded from here, None where it can."""
        if self._recorder is None:
            return "this is read only"
        offline = self.desk.session.offline
        return None if offline is None else f"offline since {offline[0]:%H:%M}"

    def _warn(self, message: str) -> None:
        self.notify(message, severity="warning", markup=False)

    # Drawing

    def draw(self, *, fill: bool = False, waiting: bool = False) -> None:
        """Draw all of it. fill: the box too. waiting: the effect is being worked out."""
        if not self._is_whole():
            return
        self._draw_header()
        self.draw_form(fill=fill)
        self._draw_said(waiting=waiting)

    def _draw_header(self) -> None:
        if not self._is_whole():
            return
        glyphs, session = self.ledger.glyphs, self.desk.session
        title = "" if self.writing is None else self.writing.form.title
        parts = [f"{glyphs.draft} DRAFT", title, self._standing(), f"seq {session.replica.sequence:,}"]
        if self.app.size.width >= 110:
            parts[3:3] = [clean(session.portfolio, 30), f"as {clean(session.actor)}"]
        self.query_one("#header", Static).update(Content("   ".join(filter(None, parts))), layout=False)

    def _standing(self) -> str:
        if self.locked:
            return "SENDING"
        left = self.desk.session.replica.sequence - self.desk.book.sequence
        if self.writing is None and left:
            return f"reading the book, {left:,} entries to go"
        if self.draft is not None and self.draft.seen is not None:
            return "SENT, NO ANSWER YET"
        reason = self._only_drafts()
        return "nothing is written until you confirm" if reason is None else f"{reason.upper()}: only drafts are kept"

    def _is_whole(self) -> bool:
        """Say whether all is there to draw on: while the screen is left it comes apart, and work may still go on."""
        return all(self.query(part) for part in PARTS)

    def _draw_said(self, *, waiting: bool = False) -> None:
        if not self._is_whole():
            return
        notes = []
        if self.unanswered:
            told = f"{self.unanswered}; it may be recorded. ctrl+s sends the same again, which is recorded once"
            notes.append(CardLine("NO ANSWER", clean(told), "problem"))
        if self.trouble:
            notes.append(CardLine("NOT JUDGED" if self.found is None else "TROUBLE", clean(self.trouble), "problem"))
        said = self.query_one(Said)
        said.show(self.found, self.effect, notes, waiting=waiting)
        said.show_arrivals(self.arrivals)

    def action_event(self) -> None:
        """Show the exact event it would become."""
        self._show_event()

    @work(exclusive=True, group="ask")
    async def _show_event(self) -> None:
        found = await self._judge()
        if found is None or found.verdict is None:
            self._warn("it cannot be read as it stands; see its fields")
            return
        text = event_text(found)
        if not found.passes:
            text += f"\n\nThe command:\n\n{command_text(found)}"
        title = "The event it would become" if found.passes else "What is written"
        self.app.push_screen(TellScreen(title, text, {"ctrl+j": "", "enter": ""}, "esc closes"))

    def action_scroll(self, by: int) -> None:
        self.query_one(Said).scroll(2 * by)
