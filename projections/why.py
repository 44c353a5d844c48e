"""Why a value is what it is: the entry that last set it, so that a screen can lead back to it.

What is stated is set by the entry that states it and holds; a sum by the last entry that moved it, a void too; what is
worked out of others by the last of theirs. docs/spec/views.md, "why", says it view by view.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from projections.moment import Moment
from projections.replica import Replica
from projections.rows import Row
from projections.views import VIEWS, Question, ask, key_of, own_currency

LADDER = ("funded_minor", "approved_minor", "committed_minor", "actual_minor", "free_minor", "uncommitted_minor")


def why(replica: Replica, question: Question, key: str | None, field: str, moment: Moment) -> int | None:
    """Return the sequence of the entry that last set a field of the row that *key* names.

    Shape: None where no entry did, where the field only counts rows, and where there is no such row.
    key: as `key_of` gives it; of rows of several currencies the one in the question's, the portfolio's without one.
    Errors: KeyError where there is no such view, or it has no such field.
    """
    if field not in VIEWS[question.name].row.__struct_fields__:
        raise KeyError(f"{question.name} has no field {field!r}")
    return _ANSWERS[question.name](_Asked(replica, question, key, field, moment))


class _Asked(NamedTuple):
    """Which value is asked about, and the ways to find what set it."""

    replica: Replica
    question: Question
    key: str | None
    field: str
    moment: Moment

    @property
    def two(self) -> str:
        return f"{self.moment.sequence}, date '{self.moment.as_of.isoformat()}'"

    @property
    def currency(self) -> str | None:
        return self.question.currency or own_currency(self.replica, self.moment.sequence)

    @property
    def figure(self) -> str:
        return self.field.removesuffix("_minor")

    def row(self) -> Row | None:
        """Return the row that is asked about."""
        rows = ask(self.replica, self.question, self.moment).rows
        here = [row for row in rows if key_of(self.question, row) == self.key]
        alike = [row for row in here if getattr(row, "currency", None) == self.currency]
        return next(iter(alike or here), None)

    def of_row(self, *names: str) -> int | None:
        """Return the first of these sequences that the row has."""
        row = self.row()
        return next((value for name in names if (value := getattr(row, name, None)) is not None), None)

    def last(self, query: str, *parameters: Any) -> int | None:
        """Return the greatest sequence of a query's rows."""
        found = self.replica.ask(f"select max(sequence) as sequence from ({query})", parameters)[0]["sequence"]
        return None if found is None else int(found)

    def moved(self, grouped_by: str, figure: str, key: str | None) -> int | None:
        """Return the last entry that moved a figure of spend."""
        column, known = "value_stream", key
        if grouped_by != "value_stream" and key is not None:
            column, known = "key_id", self.replica.ask("select number_of(?) as number", [key])[0]["number"]
            if known is None:
                return None
        elif grouped_by != "value_stream":
            column = "key_id"
        query = f"from figure_moved({self.two}, ?, ?, ?) where {column} is not distinct from ?"
        return self.last(query, figure, grouped_by, self.currency, known)

    def stated(self, initiative: Any, field: str) -> int | None:
        """Return the entry that set a field of an initiative's state."""
        known, day = self.two.split(", ")
        query = f"from state(?, as_known := {known}, as_of := {day}) where field = ? and coalesce(currency = ?, true)"
        return self.last(query, initiative, field, self.currency)

    def policy(self, kind: str) -> int | None:
        """Return the policy of a kind that is in force."""
        return self.last(f"from policy_held(?, {self.two})", kind)

    def objectives(self) -> int | None:
        """Return the set of objectives that holds."""
        return self.last(f"from objectives_sequence({self.two})")


def _spend(asked: _Asked) -> int | None:
    by, key = asked.question.by, asked.key
    if asked.field == "title" and by == "objective":
        return asked.objectives() if asked.of_row("title") is not None else None
    if asked.field == "title" and by == "initiative":
        return asked.stated(key, "title")
    if asked.field not in LADDER:
        return None
    if by != "objective" or key is None:
        return asked.moved("initiative" if by == "objective" else by, asked.figure, key)
    return asked.last(f"from share_moved({asked.two}, ?, ?) where key = ?", asked.figure, asked.currency, key)


def _alignment(asked: _Asked) -> int | None:
    if asked.field in ("objective", "title", "target_bp"):
        return asked.objectives()
    figure = asked.question.measure
    part = asked.last(f"from share_moved({asked.two}, ?, ?) where key = ?", figure, asked.currency, asked.key)
    if asked.field == "amount_minor":
        return part
    whole = asked.last(f"from initiative_moved({asked.two}, ?, ?)", figure, asked.currency)
    return None if whole is None else _latest(part, whole, asked.objectives())


def _initiatives(asked: _Asked) -> int | None:
    if asked.field == "last_sequence":
        return asked.of_row("last_sequence")
    if asked.field == "currency":
        return asked.last("from portfolio_opened")
    if asked.field in ("initiative", "proposed_on"):
        return asked.last("from initiative_proposed where initiative = ?", asked.key)
    if asked.field == "first_cost_minor":
        return asked.last(f"from first_baseline(?, {asked.two})", asked.key)
    baseline = asked.field in ("baseline_number", "baseline_cost_minor", "finish")
    return asked.stated(asked.key, "baseline" if baseline else asked.figure)


def _timeline(asked: _Asked) -> int | None:
    """A row stands for an entry, which its key names."""
    if asked.field != "reversed_by":
        return int(asked.key or 0)
    reversal = f"from entry_reversed where reversed_sequence = ? and sequence <= {asked.moment.sequence}"
    return asked.last(reversal, int(asked.key or 0))


