"""The service under races and faults: nothing lost, nothing twice, no decision on a book it was not decided on."""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import signal
import subprocess
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from ledger.access import Access
from ledger.client import LedgerClient
from ledger.connection import Connection
from ledger.jetstream import JetStreamStore
from ledger.reperform import reperform
from ledger.server import Endpoint, private_server
from ledger.service import commands
from ledger.service.lease import Lease
from ledger.store import Draft, OutcomeUnknown
from schemas import subjects
from schemas.receipts import Accepted, Reason, Receipt, Refused
from tests.program import started
from tests.serving import connected, line, opened_portfolio, replica, until
from tests.words import approve, fund, policy, propose

SENDERS = 16
CONFIGURED = (
    ("c-policy", policy("guardrails", 1, rules=[{"rule": "OVER_ENVELOPE", "action": "refuse"}])),
    ("c-envelope", fund("claims", 1_000_000)),
    ("c-proposed", propose("AI-1")),
    ("c-approved", approve("AI-1", "claims", 900_000)),
)


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoint]:
    """A nats-server of these tests."""
    with asyncio.Runner() as runner:
        server = private_server(tmp_path_factory.mktemp("service"))
        yield runner.run(server.__aenter__())
        runner.run(server.__aexit__(None, None, None))


_numbers = itertools.count(1)


async def given(client: Connection, portfolio: str) -> Access:
    """Make a portfolio whose envelope has 100,000 left, and where more is refused."""
    access = Access(client, Path())
    await opened_portfolio(access, portfolio, *(line(portfolio, name, ask) for name, ask in CONFIGURED))
    return access


async def race(connection: Connection, portfolio: str, *, limit_s: float) -> dict[bytes, Receipt]:
    """Let sixteen senders ask for more than is left, each one after the other, and return what each was answered.

    Whoever is not answered within *limit_s* fails the test.
    """
    answers: dict[bytes, Receipt] = {}

    async def send(sender: int) -> None:
        client = LedgerClient(connection, portfolio, actor="ana", origin=f"{portfolio}-0badcafe")
        for place in range(4):
            command = line(portfolio, f"c-{sender}-{place}", approve("AI-1", "claims", 3_000 + 700 * sender + place))
            answers[command] = await client.send(command, patience_s=limit_s)

    await asyncio.gather(*(send(sender) for sender in range(SENDERS)))
    return answers


async def check(access: Access, portfolio: str, answers: dict[bytes, Receipt]) -> None:
    """Check that the envelope holds, that every receipt is what stands, and that all of it is decided so again."""
    store = access.store(portfolio)
    told = {each["commandid"]: each async for each in _events(store)}
    accepted = {
        json.loads(command)["commandid"]: receipt
        for command, receipt in answers.items()
        if isinstance(receipt, Accepted)
    }
    assert {name: receipt.sequence for name, receipt in accepted.items()} == {
        name: int(event["sequence"]) for name, event in told.items() if name.startswith("c-") and name[2].isdigit()
    }
    approved = sum(each["data"]["amount"]["minor"] for each in told.values() if each["type"] == "FundingApproved.v1")
    assert 1_000_000 - 13_506 < approved <= 1_000_000  # what nobody got is less than the largest that was asked
    assert {receipt.reason for receipt in answers.values() if isinstance(receipt, Refused)} == {Reason.OVER_ENVELOPE}
    found = await reperform(store, portfolio)
    assert (found.differs, found.foreign) == (None, 0)
    assert found.events == len(told)


async def _events(store: JetStreamStore) -> AsyncIterator[dict[str, Any]]:
    async for entry in store.read():
        yield json.loads(entry.payload)


@pytest.mark.parametrize("replicas", [1, 3])
def test_sixteen_senders_never_get_more_than_is_left(endpoint: Endpoint, replicas: int) -> None:
    asyncio.run(_raced(endpoint, replicas))


