"""An initiative as it is proposed, planned, forecast and changed."""

from __future__ import annotations

import datetime
from typing import Annotated, ClassVar, Literal

from msgspec import Meta
from pydantic import Field as Limits

from schemas.events.fact import Fact
from schemas.values import Evidence, Id, PeriodAmount, PeriodFigure, Reference, Shape, ShareBp, Text, Title

InitiativeKind = Literal["growth", "efficiency", "regulatory", "resilience", "exploration", "unclassified"]
Horizon = Literal["h1", "h2", "h3", "unknown"]
Costs = Annotated[tuple[PeriodAmount, ...], Meta(max_length=200), Limits(max_length=200)]


class AiUse(Shape, frozen=True, kw_only=True):
    """The use an initiative makes of AI, and its class under Regulation (EU) 2024/1689."""

    use_case: Title
    eu_class: Literal["prohibited", "high", "transparency", "minimal", "unclassified"]
    assessed_by: Id | None = None
    evidence: Annotated[tuple[Evidence, ...], Meta(max_length=50), Limits(max_length=50)] = ()


class InitiativeProposed(Fact, frozen=True, kw_only=True):
    """An investment was put forward: who wants it, who would lead it, and what it is hoped to do.

    lead: None where unknown. horizon: h1 sustain, h2 grow, h3 explore. cost_estimate: claims, by period.
    Source: DESIGN, event 6.
    """

    TYPE: ClassVar[str] = "InitiativeProposed.v1"

    initiative: Id
    title: Title
    sponsor: Id
    lead: Id | None = None
    proposer: Id
    value_stream: Id
    kind: InitiativeKind = "unclassified"
    horizon: Horizon = "unknown"
    hypothesis: Text
    cost_estimate: Annotated[tuple[PeriodFigure, ...], Meta(max_length=200), Limits(max_length=200)] = ()
    parent: Id | None = None
    ai: AiUse | None = None

    def subject(self) -> str:
        return f"initiative/{self.initiative}"


class InitiativeAmended(Fact, frozen=True, kw_only=True):
    """What changed of an initiative's description; a field that is absent stays as it was.

    Source: DESIGN, event 31.
    """

    TYPE: ClassVar[str] = "InitiativeAmended.v1"

    initiative: Id
    title: Title | None = None
    sponsor: Id | None = None
    lead: Id | None = None
    value_stream: Id | None = None
    kind: InitiativeKind | None = None
    horizon: Horizon | None = None
    parent: Id | None = None
    ai: AiUse | None = None
    reason: Text

    def subject(self) -> str:
        return f"initiative/{self.initiative}"


class BaselineSet(Fact, frozen=True, kw_only=True):
    """The plan an initiative is measured against. number: 1, 2, 3, ...; the first is never forgotten.

    cost: the planned cost of each period, one currency. start, finish: first and last day. Source: DESIGN, event 10.
    """

    TYPE: ClassVar[str] = "BaselineSet.v1"

    initiative: Id
    number: Annotated[int, Meta(ge=1, le=1_000), Limits(ge=1, le=1_000)]
    cost: Costs
    start: datetime.date | None = None
    finish: datetime.date | None = None
    scope_ref: Reference | None = None
    reason: Text | None = None

    def subject(self) -> str:
        return f"initiative/{self.initiative}"


class ForecastUpdated(Fact, frozen=True, kw_only=True):
    """What is still expected to be spent, as judged on a day; replaces the forecast before.

    estimate_to_complete: still to be spent, by period; with the actuals it is the estimate at completion.
    progress_bp: measured, not guessed. Source: DESIGN, event 20.
    """

    TYPE: ClassVar[str] = "ForecastUpdated.v1"

    initiative: Id
    as_of: datetime.date
    estimate_to_complete: Costs
    progress_bp: ShareBp | None = None
    finish: datetime.date | None = None
    method: Title | None = None
    confidence: Literal["low", "medium", "high"] | None = None

    def subject(self) -> str:
        return f"initiative/{self.initiative}"
