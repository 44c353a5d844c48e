"""The oracle agrees with figures worked out by hand, and with itself."""

import datetime
import random
from collections import Counter

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ledger.evolve import MONEY_FACTS
from schemas.events import FACTS, EntryReversed
from schemas.receipts import Accepted, Refused
from tests import histories as h
from tests import words as w
from tests.choices import STEP_BYTES
from tests.fixed_history import every_type_history
from tests.oracle import BYS, MEASURES, UNALIGNED, alignment, initiatives, spend, split, timeline
from tests.teller import FAR_FUTURE, START, events_of, run

D = datetime.date
LAST = 10**6
"""A sequence after every history here."""

law = settings(max_examples=150, deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow])


def money(events, as_known, as_of, by="envelope", **where):
    """Return the four sums of the only row of a spend view that fits."""
    rows = [row for row in spend(events, as_known, as_of, by) if all(row[name] == where[name] for name in where)]
    return [tuple(row[f"{measure}_minor"] for measure in MEASURES) for row in rows]


def three_objectives(a, b, c):
    return w.objectives(w.objective("a", a), w.objective("b", b), w.objective("c", c))


# Worked cases.


def test_the_worked_case_drifts_by_30_percent_and_must_move_300():
    events = events_of(
        ("2026-01-01", three_objectives(5_000, 3_000, 2_000)),
        ("2026-01-01", w.fund("claims", 2_000)),
        *(("2026-01-01", w.propose(name)) for name in ("AI-1", "AI-2", "AI-3")),
        ("2026-01-01", w.align("AI-1", a=10_000)),
        ("2026-01-01", w.align("AI-2", b=5_000, c=5_000)),
        ("2026-01-02", w.approve("AI-1", "claims", 400)),
        ("2026-01-02", w.approve("AI-2", "claims", 300)),
        ("2026-01-02", w.approve("AI-3", "claims", 300)),
    )
    rows, totals = alignment(events, LAST, D(2026, 1, 2), "approved", "USD")
    assert [(row["objective"], row["share"], row["target_bp"], row["amount_minor"], row["gap"]) for row in rows] == [
        ("a", 0.4, 5_000, 400, -0.1),
        ("b", 0.15, 3_000, 150, -0.15),
        ("c", 0.15, 2_000, 150, -0.05),
    ]
    assert totals == {
        "amount_minor": 1_000,
        "orphan_share": 0.3,
        "orphan_minor": 300,
        "drift": 0.3,
        "index": 0.7,
        "must_move_minor": 300,
    }


def test_without_money_an_objective_keeps_its_row_and_shares_are_unknown():
    events = events_of(("2026-01-01", three_objectives(5_000, 3_000, 2_000)))
    rows, totals = alignment(events, LAST, D(2026, 1, 1), "approved", "USD")
    assert [(row["share"], row["amount_minor"], row["gap"]) for row in rows] == [(None, 0, None)] * 3
    nothing = dict.fromkeys(("orphan_share", "drift", "index"))
    assert totals == {"amount_minor": 0, "orphan_minor": 0, "must_move_minor": 0} | nothing


@pytest.mark.parametrize(
    ("kind", "before_the_reversal_s_day", "from_its_day"),
    [("void", [(500, 0, 0, 0)], [(500, 0, 0, 0)]), ("counter", [(500, 120, 0, 0)], [(500, 0, 0, 0)])],
)
def test_a_void_counts_at_every_date_and_a_counter_from_its_own(kind, before_the_reversal_s_day, from_its_day):
    events = events_of(
        ("2026-01-01", w.fund("claims", 500)),
        ("2026-01-01", w.propose("AI-1")),
        ("2026-01-02", w.approve("AI-1", "claims", 120)),
        ("2026-02-01", w.reverse(4, kind)),
    )
    assert money(events, 4, D(2026, 3, 1)) == [(500, 120, 0, 0)], "the reversal is not known yet"
    assert money(events, 5, D(2026, 1, 31)) == before_the_reversal_s_day
    assert money(events, 5, D(2026, 2, 1)) == from_its_day


def test_a_counter_of_an_entry_dated_later_counts_alone_until_that_day():
    events = events_of(
        ("2026-01-01", w.fund("claims", 500)),
        ("2026-12-31", w.fund("claims", 70)),
        ("2026-02-01", w.reverse(3, "counter")),
    )
    assert money(events, LAST, D(2026, 2, 1)) == [(430, 0, 0, 0)]
    assert money(events, LAST, D(2026, 12, 31)) == [(500, 0, 0, 0)]


