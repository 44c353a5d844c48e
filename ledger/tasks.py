"""Tasks that are ended by whoever began them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

_AGAIN_S = 0.1


async def ended(tasks: Iterable[asyncio.Task[Any]]) -> None:
    """Cancel tasks, and return once they have ended, however they end.

    A task is cancelled again until it has: before Python 3.12 asyncio.wait_for, which the client of the server is made
    of, loses a cancellation that comes in the same turn as what it waits for.
    """
    these = list(tasks)
    while pending := [task for task in these if not task.done()]:
        for task in pending:
            task.cancel()
        await asyncio.wait(pending, timeout=_AGAIN_S)
    for task in these:
        if not task.cancelled():
            task.exception()  # looked at, so that nobody is told of it as forgotten
