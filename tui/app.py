"""The terminal application: four modes over one session, and what is the same in all of them."""

from __future__ import annotations

import asyncio
import datetime
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, ClassVar, Generic, Literal, NamedTuple, TypeVar

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
from tui.recorder import Recorder
from tui.session import Session
from tui.theme import THEMES
from tui.typed_ahead import TypedAhead
from tui.verifying import Verifying
from tui.widgets.key_line import KeyLine
from tui.widgets.too_small import SMALLEST

T = TypeVar("T")

Mode = Literal["board", "replay", "verify", "suppose"]

REFRESH_S = 0.5
"""How often the stream is asked for news."""


ASKED: dict[Mode, str] = {
    "replay": "statements alignment_index alignment_index_at_both measure_sums_at_both state_at_both",
    "board": "initiatives priority spend value_streams needs models benefits capacity headline stages_entered",
}
"""The tables and macros that the first screen asks for, made while it is."""


class Place(NamedTuple):
    """Somewhere one has been: the mode, and the moment in it."""

    mode: Mode
    sequence: int


class LedgerApp(TypedAhead[int]):
    """The application. head: the moment all modes share. day: the one the board opens on, None for the head's own.

    supposed: what is supposed, until the application ends.
    """

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
        super().__init__()
        self.session, self.glyphs = session, glyphs
        self.head = head or Head(session.line, session.line.tip, live=True)
        self.day = day
        self.verifying = Verifying(session)
        self.supposed = supposed or WhatIf()
        self.places: list[Place] = []
        self.place = -1
        self._first_mode = mode
        session.prepare(ASKED.get(mode, ""))
        self.other_keys = {} if keys_file is None else keys.keymap(keys_file)
        self._recorder, self._pen = recorder, pen
        self._desk: Desk | None = None

    async def on_mount(self) -> None:
        for theme in THEMES:
            self.register_theme(theme)
        self.theme = THEMES[0].name
        self.set_keymap(self.other_keys)
        for name, made in screens().items():
            self.add_mode(name, made)
        await self.switch_mode(self._first_mode)
        self.set_interval(REFRESH_S, self.refresh_session)

    async def on_unmount(self) -> None:
        await self.verifying.close()
        if self._desk is not None:
            await asyncio.to_thread(self._desk.close)

    async def refresh_session(self) -> None:
        """Take in what is new, and tell the screen."""
        arrived = await self.session.refresh()
        if arrived:
            self.head.arrived()
        for screen in self.screen_stack if self.is_running else ():  # while it is left, screens come apart
            if isinstance(screen, Hearing) and screen.ready:
                screen.news(arrived)

    async def action_go(self, mode: Mode) -> None:
        """Show another mode, at the same moment."""
        if mode not in screens():
            self.notify(f"there is no {mode} screen in this program")
            return
        if mode != self.current_mode:
            self.remember()
            await self.switch_mode(mode)
            self.call_after_refresh(self.tell_shown)

    async def visit(self, sequence: int) -> None:
        """Show the decision at a sequence, from wherever one is; the place before is remembered."""
        self.remember()
        self.head.playing = False
        self.head.to(sequence)
        if self.current_mode != "replay":
            await self.switch_mode("replay")
            self.call_after_refresh(self.tell_shown)
        else:
            self.call_later(self.tell_shown)  # once a dialogue that asked for it is away

    def tell_shown(self) -> None:
        """Tell the screen that it is in sight again."""
        if isinstance(self.screen, ModeScreen):
            self.screen.shown()

    async def action_quit(self) -> None:
        """Leave, once every screen has put away what it holds."""
        for screen in self.screen_stack:
            if isinstance(screen, Hearing):
                await screen.quitting()
        self.exit()

    def remember(self) -> None:
        """Keep this place, so that one can come back to it."""
        here = Place(self.current_mode, self.head.sequence)  # type: ignore[arg-type]
        before = self.places[: self.place + 1]  # who goes on from a place come back to leaves what was ahead of it
        self.places = (before if before and before[-1] == here else [*before, here])[-200:]
        self.place = len(self.places) - 1

    async def action_places(self, by: int) -> None:
        """Go back to the place before, or forward again."""
        if by < 0 and self.place == len(self.places) - 1:
            here = Place(self.current_mode, self.head.sequence)  # type: ignore[arg-type]
            if self.places and self.places[-1] != here:
                self.places.append(here)
                self.place += 1
        target = self.place + by
        if not 0 <= target < len(self.places):
            self.notify("there is no place before this" if by < 0 else "there is no place after this")
            return
        self.place = target
        place = self.places[target]
        self.head.playing = False
        self.head.to(place.sequence)
        if place.mode != self.current_mode:
            await self.switch_mode(place.mode)
        self.call_after_refresh(self.tell_shown)

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


class Hearing(Screen[T], Generic[T]):
    """A screen that is told what has arrived."""

    @property
    def ready(self) -> bool:
        """Whether everything that is composed is there: before, and after the end, there is nothing to draw on."""
        return self.is_running and self.is_mounted and bool(self.query(KeyLine))

    @property
    def ledger(self) -> LedgerApp:
        """The application, by its own type."""
        assert isinstance(self.app, LedgerApp)
        return self.app

    @property
    def where(self) -> str:
        """Which keys of the key table are this screen's."""
        return self.ledger.current_mode

    def news(self, arrived: int) -> None:
        """Take note that so many events have arrived; 0 where only the connection may have changed."""

    async def quitting(self) -> None:
        """Take note that the application is left now."""


class ModeScreen(Hearing[None]):
    """A mode's screen: what every one of them answers."""

    def about(self) -> str | None:
        """Return the initiative in sight, None for none."""
        return None

    def shown(self) -> None:
        """Take note that the screen is in sight again, perhaps at another moment."""

    def field(self) -> str | None:
        """Return the name of the field in focus, None for none."""
        return None

    def report(self, name: str, text: str, told: Mapping[str, Any]) -> None:
        """Write a report as text and as JSON, and say where it is."""
        from tui.reports import write_report

        session = self.ledger.session
        if session.looks_only:
            self.app.notify("no report is written: this was opened to look only", severity="warning")
            return
        try:
            path = write_report(session, name, text, told)
        except OSError as error:
            self.app.notify(f"the report cannot be written: {error}", severity="error", markup=False)
        else:
            self.app.notify(f"{path} and .json", title="written", markup=False, timeout=10)

    def zoom(self) -> None:
        """Give the panel in focus the whole screen, and back."""
        if self.maximized is not None:
            self.minimize()
        elif self.focused is not None:
            self.maximize(self.focused)

    async def go(self, text: str) -> None:
        """Go to the place an address names."""
        from tui.going import place_of

        try:
            sequence = await place_of(self.ledger.session, self.ledger.head, text)
        except ValueError as error:
            self.app.notify(str(error), severity="warning", markup=False)
            return
        self.ledger.remember()
        self.ledger.head.playing = False
        self.ledger.head.to(sequence)
        self.shown()


def screens() -> Mapping[Mode, Callable[[], Screen[None]]]:
    """Return how each mode's screen is made."""
    from tui.screens.board import BoardScreen
    from tui.screens.replay import ReplayScreen
    from tui.screens.suppose import SupposeScreen
    from tui.screens.verify import VerifyScreen

    return {"board": BoardScreen, "replay": ReplayScreen, "suppose": SupposeScreen, "verify": VerifyScreen}
