"""The FastStream app of what is served over one connection: it starts, it stops gracefully, it tells how it is."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from typing import Any, Protocol

from faststream import FastStream

from ledger.service.broker import RoleBroker

_log = logging.getLogger(__name__)


class Served(Protocol):
    """One part of what is served, for one portfolio."""

    async def run(self) -> None:
        """Serve until `end` is called. An error ends the whole process."""
        ...

    def end(self) -> None:
        """Stop soon: what was taken is answered first."""
        ...

    def words(self) -> dict[str, Any]:
        """Return how it is: `role`, `portfolio`, `ready`, and what else it tells."""
        ...


async def serve(broker: RoleBroker, parts: Sequence[Served]) -> None:
    """Serve until SIGTERM or SIGINT, then stop gracefully. Errors: those of the parts, once all have stopped."""
    running: list[asyncio.Task[None]] = []
    app = FastStream(broker, logger=None)

    @app.after_startup
    async def start() -> None:
        for part in parts:
            task = asyncio.create_task(part.run())
            task.add_done_callback(lambda _: app.exit())
            running.append(task)

    @app.on_shutdown
    async def stop() -> None:
        for part in parts:
            part.end()
        await asyncio.wait(running)

    await app.run(log_level=logging.DEBUG)
    for task in running:
        task.result()
