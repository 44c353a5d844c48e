"""Views over NATS: what `portfolio view --json` prints, at any moment, and what is recorded is there at once."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pytest

from ledger.access import Access
from ledger.client import LedgerClient, ViewRefused
from ledger.server import Endpoint
from ledger.service.broker import RoleBroker
from projections.projector import HEADLINES, Projector
from projections.rows import SpendRow
from projections.sync import synced
from projections.views import VIEWS, View
from schemas import subjects
from schemas.receipts import Accepted
from tests.serving import connected, line, opened_portfolio, replica, until
from tests.words import approve, fund, propose

_numbers = itertools.count(1)


class Answered(NamedTuple):
    """A portfolio whose views are answered, the projector, and a client that asks."""

    portfolio: str
    client: LedgerClient
    projector: Projector


def projecting(endpoint: Endpoint, folder: Path, test: Callable[[Answered], Awaitable[None]]) -> None:
    """Run a test beside a projector of an envelope, an initiative and an approval: sequences 2 to 4."""

    async def run() -> None:
        portfolio = f"projected-{next(_numbers)}"
        async with connected(endpoint) as connection, connected(endpoint) as other:
            access = Access(other, folder)
            asked = (fund("claims", 100), propose("AI-1"), approve("AI-1", "claims", 60))
            await opened_portfolio(access, portfolio, *(line(portfolio, f"g-{n}", ask) for n, ask in enumerate(asked)))
            broker = RoleBroker(other)
            await broker.start()
            store = access.store(portfolio)
            projector = Projector(
                broker,
                portfolio,
                store,
                await access.refusals(portfolio),
                lambda: synced(store, access.directory(portfolio), portfolio),
            )
            running = asyncio.create_task(projector.run())
            try:
                await until(lambda: projector.state == "active")
                client = LedgerClient(connection, portfolio, actor="ana", origin=f"{portfolio}-0badcafe")
                await test(Answered(portfolio, client, projector))
            finally:
                projector.end()
                await running
                await broker.stop()

    asyncio.run(run())


def test_every_view_is_answered(endpoint: Endpoint, tmp_path: Path) -> None:
    async def test(answered: Answered) -> None:
        for name in VIEWS:
            of_one = {"initiative": "AI-1"} if name in ("history", "state") else {}
            view = await answered.client.view(name, **of_one)
            assert (view["view"], view["portfolio"]) == (name, answered.portfolio)
            assert view["as_known"]["sequence"] == 4

    projecting(endpoint, tmp_path, test)


def test_a_view_can_be_asked_as_known_then_and_decoded_as_a_type_of_the_askers(
    endpoint: Endpoint, tmp_path: Path
) -> None:
    class Spend(msgspec.Struct):
        rows: list[SpendRow]

    async def test(answered: Answered) -> None:
        for sequence, approved in ((2, 0), (4, 60)):
            spend = await answered.client.view_as(Spend, "spend", as_known=sequence, as_of="2026-12-31")
            assert [(row.key, row.funded_minor, row.approved_minor) for row in spend.rows] == [
                ("claims", 100, approved)
            ]

    projecting(endpoint, tmp_path, test)


def test_what_is_told_to_be_recorded_is_in_the_next_view(endpoint: Endpoint, tmp_path: Path) -> None:
    async def test(answered: Answered) -> None:
        async with replica(endpoint, answered.portfolio):
            for place in range(5):
                command = line(answered.portfolio, f"c-{place}", fund("claims", 10, kind="supplement"))
                receipt = await answered.client.send(command)
                assert isinstance(receipt, Accepted)
                assert (await answered.client.view("spend"))["totals"]["funded_minor"] == 110 + 10 * place
            await answered.client.send(line(answered.portfolio, "c-refused", approve("AI-9", "claims", 1)))
            assert [row["reason"] for row in (await answered.client.view("refusals"))["rows"]] == ["UNKNOWN_INITIATIVE"]

    projecting(endpoint, tmp_path, test)


PROBLEMS = (
    ("nothing", {}, "there is no view 'nothing'"),
    ("spend", {"by": "colour"}, "nothing is grouped by 'colour'"),
    ("alignment", {"measure": "hope"}, "nothing is measured as 'hope'"),
    ("alignment", {"currency": "dollars"}, "no ISO 4217 currency"),
    ("history", {}, "of one initiative"),
    ("spend", {"as_known": "5"}, "beyond the last, 4"),
    ("spend", {"as_of": "yesterday"}, "no date"),
    ("spend", {"colour": "red"}, "unknown field `colour`"),
)


def test_what_is_no_view_is_told_why(endpoint: Endpoint, tmp_path: Path) -> None:
    async def test(answered: Answered) -> None:
        for name, options, told in PROBLEMS:
            with pytest.raises(ViewRefused, match=told):
                await answered.client.view(name, **options)
            assert told in await problem(answered, name, json.dumps(options).encode())
        for payload in (b"\xff", b"[]", b'{"as_known": 4}', b"{" * 1_000):
            assert "the options cannot be read" in await problem(answered, "spend", payload)

    async def problem(answered: Answered, name: str, payload: bytes) -> str:
        subject = subjects.view(answered.portfolio, name)
        reply = await answered.client.connection.request(subject, payload, timeout=20)
        return str(json.loads(reply.data)["error"])

    projecting(endpoint, tmp_path, test)


def test_a_view_that_is_too_long_to_send_is_told_so(
    endpoint: Endpoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def test(answered: Answered) -> None:
        monkeypatch.setattr(answered.projector._broker.opened, "_max_payload", 1_200)
        with pytest.raises(ViewRefused, match="the server lets 200 through"):
            await answered.client.view("timeline")

    projecting(endpoint, tmp_path, test)


def test_the_headline_views_of_now_are_in_the_bucket(endpoint: Endpoint, tmp_path: Path) -> None:
    async def test(answered: Answered) -> None:
        stream = answered.client.connection.jetstream()
        await until(lambda: answered.projector._published == 4)
        bucket = await stream.key_value(subjects.views_bucket(answered.portfolio))
        assert sorted(await bucket.keys()) == sorted(HEADLINES)
        kept: Any = json.loads((await bucket.get("spend")).value or b"")
        assert kept == await answered.client.view("spend")
        assert kept.keys() == set(View.__struct_fields__)

    projecting(endpoint, tmp_path, test)
