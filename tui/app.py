"""The terminal application: four modes over one session, and what is the same in all of them."""

from __future__ import annotations

import asyncio
import datetime
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import ClassVar

from textual.binding import BindingType
from textual.command import Provider
from textual.screen import Screen

from tui import keys, palette
from tui.desk import Desk
from tui.model.address import written
from tui.model.glyphs import Glyphs
from tui.model.head import Head
from tui.model.kinds import Begin
from tui.model.pen import NO_PEN, Pen
from tui.model.supposed import WhatIf
from tui.modes import Hearing, Ledger, Mode, ModeScreen
from tui.recorder import Recorder
from tui.session import Session
from tui.theme import THEMES
from tui.widgets.too_small import SMALLEST

REFRESH_S = 0.5
"""How often the stream is asked for news."""


ASKED: dict[Mode, str] = {
    "replay": "statements alignment_index alignment_index_at_both measure_sums_at_both state_at_both",
    "board": "initiatives priority spend value_streams needs models benefits capacity headline stages_entered",
}
"""The tables and macros that the first screen asks for, made while it is."""


class LedgerApp(Ledger):
    """The application: four modes over one session, and what is the same in all of them."""

    TITLE = "Portfolio Ledger"
    CSS_PATH = "ledger.tcss"
    ENABLE_COMMAND_PALETTE = True
    COMMANDS: ClassVar[set[type[Provider] | Callable[[], type[Provider]]]] = {palette.Actions, palette.Places}
    HORIZONTAL_BREAKPOINTS = [(0, "-tiny"), (SMALLEST[0], "-narrow"), (110, "-wide")]
    VERTICAL_BREAKPOINTS = [(0, "-flat"), (SMALLEST[1], "-low"), (34, "-tall")]
    BINDINGS: ClassVar[list[BindingType]] = [*keys.bindings("all")]

    def __init__(
        self,
        session: Session,
        glyphs: Glyphs,
        *,
        mode: Mode = "replay",
        head: Head | None = None,
        day: datetime.date | None = None,
        keys_file: Path | None = None,
        recorder: Recorder | None = None,
        supposed: WhatIf | None = None,
        pen: Pen = NO_PEN,
    ) -> None:
        """recorder: handed to the Record screen and to no other; None where nothing may be recorded. pen: what is
        recorded there is signed with it."""
        session.prepare(ASKED.get(mode, ""))  # it goes on while the rest is made
        super().__init__(
            session,
            glyphs,
            screens(),
            head=head,
            day=day,
            supposed=supposed,
            other_keys={} if keys_file is None else keys.keymap(keys_file),
        )
        self._first_mode = mode
        self._recorder, self._pen = recorder, pen
        self._desk: Desk | None = None

    async def on_mount(self) -> None:
        for theme in THEMES:
            self.register_theme(theme)
        self.theme = THEMES[0].name
        self.set_keymap(self.other_keys)
        for name, made in self.modes.items():
            self.add_mode(name, made)
        await self.switch_mode(self._first_mode)
        self.set_interval(REFRESH_S, self.refresh_session)

    async def on_unmount(self) -> None:
        await self.verifying.close()
        if self._desk is not None:
            await asyncio.to_thread(self._desk.close)

    async def action_quit(self) -> None:
        """Leave, once every screen has put away what it holds."""
        for screen in self.screen_stack:
            if isinstance(screen, Hearing):
                await screen.quitting()
        self.exit()

    def action_copy_address(self) -> None:
        """Copy the address of this place to the clipboard, and show it."""
        field = self.screen.field() if isinstance(self.screen, ModeScreen) else None
        address = written(self.session.portfolio, self.head.sequence, field)
        self.copy_to_clipboard(address)
        self.notify(address, title="copied", markup=False)

    def action_next_theme(self) -> None:
        """Change to the next theme."""
        names = [theme.name for theme in THEMES] + ["ansi-dark", "ansi-light", "textual-dark", "textual-light"]
        known = [name for name in names if name in self.available_themes]
        at = known.index(self.theme) if self.theme in known else -1
        self.theme = known[(at + 1) % len(known)]

    def action_zoom(self) -> None:
        """Give the panel in focus the whole screen, and back."""
        if isinstance(self.screen, ModeScreen):
            self.screen.zoom()

    def action_help(self) -> None:
        """Show every key of this screen."""
        from tui.screens.help import HelpScreen

        where = self.screen.where if isinstance(self.screen, Hearing) else "all"
        self.push_screen(HelpScreen(where, self.other_keys))

    def action_record(self) -> None:
        """Choose what to record: a kind of decision, or a draft to go on with; then write it."""
        from tui.screens.choose import ChooseScreen

        about = self.screen.about() if isinstance(self.screen, ModeScreen) else None
        self.push_screen(ChooseScreen(self._desk_(), self.glyphs, about), self.record)

    def record(self, begin: Begin | None) -> None:
        """Open a form, and go to what was recorded with it. None: nothing was chosen."""
        from tui.screens.record import RecordScreen

        if begin is not None:
            self.push_screen(RecordScreen(self._desk_(), self._recorder, begin), self._recorded)

    def _recorded(self, sequence: int | None) -> None:
        if sequence is not None:
            self.remember()
            self.head.to(sequence)
            self.tell_shown()

    def _desk_(self) -> Desk:
        """Return the desk decisions are written at, with a book that is read once."""
        if self._desk is None:
            self._desk = Desk(self.session, self._pen)
        return self._desk

    def action_address(self) -> None:
        """Ask where to go, and go there."""
        from tui.screens.ask import AskScreen

        async def go(text: str | None) -> None:
            if text and isinstance(self.screen, ModeScreen):
                await self.screen.go(text)

        self.push_screen(AskScreen("Go to", "a sequence, +10, 50%, 2024-06-30, AI-0007, F-003, tip"), go)


def screens() -> Mapping[Mode, Callable[[], Screen[None]]]:
    """Return how each mode's screen is made."""
    from tui.screens.board import BoardScreen
    from tui.screens.replay import ReplayScreen
    from tui.screens.suppose import SupposeScreen
    from tui.screens.verify import VerifyScreen

    return {"board": BoardScreen, "replay": ReplayScreen, "suppose": SupposeScreen, "verify": VerifyScreen}
