"""Decisions through the service, `portfolio serve` in a process of its own, on a server that syncs every append.

64 senders, each of which sends its next command once the one before is answered; beside them, in the same run and on
the same server, the same events as raw atomic batches by nats-py: no service, no decision, the senders' limit.
"""

from __future__ import annotations

import asyncio
import datetime
import json
import os
import secrets
import sys
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from statistics import quantiles
from typing import Any, NamedTuple

import nats
from nats.aio.client import Client
from nats.errors import NoRespondersError

from bench.report import Row, row
from ledger.access import Access
from ledger.connection import connect
from ledger.server import Endpoint, private_server
from ledger.writer import Writer
from schemas import subjects
from schemas.receipts import Accepted

PORTFOLIO, ORIGIN, ACTOR = "bench-served", "bench-served-0badcafe", "p-7f3a"
SENDERS = 64
SINGLES = 500
INITIATIVES = 40
START_LIMIT_S = 60.0
RATE_GOAL, ROUND_TRIP_GOAL_MS = 4_000, 5

Command = tuple[str, bytes]
"""The subject a command is sent on, and its line."""


class Load(NamedTuple):
    """What a load took. seconds: of all of it; trips: of each round trip; cpu_s: of the service and of nats-server."""

    seconds: float
    trips: list[float]
    cpu_s: dict[str, float]


def measure(directory: Path, decision_count: int) -> Iterator[Row]:
    """Yield the rows of the service."""
    yield from asyncio.run(_measure(directory, decision_count))


async def _measure(directory: Path, decision_count: int) -> list[Row]:
    async with private_server(directory) as endpoint:
        await _open(endpoint, directory)
        async with _serving(directory), _client(endpoint) as client:
            processes = await _processes(client, directory)
            commands = list(_commands(SINGLES + decision_count))
            alone = await _load(client, commands[:SINGLES], 1, processes)
            loaded = await _load(client, commands[SINGLES:], SENDERS, processes)
            events = await _stored(client)
            batched = await _raw(client, events, SENDERS)
            single = await _raw(client, events[:SINGLES], 1)
    alone_p50, loaded_cuts = quantiles(alone.trips)[1], quantiles(loaded.trips, n=100)
    rate, size = decision_count / loaded.seconds, f"{decision_count:,} decisions, {SENDERS} senders"
    peer = (f"raw atomic batches of {SENDERS} by nats-py", len(events) / batched)
    rows = [
        row(f"through the service, {size}", rate, "decisions/s", peer=peer, goal=RATE_GOAL),
        row(f"round trip p50, {SENDERS} senders", 1_000 * loaded_cuts[49], "ms"),
        row(f"round trip p99, {SENDERS} senders", 1_000 * loaded_cuts[98], "ms"),
    ]
    for name, took_s in loaded.cpu_s.items():
        rows.append(row(f"processor time of {name}, a decision", 1e6 * took_s / decision_count, "us"))
    guarded = ("a guarded publish by nats-py, mean", 1_000 * single / SINGLES)
    return [*rows, row("round trip p50, one sender", 1_000 * alone_p50, "ms", peer=guarded, goal=ROUND_TRIP_GOAL_MS)]


def _line(kind: str, subject: str, data: dict[str, Any]) -> Command:
    told: dict[str, Any] = {"type": f"{kind}.v1", "portfolio": ORIGIN, "commandid": secrets.token_hex(16)}
    told |= {"actor": ACTOR, "subject": subject, "time": "2026-11-20", "data": data}
    return subjects.command(PORTFOLIO, ACTOR, kind), json.dumps(told, separators=(",", ":")).encode()


def _commands(count: int) -> Iterator[Command]:
    """Yield invoices, contracts and approvals, a third each, as a portfolio of forty initiatives has them."""
    for place in range(count):
        initiative = f"AI-{place % INITIATIVES:04d}"
        about, amount = f"initiative/{initiative}", {"minor": 100_000 + place, "currency": "USD"}
        where = {"envelope": "claims", "initiative": initiative, "amount": amount, "capex_opex": "opex"}
        posted = where | {"period": "2026-11", "supplier": "Northwind Analytics GmbH"}
        if place % 3 == 0:
            yield _line("PostActual", about, posted | {"posting_ref": f"erp-{place:08d}", "category": "cloud-compute"})
        elif place % 3 == 1:
            yield _line(
                "PostCommitment", about, posted | {"commitment": f"po-{place:08d}", "source_doc": f"PO {place}"}
            )
        else:
            reason = "The pilot met its first target; finance confirmed the run rate for two quarters."
            yield _line("ApproveFunding", about, where | {"kind": "tranche", "reason": reason})


