"""Scenarios side by side: the headline figures of now and of up to three supposed histories."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from typing import NamedTuple, cast

import msgspec

from ledger.suppose import Supposing
from projections.fork import ForkReplica
from projections.moment import Moment
from projections.replica import Replica
from projections.rows import AlignmentRow
from projections.views import Question, ask

MOST_SCENARIOS = 3
RECORDED = "recorded"
"""The name of what was recorded, among scenarios."""


class Headline(msgspec.Struct, frozen=True):
    """What one history comes to. Amounts are in minor units of *currency*; shares are None where no money counts.

    sequence: its last. flagged: how many events carry a flag. refused: how many recorded commands no longer pass;
    not_accepted: how many supposed commands cause nothing.
    """

    name: str
    sequence: int
    currency: str | None
    approved_minor: int
    committed_minor: int
    actual_minor: int
    index: float | None
    orphan_share: float | None
    must_move_minor: int
    open_decisions: int
    flagged: int
    refused: int = 0
    not_accepted: int = 0


class Side(NamedTuple):
    """One of the histories that are compared: its headline, and where its money goes by objective."""

    headline: Headline
    alignment: Sequence[AlignmentRow]


def compare_scenarios(replica: Replica, scenarios: Mapping[str, Supposing], as_of: datetime.date) -> list[Headline]:
    """Return the headline of what was recorded, and of each scenario by its name, in their order.

    Errors: ValueError where there are more than three.
    """
    if len(scenarios) > MOST_SCENARIOS:
        raise ValueError(f"{len(scenarios)} scenarios are too many to compare; choose up to {MOST_SCENARIOS}")
    sides = [side(replica, RECORDED, as_of)]
    sides += [supposed_side(replica, name, as_of, supposing) for name, supposing in scenarios.items()]
    return [each.headline for each in sides]


def supposed_side(replica: Replica, name: str, as_of: datetime.date, supposing: Supposing) -> Side:
    """Return what a supposed history comes to at its end. replica: of the recorded one."""
    with ForkReplica(replica, supposing.fork) as fork:
        fork.show(supposing.payloads)
        return side(fork, name, as_of, supposing)


def side(replica: Replica, name: str, as_of: datetime.date, supposing: Supposing | None = None) -> Side:
    """Return what a history comes to at its end. replica: that of the supposed history, where one is given."""
    moment = Moment(replica.sequence, replica.recorded_at(replica.sequence), as_of)
    spend = ask(replica, Question("spend"), moment)
    alignment = ask(replica, Question("alignment"), moment)
    flagged = replica.ask("select count(*) as flagged from events where flags is not null")
    headline = Headline(
        name=name,
        sequence=replica.sequence,
        currency=spend.currency,
        approved_minor=spend.totals["approved_minor"],
        committed_minor=spend.totals["committed_minor"],
        actual_minor=spend.totals["actual_minor"],
        index=alignment.totals["index"],
        orphan_share=alignment.totals["orphan_share"],
        must_move_minor=alignment.totals["must_move_minor"],
        open_decisions=ask(replica, Question("decisions"), moment).totals["open"],
        flagged=flagged[0]["flagged"],
        refused=0 if supposing is None else len(supposing.refused),
        not_accepted=0 if supposing is None else sum(each.refused is not None for each in supposing.outcomes),
    )
    return Side(headline, cast(Sequence[AlignmentRow], alignment.rows))
