"""The app that serves: what fails in one part ends it all, in order, and is told."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from collections.abc import Callable
from typing import Any

import pytest

from ledger.server import Endpoint
from ledger.service.app import serve
from ledger.service.broker import Request, RoleBroker
from ledger.store import HoleInStream
from schemas.receipts import Reason, decode_receipt
from tests.serving import connected


class Part:
    """A part that serves until it is told to end. log: what became of it. starts: what it does first."""

    def __init__(self, starts: Callable[[], None] = lambda: None) -> None:
        self.log: list[str] = []
        self._starts = starts
        self._ending = asyncio.Event()

    async def run(self) -> None:
        self.log.append("started")
        self._starts()
        await self._ending.wait()
        self.log.append("ended")

    def end(self) -> None:
        self._ending.set()

    def words(self) -> dict[str, Any]:
        return {"role": "part", "portfolio": "p", "ready": True}


def test_what_one_part_meets_ends_the_others_in_order_and_is_told(endpoint: Endpoint) -> None:
    async def run() -> list[str]:
        def meets_a_hole() -> None:
            raise HoleInStream("PORTFOLIO_p", 4, 6)

        well = Part()
        async with connected(endpoint) as connection:
            with pytest.raises(HoleInStream):
                await serve(RoleBroker(connection), [well, Part(meets_a_hole)])
            assert connection.is_connected, "the connection is not the broker's to close"
        return well.log

    assert asyncio.run(run()) == ["started", "ended"]


def test_sigterm_ends_it(endpoint: Endpoint) -> None:
    async def run() -> list[str]:
        part = Part(lambda: os.kill(os.getpid(), signal.SIGTERM))
        async with connected(endpoint) as connection:
            await serve(RoleBroker(connection), [part])
        return part.log

    assert asyncio.run(run()) == ["started", "ended"]


def test_a_handler_that_fails_answers_nevertheless(endpoint: Endpoint, caplog: pytest.LogCaptureFixture) -> None:
    async def fails(_: Request) -> bytes:
        raise ZeroDivisionError

    async def run() -> None:
        async with connected(endpoint) as connection, connected(endpoint) as client:
            broker = RoleBroker(connection)
            await broker.start()
            listening = broker.listening("failing", fails)
            await listening.start()
            receipt = decode_receipt((await client.request("failing", b"", timeout=20)).data)
            assert getattr(receipt, "reason", None) is Reason.FAILED
            await listening.stop()
            await broker.stop()

    with caplog.at_level(logging.ERROR, "ledger.service.broker"):
        asyncio.run(run())
    assert "a request on failing failed" in caplog.text
