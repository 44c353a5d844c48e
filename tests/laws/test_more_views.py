"""Laws of the views of decisions and what they rest on: each equals the plain fold, at every sequence."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Sequence
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from projections.moment import Moment
from projections.replica import Replica
from projections.views import Question, View, ask
from schemas import codec
from schemas.envelope import Recorded
from tests import oracle_decisions as oracle
from tests.choices import INITIATIVES
from tests.fixed_history import every_type_history
from tests.histories import histories
from tests.teller import record

FAR = datetime.date(2099, 12, 31)
FOLDS: dict[str, Callable[[Sequence[Recorded], int, datetime.date], list[dict[str, Any]]]] = {
    "decisions": oracle.decisions,
    "models": oracle.models,
    "benefits": oracle.benefits,
    "needs": oracle.needs,
}
GATE_TOTALS = ("decisions", "kills", "holds", "kill_rate")

NO_SHRINKING = (Phase.explicit, Phase.reuse, Phase.generate)
"""Shrinking asks the database thousands of times; the seed that fails is printed instead."""

LAW = settings(
    deadline=None, phases=NO_SHRINKING, print_blob=True, suppress_health_check=[HealthCheck.too_slow], max_examples=6
)


def replica_of(events: list[Recorded]) -> Replica:
    replica = Replica(events[0].source.removeprefix("/portfolio/"))
    replica.extend([codec.encode(event) for event in events])
    return replica


def four_days(events: list[Recorded]) -> list[datetime.date]:
    """The first, middle and last effective day, and one far ahead."""
    days = sorted({event.effective_on for event in events})
    return [days[0], days[len(days) // 2], days[-1], FAR]


def assert_equal_the_fold(
    replica: Replica, events: list[Recorded], sequence: int, day: datetime.date, initiatives: Sequence[str]
) -> None:
    """Every one of the six views, and the history of *initiatives*."""
    moment = Moment(sequence, replica.recorded_at(sequence), day)
    for name, fold in FOLDS.items():
        assert plain(ask(replica, Question(name), moment)) == approximately(fold(events, sequence, day)), name
    gates = ask(replica, Question("gates"), moment)
    rows, totals = oracle.gates(events, sequence, day)
    assert plain(gates) == rows
    assert {name: gates.totals[name] for name in GATE_TOTALS} == approximately(totals)
    for initiative in initiatives:
        told = plain(ask(replica, Question("history", initiative=initiative), moment))
        assert [(row["sequence"], row["field"]) for row in told] == sorted(
            (row["sequence"], row["field"]) for row in told
        )
        # What one entry says twice of one field (money that moves between envelopes) has no order of its own.
        told.sort(key=lambda row: (row["sequence"], row["field"], row["value"]))
        assert told == oracle.history(events, sequence, day, initiative), initiative


def plain(view: View) -> list[dict[str, Any]]:
    return [msgspec.structs.asdict(row) for row in view.rows]


def approximately(told: Any) -> Any:
    """Whole numbers exactly, fractions to twelve digits: they are divided once, in floating point."""
    if isinstance(told, list):
        return [approximately(row) for row in told]
    return {key: pytest.approx(value, abs=1e-12) if isinstance(value, float) else value for key, value in told.items()}


@pytest.mark.parametrize("part", range(4))
def test_every_type_of_event_at_every_sequence_on_one_of_four_days(part: int) -> None:
    events = record(every_type_history())
    replica = replica_of(events)
    days = four_days(events)
    for sequence in range(len(events) + 1):
        if sequence % 4 == part:
            day = days[sequence // 4 % 4]
            assert_equal_the_fold(replica, events, sequence, day, [f"AI-{sequence // 16 % 6 + 1}"])


@pytest.mark.parametrize("part", range(4))
def test_every_type_of_event_at_the_end_on_every_day_it_names(part: int) -> None:
    events = record(every_type_history())
    replica = replica_of(events)
    days = sorted({*four_days(events), *(event.effective_on for event in events)})
    for day in days[part::4]:
        assert_equal_the_fold(replica, events, len(events), day, [f"AI-{number}" for number in range(1, 7)])


@settings(LAW, max_examples=20)
@given(histories(20, 60))
def test_law_every_view_equals_the_plain_fold_at_the_end_on_every_kind_of_day(lines: list[bytes]) -> None:
    events = record(lines)
    replica = replica_of(events)
    for day in four_days(events):
        assert_equal_the_fold(replica, events, len(events), day, INITIATIVES)


@settings(LAW)
@given(histories(10, 50), st.randoms(use_true_random=False))
def test_law_every_view_equals_the_plain_fold_at_random_sequences(lines: list[bytes], chance: Any) -> None:
    events = record(lines)
    replica = replica_of(events)
    for sequence in chance.choices(range(len(events) + 1), k=8):
        assert_equal_the_fold(replica, events, sequence, chance.choice(four_days(events)), INITIATIVES[:2])
