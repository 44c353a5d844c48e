"""The archive: a portfolio's entries as a C2SP tile log in a directory, append-only, that any web server can serve.

    <data>/<portfolio>/head                         {"size":131072,"root":"<hex>","frontier":["<hex>"]}
    <data>/<portfolio>/tile/entries/x000/001        256 entries, each with its length in front
    <data>/<portfolio>/tile/0/x000/001              their leaf hashes; higher levels hash these

Only whole bundles are kept; the entries after them are in the stream. Every file has one content for ever, is
written under a temporary name and renamed, so a crash between any two of them leaves files that the next writer
writes again with the same bytes. `head` is written last; what it does not cover does not count.
Losing these files loses nothing: they are made again from the stream.
"""

from __future__ import annotations

import contextlib
import fcntl
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from ledger.files import replace_file
from ledger.notary.tiles import (
    TILE_HEIGHT,
    TILE_WIDTH,
    Tile,
    decode_bundle,
    encode_bundle,
    entries_path,
    split_tile,
    tile_hash,
    tile_path,
    tiles_completed,
)
from ledger.notary.tlog import HASH_BYTES, Frontier, hash_leaves, tree_root


class ArchiveDiffers(Exception):
    """The archive is not what it should be: which file or entry, and what next."""


class Head(msgspec.Struct, frozen=True):
    """How many entries the archive holds, the root of the Merkle tree over them, and the roots of its complete
    subtrees, which the next entries are appended to; hashes are hexadecimal."""

    size: int
    root: str
    frontier: tuple[str, ...] = ()


class CheckedBundle(NamedTuple):
    """A full bundle: its bytes, the hashes of its entries, and the hash of the subtree they make."""

    content: bytes
    leaves: list[bytes]
    root: bytes


