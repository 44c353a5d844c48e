"""A form on a screen: its fields, the box one writes in, and what is offered for the field one stands in."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Generic, TypeVar

from textual.app import SuspendNotSupported
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from tui.desk import Desk
from tui.model.form_lines import completed, form_lines, offered, told_of_field
from tui.model.suggesting import Suggestion
from tui.model.text import has_hidden
from tui.model.writing import Writing
from tui.modes import Hearing
from tui.screens.editing import EditorError, TextScreen, edited, editor
from tui.widgets.fields import FieldInput, FieldLines, FieldPanel
from tui.widgets.rows import Line, Rows

T = TypeVar("T")


class FormScreen(Hearing[T], ModalScreen[T], Generic[T]):
    """What a form does by itself. writing: None until it is open. slips: what is wrong, by path."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk = desk
        self.writing: Writing | None = None
        self.slips: dict[str, str] = {}
        self.locked = False
        self._offered: list[Suggestion] = []
        self._pointed: int | None = None
        self._filled = ""

    def written(self) -> None:
        """Take note that something else is written now."""

    # Moving

    def action_move(self, by: int) -> None:
        self._do(lambda writing: writing.move(by), writes=False)

    def action_enter(self) -> None:
        if self.writing is not None and self.writing.here.spec.kind == "list":
            self.action_add()
        else:
            self.action_move(1)

    def on_field_lines_chosen(self, message: FieldLines.Chosen) -> None:
        if self.writing is not None:
            self.action_move(message.place - self.writing.place)

    # Writing

    def action_add(self) -> None:
        self._do(Writing.add)

    def action_leave_out(self) -> None:
        writing = self.writing
        if writing is not None and writing.here.spec.kind not in ("group", "list") and writing.text_here:
            self._do(lambda each: each.write(""))
        else:
            self._do(Writing.leave_out)

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        self.take_in()

    def on_field_input_left_empty(self) -> None:
        if self.writing is not None and self.writing.here.place is not None:
            self._do(Writing.leave_out)

    def on_field_input_pasted(self, message: FieldInput.Pasted) -> None:
        """Take what was pasted: one line, or for a long text as many as there are; nothing that cannot be seen."""
        if self.writing is None:
            return
        text = message.text.replace("\r\n", "\n").replace("\r", "\n").strip("\n")
        if self.writing.here.spec.kind != "prose":
            text = " ".join(text.split("\n"))
        seen = "".join(each for each in text if each == "\n" or not has_hidden(each))
        if seen != text:
            self.notify(f"{len(text) - len(seen)} hidden characters were left out", severity="warning")
        box = self.query_one(FieldInput)
        start, end = sorted(box.selection)
        whole = box.value[:start] + seen + box.value[end:]
        self._do(lambda writing: writing.write(whole))

    def take_in(self) -> None:
        """Take what stands in the box into the form."""
        if self._take_from_box() and self.writing is not None:
            self._pointed = None
            self.draw_form(fill=not self.writing.is_written_here())
            self.written()

    def _take_from_box(self) -> bool:
        """Write what stands in the box, which may be ahead of the form by a key, and say whether it was."""
        writing, box = self.writing, self.query_one(FieldInput)
        if writing is None or not box.display or not writing.is_written_here() or box.value == writing.text_here:
            return False
        writing.write(box.value)
        return True

    def action_editor(self) -> None:
        """Write the long text one stands in in the user's editor, or in a box where that cannot be."""
        if self.writing is None or self.locked:
            return
        row, text = self.writing.here, self.writing.text_here
        if row.spec.kind != "prose":
            self.notify("an editor is for long texts; this is written in its field")
            return
        command = editor()
        left: str | EditorError | None = None
        if command:
            with suppress(SuspendNotSupported), self.app.suspend():  # in a browser the box is there for it
                left = edited(command, text)
        if isinstance(left, EditorError):
            self.notify(str(left), severity="warning", markup=False)
            return
        if left is not None:
            self._edited(left)
            return
        if has_hidden(text.replace("\n", "")):
            self.notify("it contains hidden characters; empty it, or set EDITOR", severity="warning")
            return
        self.app.push_screen(TextScreen(row.spec.label, text), self._edited)

    def _edited(self, text: str | None) -> None:
        if text is not None:
            self._do(lambda writing: writing.write(text))

    def _do(self, change: Callable[[Writing], object], *, writes: bool = True) -> None:
        """Do something to the form, and draw it."""
        if self.writing is None or self.locked:
            return
        writes |= self._take_from_box()
        change(self.writing)
        self._pointed = None
        self.draw_form(fill=True)
        if writes:
            self.written()

    # What is offered

    def action_take(self) -> None:
        """Take what is offered; where nothing was begun and nothing pointed at, go on."""
        if self.writing is None:
            return
        begun, texts = self.writing.text_here, [each.text for each in self._offered]
        if self._offered and (self._pointed is not None or (begun and begun not in texts)):
            self._take(self._offered[self._pointed or 0])
        else:
            self.action_move(1)

    def action_offer(self, by: int) -> None:
        if self._offered:
            at = -1 if self._pointed is None else self._pointed
            self._pointed = max(0, min(at + by, len(self._offered) - 1))
            self._draw_field()

    def on_rows_selected(self, message: Rows.Selected) -> None:
        message.stop()
        if isinstance(message.opens, Suggestion):
            self._take(message.opens)

    def on_rows_opened(self, message: Rows.Opened) -> None:
        message.stop()

    def _take(self, suggestion: Suggestion) -> None:
        def taken(writing: Writing) -> None:
            writing.write(completed(writing.here, writing.text_here, suggestion.text))
            if writing.here.spec.kind != "words":
                writing.move(1)

        self._do(taken)

    # Drawing

    def draw_form(self, *, fill: bool = False) -> None:
        """Draw the fields, the box over the one one stands in, and what is told of it.

        fill: the box gets the text of the form. At other times it is the box that knows better.
        """
        writing = self.writing
        if writing is None:
            return
        panel = self.query_one(FieldPanel)
        width = max(panel.lines.size.width - 1, 40)
        panel.show(form_lines(writing, self.slips, width, self.ledger.glyphs), writing.place)
        if fill:
            text = writing.text_here if writing.is_written_here() else None
            entered, self._filled = writing.here.path != self._filled, writing.here.path
            panel.fill(text, select=entered and writing.here.spec.kind not in ("prose", "words"))
        panel.border_subtitle = f"field {writing.place + 1} of {len(writing.parts)}"
        self._offered = offered(writing.here, self.desk.book, writing.text_here, day=self.desk.today)
        self._draw_field()

    def _draw_field(self) -> None:
        writing = self.writing
        if writing is None:
            return
        self.query_one("#told", Static).update(Content(told_of_field(writing)))
        rows, sign = self.query_one("#offered", Rows), self.ledger.glyphs.here
        lines = []
        for place, each in enumerate(self._offered):
            mark = sign if place == self._pointed else " "
            lines.append(Line(f"{mark}{each.text:<16} {each.told}", "yes" if place == self._pointed else "plain", each))
        rows.show(lines)
        if self._pointed is not None:
            height = max(rows.size.height, 1)
            rows.scroll_to(y=max(0, self._pointed - height + 1), animate=False, immediate=True, force=True)
        else:
            rows.scroll_to(y=0, animate=False, immediate=True, force=True)
        panel = self.query_one("#field")
        panel.border_subtitle = "tab takes it, shift+down the next" if self._offered else ""
