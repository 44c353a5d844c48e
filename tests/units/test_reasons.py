"""Every Reason, with the plainest way to it."""

from __future__ import annotations

from typing import NamedTuple

import pytest

from schemas.commands import MAX_COMMAND_BYTES
from schemas.receipts import Reason, ReasonClass
from schemas.values import MAX_MINOR
from tests.anchoring import anchoring, checkpoint
from tests.keys import vkey
from tests.notation import TODAY, Foreign, Said, by, flagged, given, given_nothing, on, refused, signed
from tests.words import (
    NO_HASH,
    Ask,
    align,
    allocate,
    amend,
    approve,
    authority,
    body,
    close,
    close_period,
    commit,
    condition,
    discharge,
    enrol,
    erase,
    flow,
    forecast,
    fund,
    gate,
    guardrails,
    hold,
    interest,
    link,
    measure,
    model,
    money,
    objective,
    objectives,
    opening,
    pay,
    plan,
    policy,
    promise,
    propose,
    rank,
    rate,
    reallocate,
    request,
    reverse,
    risk,
    score,
    vote,
)

HISTORIC = on("2024-01-15", opening(historic=True), recordedtime="2024-01-20T09:00:00Z")
SET = objectives(objective("growth", 10_000))
READY = (fund("claims", 100), propose("AI-1"))
ENDED = (*READY, gate("AI-1", "kill", "proposed"))
WITH_TWO = (*READY, propose("AI-2"))
ASKED = (enrol("ana"), request("D-1"))
CONDITIONAL = approve("AI-1", "claims", 1, conditions=[condition("K-1", "2026-06-30")])
RUN = {"gate": "G-1", "title": "Into use", "stage_from": "build", "stage_to": "run"}
SECRET = (*ASKED, vote("D-1", 3, "ana", dissent={"commitment": NO_HASH, "vault": "vault:1"}))
SUPPLY = {"pool": "people", "skill": "python", "unit": "mfte", "period": "2026-Q1", "amount": 10}
CRITERIA = [{"id": name, "title": name, "sort": "value", "weight_bp": 2_500} for name in ("a", "b", "c", "d")]
CONTRADICTING = [{"criterion": "a", "over": "b", "numerator": 9}, {"criterion": "b", "over": "c", "numerator": 9}]


BLOCKING = approve("AI-1", "claims", 1, conditions=[condition("K-1", "2026-06-30", owner="ana", blocking=True)])
LENIENT = {"use_case": "triage", "eu_class": "minimal"}
HIGH, OPEN, PROHIBITED = (LENIENT | {"eu_class": name} for name in ("high", "unclassified", "prohibited"))
TIERS = policy("tiers", 1, tiers=[{"tier": "lead", "roles": ["lead"], "up_to": money(9, "USD")}, {"tier": "top"}])
TO_THE_BOARD = policy("tiers", 1, tiers=[{"tier": "all", "body": "board"}])
WHOLE_OF_IT = [{"initiative": "AI-1", "share_bp": 10_000}]
WORTH = {"id": "worth", "title": "Worth", "sort": "value", "weight_bp": 10_000}
SIGNED = signed(fund("claims", 1), "ana")


class Way(NamedTuple):
    """What stands (None: nothing, not even an opening), and what is asked. beside: what else is flagged then."""

    stands: tuple[Ask | Said | Foreign, ...] | None
    asked: Ask | Said | bytes
    beside: tuple[Reason, ...] = ()


