"""A site that changes while it runs: a key rotated, somebody added, an account for audit."""

from __future__ import annotations

import asyncio
import datetime
import ipaddress
from collections.abc import Awaitable, Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from nats.aio.msg import Msg

from ledger.access import Access
from ledger.connection import Connection, Forbidden, asked, connect, granted
from ledger.jetstream import JetStreamStore
from ledger.site import SiteFiles
from ledger.store import Draft, HoleInStream, StreamUnavailable
from schemas import subjects
from tests.site import Running, provisioned, server, site
from tui.recording import opening_command

P = "ai-2026"
EVENTS = f"PORTFOLIO_{P}"
LIMIT_S = 20.0


def opening() -> bytes:
    return opening_command(P, f"{P}-0badcafe", "registrar", title="AI", currency="USD", day=datetime.date(2026, 1, 1))


async def opened_by_the_service(running: Running) -> None:
    async with running.as_("service") as connection:
        writer = await Access(connection, running.directory).writer(P)
        await writer.submit_all([opening()])


async def append(running: Running, count: int) -> None:
    """Append so many entries as the service, which nothing else does here."""
    async with running.as_("service") as connection:
        store = JetStreamStore(connection, EVENTS, subjects.all_events(P))
        last = await store.last_sequence()
        entries = [Draft(subjects.event(P, "initiative/AI-1", "Told.v1"), b"%d" % place) for place in range(count)]
        await store.append(entries, expected_sequence=last)


def test_a_rotated_key_and_somebody_new_are_in_force_after_a_restart(tmp_path: Path) -> None:
    with site(tmp_path / "site", P, "--auditor", "ines") as running:
        before = tmp_path / "before.nk"
        before.write_text(running.seed("auditor-ines").read_text())
        monitoring = monitoring_port(running)
        asyncio.run(opened_by_the_service(running))
    provisioned(running.directory, "--rotate", "auditor-ines", "--reader", "web", "--auditor", "iva")
    with server(running.directory, monitoring):
        provisioned(running.directory, "--streams")

        async def tried() -> None:
            for login in ("auditor-ines", "auditor-iva", "reader-web"):
                async with running.as_(login) as connection:
                    store = Access(connection, tmp_path).store(P)
                    assert await store.last_sequence() == 1
            with pytest.raises(Forbidden, match="does not let"):
                await connect(running.url, credentials=before)

        asyncio.run(tried())


def test_who_follows_through_a_restart_sees_every_entry_once(tmp_path: Path) -> None:
    with site(tmp_path / "site", P, "--reader", "web") as running:
        monitoring = monitoring_port(running)

        async def followed() -> list[bytes]:
            async with running.as_("reader-web") as connection:
                seen: list[bytes] = []
                store = Access(connection, tmp_path).store(P)
                await append(running, 3)
                async for entry in store.follow():
                    seen.append(entry.payload)
                    if len(seen) == 3:
                        running.server.terminate()
                        running.server.wait(LIMIT_S)
                        again = server(running.directory, monitoring)
                        again.__enter__()
                        await append(running, 300)
                    if len(seen) == 303:
                        again.__exit__(None, None, None)
                        return seen
            raise AssertionError("it ended")

        async def limited() -> list[bytes]:
            async with asyncio.timeout(LIMIT_S):
                return await followed()

        seen = asyncio.run(limited())
        assert seen == [b"%d" % place for place in (*range(3), *range(300))]


def test_a_follower_stops_loudly_where_the_stream_has_lost_its_end(tmp_path: Path) -> None:
    with site(tmp_path / "site", P, "--reader", "web") as running:

        async def followed() -> None:
            async with running.as_("reader-web") as connection, running.as_("operator") as operator:
                store = Access(connection, tmp_path).store(P)
                await append(running, 5)
                async for entry in store.follow():
                    if entry.sequence == 5:
                        # What an operator can do, and no flag of the stream stops.
                        await asked(operator, f"STREAM.DELETE.{EVENTS}", timeout_s=LIMIT_S)
                        await Access(operator, tmp_path).create(P)
                        await append(running, 2)

        async def limited() -> None:
            async with asyncio.timeout(LIMIT_S):
                await followed()

        with pytest.raises(HoleInStream):
            asyncio.run(limited())


