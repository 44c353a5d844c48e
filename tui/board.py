"""The board at a moment: the views it shows, asked and drawn."""

from __future__ import annotations

from projections.moment import Moment
from projections.replica import Replica
from projections.views import Question, View, ask
from tui import plain


def views_of(replica: Replica, moment: Moment) -> dict[str, View]:
    """Return the parts of the board by name."""
    names = {"pipeline": "initiatives"}
    return {part: ask(replica, Question(names.get(part, part)), moment) for part in plain.BOARD}


def board_text(replica: Replica, moment: Moment) -> str:
    """Return the board as plain text: alignment, spend, pipeline, benefits, models at risk, what needs a decision."""
    return plain.board(_at_risk(views_of(replica, moment)))


def _at_risk(views: dict[str, View]) -> dict[str, View]:
    """Leave out of the models those that do not end, and those nobody depends on."""
    models = views["models"]
    rows = [row for row in models.rows if getattr(row, "retires_on", None) and getattr(row, "dependents", 0)]
    shown = View(models.view, models.portfolio, models.as_known, models.as_of, models.currency, rows, models.totals)
    return {**views, "models": shown}
