"""The notary on a real server: what it leaves is a log anybody can check, also where it is killed on the way."""

from __future__ import annotations

import asyncio
import json
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

from ledger.access import Access, opened
from ledger.jetstream import JetStreamStore
from ledger.notary.checkpoint import open_checkpoint
from ledger.notary.directory import DirectoryTaken, LogDirectory
from ledger.notary.edge import Edge, File
from ledger.notary.history import HistoryLost
from ledger.notary.keys import KeyFileError, log_key_path, make_log_key, read_log_key
from ledger.notary.note import parse_vkey, signer_key
from ledger.notary.recovering import DirectorySource, Recovered, RecoveryError, Source, TilesSource, recover
from ledger.notary.remote import PART_BYTES
from ledger.notary.running import ALARM, NotaryPart, notary
from ledger.notary.sealer import CHECKPOINT, HEAD, VKEY, Kept, NotaryAlarm, Overtaken, unpacked_tail
from ledger.notary.serving import log_site
from ledger.settings import Settings
from ledger.store import Draft, StreamUnavailable
from ledger.streams import stream_exists
from ledger.writer import Writer
from tests.program import ROOT, open_in, run, started

SUBJECT = "portfolio.p.event.initiative.AI-1.Foreign"


@asynccontextmanager
async def portfolio(data: Path, *, entries: int = 0) -> AsyncIterator[Access]:
    """A portfolio called p on a server of its own, its opening followed by entries that mean nothing."""
    async with opened(Settings(data, "p", "ana", None)) as access:
        await open_in(access, "p", "p-00000000")
        await fill(access, entries)
        yield access


async def fill(access: Access, count: int) -> None:
    store = access.store("p")
    for _ in range(0, count, 500):
        last = await store.last_sequence()
        drafts = [Draft(SUBJECT, b"entry %d" % (last + place)) for place in range(1, min(500, count) + 1)]
        count -= await store.append(drafts, expected_sequence=last) - last


async def until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.02)


async def sealed_once(access: Access) -> int:
    async with notary(access, "p") as at_work:
        return (await at_work.run_once()).size


async def check_log(access: Access) -> int:
    """Check everything the notary has left against the stream, from nothing, and return the size of the log."""
    vkey = parse_vkey((await access.register("p").get(VKEY)).value.decode())
    directory = LogDirectory(access.directory("p"))
    note = directory.read(CHECKPOINT)
    assert (await access.register("p").get(CHECKPOINT)).value == note
    checkpoint = open_checkpoint(note, vkey).checkpoint
    edge = Edge()
    full = edge.extend([entry.payload async for entry in access.store("p").read(until=checkpoint.size)])
    assert (edge.size, edge.root()) == (checkpoint.size, checkpoint.root)
    for path, content in [*full, *edge.partial_files()]:
        assert directory.read(path) == content, path
    assert [file async for file in access.tiles("p").files()] == full
    tail = unpacked_tail((await access.register("p").get("tail")).value)
    assert (tail.size, tuple(tail.entries)) == (edge.size, edge.entries)
    return checkpoint.size


# What it does


async def test_what_is_there_is_sealed_and_what_is_added_extends_it(tmp_path):
    async with portfolio(tmp_path, entries=700) as access:
        assert await sealed_once(access) == 701
        assert await check_log(access) == 701
        await fill(access, 70)
        assert await sealed_once(access) == 771
        assert await check_log(access) == 771
        partial = [path for path in (tmp_path / "p").rglob("*.p/*") if "entries" in str(path)]
        assert sorted(path.parent.name + "/" + path.name for path in partial) == ["003.p/3"]


async def test_it_follows_the_stream_until_it_is_told_to_stop(tmp_path):
    seen = []
    async with portfolio(tmp_path) as access:
        async with notary(access, "p", told=lambda checkpoint: seen.append(checkpoint.size)) as at_work:
            running = asyncio.create_task(at_work.run())
            for size in (1, 301, 302):
                await fill(access, size - await access.store("p").last_sequence())
                await until(lambda size=size: at_work.checkpoint.size >= size)
            assert at_work.words()["ready"]
            await fill(access, 5)
            at_work.end()
            await running
        assert seen == sorted(set(seen))
        assert at_work.words()["state"] == "stopped"
        assert await sealed_once(access) == 307
        assert await check_log(access) == 307


