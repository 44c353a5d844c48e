"""The headline of a portfolio: its figures at a moment, for what a decision moved."""

from __future__ import annotations

import msgspec

from projections.moment import Moment
from projections.replica import Replica


class Headline(msgspec.Struct, frozen=True):
    """Sums in minor units of the portfolio's currency; index, drift and orphan_share of what is approved.

    They are None where nothing is approved. initiatives_active: proposed and not killed, completed or merged.
    """

    currency: str | None
    funded_minor: int
    approved_minor: int
    committed_minor: int
    actual_minor: int
    index: float | None
    drift: float | None
    orphan_share: float | None
    must_move_minor: int
    decisions_open: int
    conditions_overdue: int
    initiatives_active: int


def headline(replica: Replica, moment: Moment) -> Headline:
    """Return the headline at a moment."""
    day = moment.as_of.isoformat()
    (row,) = replica.ask(f"from headline(as_known := {moment.sequence}, as_of := date '{day}')")
    return Headline(**row)
