"""The right edge of a log: what of it is not in full files yet, and so all it takes to append and to write files.

With 70,000 entries that is the 112 last of them with their leaf hashes, 17 hashes at level 1 and one at level 2: what
is in the partial tiles of that size. Each further entry adds to the first row; a row that is full is a tile, and its
hash adds to the row above.

    edge = Edge.at(70_000, read_tile, entries=the 112 after 69_888)
    edge.extend(more)          the files that are full now: bundle and tile, and higher tiles behind those they hash
    edge.partial_files()       those of this very size
    edge.root()
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from ledger.notary.tiles import (
    MAX_ENTRY_BYTES,
    TILE_HEIGHT,
    TILE_WIDTH,
    ReadTile,
    encode_bundle,
    entries_path,
    tile_hash,
    tile_path,
)
from ledger.notary.tlog import Frontier, hash_leaves, tree_root


class File(NamedTuple):
    """A file of the log: its path below the log's prefix, and its bytes."""

    path: str
    content: bytes


class Edge:
    """A growing log, without what is in full files already. size: in entries."""

    def __init__(self) -> None:
        """Begin the log of no entries."""
        self.size = 0
        self._entries: list[bytes] = []
        self._rows: list[list[bytes]] = [[]]

    @classmethod
    def at(cls, size: int, read_tile: ReadTile, entries: Sequence[bytes]) -> Edge:
        """Return the edge of a log of *size* entries. Whether its root is the right one is for the caller to compare.

        Shape: *entries* are the size % 256 last ones. read_tile is asked for full tiles only.
        Errors: ValueError where there are more or fewer, or a tile has not its length; whatever *read_tile* raises.
        """
        if len(entries) != size % TILE_WIDTH:
            raise ValueError(f"a log of {size} entries has {size % TILE_WIDTH} behind its full bundles")
        edge = cls()
        edge.size = size
        edge._entries = list(entries)
        edge._rows = [hash_leaves(entries)]
        level, below = 1, size // TILE_WIDTH
        while below:
            first = below - below % TILE_WIDTH
            edge._rows.append([tile_hash(read_tile(level - 1, index, TILE_WIDTH)) for index in range(first, below)])
            level, below = level + 1, below // TILE_WIDTH
        return edge

    @property
    def entries(self) -> tuple[bytes, ...]:
        """The entries behind the last full bundle."""
        return tuple(self._entries)

    def copy(self) -> Edge:
        """Return an edge that grows apart from this one."""
        made = Edge()
        made.size, made._entries, made._rows = self.size, self._entries.copy(), [row.copy() for row in self._rows]
        return made

    def extend(self, entries: Sequence[bytes]) -> list[File]:
        """Append entries, and return the files that are full now, a bundle followed by the tiles it completes.

        Errors: ValueError where an entry is too long for a bundle; the edge is then as it was.
        """
        if (longest := max(map(len, entries), default=0)) > MAX_ENTRY_BYTES:
            raise ValueError(f"an entry of a log has at most {MAX_ENTRY_BYTES} bytes, one here has {longest}")
        made: list[File] = []
        start = 0
        while start < len(entries):
            taken = entries[start : start + TILE_WIDTH - len(self._entries)]
            start += len(taken)
            self._entries += taken
            self._rows[0] += hash_leaves(taken)
            self.size += len(taken)
            if len(self._entries) == TILE_WIDTH:
                made.append(File(entries_path(self.size // TILE_WIDTH - 1), encode_bundle(self._entries)))
                made += self._full_tiles()
                self._entries.clear()
        return made

    def partial_files(self) -> list[File]:
        """Return the partial files of the log at this size: none where it ends with a full tile at every level."""
        made = []
        if self._entries:
            made.append(File(entries_path(self.size // TILE_WIDTH, len(self._entries)), encode_bundle(self._entries)))
        span = TILE_WIDTH
        for level, row in enumerate(self._rows):
            if row:
                made.append(File(tile_path(level, self.size // span, len(row)), b"".join(row)))
            span *= TILE_WIDTH
        return made

    def root(self) -> bytes:
        """Return the root over every entry so far."""
        roots = []
        for row in reversed(self._rows):
            start = 0
            for height in reversed(range(TILE_HEIGHT)):
                if len(row) >> height & 1:
                    roots.append(tree_root(row[start : start + (1 << height)]))
                    start += 1 << height
        return Frontier(self.size, roots).root()

    def _full_tiles(self) -> list[File]:
        """Return the tiles that the last bundle completes, and carry the hash of each into the row above."""
        made: list[File] = []
        index = self.size // TILE_WIDTH - 1
        for level, row in enumerate(self._rows):
            if len(row) < TILE_WIDTH:
                break
            made.append(File(tile_path(level, index), b"".join(row)))
            if level + 1 == len(self._rows):
                self._rows.append([])
            self._rows[level + 1].append(tree_root(row))
            row.clear()
            index //= TILE_WIDTH
        return made
