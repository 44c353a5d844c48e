"""What JetStreamStore says when the network or the server fails. A fault comes in pairs: lost, and landed unheard."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path

import pytest
from nats.aio.client import Client
from nats.aio.msg import Msg

from ledger import jetstream
from ledger.connection import Forbidden, connect
from ledger.jetstream import JetStreamStore
from ledger.server import Endpoint, private_server
from ledger.store import (
    Draft,
    EntryRefused,
    HoleInStream,
    OutcomeUnknown,
    SequenceConflict,
    Stored,
    StreamUnavailable,
)
from ledger.streams import StreamMisconfigured, create_stream, list_streams, stream_exists

STREAM, SUBJECTS, SUBJECT = "PORTFOLIO_p", "portfolio.p.event.>", "portfolio.p.event.funding.AI-1.FundingApproved"
DEADLINE_S = 20.0


def entries(*payloads: bytes) -> list[Draft]:
    return [Draft(SUBJECT, payload) for payload in payloads]


async def until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + DEADLINE_S
    while not holds():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.01)


async def collected(source: AsyncIterator[Stored]) -> list[Stored]:
    return [entry async for entry in source]


async def noted(source: AsyncIterator[Stored], met: list[int], *, at_100: Callable[[], None] | None = None) -> None:
    async for entry in source:
        met.append(entry.sequence)
        if at_100 and len(met) == 100:
            at_100()


@asynccontextmanager
async def opened(url: str, token: str, *, timeout_s: float = 5.0) -> AsyncIterator[JetStreamStore]:
    connection = await connect(url, token)
    try:
        yield JetStreamStore(connection, STREAM, SUBJECTS, timeout_s=timeout_s)
    finally:
        await connection.close()


@asynccontextmanager
async def stored(data: Path, *, timeout_s: float = 5.0) -> AsyncIterator[JetStreamStore]:
    """An empty stream on a server of its own."""
    async with private_server(data) as endpoint, opened(endpoint.url, endpoint.token, timeout_s=timeout_s) as store:
        await create_stream(store.connection, STREAM, SUBJECTS)
        yield store


async def filled(store: JetStreamStore, count: int, *, size: int = 100) -> None:
    for first in range(0, count, 500):
        payloads = [b"%0*d" % (size, place) for place in range(first + 1, min(first + 500, count) + 1)]
        await store.append(entries(*payloads), expected_sequence=first)


def kill(data: Path) -> None:
    os.kill(int((data / ".server" / "pid").read_text()), signal.SIGKILL)


class Proxy:
    """A wire between client and server that can lose what goes one way."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.to = int(endpoint.url.rsplit(":", 1)[1])
        self.loses_requests = self.loses_answers = False
        self.lost_bytes = 0
        self.pumps: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[str]:
        server = await asyncio.start_server(self._accepted, "127.0.0.1", 0)
        try:
            yield f"nats://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        finally:
            server.close()
            self.cut()
            await asyncio.gather(*self.pumps, return_exceptions=True)

    def cut(self) -> None:
        for pump in self.pumps:
            pump.cancel()

    async def _accepted(self, client: asyncio.StreamReader, client_out: asyncio.StreamWriter) -> None:
        server, server_out = await asyncio.open_connection("127.0.0.1", self.to)
        for source, sink, loses in (
            (client, server_out, lambda: self.loses_requests),
            (server, client_out, lambda: self.loses_answers),
        ):
            pump = asyncio.create_task(self._pumped(source, sink, loses))
            self.pumps.add(pump)

    async def _pumped(
        self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, loses: Callable[[], bool]
    ) -> None:
        try:
            while piece := await source.read(65_536):
                if loses():
                    self.lost_bytes += len(piece)
                else:
                    sink.write(piece)
                    await sink.drain()
        except ConnectionError:
            return
        finally:
            sink.close()


def through_a_proxy(data: Path, test: Callable[[Proxy, JetStreamStore, JetStreamStore], Awaitable[None]]) -> None:
    """Run a test with a store behind a proxy, and a witness that has a connection of its own."""

    async def run() -> None:
        async with AsyncExitStack() as stack:
            endpoint = await stack.enter_async_context(private_server(data))
            witness = await stack.enter_async_context(opened(endpoint.url, endpoint.token))
            await create_stream(witness.connection, STREAM, SUBJECTS)
            proxy = Proxy(endpoint)
            url = await stack.enter_async_context(proxy.running())
            store = await stack.enter_async_context(opened(url, endpoint.token, timeout_s=0.5))
            await store.append(entries(b"before"), expected_sequence=0)
            await test(proxy, store, witness)

    asyncio.run(run())


