"""What is timed, each in a process of its own: `python -m bench.steps STEP DIRECTORY EVENTS` prints its outcome.

Times start after the imports. The files were written a moment ago, so they are read from the page cache.
"""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from statistics import mean, quantiles

import msgspec

from bench import history
from bench.answers import FOREVER, VIEWS, Answer, of_replica
from bench.memory import own_peak_mb
from projections.moment import Moment, moment
from projections.replica import Replica

SEED = 20_260_731
MOMENTS = 60
FOLDED_MOMENTS = 3


class Outcome(msgspec.Struct):
    """What a step took. seconds: by what was timed. answer: spend at the end, to be compared. peak_mb, resident_mb: the
    most that one process had, and what it has at rest."""

    seconds: dict[str, float] = msgspec.field(default_factory=dict)
    answer: Answer = msgspec.field(default_factory=dict)
    peak_mb: float = 0.0
    resident_mb: float = 0.0
    byte_count: int = 0


class AnswersDiffer(Exception):
    """Two ways to the same answer lead to two: which question, and what each says."""


def same(question: str, ours: Answer, theirs: Answer) -> None:
    """Compare two answers. Errors: AnswersDiffer naming the first key on which they part."""
    for key in sorted(ours.keys() | theirs.keys()):
        if ours.get(key) != theirs.get(key):
            raise AnswersDiffer(f"{question}: of {key or 'no key'} we say {ours.get(key)}, the peer {theirs.get(key)}")


def write(directory: Path, event_count: int) -> Outcome:
    """Write the history everywhere."""
    from bench import stores

    started = time.perf_counter()
    byte_count = stores.write(directory, event_count)
    return Outcome({"write": time.perf_counter() - started}, byte_count=byte_count)


def rebuild(directory: Path, event_count: int) -> Outcome:
    """From the archive, and the segments if they are there, to the first answers."""
    started = time.perf_counter()
    replica = Replica.open(directory / history.PORTFOLIO, history.PORTFOLIO)
    answer = of_replica(replica, "spend", _end(event_count))
    spent = time.perf_counter() - started
    of_replica(replica, "alignment", _end(event_count))
    return Outcome({"spend": spent, "alignment": time.perf_counter() - started}, answer, own_peak_mb())


def views(directory: Path, event_count: int) -> Outcome:
    """Each view at random moments, held to SQLite's answers and, at a few, to the fold of all events."""
    replica = Replica.open(directory / history.PORTFOLIO, history.PORTFOLIO)
    sequences = [random.Random(SEED + place).randint(event_count // 100, event_count) for place in range(MOMENTS)]
    outcome, moments, resolving_s = Outcome(), [], []
    for sequence in sequences:
        started = time.perf_counter()
        moments.append(moment(replica, str(sequence), None, now=history.START))
        resolving_s.append(time.perf_counter() - started)
    _percentiles(outcome, "moment", resolving_s)
    ours = {name: _asked(outcome, name, moments, partial(of_replica, replica, name)) for name in VIEWS}
    outcome.peak_mb = own_peak_mb()  # before the peers take memory of their own

    from bench import peers

    sqlite = peers.SQLiteViews(directory)
    for name in VIEWS:
        answers = _asked(outcome, f"{name} by SQLite", moments, partial(sqlite.answer, name))
        for at, mine, theirs in zip(moments, ours[name], answers, strict=True):
            same(f"{name} as known at {at.sequence}, by SQLite", mine, theirs)
    folding_s = []
    for place, at in enumerate(moments[:FOLDED_MOMENTS]):
        started = time.perf_counter()
        fold = peers.refold(directory, at.sequence, at.as_of)
        folding_s.append(time.perf_counter() - started)
        for name in VIEWS:
            same(f"{name} as known at {at.sequence}, by refold", ours[name][place], fold.answer(name))
    outcome.seconds["refold"] = mean(folding_s)
    return outcome


def refold(directory: Path, event_count: int) -> Outcome:
    """Decode and fold everything in plain Python."""
    from bench import peers

    started = time.perf_counter()
    answer = peers.refold(directory, event_count).answer("spend")
    return Outcome({"spend": time.perf_counter() - started}, answer, own_peak_mb())


def eventsourcing(directory: Path, event_count: int) -> Outcome:
    """Replay with the eventsourcing package; our answer for as many events is held to it."""
    from bench import peers, stores

    count = stores.sourced_count(event_count)
    started = time.perf_counter()
    answer = peers.eventsourcing_spend(directory, count)
    outcome = Outcome({"spend": time.perf_counter() - started}, answer, own_peak_mb())
    replica = Replica.open(directory / history.PORTFOLIO, history.PORTFOLIO)
    same(f"spend of {count} events, by eventsourcing", of_replica(replica, "spend", _end(count)), answer)
    return outcome


def duckdb(directory: Path, event_count: int) -> Outcome:  # noqa: ARG001 - it reads what is there
    """Read the events as NDJSON with DuckDB."""
    from bench import peers

    started = time.perf_counter()
    answer = peers.duckdb_spend(directory)
    return Outcome({"spend": time.perf_counter() - started}, answer, own_peak_mb())


def seal(directory: Path, event_count: int) -> Outcome:  # noqa: ARG001 - it seals what is there
    """Put the events into a stream, seal them, and sync a new machine from what the notary left."""
    from bench import sealing

    return Outcome(sealing.sealing(directory), peak_mb=own_peak_mb())


def screens(directory: Path, event_count: int) -> Outcome:  # noqa: ARG001 - it draws what is there
    """Draw the terminal's screens over it, anywhere in it."""
    from bench import terminal

    drawn = terminal.drawn(directory)
    return Outcome(drawn.seconds, peak_mb=drawn.peak_mb, resident_mb=drawn.resident_mb)


STEPS: dict[str, Callable[[Path, int], Outcome]] = {
    step.__name__: step for step in (write, rebuild, views, refold, eventsourcing, duckdb, seal, screens)
}


def _end(event_count: int) -> Moment:
    """Return the moment after so many events, everything effective."""
    return Moment(event_count, None, FOREVER)


def _asked(outcome: Outcome, what: str, moments: Sequence[Moment], asked: Callable[[Moment], Answer]) -> list[Answer]:
    """Return the answers at each moment, and note how long they took; asked once before it counts."""
    asked(moments[0])
    answers, seconds = [], []
    for at in moments:
        started = time.perf_counter()
        answers.append(asked(at))
        seconds.append(time.perf_counter() - started)
    _percentiles(outcome, what, seconds)
    return answers


def _percentiles(outcome: Outcome, name: str, seconds: list[float]) -> None:
    cut = quantiles(seconds, n=20, method="inclusive")
    outcome.seconds |= {f"{name} p50": cut[9], f"{name} p95": cut[18]}


def main(step: str, directory: str, event_count: str) -> None:
    """Run a step and print its outcome."""
    outcome = STEPS[step](Path(directory), int(event_count))
    sys.stdout.buffer.write(msgspec.json.encode(outcome))


if __name__ == "__main__":
    main(*sys.argv[1:])
