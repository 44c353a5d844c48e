"""Typed access to the views: their rows as structs, and the object `portfolio view NAME --json` prints."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Sequence
from typing import Any, Literal, NamedTuple, get_args

import msgspec

from projections.moment import Moment
from projections.replica import Replica

Grouping = Literal["envelope", "initiative", "objective", "value_stream"]
Measure = Literal["approved", "committed", "actual", "forecast"]
GROUPINGS: tuple[Grouping, ...] = get_args(Grouping)
MEASURES: tuple[Measure, ...] = get_args(Measure)


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


Row = SpendRow | AlignmentRow | InitiativeRow | TimelineRow


class Known(msgspec.Struct, frozen=True):
    """How much was known."""

    sequence: int
    recordedtime: datetime.datetime | None


class View(msgspec.Struct, frozen=True):
    """A view's answer. totals: over the rows in *currency*; other currencies stand beside them."""

    view: str
    portfolio: str
    as_known: Known
    as_of: datetime.date
    currency: str | None
    rows: Sequence[Row]
    totals: dict[str, Any]


class Question(NamedTuple):
    """Which view, and how it is grouped or measured. currency: of alignment; None for the portfolio's."""

    name: str
    by: Grouping = "envelope"
    measure: Measure = "approved"
    currency: str | None = None


class Asked(NamedTuple):
    """A question on its way: the rows found, and what the totals are worked out from."""

    replica: Replica
    question: Question
    at: str
    rows: Sequence[Any]
    currency: str | None


class _Shape(NamedTuple):
    row: type[Row]
    key: str
    query: Callable[[Question, str], str]
    totals: Callable[[Asked], dict[str, Any]]


def ask(replica: Replica, question: Question, moment: Moment) -> View:
    """Return a view at a moment. Errors: KeyError where there is no such view."""
    shape = VIEWS[question.name]
    at = f"as_known := {moment.sequence}, as_of := date '{moment.as_of.isoformat()}'"
    rows = [shape.row(**row) for row in replica.ask(shape.query(question, at))]
    currency = question.currency or own_currency(replica, moment.sequence)
    return View(
        view=question.name,
        portfolio=replica.portfolio,
        as_known=Known(moment.sequence, moment.recorded_at),
        as_of=moment.as_of,
        currency=currency,
        rows=rows,
        totals=shape.totals(Asked(replica, question, at, rows, currency)),
    )


def key_of(question: Question, row: Row) -> str | None:
    """Return what names a row among the rows of its view; rows of spend have a currency besides."""
    key = getattr(row, VIEWS[question.name].key)
    return key if key is None else str(key)


def own_currency(replica: Replica, sequence: int) -> str | None:
    """Return the portfolio's currency, None before it was opened."""
    rows = replica.ask(
        "select currency from portfolio_opened where sequence <= ? order by sequence limit 1", [sequence]
    )
    return rows[0]["currency"] if rows else None


def _spend(question: Question, at: str) -> str:
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
    return asked.replica.ask(f"from alignment_totals({_alignment_options(asked.question, asked.at)})")[0]


def _initiative_totals(asked: Asked) -> dict[str, Any]:
    fields = ("approved_minor", "committed_minor", "actual_minor")
    return {"initiatives": len(asked.rows), **{name: sum(getattr(row, name) for row in asked.rows) for name in fields}}


def _timeline_totals(asked: Asked) -> dict[str, Any]:
    return {"events": len(asked.rows), "reversed": sum(row.reversed_by is not None for row in asked.rows)}


VIEWS: dict[str, _Shape] = {
    "spend": _Shape(SpendRow, "key", _spend, _spend_totals),
    "alignment": _Shape(
        AlignmentRow,
        "objective",
        lambda question, at: f"from alignment({_alignment_options(question, at)})",
        _alignment_totals,
    ),
    "initiatives": _Shape(InitiativeRow, "initiative", lambda _, at: f"from initiatives({at})", _initiative_totals),
    "timeline": _Shape(TimelineRow, "sequence", lambda _, at: f"from timeline({at})", _timeline_totals),
}
"""Every view by name."""