WAYS: dict[Reason, Way] = {
    Reason.NOT_JSON: Way((), b"fund the claims envelope"),
    Reason.TOO_LARGE: Way((), b" " * (MAX_COMMAND_BYTES + 1)),
    Reason.DUPLICATE_KEY: Way((), b'{"type":"FundEnvelope.v1","type":"FundEnvelope.v1"}'),
    Reason.UNKNOWN_TYPE: Way((), b'{"type":"SpendEverything.v1"}'),
    Reason.MALFORMED: Way((), fund("no such id", 1)),
    Reason.NO_EVIDENCE: Way((), request("D-1", evidence=[])),
    Reason.ONE_OPTION: Way((), request("D-1", options=[{"option": "no", "title": "Leave it", "do_nothing": True}])),
    Reason.NO_OWNER: Way((), risk("R-1", 5_000, owner=None)),
    Reason.NO_BASELINE: Way((), promise("B-1", baseline=None)),
    Reason.NO_SOURCE: Way((), model("gpt", "catalogued", source=None)),
    Reason.OFF_SCALE: Way(READY, rate("AI-1", "amber_red", "2026-01-12", scale="three")),
    Reason.NO_CHAIR: Way((enrol("ana"),), body("board", "ana", chair="bob")),
    Reason.NOT_A_CHECKPOINT: Way((), anchoring("example.com/log\n0\n")),
    Reason.WRONG_PORTFOLIO: Way((), on("2026-01-12", fund("claims", 1), portfolio="other-0badcafe")),
    Reason.NOT_OPEN: Way(None, fund("claims", 1)),
    Reason.ALREADY_OPEN: Way((), opening()),
    Reason.COMMAND_ID_REUSED: Way((fund("claims", 1),), on("2026-01-12", fund("claims", 2), commandid="c-2")),
    Reason.WRONG_SUBJECT: Way((), fund("claims", 1)._replace(about="envelope/data")),
    Reason.RECORDED_TIME_STATED: Way((), on("2026-01-12", fund("claims", 1), recordedtime="2026-01-12T08:00:00Z")),
    Reason.RECORDED_TIME_BACKWARDS: Way(
        (HISTORIC,), on("2024-01-15", fund("claims", 1), recordedtime="2024-01-20T08:00:00Z")
    ),
    Reason.RECORDED_TIME_AHEAD: Way(
        (HISTORIC,), on("2024-01-15", fund("claims", 1), recordedtime="2026-01-12T08:00:01Z")
    ),
    Reason.SIGNATURE_MISSING: Way((policy("signing", 1, commands=["FundEnvelope"]),), fund("claims", 1)),
    Reason.KEY_UNKNOWN: Way((), SIGNED),
    Reason.KEY_REVOKED: Way((enrol("ana", vkey=vkey("ana")), enrol("ana", vkey=vkey("ana"), status="revoked")), SIGNED),
    Reason.SIGNATURE_INVALID: Way((), on(TODAY, fund("claims", 1), signatures="— ana signed")),
    Reason.INITIATIVE_EXISTS: Way(READY, propose("AI-1")),
    Reason.UNKNOWN_INITIATIVE: Way(READY, approve("AI-2", "claims", 1)),
    Reason.UNKNOWN_ENVELOPE: Way(READY, approve("AI-1", "data", 1)),
    Reason.UNKNOWN_OBJECTIVE: Way((SET, *READY), align("AI-1", speed=1)),
    Reason.OBJECTIVE_MISSING: Way((SET,), objectives(objective("speed", 10_000))),
    Reason.OBJECTIVE_TWICE: Way((), objectives(objective("growth", 5_000), objective("growth", 5_000))),
    Reason.UNKNOWN_COMMITMENT: Way(READY, pay(None, "claims", "P-1", 1, commitment="C-1")),
    Reason.POSTING_REF_LIVE: Way((*READY, pay(None, "claims", "P-1", 1)), pay(None, "claims", "P-1", 2)),
    Reason.UNKNOWN_ACTOR: Way((), body("board", "ana")),
    Reason.UNKNOWN_BODY: Way((), authority("A-1", "board", 1, kind="body")),
    Reason.UNKNOWN_SEAT: Way((enrol("ana"),), body("board", "ana", quorum={"votes": 1, "seats": ["cfo"]})),
    Reason.UNKNOWN_CRITERION: Way(READY, score("AI-1", 1, value=5)),
    Reason.UNKNOWN_STAGE: Way((), policy("gates", 1, stages=["build"], gates=[RUN])),
    Reason.UNKNOWN_RULE: Way((), policy("guardrails", 1, rules=[{"rule": "OVER_BOARD", "action": "flag"}])),
    Reason.UNKNOWN_DECISION: Way((), vote("D-1", 1, "ana")),
    Reason.UNKNOWN_OPTION: Way((), request("D-1", recommended="maybe")),
    Reason.UNKNOWN_CONDITION: Way((), discharge("K-1")),
    Reason.UNKNOWN_BENEFIT: Way((), measure("B-1", "2026-Q1", "claimed")),
    Reason.NAMED_TWICE: Way(READY, rank(("AI-1", 1, None), ("AI-1", 2, None))),
    Reason.KEY_USED: Way((enrol("ana", vkey=vkey("ana")),), enrol("bob", vkey=vkey("ana"))),
    Reason.CONDITION_EXISTS: Way((*READY, CONDITIONAL), CONDITIONAL),
    Reason.CONDITION_CLOSED: Way((*READY, CONDITIONAL, discharge("K-1")), discharge("K-1", "waived")),
    Reason.DECISION_CLOSED: Way((request("D-1"), close("D-1", "deferred", "2026-01-12")), request("D-1")),
    Reason.REQUEST_CHANGED: Way((*ASKED, request("D-1", question="Really?")), vote("D-1", 3, "ana")),
    Reason.VOTED_ALREADY: Way((*ASKED, vote("D-1", 3, "ana")), vote("D-1", 3, "ana", "reject")),
    Reason.CYCLE: Way((*WITH_TWO, link("AI-1", "depends_on", "AI-2")), link("AI-2", "depends_on", "AI-1")),
    Reason.RANK_DIFFERS: Way(READY, rank(("AI-1", 1, 2))),
    Reason.STAGE_BACKWARDS: Way((model("gpt", "stage", stage="legacy"),), model("gpt", "stage", stage="ga")),
    Reason.PERIOD_REPORTED: Way((flow("retail", "2026-Q1", 1, 2),), flow("retail", "2026-02", 1, 2)),
    Reason.PERIOD_CLOSED: Way((*READY, close_period("FY2026")), fund("claims", 1)),
    Reason.NOT_CLOSED: Way((), close_period("FY2026", "reopened")),
    Reason.UNKNOWN_ENTRY: Way(READY, reverse(4, "void")),
    Reason.ALREADY_REVERSED: Way((*READY, reverse(2, "void")), reverse(2, "void", reason="Twice.")),
    Reason.IS_REVERSAL: Way((*READY, reverse(2, "void")), reverse(4, "void")),
    Reason.NOT_REVERSIBLE: Way(READY, reverse(1, "void")),
    Reason.NOT_NEWEST: Way((*READY, amend("AI-1", lead="lee"), amend("AI-1", lead="mia")), reverse(4, "void")),
    Reason.NOTHING_CHANGES: Way(READY, amend("AI-1", sponsor="sam")),
    Reason.INITIATIVE_ENDED: Way(ENDED, approve("AI-1", "claims", 1)),
    Reason.SELF_REFERENCE: Way(READY, propose("AI-2", parent="AI-2")),
    Reason.STAGE_MISMATCH: Way(READY, gate("AI-1", "go", "scope", "build")),
    Reason.OBJECTIVE_RETIRED: Way(
        (objectives(objective("growth", 10_000), objective("old", 0, status="retired")), *READY), align("AI-1", old=1)
    ),
    Reason.OBJECTIVE_HAS_SHARES: Way(
        (SET, *READY, align("AI-1", growth=1)),
        objectives(objective("growth", 0, status="retired"), objective("speed", 10_000)),
    ),
    Reason.OTHER_LOG: Way((), anchoring(checkpoint([bytes(32)], origin="other-0badcafe").decode())),
    Reason.SIZE_AHEAD: Way((), anchoring(checkpoint([bytes(32)] * 2).decode())),
    Reason.NO_SUCH_TEXT: Way((), erase(1, "data.reason", NO_HASH)),
    Reason.ALREADY_ERASED: Way((*SECRET, erase(4, "data.dissent", NO_HASH)), erase(4, "data.dissent", NO_HASH)),
    Reason.UNKNOWN_HOLD: Way((), hold("H-1", status="released")),
    Reason.ON_HOLD: Way((*SECRET, hold("H-1")), erase(4, "data.dissent", NO_HASH)),
    Reason.WRONG_CURRENCY: Way(READY, approve("AI-1", "claims", 1, "EUR")),
    Reason.ZERO_AMOUNT: Way((), fund("claims", 0)),
    Reason.WRONG_SIGN: Way((), fund("claims", -1)),
    Reason.OUT_OF_RANGE: Way(READY, fund("claims", MAX_MINOR)),
    Reason.WEIGHTS_SUM: Way((), objectives(objective("growth", 9_999))),
    Reason.SHARES_SUM: Way(
        (objectives(objective("growth", 5_000), objective("safety", 5_000)), *READY),
        align("AI-1", growth=5_000, safety=5_001),
    ),
    Reason.LEG_MISSING: Way(READY, fund("claims", 1, kind="transfer")),
    Reason.BASELINE_NUMBER: Way(READY, plan("AI-1", 2, 1)),
    Reason.FINISH_BEFORE_START: Way(READY, plan("AI-1", 1, 1, start="2026-01-02", finish="2026-01-01")),
    Reason.POLICY_VERSION: Way((), policy("tolerance", 2, lateness_days=30)),
    Reason.INCONSISTENT: Way(
        (), policy("prioritisation", 1, method="ahp", criteria=CRITERIA, judgements=CONTRADICTING)
    ),
    Reason.QUORUM_SIZE: Way((enrol("ana"),), body("board", "ana", votes=2)),
    Reason.TALLY_DIFFERS: Way((request("D-1"),), close("D-1", "approved", "2026-01-12", {"approve": 1})),
    Reason.TOTALS_DIFFER: Way(READY, close_period("FY2026", totals=[])),
    Reason.FORECAST_DATE: Way(READY, forecast("AI-1", "2026-01-13", 1)),
    Reason.PROOF_FAILS: Way((), anchoring(checkpoint([bytes(32)]).decode())),
    Reason.NOT_REGISTRAR: Way((), enrol("bob")),
    Reason.SELF_ENROLMENT: Way((), by("reg", enrol("reg", person="p-1", roles=["cfo"]))),
    Reason.NOT_ONESELF: Way((enrol("ana"), enrol("bob")), interest("bob", "supplier", "Acme")),
    Reason.BEFORE_RECORDED: Way((), on("2026-01-11", policy("signing", 1, commands=[]))),
    Reason.SELF_GRANT: Way((enrol("ana"),), authority("A-1", "ana", 1)),
    Reason.BEYOND_GRANTOR: Way((enrol("bob"),), authority("A-1", "bob", 1, instrument=None)),
    Reason.NO_DECISION: Way((), SET),
    Reason.BEYOND_DECISION: Way(
        (request("D-1", kind="priority"), close("D-1", "approved", "2026-01-12")), on(TODAY, SET, decisionid="D-1")
    ),
    Reason.NO_AUTHORITY: Way(READY, approve("AI-1", "claims", 1)),
    Reason.OVER_LIMIT: Way((*READY, enrol("ana"), authority("A-1", "ana", 50)), approve("AI-1", "claims", 51)),
    Reason.WRONG_TIER: Way((*READY, TIERS), approve("AI-1", "claims", 1)),
    Reason.SELF_APPROVAL: Way((fund("claims", 9), propose("AI-1", sponsor="ana")), approve("AI-1", "claims", 1)),
    Reason.NOT_SEATED: Way(ASKED, vote("D-1", 3, "ana")),
    Reason.SELF_VOTE: Way(ASKED, vote("D-1", 3, "ana")),
    Reason.NO_MINUTES: Way((enrol("bob"), request("D-1")), vote("D-1", 3, "bob")),
    Reason.INTEREST: Way(
        (enrol("ana"), interest("ana", "supplier", "Acme"), request("D-1", suppliers=["Acme"])), vote("D-1", 4, "ana")
    ),
    Reason.WRONG_BODY: Way(
        (enrol("ana"), body("board", "ana"), TO_THE_BOARD, request("D-1", amount=money(1, "USD"))),
        close("D-1", "approved", "2026-01-12"),
    ),
    Reason.NO_QUORUM: Way(
        (enrol("ana"), body("board", "ana"), request("D-1")), close("D-1", "rejected", "2026-01-12", body="board")
    ),
    Reason.AGAINST_VOTES: Way((request("D-1"),), close("D-1", "approved", "2026-01-12")),
    Reason.NOT_RATIFIABLE: Way(
        (request("D-1"), request("D-2")), close("D-2", "approved", "2026-01-12", ratifies="D-1")
    ),
    Reason.NO_RATIFY_BY: Way(READY, on(TODAY, approve("AI-1", "claims", 1), basis="emergency")),
    Reason.UNRATIFIED: Way(
        (*READY, on(TODAY, approve("AI-1", "claims", 1, ratify_by="2026-01-11"), basis="emergency")),
        approve("AI-1", "claims", 1),
    ),
    Reason.SPONSOR_LEADS: Way((), propose("AI-1", sponsor="sam", lead="sam")),
    Reason.SELF_ASSESSED: Way(
        (propose("AI-1", sponsor="ana"), policy("prioritisation", 1, method="weighted", criteria=[WORTH])),
        score("AI-1", 1, worth=5),
    ),
    Reason.OWNER_LEADS: Way((propose("AI-1", lead="olga"),), promise("B-1", initiatives=WHOLE_OF_IT, owner="olga")),
    Reason.SELF_VALIDATED: Way((promise("B-1", owner="ana"),), measure("B-1", "2026-Q1", "validated")),
    Reason.NOT_INDEPENDENT: Way((propose("AI-1", lead="ana"),), rate("AI-1", "green", "2026-01-12")),
    Reason.OWNER_ALONE: Way((*READY, BLOCKING), discharge("K-1")),
    Reason.SELF_REVERSAL: Way(READY, reverse(2, "void")),
    Reason.PROHIBITED_USE: Way((), propose("AI-1", ai=PROHIBITED)),
    Reason.NO_COMPLIANCE_VOTE: Way((fund("claims", 9), propose("AI-1", ai=HIGH)), approve("AI-1", "claims", 1)),
    Reason.UNCLASSIFIED_USE: Way(
        (propose("AI-1", ai=OPEN), gate("AI-1", "go", "proposed", "build")), gate("AI-1", "go", "build", "run")
    ),
    Reason.CLASS_LOWERED: Way((propose("AI-1", ai=HIGH),), amend("AI-1", ai=LENIENT)),
    Reason.UNALIGNED: Way((*READY, guardrails(min_aligned_bp=1)), approve("AI-1", "claims", 1)),
    Reason.CONDITION_OPEN: Way((*READY, BLOCKING), approve("AI-1", "claims", 1)),
    Reason.CRITERIA_NOT_MET: Way(
        (propose("AI-1"),), gate("AI-1", "go", "proposed", "build", must=[{"criterion": "case", "met": False}])
    ),
    Reason.COMMITMENT_UNTREATED: Way(
        (*READY, approve("AI-1", "claims", 1), commit("AI-1", "claims", "C-1", 1)), gate("AI-1", "kill", "proposed")
    ),
    Reason.LATE: Way((policy("tolerance", 1, lateness_days=30),), on("2025-12-12", fund("claims", 1))),
    Reason.UNDOCUMENTED: Way(
        (policy("tolerance", 1, lateness_days=30),), on("2025-12-12", fund("claims", 1)), (Reason.LATE,)
    ),
    Reason.UNEXPLAINED: Way((*READY, guardrails(OVER_ENVELOPE="flag")), approve("AI-1", "claims", 101)),
    Reason.OVER_ENVELOPE: Way(READY, approve("AI-1", "claims", 101)),
    Reason.OVER_APPROVED: Way(READY, commit("AI-1", "claims", "C-1", 1)),
    Reason.OVER_COMMITMENT: Way(
        (*READY, approve("AI-1", "claims", 9), commit("AI-1", "claims", "C-1", 1)),
        pay("AI-1", "claims", "P-1", 2, commitment="C-1"),
    ),
    Reason.SHORT_OF_FUNDS: Way(WITH_TWO, reallocate(("AI-1", "claims"), ("AI-2", "claims"), 1)),
    Reason.IN_CLOSED_PERIOD: Way(
        (*READY, approve("AI-1", "claims", 1), close_period("2026-01")), commit("AI-1", "claims", "C-1", 1)
    ),
    Reason.OVER_CAPACITY: Way((*READY, policy("capacity", 1, supply=[SUPPLY])), allocate("AI-1", "2026-Q1", 11)),
    Reason.OVER_ATTRIBUTED: Way(
        (promise("B-1"), promise("B-2"), measure("B-1", "2026-Q1", "claimed")), measure("B-2", "2026-Q1", "claimed")
    ),
    Reason.AFTER_END: Way(
        (*READY, approve("AI-1", "claims", 1), gate("AI-1", "kill", "proposed")), pay("AI-1", "claims", "P-1", 1)
    ),
}


