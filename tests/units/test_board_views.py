"""The views a board and a replay are made of, on cases worked out by hand; each must also equal its plain fold."""

from __future__ import annotations

import datetime
from typing import Any

import msgspec
import pytest

from projections.headline import headline
from projections.moment import Moment
from projections.views import Question, View, ask
from schemas.envelope import Recorded
from tests import oracle_board as oracle
from tests import words as w
from tests.laws.test_more_views import plain, replica_of
from tests.teller import events_of

D = datetime.date
FAR = D(2099, 12, 31)


def asked(events: list[Recorded], name: str, day: datetime.date = FAR, as_known: int | None = None, **of: Any) -> View:
    moment = Moment(len(events) if as_known is None else as_known, None, day)
    return ask(replica_of(events), Question(name, **of), moment)


# state


def stated(events: list[Recorded], initiative: str, day: datetime.date = FAR, as_known: int | None = None) -> Any:
    """Return (value or amount, sequence) by field, or by field and key."""
    view = asked(events, "state", day, as_known, initiative=initiative)
    assert plain(view) == oracle.state(events, view.as_known.sequence, day, initiative)
    found = {}
    for row in plain(view):
        name = row["field"] if row["key"] is None else f"{row['field']} {row['key']}"
        found[name] = (row["value"] if row["amount_minor"] is None else row["amount_minor"], row["sequence"])
    return found


def test_the_state_of_an_initiative_and_the_entry_that_set_each_field() -> None:
    events = events_of(
        ("2026-01-01", w.fund("claims", 1_000)),
        ("2026-01-01", w.objectives(w.objective("a", 10_000))),
        ("2026-01-01", w.propose("AI-1", lead="lee")),
        ("2026-01-01", w.align("AI-1", a=4_000)),
        ("2026-01-02", w.approve("AI-1", "claims", 600)),
        ("2026-01-03", w.amend("AI-1", lead="mia")),
        ("2026-01-03", w.gate("AI-1", "go", "proposed", "build")),
        ("2026-01-04", w.plan("AI-1", 1, 100, 20, finish="2026-06-30")),
        ("2026-01-05", w.also(w.rank(("AI-1", 3, None)), moves=[{"initiative": "AI-1", "rank": 3, "tier": "now"}])),
        ("2026-01-06", w.link("AI-1", "ai_model", "opal", "primary", to="2026-01-31")),
        ("2026-01-06", w.link("AI-1", "backlog", "JIRA-1")),
    )
    description = {
        **{name: (value, 4) for name, value in (("title", "Initiative AI-1"), ("value_stream", "retail"))},
        **{name: (value, 4) for name, value in (("sponsor", "sam"), ("kind", "unclassified"), ("horizon", "unknown"))},
    }
    money = {"approved": (600, 6), "committed": (0, None), "actual": (0, None), "uncommitted": (600, 6)}
    assert stated(events, "AI-1") == {
        **description,
        "lead": ("mia", 7),
        "stage": ("build", 8),
        "status": ("active", 8),
        "rank": ("3", 10),
        "tier": ("now", 10),
        "baseline": ("1", 9),
        "first_cost": (120, 9),
        "baseline_cost": (120, 9),
        "finish": ("2026-06-30", 9),
        **money,
        "alignment a": ("4000", 5),
        "link ai_model primary opal": ("over", 11),
        "link backlog JIRA-1": ("live", 12),
    }
    early = stated(events, "AI-1", D(2026, 1, 2))
    assert early == description | {"lead": ("lee", 4), "stage": ("proposed", 4), "status": ("active", 4)} | money | {
        "alignment a": ("4000", 5)
    }
    assert stated(events, "AI-2") == stated(events, "AI-1", as_known=3) == {}


