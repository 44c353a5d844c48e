"""An app in a browser: who is let in, what a page may do, and that no app outlives its tab."""

from __future__ import annotations

import asyncio
import itertools
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import ClientWebSocketResponse, WSMsgType

from ledger.settings import Settings
from tests.browser import words_of
from tests.program import ROOT, done
from tests.web import MODES, address_of, shown_by_the_program
from tui import web_session, web_site
from tui.common import CommandError
from tui.model.text import has_hidden
from tui.web import SESSIONS, command_of, serve, serving
from tui.web_session import environment_of
from tui.web_site import ASSETS, COOKIE, Serving

TINY = ROOT / "tests" / "tiny_app.py"
DEADLINE_S = 60.0


class Visitor:
    """A browser as tests drive it: a jar of cookies, and the headers it is told to send."""

    def __init__(self, server: Serving, folder: Path, words: list[str]) -> None:
        self.server, self.folder, self.words = server, folder, words
        self.page, _, self.token = server.url.partition("?token=")
        self.origin = "/".join(server.url.split("/")[:3])
        self.client = aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True))

    async def get(self, path: str = "", **headers: str) -> aiohttp.ClientResponse:
        """Ask for something below the page, following nothing."""
        answer = await self.client.get(self.page + path, headers=headers, allow_redirects=False)
        await answer.read()
        return answer

    async def enter(self) -> None:
        """Come in with the printed address."""
        assert (await self.get(f"?token={self.token}")).status == 303

    async def connect(self, query: str = "?width=80&height=24", **headers: str) -> ClientWebSocketResponse:
        """Open the connection as the page does."""
        return await self.client.ws_connect(f"{self.page}ws{query}", headers={"Origin": self.origin, **headers})

    async def refused(self, query: str = "", **headers: str) -> int:
        """Return the status a connection is refused with."""
        with pytest.raises(aiohttp.WSServerHandshakeError) as refusal:
            await self.connect(query, **headers)
        return refusal.value.status

    def notes(self, start: str) -> list[str]:
        """Return the notes the apps left, by how their names begin."""
        return sorted(path.name for path in self.folder.iterdir() if path.name.startswith(start))

    def processes(self) -> list[int]:
        """Return the processes that were started."""
        return [int(path.name) for path in self.folder.iterdir() if path.name.isdigit()]


@asynccontextmanager
async def visited(folder: Path, *how: str, **options: Any) -> AsyncIterator[Visitor]:
    words: list[str] = []
    command = [sys.executable, str(TINY), str(folder), *how]
    async with serving(command, told=words.append, **options) as server:
        visitor = Visitor(server, folder, words)
        async with visitor.client:
            yield visitor


@asynccontextmanager
async def visited_program(folder: Path, data: Path, mode: str) -> AsyncIterator[Visitor]:
    async with shown_by_the_program(data, mode) as address:
        visitor = Visitor(Serving(address, None), folder, [])  # type: ignore[arg-type]
        async with visitor.client:
            yield visitor


@pytest.fixture(params=["an app", *MODES])
def shown(request: pytest.FixtureRequest, tmp_path: Path) -> AbstractAsyncContextManager[Visitor]:
    """What refuses the same whatever is shown: the tiny app, and each mode as the program itself serves it."""
    if request.param == "an app":
        return visited(tmp_path)
    return visited_program(tmp_path, request.getfixturevalue("imported"), request.param)


def visit(told: Coroutine[Any, Any, None]) -> None:
    async def within() -> None:
        async with asyncio.timeout(DEADLINE_S):
            await told

    asyncio.run(within())


async def seen(tab: ClientWebSocketResponse, words: str) -> str:
    """Read what the app draws until words are in it."""
    drawn = ""
    while words not in drawn:
        message = await tab.receive()
        assert message.type is WSMsgType.BINARY, (message, drawn)
        drawn += words_of(message.data)
    return drawn


