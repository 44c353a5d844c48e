"""What two runs of the program do to one data directory, and what a kill at any moment leaves: the same history.

An import is killed where the stream has come to a place drawn beforehand; the seed is in the test's output, and
PORTFOLIO_TEST_SEED draws the same again.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from ledger.access import Access, opened
from ledger.connection import connect
from ledger.importers.nyc_capital import commands
from ledger.server import private_server
from ledger.settings import Settings
from ledger.store import MemoryStore
from ledger.writer import Writer
from projections import archive as archive_module
from projections.archive import Archive, ArchiveDiffers
from projections.segments import Segments
from tests import program
from tests.program import Ran, done, started, without_importedtime

REAL = program.ROOT.parent / "shared" / "data" / "nyc-capital"
PORTFOLIO, ORIGIN = "city", "city-0badcafe"
COPIES = 8
"""The made plans so many times over: five appends of up to 250 commands."""

LIMIT_S = 60.0


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data directory with a historic portfolio in it, and nothing more."""
    program.opened_portfolio(tmp_path / "data", PORTFOLIO, ORIGIN)
    return tmp_path / "data"


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> list[bytes]:
    """The history of an import nobody disturbs, without the instants it was really brought at."""
    folder = tmp_path_factory.mktemp("plans")
    program.plans(folder, COPIES)
    return imported_alone({file.name: file.read_bytes() for file in folder.iterdir()})


def imported_alone(files: dict[str, bytes]) -> list[bytes]:
    lines = [program.opening(PORTFOLIO, ORIGIN), *commands(files, origin=ORIGIN, actor="ana")]
    store = MemoryStore()
    asyncio.run(Writer(PORTFOLIO, store).submit_all([line for line in lines if isinstance(line, bytes)]))
    return [without_importedtime(entry.payload) for entry in store.entries]


@asynccontextmanager
async def inside(data: Path) -> AsyncIterator[Access]:
    """Be in, beside the program: its server stays, whoever is killed."""
    async with opened(Settings(data, PORTFOLIO, "ana", None)) as access:
        yield access


async def until_sequence(access: Access, least: int, process: subprocess.Popen[bytes]) -> int:
    """Wait until the stream has come to a sequence, or the process has ended; return where the stream is."""
    store = access.store(PORTFOLIO)
    deadline = time.monotonic() + LIMIT_S
    while (last := await store.last_sequence()) < least and process.poll() is None:
        assert time.monotonic() < deadline
        await asyncio.sleep(0.002)
    return last


async def ended(process: subprocess.Popen[bytes]) -> Ran:
    """Wait for a process and return what it left."""
    out, err = await asyncio.to_thread(process.communicate, b"", LIMIT_S)
    return Ran(process.returncode, out, err.decode())


