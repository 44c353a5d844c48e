"""What a browser is answered: the page, its files, and the connection to an app of its own.

Every request passes the door first (tui.model.door). Every answer says what the page may do: load its own files and
connect back, and nothing else.
"""

from __future__ import annotations

import asyncio
import contextlib
import html
import importlib.resources
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from aiohttp import WSCloseCode, WSMessage, WSMsgType, web

from tui.model.door import UNKNOWN, Door
from tui.model.text import clean
from tui.web_session import App, AppFailed, environment_of

COOKIE = "portfolio"
MOST_MESSAGE_BYTES = 65_536
HEARTBEAT_S, CLOSE_S = 15.0, 1.0
"""How often a browser is asked whether it is there, and how long it may take to say goodbye."""
ROOM_S = 2.0
"""How long a tab waits for room where all places are taken: one that is loaded anew is two for a moment."""

ASSETS = {
    "textual.js": ("textual_serve", "static/js/textual.js", "text/javascript"),
    "xterm.css": ("textual_serve", "static/css/xterm.css", "text/css"),
    "mono.ttf": ("textual_serve", "static/fonts/RobotoMono-VariableFont_wght.ttf", "font/ttf"),
    "page.js": ("tui", "web_page/page.js", "text/javascript"),
    "page.css": ("tui", "web_page/page.css", "text/css"),
}
"""Every file there is: by the name it goes by, where it comes from and what it is."""

HEADERS = {
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), clipboard-read=(), geolocation=(), microphone=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


@dataclass
class Serving:
    """A running server. url: the address to print; it opens once. sessions: the apps that run."""

    url: str
    door: Door
    sessions: dict[web.WebSocketResponse, App | None] = field(default_factory=dict)
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def until(self, holds: Callable[[Serving], bool]) -> None:
        """Wait until something is so of the sessions."""
        async with self.changed:
            await self.changed.wait_for(lambda: holds(self))


