"""The rows of the views a board and a replay are made of: what each column means is in docs/spec/views.md."""

from __future__ import annotations

import datetime

import msgspec


class StateRow(msgspec.Struct, frozen=True):
    """One field of an initiative. key: which objective, criterion or link. value: None for money, which has an amount.

    sequence: of the entry that last set it, None for a sum nothing has moved.
    """

    field: str
    key: str | None
    value: str | None
    amount_minor: int | None
    currency: str | None
    sequence: int | None


class PriorityRow(msgspec.Struct, frozen=True):
    """One initiative that has not ended: its rank, and what speaks for it. was: the rank before the last change.

    score, value, novelty: 0 to 100, None where a score that counts is missing. wsjf: minor units of the portfolio's
    currency, a week and a unit of job size.
    """

    initiative: str
    title: str
    rank: int | None
    was: int | None
    tier: str | None
    score: float | None
    value: float | None
    novelty: float | None
    cost_of_delay_minor: int | None
    cost_of_delay_currency: str | None
    job_size: int | None
    wsjf: float | None
    approved_minor: int
    currency: str
    rank_sequence: int | None
    score_sequence: int | None


class ValueStreamRow(msgspec.Struct, frozen=True):
    """One value stream and currency: its money, target, benefits and initiatives.

    value_stream: None for money whose envelope belongs to none, and for benefits that name no initiative. share, roi:
    None where there is nothing to divide by. target_bp, initiatives_*: None in currencies other than the portfolio's.
    """

    value_stream: str | None
    title: str | None
    owner: str | None
    currency: str
    funded_minor: int
    approved_minor: int
    committed_minor: int
    actual_minor: int
    share: float | None
    target_bp: int | None
    gap: float | None
    planned_minor: int
    claimed_minor: int
    validated_minor: int
    roi: float | None
    initiatives_active: int | None
    initiatives_ended: int | None


class CapacityRow(msgspec.Struct, frozen=True):
    """One pool, skill, unit and period. Units: supply, planned and used in *unit*; load is planned of supply."""

    pool: str
    skill: str
    unit: str
    period: str
    supply: int | None
    planned: int
    used: int
    load: float | None
    last_sequence: int


class ConditionRow(msgspec.Struct, frozen=True):
    """One condition of a gate, an approval or a decision. status: open, met, waived or breached.

    initiative: None where a decision set it, which is then named. days_overdue: None unless it is open and late.
    sequence: of the entry that set it.
    """

    condition: str
    text: str
    initiative: str | None
    decision: str | None
    owner: str
    due: datetime.date
    blocking: bool
    status: str
    days_overdue: int | None
    sequence: int
    discharged_on: datetime.date | None
    discharged_sequence: int | None


class ConcentrationRow(msgspec.Struct, frozen=True):
    """What rides on one initiative, supplier or provider of models. key: None for money that names none."""

    kind: str
    key: str | None
    title: str | None
    amount_minor: int
    share: float
    currency: str


class FlowRow(msgspec.Struct, frozen=True):
    """How work went through a value stream in a period. velocity: items completed; load: items in progress.

    Units: `_h` hours. efficiency and shares: None where there is nothing to divide by.
    """

    value_stream: str
    period: str
    velocity: int
    flow_time_p50_h: int
    flow_time_p85_h: int
    active_h: int
    wait_h: int
    efficiency: float | None
    load: int
    feature_share: float | None
    defect_share: float | None
    risk_share: float | None
    debt_share: float | None
    sequence: int