def test_reallocated_money_leaves_one_place_and_arrives_at_another_and_comes_back_when_reversed():
    events = events_of(
        ("2026-01-01", w.fund("claims", 500)),
        ("2026-01-01", w.fund("data", 100)),
        ("2026-01-01", w.propose("AI-1")),
        ("2026-01-01", w.propose("AI-2")),
        ("2026-01-02", w.approve("AI-1", "claims", 120)),
        ("2026-01-03", w.reallocate(("AI-1", "claims"), ("AI-2", "data"), 50)),
        ("2026-01-05", w.reverse(7, "counter")),
    )
    for by, keys in (("envelope", ("claims", "data")), ("initiative", ("AI-1", "AI-2"))):
        for day, left, arrived in ((2, 120, 0), (3, 70, 50), (4, 70, 50), (5, 120, 0)):
            rows = {row["key"]: row["approved_minor"] for row in spend(events, LAST, D(2026, 1, day), by)}
            assert [rows.get(key, 0) for key in keys] == [left, arrived]
    rows = {row["initiative"]: row["last_sequence"] for row in initiatives(events, LAST, D(2026, 1, 5))}
    assert rows == {"AI-1": 6, "AI-2": 7}, "the entry stands under the initiative that receives"


def test_reversing_one_leg_of_a_transfer_takes_back_both():
    events = events_of(
        ("2026-01-01", w.fund("claims", 500)),
        ("2026-01-01", w.fund("data", 100)),
        ("2026-01-02", w.fund("data", 40, kind="transfer", counter_envelope="claims")),
        ("2026-01-03", w.reverse(5, "counter")),
    )
    both = [("claims", 500), ("data", 100)]
    moved = [("claims", 460), ("data", 140)]
    for day, funded in ((1, both), (2, moved), (3, both)):
        rows = spend(events, LAST, D(2026, 1, day), "envelope")
        assert [(row["key"], row["funded_minor"]) for row in rows] == funded


def test_what_is_recorded_late_is_seen_from_its_sequence_on():
    events = events_of(
        ("2026-01-01", w.fund("claims", 500)),
        ("2026-01-01", w.propose("AI-1")),
        ("2026-01-10", w.approve("AI-1", "claims", 200)),
        ("2026-01-05", w.approve("AI-1", "claims", 30)),
    )
    approved = {
        (as_known, day): money(events, as_known, D(2026, 1, day))[0][1] for as_known in (4, 5) for day in (4, 5, 10)
    }
    assert approved == {(4, 4): 0, (4, 5): 0, (4, 10): 200, (5, 4): 0, (5, 5): 30, (5, 10): 230}


def test_of_facts_that_replace_each_other_the_later_date_holds_and_then_the_later_entry():
    events = events_of(
        ("2026-01-01", w.propose("AI-1", title="first")),
        ("2026-03-01", w.amend("AI-1", title="march", lead="lee")),
        ("2026-02-01", w.amend("AI-1", title="february, recorded later")),
        ("2026-03-01", w.amend("AI-1", title="march again")),
        ("2026-03-01", w.reverse(5, "void")),
        ("2026-03-01", w.plan("AI-1", 1)),
        ("2026-02-01", w.plan("AI-1", 2)),
    )
    titles = [(5, 1, "first"), (5, 2, "february, recorded later"), (5, 3, "march again"), (6, 3, "march")]
    for as_known, month, title in titles:
        (row,) = initiatives(events, as_known, D(2026, month, 1))
        assert (row["title"], row["lead"]) == (title, "lee" if month == 3 else None)
        assert row["last_sequence"] == 5
    numbers = [initiatives(events, LAST, D(2026, month, 1))[0]["baseline_number"] for month in (1, 2, 3)]
    assert numbers == [None, 2, 1]


