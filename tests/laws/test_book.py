"""The writer's book agrees with the oracle and with plain folds, and forgets what was only tried."""

import copy
import datetime
import json
from collections import Counter

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ledger.book import Book
from ledger.decider import Asked, Repeated, decide
from ledger.evolve import evolve, evolve_foreign
from ledger.notary.tlog import leaf_hash, tree_root
from schemas import codec
from schemas.commands import parse
from schemas.events import (
    ActualPosted,
    CommitmentPosted,
    EntryReversed,
    EnvelopeFunded,
    FundingApproved,
    FundingReallocated,
    PeriodClosed,
)
from schemas.receipts import Refused
from schemas.values import period_days
from tests import histories as h
from tests import words as w
from tests.choices import POSTING_REFS
from tests.fixed_history import every_type_history
from tests.oracle import MEASURES, spend
from tests.teller import FAR_FUTURE, Teller, run, ticking

LAST = 10**6
PERIODS = ("FY2026", "FY2025", "FY2024", "2026-Q1", "2026", "2026-01", "2026-02", "2025-12", "2025-11")
TABLES = {
    "stacks",
    "sums",
    "currencies",
    "value_streams",
    "booked",
    "reversed_by",
    "conditions",
    "keys",
    "heads",
    "texts",
    "erased",
    "terms",
    "listed",
    "since",
    "totals",
    "under",
    "uses",
    "emergencies",
    "ratified",
}

law = settings(max_examples=60, deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow])


@law
@given(h.histories(1, 60))
def test_law_the_book_s_sums_are_the_oracle_s(lines):
    ran = run(lines)
    booked = Counter()
    for (measure, envelope, initiative, commitment), minor in ran.book.sums.items():
        if commitment is None and (measure in ("open", "actual") or initiative is None):
            booked[envelope, {"open": "committed"}.get(measure, measure)] += minor
    told = Counter()
    for row in spend(ran.events, LAST, FAR_FUTURE, "envelope"):
        assert row["currency"] == ran.book.currencies[row["key"]]
        told.update({(row["key"], measure): row[f"{measure}_minor"] for measure in MEASURES})
    assert booked == told


@law
@given(h.histories(1, 60))
def test_law_the_same_lines_give_the_same_bytes_together_or_one_by_one(lines):
    once, again, singly = run(lines), run(lines), run(lines, one_by_one=True)
    assert once.payloads == again.payloads == singly.payloads
    assert once.receipts == again.receipts == singly.receipts


@law
@given(h.histories(10, 60))
def test_law_what_is_booked_in_a_period_is_the_sum_of_its_entries(lines):
    ran = run(lines)
    for period in PERIODS:
        assert without_zeros(ran.book.period_totals(period)) == folded(ran.events, period)


def test_what_is_booked_in_every_period_of_the_fixed_history_is_the_sum_of_its_entries():
    ran = run(every_type_history())
    for period in PERIODS:
        assert without_zeros(ran.book.period_totals(period)) == folded(ran.events, period)


@law
@given(h.histories(10, 60))
def test_law_a_closing_says_what_was_booked_and_the_root_of_all_before_it(lines):
    ran = run(lines)
    closings_hold(ran)


def test_every_closing_of_the_fixed_history_says_what_was_booked_and_the_root_of_all_before_it():
    assert closings_hold(run(every_type_history())) == 5


def closings_hold(ran):
    """Check every closing against the entries before it; return how many there are."""
    closings = [event for event in ran.events if isinstance(event.data, PeriodClosed)]
    for closing in closings:
        before, said = closing.at - 1, closing.data
        assert said.last_sequence == before
        assert said.root == tree_root([leaf_hash(payload) for payload in ran.payloads[:before]]).hex()
        totals = {(total.measure, total.currency): total.amount_minor for total in said.totals}
        assert list(totals) == sorted(totals)
        assert without_zeros(totals) == folded(ran.events[:before], said.period)
    assert ran.book.frontier.root() == tree_root([leaf_hash(payload) for payload in ran.payloads])
    return len(closings)


@pytest.mark.parametrize(
    "ask",
    [w.approve("AI-1", "claims", 5), w.reallocate(("AI-1", "claims"), ("AI-2", "claims"), 5)],
    ids=lambda a: a.type,
)
def test_what_names_no_period_does_not_enter_a_closed_fiscal_year(ask):
    teller = Teller()
    asked = (w.fund("claims", 9), w.propose("AI-1"), w.propose("AI-2"), w.approve("AI-1", "claims", 9))
    for each in (w.opening(), *asked, w.close_period("FY2026")):
        assert teller.say(each, "2026-01-01")
    assert teller.say(ask, "2026-01-02") == 0


