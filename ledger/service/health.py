"""Health and readiness over HTTP, for what starts and stops services.

GET /live    200: the process turns its loop
GET /ready   200 where all it serves is ready, otherwise 503; both with the words of each
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import msgspec
from aiohttp import web

Words = Callable[[], Sequence[dict[str, Any]]]
"""Returns how each part is; `ready` says whether it is."""


@asynccontextmanager
async def health_site(host: str, port: int, words: Words) -> AsyncIterator[int]:
    """Serve health and readiness, and yield the port. port: 0 for any that is free. Errors: OSError."""

    async def live(_: web.Request) -> web.Response:
        return web.json_response({"live": True})

    async def ready(_: web.Request) -> web.Response:
        told = words()
        good = bool(told) and all(each["ready"] for each in told)
        body = msgspec.json.encode({"ready": good, "serves": told})
        return web.Response(body=body, status=200 if good else 503, content_type="application/json")

    app = web.Application()
    app.router.add_get("/live", live)
    app.router.add_get("/ready", ready)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        site = web.TCPSite(runner, host, port)
        await site.start()
        yield int(runner.addresses[0][1])
    finally:
        await runner.cleanup()
