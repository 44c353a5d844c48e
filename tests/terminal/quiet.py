"""Waiting until an application stands still: nothing is left to process, to draw or to answer.

Textual's own pilot waits until the processor is idle: at least 20 ms a time, and up to a second on a machine that has
other work. Here it is looked at what is still under way, so that a test is as quick as the application is, and as
steady on a busy machine as on a quiet one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from time import monotonic
from typing import Any

from textual import app as textual_app
from textual.app import App
from textual.message_pump import MessagePump
from textual.pilot import Pilot
from textual.screen import Screen

LONGEST_S = 60.0
"""How long anything may be under way before a test is ended, and told what it was."""


class StillMoving(Exception):
    """An application did not come to rest."""


class UnderWay:
    """How much is being processed at this moment, by any part of any application."""

    def __init__(self) -> None:
        self.count = 0

    def counted(self, work: Callable[..., Any]) -> Callable[..., Any]:
        """Return the same work, counted for as long as it is under way."""

        async def working(*given: Any) -> Any:
            self.count += 1
            try:
                return await work(*given)
            finally:
                self.count -= 1

        return working


UNDER_WAY = UnderWay()


async def quiet(app: App[Any], *, workers: bool = False, of: object = None) -> None:
    """Wait until every message was processed and everything is drawn.

    workers: and every worker has ended; of: only those of this part of the application.

    Errors: StillMoving, with what was under way.
    """
    began, times, still = monotonic(), 0, 0
    while app._running and app._exception is None:
        moving = _moving(app) or (_working(app, of) if workers else [])
        still = 0 if moving else still + 1
        if still == 3:  # what begins a task of its own is seen one turn later
            return
        if monotonic() - began > LONGEST_S:
            raise StillMoving(f"after {LONGEST_S:.0f} s there is still under way: {moving}")
        if app.screen_stack and _to_draw(app.screen):
            app.screen._on_timer_update()
        times += 1
        await asyncio.sleep(0 if times < 50 else 0.001)


async def settled(app: App[Any], pilot: Pilot[Any] | None = None) -> None:
    """Wait until everything that was begun is done and drawn."""
    await quiet(app, workers=True)


async def press(app: App[Any], *keys: str) -> None:
    """Press keys, each once the one before was taken in.

    A screen that opens is waited for until it is whole: whoever types looks where he types.
    """
    for key in keys:
        if not app._running:
            return
        before = list(app.screen_stack)
        await app._press_keys([key])
        await quiet(app)
        if app._running and app.screen not in before:
            await quiet(app, workers=True, of=app.screen)


def _moving(app: App[Any]) -> list[object]:
    """Return what has something left to process or to draw."""
    if UNDER_WAY.count:
        return ["a message"]
    if app._resize_event is not None or app._resize_timer is not None:
        return ["a resize"]
    if getattr(app, "ahead", ()):
        return ["keys"]
    nodes = [node for screen in app.screen_stack for node in screen.walk_children(with_self=True)]
    found: list[object] = [pump for pump in [app, *nodes] if _unfinished(pump)]
    return found + [screen for screen in app.screen_stack[-1:] if _to_draw(screen)]


def _unfinished(pump: MessagePump) -> bool:
    if pump._closed or pump._closing:
        return False
    if not pump._running or not pump._is_mounted:
        return True
    return bool(pump._message_queue.qsize() or pump._pending_message or pump._next_callbacks)


def _to_draw(screen: Screen[Any]) -> bool:
    wanted = screen._layout_required, screen._scroll_required, screen._repaint_required, screen._recompose_required
    return any(wanted) or bool(screen._dirty_widgets or screen._callbacks)


def _working(app: App[Any], of: object) -> list[object]:
    return [worker for worker in app.workers if not worker.is_finished and of in (None, worker.node)]


def install(monkeypatch: Any) -> None:
    """Have every pilot wait like this."""

    async def at_once(*_: float) -> None:
        await asyncio.sleep(0)

    async def pressed(pilot: Pilot[Any], *keys: str) -> None:
        await press(pilot.app, *keys)

    async def paused(pilot: Pilot[Any], delay: float | None = None) -> None:
        await quiet(pilot.app)

    async def waited(pilot: Pilot[Any], *_: float) -> bool:
        await quiet(pilot.app)
        return True

    for owner, name in (
        (MessagePump, "_dispatch_message"),
        (MessagePump, "_flush_next_callbacks"),
        (Screen, "_invoke_and_clear_callbacks"),
    ):
        monkeypatch.setattr(owner, name, UNDER_WAY.counted(getattr(owner, name)))
    monkeypatch.setattr(textual_app, "wait_for_idle", at_once)
    monkeypatch.setattr(Pilot, "press", pressed)
    monkeypatch.setattr(Pilot, "pause", paused)
    monkeypatch.setattr(Pilot, "_wait_for_screen", waited)