@law
@given(h.histories(10, 60))
def test_law_a_closed_period_takes_nothing_but_contracts(lines):
    """While a period is closed its totals stay; a signed contract alone is real all the same."""
    ran = run(lines)
    closed = {}
    for place, event in enumerate(ran.events, start=1):
        if names_no_period(event.data):  # See the case above.
            closed = {period: folded(ran.events[:place], period) for period in closed}
        for period, totals in closed.items():
            now = folded(ran.events[:place], period)
            moved = {key[0] for key in now.keys() | totals.keys() if now.get(key, 0) != totals.get(key, 0)}
            assert moved <= {"committed"}, (period, event.data)
        if isinstance(event.data, PeriodClosed):
            period = event.data.period
            closed.pop(period, None)
            if event.data.status != "reopened":
                closed[period] = folded(ran.events[:place], period)
        if isinstance(event.data, EntryReversed) and isinstance(ran.events[event.data.sequence - 1].data, PeriodClosed):
            return  # What a closing that is taken back leaves closed is the book's own affair.


def names_no_period(fact):
    if isinstance(fact, FundingReallocated):
        return None in (fact.source.period, fact.target.period)
    return isinstance(fact, FundingApproved) and fact.period is None


def folded(events, period):
    """Return what is booked in a period and those within it, by measure and currency, as a plain fold."""
    first, last = period_days(period, 1)
    sums = Counter()
    for event in events:
        fact, sign, booked_in = event.data, 1, None
        if isinstance(fact, EntryReversed):
            if fact.kind == "counter":
                booked_in = fact.period or f"FY{event.effective_on.year}"
            event, sign = events[fact.sequence - 1], -1
            fact = event.data
        year = f"FY{event.effective_on.year}"
        if isinstance(fact, FundingReallocated):
            periods = [(-1, "approved", fact.source.period or year), (1, "approved", fact.target.period or year)]
        elif isinstance(fact, EnvelopeFunded):
            periods = [(1, "funded", fact.fiscal_period)]
        elif isinstance(fact, FundingApproved):
            periods = [(1, "approved", fact.period or year)]
        elif isinstance(fact, CommitmentPosted):
            periods = [(1, "committed", fact.period)]
        elif isinstance(fact, ActualPosted):
            periods = [(1, "actual", fact.period)] + [(-1, "committed", fact.period)] * (fact.commitment is not None)
        else:
            continue
        for side, measure, named in periods:
            start, end = period_days(booked_in or named, 1)
            if first <= start and end <= last:
                sums[measure, fact.amount.currency] += side * sign * fact.amount.minor
    return without_zeros(sums)


def without_zeros(sums):
    return {key: minor for key, minor in sums.items() if minor}


@law
@given(h.histories(1, 60), st.data())
def test_law_a_book_rolled_back_is_as_if_nothing_had_been_tried(lines, data):
    place = data.draw(st.integers(0, len(lines)), label="what stands")
    tried = data.draw(st.permutations(lines[place:]) | h.histories(1, 20), label="what is tried")
    book, straight = Book(w.PORTFOLIO), Book(w.PORTFOLIO)
    for each in (book, straight):
        decide_all(each, lines[:place])
    before = tables(book, lines)

    book.speculate()
    decide_all(book, tried, later=datetime.timedelta(days=1))
    evolve_foreign(book, book.sequence + 1, b"no event")
    decide_all(book, [line.replace(b'"c-', b'"d-') for line in tried], later=datetime.timedelta(days=2))
    book.roll_back()

    assert tables(book, lines) == before == tables(straight, lines)
    assert decide_all(book, lines[place:]) == decide_all(straight, lines[place:])
    assert tables(book, lines) == tables(straight, lines)


def decide_all(book, lines, later=datetime.timedelta(), *, with_payload=False):
    """Decide lines and take what they cause into the book; return every answer."""
    clock = ticking()
    answers = []
    for line in lines:
        command = parse(line)
        answer = command if isinstance(command, Refused) else decide(Asked(command, line), book, now=clock() + later)
        answers.append(answer)
        if not isinstance(answer, Refused | Repeated):
            for event in answer:
                evolve(book, event, codec.encode(event) if with_payload else None)
    return answers


def tables(book, lines):
    """Return all that a book answers from, in its order."""
    names = {json.loads(line)["commandid"] for line in lines if b'"commandid"' in line}
    plain = {name: copy.deepcopy(list(table.items())) for name, table in vars(book).items() if isinstance(table, dict)}
    for interned in ("_line_key_places", "_origin_places"):
        del plain[interned]  # A place once given to a line's key may stay: it says nothing of any entry.
    assert set(plain) == TABLES, "a new table belongs in this law"
    return plain | {
        "where": (book.sequence, book.recorded_at, book.importing, book.foreign_count),
        "lines": [book.line(sequence) for sequence in range(book.sequence + 2)],
        "origins": [book.origin(sequence) for sequence in range(book.sequence + 2)],
        "commands": [
            (name, book.command(name)) for name in sorted({f"{d}-{n}" for d in "cd" for n in range(1, 70)} | names)
        ],
        "postings": [(ref, book.posting_refs.find(ref), book.posting_is_live(ref)) for ref in POSTING_REFS],
        "lengths": (len(book.commands), len(book.posting_refs)),
        "tree": (book.frontier.size, book.frontier.roots, book.frontier.root()),
    }