def test_the_sequence_of_a_sum_is_the_last_that_moved_it_be_it_a_void() -> None:
    events = events_of(
        ("2026-01-01", w.fund("claims", 1_000)),
        ("2026-01-01", w.fund("data", 1_000)),
        ("2026-01-01", w.propose("AI-1")),
        ("2026-01-02", w.approve("AI-1", "claims", 400)),
        ("2026-01-03", w.approve("AI-1", "claims", 100)),
        ("2026-01-04", w.reverse(6, "void")),
        ("2026-01-05", w.reallocate(("AI-1", "claims"), ("AI-1", "data"), 50)),
        ("2026-01-05", w.commit("AI-1", "claims", "C-1", 90)),
        ("2026-01-06", w.pay("AI-1", "claims", "P-1", 30, commitment="C-1")),
        ("2026-01-07", w.forecast("AI-1", "2026-01-07", 70)),
        ("2026-02-01", w.reverse(10, "counter")),
    )
    sums = ("approved", "committed", "actual", "uncommitted", "forecast")

    def told(as_known: int, day: datetime.date = FAR) -> list[Any]:
        state = stated(events, "AI-1", day, as_known)
        return [state.get(name) for name in sums]

    assert told(6) == [(500, 6), (0, None), (0, None), (500, 6), None]
    assert told(7) == [(400, 7), (0, None), (0, None), (400, 7), None]
    assert told(7, D(2026, 1, 2)) == [(400, 5), (0, None), (0, None), (400, 5), None], "what it takes out is later"
    assert told(8)[0] == (400, 7), "money that moves between envelopes moves no sum of the initiative"
    assert told(10) == [(400, 7), (60, 10), (30, 10), (310, 9), None], "paid from a commitment, what is left stays"
    assert told(11)[-1] == (100, 11)
    assert told(12) == [(400, 7), (90, 12), (0, 12), (310, 9), (70, 12)]
    assert told(12, D(2026, 1, 31)) == [(400, 7), (60, 10), (30, 10), (310, 9), (100, 11)]


def test_a_link_is_to_come_then_live_then_over() -> None:
    events = events_of(
        ("2026-01-01", w.propose("AI-1")),
        ("2026-01-01", w.link("AI-1", "ai_model", "opal", **{"from": "2026-02-01", "to": "2026-02-28"})),
    )
    days = {D(2026, 1, 31): "to come", D(2026, 2, 1): "live", D(2026, 2, 28): "live", D(2026, 3, 1): "over"}
    assert {day: stated(events, "AI-1", day)["link ai_model opal"][0] for day in days} == days


@pytest.mark.parametrize("initiative", ["", "AI-1' or '1' = '1", "AI-1; drop table events", "\u202e", "x" * 10_000])
def test_the_state_of_what_is_no_initiative_is_empty(initiative: str) -> None:
    events = events_of(("2026-01-01", w.propose("AI-1")))
    assert asked(events, "state", initiative=initiative).rows == []


# priority

CRITERIA = [
    {"id": "worth", "title": "Worth", "sort": "value", "weight_bp": 10_000},
    {"id": "new", "title": "New", "sort": "novelty", "weight_bp": 0},
]


def ranked(events: list[Recorded], day: datetime.date = FAR, as_known: int | None = None) -> View:
    view = asked(events, "priority", day, as_known)
    rows, totals = oracle.priority(events, view.as_known.sequence, day)
    assert (plain(view), view.totals) == (rows, pytest.approx(totals))
    return view


def scored(worth: int, new: int, name: str, **more: Any) -> tuple[str, w.Ask]:
    return ("2026-01-02", w.also(w.score(name, 1, worth=worth, new=new), **more))


def test_money_that_follows_novelty_shows_as_a_bias_above_zero() -> None:
    events = events_of(
        ("2026-01-01", w.policy("prioritisation", 1, method="weighted", criteria=CRITERIA)),
        ("2026-01-01", w.fund("claims", 1_000)),
        *(("2026-01-01", w.propose(f"AI-{number}")) for number in (1, 2, 3, 4)),
        scored(40, 95, "AI-1", cost_of_delay=w.money(500, "USD"), job_size=8),
        scored(70, 60, "AI-2", cost_of_delay=w.money(500, "EUR"), job_size=8),
        scored(90, 60, "AI-3"),
        scored(100, 0, "AI-4"),
        *(
            ("2026-01-03", w.approve(f"AI-{number}", "claims", minor))
            for number, minor in ((1, 600), (2, 300), (3, 100))
        ),
        ("2026-01-04", w.rank(("AI-1", 1, None), ("AI-2", 2, None))),
        ("2026-01-05", w.rank(("AI-1", 3, 1))),
    )
    view = ranked(events)
    assert [(row.initiative, row.rank, row.was, row.rank_sequence) for row in view.rows] == [
        ("AI-2", 2, None, 15),
        ("AI-1", 3, 1, 16),
        ("AI-3", None, None, None),
        ("AI-4", None, None, None),
    ]
    assert [(row.score, row.value, row.novelty, row.wsjf) for row in view.rows[:2]] == [
        (70.0, 70.0, 60.0, None),
        (40.0, 40.0, 95.0, 62.5),
    ]
    assert (view.totals["initiatives"], view.totals["judged"]) == (4, 3)
    told = [view.totals[name] for name in ("rho_value", "rho_novelty", "novelty_bias")]
    assert told == pytest.approx([-1, 0.8660254, 1.8660254])
    assert ranked(events, as_known=12).totals["novelty_bias"] is None, "one funded initiative has no order"