TOLD_BY_THE_SERVICE = {Reason.WRONG_ADDRESS, Reason.BUSY, Reason.UNAVAILABLE, Reason.FAILED}
"""No decider tells them: see the tests of the service."""


@pytest.mark.parametrize("reason", WAYS, ids=lambda reason: reason.name)
def test_there_is_a_way_to(reason: Reason) -> None:
    way = WAYS[reason]
    stands = given_nothing() if way.stands is None else given(*way.stands)
    flags = reason.follows_policy and reason is not Reason.UNEXPLAINED
    stands.when(way.asked).then(flagged(reason, *way.beside) if flags else refused(reason))


def test_no_reason_is_without_a_way() -> None:
    assert [*WAYS] == [reason for reason in Reason if reason not in TOLD_BY_THE_SERVICE]


# In which order.

TWO_PROBLEMS = [
    (None, on("2026-01-12", fund("claims", 1), recordedtime="2026-01-12T08:00:00Z"), Reason.NOT_OPEN),
    ((), on("2026-01-12", fund("claims", 0), recordedtime="2026-01-12T08:00:00Z"), Reason.RECORDED_TIME_STATED),
    (READY, on("2026-01-12", fund("data", 0)._replace(about="envelope/x"), commandid="c-2"), Reason.COMMAND_ID_REUSED),
    (READY, approve("AI-9", "data", 0), Reason.UNKNOWN_INITIATIVE),
    (READY, approve("AI-1", "claims", 0, "EUR"), Reason.WRONG_CURRENCY),
    ((*READY, reverse(2, "void")), reverse(2, "counter", reason="Twice."), Reason.ALREADY_REVERSED),
    (READY, fund("claims", -MAX_MINOR), Reason.WRONG_SIGN),
]
OUT_OF_ORDER = [
    (READY, fund("claims", 1, "EUR", counter_envelope="data"), Reason.UNKNOWN_ENVELOPE),
    ((SET,), objectives(objective("speed", 5_000), objective("speed", 5_000)), Reason.OBJECTIVE_MISSING),
    (
        (SET, *READY, align("AI-1", growth=1)),
        objectives(objective("growth", 0, status="retired"), objective("speed", 9_999)),
        Reason.OBJECTIVE_HAS_SHARES,
    ),
    (ENDED, amend("AI-1", parent="AI-9"), Reason.UNKNOWN_INITIATIVE),
]


@pytest.mark.parametrize(("stands", "asked", "first"), TWO_PROBLEMS)
def test_of_two_problems_the_one_listed_first_is_told(
    stands: tuple[Ask, ...] | None, asked: Ask | Said, first: Reason
) -> None:
    (given_nothing() if stands is None else given(*stands)).when(asked).then(refused(first))


@pytest.mark.parametrize(("stands", "asked", "first"), OUT_OF_ORDER)
def test_the_order_of_reasons_is_the_order_of_the_guards(stands: tuple[Ask, ...], asked: Ask, first: Reason) -> None:
    given(*stands).when(asked).then(refused(first))


def test_reasons_of_a_class_stand_together() -> None:
    classes = [reason.of_class for reason in Reason]
    assert sorted(classes, key=[*ReasonClass].index) == classes
