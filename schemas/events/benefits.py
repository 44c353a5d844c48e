"""What the money was for: benefits as planned, claimed and validated."""

from __future__ import annotations

import datetime
from typing import Annotated, ClassVar, Literal

from msgspec import Meta
from pydantic import Field as Limits

from schemas.events.decisions import Evidences
from schemas.events.fact import Fact
from schemas.values import Id, Money, Period, Quantity, Reference, Shape, ShareBp, Text, Title


class BenefitShare(Shape, frozen=True, kw_only=True):
    """The share of a benefit that an initiative brings."""

    initiative: Id
    share_bp: ShareBp


class StartingPoint(Shape, frozen=True, kw_only=True):
    """The measure before anything was done, when, and where it comes from."""

    value: Quantity
    on: datetime.date
    source: Reference


class Target(Shape, frozen=True, kw_only=True):
    """What the measure should reach in a period. money: what that is worth."""

    period: Period
    value: Quantity
    money: Money | None = None


class BenefitPlanned(Fact, frozen=True, kw_only=True):
    """A benefit was promised: by which initiatives, how it is measured, from where to where; replaces the plan before.

    initiatives: shares sum to 10,000; empty for an objective's own KPI. unit_value: money for one unit.
    Source: DESIGN, event 25.
    """

    TYPE: ClassVar[str] = "BenefitPlanned.v1"

    benefit: Id
    title: Title
    initiatives: Annotated[tuple[BenefitShare, ...], Meta(max_length=100), Limits(max_length=100)] = ()
    type: Literal["cashable", "non_cashable", "avoided", "revenue", "risk", "disbenefit"]
    owner: Id
    measure: Title
    unit: Title
    unit_value: Money | None = None
    baseline: StartingPoint | None = None
    target: Annotated[tuple[Target, ...], Meta(max_length=200), Limits(max_length=200)] = ()
    objective: Id | None = None

    def subject(self) -> str:
        return f"benefit/{self.benefit}"


class BenefitMeasured(Fact, frozen=True, kw_only=True):
    """A benefit was measured in a period: claimed, validated by somebody else, or rejected.

    value: in the plan's unit. attributed_bp: how much of it is due to this benefit's initiatives.
    Source: DESIGN, event 26.
    """

    TYPE: ClassVar[str] = "BenefitMeasured.v1"

    benefit: Id
    period: Period
    value: Quantity
    money: Money | None = None
    attributed_bp: ShareBp = 10_000
    method: Text | None = None
    evidence: Evidences = ()
    status: Literal["claimed", "validated", "rejected"]

    def subject(self) -> str:
        return f"benefit/{self.benefit}"
