"""What the service promises whoever asks: an answer to everything, the right one, and commands decided together."""

from __future__ import annotations

import asyncio
import base64
import itertools
import json
import re
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from nats.errors import NoRespondersError

from ledger.access import Access
from ledger.connection import Connection
from ledger.jetstream import JetStreamStore
from ledger.server import Endpoint
from ledger.service.commands import CommandService
from ledger.service.intake import MOST_WAITING
from ledger.signing import signed as sign
from ledger.store import Draft, Stored
from schemas import sent, subjects
from schemas.commands import MAX_COMMAND_BYTES
from schemas.receipts import Accepted, Reason, Refused, decode_receipt
from tests.keys import key, vkey
from tests.serving import asked, connected, line, opened_portfolio, replica, until
from tests.words import enrol, fund

_numbers = itertools.count(1)


class Served(NamedTuple):
    """A portfolio that is served, and a client that asks."""

    portfolio: str
    client: Connection
    access: Access
    services: list[CommandService]

    def fund(self, commandid: str, minor: int = 100, *, envelope: str = "claims", actor: str = "ana") -> bytes:
        return line(self.portfolio, commandid, fund(envelope, minor), actor=actor)

    async def sent_to(self, subject: str, payload: bytes) -> Any:
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


# What cannot be taken is told so.


def test_a_command_under_anothers_name_or_type_is_refused_and_kept_under_the_senders(endpoint: Endpoint) -> None:
    async def test(served: Served) -> None:
        receipt = await served.sent_to("command.bob.FundEnvelope", served.fund("c-1"))
        assert (receipt.reason, receipt.detail["allowed"]) == (Reason.WRONG_ADDRESS, "ana.FundEnvelope")
        receipt = await served.sent_to("command.ana.ApproveFunding", served.fund("c-1"))
        assert receipt.reason is Reason.WRONG_ADDRESS
        kept = [each async for each in (await served.access.refusals(served.portfolio)).read()]
        assert [(each.actor, each.reason) for each in kept] == [("bob", "WRONG_ADDRESS"), ("ana", "WRONG_ADDRESS")]
        assert len(await served.stored()) == 1

    serving(endpoint, test)


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"", Reason.NOT_JSON),
        (b"\xff\xfe", Reason.NOT_JSON),
        (b"{" * 10_000, Reason.NOT_JSON),
        (b'{"type":"FundEnvelope.v1"}\n{"type":"FundEnvelope.v1"}', Reason.NOT_JSON),
        (b'{"type":"Nothing.v1"}', Reason.UNKNOWN_TYPE),
        (b'{"type":"FundEnvelope.v1","type":"FundEnvelope.v1"}', Reason.DUPLICATE_KEY),
        (b'{"type":"FundEnvelope.v1","actor":5}', Reason.MALFORMED),
        (b" " * (MAX_COMMAND_BYTES + 1), Reason.TOO_LARGE),
        (b"x" * 1_000_000, Reason.TOO_LARGE),
    ],
    ids=["empty", "not UTF-8", "deep", "two lines", "type", "twice", "malformed", "large", "as large as NATS takes"],
)
def test_what_is_no_command_is_answered_why_and_kept(endpoint: Endpoint, payload: bytes, reason: Reason) -> None:
    async def test(served: Served) -> None:
        receipt = await served.sent_to("command.ana.FundEnvelope", payload)
        assert receipt.reason is reason
        (kept,) = [each async for each in (await served.access.refusals(served.portfolio)).read()]
        assert (kept.actor, kept.reason) == ("ana", reason.name)

    serving(endpoint, test)


