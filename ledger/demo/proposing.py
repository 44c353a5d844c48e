"""How each initiative comes in: its proposal, what it serves, its scores, models, backlog and first plan."""

from __future__ import annotations

import datetime
from typing import Literal

from ledger.demo import cast
from ledger.demo.portfolio import FORTY, LEADS, YEARS, Initiative, shares
from ledger.demo.telling import Telling, document, on, usd, workday
from schemas.events import (
    AiUse,
    AlignmentDeclared,
    BaselineSet,
    Contribution,
    InitiativeLinked,
    InitiativeProposed,
    InitiativeScored,
    ModelLifecycleChanged,
    Move,
    Prices,
    PrioritySet,
    Score,
)
from schemas.events.delivery import Horizon, InitiativeKind
from schemas.values import Figure, PeriodAmount, PeriodFigure

MODELS = {
    "orion-2": ("Orion 2", "Orion", "ga", "2024-01-29"),
    "orion-mini": ("Orion Mini", "Orion", "ga", "2024-01-29"),
    "orion-vision-1": ("Orion Vision 1", "Orion", "ga", "2024-01-29"),
    "orion-voice": ("Orion Voice", "Orion", "preview", "2024-01-29"),
    "heron-70b": ("Heron 70B", "Heron", "ga", "2024-01-29"),
    "calder-1": ("Calder 1", "Calder", "ga", "2024-01-29"),
    "vocalis-id": ("Vocalis ID", "Vocalis", "ga", "2024-01-29"),
    "orion-3": ("Orion 3", "Orion", "ga", "2025-02-18"),
}
"""Name, provider, stage and the day it came into the catalogue. Models of Northwind's own are named after what they
serve."""

SOURCE = {"Orion": "orion.example/lifecycle", "Heron": "heron.example/models", "Calder": "calder.example/notices"}

HOPES = {
    "CLAIMS": "more claims are settled on the day they come in",
    "FRAUD": "less is paid for claims that are none",
    "SERVE": "more customers have their answer at the first contact",
    "PRICE": "more risks are quoted within a day",
    "COST": "a policy costs less to serve",
    "TRUST": "we can show how a decision was made",
    "": "later initiatives have firmer ground",
}

NO_BACKLOG = ("AI-0031", "AI-0034", "AI-0039")
HORIZONS: dict[str, tuple[Horizon, InitiativeKind]] = {
    "claims": ("h1", "efficiency"),
    "uw": ("h2", "growth"),
    "service": ("h2", "growth"),
    "platform": ("h1", "resilience"),
}


def propose_all(telling: Telling) -> None:
    """Tell the catalogue of models, and every initiative but AI-0039, which comes with its beat."""
    for model, (name, provider, stage, listed_on) in MODELS.items():
        catalogue(telling, on(listed_on), model, name, provider, stage)
    waiting = {2024: on("2024-02-12"), 2025: on("2024-11-25"), 2026: on("2026-01-26")}
    apart = {"AI-0021": on("2024-03-25"), "AI-0015": on("2024-05-13")}
    for place, initiative in enumerate(FORTY):
        if initiative.id != "AI-0039":
            day = apart.get(initiative.id) or workday(
                waiting[initiative.first_year()] + datetime.timedelta(days=place % (4 if place > 35 else 17))
            )
            propose(telling, day, initiative)
    rank_first(telling)


def catalogue(telling: Telling, day: datetime.date, model: str, name: str, provider: str, stage: str) -> None:
    fact = ModelLifecycleChanged(
        model=model,
        name=name,
        provider=provider,
        change="catalogued",
        stage=stage,  # type: ignore[arg-type]
        announced_on=day,
        prices=Prices(currency="USD", input_per_mtok="2.50", output_per_mtok="10") if provider == "Orion" else None,
        source=SOURCE.get(provider, "architecture-board"),
    )
    telling.tell(day, "farid", fact, lane="morning", mark=f"catalogued-{model}")


def propose(telling: Telling, day: datetime.date, initiative: Initiative, beat: int | None = None) -> None:
    """Tell one initiative's proposal, alignment, scores, models, first plan and backlog."""
    lead = LEADS[initiative.stream]
    horizon, kind = HORIZONS[initiative.stream]
    if initiative.novelty > 69:
        horizon, kind = "h3", "exploration"
    if initiative.id == "AI-0040":
        kind = "regulatory"
    objective = shares(initiative.serves)[0][0] if initiative.serves else ""
    hypothesis = f"If {initiative.title} works, {HOPES[objective]}."
    if initiative.id == "AI-0022":
        hypothesis = "A talking avatar in the branches contains 25 % of the calls that reach the contact centre today."
    proposed = InitiativeProposed(
        initiative=initiative.id,
        title=initiative.title,
        sponsor=initiative.sponsor,
        lead=lead,
        proposer=lead,
        value_stream=initiative.stream,
        kind=kind,
        horizon=horizon,
        hypothesis=hypothesis,
        cost_estimate=tuple(
            PeriodFigure(period=f"FY{year}", cost=Figure(kind="exact", amount=usd(initiative.in_year(year))))
            for year in YEARS
            if initiative.in_year(year)
        ),
        ai=AiUse(use_case=initiative.title, eu_class="minimal", assessed_by="greta") if initiative.model else None,
    )
    told = {"beat": beat, "lane": "beat" if beat else "morning"}
    telling.tell(day, lead, proposed, mark=initiative.id, **told)  # type: ignore[arg-type]
    if initiative.serves:
        declare(telling, day, initiative, initiative.serves, beat=beat)
    scores = (
        Score(criterion="value", score=initiative.value),
        Score(criterion="novelty", score=initiative.novelty),
        Score(criterion="risk", score=30 + (initiative.novelty * 7 + initiative.value) % 41),
        Score(criterion="cost", score=25 + (initiative.value * 3) % 50),
    )
    scored = InitiativeScored(
        initiative=initiative.id,
        model_version=1,
        scores=scores,
        assessor="ben",
        evidence=(document(f"scoring-{initiative.id}"),),
    )
    telling.tell(day, "ben", scored, **told)  # type: ignore[arg-type]
    for model in initiative.model.split():
        name = own_model(initiative) if model == "own" else model
        if model == "own":
            catalogue(telling, day, name, f"Northwind {initiative.title}"[:60], "Northwind", "ga")
        link_model(telling, day, initiative, name, starts=day, beat=beat)
    if initiative.id not in NO_BACKLOG:
        number = 100 + 7 * int(initiative.id[3:])
        epic = InitiativeLinked(
            initiative=initiative.id, kind="backlog", target=f"NM-{number}", system="jira", share_bp=10_000
        )
        telling.tell(day, lead, epic, **told)  # type: ignore[arg-type]
    plan(telling, day, initiative, beat)