async def closed(tab: ClientWebSocketResponse) -> int | None:
    """Read until the other side closes, and return its code."""
    while (await tab.receive()).type not in (WSMsgType.CLOSE, WSMsgType.CLOSED, WSMsgType.CLOSING):
        pass
    return tab.close_code


async def nobody(visitor: Visitor) -> None:
    """Wait until no app is left, and see that there is none."""
    await visitor.server.until(lambda server: not server.sessions)
    assert visitor.processes()
    for process in visitor.processes():
        with pytest.raises(ProcessLookupError):
            os.kill(process, 0)


async def until(holds: Callable[[], object]) -> None:
    deadline = time.monotonic() + DEADLINE_S
    while not holds():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.01)


# Who is let in.


def test_without_the_token_there_is_nothing(tmp_path: Path) -> None:
    async def told() -> None:
        async with visited(tmp_path) as visitor:
            for path in ("", *ASSETS, "ws", "nothing", "?token=", "?token=wrong", f"?token={visitor.token}x"):
                assert (await visitor.get(path, Origin=visitor.origin)).status == 403, path
            for path in ("/", "/favicon.ico", f"/?token={visitor.token}"):
                answer = await visitor.client.get(visitor.origin + path)
                assert answer.status == 403
            await visitor.enter()
            assert (await visitor.get()).status == 200

    visit(told())


def test_the_token_opens_once_and_becomes_a_cookie_for_this_path_alone(tmp_path: Path) -> None:
    async def told() -> None:
        async with visited(tmp_path) as visitor:
            answer = await visitor.get(f"?token={visitor.token}")
            path = visitor.page.removeprefix(visitor.origin)
            assert (answer.status, answer.headers["Location"]) == (303, path)
            kept = answer.headers["Set-Cookie"]
            assert re.fullmatch(rf"{COOKIE}=[\w-]{{43}}; HttpOnly; Path={path}; SameSite=Strict", kept)
            assert len(path) > 12, "a path that another server of this machine cannot guess"
            assert visitor.token not in kept
            assert (await visitor.get()).status == 200
            again = await visitor.get(f"?token={visitor.token}")
            assert (again.status, "Set-Cookie" in again.headers) == (403, False)
            visitor.client.cookie_jar.clear()
            assert (await visitor.get(f"?token={visitor.token}")).status == 403
            assert (await visitor.get(Cookie=f"{COOKIE}=\xff\xfe")).status == 403
            assert (await visitor.get("", Cookie=f"{COOKIE}={visitor.token}")).status == 403

    visit(told())


def test_a_host_that_is_not_its_own_is_misdirected_and_spends_no_token(
    shown: AbstractAsyncContextManager[Visitor],
) -> None:
    async def told() -> None:
        async with shown as visitor:
            port = visitor.origin.rpartition(":")[2]
            for host in ("evil.example", f"evil.example:{port}", "127.0.0.1", "127.0.0.1:1", f"127.0.0.1.:{port}"):
                assert (await visitor.get(f"?token={visitor.token}", Host=host)).status == 421
            await visitor.enter()
            assert (await visitor.get(Host=f"evil.example:{port}")).status == 421
            assert await visitor.refused(Host=f"evil.example:{port}") == 421
            assert (await visitor.get(Host=f"localhost:{port}")).status == 200

    visit(told())


def test_a_foreign_origin_is_refused_whatever_it_asks_for(shown: AbstractAsyncContextManager[Visitor]) -> None:
    async def told() -> None:
        async with shown as visitor:
            port = visitor.origin.rpartition(":")[2]
            others = ("https://evil.example", "null", "", f"https://127.0.0.1:{port}", f"http://localhost:{port}")
            for origin in others:
                assert (await visitor.get(f"?token={visitor.token}", Origin=origin)).status == 403
            await visitor.enter()
            for origin in others:
                for path in ("", *ASSETS):
                    assert (await visitor.get(path, Origin=origin)).status == 403
                assert await visitor.refused(Origin=origin) == 403
            assert (await visitor.get(Origin=visitor.origin)).status == 200
            assert visitor.processes() == [], "no app was started for any of them"

    visit(told())


