"""Laws of two moments: what is said to differ is what differs between the states, set by the entry that set it."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from projections.before_after import aligned, alignments, states, sums
from projections.moment import Moment
from projections.moments import FieldChange, compare_moments
from projections.replica import Replica
from projections.views import Question, ask, own_currency
from schemas.envelope import Recorded
from schemas.events import EntryReversed
from tests.choices import INITIATIVES
from tests.fixed_history import every_type_history
from tests.histories import histories
from tests.laws.test_more_views import LAW, four_days, replica_of
from tests.teller import record
from tests.windows import windows_of

SUMS = ("approved", "committed", "actual")
State = dict[tuple[str, str | None, str | None], dict[str, Any]]


def state_of(replica: Replica, moment: Moment, initiative: str) -> State:
    """Return the state of one initiative by field, key and currency; what follows from other fields is left out."""
    rows = ask(replica, Question("state", initiative=initiative), moment).rows
    told = [{name: getattr(row, name) for name in row.__struct_fields__} for row in rows]
    return {(row["field"], row["key"], row["currency"]): row for row in told if row["field"] != "uncommitted"}


def value_of(field: str, row: dict[str, Any] | None) -> Any:
    """Return what a field says, None where nothing; a sum of nothing is nothing."""
    if row is None:
        return None
    return (row["value"], row["amount_minor"]) if field not in SUMS else row["amount_minor"] or None


def moment_of(replica: Replica, sequence: int, day: datetime.date) -> Moment:
    return Moment(sequence, replica.recorded_at(sequence), day)


def assert_is_what_differs(
    replica: Replica, events: Sequence[Recorded], before: Moment, after: Moment, initiatives: Sequence[str]
) -> None:
    compared = compare_moments(replica, before, after)
    changes = {change.initiative: change for change in compared.changes}
    assert len(changes) == len(compared.changes)
    there = [
        {row.initiative for row in ask(replica, Question("initiatives"), moment).rows}  # type: ignore[union-attr]
        for moment in (before, after)
    ]
    assert compared.initiatives == len(there[1])
    assert {name for name, change in changes.items() if change.kind == "added"} == there[1] - there[0]
    assert {name for name, change in changes.items() if change.kind == "gone"} == there[0] - there[1]
    for name in initiatives:
        olds, news = (state_of(replica, moment, name) for moment in (before, after))
        differing = {
            key
            for key in olds.keys() | news.keys()
            if value_of(key[0], olds.get(key)) != value_of(key[0], news.get(key))
            or (key[0] not in SUMS and (key in olds) != (key in news))
        }
        change = changes.get(name)
        told = {} if change is None else {(each.field, each.key, each.currency): each for each in change.fields}
        if change is not None and change.kind == "gone":
            assert told == {}
            continue
        if change is not None and change.kind == "added":
            proposed = change.sequence
            differing = {key for key in differing if key not in news or news[key]["sequence"] != proposed}
        assert told.keys() == differing, name
        for key, each in told.items():
            assert_says_both_values(each, olds.get(key), news.get(key))
            assert_is_set_by(each, olds.get(key), news.get(key), events, before, after)


def assert_says_both_values(change: FieldChange, old: dict[str, Any] | None, new: dict[str, Any] | None) -> None:
    assert (change.before, change.minor_before) == ((old["value"], old["amount_minor"]) if old else (None, None))
    assert (change.after, change.minor_after) == ((new["value"], new["amount_minor"]) if new else (None, None))
    assert change.kind == ("added" if old is None else "gone" if new is None else "changed")


def assert_is_set_by(
    change: FieldChange,
    old: dict[str, Any] | None,
    new: dict[str, Any] | None,
    events: Sequence[Recorded],
    before: Moment,
    after: Moment,
) -> None:
    """What set the value of the later moment, or the void that took out what held before and left an older one."""
    voids = {
        event.at
        for event in events[: after.sequence]
        if isinstance(event.data, EntryReversed)
        and event.data.kind == "void"
        and old is not None
        and event.data.sequence == old["sequence"]
    }
    said = [new["sequence"]] if new is not None and new["sequence"] is not None else []
    if said or voids:
        assert change.sequence == max([*said, *sorted(voids)[:1]])
    if change.sequence is not None:
        event = events[change.sequence - 1]
        assert (change.actor, change.type) == (event.actor, event.data.TYPE)
        assert change.sequence <= after.sequence
        if new is None and not voids:  # an entry of the same kind holds instead, and does not state it
            assert old
            # A forecast is what was spent and what is to go: a posting may have set it last, and a forecast holds.
            kinds = {events[old["sequence"] - 1].data.TYPE} | (
                {"ForecastUpdated.v1"} if change.field == "forecast" else set()
            )
            assert event.data.TYPE in kinds


@pytest.mark.parametrize("part", range(4))
def test_every_type_of_event_between_every_two_moments_a_few_entries_apart(part: int) -> None:
    events = record(every_type_history())
    replica = replica_of(events)
    days = four_days(events)
    for sequence in range(part * 6, len(events) - 12, 24):
        day = days[sequence // 6 % 4]
        before, after = moment_of(replica, sequence, day), moment_of(replica, sequence + 12, day)
        named = [f"AI-{sequence // 6 % 6 + 1}", f"AI-{sequence // 6 % 5 + 2}"]
        assert_is_what_differs(replica, events, before, after, named)
        assert_is_what_differs(replica, events, after, before, named)


@settings(LAW, max_examples=8)
@given(histories(20, 60), st.randoms(use_true_random=False))
def test_law_what_differs_between_two_moments_is_what_differs_between_the_states(
    lines: list[bytes], chance: Any
) -> None:
    events = record(lines)
    replica = replica_of(events)
    days = four_days(events)
    for _ in range(3):
        before, after = (moment_of(replica, chance.randint(0, len(events)), chance.choice(days)) for _ in range(2))
        assert_is_what_differs(replica, events, before, after, INITIATIVES)


@pytest.mark.parametrize("entries", [1, 3, 8, 1_000])
@settings(LAW, max_examples=4)
@given(lines=histories(20, 60), chance=st.randoms(use_true_random=False))
def test_law_what_is_asked_at_both_moments_at_once_is_what_each_says(
    entries: int, lines: list[bytes], chance: Any
) -> None:
    events = record(lines)
    with windows_of(entries):
        replica = replica_of(events)
        days = four_days(events)
        for _ in range(4):
            both = [moment_of(replica, chance.randint(0, len(events)), chance.choice(days)) for _ in range(2)]
            for name in INITIATIVES:
                told = states(replica, name, *both)
                assert told == tuple([*ask(replica, Question("state", initiative=name), each).rows] for each in both)
            told_figures = alignments(replica, *both)
            for told_alignment, each in zip(told_figures, both, strict=True):
                totals = ask(replica, Question("alignment"), each).totals
                assert told_alignment == {name: totals[name.replace(" ", "_")] for name in told_alignment}
                assert aligned(replica, each) == (told_alignment, told_alignment)
            currency = own_currency(replica, both[1].sequence)
            for told_sums, each in zip(sums(replica, *both), both, strict=True):
                rows = [row for row in ask(replica, Question("spend"), each).rows if row.currency == currency]  # type: ignore[union-attr]
                assert told_sums == {name: sum(getattr(row, name) for row in rows) for name in told_sums}


@settings(LAW, max_examples=8)
@given(histories(10, 60), st.randoms(use_true_random=False))
def test_law_totals_are_those_of_the_views_and_nothing_differs_from_itself(lines: list[bytes], chance: Any) -> None:
    events = record(lines)
    replica = replica_of(events)
    before, after = (
        moment_of(replica, chance.randint(0, len(events)), chance.choice(four_days(events))) for _ in range(2)
    )
    same = compare_moments(replica, after, after)
    assert (same.changes, same.totals, same.decisions) == ((), (), 0)
    compared = compare_moments(replica, before, after)
    assert compared.decisions == abs(after.sequence - before.sequence)
    spend = [ask(replica, Question("spend"), moment).totals for moment in (before, after)]
    alignment = [ask(replica, Question("alignment"), moment).totals for moment in (before, after)]
    told = {(total.name, total.currency, total.objective): (total.before, total.after) for total in compared.totals}
    currency = spend[1]["currency"]
    for name in ("funded", "approved", "committed", "actual"):
        sums = tuple(each.get(f"{name}_minor", 0) if each["currency"] == currency else 0 for each in spend)
        assert told.pop((name, currency, None), sums) == sums
        assert (sums[0] != sums[1]) == any(t.name == name and t.currency == currency for t in compared.totals)
    for name in ("index", "orphan_share"):
        pair = tuple(each[name] for each in alignment)
        assert told.pop((name, None, None), pair) == pair
        assert (pair[0] != pair[1]) == any(total.name == name for total in compared.totals)
