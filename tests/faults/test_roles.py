"""Each role of a provisioned site may do its work and is refused everything else, by a real nats-server.

One table: a row is an operation, a column a role, every cell is tried. An operation that is refused leaves every stream
as it was.
"""

from __future__ import annotations

import asyncio
import datetime
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from nats.aio.msg import Msg

from ledger.access import Access
from ledger.connection import Connection, Forbidden, asked, connect
from ledger.login import new_seed, public_key
from ledger.roles import USER_INFO
from ledger.service.broker import RoleBroker
from ledger.service.commands import CommandService
from ledger.site import CONFIGURATION
from ledger.store import Draft
from schemas import subjects
from schemas.receipts import Accepted, decode_receipt
from tests.serving import until
from tests.site import Running, free_ports, server, site
from tui.recording import opening_command

P = "ai-2026"
EVENTS, REFUSALS, FINDINGS = f"PORTFOLIO_{P}", f"REFUSALS_{P}", f"FINDINGS_{P}"
TILES, COSIGNATURES = f"TILES_{P}", f"COSIGNATURES_{P}"
LEASE, VIEWS, NOTARY = f"KV_LEASE_{P}", f"KV_VIEWS_{P}", f"KV_NOTARY_{P}"
LIMIT_S = 10.0

LOGINS = {
    "operator": "operator",
    "service": "service",
    "notary": "notary",
    "projector": "projector",
    "reader": "reader-web",
    "publisher": "publisher-ana",
    "pmo": "pmo-ana",
    "auditor": "auditor-ines",
    "witness": "witness-ines",
    "registrar": "publisher-registrar",
}
"""Of each role one login. The registrar is the publisher of that name."""


class AtWork(NamedTuple):
    """A site whose service and projector are at work. runner: on whose loop they are; tests run there."""

    running: Running
    runner: asyncio.Runner

    def as_(self, identity: str) -> AbstractAsyncContextManager[Connection]:
        return self.running.as_(identity)


@pytest.fixture(scope="module")
def site_(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AtWork]:
    """A site with one portfolio that the registrar has opened, by a command to the real service."""
    people = ["--publisher", "ana", "--publisher", "bo", "--publisher", "registrar", "--pmo", "ana", "--reader", "web"]
    audit = ["--auditor", "ines", "--auditor", "iva", "--witness", "ines"]
    with site(tmp_path_factory.mktemp("site"), P, *people, *audit) as running, asyncio.Runner() as runner:
        working = at_work(running)
        runner.run(working.__aenter__())
        yield AtWork(running, runner)
        runner.run(working.__aexit__(None, None, None))


@asynccontextmanager
async def at_work(running: Running) -> AsyncIterator[None]:
    """Run the real service under its own login, and somebody who answers view requests under the projector's."""
    async with running.as_("service") as serving, running.as_("projector") as viewing:
        broker = RoleBroker(serving)
        await broker.start()
        service = CommandService(broker, await Access(serving, running.directory).writer(P, patience_s=8.0))
        working = asyncio.create_task(service.run())

        async def view(message: Msg) -> None:
            await message.respond(b'{"rows":[]}')

        for name in (subjects.all_views(P), subjects.health(P, "projector")):
            await viewing.subscribe(name, cb=view)
            await viewing.listening(name)
        await until(lambda: service.state == "active")
        async with running.as_("publisher-registrar") as registrar:
            receipt = await registrar.request(
                subjects.command(P, "registrar", "OpenPortfolio.v1"), opening("registrar"), timeout=LIMIT_S
            )
            assert isinstance(decode_receipt(receipt.data), Accepted), receipt.data
        yield
        service.end()
        await working
        await broker.stop()


def opening(actor: str) -> bytes:
    """Return a command that opens the portfolio; sent again it is refused."""
    return opening_command(P, f"{P}-0badcafe", actor, title="AI", currency="USD", day=datetime.date(2026, 1, 1))


