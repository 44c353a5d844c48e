"""The service as tests run it: replicas in this process, on a server of the tests' own, and somebody who asks them."""

from __future__ import annotations

import asyncio
import datetime
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from ledger.access import Access
from ledger.connection import Connection, connect
from ledger.server import Endpoint
from ledger.service.broker import RoleBroker
from ledger.service.commands import CommandService
from ledger.service.intake import MOST_WAITING
from ledger.store import EventStore
from ledger.writer import Writer
from schemas import subjects
from schemas.receipts import Accepted, Receipt, decode_receipt
from tests.words import Ask
from tui.recording import opening_command

ANSWER_LIMIT_S = 20.0


def line(portfolio: str, commandid: str, ask: Ask, *, actor: str = "ana", **more: Any) -> bytes:
    """Return a command as its sender writes it."""
    said = {"type": f"{ask.type}.v1", "portfolio": f"{portfolio}-0badcafe", "commandid": commandid, "actor": actor}
    said |= {"subject": ask.about, "time": "2026-01-12", "data": ask.data} | more
    return json.dumps(said, separators=(",", ":")).encode()


async def opened_portfolio(access: Access, portfolio: str, *lines: bytes) -> None:
    """Make a portfolio in which these lines were accepted."""
    told = {"title": portfolio, "currency": "USD", "day": datetime.date(2026, 1, 1)}
    opening = opening_command(portfolio, f"{portfolio}-0badcafe", "registrar", **told)
    receipts = await Writer(portfolio, await access.create(portfolio)).submit_all([opening, *lines])
    assert all(isinstance(each, Accepted) for each in receipts), receipts


@asynccontextmanager
async def connected(endpoint: Endpoint) -> AsyncIterator[Connection]:
    connection = await connect(endpoint.url, endpoint.token)
    try:
        yield connection
    finally:
        await connection.close()


@asynccontextmanager
async def replica(
    endpoint: Endpoint,
    portfolio: str,
    *,
    most_waiting: int = MOST_WAITING,
    store: Callable[[Connection], EventStore] | None = None,
) -> AsyncIterator[CommandService]:
    """Run one replica of the service in this process, over a connection of its own. store: in place of the stream."""
    async with connected(endpoint) as connection:
        broker = RoleBroker(connection)
        await broker.start()
        access = Access(connection, Path())
        kept = await access.refusals(portfolio)
        writer = Writer(portfolio, store(connection) if store else access.store(portfolio), refusals=kept, patience_s=8)
        service = CommandService(broker, writer, most_waiting=most_waiting)
        running = asyncio.create_task(service.run())
        try:
            yield service
        finally:
            service.end()
            await running
            await broker.stop()


async def until(holds: Callable[[], bool], *, limit_s: float = ANSWER_LIMIT_S) -> None:
    async with asyncio.timeout(limit_s):
        while not holds():  # noqa: ASYNC110 (what is waited for has no event)
            await asyncio.sleep(0.01)


async def asked(
    connection: Connection, command: bytes, *, actor: str = "ana", limit_s: float = ANSWER_LIMIT_S
) -> Receipt:
    """Return the receipt of a command, sent once by a plain client to where its actor and type belong."""
    told = json.loads(command)
    subject = subjects.command(told["portfolio"].rpartition("-")[0], actor, told["type"])
    return decode_receipt((await connection.request(subject, command, timeout=limit_s)).data)
