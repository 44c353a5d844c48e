"""What a replay shows of one decision: its card, what it changed, and what it moved of the whole portfolio."""

from __future__ import annotations

import asyncio
import datetime
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple, Protocol, TypeVar

from ledger.notary.policy import Policy
from projections.around import around, last_like
from projections.board_rows import StateRow
from projections.moment import Moment
from projections.replica import Replica
from projections.views import Question, ask, own_currency
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
    before, after, around_it = await asyncio.gather(
        asking(partial(_state, name, base)), asking(partial(_state, name, here)), told
    )
    lines = card(event, around_it, payload, datetime.UTC, read)
    return Seen(event.at, lines, name, of_state(before, after), base.sequence)


def _state(name: str, moment: Moment, replica: Replica) -> list[StateRow]:
    rows = ask(replica, Question("state", initiative=name), moment).rows
    return [row for row in rows if isinstance(row, StateRow)]


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


MEASURED = ("funded", "approved", "committed", "actual")


def sums(replica: Replica, before: Moment, after: Moment) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what is funded, approved, committed and spent at two moments, in the currency the portfolio has then."""
    currency = own_currency(replica, after.sequence)
    moments = ", ".join(f"{each.sequence}, date '{each.as_of}'" for each in (before, after))
    rows = replica.ask(f"from measure_sums_at_both({moments})")
    own = {row["measure"]: row for row in rows if row["currency"] == currency}
    was, now = (
        {f"{name}_minor": own[name][at] if name in own else 0 for name in MEASURED} for at in ("before", "after")
    )
    return was, now


def aligned(replica: Replica, moment: Moment) -> tuple[dict[str, Any], str | None]:
    """Return the headline figures of alignment at a moment, and the portfolio's currency."""
    found = ask(replica, Question("alignment"), moment)
    told = {"index": found.totals["index"], "orphan share": found.totals["orphan_share"]}
    return {**told, "must_move_minor": found.totals["must_move_minor"]}, found.currency


async def moved(asking: Ask, event: Recorded | None, base: Moment, here: Moment) -> list[Change]:
    """Return what became of the headline figures between two moments.

    event: where it is all that lies between them; alignment is then asked twice only where it can have moved it.
    """
    same = event is not None and type(event.data) not in ALIGNING and base.as_of == here.as_of
    (before, after), (index, currency), *other = await asyncio.gather(
        asking(partial(sums, before=base, after=here)),
        asking(partial(aligned, moment=here)),
        *(() if same else (asking(partial(aligned, moment=base)),)),
    )
    was = index if same else other[0][0]
    return of_figures({**before, **was}, {**after, **index}, currency)
