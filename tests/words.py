"""What can be asked of a portfolio, in words: one a command, with plain values for what a test does not say."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

PORTFOLIO = "law"
ORIGIN = "law-0badcafe"
NO_HASH = "ab" * 32


class Ask(NamedTuple):
    """The type and data of a command, without who asks, and when."""

    type: str
    about: str
    data: dict[str, Any]


def also(ask: Ask, **more: Any) -> Ask:
    """Return what is asked with more in its data, for what its word has no name for."""
    return ask._replace(data=ask.data | more)


# What can be asked, in words.


def opening(*, historic: bool = False, currency: str = "USD", time_zone: str = "Europe/Paris") -> Ask:
    names = {"portfolio": PORTFOLIO, "title": "Laws", "log_origin": ORIGIN}
    registrar = {"actor": "reg", "person": "p-1"}
    calendar = {"time_zone": time_zone, "fiscal_year_start": 1}
    data = names | calendar | {"currency": currency, "historic": historic, "registrar": registrar}
    return Ask("OpenPortfolio", f"portfolio/{PORTFOLIO}", data)


def objectives(*listed: dict[str, Any]) -> Ask:
    return Ask("SetObjectives", f"objectives/{PORTFOLIO}", {"portfolio": PORTFOLIO, "objectives": list(listed)})


def objective(name: str, weight_bp: int, *, successors: dict[str, int] | None = None, **more: Any) -> dict[str, Any]:
    takes_over = [{"objective": each, "share_bp": share_bp} for each, share_bp in (successors or {}).items()]
    followed = {"successors": takes_over} if takes_over else {}
    return {"id": name, "title": name.title(), "weight_bp": weight_bp, **followed, **more}


def fund(envelope: str, minor: int, currency: str = "USD", *, kind: str = "initial", **more: Any) -> Ask:
    where = {"envelope": envelope, "value_stream": "retail", "fiscal_period": "FY2026", "capex_opex": "opex"}
    return Ask("FundEnvelope", f"envelope/{envelope}", where | {"kind": kind, "amount": money(minor, currency)} | more)


def propose(initiative: str, **more: Any) -> Ask:
    who = {"title": f"Initiative {initiative}", "sponsor": "sam", "proposer": "pia", "value_stream": "retail"}
    return _about(initiative, "ProposeInitiative", who | {"hypothesis": "It pays."} | more)


def amend(initiative: str, **changes: Any) -> Ask:
    return _about(initiative, "AmendInitiative", {"reason": "It was wrong."} | changes)


def align(initiative: str, **shares: int) -> Ask:
    serves = [{"objective": name, "share_bp": share_bp} for name, share_bp in shares.items()]
    return _about(initiative, "DeclareAlignment", {"contributions": serves})


def plan(initiative: str, number: int, *minors: int, currency: str = "USD", **more: Any) -> Ask:
    return _about(initiative, "SetBaseline", {"number": number, "cost": _by_period(minors, currency)} | more)


def approve(initiative: str, envelope: str, minor: int, currency: str = "USD", **more: Any) -> Ask:
    kind = "tranche" if minor > 0 else "reduction"
    what = {"envelope": envelope, "kind": kind, "amount": money(minor, currency), "capex_opex": "opex"}
    return _about(initiative, "ApproveFunding", what | more)


def gate(initiative: str, outcome: str, stage_from: str, stage_to: str | None = None, **more: Any) -> Ask:
    stages = {"gate": f"after-{stage_from}", "stage_from": stage_from, "stage_to": stage_to or stage_from}
    return _about(initiative, "DecideGate", stages | {"outcome": outcome} | more)


def commit(
    initiative: str | None, envelope: str, commitment: str, minor: int, currency: str = "USD", **more: Any
) -> Ask:
    return _posted("PostCommitment", initiative, envelope, {"commitment": commitment} | more, minor, currency)


def pay(initiative: str | None, envelope: str, posting_ref: str, minor: int, currency: str = "USD", **more: Any) -> Ask:
    return _posted("PostActual", initiative, envelope, {"posting_ref": posting_ref} | more, minor, currency)


def forecast(initiative: str, as_of: str, *minors: int, currency: str = "USD", **more: Any) -> Ask:
    to_go = {"as_of": as_of, "estimate_to_complete": _by_period(minors, currency)}
    return _about(initiative, "UpdateForecast", to_go | more)


def reverse(sequence: int, kind: str, **more: Any) -> Ask:
    return Ask("ReverseEntry", f"entry/{sequence}", {"sequence": sequence, "kind": kind, "reason": "A mistake."} | more)


def enrol(actor: str, **more: Any) -> Ask:
    return Ask("EnrolActor", f"actor/{actor}", {"actor": actor, "person": f"p-{actor}"} | more)


def body(name: str, *members: str, votes: int = 1, **more: Any) -> Ask:
    seated = [{"actor": actor, "seat": f"seat-{place}"} for place, actor in enumerate(members, start=1)]
    what = {"body": name, "title": name.title(), "members": seated, "chair": members[0], "quorum": {"votes": votes}}
    return Ask("SetBody", f"body/{name}", what | more)


def authority(name: str, holder: str, minor: int, currency: str = "USD", *, kind: str = "actor", **more: Any) -> Ask:
    limit = {"basis": "initiative_total", "amount": money(minor, currency)}
    what = {"authority": name, "holder": {"kind": kind, "id": holder}, "kinds": ["funding"], "limits": [limit]}
    instrument = {"ref": "paper:delegations", "sha256": NO_HASH}
    return Ask("SetAuthority", f"authority/{name}", what | {"granted_by": "owners", "instrument": instrument} | more)


def interest(actor: str, kind: str, name: str, **more: Any) -> Ask:
    told = {"actor": actor, "in": {"kind": kind, "id": name}, "nature": "Holds shares."}
    return Ask("DeclareInterest", f"actor/{actor}", told | more)


def policy(kind: str, version: int, **content: Any) -> Ask:
    supersedes = {"supersedes": version - 1} if version > 1 else {}
    return Ask("AdoptPolicy", f"policy/{kind}", {"version": version, "body": {"kind": kind} | content} | supersedes)


def guardrails(version: int = 1, min_aligned_bp: int = 0, **actions: str) -> Ask:
    """actions: refuse, flag or off, by the name of a reason."""
    rules = [{"rule": rule, "action": action} for rule, action in actions.items()]
    return policy("guardrails", version, rules=rules, min_aligned_bp=min_aligned_bp)


def score(initiative: str, model_version: int, **scores: int) -> Ask:
    given = [{"criterion": criterion, "score": each} for criterion, each in scores.items()]
    return _about(initiative, "ScoreInitiative", {"model_version": model_version, "scores": given, "assessor": "ana"})


def rank(*moves: tuple[str, int, int | None]) -> Ask:
    """moves: initiative, rank, and the rank it had."""
    told = [{"initiative": name, "rank": new} | ({} if was is None else {"was": was}) for name, new, was in moves]
    return Ask("SetPriority", f"priority/{PORTFOLIO}", {"portfolio": PORTFOLIO, "moves": told})


def link(initiative: str, kind: str, target: str, role: str | None = None, **more: Any) -> Ask:
    plays = {} if role is None else {"role": role}
    return _about(initiative, "LinkInitiative", {"kind": kind, "target": target} | plays | more)


def request(decision: str, *initiatives: str, kind: str = "funding", **more: Any) -> Ask:
    options = [{"option": "yes", "title": "Do it"}, {"option": "no", "title": "Leave it", "do_nothing": True}]
    evidence = [{"ref": "paper:1", "sha256": NO_HASH}]
    subjects = [f"initiative/{name}" for name in initiatives]
    what = {"decision": decision, "kind": kind, "subjects": subjects, "question": f"Shall we {decision}?"}
    return Ask("RequestDecision", f"decision/{decision}", what | {"options": options, "evidence": evidence} | more)


def vote(decision: str, sequence: int, voter: str, how: str = "approve", **more: Any) -> Ask:
    """sequence: of the request voted on."""
    told = {"decision": decision, "request": sequence, "voter": voter, "vote": how}
    return Ask("RecordVote", f"decision/{decision}", told | more)


def close(decision: str, outcome: str, held_on: str, tally: dict[str, int] | None = None, **more: Any) -> Ask:
    told = {"decision": decision, "outcome": outcome, "rationale": "It was discussed.", "held_on": held_on}
    return Ask("CloseDecision", f"decision/{decision}", told | ({"tally": tally} if tally else {}) | more)


def condition(name: str, due: str, **more: Any) -> dict[str, Any]:
    return {"condition": name, "text": f"Condition {name}.", "owner": "lee", "due": due} | more


def discharge(name: str, outcome: str = "met", **more: Any) -> Ask:
    return Ask("DischargeCondition", f"condition/{name}", {"condition": name, "outcome": outcome} | more)


def reallocate(source: tuple[str, str], target: tuple[str, str], minor: int, currency: str = "USD", **more: Any) -> Ask:
    """source, target: initiative and envelope. periods: what each is booked in, where that is not the fiscal year."""
    periods = more.pop("periods", (None, None))
    places = [
        {"initiative": name, "envelope": envelope, "capex_opex": "opex"} | ({"period": period} if period else {})
        for (name, envelope), period in zip((source, target), periods, strict=True)
    ]
    what = {"from": places[0], "to": places[1], "amount": money(minor, currency), "reason": "A better use."}
    return Ask("ReallocateFunding", f"initiative/{target[0]}", what | more)


def rate(initiative: str, rating: str, as_at: str, *, scale: str = "five", **more: Any) -> Ask:
    return _about(
        initiative, "RateAssurance", {"body": "audit", "scale": scale, "rating": rating, "as_at": as_at} | more
    )


def risk(name: str, probability_bp: int, initiative: str | None = None, **more: Any) -> Ask:
    whose = {} if initiative is None else {"initiative": initiative}
    judged = {"risk": name, "category": "vendor", "probability_bp": probability_bp, "owner": "lee"}
    return Ask("AssessRisk", f"risk/{name}", judged | whose | more)


def flow(stream: str, period: str, p50_h: int, p85_h: int, **completed: int) -> Ask:
    times = {"flow_time_p50_h": p50_h, "flow_time_p85_h": p85_h, "active_h": 10, "wait_h": 30, "wip": 4}
    what = {"value_stream": stream, "period": period, "completed": completed}
    return Ask("ReportFlow", f"stream/{stream}", what | times)


def allocate(initiative: str, period: str, amount: int, *, kind: str = "planned", **more: Any) -> Ask:
    what = {"pool": "people", "skill": "python", "unit": "mfte", "kind": kind, "period": period, "amount": amount}
    return _about(initiative, "AllocateCapacity", what | more)


def promise(benefit: str, *targets: tuple[str, str, dict[str, Any] | None], **more: Any) -> Ask:
    """targets: period, value, and what that is worth."""
    told = [
        {"period": period, "value": v} | ({} if worth is None else {"money": worth}) for period, v, worth in targets
    ]
    start = {"value": "10", "on": "2025-12-31", "source": "survey"}
    what = {"benefit": benefit, "title": f"Benefit {benefit}", "type": "cashable", "owner": "olga"}
    what |= {"measure": "hours", "unit": "h", "baseline": start, "target": told}
    return Ask("PlanBenefit", f"benefit/{benefit}", what | more)


def measure(benefit: str, period: str, status: str, worth: dict[str, Any] | None = None, **more: Any) -> Ask:
    what = {"benefit": benefit, "period": period, "status": status, "value": "12.5"}
    return Ask("MeasureBenefit", f"benefit/{benefit}", what | ({} if worth is None else {"money": worth}) | more)


def model(which: str, change: str, **more: Any) -> Ask:
    what = {"model": which, "name": which.title(), "provider": "Acme", "change": change, "source": "catalogue:1"}
    return Ask("ChangeModelLifecycle", f"model/{which}", what | more)


def close_period(period: str, status: str = "soft", **more: Any) -> Ask:
    return Ask("ClosePeriod", f"period/{period}", {"period": period, "status": status} | more)


def erase(entry: int, field: str, commitment: str, **more: Any) -> Ask:
    what = {"entry": entry, "field": field, "commitment": commitment, "reason": "Asked for by whom it is about."}
    return Ask("EraseText", f"entry/{entry}", what | more)


def hold(name: str, *subjects: str, status: str = "set", **more: Any) -> Ask:
    about = {"subjects": list(subjects)} if subjects else {}
    return Ask("SetHold", f"hold/{name}", {"hold": name, "status": status, "reason": "A case."} | about | more)


def money(minor: int, currency: str) -> dict[str, Any]:
    return {"minor": minor, "currency": currency}


def _about(initiative: str, asked: str, data: dict[str, Any]) -> Ask:
    return Ask(asked, f"initiative/{initiative}", {"initiative": initiative} | data)


def _posted(asked: str, initiative: str | None, envelope: str, data: dict[str, Any], minor: int, currency: str) -> Ask:
    where = {"envelope": envelope, "period": "2026-01", "capex_opex": "opex", "amount": money(minor, currency)}
    if initiative is not None:
        return _about(initiative, asked, where | data)
    return Ask(asked, f"envelope/{envelope}", where | data)


def _by_period(minors: Sequence[int], currency: str) -> list[dict[str, Any]]:
    return [{"period": f"{2026 + at}", "amount": money(minor, currency)} for at, minor in enumerate(minors)]
