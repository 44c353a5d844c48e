"""The files of it-dashboard, read: projects as planned and as expected, and contracts with what they oblige.

    projects_2012.csv   Unique Investment Identifier,...,Project ID,...,Planned Cost ($ M),...,Updated Date,...
    contracts_2012.csv  Unique Investment Identifier,...,Contract Number (PIID),IDV PIID,...,Timestamp (Contract),...

An empty cell is not known, and never zero. The printed schedule variance does not follow from the printed dates, and
`Lifecycle Cost` mixes units: neither is read. A contract is split over all projects of its investment, so where one of
them cannot be read its contracts wait too: a split over the others would have to be taken back.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Mapping
from typing import NamedTuple

from ledger.importers.figures import millions
from ledger.importers.lines import Problem, Row, Unreadable, read_rows
from schemas.values import as_id

PROJECTS, CONTRACTS = "projects_2012.csv", "contracts_2012.csv"

_INVESTMENT, _AGENCY = "Unique Investment Identifier", "Agency Code"
_PROJECT, _NAME, _DESCRIPTION, _UPDATED = "Project ID", "Project Name", "Project Description", "Updated Date"
_START, _FINISH, _LATER_FINISH = "Start Date", "Completion Date (B1)", "Planned Project Completion Date (B2)"
_EXPECTED_FINISH = "Projected/Actual Project Completion Date (B2)"
_PLANNED, _EXPECTED = "Planned Cost ($ M)", "Projected/Actual Cost ($ M)"
_PIID, _PIID_AGENCY, _IDV, _IDV_AGENCY = "Contract Number (PIID)", "Contracting Agency ID", "IDV PIID", "IDV Agency ID"
_AMOUNT = "Action Obligation Amount (In $ million) (USAspending)"
_VENDOR, _STARTED = "Vendor Name (USAspending)", "Contract Start Date (USAspending)"
_TIMESTAMP = "Timestamp (Contract)"
_COLUMNS = {
    PROJECTS: (
        *(_INVESTMENT, _AGENCY, _PROJECT, _NAME, _DESCRIPTION, _START, _FINISH, _LATER_FINISH, _EXPECTED_FINISH),
        *(_PLANNED, _EXPECTED, _UPDATED),
    ),
    CONTRACTS: (
        *(_INVESTMENT, _AGENCY, _PIID, _PIID_AGENCY, _IDV, _IDV_AGENCY, _AMOUNT, _VENDOR, _STARTED, _TIMESTAMP),
    ),
}


class Project(NamedTuple):
    """A row of a project. planned, expected: its cost, in minor units, None where not given.

    can_be_planned: False where its finish is before its start.
    """

    id: str
    investment: str
    agency: str
    title: str
    description: str
    updated_at: datetime.datetime
    planned: int | None
    expected: int | None
    start: datetime.date | None
    finish: datetime.date | None
    expected_finish: datetime.date | None
    can_be_planned: bool


class Contract(NamedTuple):
    """A row of a contract that has an amount. id: its line. document: the numbers it has with its agencies."""

    id: str
    row: Row
    investment: str
    agency: str
    minor: int
    printed_at: datetime.datetime
    started_on: datetime.date | None
    vendor: str | None
    document: str


class Reading:
    """Both files, read. projects: by id, in the order of the file. problems: what could not be read."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self.problems: list[Problem] = []
        self.projects: dict[str, Project] = {}
        self.contracts: list[Contract] = []
        self._not_whole: dict[str, int] = {}
        missing = [file for file in _COLUMNS if file not in files]
        if missing:
            self.problems += [Problem(file, 1, "the file is missing; nothing goes in without it") for file in missing]
            return
        self._read(PROJECTS, files[PROJECTS], self._take_project)
        self._read(CONTRACTS, files[CONTRACTS], self._take_contract)

    def _read(self, file: str, data: bytes, take: Callable[[Row], None]) -> None:
        for row in read_rows(file, data, _COLUMNS[file]):
            try:
                if isinstance(row, Row):
                    take(row)
                else:
                    self.problems.append(row)
            except Unreadable as no:
                self.problems.append(no.problem)

    def _take_project(self, row: Row) -> None:
        investment = row.id(_INVESTMENT)
        try:
            project = _project(row, investment)
            if project.id in self.projects:
                raise row.unreadable(_PROJECT, f"its id would be {project.id}, which is taken; the first row counts")
        except Unreadable:
            self._not_whole.setdefault(investment, row.line)
            raise
        self.projects[project.id] = project
        if not project.can_be_planned:
            raise row.unreadable(_finish_column(row), f"before the start, {project.start}; the baseline is left out")

    def _take_contract(self, row: Row) -> None:
        investment = row.id(_INVESTMENT)
        amount = millions(row, _AMOUNT)
        if amount is None:
            return
        if amount == 0:
            raise row.unreadable(_AMOUNT, "a contract commits something; leave it empty where it is not known")
        if (line := self._not_whole.get(investment)) is not None:
            why = f"{PROJECTS}, line {line}, could not be read, so its contracts cannot be split"
            raise row.unreadable(_INVESTMENT, why)
        self.contracts.append(
            Contract(
                id=str(row.line),
                row=row,
                investment=investment,
                agency=row.id(_AGENCY),
                minor=amount,
                printed_at=_instant(row, _TIMESTAMP),
                started_on=_american_day(row, _STARTED),
                vendor=_one_line(row, _VENDOR, max_chars=200).strip() if row.cells[_VENDOR].strip() else None,
                document=_document(row),
            )
        )


