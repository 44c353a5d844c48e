"""Beats 1 to 4: the ledger opens, and gets its people, committee, objectives, policies, delegations and envelopes.

The board of directors is no part of the ledger: what it grants is recorded by the registrar, with the document.
"""

from __future__ import annotations

import datetime
from itertools import pairwise
from typing import Literal

from ledger.demo.portfolio import ENVELOPES, OWNERS, YEARS, envelope
from ledger.demo.telling import COMMITTEE, ORIGIN, PORTFOLIO, Cast, Telling, cents, demo_key, document, on, usd
from schemas.events import (
    ActorEnrolled,
    AuthoritySet,
    BodySet,
    EnvelopeFunded,
    Holder,
    Instrument,
    Kpi,
    Limit,
    Member,
    Objective,
    ObjectivesSet,
    Option,
    PolicyAdopted,
    PortfolioOpened,
    Quorum,
    Registrar,
    Scope,
    Successor,
)
from schemas.events.governance import DecisionKind, DecisionKinds
from schemas.events.policy import (
    Capacity,
    Gate,
    Gates,
    Guardrail,
    Guardrails,
    PolicyBody,
    Prioritisation,
    ScoredCriterion,
    Structure,
    Supply,
    Tier,
    Tiers,
    Tolerance,
    Unit,
)
from schemas.receipts import Reason, ReasonClass

OPENED = on("2024-01-08")

PEOPLE = {
    "ana": ("portfolio-manager",),
    "ben": ("finance-partner",),
    "eva": ("cfo",),
    "dara": ("chief-risk-officer",),
    "chike": ("coo", "value-stream-owner"),
    "marta": ("head-of-underwriting", "value-stream-owner"),
    "farid": ("head-of-data", "value-stream-owner"),
    "tomas": ("sponsor",),
    "jon": ("sponsor",),
    "nadia": ("sponsor",),
    "sam": ("sponsor",),
    "petra": ("delivery-lead",),
    "ivo": ("delivery-lead",),
    "ruth": ("delivery-lead",),
    "kofi": ("delivery-lead",),
    "lena": ("ledger-accountant",),
    "greta": ("compliance",),
    "hugo": ("internal-auditor",),
}
"""Who is enrolled on the first day, and in which roles; ines, the registrar, came with the opening."""

SIGNING = ("eva", "olga")
"""Who has a signer key: the CFO."""

SEATS = {"finance": "eva", "risk": "dara", "operations": "chike", "underwriting": "marta", "data": "farid"}

KPIS = {
    "CLAIMS": ("Settle simple claims the same day", "settled same day", "%", "22", "60"),
    "FRAUD": ("Halve fraud leakage", "leakage of paid claims", "%", "4.1", "2.0"),
    "SERVE": ("Answer at first contact", "first-contact resolution", "%", "58", "75"),
    "PRICE": ("Price every risk within a day", "quoted within a day", "%", "35", "80"),
    "COST": ("Take 12 % out of cost to serve", "cost per policy", "index", "100", "88"),
    "TRUST": ("AI we can explain to the regulator", "high-risk uses with evidence file", "%", "0", "100"),
}

CRITERIA = (("value", "Value", 6_000), ("novelty", "Novelty", 0), ("risk", "Risk", 2_000), ("cost", "Cost", 2_000))
STAGES = ("proposed", "pilot", "build", "live", "done")
MUST = ("problem", "evidence", "owner")
FLAGGED = ("OVER_ENVELOPE", "OVER_APPROVED", "LATE", "SHORT_OF_FUNDS", "UNALIGNED", "INTEREST")
"""Rules that may be broken with a reason; all other rules of governance refuse."""

LEAST_ALIGNED_BP = 1_000
"""A tenth of what is funded has to serve an objective."""

UNALIGNED_REASON = "It serves no objective of its own: what it does lets the others be trusted."


