"""What happens quietly beside the beats: gates, ranks of what ends, assurance, risks, capacity and flow."""

from __future__ import annotations

import datetime

from ledger.demo.cast import MLOPS_SUPPLY, MUST, STAGES
from ledger.demo.portfolio import BY_ID, FORTY, OWNERS, YEARS, Initiative
from ledger.demo.retirement import next_gate
from ledger.demo.telling import Seen, Telling, on, usd, workday
from ledger.rules.watching import ranking
from schemas.events import (
    AssuranceRated,
    CapacityAllocated,
    Completed,
    Criterion,
    FlowReported,
    GateDecided,
    Move,
    PrioritySet,
    RiskAssessed,
)
from schemas.values import Figure

QUARTERS = [(year, quarter) for year in YEARS for quarter in (1, 2, 3, 4)][1:11]
"""From 2024-Q2 to 2026-Q3."""

GATE_DAYS: dict[str, tuple[str, ...]] = {
    "AI-0007": ("2024-03-13", "2025-06-30"),
    "AI-0015": ("2024-07-25", "2024-12-12", "2025-06-10", "2025-12-11"),
    "AI-0021": ("2024-05-02", "2024-11-26", "2025-08-19"),
    "AI-0022": ("2024-03-21",),
    "AI-0025": ("2025-02-20",),
    "AI-0039": ("2026-05-21",),
}
"""Gates passed on days of their own; beats tell the others of these initiatives."""

FIRST_GATES = {2024: on("2024-03-21"), 2025: on("2025-02-20"), 2026: on("2026-02-19")}
LATER_GATES = {
    2024: (on("2024-09-12"), on("2025-05-06")),
    2025: (on("2025-09-16"), on("2026-04-14")),
    2026: (on("2026-09-15"),),
}


def tell(telling: Telling) -> None:
    """Tell all of it."""
    gates(telling)
    ended_ranks(telling)
    assurance(telling)
    risks(telling)
    capacity(telling)
    flow(telling)


def gates(telling: Telling) -> None:
    for place, initiative in enumerate(FORTY):
        days = [on(day) for day in GATE_DAYS.get(initiative.id, ())]
        if not days:
            first = initiative.first_year()
            days = [FIRST_GATES[first] + datetime.timedelta(days=place % 5)]
            for step, start in zip((5, 7), LATER_GATES[first], strict=False):
                days.append(start + datetime.timedelta(days=(place * step) % (60 if step == 5 else 120)))
        for day in days:
            pass_gate(telling, workday(day), initiative.id, gatekeeper(initiative))


def gatekeeper(initiative: Initiative) -> str:
    """Return who decides an initiative's gates: the owner of its stream, but for the one he sponsors."""
    owner = OWNERS[initiative.stream]
    return "chike" if initiative.sponsor == owner else owner


def pass_gate(
    telling: Telling, day: datetime.date, initiative: str, actor: str, *, decision: str | None = None
) -> None:
    def gate(seen: Seen) -> GateDecided:
        stage = seen.book.stage(initiative)
        after = STAGES[STAGES.index(stage) + 1]
        return GateDecided(
            initiative=initiative,
            gate=next_gate(stage),
            stage_from=stage,
            stage_to=after,
            outcome="complete" if after == "done" else "go",
            must=tuple(Criterion(criterion=name, met=True) for name in MUST),
            should_score=str(60 + (BY_ID[initiative].value * 3) % 37),
        )

    telling.tell(day, actor, gate, decision=decision)


def ended_ranks(telling: Telling) -> None:
    """What is about to end goes to the end of the list, so that its rank is free for others."""
    for day, name, rank in (("2025-11-13", "AI-0027", 39), ("2025-12-04", "AI-0015", 38)):

        def last(seen: Seen, name: str = name, rank: int = rank) -> PrioritySet:
            move = Move(initiative=name, rank=rank, was=ranking(seen.book)[name], reason="It is about to end.")
            return PrioritySet(portfolio="demo", moves=(move,))

        telling.tell(on(day), "ana", last, decision="D-2025-RANKS")


COPILOT_RATINGS = {
    "2024-06-20": "amber",
    "2024-09-19": "amber",
    "2024-12-12": "amber",
    "2025-03-20": "red",
    "2025-07-17": "amber",
    "2025-09-18": "amber",
    "2025-12-11": "amber",
    "2026-03-19": "amber",
    "2026-06-18": "green",
}
RATED = ("AI-0003", "AI-0004", "AI-0019", "AI-0025", "AI-0029", "AI-0035")
COLOURS = ("green", "green", "amber", "green", "amber", "green", "green")


