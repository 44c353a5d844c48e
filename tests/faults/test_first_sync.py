"""A machine that is new gets what is sealed from the stream of tiles, and nothing of it unless all of it is right."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from ledger.access import Access, opened
from ledger.notary.checkpoint import Checkpoint
from ledger.notary.edge import Edge
from ledger.notary.running import notary
from ledger.notary.sealer import CHECKPOINT
from ledger.notary.tiles import tile_path
from ledger.notary.tlog import leaf_hash, tree_root
from ledger.settings import Settings
from ledger.store import Draft, MemoryStore, Stored
from projections.archive import Archive, ArchiveDiffers
from projections.fetch import FEWEST_BUNDLES, _bundle_roots, fetch_sealed
from tests.program import open_in

SUBJECT = "portfolio.p.event.initiative.AI-1.Foreign"
SEALED = FEWEST_BUNDLES * 256 + 100


@asynccontextmanager
async def sealed(data: Path, entries: int = SEALED) -> AsyncIterator[Access]:
    async with opened(Settings(data, "p", "ana", None)) as access:
        await open_in(access, "p", "p-00000000")
        store = access.store("p")
        for first in range(1, entries, 500):
            drafts = [Draft(SUBJECT, b"entry %d" % place) for place in range(first, min(first + 500, entries))]
            await store.append(drafts, expected_sequence=first)
        async with notary(access, "p") as at_work:
            await at_work.run_once()
        yield access


async def fetched(access: Access, directory: Path) -> int:
    archive = Archive(directory)
    with archive.writing() as mine:
        assert mine
        return await fetch_sealed(archive, access.store("p"), access.log("p"))


async def test_what_is_fetched_is_what_the_stream_holds(tmp_path):
    async with sealed(tmp_path) as access:
        assert await fetched(access, tmp_path / "new") == FEWEST_BUNDLES
        edge = Edge()
        files = edge.extend([entry.payload async for entry in access.store("p").read(until=FEWEST_BUNDLES * 256)])
        for path, content in files:
            assert (tmp_path / "new" / path).read_bytes() == content
        head = Archive(tmp_path / "new").head()
        assert (head.size, head.root) == (edge.size, edge.root().hex())
        assert await fetched(access, tmp_path / "new") == 0


async def test_a_helper_takes_many_bundles_and_tells_what_is_wrong_with_one(tmp_path, monkeypatch):
    monkeypatch.setattr("projections.fetch.FEWEST_FOR_A_HELPER", 1)
    monkeypatch.setattr("projections.fetch.BUNDLES_TOGETHER", 3)
    async with sealed(tmp_path) as access:
        assert await fetched(access, tmp_path / "new") == FEWEST_BUNDLES
        assert await fetched(access, tmp_path / "other") == FEWEST_BUNDLES
        assert Archive(tmp_path / "new").head() == Archive(tmp_path / "other").head()
        await forge(access, "tile/entries/012")
        with pytest.raises(ArchiveDiffers, match="tile/entries/012 does not have its hash"):
            await fetched(access, tmp_path / "third")
        assert Archive(tmp_path / "third").head().size == 12 * 256


async def test_a_few_bundles_and_a_log_without_a_notary_are_left_to_the_stream(tmp_path):
    async with sealed(tmp_path, entries=FEWEST_BUNDLES * 256 - 1) as access:
        assert await fetched(access, tmp_path / "new") == 0
        await open_in(access, "q", "q-00000000")
        archive = Archive(tmp_path / "other")
        assert await fetch_sealed(archive, access.store("q"), access.log("q")) == 0


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("tile/entries/007", "tile/entries/007 does not have its hash"),
        ("tile/entries/015", "tile/entries/015 does not have its hash"),
        ("tile/0/015", "its tiles at the edge do not give the root that was signed"),
        ("checkpoint", "its checkpoint cannot be used"),
    ],
)
async def test_what_was_changed_is_not_taken(tmp_path, monkeypatch, path, why):
    async with sealed(tmp_path) as access:
        log = access.log("p")
        if path == CHECKPOINT:
            kept = await log.register.get(CHECKPOINT)
            await log.register.swap(CHECKPOINT, kept.value.replace(b"\n4196\n", b"\n4197\n"), kept.revision)
        else:
            await forge(access, path)
        with pytest.raises(ArchiveDiffers, match=why):
            await fetched(access, tmp_path / "new")
        # The bundles before it may be there: they were right.
        size = Archive(tmp_path / "new").head().size
        edge = Edge()
        edge.extend([entry.payload async for entry in access.store("p").read(until=size)] if size else [])
        assert Archive(tmp_path / "new").head().root == edge.root().hex()


async def test_a_tile_above_is_checked_by_the_one_above_it(tmp_path):
    """With more than 65,536 entries a full tile of level 1 tells the bundles' hashes: only if it has its own."""
    edge = Edge()
    files = dict(edge.extend([b"x"] * (65_536 + 300)))
    checkpoint = Checkpoint("p", edge.size, edge.root())
    store = MemoryStore()
    store.entries = [Stored(place, SUBJECT, b"x") for place in range(1, edge.size + 1)]

    async def tile(level: int, index: int) -> bytes:
        return files[tile_path(level, index)]

    roots = await _bundle_roots(checkpoint, store, tile)
    assert roots == [tree_root([leaf_hash(b"x")] * 256)] * 257
    files["tile/1/000"] = files["tile/1/000"][:-32] + bytes(32)
    with pytest.raises(ArchiveDiffers, match="do not give the root that was signed"):
        await _bundle_roots(checkpoint, store, tile)


async def forge(access: Access, path: str) -> None:
    """Make the stream of tiles anew with one byte of one file changed."""
    tiles = access.tiles("p")
    files = [file async for file in tiles.files()]
    await access.connection.request("$JS.API.STREAM.DELETE.TILES_p")
    await tiles.make()
    await tiles.bundle_count()
    await tiles.keep([file._replace(content=changed(file)) if file.path == path else file for file in files])


def changed(file):
    return file.content[:-1] + bytes([file.content[-1] ^ 1])
