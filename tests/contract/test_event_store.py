"""What every EventStore keeps. One suite, and each store passes it."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest

from ledger.connection import connect
from ledger.jetstream import JetStreamStore
from ledger.server import private_server
from ledger.store import MAX_BATCH, MAX_ENTRY_BYTES, Draft, EventStore, SequenceConflict, Stored
from ledger.streams import create_stream

OpenStores = Callable[[int], AbstractAsyncContextManager[list[EventStore]]]


def drafts(store: EventStore, *payloads: bytes) -> list[Draft]:
    return [Draft(subject_of(store), payload) for payload in payloads]


def subject_of(store: EventStore) -> str:
    subjects = store.subjects if isinstance(store, JetStreamStore) else "portfolio.any.event.>"
    return subjects.replace(">", "funding.AI-1.FundingApproved")


async def collected(entries: AsyncIterator[Stored]) -> list[Stored]:
    return [entry async for entry in entries]


def check(open_stores: OpenStores, test: Callable[..., Awaitable[None]], *, writers: int = 1) -> None:
    async def run() -> None:
        async with open_stores(writers) as stores:
            await test(*stores)

    asyncio.run(run())


def test_an_empty_stream_ends_at_zero_and_yields_nothing(open_stores: OpenStores) -> None:
    async def test(store: EventStore) -> None:
        assert await store.last_sequence() == 0
        assert await collected(store.read()) == []

    check(open_stores, test)


def test_an_append_returns_the_sequence_of_its_last_entry(open_stores: OpenStores) -> None:
    async def test(store: EventStore) -> None:
        assert await store.append(drafts(store, b"a"), expected_sequence=0) == 1
        assert await store.append(drafts(store, b"b", b"c", b"d"), expected_sequence=1) == 4
        assert await store.last_sequence() == 4
        assert await collected(store.read()) == [
            Stored(place, subject_of(store), payload) for place, payload in enumerate([b"a", b"b", b"c", b"d"], 1)
        ]

    check(open_stores, test)


@pytest.mark.parametrize("expected", [0, 1, 3, 100])
@pytest.mark.parametrize("count", [1, 2, 9])
def test_an_append_after_any_other_sequence_is_refused_with_the_one_found(
    open_stores: OpenStores, expected: int, count: int
) -> None:
    async def test(store: EventStore) -> None:
        await store.append(drafts(store, b"a", b"b"), expected_sequence=0)
        with pytest.raises(SequenceConflict) as refused:
            await store.append(drafts(store, *[b"late"] * count), expected_sequence=expected)
        assert (refused.value.expected, refused.value.found) == (expected, 2)
        assert [entry.payload for entry in await collected(store.read())] == [b"a", b"b"]
        assert await store.append(drafts(store, b"c"), expected_sequence=2) == 3

    check(open_stores, test)


def test_of_writers_that_race_exactly_one_is_accepted(open_stores: OpenStores) -> None:
    writers, rounds = 8, 50
    choice = random.Random(20261122)

    async def test(*stores: EventStore) -> None:
        last = 0
        accepted: list[tuple[int, bytes, int]] = []
        for turn in range(rounds):
            counts = [choice.choice([1, 1, 2, 5]) for _ in stores]
            names = [f"{turn}.{writer}".encode() for writer in range(writers)]
            answers = await asyncio.gather(
                *(
                    store.append(drafts(store, *[name] * count), expected_sequence=last)
                    for store, name, count in zip(stores, names, counts, strict=True)
                ),
                return_exceptions=True,
            )
            won = [place for place, answer in enumerate(answers) if isinstance(answer, int)]
            assert len(won) == 1, answers
            assert all(isinstance(answer, int | SequenceConflict) for answer in answers), answers
            last += counts[won[0]]
            assert answers[won[0]] == last
            accepted.append((last, names[won[0]], counts[won[0]]))
        stored = [entry.payload for entry in await collected(stores[0].read())]
        assert stored == [name for _, name, count in accepted for _ in range(count)]

    check(open_stores, test, writers=writers)


def test_a_reader_never_sees_half_a_batch(open_stores: OpenStores) -> None:
    async def test(writer: EventStore, reader: EventStore) -> None:
        async def write() -> None:
            for turn in range(20):
                await writer.append(drafts(writer, *[b"%d" % turn] * 7), expected_sequence=7 * turn)

        writing = asyncio.create_task(write())
        seen = 0
        while seen < 140:
            seen = len(await collected(reader.read()))
            assert seen % 7 == 0
            assert await reader.last_sequence() % 7 == 0
            await asyncio.sleep(0)
        await writing

    check(open_stores, test, writers=2)


def test_a_batch_holds_one_to_500_entries(open_stores: OpenStores) -> None:
    async def test(store: EventStore) -> None:
        assert await store.append(drafts(store, *[b"x"] * MAX_BATCH), expected_sequence=0) == MAX_BATCH
        for count in (0, MAX_BATCH + 1):
            with pytest.raises(ValueError, match=f"1 to {MAX_BATCH} entries"):
                await store.append(drafts(store, *[b"x"] * count), expected_sequence=MAX_BATCH)
        assert await store.last_sequence() == MAX_BATCH

    check(open_stores, test)


def test_an_entry_holds_64_000_bytes(open_stores: OpenStores) -> None:
    async def test(store: EventStore) -> None:
        full, over = bytes(MAX_ENTRY_BYTES), bytes(MAX_ENTRY_BYTES + 1)
        assert await store.append(drafts(store, full), expected_sequence=0) == 1
        assert await store.append(drafts(store, full, full, full), expected_sequence=1) == 4
        for entries in ((over,), (b"x", over)):
            with pytest.raises(ValueError, match=f"at most {MAX_ENTRY_BYTES} bytes"):
                await store.append(drafts(store, *entries), expected_sequence=4)
        assert [entry.payload for entry in await collected(store.read())] == [full] * 4

    check(open_stores, test)


def test_a_reader_meets_every_sequence_once_between_its_bounds(open_stores: OpenStores) -> None:
    async def test(store: EventStore) -> None:
        count = 2_000
        for first in range(0, count, MAX_BATCH):
            payloads = [b"%d" % place for place in range(first + 1, first + 1 + MAX_BATCH)]
            await store.append(drafts(store, *payloads), expected_sequence=first)
        bounds = [(0, None), (0, 0), (0, 1), (0, 256), (0, 257), (1, 257), (1, 258), (1_743, None), (1_744, None)]
        bounds += [(1_999, None), (2_000, None), (9_999, None), (500, 400), (1_990, 9_999), (0, 9_999), (700, 1_700)]
        for after, until in bounds:
            entries = await collected(store.read(after=after, until=until))
            last = count if until is None else min(until, count)
            assert [entry.sequence for entry in entries] == list(range(after + 1, last + 1)), (after, until)
            assert all(entry.payload == b"%d" % entry.sequence for entry in entries)

    check(open_stores, test)


def test_a_reader_that_is_left_early_leaves_the_store_usable(open_stores: OpenStores) -> None:
    async def test(store: EventStore) -> None:
        await store.append(drafts(store, *[b"x"] * 400), expected_sequence=0)
        for after in (0, 395):
            async for entry in store.read(after=after):
                if entry.sequence == after + 2:
                    break
        assert await store.append(drafts(store, b"y"), expected_sequence=400) == 401
        assert len(await collected(store.read())) == 401

    check(open_stores, test)


def test_entries_come_back_byte_for_byte(open_stores: OpenStores) -> None:
    payloads = [
        b"",
        b"\x00",
        b"\xff\xfe\xfd",
        b"\r\n",
        b"PUB portfolio.x 5\r\nhello\r\n",
        b"NATS/1.0 100 Idle Heartbeat\r\n\r\n",
        b"-ERR 'Authorization Violation'\r\n",
        b'{"specversion":"1.0"',
        '{"title":"Prüfung 審査 \U0001f9fe"}'.encode(),
        random.Random(7).randbytes(MAX_ENTRY_BYTES),
    ]

    async def test(store: EventStore) -> None:
        await store.append(drafts(store, *payloads), expected_sequence=0)
        for place, payload in enumerate(payloads, start=len(payloads)):
            await store.append(drafts(store, payload), expected_sequence=place)
        assert [entry.payload for entry in await collected(store.read())] == payloads * 2
        filled = await store.append(drafts(store, *[b"\xff"] * 300), expected_sequence=2 * len(payloads))
        assert [entry.payload for entry in await collected(store.read())] == payloads * 2 + [b"\xff"] * 300
        assert filled == await store.last_sequence()

    check(open_stores, test)


def test_a_stream_on_jetstream_survives_its_server(data: Path) -> None:
    stream, subjects = "PORTFOLIO_p", "portfolio.p.event.>"

    async def once(turn: int) -> None:
        async with private_server(data) as endpoint:
            connection = await connect(endpoint.url, endpoint.token)
            await create_stream(connection, stream, subjects)
            store = JetStreamStore(connection, stream, subjects)
            assert await store.last_sequence() == 3 * turn
            await store.append(drafts(store, b"a", b"b", b"c"), expected_sequence=3 * turn)
            assert [entry.payload for entry in await collected(store.read())] == [b"a", b"b", b"c"] * (turn + 1)
            await connection.close()

    for turn in range(3):
        asyncio.run(once(turn))
