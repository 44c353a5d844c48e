"""Beats 15 to 26 but for the end of orion-2: the second round, money over the envelope, people who leave."""

from __future__ import annotations

import datetime

from ledger.demo import cast
from ledger.demo.benefits import measure_moved, promise
from ledger.demo.portfolio import BY_ID, FORTY, envelope
from ledger.demo.retirement import next_gate
from ledger.demo.rounds import NOTHING, approve, hold_round, seats
from ledger.demo.telling import Cast, Seen, Telling, demo_key, document, on, usd
from ledger.demo.year_2024 import close
from schemas.events import (
    ActorEnrolled,
    AiUse,
    BenefitMeasured,
    Condition,
    ConditionDischarged,
    Criterion,
    EnvelopeFunded,
    FundingApproved,
    GateDecided,
    Holder,
    InitiativeAmended,
    InitiativeLinked,
    Interest,
    InterestDeclared,
    Limit,
    Option,
    Scope,
)

GPU_SUPPLIER = "Gridstone Compute"


def tell(telling: Telling) -> None:
    """Tell the beats of 2025, and the close of the year."""
    second_round(telling)
    over_the_envelope(telling)
    high_risk(telling)
    eva_leaves(telling)
    merged(telling)
    glass_claims_benefit(telling)
    close(telling, 2025, "2026-01-16", beat=14)


def second_round(telling: Telling) -> None:
    """Beat 15: the round, and the GPU reserve, on which two of five recuse themselves."""
    day = on("2025-02-13")
    totals = {each.id: each.in_year(2024) for each in FORTY}
    hold_round(telling, 2025, day, 15, chair="eva", totals=totals)
    farids = InterestDeclared(
        actor="farid",
        interest=Interest(kind="initiative", id="AI-0035"),
        nature="Sponsor.",
        valid_from=on("2025-01-27"),
    )
    martas = InterestDeclared(
        actor="marta",
        interest=Interest(kind="supplier", id=GPU_SUPPLIER),
        nature="Her spouse works for the supplier.",
        valid_from=on("2025-01-27"),
    )
    telling.tell(on("2025-02-05"), "farid", farids, beat=15)
    telling.tell(on("2025-02-05"), "marta", martas, beat=15)
    chike = Holder(kind="actor", id="chike")
    total = Limit(basis="initiative_total", amount=usd(5_000))
    reserve = Scope(initiatives=("AI-0035",))
    cast.grant(telling, on("2025-02-05"), "auth-gates-AI-0035", chike, ("gate",), total, scope=reserve, beat=15)
    gpu_reserve(telling, day, 2025, 900, beat=15, chair="eva")


def gpu_reserve(telling: Telling, day: datetime.date, year: int, thousands: int, *, beat: int, chair: str) -> None:
    """A decision that three votes carry, exactly the quorum."""
    name, reserve = f"D-{year}-GPU", BY_ID["AI-0035"]
    telling.decide(
        day,
        name,
        seats(
            chair,
            underwriting=Cast("marta", "underwriting", "recuse", reason="My spouse works for the supplier."),
            data=Cast("farid", "data", "recuse", reason="I am the sponsor."),
        ),
        beat=beat,
        asked_on=day - datetime.timedelta(days=7),
        kind="funding",
        subjects=[reserve.id],
        question=f"Reserve GPU capacity for {year} with {GPU_SUPPLIER}?",
        options=[
            Option(option="reserve", title="Reserve", amount=usd(thousands)),
            Option(option="spot", title="Buy as needed", do_nothing=True, why_not="Twice the price in a busy month."),
        ],
        amount=usd(thousands),
        rationale="Three votes, which is exactly the quorum, with finance and risk.",
        chair=chair,
        suppliers=(GPU_SUPPLIER,),
    )
    approve(telling, day, reserve, year, thousands, actor=chair, beat=beat, decision=name)


def over_the_envelope(telling: Telling) -> None:
    """Beat 20: claims stand at 5,650 of 5,500 for a month."""
    day, household, name = on("2025-06-12"), BY_ID["AI-0003"], "D-2025-HOUSEHOLD"
    telling.decide(
        day,
        name,
        seats("eva"),
        beat=20,
        asked_on=on("2025-06-05"),
        kind="funding",
        subjects=[household.id],
        question="450 thousand more for Straight-Through Household, 150 over the envelope of claims?",
        options=[
            Option(option="fund", title="Approve now, move 150 from underwriting in July", amount=usd(450)),
            Option(option="less", title="Approve 300", amount=usd(300), why_not="Water damage would have to wait."),
            NOTHING,
        ],
        amount=usd(450),
        rationale="The queue of household claims after the spring storms does not wait for July.",
    )
    approve(
        telling,
        day,
        household,
        2025,
        450,
        actor="eva",
        beat=20,
        decision=name,
        kind="supplement",
        flagreason="150 over the envelope until underwriting's transfer of July.",
        mark="over-the-envelope",
    )
    transfer = EnvelopeFunded(
        envelope=envelope("claims", 2025),
        value_stream="claims",
        fiscal_period="FY2025",
        capex_opex="opex",
        kind="transfer",
        counter_envelope=envelope("uw", 2025),
        amount=usd(150),
        reason="Cures what was approved over the envelope on 12 June.",
    )
    telling.tell(
        on("2025-07-10"),
        "eva",
        transfer,
        beat=20,
        decision="D-2025-TRANSFER",
        because="over-the-envelope",
        mark="cured",
    )


