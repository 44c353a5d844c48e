"""What a rebuild finds: whatever was changed, cut off or lost in what is kept, it is named, with its place.

A history of made plans stands in a stream, its first bundles in an archive, most of them in segments of 512 entries.
"""

from __future__ import annotations

import asyncio
import datetime
import json
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ledger.importers.nyc_capital import commands
from ledger.notary.tiles import encode_bundle, entries_path, tile_path
from ledger.notary.tlog import leaf_hash
from ledger.store import Draft, MemoryStore
from ledger.writer import Writer
from projections.archive import Archive, ArchiveDiffers
from projections.compare import Comparison, Difference, compare
from projections.moment import Moment
from projections.replica import Replica
from projections.segments import Segments
from projections.sync import synced
from schemas.events import FACTS
from schemas.receipts import Accepted
from tests import program
from tests.program import done, run

PORTFOLIO, ORIGIN = "city", "city-0badcafe"
EACH = 512
BUNDLES = 5
"""Two segments of two bundles, one bundle behind them, and some entries that are in the stream only."""

ARCHIVED = BUNDLES * 256
TODAY = Moment(0, None, datetime.date(2026, 1, 1))


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> MemoryStore:
    """The stream."""
    folder = tmp_path_factory.mktemp("plans")
    program.plans(folder, copies=9)
    files = {file.name: file.read_bytes() for file in folder.iterdir()}
    lines = [program.opening(PORTFOLIO, ORIGIN), *commands(files, origin=ORIGIN, actor="importer")]
    made = MemoryStore()
    receipts = asyncio.run(Writer(PORTFOLIO, made).submit_all([line for line in lines if isinstance(line, bytes)]))
    assert all(isinstance(receipt, Accepted) for receipt in receipts)
    assert ARCHIVED < len(made.entries) < ARCHIVED + 256
    return made


