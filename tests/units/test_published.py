"""A log as it is published over NATS proves what it proves from a directory, at every size."""

from __future__ import annotations

import pytest

from ledger.notary.checkpoint import parse_checkpoint
from ledger.notary.edge import Edge
from ledger.notary.note import parse_note
from ledger.notary.published import published_place
from ledger.notary.sealer import CHECKPOINT, TAIL, Kept, packed_tail
from projections.verify import extended
from tests.logs import checkpoint_of, entries_of, files_of, signed

ENTRIES = entries_of(66_000)


class Kv:
    """A register and a stream of tiles in memory. width: of tiles that are full, of which alone the stream has any."""

    def __init__(self, size: int, later: int) -> None:
        edge = Edge()
        edge.extend(ENTRIES[: size + later])
        self.values = {CHECKPOINT: signed(ENTRIES[:size]), TAIL: packed_tail(edge)}
        self.tiles = {path: content for path, content in files_of(ENTRIES[: size + later]).items() if ".p/" not in path}

    async def get(self, key: str) -> Kept:
        value = self.values.get(key)
        return Kept(value, 1 if value else 0)

    async def swap(self, key: str, value: bytes, revision: int) -> int:
        raise AssertionError(f"a witness only reads: {key}, {value!r}, {revision}")


class Tiles:
    def __init__(self, tiles: dict[str, bytes]) -> None:
        self.tiles = tiles

    async def get(self, path: str) -> bytes | None:
        return self.tiles.get(path)


@pytest.mark.parametrize(
    ("old", "size", "later"), [(0, 1, 0), (1, 300, 0), (256, 512, 3), (300, 700, 200), (700, 65_900, 90)]
)
async def test_the_proof_from_an_older_checkpoint_is_made_of_what_is_published(old: int, size: int, later: int) -> None:
    kept = Kv(size, later)
    place = await published_place("nats:p", kept, Tiles(kept.tiles), old)
    note = place.read(CHECKPOINT)
    assert note is not None
    holds, _ = extended(place, checkpoint_of(ENTRIES[:old]), parse_checkpoint(parse_note(note).text))
    assert holds


async def test_nothing_is_published_yet() -> None:
    kept = Kv(1, 0)
    kept.values.clear()
    assert (await published_place("nats:p", kept, Tiles({}), 5)).read(CHECKPOINT) is None
