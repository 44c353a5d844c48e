"""Measure: `python -m bench [--json FILE] [--sizes 10000,100000,1000000] [--quick] [--only views|screens|service]`.

The table goes to stdout, what is being done to stderr. Exit 0 also where a goal is missed; 1 where a peer's answer
differs from ours.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median
from typing import NamedTuple

import msgspec

from bench import memory, service, stores
from bench.answers import VIEWS
from bench.report import Row, row, table
from bench.steps import AnswersDiffer, Outcome, same

DECISIONS, QUICK_DECISIONS = 20_000, 2_000
SIZES = (10_000, 100_000, 1_000_000)
REPEATS = 3
ROOT = Path(__file__).resolve().parents[1]


class Measured(NamedTuple):
    """A step that was run: what it took, and the most memory it and its helpers had."""

    outcome: Outcome
    peak_mb: float


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure every size, print the table, and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m bench", description="measure, beside peers in the same run")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the rows there too")
    parser.add_argument("--sizes", default=",".join(map(str, SIZES)), help="event counts, with commas between")
    parser.add_argument("--quick", action="store_true", help=f"{SIZES[0]:,} events only, each step once")
    parser.add_argument("--only", choices=["views", "screens", "service"], help="measure one of the three")
    options = parser.parse_args(arguments)
    sizes = SIZES[:1] if options.quick else [int(size) for size in options.sizes.split(",")]
    rows: list[Row] = []
    try:
        for size in sizes if options.only != "service" else ():
            with tempfile.TemporaryDirectory(prefix="bench-") as directory:
                _write(Path(directory), event_count := stores.whole(size))
                if options.only != "screens":
                    rows += measure(Path(directory), event_count, repeats=1 if options.quick else REPEATS)
                if options.only != "views":
                    rows += screens(Path(directory), event_count)
        if options.only in (None, "service"):
            _note(f"the service; {os.getloadavg()[0]:.1f} processes were running in the last minute")
            with tempfile.TemporaryDirectory(prefix="bench-") as directory:
                rows += service.measure(Path(directory), QUICK_DECISIONS if options.quick else DECISIONS)
    except (AnswersDiffer, subprocess.CalledProcessError) as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    print(f"\n{os.cpu_count()} processors; goals are for a million events; the page cache is warm")
    print("memory: of the process and its helpers, resident sets summed every 10 ms; shared pages count in each\n")
    print(table(rows))
    if options.json is not None:
        options.json.write_bytes(msgspec.json.format(msgspec.json.encode(rows), indent=2) + b"\n")
    return 0


def _write(directory: Path, event_count: int) -> None:
    byte_count = _run("write", directory, event_count).outcome.byte_count
    _note(f"{event_count:,} events, {byte_count / event_count:,.0f} bytes each, written for us and every peer")


def screens(directory: Path, event_count: int) -> Iterator[Row]:
    """Yield what the terminal's screens take over a history of one size."""
    size, goals = f"{event_count:,} events", event_count >= SIZES[-1]
    _run("rebuild", directory, event_count)  # the segments are there, as a user's are
    drawn = _run("screens", directory, event_count).outcome
    yield row(f"replay, first paint, {size}", drawn.seconds["paint"], "s", goal=1 if goals else None)
    for name in ("replay, seek", "board, moved"):
        timed = name.split(",")[0].replace("replay", "seek")
        goal = 100 if goals and timed == "seek" else None
        yield row(f"{name}, p50, {size}", 1_000 * drawn.seconds[f"{timed} p50"], "ms")
        yield row(f"{name}, p95, {size}", 1_000 * drawn.seconds[f"{timed} p95"], "ms", goal=goal)
    yield row(f"replay, memory at rest, {size}", drawn.resident_mb, "MB", goal=300 if goals else None)
    yield row(f"replay and board, peak memory, {size}", drawn.peak_mb, "MB")