async def _open(endpoint: Endpoint, directory: Path) -> None:
    """Make the portfolio: an envelope and forty initiatives."""
    from tui.recording import opening_command

    day = datetime.date(2026, 1, 1)
    lines = [opening_command(PORTFOLIO, ORIGIN, "registrar", title="Bench", currency="USD", day=day)]
    envelope: dict[str, Any] = {
        "envelope": "claims",
        "value_stream": "claims",
        "fiscal_period": "FY2026",
        "capex_opex": "opex",
    }
    envelope |= {"kind": "initial", "amount": {"minor": 10**14, "currency": "USD"}}
    lines.append(_line("FundEnvelope", "envelope/claims", envelope)[1])
    for place in range(INITIATIVES):
        told = {"initiative": f"AI-{place:04d}", "title": f"Initiative {place}", "sponsor": "p-0001"}
        told |= {"proposer": "p-0002", "value_stream": "claims", "hypothesis": "Claims are settled a third faster."}
        lines.append(_line("ProposeInitiative", f"initiative/{told['initiative']}", told)[1])
    connection = await connect(endpoint.url, endpoint.token)
    try:
        store = await Access(connection, directory).create(PORTFOLIO)
        receipts = await Writer(PORTFOLIO, store).submit_all(lines)
        assert all(isinstance(each, Accepted) for each in receipts), receipts
    finally:
        await connection.close()


@asynccontextmanager
async def _serving(directory: Path) -> AsyncIterator[None]:
    command = [sys.executable, "-m", "tui.cli", "serve", "--data", str(directory), "--portfolio", PORTFOLIO]
    told = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*command, "--only", "service", stdout=told)
    try:
        assert process.stdout is not None
        await process.stdout.readline()
        yield
    finally:
        process.terminate()
        async with asyncio.timeout(START_LIMIT_S):
            await process.wait()


@asynccontextmanager
async def _client(endpoint: Endpoint) -> AsyncIterator[Client]:
    client = await nats.connect(endpoint.url, token=endpoint.token)
    try:
        yield client
    finally:
        await client.close()


async def _processes(client: Client, directory: Path) -> dict[str, int]:
    """Return the process ids of the service and of nats-server, once commands are taken."""
    async with asyncio.timeout(START_LIMIT_S):
        while True:
            try:
                reply = await client.request(subjects.health(PORTFOLIO, "service"), b"", timeout=5)
                told = json.loads(reply.data)
            except NoRespondersError:
                told = {"state": "starting"}
            if told["state"] == "active":
                server = int((directory / ".server" / "pid").read_text())
                return {"the service": int(told["replica"].split(".")[-2]), "nats-server": server}
            await asyncio.sleep(0.05)


async def _load(client: Client, commands: Sequence[Command], senders: int, processes: dict[str, int]) -> Load:
    """Send commands from so many senders, each waiting for its answer; all must be accepted."""
    waiting, trips = iter(commands), []

    async def send() -> None:
        for subject, line in waiting:
            started = time.perf_counter()
            reply = await client.request(subject, line, timeout=30)
            trips.append(time.perf_counter() - started)
            assert reply.data.startswith(b'{"status":"accepted"'), reply.data

    before, started = {name: _cpu_s(pid) for name, pid in processes.items()}, time.perf_counter()
    await asyncio.gather(*(send() for _ in range(senders)))
    seconds = time.perf_counter() - started
    return Load(seconds, trips, {name: _cpu_s(pid) - before[name] for name, pid in processes.items()})


async def _stored(client: Client) -> list[tuple[str, bytes]]:
    """Return the subjects and payloads of what the load has stored, for another portfolio's stream."""
    name = subjects.stream(PORTFOLIO)
    found = await client.jetstream().subscribe(subjects.all_events(PORTFOLIO), stream=name, ordered_consumer=True)
    last = (await client.jetstream().stream_info(name)).state.last_seq
    messages = [await found.next_msg(timeout=10) for _ in range(last)]
    await found.unsubscribe()
    return [(each.subject.replace(PORTFOLIO, "bench-raw"), each.data) for each in messages[2 + INITIATIVES :]]


async def _raw(client: Client, events: Sequence[tuple[str, bytes]], size: int) -> float:
    """Return the seconds that events take as atomic batches of a size, one after the other, without any of our code."""
    stream = client.jetstream()
    name = f"RAW_{size}"
    await stream.add_stream(name=name, subjects=[f"raw{size}.>"], allow_atomic=True)
    started = time.perf_counter()
    for first in range(0, len(events), size):
        batch = events[first : first + size]
        for place, (subject, payload) in enumerate(batch, start=1):
            headers = {"Nats-Expected-Last-Sequence": str(first)} if place == 1 else {}
            if len(batch) > 1:
                headers |= {"Nats-Batch-Id": f"b{first}", "Nats-Batch-Sequence": str(place)}
            if place < len(batch):
                await client.publish(f"raw{size}.{subject}", payload, headers=headers)
                continue
            headers |= {"Nats-Batch-Commit": "1"} if len(batch) > 1 else {}
            reply = await client.request(f"raw{size}.{subject}", payload, headers=headers, timeout=30)
        assert json.loads(reply.data)["seq"] == first + len(batch), reply.data
    return time.perf_counter() - started


def _cpu_s(process: int) -> float:
    """Return the processor time a process has used; 0 where there is no /proc to ask."""
    try:
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