# The operations.


class Operation(NamedTuple):
    """What somebody may try. try_: returns if the server let it through, else raises Forbidden."""

    try_: Callable[[Connection, str], Awaitable[object]]
    allowed: str
    """The roles that may, by a space between them."""


def sends(subject: str, **headers: str) -> Callable[[Connection, str], Awaitable[object]]:
    """Publish to a subject as a request; the login's own name stands for {me}."""

    async def tried(connection: Connection, me: str) -> Any:
        told = {name.replace("_", "-"): value for name, value in headers.items()}
        return await connection.request(subject.format(me=me), b"{}", timeout=LIMIT_S, headers=told or None)

    return tried


def asks(
    api: str, body: object = None, *, by_operator: str | None = None
) -> Callable[[Connection, str], Awaitable[object]]:
    """Ask the JetStream API, under each prefix it has. by_operator: what is asked where asking may do harm."""

    async def tried(connection: Connection, me: str) -> object:
        if connection.login.api == "$JS.API":
            return await connection.request(f"$JS.API.{by_operator or api}", encoded(body), timeout=LIMIT_S)
        with pytest.raises(Forbidden):
            await connection.request(f"$JS.API.{api}", encoded(body), timeout=LIMIT_S)
        return await connection.request(f"{subjects.LEDGER_API}.{api}", encoded(body), timeout=LIMIT_S)

    return tried


def encoded(body: object) -> bytes:
    return b"" if body is None else json.dumps(body).encode()


def gets(api: str, body: object, *, onto: str | None = None) -> Callable[[Connection, str], Awaitable[object]]:
    """Ask for what comes in several messages, to our own inbox or onto a subject of somebody else's."""

    async def tried(connection: Connection, me: str) -> object:
        arrived = asyncio.get_running_loop().create_future()

        async def receive(message: Msg) -> None:
            if not arrived.done():
                arrived.set_result(message)

        inbox = connection.new_inbox()
        subscription = await connection.subscribe(inbox, cb=receive)
        subject = f"{connection.login.api}.{api.format(me=me)}"
        connection.waits(subject, arrived)
        await connection.publish(subject, encoded(body), reply=onto or inbox)
        if onto:
            # Whatever comes of it has come before the answer to what is asked next.
            await connection.request(USER_INFO, timeout=LIMIT_S)
            arrived.cancel()
            return None
        async with asyncio.timeout(LIMIT_S):
            message: Msg = await arrived
        await subscription.unsubscribe()
        return message.data

    return tried


def listens(subject: str) -> Callable[[Connection, str], Awaitable[object]]:
    async def tried(connection: Connection, me: str) -> None:
        heard = subject.format(me=me)

        async def nothing(_: Msg) -> None: ...

        subscription = await connection.subscribe(heard, cb=nothing)
        try:
            await connection.listening(heard)
        finally:
            await subscription.unsubscribe()

    return tried


READS_ALL = "reader pmo auditor"
FORGED = f"portfolio.{P}.event.initiative.AI-1.FundingApproved"

