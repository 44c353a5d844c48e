"""A headless Chromium as tests drive it: through its DevTools protocol, with a profile of its own.

Where none is installed a test is skipped and says so. `apt-get install chromium` brings one.
"""

from __future__ import annotations

import asyncio
import base64
import itertools
import json
import os
import re
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
NAMED = {"Enter": 13, "Home": 36}
"""Keys of more than a letter, by the number of each."""
DEADLINE_S = 60.0


def browser_or_skip() -> str:
    """Return the program of a Chromium, or skip."""
    found = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        pytest.skip(
            f"NO BROWSER: none of {', '.join(NAMES)} is installed, so the page was not opened; see CONTRIBUTING.md"
        )
    return found


def words_of(drawn: bytes) -> str:
    """Return what a terminal was sent without what moves its cursor and gives it colours."""
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", drawn.decode(errors="replace"))


class Page:
    """A page of the browser. events: everything it told, in order."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket
        self.events: list[dict[str, Any]] = []
        self._ids = itertools.count(1)
        self._answers: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._changed = asyncio.Condition()
        self._reading = asyncio.create_task(self._read())

    async def do(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Send a command and return its answer."""
        number = next(self._ids)
        answer = self._answers[number] = asyncio.get_running_loop().create_future()
        await self.socket.send_json({"id": number, "method": method, "params": parameters})
        return await asyncio.wait_for(answer, DEADLINE_S)

    async def open(self, url: str) -> None:
        """Go to an address and wait until all of it is loaded."""
        for domain in ("Page", "Network", "Log", "Runtime"):
            await self.do(f"{domain}.enable")
        await self.do("Page.navigate", url=url)
        await self.until(lambda: self.told("Page.loadEventFired"))

    async def evaluate(self, script: str) -> Any:
        """Return what a script comes to in the page."""
        answer = await self.do("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        return answer["result"].get("value")

    async def becomes(self, script: str) -> None:
        """Wait until a condition holds in the page, which looks at it whenever it draws."""
        look = f"const look = () => ({script}) ? done(true) : requestAnimationFrame(look)"
        await self.evaluate(f"new Promise(done => {{ {look}; look() }})")

    async def press(self, key: str) -> None:
        """Press a key: a letter, or one of NAMED."""
        number = NAMED[key] if key in NAMED else ord(key.upper())
        code: dict[str, Any] = {"key": key, "code": key if key in NAMED else f"Key{key.upper()}"}
        code["windowsVirtualKeyCode"] = number
        text = {} if key in NAMED else {"text": key}
        await self.do("Input.dispatchKeyEvent", type="keyDown", **code, **text)
        await self.do("Input.dispatchKeyEvent", type="keyUp", **code)

    async def resize(self, width: int, height: int) -> None:
        """Give the page another size, in pixels."""
        await self.do(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False
        )

    async def picture(self) -> bytes:
        """Return what is seen, as PNG."""
        return base64.b64decode((await self.do("Page.captureScreenshot", format="png"))["data"])

    async def repaints(self, before: bytes) -> bytes:
        """Wait until a picture is not what was seen before, and return it."""
        async with asyncio.timeout(DEADLINE_S):
            while (seen := await self.picture()) == before:
                pass
        return seen

    def told(self, method: str, after: int = 0) -> list[dict[str, Any]]:
        """Return the events of one kind. after: so many events of any kind are passed over."""
        return [event["params"] for event in self.events[after:] if event["method"] == method]

    def drawn(self, after: int = 0) -> str:
        """Return the words that its terminal was sent."""
        frames = [each["response"] for each in self.told("Network.webSocketFrameReceived", after)]
        return words_of(b"".join(base64.b64decode(each["payloadData"]) for each in frames if each["opcode"] == 2))

    async def shows(self, words: str, after: int = 0) -> int:
        """Wait until its terminal is sent some words, and return how many events there are then."""
        try:
            await self.until(lambda: words in self.drawn(after))
        except TimeoutError:
            raise AssertionError(f"{words!r} was not drawn; there is:\n{self.drawn(after)}") from None
        return len(self.events)

    async def until(self, holds: Any) -> None:
        """Wait until something is so of the events."""
        async with asyncio.timeout(DEADLINE_S), self._changed:
            await self._changed.wait_for(holds)

    async def _read(self) -> None:
        async for message in self.socket:
            told = json.loads(message.data)
            if "id" in told:
                future = self._answers.pop(told["id"])
                if "error" in told:
                    future.set_exception(RuntimeError(told["error"]["message"]))
                else:
                    future.set_result(told["result"])
            else:
                async with self._changed:
                    self.events.append(told)
                    self._changed.notify_all()


@asynccontextmanager
async def page(program: str, profile: Path) -> AsyncIterator[Page]:
    """Yield an empty page of a browser that is started for it and ended after it."""
    process = await asyncio.create_subprocess_exec(
        program,
        "--headless=new",
        "--no-sandbox",  # a container has no namespaces to give away, and only our own page is opened
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--window-size=1280,800",
        "--remote-debugging-port=0",
        f"--user-data-dir={profile}",
        "about:blank",
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stderr is not None
    try:
        async with asyncio.timeout(DEADLINE_S):
            while b"DevTools listening on" not in (line := await process.stderr.readline()):
                assert line, "the browser ended at its start"
        port = line.decode().split("127.0.0.1:")[1].split("/")[0]
        draining = asyncio.create_task(process.stderr.read())
        async with aiohttp.ClientSession() as client:
            async with client.get(f"http://127.0.0.1:{port}/json/list") as answer:
                (target,) = (each for each in await answer.json() if each["type"] == "page")
            async with client.ws_connect(target["webSocketDebuggerUrl"], max_msg_size=0) as socket:
                yield Page(socket)
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()
    await draining
