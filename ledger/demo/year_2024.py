"""Beats 5 to 14: the first round and its dissent, a split purchase, a late minute, a kill, a reversal, a close."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from ledger.demo import proposing
from ledger.demo.portfolio import BY_ID
from ledger.demo.rounds import NOTHING, approve, by_pair, hold_round, seats
from ledger.demo.telling import Cast, Telling, cents, document, on, usd
from schemas.events import (
    ActualPosted,
    Closing,
    CommitmentPosted,
    Condition,
    ConditionDischarged,
    Criterion,
    EntryReversed,
    GateDecided,
    Move,
    Option,
    PrioritySet,
    Treatment,
)
from schemas.values import Figure

FALLBACK = "COND-AI-0007-FALLBACK"
TELEMATICS = "AP-2024-0917"


def tell(telling: Telling) -> None:
    """Tell the beats of 2024."""
    first_round(telling)
    claims_copilot(telling)
    split_purchase(telling)
    marine_wordings(telling)
    fallback_proven(telling)
    kill_the_avatar(telling)
    telematics_data(telling)
    close(telling, 2024, "2025-01-17", beat=14)


def first_round(telling: Telling) -> None:
    """Beat 5, and the Claims Copilot's own decision, beat 6."""
    hold_round(telling, 2024, on("2024-03-14"), 5, chair="eva", totals={})


def claims_copilot(telling: Telling) -> None:
    """Beat 6: approved over a dissent, with a blocking condition."""
    day, copilot, name = on("2024-03-14"), BY_ID["AI-0007"], "D-2024-COPILOT"
    telling.decide(
        day,
        name,
        seats(
            "eva",
            risk=Cast(
                "dara",
                "risk",
                "reject",
                reason="Concentration.",
                dissent="Two thirds of this round (67 %) rides on one provider, Orion, and no fallback is tested.",
            ),
        ),
        beat=6,
        asked_on=on("2024-03-07"),
        kind="funding",
        subjects=[copilot.id],
        question="Approve 1,200 thousand for Claims Copilot, the largest of the round?",
        options=[
            Option(option="fund", title="Approve, with a fallback proven by the end of September", amount=usd(1_200)),
            Option(
                option="half",
                title="Approve half, the rest once a fallback is proven",
                amount=usd(600),
                why_not="The team could not be hired for half a year.",
            ),
            NOTHING,
        ],
        amount=usd(1_200),
        rationale="The value is worth the concentration if there is a way out of it by September.",
        suppliers=("Orion",),
    )
    condition = Condition(
        condition=FALLBACK,
        text="Fallback proven on 500 files.",
        owner="farid",
        due=on("2024-09-30"),
        blocking=True,
    )
    approve(telling, day, copilot, 2024, 1_200, actor="eva", beat=6, decision=name, conditions=(condition,))


def split_purchase(telling: Telling) -> None:
    """Beats 7 to 9: 45 by ana, two orders of 45 in all at one supplier, and the 20 that goes up a tier."""
    calls = BY_ID["AI-0021"]
    approve(telling, on("2024-04-09"), calls, 2024, 45, actor="ana", beat=7)
    approve(telling, on("2024-04-11"), calls, 2024, 20, actor="ana", beat=8, kind="supplement", expect="OVER_LIMIT")
    for day, thousands, order in (("2024-04-12", 24.5, "PO-1041"), ("2024-04-15", 20.5, "PO-1044")):
        telling.tell(
            on(day),
            "lena",
            CommitmentPosted(
                envelope="service-2024",
                initiative=calls.id,
                commitment=order,
                supplier="Verbatim Ltd",
                amount=usd(thousands),
                period=day[:7],
                capex_opex="opex",
                signed_on=on(day),
                source_doc=order,
            ),
            beat=8,
        )
    by_pair(telling, on("2024-04-25"), calls, 2024, 20, "D-2024-AI-0021", 9)


def marine_wordings(telling: Telling) -> None:
    """Beat 10: decided on 20 June, entered from the minutes on 18 July."""
    day, held_on, marine, name = on("2024-07-18"), on("2024-06-20"), BY_ID["AI-0015"], "D-2024-AI-0015"
    telling.decide(
        day,
        name,
        seats("eva"),
        beat=10,
        asked_on=on("2024-06-13"),
        held_on=held_on,
        kind="funding",
        subjects=[marine.id],
        question="Approve 400 thousand for Marine Wordings Comparer?",
        options=[Option(option="fund", title="Approve", amount=usd(400)), NOTHING],
        amount=usd(400),
        rationale="Wordings are compared by hand by two people who retire this year.",
        evidence=(document("paper-AI-0015"), document("minutes-2024-06-20")),
    )
    approve(
        telling,
        day,
        marine,
        2024,
        400,
        actor="eva",
        beat=10,
        decision=name,
        held_on=held_on,
        basis="minuted",
        flagreason="The minutes of 20 June were signed on 17 July.",
        mark="marine-approved",
    )


def fallback_proven(telling: Telling) -> None:
    """Beat 11: the condition of beat 6 is met three weeks late, and the gate it blocked until then is passed."""
    day, copilot = on("2024-10-24"), BY_ID["AI-0007"]
    gate = GateDecided(
        initiative=copilot.id,
        gate="G2",
        stage_from="pilot",
        stage_to="build",
        outcome="go",
        must=tuple(Criterion(criterion=name, met=True) for name in ("problem", "evidence", "owner")),
        next_gate_on=on("2025-06-30"),
    )
    telling.tell(on("2024-10-01"), "chike", gate, beat=11, expect="CONDITION_OPEN")
    proven = (document("fallback-500-files"),)
    met = ConditionDischarged(condition=FALLBACK, outcome="met", evidence=proven, reason="498 of 500 files agree.")
    telling.tell(day, "dara", met, beat=11)
    proposing.link_model(telling, day, copilot, "heron-70b", role="fallback", starts=day, beat=11)
    waited = "The fallback is proven; the gate that waited since 1 October is passed."
    telling.tell(day, "chike", replace(gate, reason=waited), beat=11)