def open_and_enrol(telling: Telling) -> None:
    """Beat 1, 2024-01-08."""
    opened = PortfolioOpened(
        portfolio=PORTFOLIO,
        title="Northwind Mutual, AI investments (invented)",
        currency="USD",
        time_zone="UTC",
        fiscal_year_start=1,
        registrar=Registrar(actor="ines", person="p-ines"),
        log_origin=ORIGIN,
    )
    telling.tell(OPENED, "ines", opened, beat=1)
    for actor, roles in PEOPLE.items():
        enrol(telling, OPENED, actor, roles, beat=1)
    telling.tell(OPENED, "ines", committee("eva", dict(SEATS)), beat=1)
    course: DecisionKinds = ("objectives", "policy", "funding")
    cfo = Holder(kind="role", id="cfo")
    grant(telling, OPENED, "auth-course", cfo, course, ONE_ENVELOPE, funds="envelopes", beat=1)


ONE_ENVELOPE = Limit(basis="one_decision", amount=usd(20_000))


def grant(
    telling: Telling,
    day: datetime.date,
    authority: str,
    holder: Holder,
    kinds: DecisionKinds,
    limit: Limit,
    *,
    beat: int | None,
    scope: Scope = Scope(),  # noqa: B008 - frozen
    emergency: bool = False,
    funds: Literal["initiatives", "envelopes"] = "initiatives",
) -> None:
    """Add an authority that the board grants and ines records."""
    fact = AuthoritySet(
        authority=authority,
        holder=holder,
        kinds=kinds,
        limits=(limit,),
        scope=scope,
        granted_by="board",
        emergency=emergency,
        funds=funds,
        instrument=Instrument(ref=f"dms:delegations-{day.year}", sha256=document(f"delegations-{day.year}").sha256),
    )
    telling.tell(day, "ines", fact, beat=beat)


def alone(
    telling: Telling,
    day: datetime.date,
    name: str,
    who: str,
    kind: DecisionKind,
    question: str,
    yes: str,
    *,
    beat: int | None,
    asker: str = "ana",
    subjects: tuple[str, ...] = (),
    asked_on: datetime.date | None = None,
) -> None:
    """Add a decision that one person takes: somebody else asks."""
    telling.decide(
        day,
        name,
        [Cast(who, None)],
        beat=beat,
        asked_on=asked_on or day - datetime.timedelta(days=3),
        asker=asker,
        kind=kind,
        subjects=subjects,
        question=question,
        options=[
            Option(option="yes", title=yes),
            Option(option="no", title="Leave it as it is", do_nothing=True, why_not="It no longer fits."),
        ],
        rationale=f"{yes}.",
        chair=who,
        body=None,
    )


def enrol(telling: Telling, day: datetime.date, actor: str, roles: tuple[str, ...], *, beat: int) -> None:
    key = str(demo_key(actor).vkey) if actor in SIGNING else None
    fact = ActorEnrolled(actor=actor, person=f"p-{actor}", roles=roles, vkey=key, valid_from=day)
    telling.tell(day, "ines", fact, beat=beat)


def committee(chair: str, seats: dict[str, str]) -> BodySet:
    """Return the AI Steering Committee with these people on its seats; ben is the alternate of the finance seat."""
    members = [Member(actor=actor, seat=seat) for seat, actor in seats.items()]
    if "ben" not in seats.values():
        members.append(Member(actor="ben", seat="finance", voting=False, alternate_for=seats["finance"]))
    return BodySet(
        body=COMMITTEE,
        title="AI Steering Committee",
        members=tuple(members),
        chair=chair,
        vice_chair="dara",
        quorum=Quorum(votes=3, seats=("finance", "risk")),
    )


