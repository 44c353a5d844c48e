"""The client against a provisioned site: what a login may do is done, what it may not is told as Forbidden, at once."""

from __future__ import annotations

import asyncio
import datetime
import json
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from subprocess import Popen

import pytest

from ledger.client import Forbidden, LedgerClient, Unanswered, connected
from ledger.server import private_server
from schemas.events.funding import EnvelopeFunded
from schemas.receipts import Accepted, Reason
from schemas.values import Money
from tests.program import started
from tests.site import Running, site
from tui.recording import opening_command

P, ORIGIN = "ai-2026", "ai-2026-0badcafe"
PEOPLE = ("--publisher", "erp", "--publisher", "registrar", "--reader", "web")


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A site whose service and projector run as programs, each with its own login, and whose portfolio is open."""
    folder = tmp_path_factory.mktemp("site")
    with site(folder / "site", P, *PEOPLE) as running:
        told = ["--nats", running.url, "--portfolio", P, "--json"]
        processes: list[Popen[bytes]] = []
        try:
            for role in ("service", "projector"):
                seed = str(running.seed(role))
                processes.append(started(folder / role, "serve", "--credentials", seed, *told))
            for process in processes:
                assert process.stdout is not None
                assert json.loads(process.stdout.readline())["serves"] == [P]
            asyncio.run(_opened(running))
            yield running
        finally:
            for process in processes:
                process.terminate()
            for process in processes:
                process.communicate(timeout=60)


async def _opened(running: Running) -> None:
    day = datetime.date(2026, 1, 1)
    line = opening_command(P, ORIGIN, "registrar", title="AI 2026", currency="USD", day=day)
    async with connected(running.url, P, actor="registrar", credentials=running.seed("publisher-registrar")) as ledger:
        assert isinstance(await ledger.send(line), Accepted)


FUNDED = EnvelopeFunded(
    envelope="claims",
    value_stream="claims",
    fiscal_period="FY2026",
    capex_opex="opex",
    kind="initial",
    amount=Money(minor=100, currency="USD"),
    reason="The budget of the year.",
)


def as_(running: Running, login: str, actor: str, test: Callable[[LedgerClient], Awaitable[None]]) -> None:
    """Run a test as one of the site's logins."""

    async def run() -> None:
        seed = running.seed(login)
        async with connected(running.url, P, actor=actor, origin=ORIGIN, credentials=seed) as ledger:
            await test(ledger)

    asyncio.run(run())


def test_a_publisher_sends_as_its_own_actor_alone(served: Running) -> None:
    async def test(ledger: LedgerClient) -> None:
        line = await ledger.command(FUNDED, on=datetime.date(2026, 1, 12), commandid="erp-1")
        receipt = await ledger.send(line)
        assert isinstance(receipt, Accepted)
        assert await ledger.send(line) == receipt
        other = LedgerClient(ledger.connection, P, actor="registrar", origin=ORIGIN)
        forged = await other.command(FUNDED, on=datetime.date(2026, 1, 12), commandid="erp-2")
        with pytest.raises(Forbidden, match=r"publisher-erp may not publish to portfolio.ai-2026.command.registrar"):
            await other.send(forged)
        # Under its own subject the same bytes are answered, and refused.
        reply = await ledger.connection.request(f"portfolio.{P}.command.erp.FundEnvelope", forged, timeout=20)
        assert json.loads(reply.data)["reason"] == Reason.WRONG_ADDRESS.name

    as_(served, "publisher-erp", "erp", test)


def test_a_publisher_reads_nothing(served: Running) -> None:
    async def test(ledger: LedgerClient) -> None:
        with pytest.raises(Forbidden):
            await ledger.view("spend")
        with pytest.raises(Forbidden):
            await anext(ledger.follow())

    as_(served, "publisher-erp", "erp", test)


def test_a_reader_follows_and_asks_but_sends_nothing(served: Running) -> None:
    async def test(ledger: LedgerClient) -> None:
        first = await anext(ledger.follow())
        assert (first.data.TYPE, first.at) == ("PortfolioOpened.v1", 1)
        view = await ledger.view("timeline", as_known=1)
        assert [row["type"] for row in view["rows"]] == ["PortfolioOpened.v1"]
        line = await ledger.command(FUNDED, on=datetime.date(2026, 1, 12))
        with pytest.raises(Forbidden):
            await ledger.send(line)

    as_(served, "reader-web", "web", test)


# Without a site.


def test_a_fact_of_the_wrong_shape_is_told_before_it_is_sent() -> None:
    async def run() -> None:
        ledger = LedgerClient(None, P, actor="no id!", origin=ORIGIN)  # type: ignore[arg-type]
        with pytest.raises(ValueError, match=r"FundEnvelope.v1: .*actor"):
            await ledger.command(FUNDED, on=datetime.date(2026, 1, 12))

    asyncio.run(run())


def test_nobody_who_serves_is_told_once_patience_is_over(tmp_path: Path) -> None:
    async def run() -> None:
        async with (
            private_server(tmp_path) as endpoint,
            connected(endpoint.url, P, actor="ana", origin=ORIGIN, token=endpoint.token) as ledger,
        ):
            line = await ledger.command(FUNDED, on=datetime.date(2026, 1, 12))
            with pytest.raises(Unanswered, match=r"no receipt after \d+ tries in 0.5 s: nobody serves the portfolio"):
                await ledger.send(line, patience_s=0.5)

    asyncio.run(run())
