"""portfolio notary: seal what is recorded under signed checkpoints, and let anybody read the log."""

from __future__ import annotations

import asyncio
import json
import signal
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from ledger.notary.checkpoint import Checkpoint
from ledger.notary.directory import LogDirectory
from ledger.notary.keys import log_key_path
from ledger.notary.running import Notary, notary
from tui.common import DONE, Common, access, host_and_port

Key = Annotated[Path | None, Parameter(help="The file of the log's signer key; without it the data directory's own.")]


async def notary_(
    *,
    once: Annotated[bool, Parameter(negative="")] = False,
    serve: str | None = None,
    key: Key = None,
    common: Common | None = None,
) -> int:
    """Seal what is recorded under signed checkpoints: within a second, or 256 events.

    It runs until it is stopped, and stops by itself with an alarm, exit code 1, where the stream or a file is not as it
    was sealed. The first notary of a portfolio makes the log's key, and tells the verifier key that auditors need.

    Parameters
    ----------
    once
        Compare what was sealed, seal what is there, and end.
    serve
        HOST:PORT to serve the log on over HTTP, read-only, under the paths of C2SP tlog-tiles. Whoever reaches it reads
        every event. Port 0 is any that is free.
    """
    common = common or Common()
    async with access(common) as (reached, chosen), AsyncExitStack() as stack:
        portfolio = await reached.choose(chosen.portfolio)

        def sealed(checkpoint: Checkpoint) -> None:
            if common.json and not once:
                told = {"portfolio": portfolio, "size": checkpoint.size, "root": checkpoint.root.hex()}
                print(json.dumps(told), flush=True)
            elif not common.json:
                print(f"{checkpoint.size:>12,} sealed, root {checkpoint.root.hex()}", flush=True)

        path = key or log_key_path(reached.data, portfolio)
        new = not path.exists()
        at_work = await stack.enter_async_context(notary(reached, portfolio, key=key, told=sealed))
        if not common.json:
            made = f"The log's signer key is new: {path}; keep it, and keep it to yourself.\n" if new else ""
            print(f"{made}Verifier key of the log: {at_work.vkey}", flush=True)
        if serve is not None:
            from ledger.notary.serving import log_site

            host, port = host_and_port("--serve", serve)
            at = await stack.enter_async_context(log_site(host, port, LogDirectory(reached.directory(portfolio))))
            url = f"http://{host}:{at}"
            print(json.dumps({"serves": url}) if common.json else f"The log is read at {url}/checkpoint", flush=True)
        if once:
            await at_work.run_once()
            if common.json:
                print(json.dumps(_told(at_work)))
            return DONE
        loop = asyncio.get_running_loop()
        for each in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(each, at_work.end)
        await at_work.run()
    return DONE


def _told(at_work: Notary) -> dict[str, Any]:
    checkpoint = at_work.checkpoint
    return {
        "portfolio": at_work.portfolio,
        "origin": checkpoint.origin,
        "size": checkpoint.size,
        "root": checkpoint.root.hex(),
        "vkey": str(at_work.vkey),
    }
