"""The rows of the views a board and a replay are made of: what each column means is in docs/spec/views.md."""

from __future__ import annotations

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
