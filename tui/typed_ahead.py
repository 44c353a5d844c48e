"""Keys, taken in one at a time: each waits until all that the one before it began is done.

Textual hands a key to what is in focus when it comes. A key that opens a box goes up to the application first, and the
box is there, and in focus, some messages later: letters typed meanwhile would be commands of the screen below, or lost.
Here they stand in a line. What is pressed while nothing stands there is taken in at once.
"""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import suppress
from typing import Any, Generic, TypeVar

from textual import events
from textual.app import App
from textual.command import CommandPalette
from textual.message import Message
from textual.widget import Widget
from textual.worker import Worker

T = TypeVar("T")

WAITED_FOR = frozenset({"jump", "filter", "suppose", "lead", "asking", "open", "ask"})
"""Groups of workers that a key waits for: they open a box, or go to where the next key is meant."""

DRAWS = frozenset({"look", "list", "proof", "compare", "told", "read", "judge", "evaluate", "send"})
"""Groups of workers that no key waits for: what they draw changes nothing about what a key means."""

SEARCHES = frozenset({CommandPalette._GATHER_COMMANDS_GROUP})
"""What a key of the palette waits for that is no letter: it chooses from what was found."""

GIVES_UP = ("escape", "ctrl+q")
"""Keys that wait for no worker: they end it, and give up what was typed behind it."""

ROUNDS = 2
"""How often it is followed until it stands still: once behind the key, once behind what the key sent."""

LOOK_S = 0.01
"""How soon it is seen that a box was closed, or that a worker has ended."""


class Followed(Message):
    """Follows a key from what it was handed to up to the application, behind all that the key sent that way."""

    def __init__(self) -> None:
        super().__init__()
        self.came = asyncio.Event()


class TypedAhead(App[T], Generic[T]):
    """An application in which no key overtakes what an earlier one began. ahead: what is not taken in yet."""

    def __init__(self) -> None:
        super().__init__()
        self.ahead: deque[events.InputEvent | events.Paste] = deque()
        self._waiting: asyncio.Task[None] | None = None
        self._written: Widget | None = None
        self._at_work = False

    async def on_event(self, event: events.Event) -> None:
        """Put what a person does into the line; all else is as Textual has it."""
        if not isinstance(event, events.InputEvent | events.Paste) or event.is_forwarded:
            await super().on_event(event)
            return
        if self._at_work and isinstance(event, events.Key) and event.key in GIVES_UP:
            self.ahead.clear()
            self._stop_waiting()
            for worker in self._works(WAITED_FOR | SEARCHES):
                worker.cancel()
        self.ahead.append(event)
        await self._take_in()

    async def _take_in(self) -> None:
        """Take in what stands in the line, until something has to be waited for."""
        while self.ahead and self._waiting is None:
            letter = self._is_searched_for(self.ahead[0])
            if not letter and (self._written is not None or self._works(self._before())):
                written, self._written = self._written, None
                self._waiting = asyncio.create_task(self._wait(written))
                return
            event, where = self.ahead.popleft(), self.focused or self.screen
            await super().on_event(event)
            if letter:
                self._written = where
            elif not isinstance(event, events.MouseMove | events.MouseScrollDown | events.MouseScrollUp):
                self._waiting = asyncio.create_task(self._wait(where))

    def on_followed(self, message: Followed) -> None:
        message.came.set()

    async def on_unmount(self) -> None:
        self._stop_waiting()

    def _stop_waiting(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
        self._waiting, self._at_work = None, False

    async def _wait(self, where: Widget | None) -> None:
        """Wait until all is done that a key began, then go on. where: what it was handed to, None for no key."""
        await self._follow(where or self.focused or self.screen)
        while self._works(self._before()):
            self._at_work = True
            await asyncio.sleep(LOOK_S)
            if not self._works(self._before()):
                await self._follow(self.focused or self.screen)
        self._waiting, self._at_work = None, False
        self.call_later(self._take_in)

    async def _follow(self, where: Widget) -> None:
        """Wait until nothing is under way between what is in focus and the application, and the focus stays there."""
        rounds = 0
        while rounds < ROUNDS and self.is_running:
            follower = Followed()
            where.post_message(follower)
            while not follower.came.is_set() and where.is_attached:
                with suppress(TimeoutError):
                    await asyncio.wait_for(follower.came.wait(), LOOK_S)
            now = self.focused or self.screen
            rounds = rounds + 1 if follower.came.is_set() and now is where else 0
            where = now

    def _is_searched_for(self, event: events.Event) -> bool:
        """Say whether it is a letter for the palette, which begins its search anew with each: none waits for that."""
        return isinstance(event, events.Key) and event.is_printable and isinstance(self.screen, CommandPalette)

    def _before(self) -> frozenset[str]:
        """Return the groups of workers that must have ended before the next key."""
        chooses = self.ahead and isinstance(self.screen, CommandPalette) and not self._is_searched_for(self.ahead[0])
        return WAITED_FOR | SEARCHES if chooses else WAITED_FOR

    def _works(self, groups: frozenset[str]) -> list[Worker[Any]]:
        return [worker for worker in self.workers if not worker.is_finished and worker.group in groups]