def test_who_follows_a_stream_that_is_not_there_is_told(tmp_path: Path) -> None:
    with site(tmp_path / "site", P, "--reader", "web") as running:

        async def followed() -> None:
            async with running.as_("operator") as operator:
                await asked(operator, f"STREAM.DELETE.{EVENTS}", timeout_s=LIMIT_S)
            async with running.as_("reader-web") as connection:
                async for _ in Access(connection, tmp_path).store(P).follow():
                    raise AssertionError("there is nothing")

        with pytest.raises(StreamUnavailable, match=EVENTS):
            asyncio.run(followed())


# Encrypted.


def test_with_a_certificate_logins_come_encrypted_and_only_to_the_server_they_trust(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate, key = self_signed(tmp_path)
    tls = ["--tls-cert", str(certificate), "--tls-key", str(key)]
    with monkeypatch.context() as patched:
        patched.setenv("SSL_CERT_FILE", str(certificate))
        with site(tmp_path / "site", P, "--reader", "web", *tls, scheme="tls") as running:

            async def read() -> int:
                async with running.as_("reader-web") as connection:
                    return await Access(connection, tmp_path).store(P).last_sequence()

            assert asyncio.run(read()) == 0
            patched.delenv("SSL_CERT_FILE")
            with pytest.raises(StreamUnavailable, match="certificate verify failed"):
                asyncio.run(read())


def self_signed(folder: Path) -> tuple[Path, Path]:
    """Write a certificate of 127.0.0.1 that nobody else has signed, and its key."""
    private = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a site's server")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(private, hashes.SHA256())
    )
    certificate, key = folder / "server.pem", folder / "server.key"
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    pem, pkcs8 = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    key.write_bytes(private.private_bytes(pem, pkcs8, serialization.NoEncryption()))
    return certificate, key


# The account for audit.


