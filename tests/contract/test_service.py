"""What the service promises whoever asks: an answer to everything, the right one, and commands decided together."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import NamedTuple

from nats.aio.client import Client

from ledger.access import Access
from ledger.server import Endpoint
from ledger.service.commands import CommandService
from ledger.store import Stored
from schemas.receipts import Accepted, Refused, decode_receipt
from tests.serving import asked, connected, line, opened_portfolio, replica, until
from tests.words import fund

_numbers = itertools.count(1)


class Served(NamedTuple):
    """A portfolio that is served, and a client that asks."""

    portfolio: str
    client: Client
    access: Access
    services: list[CommandService]

    def fund(self, commandid: str, minor: int = 100, *, envelope: str = "claims", actor: str = "ana") -> bytes:
        return line(self.portfolio, commandid, fund(envelope, minor), actor=actor)

    async def sent_to(self, subject: str, payload: bytes) -> Accepted | Refused:
        reply = await self.client.request(f"portfolio.{self.portfolio}.{subject}", payload, timeout=20)
        return decode_receipt(reply.data)

    async def stored(self) -> list[Stored]:
        return [entry async for entry in self.access.store(self.portfolio).read()]


def serving(endpoint: Endpoint, test: Callable[[Served], Awaitable[None]], *, replicas: int = 1) -> None:
    """Run a test beside a service that takes commands."""

    async def run() -> None:
        portfolio = f"served-{next(_numbers)}"
        async with AsyncExitStack() as stack:
            client = await stack.enter_async_context(connected(endpoint))
            access = Access(client, Path())
            await opened_portfolio(access, portfolio)
            services = [await stack.enter_async_context(replica(endpoint, portfolio)) for _ in range(replicas)]
            await until(lambda: any(each.state == "active" for each in services))
            await test(Served(portfolio, client, access, services))

    asyncio.run(run())


def test_a_command_is_answered_with_its_receipt_and_stands_in_the_stream(endpoint: Endpoint) -> None:
    async def test(served: Served) -> None:
        receipt = await asked(served.client, served.fund("c-1"))
        assert isinstance(receipt, Accepted)
        (_, entry) = await served.stored()
        told = json.loads(entry.payload)
        assert (told["type"], told["id"], told["commandid"]) == ("EnvelopeFunded.v1", receipt.events[0].id, "c-1")
        assert told["command"].encode() == served.fund("c-1")

    serving(endpoint, test)


def test_a_repeat_is_answered_with_the_same_receipt(endpoint: Endpoint) -> None:
    async def test(served: Served) -> None:
        first = await asked(served.client, served.fund("c-1"))
        assert await asked(served.client, served.fund("c-1")) == first
        assert len(await served.stored()) == 2

    serving(endpoint, test)
