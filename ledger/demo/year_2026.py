"""Beats 27 to 37: a dependence nobody knew, a new objective, a late credit, an orphan named, a fourth plan."""

from __future__ import annotations

import datetime

from ledger.demo import benefits, cast, delivery, proposing
from ledger.demo.portfolio import BY_ID, FORTY
from ledger.demo.retirement import RETIREMENT, move_model, next_gate
from ledger.demo.rounds import NOTHING, approve, hold_round, seats
from ledger.demo.telling import Cast, Seen, Telling, cents, on, usd
from ledger.demo.year_2025 import gpu_reserve
from ledger.rules.watching import ranking
from schemas.events import (
    ActualPosted,
    AiUse,
    AssuranceRated,
    BaselineSet,
    Condition,
    EntryReversed,
    GateDecided,
    InitiativeProposed,
    Move,
    Option,
    PrioritySet,
)
from schemas.values import PeriodAmount

ENDED = ("AI-0015", "AI-0022", "AI-0027")
ORPHAN_CENTS = (
    1_874_310, 1_912_055, 2_043_790, 2_101_125, 2_158_460, 2_197_835,
    2_264_505, 2_310_990, 2_402_275, 2_467_640, 2_519_880, 2_587_135,
)  # fmt: skip
"""Twelve months of model usage that named no initiative: 268,400.00 in all."""


def tell(telling: Telling) -> None:
    """Tell the beats of 2026."""
    nobody_knew(telling)
    regulators_letter(telling)
    late_credit(telling)
    third_round(telling)
    benefits.validate_glass(telling)
    orphan(telling)
    emotion_scoring(telling)
    signals_live(telling)
    never_measured(telling)
    fourth_baseline(telling)
    year_end(telling)


def nobody_knew(telling: Telling) -> None:
    """Beat 27: AI-0033 has run on orion-2 since May 2024."""
    found, day, name, documents = on("2026-01-12"), on("2026-01-13"), "D-2026-DOCUMENTS", BY_ID["AI-0033"]
    since = on("2024-05-06")
    proposing.link_model(
        telling, found, documents, "orion-2", starts=since, time=since, beat=27, story=RETIREMENT, mark="found"
    )
    telling.decide(
        day,
        name,
        seats("olga"),
        beat=27,
        asked_on=found,
        kind="gate",
        subjects=[documents.id],
        question="Document Ingestion is found to run on the retired orion-2. Where does it go?",
        options=[
            Option(option="orion-3", title="To orion-3 at once"),
            Option(option="stop", title="Stop taking documents in", do_nothing=True, why_not="Claims would wait."),
        ],
        rationale="To orion-3 at once, and every initiative declares its models.",
        chair="olga",
        trigger="orion-2-ends",
        story=RETIREMENT,
    )
    move_model(telling, day, documents.id, "orion-3", name, 35, beat=27, last_day=day, actor="olga")


def regulators_letter(telling: Telling) -> None:
    """Beat 28: TRUST comes, COST retires into SERVE."""
    weights = {"CLAIMS": 3_000, "FRAUD": 2_000, "SERVE": 2_000, "PRICE": 1_500, "TRUST": 1_500}
    changed = cast.objectives(weights, retired={"COST": "SERVE"})
    question = "The regulator asks for AI that can be explained. Do we make that an objective?"
    name, yes = "D-2026-OBJECTIVES", "TRUST comes with 1,500, COST retires into SERVE"
    cast.alone(telling, on("2026-01-22"), name, "olga", "objectives", question, yes, beat=28)
    telling.tell(on("2026-01-22"), "olga", changed, beat=28, decision=name, mark="letter")


def late_credit(telling: Telling) -> None:
    """Beat 29: refused in the closed year, booked in the open one."""
    credit = {
        "envelope": "service-2025",
        "initiative": "AI-0019",
        "supplier": "Brightwater Systems",
        "invoice": "BW-CN-118",
        "amount": cents(-4_200_000),
        "capex_opex": "opex",
        "category": "credit",
        "posting_ref": "AP-2025-CN-118",
    }
    day, dated = on("2026-02-03"), on("2025-12-18")
    refused = ActualPosted(period="2025-12", **credit)  # type: ignore[arg-type]
    telling.tell(day, "lena", refused, beat=29, time=dated, expect="PERIOD_CLOSED")
    booked = ActualPosted(period="2026-02", service_period="2025-12", **credit)  # type: ignore[arg-type]
    telling.tell(day, "lena", booked, beat=29, mark="credit")