def assurance(telling: Telling) -> None:
    for rated_on, rating in COPILOT_RATINGS.items():
        rate(telling, on(rated_on), "AI-0007", rating)
    for place, name in enumerate(RATED):
        for count, (year, quarter) in enumerate(QUARTERS):
            day = workday(datetime.date(year, 3 * quarter, 17 + place % 4))
            if year >= BY_ID[name].first_year() and (name != "AI-0025" or day > on("2025-02-13")):
                rate(telling, day, name, COLOURS[(place * 3 + count) % len(COLOURS)])


def rate(telling: Telling, day: datetime.date, initiative: str, rating: str) -> None:
    fact = AssuranceRated(
        initiative=initiative,
        body="portfolio-assurance",
        scale="three",
        rating=rating,  # type: ignore[arg-type]
        as_at=day,
        commentary="No fallback yet, and the provider ends the model." if rating == "red" else None,
    )
    telling.tell(day, "hugo", fact)


CATEGORIES = ("model", "data", "people", "supplier", "conduct")


def risks(telling: Telling) -> None:
    """A risk for two initiatives in three, judged again after a year."""
    for place, initiative in enumerate(FORTY):
        if place % 3 == 2 or initiative.first_year() == 2026:
            continue
        for again, day in enumerate((FIRST_GATES[initiative.first_year()], on("2026-03-09"))):
            probability = 1_500 + (place * 700) % 5_000 - 600 * again
            ended = again and initiative.id in ("AI-0015", "AI-0022", "AI-0027")
            fact = RiskAssessed(
                risk=f"RISK-{initiative.id}",
                initiative=initiative.id,
                category=CATEGORIES[place % len(CATEGORIES)],
                probability_bp=probability,
                impact=Figure(kind="range", low=usd(20 + place), high=usd(120 + 9 * place)),
                residual_bp=probability // 3,
                response="reduce",
                owner=initiative.sponsor,
                status="closed" if ended else "open",
            )
            telling.tell(workday(day + datetime.timedelta(days=5 + place % 12)), "dara", fact)


MLOPS = {"AI-0003": 14, "AI-0004": 17, "AI-0007": 26, "AI-0019": 15, "AI-0026": 12, "AI-0029": 16}
"""Who needs MLOps engineers, in percent of what is planned."""

LOAD = {(2025, 2): 118, (2025, 3): 97}
"""Planned in percent of the supply; other quarters stand between 84 and 96."""


def capacity(telling: Telling) -> None:
    for count, (year, quarter) in enumerate(QUARTERS):
        supply = MLOPS_SUPPLY[year][quarter - 1]
        load = LOAD.get((year, quarter), 84 + (count * 5) % 13)
        planned_on = workday(datetime.date(year, 3 * quarter - 2, 1) - datetime.timedelta(days=11))
        used_on = workday(datetime.date(year, 3 * quarter, 28))
        for name, percent in MLOPS.items():
            amount = supply * load * percent // 10_000
            told: list[tuple[datetime.date, str, int]] = [(planned_on, "planned", amount)]
            if quarter == 4:
                told.append((used_on, "used", amount * 96 // 100))
            for day, kind, size in told:
                fact = CapacityAllocated(
                    pool="engineering",
                    skill="mlops",
                    unit="mfte",
                    kind=kind,  # type: ignore[arg-type]
                    initiative=name,
                    period=f"{year}-Q{quarter}",
                    amount=size,
                )
                telling.tell(day, "farid", fact)


def flow(telling: Telling) -> None:
    """How work flows through the four value streams, quarter by quarter."""
    for count, (year, quarter) in enumerate(QUARTERS):
        ended = datetime.date(year, 3 * quarter, 28) + datetime.timedelta(days=12)
        for place, stream in enumerate(OWNERS):
            p50 = 210 - 8 * count + 23 * place
            active = 1_400 + 90 * count + 130 * place
            fact = FlowReported(
                value_stream=stream,
                period=f"{year}-Q{quarter}",
                completed=Completed(feature=18 + 2 * count + place, defect=9 - count // 2, risk=2 + place, debt=3),
                flow_time_p50_h=p50,
                flow_time_p85_h=p50 * 21 // 10,
                active_h=active,
                wait_h=active * (30 - count) // 10,
                wip=34 - count + 3 * place,
            )
            telling.tell(workday(ended), "kofi", fact)
