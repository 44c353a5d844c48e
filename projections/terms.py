"""Terms of a portfolio that its boards are read by: when its fiscal year starts, and the order of its stages."""

from __future__ import annotations

import json

from projections.moment import Moment
from projections.replica import Replica


def fiscal_year_start(replica: Replica) -> int:
    """Return the month the fiscal year starts in, 1 to 12; 1 before the portfolio was opened."""
    rows = replica.ask("select fiscal_year_start from portfolio_opened order by sequence limit 1")
    return int(rows[0]["fiscal_year_start"]) if rows else 1


def stage_order(replica: Replica, moment: Moment) -> list[str]:
    """Return the stages in the order of the gates policy in force, none where there is none."""
    rows = replica.ask(f"from policy_held('gates', {moment.sequence}, date '{moment.as_of.isoformat()}')")
    return [str(stage) for stage in json.loads(rows[0]["body"]).get("stages", ())] if rows else []
