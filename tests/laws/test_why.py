"""Laws of why a value is what it is: for every view the entry that last set it is the plain fold's."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from projections.moment import Moment
from projections.replica import Replica
from projections.views import GROUPINGS, MEASURES, OF_ONE, VIEWS, Question, ask, key_of
from projections.why import why
from schemas.envelope import Recorded
from tests import oracle_why as oracle
from tests.fixed_history import every_type_history
from tests.histories import histories
from tests.laws.test_more_views import LAW, four_days, replica_of
from tests.teller import record


def questions(sequence: int) -> Iterator[Question]:
    """Every view; of alignment's measures one, another at each sequence."""
    yield from (Question("spend", by=by) for by in GROUPINGS)
    yield Question("alignment", measure=MEASURES[sequence % 4])
    yield from (Question(name) for name in VIEWS if name not in ("spend", "alignment", "refusals", *OF_ONE))
    yield from (Question(name, initiative=f"AI-{sequence % 3 + 1}") for name in OF_ONE)


def assert_why_is_the_fold_s(
    replica: Replica, events: list[Recorded], sequence: int, day: datetime.date, chance: int
) -> None:
    """Of every view some of the values, other ones at each sequence."""
    moment = Moment(sequence, replica.recorded_at(sequence), day)
    for question in questions(sequence):
        values = [(row, field) for row in ask(replica, question, moment).rows for field in row.__struct_fields__]
        for row, field in values[(sequence + chance) % 61 :: 61]:
            told: dict[str, Any] = msgspec.structs.asdict(row)
            asked = question
            if question.name in ("spend", "value_streams"):
                asked = question._replace(currency=told["currency"])
            expected = oracle.why(
                question.name, oracle.Asked(events, sequence, day, told, field, question.by, question.measure)
            )
            found = why(replica, asked, key_of(question, row), field, moment)
            assert found == expected, (question, key_of(question, row), field)


@pytest.mark.parametrize("part", range(4))
def test_every_type_of_event_at_some_sequences(part: int) -> None:
    events = record(every_type_history())
    replica = replica_of(events)
    days = four_days(events)
    for sequence in range(5 + 5 * part, len(events) + 1, 20):
        assert_why_is_the_fold_s(replica, events, sequence, days[sequence // 20 % 4], part)


@settings(LAW, max_examples=10)
@given(histories(20, 60), st.integers(0, 60))
def test_law_what_set_a_value_is_the_plain_fold_s(lines: list[bytes], chance: int) -> None:
    events = record(lines)
    replica = replica_of(events)
    for day in four_days(events)[1:]:
        assert_why_is_the_fold_s(replica, events, len(events), day, chance)