def test_money_declared_for_a_retired_objective_serves_its_successors():
    events = events_of(
        ("2026-01-01", w.objectives(w.objective("a", 6_000), w.objective("b", 4_000))),
        ("2026-01-01", w.fund("claims", 500)),
        ("2026-01-01", w.propose("AI-1")),
        ("2026-01-01", w.align("AI-1", a=9_000)),
        ("2026-01-01", w.approve("AI-1", "claims", 100)),
        (
            "2026-02-01",
            w.objectives(
                w.objective("a", 0, status="retired", successors={"b": 2_500, "c": 7_500}),
                w.objective("b", 4_000),
                w.objective("c", 6_000, valid_to="2026-02-28"),
                w.objective("d", 6_000, valid_from="2026-03-01"),
            ),
        ),
    )
    amounts = {}
    for month in (1, 2, 3):
        rows, totals = alignment(events, LAST, D(2026, month, 28 if month == 2 else 1), "approved", "USD")
        amounts[month] = {row["objective"]: row["amount_minor"] for row in rows} | {"": totals["orphan_minor"]}
    assert amounts[1] == {"a": 90, "b": 0, "": 10}
    assert amounts[2] == {"b": 23, "c": 67, "": 10}, "of 22.5 and 67.5 the smaller id is rounded up"
    assert amounts[3] == {"b": 23, "d": 0, "": 77}, "a successor that is not active passes nothing on"
    keys = {month: [row["key"] for row in spend(events, LAST, D(2026, month, 1), "objective")] for month in (1, 2, 3)}
    assert keys == {1: ["a", UNALIGNED, None], 2: ["b", "c", UNALIGNED, None], 3: ["b", UNALIGNED, None]}


def test_the_largest_remainders_are_rounded_up_and_ties_go_to_the_smaller_id_the_rest_last():
    assert split(100, {"a": 1, "b": 1, UNALIGNED: 1}) == {"a": 34, "b": 33, UNALIGNED: 33}
    assert split(2, {"a": 1, "b": 1, UNALIGNED: 1}) == {"a": 1, "b": 1, UNALIGNED: 0}
    assert split(1, {"a": 3, "b": 3, UNALIGNED: 4}) == {"a": 0, "b": 0, UNALIGNED: 1}
    assert split(-5, {"a": 1, "b": 1}) == {"a": -3, "b": -2}
    assert split(0, {"a": 1, "b": 1}) == {"a": 0, "b": 0}


def test_spend_by_objective_splits_each_measure_over_all_envelopes_together():
    events = events_of(
        ("2026-01-01", w.objectives(w.objective("b", 5_000), w.objective("a", 5_000))),
        ("2026-01-01", w.fund("claims", 900)),
        ("2026-01-01", w.fund("data", 100)),
        ("2026-01-01", w.propose("AI-1")),
        ("2026-01-01", w.align("AI-1", b=3_333, a=3_333)),
        ("2026-01-01", w.approve("AI-1", "claims", 1)),
        ("2026-01-01", w.approve("AI-1", "data", 1)),
        ("2026-01-01", w.pay("AI-1", "data", "P-1", -5)),
    )
    rows = spend(events, LAST, D(2026, 1, 1), "objective")
    assert [
        (row["key"], row["title"], row["funded_minor"], row["approved_minor"], row["actual_minor"]) for row in rows
    ] == [
        ("a", "A", 0, 1, -2),
        ("b", "B", 0, 0, -1),
        (UNALIGNED, None, 0, 1, -2),
        (None, None, 1_000, 0, 0),
    ]


def test_money_that_names_no_initiative_has_a_row_of_its_own_and_serves_nothing():
    events = events_of(
        ("2026-01-01", w.objectives(w.objective("a", 10_000))),
        ("2026-01-01", w.fund("claims", 900)),
        ("2026-01-01", w.propose("AI-1")),
        ("2026-01-01", w.align("AI-1", a=10_000)),
        ("2026-01-01", w.approve("AI-1", "claims", 60)),
        ("2026-01-01", w.commit("AI-1", "claims", "C-1", 60)),
        ("2026-01-01", w.commit(None, "claims", "C-1", 30)),
        ("2026-01-02", w.pay(None, "claims", "P-1", 10, commitment="C-1")),
        ("2026-01-03", w.pay("AI-1", "claims", "P-2", 20, commitment="C-1")),
    )
    for by, key in (("initiative", "AI-1"), ("objective", "a")):
        assert money(events, LAST, D(2026, 1, 3), by, key=key) == [(0, 60, 40, 20)]
        assert money(events, LAST, D(2026, 1, 3), by, key=None) == [(900, 0, 20, 10)]
        assert [row["key"] for row in spend(events, LAST, D(2026, 1, 3), by)] == [key, None]
    assert money(events, LAST, D(2026, 1, 3), "envelope") == [(900, 60, 60, 30)]
    for measure, served, orphan in (("committed", 40, 20), ("actual", 20, 10), ("approved", 60, 0)):
        rows, totals = alignment(events, LAST, D(2026, 1, 3), measure, "USD")
        assert (rows[0]["amount_minor"], totals["orphan_minor"]) == (served, orphan)
    free = spend(events, LAST, D(2026, 1, 3), "envelope")[0]
    assert (free["free_minor"], free["uncommitted_minor"]) == (840, -30)


