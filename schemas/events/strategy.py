"""What the portfolio is for: objectives, and what each initiative contributes to them."""

from __future__ import annotations

import datetime
from typing import Annotated, ClassVar, Literal

from msgspec import Meta
from pydantic import Field as Limits

from schemas.events.fact import Fact
from schemas.values import Id, Quantity, Shape, ShareBp, Text, Title, WeightBp


class Kpi(Shape, frozen=True, kw_only=True):
    """What is measured to know that an objective is met. baseline, target: in *unit*. by: when."""

    name: Title
    unit: Title
    baseline: Quantity | None = None
    target: Quantity | None = None
    by: datetime.date | None = None


class Successor(Shape, frozen=True, kw_only=True):
    """An objective that takes over a share of a retired one."""

    objective: Id
    share_bp: ShareBp


class Objective(Shape, frozen=True, kw_only=True):
    """One strategic objective and its weight while active.

    successors: for a retired objective, active ones of the same set, summing to 10,000: what was declared for it
    counts for them. valid_from, valid_to: both included; without them, as long as the set is in force.
    """

    id: Id
    title: Title
    owner: Id | None = None
    kpi: Kpi | None = None
    weight_bp: WeightBp
    status: Literal["active", "retired"] = "active"
    successors: Annotated[tuple[Successor, ...], Meta(max_length=32), Limits(max_length=32)] = ()
    valid_from: datetime.date | None = None
    valid_to: datetime.date | None = None

    def active_on(self, day: datetime.date) -> bool:
        """Say whether the objective has its weight on *day*."""
        started = self.valid_from is None or self.valid_from <= day
        ended = self.valid_to is not None and self.valid_to < day
        return self.status == "active" and started and not ended


class ObjectivesSet(Fact, frozen=True, kw_only=True):
    """All objectives at once, with weights that sum to 10,000 on every day from the effective one.

    A set lists every objective set before it, retired ones too, so that nothing vanishes without a word.
    Source: DESIGN, event 2.
    """

    TYPE: ClassVar[str] = "ObjectivesSet.v1"

    portfolio: Id
    objectives: Annotated[
        tuple[Objective, ...], Meta(min_length=1, max_length=100), Limits(min_length=1, max_length=100)
    ]

    def subject(self) -> str:
        return f"objectives/{self.portfolio}"


class Contribution(Shape, frozen=True, kw_only=True):
    """The share of an initiative's money that serves an objective."""

    objective: Id
    share_bp: ShareBp


class AlignmentDeclared(Fact, frozen=True, kw_only=True):
    """What an initiative serves: the full set of its shares, replacing the set before. The rest serves nothing.

    assessor: who judged it. Source: DESIGN, event 7.
    """

    TYPE: ClassVar[str] = "AlignmentDeclared.v1"

    initiative: Id
    contributions: Annotated[tuple[Contribution, ...], Meta(max_length=100), Limits(max_length=100)]
    rationale: Text | None = None
    assessor: Id | None = None

    def subject(self) -> str:
        return f"initiative/{self.initiative}"
