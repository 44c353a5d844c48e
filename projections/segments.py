"""Segments: 65,536 entries of the archive as typed columns on disk, a Parquet file a type. Derived, disposable.

    <data>/<portfolio>/segment/<generation>/0.events.parquet
    <data>/<portfolio>/segment/<generation>/0.FundingApproved.parquet
    <data>/<portfolio>/segment/<generation>/0.json          which files, over which entries, under which root
    <data>/<portfolio>/segment/<generation>/1-69632.json    a tail: the entries behind segment 0, up to 69,632

The manifest is written last and names every file, so that a reader opens a fixed list: segments are never seen half
made, and any number of processes may read or make them at once. A generation is a way of turning events into
columns; files of another generation are ignored.
"""

from __future__ import annotations

import concurrent.futures
import gc
import itertools
import multiprocessing
import os
import tempfile
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec
import pyarrow as pa

from ledger.files import replace_file
from ledger.notary.tiles import TILE_HEIGHT, TILE_WIDTH
from ledger.notary.tlog import Frontier, tree_root
from projections.archive import Archive, ArchiveDiffers
from projections.columns import GENERATION
from projections.tables import Tables

SEGMENT_ENTRIES = 65_536
TAIL_ENTRIES = 4_096
"""How many entries behind the last segment or tail are worth a new tail."""

Progress = Callable[[int], None]
"""Told how many entries were done since it was last told."""


class Manifest(msgspec.Struct, frozen=True):
    """A finished segment or tail. first_sequence: of its entries. root: of their Merkle subtree, hexadecimal; for a
    tail, roots: of each of its bundles. files: the type of each (`events` for all) and its name.
    foreign: sequences of entries that are no events."""

    first_sequence: int
    entry_count: int
    root: str
    files: dict[str, str]
    foreign: tuple[int, ...] = ()
    roots: tuple[str, ...] = ()


class Part(NamedTuple):
    """A finished segment and where its files are."""

    directory: Path
    manifest: Manifest


class _Job(NamedTuple):
    """A segment or tail to make: its name, and the entries behind *start* up to *end*."""

    name: str
    start: int
    end: int


