"""What a replay shows of one decision: its card, what it changed, and what it moved of the whole portfolio."""

from __future__ import annotations

import asyncio
import datetime
from collections.abc import Awaitable, Callable
from functools import partial
from typing import NamedTuple, Protocol, TypeVar

from ledger.notary.policy import Policy
from projections.around import around, last_like, title_then
from projections.before_after import aligned, alignments, states, sums
from projections.moment import Moment
from projections.replica import Replica
from projections.views import own_currency
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
    """Everything shown of one decision. about: whose state it is. base: the sequence it is compared with.

    unread: whether it could not be read, the stream being away.
    """

    sequence: int
    card: list[CardLine]
    about: str
    changes: list[Change]
    base: int
    unread: bool = False


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
    title = next((row.value for row in after if row.field == "title"), None)
    if title is None:  # what it is called is not effective yet
        title = await asking(partial(title_then, initiative=name, at=event.at))
    lines = card(event, around_it, payload, datetime.UTC, read, title)
    return Seen(event.at, lines, name, of_state(before, after), base.sequence)


def unreadable(sequence: int, why: str) -> Seen:
    """Return what is shown of an entry that is no event."""
    lines = [
        CardLine("foreign entry", f"sequence {sequence:,} is no event of this portfolio", "problem"),
        CardLine("why", clean(why, 1_000), "problem"),
    ]
    return Seen(sequence, lines, "", [], sequence)


def unread(sequence: int, why: str) -> Seen:
    """Return what is shown of an entry that cannot be read now."""
    lines = [
        CardLine(
            "not read", f"sequence {sequence:,} is neither in the stream, which is away, nor in the archive", "unknown"
        ),
        CardLine("why", clean(why, 1_000), "unknown"),
    ]
    return Seen(sequence, lines, "", [], sequence, unread=True)


ALIGNING: frozenset[type[Fact]] = frozenset(
    {AlignmentDeclared, EntryReversed, FundingApproved, FundingReallocated, ObjectivesSet, PortfolioOpened}
)
"""The facts that alignment rests on: no other event can move it."""


async def known(event: Recorded | None) -> Recorded | None:
    """Return an event that need not be fetched, where one that is being fetched may be given."""
    return event


async def moved(asking: Ask, between: Awaitable[Recorded | None], base: Moment, here: Moment) -> list[Change]:
    """Return what became of the headline figures between two moments.

    between: the event where it is all that lies between them, None where more does; alignment is asked at both only
    where it can have moved it. The sums are asked while the event is fetched.
    """
    summed = asyncio.ensure_future(asking(partial(sums, before=base, after=here)))
    try:
        event = await between
        same = event is not None and type(event.data) not in ALIGNING and base.as_of == here.as_of
        figures = partial(aligned, moment=here) if same else partial(alignments, before=base, after=here)
        (index_before, index_after), (sums_before, sums_after), currency = await asyncio.gather(
            asking(figures), summed, asking(partial(own_currency, sequence=here.sequence))
        )
    finally:
        summed.cancel()
    return of_figures({**sums_before, **index_before}, {**sums_after, **index_after}, currency)