def set_course(telling: Telling) -> None:
    """Beat 2, 2024-01-15: objectives and policies."""
    day, asked_on = on("2024-01-15"), on("2024-01-09")
    for name, kind, question, yes in (
        ("D-2024-OBJECTIVES", "objectives", "What is the money for, and how much does each count?", "Five objectives"),
        (
            "D-2024-POLICY",
            "policy",
            "By which tiers, gates, criteria, guardrails and tolerances do we decide? Titles and supply are renewed "
            "each January.",
            "Adopt the five policies",
        ),
    ):
        alone(telling, day, name, "eva", kind, question, yes, beat=2, asked_on=asked_on)  # type: ignore[arg-type]
    weights = {"CLAIMS": 3_000, "FRAUD": 2_000, "SERVE": 2_000, "PRICE": 2_000, "COST": 1_000}
    telling.tell(day, "eva", objectives(weights), beat=2, decision="D-2024-OBJECTIVES")
    tiers = (
        Tier(tier="manager", up_to=usd(50), roles=("portfolio-manager",)),
        Tier(tier="stream", up_to=usd(250), roles=("finance-partner", "value-stream-owner")),
        Tier(tier="committee", body=COMMITTEE, takes=("regulatory",)),
    )
    gates = tuple(
        Gate(gate=f"G{place}", title=f"From {before} to {after}", stage_from=before, stage_to=after, must=MUST, days=30)
        for place, (before, after) in enumerate(pairwise(STAGES), start=1)
    )
    criteria = tuple(
        ScoredCriterion(id=name, title=title, sort=name, weight_bp=weight)  # type: ignore[arg-type]
        for name, title, weight in CRITERIA
    )
    refused = [each.name for each in Reason if each.of_class is ReasonClass.GOVERNANCE and each.name not in FLAGGED]
    rules = [Guardrail(rule=rule, action="flag") for rule in FLAGGED]
    rules += [Guardrail(rule=rule, action="refuse") for rule in refused]
    for body in (
        Tiers(tiers=tiers),
        Gates(stages=STAGES, gates=gates),
        Prioritisation(method="weighted", criteria=criteria),
        Guardrails(rules=tuple(rules), min_aligned_bp=LEAST_ALIGNED_BP),
        Tolerance(lateness_days=10, measured_within_days=365),
    ):
        adopt(telling, day, body, beat=2)


def objectives(weights: dict[str, int], retired: dict[str, str] | None = None) -> ObjectivesSet:
    """Return the objectives with these weights, and those retired into a successor."""
    listed = []
    for name, (title, kpi, unit, baseline, target) in KPIS.items():
        successor = (retired or {}).get(name)
        if name not in weights and successor is None:
            continue
        measure = Kpi(name=kpi, unit=unit, baseline=baseline, target=target, by=on("2026-12-31"))
        if successor is None:
            listed.append(Objective(id=name, title=title, owner="eva", kpi=measure, weight_bp=weights[name]))
        else:
            heir = Successor(objective=successor, share_bp=10_000)
            listed.append(
                Objective(id=name, title=title, kpi=measure, weight_bp=0, status="retired", successors=(heir,))
            )
    return ObjectivesSet(portfolio=PORTFOLIO, objectives=tuple(listed))


def adopt(telling: Telling, day: datetime.date, body: PolicyBody, version: int = 1, beat: int | None = None) -> None:
    telling.tell(
        day,
        "eva" if day < on("2025-08-01") else "olga",
        PolicyAdopted(version=version, supersedes=version - 1 if version > 1 else None, body=body),
        beat=beat,
        lane="beat",
        decision="D-2024-POLICY" if day.year < 2026 else "D-2026-POLICY",
    )


def delegate(telling: Telling) -> None:
    """Beat 3, 2024-01-22: who may decide up to what."""
    day = on("2024-01-22")
    every: DecisionKinds = (
        "funding", "reallocation", "gate", "priority", "objectives", "policy", "baseline", "close", "waiver",
    )  # fmt: skip
    grants: list[tuple[str, Holder, DecisionKinds, float, Scope]] = [
        ("auth-committee", Holder(kind="body", id=COMMITTEE), every, 5_000, Scope()),
        ("auth-ana", Holder(kind="actor", id="ana"), ("funding", "priority"), 50, Scope()),
        ("auth-ben", Holder(kind="actor", id="ben"), ("funding",), 250, Scope()),
    ]
    for stream, owner in OWNERS.items():
        scope, holder = Scope(value_streams=(stream,)), Holder(kind="actor", id=owner)
        grants.append((f"auth-{stream}", holder, ("funding",), 250, scope))
        grants.append((f"auth-gates-{stream}", holder, ("gate", "baseline"), 5_000, scope))
    grants.append(("auth-lena", Holder(kind="actor", id="lena"), ("close",), 5_000, Scope()))
    for authority, holder, kinds, limit, scope in grants:
        total = Limit(basis="initiative_total", amount=usd(limit))
        grant(telling, day, authority, holder, kinds, total, scope=scope, beat=3)
    for actor in ("eva", "dara"):
        holder = Holder(kind="actor", id=actor)
        grant(telling, day, f"auth-emergency-{actor}", holder, EMERGENCY, ONE_EMERGENCY, emergency=True, beat=3)


