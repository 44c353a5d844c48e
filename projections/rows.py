"""The rows of the views as structs: what each column means is in docs/spec/views.md."""

from __future__ import annotations

import datetime

import msgspec

from projections.board_rows import (
    CapacityRow,
    ConcentrationRow,
    ConditionRow,
    FlowRow,
    PriorityRow,
    StateRow,
    ValueStreamRow,
)


class SpendRow(msgspec.Struct, frozen=True):
    """One step of the funding ladder, in minor units of its currency. key: None for money that names none."""

    key: str | None
    title: str | None
    currency: str
    funded_minor: int
    approved_minor: int
    committed_minor: int
    actual_minor: int
    free_minor: int
    uncommitted_minor: int


class AlignmentRow(msgspec.Struct, frozen=True):
    """One active objective: where money should go and where it goes. share, gap: None where no money counts."""

    objective: str
    title: str
    target_bp: int
    share: float | None
    amount_minor: int
    gap: float | None


class InitiativeRow(msgspec.Struct, frozen=True):
    """One initiative, as described, decided, funded and planned."""

    initiative: str
    title: str
    value_stream: str
    sponsor: str
    lead: str | None
    kind: str
    horizon: str
    eu_class: str | None
    stage: str
    status: str
    approved_minor: int
    committed_minor: int
    actual_minor: int
    currency: str
    baseline_number: int | None
    first_cost_minor: int | None
    baseline_cost_minor: int | None
    finish: datetime.date | None
    proposed_on: datetime.date
    last_sequence: int


class TimelineRow(msgspec.Struct, frozen=True):
    """One event, in the order of recording."""

    sequence: int
    recorded_at: datetime.datetime
    effective_on: datetime.date
    type: str
    subject: str
    actor: str
    basis: str
    flags: str | None
    commandid: str
    reversed_by: int | None


class DecisionRow(msgspec.Struct, frozen=True):
    """One decision: what was asked, the votes by kind, dissent, outcome, and how long it took."""

    decision: str
    kind: str
    question: str
    requested_on: datetime.date
    due: datetime.date | None
    tier: str | None
    body: str | None
    options: int
    recommended: str | None
    approve: int
    reject: int
    abstain: int
    recuse: int
    advise: int
    dissent: str | None
    outcome: str
    option: str | None
    closed_on: datetime.date | None
    days_to_decide: int | None
    trigger: int | None
    days_since_trigger: int | None
    request_sequence: int
    closed_sequence: int | None


class GateRow(msgspec.Struct, frozen=True):
    """One gate decision, and what became of its conditions."""

    sequence: int
    initiative: str
    title: str | None
    gate: str
    stage_from: str
    stage_to: str
    outcome: str
    effective_on: datetime.date
    conditions: int
    conditions_open: int
    conditions_overdue: int
    next_gate_on: datetime.date | None
    reason: str | None


class ModelRow(msgspec.Struct, frozen=True):
    """One AI model: who depends on it, who has no fallback, the money at stake and the days left."""

    model: str
    name: str | None
    provider: str | None
    stage: str | None
    announced_on: datetime.date | None
    retires_on: datetime.date | None
    days_left: int | None
    dependents: int
    without_fallback: int
    approved_minor: int
    exposed_minor: int
    share: float | None
    currency: str | None
    last_sequence: int | None


class BenefitRow(msgspec.Struct, frozen=True):
    """One benefit: planned, claimed and validated."""

    benefit: str
    title: str
    type: str
    owner: str
    objective: str | None
    currency: str | None
    planned_minor: int
    claimed_minor: int
    validated_minor: int
    realised: float | None
    measured: int
    last_sequence: int


class NeedRow(msgspec.Struct, frozen=True):
    """Something that needs a decision. days: since it was due; negative is still to come."""

    kind: str
    subject: str
    title: str | None
    due: datetime.date | None
    days: int | None
    amount_minor: int | None
    sequence: int


class HistoryRow(msgspec.Struct, frozen=True):
    """One value stated about an initiative, and whether it holds."""

    sequence: int
    recorded_at: datetime.datetime
    effective_on: datetime.date
    field: str
    value: str
    holds: bool


class RefusalRow(msgspec.Struct, frozen=True):
    """One refused command. judged_at: the last sequence the book knew. detail: JSON. command: None if unreadable."""

    refusal: int
    recorded_at: datetime.datetime
    judged_at: int
    reason: str
    actor: str | None
    type: str | None
    subject: str | None
    detail: str
    command: str | None


Row = (
    SpendRow
    | AlignmentRow
    | InitiativeRow
    | TimelineRow
    | DecisionRow
    | GateRow
    | ModelRow
    | BenefitRow
    | NeedRow
    | HistoryRow
    | RefusalRow
    | StateRow
    | PriorityRow
    | ValueStreamRow
    | CapacityRow
    | ConditionRow
    | ConcentrationRow
    | FlowRow
)
"""A row of any view."""