def test_a_score_on_another_scale_is_a_mark_of_100_and_one_that_counts_must_not_be_missing() -> None:
    criteria = [
        {"id": "worth", "title": "Worth", "sort": "value", "weight_bp": 7_500},
        {"id": "speed", "title": "Speed", "sort": "cost", "weight_bp": 2_500, "scale_min": 1, "scale_max": 5},
    ]
    events = events_of(
        ("2026-01-01", w.policy("prioritisation", 1, method="weighted", criteria=criteria)),
        ("2026-01-01", w.propose("AI-1")),
        ("2026-01-01", w.propose("AI-2")),
        ("2026-01-02", w.score("AI-1", 1, worth=60, speed=4)),
        ("2026-01-02", w.score("AI-2", 1, worth=60)),
    )
    both, one = ranked(events).rows
    assert (both.score, both.value, both.novelty) == (0.75 * 60 + 0.25 * 75, 60.0, None)
    assert (one.score, one.value, one.score_sequence) == (None, 60.0, 6)


@pytest.mark.parametrize("outcome", ["kill", "complete", "merged"])
def test_what_has_ended_is_in_no_order(outcome: str) -> None:
    events = events_of(("2026-01-01", w.propose("AI-1")), ("2026-01-02", w.gate("AI-1", outcome, "proposed")))
    assert ranked(events).rows == []
    assert len(ranked(events, D(2026, 1, 1)).rows) == 1


# value_streams


def streams(events: list[Recorded], day: datetime.date = FAR) -> View:
    view = asked(events, "value_streams", day)
    assert plain(view) == [
        {name: pytest.approx(value) if isinstance(value, float) else value for name, value in row.items()}
        for row in oracle.value_streams(events, len(events), day)
    ]
    return view


def test_a_stream_gets_its_part_of_a_benefit_and_is_worth_what_that_brings() -> None:
    brings = [{"initiative": "AI-1", "share_bp": 6_667}, {"initiative": "AI-2", "share_bp": 3_333}]
    units = [{"id": "retail", "title": "Retail", "owner": "olga"}, {"id": "idle", "title": "Idle"}]
    events = events_of(
        ("2026-01-01", w.fund("claims", 500)),
        ("2026-01-01", w.fund("lab", 100, value_stream="research")),
        ("2026-01-01", w.propose("AI-1")),
        ("2026-01-01", w.propose("AI-2", value_stream="research")),
        ("2026-01-01", w.propose("AI-3", value_stream="research")),
        ("2026-01-02", w.approve("AI-1", "claims", 300)),
        ("2026-01-02", w.approve("AI-2", "lab", 100)),
        ("2026-01-03", w.pay("AI-1", "claims", "P-1", 100)),
        ("2026-01-03", w.pay(None, "lab", "P-2", 40)),
        ("2026-01-04", w.promise("B-1", ("2026", "1", w.money(-3, "USD")), initiatives=brings)),
        ("2026-01-05", w.measure("B-1", "2026", "validated", w.money(151, "USD"))),
        ("2026-01-06", w.gate("AI-3", "kill", "proposed")),
        ("2026-01-07", w.policy("allocation", 1, value_streams=[{"name": "retail", "share_bp": 10_000}])),
        ("2026-01-07", w.policy("structure", 1, value_streams=units)),
    )
    idle, research, retail = streams(events).rows
    assert (idle.value_stream, idle.title, idle.approved_minor, idle.share, idle.roi) == ("idle", "Idle", 0, 0, None)
    assert (retail.title, retail.owner, retail.share, retail.target_bp, retail.gap) == (
        "Retail",
        "olga",
        0.75,
        10_000,
        -0.25,
    )
    assert [(row.planned_minor, row.validated_minor, row.actual_minor) for row in (retail, research)] == [
        (-2, 101, 100),
        (-1, 50, 40),
    ]
    assert (retail.roi, research.roi) == pytest.approx((0.01, 0.25))
    assert (research.title, research.target_bp, research.gap) == (None, None, None)
    assert [(row.initiatives_active, row.initiatives_ended) for row in (retail, research)] == [(1, 0), (1, 1)]
    totals = streams(events).totals
    assert (totals["currency"], totals["validated_minor"], totals["actual_minor"]) == ("USD", 151, 140)
    assert totals["roi"] == pytest.approx(11 / 140)


