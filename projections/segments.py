"""Segments: 65,536 entries of the archive as typed columns on disk, a Parquet file a type. Derived, disposable.

    <data>/<portfolio>/segment/<generation>/0.events.parquet
    <data>/<portfolio>/segment/<generation>/0.FundingApproved.parquet
    <data>/<portfolio>/segment/<generation>/0.json          which files, over which entries, under which root

The manifest is written last and names every file, so that a reader opens a fixed list: segments are never seen half
made, and any number of processes may read or make them at once. A generation is a way of turning events into
columns; files of another generation are ignored.
"""

from __future__ import annotations

import concurrent.futures
import gc
import multiprocessing
import os
import tempfile
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from ledger.notary.tiles import TILE_WIDTH
from ledger.notary.tlog import Frontier, tree_root
from projections.archive import Archive, ArchiveDiffers, replace_file
from projections.columns import TIMELINE, Column, arrow_schema, as_batch, columns_of, generation
from schemas import codec, subjects
from schemas.envelope import Recorded
from schemas.events import FACTS, Fact

SEGMENT_ENTRIES = 65_536
BATCH_ENTRIES = 4_096
"""How many events live as objects at once."""

Progress = Callable[[int], None]
"""Told how many entries were done since it was last told."""


class Manifest(msgspec.Struct, frozen=True):
    """A finished segment. first_sequence: of its entries. root: of their Merkle subtree, hexadecimal.
    files: the type of each (`events` for all) and its name. foreign: sequences of entries that are no events."""

    first_sequence: int
    entry_count: int
    root: str
    files: dict[str, str]
    foreign: tuple[int, ...] = ()


class Table:
    """Events of one table, turned into columns a few thousand at a time so that few live as objects."""

    def __init__(self, columns: Sequence[Column]) -> None:
        self.columns = columns
        self.batches: list[pa.RecordBatch] = []

    def take(self, events: Sequence[Recorded]) -> None:
        if events:
            self.batches.append(as_batch(self.columns, events))

    def table(self) -> pa.Table:
        return pa.Table.from_batches(self.batches, schema=arrow_schema(self.columns))


class Tables:
    """Every table of some entries: one a fact type, and the events table they share."""

    def __init__(self, portfolio: str) -> None:
        self._source = subjects.source(portfolio)
        self.events = Table(TIMELINE)
        self.facts: dict[type[Fact], Table] = {fact: Table(columns_of(fact)) for fact in FACTS}
        self.foreign: list[int] = []

    def take(self, first_sequence: int, payloads: Sequence[bytes]) -> None:
        """Decode entries that stand side by side, and take them in. Foreign ones are noted and left out."""
        events: list[Recorded] = []
        by_type: dict[type[Fact], list[Recorded]] = {}
        for sequence, payload in enumerate(payloads, start=first_sequence):
            try:
                event = codec.decode_at(payload, self._source, sequence)
            except codec.ForeignEntry:
                self.foreign.append(sequence)
                continue
            events.append(event)
            by_type.setdefault(type(event.data), []).append(event)
        self.events.take(events)
        for fact, of_type in by_type.items():
            self.facts[fact].take(of_type)