def high_risk(telling: Telling) -> None:
    """Beat 21: found to be high-risk; compliance votes before the gate is passed, with a condition."""
    signals, name = BY_ID["AI-0025"], "D-2025-SIGNALS"
    ai = AiUse(
        use_case="Signals of vulnerability in calls and letters",
        eu_class="high",
        assessed_by="greta",
        evidence=(document("assessment-AI-0025"),),
    )
    amended = InitiativeAmended(
        initiative=signals.id, ai=ai, reason="It decides which customers are treated as vulnerable: high-risk."
    )
    telling.tell(on("2025-06-26"), "greta", amended, beat=21, mark="high-risk")
    early = GateDecided(
        initiative=signals.id,
        gate="G2",
        stage_from="pilot",
        stage_to="build",
        outcome="go",
        must=tuple(Criterion(criterion=each, met=True) for each in cast.MUST),
    )
    telling.tell(on("2025-06-26"), "chike", early, beat=21, expect="NO_COMPLIANCE_VOTE")
    day = on("2025-07-24")
    telling.decide(
        day,
        name,
        [
            *seats("eva"),
            Cast("greta", None, "approve", reason="With a human in every decision, yes.", capacity="adviser"),
        ],
        beat=21,
        asked_on=on("2025-07-10"),
        kind="gate",
        subjects=[signals.id],
        question="May Vulnerable-Customer Signals be built, now that it is high-risk?",
        options=[
            Option(option="conditional", title="Go, once the evidence file is complete"),
            Option(option="stop", title="Stop", why_not="The need is real."),
            Option(option="wait", title="Wait for guidance", do_nothing=True, why_not="No date is set for it."),
        ],
        rationale="Conditional go; compliance agrees.",
        escalation=("regulatory",),
    )
    condition = Condition(
        condition="COND-AI-0025-FILE", text="Evidence file complete.", owner="ivo", due=on("2025-10-31"), blocking=True
    )
    gate = GateDecided(
        initiative=signals.id,
        gate="G2",
        stage_from="pilot",
        stage_to="build",
        outcome="conditional_go",
        must=tuple(Criterion(criterion=each, met=True) for each in cast.MUST),
        conditions=(condition,),
    )
    telling.tell(day, "eva", gate, beat=21, decision=name, because=f"{name}-closed", signed=True)
    filed = (document("evidence-file-AI-0025"),)
    met = ConditionDischarged(condition="COND-AI-0025-FILE", outcome="met", evidence=filed)
    telling.tell(on("2025-10-16"), "greta", met, beat=21)


def eva_leaves(telling: Telling) -> None:
    """Beat 22: eva leaves, ben sits for finance, olga comes on 15 September.

    With the key that signed the gate of 24 July an approval dated to July is signed; it is refused.
    """
    day = on("2025-08-05")
    left = ActorEnrolled(
        actor="eva",
        person="p-eva",
        roles=("cfo",),
        vkey=str(demo_key("eva").vkey),
        valid_to=on("2025-08-01"),
        status="left",
        reason="Left on 1 August.",
    )
    telling.tell(day, "ines", left, beat=22, time=on("2025-08-01"))
    cast.revoke_emergency(telling, day, "eva", beat=22)
    without = {**cast.SEATS, "finance": "ben"}
    telling.tell(day, "ines", cast.committee("dara", without), beat=22)
    late = FundingApproved(
        initiative="AI-0025",
        envelope=envelope("service", 2025),
        kind="supplement",
        amount=usd(40),
        capex_opex="opex",
        period="FY2025",
        reason="Agreed before I left.",
    )
    july = on("2025-07-31")
    telling.tell(
        day, "eva", late, beat=22, time=july, signed=True, commandid="demo-signed-in-august", expect="KEY_REVOKED"
    )
    comes = on("2025-09-15")
    cast.enrol(telling, comes, "olga", ("cfo",), beat=22)
    telling.tell(comes, "ines", cast.committee("olga", {**cast.SEATS, "finance": "olga"}), beat=22)


def merged(telling: Telling) -> None:
    """Beat 25: Voice Biometrics goes into Caller Identity Check; what it promised goes along."""
    day, voice, caller = on("2025-11-20"), BY_ID["AI-0027"], BY_ID["AI-0028"]
    link = InitiativeLinked(initiative=voice.id, kind="merged_into", target=caller.id)
    telling.tell(day, "ivo", link, beat=25)
    promise(telling, day, voice, carried_by=caller, beat=25)
    measure_moved(telling, voice)

    def gate(seen: Seen) -> GateDecided:
        stage = seen.book.stage(voice.id)
        return GateDecided(
            initiative=voice.id,
            gate=next_gate(stage),
            stage_from=stage,
            stage_to=stage,
            outcome="merged",
            reason="One way to know who calls is enough.",
        )

    telling.tell(day, "chike", gate, beat=25, mark="voice-merged")


def glass_claims_benefit(telling: Telling) -> None:
    """Beat 26: tomas claims 2,400,000 where 2,000,000 were planned."""
    claimed = BenefitMeasured(
        benefit="BEN-AI-0001",
        period="FY2025",
        value="48000",
        money=usd(2_400),
        method="Hours saved at the full rate.",
        evidence=(document("benefit-AI-0001-claim"),),
        status="claimed",
    )
    telling.tell(on("2025-12-09"), "tomas", claimed, beat=26, mark="glass-claimed")