@pytest.mark.parametrize("count", [1, 5])
def test_an_append_that_lands_unheard_has_an_unknown_outcome_and_is_there(tmp_path: Path, count: int) -> None:
    async def test(proxy: Proxy, store: JetStreamStore, witness: JetStreamStore) -> None:
        proxy.loses_answers = True
        with pytest.raises(OutcomeUnknown, match=r"after sequence 1 within 0\.5 s; read on from there"):
            await store.append(entries(*[b"landed"] * count), expected_sequence=1)
        assert proxy.lost_bytes
        assert [entry.payload for entry in await collected(witness.read(after=1))] == [b"landed"] * count
        proxy.loses_answers = False
        with pytest.raises(SequenceConflict) as refused:
            await store.append(entries(*[b"landed"] * count), expected_sequence=1)
        assert refused.value.found == 1 + count

    through_a_proxy(tmp_path, test)


@pytest.mark.parametrize("count", [1, 5])
def test_an_append_that_is_lost_has_an_unknown_outcome_and_is_not_there(tmp_path: Path, count: int) -> None:
    async def test(proxy: Proxy, store: JetStreamStore, witness: JetStreamStore) -> None:
        proxy.loses_requests = True
        with pytest.raises(OutcomeUnknown):
            await store.append(entries(*[b"lost"] * count), expected_sequence=1)
        assert proxy.lost_bytes
        assert await witness.last_sequence() == 1
        proxy.loses_requests = False
        assert await store.append(entries(*[b"again"] * count), expected_sequence=1) == 1 + count
        assert [entry.payload for entry in await collected(witness.read(after=1))] == [b"again"] * count

    through_a_proxy(tmp_path, test)


def test_nothing_is_sent_without_a_connection(tmp_path: Path) -> None:
    async def run() -> None:
        async with stored(tmp_path) as store:
            kill(tmp_path)
            await until(lambda: not store.connection.is_connected)
            with pytest.raises(StreamUnavailable, match="nothing was sent"):
                await store.append(entries(b"x"), expected_sequence=0)
            async with private_server(tmp_path):
                await until(lambda: store.connection.is_connected)
                assert await store.last_sequence() == 0

    asyncio.run(run())


def test_a_wire_that_is_cut_under_an_append_leaves_it_whole_or_absent(tmp_path: Path) -> None:
    async def test(proxy: Proxy, store: JetStreamStore, witness: JetStreamStore) -> None:
        for _ in range(5):
            last = await witness.last_sequence()
            appending = asyncio.create_task(store.append(entries(*[b"x" * 20_000] * 50), expected_sequence=last))
            await asyncio.sleep(0)
            proxy.cut()
            with suppress(OutcomeUnknown, StreamUnavailable):
                await appending
            await until(lambda: store.connection.is_connected)
            assert await witness.last_sequence() in (last, last + 50)

    through_a_proxy(tmp_path, test)


@pytest.mark.parametrize("count", [1, 20])
def test_nothing_acknowledged_is_lost_when_the_server_is_killed(tmp_path: Path, count: int) -> None:
    acknowledged = 0

    def numbered(last: int) -> list[Draft]:
        return entries(*[b"%d" % place for place in range(last + 1, last + count + 1)])

    def is_past(goal: int) -> Callable[[], bool]:
        return lambda: acknowledged >= goal

    async def write(store: JetStreamStore) -> None:
        nonlocal acknowledged
        while True:
            acknowledged = await store.append(numbered(acknowledged), expected_sequence=acknowledged)

    async def run() -> None:
        nonlocal acknowledged
        async with stored(tmp_path, timeout_s=0.5) as store:
            for turn in range(1, 4):
                writing = asyncio.create_task(write(store))
                await until(is_past(acknowledged + 30 * count))
                kill(tmp_path)
                with pytest.raises((OutcomeUnknown, StreamUnavailable)):
                    await writing
                # The outer user started the server. Each inner one finds it dead and starts it; both use it.
                async with private_server(tmp_path):
                    await until(lambda: store.connection.is_connected)
                    last = await store.last_sequence()
                    # At most the append whose answer was not heard is there as well, and it is whole.
                    assert last in (acknowledged, acknowledged + count), turn
                    payloads = [entry.payload for entry in await collected(store.read())]
                    assert payloads == [b"%d" % place for place in range(1, last + 1)]
                    acknowledged = await store.append(numbered(last), expected_sequence=last)

    asyncio.run(run())


