"""portfolio serve: the service that takes commands for everyone, with its health beside it."""

from __future__ import annotations

import json
from typing import Annotated

from cyclopts import Parameter

from tui.common import DONE, Common, access, host_and_port
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
    log_format: Annotated[LogFormat, Parameter(help="How log lines are written to stderr.")] = "text",
    common: Common | None = None,
) -> int:
    """Serve a portfolio over NATS: take commands, decide them, answer.

    SIGTERM ends it once all that was taken is answered. Any number may serve the same portfolio: one is active, and
    the next takes over within seconds of its end.
    """
    from ledger.service.app import serve as serve_parts  # FastStream costs what other commands need not pay
    from ledger.service.broker import RoleBroker
    from ledger.service.commands import CommandService
    from ledger.service.health import health_site

    common = common or Common()
    host, port = host_and_port("--health", health)
    log_to_stderr(log_format)
    async with access(common) as (reached, chosen):
        names = [await reached.choose(chosen.portfolio), *[await reached.choose(each) for each in also or []]]
        broker = RoleBroker(reached.connection)
        parts = [
            CommandService(broker, await reached.writer(name, patience_s=SERVICE_PATIENCE_S))
            for name in dict.fromkeys(names)
        ]
        async with health_site(host, port, lambda: [part.words() for part in parts]) as at:
            told = {"serves": [part.portfolio for part in parts], "health": f"http://{host}:{at}"}
            in_words = f"Serving {', '.join(told['serves'])}; health at {told['health']}."
            print(json.dumps(told) if common.json else in_words, flush=True)
            await serve_parts(broker, parts)
    return DONE
