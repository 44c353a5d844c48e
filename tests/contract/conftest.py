"""What the contract suite runs on: a store by every name, opened by as many writers as a test wants."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest

from ledger.connection import connect
from ledger.jetstream import JetStreamStore
from ledger.server import Endpoint, private_server
from ledger.store import EventStore, MemoryStore
from ledger.streams import create_stream

OpenStores = Callable[[int], AbstractAsyncContextManager[list[EventStore]]]

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoint]:
    """A nats-server of this test session."""
    with asyncio.Runner() as runner:
        server = private_server(tmp_path_factory.mktemp("nats"))
        yield runner.run(server.__aenter__())
        runner.run(server.__aexit__(None, None, None))


@pytest.fixture(params=["memory", "jetstream"])
def open_stores(request: pytest.FixtureRequest) -> OpenStores:
    """Open one empty stream as several writers see it, each over a connection of its own where there is one."""
    if request.param == "memory":
        return _memory
    endpoint: Endpoint = request.getfixturevalue("endpoint")
    return lambda writers: _jetstream(endpoint, writers)


@asynccontextmanager
async def _memory(writers: int) -> AsyncIterator[list[EventStore]]:
    yield [MemoryStore()] * writers


@asynccontextmanager
async def _jetstream(endpoint: Endpoint, writers: int) -> AsyncIterator[list[EventStore]]:
    name = f"contract-{next(_numbers)}"
    stream, subjects = f"PORTFOLIO_{name}", f"portfolio.{name}.event.>"
    async with AsyncExitStack() as opened:
        stores: list[EventStore] = []
        for _ in range(writers):
            connection = await connect(endpoint.url, endpoint.token)
            opened.push_async_callback(connection.close)
            await create_stream(connection, stream, subjects)
            stores.append(JetStreamStore(connection, stream, subjects))
        yield stores


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data directory of one test."""
    return tmp_path / "data"
