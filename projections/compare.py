"""Rebuild: read the stream itself, make everything anew, and compare it with what is kept.

Three things are compared, and every difference is named: the archive, entry by entry; the columns of the live
replica, cell by cell; and the views it answers with.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import msgspec
import pyarrow as pa

from ledger.notary.tiles import TILE_WIDTH, entries_path, split_tile, tile_path
from ledger.notary.tlog import Frontier, leaf_hash, tree_root
from ledger.store import EventReader
from projections.archive import Archive, ArchiveDiffers, Head
from projections.catalogue import FACT_OF, STATEMENTS
from projections.columns import table_name
from projections.moment import Moment
from projections.replica import Replica
from projections.rows import Row
from projections.segments import SEGMENT_ENTRIES, Part, Segments
from projections.statements import file_of
from projections.sync import BATCH_ENTRIES, catch_up
from projections.views import GROUPINGS, MEASURES, OF_ONE, VIEWS, Question, ask, key_of
from schemas.events import FACTS

MOST_NAMED = 20
"""How many differences of one kind are named before the rest is only counted."""

KEYS = {"events": ("sequence",), STATEMENTS: ("sequence", "initiative", "slot")}
"""What tells the rows of a table apart; those of a fact's as those of events."""

Step = Literal["read", "rebuild", "compare", "decide"]
Moved = Callable[[Step, int, int], None]
"""Told how much of a step is done, and how much there is: entries read and hashed, entries rebuilt, things compared;
entries decided again.

What it raises ends the comparison; it may wait, and the comparison waits with it.
"""


class Difference(msgspec.Struct, frozen=True):
    """Something kept that is not what the stream says. where: file, table or view; what: the place and both values.

    sequence: of the first entry it is about, None where it is about no single one.
    """

    where: str
    what: str
    sequence: int | None = None


class Comparison(msgspec.Struct, frozen=True):
    """The outcome of a rebuild. root: of the Merkle tree over the stream, hexadecimal."""

    portfolio: str
    sequence: int
    root: str
    archived_entries: int
    tables: int
    views: int
    differences: tuple[Difference, ...]