def test_money_and_benefits_of_no_stream_are_a_row_of_their_own_and_other_currencies_stand_beside() -> None:
    events = events_of(
        ("2026-02-01", w.fund("claims", 500)),
        ("2026-01-01", w.commit(None, "claims", "C-1", 7)),
        ("2026-02-01", w.fund("lab", 900, "EUR")),
        ("2026-01-02", w.promise("B-1", ("2026", "1", w.money(9, "USD")))),
    )
    (nowhere,) = streams(events, D(2026, 1, 31)).rows
    assert (nowhere.value_stream, nowhere.committed_minor, nowhere.planned_minor) == (None, 7, 9)
    assert (nowhere.initiatives_active, nowhere.share) == (0, None)
    view = streams(events)
    assert [(row.value_stream, row.currency, row.initiatives_active) for row in view.rows] == [
        ("retail", "EUR", None),
        ("retail", "USD", 0),
        (None, "USD", 0),
    ]
    assert [each["currency"] for each in view.totals["other_currencies"]] == ["EUR"]
    spent = asked(events, "spend", by="value_stream").totals
    assert all(view.totals[name] == spent[name] for name in ("funded_minor", "approved_minor", "committed_minor"))


# capacity


def test_more_planned_than_there_is_loads_a_pool_above_one() -> None:
    mlops = {"pool": "engineering", "skill": "mlops", "unit": "mfte"}
    supply = [mlops | {"period": "2025-Q2", "amount": 20_000}, mlops | {"period": "2025-Q3", "amount": 0}]
    events = events_of(
        ("2025-01-01", w.policy("capacity", 1, supply=supply, tolerance_bp=2_000)),
        ("2025-01-01", w.propose("AI-1")),
        ("2025-01-01", w.propose("AI-2")),
        ("2025-03-01", w.allocate("AI-1", "2025-Q2", 15_000, **mlops)),
        ("2025-03-02", w.allocate("AI-1", "2025-Q2", 14_000, **mlops)),
        ("2025-03-01", w.allocate("AI-2", "2025-Q2", 9_600, **mlops)),
        ("2025-06-30", w.allocate("AI-2", "2025-Q2", 9_000, kind="used", **mlops)),
        ("2025-03-03", w.allocate("AI-1", "2025-Q4", 7, **mlops)),
    )
    view = asked(events, "capacity")
    assert plain(view) == oracle.capacity(events, len(events), FAR)
    assert [(r.period, r.supply, r.planned, r.used, r.load, r.last_sequence) for r in view.rows] == [
        ("2025-Q2", 20_000, 23_600, 9_000, 1.18, 8),
        ("2025-Q3", 0, 0, 0, None, 2),
        ("2025-Q4", None, 7, 0, None, 9),
    ]
    assert view.totals == {"rows": 3, "over": 1}
    (before, *_) = asked(events, "capacity", D(2025, 3, 1)).rows
    assert (before.planned, before.used, before.last_sequence) == (24_600, 0, 7)


# conditions


