"""The board at a moment: everything it shows, asked of the views once, and typed."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any, Literal, NamedTuple, TypeVar

from projections.board_rows import CapacityRow, PriorityRow, ValueStreamRow
from projections.headline import headline
from projections.moment import Moment
from projections.replica import Replica
from projections.rows import AlignmentRow, BenefitRow, InitiativeRow, ModelRow, NeedRow, SpendRow
from projections.terms import Entered, fiscal_year_start, stage_order, stages_entered
from projections.views import Question, View, ask
from schemas.values import period_days

T = TypeVar("T")

VIEWS = {
    "alignment": True,
    "spend": False,
    "value_streams": True,
    "initiatives": False,
    "priority": False,
    "models": False,
    "capacity": False,
    "benefits": False,
    "needs": False,
}
"""The views a board asks, and whether it shows their totals."""


@dataclass(frozen=True, slots=True)
class Headline:
    """What the portfolio comes to. Amounts are minor units of its currency; a share is None where nothing counts.

    roi: (validated - actual) / actual. load: of the pool that is planned fullest in the period of the day.
    """

    index: float | None
    must_move_minor: int | None
    funded_minor: int
    approved_minor: int
    committed_minor: int
    actual_minor: int
    planned_minor: int
    claimed_minor: int
    validated_minor: int
    roi: float | None
    load: CapacityRow | None


class Ranked(NamedTuple):
    """One initiative that has not ended, as it stands and as it is ranked."""

    told: InitiativeRow
    ranked: PriorityRow


@dataclass(frozen=True, slots=True)
class Stage:
    """Initiatives of one stage that have not ended. held: those of them on hold. last_sequence: of the last gate
    decision that brought one of them here. days: the median since each came into the stage, by the last gate decision
    that changed its stage, or since it was proposed."""

    stage: str
    count: int
    held: int
    approved_minor: int
    days: int
    last_sequence: int | None


class Pool(NamedTuple):
    """The capacity of a pool in a period, which is over, now or to come on the day of the board."""

    told: CapacityRow
    when: Literal["over", "now", "to come"]


class Terms(NamedTuple):
    """What a board is read by. starts_in_month: of the fiscal year. order: of the stages, by policy. entered: how each
    initiative came into its stage."""

    starts_in_month: int
    order: Sequence[str]
    entered: Sequence[Entered]


class BoardSeen(NamedTuple):
    """Everything the board shows.

    ended: how many initiatives, by status. orphan_share: of money that serves no objective. envelopes: those that more
    is approved from than they have, then those with most that is not committed yet. models: those that end and have
    dependents. capacity: as it is looked at, now first. benefits: those with the greatest plan first.
    """

    portfolio: str
    moment: Moment
    currency: str | None
    headline: Headline
    initiatives: Sequence[Ranked]
    ended: dict[str, int]
    objectives: Sequence[AlignmentRow]
    orphan_share: float | None
    stages: Sequence[Stage]
    streams: Sequence[ValueStreamRow]
    envelopes: Sequence[SpendRow]
    models: Sequence[ModelRow]
    capacity: Sequence[Pool]
    benefits: Sequence[BenefitRow]
    needs: Sequence[NeedRow]


@dataclass(frozen=True, slots=True)
class Point:
    """The headline at the end of a day, as it was known that evening."""

    day: datetime.date
    index: float | None
    approved_minor: int
    actual_minor: int
    validated_minor: int


def see_board(replica: Replica, moment: Moment) -> BoardSeen:
    """Return what the board shows at a moment."""
    return seen_of(moment, {name: ask_one(replica, name, moment) for name in VIEWS}, see_terms(replica, moment))


def ask_one(replica: Replica, name: str, moment: Moment) -> View:
    """Return one of the views a board asks."""
    return ask(replica, Question(name), moment, totals=VIEWS[name])


def see_terms(replica: Replica, moment: Moment) -> Terms:
    """Return what a board is read by."""
    return Terms(fiscal_year_start(replica), stage_order(replica, moment), stages_entered(replica, moment))


def seen_of(moment: Moment, views: Mapping[str, View], terms: Terms) -> BoardSeen:
    """Return what the board shows of the views it asks, and of the terms it is read by."""
    told = {row.initiative: row for row in _rows(views["initiatives"], InitiativeRow)}
    ranked = _rows(views["priority"], PriorityRow)
    under_way = [Ranked(told[row.initiative], row) for row in ranked]
    live = {row.initiative for row in ranked}
    ended = Counter(row.status for name, row in told.items() if name not in live)
    capacity = _rows(views["capacity"], CapacityRow)
    pools = _pools(capacity, moment.as_of, terms.starts_in_month)
    models = [row for row in _rows(views["models"], ModelRow) if row.retires_on is not None and row.dependents]
    benefits = _rows(views["benefits"], BenefitRow)
    envelopes = _rows(views["spend"], SpendRow)
    return BoardSeen(
        portfolio=views["alignment"].portfolio,
        moment=moment,
        currency=views["alignment"].currency,
        headline=_headline(views["alignment"].totals, views["value_streams"].totals, pools),
        initiatives=under_way,
        ended=dict(ended),
        objectives=_rows(views["alignment"], AlignmentRow),
        orphan_share=views["alignment"].totals["orphan_share"],
        stages=_stages([each.told for each in under_way], moment.as_of, terms),
        streams=_rows(views["value_streams"], ValueStreamRow),
        envelopes=sorted(envelopes, key=lambda row: (row.free_minor >= 0, -row.uncommitted_minor, row.key or "")),
        models=sorted(models, key=lambda row: (row.retires_on or datetime.date.max, -row.exposed_minor)),
        capacity=pools,
        benefits=sorted(benefits, key=lambda row: (-row.planned_minor, row.benefit)),
        needs=_rows(views["needs"], NeedRow),
    )


def see_point(replica: Replica, moment: Moment) -> Point:
    """Return the headline at the end of a day."""
    told = headline(replica, moment)
    validated = ask(replica, Question("benefits"), moment).totals["validated_minor"]
    return Point(moment.as_of, told.index, told.approved_minor, told.actual_minor, validated)


def _pools(rows: Iterable[CapacityRow], day: datetime.date, starts_in_month: int) -> list[Pool]:
    """Return capacity from a day on, then before it, the last first, then what is to come and not planned yet.

    starts_in_month: of the fiscal year.
    """
    placed: list[tuple[datetime.date, Pool]] = []
    for row in rows:
        first, last = period_days(row.period, starts_in_month)
        placed.append((last, Pool(row, "over" if last < day else "to come" if first > day else "now")))
    coming = sorted((each for each in placed if each[1].when != "over"), key=lambda each: each[0])
    over = sorted((each for each in placed if each[1].when == "over"), key=lambda each: each[0], reverse=True)
    idle = [each for each in coming if each[1].when == "to come" and not each[1].told.planned]
    return [pool for _, pool in [*(each for each in coming if each not in idle), *over, *idle]]


def _headline(alignment: dict[str, Any], totals: dict[str, Any], pools: Sequence[Pool]) -> Headline:
    now = [pool.told for pool in pools if pool.when == "now" and pool.told.load is not None]
    return Headline(
        index=alignment["index"],
        must_move_minor=alignment["must_move_minor"],
        funded_minor=totals["funded_minor"],
        approved_minor=totals["approved_minor"],
        committed_minor=totals["committed_minor"],
        actual_minor=totals["actual_minor"],
        planned_minor=totals["planned_minor"],
        claimed_minor=totals["claimed_minor"],
        validated_minor=totals["validated_minor"],
        roi=totals["roi"],
        load=max(now, key=lambda row: row.load or 0.0, default=None),
    )


def _stages(rows: Sequence[InitiativeRow], day: datetime.date, terms: Terms) -> list[Stage]:
    """Return the pipeline. Stages that the policy does not name come last."""
    brought = {each.initiative: each for each in terms.entered}
    places = {stage: place for place, stage in enumerate(terms.order)}
    found = []
    for stage in sorted({row.stage for row in rows}, key=lambda name: (places.get(name, len(places)), name)):
        here = [row for row in rows if row.stage == stage]
        came = [brought[row.initiative] for row in here if row.initiative in brought]
        since = [gate.effective_on for gate in came]
        since += [row.proposed_on for row in here if row.initiative not in brought]
        found.append(
            Stage(
                stage,
                len(here),
                sum(row.status == "held" for row in here),
                sum(row.approved_minor for row in here),
                round(median((day - each).days for each in since)),
                max((gate.sequence for gate in came), default=None),
            )
        )
    return found


def _rows(view: View, of: type[T]) -> list[T]:
    return [row for row in view.rows if isinstance(row, of)]