async def killed(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    await ended(process)


def assert_whole(data: Path, history: list[bytes]) -> None:
    """The stream holds the history, byte for byte, and no command twice; and what is kept is what it says."""
    stored = done(data, "log", "--json").out.splitlines()
    assert [without_importedtime(line) for line in stored] == history
    events = [json.loads(line) for line in stored]
    assert [int(event["sequence"]) for event in events] == list(range(1, len(history) + 1))
    assert len({event["commandid"] for event in events if "command" in event}) == len(history)
    assert all("importedtime" in event for event in events)
    assert done(data, "rebuild", "--json").json["differences"] == []


def seeded() -> random.Random:
    seed = os.environ.get("PORTFOLIO_TEST_SEED") or str(random.SystemRandom().getrandbits(32))
    print(f"PORTFOLIO_TEST_SEED={seed}")
    return random.Random(seed)


# Two at once


def test_two_that_import_the_same_files_at_once_lose_nothing_and_record_nothing_twice(
    data: Path, tmp_path: Path, undisturbed: list[bytes]
) -> None:
    asks = ["import", *program.plans(tmp_path / "plans", COPIES), "--json"]

    async def race() -> list[Ran]:
        return await asyncio.gather(*(ended(started(data, *asks)) for _ in range(2)))

    ran = asyncio.run(race())
    assert [(each.code, each.err) for each in ran] == [(0, "")] * 2
    told = [each.json for each in ran]
    for each in told:
        assert each["recorded"] + each["already_there"] == each["commands"] == len(undisturbed) - 1
        assert (each["refused"], each["sequence"]) == (0, len(undisturbed))
    assert sum(each["recorded"] for each in told) >= len(undisturbed) - 1
    assert_whole(data, undisturbed)


def test_views_asked_for_while_another_imports_are_each_true_of_a_moment(
    data: Path, tmp_path: Path, undisturbed: list[bytes]
) -> None:
    """Each says how much it knew, and its figures are those of exactly that much."""

    async def both() -> tuple[Ran, list[Ran]]:
        async with inside(data) as access:
            importer = started(data, "import", *program.plans(tmp_path / "plans", COPIES))
            views: list[Ran] = []
            least = 2
            while importer.poll() is None and await until_sequence(access, least, importer) >= least:
                views.append(await ended(started(data, "view", "spend", "--json", "--as-of", "2026-01-01")))
                least = views[-1].json["as_known"]["sequence"] + 1
            return await ended(importer), views

    ran, views = asyncio.run(both())
    assert (ran.code, ran.err) == (0, "")
    assert views
    for view in views:
        assert (view.code, view.err) == (0, "")
        known = undisturbed[: view.json["as_known"]["sequence"]]
        totals = summed(known)
        assert {name: view.json["totals"][f"{name}_minor"] for name in totals} == totals
    assert_whole(data, undisturbed)


def summed(history: list[bytes]) -> dict[str, int]:
    measures = {"EnvelopeFunded.v1": "funded", "FundingApproved.v1": "approved", "CommitmentPosted.v1": "committed"}
    measures |= {"ActualPosted.v1": "actual"}
    sums = dict.fromkeys(measures.values(), 0)
    for event in map(json.loads, history):
        if event["type"] in measures:
            sums[measures[event["type"]]] += event["data"]["amount"]["minor"]
    return sums


# Killed


def test_an_import_killed_ten_times_and_run_again_leaves_the_history_of_one(
    data: Path, tmp_path: Path, undisturbed: list[bytes]
) -> None:
    asks = ["import", *program.plans(tmp_path / "plans", COPIES)]
    choice = seeded()
    places = sorted(choice.sample(range(1, len(undisturbed)), 10))

    async def interrupt() -> None:
        async with inside(data) as access:
            for place in places:
                importer = started(data, *asks)
                reached = await until_sequence(access, place, importer)
                await killed(importer)
                assert reached >= place or importer.returncode == 0

    asyncio.run(interrupt())
    done(data, *asks)
    assert_whole(data, undisturbed)
    assert "0 of " in done(data, *asks).text


def test_an_import_killed_before_it_appends_anything_leaves_the_portfolio_as_it_was(
    data: Path, tmp_path: Path, undisturbed: list[bytes]
) -> None:
    """Killed when it has come in: while it starts the server, or reads, or decides."""
    asks = ["import", *program.plans(tmp_path / "plans", COPIES)]
    users = data / ".server" / "server.json"
    before = users.stat().st_mtime_ns

    async def interrupt() -> None:
        importer = started(data, *asks)
        deadline = time.monotonic() + LIMIT_S
        while users.stat().st_mtime_ns == before and importer.poll() is None:
            assert time.monotonic() < deadline
            await asyncio.sleep(0.002)
        await killed(importer)

    asyncio.run(interrupt())
    done(data, *asks)
    assert_whole(data, undisturbed)


def test_a_server_killed_during_an_import_costs_nothing_that_was_acknowledged(
    data: Path, tmp_path: Path, undisturbed: list[bytes]
) -> None:
    """Whoever comes in next starts it again; the import goes on, or ends with one line and is run again."""
    asks = ["import", *program.plans(tmp_path / "plans", COPIES)]
    choice = seeded()
    places = sorted(choice.sample(range(2, len(undisturbed)), 2))
    outcomes = []

    async def interrupt() -> None:
        for place in places:
            async with inside(data) as access:
                importer = started(data, *asks)
                reached = await until_sequence(access, place, importer)
                os.kill(int((data / ".server" / "pid").read_text()), signal.SIGKILL)
            async with inside(data) as access:
                assert await access.store(PORTFOLIO).last_sequence() >= reached
                outcomes.append(await ended(importer))

    asyncio.run(interrupt())
    for outcome in outcomes:
        assert outcome.code in (0, 3, MASKED), outcome
        assert outcome.err.count("\n") == (0 if outcome.code == 0 else 1), outcome
    done(data, *asks)
    assert_whole(data, undisturbed)


MASKED = 130
"""Told as if somebody had stopped it: see the test below, and take this away with its mark."""


def test_closing_a_connection_that_is_being_made_again_is_no_cancellation(tmp_path: Path) -> None:
    """nats-py cancels its reconnecting, which waits for the future that closing then waits for too."""

    async def close(turns: int) -> None:
        async with private_server(tmp_path) as endpoint:
            connection = await connect(endpoint.url, endpoint.token)
            await connection._process_op_err(OSError("the server is gone"))
            for _ in range(turns):
                await asyncio.sleep(0)
            await connection.close()

    async def each() -> None:
        async with private_server(tmp_path):
            for turns in range(4):
                await close(turns)

    try:
        asyncio.run(each())
    except asyncio.CancelledError:
        pytest.fail("nobody cancelled anything")


def test_the_published_plans_survive_a_kill(data: Path) -> None:
    """The thirteen plans of New York City, once through: kept beside the repository, and not to be shipped."""
    if not REAL.is_dir():
        pytest.skip("the published plans are kept beside the repository and are not here; nothing is wrong")
    names = {"objectives.csv": "objectives_made.csv", "alignment.csv": "alignment_made.csv"}
    names |= {name: name for name in ("it_budget_lines.csv", "it_commitments.csv")}
    history = imported_alone({name: (REAL / kept).read_bytes() for name, kept in names.items()})
    extra = ["--alignment", REAL / "alignment_made.csv", "--objectives", REAL / "objectives_made.csv"]
    asks = ["import", "nyc-capital", REAL, *extra]
    place = seeded().randrange(1, len(history))

    async def interrupt() -> None:
        async with inside(data) as access:
            importer = started(data, *asks)
            await until_sequence(access, place, importer)
            await killed(importer)

    asyncio.run(interrupt())
    done(data, *asks)
    assert_whole(data, history)


# Archive and segments


class Crash(Exception):
    """The process ended here."""


def crashing(monkeypatch: pytest.MonkeyPatch, after: int, *, landed: bool) -> None:
    """End at the file write after so many: before it or, where it landed, behind it."""
    write, count = archive_module.replace_file, 0

    def replace_file(target: Path, content: bytes) -> None:
        nonlocal count
        count += 1
        if count <= after or landed:
            write(target, content)
        if count > after:
            raise Crash

    monkeypatch.setattr(archive_module, "replace_file", replace_file)


@pytest.mark.parametrize("landed", [False, True], ids=["lost", "landed"])
def test_a_crash_between_any_two_durable_steps_leaves_an_archive_that_the_next_one_completes(
    tmp_path: Path, landed: bool
) -> None:
    payloads = [b'{"entry":%d}' % place for place in range(3 * 256)]
    whole = Archive(tmp_path / "whole")
    whole.extend(payloads[:256])
    first = whole.head()
    whole.extend(payloads[256:])
    writes = 2 * 2 + 1  # a bundle and a tile for each of two, and the head
    for step in range(writes):
        crashed = Archive(tmp_path / f"crashed-{step}")
        crashed.extend(payloads[:256])
        with pytest.MonkeyPatch.context() as patched:
            crashing(patched, step, landed=landed)
            with pytest.raises(Crash):
                crashed.extend(payloads[256:])
        counts = crashed.head() == whole.head()
        assert counts == (landed and step == writes - 1)
        assert counts or crashed.head() == first
        for bundle in range(crashed.head().size // 256):
            crashed.checked_entries(bundle)
        if not counts:
            crashed.extend(payloads[256:])
        assert contents(crashed.directory) == contents(whole.directory)


def test_a_crash_among_higher_tiles_is_completed_too(tmp_path: Path) -> None:
    """The 256th bundle completes a tile over the 256 below it."""
    payloads = [b"%d" % place for place in range(65_536)]
    whole, crashed = Archive(tmp_path / "whole"), Archive(tmp_path / "crashed")
    whole.extend(payloads)
    with pytest.MonkeyPatch.context() as patched:
        crashing(patched, 2 * 256, landed=False)  # everything but that tile and the head
        with pytest.raises(Crash):
            crashed.extend(payloads)
    assert (crashed.directory / "tile/0/255").exists()
    assert not (crashed.directory / "tile/1/000").exists()
    crashed.extend(payloads)
    assert contents(crashed.directory) == contents(whole.directory)


def test_what_a_crash_left_of_another_history_is_not_built_on(tmp_path: Path) -> None:
    archive = Archive(tmp_path)
    with pytest.MonkeyPatch.context() as patched:
        crashing(patched, 1, landed=False)
        with pytest.raises(Crash):
            archive.extend([b"one"] * 256)
    with pytest.raises(ArchiveDiffers, match="tile/entries/000 holds other bytes than the stream"):
        archive.extend([b"two"] * 256)


MAKING = """
import sys
from pathlib import Path
from projections.replica import Replica
from projections.segments import Segments
directory, portfolio = Path(sys.argv[1]), sys.argv[2]
if __name__ == "__main__":
    print("ready", flush=True)
    sys.stdin.readline()
    segments = Segments(directory, portfolio, 256)
    for number in range(int(sys.argv[3])):
        segments.make_one(number)
    print(Replica.open(directory, portfolio, entries_each=256).sequence)
"""


def test_segments_that_two_processes_make_at_once_are_the_segments_of_one(
    tmp_path: Path, undisturbed: list[bytes]
) -> None:
    count = len(undisturbed) // 256
    payloads = undisturbed[: count * 256]
    for name in ("one", "two"):
        Archive(tmp_path / name).extend(payloads)
    alone = Segments(tmp_path / "one", PORTFOLIO, 256)
    for number in range(count):
        alone.make_one(number)
    makers = [
        subprocess.Popen(
            [sys.executable, "-c", MAKING, str(tmp_path / "two"), PORTFOLIO, str(count)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=program.ROOT,
        )
        for _ in range(2)
    ]
    for maker in makers:
        assert maker.stdout
        assert maker.stdout.readline() == b"ready\n"
    for maker in makers:
        assert maker.stdin
        maker.stdin.write(b"go\n")
        maker.stdin.flush()
    outs = [maker.communicate(timeout=LIMIT_S)[0] for maker in makers]
    assert [maker.returncode for maker in makers] == [0, 0]
    assert outs == [b"%d\n" % (count * 256)] * 2
    assert contents(tmp_path / "two") == contents(tmp_path / "one")


def test_two_that_make_the_archive_at_once_make_the_archive_of_one(data: Path, tmp_path: Path) -> None:
    done(data, "import", *program.plans(tmp_path / "plans", 4))
    asks = ["view", "spend", "--json", "--as-of", "2026-01-01"]
    alone = done(data, *asks).out
    made = contents(data / PORTFOLIO)
    shutil.rmtree(data / PORTFOLIO)

    async def race() -> list[Ran]:
        return await asyncio.gather(*(ended(started(data, *asks)) for _ in range(2)))

    assert asyncio.run(race()) == [Ran(0, alone, "")] * 2
    assert contents(data / PORTFOLIO) == made


def contents(directory: Path) -> dict[str, bytes]:
    return {str(file.relative_to(directory)): file.read_bytes() for file in directory.rglob("*") if file.is_file()}
