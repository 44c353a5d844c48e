"""What is observed of initiatives, value streams and models: scores, ranks, links, assurance, risk, flow, capacity."""

from __future__ import annotations

import datetime
from typing import Annotated, ClassVar, Literal

from msgspec import Meta
from pydantic import Field as Limits

from schemas.events.decisions import Evidences
from schemas.events.fact import Fact
from schemas.events.policy import PoolUnit, Version
from schemas.values import CurrencyCode, Figure, Id, Money, Period, Quantity, Reference, Shape, ShareBp, Text, Title

Whole = Annotated[int, Meta(ge=0, le=10**12), Limits(ge=0, le=10**12)]
Rank = Annotated[int, Meta(ge=1, le=100_000), Limits(ge=1, le=100_000)]
ProbabilityBp = Annotated[int, Meta(ge=0, le=10_000), Limits(ge=0, le=10_000)]


class Score(Shape, frozen=True, kw_only=True):
    """The score on one criterion, on the scale the policy gives it."""

    criterion: Id
    score: Annotated[int, Meta(ge=0, le=1_000), Limits(ge=0, le=1_000)]


class InitiativeScored(Fact, frozen=True, kw_only=True):
    """An initiative was scored under a version of the prioritisation policy; replaces the scores before.

    cost_of_delay: money lost a week. job_size: relative, for WSJF. Source: DESIGN, event 8.
    """

    TYPE: ClassVar[str] = "InitiativeScored.v1"

    initiative: Id
    model_version: Version
    scores: Annotated[tuple[Score, ...], Meta(min_length=1, max_length=40), Limits(min_length=1, max_length=40)]
    cost_of_delay: Money | None = None
    job_size: Annotated[int, Meta(ge=1, le=10_000), Limits(ge=1, le=10_000)] | None = None
    assessor: Id
    evidence: Evidences = ()

    def subject(self) -> str:
        return f"initiative/{self.initiative}"


class Move(Shape, frozen=True, kw_only=True):
    """A new rank. was: the rank before, None for none. tier: a band of ranks, as people call it."""

    initiative: Id
    rank: Rank
    was: Rank | None = None
    tier: Id | None = None
    reason: Text | None = None


class PrioritySet(Fact, frozen=True, kw_only=True):
    """Ranks were changed; only what changes is named. Source: DESIGN, event 9."""

    TYPE: ClassVar[str] = "PrioritySet.v1"

    portfolio: Id
    moves: Annotated[tuple[Move, ...], Meta(min_length=1, max_length=500), Limits(min_length=1, max_length=500)]

    def subject(self) -> str:
        return f"priority/{self.portfolio}"


class InitiativeLinked(Fact, frozen=True, kw_only=True, rename={"starts": "from", "ends": "to"}):
    """An initiative is tied to a backlog, a model or another initiative; replaces the link of that kind, target, role.

    target: the id in *system*, a model's or an initiative's. share_bp: of a backlog item that this initiative pays.
    starts, ends: in JSON `from` and `to`, both included. exit_cost: of leaving the model. Source: DESIGN, event 11.
    """

    TYPE: ClassVar[str] = "InitiativeLinked.v1"

    initiative: Id
    kind: Literal["backlog", "ai_model", "depends_on", "part_of", "supersedes", "split_from", "merged_into"]
    target: Reference
    system: Id | None = None
    role: Literal["primary", "fallback", "evaluated"] | None = None
    share_bp: ShareBp | None = None
    starts: datetime.date | None = None
    ends: datetime.date | None = None
    exit_cost: Figure | None = None

    def subject(self) -> str:
        return f"initiative/{self.initiative}"


class AssuranceRated(Fact, frozen=True, kw_only=True):
    """Somebody independent rated the confidence in delivery. A blank is not rated, never green.

    scale: of how many colours; ratings of different scales are never pooled. Source: DESIGN, event 21.
    """

    TYPE: ClassVar[str] = "AssuranceRated.v1"

    initiative: Id
    body: Id
    scale: Literal["three", "five"]
    rating: Literal["red", "amber_red", "amber", "amber_green", "green", "exempt", "not_rated"]
    as_at: datetime.date
    commentary: Text | None = None

    def subject(self) -> str:
        return f"initiative/{self.initiative}"


class RiskAssessed(Fact, frozen=True, kw_only=True):
    """A risk as it is judged now; replaces the judgement before. residual_bp: the probability after the response.

    impact, impact_level: a figure, or a level of *scale*. Source: DESIGN, event 22.
    """

    TYPE: ClassVar[str] = "RiskAssessed.v1"

    risk: Id
    initiative: Id | None = None
    scale: Literal["three", "five"] = "five"
    category: Id
    probability_bp: ProbabilityBp
    impact: Figure | None = None
    impact_level: Annotated[int, Meta(ge=1, le=5), Limits(ge=1, le=5)] | None = None
    residual_bp: ProbabilityBp | None = None
    response: Literal["avoid", "reduce", "transfer", "accept", "exploit"] = "accept"
    owner: Id | None = None
    status: Literal["open", "closed", "occurred"] = "open"
    description: Text | None = None

    def subject(self) -> str:
        return f"risk/{self.risk}"


class Completed(Shape, frozen=True, kw_only=True):
    """Items completed, by kind. Source: the Flow Framework."""

    feature: Whole = 0
    defect: Whole = 0
    risk: Whole = 0
    debt: Whole = 0


class FlowReported(Fact, frozen=True, kw_only=True):
    """How work flowed through a value stream in a period. Units: `_h` hours; wip items. Source: DESIGN, event 23."""

    TYPE: ClassVar[str] = "FlowReported.v1"

    value_stream: Id
    period: Period
    completed: Completed
    flow_time_p50_h: Whole
    flow_time_p85_h: Whole
    active_h: Whole
    wait_h: Whole
    wip: Whole

    def subject(self) -> str:
        return f"stream/{self.value_stream}"


class CapacityAllocated(Fact, frozen=True, kw_only=True):
    """Capacity of a pool planned for or used by an initiative in a period; replaces the amount before.

    amount: in *unit*; mfte are thousandths of a full-time equivalent. Source: DESIGN, event 24.
    """

    TYPE: ClassVar[str] = "CapacityAllocated.v1"

    pool: Id
    skill: Id
    unit: PoolUnit
    kind: Literal["planned", "used"]
    initiative: Id
    period: Period
    amount: Whole

    def subject(self) -> str:
        return f"initiative/{self.initiative}"


class Prices(Shape, frozen=True, kw_only=True):
    """What a model costs for a million tokens, in major units of *currency*."""

    currency: CurrencyCode
    input_per_mtok: Quantity | None = None
    output_per_mtok: Quantity | None = None


class ModelLifecycleChanged(Fact, frozen=True, kw_only=True):
    """Something changed about an AI model that initiatives may depend on.

    effective_on: for a retirement, the day the model ends. stage: Microsoft Foundry's five. Source: DESIGN, event 27.
    """

    TYPE: ClassVar[str] = "ModelLifecycleChanged.v1"

    model: Id
    name: Title
    family: Title | None = None
    provider: Title
    change: Literal["catalogued", "stage", "retirement_announced", "rescheduled", "cancelled", "price", "withdrawn"]
    stage: Literal["preview", "ga", "legacy", "deprecated", "retired"] | None = None
    announced_on: datetime.date | None = None
    effective_on: datetime.date | None = None
    replacement: Id | None = None
    prices: Prices | None = None
    source: Reference | None = None

    def subject(self) -> str:
        return f"model/{self.model}"