def _project(row: Row, investment: str) -> Project:
    start, finish = _day(row, _START), _day(row, _finish_column(row))
    return Project(
        id=as_id(row.text(_PROJECT, max_chars=64).replace(",", "")),
        investment=investment,
        agency=row.id(_AGENCY),
        title=row.text(_NAME),
        description=row.text(_DESCRIPTION if row.cells[_DESCRIPTION].strip() else _NAME, max_chars=4_000),
        updated_at=_instant(row, _UPDATED),
        planned=millions(row, _PLANNED, least=0),
        expected=millions(row, _EXPECTED, least=0),
        start=start,
        finish=finish,
        expected_finish=_day(row, _EXPECTED_FINISH),
        can_be_planned=start is None or finish is None or start <= finish,
    )


def _finish_column(row: Row) -> str:
    """Return the column of the planned finish: of the project where given, else of its first baseline."""
    return _LATER_FINISH if row.cells[_LATER_FINISH].strip() else _FINISH


def _document(row: Row) -> str:
    """Return a contract's number, and that of the vehicle it was ordered under, as printed: spaces around them too.

    An agency numbers its own contracts, so a number is one only together with its agency.
    """
    number = _numbered(row, _PIID_AGENCY, _PIID)
    return f"{number} under {_numbered(row, _IDV_AGENCY, _IDV)}" if row.cells[_IDV].strip() else number


def _numbered(row: Row, agency: str, number: str) -> str:
    by = f"{_one_line(row, agency, max_chars=10)}:" if row.cells[agency].strip() else ""
    return by + _one_line(row, number, max_chars=98 if number == _PIID else 70)


def _one_line(row: Row, column: str, *, max_chars: int) -> str:
    value = row.text(column, max_chars=max_chars)
    if re.search(r"[\x00-\x1f\x7f]", value):
        raise row.unreadable(column, "it must not hold control characters")
    return value


def _instant(row: Row, column: str) -> datetime.datetime:
    """Return an instant. The files write one with a Z and one without; both are taken as UTC."""
    value = row.cells[column].strip()
    try:
        if re.fullmatch(r"[12][0-9]{3}-[0-9]{2}-[0-9]{2}[ T][0-9]{2}:[0-9]{2}:[0-9]{2}Z?", value):
            return datetime.datetime.fromisoformat(value.removesuffix("Z")).replace(tzinfo=datetime.UTC)
    except ValueError:
        pass  # the 31st of June; told below
    raise row.unreadable(column, "write an instant, such as 2012-02-29 09:51:39")


def _day(row: Row, column: str) -> datetime.date | None:
    """Return a day, which is printed as its midnight; None where it is not given."""
    if not row.cells[column].strip():
        return None
    return _instant(row, column).date()


def _american_day(row: Row, column: str) -> datetime.date | None:
    value = row.cells[column].strip()
    if not value:
        return None
    found = re.fullmatch(r"([0-9]{2})/([0-9]{2})/([12][0-9]{3})", value)
    try:
        if found:
            return datetime.date(int(found[3]), int(found[1]), int(found[2]))
    except ValueError:
        pass
    raise row.unreadable(column, "write a day, such as 01/27/2011")
