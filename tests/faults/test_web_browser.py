"""An app in a real browser: what a person there sees and types, and what the page asks of the network."""

from __future__ import annotations

import asyncio
import json
import re
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.browser import browser_or_skip, page
from tests.program import ROOT
from tests.web import shown_by_the_program
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


BOARD = [("Enter", "the decision that set it"), ("Enter", "InitiativeProposed  initiative/440-TIDECAST_HT-2")]
"""A card of the first initiative, and why its first value is what it is."""
REPLAY = [("Home", "seq 1/154"), ("l", "seq 154/154")]


@pytest.mark.timeout(180)
@pytest.mark.parametrize(
    ("mode", "drawn", "keys"), [("board", "Initiatives by priority", BOARD), ("replay", "Decisions", REPLAY)]
)
def test_a_mode_of_the_program_is_read_by_keys_and_resized_in_a_browser(
    imported: Path, tmp_path: Path, mode: str, drawn: str, keys: list[tuple[str, str]]
) -> None:
    program = browser_or_skip()

    async def told() -> None:
        async with (
            shown_by_the_program(imported, mode) as address,
            page(program, tmp_path / "profile") as seen,
        ):
            await seen.open(address)
            at = await seen.shows(drawn)
            picture = await seen.picture()
            for key, answer in keys:
                await seen.press(key)
                at = await seen.shows(answer, after=at)
                picture = await seen.repaints(picture)
            await seen.resize(640, 400)
            at = await seen.shows("this screen needs 80x24", after=at)
            await seen.resize(1400, 900)
            await seen.shows("seq ", after=at)
            sent = [json.loads(each["response"]["payloadData"]) for each in seen.told("Network.webSocketFrameSent")]
            widths = [size["width"] for kind, *size in sent if kind == "resize" for size in size]
            assert min(widths) < 80 < widths[0] < widths[-1]
            assert set(re.findall(r"The terminal is (\d+)x", seen.drawn())) == {str(min(widths))}
            assert seen.told("Runtime.exceptionThrown") == []

    asyncio.run(told())


async def until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.01)
