"""A witness over HTTP, as C2SP tlog-witness has it.

POST <prefix>/add-checkpoint                          a log asks for a line under its checkpoint
GET  <prefix>/<hex sha256(origin)>/checkpoint         the newest one signed of a log, for whoever watches
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

from ledger.notary.witness import MAX_REQUEST_BYTES, Witness, WitnessError

_log = logging.getLogger(__name__)


@asynccontextmanager
async def witness_site(host: str, port: int, witness: Witness) -> AsyncIterator[int]:
    """Serve a witness, and yield the port. port: 0 for any that is free. Errors: OSError."""

    async def add_checkpoint(request: web.Request) -> web.Response:
        body = await request.read()
        try:
            answer = await asyncio.to_thread(witness.add_checkpoint, body)
        except (OSError, WitnessError) as error:
            _log.error("nothing was signed: %s", error)  # it may name files, which are nobody else's concern
            return web.Response(status=500, text="the witness cannot sign now\n")
        if answer.fork is not None:
            _log.critical("a log has signed two histories; both are kept in %s", answer.fork)
        return web.Response(
            status=answer.status, body=answer.body.encode(), headers={"Content-Type": answer.content_type}
        )

    async def checkpoint(request: web.Request) -> web.Response:
        note = await asyncio.to_thread(witness.by_name, request.match_info["name"])
        if note is None:
            raise web.HTTPNotFound(text="no such log, or nothing was signed of it yet\n")
        return web.Response(
            body=note, content_type="text/plain", charset="utf-8", headers={"Cache-Control": "no-store"}
        )

    app = web.Application(client_max_size=MAX_REQUEST_BYTES)
    app.router.add_post("/add-checkpoint", add_checkpoint)
    app.router.add_get("/{name:[0-9a-f]{64}}/checkpoint", checkpoint)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
        yield int(runner.addresses[0][1])
    finally:
        await runner.cleanup()