def kill_the_avatar(telling: Telling) -> None:
    """Beat 12. The order is ended and its fee paid before the gate, so that nothing is booked after the end."""
    day, avatar, name = on("2024-11-21"), BY_ID["AI-0022"], "D-2024-AVATAR"
    reviewed = PrioritySet(
        portfolio="demo",
        moves=(Move(initiative=avatar.id, rank=40, was=1, reason="3 % of calls contained after the first six weeks."),),
    )
    telling.tell(on("2024-10-10"), "ana", reviewed, decision="D-2024-RANKS")
    order: dict[str, Any] = {
        "envelope": "service-2024",
        "initiative": avatar.id,
        "supplier": "Lumen Avatars",
        "capex_opex": "opex",
    }
    posted = [("2024-05-16", 60.0), ("2024-07-18", 95.0), ("2024-09-19", 70.5), ("2024-11-07", 24.5)]
    for place, (invoiced_on, thousands) in enumerate(posted, start=1):
        invoice = ActualPosted(
            amount=usd(thousands), period=invoiced_on[:7], invoice=f"LA-{place}", posting_ref=f"AP-LA-{place}", **order
        )
        telling.tell(on(invoiced_on), "lena", invoice)
    opened = CommitmentPosted(
        commitment="PO-1107", amount=usd(90), period="2024-10", signed_on=on("2024-10-03"), **order
    )
    telling.tell(on("2024-10-03"), "lena", opened)
    votes = [
        *seats("eva"),
        Cast("jon", None, "advise", dissent="Twelve weeks were too short.", capacity="adviser"),
    ]
    telling.decide(
        day,
        name,
        votes,
        beat=12,
        asked_on=on("2024-11-14"),
        kind="gate",
        subjects=[avatar.id],
        question="Branch Avatar contained 3 % of calls against 25 % hoped. What now?",
        options=[
            Option(option="stop", title="Stop, and end the open order for a fee of 40", effects="310 are released."),
            Option(option="pilot", title="Another pilot", amount=usd(90), why_not="Nothing new would be learnt."),
            Option(option="carry-on", title="Carry on in 40 branches", amount=usd(500), why_not="No case is left."),
            Option(option="wait", title="Wait until spring", do_nothing=True, why_not="The order of 90 runs on."),
        ],
        rationale="Five to none: the hypothesis does not hold.",
    )
    ended = CommitmentPosted(commitment="PO-1107", amount=usd(-90), period="2024-11", **order)
    telling.tell(day, "lena", ended, beat=12, decision=name, because=f"{name}-closed")
    fee = ActualPosted(
        amount=usd(40), period="2024-11", category="exit-fee", invoice="LA-5", posting_ref="AP-LA-5", **order
    )
    telling.tell(day, "lena", fee, beat=12, decision=name, because=f"{name}-closed")
    gate = GateDecided(
        initiative=avatar.id,
        gate="G2",
        stage_from="pilot",
        stage_to="pilot",
        outcome="kill",
        must=(Criterion(criterion="problem", met=True), Criterion(criterion="evidence", met=False)),
        treatments=(
            Treatment(commitment="PO-1107", action="terminate", exit_cost=Figure(kind="exact", amount=usd(40))),
        ),
        released=usd(310),
        reason="3 % of calls contained against 25 % hoped.",
    )
    telling.tell(day, "eva", gate, beat=12, decision=name, because=f"{name}-closed", mark="avatar-killed")
    approve(
        telling,
        day,
        avatar,
        2024,
        -310,
        actor="eva",
        beat=12,
        decision=name,
        kind="reduction",
        reason="What is left of 600 after 250 spent and a fee of 40.",
    )


def telematics_data(telling: Telling) -> None:
    """Beat 13: ben booked telematics data on Flood Imagery; lena takes it back and books it where it belongs."""
    bought: dict[str, Any] = {
        "envelope": "uw-2024",
        "supplier": "Roadwise Data",
        "invoice": "RD-2281",
        "amount": cents(18_640_000),
        "period": "2024-11",
        "capex_opex": "opex",
        "category": "data",
        "posting_ref": TELEMATICS,
    }
    wrong = ActualPosted(initiative="AI-0012", **bought)
    telling.tell(on("2024-11-12"), "ben", wrong, beat=13, mark="telematics-wrong")
    day = on("2024-12-05")
    telling.tell(
        day,
        "lena",
        lambda seen: EntryReversed(
            sequence=seen.sequence("telematics-wrong"),
            kind="void",
            reason="Telematics data: it belongs to AI-0016, Driver Telematics Model.",
        ),
        beat=13,
        because="telematics-wrong",
        mark="telematics-reversed",
    )
    right = ActualPosted(initiative="AI-0016", **bought)
    telling.tell(
        day, "lena", right, beat=13, time=on("2024-11-12"), because="telematics-wrong", mark="telematics-right"
    )


def close(telling: Telling, year: int, day: str, *, beat: int) -> None:
    """Close a fiscal year for good."""
    telling.tell(
        on(day),
        "lena",
        Closing(period=f"FY{year}", status="final"),
        beat=beat,
        decision=f"D-{year}-CLOSE",
        mark=f"closed-{year}",
        at=None,
    )