def test_a_connection_needs_the_cookie_and_an_origin(shown: AbstractAsyncContextManager[Visitor]) -> None:
    async def told() -> None:
        async with shown as visitor:
            assert await visitor.refused() == 403
            await visitor.enter()
            with pytest.raises(aiohttp.WSServerHandshakeError, match="403"):
                await visitor.client.ws_connect(f"{visitor.page}ws")
            assert (await visitor.get("ws", Origin=visitor.origin)).status == 400, "no connection was asked for"
            assert visitor.processes() == []

    visit(told())


def test_behind_a_proxy_it_goes_by_the_proxys_name_and_its_cookie_is_for_https(tmp_path: Path) -> None:
    async def told() -> None:
        async with visited(tmp_path, behind_proxy="https://replay.example.org/") as visitor:
            assert visitor.server.url.startswith("https://replay.example.org/")
            (path,) = re.findall(r"org(/.*/)\?token", visitor.server.url)
            ours, name = next(iter(_listening())), {"Host": "replay.example.org"}
            async with visitor.client.get(f"{ours}{path}?token={visitor.token}") as answer:
                assert answer.status == 421
            asked = visitor.client.get(f"{ours}{path}?token={visitor.token}", headers=name, allow_redirects=False)
            async with asked as answer:
                assert answer.status == 303
                assert "Secure" in answer.headers["Set-Cookie"].split("; ")
                name["Cookie"] = answer.headers["Set-Cookie"].partition(";")[0]
            async with visitor.client.get(ours + path, headers=name) as answer:
                assert f'"wss://replay.example.org{path}ws"' in await answer.text()
                assert "connect-src wss://replay.example.org;" in answer.headers["Content-Security-Policy"]

    ports: list[int] = []
    usual = socket.create_server

    def noted(*given: Any, **options: Any) -> socket.socket:
        made = usual(*given, **options)
        ports.append(made.getsockname()[1])
        return made

    def _listening() -> list[str]:
        return [f"http://127.0.0.1:{port}" for port in ports]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket, "create_server", noted)
        visit(told())


# Where it listens.


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "example.org", "", "127.0.0.1 "])
def test_only_an_address_of_this_machine_is_listened_on(tmp_path: Path, host: str) -> None:
    async def told() -> None:
        async with visited(tmp_path, host=host):
            pytest.fail("it listened")

    with pytest.raises(CommandError, match=r"reached by other machines.*--behind-proxy|is no address to listen on"):
        visit(told())


@pytest.mark.parametrize(
    "proxy", ["", "http://replay.example.org", "https://", "https://a.example/path", "https://a.example?x", "https://["]
)
def test_what_is_no_address_of_a_proxy_is_refused(tmp_path: Path, proxy: str) -> None:
    async def told() -> None:
        async with visited(tmp_path, behind_proxy=proxy):
            pytest.fail("it listened")

    with pytest.raises(CommandError, match="is no address of a proxy"):
        visit(told())


@pytest.mark.parametrize("taken", [True, False])
def test_a_port_that_cannot_be_had_is_named(tmp_path: Path, taken: bool) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1] if taken else 99_999

        async def told() -> None:
            async with visited(tmp_path, port=port):
                pytest.fail("it listened")

        with pytest.raises(CommandError, match=rf"cannot listen on 127\.0\.0\.1, port {port}: .*--port") as error:
            visit(told())
        assert error.value.code == 3


# What a page may do.