@dataclass
class Site:
    """What is answered to requests that come in through the door."""

    server: Serving
    command: tuple[str, ...]
    path: str
    most: int
    idle_s: float
    environment: Mapping[str, str]
    told: Callable[[str], None]

    def application(self) -> web.Application:
        made = web.Application(middlewares=[self.guard])
        made.router.add_get(self.path, self.page, allow_head=False)
        made.router.add_get(f"{self.path}ws", self.session, allow_head=False)
        for name in ASSETS:
            made.router.add_get(f"{self.path}{name}", self.asset, allow_head=False)
        made.on_response_prepare.append(self.harden)
        made.on_shutdown.append(self.close)
        return made

    @web.middleware
    async def guard(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        """Answer a request only where its Host, its Origin and its cookie are right."""
        upgrade = request.path == f"{self.path}ws"
        no = self.server.door.refuses(
            request.headers.get("Host"), request.headers.get("Origin"), must_name_origin=upgrade
        )
        if no is None and not ("token" in request.query and request.path == self.path):
            no = None if self.server.door.knows(request.cookies.get(COOKIE)) else UNKNOWN
        if no is not None:
            return web.Response(status=no.status, text=no.told)
        return await handler(request)

    async def page(self, request: web.Request) -> web.StreamResponse:
        """Answer with the page; or exchange the token for the cookie, and send the browser on without it."""
        token = request.query.get("token")
        if token is not None:
            if not self.server.door.admits(token):
                return web.Response(status=UNKNOWN.status, text=UNKNOWN.told)
            answer = web.Response(status=303, headers={"Location": self.path})
            secure = self.server.url.startswith("https:")
            options: dict[str, Any] = {"path": self.path, "httponly": True, "samesite": "Strict", "secure": secure}
            answer.set_cookie(COOKIE, self.server.door.cookie, **options)
            return answer
        if request.query:
            return web.Response(status=400, text="This address takes nothing after a question mark.")
        if not await self.has_room():
            return self.full()
        page = importlib.resources.files("tui").joinpath("web_page/page.html").read_text()
        text = page.replace("{{websocket}}", html.escape(f"{self.socket_origin(request)}{self.path}ws"))
        return web.Response(text=text, content_type="text/html", charset="utf-8")

    async def asset(self, request: web.Request) -> web.StreamResponse:
        """Answer with one of the files there are."""
        package, path, kind = ASSETS[request.path.removeprefix(self.path)]
        body = importlib.resources.files(package).joinpath(path).read_bytes()
        return web.Response(body=body, content_type=kind)

    async def session(self, request: web.Request) -> web.StreamResponse:
        """Start an app for a browser tab and stand between the two until one of them ends."""
        tab = web.WebSocketResponse(
            timeout=CLOSE_S, heartbeat=HEARTBEAT_S, max_msg_size=MOST_MESSAGE_BYTES, compress=False
        )
        if not tab.can_prepare(request):
            return web.Response(status=400, text="This address is for the page's own connection.")
        if not await self.has_room():
            return self.full()
        self.server.sessions[tab] = None  # before anything is waited for: two tabs cannot take one place
        try:
            await tab.prepare(request)
            await self.run(tab, _size(request.query, "width", 80, 20, 500), _size(request.query, "height", 24, 5, 300))
        finally:
            del self.server.sessions[tab]
            await self.tell_of_change()
        return tab

    async def run(self, tab: web.WebSocketResponse, width: int, height: int) -> None:
        """Run an app for a tab."""
        try:
            app = await App.start(self.command, environment_of(self.environment, width, height))
        except AppFailed as failed:
            self.told(clean(str(failed)))
            await tab.close(code=WSCloseCode.INTERNAL_ERROR, message=b"the app did not start")
            return
        self.server.sessions[tab] = app
        showing = asyncio.create_task(self.show(app, tab))
        code, reason = WSCloseCode.OK, b"the app ended"
        try:
            await self.tell_of_change()
            async with asyncio.timeout(self.idle_s) as idle:
                async for message in tab:
                    if await _pass_on(message, app, tab):
                        idle.reschedule(asyncio.get_running_loop().time() + self.idle_s)
        except TimeoutError:
            code, reason = WSCloseCode.GOING_AWAY, b"nothing was typed for too long"
        except ConnectionError:
            pass  # the app has gone, and show closes the tab; or the tab has gone, and there is nobody to tell
        finally:
            showing.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await showing
            if await app.end():
                self.told(f"an app ended with exit code {app.process.returncode}: {clean(app.last_words())}")
            await tab.close(code=code, message=reason)

    async def show(self, app: App, tab: web.WebSocketResponse) -> None:
        """Send a tab what its app draws; close it when the app ends."""
        try:
            async for screen in app.screens():
                await tab.send_bytes(screen)
        except AppFailed as failed:
            self.told(clean(str(failed)))
        except ConnectionError:
            return
        await tab.close(message=b"the app ended")

    async def tell_of_change(self) -> None:
        async with self.server.changed:
            self.server.changed.notify_all()

    async def has_room(self) -> bool:
        """Say whether there is room for one more tab, or soon will be."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.server.until(lambda server: len(server.sessions) < self.most), ROOM_S)
        return len(self.server.sessions) < self.most

    def full(self) -> web.Response:
        words = f"{self.most} tabs are open, and no more may be; close one and load this page again."
        return web.Response(status=503, text=words, headers={"Retry-After": "10"})

    def socket_origin(self, request: web.Request) -> str:
        """Return the address of this server as a browser writes it for web sockets. The guard has checked the Host."""
        return self.server.door.origins[request.headers["Host"]].replace("http", "ws", 1)

    async def harden(self, request: web.Request, response: web.StreamResponse) -> None:
        """Put on every answer what keeps a browser from doing more with it than showing it."""
        known = request.headers.get("Host") in self.server.door.origins
        response.headers.update(HEADERS)
        response.headers["Content-Security-Policy"] = _policy(self.socket_origin(request) if known else "'none'")
        response.headers.pop("Server", None)

    async def close(self, _: web.Application) -> None:
        """Close every tab, and so its app."""
        tabs = [tab for tab in self.server.sessions if tab.prepared]
        await asyncio.gather(*(tab.close(code=WSCloseCode.GOING_AWAY, message=b"the server ends") for tab in tabs))


def _policy(socket_origin: str) -> str:
    """Return what the page may load and do: its own files and its own connection; no windows, no frames, no forms."""
    return "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",  # the terminal's script tries to write style elements, and draws as well without
            "font-src 'self'",
            "img-src data:",  # no icon, said so that browsers do not look for one
            f"connect-src {socket_origin}",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
            "sandbox allow-scripts allow-same-origin",
        )
    )


async def _pass_on(message: WSMessage, app: App, tab: web.WebSocketResponse) -> bool:
    """Pass on what a tab sent, and say whether a person did something. What is none of the page's own is dropped."""
    if message.type is not WSMsgType.TEXT:
        return False
    try:
        sent = json.loads(message.data)
    except (ValueError, RecursionError):
        return False
    match sent:
        case ["stdin", str(typed)]:
            await app.type(typed)
        case ["resize", {"width": int(width), "height": int(height)}]:
            await app.tell(type="resize", width=max(20, min(width, 500)), height=max(5, min(height, 300)))
        case ["focus" | "blur" as change]:
            await app.tell(type=change)
        case ["ping", str(stamp)] if len(stamp) <= 64:
            await tab.send_json(["pong", stamp])
            return False
        case _:
            return False
    return True


def _size(query: Mapping[str, str], name: str, usual: int, least: int, most: int) -> int:
    given = query.get(name, "")
    return max(least, min(int(given), most)) if given.isascii() and given.isdigit() and len(given) < 6 else usual