@pytest.fixture(scope="module")
def audited(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A site with an account of mirrors."""
    with site(tmp_path_factory.mktemp("site"), P, "--auditor", "ines", "--audit-account") as running:
        yield running


def test_a_mirror_follows_and_its_auditors_read_it_as_they_like(audited: Running, tmp_path: Path) -> None:
    async def tried() -> None:
        entries = [b"%d" % place for place in range(500)]
        for _ in range(5):  # more than are sent without an answer between
            await append(audited, len(entries))
        async with audited.as_("mirror-ines") as auditor:
            mirror = Access(auditor, tmp_path).store(P)
            assert await arrived(mirror, 2500) == entries * 5
            await append(audited, 1)
            assert await arrived(mirror, 2501) == [*entries * 5, b"0"]
            assert await Access(auditor, tmp_path).portfolios() == [P]
            # A consumer of one's own, which delivers to one's own inbox.
            arriving: asyncio.Queue[bytes] = asyncio.Queue()

            async def receive(message: Msg) -> None:
                arriving.put_nowait(message.data)

            inbox = auditor.new_inbox()
            await auditor.subscribe(inbox, cb=receive)
            await consumer(auditor, "mine", inbox)
            assert [await arriving.get() for _ in range(2501)] == [*entries * 5, b"0"]

    asyncio.run(limited(tried()))


def test_nothing_that_an_auditor_of_the_mirrors_has_the_server_send_reaches_the_ledger(
    audited: Running, tmp_path: Path
) -> None:
    reset = f"LEDGER.MIRROR.API.CONSUMER.RESET.{EVENTS}.audit-mirror"
    create = f"LEDGER.MIRROR.API.CONSUMER.CREATE.{EVENTS}.evil"
    event, command = f"portfolio.{P}.event.initiative.AI-1.Forged", f"portfolio.{P}.command.ana.X"

    async def tried() -> None:
        await append(audited, 5)
        async with audited.as_("mirror-ines") as auditor, audited.as_("operator") as operator:
            mirror = Access(auditor, tmp_path).store(P)
            last = await Access(operator, tmp_path).store(P).last_sequence()
            await arrived(mirror, last)
            before, consumers = await stored(operator), await names_of_consumers(operator)
            for number, onto in enumerate((event, command, f"portfolio.{P}.finding", "$KV.X.y", reset, create)):
                await consumer(auditor, f"evil-{number}", onto)
                for asking in (f"DIRECT.GET.{EVENTS}", f"STREAM.MSG.GET.{EVENTS}"):
                    await auditor.publish(f"$JS.API.{asking}", b'{"seq":1}', reply=onto)
                # What a server says of a consumer has the shape of asking for one.
                await auditor.publish(f"$JS.API.CONSUMER.INFO.{EVENTS}.evil-{number}", b"", reply=onto)
            await append(audited, 1)
            # The mirror still follows, wherever it was told to start again.
            await arrived(mirror, last + 1)
            assert await stored(operator) == {**before, EVENTS: last + 1}
            assert await names_of_consumers(operator) == consumers

    asyncio.run(limited(tried()))


@pytest.mark.parametrize(
    "subject",
    [
        f"portfolio.{P}.event.initiative.AI-1.Forged",
        f"portfolio.{P}.command.ines.OpenPortfolio",
        f"portfolio.{P}.finding",
        f"$JS.API.STREAM.DELETE.{EVENTS}",
        f"$JS.API.STREAM.UPDATE.{EVENTS}",
        "$JS.API.STREAM.CREATE.mine",
        f"LEDGER.API.STREAM.DELETE.{EVENTS}",
        f"LEDGER.MIRROR.API.CONSUMER.CREATE.{EVENTS}",
        f"LEDGER.MIRROR.API.CONSUMER.CREATE.{EVENTS}.mine",
        "audit.deliver.x",
    ],
)
def test_what_an_auditor_of_the_mirrors_may_not(audited: Running, subject: str) -> None:
    async def tried() -> None:
        async with audited.as_("mirror-ines") as auditor:
            with pytest.raises(Forbidden, match="AUDIT may not publish"):
                await auditor.request(subject, b"{}", timeout=LIMIT_S)

    asyncio.run(tried())


async def limited(work: Awaitable[None]) -> None:
    async with asyncio.timeout(LIMIT_S):
        await work


async def consumer(auditor: Connection, name: str, onto: str) -> None:
    config = {"name": name, "deliver_subject": onto, "deliver_policy": "all", "ack_policy": "none"}
    asking = {"stream_name": EVENTS, "config": config}
    granted(await asked(auditor, f"CONSUMER.CREATE.{EVENTS}.{name}", asking, timeout_s=LIMIT_S), EVENTS)


async def names_of_consumers(operator: Connection) -> dict[str, list[str]]:
    found = {}
    for stream in await stored(operator):
        answer = await asked(operator, f"CONSUMER.NAMES.{stream}", timeout_s=LIMIT_S)
        found[stream] = sorted(answer["consumers"] or [])
    return found


async def arrived(mirror: JetStreamStore, count: int) -> list[bytes]:
    """Return the entries of a mirror once it has so many."""
    async with asyncio.timeout(LIMIT_S):
        while await mirror.last_sequence() < count:  # noqa: ASYNC110 (a mirror tells nobody)
            await asyncio.sleep(0.05)
    return [entry.payload async for entry in mirror.read()]


async def stored(operator: Connection) -> dict[str, int]:
    answer = await asked(operator, "STREAM.LIST", timeout_s=LIMIT_S)
    return {each["config"]["name"]: each["state"]["last_seq"] for each in answer["streams"]}


def monitoring_port(running: Running) -> int:
    made = SiteFiles(running.directory).read()
    assert made is not None
    return made.monitoring
