"""Laws of the views a board and a replay are made of: each equals the plain fold, at every sequence."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Sequence
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from projections.headline import headline
from projections.moment import Moment
from projections.replica import Replica
from projections.views import Question, ask
from schemas.envelope import Recorded
from tests import oracle_board as oracle
from tests.choices import INITIATIVES
from tests.fixed_history import every_type_history
from tests.histories import histories
from tests.laws.test_more_views import LAW, approximately, four_days, plain, replica_of
from tests.teller import record

FOLDS: dict[str, Callable[[Sequence[Recorded], int, datetime.date], list[dict[str, Any]]]] = {
    "value_streams": oracle.value_streams,
    "capacity": oracle.capacity,
    "conditions": oracle.conditions,
    "flow": oracle.flow,
}


def assert_board_equals_the_fold(
    replica: Replica, events: list[Recorded], sequence: int, day: datetime.date, initiatives: Sequence[str]
) -> None:
    """Every view of the board, and the state of *initiatives*."""
    moment = Moment(sequence, replica.recorded_at(sequence), day)
    rows, totals = oracle.priority(events, sequence, day)
    priority = ask(replica, Question("priority"), moment)
    assert plain(priority) == approximately(rows)
    assert priority.totals == approximately(totals)
    rows, totals = oracle.concentration(events, sequence, day)
    concentration = ask(replica, Question("concentration"), moment)
    assert plain(concentration) == approximately(rows)
    assert concentration.totals == {kind: pytest.approx(figures) for kind, figures in totals.items()}
    for name, fold in FOLDS.items():
        assert plain(ask(replica, Question(name), moment)) == approximately(fold(events, sequence, day)), name
    assert msgspec.structs.asdict(headline(replica, moment)) == approximately(oracle.headline(events, sequence, day))
    for initiative in initiatives:
        told = plain(ask(replica, Question("state", initiative=initiative), moment))
        assert told == oracle.state(events, sequence, day, initiative), initiative


@pytest.mark.parametrize("part", range(4))
def test_every_type_of_event_at_every_other_sequence_on_one_of_four_days(part: int) -> None:
    events = record(every_type_history())
    replica = replica_of(events)
    days = four_days(events)
    for sequence in range(2 * part + 1, len(events) + 1, 8):
        named = [f"AI-{sequence // 8 % 8 + 1}"]
        assert_board_equals_the_fold(replica, events, sequence, days[sequence // 8 % 4], named)


@pytest.mark.parametrize("part", range(4))
def test_every_type_of_event_at_the_end_on_every_day_it_names(part: int) -> None:
    events = record(every_type_history())
    replica = replica_of(events)
    days = sorted({*four_days(events), *(event.effective_on for event in events)})
    for day in days[part::4]:
        named = [f"AI-{number}" for number in range(1, 7)]
        assert_board_equals_the_fold(replica, events, len(events), day, named)


@settings(LAW, max_examples=10)
@given(histories(20, 60))
def test_law_every_view_of_the_board_equals_the_plain_fold_at_the_end_on_every_kind_of_day(lines: list[bytes]) -> None:
    events = record(lines)
    replica = replica_of(events)
    for day in four_days(events):
        assert_board_equals_the_fold(replica, events, len(events), day, INITIATIVES[1:3])


@settings(LAW)
@given(histories(10, 50), st.randoms(use_true_random=False))
def test_law_every_view_of_the_board_equals_the_plain_fold_at_random_sequences(lines: list[bytes], chance: Any) -> None:
    events = record(lines)
    replica = replica_of(events)
    for sequence in chance.choices(range(len(events) + 1), k=8):
        day = chance.choice(four_days(events))
        assert_board_equals_the_fold(replica, events, sequence, day, INITIATIVES[:2])