def test_every_answer_forbids_what_the_page_does_not_need(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web_site, "ROOM_S", 0.0)

    async def told() -> None:
        async with visited(tmp_path, sessions=1) as visitor:
            answers = [await visitor.get(), await visitor.get(Host="evil.example"), await visitor.get(Origin="null")]
            answers.append(await visitor.get(f"?token={visitor.token}"))
            answers += [await visitor.get(path) for path in ("", "nothing", "?ping=http://evil.example", *ASSETS)]
            answers.append(await visitor.client.post(visitor.page, data=b"x"))
            tab = await visitor.connect()
            answers.append(await visitor.get())
            await tab.close()
            statuses = {403, 421, 303, 200, 404, 400, 405, 503}
            assert {answer.status for answer in answers} == statuses
            for answer in answers:
                policy = dict(
                    part.partition(" ")[::2] for part in answer.headers["Content-Security-Policy"].split("; ")
                )
                assert policy["default-src"] == policy["base-uri"] == policy["frame-ancestors"] == "'none'"
                assert policy["script-src"] == policy["style-src"] == policy["font-src"] == "'self'"
                assert policy["connect-src"] in (visitor.origin.replace("http", "ws"), "'none'")
                assert policy["sandbox"] == "allow-scripts allow-same-origin", "no windows, no downloads, no forms"
                assert answer.headers["X-Content-Type-Options"] == "nosniff"
                assert answer.headers["Referrer-Policy"] == "no-referrer"
                assert answer.headers["Cache-Control"] == "no-store"
                assert "Server" not in answer.headers

    visit(told())


def test_there_are_the_named_files_and_no_others(tmp_path: Path) -> None:
    async def told() -> None:
        async with visited(tmp_path) as visitor:
            await visitor.enter()
            for name, (_, _, kind) in ASSETS.items():
                answer = await visitor.get(name)
                assert (answer.status, answer.content_type) == (200, kind)
                assert len(await answer.read()) > 100
            for path in (
                "static",
                "static/",
                "..",
                "../",
                "%2e%2e/",
                "page.html",
                "textual.js/",
                "download/x",
                "a/../ws",
            ):
                assert (await visitor.get(path)).status in (400, 403, 404), path

    visit(told())


def test_the_page_and_its_styles_name_nothing_outside(tmp_path: Path) -> None:
    async def told() -> None:
        async with visited(tmp_path) as visitor:
            await visitor.enter()
            page = await (await visitor.get()).text()
            socket_address = f"{visitor.page.replace('http', 'ws')}ws"
            assert re.findall(r"\w+://[^\"'\s>]*", page) == [socket_address]
            assert set(re.findall(r'(?:src|href)="([^"]*)"', page)) == {*ASSETS, "data:,"}
            assert "<style" not in page
            assert not re.search(r"<script(?![^>]* src=)| on\w+=", page), "the policy would not run it"
            for name in ("page.css", "xterm.css", "page.js"):
                assert "//fonts" not in await (await visitor.get(name)).text()

    visit(told())


# The app in the tab.


def test_a_tab_shows_the_app_and_passes_on_keys_and_sizes(tmp_path: Path) -> None:
    async def told() -> None:
        async with visited(tmp_path) as visitor:
            await visitor.enter()
            tab = await visitor.connect("?width=61&height=17")
            await seen(tab, "size 61 x 17")
            await tab.send_json(["stdin", "k"])
            await seen(tab, "key k")
            await tab.send_json(["resize", {"width": 100, "height": 30}])
            await seen(tab, "size 100 x 30")
            await tab.send_json(["ping", "17"])
            while (message := await tab.receive()).type is not WSMsgType.TEXT:
                pass
            assert message.json() == ["pong", "17"]
            await tab.close()
            await nobody(visitor)
            assert visitor.words == []

    visit(told())


GARBAGE = [
    *("", "{", "[]", "null", "7", '"stdin"', '["stdin"]', '["stdin", 7]', '["stdin", "a", "b"]', '["unknown", "x"]'),
    *('["resize", {"width": "80", "height": 24}]', '["resize", {"width": 1e999, "height": 24}]', '["resize", 80]'),
    *('["quit"]', '["deliver_chunk_request", {}]', '["ping", 7]', f'["ping", "{"x" * 65}"]', '["focus", {}]'),
    "[" * 5_000,
]


