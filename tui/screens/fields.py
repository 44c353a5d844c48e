"""A command as a compact form: one line a field, those that must be filled in and those that are; others on demand."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.events import DescendantFocus
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from tui.model.forms import Form, Row, Sender, Slip, Texts, line_of, rows
from tui.model.text import clean, has_hidden

BY = "by"
"""The first line of the form: who is supposed to send the command."""

LABEL_CELLS = 22


class FieldsScreen(ModalScreen[bytes | None]):
    """Asks for a command. Ctrl+s gives its line, Esc gives none. What cannot be read is told at its field."""

    BINDINGS = [
        Binding("escape", "dismiss(None)", "Cancel"),
        Binding("ctrl+s", "give", "Suppose it"),
        Binding("ctrl+a", "all", "All fields", priority=True),
        Binding("down", "app.focus_next", show=False),
        Binding("up", "app.focus_previous", show=False),
    ]

    def __init__(self, form: Form, texts: Texts, sender: Sender, currency: str | None) -> None:
        super().__init__()
        self._form, self._texts, self._sender, self._currency = form, dict(texts), sender, currency
        self._by = sender.actor
        self._all = False
        self._rows: list[Row] = []
        self._slips: list[Slip] = []

    def compose(self) -> ComposeResult:
        every = rows(self._form, self._texts)
        self._rows = every if self._all else wanted(every, self._texts)
        with Vertical(id="form") as box:
            box.border_title = f"Suppose: {self._form.title}"
            box.border_subtitle = "ctrl+s supposes it   ctrl+a all fields   esc cancels"
            with VerticalScroll(id="fields", can_focus=False):
                yield from self._field(BY, "by", self._by, True, 0)
                for row in self._rows:
                    required = row.spec.required and row.spec.kind != "group"
                    yield from self._field(row.path, row.spec.label, row.text, required, row.depth, row)
            yield Static(id="hint")

    def _field(
        self, path: str, label: str, text: str, required: bool, depth: int, row: Row | None = None
    ) -> ComposeResult:
        """Yield one line. A text that hides characters is shown as tokens, and kept until it is replaced."""
        named = f"{'  ' * depth}{clean(label, LABEL_CELLS)}"
        if row is not None and row.place is not None:
            named = f"{'  ' * depth}{row.place + 1}. {clean(label, LABEL_CELLS)}"
        with Horizontal(classes="field"):
            yield Static(Content(f"{named[: LABEL_CELLS - 2]:<{LABEL_CELLS - 2}}{'*' if required else ' '} "))
            if row is not None and row.spec.kind == "group":
                return
            hidden = has_hidden(text)
            hint = clean(text, 120) if hidden else "" if row is None else ", ".join(row.spec.allowed)
            box = Input("" if hidden else text, placeholder=hint, name=path, compact=True)
            box.cursor_blink = False
            yield box

    def on_mount(self) -> None:
        boxes = list(self.query(Input))
        empty = [box for box in boxes if not box.value and not box.placeholder]
        (empty or boxes)[0].focus()

    # What is written

    def on_input_changed(self, message: Input.Changed) -> None:
        path, text = message.input.name or "", message.value
        if path == BY:
            self._by = text
        elif text or not message.input.placeholder or not has_hidden(self._texts.get(path, "")):
            row = next((each for each in self._rows if each.path == path), None)
            at = f"{path}.kind" if row is not None and row.spec.kind == "variant" else path
            self._texts[at] = text
            if not text:
                del self._texts[at]

    async def on_input_submitted(self, message: Input.Submitted) -> None:
        """Go on to the next field; where a count or a kind was written, to those that follow from it."""
        path = message.input.name
        row = next((each for each in self._rows if each.path == path), None)
        if row is not None and row.spec.kind in ("list", "variant"):
            await self._again(path)
        self.focus_next(Input)

    async def action_all(self) -> None:
        """Show every field, or those that matter."""
        self._all = not self._all
        focused = self.focused.name if isinstance(self.focused, Input) else None
        await self._again(focused)

    async def _again(self, path: str | None) -> None:
        await self.recompose()
        for box in self.query(Input):
            if box.name == path:
                box.focus()

    def on_descendant_focus(self, event: DescendantFocus) -> None:
        if isinstance(event.widget, Input):
            self._tell(event.widget.name or "")

    def _tell(self, path: str) -> None:
        """Say what a field asks for, and what is wrong with it."""
        slips = [slip.problem for slip in self._slips if slip.path == path]
        row = next((each for each in self._rows if each.path == path), None)
        told = "who is supposed to decide it" if row is None else row.spec.help
        if row is not None and row.spec.allowed:
            told = f"{told} one of: {', '.join(row.spec.allowed)}"
        self.query_one("#hint", Static).update(Content(clean("! " + slips[0] if slips else told.strip(), 300)))

    async def action_give(self) -> None:
        """Give the command's line, or go to the first field that cannot be read."""
        found = line_of(self._form, self._texts, self._sender._replace(actor=self._by), currency=self._currency)
        if isinstance(found, bytes):
            self.dismiss(found)
            return
        self._slips = found
        if any(slip.path not in {row.path for row in self._rows} for slip in found):
            self._all = True
        await self._again(found[0].path)
        self._tell(found[0].path)


def wanted(every: Sequence[Row], texts: Texts) -> list[Row]:
    """Return the lines of a form that are shown at first: what must be filled in, what is, and the reason."""
    shown: dict[str, Row] = {}
    for row in every:
        written = any(path == row.path or path.startswith(f"{row.path}.") for path in texts)
        asked = row.spec.required and (row.depth == 0 or row.path.rpartition(".")[0] in shown)
        if written or asked or row.path == "data.reason":
            shown[row.path] = row
    return list(shown.values())
