"""Money a decision moves: envelopes, approvals and gates."""

from __future__ import annotations

import datetime
from typing import Annotated, ClassVar, Literal

from msgspec import Meta
from pydantic import Field as Limits

from schemas.events.fact import Fact
from schemas.values import CapexOpex, Evidence, Figure, Id, Money, Period, Quantity, Sequence, Shape, Text, Title


class EnvelopeFunded(Fact, frozen=True, kw_only=True):
    """Money made available in an envelope for a fiscal period; not yet for any initiative.

    amount: delta, negative to take away; never zero. A transfer or carry-forward is two facts of one command:
    counter_envelope and counter_period name the other leg. Source: DESIGN, event 5.
    """

    TYPE: ClassVar[str] = "EnvelopeFunded.v1"

    envelope: Id
    value_stream: Id
    fiscal_period: Period
    capex_opex: CapexOpex
    kind: Literal["initial", "supplement", "reduction", "transfer", "carry_forward", "contingency", "return"]
    counter_envelope: Id | None = None
    counter_period: Period | None = None
    amount: Money
    reason: Text | None = None

    def subject(self) -> str:
        return f"envelope/{self.envelope}"


class Condition(Shape, frozen=True, kw_only=True):
    """Something that must be met, by whom, until when. blocking: nothing goes on before it is."""

    condition: Id
    text: Text
    owner: Id
    due: datetime.date
    blocking: bool = False


Conditions = Annotated[tuple[Condition, ...], Meta(max_length=50), Limits(max_length=50)]


class FundingApproved(Fact, frozen=True, kw_only=True):
    """Permission to spend from an envelope; not yet a contract, not yet money out.

    amount: delta, negative to reduce; never zero. period: the fiscal period it is meant for.
    ratify_by: for an emergency, when a body must have confirmed it. Source: DESIGN, event 14.
    """

    TYPE: ClassVar[str] = "FundingApproved.v1"

    initiative: Id
    envelope: Id
    kind: Literal[
        "initial", "tranche", "supplement", "reduction", "carry_forward", "contingency", "return", "regularisation"
    ]
    amount: Money
    capex_opex: CapexOpex
    tranche: Title | None = None
    period: Period | None = None
    conditions: Conditions = ()
    ratify_by: datetime.date | None = None
    reason: Text | None = None

    def subject(self) -> str:
        return f"initiative/{self.initiative}"


class Criterion(Shape, frozen=True, kw_only=True):
    """A must-meet criterion of a gate, met or not."""

    criterion: Id
    met: bool
    evidence: Evidence | None = None


class Pivot(Shape, frozen=True, kw_only=True, rename={"before": "from", "after": "to"}):
    """A change of hypothesis: what set it off, from what, to what."""

    trigger: Text
    before: Text
    after: Text


class Treatment(Shape, frozen=True, kw_only=True):
    """What becomes of an open commitment. exit_cost: what ending it costs."""

    commitment: Id
    action: Literal["terminate", "novate", "run_off"]
    exit_cost: Figure | None = None


class GateDecided(Fact, frozen=True, kw_only=True):
    """What a gate decided about an initiative. kill, complete and merged end it; hold parks it.

    stage_from: the stage it was in. should_score: of the should-meet criteria. released: money given back.
    Source: DESIGN, event 16; Cooper's Stage-Gate.
    """

    TYPE: ClassVar[str] = "GateDecided.v1"

    initiative: Id
    gate: Id
    stage_from: Id
    stage_to: Id
    outcome: Literal["go", "conditional_go", "hold", "recycle", "pivot", "kill", "complete", "merged"]
    must: Annotated[tuple[Criterion, ...], Meta(max_length=50), Limits(max_length=50)] = ()
    should_score: Quantity | None = None
    conditions: Conditions = ()
    pivot: Pivot | None = None
    treatments: Annotated[tuple[Treatment, ...], Meta(max_length=50), Limits(max_length=50)] = ()
    released: Money | None = None
    next_gate_on: datetime.date | None = None
    reason: Text | None = None

    def subject(self) -> str:
        return f"initiative/{self.initiative}"


class Place(Shape, frozen=True, kw_only=True):
    """Where approved money stands: an initiative's permission to spend from an envelope."""

    initiative: Id
    envelope: Id
    capex_opex: CapexOpex
    period: Period | None = None


class FundingReallocated(Fact, frozen=True, kw_only=True, rename={"source": "from", "target": "to"}):
    """Approved money moved from one initiative to another; in JSON `from` and `to`.

    amount: above zero. trigger: sequence of the event that set it off. Source: DESIGN, event 15.
    """

    TYPE: ClassVar[str] = "FundingReallocated.v1"

    source: Place
    target: Place
    amount: Money
    reason: Text
    trigger: Sequence | None = None

    def subject(self) -> str:
        return f"initiative/{self.target.initiative}"
