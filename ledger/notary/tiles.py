"""The files of a transparency log: which there are, how they are named, and what is in them.

    tile/<L>/<N>[.p/<W>]          hashes of 32 bytes, 256 in a full tile
    tile/entries/<N>[.p/<W>]      the bundle of entries below tile N of level 0: (uint16 length, entry) each

L is 0 to 63. N is written in groups of three digits, all but the last after an x: 1234067 is x001/x234/067. W, 1 to
255, stands only where the file is partial. Hash i of tile N at level L is the root over the entries
(N * 256 + i) * 256**L to (N * 256 + i + 1) * 256**L; so it is the hash of a full tile one level down, and a partial
tile is never hashed. The log of the entries "one" "two" "three" has two files:

    tile/0/000.p/3                three leaf hashes, 96 bytes
    tile/entries/000.p/3          0003 6f6e65 0003 74776f 0005 7468726565

A log of 70,000 entries has 273 full tiles and 000/273.p/112 at level 0, a full one and one of 17 at level 1, and one
of 1 at level 2. A full file never changes. A partial one belongs to one tree size, and may go once it is full.

Source: C2SP tlog-tiles v0.1.0.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Sequence
from hashlib import sha256
from typing import NamedTuple

from ledger.notary.tlog import HASH_BYTES, Node, ReadHashes, tree_root

TILE_WIDTH = 256
"""Hashes in a full tile, entries in a full bundle."""

TILE_HEIGHT = 8
"""Levels of the tree in one tile: TILE_WIDTH = 2**TILE_HEIGHT."""

MAX_TILE_LEVEL = 63
MAX_ENTRY_BYTES = 65_535

_LENGTH = struct.Struct(">H")
_LEAF = sha256(b"\x00")
"""What every leaf hash begins with. Source: RFC 6962, section 2.1."""

_PATH = re.compile(r"tile/(entries|[0-9]{1,2})/((?:x[0-9]{3}/)*[0-9]{3})(?:\.p/([0-9]{1,3}))?")


class Tile(NamedTuple):
    """A tile of hashes. width: 256 where it is full."""

    level: int
    index: int  # type: ignore[assignment]  # hides tuple.index, which nobody asks of a coordinate
    width: int


class Bundle(NamedTuple):
    """A bundle of entries, those of the tile with this index and width at level 0."""

    index: int  # type: ignore[assignment]
    width: int


ReadTile = Callable[[int, int, int], bytes]
"""Answers (level, index, width) with the bytes of that tile: width * 32 of them."""


def tile_path(level: int, index: int, width: int = TILE_WIDTH) -> str:
    """Return the path of a tile below the log's prefix. Errors: ValueError where there can be no such tile."""
    if not 0 <= level <= MAX_TILE_LEVEL:
        raise ValueError(f"a tile has a level from 0 to {MAX_TILE_LEVEL}, not {level}")
    return f"tile/{level}/{_place(index, width)}"


def entries_path(index: int, width: int = TILE_WIDTH) -> str:
    """Return the path of a bundle below the log's prefix. Errors: ValueError where there can be no such bundle."""
    return f"tile/entries/{_place(index, width)}"


def parse_path(path: str) -> Tile | Bundle:
    """Return what *path* names: the inverse of tile_path and entries_path.

    Errors: ValueError for every other spelling, such as a leading x000, a zero before a number, or a .p/256.
    """
    found = _PATH.fullmatch(path)
    if found is None:
        raise ValueError(f"not the path of a tile or a bundle: {path!r}")
    kind, place, partial = found.groups()
    index, width = int(place.replace("x", "").replace("/", "")), int(partial or TILE_WIDTH)
    what = Bundle(index, width) if kind == "entries" else Tile(int(kind), index, width)
    # One path a file: what would be written differently is not read.
    written = entries_path(*what) if isinstance(what, Bundle) else tile_path(*what)
    if written != path:
        raise ValueError(f"not the path of a tile or a bundle: {path!r}; {written} is meant")
    return what


def encode_bundle(entries: Sequence[bytes]) -> bytes:
    """Return the bundle that holds *entries*. Errors: ValueError unless 1 to 256, each at most 65,535 bytes."""
    _check_width(len(entries))
    longest = max(map(len, entries))
    if longest > MAX_ENTRY_BYTES:
        raise ValueError(f"an entry of a bundle has at most {MAX_ENTRY_BYTES} bytes, one here has {longest}")
    length = _LENGTH.pack
    return b"".join([part for entry in entries for part in (length(len(entry)), entry)])


def decode_bundle(bundle: bytes, width: int) -> list[bytes]:
    """Return the *width* entries of a bundle.

    Errors: ValueError where it is cut off, holds fewer, or has bytes after the last.
    """
    _check_width(width)
    entries: list[bytes] = []
    add, length_at, end = entries.append, _LENGTH.unpack_from, 0
    try:
        for _ in range(width):
            (length,) = length_at(bundle, end)
            start = end + 2
            end = start + length
            add(bundle[start:end])
    except struct.error:
        # A slice past the end only comes out short: the next length notices, or after the last entry the line below.
        end = -1
    if end != len(bundle):
        raise ValueError(f"not a bundle of {width} entries: {_fault(bundle, width)}")
    return entries


