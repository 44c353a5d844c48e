"""Typed access to the views: their rows as structs, and the object `portfolio view NAME --json` prints."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Sequence
from operator import itemgetter
from typing import Any, Literal, NamedTuple, get_args

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
from projections.board_totals import capacity_totals, condition_totals, value_stream_totals
from projections.moment import Moment
from projections.replica import Replica
from projections.rows import (
    AlignmentRow,
    BenefitRow,
    DecisionRow,
    GateRow,
    HistoryRow,
    InitiativeRow,
    ModelRow,
    NeedRow,
    RefusalRow,
    Row,
    SpendRow,
    TimelineRow,
)

Grouping = Literal["envelope", "initiative", "objective", "value_stream"]
Measure = Literal["approved", "committed", "actual", "forecast"]
GROUPINGS: tuple[Grouping, ...] = get_args(Grouping)
MEASURES: tuple[Measure, ...] = get_args(Measure)
OF_ONE = ("history", "state")
"""The views that are about one initiative."""


class Known(msgspec.Struct, frozen=True):
    """How much was known."""

    sequence: int
    recordedtime: datetime.datetime | None


class View(msgspec.Struct, frozen=True):
    """A view's answer. totals: over the rows in *currency*, other currencies beside them; empty where nobody asked."""

    view: str
    portfolio: str
    as_known: Known
    as_of: datetime.date
    currency: str | None
    rows: Sequence[Row]
    totals: dict[str, Any]


class Question(NamedTuple):
    """Which view, and how it is grouped or measured. currency: of alignment; None for the portfolio's.
    initiative: whose history or state."""

    name: str
    by: Grouping = "envelope"
    measure: Measure = "approved"
    currency: str | None = None
    initiative: str | None = None


class QuestionError(ValueError):
    """There is no such view, or not with these options: which, and what is allowed."""


def question_of(
    name: str,
    by: str | None = None,
    measure: str | None = None,
    currency: str | None = None,
    initiative: str | None = None,
) -> Question:
    """Return the question that options in words make. Errors: QuestionError."""
    if name not in VIEWS:
        raise QuestionError(f"there is no view {name!r}; choose {', '.join(VIEWS)}")
    grouping = next((each for each in GROUPINGS if each == (by or "envelope")), None)
    measured = next((each for each in MEASURES if each == (measure or "approved")), None)
    if grouping is None:
        raise QuestionError(f"nothing is grouped by {by!r}; choose {', '.join(GROUPINGS)}")
    if measured is None:
        raise QuestionError(f"nothing is measured as {measure!r}; choose {', '.join(MEASURES)}")
    if currency is not None and not (currency.isascii() and currency.isalpha() and len(currency) == 3):
        raise QuestionError(f"{currency!r} is no ISO 4217 currency; give three letters, such as USD")
    if (name in OF_ONE) != (initiative is not None):
        raise QuestionError(
            f"{' and '.join(OF_ONE)} are of one initiative, and no other view is; --initiative ID names it"
        )
    return Question(name, grouping, measured, currency and currency.upper(), initiative)


class Asked(NamedTuple):
    """What the totals of a view are worked out from. found: as the database gave it; rows: those that are shown."""

    replica: Replica
    at: str
    found: Sequence[dict[str, Any]]
    rows: Sequence[Any]
    currency: str | None


class _Shape(NamedTuple):
    """How a view is asked for. key: the column, or columns, that name a row."""

    row: type[Row]
    key: str
    query: Callable[[Question, str], str]
    totals: Callable[[Asked], dict[str, Any]]
    rows: Callable[[list[dict[str, Any]]], list[dict[str, Any]]] = list


def ask(replica: Replica, question: Question, moment: Moment, *, totals: bool = True) -> View:
    """Return a view at a moment. totals: whether they are worked out. Errors: KeyError where there is no such view."""
    shape = VIEWS[question.name]
    at = f"as_known := {moment.sequence}, as_of := date '{moment.as_of.isoformat()}'"
    parameters = [question.initiative] if question.name in OF_ONE else []
    found = replica.ask(shape.query(question, at), parameters)
    values = itemgetter(*shape.row.__struct_fields__)
    rows = [shape.row(*values(row)) for row in shape.rows(found)]
    currency = question.currency or own_currency(replica, moment.sequence)
    return View(
        view=question.name,
        portfolio=replica.portfolio,
        as_known=Known(moment.sequence, moment.recorded_at),
        as_of=moment.as_of,
        currency=currency,
        rows=rows,
        totals=shape.totals(Asked(replica, at, found, rows, currency)) if totals else {},
    )


def key_of(question: Question, row: Row) -> str | None:
    """Return what names a row among the rows of its view; rows of spend and value_streams have a currency besides.

    Shape: of several columns those that are not null, joined by slashes; None where the one column is null.
    """
    columns = VIEWS[question.name].key.split()
    named = [str(value) for name in columns if (value := getattr(row, name)) is not None]
    return "/".join(named) if named else None


def own_currency(replica: Replica, sequence: int) -> str | None:
    """Return the portfolio's currency, None before it was opened."""
    # One question for every moment, so that it is asked once.
    rows = replica.ask("select sequence, currency from portfolio_opened order by sequence limit 1")
    return rows[0]["currency"] if rows and rows[0]["sequence"] <= sequence else None


