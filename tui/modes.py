"""The modes of the terminal application: what every screen knows of it, and what it knows of every screen."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping
from typing import Any, Generic, Literal, NamedTuple, TypeVar

from textual.app import App
from textual.screen import Screen

from tui.model.glyphs import Glyphs
from tui.model.head import Head
from tui.model.supposed import WhatIf
from tui.session import Session
from tui.typed_ahead import TypedAhead
from tui.verifying import Verifying
from tui.widgets.key_line import KeyLine

T = TypeVar("T")

Mode = Literal["board", "replay", "verify", "suppose"]


class Place(NamedTuple):
    """Somewhere one has been: the mode, and the moment in it."""

    mode: Mode
    sequence: int


class Ledger(TypedAhead[int]):
    """An application over one session, as its screens know it.

    head: the moment all modes share. day: the one the board opens on, None for the head's own. supposed: what is
    supposed, until the application ends. modes: how each mode's screen is made. other_keys: keys that were given
    others. places: where one has been; place: which of them one is at.
    """

    def __init__(
        self,
        session: Session,
        glyphs: Glyphs,
        modes: Mapping[Mode, Callable[[], Screen[None]]],
        *,
        head: Head | None,
        day: datetime.date | None,
        supposed: WhatIf | None,
        other_keys: Mapping[str, str],
    ) -> None:
        super().__init__()
        self.session, self.glyphs, self.modes = session, glyphs, modes
        self.head = head or Head(session.line, session.line.tip, live=True)
        self.day, self.other_keys = day, other_keys
        self.verifying = Verifying(session)
        self.supposed = supposed or WhatIf()
        self.places: list[Place] = []
        self.place = -1

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
        if mode not in self.modes:
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


def ledger_of(app: App[Any]) -> Ledger:
    """Return an application by its own type; every other is a mistake in the program."""
    assert isinstance(app, Ledger)
    return app


class Hearing(Screen[T], Generic[T]):
    """A screen that is told what has arrived."""

    @property
    def ready(self) -> bool:
        """Whether everything that is composed is there: before, and after the end, there is nothing to draw on."""
        return self.is_running and self.is_mounted and bool(self.query(KeyLine))

    @property
    def ledger(self) -> Ledger:
        """The application, by its own type."""
        return ledger_of(self.app)

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
