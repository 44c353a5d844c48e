"""Beats 16 to 19, 23 and 24: the end of orion-2, the pivot it takes, and the emergency of the one left for later."""

from __future__ import annotations

import datetime
from collections.abc import Callable

from ledger.demo import proposing
from ledger.demo.cast import STAGES
from ledger.demo.portfolio import BY_ID, envelope
from ledger.demo.rounds import approve, seats
from ledger.demo.telling import Basis, Cast, Seen, Telling, document, on, usd
from schemas.events import (
    Condition,
    ConditionDischarged,
    FundingReallocated,
    GateDecided,
    ModelLifecycleChanged,
    Option,
    Pivot,
    Place,
)
from schemas.values import Text

RETIREMENT = "orion-2-retirement"
"""The correlation id of everything that follows from the end of orion-2."""

TO_HERON = ("AI-0007", "AI-0010")
TO_ORION_3 = (
    "AI-0001", "AI-0003", "AI-0006", "AI-0011", "AI-0013", "AI-0015", "AI-0019", "AI-0020", "AI-0026", "AI-0036",
)  # fmt: skip
MOVED_ON = on("2025-08-31")
"""The last day the twelve run on orion-2."""


def tell(telling: Telling) -> None:
    """Tell what follows from the end of orion-2, but for what nobody knew (beat 27)."""
    announced(telling)
    pivot(telling)
    rescheduled(telling)
    emergency(telling)


def announced(telling: Telling) -> None:
    """Beats 16 and 17: Orion announces the end of orion-2; ana asks what to do."""
    marine, treaty = BY_ID["AI-0015"], BY_ID["AI-0018"]
    proposing.link_model(telling, on("2024-11-28"), marine, "heron-70b", role="fallback", starts=on("2024-11-28"))
    proposing.link_model(telling, on("2025-02-20"), treaty, "calder-1", role="fallback", starts=on("2025-02-20"))
    news = ModelLifecycleChanged(
        model="orion-2",
        name="Orion 2",
        provider="Orion",
        change="retirement_announced",
        stage="deprecated",
        announced_on=on("2025-03-17"),
        effective_on=on("2025-09-30"),
        replacement="orion-3",
        source="orion.example/lifecycle",
    )
    telling.tell(on("2025-03-17"), "farid", news, beat=16, mark="orion-2-ends", story=RETIREMENT)


def pivot(telling: Telling) -> None:
    """Beats 17 and 18: four options, four votes to one, twelve pivots and two movements of money."""
    day, name = on("2025-04-03"), "D-2025-ORION-2"
    wait = "heron-70b has no impact assessment; I would wait 60 days."
    telling.decide(
        day,
        name,
        seats("eva", risk=Cast("dara", "risk", "reject", dissent=wait)),
        beat=17,
        asked_on=on("2025-03-19"),
        kind="gate",
        subjects=[*TO_HERON, *TO_ORION_3, "AI-0018"],
        question="Orion ends orion-2 on 30 September. Where do the 13 initiatives that depend on it go?",
        options=[
            Option(option="mixed", title="Two to heron-70b, ten to orion-3, one later", effects="Exit costs 410."),
            Option(option="orion-3", title="All to orion-3", effects="Exit costs 350.", why_not="One provider again."),
            Option(option="heron", title="All to heron-70b", effects="Exit costs 920.", why_not="Letters fail tests."),
            Option(option="nothing", title="Do nothing", do_nothing=True, why_not="13 initiatives stop in October."),
        ],
        rationale="Mixed: the least cost of a second provider. Treaty Reader has a fallback and waits.",
        trigger="orion-2-ends",
        story=RETIREMENT,
        amount=usd(350),
        suppliers=("Orion", "Heron"),
        evidence=(document("exit-costs-orion-2"), document("tests-orion-3"), document("tests-heron-70b")),
    )
    for place, initiative in enumerate((*TO_HERON, *TO_ORION_3)):
        after = "heron-70b" if initiative in TO_HERON else "orion-3"
        move_model(telling, day, initiative, after, name, 25 + 3 * place, beat=18, last_day=MOVED_ON)
    for source, thousands in (("AI-0006", 150), ("AI-0009", 200)):

        def moved(seen: Seen, source: str = source, thousands: int = thousands) -> FundingReallocated:
            place = {"envelope": envelope("claims", 2025), "capex_opex": "opex", "period": "FY2025"}
            return FundingReallocated(
                source=Place(initiative=source, **place),  # type: ignore[arg-type]
                target=Place(initiative="AI-0007", **place),  # type: ignore[arg-type]
                amount=usd(thousands),
                reason="The copilot's move to heron-70b comes first.",
                trigger=seen.sequence("orion-2-ends"),
            )

        telling.tell(day, "eva", moved, beat=18, decision=name, because=f"{name}-closed", story=RETIREMENT)


def move_model(
    telling: Telling,
    day: datetime.date,
    initiative: str,
    after: str,
    decision: str,
    exit_cost: float,
    *,
    beat: int,
    last_day: datetime.date,
    actor: str = "eva",
    reason: Text | None = None,
    basis: Basis = "ordinary",
) -> None:
    """Add a pivot from orion-2 at the gate the initiative stands before, and its links."""
    gate = pivot_gate(initiative, "Orion ends orion-2.", "Runs on orion-2.", f"Runs on {after}.", reason)
    common = {"beat": beat, "decision": decision, "story": RETIREMENT}
    mark = f"pivot-{initiative}"
    telling.tell(day, actor, gate, because=f"{decision}-closed", mark=mark, basis=basis, **common)  # type: ignore[arg-type]
    starts = last_day + datetime.timedelta(days=1)
    for model, since, until in (("orion-2", None, last_day), (after, starts, None)):
        proposing.link_model(
            telling,
            day,
            BY_ID[initiative],
            model,
            starts=since,
            ends=until,
            exit_cost=exit_cost if until else None,
            because=f"pivot-{initiative}",
            **common,  # type: ignore[arg-type]
        )