def test_a_condition_is_open_then_overdue_then_what_it_was_discharged_as() -> None:
    terms = [w.condition("K-1", "2026-02-01", blocking=True), w.condition("K-2", "2026-02-28")]
    events = events_of(
        ("2026-01-01", w.fund("claims", 500)),
        ("2026-01-01", w.propose("AI-1")),
        ("2026-01-02", w.approve("AI-1", "claims", 300, conditions=terms)),
        ("2026-01-03", w.request("D-1")),
        ("2026-01-04", w.close("D-1", "approved", "2026-01-04", conditions=[w.condition("K-3", "2026-02-01")])),
        ("2026-02-10", w.discharge("K-1", "waived")),
        ("2026-02-11", w.reverse(7, "void")),
        ("2026-02-12", w.discharge("K-1")),
    )

    def told(day: datetime.date, as_known: int | None = None) -> list[tuple[Any, ...]]:
        view = asked(events, "conditions", day, as_known)
        assert plain(view) == oracle.conditions(events, view.as_known.sequence, day)
        return [(r.condition, r.status, r.days_overdue, r.sequence, r.discharged_sequence) for r in view.rows]

    third = ("K-3", "open", None, 6, None)
    assert told(D(2026, 2, 1)) == [("K-1", "open", None, 4, None), ("K-2", "open", None, 4, None), third]
    late = ("K-3", "open", 9, 6, None)
    assert told(D(2026, 2, 10)) == [("K-1", "open", 9, 4, None), ("K-2", "open", None, 4, None), late]
    assert told(D(2026, 2, 10), 7)[0] == ("K-1", "waived", None, 4, 7)
    assert told(D(2026, 2, 12))[0] == ("K-1", "met", None, 4, 9)
    view = asked(events, "conditions", D(2026, 2, 12))
    assert [(row.initiative, row.decision, row.blocking, row.owner) for row in view.rows] == [
        ("AI-1", None, True, "lee"),
        ("AI-1", None, False, "lee"),
        (None, "D-1", False, "lee"),
    ]
    assert view.totals == {"conditions": 3, "open": 2, "met": 1, "waived": 0, "breached": 0, "overdue": 1}


# concentration


def ridden(events: list[Recorded], day: datetime.date = FAR) -> dict[str, dict[str | None, int]]:
    view = asked(events, "concentration", day)
    rows, totals = oracle.concentration(events, len(events), day)
    assert plain(view) == [row | {"share": pytest.approx(row["share"])} for row in rows]
    assert view.totals == {kind: pytest.approx(figures) for kind, figures in totals.items()}
    found: dict[str, dict[str | None, int]] = {}
    for row in view.rows:
        found.setdefault(row.kind, {})[row.key] = row.amount_minor
    return found


def test_three_initiatives_one_supplier_and_half_a_provider() -> None:
    events = events_of(
        ("2026-01-01", w.fund("claims", 2_000)),
        *(("2026-01-01", w.propose(f"AI-{number}")) for number in (1, 2, 3)),
        ("2026-01-02", w.approve("AI-1", "claims", 600)),
        ("2026-01-02", w.approve("AI-2", "claims", 300)),
        ("2026-01-02", w.approve("AI-3", "claims", 100)),
        ("2026-01-01", w.model("opal", "catalogued", provider="Orion")),
        ("2026-01-01", w.model("ruby", "catalogued", provider="Heron")),
        ("2026-01-03", w.link("AI-1", "ai_model", "opal", "primary")),
        ("2026-01-03", w.link("AI-2", "ai_model", "opal", "primary", share_bp=6_667)),
        ("2026-01-03", w.link("AI-2", "ai_model", "ruby", "primary", share_bp=3_333)),
        ("2026-01-03", w.link("AI-2", "ai_model", "jade", "fallback")),
        ("2026-01-04", w.commit("AI-1", "claims", "C-1", 90, supplier="Acme")),
        ("2026-01-04", w.commit(None, "claims", "C-2", 10)),
        ("2026-01-05", w.pay("AI-1", "claims", "P-1", 80, commitment="C-1")),
        ("2026-01-06", w.commit("AI-2", "claims", "C-3", 40, supplier="Cox")),
        ("2026-02-01", w.reverse(18, "counter")),
    )
    assert ridden(events) == {
        "initiative": {"AI-1": 600, "AI-2": 300, "AI-3": 100},
        "model_provider": {"Orion": 800, "Heron": 100, None: 100},
        "supplier": {"Acme": 90, None: 10},
    }
    view = asked(events, "concentration")
    assert {kind: figures["hhi"] for kind, figures in view.totals.items()} == pytest.approx(
        {"initiative": 4_600, "model_provider": 6_500, "supplier": 8_100}
    )
    assert ridden(events, D(2026, 1, 31))["supplier"] == {"Acme": 90, "Cox": 40, None: 10}
    early = asked(events, "concentration", D(2026, 1, 1))
    assert (early.rows, early.totals["supplier"]) == ([], {"amount_minor": 0, "hhi": None})


