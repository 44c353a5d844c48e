"""Every fact a portfolio can hold, in the order of the catalogue (DESIGN, section 4), one file an area."""

from __future__ import annotations

from schemas.events.corrections import EntryReversed
from schemas.events.delivery import (
    AiUse,
    BaselineSet,
    ForecastUpdated,
    InitiativeAmended,
    InitiativeProposed,
)
from schemas.events.fact import Fact
from schemas.events.funding import (
    Condition,
    Criterion,
    EnvelopeFunded,
    FundingApproved,
    GateDecided,
    Pivot,
    Treatment,
)
from schemas.events.portfolio import PortfolioOpened, Registrar
from schemas.events.spending import ActualPosted, Booked, CommitmentPosted
from schemas.events.strategy import AlignmentDeclared, Contribution, Kpi, Objective, ObjectivesSet, Successor

FACTS: tuple[type[Fact], ...] = (
    ObjectivesSet,
    EnvelopeFunded,
    InitiativeProposed,
    AlignmentDeclared,
    BaselineSet,
    FundingApproved,
    GateDecided,
    CommitmentPosted,
    ActualPosted,
    ForecastUpdated,
    EntryReversed,
    PortfolioOpened,
    InitiativeAmended,
)

Event = (
    ObjectivesSet
    | EnvelopeFunded
    | InitiativeProposed
    | AlignmentDeclared
    | BaselineSet
    | FundingApproved
    | GateDecided
    | CommitmentPosted
    | ActualPosted
    | ForecastUpdated
    | EntryReversed
    | PortfolioOpened
    | InitiativeAmended
)

__all__ = [
    "FACTS",
    "ActualPosted",
    "AiUse",
    "AlignmentDeclared",
    "BaselineSet",
    "Booked",
    "CommitmentPosted",
    "Condition",
    "Contribution",
    "Criterion",
    "EntryReversed",
    "EnvelopeFunded",
    "Event",
    "Fact",
    "ForecastUpdated",
    "FundingApproved",
    "GateDecided",
    "InitiativeAmended",
    "InitiativeProposed",
    "Kpi",
    "Objective",
    "ObjectivesSet",
    "Pivot",
    "PortfolioOpened",
    "Registrar",
    "Successor",
    "Treatment",
]
