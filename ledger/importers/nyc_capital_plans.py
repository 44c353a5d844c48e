"""The files of nyc-capital, read: plans in order, what each prints, and what each budget line serves.

    it_budget_lines.csv  plan,fy,volume,budget_line,fms,as_of,plan_fy1,plan_city_k_y1,...   one row a plan and line
    it_commitments.csv   plan,fy,budget_line,agency,project_id,project_title,code,city_k,...  one row a commitment
    objectives.csv       objective,title,weight_bp                                            ours, and so is
    alignment.csv        budget_line,objective,share_bp                                       this

Columns that end in `_k` are thousands, in `_cents` hundredths; empty is zero. What cannot be read whole is not said
at all: a sum without one of its rows would be a false amount, and a line that is printed has not left the plan.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from ledger.importers.lines import Problem, Row, Unreadable, read_rows
from schemas.events import Contribution, Objective
from schemas.values import as_id, fiscal_year, is_id

BUDGET_LINES, COMMITMENTS = "it_budget_lines.csv", "it_commitments.csv"
OBJECTIVES, ALIGNMENT = "objectives.csv", "alignment.csv"

FISCAL_YEAR_START = 7
"""July: fiscal year 2008 ends in June 2008."""

_MINOR_PER_K = 100_000
_ALL_BP = 10_000
_YEARS = (1, 2, 3, 4)
_COLUMNS = {
    BUDGET_LINES: (
        *("plan", "fy", "volume", "budget_line", "fms", "as_of", "plan_fy1"),
        *("liability_city_cents", "liability_noncity_cents", "itd_expended_city_cents", "itd_expended_noncity_cents"),
        *(f"plan_{source}_k_y{year}" for source in ("city", "noncity") for year in _YEARS),
    ),
    COMMITMENTS: (
        *("plan", "fy", "budget_line", "agency", "project_id", "project_title"),
        *("code", "city_k", "noncity_k", "planned_commit", "src"),
    ),
    OBJECTIVES: ("objective", "title", "weight_bp"),
    ALIGNMENT: ("budget_line", "objective", "share_bp"),
}


class BudgetLine(NamedTuple):
    """What a plan prints of a budget line, in minor units. funded: by fiscal year. spent: since inception."""

    id: str
    row: Row
    agency: str
    volume: str
    funded: dict[str, int]
    spent: int
    open: int


@dataclass(slots=True)
class Planned:
    """What a plan prints of an initiative. cost: by fiscal year, transfers between funds left out.

    whole: False where one of its rows could not be read.
    """

    id: str
    row: Row
    budget_line: str
    agency: str
    title: str = ""
    cost: dict[str, int] = field(default_factory=dict)
    months: list[datetime.date] = field(default_factory=list)
    whole: bool = True

    @property
    def approved(self) -> int:
        """The sum of its commitments, in minor units."""
        return sum(self.cost.values())


@dataclass(slots=True)
class Plan:
    """One yearly plan. month: its first day. budget_lines: None for one that is printed but could not be read."""

    name: str
    month: datetime.date
    as_of: datetime.date | None = None
    budget_lines: dict[str, BudgetLine | None] = field(default_factory=dict)
    initiatives: dict[str, Planned] = field(default_factory=dict)


class Reading:
    """All files, read. plans: in order. alignment: contributions by budget line. problems: what could not be read."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self.problems: list[Problem] = []
        self.objectives: tuple[Objective, ...] = ()
        self.alignment: dict[str, tuple[Contribution, ...]] = {}
        self._plans: dict[str, Plan] = {}
        self._ids: dict[str, tuple[str, ...]] = {}
        self._sources: dict[str, Row] = {}
        self.plans: list[Plan] = []
        missing = [file for file in (BUDGET_LINES, COMMITMENTS) if file not in files]
        if missing:
            self.problems += [Problem(file, 1, "the file is missing; nothing goes in without it") for file in missing]
            return
        self._read(BUDGET_LINES, files[BUDGET_LINES], self._take_budget_line)
        self._read(COMMITMENTS, files[COMMITMENTS], self._take_commitment)
        self.plans = [self._plans[name] for name in sorted(self._plans) if self._is_whole(self._plans[name])]
        self._leave_out_what_was_never_funded()
        if OBJECTIVES in files:
            self.objectives = self._read_objectives(files[OBJECTIVES])
        if ALIGNMENT in files and self.objectives:
            self.alignment = self._read_alignment(files[ALIGNMENT])
        elif ALIGNMENT in files and OBJECTIVES not in files:
            self.problems.append(Problem(ALIGNMENT, 1, f"shares are of objectives; give {OBJECTIVES} too"))

    def _read(self, file: str, data: bytes, take: Callable[[Row], None]) -> None:
        for row in read_rows(file, data, _COLUMNS[file]):
            try:
                if isinstance(row, Row):
                    take(row)
                else:
                    self.problems.append(row)
            except Unreadable as no:
                self.problems.append(no.problem)

    def _take_budget_line(self, row: Row) -> None:
        month, name = row.month("plan"), row.cells["plan"]
        line = self._id(row, "budget_line", row.text("budget_line", max_chars=64))
        plan = self._plans.setdefault(name, Plan(name, month))
        if line in plan.budget_lines:
            raise row.unreadable("budget_line", f"it stands twice in plan {name}; the first row counts")
        plan.budget_lines[line] = None  # printed; what follows may not be readable
        _check_fiscal_year(row, month)
        as_of = row.day("as_of")
        if as_of != (plan.as_of or as_of):
            raise row.unreadable("as_of", f"other lines of plan {name} are as of {plan.as_of}")
        agency = as_id(row.text("fms", max_chars=64).split()[0])
        first = row.year("plan_fy1")
        plan.budget_lines[line] = BudgetLine(
            line,
            row,
            agency,
            row.name("volume"),
            {
                f"FY{first + year - 1}": _of_both_sources(row, "plan_{}_k_y" + str(year), times=_MINOR_PER_K)
                for year in _YEARS
            },
            spent=_of_both_sources(row, "itd_expended_{}_cents"),
            open=_of_both_sources(row, "liability_{}_cents"),
        )
        plan.as_of = as_of

    def _take_commitment(self, row: Row) -> None:
        month, name = row.month("plan"), row.cells["plan"]
        plan = self._plans.get(name)
        if plan is None or plan.as_of is None:
            raise row.unreadable("plan", f"{BUDGET_LINES} has no lines of it")
        first = self._sources.setdefault(row.cells["src"], row)
        if first is not row and first.cells == row.cells:
            raise row.unreadable("src", f"the row stands twice, first in line {first.line}, which counts")
        agency = row.id("agency")
        names = agency, row.text("project_id", max_chars=64), row.text("budget_line", max_chars=64)
        initiative = self._id(row, "project_id", *names)
        budget_line = row.id("budget_line")
        planned = plan.initiatives.setdefault(initiative, Planned(initiative, row, budget_line, agency))
        try:
            _check_fiscal_year(row, month)
            if budget_line not in plan.budget_lines:
                raise row.unreadable("budget_line", f"{BUDGET_LINES} does not print it in plan {name}")
            row.name("src")
            if first is not row:
                raise row.unreadable("src", f"line {first.line} has it too, for something else")
            planned.title = planned.title or row.text("project_title")
            due = row.month("planned_commit")
            amount = _of_both_sources(row, "{}_k", times=_MINOR_PER_K)
        except Unreadable:
            planned.whole = False
            raise
        if not row.cells["code"].startswith("IF"):
            period = fiscal_year(due, FISCAL_YEAR_START)
            planned.cost[period] = planned.cost.get(period, 0) + amount
            planned.months.append(due)

    def _is_whole(self, plan: Plan) -> bool:
        """Say whether both files have something of a plan; with one of them cut off, everything would seem to leave."""
        if plan.initiatives or plan.as_of is None:
            return bool(plan.initiatives)
        row = next(line.row for line in plan.budget_lines.values() if line is not None)
        self._report(row, "plan", f"{COMMITMENTS} has no rows of it; the plan is left out")
        return False

    def _id(self, row: Row, column: str, *names: str) -> str:
        """Return the id of a budget line, or of an initiative by agency, project and budget line."""
        made = as_id(names[0] if len(names) == 1 else f"{names[0]}-{names[1]}_{names[2]}")
        holder = self._ids.setdefault(made, names)
        if holder != names:
            raise row.unreadable(column, f"its id would be {made}, which is taken by {' '.join(holder)}")
        return made

    def _leave_out_what_was_never_funded(self) -> None:
        """Leave out what is approved or posted before a line's first money, with which its envelope begins."""
        funded: set[str] = set()
        for plan in self.plans:
            for name, line in plan.budget_lines.items():
                if line is not None and any(line.funded.values()):
                    funded.add(name)
                elif line is not None and name not in funded and (line.spent or line.open):
                    self._report(line.row, "budget_line", "it spends, and no plan has funded it yet")
                    plan.budget_lines[name] = None
            for planned in plan.initiatives.values():
                if planned.whole and planned.approved and planned.budget_line not in funded:
                    self._report(planned.row, "budget_line", f"no plan has funded it yet; left out: {planned.id}")
                    planned.whole = False

    def _report(self, row: Row, column: str, why: str) -> None:
        self.problems.append(row.unreadable(column, why).problem)

    def _read_objectives(self, data: bytes) -> tuple[Objective, ...]:
        found: dict[str, Objective] = {}
        rows: list[Row] = []

        def take(row: Row) -> None:
            rows.append(row)
            name = _exact_id(row, "objective")
            if name in found:
                raise row.unreadable("objective", "it stands twice")
            found[name] = Objective(
                id=name, title=row.text("title"), weight_bp=_basis_points(row, "weight_bp", least=0)
            )

        self._read(OBJECTIVES, data, take)
        total = sum(objective.weight_bp for objective in found.values())
        if total == _ALL_BP:
            return tuple(found.values())
        why = f"the weights sum to {total}, not to {_ALL_BP}; no objectives are set and nothing is aligned"
        if rows:
            self._report(rows[-1], "weight_bp", why)
        else:
            self.problems.append(Problem(OBJECTIVES, 1, why))
        return ()

    def _read_alignment(self, data: bytes) -> dict[str, tuple[Contribution, ...]]:
        found: dict[str, dict[str, int]] = {}
        not_whole: set[str] = set()
        known = [objective.id for objective in self.objectives]

        def take(row: Row) -> None:
            line = row.id("budget_line")
            shares = found.setdefault(line, {})
            try:
                objective, share = _exact_id(row, "objective"), _basis_points(row, "share_bp", least=1)
                if objective not in known:
                    raise row.unreadable("objective", f"{OBJECTIVES} sets {', '.join(known)}")
                if objective in shares:
                    raise row.unreadable("objective", f"it stands twice for {line}")
                shares[objective] = share
                total = sum(shares.values())
                if total - share <= _ALL_BP < total:
                    raise row.unreadable("share_bp", f"the shares of {line} sum to {total}, over {_ALL_BP}")
            except Unreadable:
                not_whole.add(line)
                raise

        self._read(ALIGNMENT, data, take)
        return {
            line: tuple(Contribution(objective=name, share_bp=share) for name, share in shares.items())
            for line, shares in found.items()
            if line not in not_whole
        }


def _check_fiscal_year(row: Row, month: datetime.date) -> None:
    expected = fiscal_year(month, FISCAL_YEAR_START)
    if f"FY{row.year('fy')}" != expected:
        raise row.unreadable("fy", f"plan {row.cells['plan']} is of {expected}")


def _of_both_sources(row: Row, column: str, *, times: int = 1) -> int:
    """Return what the city and others pay, together."""
    return sum(row.integer(column.format(source), times=times) for source in ("city", "noncity"))


def _exact_id(row: Row, column: str) -> str:
    if not is_id(row.cells[column]):
        raise row.unreadable(column, "write letters, digits, hyphen and underscore, 1 to 64")
    return row.cells[column]


def _basis_points(row: Row, column: str, *, least: int) -> int:
    points = row.integer(column)
    if not least <= points <= _ALL_BP:
        raise row.unreadable(column, f"write basis points, {least} to {_ALL_BP}")
    return points
