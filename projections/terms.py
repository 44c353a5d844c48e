"""Terms of a portfolio that its boards are read by: its fiscal year, the order of its stages, and who came when."""

from __future__ import annotations

import datetime
import json
from typing import NamedTuple

from projections.moment import Moment
from projections.replica import Replica


class Entered(NamedTuple):
    """The gate decision that brought an initiative into the stage it is in."""

    initiative: str
    effective_on: datetime.date
    sequence: int


def fiscal_year_start(replica: Replica) -> int:
    """Return the month the fiscal year starts in, 1 to 12; 1 before the portfolio was opened."""
    rows = replica.ask("select fiscal_year_start from portfolio_opened order by sequence limit 1")
    return int(rows[0]["fiscal_year_start"]) if rows else 1


def stage_order(replica: Replica, moment: Moment) -> list[str]:
    """Return the stages in the order of the gates policy in force, none where there is none."""
    rows = replica.ask(f"from policy_held('gates', {moment.sequence}, date '{moment.as_of.isoformat()}')")
    return [str(stage) for stage in json.loads(rows[0]["body"]).get("stages", ())] if rows else []


def stages_entered(replica: Replica, moment: Moment) -> list[Entered]:
    """Return how each initiative came into the stage it is in; none for one that is where it began."""
    rows = replica.ask(f"from stages_entered({moment.sequence}, date '{moment.as_of.isoformat()}')")
    return [Entered(**row) for row in rows]
