"""The lease: one replica has it, another takes it where its holder is silent or gives it up."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack

import msgspec
import pytest

from ledger.server import Endpoint
from ledger.service import lease as leases
from ledger.service.lease import Lease
from schemas import subjects
from tests.serving import connected

_numbers = itertools.count(1)


def contending(
    endpoint: Endpoint, test: Callable[[Lease, Lease], Awaitable[None]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Run a test with two replicas that want the lease of one portfolio, and a lease that expires soon."""
    monkeypatch.setattr(leases, "EXPIRES_S", 0.3)
    monkeypatch.setattr(leases, "TURN_S", 0.05)

    async def run() -> None:
        portfolio = f"leased-{next(_numbers)}"
        async with AsyncExitStack() as stack:
            connections = [await stack.enter_async_context(connected(endpoint)) for _ in range(2)]
            one, two = (Lease(connection, portfolio) for connection in connections)
            await one.make()
            await two.make()
            await test(one, two)

    asyncio.run(run())


async def taken(lease: Lease) -> None:
    while not await lease.take():  # noqa: ASYNC110 (a turn is what is waited for)
        await asyncio.sleep(leases.TURN_S)


def test_of_two_who_want_it_one_has_it(endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    async def test(one: Lease, two: Lease) -> None:
        assert sorted(await asyncio.gather(one.take(), two.take())) == [False, True]

    contending(endpoint, test, monkeypatch)


def test_who_keeps_it_has_it_for_as_long_as_it_does(endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    async def test(one: Lease, two: Lease) -> None:
        await taken(one)
        keeping = asyncio.create_task(one.keep())
        for _ in range(20):
            assert not await two.take()
            assert two.holder == one.me
            await asyncio.sleep(leases.TURN_S)
        keeping.cancel()
        await taken(two)

    contending(endpoint, test, monkeypatch)


def test_who_was_silent_for_too_long_hears_that_another_has_it(
    endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def test(one: Lease, two: Lease) -> None:
        await taken(one)
        await taken(two)
        async with asyncio.timeout(10):
            await one.keep()
        assert not await one.take()
        assert one.holder == two.me

    contending(endpoint, test, monkeypatch)


def test_what_is_given_up_is_taken_at_once(endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    async def test(one: Lease, two: Lease) -> None:
        monkeypatch.setattr(leases, "EXPIRES_S", 600.0)
        await taken(one)
        assert not await two.take()
        await one.give_up()
        assert await two.take()

    contending(endpoint, test, monkeypatch)


def test_an_answer_that_was_lost_costs_nobody_the_lease(endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    async def test(one: Lease, two: Lease) -> None:
        await taken(one)
        turn = msgspec.json.encode({"holder": one.me, "turn": 99})
        # As a write of ours whose answer never came: it is there, and the revision we know is old.
        await two._connection.request(subjects.bucket_key(one._bucket, leases.KEY), turn, timeout=5)
        keeping = asyncio.create_task(one.keep())
        await asyncio.sleep(4 * leases.TURN_S)
        assert not keeping.done()
        assert not await two.take()
        keeping.cancel()

    contending(endpoint, test, monkeypatch)


def test_a_key_that_holds_something_else_is_no_ones_lease(endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    async def test(one: Lease, two: Lease) -> None:
        await two._connection.request(subjects.bucket_key(one._bucket, leases.KEY), b"nonsense", timeout=5)
        assert not await one.take()
        assert one.holder is None

    contending(endpoint, test, monkeypatch)
