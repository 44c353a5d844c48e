"""The oracle agrees with figures worked out by hand, with itself, and with the writer's book."""

import copy
import datetime
import json
import random
from collections import Counter

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ledger.book import Book, evolve, evolve_foreign
from ledger.decider import Asked, Repeated, decide
from schemas.commands import parse
from schemas.events import FACTS, EntryReversed
from schemas.receipts import Accepted, Refused
from tests import histories as h
from tests.oracle import BYS, MEASURES, UNALIGNED, alignment, initiatives, spend, split, timeline

D = datetime.date
LAST = 10**6
"""A sequence after every history here."""

law = settings(max_examples=150, deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow])


def money(events, as_known, as_of, by="envelope", **where):
    """Return the four sums of the only row of a spend view that fits."""
    rows = [row for row in spend(events, as_known, as_of, by) if all(row[name] == where[name] for name in where)]
    return [tuple(row[f"{measure}_minor"] for measure in MEASURES) for row in rows]


def three_objectives(a, b, c):
    return h.objectives(h.objective("a", a), h.objective("b", b), h.objective("c", c))


# Worked cases.


def test_the_worked_case_drifts_by_30_percent_and_must_move_300():
    events = h.events_of(
        ("2026-01-01", three_objectives(5_000, 3_000, 2_000)),
        ("2026-01-01", h.fund("claims", 2_000)),
        *(("2026-01-01", h.propose(name)) for name in ("AI-1", "AI-2", "AI-3")),
        ("2026-01-01", h.align("AI-1", a=10_000)),
        ("2026-01-01", h.align("AI-2", b=5_000, c=5_000)),
        ("2026-01-02", h.approve("AI-1", "claims", 400)),
        ("2026-01-02", h.approve("AI-2", "claims", 300)),
        ("2026-01-02", h.approve("AI-3", "claims", 300)),
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
    events = h.events_of(("2026-01-01", three_objectives(5_000, 3_000, 2_000)))
    rows, totals = alignment(events, LAST, D(2026, 1, 1), "approved", "USD")
    assert [(row["share"], row["amount_minor"], row["gap"]) for row in rows] == [(None, 0, None)] * 3
    nothing = dict.fromkeys(("orphan_share", "drift", "index"))
    assert totals == {"amount_minor": 0, "orphan_minor": 0, "must_move_minor": 0} | nothing


@pytest.mark.parametrize(
    ("kind", "before_the_reversal_s_day", "from_its_day"),
    [("void", [(500, 0, 0, 0)], [(500, 0, 0, 0)]), ("counter", [(500, 120, 0, 0)], [(500, 0, 0, 0)])],
)
def test_a_void_counts_at_every_date_and_a_counter_from_its_own(kind, before_the_reversal_s_day, from_its_day):
    events = h.events_of(
        ("2026-01-01", h.fund("claims", 500)),
        ("2026-01-01", h.propose("AI-1")),
        ("2026-01-02", h.approve("AI-1", "claims", 120)),
        ("2026-02-01", h.reverse(4, kind)),
    )
    assert money(events, 4, D(2026, 3, 1)) == [(500, 120, 0, 0)], "the reversal is not known yet"
    assert money(events, 5, D(2026, 1, 31)) == before_the_reversal_s_day
    assert money(events, 5, D(2026, 2, 1)) == from_its_day


def test_a_counter_of_an_entry_dated_later_counts_alone_until_that_day():
    events = h.events_of(
        ("2026-01-01", h.fund("claims", 500)),
        ("2026-12-31", h.fund("claims", 70)),
        ("2026-02-01", h.reverse(3, "counter")),
    )
    assert money(events, LAST, D(2026, 2, 1)) == [(430, 0, 0, 0)]
    assert money(events, LAST, D(2026, 12, 31)) == [(500, 0, 0, 0)]


def test_reversing_one_leg_of_a_transfer_takes_back_both():
    events = h.events_of(
        ("2026-01-01", h.fund("claims", 500)),
        ("2026-01-01", h.fund("data", 100)),
        ("2026-01-02", h.fund("data", 40, kind="transfer", counter_envelope="claims")),
        ("2026-01-03", h.reverse(5, "counter")),
    )
    both = [("claims", 500), ("data", 100)]
    moved = [("claims", 460), ("data", 140)]
    for day, funded in ((1, both), (2, moved), (3, both)):
        rows = spend(events, LAST, D(2026, 1, day), "envelope")
        assert [(row["key"], row["funded_minor"]) for row in rows] == funded


def test_what_is_recorded_late_is_seen_from_its_sequence_on():
    events = h.events_of(
        ("2026-01-01", h.fund("claims", 500)),
        ("2026-01-01", h.propose("AI-1")),
        ("2026-01-10", h.approve("AI-1", "claims", 200)),
        ("2026-01-05", h.approve("AI-1", "claims", 30)),
    )
    approved = {
        (as_known, day): money(events, as_known, D(2026, 1, day))[0][1] for as_known in (4, 5) for day in (4, 5, 10)
    }
    assert approved == {(4, 4): 0, (4, 5): 0, (4, 10): 200, (5, 4): 0, (5, 5): 30, (5, 10): 230}


def test_of_facts_that_replace_each_other_the_later_date_holds_and_then_the_later_entry():
    events = h.events_of(
        ("2026-01-01", h.propose("AI-1", title="first")),
        ("2026-03-01", h.amend("AI-1", title="march", lead="lee")),
        ("2026-02-01", h.amend("AI-1", title="february, recorded later")),
        ("2026-03-01", h.amend("AI-1", title="march again")),
        ("2026-03-01", h.reverse(5, "void")),
        ("2026-03-01", h.plan("AI-1", 1)),
        ("2026-02-01", h.plan("AI-1", 2)),
    )
    titles = [(5, 1, "first"), (5, 2, "february, recorded later"), (5, 3, "march again"), (6, 3, "march")]
    for as_known, month, title in titles:
        (row,) = initiatives(events, as_known, D(2026, month, 1))
        assert (row["title"], row["lead"]) == (title, "lee" if month == 3 else None)
        assert row["last_sequence"] == 5
    numbers = [initiatives(events, LAST, D(2026, month, 1))[0]["baseline_number"] for month in (1, 2, 3)]
    assert numbers == [None, 2, 1]


def test_money_declared_for_a_retired_objective_serves_its_successors():
    events = h.events_of(
        ("2026-01-01", h.objectives(h.objective("a", 6_000), h.objective("b", 4_000))),
        ("2026-01-01", h.fund("claims", 500)),
        ("2026-01-01", h.propose("AI-1")),
        ("2026-01-01", h.align("AI-1", a=9_000)),
        ("2026-01-01", h.approve("AI-1", "claims", 100)),
        (
            "2026-02-01",
            h.objectives(
                h.objective("a", 0, status="retired", successors={"b": 2_500, "c": 7_500}),
                h.objective("b", 4_000),
                h.objective("c", 6_000, valid_to="2026-02-28"),
                h.objective("d", 6_000, valid_from="2026-03-01"),
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
    events = h.events_of(
        ("2026-01-01", h.objectives(h.objective("b", 5_000), h.objective("a", 5_000))),
        ("2026-01-01", h.fund("claims", 900)),
        ("2026-01-01", h.fund("data", 100)),
        ("2026-01-01", h.propose("AI-1")),
        ("2026-01-01", h.align("AI-1", b=3_333, a=3_333)),
        ("2026-01-01", h.approve("AI-1", "claims", 1)),
        ("2026-01-01", h.approve("AI-1", "data", 1)),
        ("2026-01-01", h.pay("AI-1", "data", "P-1", -5)),
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
    events = h.events_of(
        ("2026-01-01", h.objectives(h.objective("a", 10_000))),
        ("2026-01-01", h.fund("claims", 900)),
        ("2026-01-01", h.propose("AI-1")),
        ("2026-01-01", h.align("AI-1", a=10_000)),
        ("2026-01-01", h.approve("AI-1", "claims", 60)),
        ("2026-01-01", h.commit("AI-1", "claims", "C-1", 60)),
        ("2026-01-01", h.commit(None, "claims", "C-1", 30)),
        ("2026-01-02", h.pay(None, "claims", "P-1", 10, commitment="C-1")),
        ("2026-01-03", h.pay("AI-1", "claims", "P-2", 20, commitment="C-1")),
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
    events = h.events_of(
        ("2026-01-01", h.objectives(h.objective("a", 10_000))),
        ("2026-01-01", h.fund("claims", 900)),
        *(("2026-01-01", h.propose(name)) for name in ("AI-1", "AI-2", "AI-3", "AI-4")),
        ("2026-01-01", h.align("AI-1", a=10_000)),
        *(("2026-01-01", h.pay(f"AI-{n}", "claims", f"P-{n}", n)) for n in (1, 2, 3, 4)),
        ("2026-01-02", h.forecast("AI-1", "2026-01-02", 100, 50)),
        ("2026-01-03", h.forecast("AI-1", "2026-01-03", 70)),
        ("2026-01-03", h.forecast("AI-2", "2026-01-03", 60, currency="EUR")),
        ("2026-01-03", h.forecast("AI-3", "2026-01-03")),
    )
    by_day = {}
    for day in (1, 2, 3):
        rows, totals = alignment(events, LAST, D(2026, 1, day), "forecast", "USD")
        by_day[day] = (rows[0]["amount_minor"], totals["orphan_minor"])
    assert by_day == {1: (0, 0), 2: (151, 0), 3: (71, 3)}


def test_an_initiative_shows_its_gate_its_plans_and_the_portfolio_s_money():
    events = h.events_of(
        ("2026-01-01", h.fund("claims", 900)),
        ("2026-01-01", h.fund("lab", 900, "EUR")),
        ("2026-01-02", h.propose("AI-1", ai={"use_case": "triage", "eu_class": "high"})),
        ("2026-01-03", h.plan("AI-1", 1, 100, 20, finish="2026-06-30")),
        ("2026-01-04", h.plan("AI-1", 2)),
        ("2026-01-03", h.gate("AI-1", "go", "proposed", "build")),
        ("2026-01-04", h.gate("AI-1", "hold", "build")),
        ("2026-01-05", h.gate("AI-1", "kill", "build")),
        ("2026-01-03", h.approve("AI-1", "claims", -7)),
        ("2026-01-03", h.approve("AI-1", "lab", -9, "EUR")),
        ("2026-01-06", h.reverse(9, "void")),
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
    events = h.events_of(("2026-01-01", h.fund("claims", 9)), ("2026-05-01", h.reverse(2, "counter")))
    rows = timeline(events, LAST, D(2026, 1, 1))
    assert [(row["sequence"], row["type"], row["subject"], row["reversed_by"]) for row in rows] == [
        (1, "PortfolioOpened.v1", "portfolio/law", None),
        (2, "EnvelopeFunded.v1", "envelope/claims", 3),
    ]
    assert [row["reversed_by"] for row in timeline(events, 2, h.FAR_FUTURE)] == [None, None]
    assert rows[0]["recorded_at"] == h.START
    assert len(timeline(events, 3, h.FAR_FUTURE)) == 3


def test_the_value_stream_of_an_envelope_is_the_one_it_was_last_funded_under():
    events = h.events_of(
        ("2026-02-01", h.fund("claims", 9, value_stream="retail")),
        ("2026-03-01", h.fund("claims", 9, value_stream="research")),
        ("2026-01-01", h.commit(None, "claims", "C-1", 4)),
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
        lines = h.told([chance.randbytes(h.STEP_BYTES) for _ in range(chance.randrange(1, 60))])
        ran = h.run(lines)
        asked += len(lines)
        accepted += sum(isinstance(receipt, Accepted) for receipt in ran.receipts)
        types.update(type(event.data) for event in ran.events)
        for event in ran.events:
            if isinstance(event.data, EntryReversed):
                reversals[event.data.kind, type(ran.events[event.data.sequence - 1].data)] += 1
    assert accepted > 0.7 * asked
    assert min(types[fact] for fact in FACTS) >= 100
    assert len(reversals) == 14
    assert min(reversals.values()) >= 10


def test_the_fixed_history_is_accepted_whole_and_holds_every_type():
    ran = h.run(h.every_type_history())
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


@law
@given(h.histories(1, 60))
def test_law_the_book_s_sums_are_the_oracle_s(lines):
    ran = h.run(lines)
    booked = Counter()
    for (measure, envelope, initiative, commitment), minor in ran.book.sums.items():
        if commitment is None and (measure in ("open", "actual") or initiative is None):
            booked[envelope, {"open": "committed"}.get(measure, measure)] += minor
    told = Counter()
    for row in spend(ran.events, LAST, h.FAR_FUTURE, "envelope"):
        assert row["currency"] == ran.book.currencies[row["key"]]
        told.update({(row["key"], measure): row[f"{measure}_minor"] for measure in MEASURES})
    assert booked == told


@law
@given(h.histories(1, 60))
def test_law_the_same_lines_give_the_same_bytes_together_or_one_by_one(lines):
    once, again, singly = h.run(lines), h.run(lines), h.run(lines, one_by_one=True)
    assert once.payloads == again.payloads == singly.payloads
    assert once.receipts == again.receipts == singly.receipts


@law
@given(h.histories(1, 60), st.data())
def test_law_a_book_rolled_back_is_as_if_nothing_had_been_tried(lines, data):
    place = data.draw(st.integers(0, len(lines)), label="what stands")
    tried = data.draw(st.permutations(lines[place:]) | h.histories(1, 20), label="what is tried")
    book, straight = Book(h.PORTFOLIO), Book(h.PORTFOLIO)
    for each in (book, straight):
        decide_all(each, lines[:place])
    before = tables(book, lines)

    book.speculate()
    decide_all(book, tried, later=datetime.timedelta(days=1))
    evolve_foreign(book, book.sequence + 1)
    decide_all(book, [line.replace(b'"c-', b'"d-') for line in tried], later=datetime.timedelta(days=2))
    book.roll_back()

    assert tables(book, lines) == before == tables(straight, lines)
    assert decide_all(book, lines[place:]) == decide_all(straight, lines[place:])
    assert tables(book, lines) == tables(straight, lines)


def decide_all(book, lines, later=datetime.timedelta()):
    """Decide lines and take what they cause into the book; return every answer."""
    clock = h.ticking()
    answers = []
    for line in lines:
        command = parse(line)
        answer = command if isinstance(command, Refused) else decide(Asked(command, line), book, now=clock() + later)
        answers.append(answer)
        if not isinstance(answer, Refused | Repeated):
            for event in answer:
                evolve(book, event)
    return answers


def tables(book, lines):
    """Return all that a book answers from, in its order."""
    names = {json.loads(line)["commandid"] for line in lines if b'"commandid"' in line}
    of_order = (book.stacks, book.sums, book.currencies, book.value_streams, book.reversed_by)
    return copy.deepcopy(
        [
            *(list(table.items()) for table in of_order),
            (book.sequence, book.recorded_at, book.importing, book.foreign_count),
            [book.line(sequence) for sequence in range(book.sequence + 2)],
            [(name, book.command(name)) for name in sorted({f"{d}-{n}" for d in "cd" for n in range(1, 70)} | names)],
            [(ref, book.posting_refs.find(ref), book.posting_is_live(ref)) for ref in h.POSTING_REFS],
            (len(book.commands), len(book.posting_refs)),
        ]
    )