def test_a_message_whose_headers_are_not_text_stops_nobody(endpoint: Endpoint) -> None:
    async def test(served: Served) -> None:
        subject = f"portfolio.{served.portfolio}.command.ana.FundEnvelope"
        reader, writer = await asyncio.open_connection("127.0.0.1", int(endpoint.url.rpartition(":")[2]))
        options = json.dumps({"verbose": False, "headers": True, "auth_token": endpoint.token})
        headers = b"NATS/1.0 \xff\xfe\r\n\r\n"
        writer.write(f"CONNECT {options}\r\n".encode())
        writer.write(f"HPUB {subject} {len(headers)} {len(headers)}\r\n".encode() + headers + b"\r\nPING\r\n")
        await writer.drain()
        while not (await reader.readline()).startswith(b"PONG"):
            pass
        writer.close()
        assert isinstance(await asked(served.client, served.fund("c-1")), Accepted)

    serving(endpoint, test)


def test_nobody_has_the_service_publish_where_it_may_and_they_may_not(endpoint: Endpoint) -> None:
    async def test(served: Served) -> None:
        portfolio = served.portfolio
        for place, reply in enumerate(
            (f"portfolio.{portfolio}.event.a.b.C", f"$JS.API.STREAM.DELETE.PORTFOLIO_{portfolio}")
        ):
            subject = subjects.command(portfolio, "ana", "FundEnvelope")
            await served.client.publish(subject, served.fund(f"c-{place}"), reply=reply)
        assert isinstance(await asked(served.client, served.fund("c-last")), Accepted)
        assert [json.loads(each.payload)["commandid"] for each in await served.stored()][1:] == ["c-0", "c-1", "c-last"]

    serving(endpoint, test)


def test_a_signed_note_is_decided_as_the_line_it_is_over(endpoint: Endpoint) -> None:
    async def test(served: Served) -> None:
        told = line(served.portfolio, "k-1", enrol("ana", vkey=vkey("ana")), actor="registrar")
        assert isinstance(await served.sent_to("command.registrar.EnrolActor", told), Accepted)
        one, two = (sign(served.fund(name), key("ana")) for name in ("c-1", "c-2"))
        assert isinstance(await served.sent_to("command.ana.FundEnvelope", sent.joined(*one)), Accepted)
        assert isinstance(await served.sent_to("command.ana.FundEnvelope", sent.one_line(*two)), Accepted)
        (_, _, first, second) = await served.stored()
        for entry, (command, signatures) in ((first, one), (second, two)):
            event = json.loads(entry.payload)
            assert (event["command"].encode(), event["signatures"].encode()) == (command, signatures)

    serving(endpoint, test)


def test_a_note_that_somebody_else_signed_is_refused_and_kept_with_its_signature(endpoint: Endpoint) -> None:
    async def test(served: Served) -> None:
        note = sign(served.fund("c-1"), key("eve"))
        receipt = await served.sent_to("command.ana.FundEnvelope", sent.joined(*note))
        assert isinstance(receipt, Refused)
        assert receipt.reason is Reason.KEY_UNKNOWN
        (kept,) = [each async for each in (await served.access.refusals(served.portfolio)).read()]
        assert (kept.reason, kept.signatures) == ("KEY_UNKNOWN", note.signatures.decode())

    serving(endpoint, test)


# More than it can take, and its end.


class _Stalled(JetStreamStore):
    """A stream whose appends wait until they are let go."""

    go: asyncio.Event

    async def append(self, entries: Sequence[Draft], *, expected_sequence: int) -> int:
        await self.go.wait()
        return await super().append(entries, expected_sequence=expected_sequence)


def stalling(
    endpoint: Endpoint, test: Callable[[Served, asyncio.Event], Awaitable[None]], *, most_waiting: int = MOST_WAITING
) -> None:
    """Run a test beside a replica whose appends wait for an event."""

    async def run() -> None:
        portfolio, go = f"stalled-{next(_numbers)}", asyncio.Event()

        def store(connection: Connection) -> JetStreamStore:
            made = _Stalled(connection, subjects.stream(portfolio), subjects.all_events(portfolio))
            made.go = go
            return made

        async with connected(endpoint) as client:
            await opened_portfolio(Access(client, Path()), portfolio)
            async with replica(endpoint, portfolio, most_waiting=most_waiting, store=store) as service:
                await until(lambda: service.state == "active")
                await test(Served(portfolio, client, Access(client, Path()), [service]), go)

    asyncio.run(run())


