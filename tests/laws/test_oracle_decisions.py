"""The oracle of decisions and what they rest on agrees with cases worked out by hand."""

import datetime

from tests import words as w
from tests.oracle_decisions import benefits, decisions, gates, history, models, needs
from tests.teller import START, events_of

D = datetime.date
LAST = 10**6
"""A sequence after every history here."""

HIDDEN = {"commitment": w.NO_HASH, "vault": "vault:1"}


def funded(*initiatives, minor=1_000):
    """Return what every case begins with: an envelope and initiatives, sequences 2 and up."""
    return [
        ("2026-01-01", w.fund("claims", minor)),
        *(("2026-01-01", w.propose(name)) for name in initiatives),
    ]


def only(rows, **where):
    """Return the one row that fits."""
    (row,) = [row for row in rows if all(row[name] == value for name, value in where.items())]
    return row


def test_a_request_with_two_votes_and_a_dissent():
    events = events_of(
        ("2026-01-01", w.enrol("ana")),
        ("2026-01-01", w.enrol("bob")),
        ("2026-01-05", w.request("D-1", kind="gate", trigger=3, recommended="yes", due="2026-01-20")),
        ("2026-01-06", w.vote("D-1", 4, "ana")),
        ("2026-01-07", w.vote("D-1", 4, "bob", "reject", dissent="Too dear.")),
        ("2026-01-15", w.close("D-1", "approved", "2026-01-14", {"approve": 1, "reject": 1}, option="yes")),
    )
    still_open = {
        "decision": "D-1",
        "kind": "gate",
        "question": "Shall we D-1?",
        "requested_on": D(2026, 1, 5),
        "due": D(2026, 1, 20),
        "tier": None,
        "body": None,
        "options": 2,
        "recommended": "yes",
        "approve": 1,
        "reject": 0,
        "abstain": 0,
        "recuse": 0,
        "advise": 0,
        "dissent": None,
        "outcome": "open",
        **dict.fromkeys(("option", "closed_on", "days_to_decide")),
        "trigger": 3,
        "days_since_trigger": None,
        "request_sequence": 4,
        "closed_sequence": None,
    }
    assert decisions(events, LAST, D(2026, 1, 4)) == []
    assert decisions(events, LAST, D(2026, 1, 6)) == [still_open]
    closed = {"reject": 1, "dissent": "bob: Too dear.", "outcome": "approved", "option": "yes", "closed_sequence": 7}
    closed |= {"closed_on": D(2026, 1, 15), "days_to_decide": 10, "days_since_trigger": 14}
    assert decisions(events, LAST, D(2026, 1, 15)) == [still_open | closed]


def test_a_vote_stays_with_the_request_it_was_cast_on():
    events = events_of(
        ("2026-01-01", w.enrol("ana")),
        ("2026-01-01", w.enrol("bob")),
        ("2026-01-01", w.request("D-1", question=HIDDEN)),
        ("2026-01-02", w.vote("D-1", 4, "ana", dissent=HIDDEN)),
        ("2026-01-03", w.vote("D-1", 4, "bob", "advise", dissent="Wait.")),
        ("2026-01-05", w.request("D-1")),
        ("2026-01-04", w.vote("D-1", 7, "ana", "reject")),
        ("2026-01-06", w.reverse(8, "void")),
        ("2026-01-06", w.reverse(7, "void")),
    )
    asked = {k: only(decisions(events, k, D(2026, 1, 9))) for k in (6, 7, 8, 9, 10)}
    counted = {k: (row["request_sequence"], row["approve"], row["reject"], row["advise"]) for k, row in asked.items()}
    assert counted == {6: (4, 1, 0, 1), 7: (7, 0, 0, 0), 8: (7, 0, 1, 0), 9: (7, 0, 0, 0), 10: (4, 1, 0, 1)}
    assert asked[10]["question"] == f"commitment:{w.NO_HASH}"
    assert asked[10]["dissent"] == f"ana: commitment:{w.NO_HASH}; bob: Wait."
    early = only(decisions(events, 8, D(2026, 1, 4)))
    assert (early["request_sequence"], early["approve"], early["reject"]) == (4, 1, 0), "by then the first one holds"