def test_three_replicas_that_all_take_commands_decide_nothing_wrong(
    endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    class NoLease(Lease):
        """Everybody has it."""

        async def take(self) -> bool:
            return True

        async def keep(self) -> None:
            await asyncio.Event().wait()

    monkeypatch.setattr(commands, "Lease", NoLease)
    asyncio.run(_raced(endpoint, 3, active=3))


async def _raced(endpoint: Endpoint, replicas: int, *, active: int = 1) -> None:
    portfolio = f"raced-{next(_numbers)}"
    async with AsyncExitStack() as stack:
        client = await stack.enter_async_context(connected(endpoint))
        access = await given(client, portfolio)
        services = [await stack.enter_async_context(replica(endpoint, portfolio)) for _ in range(replicas)]
        await until(lambda: sum(each.state == "active" for each in services) == active)
        await check(access, portfolio, await race(client, portfolio, limit_s=10))


# Faults in pairs: an append that was lost, and one that landed unheard.


class _Faulty(JetStreamStore):
    """A stream whose first appends are lost on the way, or whose acknowledgements are."""

    faults: list[str]

    async def append(self, entries: Sequence[Draft], *, expected_sequence: int) -> int:
        fault = self.faults.pop(0) if self.faults else "none"
        if fault != "lost":
            await super().append(entries, expected_sequence=expected_sequence)
        if fault != "none":
            raise OutcomeUnknown(self.stream, expected_sequence, self.timeout_s)
        return expected_sequence + len(entries)


@pytest.mark.parametrize("faults", [["lost"], ["unheard"], ["unheard", "lost", "none", "unheard"]], ids="-".join)
def test_an_append_that_is_lost_or_lands_unheard_is_answered_once(endpoint: Endpoint, faults: list[str]) -> None:
    async def run() -> None:
        portfolio = f"faulty-{next(_numbers)}"

        def store(connection: Connection) -> JetStreamStore:
            made = _Faulty(connection, subjects.stream(portfolio), subjects.all_events(portfolio))
            made.faults = [*faults]
            return made

        async with connected(endpoint) as client:
            access = await given(client, portfolio)
            async with replica(endpoint, portfolio, store=store):
                await check(access, portfolio, await race(client, portfolio, limit_s=10))

    asyncio.run(run())


# Killed.


@contextmanager
def served(data: Path, count: int) -> Iterator[list[subprocess.Popen[bytes]]]:
    """Run so many `portfolio serve` on a data directory, and end what still runs."""
    processes = [started(data, "serve", "--only", "service", "--json") for _ in range(count)]
    try:
        for process in processes:
            assert process.stdout is not None
            assert json.loads(process.stdout.readline())["serves"] == ["killed"]
        yield processes
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.communicate(timeout=30)


async def active_pid(connection: Connection, portfolio: str) -> int:
    """Return the process id of the replica that takes commands, once there is one."""
    while True:
        reply = await connection.request(subjects.health(portfolio, "service"), b"", timeout=5)
        told = json.loads(reply.data)
        if told["state"] == "active":
            return int(told["replica"].split(".")[-2])
        await asyncio.sleep(0.05)


def test_killed_mid_load_the_active_replica_and_the_server_lose_nothing_and_repeat_nothing(tmp_path: Path) -> None:
    answers: dict[bytes, Receipt] = {}
    followed: list[int] = []

    async def run() -> None:
        async with private_server(tmp_path) as endpoint, connected(endpoint) as client:
            access = await given(client, "killed")
            with served(tmp_path, 2):
                following = asyncio.create_task(follow(client))
                sending = asyncio.gather(*(send(client, sender) for sender in range(SENDERS)))
                await until(lambda: len(answers) >= 60)
                os.kill(await active_pid(client, "killed"), signal.SIGKILL)
                await until(lambda: len(answers) >= 140)
                os.kill(int((tmp_path / ".server" / "pid").read_text()), signal.SIGKILL)
                await sending
                again = LedgerClient(client, "killed", actor="ana", origin="killed-0badcafe")
                for command, receipt in list(answers.items())[::10]:
                    assert await again.send(command, patience_s=20) == receipt or isinstance(receipt, Refused)
            await check(access, "killed", answers)
            last = await access.store("killed").last_sequence()
            await until(lambda: len(followed) == last)
            assert followed == [*range(1, last + 1)]
            following.cancel()

    async def follow(connection: Connection) -> None:
        async for event in LedgerClient(connection, "killed", actor="ana").follow():
            followed.append(event.at)

    async def send(connection: Connection, sender: int) -> None:
        """Fund and approve in turn; the envelope that is approved from is used up on the way."""
        client = LedgerClient(connection, "killed", actor="ana", origin="killed-0badcafe")
        for place in range(16):
            ask = fund("data", 1 + place) if place % 2 else approve("AI-1", "claims", 1_000 + 10 * sender + place)
            command = line("killed", f"c-{sender}-{place}", ask)
            answers[command] = await client.send(command, patience_s=20)

    asyncio.run(run())
