"""A log as its notary publishes it over NATS, made a place: the checkpoint, and the tiles that a proof needs.

The stream of tiles has the full ones. A partial one is made of those below it, one of level 0 of the entries behind
the last full bundle, which the register keeps. A witness so needs neither the stream of events nor a directory.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from ledger.notary.checkpoint import parse_checkpoint
from ledger.notary.note import parse_note
from ledger.notary.places import CHECKPOINT, FilesPlace
from ledger.notary.sealer import TAIL, Register, unpacked_tail
from ledger.notary.tiles import TILE_WIDTH, Tile, tile_hash, tile_of, tile_path
from ledger.notary.tlog import HASH_BYTES, Node, complete_subtrees, consistency_proof, hash_leaves, inclusion_proof


class Tiles(Protocol):
    """Where full tiles are read."""

    async def get(self, path: str) -> bytes | None:
        """Return a file's bytes, None where it is not there."""
        ...


async def published_place(
    name: str, register: Register, tiles: Tiles, old_size: int, *, index: int | None = None
) -> FilesPlace:
    """Return the newest checkpoint with what it takes to prove that it goes on from a smaller one. name: for people.

    index: of an entry that is to be proved as well, 0-based.

    A tile that is not there is left out: the proof then cannot be made, and says so.
    Errors: NoteError where the checkpoint cannot be read; StoreError.
    """
    note = (await register.get(CHECKPOINT)).value
    if note is None:
        return FilesPlace(name, {})
    size = parse_checkpoint(parse_note(note).text).size
    files = {CHECKPOINT: note}
    nodes = _nodes(min(old_size, size), size, index if index is not None and index < size else None)
    for tile in sorted({tile_of(node, size) for node in nodes}):
        if (content := await _tile(tile, register, tiles)) is not None:
            files[tile_path(*tile)] = content
    return FilesPlace(name, files)


def _nodes(old_size: int, size: int, index: int | None) -> list[Node]:
    """Return every node a proof from one size to the other needs, those of both roots, and those of an entry's."""
    nodes = [*complete_subtrees(0, old_size), *complete_subtrees(0, size)]

    def noted(asked: Sequence[Node]) -> list[bytes]:
        nodes.extend(asked)
        return [bytes(HASH_BYTES)] * len(asked)

    if old_size:
        consistency_proof(old_size, size, noted)
    if index is not None:
        inclusion_proof(index, size, noted)
    return nodes


async def _tile(tile: Tile, register: Register, tiles: Tiles) -> bytes | None:
    level, index, width = tile
    if width == TILE_WIDTH:
        return await tiles.get(tile_path(level, index))
    if level == 0:
        tail = unpacked_tail((await register.get(TAIL)).value or b"")
        if tail is None or tail.size // TILE_WIDTH != index:
            # The bundle has become full since the checkpoint was read.
            full = await tiles.get(tile_path(0, index))
            return None if full is None else full[: width * HASH_BYTES]
        return b"".join(hash_leaves(tail.entries[:width]))
    below = []
    for number in range(index * TILE_WIDTH, index * TILE_WIDTH + width):
        content = await tiles.get(tile_path(level - 1, number))
        if content is None or len(content) != TILE_WIDTH * HASH_BYTES:
            return None
        below.append(tile_hash(content))
    return b"".join(below)
