"""The client: a command that is lost, or whose answer is, is sent again and recorded once."""

from __future__ import annotations

import asyncio
import datetime
import itertools
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from nats.errors import NoRespondersError
from nats.errors import TimeoutError as NatsTimeoutError

from ledger.access import Access
from ledger.client import LedgerClient, Unanswered
from ledger.connection import Connection
from ledger.server import Endpoint
from schemas.events.funding import EnvelopeFunded
from schemas.receipts import Accepted, Reason, Refused, encode_receipt
from schemas.values import Money
from tests.serving import connected, line, opened_portfolio, replica, until
from tests.words import approve, fund, propose

_numbers = itertools.count(1)


def asking(endpoint: Endpoint, test: Callable[[LedgerClient, Access], Awaitable[None]]) -> None:
    """Run a test with a client of a portfolio that is served."""

    async def run() -> None:
        portfolio = f"asked-{next(_numbers)}"
        async with connected(endpoint) as connection:
            access = Access(connection, Path())
            await opened_portfolio(access, portfolio)
            async with replica(endpoint, portfolio) as service:
                await until(lambda: service.state == "active")
                await test(LedgerClient(connection, portfolio, actor="ana"), access)

    asyncio.run(run())


def falters(connection: Connection, monkeypatch: pytest.MonkeyPatch, *faults: str) -> None:
    """Let the first requests meet faults: lost on the way, answered unheard, by nobody, or by a reason."""
    plain, left = connection.request, list(faults)

    async def request(subject: str, payload: bytes = b"", timeout: float = 0.5, **more: Any) -> Any:  # noqa: ASYNC109
        fault = left.pop(0) if left and ".command." in subject else "none"
        if fault == "nobody":
            raise NoRespondersError
        reply = None if fault == "lost" else await plain(subject, payload, timeout=timeout, **more)
        if fault in Reason.__members__:
            reply.data = encode_receipt(Refused(Reason[fault]))
        if fault in ("lost", "unheard"):
            raise NatsTimeoutError
        return reply

    monkeypatch.setattr(connection, "request", request)


@pytest.mark.parametrize(
    "faults",
    [("lost",), ("unheard",), ("nobody", "nobody"), ("BUSY", "UNAVAILABLE"), ("FAILED", "unheard", "lost")],
    ids="-".join,
)
def test_whatever_becomes_of_an_answer_the_command_is_recorded_once(
    endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch, faults: tuple[str, ...]
) -> None:
    async def test(ledger: LedgerClient, access: Access) -> None:
        command = line(ledger.portfolio, "c-1", fund("claims", 100))
        falters(ledger.connection, monkeypatch, *faults)
        receipt = await ledger.send(command)
        assert isinstance(receipt, Accepted)
        assert await ledger.send(command) == receipt
        stored = [entry async for entry in access.store(ledger.portfolio).read()]
        assert [json.loads(entry.payload)["commandid"] for entry in stored[1:]] == ["c-1"]

    asking(endpoint, test)


def test_a_refusal_is_told_and_not_tried_again(endpoint: Endpoint) -> None:
    async def test(ledger: LedgerClient, access: Access) -> None:
        receipt = await ledger.send(line(ledger.portfolio, "c-1", approve("AI-9", "claims", 1)))
        assert isinstance(receipt, Refused)
        assert receipt.reason is Reason.UNKNOWN_INITIATIVE
        assert len([each async for each in (await access.refusals(ledger.portfolio)).read()]) == 1

    asking(endpoint, test)


def test_a_service_that_stays_busy_is_told_with_what_it_said(
    endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def test(ledger: LedgerClient, access: Access) -> None:
        falters(ledger.connection, monkeypatch, *["BUSY"] * 100)
        with pytest.raises(Unanswered, match=r"after \d+ tries in 0.3 s: BUSY, .*; send the same bytes again later"):
            await ledger.send(line(ledger.portfolio, "c-1", fund("claims", 100)), patience_s=0.3)

    asking(endpoint, test)


def test_a_command_is_made_of_the_fact_it_asks_for(endpoint: Endpoint) -> None:
    funded = EnvelopeFunded(
        envelope="claims",
        value_stream="claims",
        fiscal_period="FY2026",
        capex_opex="opex",
        kind="initial",
        amount=Money(minor=100, currency="USD"),
    )

    async def test(ledger: LedgerClient, access: Access) -> None:
        on = datetime.date(2026, 1, 12)
        command = await ledger.command(funded, on=on, causationid="why")
        told = json.loads(command)
        assert (told["type"], told["subject"], told["actor"]) == ("FundEnvelope.v1", "envelope/claims", "ana")
        assert told["portfolio"] == f"{ledger.portfolio}-0badcafe"
        assert (await ledger.command(funded, on=on)) != command, "each has an id of its own"
        receipt = await ledger.send(command)
        assert isinstance(receipt, Accepted)
        followed = await anext(ledger.follow(after=receipt.sequence - 1))
        assert (followed.data, followed.causationid) == (funded, "why")
        with pytest.raises(ValueError, match="causationid"):
            await ledger.command(funded, on=on, causationid="no id!")

    asking(endpoint, test)


def test_what_is_no_command_has_nowhere_to_go() -> None:
    ledger = LedgerClient(Connection(), "ai-2026", actor="ana", origin="ai-2026-0badcafe")
    nameless = (b"{}", b"[]", b'{"actor":"ana"}', b'{"actor":1,"type":2}', b'{"actor":"no id!","type":"A.v1"}')
    for nothing in (*nameless, b"\xff", b""):
        with pytest.raises(ValueError, match="nowhere to send it"):
            asyncio.run(ledger.send(nothing))


def test_the_origin_is_asked_of_the_service(endpoint: Endpoint) -> None:
    async def test(ledger: LedgerClient, access: Access) -> None:
        assert await ledger.origin() == f"{ledger.portfolio}-0badcafe"

    asking(endpoint, test)


def test_followed_from_a_sequence_every_event_comes_once_and_in_order(endpoint: Endpoint) -> None:
    async def test(ledger: LedgerClient, access: Access) -> None:
        for name, ask in (("c-1", fund("claims", 100)), ("c-2", propose("AI-1"))):
            await ledger.send(line(ledger.portfolio, name, ask))
        followed = ledger.follow(after=1)
        assert [(await anext(followed)).at for _ in range(2)] == [2, 3]
        later = asyncio.ensure_future(anext(followed))
        await ledger.send(line(ledger.portfolio, "c-3", approve("AI-1", "claims", 60)))
        assert (await later).at == 4
        await followed.aclose()

    asking(endpoint, test)