def pivot_gate(
    initiative: str, trigger: str, before: str, after: str, reason: Text | None = None
) -> Callable[[Seen], GateDecided]:
    """Return a pivot that leaves an initiative in the stage it is in."""

    def gate(seen: Seen) -> GateDecided:
        stage = seen.book.stage(initiative)
        return GateDecided(
            initiative=initiative,
            gate=next_gate(stage),
            stage_from=stage,
            stage_to=stage,
            outcome="pivot",
            pivot=Pivot(trigger=trigger, before=before, after=after),
            reason=reason,
        )

    return gate


def next_gate(stage: str) -> str:
    """Return the gate that an initiative in a stage stands before."""
    return f"G{STAGES.index(stage) + 1}"


def rescheduled(telling: Telling) -> None:
    """Beat 19, and the end itself."""
    said = {"model": "orion-2", "name": "Orion 2", "provider": "Orion", "source": "orion.example/lifecycle"}
    moved = ModelLifecycleChanged(
        change="rescheduled",
        announced_on=on("2025-05-22"),
        effective_on=on("2025-12-31"),
        replacement="orion-3",
        **said,  # type: ignore[arg-type]
    )
    telling.tell(on("2025-05-22"), "farid", moved, beat=19, story=RETIREMENT, because="orion-2-ends")
    ended = ModelLifecycleChanged(change="stage", stage="retired", effective_on=on("2025-12-31"), **said)  # type: ignore[arg-type]
    telling.tell(on("2026-01-02"), "farid", ended, story=RETIREMENT, because="orion-2-ends")


def emergency(telling: Telling) -> None:
    """Beats 23 and 24: dara approves 180 alone; the committee ratifies in time."""
    day, treaty, name = on("2025-08-29"), BY_ID["AI-0018"], "D-2025-TREATY"
    stops = ModelLifecycleChanged(
        model="calder-1",
        name="Calder 1",
        provider="Calder",
        change="withdrawn",
        stage="retired",
        announced_on=day,
        effective_on=on("2025-09-05"),
        source="calder.example/notices",
    )
    telling.tell(day, "farid", stops, beat=23, mark="calder-stops", story=RETIREMENT)
    telling.decide(
        day,
        name,
        [Cast("dara", "risk", "approve", reason="Renewals of 1 October cannot be read by hand.")],
        beat=23,
        asked_on=day,
        kind="funding",
        subjects=[treaty.id],
        question="The vendor behind Treaty Reader's fallback stops on 5 September. Move it to orion-3 now, for 180?",
        options=[
            Option(option="move", title="Move to orion-3 at once", amount=usd(180)),
            Option(option="hand", title="Read by hand", do_nothing=True, why_not="Six weeks of work, four weeks left."),
        ],
        amount=usd(180),
        rationale="Emergency: to be ratified by 19 September.",
        chair="dara",
        body=None,
        trigger="orion-2-ends",
        story=RETIREMENT,
        basis="emergency",
    )
    ratify = Condition(
        condition="COND-AI-0018-RATIFY",
        text="Ratified by the committee.",
        owner="ana",
        due=on("2025-09-19"),
        blocking=True,
    )
    # The pivot comes first: once the money is there, nothing goes on before it is ratified.
    move_model(
        telling,
        day,
        treaty.id,
        "orion-3",
        name,
        60,
        beat=23,
        last_day=on("2025-09-05"),
        actor="dara",
        basis="emergency",
    )
    approve(
        telling,
        day,
        treaty,
        2025,
        180,
        actor="dara",
        beat=23,
        decision=name,
        basis="emergency",
        kind="supplement",
        conditions=(ratify,),
        ratify_by=on("2025-09-19"),
        mark="emergency",
        story=RETIREMENT,
    )
    proposing.link_model(
        telling,
        day,
        treaty,
        "calder-1",
        role="fallback",
        starts=on("2025-02-20"),
        ends=on("2025-09-05"),
        beat=23,
        story=RETIREMENT,
    )
    ratified = on("2025-09-11")
    telling.decide(
        ratified,
        "D-2025-TREATY-RATIFIED",
        [
            Cast("ben", "finance"),
            Cast("marta", "underwriting"),
            Cast("farid", "data"),
            Cast("chike", "operations", "abstain", dissent="Avoidable, known since March."),
            Cast("dara", "risk", "recuse", reason="It is my own act."),
        ],
        beat=24,
        asked_on=on("2025-09-04"),
        kind="funding",
        subjects=[treaty.id],
        question="Is the emergency approval of 29 August confirmed?",
        options=[
            Option(option="ratify", title="Confirm"),
            Option(option="undo", title="Do not confirm", do_nothing=True, why_not="The work is half done."),
        ],
        rationale="Confirmed; such a delay should not happen again.",
        chair="ben",
        ratifies=name,
        basis="ratified",
        story=RETIREMENT,
    )
    met = ConditionDischarged(
        condition="COND-AI-0018-RATIFY", outcome="met", evidence=(document("paper-D-2025-TREATY-RATIFIED"),)
    )
    telling.tell(
        ratified, "ana", met, beat=24, decision="D-2025-TREATY-RATIFIED", because="D-2025-TREATY-RATIFIED-closed"
    )