def test_what_is_more_than_can_wait_is_told_to_come_again(endpoint: Endpoint) -> None:
    async def test(served: Served, go: asyncio.Event) -> None:
        asking = [asyncio.create_task(asked(served.client, served.fund(f"c-{n}"))) for n in range(8)]
        busy = [await each for each in asyncio.as_completed(asking[3:])]
        assert {(each.reason, each.reason.again) for each in busy} == {(Reason.BUSY, True)}
        go.set()
        assert [type(each) for each in await asyncio.gather(*asking)] == [Accepted] * 3 + [Refused] * 5
        assert isinstance(await asked(served.client, served.fund("c-7")), Accepted)
        stored = [json.loads(each.payload)["commandid"] for each in await served.stored()]
        assert stored[1:] == ["c-0", "c-1", "c-2", "c-7"]

    stalling(endpoint, test, most_waiting=3)


def test_what_was_taken_is_answered_before_the_end_and_no_more_is_taken(endpoint: Endpoint) -> None:
    async def test(served: Served, go: asyncio.Event) -> None:
        (service,) = served.services
        asking = [asyncio.create_task(asked(served.client, served.fund(f"c-{n}"))) for n in range(20)]
        await until(lambda: service.words()["waiting"] == 20)
        service.end()
        assert not service.words()["ready"]
        go.set()
        assert {type(each) for each in await asyncio.gather(*asking)} == {Accepted}
        await until(lambda: service.words()["active"] is None)
        with pytest.raises(NoRespondersError):
            await asked(served.client, served.fund("c-late"))

    stalling(endpoint, test)


def test_commands_that_wait_go_in_one_append(endpoint: Endpoint) -> None:
    async def test(served: Served, go: asyncio.Event) -> None:
        (service,) = served.services
        asking = [asyncio.create_task(asked(served.client, served.fund(f"c-{n}"))) for n in range(64)]
        await until(lambda: service.words()["waiting"] == 64)
        go.set()
        await asyncio.gather(*asking)
        body = json.dumps({"seq": 65}).encode()
        answer = await served.client.request(f"$JS.API.STREAM.MSG.GET.{subjects.stream(served.portfolio)}", body)
        headers = base64.b64decode(json.loads(answer.data)["message"]["hdrs"]).decode()
        (place,) = re.findall(r"Nats-Batch-Sequence: ([0-9]+)", headers)
        assert int(place) >= 32

    stalling(endpoint, test)


# Several replicas.


def test_of_three_replicas_one_is_active_and_another_follows_its_end(endpoint: Endpoint) -> None:
    async def test(served: Served) -> None:
        assert isinstance(await asked(served.client, served.fund("c-1")), Accepted)
        (active,) = [each for each in served.services if each.state == "active"]
        others = [each for each in served.services if each is not active]
        await until(lambda: {each.words()["active"] for each in served.services} == {active.words()["replica"]})
        assert all(each.ready for each in served.services)
        active.end()
        await until(lambda: any(each.state == "active" for each in others))
        receipt = await asked(served.client, served.fund("c-1"))
        assert isinstance(receipt, Accepted)
        assert receipt.sequence == 2

    serving(endpoint, test, replicas=3)


def test_whoever_asks_hears_how_a_replica_is(endpoint: Endpoint) -> None:
    async def test(served: Served) -> None:
        reply = await served.client.request(subjects.health(served.portfolio, "service"), b"", timeout=20)
        told = json.loads(reply.data)
        assert told == {
            "role": "service",
            "portfolio": served.portfolio,
            "origin": f"{served.portfolio}-0badcafe",
            "replica": served.services[0].words()["replica"],
            "active": served.services[0].words()["replica"],
            "state": "active",
            "ready": True,
            "sequence": 1,
            "waiting": 0,
        }

    serving(endpoint, test)