def test_what_the_page_never_sends_does_nothing(tmp_path: Path) -> None:
    async def told() -> None:
        async with visited(tmp_path) as visitor:
            await visitor.enter()
            tab = await visitor.connect("?width=-1&height=٣&x=1")
            await seen(tab, "size 80 x 24")
            for garbage in GARBAGE:
                await tab.send_str(garbage)
            await tab.send_bytes(b"D\x00\x00\x00\x01q")
            await tab.send_str('["resize", {"width": 999999999999999999999999, "height": -5}]')
            await seen(tab, "size 500 x 5")
            await tab.send_str('["stdin", "\\ud800k"]')
            await seen(tab, "key k")
            assert visitor.notes("key-") == ["key-k", "key-question_mark"]
            await tab.send_str("x" * (web_site.MOST_MESSAGE_BYTES + 1))
            assert await closed(tab) == 1009
            await nobody(visitor)

    visit(told())


def test_an_app_inherits_nothing_that_may_be_secret(tmp_path: Path) -> None:
    async def told() -> None:
        ours = {
            "PATH": os.environ["PATH"],
            "TZ": "UTC",
            "AWS_SECRET_ACCESS_KEY": "s",
            "PORTFOLIO_NATS": "nats://u:p@h:1",
        }
        async with visited(tmp_path, environment=ours) as visitor:
            await visitor.enter()
            tab = await visitor.connect("?width=400&height=24")
            await seen(tab, "size 400")
            await tab.send_json(["stdin", "e"])
            drawn = await seen(tab, "TZ")
            names = set(re.findall(r"environment (.*?TZ)", drawn)[0].split())
            assert names - {"LC_CTYPE"} == {
                *(
                    "COLUMNS",
                    "PATH",
                    "ROWS",
                    "TERM_PROGRAM",
                    "TEXTUAL_COLOR_SYSTEM",
                    "TEXTUAL_DRIVER",
                    "TEXTUAL_FPS",
                    "TZ",
                )
            }

    visit(told())


# No more apps than there may be, and none that outlives its tab.


@pytest.mark.parametrize("shown", ["an app", "board"], indirect=True)
def test_one_tab_too_many_is_refused(
    shown: AbstractAsyncContextManager[Visitor], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(web_site, "ROOM_S", 0.05)

    async def told() -> None:
        async with shown as visitor:
            await visitor.enter()
            tabs = [await visitor.connect() for _ in range(SESSIONS)]
            assert await visitor.refused() == 503
            answer = await visitor.get()
            assert (answer.status, "Retry-After" in answer.headers) == (503, True)
            assert f"{len(tabs)} tabs are open" in await answer.text()

    visit(told())


def test_there_is_room_again_when_a_tab_closes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web_site, "ROOM_S", 0.05)

    async def told() -> None:
        async with visited(tmp_path, sessions=2) as visitor:
            await visitor.enter()
            tabs = [await visitor.connect(), await visitor.connect()]
            assert await visitor.refused() == 503
            await tabs[0].close()
            await visitor.server.until(lambda server: len(server.sessions) == 1)
            await seen(await visitor.connect(), "size 80 x 24")
            assert len(visitor.processes()) == 3

    visit(told())


def test_a_tab_that_is_loaded_anew_finds_its_place_again(tmp_path: Path) -> None:
    async def told() -> None:
        async with visited(tmp_path, sessions=1) as visitor:
            await visitor.enter()
            tab = await visitor.connect()
            await seen(tab, "size")
            await asyncio.gather(tab.close(), visitor.get())
            await seen(await visitor.connect(), "size")

    visit(told())


def test_of_many_that_race_for_the_last_place_one_gets_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web_site, "ROOM_S", 0.05)

    async def told() -> None:
        async with visited(tmp_path, sessions=1) as visitor:
            await visitor.enter()
            met = await asyncio.gather(*(visitor.connect() for _ in range(8)), return_exceptions=True)
            tabs = [each for each in met if isinstance(each, ClientWebSocketResponse)]
            refused = [each.status for each in met if isinstance(each, aiohttp.WSServerHandshakeError)]
            assert (len(tabs), refused) == (1, [503] * 7)
            await seen(tabs[0], "size")
            assert len(visitor.processes()) == 1

    visit(told())