def measure(directory: Path, event_count: int, *, repeats: int) -> Iterator[Row]:
    """Yield the rows of one size. Errors: AnswersDiffer."""
    size, goals = f"{event_count:,} events", event_count >= SIZES[-1]
    cold = _often("rebuild", directory, event_count, repeats, clear=True)
    warm = _often("rebuild", directory, event_count, repeats)
    sourced = _often("eventsourcing", directory, event_count, repeats)
    by_duckdb = _often("duckdb", directory, event_count, repeats)
    folded = _run("refold", directory, event_count)
    answer = cold[0].outcome.answer
    for who, ran in (("a warm start", warm), ("DuckDB", by_duckdb), ("the refold", [folded])):
        for each in ran:
            same(f"spend of {size}, by {who}", answer, each.outcome.answer)
    viewed = _run("views", directory, event_count)

    rate = event_count / _took(cold, "alignment")
    sample = stores.sourced_count(event_count)
    sourced_name = "eventsourcing on SQLite" + (f", sample of {sample:,}" if sample < event_count else "")
    for peer in (
        (sourced_name, sample / _took(sourced, "spend")),
        ("DuckDB on NDJSON, unchecked (the limit)", event_count / _took(by_duckdb, "spend")),
    ):
        yield row(f"cold rebuild, {size}", rate, "events/s", peer=peer, goal=200_000 if goals else None)
    memory_goal = 700 if goals else None
    yield row(f"cold rebuild, peak memory, {size}", max(each.peak_mb for each in cold), "MB", goal=memory_goal)
    refold = ("refold", _took([folded], "spend"))
    yield row(f"warm start to spend, {size}", _took(warm, "spend"), "s", peer=refold, goal=0.5 if goals else None)
    yield row(f"warm start, peak memory, {size}", max(each.peak_mb for each in warm), "MB", goal=memory_goal)
    yield row(
        f"warm after {len(VIEWS) * 60} views, peak memory, {size}", viewed.outcome.peak_mb, "MB", goal=memory_goal
    )
    yield from _log(_run("seal", directory, event_count).outcome.seconds, size, event_count, goals=goals)
    yield from _views(viewed.outcome.seconds, size, goal=50 if goals else None)


def _log(seconds: dict[str, float], size: str, event_count: int, *, goals: bool) -> Iterator[Row]:
    rates = {name: event_count / took for name, took in seconds.items()}
    appended = ("atomic batches of 500 into the stream", rates["append"])
    # Sealing has to be as fast as whatever is recorded.
    yield row(f"sealing, {size}", rates["seal"], "events/s", peer=appended, goal=rates["append"] if goals else None)
    ordered = ("nats-py's ordered consumer, unchecked", rates["ordered"])
    goal = 150_000 if goals else None
    yield row(f"first sync over NATS, {size}", rates["sync"], "events/s", peer=ordered, goal=goal)


def _views(seconds: dict[str, float], size: str, goal: float | None) -> Iterator[Row]:
    for name in VIEWS:
        yield row(f"{name} at a moment, p50, {size}", 1_000 * seconds[f"{name} p50"], "ms")
        value = 1_000 * seconds[f"{name} p95"]
        for peer in (("SQLite, indexed, p95", seconds[f"{name} by SQLite p95"]), ("refold, mean", seconds["refold"])):
            yield row(f"{name} at a moment, p95, {size}", value, "ms", peer=(peer[0], 1_000 * peer[1]), goal=goal)
    yield row(f"a sequence to a moment, p95, {size}", 1_000 * seconds["moment p95"], "ms")


def _often(step: str, directory: Path, event_count: int, repeats: int, *, clear: bool = False) -> list[Measured]:
    return [_run(step, directory, event_count, clear=clear) for _ in range(repeats)]


def _took(ran: Sequence[Measured], what: str) -> float:
    """Return the seconds of the middle one of what was run often."""
    return median(each.outcome.seconds[what] for each in ran)


def _run(step: str, directory: Path, event_count: int, *, clear: bool = False) -> Measured:
    """Run a step in a process of its own. clear: without the segments of the one before."""
    if clear:
        stores.drop_segments(directory)
    ran = memory.run([sys.executable, "-m", "bench.steps", step, str(directory), str(event_count)], ROOT)
    outcome = msgspec.json.decode(ran.printed, type=Outcome)
    took = ", ".join(f"{name} {seconds:.3f} s" for name, seconds in list(outcome.seconds.items())[:4])
    _note(f"{event_count:,} events, {step}: {took}")
    return Measured(outcome, max(ran.peak_mb, outcome.peak_mb))


def _note(text: str) -> None:
    print(f"bench: {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