def test_the_forecast_is_what_was_spent_and_what_is_still_to_be_for_those_that_say_so():
    events = events_of(
        ("2026-01-01", w.objectives(w.objective("a", 10_000))),
        ("2026-01-01", w.fund("claims", 900)),
        *(("2026-01-01", w.propose(name)) for name in ("AI-1", "AI-2", "AI-3", "AI-4")),
        ("2026-01-01", w.align("AI-1", a=10_000)),
        *(("2026-01-01", w.pay(f"AI-{n}", "claims", f"P-{n}", n)) for n in (1, 2, 3, 4)),
        ("2026-01-02", w.forecast("AI-1", "2026-01-02", 100, 50)),
        ("2026-01-03", w.forecast("AI-1", "2026-01-03", 70)),
        ("2026-01-03", w.forecast("AI-2", "2026-01-03", 60, currency="EUR")),
        ("2026-01-03", w.forecast("AI-3", "2026-01-03")),
    )
    by_day = {}
    for day in (1, 2, 3):
        rows, totals = alignment(events, LAST, D(2026, 1, day), "forecast", "USD")
        by_day[day] = (rows[0]["amount_minor"], totals["orphan_minor"])
    assert by_day == {1: (0, 0), 2: (151, 0), 3: (71, 3)}


def test_an_initiative_shows_its_gate_its_plans_and_the_portfolio_s_money():
    events = events_of(
        ("2026-01-01", w.fund("claims", 900)),
        ("2026-01-01", w.fund("lab", 900, "EUR")),
        ("2026-01-02", w.propose("AI-1", ai={"use_case": "triage", "eu_class": "high"})),
        ("2026-01-03", w.plan("AI-1", 1, 100, 20, finish="2026-06-30")),
        ("2026-01-04", w.plan("AI-1", 2)),
        ("2026-01-03", w.gate("AI-1", "go", "proposed", "build")),
        ("2026-01-04", w.gate("AI-1", "hold", "build")),
        ("2026-01-05", w.gate("AI-1", "kill", "build")),
        ("2026-01-03", w.approve("AI-1", "claims", -7)),
        ("2026-01-03", w.approve("AI-1", "lab", -9, "EUR")),
        ("2026-01-06", w.reverse(9, "void")),
    )
    assert initiatives(events, LAST, D(2026, 1, 1)) == []
    (row,) = initiatives(events, LAST, D(2026, 1, 5))
    assert row == {
        "initiative": "AI-1",
        "title": "Initiative AI-1",
        "value_stream": "retail",
        "sponsor": "sam",
        "lead": None,
        "kind": "unclassified",
        "horizon": "unknown",
        "eu_class": "high",
        "stage": "build",
        "status": "held",
        "approved_minor": -7,
        "committed_minor": 0,
        "actual_minor": 0,
        "currency": "USD",
        "baseline_number": 2,
        "first_cost_minor": 120,
        "baseline_cost_minor": 0,
        "finish": None,
        "proposed_on": D(2026, 1, 2),
        "last_sequence": 11,
    }
    assert [initiatives(events, k, D(2026, 1, 5))[0]["status"] for k in (6, 7, 8, 9, 12)] == [
        "active",
        "active",
        "held",
        "killed",
        "held",
    ]
    (early,) = initiatives(events, LAST, D(2026, 1, 2))
    assert [early[name] for name in ("stage", "status", "baseline_number", "first_cost_minor", "last_sequence")] == [
        "proposed",
        "active",
        None,
        None,
        11,
    ]


def test_the_timeline_lists_what_was_reversed_and_by_which_entry():
    events = events_of(("2026-01-01", w.fund("claims", 9)), ("2026-05-01", w.reverse(2, "counter")))
    rows = timeline(events, LAST, D(2026, 1, 1))
    assert [(row["sequence"], row["type"], row["subject"], row["reversed_by"]) for row in rows] == [
        (1, "PortfolioOpened.v1", "portfolio/law", None),
        (2, "EnvelopeFunded.v1", "envelope/claims", 3),
    ]
    assert [row["reversed_by"] for row in timeline(events, 2, FAR_FUTURE)] == [None, None]
    assert rows[0]["recorded_at"] == START
    assert len(timeline(events, 3, FAR_FUTURE)) == 3