def test_closing_the_tab_ends_its_app_and_no_other(tmp_path: Path) -> None:
    async def told() -> None:
        async with visited(tmp_path) as visitor:
            await visitor.enter()
            tab, other = await visitor.connect(), await visitor.connect()
            await seen(tab, "size")
            await seen(other, "size")
            await tab.close()
            await visitor.server.until(lambda server: len(server.sessions) == 1)
            await other.send_json(["stdin", "k"])
            await seen(other, "key k")
            transport: Any = other._response.connection and other._response.connection.transport
            transport.abort()  # as where a laptop is shut: nobody says goodbye
            await nobody(visitor)

    visit(told())


@pytest.mark.parametrize(("key", "words"), [("q", []), ("x", ["an app ended with exit code 1: "])])
def test_the_tab_is_closed_when_its_app_ends(tmp_path: Path, key: str, words: list[str]) -> None:
    async def told() -> None:
        async with visited(tmp_path) as visitor:
            await visitor.enter()
            tab = await visitor.connect()
            await seen(tab, "size")
            await tab.send_json(["stdin", key])
            assert await closed(tab) == 1000
            await nobody(visitor)
            assert [each[:31] for each in visitor.words] == words
            assert not any(map(has_hidden, visitor.words))

    visit(told())


def test_a_tab_in_which_nothing_is_typed_is_closed_with_its_app(tmp_path: Path) -> None:
    idle_s = 1.5

    async def told() -> None:
        async with visited(tmp_path, idle_s=idle_s) as visitor:
            await visitor.enter()
            tab = await visitor.connect()
            begun = last = time.monotonic()
            while last < begun + 1.5 * idle_s:  # whether the app has drawn yet does not matter
                await tab.send_json(["stdin", "k"])
                last = time.monotonic()
                await asyncio.sleep(0.02)
            pinging = asyncio.create_task(ping(tab))
            assert await closed(tab) == 1001, "to be there is not to do something"
            assert time.monotonic() - last > 0.9 * idle_s
            pinging.cancel()
            await nobody(visitor)

    async def ping(tab: ClientWebSocketResponse) -> None:
        for stamp in itertools.count():
            await tab.send_json(["ping", str(stamp)])
            await tab.ping()
            await asyncio.sleep(0.1)

    visit(told())


def test_an_app_that_will_not_quit_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web_session, "QUIT_S", 0.2)
    monkeypatch.setattr(web_session, "TERMINATE_S", 0.2)

    async def told() -> None:
        async with visited(tmp_path, "stubborn") as visitor:
            await visitor.enter()
            tab = await visitor.connect()
            await seen(tab, "size")
            await tab.close()
            await nobody(visitor)
            assert visitor.words == ["an app ended with exit code -9: it said nothing"]
            assert visitor.notes("ended-") == []

    visit(told())


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ("crash", "the app did not draw: <U+001B>[31mcannot reach the ledger"),
        ("flood", f"the app sent a packet of {2**32 - 1} bytes; at most {web_session.MOST_PACKET_BYTES} are taken"),
    ],
)
def test_what_is_no_app_is_told_of_and_its_tab_closed(tmp_path: Path, how: str, said: str) -> None:
    async def told() -> None:
        async with visited(tmp_path, how) as visitor:
            await visitor.enter()
            assert await closed(await visitor.connect()) == 1000
            await nobody(visitor)
            assert visitor.words[0] == said

    visit(told())


def test_an_app_that_says_nothing_ends_with_its_tab(tmp_path: Path) -> None:
    async def told() -> None:
        async with visited(tmp_path, "silent") as visitor:
            await visitor.enter()
            tab = await visitor.connect()
            await until(visitor.processes)
            await tab.close()
            await nobody(visitor)

    visit(told())