def test_a_gate_with_an_overdue_condition():
    conditions = [w.condition("K-1", "2026-02-01"), w.condition("K-2", "2026-02-01"), w.condition("K-3", "2026-12-31")]
    events = events_of(
        *funded("AI-1", "AI-2", "AI-3"),
        (
            "2026-01-02",
            w.gate("AI-1", "conditional_go", "proposed", "build", conditions=conditions, reason="Go."),
        ),
        ("2026-01-02", w.gate("AI-2", "hold", "proposed", next_gate_on="2026-06-30")),
        ("2026-01-03", w.gate("AI-3", "kill", "proposed")),
        ("2026-02-02", w.discharge("K-1", "waived")),
    )
    rows, totals = gates(events, LAST, D(2026, 2, 2))
    assert rows[0] == {
        "sequence": 6,
        "initiative": "AI-1",
        "title": "Initiative AI-1",
        "gate": "after-proposed",
        "stage_from": "proposed",
        "stage_to": "build",
        "outcome": "conditional_go",
        "effective_on": D(2026, 1, 2),
        "conditions": 3,
        "conditions_open": 2,
        "conditions_overdue": 1,
        "next_gate_on": None,
        "reason": "Go.",
    }
    assert [row["next_gate_on"] for row in rows] == [None, D(2026, 6, 30), None]
    assert totals == {"decisions": 3, "kills": 1, "holds": 1, "kill_rate": 0.5}, "a hold decides nothing"
    assert [gates(events, LAST, day)[0][0]["conditions_overdue"] for day in (D(2026, 2, 1), D(2027, 1, 1))] == [0, 2]
    assert gates(events, 7, D(2026, 2, 2))[1]["kill_rate"] == 0
    assert gates(events, 5, D(2026, 2, 2)) == ([], {"decisions": 0, "kills": 0, "holds": 0, "kill_rate": None})


def test_a_model_announced_rescheduled_and_cancelled_and_one_that_takes_over():
    events = events_of(
        *funded("AI-1", "AI-2", "AI-3"),
        ("2026-01-02", w.approve("AI-1", "claims", 300)),
        ("2026-01-02", w.approve("AI-2", "claims", 100)),
        ("2026-01-02", w.approve("AI-3", "claims", 400)),
        ("2026-01-02", w.link("AI-1", "ai_model", "opal", "primary")),
        ("2026-01-02", w.link("AI-1", "ai_model", "ruby", "fallback", to="2026-01-31")),
        ("2026-01-02", w.link("AI-2", "ai_model", "opal", "primary")),
        ("2026-01-02", w.link("AI-2", "ai_model", "opal", "fallback")),
        ("2026-01-05", w.model("opal", "catalogued", stage="ga")),
        ("2026-01-10", w.model("opal", "retirement_announced", announced_on="2026-01-08", effective_on="2026-06-30")),
        ("2026-01-15", w.model("opal", "rescheduled", effective_on="2026-09-30", stage="deprecated")),
        ("2026-01-20", w.model("opal", "cancelled", provider="Brandt")),
        ("2026-02-05", w.gate("AI-2", "kill", "proposed")),
    )
    opal = {day: only(models(events, LAST, D(2026, 1, day)), model="opal") for day in (4, 5, 10, 15, 20)}
    assert opal[10] == {
        "model": "opal",
        "name": "Opal",
        "provider": "Acme",
        "stage": "ga",
        "announced_on": D(2026, 1, 8),
        "retires_on": D(2026, 6, 30),
        "days_left": 171,
        "dependents": 2,
        "without_fallback": 1,
        "approved_minor": 400,
        "exposed_minor": 100,
        "share": 0.5,
        "currency": "USD",
        "last_sequence": 14,
    }
    fields = ("name", "provider", "stage", "announced_on", "retires_on", "last_sequence")
    assert [opal[4][name] for name in fields] == [None] * 6, "only a link names it"
    assert [opal[5][name] for name in fields] == ["Opal", "Acme", "ga", None, None, 13]
    assert [opal[15][name] for name in fields[2:]] == ["deprecated", D(2026, 1, 8), D(2026, 9, 30), 15]
    assert [opal[20][name] for name in fields[1:]] == ["Brandt", "deprecated", None, None, 16]
    ruby = only(models(events, LAST, D(2026, 1, 31)), model="ruby")
    assert (ruby["dependents"], ruby["approved_minor"], ruby["share"]) == (0, 0, 0.0)
    (after,) = models(events, LAST, D(2026, 2, 1))
    assert (after["without_fallback"], after["exposed_minor"]) == (2, 400), "the fallback ended the day before"
    (later,) = models(events, LAST, D(2026, 2, 5))
    assert (later["dependents"], later["approved_minor"], later["share"]) == (1, 300, 0.375), "AI-2 was killed"