def test_the_value_stream_of_an_envelope_is_the_one_it_was_last_funded_under():
    events = events_of(
        ("2026-02-01", w.fund("claims", 9, value_stream="retail")),
        ("2026-03-01", w.fund("claims", 9, value_stream="research")),
        ("2026-01-01", w.commit(None, "claims", "C-1", 4)),
    )
    keys = {
        month: [row["key"] for row in spend(events, LAST, D(2026, month, 1), "value_stream")] for month in (1, 2, 3)
    }
    assert keys == {1: [None], 2: ["retail"], 3: ["research"]}


# Histories.


def test_histories_are_mostly_accepted_and_hold_every_type_and_reversal():
    chance = random.Random(7)
    accepted, types, reversals, asked = 0, Counter(), Counter(), 0
    for _ in range(150):
        lines = h.told([chance.randbytes(STEP_BYTES) for _ in range(chance.randrange(1, 60))])
        ran = run(lines)
        asked += len(lines)
        accepted += sum(isinstance(receipt, Accepted) for receipt in ran.receipts)
        types.update(type(event.data) for event in ran.events)
        for event in ran.events:
            if isinstance(event.data, EntryReversed):
                reversals[event.data.kind, type(ran.events[event.data.sequence - 1].data)] += 1
    assert accepted > 0.7 * asked
    assert min(types[fact] for fact in FACTS) >= 15
    assert all(reversals[kind, fact] >= 5 for kind in ("void", "counter") for fact in MONEY_FACTS)
    assert sum(kind == "void" for kind, _ in reversals) >= 25


def test_the_fixed_history_is_accepted_whole_and_holds_every_type():
    ran = run(every_type_history())
    assert not [receipt for receipt in ran.receipts if isinstance(receipt, Refused)]
    assert {type(event.data) for event in ran.events} == set(FACTS)


# Laws.


@law
@given(h.moments())
def test_law_totals_agree_whatever_they_are_listed_by(moment):
    totals = []
    for by in BYS:
        rows = spend(*moment, by)
        sums = Counter()
        for row in rows:
            sums.update({(row["currency"], name): minor for name, minor in row.items() if name.endswith("_minor")})
        totals.append(sums)
        keys = [(row["key"] is None, row["key"] or "", row["currency"]) for row in rows]
        assert keys == sorted(set(keys)), "one row a key and currency, null last"
    assert all(sums == totals[0] for sums in totals)


@law
@given(
    h.moments(),
    st.sampled_from(["approved", "committed", "actual", "forecast"]),
    st.sampled_from(["USD", "EUR", "JPY"]),
)
def test_law_alignment_accounts_for_all_the_money(moment, measure, currency):
    rows, totals = alignment(*moment, measure, currency)
    amount = totals["amount_minor"]
    assert sum(row["amount_minor"] for row in rows) + totals["orphan_minor"] == amount
    assert min([row["amount_minor"] for row in rows] + [totals["orphan_minor"], totals["must_move_minor"]]) >= 0
    if amount == 0:
        assert totals["drift"] is None
        return
    assert sum(row["share"] for row in rows) + totals["orphan_share"] == pytest.approx(1)
    assert 0 <= totals["drift"] <= 1
    assert totals["must_move_minor"] <= amount
    # Rounding moves an objective by less than one unit for each initiative, and there are four and the nameless one.
    assert all(abs(row["share"] * amount - row["amount_minor"]) < 5 + 1e-9 * amount for row in rows)


@law
@given(h.moments())
def test_law_nothing_recorded_after_the_moment_is_seen(moment):
    events, as_known, as_of = moment
    assert every_view(events, as_known, as_of) == every_view(events[:as_known], LAST, as_of)


@law
@given(h.moments())
def test_law_nothing_effective_after_the_day_moves_a_sum_but_a_void(moment):
    events, as_known, as_of = moment
    voids = {event.at for event in events if isinstance(event.data, EntryReversed) and event.data.kind == "void"}
    by_then = [event for event in events if event.effective_on <= as_of or event.at in voids]
    countered = {event.data.sequence for event in by_then if isinstance(event.data, EntryReversed)}
    by_then = [event for event in events if event in by_then or event.at in countered]
    for by in BYS:
        assert spend(events, as_known, as_of, by) == spend(by_then, as_known, as_of, by)


def every_view(events, as_known, as_of):
    aligned = [
        alignment(events, as_known, as_of, measure) for measure in ("approved", "committed", "actual", "forecast")
    ]
    spent = [spend(events, as_known, as_of, by) for by in BYS]
    return spent, aligned, initiatives(events, as_known, as_of), timeline(events, as_known, as_of)