OPERATIONS = {
    # What roles are for.
    "send a command as oneself": Operation(
        sends(f"portfolio.{P}.command.{{me}}.OpenPortfolio"), "publisher pmo registrar"
    ),
    "append an event": Operation(sends(FORGED, Nats_Expected_Last_Sequence="1000000"), "service"),
    "keep a refusal": Operation(sends(f"portfolio.{P}.refusal"), "service"),
    "write the lease": Operation(sends(f"$KV.LEASE_{P}.other"), "service"),
    "file a finding": Operation(sends(f"portfolio.{P}.finding"), "auditor"),
    "cosign as oneself": Operation(sends(f"portfolio.{P}.cosignature.{{me}}"), "auditor witness"),
    "write a tile": Operation(sends(f"portfolio.{P}.tile.0.0"), "notary"),
    "write the checkpoint": Operation(sends(f"$KV.NOTARY_{P}.checkpoint"), "notary"),
    "write a view": Operation(sends(f"$KV.VIEWS_{P}.spend"), "projector"),
    "ask for a view": Operation(sends(f"portfolio.{P}.view.spend"), READS_ALL),
    "ask how the service is": Operation(
        sends(f"portfolio.{P}.health.service"), f"service publisher registrar {READS_ALL}"
    ),
    "ask how the projector is": Operation(sends(f"portfolio.{P}.health.projector"), f"projector {READS_ALL}"),
    "read the events": Operation(
        gets(f"DIRECT.GET.{EVENTS}", {"seq": 1, "batch": 3}), f"operator service notary projector {READS_ALL}"
    ),
    "read an event from the leader": Operation(
        asks(f"STREAM.MSG.GET.{EVENTS}", {"seq": 1}), f"operator service notary projector {READS_ALL}"
    ),
    "see the end of the events": Operation(
        asks(f"STREAM.INFO.{EVENTS}"), f"operator service notary projector {READS_ALL}"
    ),
    "read the refusals": Operation(
        gets(f"DIRECT.GET.{REFUSALS}", {"seq": 1, "batch": 3}), f"operator service projector {READS_ALL}"
    ),
    "read the findings": Operation(
        gets(f"DIRECT.GET.{FINDINGS}", {"seq": 1, "batch": 3}), f"operator projector {READS_ALL}"
    ),
    "read the tiles": Operation(
        gets(f"DIRECT.GET.{TILES}", {"seq": 1, "batch": 3}), f"operator notary witness {READS_ALL}"
    ),
    "read the cosignatures": Operation(
        gets(f"DIRECT.GET.{COSIGNATURES}", {"seq": 1, "batch": 3}), f"operator notary witness {READS_ALL}"
    ),
    "read the checkpoint": Operation(
        gets(f"DIRECT.GET.{NOTARY}.$KV.NOTARY_{P}.checkpoint", None), f"operator service notary witness {READS_ALL}"
    ),
    "read a view": Operation(gets(f"DIRECT.GET.{VIEWS}.$KV.VIEWS_{P}.spend", None), f"operator projector {READS_ALL}"),
    "read the lease": Operation(asks(f"STREAM.MSG.GET.{LEASE}", {"last_by_subj": ">"}), "operator service"),
    "take from one's own consumer": Operation(
        gets(f"CONSUMER.MSG.NEXT.{EVENTS}.audit-{{me}}", {"batch": 1, "expires": 1_000_000}), "operator auditor"
    ),
    "listen for commands": Operation(listens(f"portfolio.{P}.command.*.*"), "service"),
    "listen for view requests": Operation(listens(f"portfolio.{P}.view.*"), "projector"),
    # What nobody may, or nobody but the operator.
    "send another's command": Operation(sends(f"portfolio.{P}.command.bo.OpenPortfolio"), ""),
    "send everybody's command": Operation(sends(f"portfolio.{P}.command.ana.more.OpenPortfolio"), ""),
    "cosign as another": Operation(sends(f"portfolio.{P}.cosignature.iva"), ""),
    "take from another's consumer": Operation(
        gets(f"CONSUMER.MSG.NEXT.{EVENTS}.audit-iva", {"batch": 1, "expires": 1_000_000}), "operator"
    ),
    "listen to events": Operation(listens(f"portfolio.{P}.event.>"), ""),
    "listen to another's commands": Operation(listens(f"portfolio.{P}.command.bo.*"), "service"),
    "listen to everything": Operation(listens(">"), ""),
    "listen to every inbox": Operation(listens("_INBOX.>"), ""),
    "listen to another's inbox": Operation(
        listens("_INBOX_UAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA.>"), ""
    ),
    "listen to the server's advisories": Operation(listens("$JS.EVENT.ADVISORY.>"), ""),
    "purge the events": Operation(asks(f"STREAM.PURGE.{EVENTS}", {}), "operator"),
    "delete an event": Operation(asks(f"STREAM.MSG.DELETE.{EVENTS}", {"seq": 1}), "operator"),
    "change the stream": Operation(asks(f"STREAM.UPDATE.{EVENTS}", {"name": "another"}), "operator"),
    "make a stream": Operation(asks("STREAM.CREATE.mine", {"name": "another"}), "operator"),
    "delete a stream": Operation(asks(f"STREAM.DELETE.{EVENTS}", by_operator="STREAM.DELETE.absent"), "operator"),
    "copy a stream off": Operation(
        asks(f"STREAM.SNAPSHOT.{EVENTS}", {"deliver_subject": "x"}, by_operator="STREAM.SNAPSHOT.absent"), "operator"
    ),
    "put a stream back": Operation(asks(f"STREAM.RESTORE.{EVENTS}", {}), "operator"),
    "list the streams": Operation(asks("STREAM.NAMES"), "operator"),
    "create a consumer": Operation(asks(f"CONSUMER.CREATE.{EVENTS}.mine", {}), "operator"),
    "create a consumer onto a command": Operation(
        asks(f"CONSUMER.CREATE.{EVENTS}", {"stream_name": "absent"}), "operator"
    ),
    "create a durable consumer": Operation(asks(f"CONSUMER.DURABLE.CREATE.{EVENTS}.mine", {}), "operator"),
    "delete a consumer": Operation(asks(f"CONSUMER.DELETE.{EVENTS}.absent"), "operator"),
    "reset a consumer": Operation(asks(f"CONSUMER.RESET.{EVENTS}.absent", {}, by_operator="INFO"), "operator"),
    "read the account": Operation(asks("INFO"), "operator"),
    "drop a server": Operation(asks("SERVER.REMOVE", {"peer": "absent"}, by_operator="INFO"), "operator"),
}
"""Every operation. Where only the operator may, it is tried in a form that the server lets through and does not do."""


