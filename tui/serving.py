"""portfolio serve: the service that takes commands for everyone, with its health beside it."""

from __future__ import annotations

import asyncio
import gc
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from typing import Annotated, Literal

from cyclopts import Parameter

from ledger.access import Access, opened
from ledger.notary.running import NotaryPart
from ledger.notary.sealer import HEAD
from ledger.server import private_server
from ledger.settings import Settings
from projections.replica import Replica
from projections.sync import synced
from schemas import subjects
from tui.common import DONE, CommandError, Common, access, host_and_port
from tui.logs import LogFormat, log_to_stderr

SERVICE_PATIENCE_S = 8.0
"""How long the service tries to learn what became of an append before it tells the senders that it cannot."""


async def serve(
    *,
    also: Annotated[
        list[str] | None, Parameter(help="A further portfolio to serve; may be repeated.", negative="")
    ] = None,
    health: Annotated[
        str, Parameter(help="Where health is told over HTTP, as HOST:PORT; port 0 is any that is free.")
    ] = "127.0.0.1:0",
    only: Annotated[
        Literal["service", "projector", "notary"] | None,
        Parameter(help="Take commands alone, answer views alone, or seal alone."),
    ] = None,
    log_format: Annotated[LogFormat, Parameter(help="How log lines are written to stderr.")] = "text",
    common: Common | None = None,
) -> int:
    """Serve a portfolio over NATS: take commands and decide them, answer requests for views, seal what is recorded.

    SIGTERM ends it once all that was taken is answered. Any number may serve the same portfolio: one is active, and
    the next takes over within seconds of its end. A login of a site does what it may: the service's takes commands,
    the projector's answers views, the notary's seals. Where the log's signer key is elsewhere nothing is sealed here.
    """
    from ledger.service.app import Served
    from ledger.service.app import serve as serve_parts  # FastStream costs what other commands need not pay
    from ledger.service.broker import RoleBroker
    from ledger.service.commands import CommandService
    from ledger.service.health import health_site
    from projections.projector import Projector

    common = common or Common()
    # A decision makes a few hundred objects and no circle of them; looked for as often as Python does it by itself,
    # circles cost a tenth of all processor time.
    gc.set_threshold(50_000, 20, 100)
    host, port = host_and_port("--health", health)
    log_to_stderr(log_format)
    async with access(common) as (reached, chosen):
        names = [await reached.choose(chosen.portfolio), *[await reached.choose(each) for each in also or []]]
        broker = RoleBroker(reached.connection)
        parts: list[Served] = []
        login = reached.connection.login
        for name in dict.fromkeys(names):
            if only in (None, "service") and login.may_hear(subjects.all_commands(name)):
                parts.append(CommandService(broker, await reached.writer(name, patience_s=SERVICE_PATIENCE_S)))
            if only in (None, "projector") and login.may_hear(subjects.all_views(name)):
                store, refusals = reached.store(name), await reached.refusals(name)
                parts.append(Projector(broker, name, store, refusals, partial(_replica_of, chosen, name)))
            if only in (None, "notary") and login.may_publish(subjects.bucket_key(subjects.notary_bucket(name), HEAD)):
                parts.append(NotaryPart(reached, name))
        if not parts:
            raise CommandError(
                f"{login.account} may neither take commands, nor answer views, nor seal; use another login"
            )
        async with (
            _server_kept(reached, chosen),
            health_site(host, port, lambda: [part.words() for part in parts]) as at,
        ):
            told = {"serves": list(dict.fromkeys(names)), "health": f"http://{host}:{at}"}
            in_words = f"Serving {', '.join(told['serves'])}; health at {told['health']}."
            print(json.dumps(told) if common.json else in_words, flush=True)
            await serve_parts(broker, parts)
    return DONE


async def _replica_of(chosen: Settings, portfolio: str) -> Replica:
    """Return a replica of all that is recorded, read by a thread over a connection of its own: it may take a while."""

    async def read() -> Replica:
        async with opened(chosen) as reached:
            return await synced(reached.store(portfolio), reached.directory(portfolio), portfolio)

    return await asyncio.to_thread(asyncio.run, read())


@asynccontextmanager
async def _server_kept(reached: Access, chosen: Settings) -> AsyncIterator[None]:
    """Start the data directory's own server again where it has died; a server that was named is not ours to start."""
    if chosen.nats is not None:
        yield
        return

    async def keep(stack: AsyncExitStack) -> None:
        while True:
            await asyncio.sleep(1.0)
            if not reached.connection.is_connected:
                await stack.enter_async_context(private_server(chosen.data))

    async with AsyncExitStack() as stack:
        keeping = asyncio.create_task(keep(stack))
        try:
            yield
        finally:
            keeping.cancel()