def hash_bundle(bundle: bytes, width: int) -> list[bytes]:
    """Return the leaf hashes of the *width* entries of a bundle: hash_leaves(decode_bundle(bundle, width)), at once.

    The inner loop of every verification: nothing is copied but the hashes.
    Errors: ValueError as decode_bundle.
    """
    _check_width(width)
    leaves: list[bytes] = []
    add, length_at, new, view, end = leaves.append, _LENGTH.unpack_from, _LEAF.copy, memoryview(bundle), 0
    try:
        for _ in range(width):
            (length,) = length_at(bundle, end)
            start = end + 2
            end = start + length
            leaf = new()
            leaf.update(view[start:end])
            add(leaf.digest())
    except struct.error:
        end = -1
    if end != len(bundle):
        raise ValueError(f"not a bundle of {width} entries: {_fault(bundle, width)}")
    return leaves


def split_tile(tile: bytes, width: int = TILE_WIDTH) -> list[bytes]:
    """Return the *width* hashes of a tile. Errors: ValueError where it has not exactly width * 32 bytes."""
    _check_width(width)
    if len(tile) != width * HASH_BYTES:
        raise ValueError(f"a tile of {width} hashes has {width * HASH_BYTES} bytes, this one {len(tile)}")
    return [tile[place : place + HASH_BYTES] for place in range(0, len(tile), HASH_BYTES)]


def tile_hash(tile: bytes) -> bytes:
    """Return the hash by which a full tile stands in the level above. Errors: ValueError where it is not full."""
    return tree_root(split_tile(tile))


def tiles_of(tree_size: int) -> list[Tile]:
    """Return every tile of a tree: level by level from 0, in each the full ones and then the partial one, if any.

    Those of level 0 name the bundles too.
    """
    tiles = tiles_completed(0, tree_size)
    level, hash_count = 0, tree_size
    while hash_count:
        full, rest = divmod(hash_count, TILE_WIDTH)
        if rest:
            tiles.append(Tile(level, full, rest))
        level, hash_count = level + 1, full
    return sorted(tiles)


def tiles_completed(old_size: int, new_size: int) -> list[Tile]:
    """Return the tiles that are full at *new_size* and were not at *old_size*.

    Shape: level by level from 0, so that each tile's hashes come from those before it, or from older ones.
    Errors: ValueError where the tree would shrink.
    """
    if not 0 <= old_size <= new_size:
        raise ValueError(f"a log only grows: it does not go from size {old_size} to {new_size}")
    tiles = []
    level, old_full, new_full = 0, old_size // TILE_WIDTH, new_size // TILE_WIDTH
    while new_full > old_full:
        tiles += [Tile(level, index, TILE_WIDTH) for index in range(old_full, new_full)]
        level, old_full, new_full = level + 1, old_full // TILE_WIDTH, new_full // TILE_WIDTH
    return tiles


def tile_of(node: Node, tree_size: int) -> Tile:
    """Return the tile, as it is at *tree_size*, from which the hash of a complete subtree follows.

    Who cannot wait inside a ReadTile fetches these first, for the nodes a proof asks for.
    Errors: IndexError where the subtree is not complete in that tree.
    """
    if node.level < 0 or not 0 <= node.index < tree_size >> node.level:
        raise IndexError(f"no complete subtree {node.index} of level {node.level} in a tree of size {tree_size}")
    level, height = divmod(node.level, TILE_HEIGHT)
    index = (node.index << height) // TILE_WIDTH
    return Tile(level, index, min(TILE_WIDTH, (tree_size >> level * TILE_HEIGHT) - index * TILE_WIDTH))


def hash_reader(tree_size: int, read_tile: ReadTile) -> ReadHashes:
    """Return the *read_hashes* that proofs over the tree of *tree_size* ask, answered from tiles.

    One call of it reads no tile twice. The hashes are as good as the tiles: nothing is checked against a root
    here, the proof made of them is what is verified.
    Errors: of the reader, IndexError as tile_of, ValueError where a tile has not the bytes of its width, and
    whatever *read_tile* raises (who dropped a partial tile answers with the beginning of the full one).
    """

    def read_hashes(nodes: Sequence[Node]) -> list[bytes]:
        tiles: dict[Tile, list[bytes]] = {}
        hashes = []
        for node in nodes:
            tile = tile_of(node, tree_size)
            if tile not in tiles:
                tiles[tile] = split_tile(read_tile(*tile), tile.width)
            span = 1 << node.level % TILE_HEIGHT
            start = node.index * span % TILE_WIDTH
            hashes.append(tree_root(tiles[tile][start : start + span]))
        return hashes

    return read_hashes


def _place(index: int, width: int) -> str:
    """Return <N>[.p/<W>]."""
    _check_width(width)
    if index < 0:
        raise ValueError(f"a tile has an index from 0, not {index}")
    *groups, last = f"{index:,}".split(",")
    name = "/".join([*(f"x{group:0>3}" for group in groups), f"{last:0>3}"])
    return name if width == TILE_WIDTH else f"{name}.p/{width}"


def _fault(bundle: bytes, width: int) -> str:
    """Return what is wrong with a bundle that decode_bundle could not read, in words."""
    end = 0
    for number in range(1, width + 1):
        start = end + 2
        if end == len(bundle):
            return f"it ends after {number - 1}"
        if start > len(bundle):
            return f"it is cut off in the length of entry {number}, at byte {len(bundle)}"
        end = start + int.from_bytes(bundle[end:start], "big")
        if end > len(bundle):
            return f"it is cut off in entry {number}, which runs to byte {end} of {len(bundle)}"
    return f"{len(bundle) - end} bytes follow the last"


def _check_width(width: int) -> None:
    if not 1 <= width <= TILE_WIDTH:
        raise ValueError(f"a tile or bundle has 1 to {TILE_WIDTH} places, not {width}")