class Segments:
    """The segments of one portfolio."""

    def __init__(self, directory: Path, portfolio: str, entries_each: int = SEGMENT_ENTRIES) -> None:
        """entries_each: a multiple of 256; anything but the default is for tests."""
        self.portfolio, self.entries_each = portfolio, entries_each
        suffix = "" if entries_each == SEGMENT_ENTRIES else f"-{entries_each}"
        self.archive = Archive(directory)
        self.directory = directory / "segment" / (generation() + suffix)

    def manifest(self, number: int) -> Manifest | None:
        """Return the manifest of a finished segment, None where there is none."""
        try:
            return msgspec.json.decode((self.directory / f"{number}.json").read_bytes(), type=Manifest)
        except (FileNotFoundError, msgspec.DecodeError):
            return None

    def missing(self, size: int) -> list[int]:
        """Return the numbers of the segments that an archive of *size* entries fills and that are not made yet."""
        return [number for number in range(size // self.entries_each) if self.manifest(number) is None]

    def make(self, numbers: Sequence[int], progress: Progress = lambda _: None) -> None:
        """Make segments from the archive, on every processor. Errors: ArchiveDiffers."""
        todo = deque(numbers)
        helpers = min(len(todo), os.cpu_count() or 1) - 1
        if helpers < 1:
            for number in todo:
                self.make_one(number, progress)
            return
        context = multiprocessing.get_context("spawn")
        with concurrent.futures.ProcessPoolExecutor(helpers, mp_context=context) as pool:
            running: set[concurrent.futures.Future[None]] = set()
            while todo or running:
                while todo and len(running) < helpers:
                    running.add(pool.submit(self.make_one, todo.popleft()))
                if todo:
                    self.make_one(todo.pop(), progress)
                done, running = concurrent.futures.wait(
                    running, timeout=0 if todo else None, return_when=concurrent.futures.FIRST_COMPLETED
                )
                for finished in done:
                    finished.result()
                    progress(self.entries_each)

    def make_one(self, number: int, progress: Progress = lambda _: None) -> None:
        """Make one segment: check its bundles against the tiles, decode, write the columns, then the manifest."""
        self.directory.mkdir(parents=True, exist_ok=True)
        per_segment = self.entries_each // TILE_WIDTH
        tables, roots = Tables(self.portfolio), []
        collecting = gc.isenabled()
        gc.disable()  # nothing decoded here has cycles, and the collector would walk it again and again
        try:
            waiting: list[bytes] = []
            for index in range(number * per_segment, (number + 1) * per_segment):
                entries, root = self.archive.checked_entries(index)
                roots.append(root)
                waiting += entries
                if len(waiting) >= BATCH_ENTRIES or index + 1 == (number + 1) * per_segment:
                    tables.take((index + 1) * TILE_WIDTH - len(waiting) + 1, waiting)
                    progress(len(waiting))
                    waiting = []
        finally:
            if collecting:
                gc.enable()
        files = {"events": self._write(number, "events", tables.events.table())}
        for fact, table in tables.facts.items():
            if table.batches:
                files[fact.__name__] = self._write(number, fact.__name__, table.table())
        made = Manifest(
            first_sequence=number * self.entries_each + 1,
            entry_count=self.entries_each,
            root=tree_root(roots).hex(),
            files=files,
            foreign=tuple(tables.foreign),
        )
        replace_file(self.directory / f"{number}.json", msgspec.json.encode(made))

    def check_root(self, manifests: Sequence[Manifest], tail_roots: Sequence[bytes], wanted: str) -> None:
        """Compare what the segments and the bundles after them were made from with the archive's root.

        Errors: ArchiveDiffers.
        """
        level = self.entries_each.bit_length() - 1
        frontier = Frontier()
        for manifest in manifests:
            frontier.append_subtree(level, bytes.fromhex(manifest.root))
        for root in tail_roots:
            frontier.append_subtree(8, root)
        if frontier.root().hex() != wanted:
            raise ArchiveDiffers(
                f"the segments in {self.directory} were made from other entries than the archive holds; "
                f"remove {self.archive.directory}, it is read from the stream again"
            )

    def _write(self, number: int, kind: str, table: pa.Table) -> str:
        name = f"{number}.{kind}.parquet"
        handle, temporary = tempfile.mkstemp(dir=self.directory, prefix=".new-")
        os.close(handle)
        pq.write_table(table, temporary, compression="snappy", use_dictionary=_repeating(table.schema))
        os.replace(temporary, self.directory / name)
        return name


def _repeating(schema: pa.Schema) -> list[str]:
    """Return the text columns worth a dictionary: those whose values come again."""
    return [field.name for field in schema if field.type == pa.string() and field.name not in _UNIQUE]


_UNIQUE = {"commandid", "posting_ref", "invoice"}
