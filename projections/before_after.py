"""What stood before a decision and what stands after it: one question for both moments, which costs little more than
for one."""

from __future__ import annotations

from typing import Any

from projections.board_rows import StateRow
from projections.moment import Moment
from projections.replica import Replica
from projections.views import own_currency

Figures = dict[str, Any]
"""Figures of the whole portfolio, by name."""

MEASURED = ("funded", "approved", "committed", "actual")


def states(replica: Replica, initiative: str, before: Moment, after: Moment) -> tuple[list[StateRow], list[StateRow]]:
    """Return the rows of the view `state` of an initiative, at each of two moments."""
    rows = replica.ask(f"from state_at_both(?, {_both(before, after)})", [initiative])
    was, now = (
        [StateRow(**{name: row[name] for name in StateRow.__struct_fields__}) for row in rows if row["side"] == side]
        for side in ("before", "after")
    )
    return was, now


def sums(replica: Replica, before: Moment, after: Moment) -> tuple[Figures, Figures]:
    """Return what is funded, approved, committed and spent, in the currency the portfolio has at the later moment.

    Shape: `<measure>_minor`, in minor units, for each of two moments.
    """
    currency = own_currency(replica, after.sequence)
    rows = replica.ask(f"from measure_sums_at_both({_both(before, after)})")
    own = {row["measure"]: row for row in rows if row["currency"] == currency}
    was, now = (
        {f"{name}_minor": own[name][side] if name in own else 0 for name in MEASURED} for side in ("before", "after")
    )
    return was, now


def aligned(replica: Replica, moment: Moment) -> tuple[Figures, Figures]:
    """Return the figures of alignment of all that is approved, where two moments have the same."""
    (row,) = replica.ask(f"from alignment_index({moment.sequence}, date '{moment.as_of}')")
    return _figures(row), _figures(row)


def alignments(replica: Replica, before: Moment, after: Moment) -> tuple[Figures, Figures]:
    """Return the figures of alignment of all that is approved at each of two moments."""
    rows = {row["side"]: row for row in replica.ask(f"from alignment_index_at_both({_both(before, after)})")}
    return _figures(rows["before"]), _figures(rows["after"])


def _figures(row: dict[str, Any]) -> Figures:
    return {"index": row["index"], "orphan share": row["orphan_share"], "must_move_minor": row["must_move_minor"]}


def _both(before: Moment, after: Moment) -> str:
    return ", ".join(f"{each.sequence}, date '{each.as_of}'" for each in (before, after))