class Archive:
    """The tile log of one portfolio in a directory."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._roots: dict[int, bytes] = {}  # of bundles it has appended, until the tile over them is full

    @property
    def remade(self) -> str:
        """What may be removed of the directory, since it is made again. Drafts stand beside it, and are not."""
        return f"head, tile and segment in {self.directory}"

    def head(self) -> Head:
        """Return what the archive holds; size 0 where there is none. Errors: ArchiveDiffers if damaged."""
        try:
            return msgspec.json.decode((self.directory / "head").read_bytes(), type=Head)
        except FileNotFoundError:
            return Head(0, tree_root([]).hex())
        except msgspec.DecodeError as error:
            raise ArchiveDiffers(f"{self.directory / 'head'} is damaged: {error}; remove {self.remade}") from error

    def bundle(self, index: int) -> bytes:
        """Return the bytes of a full bundle. Errors: ArchiveDiffers where it is missing."""
        return self._read(entries_path(index))

    def tile(self, level: int, index: int) -> bytes:
        """Return the bytes of a full tile. Errors: ArchiveDiffers where it is missing or not full."""
        tile = self._read(tile_path(level, index))
        if len(tile) != TILE_WIDTH * HASH_BYTES:
            raise ArchiveDiffers(
                f"{tile_path(level, index)} has {len(tile)} bytes, a full tile {TILE_WIDTH * HASH_BYTES}; remove "
                f"{self.remade}, they are made again from the stream"
            )
        return tile

    def entries(self, index: int) -> list[bytes]:
        """Return the entries of a bundle, unchecked. Errors: ArchiveDiffers where it is missing or malformed."""
        try:
            return decode_bundle(self.bundle(index), TILE_WIDTH)
        except ValueError as error:
            raise ArchiveDiffers(f"{entries_path(index)}: {error}; remove {self.remade}") from error

    def checked_entries(self, index: int) -> tuple[list[bytes], bytes]:
        """Return the entries of a bundle and the hash of the subtree they make.

        Errors: ArchiveDiffers naming the first entry whose hash is not the one in its tile.
        """
        entries = self.entries(index)
        leaves = hash_leaves(entries)
        tile = self.tile(0, index)
        if tile != b"".join(leaves):
            at = next(place for place, wanted in enumerate(split_tile(tile)) if wanted != leaves[place])
            raise ArchiveDiffers(
                f"entry {index * TILE_WIDTH + at + 1} in {entries_path(index)} does not match its hash in "
                f"{tile_path(0, index)}; one of the files was changed. Compare with `portfolio rebuild`, "
                f"then remove {self.remade}"
            )
        return entries, tree_root(leaves)

    def kept(self, sequence: int) -> bytes | None:
        """Return the entry at a sequence, checked against its tile; None where the archive does not reach as far,
        is not what it should be, or cannot be read."""
        try:
            if not 0 < sequence <= self.head().size:
                return None
            index, place = divmod(sequence - 1, TILE_WIDTH)
            return self.checked_entries(index)[0][place]
        except (ArchiveDiffers, OSError):
            return None

    def extend(self, payloads: Sequence[bytes]) -> Head:
        """Append entries after the head, whole bundles only, and return the new head.

        Shape: a multiple of 256 payloads. The caller holds `writing`.
        Errors: ArchiveDiffers where a file is there already with other bytes, or the head does not fit itself.
        """
        bundles = [payloads[start : start + TILE_WIDTH] for start in range(0, len(payloads), TILE_WIDTH)]
        return self.extend_checked([_hashed(bundle) for bundle in bundles])

    def extend_checked(self, bundles: Sequence[CheckedBundle]) -> Head:
        """Append full bundles after the head, and return the new head. The caller holds `writing`.

        Errors: as extend.
        """
        head = self.head()
        frontier = self._frontier(head)
        for content, leaves, root in bundles:
            self._roots[frontier.size // TILE_WIDTH] = root
            # 1. The bundle. A crash here leaves a file that head does not cover.
            self._write(entries_path(frontier.size // TILE_WIDTH), content)
            # 2. The tiles it completes, from the lowest up.
            for tile in tiles_completed(frontier.size, frontier.size + TILE_WIDTH):
                self._write(
                    tile_path(tile.level, tile.index), self._tile_over(tile) if tile.level else b"".join(leaves)
                )
            frontier.append_subtree(TILE_HEIGHT, root)
        # 3. The head: from here on the entries count.
        made = Head(frontier.size, frontier.root().hex(), tuple(root.hex() for root in frontier.roots))
        self._replace("head", msgspec.json.encode(made))
        return made

    @contextlib.contextmanager
    def writing(self) -> Iterator[bool]:
        """Hold the right to extend the archive, if nobody else has it; say whether it was got."""
        self.directory.mkdir(parents=True, exist_ok=True)
        with (self.directory / ".writing").open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False
            else:
                yield True

    def _frontier(self, head: Head) -> Frontier:
        try:
            frontier = Frontier(head.size, [bytes.fromhex(root) for root in head.frontier])
        except ValueError as error:
            raise ArchiveDiffers(f"{self.directory / 'head'} is damaged: {error}; remove {self.remade}") from error
        if frontier.root().hex() != head.root:
            raise ArchiveDiffers(
                f"the frontier in {self.directory / 'head'} does not have its root; one of them was changed. Compare "
                f"with `portfolio rebuild`, then remove {self.remade}"
            )
        return frontier

    def _tile_over(self, tile: Tile) -> bytes:
        """Return the hashes of the 256 tiles below a full one."""
        below = range(tile.index * TILE_WIDTH, (tile.index + 1) * TILE_WIDTH)
        known = self._roots if tile.level == 1 else {}
        hashes = (known.pop(index, b"") or tile_hash(self.tile(tile.level - 1, index)) for index in below)
        return b"".join(hashes)

    def _read(self, path: str) -> bytes:
        try:
            return (self.directory / path).read_bytes()
        except FileNotFoundError as error:
            raise ArchiveDiffers(
                f"{path} is missing from the archive; remove {self.remade}, they are made again from the stream"
            ) from error

    def _write(self, path: str, content: bytes) -> None:
        target = self.directory / path
        if target.exists():
            if target.read_bytes() != content:
                raise ArchiveDiffers(
                    f"{path} holds other bytes than the stream; one of them was changed. Compare with "
                    f"`portfolio rebuild`, then remove {self.remade}"
                )
            return
        self._replace(path, content)

    def _replace(self, path: str, content: bytes) -> None:
        replace_file(self.directory / path, content)


def _hashed(entries: Sequence[bytes]) -> CheckedBundle:
    leaves = hash_leaves(entries)
    return CheckedBundle(encode_bundle(entries), leaves, tree_root(leaves))
