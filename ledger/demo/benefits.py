"""What was promised and what came of it: 31 initiatives carry a planned benefit, 22 of them have measured one."""

from __future__ import annotations

import datetime

from ledger.demo.portfolio import FORTY, YEARS, Initiative, shares
from ledger.demo.telling import Telling, cents, document, on, usd, workday
from schemas.events import BenefitMeasured, BenefitPlanned, BenefitShare, StartingPoint, Target

NEVER_PLANNED = ("AI-0008", "AI-0017", "AI-0018", "AI-0029", "AI-0031", "AI-0032", "AI-0033", "AI-0035")
NEVER_MEASURED = ("AI-0016", "AI-0020", "AI-0024", "AI-0030", "AI-0034")
"""Beat 35: approved more than a year before, and nothing measured."""

UNIT_CENTS = 5_000
"""What an hour is worth, in cents."""

MEASURES = {
    "CLAIMS": "handling hours saved",
    "FRAUD": "hours of false payments avoided",
    "SERVE": "contact hours saved",
    "PRICE": "underwriting hours saved",
    "COST": "office hours saved",
    "TRUST": "audit hours saved",
}


def promised(initiative: Initiative) -> bool:
    return initiative.id not in NEVER_PLANNED


def promised_minor(initiative: Initiative) -> int:
    """Return what the benefit is planned to be worth in its first full year, in cents."""
    if initiative.id == "AI-0001":
        return 200_000_000
    return sum(initiative.approved) * (900 + 10 * initiative.value) * 100


def hours(minor: int) -> str:
    return str(minor // UNIT_CENTS)


def promise(
    telling: Telling,
    day: datetime.date,
    initiative: Initiative,
    *,
    carried_by: Initiative | None = None,
    beat: int | None = None,
) -> None:
    """Tell what an initiative promises. carried_by: who has to keep it from now on."""
    objective = shares(initiative.serves)[0][0] if initiative.serves else "TRUST"
    worth = promised_minor(initiative)
    year = min(initiative.first_year() + 1, YEARS[-1])
    plan = BenefitPlanned(
        benefit=f"BEN-{initiative.id}",
        title=f"{initiative.title}: {MEASURES[objective]}",
        initiatives=(BenefitShare(initiative=(carried_by or initiative).id, share_bp=10_000),),
        type="avoided" if objective == "FRAUD" else "cashable",
        owner=(carried_by or initiative).sponsor,
        measure=f"{MEASURES[objective]} by {initiative.title}",
        unit="hours",
        unit_value=cents(UNIT_CENTS),
        baseline=StartingPoint(value="0", on=on(f"{initiative.first_year()}-01-01"), source="time recording"),
        target=(Target(period=f"FY{year}", value=hours(worth), money=cents(worth)),),
        objective=objective,
    )
    telling.tell(day, (carried_by or initiative).sponsor, plan, beat=beat, lane="beat" if beat else "morning")


def tell(telling: Telling) -> None:
    """Tell the promises and the quiet measurements; AI-0001 and AI-0039 have beats of their own."""
    promised_on = {2024: on("2024-03-18"), 2025: on("2025-02-17"), 2026: on("2026-02-16")}
    for place, initiative in enumerate(FORTY):
        if not promised(initiative) or initiative.id == "AI-0039":
            continue
        first = initiative.first_year()
        late = {"AI-0015": on("2024-07-22"), "AI-0021": on("2024-04-29")}
        promise(
            telling,
            late.get(initiative.id) or workday(promised_on[first] + datetime.timedelta(days=place % 5)),
            initiative,
        )
        if initiative.id in (*NEVER_MEASURED, "AI-0001", "AI-0027") or first == 2026:
            continue
        if initiative.id == "AI-0022":
            measured(telling, on("2024-11-13"), initiative, "FY2024", 1_200, validated=True)
            continue
        whole = promised_minor(initiative)
        if first == 2024:
            quarter = on("2025-01-20") + datetime.timedelta(days=place % 9)
            measured(telling, workday(quarter), initiative, "FY2024", whole // 7 // UNIT_CENTS, validated=False)
        later = on("2025-07-07") if first == 2025 else on("2025-12-01")
        share = 55 + (place * 11) % 36
        earned = whole * share // 100 // UNIT_CENTS
        measured(
            telling, workday(later + datetime.timedelta(days=place % 7)), initiative, "FY2025", earned, validated=True
        )


def measure_moved(telling: Telling, voice: Initiative) -> None:
    """What came along with Voice Biometrics is measured where it went."""
    measured(telling, on("2026-01-14"), voice, "FY2025", 6_310, validated=True)


def measured(
    telling: Telling, day: datetime.date, initiative: Initiative, period: str, earned_hours: int, *, validated: bool
) -> None:
    """Tell what the sponsor claims, and three weeks later what ben makes of it."""
    told = [(day, initiative.sponsor, "claimed", earned_hours)]
    if validated:
        checked = workday(day + datetime.timedelta(days=5 if initiative.id == "AI-0022" else 21))
        told.append((checked, "ben", "validated", earned_hours * 92 // 100))
    for when, actor, status, found in told:
        fact = BenefitMeasured(
            benefit=f"BEN-{initiative.id}",
            period=period,
            value=str(found),
            money=cents(found * UNIT_CENTS),
            method="Time recording, before and after.",
            evidence=(document(f"benefit-{initiative.id}-{period}-{status}"),),
            status=status,  # type: ignore[arg-type]
        )
        telling.tell(when, actor, fact)


def validate_glass(telling: Telling) -> None:
    """Beat 31: ben validates less than tomas claimed."""
    fact = BenefitMeasured(
        benefit="BEN-AI-0001",
        period="FY2025",
        value="29000",
        money=usd(1_450),
        method="950,000 of the claim was counted by AI-0003 too.",
        evidence=(document("benefit-AI-0001-validation"),),
        status="validated",
    )
    telling.tell(on("2026-02-20"), "ben", fact, beat=31, because="glass-claimed", mark="glass-validated")