def test_money_on_several_models_is_split_evenly_where_a_link_states_no_share() -> None:
    events = events_of(
        ("2026-01-01", w.fund("claims", 2_000)),
        ("2026-01-01", w.propose("AI-1")),
        ("2026-01-02", w.approve("AI-1", "claims", 101)),
        ("2026-01-01", w.model("opal", "catalogued", provider="Orion")),
        ("2026-01-03", w.link("AI-1", "ai_model", "opal", "primary", share_bp=9_000)),
        ("2026-01-03", w.link("AI-1", "ai_model", "ruby", "primary")),
    )
    assert ridden(events)["model_provider"] == {"Orion": 51, None: 50}


# flow


def test_the_flow_of_a_stream_in_a_period() -> None:
    none_done = w.also(w.flow("retail", "2026-01", 3, 4), active_h=0, wait_h=0)
    events = events_of(
        ("2026-01-05", w.flow("retail", "2025-12", 40, 90, feature=4, defect=1)),
        ("2026-02-05", none_done),
    )
    view = asked(events, "flow")
    assert plain(view) == oracle.flow(events, 3, FAR)
    done, idle = view.rows
    assert (done.velocity, done.efficiency, done.load, done.flow_time_p85_h) == (5, 0.25, 4, 90)
    assert (done.feature_share, done.defect_share, done.risk_share, done.debt_share) == (0.8, 0.2, 0, 0)
    assert (idle.velocity, idle.efficiency, idle.feature_share, idle.sequence) == (0, None, None, 3)


# headline


def test_the_headline_is_the_totals_of_the_views_it_is_made_of() -> None:
    events = events_of(
        ("2026-01-01", w.objectives(w.objective("a", 5_000), w.objective("b", 5_000))),
        ("2026-01-01", w.fund("claims", 1_000)),
        ("2026-01-01", w.fund("lab", 900, "EUR")),
        ("2026-01-01", w.propose("AI-1")),
        ("2026-01-01", w.propose("AI-2")),
        ("2026-01-01", w.align("AI-1", a=10_000)),
        ("2026-01-02", w.approve("AI-1", "claims", 300, conditions=[w.condition("K-1", "2026-01-31")])),
        ("2026-01-02", w.approve("AI-2", "claims", 100)),
        ("2026-01-03", w.request("D-1")),
        ("2026-01-03", w.request("D-2")),
        ("2026-01-04", w.close("D-2", "deferred", "2026-01-04")),
        ("2026-01-05", w.gate("AI-2", "kill", "proposed")),
    )

    def told(day: datetime.date, as_known: int = len(events)) -> dict[str, Any]:
        found = msgspec.structs.asdict(headline(replica_of(events), Moment(as_known, None, day)))
        assert found == pytest.approx(oracle.headline(events, as_known, day))
        return found

    at_last = told(FAR)
    assert (at_last["funded_minor"], at_last["approved_minor"], at_last["currency"]) == (1_000, 400, "USD")
    assert (at_last["index"], at_last["drift"], at_last["orphan_share"]) == pytest.approx((0.5, 0.5, 0.25))
    assert [at_last[name] for name in ("decisions_open", "conditions_overdue", "initiatives_active")] == [1, 1, 1]
    early = told(datetime.date(2026, 1, 3))
    assert [early[name] for name in ("decisions_open", "conditions_overdue", "initiatives_active")] == [2, 0, 2]
    assert told(FAR, 3)["index"] is None
