"""What a replay shows of one decision: its card, what it changed, and what it moved of the whole portfolio."""

from __future__ import annotations

import asyncio
import datetime
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, NamedTuple, Protocol, TypeVar

from ledger.notary.policy import Policy
from projections.around import around, last_like
from projections.before_after import states, sums
from projections.moment import Moment
from projections.replica import Replica
from projections.views import Question, ask
from schemas.envelope import Recorded
from schemas.events import (
    AlignmentDeclared,
    EntryReversed,
    Fact,
    FundingApproved,
    FundingReallocated,
    ObjectivesSet,
    PortfolioOpened,
)
from tui.model.card import CardLine, card
from tui.model.change import Change, of_fields, of_figures, of_state
from tui.model.kept import ReadText
from tui.model.stated import fields
from tui.model.text import clean

T = TypeVar("T")


class Seen(NamedTuple):
    """Everything shown of one decision. about: whose state it is. base: the sequence it is compared with."""

    sequence: int
    card: list[CardLine]
    about: str
    changes: list[Change]
    base: int


class Ask(Protocol):
    """Answers what a piece of work makes of a replica, several at once."""

    async def __call__(self, work: Callable[[Replica], T], /) -> T:
        """Return what the work makes of it."""
        ...


async def see(
    asking: Ask,
    event: Recorded,
    payload: bytes,
    base: Moment,
    here: Moment,
    read: ReadText | None = None,
    policy: Policy | None = None,
) -> Seen:
    """Return what is shown of an event. base, here: the moments before and after. read: a vault's texts.

    policy: whose keys verify the witnesses' times; without one they are told as stated.
    """
    kind, name = event.subject.split("/", 1)
    told = asking(lambda replica: around(replica, event, policy))
    if kind != "initiative":
        around_it, last = await asyncio.gather(told, asking(lambda replica: last_like(replica, event)))
        changes = of_fields(None, fields(event.data), last, event.at)
        return Seen(event.at, card(event, around_it, payload, datetime.UTC, read), event.subject, changes, last or 0)
    (before, after), around_it = await asyncio.gather(
        asking(partial(states, initiative=name, before=base, after=here)), told
    )
    lines = card(event, around_it, payload, datetime.UTC, read)
    return Seen(event.at, lines, name, of_state(before, after), base.sequence)


def unreadable(sequence: int, why: str) -> Seen:
    """Return what is shown of an entry that is no event."""
    lines = [
        CardLine("foreign entry", f"sequence {sequence:,} is no event of this portfolio", "problem"),
        CardLine("why", clean(why, 1_000), "problem"),
    ]
    return Seen(sequence, lines, "", [], sequence)


ALIGNING: frozenset[type[Fact]] = frozenset(
    {AlignmentDeclared, EntryReversed, FundingApproved, FundingReallocated, ObjectivesSet, PortfolioOpened}
)
"""The facts that alignment rests on: no other event can move it."""


def aligned(replica: Replica, moment: Moment) -> tuple[dict[str, Any], str | None]:
    """Return the headline figures of alignment at a moment, and the portfolio's currency."""
    found = ask(replica, Question("alignment"), moment)
    told = {"index": found.totals["index"], "orphan share": found.totals["orphan_share"]}
    return {**told, "must_move_minor": found.totals["must_move_minor"]}, found.currency


async def known(event: Recorded | None) -> Recorded | None:
    """Return an event that need not be fetched, where one that is being fetched may be given."""
    return event


async def moved(asking: Ask, between: Awaitable[Recorded | None], base: Moment, here: Moment) -> list[Change]:
    """Return what became of the headline figures between two moments.

    between: the event where it is all that lies between them, None where more does; alignment is asked at both only
    where it can have moved it. What needs no event is asked while it is fetched.
    """
    summed = asyncio.ensure_future(asking(partial(sums, before=base, after=here)))
    now = asyncio.ensure_future(asking(partial(aligned, moment=here)))
    try:
        event = await between
        same = event is not None and type(event.data) not in ALIGNING and base.as_of == here.as_of
        was = now if same else asyncio.ensure_future(asking(partial(aligned, moment=base)))
        (before, after), (index, currency), (index_before, _) = await asyncio.gather(summed, now, was)
    finally:
        for asked in (summed, now):
            asked.cancel()
    return of_figures({**before, **index_before}, {**after, **index}, currency)