class Segments:
    """The segments of one portfolio, and the tail behind the last whole one."""

    def __init__(self, directory: Path, portfolio: str, entries_each: int = SEGMENT_ENTRIES) -> None:
        """entries_each: a multiple of 256; anything but the default is for tests."""
        self.portfolio, self.entries_each = portfolio, entries_each
        suffix = "" if entries_each == SEGMENT_ENTRIES else f"-{entries_each}"
        self.archive = Archive(directory)
        self.directory = directory / "segment" / (GENERATION + suffix)

    def manifest(self, number: int) -> Manifest | None:
        """Return the manifest of a finished segment, None where there is none."""
        return self._read(str(number))

    def _read(self, name: str) -> Manifest | None:
        try:
            return msgspec.json.decode((self.directory / f"{name}.json").read_bytes(), type=Manifest)
        except (FileNotFoundError, msgspec.DecodeError):
            return None

    def missing(self, size: int) -> list[int]:
        """Return the numbers of the segments that an archive of *size* entries fills and that are not made yet."""
        return [number for number in range(size // self.entries_each) if self.manifest(number) is None]

    def make(self, size: int, progress: Progress = lambda _: None) -> None:
        """Make what is missing for an archive of *size* entries, on every processor: segments, and the tail.

        A tail spares the next process the decoding of what stands behind the last whole segment; it is made where
        much has come since the last one was. Older tails stay: another process may be reading them, and they are as
        disposable as everything here. Errors: ArchiveDiffers.
        """
        todo = deque(_Job(str(n), n * self.entries_each, (n + 1) * self.entries_each) for n in self.missing(size))
        number, tail = size // self.entries_each, self._tail(size)
        start = number * self.entries_each
        if size - start - (tail.entry_count if tail else 0) >= TAIL_ENTRIES:
            todo.append(_Job(f"{number}-{size}", start, size))
        helpers = min(len(todo), os.cpu_count() or 1) - 1
        if helpers < 1:
            for job in todo:
                self._make(job, progress)
            return
        context = multiprocessing.get_context("spawn")
        with concurrent.futures.ProcessPoolExecutor(helpers, mp_context=context) as pool:
            given: deque[tuple[concurrent.futures.Future[None], _Job]] = deque()

            def give() -> None:
                """Give a helper the next job there is, and another as soon as it is done."""
                for job in itertools.islice(_taken(todo), 1):
                    future = pool.submit(self._make, job)
                    given.append((future, job))
                    future.add_done_callback(lambda _: give())

            for _ in range(helpers):
                give()
            try:
                for job in _taken(todo):
                    self._make(job, progress)
            finally:
                todo.clear()  # where a job failed, nothing is begun after it
            while given:
                future, job = given.popleft()
                future.result()
                progress(job.end - job.start)

    def parts(self, size: int) -> list[Part]:
        """Return the finished segments of an archive of *size* entries, with the longest tail there is behind them."""
        whole = [manifest for number in range(size // self.entries_each) if (manifest := self.manifest(number))]
        tail = self._tail(size)
        return [Part(self.directory, manifest) for manifest in (*whole, *((tail,) if tail else ()))]

    def make_one(self, number: int, progress: Progress = lambda _: None) -> None:
        """Make one segment: check its bundles against the tiles, decode, write the columns, then the manifest."""
        self._make(_Job(str(number), number * self.entries_each, (number + 1) * self.entries_each), progress)

    def _make(self, job: _Job, progress: Progress = lambda _: None) -> None:
        name, start, end = job
        self.directory.mkdir(parents=True, exist_ok=True)
        tables, roots = Tables(self.portfolio), []
        collecting = gc.isenabled()
        gc.disable()  # nothing decoded here has cycles, and the collector would walk it again and again
        try:
            for index in range(start // TILE_WIDTH, end // TILE_WIDTH):
                entries, root = self.archive.checked_entries(index)
                roots.append(root)
                tables.take(index * TILE_WIDTH + 1, entries)
                progress(TILE_WIDTH)
        finally:
            if collecting:
                gc.enable()
        files = {"events": self._write(name, "events", tables.events.table())}
        for fact, table in tables.facts.items():
            if table:
                files[fact.__name__] = self._write(name, fact.__name__, table.table())
        made = Manifest(
            first_sequence=start + 1,
            entry_count=end - start,
            root=tree_root(roots).hex(),
            roots=tuple(root.hex() for root in roots) if end - start != self.entries_each else (),
            files=files,
            foreign=tuple(tables.foreign),
        )
        replace_file(self.directory / f"{name}.json", msgspec.json.encode(made))

    def _tail(self, size: int) -> Manifest | None:
        number = size // self.entries_each
        found = [
            int(path.stem.partition("-")[2])
            for path in self.directory.glob(f"{number}-*.json")
            if path.stem.partition("-")[2].isdigit()
        ]
        for end in sorted((end for end in found if end <= size), reverse=True):
            manifest = self._read(f"{number}-{end}")
            if manifest is not None and all((self.directory / file).exists() for file in manifest.files.values()):
                return manifest
        return None

    def check_root(self, parts: Sequence[Part], tail_roots: Sequence[bytes], wanted: str) -> None:
        """Compare what the segments and the bundles after them were made from with the archive's root.

        Errors: ArchiveDiffers.
        """
        frontier = Frontier()
        for _, manifest in parts:
            if manifest.roots:
                for root in manifest.roots:
                    frontier.append_subtree(TILE_HEIGHT, bytes.fromhex(root))
            else:
                frontier.append_subtree(self.entries_each.bit_length() - 1, bytes.fromhex(manifest.root))
        for tail_root in tail_roots:
            frontier.append_subtree(TILE_HEIGHT, tail_root)
        if frontier.root().hex() != wanted:
            raise ArchiveDiffers(
                f"the segments in {self.directory} were made from other entries than the archive holds; "
                f"remove {self.archive.remade}, they are made again from the stream"
            )

    def _write(self, prefix: str, kind: str, table: pa.Table) -> str:
        name = f"{prefix}.{kind}.parquet"
        handle, temporary = tempfile.mkstemp(dir=self.directory, prefix=".new-")
        os.close(handle)
        import pyarrow.parquet as pq  # 20 MB and 50 ms, which who only reads segments need not pay

        pq.write_table(table, temporary, compression="lz4", use_dictionary=_repeating(table.schema))
        os.replace(temporary, self.directory / name)
        return name


def _taken(jobs: deque[_Job]) -> Iterator[_Job]:
    """Take jobs until none is left; several may take from one line, and it may end between a look and a grasp."""
    while True:
        try:
            job = jobs.popleft()
        except IndexError:
            return
        yield job


def _repeating(schema: pa.Schema) -> list[str]:
    """Return the text columns worth a dictionary: those whose values come again."""
    return [field.name for field in schema if field.type == pa.string() and field.name not in _UNIQUE]


_UNIQUE = {"commandid", "posting_ref", "invoice"}