EMERGENCY: DecisionKinds = ("funding", "gate")
ONE_EMERGENCY = Limit(basis="one_decision", amount=usd(250))


def revoke_emergency(telling: Telling, day: datetime.date, actor: str, *, beat: int) -> None:
    fact = AuthoritySet(
        authority=f"auth-emergency-{actor}",
        holder=Holder(kind="actor", id=actor),
        kinds=EMERGENCY,
        limits=(Limit(basis="one_decision", amount=cents(0)),),
        granted_by="board",
        emergency=True,
    )
    telling.tell(day, "ines", fact, beat=beat)


def fund(telling: Telling, year: int, day: datetime.date, beat: int | None) -> None:
    """Beat 4, and the same in the years after: an envelope for each value stream."""
    for stream, amounts in ENVELOPES.items():
        fact = EnvelopeFunded(
            envelope=envelope(stream, year),
            value_stream=stream,
            fiscal_period=f"FY{year}",
            capex_opex="opex",
            kind="initial",
            amount=usd(amounts[YEARS.index(year)]),
            reason=f"Plan of the board for {year}.",
        )
        telling.tell(day, "eva" if year < 2026 else "olga", fact, beat=beat, lane="beat", decision=f"D-{year}-PLAN")


def name_streams(telling: Telling) -> None:
    """Titles and owners of value streams and envelopes, and the supply of scarce people, year by year."""
    alone(
        telling,
        on("2026-01-23"),
        "D-2026-POLICY",
        "olga",
        "policy",
        "Which envelopes and how many engineers are there in 2026?",
        "Renew titles and supply",
        beat=None,
    )
    titles = {"claims": "Claims", "uw": "Underwriting", "service": "Service", "platform": "Platform"}
    streams = tuple(Unit(id=stream, title=titles[stream], owner=owner) for stream, owner in OWNERS.items())
    for version, year in enumerate(YEARS, start=1):
        day = {2024: on("2024-02-05"), 2025: on("2025-01-20"), 2026: on("2026-01-26")}[year]
        envelopes = tuple(
            Unit(id=envelope(stream, each), title=f"{titles[stream]} {each}", owner=owner)
            for each in YEARS[:version]
            for stream, owner in OWNERS.items()
        )
        adopt(telling, day, Structure(value_streams=streams, envelopes=envelopes), version)
        supply = tuple(
            Supply(pool="engineering", skill="mlops", unit="mfte", period=f"{each}-Q{quarter}", amount=amount)
            for each in YEARS[:version]
            for quarter, amount in enumerate(MLOPS_SUPPLY[each], start=1)
        )
        adopt(telling, day, Capacity(supply=supply, tolerance_bp=2_000), version)


MLOPS_SUPPLY = {
    2024: (16_000, 16_000, 18_000, 18_000),
    2025: (20_000, 20_000, 24_000, 24_000),
    2026: (26_000, 26_000, 26_000, 26_000),
}
"""Thousandths of a full-time equivalent in each quarter."""


def begin(telling: Telling) -> None:
    """Tell beats 1 to 4, and the envelopes and policies of the years after."""
    open_and_enrol(telling)
    set_course(telling)
    delegate(telling)
    fund(telling, 2024, on("2024-02-05"), beat=4)
    fund(telling, 2025, on("2025-01-13"), beat=None)
    fund(telling, 2026, on("2026-01-19"), beat=None)
    name_streams(telling)