def third_round(telling: Telling) -> None:
    """Beat 30: declarations, ranks by value, then the money."""
    day = on("2026-02-12")
    for initiative in FORTY:
        if initiative.declares:
            proposing.declare(
                telling,
                day,
                initiative,
                initiative.declares,
                beat=30,
                why="What it does for TRUST, asked after the letter.",
            )
    by_value = sorted((each for each in FORTY if each.id not in (*ENDED, "AI-0039")), key=lambda each: -each.value)

    def ranks(seen: Seen) -> PrioritySet:
        was = ranking(seen.book)
        moves = tuple(
            Move(initiative=each.id, rank=rank, was=was.get(each.id))
            for rank, each in enumerate(by_value, start=1)
            if was.get(each.id) != rank
        )
        return PrioritySet(portfolio="demo", moves=moves)

    proposing.rank_by(telling, day, "value", beat=30)
    telling.tell(day, "ana", ranks, beat=30, decision="D-2026-RANKS", mark="ranked-by-value")
    totals = {each.id: each.in_year(2024) + each.in_year(2025) for each in FORTY}
    hold_round(telling, 2026, day, 30, chair="olga", totals=totals)
    gpu_reserve(telling, day, 2026, 700, beat=30, chair="olga")
    signals = BY_ID["AI-0025"]
    telling.decide(
        day,
        "D-2026-SIGNALS",
        [*seats("olga"), Cast("greta", None, "approve", capacity="adviser")],
        beat=30,
        asked_on=on("2026-02-05"),
        kind="funding",
        subjects=[signals.id],
        question="450 thousand for Vulnerable-Customer Signals, which is high-risk?",
        options=[Option(option="fund", title="Approve", amount=usd(450)), NOTHING],
        amount=usd(450),
        rationale="Compliance agrees.",
        chair="olga",
        escalation=("regulatory",),
    )
    approve(telling, day, signals, 2026, 450, actor="olga", beat=30, decision="D-2026-SIGNALS")


def orphan(telling: Telling) -> None:
    """Beats 33 and 34: twelve postings of 2025 that name no initiative, and how they get a name."""
    usage = {"supplier": "Orion", "capex_opex": "opex", "category": "model-usage"}
    sandbox, day, name = BY_ID["AI-0039"], on("2026-05-07"), "D-2026-SANDBOX"
    for month, minor in enumerate(ORPHAN_CENTS, start=1):
        posted = datetime.date(2025, month, 28)
        fact = ActualPosted(
            envelope="platform-2025",
            amount=cents(minor),
            period=f"2025-{month:02d}",
            invoice=f"OR-L-{month:02d}",
            posting_ref=f"AP-2025-LAB-{month:02d}",
            **usage,  # type: ignore[arg-type]
        )
        telling.tell(posted, "ben", fact, mark=f"orphan-{month}")
    proposing.propose(telling, on("2026-04-30"), sandbox, beat=34)
    benefits.promise(telling, on("2026-04-30"), sandbox, beat=34)
    telling.decide(
        day,
        name,
        seats(
            "olga",
            risk=Cast("dara", "risk", "reject", dissent="We pay after the fact for what nobody asked us."),
        ),
        beat=34,
        asked_on=on("2026-04-30"),
        kind="funding",
        subjects=[sandbox.id],
        question="268,400 of model usage of 2025 names no initiative. Does the lab become one, with 300?",
        options=[
            Option(option="name", title="Make it an initiative, with conditions", amount=usd(300)),
            Option(option="close", title="Close the lab", why_not="Two initiatives began there."),
            Option(option="leave", title="Leave it as it is", do_nothing=True, why_not="The auditor's finding stands."),
        ],
        amount=usd(300),
        rationale="It gets a name, a limit and an owner.",
        chair="olga",
    )
    conditions = (
        Condition(
            condition="COND-AI-0039-KEYS", text="Every key of the lab has an owner.", owner="sam", due=on("2026-12-31")
        ),
        Condition(
            condition="COND-AI-0039-CAP", text="Usage is capped at 25 a month.", owner="kofi", due=on("2026-12-31")
        ),
    )
    approve(
        telling,
        day,
        sandbox,
        2026,
        300,
        actor="olga",
        beat=34,
        decision=name,
        kind="regularisation",
        conditions=conditions,
        reason="268.4 were spent in 2025 without a name.",
    )
    ranked = PrioritySet(portfolio="demo", moves=(Move(initiative=sandbox.id, rank=37),))
    telling.tell(day, "ana", ranked, beat=34, decision="D-2026-RANKS")
    for month, minor in enumerate(ORPHAN_CENTS, start=1):

        def taken_back(seen: Seen, month: int = month) -> EntryReversed:
            return EntryReversed(
                sequence=seen.sequence(f"orphan-{month}"),
                kind="counter",
                period="2026-05",
                reason="Usage of the lab: it belongs to AI-0039. 2025 stays as closed.",
            )

        telling.tell(on("2026-05-14"), "lena", taken_back, beat=34, because=f"orphan-{month}", decision=name)
        again = ActualPosted(
            envelope="platform-2026",
            initiative=sandbox.id,
            amount=cents(minor),
            period="2026-05",
            invoice=f"OR-L-{month:02d}",
            posting_ref=f"AP-2025-LAB-{month:02d}",
            **usage,  # type: ignore[arg-type]
        )
        telling.tell(on("2026-05-14"), "lena", again, beat=34, because=f"orphan-{month}", decision=name)


