"""What histories by chance choose from: small pools, so that things collide, and bytes as choices."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import TypeVar

from schemas.receipts import Reason, ReasonClass
from tests import words as w

T = TypeVar("T")

STEP_BYTES = 32
"""What one command is chosen by."""

ENVELOPES = ("claims", "data", "lab")
INITIATIVES = ("AI-1", "AI-2", "AI-3", "AI-4")
OBJECTIVES = ("growth", "safety", "speed", "trust")
COMMITMENTS = ("C-1", "C-2", "C-3")
POSTING_REFS = tuple(f"P-{number}" for number in range(1, 25))
STREAMS = ("retail", "back-office", "research")
STAGES = ("scope", "case", "build", "launch")
MINORS = (100, 1, 2, 3, 7, 333, 1_000, 5_000, 10_001, 99_999, 250_000, 3 * 10**13 + 1)
DAYS = tuple(
    datetime.date(*day)
    for day in (
        *((2024, 1, 15), (2024, 6, 30), (2025, 1, 1), (2025, 7, 1), (2025, 12, 31), (2026, 1, 1)),
        *((2026, 1, 12), (2026, 1, 13), (2026, 1, 20), (2026, 4, 1), (2026, 12, 31), (2027, 1, 10)),
    )
)
DECISIONS = ("D-1", "D-2", "D-3")
CONDITIONS = tuple(f"K-{number}" for number in range(1, 13))
ACTORS = ("ana", "bob", "eli", "kai")
BODIES = ("board", "panel")
MODELS = ("opal", "ruby", "jade")
BENEFITS = ("B-1", "B-2", "B-3")
CURRENCIES = ("USD", "EUR", "JPY")
FISCAL_PERIODS = ("FY2026", "FY2025", "2026-Q1")
MONTHS = ("2026-01", "2026-02", "2025-12")
MONEY_RULES = tuple(reason.name for reason in Reason if reason.of_class is ReasonClass.MONEY)
WEIGHTS = {
    1: ((10_000,),),
    2: ((5_000, 5_000), (3_333, 6_667), (10_000, 0)),
    3: ((5_000, 3_000, 2_000), (3_333, 3_333, 3_334)),
    4: ((2_500, 2_500, 2_500, 2_500), (1, 2, 3, 9_994)),
}
SHARES = {
    0: ((),),
    1: ((10_000,), (4_000,), (1,)),
    2: ((5_000, 5_000), (3_333, 3_333), (9_999, 1)),
    3: ((3_333, 3_333, 3_334), (2_500, 2_500, 2_500), (1, 1, 1)),
    4: ((2_500, 2_500, 2_500, 2_500), (1_111, 2_222, 3_333, 3_334)),
}
HIDDEN = {"commitment": w.NO_HASH, "vault": "vault:7"}


class Choices:
    """Bytes as choices. A zero, or nothing left, takes the first option, so that shrinking leads to the plainest."""

    def __init__(self, step: bytes) -> None:
        self._left = iter(step)

    def of(self, options: Sequence[T]) -> T:
        return options[next(self._left, 0) % len(options)]

    def once_in(self, count: int) -> bool:
        return self.of(range(count)) == count - 1

    def some(self, options: Sequence[T], at_least: int = 0) -> list[T]:
        """Return some of the options, in a turned order."""
        count = self.of(range(at_least, len(options) + 1)) if len(options) >= at_least else len(options)
        turn = self.of(range(len(options))) if options else 0
        return [*options[turn:], *options[:turn]][:count]
