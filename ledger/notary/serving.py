"""A log over HTTP, read-only, under the paths of C2SP tlog-tiles, so that anybody's tools can read it.

    GET <prefix>/checkpoint             text/plain, may be a second old
    GET <prefix>/witnessed              the newest one a quorum of witnesses has signed; not in C2SP
    GET <prefix>/tile/<L>/<N>[.p/<W>]   for ever the same
    GET <prefix>/tile/entries/<N>[.p/<W>]

Any web server over the directory does the same; this one serves nothing but these paths. It asks nobody who they are:
whoever reaches it reads every entry of the log.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

from ledger.notary.directory import LogDirectory
from ledger.notary.places import WITNESSED
from ledger.notary.sealer import CHECKPOINT


@asynccontextmanager
async def log_site(host: str, port: int, directory: LogDirectory) -> AsyncIterator[int]:
    """Serve the files of a log, and yield the port. port: 0 for any that is free. Errors: OSError."""

    async def file(request: web.Request) -> web.Response:
        path = request.match_info["path"]
        try:
            content = await directory.get(path)
        except ValueError:
            content = None
        if content is None:
            # Who asks for a partial file that is full by now asks for the full one next.
            raise web.HTTPNotFound(text=f"no {path[:200]!r} here\n")
        if path in (CHECKPOINT, WITNESSED):
            return web.Response(body=content, content_type="text/plain", charset="utf-8", headers=_FRESH)
        return web.Response(body=content, content_type="application/octet-stream", headers=_FOR_EVER)

    app = web.Application()
    app.router.add_get("/{path:.*}", file)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        site = web.TCPSite(runner, host, port)
        await site.start()
        yield int(runner.addresses[0][1])
    finally:
        await runner.cleanup()


_FRESH = {"Cache-Control": "max-age=1", "X-Content-Type-Options": "nosniff"}
_FOR_EVER = {"Cache-Control": "public, max-age=31536000, immutable", "X-Content-Type-Options": "nosniff"}
