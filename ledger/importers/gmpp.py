"""The digital projects of the UK Government Major Projects Portfolio, on 31 March 2025 and on 31 March 2026.

    {"type":"RateAssurance.v1","portfolio":"uk-digital-5f3a9c01","commandid":"...","actor":"importer",
     "subject":"initiative/CO_0438_2425-Q3","time":"2025-03-31","sourceref":"gmpp:2025/CO_0438_2425-Q3",
     "data":{"initiative":"CO_0438_2425-Q3","body":"GMPP","scale":"three","rating":"amber","as_at":"2025-03-31"}}

One row a project, with the same columns for each year; a year whose columns are all empty did not list it. A project
is proposed in the first year that does. One that is not listed any more has not ended: nothing says so, so no gate is
decided. The department sponsors and proposes; the category is the value stream, since it is a line of work of the
government's own choosing and none of the kinds an initiative can have, so a changed category amends the value stream.

- The whole-life cost of 2025 is the first baseline, that of 2026 a forecast. They are in different prices, so there is
  no variance between them: each stands in the fiscal year (April) that its day ends, 2025 in FY2025, 2026 in FY2026.
- A cost that is blank is withheld: there is no baseline or forecast, and a proposal says that it was.
- Confidence in delivery is rated on a scale of three; blank is *not rated*, never green. The file names no assessor.
- The printed duration has no start, and the printed variance is of a yearly budget that is not: neither is read.

It is recorded when it is imported: when each year was published is not in the file.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping
from typing import Literal, NamedTuple

from ledger.importers.figures import check_has_cents, millions
from ledger.importers.lines import Problem, Row, Sender, Unreadable, command_line, read_rows
from schemas import events
from schemas.subjects import bare
from schemas.values import Figure, Money, PeriodAmount, PeriodFigure, as_id, fiscal_year

FORMAT = "gmpp"
FILE = "gmpp_digital_2025_2026.csv"
BODY = "GMPP"
"""Who rated: the portfolio's own assurance."""

BASELINE_YEAR, FORECAST_YEAR = YEARS = (2025, 2026)
FISCAL_YEAR_START = 4

_CATEGORY, _COST, _RATING = "category_{}", "wlc_gbp_m_{}", "dca_{}"
_OF_A_YEAR = (_CATEGORY, _COST, "fy_variance_pct_{}", "duration_months_{}", _RATING)
_COLUMNS = ("project_id", "project", "department", *(column.format(year) for year in YEARS for column in _OF_A_YEAR))
_Rating = Literal["red", "amber", "green", "not_rated"]
_RATINGS: dict[str, _Rating] = {"RED": "red", "AMBER": "amber", "GREEN": "green", "": "not_rated"}


def commands(
    files: Mapping[str, bytes], *, origin: str, actor: str, currency: str = "GBP"
) -> Iterator[bytes | Problem]:
    """Yield what cannot be read of the file, then the commands of everything else: all of 2025, then all of 2026.

    files: gmpp_digital_2025_2026.csv. Errors: ValueError where the currency has no hundredths.
    """
    check_has_cents(currency, "whole-life costs")
    projects: dict[str, _Project] = {}
    if FILE not in files:
        yield Problem(FILE, 1, "the file is missing; nothing goes in without it")
        return
    for row in read_rows(FILE, files[FILE], _COLUMNS):
        try:
            if isinstance(row, Row):
                project = _read(row)
                if project.id in projects:
                    raise row.unreadable("project_id", f"its id would be {project.id}, which is taken")
                projects[project.id] = project
            else:
                yield row
        except Unreadable as no:
            yield no.problem
    sender = Sender(FORMAT, origin, actor)
    for year in YEARS:
        day = datetime.date(year, 3, 31)
        for project in projects.values():
            for fact in _facts(project, year, day, currency):
                key = f"{year}/{project.id}"
                yield command_line(
                    sender,
                    fact,
                    key=f"{key}/{bare(fact.TYPE)}",
                    effective_on=day,
                    recorded_at=None,
                    reference=key,
                )


class _Year(NamedTuple):
    """What a year prints of a project. cost: in minor units, None where withheld."""

    category: str
    cost: int | None
    rating: _Rating


class _Project(NamedTuple):
    """A row. years: those that list it, in order."""

    id: str
    title: str
    department: str
    years: dict[int, _Year]


def _read(row: Row) -> _Project:
    years = {
        year: _Year(
            category=row.id(_CATEGORY.format(year)),
            cost=millions(row, _COST.format(year), least=0),
            rating=_rating(row, _RATING.format(year)),
        )
        for year in YEARS
        if any(row.cells[column.format(year)].strip() for column in _OF_A_YEAR)
    }
    if not years:
        raise row.unreadable("project_id", "no year lists it")
    return _Project(as_id(row.text("project_id", max_chars=64)), row.text("project"), row.id("department"), years)


def _rating(row: Row, column: str) -> _Rating:
    rating = _RATINGS.get(row.cells[column].strip().upper())
    if rating is None:
        raise row.unreadable(column, "write RED, AMBER or GREEN, or leave it empty where it was not rated")
    return rating


def _facts(project: _Project, year: int, day: datetime.date, currency: str) -> Iterator[events.Fact]:
    """Yield what a year says of a project."""
    printed = project.years.get(year)
    if printed is None:
        return
    period = fiscal_year(day, FISCAL_YEAR_START)
    before = project.years.get(BASELINE_YEAR) if year > BASELINE_YEAR else None
    if before is None:
        withheld = PeriodFigure(period=period, cost=Figure(kind="withheld"))
        yield events.InitiativeProposed(
            initiative=project.id,
            title=project.title,
            sponsor=project.department,
            proposer=project.department,
            value_stream=printed.category,
            hypothesis=project.title,
            cost_estimate=(withheld,) if printed.cost is None else (),
        )
    elif before.category != printed.category:
        yield events.InitiativeAmended(
            initiative=project.id,
            value_stream=printed.category,
            reason=f"the category of {year} is another than that of {BASELINE_YEAR}",
        )
    if printed.cost is not None:
        cost = (PeriodAmount(period=period, amount=Money(minor=printed.cost, currency=currency)),)
        if year == FORECAST_YEAR:
            yield events.ForecastUpdated(
                initiative=project.id, as_of=day, estimate_to_complete=cost, method="whole-life cost, as printed"
            )
        else:
            yield events.BaselineSet(initiative=project.id, number=1, cost=cost)
    yield events.AssuranceRated(initiative=project.id, body=BODY, scale="three", rating=printed.rating, as_at=day)