def plan(telling: Telling, day: datetime.date, initiative: Initiative, beat: int | None) -> None:
    cost = {year: initiative.in_year(year) for year in YEARS if initiative.in_year(year)}
    finish = datetime.date(max(cost), 12, 18)
    if initiative.id == "AI-0026":
        cost, finish = {2024: 350, 2025: 650}, on("2025-06-30")
    if initiative.id == "AI-0022":
        cost = {2024: 600}
    baseline = BaselineSet(
        initiative=initiative.id,
        number=1,
        cost=tuple(PeriodAmount(period=f"FY{year}", amount=usd(amount)) for year, amount in cost.items()),
        start=day,
        finish=finish,
    )
    telling.tell(day, LEADS[initiative.stream], baseline, beat=beat, lane="beat" if beat else "morning")


def declare(
    telling: Telling,
    day: datetime.date,
    initiative: Initiative,
    serves: str,
    *,
    beat: int | None,
    why: str | None = None,
) -> None:
    """Tell what an initiative serves from a day."""
    declared = AlignmentDeclared(
        initiative=initiative.id,
        contributions=tuple(Contribution(objective=name, share_bp=share) for name, share in shares(serves)),
        rationale=why,
        assessor="ana",
    )
    telling.tell(day, "ana", declared, beat=beat, lane="beat" if beat else "morning")


def own_model(initiative: Initiative) -> str:
    """Return the id of the model an initiative makes itself."""
    return f"nm-{initiative.id.lower()}"


def link_model(
    telling: Telling,
    day: datetime.date,
    initiative: Initiative,
    model: str,
    *,
    role: Literal["primary", "fallback", "evaluated"] = "primary",
    starts: datetime.date | None = None,
    ends: datetime.date | None = None,
    exit_cost: float | None = None,
    time: datetime.date | None = None,
    beat: int | None = None,
    story: str | None = None,
    decision: str | None = None,
    mark: str | None = None,
    because: str | None = None,
) -> None:
    """Tell that an initiative runs on a model, or until when."""
    link = InitiativeLinked(
        initiative=initiative.id,
        kind="ai_model",
        target=model,
        system="model-catalogue",
        role=role,
        starts=starts,
        ends=ends,
        exit_cost=None if exit_cost is None else Figure(kind="exact", amount=usd(exit_cost)),
    )
    telling.tell(
        day,
        LEADS[initiative.stream],
        link,
        beat=beat,
        lane="beat" if beat else "morning",
        time=time,
        # Found today, true before: the day it was judged is today, so it is not late.
        decidedon=None if time is None else day,
        story=story,
        decision=decision,
        mark=mark,
        because=because,
    )


def rank_by(telling: Telling, day: datetime.date, what: str, *, beat: int | None) -> None:
    """Tell a year's decision about the ranks: ben asks, ana decides."""
    question = f"In which order of {what} do the initiatives of {day.year} stand? What comes or goes later moves alone."
    cast.alone(telling, day, f"D-{day.year}-RANKS", "ana", "priority", question, f"By {what}", beat=beat, asker="ben")


def rank_first(telling: Telling) -> None:
    """Ranks of the first two rounds follow novelty; the third is ranked by value, with its beat."""

    def ranks(initiatives: list[Initiative], after: int) -> PrioritySet:
        listed = sorted(initiatives, key=lambda each: -each.novelty)
        return PrioritySet(
            portfolio="demo",
            moves=tuple(Move(initiative=each.id, rank=rank) for rank, each in enumerate(listed, start=after + 1)),
        )

    first = [each for each in FORTY if each.first_year() == 2024 and each.id not in ("AI-0015", "AI-0021")]
    second = [each for each in FORTY if each.first_year() == 2025]
    rank_by(telling, on("2024-03-11"), "novelty", beat=None)
    telling.tell(on("2024-03-11"), "ana", ranks(first, 0), decision="D-2024-RANKS")
    rank_by(telling, on("2025-02-06"), "novelty", beat=None)
    telling.tell(on("2025-02-06"), "ana", ranks(second, 24), decision="D-2025-RANKS")
    for day, name, rank in (("2024-04-03", "AI-0021", 23), ("2024-06-21", "AI-0015", 24)):
        placed = PrioritySet(portfolio="demo", moves=(Move(initiative=name, rank=rank),))
        telling.tell(on(day), "ana", placed, decision="D-2024-RANKS")