async def test_two_notaries_of_different_machines_make_one_log(tmp_path):
    async with portfolio(tmp_path, entries=300) as access:
        await sealed_once(access)
        other = Access(access.connection, tmp_path / "other")
        shutil.copytree(tmp_path / ".keys", tmp_path / "other" / ".keys")
        async with notary(access, "p") as one, notary(other, "p") as two:
            tasks = [asyncio.create_task(each.run()) for each in (one, two)]
            for _ in range(5):
                await fill(access, 120)
                await asyncio.sleep(0)
            await until(lambda: min(one.checkpoint.size, two.checkpoint.size) == 901)
            for each in (one, two):
                each.end()
            await asyncio.gather(*tasks)
        assert await check_log(access) == 901
        assert await check_log(other) == 901


async def test_a_second_notary_of_one_directory_is_told_and_as_a_part_stands_by(tmp_path):
    async with portfolio(tmp_path) as access, notary(access, "p"):
        with pytest.raises(DirectoryTaken, match="another notary is at work"):
            await sealed_once(access)
        part = NotaryPart(access, "p")
        running = asyncio.create_task(part.run())
        await asyncio.sleep(0.1)
        assert (part.words()["state"], part.words()["ready"]) == ("standby", True)
        part.end()
        await running


async def test_the_log_is_read_over_http_and_nothing_else_is(tmp_path):
    async with portfolio(tmp_path, entries=300) as access:
        await sealed_once(access)
        directory = LogDirectory(access.directory("p"))
        async with log_site("127.0.0.1", 0, directory) as port, aiohttp.ClientSession() as client:

            async def got(path, method="GET"):
                async with client.request(method, f"http://127.0.0.1:{port}/{path}") as answer:
                    return answer.status, answer.content_type, await answer.read()

            for path in ("checkpoint", "tile/0/000", "tile/entries/000", "tile/0/001.p/45", "tile/1/000.p/1"):
                kind = "text/plain" if path == "checkpoint" else "application/octet-stream"
                assert await got(path) == (200, kind, (tmp_path / "p" / path).read_bytes())
            for path in (
                "",
                "head",
                ".signing",
                "tile",
                "tile/0/007",
                "tile/0/x000/000",
                "tile/0/..%2f..%2fcheckpoint",
            ):
                assert (await got(path))[0] == 404, path
            assert (await got("checkpoint", "POST"))[0] == 405


async def test_the_program_seals_serves_and_ends_when_it_is_told_to(tmp_path):
    async with portfolio(tmp_path, entries=5) as access:
        with started(tmp_path, "notary", "--json", "--serve", "127.0.0.1:0") as process:
            serves = json.loads(await asyncio.to_thread(process.stdout.readline))["serves"]
            sealed = json.loads(await asyncio.to_thread(process.stdout.readline))
            assert (sealed["portfolio"], sealed["size"]) == ("p", 6)
            async with aiohttp.ClientSession() as client, client.get(f"{serves}/checkpoint") as answer:
                assert (await answer.text()).startswith("p-00000000\n6\n")
            process.send_signal(signal.SIGTERM)
            assert await asyncio.to_thread(process.wait, 30) == 0
        assert await check_log(access) == 6


async def test_what_is_served_is_sealed(tmp_path):
    async with portfolio(tmp_path, entries=5) as access:
        with started(tmp_path, "serve", "--only", "notary", "--json") as process:
            assert json.loads(await asyncio.to_thread(process.stdout.readline))["serves"] == ["p"]
            await until(lambda: (tmp_path / "p" / CHECKPOINT).exists())
            process.send_signal(signal.SIGTERM)
            assert await asyncio.to_thread(process.wait, 30) == 0
        assert await check_log(access) == 6


# What it is killed by


