"""The demo portfolio: Northwind Mutual, an invented insurer, and its AI investments of 2024 to 2026.

The clock is given, not read: every command comes with the instant it is recorded at, so the same lines give the same
bytes on any store.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable, Iterator

from ledger.demo import benefits, cast, delivery, money, proposing, retirement, year_2024, year_2025, year_2026
from ledger.demo.findings import Filing, filings
from ledger.demo.telling import ORIGIN, PORTFOLIO, Step, Telling

__all__ = ["ORIGIN", "PORTFOLIO", "Filing", "Step", "clock", "filings", "steps"]


def steps() -> Iterator[Step]:
    """Yield every command of the demo, in the order of recording."""
    telling = Telling()
    for part in (
        cast.begin,
        proposing.propose_all,
        year_2024.tell,
        year_2025.tell,
        retirement.tell,
        year_2026.tell,
        delivery.tell,
        money.tell,
        benefits.tell,
    ):
        part(telling)
    yield from telling.steps()


def clock(told: Iterable[Step], sequence: Callable[[], int]) -> Callable[[], datetime.datetime]:
    """Return a clock for a writer of these steps: the time of the step that follows the sequence the book stands at.

    So it is right again after a lost append, an interrupted run or a repeated one. A refused step leaves the book
    where it is: the second call at one sequence is for the step after it.
    """
    times: dict[int, list[datetime.datetime]] = {}
    for step in told:
        times.setdefault(step.after, []).append(step.recorded_at)
    last_call = (-1, 0)

    def now() -> datetime.datetime:
        nonlocal last_call
        at = sequence()
        last_call = (at, last_call[1] + 1 if last_call[0] == at else 0)
        here = times.get(at) or times[max(times)]
        return here[min(last_call[1], len(here) - 1)]

    return now