ONTO = {
    "the stream": FORGED,
    "another's commands": f"portfolio.{P}.command.bo.OpenPortfolio",
    "the findings": f"portfolio.{P}.finding",
    "the checkpoint": f"$KV.NOTARY_{P}.checkpoint",
}
"""Subjects that somebody could have the server answer to."""

PUBLISHERS = {
    "an event": lambda onto: gets(f"DIRECT.GET.{EVENTS}", {"seq": 1, "batch": 3}, onto=onto),
    "an event, from the leader": lambda onto: gets(f"STREAM.MSG.GET.{EVENTS}", {"seq": 1}, onto=onto),
    "what the stream is": lambda onto: gets(f"STREAM.INFO.{EVENTS}", None, onto=onto),
    "what a consumer has": lambda onto: gets(
        f"CONSUMER.MSG.NEXT.{EVENTS}.audit-{{me}}", {"batch": 1, "no_wait": True}, onto=onto
    ),
}


@pytest.mark.parametrize("role", LOGINS)
def test_a_role_may_do_its_work_and_nothing_else(site_: AtWork, role: str) -> None:
    async def tried() -> dict[str, bool]:
        found: dict[str, bool] = {}
        async with site_.as_(LOGINS[role]) as connection, site_.as_("operator") as operator:
            for name, operation in OPERATIONS.items():
                before = await stored(operator)
                try:
                    await operation.try_(connection, me(role))
                    found[name] = True
                except TimeoutError as error:
                    raise AssertionError(f"{role} tried to {name} and heard nothing") from error
                except Forbidden:
                    found[name] = False
                    assert await stored(operator) == before, name
        return found

    found = site_.runner.run(tried())
    assert found == {name: role in operation.allowed.split() for name, operation in OPERATIONS.items()}