def test_a_program_that_is_not_there_is_told_of(tmp_path: Path) -> None:
    async def told() -> None:
        words: list[str] = []
        async with serving([str(tmp_path / "nothing")], told=words.append) as server:
            visitor = Visitor(server, tmp_path, words)
            async with visitor.client:
                await visitor.enter()
                assert await closed(await visitor.connect()) == 1011
        assert words == [f"cannot start {tmp_path}/nothing: No such file or directory"]

    visit(told())


def test_the_command_is_read_by_no_shell(tmp_path: Path) -> None:
    async def told() -> None:
        async with visited(tmp_path, "; touch owned; $(touch owned) `touch owned`") as visitor:
            await visitor.enter()
            await seen(await visitor.connect("?width=80&height=24;touch%20owned"), "size 80 x 24")
            assert visitor.notes("owned") == []
            assert not (ROOT / "owned").exists()

    visit(told())


def test_a_command_of_ours_takes_the_settings_of_its_server_as_flags(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "tui").mkdir()
    (tmp_path / "tui" / "cli.py").write_text("raise SystemExit('the current directory was believed')")
    monkeypatch.chdir(tmp_path)
    command = command_of("init", Settings(Path("data"), "told", "ana", None))
    environment = environment_of({"PORTFOLIO_DATA": "/nowhere", "PATH": os.environ["PATH"]}, 80, 24)
    ran = subprocess.run([*command, "told", "--currency=USD"], env=environment, capture_output=True, text=True)
    assert (ran.returncode, ran.stderr) == (0, ""), ran
    assert (tmp_path / "data").is_dir()
    logged = done(tmp_path / "data", "log", "--portfolio", "told", "--json").json
    assert logged["actor"] == "ana"
    given = command_of("replay", Settings(tmp_path, None, "ana", "nats://127.0.0.1:4222"))[4:]
    assert given == ["replay", f"--data={tmp_path}", "--actor=ana", "--nats=nats://127.0.0.1:4222"]


# The server's end.


def test_apps_end_with_the_server(tmp_path: Path) -> None:
    async def told() -> None:
        async with AsyncExitStack() as outer:
            async with serving([sys.executable, str(TINY), str(tmp_path)]) as server:
                visitor = Visitor(server, tmp_path, [])
                await outer.enter_async_context(visitor.client)
                await visitor.enter()
                tabs = [await visitor.connect() for _ in range(3)]
                for tab in tabs:
                    await seen(tab, "size")
                ending = asyncio.gather(*map(closed, tabs))
            assert await ending == [1001] * 3
            await nobody(visitor)

    visit(told())


SERVE = """
import asyncio, sys
from tui.web import serve
asyncio.run(serve(sys.argv[1:]))
"""


@pytest.mark.parametrize("stopped_by", [signal.SIGINT, signal.SIGKILL])
def test_apps_end_with_a_server_that_is_stopped_or_killed(tmp_path: Path, stopped_by: signal.Signals) -> None:
    """A crash of the server is a crash here: nobody is left who could end the app."""

    async def told() -> None:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", SERVE, sys.executable, str(TINY), str(tmp_path)),
            cwd=ROOT,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        visitor = Visitor(Serving(await address_of(process), None), tmp_path, [])  # type: ignore[arg-type]
        async with visitor.client:
            await visitor.enter()
            tab = await visitor.connect()
            await seen(tab, "size")
            process.send_signal(stopped_by)
            await closed(tab)
        await process.communicate()
        await until(lambda: visitor.notes("ended-"))

    visit(told())


def test_serve_ends_when_it_is_cancelled(capsys: pytest.CaptureFixture[str]) -> None:
    async def told() -> None:
        serving = asyncio.create_task(serve(["nothing"]))
        out = ""
        while "Open http://127.0.0.1:" not in out:
            await asyncio.sleep(0)
            out += capsys.readouterr().out
        serving.cancel()
        with pytest.raises(asyncio.CancelledError):
            await serving

    visit(told())
