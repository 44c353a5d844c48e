"""Totals of the views of the board that are worked out from their rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from projections.board_rows import CapacityRow, ConditionRow, ValueStreamRow

_SUMMED = tuple(name for name in ValueStreamRow.__struct_fields__ if name.endswith("_minor"))


def value_stream_totals(rows: Sequence[ValueStreamRow], own: str | None) -> dict[str, Any]:
    """Return the sums over the rows in the portfolio's currency, and those of other currencies beside them."""
    currencies = sorted({row.currency for row in rows} - {own})
    totals = _summed(rows, own)
    for name in ("initiatives_active", "initiatives_ended"):
        totals[name] = sum(getattr(row, name) or 0 for row in rows)
    if currencies:
        totals["other_currencies"] = [_summed(rows, currency) for currency in currencies]
    return totals


def capacity_totals(rows: Sequence[CapacityRow]) -> dict[str, Any]:
    """Return how many rows there are, and in how many more is planned than there is."""
    return {"rows": len(rows), "over": sum(row.supply is not None and row.planned > row.supply for row in rows)}


def condition_totals(rows: Sequence[ConditionRow]) -> dict[str, Any]:
    """Return how many conditions there are, how many of each status, and how many are overdue."""
    counts = {status: sum(row.status == status for row in rows) for status in ("open", "met", "waived", "breached")}
    return {"conditions": len(rows), **counts, "overdue": sum(row.days_overdue is not None for row in rows)}


def _summed(rows: Sequence[ValueStreamRow], currency: str | None) -> dict[str, Any]:
    sums = {name: sum(getattr(row, name) for row in rows if row.currency == currency) for name in _SUMMED}
    actual = sums["actual_minor"]
    return {"currency": currency, **sums, "roi": (sums["validated_minor"] - actual) / actual if actual > 0 else None}
