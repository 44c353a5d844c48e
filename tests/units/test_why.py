"""Why a value is what it is, on cases worked out by hand."""

from __future__ import annotations

import datetime

import pytest

from projections.moment import Moment
from projections.replica import Replica
from projections.views import Question, ask, key_of
from projections.why import why
from tests import words as w
from tests.laws.test_more_views import replica_of
from tests.teller import events_of

FAR = datetime.date(2099, 12, 31)


def made(*said: tuple[str, w.Ask]) -> Replica:
    return replica_of(events_of(*said))


def asked(
    replica: Replica, question: Question, key: str | None, *fields: str, as_known: int | None = None
) -> list[int | None]:
    moment = Moment(replica.sequence if as_known is None else as_known, None, FAR)
    return [why(replica, question, key, field, moment) for field in fields]


def told() -> Replica:
    """Two objectives, two initiatives; money approved, voided and paid; what AI-1 serves declared after its money."""
    return made(
        ("2026-01-01", w.objectives(w.objective("a", 4_000), w.objective("b", 6_000))),
        ("2026-01-01", w.fund("claims", 1_000)),
        ("2026-01-01", w.propose("AI-1")),
        ("2026-01-01", w.propose("AI-2")),
        ("2026-01-02", w.align("AI-2", b=10_000)),
        ("2026-01-03", w.approve("AI-1", "claims", 400)),
        ("2026-01-03", w.approve("AI-2", "claims", 100)),
        ("2026-01-04", w.approve("AI-1", "claims", 50)),
        ("2026-01-05", w.reverse(9, "void")),
        ("2026-01-06", w.align("AI-1", a=10_000)),
        ("2026-01-07", w.pay(None, "claims", "P-1", 7)),
        ("2026-01-08", w.amend("AI-1", title="Claims triage")),
        ("2026-01-09", w.fund("claims", 10, "USD", kind="supplement")),
    )


def test_a_sum_of_spend_leads_to_the_last_entry_that_moved_it() -> None:
    replica = told()
    fields = ("funded_minor", "approved_minor", "committed_minor", "actual_minor", "free_minor", "uncommitted_minor")
    assert asked(replica, Question("spend"), "claims", *fields) == [14, 10, None, 12, 14, 12]
    by_initiative = Question("spend", by="initiative")
    assert asked(replica, by_initiative, "AI-1", "approved_minor", "title", "key") == [10, 13, None]
    assert asked(replica, by_initiative, "AI-2", "approved_minor", "title") == [8, 5]
    assert asked(replica, by_initiative, None, *fields[:4]) == [14, None, None, 12]
    assert asked(replica, Question("spend", by="value_stream"), "retail", *fields[:2], "title") == [14, 10, None]
    assert asked(replica, by_initiative, "AI-1", "approved_minor", as_known=9) == [9]
    assert asked(replica, Question("spend", currency="EUR"), "claims", "approved_minor") == [None]


def test_a_share_rests_on_all_the_money_and_an_amount_on_what_serves_it() -> None:
    replica = told()
    fields = ("target_bp", "title", "amount_minor", "share", "gap")
    assert asked(replica, Question("alignment"), "a", *fields) == [2, 2, 11, 11, 11]
    assert asked(replica, Question("alignment"), "b", *fields) == [2, 2, 8, 10, 10]
    assert asked(replica, Question("alignment"), "a", *fields, as_known=10) == [2, 2, None, 10, 10]
    assert asked(replica, Question("alignment", measure="committed"), "a", *fields) == [2, 2, None, None, None]
    by_objective = Question("spend", by="objective")
    assert asked(replica, by_objective, "a", "approved_minor", "title") == [11, 2]
    assert asked(replica, by_objective, "~unaligned", "approved_minor", "title", as_known=10) == [10, None]
    assert asked(replica, by_objective, None, "actual_minor", "funded_minor") == [12, 14]


def test_what_is_stated_leads_to_the_entry_that_states_it() -> None:
    replica = made(
        ("2026-01-01", w.fund("claims", 1_000)),
        ("2026-01-01", w.propose("AI-1")),
        ("2026-01-02", w.plan("AI-1", 1, 100)),
        ("2026-01-03", w.plan("AI-1", 2)),
        ("2026-01-04", w.amend("AI-1", lead="mia")),
        (
            "2026-01-05",
            w.gate("AI-1", "conditional_go", "proposed", "case", conditions=[w.condition("K-1", "2026-02-01")]),
        ),
        ("2026-01-06", w.discharge("K-1")),
        ("2026-01-07", w.approve("AI-1", "claims", 5)),
    )
    fields = ("title", "lead", "stage", "status", "approved_minor", "actual_minor", "proposed_on", "currency")
    question = Question("initiatives")
    assert asked(replica, question, "AI-1", *fields) == [3, 6, 7, 7, 9, None, 3, 1]
    plans = ("baseline_number", "first_cost_minor", "baseline_cost_minor", "finish", "last_sequence", "eu_class")
    assert asked(replica, question, "AI-1", *plans) == [5, 4, 5, 5, 9, None]
    assert asked(replica, question, "AI-1", "stage", "status", as_known=6) == [3, 3]
    gate = ("title", "outcome", "conditions", "conditions_open", "conditions_overdue")
    assert asked(replica, Question("gates"), "7", *gate) == [3, 7, 7, 8, 8]
    assert asked(replica, question, "AI-9", "title", "approved_minor", "stage") == [None, None, None]


def test_rows_that_carry_their_sequences_lead_to_them() -> None:
    supply = {"pool": "people", "skill": "python", "unit": "mfte", "period": "2026-01", "amount": 500}
    replica = made(
        ("2026-01-01", w.fund("claims", 1_000)),
        ("2026-01-01", w.propose("AI-1")),
        ("2026-01-02", w.policy("capacity", 1, supply=[supply])),
        ("2026-01-02", w.allocate("AI-1", "2026-01", 400)),
        ("2026-01-03", w.approve("AI-1", "claims", 5, conditions=[w.condition("K-1", "2026-02-01")])),
        ("2026-01-04", w.discharge("K-1")),
    )
    (row,) = ask(replica, Question("capacity"), Moment(7, None, FAR)).rows
    key = key_of(Question("capacity"), row)
    assert key == "people/python/mfte/2026-01"
    assert asked(replica, Question("capacity"), key, "planned", "supply") == [5, 5]
    assert asked(replica, Question("conditions"), "K-1", "status", "text") == [7, 6]
    of_one = Question("state", initiative="AI-1")
    assert asked(replica, of_one, "approved/USD", "amount_minor") == [6]
    assert asked(replica, of_one, "title", "value") == [3]
    assert asked(replica, Question("refusals"), "1", "reason") == [None]


def test_a_field_that_the_view_has_not_is_an_error() -> None:
    with pytest.raises(KeyError, match="spend has no field 'drift'"):
        asked(made(), Question("spend"), "claims", "drift")
    with pytest.raises(KeyError):
        asked(made(), Question("weather"), "claims", "rain")
