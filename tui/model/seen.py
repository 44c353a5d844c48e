"""What a replay shows of one decision: its card, what it changed, and what it moved of the whole portfolio."""

from __future__ import annotations

import datetime
from typing import Any, NamedTuple

from projections.around import around, last_like
from projections.moment import Moment
from projections.replica import Replica
from projections.views import Question, ask
from schemas.envelope import Recorded
from tui.model.card import CardLine, card
from tui.model.change import Change, of_fields, of_figures, of_state
from tui.model.stated import fields
from tui.model.text import clean


class Seen(NamedTuple):
    """Everything shown of one decision. about: whose state it is. base: the sequence it is compared with."""

    sequence: int
    card: list[CardLine]
    about: str
    changes: list[Change]
    base: int


def see(replica: Replica, sequence: int, event: Recorded, payload: bytes, base: Moment, here: Moment) -> Seen:
    """Return what is shown of an event. base, here: the moments before and after."""
    lines = card(event, around(replica, event), payload, datetime.UTC)
    kind, name = event.subject.split("/", 1)
    if kind == "initiative":
        question = Question("state", initiative=name)
        before, after = ([*ask(replica, question, moment).rows] for moment in (base, here))
        return Seen(sequence, lines, name, of_state(before, after), base.sequence)  # type: ignore[arg-type]
    last = last_like(replica, event)
    return Seen(sequence, lines, event.subject, of_fields(None, fields(event.data), last, sequence), last or 0)


def unreadable(sequence: int, why: str) -> Seen:
    """Return what is shown of an entry that is no event."""
    lines = [
        CardLine("foreign entry", f"sequence {sequence:,} is no event of this portfolio", "problem"),
        CardLine("why", clean(why, 1_000), "problem"),
    ]
    return Seen(sequence, lines, "", [], sequence)


def totals(replica: Replica, moment: Moment) -> tuple[dict[str, Any], str | None]:
    """Return the headline figures of the portfolio at a moment, and its currency."""
    spend, alignment = (ask(replica, Question(name), moment) for name in ("spend", "alignment"))
    told = {name: spend.totals[name] for name in ("funded_minor", "approved_minor", "committed_minor", "actual_minor")}
    told["alignment index"] = alignment.totals["index"]
    told["orphan share"] = alignment.totals["orphan_share"]
    told["must_move_minor"] = alignment.totals["must_move_minor"]
    return told, spend.currency


def moved(replica: Replica, base: Moment, here: Moment) -> list[Change]:
    """Return what became of the headline figures between two moments."""
    (before, _), (after, currency) = totals(replica, base), totals(replica, here)
    return of_figures(before, after, currency)