@pytest.mark.parametrize("count", [40, 600])
@pytest.mark.parametrize("place", ["first", "between", "last"])
def test_a_hole_stops_every_reader(tmp_path: Path, count: int, place: str) -> None:
    removed = {"first": 1, "between": count // 2, "last": count}[place]

    async def run() -> None:
        async with private_server(tmp_path) as endpoint, opened(endpoint.url, endpoint.token) as store:
            lax = {
                "name": STREAM,
                "subjects": [SUBJECTS],
                "storage": "file",
                "allow_atomic": True,
                "allow_direct": True,
            }
            await asked(store.connection, f"STREAM.CREATE.{STREAM}", lax)
            await filled(store, count)
            await asked(store.connection, f"STREAM.MSG.DELETE.{STREAM}", {"seq": removed})
            met: list[int] = []
            with pytest.raises(HoleInStream) as hole:
                await noted(store.read(), met)
            assert (hole.value.expected, hole.value.found) == (removed, removed + 1)
            assert met == list(range(1, removed))
            if place != "last":
                with pytest.raises(HoleInStream):
                    await collected(store.follow())
            assert await store.last_sequence() == count

    asyncio.run(run())


def test_a_follower_whose_past_is_gone_says_so(tmp_path: Path) -> None:
    async def run() -> None:
        async with stored(tmp_path) as store:
            await filled(store, 3)
            with pytest.raises(HoleInStream, match="expected sequence 6, found 4"):
                await collected(store.follow(after=5))

    asyncio.run(run())


def test_a_reader_whose_server_is_killed_ends_in_bounded_time(tmp_path: Path) -> None:
    async def run() -> None:
        async with stored(tmp_path, timeout_s=2.0) as store:
            # More than the socket and the server's window hold, so that the reader cannot have it all already.
            await filled(store, 3_000, size=30_000)
            met: list[int] = []
            started = time.monotonic()
            with pytest.raises(StreamUnavailable):
                await noted(store.read(), met, at_100=lambda: kill(tmp_path))
            assert 100 <= len(met) < 3_000
            assert time.monotonic() - started < 10
            for after in (0, 2_990):
                with pytest.raises(StreamUnavailable):
                    await collected(store.read(after=after))

    asyncio.run(run())


def test_a_reader_whose_server_is_restarted_meets_every_sequence_once(tmp_path: Path) -> None:
    async def run() -> None:
        async with stored(tmp_path, timeout_s=15.0) as store, AsyncExitStack() as restarted:
            await filled(store, 3_000, size=30_000)
            met: list[int] = []
            async for entry in store.read():
                met.append(entry.sequence)
                if len(met) == 100:
                    kill(tmp_path)
                    await restarted.enter_async_context(private_server(tmp_path))
            assert met == list(range(1, 3_001))

    asyncio.run(run())


def test_a_follower_survives_a_restart_and_meets_every_sequence_once(tmp_path: Path) -> None:
    async def run() -> None:
        async with stored(tmp_path) as store, AsyncExitStack() as restarted:
            await filled(store, 300)
            met: list[int] = []

            async def follow() -> None:
                async for entry in store.follow(after=10):
                    met.append(entry.sequence)

            following = asyncio.create_task(follow())
            await until(lambda: met[-1:] == [300])
            await store.append(entries(b"new"), expected_sequence=300)
            await until(lambda: met[-1:] == [301])
            kill(tmp_path)
            await until(lambda: not store.connection.is_connected)
            await restarted.enter_async_context(private_server(tmp_path))
            await until(lambda: store.connection.is_connected)
            await store.append(entries(*[b"after"] * 20), expected_sequence=301)
            await until(lambda: met[-1:] == [321])
            assert met == list(range(11, 322))
            assert not following.done()
            await store.connection.close()
            with pytest.raises(StreamUnavailable):
                await following

    asyncio.run(run())


def test_a_follower_whose_wire_loses_entries_meets_them_all_the_same(tmp_path: Path) -> None:
    async def test(proxy: Proxy, store: JetStreamStore, witness: JetStreamStore) -> None:
        met: list[int] = []

        async def follow() -> None:
            async for entry in store.follow():
                met.append(entry.sequence)

        following = asyncio.create_task(follow())
        await until(lambda: met == [1])
        proxy.loses_answers = True
        await witness.append(entries(*[b"unheard"] * 3), expected_sequence=1)
        await until(lambda: proxy.lost_bytes > 0)
        proxy.loses_answers = False
        await until(lambda: met == [1, 2, 3, 4])
        following.cancel()

    through_a_proxy(tmp_path, test)


def test_a_slow_reader_is_not_given_more_than_the_window(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    count, size = 3_000, 50_000
    most = 0
    receive = jetstream._Consumer.receive

    async def measured(consumer: jetstream._Consumer, message: Msg) -> None:
        nonlocal most
        await receive(consumer, message)
        most = max(most, len(consumer._arrived))

    monkeypatch.setattr(jetstream._Consumer, "receive", measured)

    async def run() -> None:
        async with stored(tmp_path, timeout_s=10) as store:
            await filled(store, count, size=size)
            met = 0
            async for _ in store.read():
                met += 1
                if met in (1, 100, 1_000):
                    # Longer than a silent server is waited for: the reader is slow, not the server.
                    await asyncio.sleep(1.1 * jetstream.SILENCE_S)
            assert met == count
            assert 0 < most * size < 40_000_000

    asyncio.run(run())


@pytest.mark.parametrize(
    "headers",
    [
        b"NATS/1.0\r\nStatus: 100\r\nDescription: Idle Heartbeat\r\n\r\n",
        b"NATS/1.0\r\nStatus: 503\r\n\r\n",
        b"NATS/1.0\r\nNats-Sequence: 99\r\nNats-Subject: elsewhere\r\n\r\n",
        b"NATS/1.0 404 No Messages\r\n\r\n",
        b"NATS/1.0 \xff\xff\xff \xff\r\n\r\n",
        b"NATS/1.0 100 \xff\r\n\r\n",
        b"NATS/1.0\r\nno end",
        b"NATS/1.0",
        b"\xff",
    ],
)
@pytest.mark.parametrize("after", [0, 300])
def test_no_foreign_entry_stops_a_reader(tmp_path: Path, headers: bytes, after: int) -> None:
    payloads = [b"", b"\xff{", b"\r\n"]

    async def run() -> None:
        async with stored(tmp_path) as store, asyncio.timeout(DEADLINE_S):
            await filled(store, 310)
            for payload in payloads:
                for subject in (SUBJECT.encode(), b"portfolio.p.event.\xff"):
                    await hand_written(store.connection, subject, headers, payload)
            assert await store.append(entries(b"last"), expected_sequence=316) == 317
            met = await collected(store.read(after=after))
            assert [entry.payload for entry in met[-7:]] == [payload for payload in payloads for _ in (1, 2)] + [
                b"last"
            ]
            assert [entry.sequence for entry in met] == list(range(after + 1, 318))
            assert {entry.subject for entry in met[-7:-1:2]} == {SUBJECT}

    asyncio.run(run())


@pytest.mark.parametrize("count", [1, 3])
def test_an_answer_that_is_not_the_streams_proves_nothing(tmp_path: Path, count: int) -> None:
    async def run() -> None:
        async with private_server(tmp_path) as endpoint, opened(endpoint.url, endpoint.token) as store:
            # No stream yet: only a listener that answers whatever it hears.
            for said in (b"", b"ok", b"[]", b'{"seq":1}', b'{"stream":"PORTFOLIO_q","seq":1}'):

                async def answer(message: Msg, said: bytes = said) -> None:
                    if message.reply:
                        await message.respond(said)

                listener = await store.connection.subscribe(SUBJECTS, cb=answer)
                with pytest.raises(OutcomeUnknown, match="not the stream's"):
                    await store.append(entries(*[b"x"] * count), expected_sequence=0)
                await listener.unsubscribe()

    asyncio.run(run())


def test_what_the_stream_never_takes_is_refused(tmp_path: Path) -> None:
    async def run() -> None:
        async with stored(tmp_path) as store:
            for subject in ("portfolio.q.event.a", "portfolio.p.event", "portfolio.p.event.*", "portfolio.p.event.a b"):
                with pytest.raises(EntryRefused, match="correct the subject"):
                    await store.append([Draft(subject, b"x")], expected_sequence=0)
            other = JetStreamStore(store.connection, "PORTFOLIO_other", SUBJECTS)
            for count in (1, 3):
                with pytest.raises(EntryRefused, match="10060 expected stream does not match"):
                    await other.append(entries(*[b"x"] * count), expected_sequence=0)
            assert await store.last_sequence() == 0

    asyncio.run(run())


def test_a_stream_that_is_not_there_is_unavailable(tmp_path: Path) -> None:
    async def run() -> None:
        async with stored(tmp_path) as store:
            absent = JetStreamStore(store.connection, "PORTFOLIO_q", "portfolio.q.event.>")
            for count in (1, 3):
                with pytest.raises(StreamUnavailable, match=r"no stream takes portfolio\.q\.event\.a; create it"):
                    await absent.append([Draft("portfolio.q.event.a", b"x")] * count, expected_sequence=0)
            for reading in (absent.read(), absent.follow()):
                with pytest.raises(StreamUnavailable, match="stream not found"):
                    await collected(reading)
            assert await stream_exists(store.connection, STREAM)
            assert not await stream_exists(store.connection, "PORTFOLIO_q")
            assert await list_streams(store.connection, "PORTFOLIO_") == [STREAM]
            assert await list_streams(store.connection, "TILES_") == []

    asyncio.run(run())


def test_a_stream_that_promises_less_is_reported_and_left_alone(tmp_path: Path) -> None:
    async def run() -> None:
        async with stored(tmp_path) as store:
            await create_stream(store.connection, STREAM, SUBJECTS)
            lax = {
                "name": "LAX",
                "subjects": ["lax.>"],
                "storage": "file",
                "max_age": 10**12,
                "allow_rollup_hdrs": True,
            }
            await asked(store.connection, "STREAM.CREATE.LAX", lax)
            before = await asked(store.connection, "STREAM.INFO.LAX", {})
            with pytest.raises(StreamMisconfigured, match=r"deny_delete False, not True.*allow_rollup_hdrs True"):
                await create_stream(store.connection, "LAX", "lax.>")
            assert (await asked(store.connection, "STREAM.INFO.LAX", {}))["config"] == before["config"]

    asyncio.run(run())


def test_a_wrong_url_is_one_line_within_seconds(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    async def run(url: str, token: str | None = None) -> None:
        started = time.monotonic()
        with pytest.raises((StreamUnavailable, Forbidden)) as failed:
            await connect(url, token)
        assert time.monotonic() - started < 4
        assert str(failed.value).startswith((f"cannot reach {url}: ", f"{url} does not let "))
        assert "\n" not in str(failed.value)

    async def with_a_server() -> None:
        async with private_server(tmp_path) as endpoint:
            await run(endpoint.url, "not the token")

    for url in ("nats://127.0.0.1:1", "http://127.0.0.1:4222", "nats://[bad", ""):
        asyncio.run(run(url))
    asyncio.run(with_a_server())
    assert capfd.readouterr() == ("", "")


async def asked(connection: Client, subject: str, body: dict[str, object]) -> dict[str, object]:
    reply = await connection.request(f"$JS.API.{subject}", json.dumps(body).encode(), timeout=5)
    answer: dict[str, object] = json.loads(reply.data)
    assert "error" not in answer, answer
    return answer


async def hand_written(connection: Client, subject: bytes, headers: bytes, payload: bytes) -> None:
    """Publish what no client library would, headers and a subject of any bytes, and wait until it is stored."""
    answered = asyncio.Event()

    async def receive(_: Msg) -> None:
        answered.set()

    inbox = connection.new_inbox()
    subscription = await connection.subscribe(inbox, cb=receive)
    sizes = b"%d %d" % (len(headers), len(headers) + len(payload))
    await connection._send_command(b"HPUB %s %s %s\r\n%s%s\r\n" % (subject, inbox.encode(), sizes, headers, payload))
    await connection.flush()
    await answered.wait()
    await subscription.unsubscribe()