@pytest.mark.parametrize("role", [role for role in LOGINS if role != "operator"])
def test_no_role_makes_the_server_or_the_service_publish_for_it(site_: AtWork, role: str) -> None:
    async def tried() -> None:
        async with site_.as_(LOGINS[role]) as connection, site_.as_("operator") as operator:
            before = await stored(operator)
            # Where a login publishes or answers itself, it may have published for it.
            own = [*(connection.login.publishes or ()), *(connection.login.hears or ())]
            for onto in [each for each in ONTO.values() if not any(subjects.covers(mine, each) for mine in own)]:
                for made in PUBLISHERS.values():
                    await made(onto)(connection, me(role))
                await connection.publish(f"portfolio.{P}.view.spend", b"{}", reply=onto)
                await connection.publish(f"portfolio.{P}.health.service", b"{}", reply=onto)
            await connection.request(USER_INFO, timeout=LIMIT_S)
            assert await stored(operator) == before

    site_.runner.run(tried())


@pytest.mark.parametrize("login", ["publisher-ana", "pmo-ana"])
def test_a_receipt_goes_to_who_sent_the_command_wherever_it_wants_it(site_: AtWork, login: str) -> None:
    async def tried() -> None:
        async with site_.as_(login) as connection, site_.as_("operator") as operator:
            before = await stored(operator)
            for onto in ONTO.values():
                await connection.publish(subjects.command(P, "ana", "OpenPortfolio.v1"), b"{}", reply=onto)
            # Decided after those before it.
            await connection.request(subjects.command(P, "ana", "OpenPortfolio.v1"), b"{}", timeout=LIMIT_S)
            after = await stored(operator)
            assert after == {**before, REFUSALS: before[REFUSALS] + len(ONTO) + 1}

    site_.runner.run(tried())


def test_within_one_account_the_right_to_read_is_a_right_to_write(tmp_path: Path) -> None:
    """Why each login has an account of its own. The day this fails a server checks where an answer goes."""
    port, monitoring = free_ports(2)
    seed = new_seed()
    (tmp_path / "reader.nk").write_text(seed)
    rights = {
        "publish": [f"$JS.API.DIRECT.GET.{EVENTS}", USER_INFO],
        "subscribe": [f"{subjects.inbox(public_key(seed))}.>"],
    }
    users = [{"user": "admin", "password": "x"}, {"nkey": public_key(seed), "permissions": rights}]
    store = {"store_dir": str(tmp_path / "streams")}
    configuration = {"listen": f"127.0.0.1:{port}", "http": f"127.0.0.1:{monitoring}", "jetstream": store}
    (tmp_path / CONFIGURATION).write_text(json.dumps(configuration | {"authorization": {"users": users}}))

    async def tried() -> list[str]:
        url = f"127.0.0.1:{port}"
        admin = await connect(f"nats://admin:x@{url}")
        reader = await connect(f"nats://{url}", credentials=tmp_path / "reader.nk")
        store = await Access(admin, tmp_path).create(P)
        await store.append([Draft(FORGED, b"{}")], expected_sequence=0)
        await gets(f"DIRECT.GET.{EVENTS}", {"seq": 1, "batch": 1}, onto=f"portfolio.{P}.event.x.y.Forged")(reader, "")
        subjects_ = [entry.subject async for entry in store.read()]
        await admin.close()
        await reader.close()
        return subjects_

    with server(tmp_path, monitoring):
        assert asyncio.run(tried())[:2] == [FORGED, f"portfolio.{P}.event.x.y.Forged"]


def me(role: str) -> str:
    """Return the name of a role's login, that of the role where it has none."""
    return LOGINS[role].partition("-")[2] or role


async def stored(operator: Connection) -> dict[str, int]:
    """Return the last sequence of every stream but the lease's, which the service writes all the time."""
    answer = await asked(operator, "STREAM.LIST", timeout_s=LIMIT_S)
    last = {each["config"]["name"]: each["state"]["last_seq"] for each in answer["streams"]}
    return {name: sequence for name, sequence in last.items() if name != LEASE}
