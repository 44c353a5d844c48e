"""One fixed history that holds every type of event, and each special case of the views once."""

from __future__ import annotations

from collections.abc import Callable

from tests.anchoring import anchor
from tests.keys import vkey
from tests.teller import Teller
from tests.words import (
    NO_HASH,
    align,
    allocate,
    also,
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

Say = Callable[..., int]


def every_type_history() -> list[bytes]:
    """Return some two hundred lines, all of them accepted, that hold every type of event."""
    teller = Teller()
    for chapter in (
        _money_and_plans,
        _people_and_policies,
        _ranks_and_ratings,
        _models_and_links,
        _decisions_and_conditions,
        _benefits,
        _reallocations,
        _closed_periods,
        _what_a_board_shows,
    ):
        chapter(teller.say)
    _checkpoints_and_erasure(teller)
    return teller.lines


def _checkpoints_and_erasure(teller: Teller) -> None:
    """What becomes of the ledger's own proof: anchors with and without a cosignature, a hold, an erased dissent."""
    say = teller.say
    at = int(teller.events[-1].recordedtime.timestamp())
    say(anchor(teller.events, at_s=at), "2026-04-01")
    say(anchor(teller.events, 40), "2026-04-01")
    secret = {"commitment": "5a" * 32, "vault": "vault:1"}
    say(request("D-20", "AI-7"), "2026-04-01")
    vote_at = say(vote("D-20", len(teller.events), "ana", "reject", dissent=secret), "2026-04-01")
    say(hold("H-1", "initiative/AI-1", matter="Case 7"), "2026-04-01")
    say(erase(vote_at, "data.dissent", "5a" * 32), "2026-04-01")
    say(hold("H-1", status="released"), "2026-04-02")


def _money_and_plans(say: Say) -> None:
    # A historic import: recorded when the source published it, and again a quarter later.
    first, later = {"recordedtime": "2024-01-20T09:00:00Z"}, {"recordedtime": "2024-04-20T09:00:00.25Z"}
    kpi = {"name": "Claims settled in a day", "unit": "%", "baseline": "41.5", "target": "60", "by": "2026-12-31"}
    say(opening(historic=True), "2024-01-15", **first)
    say(
        objectives(objective("growth", 5_000, owner="olga", kpi=kpi), objective("safety", 5_000)), "2024-01-15", **first
    )
    say(fund("claims", 1_000_000), "2024-01-15", **first)
    estimate = [{"period": "2024", "cost": {"kind": "exact", "amount": {"minor": 400_000, "currency": "USD"}}}]
    ai = {"use_case": "triage", "eu_class": "high", "assessed_by": "kai"}
    say(propose("AI-1", lead="lee", kind="growth", horizon="h2", cost_estimate=estimate, ai=ai), "2024-01-15", **later)
    say(align("AI-1", growth=6_000, safety=3_000), "2024-06-30", **later)
    say(plan("AI-1", 1, 150_000, 250_000, start="2024-07-01", finish="2025-12-31"), "2024-06-30", **later)
    say(approve("AI-1", "claims", 400_000), "2024-06-30", **later)
    # The portfolio's own decisions, which end the import. Other currencies; another value stream.
    say(fund("data", 300_000, value_stream="back-office"), "2026-01-01", basis="minuted", decidedon="2025-12-12")
    say(fund("lab", 9_000_000, "JPY", value_stream="research"), "2026-01-01")
    say(fund("claims", 50_000, kind="supplement", value_stream="research"), "2026-01-12")
    say(fund("data", -20_000, kind="reduction", value_stream="back-office"), "2026-01-12")
    say(fund("data", 1_000, kind="contingency", value_stream="back-office"), "2026-12-31")
    say(fund("data", -500, kind="return", value_stream="back-office"), "2026-12-31")
    moved = say(fund("data", 60_000, kind="transfer", counter_envelope="claims"), "2026-01-12")
    carried = say(fund("claims", 5_000, kind="carry_forward", counter_period="FY2025"), "2026-01-01")
    say(fund("data", 7_000, kind="carry_forward", counter_period="FY2025", counter_envelope="claims"), "2026-01-01")
    # Initiatives: a parent, no lead, no AI; amended, also for a day to come; the first proposal recorded late.
    hidden = {"commitment": "ab" * 32, "vault": "vault:7"}
    say(propose("AI-2", title="Schäden: Vorprüfung", parent="AI-1", hypothesis=hidden), "2025-07-01")
    say(propose("AI-3", value_stream="research", kind="regulatory"), "2026-01-12")
    say(propose("AI-4"), "2026-01-20")
    say(amend("AI-2", title="理赔分诊", sponsor="sue", lead="mia"), "2026-01-12")
    say(amend("AI-2", value_stream="research", kind="efficiency", horizon="h1", ai=ai), "2026-12-31")
    renamed = say(amend("AI-3", title="Renamed by mistake"), "2026-01-13")
    # What they serve: one declared again, one that an objective retires under, one not at all.
    say(align("AI-1", growth=3_333, safety=3_333), "2026-01-12")
    say(align("AI-2", growth=10_000), "2026-01-01")
    alignment = say(align("AI-2"), "2026-01-12")
    speed, trust = objective("speed", 4_000), objective("trust", 3_000)
    heirs = {"speed": 6_667, "trust": 3_333}
    gone = objective("growth", 0, status="retired", successors=heirs)
    say(objectives(gone, objective("safety", 3_000), speed, trust), "2026-01-12")
    ends = objective("speed", 4_000, valid_to="2026-03-31", successors={"trust": 10_000})
    follows = objective("reach", 4_000, valid_from="2026-04-01")
    say(objectives(gone, objective("safety", 3_000), ends, trust, follows), "2026-01-13")
    gone = objective("growth", 0, status="retired", successors={"safety": 10_000})
    dropped = (objective(name, 0, status="retired") for name in ("speed", "trust", "reach"))
    mistaken = say(objectives(gone, objective("safety", 10_000), *dropped), "2026-01-20")
    # Money: approved late, ahead, and in two currencies; contracts and invoices, with and without an initiative.
    late = say(approve("AI-2", "data", 100_001, tranche="first", period="FY2025"), "2025-07-01")
    say(approve("AI-2", "lab", 2_000_000, "JPY", kind="initial"), "2026-01-12")
    ahead = say(approve("AI-3", "claims", 33_333), "2026-12-31")
    say(approve("AI-1", "claims", -10_000), "2026-01-13")
    first = [condition("K-1", "2026-04-01", blocking=True)]
    say(approve("AI-4", "claims", 99, kind="regularisation", conditions=first), "2026-01-20", basis="ratified")
    booked = {"amount": {"minor": 20_000, "currency": "EUR"}, "rate": "1.05", "rate_on": "2026-01-12"}
    say(commit("AI-1", "claims", "C-1", 21_000, booked=booked, supplier="Acme", signed_on="2026-01-11"), "2026-01-12")
    ended = say(commit("AI-1", "claims", "C-1", -1_000), "2026-04-01")
    general = say(commit(None, "data", "C-2", 7_001), "2026-01-12")
    say(pay("AI-1", "claims", "P-1", 8_000, commitment="C-1", invoice="R 17"), "2026-01-13")
    refund = say(pay("AI-1", "claims", "P-2", -300, service_period="2025-12", category="licence"), "2026-01-13")
    twice = say(pay("AI-2", "data", "P-3", 4_444), "2026-01-13")
    unnamed = say(pay(None, "data", "P-4", 2_001, commitment="C-2"), "2026-01-20")
    over = {"flagreason": "The contract was signed before the approval."}
    say(pay("AI-2", "lab", "P-5", 2_500_000, "JPY"), "2026-01-20", actor="eli", sourceref="erp:P-5#1f", **over)
    # Plans and forecasts, gates of every outcome.
    say(plan("AI-1", 2, 150_000, 300_000, finish="2026-12-31", reason="A supplier failed."), "2026-01-12")
    replanned = say(plan("AI-1", 3, 1), "2026-01-13")
    say(forecast("AI-1", "2026-01-12", 120_000, 40_000, progress_bp=2_500, method="bottom up"), "2026-01-12")
    say(forecast("AI-2", "2026-01-12", 77, currency="EUR"), "2026-01-12")
    guessed = say(forecast("AI-1", "2026-01-13"), "2026-01-13")
    say(gate("AI-1", "go", "proposed", "scope"), "2026-01-12")
    met = [{"criterion": "owner", "met": True}]
    asked = [condition("K-2", "2026-01-20"), condition("K-3", "2026-12-31", text=hidden)]
    say(gate("AI-1", "conditional_go", "scope", "build", must=met, conditions=asked, reason=hidden), "2026-01-13")
    say(gate("AI-1", "recycle", "build", "scope"), "2026-01-20")
    turned = {"trigger": "Customers call instead.", "from": "They write.", "to": "They call."}
    say(gate("AI-2", "pivot", "proposed", "case", pivot=turned), "2026-01-12")
    say(gate("AI-2", "complete", "case", "launch"), "2026-12-31")
    say(gate("AI-3", "hold", "proposed", next_gate_on="2026-04-01"), "2026-01-13")
    killed = say(gate("AI-3", "kill", "proposed"), "2026-01-20")
    say(gate("AI-4", "merged", "proposed"), "2026-04-01")
    # Reversals: void and counter of each kind of money, before and after the entry's own day; both legs of a transfer;
    # void of the newest of each type that replaces another.
    say(reverse(late, "void"), "2026-01-20")
    say(reverse(ahead, "counter", period="FY2026"), "2026-01-20")
    say(reverse(ended, "void"), "2026-01-13")
    say(reverse(general, "counter"), "2026-04-01")
    say(reverse(refund, "counter"), "2026-01-20")
    say(reverse(twice, "void"), "2026-01-20")
    say(pay("AI-3", "data", "P-3", 4_440), "2026-01-13")
    say(reverse(unnamed, "void"), "2027-01-10")
    say(reverse(moved + 1, "counter"), "2026-04-01")
    say(reverse(carried, "void"), "2026-01-20")
    for newest in (renamed, alignment, mistaken, replanned, guessed, killed):
        say(reverse(newest, "void"), "2026-01-20")


def _people_and_policies(say: Say) -> None:
    """People with keys, a body set twice, authorities, and a policy of every kind; one of them taken back."""
    say(enrol("ana", roles=["registrar"], vkey=vkey("ana")), "2026-01-12")
    for name in ("bob", "eli", "kai"):
        say(enrol(name), "2026-01-12")
    say(enrol("bob-erp", person="p-bob", valid_to="2026-12-31"), "2026-01-12")
    say(enrol("ana", vkey=vkey("ana", "2"), status="rotated", reason="Lost."), "2026-01-20")
    say(body("board", "ana", "bob", votes=2), "2026-01-12")
    alternate = {"actor": "kai", "seat": "seat-1", "alternate_for": "ana"}
    seated = [{"actor": name, "seat": f"seat-{place}"} for place, name in enumerate(("ana", "bob", "eli"), start=1)]
    quorum = {"votes": 2, "seats": ["seat-1"]}
    say(body("board", "ana", members=[*seated, alternate], quorum=quorum, vice_chair="bob"), "2026-01-20")
    say(authority("G-1", "ana", 50_000, scope={"envelopes": ["claims"]}), "2026-01-12")
    say(authority("G-2", "board", 10**9, kind="body", kinds=["funding", "gate"], may_subdelegate=True), "2026-01-12")
    say(authority("G-3", "kai", 50_000, deputy_for="ana", emergency=True), "2026-01-12")
    say(authority("G-1", "ana", 0), "2026-04-01")
    say(interest("bob", "supplier", "Acme"), "2026-01-12")
    say(interest("kai", "initiative", "AI-1", valid_to="2026-03-31"), "2026-01-12")
    criteria = [
        {"id": "worth", "title": "Worth", "sort": "value", "weight_bp": 7_000},
        {"id": "new", "title": "New", "sort": "novelty", "weight_bp": 3_000, "scale_max": 10},
    ]
    say(policy("prioritisation", 1, method="weighted", criteria=criteria), "2026-01-12")
    judged = [{"criterion": "worth", "over": "new", "numerator": 7, "denominator": 3}]
    say(policy("prioritisation", 2, method="ahp", criteria=criteria, judgements=judged), "2026-12-31")
    first_gate = {"gate": "G1", "title": "First", "stage_from": "scope", "stage_to": "case", "must": ["owner"]}
    say(policy("gates", 1, stages=["scope", "case"], gates=[first_gate]), "2026-01-12")
    rules = [{"rule": "OVER_ENVELOPE", "action": "flag"}, {"rule": "OVER_APPROVED", "action": "off"}]
    say(policy("guardrails", 1, rules=rules, min_aligned_bp=5_000), "2026-01-12")
    small = {"tier": "small", "up_to": money(50_000, "USD"), "roles": ["manager"]}
    large = {"tier": "large", "body": "board", "takes": ["regulatory", "novel"]}
    say(policy("tiers", 1, tiers=[small, large]), "2026-01-12")
    supply = {"pool": "people", "skill": "python", "unit": "mfte", "period": "2026-01", "amount": 3_000}
    say(policy("capacity", 1, supply=[supply], tolerance_bp=1_000), "2026-01-12")
    rates = [{"currency": "EUR", "into": "USD", "rate": "1.05", "on": "2026-01-12"}]
    say(policy("fx", 1, rates=rates), "2026-01-12")
    say(policy("calendar", 1, soft_close_days=5, final_close_days=20), "2026-01-12")
    say(policy("tolerance", 1, lateness_days=3, cost_bp=500), "2026-01-12")
    say(policy("allocation", 1, horizons=[{"name": "h1", "share_bp": 10_000}]), "2026-01-12")
    together = {"command": "OpenPortfolio", "persons": 1, "roles": ["registrar"]}  # what comes no more
    say(policy("signing", 1, commands=["OpenPortfolio"], signatories=[together]), "2026-01-12")
    streams = [{"id": "retail", "title": "Retail", "owner": "olga"}]
    say(policy("structure", 1, value_streams=streams), "2026-01-12")


def _ranks_and_ratings(say: Say) -> None:
    """Scores, ranks said again and in advance, ratings, risks, flow and capacity; the newest of each taken back."""
    say(propose("AI-5", lead="lee", ai={"use_case": "drafts", "eu_class": "minimal"}), "2026-01-12")
    say(propose("AI-6", value_stream="research"), "2026-12-31")
    wrong = [say(score("AI-1", 1, worth=80, new=2), "2026-01-12"), say(score("AI-1", 1, worth=8), "2026-01-12")]
    say(rank(("AI-1", 1, None), ("AI-3", 2, None)), "2026-12-31")
    say(rank(("AI-3", 7, 2)), "2026-01-12")
    say(rank(("AI-1", 2, 1), ("AI-3", 1, 7)), "2026-01-20")
    wrong.append(say(rank(("AI-5", 5, None)), "2026-01-20"))
    say(rate("AI-1", "amber_red", "2026-01-10"), "2026-01-12")
    say(rate("AI-1", "green", "2026-01-13", scale="three", commentary="Better."), "2026-01-13")
    wrong.append(say(rate("AI-1", "not_rated", "2026-01-13"), "2026-01-20"))
    say(risk("R-1", 2_500, "AI-1", impact_level=4), "2026-01-12")
    wrong.append(say(risk("R-1", 9_000, status="occurred"), "2026-01-20"))
    say(flow("retail", "2025-12", 40, 90, feature=4, defect=1), "2026-01-12")
    wrong.append(say(flow("retail", "2025-11", 41, 91), "2026-01-12"))
    say(allocate("AI-1", "2026-01", 2_000), "2026-01-12")
    say(allocate("AI-3", "2026-01", 1_500), "2026-01-12", flagreason="A week of overtime.")
    wrong.append(say(allocate("AI-1", "2026-01", 900, kind="used"), "2026-01-20"))
    for newest in wrong[1:]:
        say(reverse(newest, "void"), "2026-01-20")


def _models_and_links(say: Say) -> None:
    """A model announced, rescheduled and cancelled; one that only a link names; links that end, late and early."""
    say(model("opal", "catalogued", stage="ga", family="Gem"), "2025-07-01")
    say(model("opal", "price", prices={"currency": "USD", "input_per_mtok": "2.5"}, name="Opal 1"), "2026-01-12")
    announced = {"announced_on": "2026-01-10", "effective_on": "2026-06-30", "stage": "deprecated"}
    say(model("opal", "retirement_announced", **announced, replacement="ruby"), "2026-01-12")
    say(model("opal", "rescheduled", effective_on="2026-09-30", provider="Acme Europe"), "2026-01-13")
    say(model("opal", "cancelled", stage="ga"), "2026-01-20")
    wrong = say(model("opal", "withdrawn", stage="retired"), "2026-01-20")
    say(model("ruby", "retirement_announced", effective_on="2026-04-01"), "2026-01-13")
    say(model("ruby", "rescheduled"), "2026-12-31")
    say(model("jade", "rescheduled", effective_on="2026-01-12"), "2026-01-13")
    say(model("onyx", "stage", stage="preview"), "2027-01-10")
    say(link("AI-1", "ai_model", "opal", "primary"), "2025-12-31")
    say(link("AI-1", "ai_model", "opal", "fallback"), "2026-01-12")
    say(link("AI-1", "ai_model", "ruby", "fallback"), "2026-01-12")
    say(link("AI-1", "ai_model", "ruby", "fallback", to="2026-01-19", exit_cost={"kind": "unknown"}), "2026-01-13")
    say(link("AI-2", "ai_model", "ruby", "primary"), "2026-01-12")
    say(link("AI-2", "ai_model", "opal", "primary"), "2026-01-12")
    say(link("AI-3", "ai_model", "ruby", "primary", **{"from": "2026-01-20", "to": "2026-12-31"}), "2026-01-12")
    say(link("AI-3", "ai_model", "topaz", "evaluated"), "2026-01-12")
    say(link("AI-4", "ai_model", "opal", "primary"), "2026-01-12")
    say(link("AI-5", "ai_model", "jade"), "2026-01-12")
    say(link("AI-5", "backlog", "JIRA-7", system="jira", share_bp=6_000), "2026-01-12")
    say(link("AI-5", "depends_on", "AI-1"), "2026-01-13")
    mistaken = say(link("AI-5", "ai_model", "garnet", "primary"), "2026-01-13")
    for newest in (wrong, mistaken):
        say(reverse(newest, "void"), "2026-01-20")


def _decisions_and_conditions(say: Say) -> None:
    """Votes with and without dissent, on a request and on the one before it; closings; conditions met and missed."""
    hidden = {"commitment": NO_HASH, "vault": "vault:9"}
    amount = money(30_000, "USD")
    asked = say(request("D-1", "AI-1", amount=amount, recommended="yes", trigger=3, due="2026-01-20"), "2026-01-12")
    say(vote("D-1", asked, "ana", option="yes"), "2026-01-12")
    say(vote("D-1", asked, "bob", "reject", dissent="Too dear; wait."), "2026-01-12")
    say(vote("D-1", asked, "eli", "reject", dissent=hidden, cast="minuted"), "2026-01-12")
    say(vote("D-1", asked, "kai", "advise"), "2026-04-01")
    tally = {"approve": 1, "reject": 2, "advise": 1}
    terms = [condition("K-4", "2026-01-19"), condition("K-5", "2026-01-19")]
    closing = {"option": "yes", "conditions": terms, "body": "board", "present": [{"actor": "ana", "seat": "seat-1"}]}
    say(close("D-1", "approved", "2026-01-13", tally, **closing), "2026-01-20")
    # Asked again: the votes on the first request stay with it. The second vote is taken back and cast again.
    first = say(request("D-2", "AI-2", kind="gate", question=hidden, amount=money(7, "JPY")), "2026-01-12")
    say(vote("D-2", first, "ana"), "2026-01-12")
    say(vote("D-2", first, "bob", "recuse"), "2026-01-12")
    second = say(
        request("D-2", "AI-2", kind="gate", escalation=["novel"], amount=amount, due="2026-12-31"), "2026-01-20"
    )
    cast = say(vote("D-2", second, "ana", "reject", dissent="No."), "2026-01-20")
    say(reverse(cast, "void"), "2026-01-20")
    say(vote("D-2", second, "ana", "abstain"), "2026-01-13")
    # A request that is taken back, one whose second is, one whose closing is; one that is effective after its end.
    dropped = say(request("D-3", "AI-3"), "2026-01-12")
    say(reverse(dropped, "void"), "2026-01-13")
    kept = say(request("D-4", "AI-3", kind="waiver", trigger=2), "2026-01-13")
    say(vote("D-4", kept, "eli"), "2026-01-13")
    again = say(request("D-4", "AI-3", kind="waiver"), "2026-01-12")
    say(reverse(again, "void"), "2026-01-20")
    lapsed = say(close("D-4", "lapsed", "2026-01-13", {"approve": 1}), "2026-01-20")
    say(reverse(lapsed, "void"), "2026-01-20")
    say(request("D-5", kind="policy", trigger=1), "2026-04-01")
    say(close("D-5", "deferred", "2026-01-13", reviews="D-1"), "2026-01-20")
    # Conditions: discharged late, waived by mistake, gone with what set them, and kept by what was countered.
    say(discharge("K-2"), "2026-04-01")
    waived = say(discharge("K-4", "waived"), "2026-01-20")
    say(reverse(waived, "void"), "2026-01-20")
    say(discharge("K-5", "breached", reason=hidden), "2026-01-20")
    gone = say(approve("AI-1", "claims", 100, conditions=[condition("K-6", "2026-01-13")]), "2026-01-13")
    stays = say(approve("AI-1", "claims", 100, conditions=[condition("K-7", "2026-01-13")]), "2026-01-13")
    say(reverse(gone, "void"), "2026-01-20")
    say(reverse(stays, "counter"), "2026-01-20")
    say(gate("AI-5", "conditional_go", "proposed", "scope", conditions=[condition("K-8", "2025-12-31")]), "2026-01-20")


def _benefits(say: Say) -> None:
    """Claimed, claimed again, validated and rejected over periods and currencies; promised anew, and by mistake."""
    usd, eur = money(4_000, "USD"), money(900, "EUR")
    brings = [{"initiative": "AI-1", "share_bp": 6_000}, {"initiative": "AI-2", "share_bp": 4_000}]
    say(promise("B-1", ("2026-Q1", "20", usd), initiatives=brings), "2026-01-12")
    say(promise("B-1", ("2026-Q1", "20", usd), ("2026-Q2", "25", eur), ("2026-Q3", "30", usd)), "2026-01-20")
    say(measure("B-1", "2026-Q1", "claimed", usd), "2026-01-13")
    say(measure("B-1", "2026-Q1", "claimed", money(3_999, "USD"), evidence=[]), "2026-01-12")
    say(measure("B-1", "2026-Q2", "claimed", money(1_000, "USD")), "2026-04-01")
    say(measure("B-1", "2026-Q3", "claimed", eur), "2026-04-01")
    say(measure("B-1", "2026-Q1", "validated", money(1_001, "USD"), attributed_bp=5_000), "2026-01-20")
    say(measure("B-1", "2026-Q2", "rejected", usd), "2026-12-31")
    wrong = say(measure("B-1", "2026-Q3", "validated", usd), "2026-01-20")
    say(promise("B-2", ("2026", "1", None), type="risk", objective="safety", measure="faults"), "2026-01-12")
    say(measure("B-2", "2026", "claimed"), "2026-01-13")
    say(measure("B-2", "2026", "validated", usd), "2026-01-13")
    say(promise("B-3", ("2026", "1", None), ("2027", "2", eur), ("2028", "3", usd), measure="faults"), "2026-01-12")
    say(measure("B-3", "2026", "claimed", eur), "2026-01-13", flagreason="Two share it.")
    say(measure("B-3", "2026", "claimed", usd), "2026-01-20", flagreason="Two share it.")
    mistaken = say(promise("B-4", unit_value=eur), "2026-01-12")
    for newest in (wrong, mistaken):
        say(reverse(newest, "void"), "2026-01-20")


def _reallocations(say: Say) -> None:
    """Within and across envelopes, on one initiative, and more than is free; taken back, also before their day."""
    say(reallocate(("AI-1", "claims"), ("AI-3", "claims"), 5_000), "2026-01-13")
    say(reallocate(("AI-1", "claims"), ("AI-5", "data"), 70_000, periods=("FY2026", "2026-Q1")), "2026-01-13")
    say(reallocate(("AI-1", "claims"), ("AI-1", "data"), 900), "2026-01-20")
    say(reallocate(("AI-6", "claims"), ("AI-5", "claims"), 12), "2026-01-20", flagreason="It will come.")
    voided = say(reallocate(("AI-1", "claims"), ("AI-5", "data"), 40, trigger=4), "2026-01-20")
    countered = say(reallocate(("AI-1", "claims"), ("AI-5", "claims"), 60), "2026-04-01")
    say(reverse(voided, "void"), "2026-04-01")
    say(reverse(countered, "counter"), "2026-01-20")
    over = say(approve("AI-5", "lab", 20_000_000, "JPY"), "2026-01-20", flagreason="Funds follow.")
    say(reverse(over, "counter"), "2026-12-31")
    say(gate("AI-5", "kill", "scope"), "2026-12-31")


def _closed_periods(say: Say) -> None:
    """Closed softly, opened, closed for good; afterwards only counters and a contract that is real all the same."""
    early = say(fund("data", 300, fiscal_period="FY2025", value_stream="back-office"), "2025-12-31")
    spent = say(pay("AI-1", "claims", "P-9", 12, period="2025-12"), "2025-12-31")
    say(close_period("2025-12", totals=[{"measure": "actual", "currency": "USD", "amount_minor": 12}]), "2026-01-13")
    say(close_period("2025-12", "reopened"), "2026-01-13")
    statement = {"system": "erp", "statement": "2025", "sha256": NO_HASH, "count": 1, "total": money(12, "USD")}
    say(close_period("FY2025", sources=[statement]), "2026-01-20")
    say(close_period("FY2025", "final"), "2026-01-20")
    say(reverse(spent, "counter", period="2026-01"), "2026-01-20")
    say(reverse(early, "counter"), "2026-01-20")
    say(commit("AI-1", "claims", "C-9", 77, period="2025-11"), "2026-01-20", flagreason="It was signed.")
    say(close_period("2026-01"), "2026-04-01")


def _what_a_board_shows(say: Say) -> None:
    """Scores on two scales and none, tiers, targets, two pools, suppliers, shares of models, benefits of several."""
    later, usd = "2026-01-13", money(1_003, "USD")
    say(propose("AI-7", value_stream="back-office"), "2026-01-12")
    say(propose("AI-8", value_stream="back-office", kind="growth"), "2026-01-12")
    for name, minor in (("AI-7", 7_000), ("AI-8", 7_000), ("AI-3", 40)):
        say(approve(name, "claims", minor), later, flagreason="Funds follow.")
    criteria = [
        {"id": "worth", "title": "Worth", "sort": "value", "weight_bp": 6_000},
        {"id": "speed", "title": "Speed", "sort": "value", "weight_bp": 3_000, "scale_min": 1, "scale_max": 5},
        {"id": "new", "title": "New", "sort": "novelty", "weight_bp": 0, "scale_max": 10},
        {"id": "newer", "title": "Newer", "sort": "novelty", "weight_bp": 0},
        {"id": "harm", "title": "Harm", "sort": "risk", "weight_bp": 1_000, "scale_min": 7, "scale_max": 7},
    ]
    say(policy("prioritisation", 3, method="wsjf", criteria=[*criteria[:4], criteria[4] | {"scale_max": 8}]), later)
    all_five = {"worth": 80, "speed": 4, "new": 3, "newer": 90, "harm": 7}
    say(also(score("AI-1", 3, **all_five), cost_of_delay=usd, job_size=8), "2026-01-20")
    say(also(score("AI-3", 3, **all_five | {"worth": 20, "new": 10}), cost_of_delay=money(5, "EUR"), job_size=3), later)
    say(also(score("AI-7", 3, worth=50, speed=1, new=0, newer=1), job_size=2), later)
    say(score("AI-8", 3, **all_five | {"worth": 11, "speed": 5}), "2026-01-20")
    say(policy("prioritisation", 4, method="weighted", criteria=criteria), "2026-04-01")
    tiers = also(rank(("AI-7", 9, None)), moves=[{"initiative": "AI-7", "rank": 9, "tier": "now"}])
    say(tiers, later)
    wrong = [say(also(tiers, moves=[{"initiative": "AI-7", "rank": 4, "was": 9, "tier": "next"}]), "2026-01-20")]
    parts = [{"name": "retail", "share_bp": 6_000}, {"name": "nowhere", "share_bp": 4_000}]
    say(policy("allocation", 2, value_streams=parts), later)
    units = [{"id": "retail", "title": "Retail, all"}, {"id": "back-office", "title": "Back office"}]
    say(policy("structure", 2, value_streams=[*units, {"id": "empty", "title": "Nothing yet"}]), later)
    people = {"pool": "people", "skill": "python", "unit": "mfte", "period": "2026-01", "amount": 3_000}
    machines = {"pool": "gpus", "skill": "training", "unit": "gpu_h", "period": "2026-Q1", "amount": 0}
    say(policy("capacity", 2, supply=[people, machines, people | {"amount": 9_000}]), later)
    say(allocate("AI-7", "2026-01", 750), later)
    say(allocate("AI-7", "2026-01", 700, kind="used"), later)
    say(allocate("AI-7", "2026-Q1", 9, pool="gpus", skill="training", unit="gpu_h"), later, flagreason="Rented.")
    say(allocate("AI-1", "2026-02", 40, kind="used"), later)
    say(commit("AI-7", "claims", "C-7", 500, supplier="Acme", period="2026-02"), later)
    say(commit("AI-7", "claims", "C-7", -20, supplier="Acme", period="2026-02"), "2026-01-20")
    say(commit("AI-8", "claims", "C-8", 90, supplier="Brandt & Söhne", period="2026-02"), later)
    dropped = say(commit("AI-8", "claims", "C-8", 4_000, supplier="Brandt & Söhne", period="2026-02"), later)
    say(commit(None, "claims", "C-10", 33, period="2026-02"), later)
    countered = say(commit("AI-8", "claims", "C-11", 9, supplier="Cox", period="2026-02"), later)
    say(pay("AI-7", "claims", "P-77", 5, commitment="C-7", period="2026-02"), later)
    say(link("AI-7", "ai_model", "jade", "primary", share_bp=3_333), later)
    say(link("AI-7", "ai_model", "ruby", "primary", share_bp=6_667), later)
    say(link("AI-8", "ai_model", "jade", "primary", share_bp=5_000), later)
    say(link("AI-8", "ai_model", "opal", "primary"), later)
    say(link("AI-8", "ai_model", "topaz", "primary", to="2026-12-30"), later)
    brings = [{"initiative": name, "share_bp": bp} for name, bp in (("AI-8", 3_333), ("AI-1", 3_333), ("AI-7", 3_334))]
    say(promise("B-7", ("2026", "1", usd), initiatives=brings, measure="calls"), later)
    say(measure("B-7", "2026-Q1", "claimed", money(-100, "USD")), later)
    say(measure("B-7", "2026-Q1", "validated", money(62, "USD")), "2026-01-20")
    say(
        promise(
            "B-8", ("2026", "1", money(77, "EUR")), initiatives=[brings[0] | {"share_bp": 10_000}], measure="mails"
        ),
        later,
    )
    say(also(flow("research", "2025-12", 1, 1), active_h=0, wait_h=0), later)
    say(also(flow("research", "2026-02", 1, 2, feature=1, defect=2, risk=3, debt=4), wip=0), "2026-04-01")
    say(discharge("K-7", "breached"), later)
    for newest in (*wrong, dropped):
        say(reverse(newest, "void"), "2026-01-20")
    say(reverse(countered, "counter"), "2026-01-20")
