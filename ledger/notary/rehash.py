"""Every entry of a log hashed again, every tile made again, and both compared with what is kept.

The bundles are taken in order, a few at a time, on every processor. Nothing is believed on the way: what comes out is
a root, made of the entries alone, and the list of files that say otherwise. Whether the root is the one that was
signed is for the caller to compare.
"""

from __future__ import annotations

import concurrent.futures
import contextlib
import os
import pickle
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from ledger.notary.places import Place
from ledger.notary.tiles import (
    TILE_HEIGHT,
    TILE_WIDTH,
    ReadTile,
    decode_bundle,
    entries_path,
    hash_bundle,
    split_tile,
    tile_path,
)
from ledger.notary.tlog import HASH_BYTES, Frontier, tree_root

TOGETHER = 64
"""Bundles a processor takes at once."""

ALONE = 4 * TOGETHER
"""Up to so many bundles one processor does faster than two are started."""

MOST_NAMED = 20
"""How many files that are not as they should be are named."""

Moved = Callable[[int], None]
"""Told how many entries more were hashed. What it raises ends the work; it may wait."""


class Wrong(NamedTuple):
    """A file that is not what the entries make, or is not there. sequence: of the entry it is about, None for none."""

    path: str
    what: str
    sequence: int | None = None


class Rehashed(NamedTuple):
    """What came of it. root: over the entries, None where some could not be read. entries, tiles: how many were hashed
    and compared. content_bytes: of the entries. wrong: the first MOST_NAMED; wrong_count: how many there are."""

    size: int
    root: bytes | None
    entries: int
    tiles: int
    content_bytes: int
    wrong: tuple[Wrong, ...]
    wrong_count: int


class TileMissing(OSError):
    """A tile a proof needs is not there, or has not its length: which."""


class _Part(NamedTuple):
    """What came of some bundles. roots: of the full ones, None where it cannot be told; leaves: of the partial one."""

    roots: list[bytes | None]
    leaves: list[bytes]
    entries: int
    tiles: int
    content_bytes: int
    wrong: list[Wrong]


