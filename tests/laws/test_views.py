"""Laws of the views: each equals the plain fold, on every history, at every sequence."""

from __future__ import annotations

import datetime
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, Phase, given, settings

from projections.moment import Moment
from projections.replica import Replica
from projections.views import GROUPINGS, MEASURES, Measure, Question, ask
from schemas import codec
from schemas.envelope import Recorded
from tests import oracle
from tests.fixed_history import every_type_history
from tests.histories import histories
from tests.teller import record
from tests.windows import windows_of

FAR = datetime.date(2099, 12, 31)


def replica_of(events: list[Recorded]) -> Replica:
    replica = Replica(events[0].source.removeprefix("/portfolio/"))
    replica.extend([codec.encode(event) for event in events])
    return replica


def days_around(events: list[Recorded]) -> list[datetime.date]:
    """The first, middle and last effective day, and one far ahead."""
    days = sorted({event.effective_on for event in events})
    return sorted({days[0], days[len(days) // 2], days[-1], FAR})


def assert_views_equal_the_fold(replica: Replica, events: list[Recorded], sequence: int, day: datetime.date) -> None:
    """Every view; of alignment's measures and currencies one, another at each sequence."""
    moment = Moment(sequence, replica.recorded_at(sequence), day)
    for by in GROUPINGS:
        assert plain(ask(replica, Question("spend", by=by), moment).rows) == oracle.spend(events, sequence, day, by)
    measure, currency = MEASURES[sequence % 4], ("USD", "EUR", "USD", "JPY")[(sequence // 4 + day.toordinal()) % 4]
    assert_alignment_equals_the_fold(replica, events, moment, measure, currency)
    assert plain(ask(replica, Question("initiatives"), moment).rows) == oracle.initiatives(events, sequence, day)
    assert plain(ask(replica, Question("timeline"), moment).rows) == oracle.timeline(events, sequence, day)


def assert_alignment_equals_the_fold(
    replica: Replica, events: list[Recorded], moment: Moment, measure: Measure, currency: str
) -> None:
    view = ask(replica, Question("alignment", measure=measure, currency=currency), moment)
    rows, totals = oracle.alignment(events, moment.sequence, moment.as_of, measure, currency)
    assert plain(view.rows) == approximately(rows)
    assert view.totals == approximately(totals)


def plain(rows: Any) -> list[dict[str, Any]]:
    return [msgspec.structs.asdict(row) for row in rows]


def approximately(told: Any) -> Any:
    """Whole numbers exactly, fractions to twelve digits: they are divided once, in floating point."""
    if isinstance(told, list):
        return [approximately(row) for row in told]
    return {key: pytest.approx(value, abs=1e-12) if isinstance(value, float) else value for key, value in told.items()}


NO_SHRINKING = (Phase.explicit, Phase.reuse, Phase.generate)
"""Shrinking asks the database thousands of times; the seed that fails is printed instead."""

LAW = settings(
    deadline=None, phases=NO_SHRINKING, print_blob=True, suppress_health_check=[HealthCheck.too_slow], max_examples=6
)


@pytest.mark.parametrize("part", range(3))
@settings(LAW)
@given(lines=histories(6, 22))
def test_law_every_view_equals_the_plain_fold_at_every_sequence(part: int, lines: list[bytes]) -> None:
    events = record(lines)
    replica = replica_of(events)
    days = days_around(events)
    for sequence in range(len(events) + 1):
        assert_views_equal_the_fold(replica, events, sequence, days[(sequence + part) % len(days)])


@pytest.mark.parametrize("entries", [1, 3, 8])
@settings(LAW, max_examples=4)
@given(lines=histories(12, 40))
def test_law_every_view_equals_the_plain_fold_whatever_the_windows(entries: int, lines: list[bytes]) -> None:
    events = record(lines)
    days = days_around(events)
    with windows_of(entries):
        replica, slowly = replica_of(events), replica_of(events[:1])
        for sequence in range(1, len(events) + 1):
            if sequence > 1:
                slowly.extend([codec.encode(events[sequence - 1])])
            if sequence % 3 == 0 or sequence == len(events):
                day = days[sequence % len(days)]
                assert_views_equal_the_fold(replica, events, sequence, day)
                assert_views_equal_the_fold(slowly, events, sequence, day)


@settings(LAW, max_examples=14)
@given(lines=histories(20, 60))
def test_law_every_view_equals_the_plain_fold_at_the_end_on_every_kind_of_day(lines: list[bytes]) -> None:
    events = record(lines)
    replica = replica_of(events)
    for day in days_around(events):
        assert_views_equal_the_fold(replica, events, len(events), day)


@settings(LAW, max_examples=10)
@given(lines=histories(15, 50))
def test_law_alignment_equals_the_plain_fold_on_every_measure_and_currency(lines: list[bytes]) -> None:
    events = record(lines)
    replica = replica_of(events)
    day = days_around(events)[-1]
    moment = Moment(len(events), None, day)
    for measure in MEASURES:
        for currency in ("USD", "EUR", "JPY"):
            assert_alignment_equals_the_fold(replica, events, moment, measure, currency)


@pytest.mark.parametrize("part", range(4))
def test_every_type_of_event_at_every_sequence_and_day(part: int) -> None:
    events = record(every_type_history())
    replica = replica_of(events)
    days = days_around(events)
    # Money and plans come first; of what follows, every third sequence.
    for sequence in [*range(90), *range(90, len(events) + 1, 3)][part::4]:
        assert_views_equal_the_fold(replica, events, sequence, days[sequence // 4 % len(days)])


@settings(LAW, max_examples=10)
@given(lines=histories(5, 40))
def test_law_a_replica_that_grows_one_entry_at_a_time_is_the_one_made_at_once(lines: list[bytes]) -> None:
    events = record(lines)
    at_once, slowly = replica_of(events), Replica(events[0].source.removeprefix("/portfolio/"))
    for event in events:
        slowly.extend([codec.encode(event)])
    moment = Moment(len(events), None, FAR)
    for question in (Question("spend"), Question("alignment"), Question("initiatives"), Question("timeline")):
        assert ask(slowly, question, moment) == ask(at_once, question, moment)