def victims(data: Path) -> subprocess.Popen[str]:
    asked = [sys.executable, "-m", "tests.notary_victim", str(data)]
    return subprocess.Popen(asked, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


async def test_killed_for_real_at_a_dozen_steps_it_goes_on_with_one_log(tmp_path):
    notes = []
    async with portfolio(tmp_path, entries=250) as access:
        await sealed_once(access)
        with victims(tmp_path) as killed:
            for step in (1, 3, 5, 6, 7, 8, 9, 10, 11, 13, 14, 15):
                await fill(access, 70)
                killed.stdin.write(f"{step}\n")
                killed.stdin.flush()
                assert await asyncio.to_thread(killed.stdout.readline) == f"{-signal.SIGKILL}\n"
                published = (await access.register("p").get(CHECKPOINT)).value
                notes += [(tmp_path / "p" / CHECKPOINT).read_bytes(), published]
            killed.stdin.close()
        size = await sealed_once(access)
        assert await check_log(access) == size == 251 + 12 * 70
        vkey = parse_vkey((await access.register("p").get(VKEY)).value.decode())
        edge = Edge()
        entries = [entry.payload async for entry in access.store("p").read()]
        for checkpoint in sorted(open_checkpoint(note, vkey).checkpoint for note in notes):
            edge.extend(entries[edge.size : checkpoint.size])
            assert edge.root() == checkpoint.root


async def test_an_answer_that_is_lost_is_taken_up_again(tmp_path, monkeypatch):
    async with portfolio(tmp_path, entries=300) as access:
        async with notary(access, "p") as at_work:
            swap, lost = at_work._register.swap, []

            async def unheard(key, value, revision):
                made = await swap(key, value, revision)
                if key not in lost:
                    lost.append(key)
                    raise StreamUnavailable("the answer was lost")
                return made

            monkeypatch.setattr(at_work._register, "swap", unheard)
            monkeypatch.setattr("ledger.notary.running.RETRY_S", 0.01)
            running = asyncio.create_task(at_work.run())
            in_directory = access.directory("p") / CHECKPOINT
            await until(lambda: at_work.checkpoint.size == 301 and len(lost) == 3 and in_directory.exists())
            at_work.end()
            await running
        assert await check_log(access) == 301


# What it stops at


async def test_a_tile_that_was_changed_in_the_stream_of_tiles_is_an_alarm_that_others_see(tmp_path):
    async with portfolio(tmp_path, entries=300) as access:
        forged = [File("tile/entries/000", b"forged"), File("tile/0/000", bytes(8192))]
        tiles = access.tiles("p")
        await tiles.make()
        await tiles.bundle_count()
        await tiles.keep(forged)
        with pytest.raises(NotaryAlarm, match="tile/entries/000 in TILES_p holds other bytes"):
            await sealed_once(access)
        alarm = json.loads((await access.register("p").get(ALARM)).value)
        assert (alarm["size"], "tile/entries/000" in alarm["alarm"]) == (0, True)
        assert (await access.register("p").get(HEAD)).value is None


async def test_a_stream_put_back_to_an_older_backup_is_neither_sealed_nor_written_to(tmp_path):
    async with portfolio(tmp_path, entries=10) as access:
        await sealed_once(access)
    shutil.copytree(tmp_path / ".server" / "jetstream", tmp_path / "backup")
    async with opened(Settings(tmp_path, "p", "ana", None)) as access:
        await fill(access, 10)
        await sealed_once(access)
    shutil.rmtree(tmp_path / ".server" / "jetstream")
    (tmp_path / "backup").rename(tmp_path / ".server" / "jetstream")
    noted = run(tmp_path, "notary", "--once")
    assert noted.code == 1
    assert "size 21 of p-00000000 was signed, and the register's head is at 11" in noted.err
    sent = run(tmp_path, "send", "-", given=b"{}\n")
    assert sent.code == 3
    assert "the stream of p ends at sequence 11, and 21 were sealed" in sent.err
    assert "nothing was written" in sent.err


async def test_a_stream_made_anew_is_not_written_to(tmp_path):
    async with portfolio(tmp_path, entries=20) as access:
        await sealed_once(access)
        await access.connection.request("$JS.API.STREAM.DELETE.PORTFOLIO_p")
        await open_in_anew(access)
        await fill(access, 30)
        writer = await access.writer("p")
        with pytest.raises(HistoryLost, match="is not the one that was sealed at sequence 21"):
            await writer.catch_up()
        with pytest.raises(NotaryAlarm, match="is not the one that was sealed at size 21"):
            await sealed_once(access)


async def open_in_anew(access: Access) -> None:
    """Open the portfolio again as somebody would who does not ask."""
    await open_in(access, "p", "p-00000000", actor="mallory")


async def test_a_stream_put_back_under_a_writer_is_noticed_at_its_next_append(tmp_path):
    async with portfolio(tmp_path, entries=20) as access:
        writer = Writer("p", access.store("p"))
        await writer.catch_up()
        await access.connection.request("$JS.API.STREAM.DELETE.PORTFOLIO_p")
        await open_in_anew(access)
        command = {"type": "EnrolActor.v1", "portfolio": "p-00000000", "commandid": "c", "actor": "registrar"}
        command |= {"subject": "actor/bob", "time": "2026-01-01", "recordedtime": "2026-01-01T00:00:00Z"}
        command |= {"data": {"actor": "bob", "roles": ["pmo"], "person": "p-bob", "status": "active"}}
        with pytest.raises(HistoryLost, match="ends at sequence 1, and 21 were read"):
            await writer.submit(json.dumps(command).encode())


# What makes a lost stream again


async def test_a_lost_stream_is_made_again_from_the_directory_byte_for_byte(tmp_path):
    async with portfolio(tmp_path, entries=700) as access:
        await sealed_once(access)
        before = [entry async for entry in access.store("p").read()]
        await access.connection.request("$JS.API.STREAM.DELETE.PORTFOLIO_p")
        again = await recovered(access)
        assert (again.there, again.appended, again.behind) == (0, 701, 0)
        after = [entry async for entry in access.store("p").read()]
        assert [entry.payload for entry in after] == [entry.payload for entry in before]
        assert after[0].subject == before[0].subject
        assert {entry.subject for entry in after[1:]} == {"portfolio.p.event.foreign.recovered.Foreign"}
        await fill(access, 9)
        assert await sealed_once(access) == 710
        assert await check_log(access) == 710


@pytest.mark.parametrize("size", [512, 701])
async def test_a_lost_stream_is_made_again_from_the_stream_of_tiles(tmp_path, size):
    async with portfolio(tmp_path, entries=size - 1) as access:
        await sealed_once(access)
        await access.connection.request("$JS.API.STREAM.DELETE.PORTFOLIO_p")
        source = TilesSource(access.tiles("p"), access.register("p"), "TILES_p")
        assert (await recovered(access, source)).appended == size
        assert await sealed_once(access) == size
        assert await check_log(access) == size


async def test_everything_lost_on_the_server_comes_back_from_the_directory(tmp_path):
    async with portfolio(tmp_path, entries=300) as access:
        await sealed_once(access)
    shutil.rmtree(tmp_path / ".server" / "jetstream")
    made = run(tmp_path, "recover", "--portfolio", "p", "--json")
    assert (made.code, made.json["there"], made.json["appended"]) == (0, 0, 301)
    async with opened(Settings(tmp_path, "p", "ana", None)) as access:
        assert await sealed_once(access) == 301
        assert await check_log(access) == 301
        await (await access.writer("p")).catch_up()


async def test_an_older_backup_gets_the_rest_and_an_interrupted_recovery_goes_on(tmp_path, monkeypatch):
    async with portfolio(tmp_path, entries=1300) as access:
        await sealed_once(access)
        await access.connection.request("$JS.API.STREAM.DELETE.PORTFOLIO_p")
        append, appends = JetStreamStore.append, []

        async def cut_off(store, entries, *, expected_sequence):
            appends.append(expected_sequence)
            if len(appends) == 2:
                raise StreamUnavailable("the server is away")
            return await append(store, entries, expected_sequence=expected_sequence)

        monkeypatch.setattr(JetStreamStore, "append", cut_off)
        with pytest.raises(StreamUnavailable):
            await recovered(access)
        monkeypatch.undo()
        again = await recovered(access)
        assert (again.there, again.appended) == (500, 801)
        await fill(access, 5)
        whole = await recovered(access)
        assert (whole.there, whole.appended, whole.behind) == (1301, 0, 5)


async def test_nothing_is_recovered_from_what_does_not_hash_or_over_what_differs(tmp_path):
    async with portfolio(tmp_path, entries=300) as access:
        await sealed_once(access)
        bundle = tmp_path / "p" / "tile/entries/000"
        good = bundle.read_bytes()
        bundle.write_bytes(good.replace(b"entry 9", b"entry 8", 1))
        await access.connection.request("$JS.API.STREAM.DELETE.PORTFOLIO_p")
        with pytest.raises(RecoveryError, match=r"checkpoint of size 301 says [0-9a-f]{64}: a bundle was changed"):
            await recovered(access)
        bundle.write_bytes(good[:-1])
        with pytest.raises(RecoveryError, match=r"tile/entries/000 in .*: not a bundle of 256 entries"):
            await recovered(access)
        bundle.unlink()
        with pytest.raises(RecoveryError, match="tile/entries/000 is missing"):
            await recovered(access)
        assert not await stream_exists(access.connection, "PORTFOLIO_p")
        bundle.write_bytes(good)
        await open_in_anew(access)
        with pytest.raises(RecoveryError, match="entry 1 of the stream is not the one in"):
            await recovered(access)
        assert await access.store("p").last_sequence() == 1


async def test_nothing_is_recovered_from_an_older_copy_than_what_was_sealed(tmp_path):
    async with portfolio(tmp_path, entries=300) as access:
        await sealed_once(access)
        shutil.copytree(tmp_path / "p", tmp_path / "copy")
        await fill(access, 10)
        await sealed_once(access)
        await access.connection.request("$JS.API.STREAM.DELETE.PORTFOLIO_p")
        with pytest.raises(RecoveryError, match="has the log at size 301, and 311 were sealed; give a newer copy"):
            await recovered(access, DirectorySource(LogDirectory(tmp_path / "copy")))
        other = signer_key("p-00000000", bytes(32)).vkey
        with pytest.raises(RecoveryError, match="is not one of this log: no known key signed"):
            await recover(lambda: access.create("p"), access.register("p"), source_of(access), "p", other)


def source_of(access: Access) -> DirectorySource:
    return DirectorySource(LogDirectory(access.directory("p")))


async def recovered(access: Access, source: Source | None = None) -> Recovered:
    vkey = parse_vkey((await access.register("p").get(VKEY)).value.decode())
    return await recover(lambda: access.create("p"), access.register("p"), source or source_of(access), "p", vkey)


# What doctor says of it


async def test_doctor_tells_what_is_sealed_and_the_last_alarm(tmp_path):
    async def looks() -> dict[str, list]:
        found = (await asyncio.to_thread(run, tmp_path, "doctor", "--json")).json
        return {what: [holds, told] for what, holds, told in (each.values() for each in found)}

    async with portfolio(tmp_path, entries=10) as access:
        assert (await looks())["log of p"] == [None, "nothing is sealed yet; see `portfolio notary`"]
        await sealed_once(access)
        await fill(access, 5)
        assert (await looks())["log of p"] == [True, "11 of 16 entries are sealed"]
        register = access.register("p")
        told = json.dumps({"at": "2026-11-28T02:00:00+00:00", "size": 11, "alarm": "tile/0/000 differs"})
        await register.swap(ALARM, told.encode(), 0)
        assert (await looks())["log of p"] == [
            False,
            "the notary stopped at 2026-11-28T02:00:00+00:00, size 11: tile/0/000 differs",
        ]
        await sealed_once(access)
        holds, said = (await looks())["log of p"]
        assert holds
        assert said.startswith("16 of 16 entries are sealed; before that the notary stopped at 2026")


# The key


async def test_the_key_is_made_once_and_only_its_owner_reads_it(tmp_path):
    async with portfolio(tmp_path) as access:
        await sealed_once(access)
        path = log_key_path(tmp_path, "p")
        assert path.stat().st_mode & 0o777 == 0o600
        assert path.parent.stat().st_mode & 0o777 == 0o700
        assert not path.is_relative_to(access.directory("p"))
        written = path.read_bytes()
        await fill(access, 1)
        await sealed_once(access)
        assert path.read_bytes() == written
        path.unlink()
        part = NotaryPart(access, "p")
        running = asyncio.create_task(part.run())
        await until(lambda: part.words()["state"] == "without key")
        part.end()
        await running
        with pytest.raises(NotaryAlarm, match="was signed before, and its key is not in"):
            await sealed_once(access)
        make_log_key(path, "p-00000000")
        with pytest.raises(NotaryAlarm, match="give the key that began it"):
            await sealed_once(access)


@pytest.mark.parametrize(
    ("written", "mode", "why"),
    [
        (b"nonsense\n", 0o600, "is no key file: not a signer key"),
        (b"\xff\n", 0o600, "is no key file"),
        (None, 0o640, "can be read by others"),
        (None, 0o600, "is the key of p-00000000, and this log is other"),
    ],
)
def test_a_key_file_that_cannot_be_used_says_why(tmp_path, written, mode, why):
    path = tmp_path / "key"
    make_log_key(path, "p-00000000")
    if written is not None:
        path.write_bytes(written)
    path.chmod(mode)
    with pytest.raises(KeyFileError, match=why):
        read_log_key(path, "other")


# Its parts on a real server


async def test_a_value_of_the_register_is_replaced_by_who_has_seen_it(tmp_path):
    async with portfolio(tmp_path) as access:
        register = access.register("p")
        assert await register.get(HEAD) == Kept(None, 0)
        await register.make()
        assert await register.get(HEAD) == Kept(None, 0)
        first = await register.swap(HEAD, b"one", 0)
        assert await register.get(HEAD) == Kept(b"one", first)
        for stale in (0, first + 1):
            with pytest.raises(Overtaken, match="head in NOTARY_p was replaced by another"):
                await register.swap(HEAD, b"two", stale)
        second = await register.swap(HEAD, b"two", first)
        assert await register.get(HEAD) == Kept(b"two", second)
        assert await register.get("tail") == Kept(None, 0)


async def test_a_file_longer_than_a_message_is_kept_in_parts(tmp_path):
    async with portfolio(tmp_path) as access:
        tiles = access.tiles("p")
        await tiles.make()
        assert await tiles.bundle_count() == 0
        edge = Edge()
        lengths = [10, 63_000, 2 * PART_BYTES // 256 - 2]  # the last bundle ends where a part does
        files = [file for length in lengths for file in edge.extend([b"x" * length] * 256)]
        assert len(files[4].content) == 2 * PART_BYTES // 256 * 256
        await tiles.keep(files[:2])
        await tiles.keep(files)
        again = access.tiles("p")
        assert await again.bundle_count() == 3
        assert [file async for file in again.files()] == files
        assert [file async for file in again.files(first_bundle=2)] == files[4:]
        assert [file async for file in again.files(first_bundle=3)] == []
        assert await again.get("tile/entries/001") == files[2].content
        assert await again.get("tile/entries/003") is None
        await again.keep(files)
        with pytest.raises(NotaryAlarm, match="tile/entries/001 in TILES_p holds other bytes"):
            await again.keep([files[2]._replace(content=files[2].content[:-1] + b"y"), files[3]])


async def test_of_two_that_append_the_same_bundle_one_is_told(tmp_path):
    async with portfolio(tmp_path) as access:
        one, two = access.tiles("p"), access.tiles("p")
        await one.make()
        for each in (one, two):
            await each.bundle_count()
        files = Edge().extend([b"x"] * 512)
        await one.keep(files[:2])
        with pytest.raises(Overtaken, match="another sealer has written to TILES_p"):
            await two.keep(files[:2])
        await two.bundle_count()
        await two.keep(files)
        assert [file async for file in one.files()] == files