def test_what_was_claimed_and_what_was_validated():
    usd, eur = (lambda minor: w.money(minor, "USD")), (lambda minor: w.money(minor, "EUR"))
    events = events_of(
        (
            "2026-01-01",
            w.promise("B-1", ("2026-Q1", "1", usd(100)), ("2026-Q2", "2", usd(300)), ("2026-Q3", "1", eur(5))),
        ),
        ("2026-01-01", w.promise("B-2", ("2026", "1", None), measure="faults", objective=None)),
        ("2026-04-01", w.measure("B-1", "2026-Q1", "claimed", usd(90))),
        ("2026-04-02", w.measure("B-1", "2026-Q1", "claimed", usd(80))),
        ("2026-04-01", w.measure("B-1", "2026-Q1", "claimed", usd(70))),
        ("2026-07-01", w.measure("B-1", "2026-Q2", "claimed", usd(300))),
        ("2026-07-01", w.measure("B-1", "2026-Q3", "claimed", eur(300))),
        ("2026-07-02", w.measure("B-1", "2026-Q1", "validated", usd(60))),
        ("2026-07-03", w.measure("B-1", "2026-Q2", "rejected", usd(300))),
        ("2026-07-03", w.measure("B-2", "2026", "validated", usd(7))),
    )
    first, second = benefits(events, LAST, D(2026, 12, 31))
    assert first == {
        "benefit": "B-1",
        "title": "Benefit B-1",
        "type": "cashable",
        "owner": "olga",
        "objective": None,
        "currency": "USD",
        "planned_minor": 400,
        "claimed_minor": 380,
        "validated_minor": 60,
        "realised": 0.15,
        "measured": 7,
        "last_sequence": 10,
    }
    told = ("currency", "planned_minor", "claimed_minor", "validated_minor", "realised", "measured", "last_sequence")
    assert [second[name] for name in told] == ["USD", 0, 0, 7, None, 1, 11]
    claimed = [benefits(events, LAST, D(2026, 4, day))[0]["claimed_minor"] for day in (1, 2)]
    assert claimed == [70, 80], "of one period the later date holds, and then the later entry"


def test_each_kind_of_need():
    events = events_of(
        *funded("AI-1", "AI-2", minor=100),
        ("2026-01-02", w.approve("AI-1", "claims", 130, conditions=[w.condition("K-1", "2026-01-31", text=HIDDEN)])),
        ("2026-01-02", w.link("AI-1", "ai_model", "opal", "primary")),
        ("2026-01-03", w.model("opal", "retirement_announced", effective_on="2026-03-31")),
        ("2026-01-04", w.request("D-1", amount=w.money(55, "USD"), due="2026-02-10")),
        ("2026-01-04", w.request("D-2", amount=w.money(55, "EUR"))),
        ("2026-02-01", w.reallocate(("AI-1", "claims"), ("AI-2", "claims"), 30)),
    )
    kinds = ("kind", "subject", "title", "due", "days", "amount_minor", "sequence")
    assert [tuple(row.values()) for row in needs(events, LAST, D(2026, 2, 1))] == [
        ("condition_overdue", "K-1", f"commitment:{w.NO_HASH}", D(2026, 1, 31), 1, None, 5),
        ("decision_open", "D-1", "Shall we D-1?", D(2026, 2, 10), -9, 55, 8),
        ("decision_open", "D-2", "Shall we D-2?", None, None, None, 9),
        ("model_retiring", "opal", "Opal", D(2026, 3, 31), -58, 100, 7),
        ("over_envelope", "claims", None, None, None, -30, 10),
    ]
    assert tuple(needs(events, LAST, D(2026, 2, 1))[0]) == kinds
    assert [row["kind"] for row in needs(events, LAST, D(2026, 1, 2))] == ["over_envelope"]
    settled = events_of(
        *funded("AI-1", minor=100),
        ("2026-01-02", w.approve("AI-1", "claims", 130, conditions=[w.condition("K-1", "2026-01-31")])),
        ("2026-02-01", w.discharge("K-1")),
        ("2026-01-05", w.reverse(4, "counter")),
    )
    assert [(row["kind"], row["days"]) for row in needs(settled, LAST, D(2026, 2, 1))] == []
    (before,) = needs(settled, 5, D(2026, 2, 1))
    assert (before["kind"], before["sequence"]) == ("over_envelope", 4)


