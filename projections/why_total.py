"""Why a total of the whole portfolio is what it is: the last entry that a part of it rests on.

A total moves with its parts, so what last set it is the newest entry that set one of them. An entry that only carries
money from one initiative to another moves two parts and not the sum; it is named, because the parts are looked at.
"""

from __future__ import annotations

from typing import Literal

from projections.moment import Moment
from projections.replica import Replica
from projections.views import own_currency

Total = Literal["index", "approved", "actual", "roi"]


def why_total(replica: Replica, total: Total, moment: Moment) -> int | None:
    """Return the sequence of the last entry that a total rests on, None where none does.

    index: of alignment of what is approved. roi: of validated benefits against what is spent.
    """
    two, currency = f"{moment.sequence}, date '{moment.as_of.isoformat()}'", own_currency(replica, moment.sequence)
    moved = f"select sequence from figure_moved({two}, '{_MONEY[total]}', 'initiative', ?)"
    queries = {
        "index": f"{moved} union all select sequence from share_moved({two}, 'approved', ?)",
        "roi": f"{moved} union all select sequence from benefit_stated({two}) where status = 'validated'",
    }
    query = queries.get(total, moved)
    found = replica.ask(f"select max(sequence) as sequence from ({query})", [currency] * query.count("?"))
    last: int | None = found[0]["sequence"]
    return last


_MONEY = {"index": "approved", "approved": "approved", "actual": "actual", "roi": "actual"}