@pytest.fixture(scope="module")
def kept(store: MemoryStore, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The archive and the segments, as they are made."""
    directory = tmp_path_factory.mktemp("kept")
    asyncio.run(synced(store, directory, PORTFOLIO, entries_each=EACH))
    assert Archive(directory).head().size == ARCHIVED
    assert Segments(directory, PORTFOLIO, EACH).missing(ARCHIVED) == []
    return directory


@pytest.fixture
def directory(kept: Path, tmp_path: Path) -> Path:
    """A copy of them, to be damaged."""
    return Path(shutil.copytree(kept, tmp_path / "city"))


def rebuilt(store: MemoryStore, directory: Path) -> Comparison:
    return asyncio.run(compare(store, directory, PORTFOLIO, TODAY, entries_each=EACH))


def found(store: MemoryStore, directory: Path) -> dict[str, list[str]]:
    """Return what a rebuild names, by where."""
    return by_place(rebuilt(store, directory).differences)


def by_place(differences: Iterable[Difference]) -> dict[str, list[str]]:
    places: dict[str, list[str]] = {}
    for difference in differences:
        places.setdefault(difference.where, []).append(difference.what)
    return places


# Nothing is wrong


def test_what_is_as_it_was_made_differs_in_nothing(store: MemoryStore, directory: Path) -> None:
    outcome = rebuilt(store, directory)
    assert (outcome.differences, outcome.sequence) == ((), len(store.entries))
    assert (outcome.archived_entries, outcome.tables, outcome.views) == (ARCHIVED, 2 + len(FACTS), 21)


def test_what_is_derived_may_be_missing(store: MemoryStore, directory: Path) -> None:
    clean = rebuilt(store, directory)
    shutil.rmtree(directory / "segment")
    assert rebuilt(store, directory) == clean
    shutil.rmtree(directory)
    empty = rebuilt(store, directory)
    assert (empty.root, empty.differences, empty.archived_entries) == (clean.root, (), 0)


def test_a_manifest_that_is_cut_off_is_a_segment_that_is_not_made_yet(store: MemoryStore, directory: Path) -> None:
    for cut in (b"", b'{"first_sequence":1'):
        manifest(directory, 1).write_bytes(cut)
        assert found(store, directory) == {}
        assert json.loads(manifest(directory, 1).read_bytes())["first_sequence"] == EACH + 1


def test_events_of_a_range_are_the_same_wherever_they_are_read(store: MemoryStore, directory: Path) -> None:
    replica = Replica.open(directory, PORTFOLIO, entries_each=EACH)
    replica.extend([entry.payload for entry in store.entries[ARCHIVED:]])
    last, borders = len(store.entries), [1, EACH, EACH + 1, 2 * EACH + 1, ARCHIVED - 1, ARCHIVED, ARCHIVED + 1]
    for first in borders:
        for until in (first, first + 1, first + EACH, ARCHIVED, last, last + 5):
            cut = f"sequence between {first} and {until} order by sequence"
            stands = replica.events_between(first, until)
            assert (stands == "events") == (until > ARCHIVED // EACH * EACH)
            assert replica.ask(f"from {stands} where {cut}") == replica.ask(f"from events where {cut}")
    assert Replica(PORTFOLIO).events_between(1, 2) == "events"


async def test_what_is_appended_while_it_compares_is_no_difference(store: MemoryStore, directory: Path) -> None:
    early = MemoryStore()
    early.entries = store.entries[: ARCHIVED + 10]
    told: list[tuple[str, int, int]] = []

    def moved(step: str, done: int, whole: int) -> None:
        told.append((step, done, whole))
        early.entries = store.entries  # everything else has come by the first word of it

    outcome = await compare(early, directory, PORTFOLIO, TODAY, entries_each=EACH, moved=moved)
    assert (outcome.sequence, outcome.differences) == (ARCHIVED + 10, ())
    for step in ("read", "rebuild", "compare"):
        moves = [(done, whole) for name, done, whole in told if name == step]
        assert moves == sorted(moves)
        assert moves[-1][0] == moves[-1][1] > 0


# A column is wrong


@pytest.mark.parametrize(
    ("segment", "kind", "column", "wrong"),
    [
        (0, "FundingApproved", "amount_minor", 123_456_789),
        (1, "FundingApproved", "amount_minor", -1),
        (1, "EnvelopeFunded", "envelope", "elsewhere"),
        (0, "AlignmentDeclared", "contributions", [{"objective": "safe", "share_bp": 1}]),
        (0, "BaselineSet", "finish", None),
        (1, "events", "actor", "somebody"),
        (0, "events", "recorded_at", datetime.datetime(2020, 1, 1)),
    ],
)
def test_a_wrong_cell_is_named_with_its_file_sequence_column_and_both_values(
    store: MemoryStore, directory: Path, segment: int, kind: str, column: str, wrong: Any
) -> None:
    file = segments(directory) / f"{segment}.{kind}.parquet"
    rows = pq.read_table(file).to_pylist()
    row = rows[len(rows) // 2]
    right, row[column] = row[column], wrong
    pq.write_table(pa.Table.from_pylist(rows, pq.read_schema(file)), file)
    differences = rebuilt(store, directory).differences
    named = by_place(differences)
    where = f"segment/{segments(directory).name}/{file.name}"
    assert [each.sequence for each in differences if each.where == where] == [row["sequence"]]
    assert named.pop(where) == [f"sequence {row['sequence']}, {column} is {wrong!r}, rebuilt {right!r}"]
    assert all(other.startswith("view ") or ".statements-" in other for other in named), named


def test_a_wrong_statement_is_named_with_its_file_place_and_both_values(store: MemoryStore, directory: Path) -> None:
    Replica.open(directory, PORTFOLIO, entries_each=EACH).ask("from statements")
    (file,) = segments(directory).glob("1.statements-*.parquet")
    table = pq.read_table(file)
    rows = table.to_pylist()
    row = next(row for row in rows if row["slot"] == "title")
    said = [dict(row["says"][0])]
    row["says"][0]["value"] = "another"
    pq.write_table(pa.Table.from_pylist(rows, table.schema), file)
    named = found(store, directory)[f"segment/{segments(directory).name}/{file.name}"]
    place = f"sequence {row['sequence']}, {row['initiative']}, title"
    assert named == [f"{place}, says is {row['says']!r}, rebuilt {said!r}"]


def test_a_row_too_few_and_a_row_too_many_are_named(store: MemoryStore, directory: Path) -> None:
    file = segments(directory) / "0.CommitmentPosted.parquet"
    rows = pq.read_table(file).to_pylist()
    lost = rows.pop(3)["sequence"]
    rows.append(rows[0] | {"sequence": 2})
    pq.write_table(pa.Table.from_pylist(rows, pq.read_schema(file)), file)
    told = found(store, directory)[f"segment/{segments(directory).name}/{file.name}"]
    assert told == ["sequence 2 is not in the stream", f"sequence {lost} is missing"]


def test_a_wrong_amount_is_also_named_where_it_is_shown(store: MemoryStore, directory: Path) -> None:
    change_amount(segments(directory) / "0.FundingApproved.parquet")
    named = found(store, directory)
    for view in ("spend envelope", "spend initiative", "spend objective", "alignment approved", "initiatives"):
        assert f"view {view}" in named
    assert "view timeline" not in named


@pytest.mark.parametrize("left", [None, b"", b"PAR1 and no more"], ids=["gone", "empty", "cut off"])
def test_a_segment_that_cannot_be_read_is_named(store: MemoryStore, directory: Path, left: bytes | None) -> None:
    file = segments(directory) / "1.FundingApproved.parquet"
    file.unlink() if left is None else file.write_bytes(left)
    assert any(file.name in f"{where} {what}" for where, whats in found(store, directory).items() for what in whats)


def test_segments_made_from_other_entries_are_found_by_their_root(store: MemoryStore, directory: Path) -> None:
    told = json.loads(manifest(directory, 0).read_bytes())
    manifest(directory, 0).write_text(json.dumps(told | {"root": "00" * 32}))
    (whats,) = found(store, directory).values()
    assert "were made from other entries" in whats[0]


# The archive is wrong


@pytest.mark.parametrize("bundle", [0, 3, BUNDLES - 1])
def test_a_changed_byte_in_a_bundle_is_named_with_its_file_and_entry(
    store: MemoryStore, directory: Path, bundle: int
) -> None:
    place = 7 * bundle + 3
    changed = [entry.payload for entry in store.entries[256 * bundle : 256 * bundle + 256]]
    changed[place] = flipped(changed[place], 100)
    (directory / entries_path(bundle)).write_bytes(encode_bundle(changed))
    named = found(store, directory)
    assert named.pop(entries_path(bundle)) == [f"entry {256 * bundle + place + 1} differs from the stream at byte 100"]
    in_segment = bundle < 2 * (BUNDLES // 2)
    assert len(named) == (0 if in_segment else 1)
    if not in_segment:
        (whats,) = named.values()
        assert f"entry {256 * bundle + place + 1} in {entries_path(bundle)}" in whats[0]


@pytest.mark.parametrize("bundle", [0, BUNDLES - 1])
def test_a_changed_byte_in_a_tile_is_named_with_its_file_and_entry(
    store: MemoryStore, directory: Path, bundle: int
) -> None:
    tile = directory / tile_path(0, bundle)
    tile.write_bytes(flipped(tile.read_bytes(), 32 * 200 + 5))
    assert found(store, directory)[tile_path(0, bundle)] == [
        f"the hash of entry {256 * bundle + 201} is not that of the stream's"
    ]


def test_entries_and_hashes_changed_together_are_found(store: MemoryStore, directory: Path) -> None:
    """Whoever changes an entry may well change its hash; the stream and the head still know."""
    changed = [entry.payload for entry in store.entries[1_024:1_280]]
    changed[9] = changed[9].replace(b'"actor":"importer"', b'"actor":"somebody"')
    (directory / entries_path(4)).write_bytes(encode_bundle(changed))
    (directory / tile_path(0, 4)).write_bytes(b"".join(map(leaf_hash, changed)))
    named = found(store, directory)
    assert named[entries_path(4)][0].startswith("entry 1034 differs from the stream at byte ")
    assert named[tile_path(0, 4)] == ["the hash of entry 1034 is not that of the stream's"]


@pytest.mark.parametrize("size", [ARCHIVED, ARCHIVED - 256])
def test_a_changed_root_in_the_head_is_named(store: MemoryStore, directory: Path, size: int) -> None:
    head = json.loads((directory / "head").read_bytes())
    (directory / "head").write_text(json.dumps(head | {"size": size, "root": "ab" * 32}))
    named = found(store, directory)
    assert named["head"][0].startswith(f"the root over {size} entries is ")


@pytest.mark.parametrize("roots", [0, 1, 2])
def test_a_changed_frontier_in_the_head_is_named_and_nothing_is_built_on_it(
    store: MemoryStore, directory: Path, roots: int
) -> None:
    head = json.loads((directory / "head").read_bytes())
    assert len(head["frontier"]) == 2
    (directory / "head").write_text(json.dumps(head | {"frontier": ["ab" * 32] * roots}))
    assert found(store, directory)["head"] == [f"the frontier over {ARCHIVED} entries is not the stream's"]
    with pytest.raises(ArchiveDiffers, match="head"):
        Archive(directory).extend([b"x"] * 256)
    assert not (directory / entries_path(BUNDLES)).exists()


@pytest.mark.parametrize("left", [None, b"", b"\x04\x00abc"], ids=["gone", "empty", "cut off"])
@pytest.mark.parametrize("path", [entries_path, lambda bundle: tile_path(0, bundle)], ids=["entries", "hashes"])
def test_a_truncated_archive_is_named_with_its_file(
    store: MemoryStore, directory: Path, path: Callable[[int], str], left: bytes | None
) -> None:
    for bundle in (1, BUNDLES - 1):
        file = directory / path(bundle)
        file.unlink() if left is None else file.write_bytes(left)
    named = found(store, directory)
    assert {entries_path(1), entries_path(BUNDLES - 1)} <= named.keys()


@pytest.mark.parametrize("left", [b"", b'{"size":1280,', b"[]"])
def test_a_head_that_is_cut_off_is_told_and_what_to_do(store: MemoryStore, directory: Path, left: bytes) -> None:
    (directory / "head").write_bytes(left)
    with pytest.raises(ArchiveDiffers, match=r"head is damaged: .*; remove "):
        rebuilt(store, directory)


# The stream is wrong


@pytest.mark.parametrize("last", [ARCHIVED - 1, 300])
def test_a_stream_that_lost_its_tail_is_named(store: MemoryStore, directory: Path, last: int) -> None:
    cut = MemoryStore()
    cut.entries = store.entries[:last]
    named = found(cut, directory)
    assert named["head"] == [
        f"it holds {ARCHIVED} entries, the stream ends at sequence {last}: entries were lost",
    ]
    with pytest.raises(ArchiveDiffers, match=f"the stream ends at sequence {last}"):
        asyncio.run(synced(cut, directory, PORTFOLIO, entries_each=EACH))


def test_a_stream_that_says_something_else_is_named_by_entry(store: MemoryStore, directory: Path) -> None:
    other = MemoryStore()
    changed = store.entries[299].payload.replace(b'"actor":"importer"', b'"actor":"somebody"')
    other.entries = [*store.entries]
    other.entries[299] = store.entries[299]._replace(payload=changed)
    named = found(other, directory)
    assert named[entries_path(1)][0].startswith("entry 300 differs from the stream at byte ")
    assert named[tile_path(0, 1)] == ["the hash of entry 300 is not that of the stream's"]
    assert named[f"segment/{segments(directory).name}/0.events.parquet"] == [
        "sequence 300, actor is 'importer', rebuilt 'somebody'"
    ]


def test_foreign_entries_are_compared_too(store: MemoryStore, tmp_path: Path) -> None:
    mixed = MemoryStore()
    strange = [Draft("portfolio.city.event.x.y.Z", payload) for payload in (b"", b"\xff", b"[1]")]
    own = [Draft(entry.subject, entry.payload) for entry in store.entries[:509]]
    asyncio.run(mixed.append([*own[:400]], expected_sequence=0))
    asyncio.run(mixed.append([*strange, *own[400:]], expected_sequence=400))
    asyncio.run(synced(mixed, tmp_path, PORTFOLIO, entries_each=256))
    assert asyncio.run(compare(mixed, tmp_path, PORTFOLIO, TODAY, entries_each=256)).differences == ()
    bundle = tmp_path / entries_path(1)
    bundle.write_bytes(bundle.read_bytes().replace(b"\x00\x01\xff", b"\x00\x01\xfe", 1))
    differences = asyncio.run(compare(mixed, tmp_path, PORTFOLIO, TODAY, entries_each=256)).differences
    assert [(each.where, each.what) for each in differences] == [
        (entries_path(1), "entry 402 differs from the stream at byte 0")
    ]


# Through the program


@pytest.fixture
def imported(tmp_path: Path) -> Path:
    """A data directory with an imported history and its archive."""
    data = tmp_path / "data"
    program.opened_portfolio(data, PORTFOLIO, ORIGIN)
    done(data, "import", *program.plans(tmp_path / "plans", copies=2))
    done(data, "view", "spend")
    assert Archive(data / PORTFOLIO).head().size == 256
    return data


def test_rebuild_exits_0_where_nothing_differs_and_1_where_something_does(imported: Path) -> None:
    assert "✓ nothing differs" in done(imported, "rebuild").text
    bundle = imported / PORTFOLIO / entries_path(0)
    whole = bundle.read_bytes()
    bundle.write_bytes(whole.replace(b'"actor":"ana"', b'"actor":"eve"', 1))
    ran = run(imported, "rebuild")
    assert (ran.code, ran.err) == (1, "")
    assert f"{entries_path(0)}: entry 2 differs from the stream at byte " in ran.text
    ran = run(imported, "rebuild", "--json")
    assert (ran.code, ran.err) == (1, "")
    assert ran.json["differences"][0]["where"] == entries_path(0)
    shown = run(imported, "view", "spend")
    assert (shown.code, shown.out, shown.err.count("\n")) == (3, b"", 1)
    assert f"entry 2 in {entries_path(0)} does not match its hash" in shown.err
    bundle.write_bytes(whole)
    done(imported, "rebuild")


def test_losing_the_archive_loses_nothing(imported: Path) -> None:
    before = done(imported, "view", "spend", "--json", "--as-of", "2026-01-01").out
    kept = contents(imported / PORTFOLIO)
    shutil.rmtree(imported / PORTFOLIO)
    assert done(imported, "view", "spend", "--json", "--as-of", "2026-01-01").out == before
    assert contents(imported / PORTFOLIO) == kept


def contents(directory: Path) -> dict[str, bytes]:
    return {str(file.relative_to(directory)): file.read_bytes() for file in directory.rglob("*") if file.is_file()}


def segments(directory: Path) -> Path:
    return Segments(directory, PORTFOLIO, EACH).directory


def manifest(directory: Path, number: int) -> Path:
    return segments(directory) / f"{number}.json"


def change_amount(file: Path, change: Callable[[int], int] = lambda minor: minor + 1) -> None:
    rows = pq.read_table(file).to_pylist()
    rows[0]["amount_minor"] = change(rows[0]["amount_minor"])
    pq.write_table(pa.Table.from_pylist(rows, pq.read_schema(file)), file)


def flipped(content: bytes, at: int) -> bytes:
    return content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :]