def test_the_history_of_an_initiative_says_what_holds():
    events = events_of(
        *funded("AI-1", "AI-2"),
        ("2026-03-01", w.amend("AI-1", title="Triage", ai={"use_case": "triage", "eu_class": "high"})),
        ("2026-02-01", w.amend("AI-1", title="Recorded later, true earlier")),
        ("2026-01-02", w.approve("AI-1", "claims", 90)),
        ("2026-01-03", w.reallocate(("AI-1", "claims"), ("AI-2", "claims"), 40)),
        ("2026-01-04", w.plan("AI-1", 1, 5, 6, finish="2026-12-31")),
        ("2026-01-05", w.plan("AI-1", 2)),
        ("2026-01-05", w.align("AI-1")),
        ("2026-01-05", w.forecast("AI-1", "2026-01-05", 7, 8)),
        ("2026-01-05", w.rate("AI-1", "amber", "2026-01-05")),
        ("2026-01-05", w.rank(("AI-2", 1, None), ("AI-1", 2, None))),
        ("2026-01-05", w.link("AI-1", "ai_model", "opal", "primary")),
        ("2026-01-05", w.link("AI-1", "backlog", "JIRA-1")),
        ("2026-01-06", w.gate("AI-1", "hold", "proposed")),
        ("2026-01-07", w.reverse(7, "counter")),
    )
    rows = history(events, LAST, D(2026, 3, 1), "AI-1")
    assert [(row["sequence"], row["field"], row["value"], row["holds"]) for row in rows] == [
        (3, "horizon", "unknown", True),
        (3, "kind", "unclassified", True),
        (3, "sponsor", "sam", True),
        (3, "title", "Initiative AI-1", False),
        (3, "value_stream", "retail", True),
        (5, "eu_class", "high", True),
        (5, "title", "Triage", True),
        (6, "title", "Recorded later, true earlier", False),
        (7, "approved", "90 USD from claims", True),
        (8, "approved", "-40 USD from claims", True),
        (9, "baseline", "1", False),
        (9, "cost", "11 USD", True),
        (9, "finish", "2026-12-31", True),
        (10, "baseline", "2", True),
        (11, "alignment", "none", True),
        (12, "forecast", "15 USD", True),
        (13, "assurance", "amber", True),
        (14, "rank", "2", True),
        (15, "link", "ai_model primary opal", True),
        (16, "link", "backlog JIRA-1", True),
        (17, "stage", "proposed", True),
        (17, "status", "held", True),
        (18, "approved", "-90 USD from claims", True),
    ]
    assert rows[0]["recorded_at"] > START
    february = history(events, LAST, D(2026, 2, 1), "AI-1")
    assert [row["sequence"] for row in february if row["field"] == "title" and row["holds"]] == [6]
    other = history(events, LAST, D(2026, 3, 1), "AI-2")
    assert [(row["field"], row["value"]) for row in other[5:]] == [("approved", "40 USD from claims"), ("rank", "1")]


def test_an_initiative_nobody_proposed_has_no_history():
    assert history(events_of(*funded("AI-1")), LAST, D(2026, 1, 1), "AI-2") == []
