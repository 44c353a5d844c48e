"""An app in a real browser: what a person there sees and types, and what the page asks of the network."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.browser import browser_or_skip, page
from tests.program import ROOT
from tui.web import serving


@pytest.mark.timeout(180)
def test_the_page_has_the_keys_draws_the_app_and_asks_nobody_else(tmp_path: Path) -> None:
    program = browser_or_skip()

    async def told() -> None:
        async with (
            serving([sys.executable, str(ROOT / "tests" / "tiny_app.py"), str(tmp_path)]) as server,
            page(program, tmp_path / "profile") as seen,
        ):
            await seen.open(server.url)
            await seen.becomes("document.body.classList.contains('-first-byte')")
            address = server.url.partition("?")[0]
            assert await seen.evaluate("location.href") == address, "the token is in no address that is kept"
            # Nobody has clicked: the terminal has the keys from the start.
            await seen.press("k")
            await until((tmp_path / "key-k").exists)
            asked = [each["request"]["url"] for each in seen.told("Network.requestWillBeSent")]
            assert all(url.startswith(address) for url in asked), asked
            assert [url for url in asked if url.endswith("mono.ttf")], "the letters are the page's own"
            assert await seen.evaluate("document.fonts.check('16px \"Roboto Mono\"')")
            refused = [
                each["entry"]["text"] for each in seen.told("Log.entryAdded") if each["entry"]["level"] == "error"
            ]
            assert all("inline style" in text for text in refused), refused
            assert seen.told("Runtime.exceptionThrown") == []
            # What a hostile title could try, and does not get: windows, frames, other hosts, the cookie.
            assert await seen.evaluate("window.open('https://example.org') === null")
            assert await seen.evaluate("document.cookie") == ""
            assert (
                await seen.evaluate("fetch('https://example.org').then(() => 'reached', () => 'blocked')") == "blocked"
            )
            assert await seen.evaluate("fetch(location.href).then(() => 'reached', () => 'blocked')") == "blocked"
            await seen.press("q")
            await seen.becomes("getComputedStyle(document.querySelector('.ended')).display !== 'none'")
            await server.until(lambda server: not server.sessions)

    asyncio.run(told())


async def until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.01)
