"""A portfolio that is alive, made a place: its entries from the stream itself, hashed as they come.

The checkpoint is the notary's newest; the tiles are made of the entries, and compared with those that are kept in the
data directory, where there are any; the lines of witnesses are those they have filed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from ledger.notary.checkpoint import parse_checkpoint
from ledger.notary.edge import Edge, File
from ledger.notary.note import NoteError, parse_note
from ledger.notary.places import CHECKPOINT, WITNESSED, FilesPlace, Place
from ledger.notary.rehash import MOST_NAMED, Rehashed, Wrong
from ledger.notary.tiles import TILE_WIDTH, Bundle, parse_path
from ledger.store import EventReader, HoleInStream
from projections.compare import Moved

TOGETHER = 16 * TILE_WIDTH


class Streamed(NamedTuple):
    """A stream as a place. rehashed: its entries up to the checkpoint's size. last: its last sequence. hole: what is
    missing of it, in words, None for nothing."""

    place: FilesPlace
    rehashed: Rehashed
    last: int
    hole: str | None = None


async def streamed(
    name: str,
    reader: EventReader,
    kept: Place,
    checkpoint: bytes | None,
    witnessed: bytes | None,
    *,
    moved: Moved = lambda *_: None,
) -> Streamed:
    """Read a stream up to its end, hash it, and compare every file it makes with the one that is kept, if one is.

    Errors: StreamUnavailable; PlaceError, OSError of what is kept.
    """
    size = _size(checkpoint)
    files: dict[str, bytes] = {} if checkpoint is None else {CHECKPOINT: checkpoint}
    if witnessed is not None:
        files[WITNESSED] = witnessed
    edge, wrong, content_bytes, tiles = Edge(), list[Wrong](), 0, 0
    last, hole = await reader.last_sequence(), None

    def take(entries: Sequence[bytes], *, end: bool) -> None:
        nonlocal content_bytes, tiles
        made = edge.extend(entries)
        content_bytes += sum(map(len, entries))
        for file in [*made, *(edge.partial_files() if end else ())]:
            if not isinstance(parse_path(file.path), Bundle):
                files[file.path] = file.content
                tiles += 1
            if (differs := _differs(kept, file)) is not None:
                wrong.append(differs)

    waiting: list[bytes] = []
    try:
        async for entry in reader.read(until=min(size, last)):
            waiting.append(entry.payload)
            if len(waiting) == TOGETHER:
                take(waiting, end=False)
                waiting = []
                moved("read", edge.size, size)
        async for _ in reader.read(after=size, until=last):
            pass  # that nothing is missing of what is not sealed yet
    except HoleInStream as error:
        hole = str(error)
    take(waiting, end=True)
    moved("read", edge.size, size)
    root = edge.root() if edge.size == size else None
    rehashed = Rehashed(size, root, edge.size, tiles, content_bytes, tuple(wrong[:MOST_NAMED]), len(wrong))
    return Streamed(FilesPlace(name, files, kept), rehashed, last, hole)


def _differs(kept: Place, file: File) -> Wrong | None:
    there = kept.read(file.path)
    if there is None or there == file.content:
        return None
    index = parse_path(file.path).index
    sequence = index * TILE_WIDTH + 1 if isinstance(parse_path(file.path), Bundle) else None
    return Wrong(file.path, "it is kept with other bytes than the stream makes; one of the two was changed", sequence)


def _size(checkpoint: bytes | None) -> int:
    try:
        return 0 if checkpoint is None else parse_checkpoint(parse_note(checkpoint).text).size
    except NoteError:
        return 0
