"""The yearly funding rounds: who decides about which initiatives, and what they approve."""

from __future__ import annotations

import datetime

from ledger.demo.cast import UNALIGNED_REASON
from ledger.demo.portfolio import OWNERS, YEARS, Initiative, envelope, round_of
from ledger.demo.telling import Basis, Cast, Telling, usd
from schemas.events import Condition, FundingApproved, Option

TIERS = (50, 250)
"""Thousands of an initiative's total: up to the first ana, up to the second ben and the stream's owner."""

NOTHING = Option(option="nothing", title="Do nothing", do_nothing=True, why_not="The need does not go away.")

ALONE = {("AI-0007", 2024), ("AI-0035", 2025), ("AI-0035", 2026), ("AI-0025", 2026)}
"""Decided apart from the round, by beats of their own."""


def seats(chair: str, **votes: Cast) -> list[Cast]:
    """Return the committee's votes: approve, but for the seats named. chair: who has the finance seat."""
    held = {"finance": chair, "risk": "dara", "operations": "chike", "underwriting": "marta", "data": "farid"}
    return [votes.get(seat, Cast(actor, seat)) for seat, actor in held.items()]


def approve(
    telling: Telling,
    day: datetime.date,
    initiative: Initiative,
    year: int,
    thousands: float,
    *,
    actor: str,
    beat: int | None,
    decision: str | None = None,
    conditions: tuple[Condition, ...] = (),
    held_on: datetime.date | None = None,
    basis: Basis = "ordinary",
    ratify_by: datetime.date | None = None,
    flagreason: str | None = None,
    reason: str | None = None,
    mark: str | None = None,
    story: str | None = None,
    kind: str | None = None,
    expect: str = "accepted",
) -> None:
    """Add one approval from the year's envelope of the initiative's value stream."""
    first = initiative.first_year() == year
    fact = FundingApproved(
        initiative=initiative.id,
        envelope=envelope(initiative.stream, year),
        kind=kind or ("initial" if first else "tranche"),  # type: ignore[arg-type]
        amount=usd(thousands),
        capex_opex="opex",
        tranche=None if first else f"Year {year}",
        period=f"FY{year}",
        conditions=conditions,
        ratify_by=ratify_by,
        reason=reason,
    )
    telling.tell(
        day,
        actor,
        fact,
        beat=beat,
        decision=decision,
        because=None if decision is None else f"{decision}-closed",
        time=held_on,
        decidedon=held_on,
        basis=basis,
        flagreason=flagreason,
        mark=mark,
        story=story,
        expect=expect,
    )


def unaligned(initiative: Initiative, year: int) -> str | None:
    """Return why an initiative is funded that serves no objective, or not yet."""
    return None if initiative.serves or year == YEARS[-1] else UNALIGNED_REASON


def by_pair(
    telling: Telling,
    day: datetime.date,
    initiative: Initiative,
    year: int,
    thousands: float,
    name: str,
    beat: int | None,
) -> None:
    """Add a decision by ben and the owner of the value stream."""
    owner = OWNERS[initiative.stream]
    telling.decide(
        day,
        name,
        [Cast("ben", None), Cast(owner, None)],
        beat=beat,
        asked_on=day - datetime.timedelta(days=3),
        kind="funding",
        subjects=[initiative.id],
        question=f"Approve {thousands:,.0f} thousand for {initiative.title} in {year}?",
        options=[Option(option="fund", title="Approve", amount=usd(thousands)), NOTHING],
        amount=usd(thousands),
        rationale="Small, reversible, and inside the plan of its value stream.",
        chair="ben",
        body=None,
    )
    why = unaligned(initiative, year)
    approve(telling, day, initiative, year, thousands, actor="ben", beat=beat, decision=name, flagreason=why)


def hold_round(
    telling: Telling, year: int, day: datetime.date, beat: int, *, chair: str, totals: dict[str, int]
) -> None:
    """Add a year's round: ana's, then those of ben and an owner, then the committee's.

    totals: thousands approved before, by initiative.
    """
    name = f"D-{year}-ROUND"
    board: list[tuple[Initiative, int]] = []
    for initiative, thousands in round_of(year):
        total = totals.get(initiative.id, 0) + thousands
        if (initiative.id, year) in ALONE:
            continue
        if total <= TIERS[0]:
            approve(telling, day, initiative, year, thousands, actor="ana", beat=beat)
        elif total <= TIERS[1]:
            by_pair(telling, day, initiative, year, thousands, f"D-{year}-{initiative.id}", beat)
        else:
            board.append((initiative, thousands))
    whole = sum(thousands for _, thousands in board)
    largest = max(board, key=lambda each: each[1])[0]
    telling.decide(
        day,
        name,
        seats(chair),
        beat=beat,
        asked_on=day - datetime.timedelta(days=7),
        kind="funding",
        subjects=[initiative.id for initiative, _ in board],
        question=f"Which initiatives are funded in {year}, and with how much?",
        options=[
            Option(option="as-proposed", title="Fund the list as proposed", amount=usd(whole)),
            Option(
                option="fewer",
                title=f"Fund the list without {largest.title}",
                amount=usd(whole - max(thousands for _, thousands in board)),
                why_not="It would free money that no other initiative is ready to use.",
            ),
            NOTHING,
        ],
        amount=usd(whole),
        rationale=f"The list fits the plan of the board for {year}.",
        chair=chair,
    )
    for initiative, thousands in board:
        why = unaligned(initiative, year)
        approve(telling, day, initiative, year, thousands, actor=chair, beat=beat, decision=name, flagreason=why)