def emotion_scoring(telling: Telling) -> None:
    """Beat 32: the forty-first, a prohibited use, which lives only among the refusals."""
    proposed = InitiativeProposed(
        initiative="AI-0041",
        title="Agent Emotion Scoring",
        sponsor="jon",
        lead="ivo",
        proposer="ivo",
        value_stream="service",
        kind="efficiency",
        horizon="h2",
        hypothesis="If the mood of agents is scored from their voice, calls get shorter.",
        ai=AiUse(
            use_case="Emotions of employees inferred from their voice", eu_class="prohibited", assessed_by="greta"
        ),
    )
    telling.tell(on("2026-03-18"), "ivo", proposed, beat=32, expect="PROHIBITED_USE")


def signals_live(telling: Telling) -> None:
    """A gate of a high-risk use, which compliance votes on too; quiet."""
    day, signals, name = on("2026-05-12"), BY_ID["AI-0025"], "D-2026-SIGNALS-LIVE"
    telling.decide(
        day,
        name,
        [
            Cast("olga", "finance"),
            Cast("dara", "risk"),
            Cast("chike", "operations"),
            Cast("greta", None, "approve", capacity="adviser"),
        ],
        beat=None,
        asked_on=on("2026-05-05"),
        kind="gate",
        subjects=[signals.id],
        question="Does Vulnerable-Customer Signals, which is high-risk, go live?",
        options=[
            Option(option="live", title="Go live"),
            Option(option="wait", title="Wait", do_nothing=True, why_not="The evidence file is complete."),
        ],
        rationale="Compliance agrees.",
        chair="olga",
    )
    delivery.pass_gate(telling, day, signals.id, "chike", decision=name)


def never_measured(telling: Telling) -> None:
    """Beat 35: of five promises never measured one is explained, and one initiative goes on hold."""
    store, nudges = BY_ID["AI-0030"], BY_ID["AI-0024"]
    explained = AssuranceRated(
        initiative=store.id,
        body="portfolio-assurance",
        scale="three",
        rating="green",
        as_at=on("2026-07-15"),
        commentary="Nothing is measured here: the initiatives that use the store measure it.",
    )
    telling.tell(on("2026-07-15"), "hugo", explained, beat=35)

    def hold(seen: Seen) -> GateDecided:
        stage = seen.book.stage(nudges.id)
        return GateDecided(
            initiative=nudges.id,
            gate=next_gate(stage),
            stage_from=stage,
            stage_to=stage,
            outcome="hold",
            reason="Approved on a promise two years ago, and never measured.",
            next_gate_on=on("2026-12-10"),
        )

    telling.tell(on("2026-07-30"), "chike", hold, beat=35, mark="nudges-held")


def fourth_baseline(telling: Telling) -> None:
    """Beat 36, and the two plans between the first and the fourth."""
    plans = (
        (2, "2025-06-19", (350, 850, 0), "2025-12-31", "More languages."),
        (3, "2026-02-19", (350, 700, 400), "2026-06-30", "The move to orion-3 took the autumn."),
        (4, "2026-09-10", (350, 700, 600), "2026-10-31", "The last three journeys."),
    )
    for number, day, costs, finish, reason in plans:
        fact = BaselineSet(
            initiative="AI-0026",
            number=number,
            cost=tuple(
                PeriodAmount(period=f"FY{2024 + place}", amount=usd(cost)) for place, cost in enumerate(costs) if cost
            ),
            start=on("2024-03-18"),
            finish=on(finish),
            reason=reason,
        )
        beat, name = 36 if number == 4 else None, f"D-AI-0026-BASELINE-{number}"
        question = f"Does Self-Service Assistant get a plan {number}? {reason}"
        cast.alone(
            telling,
            on(day),
            name,
            "chike",
            "baseline",
            question,
            reason[:-1],
            beat=beat,
            asker="ivo",
            subjects=("AI-0026",),
        )
        telling.tell(on(day), "ivo", fact, beat=beat, decision=name)


def year_end(telling: Telling) -> None:
    """Beat 37: nothing is decided; the last thing recorded is what assurance says of the copilot."""
    rated = AssuranceRated(
        initiative="AI-0007",
        body="portfolio-assurance",
        scale="three",
        rating="green",
        as_at=on("2026-11-20"),
        commentary="For the year-end board.",
    )
    telling.tell(on("2026-11-20"), "hugo", rated, beat=37, at=datetime.time(16))