def rehash(place: Place, size: int, *, helpers: int | None = None, moved: Moved = lambda _: None) -> Rehashed:
    """Hash the entries of a log of *size* again, and compare every tile of it.

    helpers: processes beside this one; None for one a further processor, where there is enough to do.
    Errors: PlaceError, OSError where the place cannot be read; whatever *moved* raises.
    """
    count = -(-size // TILE_WIDTH)
    if helpers is None:
        helpers = 0 if count <= ALONE else (os.cpu_count() or 1) - 1
    row: list[bytes | None] = []
    leaves: list[bytes] = []
    entries = tiles = content_bytes = 0
    wrong: list[Wrong] = []
    for part in _parts(place, size, range(0, count, TOGETHER), helpers, moved):
        row += part.roots
        leaves += part.leaves
        entries, tiles, content_bytes = entries + part.entries, tiles + part.tiles, content_bytes + part.content_bytes
        wrong += part.wrong
    more, above = _tiles_above(place, row)
    root = _root(size, row, leaves)
    named = tuple((wrong + above)[:MOST_NAMED])
    return Rehashed(size, root, entries, tiles + more, content_bytes, named, len(wrong) + len(above))


def tile_reader(place: Place, newest_size: int | None = None) -> ReadTile:
    """Return what reads the tiles a proof needs.

    A partial tile that was dropped is read from the full one that replaced it, or from the longer one that belongs to
    the newest size.
    Errors: of the reader, TileMissing; PlaceError.
    """

    def read_tile(level: int, index: int, width: int) -> bytes:
        content = _tile(place, level, index, width)
        if content is None and newest_size is not None:
            longer = min(TILE_WIDTH, (newest_size >> level * TILE_HEIGHT) - index * TILE_WIDTH)
            if longer > width and (found := _tile(place, level, index, longer)) is not None:
                content = found[: width * HASH_BYTES]
        if content is None or len(content) != width * HASH_BYTES:
            raise TileMissing(f"{tile_path(level, index, width)} of {place.name} is missing or has not its length")
        return content

    return read_tile


def read_entry(place: Place, index: int, size: int) -> bytes:
    """Return one entry of a log of *size*, unchecked. index: 0-based. Errors: TileMissing where it cannot be read."""
    number, at = divmod(index, TILE_WIDTH)
    width = min(TILE_WIDTH, size - number * TILE_WIDTH)
    found = _bundle(place, number, width)
    if isinstance(found, str):
        raise TileMissing(f"{entries_path(number, width)} of {place.name}: {found}")
    return found[at]


def read_entries(place: Place, size: int) -> Iterator[bytes]:
    """Yield the entries of a log of *size*, in order, unchecked. Errors: TileMissing; PlaceError."""
    for number in range(-(-size // TILE_WIDTH)):
        width = min(TILE_WIDTH, size - number * TILE_WIDTH)
        found = _bundle(place, number, width)
        if isinstance(found, str):
            raise TileMissing(f"{entries_path(number, width)} of {place.name}: {found}")
        yield from found


def _parts(place: Place, size: int, starts: Sequence[int], helpers: int, moved: Moved) -> Iterator[_Part]:
    """Yield what comes of the bundles, in order. This process takes its share of them."""
    todo = deque(starts)
    made: dict[int, _Part] = {}
    told = 0

    def tell() -> None:
        nonlocal told
        done = sum(part.entries for part in list(made.values()))
        moved(done - told)
        told = done

    with contextlib.ExitStack() as stack:
        given = [stack.enter_context(_Helper(place, size)) for _ in range(helpers if len(starts) > 1 else 0)]
        threads = stack.enter_context(concurrent.futures.ThreadPoolExecutor(max(len(given), 1)))
        stack.callback(todo.clear)  # where the work was ended, nothing is begun after it
        helped = [threads.submit(helper.work, todo, made) for helper in given]
        for start in _taken(todo):
            made[start] = _hashed(place, size, start)
            tell()
        for each in helped:
            each.result()
        tell()
    for start in starts:
        yield made.pop(start)


class _Helper:
    """Another process that hashes bundles: asked on its standard input, answering on its standard output.

    It imports this module and nothing else, which a pool of multiprocessing does not: that runs the program's own main
    module once more, and takes as long for that as for half a million entries.
    """

    def __init__(self, place: Place, size: int) -> None:
        self._process = subprocess.Popen(  # noqa: S603 - this very program, without a shell
            [sys.executable, "-c", f"from {__name__} import serve; serve()"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        )
        self._send((place, size))

    def __enter__(self) -> _Helper:
        return self

    def __exit__(self, *_: object) -> None:
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            with contextlib.suppress(OSError):
                pipe.close()  # at the end of its input it ends
        self._process.wait()

    def work(self, todo: deque[int], made: dict[int, _Part]) -> None:
        """Have it take bundles as long as there are any. Errors: OSError, as the place or as it ended."""
        for start in _taken(todo):
            try:
                self._send(start)
                assert self._process.stdout is not None
                answer = pickle.load(self._process.stdout)  # noqa: S301 - our own process wrote it
            except (EOFError, pickle.UnpicklingError, BrokenPipeError) as error:
                raise OSError(f"a helper process ended while it hashed entries: {error!r}; do it again") from error
            if isinstance(answer, Exception):
                raise answer
            made[start] = answer

    def _send(self, asked: object) -> None:
        assert self._process.stdin is not None
        pickle.dump(asked, self._process.stdin)
        self._process.stdin.flush()


def serve() -> None:
    """Be a helper: hash what is asked for on standard input until that ends."""
    asked, answered = sys.stdin.buffer, sys.stdout.buffer
    try:
        place, size = pickle.load(asked)  # noqa: S301 - the process that started this one wrote it
        while True:
            start = pickle.load(asked)  # noqa: S301
            try:
                answer: _Part | OSError = _hashed(place, size, start)
            except OSError as error:
                answer = OSError(str(error))
            pickle.dump(answer, answered)
            answered.flush()
    except (EOFError, BrokenPipeError, KeyboardInterrupt):
        return


def _taken(todo: deque[int]) -> Iterator[int]:
    while True:
        try:
            yield todo.popleft()
        except IndexError:
            return


def _hashed(place: Place, size: int, start: int) -> _Part:
    """Return what comes of TOGETHER bundles from one on."""
    roots: list[bytes | None] = []
    leaves: list[bytes] = []
    wrong: list[Wrong] = []
    entries = tiles = content_bytes = 0
    for index in range(start, min(start + TOGETHER, -(-size // TILE_WIDTH))):
        width = min(TILE_WIDTH, size - index * TILE_WIDTH)
        bundle, there = _bundle_bytes(place, index, width)
        try:
            hashes = hash_bundle(bundle, there)[:width]
        except ValueError as error:
            told = str(error) if there else "it is missing"
            wrong.append(Wrong(entries_path(index, width), told, index * TILE_WIDTH + 1))
            roots.append(None)
            continue
        entries, content_bytes = entries + width, content_bytes + len(bundle) - 2 * there
        tiles += 1
        if difference := _differs(place, 0, index, hashes):
            wrong.append(difference)
        if width == TILE_WIDTH:
            roots.append(tree_root(hashes))
        else:
            leaves = hashes
    return _Part(roots, leaves, entries, tiles, content_bytes, wrong)


def _tiles_above(place: Place, row: Sequence[bytes | None]) -> tuple[int, list[Wrong]]:
    """Compare the tiles above level 0 with the hashes of those below; return how many there are, and what is wrong."""
    level, tiles, wrong = 1, 0, []
    while row:
        above: list[bytes | None] = []
        for start in range(0, len(row), TILE_WIDTH):
            hashes = [each for each in row[start : start + TILE_WIDTH] if each is not None]
            whole = len(hashes) == len(row[start : start + TILE_WIDTH])
            if whole:  # a tile over a bundle that cannot be read has nothing to be compared with
                tiles += 1
                if difference := _differs(place, level, start // TILE_WIDTH, hashes):
                    wrong.append(difference)
            if len(row) - start >= TILE_WIDTH:
                above.append(tree_root(hashes) if whole else None)
        level, row = level + 1, above
    return tiles, wrong


def _differs(place: Place, level: int, index: int, hashes: Sequence[bytes]) -> Wrong | None:
    """Return what is wrong with a kept tile, None where it holds exactly these hashes."""
    width = len(hashes)
    path, kept = tile_path(level, index, width), _tile(place, level, index, width)
    if kept == b"".join(hashes):
        return None
    span = TILE_WIDTH**level
    if kept is None:
        return Wrong(path, "it is missing", index * TILE_WIDTH * span + 1)
    if len(kept) != width * HASH_BYTES:
        return Wrong(path, f"it has {len(kept):,} bytes, {width * HASH_BYTES:,} are expected")
    at = next(place for place, each in enumerate(split_tile(kept, width)) if each != hashes[place])
    sequence = (index * TILE_WIDTH + at) * span + 1
    if level == 0:
        below = f"entry {sequence:,} in {entries_path(index, width)}"
    else:
        below = f"the entries from {sequence:,} to {sequence + span - 1:,}"
    return Wrong(path, f"the hash it has is not that of {below}; one of the two was changed", sequence)


def _bundle(place: Place, index: int, width: int) -> list[bytes] | str:
    """Return the entries of a bundle, or what is wrong with it."""
    bundle, there = _bundle_bytes(place, index, width)
    if there == 0:
        return "it is missing"
    try:
        return decode_bundle(bundle, there)[:width]
    except ValueError as error:
        return str(error)


def _bundle_bytes(place: Place, index: int, width: int) -> tuple[bytes, int]:
    """Return the bytes of a bundle and how many entries are in them, 0 where it is missing.

    A partial one that was dropped is in the full one that replaced it.
    """
    for there in (width, TILE_WIDTH):
        if (content := place.read(entries_path(index, there))) is not None:
            return content, there
    return b"", 0


def _tile(place: Place, level: int, index: int, width: int) -> bytes | None:
    """Return the first *width* hashes of a kept tile, None where it is not there."""
    content = place.read(tile_path(level, index, width))
    if content is None and width < TILE_WIDTH and (full := place.read(tile_path(level, index))) is not None:
        return full[: width * HASH_BYTES] if len(full) == TILE_WIDTH * HASH_BYTES else full
    return content


def _root(size: int, row: Sequence[bytes | None], leaves: Sequence[bytes]) -> bytes | None:
    """Return the root over full bundles and the leaves behind them."""
    frontier = Frontier()
    for each in row:
        if each is None:
            return None
        frontier.append_subtree(TILE_HEIGHT, each)
    for leaf in leaves:
        frontier.append(leaf)
    return frontier.root() if frontier.size == size else None
