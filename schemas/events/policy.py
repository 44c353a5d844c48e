"""The rules a portfolio gives itself, each with a date and a version, one body a kind."""

from __future__ import annotations

import datetime
from typing import Annotated, ClassVar, Literal

from msgspec import Meta
from pydantic import Discriminator
from pydantic import Field as Limits

from schemas.events.fact import Fact
from schemas.events.governance import Names
from schemas.values import CurrencyCode, Id, Money, Period, Quantity, Shape, Title, WeightBp

Days = Annotated[int, Meta(ge=0, le=3_660), Limits(ge=0, le=3_660)]
Version = Annotated[int, Meta(ge=1, le=10_000), Limits(ge=1, le=10_000)]
OneToNine = Annotated[int, Meta(ge=1, le=9), Limits(ge=1, le=9)]
PoolUnit = Literal["mfte", "gpu_h", "mtoken"]
Escalation = Literal["regulatory", "novel", "contentious", "repercussive"]
Escalations = Annotated[tuple[Escalation, ...], Meta(max_length=4), Limits(max_length=4)]


class ScoredCriterion(Shape, frozen=True, kw_only=True):
    """What initiatives are scored on. sort: what it counts as. scale_min, scale_max: lowest and highest score."""

    id: Id
    title: Title
    sort: Literal["value", "novelty", "risk", "cost"]
    weight_bp: WeightBp
    scale_min: Annotated[int, Meta(ge=0, le=1_000), Limits(ge=0, le=1_000)] = 0
    scale_max: Annotated[int, Meta(ge=1, le=1_000), Limits(ge=1, le=1_000)] = 100


class Judgement(Shape, frozen=True, kw_only=True):
    """A comparison of the analytic hierarchy process: *criterion* matters numerator/denominator times *over*."""

    criterion: Id
    over: Id
    numerator: OneToNine
    denominator: OneToNine = 1


class Prioritisation(Shape, frozen=True, kw_only=True, tag_field="kind", tag="prioritisation"):
    """How initiatives are ranked. Weights sum to 10,000. judgements: for ahp, one a pair, consistent to 0.10."""

    method: Literal["weighted", "wsjf", "ahp"]
    criteria: Annotated[
        tuple[ScoredCriterion, ...], Meta(min_length=1, max_length=40), Limits(min_length=1, max_length=40)
    ]
    judgements: Annotated[tuple[Judgement, ...], Meta(max_length=200), Limits(max_length=200)] = ()


class Gate(Shape, frozen=True, kw_only=True):
    """A gate between two stages: what must be met, and how many days a package may wait."""

    gate: Id
    title: Title
    stage_from: Id
    stage_to: Id
    must: Names = ()
    days: Days | None = None


class Gates(Shape, frozen=True, kw_only=True, tag_field="kind", tag="gates"):
    """The stages in their order, and the gates between them."""

    stages: Annotated[tuple[Id, ...], Meta(min_length=1, max_length=40), Limits(min_length=1, max_length=40)]
    gates: Annotated[tuple[Gate, ...], Meta(max_length=60), Limits(max_length=60)] = ()


class Guardrail(Shape, frozen=True, kw_only=True):
    """What is done about a rule that is broken. rule: the Reason it would be refused with."""

    rule: Annotated[str, Meta(min_length=1, max_length=40), Limits(min_length=1, max_length=40)]
    action: Literal["refuse", "flag", "off"]


class Guardrails(Shape, frozen=True, kw_only=True, tag_field="kind", tag="guardrails"):
    """What happens when a rule of governance or money is broken. min_aligned_bp: the least share to be aligned."""

    rules: Annotated[tuple[Guardrail, ...], Meta(max_length=100), Limits(max_length=100)]
    min_aligned_bp: WeightBp = 0


class Tier(Shape, frozen=True, kw_only=True):
    """Who decides up to an amount over an initiative's total. up_to: None for the last tier.

    roles: all of them approve; or a body does. takes: what comes here whatever its amount.
    """

    tier: Id
    up_to: Money | None = None
    roles: Names = ()
    body: Id | None = None
    takes: Escalations = ()


class Tiers(Shape, frozen=True, kw_only=True, tag_field="kind", tag="tiers"):
    """The tiers of delegated authority, lowest first."""

    tiers: Annotated[tuple[Tier, ...], Meta(min_length=1, max_length=20), Limits(min_length=1, max_length=20)]


