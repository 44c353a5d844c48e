"""Version "1": for each command who may decide it, and what has to hold, after what is wrong in itself.

WHO is not asked of a historic import: the source's own governance is not the ledger's to judge.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ledger.rules import ballots, grants, holds
from ledger.rules.authority import Act, a_decision_stands_behind, decided_by_those_who_may
from ledger.rules.case import Case
from ledger.rules.guards import Guards
from schemas import commands as c

Governing = Callable[[Any, Case], Guards]


def _set_objectives(_: c.SetObjectives, case: Case) -> Guards:
    yield a_decision_stands_behind(case, "objectives")
    yield from decided_by_those_who_may(case, Act("objectives"))


def _adopt_policy(ask: c.AdoptPolicy, case: Case) -> Guards:
    yield from grants.adopt_policy(ask, case)
    yield a_decision_stands_behind(case, "policy")
    yield from decided_by_those_who_may(case, Act("policy"))


def _fund_envelope(ask: c.FundEnvelope, case: Case) -> Guards:
    data = ask.data
    envelopes = (data.envelope,) if data.counter_envelope is None else (data.envelope, data.counter_envelope)
    yield from decided_by_those_who_may(
        case, Act("funding", envelopes=envelopes, capex_opex=(data.capex_opex,), amount=data.amount)
    )


def _set_priority(ask: c.SetPriority, case: Case) -> Guards:
    moved = tuple(move.initiative for move in ask.data.moves)
    yield a_decision_stands_behind(case, "priority")
    yield from decided_by_those_who_may(case, Act("priority", moved))


def _set_baseline(ask: c.SetBaseline, case: Case) -> Guards:
    """The first plan is the lead's to make; another one is a decision."""
    if ask.data.number > 1:
        yield a_decision_stands_behind(case, "baseline")
        yield from decided_by_those_who_may(case, Act("baseline", (ask.data.initiative,)))


def _approve_funding(ask: c.ApproveFunding, case: Case) -> Guards:
    data = ask.data
    whose = (data.initiative,)
    act = Act("funding", whose, (data.envelope,), (data.capex_opex,), data.amount, growing=whose)
    yield from decided_by_those_who_may(case, act)


def _reallocate_funding(ask: c.ReallocateFunding, case: Case) -> Guards:
    """Authority over both: where the money comes from and where it goes."""
    source, target = ask.data.source, ask.data.target
    growing = () if source.initiative == target.initiative else (target.initiative,)
    act = Act(
        "reallocation",
        (target.initiative, source.initiative),
        (target.envelope, source.envelope),
        (target.capex_opex, source.capex_opex),
        ask.data.amount,
        growing,
    )
    yield from decided_by_those_who_may(case, act)


def _decide_gate(ask: c.DecideGate, case: Case) -> Guards:
    yield from decided_by_those_who_may(case, Act("gate", (ask.data.initiative,)))


def _discharge_condition(ask: c.DischargeCondition, case: Case) -> Guards:
    if ask.data.outcome == "waived":
        terms = case.book.terms.get(ask.data.condition)
        yield from decided_by_those_who_may(case, Act("waiver", () if terms is None else terms.initiatives))


def _close_period(_: c.ClosePeriod, case: Case) -> Guards:
    yield from decided_by_those_who_may(case, Act("close"))


WHO: dict[type[c.Command], Governing] = {
    c.EnrolActor: grants.enrol_actor,
    c.SetObjectives: _set_objectives,
    c.AdoptPolicy: _adopt_policy,
    c.SetAuthority: grants.set_authority,
    c.FundEnvelope: _fund_envelope,
    c.SetPriority: _set_priority,
    c.SetBaseline: _set_baseline,
    c.RecordVote: ballots.record_vote,
    c.ApproveFunding: _approve_funding,
    c.ReallocateFunding: _reallocate_funding,
    c.DecideGate: _decide_gate,
    c.DischargeCondition: _discharge_condition,
    c.ClosePeriod: _close_period,
    c.CloseDecision: ballots.close_decision,
    c.SetBody: grants.set_body,
    c.DeclareInterest: grants.declare_interest,
}

WHAT: dict[type[c.Command], Governing] = {
    c.ProposeInitiative: holds.propose_initiative,
    c.ScoreInitiative: holds.score_initiative,
    c.ApproveFunding: holds.approve_funding,
    c.ReallocateFunding: holds.reallocate_funding,
    c.DecideGate: holds.decide_gate,
    c.DischargeCondition: holds.discharge_condition,
    c.RateAssurance: holds.rate_assurance,
    c.PlanBenefit: holds.plan_benefit,
    c.MeasureBenefit: holds.measure_benefit,
    c.ReverseEntry: holds.reverse_entry,
    c.AmendInitiative: holds.amend_initiative,
}
