"""A command's app in a browser: on this machine, for who has the printed address, and only to look.

Each browser tab is a process of its own that runs the fixed command. The browser's side (a terminal) comes with
textual-serve; the server's side is here, since textual-serve's own asks nobody who they are, takes any Origin, starts
any number of shells and hands them its environment. What a tab may send is keys, size and focus; what an app may send
back is what it draws. It cannot offer files, open pages or be talked into a file system.
"""

from __future__ import annotations

import asyncio
import ipaddress
import os
import secrets
import socket
import sys
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

from aiohttp import web

from ledger.settings import Settings
from tui.common import WORLD_FAILED, CommandError
from tui.model.door import Door
from tui.model.text import clean
from tui.web_site import Serving, Site

SESSIONS = 4
"""So many tabs may be open at once."""
IDLE_S = 30 * 60.0
"""A tab in which nothing is typed or clicked for so long is closed."""


async def serve(command: Sequence[str], **options: Any) -> None:
    """Serve a command until cancelled, and print where. options: those of `serving`. Errors: CommandError."""
    async with serving(command, **options) as server:
        print(f"Open {server.url}\nIt opens once, in one browser. Ctrl+C ends it.", flush=True)
        await asyncio.Event().wait()


@asynccontextmanager
async def serving(
    command: Sequence[str],
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    sessions: int = SESSIONS,
    idle_s: float = IDLE_S,
    behind_proxy: str | None = None,
    environment: Mapping[str, str] = os.environ,
    told: Callable[[str], None] = lambda words: print(words, file=sys.stderr),
) -> AsyncIterator[Serving]:
    """Serve a command's app to browsers while in the context.

    command: a program and its arguments, never anything a browser sent. host: an address of this machine's own;
    another only with behind_proxy, the https address under which a proxy that checks who comes in shows it (it passes
    the browser's Host on). port: 0 for
    any free one. environment: of it apps inherit what PASSED_ON names. told: hears the last words of apps that failed.
    Errors: CommandError.
    """
    listening = _listening(host, port, behind_proxy)
    hosts = [urlsplit(behind_proxy).netloc] if behind_proxy else _hosts(listening)
    scheme = "https" if behind_proxy else "http"
    door = Door({host: f"{scheme}://{host}" for host in hosts})
    # A cookie goes to every port of a host, but only below its path: a server on another port never sees this one.
    path = f"/{secrets.token_urlsafe(9)}/"
    server = Serving(f"{scheme}://{hosts[0]}{path}?token={door.token}", door)
    site = Site(server, tuple(command), path, sessions, idle_s, environment, told)
    runner = web.AppRunner(site.application(), access_log=None, shutdown_timeout=10.0)
    await runner.setup()
    try:
        await web.SockSite(runner, listening).start()
        yield server
    finally:
        await runner.cleanup()
        listening.close()


def command_of(name: str, chosen: Settings) -> list[str]:
    """Return the command line of one of our own commands under the settings of this process, as flags alone.

    Whatever lies in the current directory, it is this program that starts.
    """
    given = {"data": str(chosen.data.absolute()), "actor": chosen.actor, "portfolio": chosen.portfolio}
    given["nats"] = chosen.nats
    given["credentials"] = None if chosen.credentials is None else str(chosen.credentials.absolute())
    flags = [f"--{flag}={value}" for flag, value in given.items() if value is not None]
    return [sys.executable, "-P", "-m", "tui.cli", name, *flags]


def _listening(host: str, port: int, behind_proxy: str | None) -> socket.socket:
    """Return a socket that listens where it may. Errors: CommandError."""
    if behind_proxy is not None and not _is_origin(behind_proxy):
        raise CommandError(
            f"{clean(behind_proxy)} is no address of a proxy; write one without a path, as https://replay.example.org"
        )
    try:
        address = ipaddress.ip_address("127.0.0.1" if host == "localhost" else host)
    except ValueError as error:
        raise CommandError(f"{clean(host)!r} is no address to listen on; give 127.0.0.1 or ::1") from error
    if not address.is_loopback and behind_proxy is None:
        raise CommandError(
            f"{address} can be reached by other machines; listen on 127.0.0.1, or name the https address of the proxy "
            "that checks who comes in with --behind-proxy"
        )
    family = socket.AF_INET6 if address.version == 6 else socket.AF_INET
    try:
        return socket.create_server((str(address), port), family=family)
    except (OSError, OverflowError) as error:
        said = getattr(error, "strerror", None) or error
        raise CommandError(
            f"cannot listen on {address}, port {port}: {said}; give another --port", WORLD_FAILED
        ) from error


def _is_origin(address: str) -> bool:
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    return bool(parts.netloc) and address.removesuffix("/") == f"https://{parts.netloc}"


def _hosts(listening: socket.socket) -> list[str]:
    """Return what a browser of this machine calls the server. It leaves out the usual port."""
    host, port = listening.getsockname()[:2]
    names = (f"[{host}]" if ":" in host else host, "localhost")
    return [name if port == 80 else f"{name}:{port}" for name in names]