async def compare(
    store: EventReader,
    directory: Path,
    portfolio: str,
    moment_now: Moment | None,
    *,
    entries_each: int = SEGMENT_ENTRIES,
    moved: Moved = lambda *_: None,
) -> Comparison:
    """Rebuild from the stream and compare with the archive, the segments and the live views.

    What is appended meanwhile is left out on both sides. moment_now: the day the views are compared on, None for none.
    Errors: StreamUnavailable, HoleInStream; ArchiveDiffers where not even the archive's head can be read.
    """
    archive = Archive(directory)
    head = archive.head()  # before the stream's end, which only grows: what is archived by now is below it
    last = await store.last_sequence()
    fresh, root, differences = await _rebuilt(store, archive, head, last, portfolio, moved)
    asked, limit = questions(fresh, moment_now), max(last, head.size)
    names = ("events", *(f"{table_name(fact)}_whole" for fact in FACTS), STATEMENTS)
    whole = len(names) * max(-(-limit // entries_each), 1) + len(asked)
    done, tables = 0, 0
    moved("compare", done, whole)
    try:
        live = Replica.open(
            directory, portfolio, entries_each=entries_each, progress=lambda _: moved("compare", done, whole)
        )
        await catch_up(live, store, until=last)
        parts = Segments(directory, portfolio, entries_each).parts(head.size)
        for name in names:
            for start in range(0, max(limit, 1), entries_each):
                differences += _window_differs(name, start, min(start + entries_each, limit), live, fresh, parts)
                done += 1
                moved("compare", done, whole)
            tables += 1
        for question, moment in asked:
            differences += _views_differ(question, moment, live, fresh)
            done += 1
            moved("compare", done, whole)
    except ArchiveDiffers as error:
        differences.append(Difference(str(directory), str(error)))
        asked = []
    return Comparison(
        portfolio=portfolio,
        sequence=fresh.sequence,
        root=root,
        archived_entries=head.size,
        tables=tables,
        views=len(asked),
        differences=tuple(_shortened(differences)),
    )


async def _rebuilt(
    store: EventReader, archive: Archive, head: Head, last: int, portfolio: str, moved: Moved
) -> tuple[Replica, str, list[Difference]]:
    """Return a replica made from the stream alone, the root over it, and where the archive differs from it."""
    fresh, frontier = Replica(portfolio), Frontier()
    differences: list[Difference] = []
    waiting: list[bytes] = []
    bundle: list[bytes] = []

    def take() -> None:
        moved("read", frontier.size, last)
        fresh.extend(waiting)
        moved("rebuild", fresh.sequence, last)

    moved("read", 0, last)
    moved("rebuild", 0, last)
    async for entry in store.read(until=last):
        frontier.append(leaf_hash(entry.payload))
        waiting.append(entry.payload)
        bundle.append(entry.payload)
        if len(bundle) == TILE_WIDTH:
            if entry.sequence <= head.size:
                differences += _bundle_differs(archive, entry.sequence // TILE_WIDTH - 1, bundle)
            if entry.sequence == head.size:
                differences += _head_differs(head, frontier)
            bundle = []
        if len(waiting) == BATCH_ENTRIES:
            take()
            waiting = []
    if waiting:
        take()
    if fresh.sequence < head.size:
        what = f"it holds {head.size} entries, the stream ends at sequence {fresh.sequence}: entries were lost"
        differences.append(Difference("head", what, fresh.sequence or None))
    return fresh, frontier.root().hex(), differences


def _head_differs(head: Head, frontier: Frontier) -> Iterator[Difference]:
    if frontier.root().hex() != head.root:
        yield Difference("head", f"the root over {head.size} entries is {frontier.root().hex()}, not {head.root}")
    if tuple(root.hex() for root in frontier.roots) != head.frontier:
        yield Difference("head", f"the frontier over {head.size} entries is not the stream's")


def _bundle_differs(archive: Archive, index: int, payloads: list[bytes]) -> Iterator[Difference]:
    try:
        kept, tile = archive.entries(index), split_tile(archive.tile(0, index))
    except (ArchiveDiffers, ValueError) as error:
        yield Difference(entries_path(index), str(error), index * TILE_WIDTH + 1)
        return
    for place, payload in enumerate(payloads):
        sequence = index * TILE_WIDTH + place + 1
        if kept[place] != payload:
            at = next(
                (n for n, (a, b) in enumerate(zip(kept[place], payload, strict=False)) if a != b),
                min(len(kept[place]), len(payload)),
            )
            yield Difference(entries_path(index), f"entry {sequence} differs from the stream at byte {at}", sequence)
        if tile[place] != leaf_hash(payload):
            what = f"the hash of entry {sequence} is not that of the stream's"
            yield Difference(tile_path(0, index), what, sequence)
    if (index + 1) % TILE_WIDTH == 0:
        yield from _upper_tile_differs(archive, index // TILE_WIDTH)


def _upper_tile_differs(archive: Archive, index: int) -> Iterator[Difference]:
    try:
        hashes = split_tile(archive.tile(1, index))
        below = [tree_root(split_tile(archive.tile(0, index * TILE_WIDTH + n))) for n in range(TILE_WIDTH)]
    except (ArchiveDiffers, ValueError) as error:
        yield Difference(tile_path(1, index), str(error))
        return
    for place, (kept, made) in enumerate(zip(hashes, below, strict=True)):
        if kept != made:
            yield Difference(tile_path(1, index), f"hash {place} is not that of the tile below it")


def _window_differs(
    name: str, start: int, end: int, live: Replica, fresh: Replica, parts: Sequence[Part]
) -> Iterator[Difference]:
    """Compare the rows of a table that stand behind *start*, up to *end*. parts: what the live one was made of."""
    bounds = f"where sequence > {start} and sequence <= {end}"
    kept, made = (_fetched(replica, name, bounds) for replica in (live, fresh))
    if kept.equals(made):
        return
    for sequence, what in _cells_differ(kept, made, KEYS.get(name, KEYS["events"])):
        held = next(
            (part for part in parts if 0 <= sequence - part.manifest.first_sequence < part.manifest.entry_count), None
        )
        file = held and _file_of(held, name)
        yield Difference(f"segment/{parts[0].directory.name}/{file}" if file else name, what, sequence)


def _file_of(part: Part, name: str) -> str | None:
    """Return the name of the file a table stands in, None where a part has none of it."""
    if name == STATEMENTS:
        return file_of(part).name
    return part.manifest.files.get(FACT_OF[name].__name__ if name in FACT_OF else name)


def _fetched(replica: Replica, name: str, bounds: str) -> pa.Table:
    return replica.arrow(f'from "{name}" {bounds} order by {", ".join(KEYS.get(name, KEYS["events"]))}')


def _cells_differ(kept: pa.Table, made: pa.Table, keys: Sequence[str]) -> Iterator[tuple[int, str]]:
    """Yield the sequence of each row that is not the same, and what is not. keys: what tells one row from another."""
    olds, news = ({tuple(row[key] for key in keys): row for row in table.to_pylist()} for table in (kept, made))
    for key in sorted(olds.keys() | news.keys()):
        old, new = olds.get(key), news.get(key)
        sequence, *further = key
        place = ", ".join([f"sequence {sequence}", *further])
        if old is None or new is None:
            yield sequence, f"{place} is {'missing' if old is None else 'not in the stream'}"
            continue
        for column, value in new.items():
            if old[column] != value:
                yield sequence, f"{place}, {column} is {old[column]!r}, rebuilt {value!r}"


def questions(fresh: Replica, now: Moment | None) -> list[tuple[Question, Moment]]:
    """Return every view, and the moment it is asked for, at which kept and rebuilt ones are compared."""
    if now is None:
        return []
    moment = Moment(fresh.sequence, fresh.recorded_at(fresh.sequence), now.as_of)
    asked = [Question("spend", by=by) for by in GROUPINGS]
    asked += [Question("alignment", measure=measure) for measure in MEASURES]
    asked += [Question(name) for name in VIEWS if name not in ("spend", "alignment", "refusals", *OF_ONE)]
    return [(question, moment) for question in asked]


def _views_differ(question: Question, moment: Moment, live: Replica, fresh: Replica) -> Iterator[Difference]:
    kept, made = ask(live, question, moment), ask(fresh, question, moment)
    told = question.by if question.name == "spend" else question.measure if question.name == "alignment" else ""
    where = f"view {question.name} {told}".rstrip()
    if list(kept.rows) != list(made.rows):
        yield Difference(where, _rows_differ(question, kept.rows, made.rows))
    elif kept.totals != made.totals:
        yield Difference(where, f"totals: {_fields_differ(kept.totals, made.totals)}")


def _rows_differ(question: Question, kept: Sequence[Row], made: Sequence[Row]) -> str:
    """Return the first row of a view that is not as rebuilt, and what of it."""
    if len(kept) != len(made):
        return f"it has {len(kept)} rows, rebuilt {len(made)}"
    old, new = next((old, new) for old, new in zip(kept, made, strict=True) if old != new)
    names = [key_of(question, row) for row in (old, new)]
    if names[0] != names[1]:
        return f"{names[0]} stands where {names[1]} was rebuilt"
    return f"{names[0]}: {_fields_differ(*(msgspec.structs.asdict(row) for row in (old, new)))}"


def _fields_differ(kept: Mapping[str, Any], made: Mapping[str, Any]) -> str:
    differing = (name for name in made if kept.get(name) != made[name])
    return ", ".join(f"{name} is {kept.get(name)!r}, rebuilt {made[name]!r}" for name in differing)


def _shortened(differences: list[Difference]) -> Iterator[Difference]:
    seen: dict[str, int] = {}
    for difference in differences:
        seen[difference.where] = seen.get(difference.where, 0) + 1
        if seen[difference.where] <= MOST_NAMED:
            yield difference
    for where, count in seen.items():
        if count > MOST_NAMED:
            yield Difference(where, f"{count - MOST_NAMED} more")
