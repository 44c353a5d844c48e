"""Statements: the table holds what the macro works out of the facts, wherever they stand and however they came."""

from __future__ import annotations

import asyncio
import os
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ledger import demo as story
from ledger.store import MemoryStore
from ledger.writer import Writer
from projections import statements
from projections.archive import Archive, ArchiveDiffers
from projections.columns import table_name
from projections.fork import ForkReplica
from projections.replica import Replica
from projections.segments import Segments
from projections.statements import file_of
from schemas.events import FACTS

PORTFOLIO = story.PORTFOLIO
EACH = 256
ARCHIVED = 3 * EACH
ORDER = "order by sequence, initiative, slot"


async def told() -> list[bytes]:
    """Return the entries of the demo."""
    store, script = MemoryStore(), list(story.steps())
    writer = Writer(PORTFOLIO, store, story.clock(script, lambda: writer.book.sequence))
    await writer.catch_up()
    async for _ in writer.submit_each(step.line for step in script):
        pass
    return [entry.payload for entry in store.entries]


@cache
def payloads() -> list[bytes]:
    """Return them, told once."""
    return asyncio.run(told())


@pytest.fixture(params=["log", "o'brien's \\ [a]*?"])
def archived(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """An archive of three segments, in a directory of one name or another."""
    directory = tmp_path / request.param
    directory.mkdir()
    Archive(directory).extend(payloads()[:ARCHIVED])
    return directory


def opened(directory: Path) -> Replica:
    return Replica.open(directory, PORTFOLIO, entries_each=EACH)


def kept(directory: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in directory.glob("segment/*/*.statements-*.parquet")}


def held(replica: Replica) -> list[dict[str, Any]]:
    """Return the table, which must be what the macro says of the same replica."""
    rows = replica.ask(f"from statements {ORDER}")
    assert rows == replica.ask(f"from statements_recorded() {ORDER}")
    return rows


def test_every_kind_of_statement_is_in_the_history() -> None:
    replica = Replica(PORTFOLIO)
    replica.extend(payloads())
    assert {row["origin"].removesuffix(".v1") for row in held(replica)} == {
        fact.__name__ for fact in FACTS if table_name(fact) in statements.stating()
    }


def test_it_is_the_same_from_segments_and_from_the_stream_and_both_grow(archived: Path) -> None:
    from_segments, from_stream = opened(archived), Replica(PORTFOLIO)
    from_stream.extend(payloads()[:ARCHIVED])
    assert held(from_segments) == held(from_stream) != []
    for start in range(ARCHIVED, ARCHIVED + 60, 20):
        for replica in (from_segments, from_stream):
            replica.extend(payloads()[start : start + 20])
        assert held(from_segments) == held(from_stream)


def test_no_fact_is_read_into_memory_for_it(archived: Path) -> None:
    replica = opened(archived)
    replica.extend(payloads()[ARCHIVED : ARCHIVED + 60])
    replica.ask("from statements")
    tables = {name for (name,) in replica.database.execute("select table_name from duckdb_tables()").fetchall()}
    assert tables == {"statements"}


def test_what_segments_state_is_worked_out_once_and_stands_beside_them(archived: Path) -> None:
    first = held(opened(archived))
    files = kept(archived)
    assert len(files) == ARCHIVED // EACH
    times = [path.stat().st_mtime_ns for path in sorted(archived.glob("segment/*/*"))]
    assert held(opened(archived)) == first
    assert (kept(archived), [path.stat().st_mtime_ns for path in sorted(archived.glob("segment/*/*"))]) == (
        files,
        times,
    )


def test_it_is_in_the_order_of_the_initiatives_so_that_one_of_them_is_few_rows(archived: Path) -> None:
    replica = opened(archived)
    found = [row["initiative"] for row in replica.ask("select initiative from statements order by rowid")]
    assert found == sorted(found)
    for part in Segments(archived, PORTFOLIO, EACH).parts(ARCHIVED):
        names = pq.read_table(file_of(part)).column("initiative").to_pylist()
        assert names == sorted(names)


@pytest.mark.parametrize("refused", [PermissionError("read only"), duckdb.IOException("read only")])
def test_who_may_not_write_there_is_answered_all_the_same(
    archived: Path, refused: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise refused

    replica = opened(archived)
    monkeypatch.setattr(statements, "_write", refuse)
    assert held(replica)
    assert kept(archived) == {}


def test_a_crash_before_a_file_has_its_name_leaves_none(archived: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(*_: object) -> None:
        raise KeyboardInterrupt

    replica = opened(archived)
    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", crash)
        with pytest.raises(KeyboardInterrupt):
            replica.ask("from statements")
    assert kept(archived) == {}
    assert list(archived.glob("segment/*/.new-*")) == []
    assert held(opened(archived))


@pytest.mark.parametrize("left", [b"", b"PAR1", None])
def test_a_file_that_cannot_be_read_is_named_with_what_to_do(archived: Path, left: bytes | None) -> None:
    opened(archived).ask("from statements")
    path = sorted(archived.glob("segment/*/1.statements-*.parquet"))[0]
    path.write_bytes(path.read_bytes()[:-200] if left is None else left)
    with pytest.raises(ArchiveDiffers, match=r"remove .*segment"):
        opened(archived).ask("from statements")


@pytest.mark.parametrize("kind", ["statements-*", "ForecastUpdated", "events"])
def test_a_file_of_other_columns_is_one_that_cannot_be_read(archived: Path, kind: str) -> None:
    opened(archived).ask("from statements")
    (path,) = archived.glob(f"segment/*/1.{kind}.parquet")
    pq.write_table(pa.table({"other": [1, 2]}), path)
    if kind == "ForecastUpdated":
        for kept_before in archived.glob("segment/*/*.statements-*"):
            kept_before.unlink()
    with pytest.raises(ArchiveDiffers, match=r"remove .*segment"):
        opened(archived).ask("from events, statements")


def test_files_that_were_worked_out_in_another_way_are_not_read_and_go(
    archived: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, others = held(opened(archived)), {path.name for path in archived.glob("segment/*/*")} - {*kept(archived)}
    old = kept(archived)
    for path in archived.glob("segment/*/*.statements-*"):
        path.write_bytes(b"of another way")
    monkeypatch.setattr(statements, "_definition", lambda: "another")
    assert held(opened(archived)) == before
    assert {*kept(archived)} == {f"{name.partition('-')[0]}-another.parquet" for name in old}
    assert {path.name for path in archived.glob("segment/*/*")} == others | {*kept(archived)}


def test_what_could_not_be_taken_in_is_taken_in_the_next_time(monkeypatch: pytest.MonkeyPatch) -> None:
    replica, whole = Replica(PORTFOLIO), Replica(PORTFOLIO)
    replica.extend(payloads()[:40])
    held(replica)
    replica.extend(payloads()[40:80])
    with monkeypatch.context() as patch:
        patch.setattr(statements, "RECORDED", "no_such_macro")
        with pytest.raises(duckdb.Error):
            replica.ask("from statements")
    replica.extend(payloads()[80:90])
    whole.extend(payloads()[:90])
    assert held(replica) == held(whole)


def test_a_fork_has_those_before_it_and_its_own(archived: Path) -> None:
    replica, whole = opened(archived), Replica(PORTFOLIO)
    replica.extend(payloads()[ARCHIVED : ARCHIVED + 30])
    for at in (ARCHIVED - 5, ARCHIVED + 10):
        with ForkReplica(replica, at) as fork:
            for shown in (payloads()[:7], payloads()[3:20], []):
                whole = Replica(PORTFOLIO)
                whole.extend([*payloads()[:at], *shown])
                fork.show(shown)
                assert held(fork) == held(whole)
    assert held(replica)
