"""The effect of a decision that is not recorded: what it would change of what it names, and of the whole portfolio."""

from __future__ import annotations

import datetime
from typing import NamedTuple

from projections.fork import ForkReplica
from projections.moment import Moment
from projections.views import Question, View, ask
from tui.model.change import Change, of_figures, of_state
from tui.model.naming import ids_of
from tui.model.text import clean

PORTFOLIO = "portfolio"
"""The name under which the totals stand."""

MOST_NAMED = 4
"""How many initiatives and how many envelopes are told of; what names more of them shows in the totals."""


class Effect(NamedTuple):
    """Before and after, by what it is said of: an initiative, an envelope, the portfolio. as_of: the day it is seen."""

    as_of: datetime.date
    said: tuple[tuple[str, tuple[Change, ...]], ...]


def effect(fork: ForkReplica, names: dict[str, None], recorded_at: datetime.datetime, as_of: datetime.date) -> Effect:
    """Return what the entries that a fork shows would change. names: what they name. recorded_at: when they would be
    recorded."""
    before, after = (Moment(sequence, recorded_at, as_of) for sequence in (fork.fork, fork.sequence))
    said: list[tuple[str, tuple[Change, ...]]] = []
    for initiative in ids_of("initiative", names)[:MOST_NAMED]:
        question = Question("state", initiative=initiative)
        states = of_state(*([*ask(fork, question, moment).rows] for moment in (before, after)))  # type: ignore[arg-type]
        said.append((initiative, tuple(change for change in states if change.sign != "·")))
    spends = [ask(fork, Question("spend"), moment) for moment in (before, after)]
    for envelope in ids_of("envelope", names)[:MOST_NAMED]:
        said.append((envelope, _of_envelope(spends, envelope)))
    said.append((PORTFOLIO, _of_portfolio(fork, before, after)))
    return Effect(as_of, tuple((clean(name, 40), changes) for name, changes in said if changes))


def _of_envelope(spends: list[View], envelope: str) -> tuple[Change, ...]:
    """Return what is approved of an envelope and what of it is free, in its currency."""
    found = [next((row for row in spend.rows if getattr(row, "key", None) == envelope), None) for spend in spends]
    figures = [
        {name: 0 if row is None else getattr(row, name) for name in ("funded_minor", "approved_minor", "free_minor")}
        for row in found
    ]
    currency = next((row.currency for row in reversed(found) if row is not None), None)  # type: ignore[union-attr]
    return tuple(of_figures(figures[0], figures[1], currency))


def _of_portfolio(fork: ForkReplica, before: Moment, after: Moment) -> tuple[Change, ...]:
    views = [ask(fork, Question("alignment"), moment) for moment in (before, after)]
    figures = [
        {
            "alignment index": view.totals["index"],
            "orphan share": view.totals["orphan_share"],
            "must_move_minor": view.totals["must_move_minor"],
        }
        for view in views
    ]
    return tuple(of_figures(figures[0], figures[1], views[1].currency))