def _spend(question: Question, at: str) -> str:
    if question.by == "objective":
        return f"from spend_by_objective({at})"
    return f"from spend({at}, grouped_by := '{question.by}')"


def _alignment_options(question: Question, at: str) -> str:
    currency = f", in_currency := '{question.currency}'" if question.currency else ""
    return f"{at}, of_measure := '{question.measure}'{currency}"


_SUMMED = tuple(field for field in SpendRow.__struct_fields__ if field.endswith("_minor"))


def _spend_totals(asked: Asked) -> dict[str, Any]:
    own = asked.currency or ""
    sums = {name: dict.fromkeys(_SUMMED, 0) for name in sorted({row.currency for row in asked.rows} | {own})}
    for row in asked.rows:
        for field in _SUMMED:
            sums[row.currency][field] += getattr(row, field)
    totals: dict[str, Any] = {"key": None, "title": None, "currency": asked.currency, **sums.pop(own)}
    if sums:
        totals["other_currencies"] = [{"currency": name, **figures} for name, figures in sums.items()]
    return totals


def _alignment_totals(asked: Asked) -> dict[str, Any]:
    names = ("amount_minor", "orphan_share", "orphan_minor", "drift", "index", "must_move_minor")
    return next({name: row[name] for name in names} for row in asked.found if row["objective"] is None)


def _objectives_only(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted((row for row in found if row["objective"] is not None), key=lambda row: str(row["objective"]))


def _initiative_totals(asked: Asked) -> dict[str, Any]:
    fields = ("approved_minor", "committed_minor", "actual_minor")
    return {"initiatives": len(asked.rows), **{name: sum(getattr(row, name) for row in asked.rows) for name in fields}}


def _timeline_totals(asked: Asked) -> dict[str, Any]:
    return {"events": len(asked.rows), "reversed": sum(row.reversed_by is not None for row in asked.rows)}


def _decision_totals(asked: Asked) -> dict[str, Any]:
    still_open = sum(row.outcome == "open" for row in asked.rows)
    return {
        "decisions": len(asked.rows),
        "open": still_open,
        "with_dissent": sum(row.dissent is not None for row in asked.rows),
    }


def _benefit_totals(asked: Asked) -> dict[str, Any]:
    own = [row for row in asked.rows if row.currency == asked.currency]
    fields = ("planned_minor", "claimed_minor", "validated_minor")
    sums: dict[str, Any] = {name: sum(getattr(row, name) for row in own) for name in fields}
    planned = sums["planned_minor"]
    return {**sums, "realised": sums["validated_minor"] / planned if planned > 0 else None}


def _count(asked: Asked) -> dict[str, Any]:
    return {"rows": len(asked.rows)}


def _concentration_totals(asked: Asked) -> dict[str, Any]:
    rows = asked.replica.ask(f"from concentration_totals({asked.at})")
    return {row["kind"]: {"amount_minor": row["amount_minor"], "hhi": row["hhi"]} for row in rows}


def _simple(macro: str) -> Callable[[Question, str], str]:
    return lambda _, at: f"from {macro}({at})"


def _totals_of(macro: str) -> Callable[[Asked], dict[str, Any]]:
    return lambda asked: asked.replica.ask(f"from {macro}({asked.at})")[0]


VIEWS: dict[str, _Shape] = {
    "spend": _Shape(SpendRow, "key", _spend, _spend_totals),
    "alignment": _Shape(
        AlignmentRow,
        "objective",
        lambda question, at: f"from alignment_figures({_alignment_options(question, at)})",
        _alignment_totals,
        _objectives_only,
    ),
    "initiatives": _Shape(InitiativeRow, "initiative", _simple("initiatives"), _initiative_totals),
    "timeline": _Shape(TimelineRow, "sequence", _simple("timeline"), _timeline_totals),
    "decisions": _Shape(DecisionRow, "decision", _simple("decisions"), _decision_totals),
    "gates": _Shape(GateRow, "sequence", _simple("gates"), _totals_of("gates_totals")),
    "models": _Shape(ModelRow, "model", _simple("models"), _count),
    "benefits": _Shape(BenefitRow, "benefit", _simple("benefits"), _benefit_totals),
    "needs": _Shape(NeedRow, "subject", _simple("needs"), _count),
    "history": _Shape(HistoryRow, "sequence", lambda _, at: f"from history(?, {at})", _count),
    "priority": _Shape(PriorityRow, "initiative", _simple("priority"), _totals_of("priority_totals")),
    "value_streams": _Shape(
        ValueStreamRow,
        "value_stream",
        _simple("value_streams"),
        lambda asked: value_stream_totals(asked.rows, asked.currency),
    ),
    "capacity": _Shape(
        CapacityRow, "pool skill unit period", _simple("capacity"), lambda asked: capacity_totals(asked.rows)
    ),
    "conditions": _Shape(ConditionRow, "condition", _simple("conditions"), lambda asked: condition_totals(asked.rows)),
    "concentration": _Shape(ConcentrationRow, "kind key", _simple("concentration"), _concentration_totals),
    "flow": _Shape(FlowRow, "value_stream period", _simple("flow"), _count),
    "state": _Shape(StateRow, "field key currency", lambda _, at: f"from state(?, {at})", _count),
    "refusals": _Shape(RefusalRow, "refusal", _simple("refusals"), _count),
}
"""Every view by name."""