class Supply(Shape, frozen=True, kw_only=True):
    """How much of a pool there is in a period, in the pool's unit."""

    pool: Id
    skill: Id
    unit: PoolUnit
    period: Period
    amount: Annotated[int, Meta(ge=0, le=10**12), Limits(ge=0, le=10**12)]


class Capacity(Shape, frozen=True, kw_only=True, tag_field="kind", tag="capacity"):
    """The supply of each pool, and how far plans may go beyond it."""

    supply: Annotated[tuple[Supply, ...], Meta(max_length=400), Limits(max_length=400)]
    tolerance_bp: WeightBp = 0


class Rate(Shape, frozen=True, kw_only=True):
    """One unit of *currency* in units of *into*, on a day."""

    currency: CurrencyCode
    into: CurrencyCode
    rate: Quantity
    on: datetime.date


class Fx(Shape, frozen=True, kw_only=True, tag_field="kind", tag="fx"):
    """The rates views convert with."""

    rates: Annotated[tuple[Rate, ...], Meta(max_length=400), Limits(max_length=400)]


class Calendar(Shape, frozen=True, kw_only=True, tag_field="kind", tag="calendar"):
    """When periods close: so many days after their end, softly and for good."""

    soft_close_days: Days
    final_close_days: Days


class Tolerance(Shape, frozen=True, kw_only=True, tag_field="kind", tag="tolerance"):
    """What may differ before somebody is told. lateness_days: between a decision and its recording.

    measured_within_days: between an approval and the first measure of its benefit.
    """

    lateness_days: Days
    measured_within_days: Days | None = None
    cost_bp: WeightBp | None = None
    finish_days: Days | None = None


class Part(Shape, frozen=True, kw_only=True):
    """The share of the money that should go somewhere."""

    name: Id
    share_bp: WeightBp


class Allocation(Shape, frozen=True, kw_only=True, tag_field="kind", tag="allocation"):
    """How the money should be spread over horizons and value streams; each list sums to 10,000 or is empty."""

    horizons: Annotated[tuple[Part, ...], Meta(max_length=20), Limits(max_length=20)] = ()
    value_streams: Annotated[tuple[Part, ...], Meta(max_length=100), Limits(max_length=100)] = ()


class Signatories(Shape, frozen=True, kw_only=True):
    """Who signs a command together: so many different persons, its sender among them, and somebody of each role.

    command: its type without version.
    """

    command: Id
    persons: Annotated[int, Meta(ge=1, le=20), Limits(ge=1, le=20)] = 2
    roles: Names = ()


class Signing(Shape, frozen=True, kw_only=True, tag_field="kind", tag="signing"):
    """Which commands have to be signed by who sends them, by their type without version.

    signatories: which commands several have to sign together.
    """

    commands: Names
    signatories: Annotated[tuple[Signatories, ...], Meta(max_length=200), Limits(max_length=200)] = ()


class Unit(Shape, frozen=True, kw_only=True):
    """A value stream or envelope as people call it, and who owns it."""

    id: Id
    title: Title
    owner: Id | None = None


class Structure(Shape, frozen=True, kw_only=True, tag_field="kind", tag="structure"):
    """Titles and owners of value streams and envelopes."""

    value_streams: Annotated[tuple[Unit, ...], Meta(max_length=200), Limits(max_length=200)] = ()
    envelopes: Annotated[tuple[Unit, ...], Meta(max_length=400), Limits(max_length=400)] = ()


PolicyBody = Annotated[
    Prioritisation
    | Gates
    | Guardrails
    | Tiers
    | Capacity
    | Fx
    | Calendar
    | Tolerance
    | Allocation
    | Signing
    | Structure,
    Discriminator("kind"),
]


class PolicyAdopted(Fact, frozen=True, kw_only=True):
    """A policy is in force from the event's effective day; of one kind the newest holds.

    version: 1, 2, 3, ... of its kind. supersedes: the version whose place it takes. Source: DESIGN, event 3.
    """

    TYPE: ClassVar[str] = "PolicyAdopted.v1"

    version: Version
    supersedes: Version | None = None
    body: PolicyBody

    @property
    def kind(self) -> str:
        """What the policy is about: the kind of its body."""
        return str(type(self.body).__struct_config__.tag)

    def subject(self) -> str:
        return f"policy/{self.kind}"