def _gates(asked: _Asked) -> int | None:
    if asked.field == "title":
        return asked.stated(getattr(asked.row(), "initiative", None), "title")
    if asked.field not in ("conditions_open", "conditions_overdue"):
        return int(asked.key or 0)
    known, day = asked.two.split(", ")
    here = f"from conditions(as_known := {known}, as_of := {day}) where sequence = ?"
    met = asked.last(f"select discharged_sequence as sequence {here}", int(asked.key or 0))
    return _latest(int(asked.key or 0), met)


def _decisions(asked: _Asked) -> int | None:
    if asked.field in ("outcome", "option", "closed_on", "days_to_decide", "days_since_trigger", "closed_sequence"):
        return asked.of_row("closed_sequence", "request_sequence")
    votes = f"from vote_recorded where decision = ? and request = ? and {_counts(asked.moment)}"
    request = asked.of_row("request_sequence")
    if asked.field == "dissent":
        return asked.last(f"{votes} and dissent is not null", asked.key, request)
    if asked.field in ("approve", "reject", "abstain", "recuse", "advise"):
        return asked.last(f"{votes} and vote = ?", asked.key, request, asked.field)
    return request


def _models(asked: _Asked) -> int | None:
    counted = ("dependents", "without_fallback", "approved_minor", "exposed_minor", "share", "currency")
    return None if asked.field in counted else asked.of_row("last_sequence")


def _benefits(asked: _Asked) -> int | None:
    on = {
        "claimed_minor": ("claimed",),
        "validated_minor": ("validated",),
        "realised": ("planned", "validated"),
        "measured": ("claimed", "validated", "rejected"),
        "last_sequence": ("planned", "claimed", "validated", "rejected"),
    }.get(asked.field, ("planned",))
    listed = ", ".join(f"'{status}'" for status in on)
    return asked.last(f"from benefit_stated({asked.two}) where benefit = ? and status in ({listed})", asked.key)


def _priority(asked: _Asked) -> int | None:
    if asked.field == "title":
        return asked.stated(asked.key, "title")
    if asked.field == "approved_minor":
        return asked.moved("initiative", "approved", asked.key)
    if asked.field in ("rank", "was", "tier", "rank_sequence"):
        return asked.of_row("rank_sequence")
    scored = asked.of_row("score_sequence")
    judged = scored is not None and asked.field in ("score", "value", "novelty")
    return _latest(scored, asked.policy("prioritisation")) if judged else scored


def _value_streams(asked: _Asked) -> int | None:
    if asked.field in LADDER:
        return asked.moved("value_stream", asked.figure, asked.key)
    if asked.field in ("planned_minor", "claimed_minor", "validated_minor"):
        return _brought(asked, asked.figure)
    if getattr(asked.row(), asked.field, None) is None:
        return None
    whole = asked.last(f"from figure_moved({asked.two}, 'approved', 'value_stream', ?)", asked.currency)
    found: dict[str, Callable[[], int | None]] = {
        "title": lambda: asked.policy("structure"),
        "owner": lambda: asked.policy("structure"),
        "target_bp": lambda: asked.policy("allocation"),
        "share": lambda: whole,
        "gap": lambda: _latest(whole, asked.policy("allocation")),
        "roi": lambda: _latest(asked.moved("value_stream", "actual", asked.key), _brought(asked, "validated")),
    }
    return found[asked.field]() if asked.field in found else None


def _brought(asked: _Asked, status: str) -> int | None:
    """Return the last entry that the benefits of a value stream rest on."""
    return asked.last(
        f"""
        select b.sequence
        from benefit_parts({asked.two}) p
        join benefit_stated({asked.two}) b on b.benefit = p.benefit and b.status in ('planned', ?)
        left join described({asked.two}) d on d.initiative = p.initiative
        where d.value_stream is not distinct from ? and p.currency = ?
        """,
        *(status, asked.key, asked.currency),
    )


def _conditions(asked: _Asked) -> int | None:
    if asked.field in ("status", "days_overdue", "discharged_on", "discharged_sequence"):
        return asked.of_row("discharged_sequence", "sequence")
    return asked.of_row("sequence")


def _concentration(asked: _Asked) -> int | None:
    kind, _, key = (asked.key or "").partition("/")
    if kind == "initiative":
        return asked.stated(key, "title") if asked.field == "title" else asked.moved("initiative", "approved", key)
    if kind != "supplier" or asked.field == "title":
        return None
    query = f"from contracted({asked.two}) where currency = ? and supplier is not distinct from ?"
    return asked.last(query, asked.currency, key or None)


def _counts(moment: Moment) -> str:
    """Return what an entry that counts fulfils, as SQL."""
    day = moment.as_of.isoformat()
    return (
        f"sequence <= {moment.sequence} and effective_on <= date '{day}' "
        f"and sequence not in (from voided({moment.sequence}))"
    )


def _latest(*sequences: int | None) -> int | None:
    return max((sequence for sequence in sequences if sequence is not None), default=None)


_ANSWERS: dict[str, Callable[[_Asked], int | None]] = {
    "spend": _spend,
    "alignment": _alignment,
    "initiatives": _initiatives,
    "timeline": _timeline,
    "decisions": _decisions,
    "gates": _gates,
    "models": _models,
    "benefits": _benefits,
    "needs": lambda asked: asked.of_row("sequence"),
    "history": lambda asked: int(asked.key or 0),
    "refusals": lambda _: None,
    "priority": _priority,
    "value_streams": _value_streams,
    "capacity": lambda asked: asked.of_row("last_sequence"),
    "conditions": _conditions,
    "concentration": _concentration,
    "flow": lambda asked: asked.of_row("sequence"),
    "state": lambda asked: asked.of_row("sequence"),
}
"""What set a value of each view."""
