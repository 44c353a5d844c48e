"""The US Federal IT Dashboard of 2011 and 2012, as the commands that would have kept the ledger at the time.

    {"type":"PostCommitment.v1","portfolio":"us-it-5f3a9c01","commandid":"...","actor":"importer",
     "subject":"initiative/1665","time":"2012-02-29","recordedtime":"2012-02-29T09:51:39Z",
     "sourceref":"it-dashboard:contract/2","data":{"envelope":"005-000000067","initiative":"1665", ...}}

A project is an initiative, its investment an envelope, its agency the value stream, and a contract a commitment. What
a project's row says is recorded when it was updated; a contract when it was printed, or when the last of the projects
it is split over was. It is effective on the day it was printed. So everything is recorded in the order it was known.

What the source does not say, and what stands in its place:

- **Funding.** The dashboard prints no funding and no approval, and an envelope is known from its first funding on. So
  the planned cost of each project funds its envelope as the project appears, and where an investment has no planned
  cost each contract does, with a reason that says so. Measured on that, funded is what agencies planned, never less
  than it, and never what was only known later. One funding for all would have known the future, and a token amount
  would have been a number nobody printed. No approval is made up: commitments are flagged as over their approval.
- **Periods.** A planned and an expected cost are printed whole: both stand in the fiscal year the project starts in
  (October), so that they can be compared; a contract in the one it starts in, or else was printed in.
- **Still to be spent.** No actuals are printed, so the projected or actual cost stands whole as the estimate to
  complete: with no actuals, it is the estimate at completion.
- **Capital or operating.** All is capital: each row belongs to a business case of a capital asset plan.
"""

from __future__ import annotations

import datetime
import zoneinfo
from collections.abc import Iterator, Mapping
from typing import Literal, NamedTuple

from ledger.importers.figures import check_has_cents
from ledger.importers.it_dashboard_files import CONTRACTS, PROJECTS, Contract, Project, Reading
from ledger.importers.lines import Problem, Sender, command_line
from schemas import events
from schemas.subjects import bare
from schemas.values import Money, PeriodAmount, fiscal_year, split_by_largest_remainder

__all__ = ["CONTRACTS", "FORMAT", "PROJECTS", "commands"]

FORMAT = "it-dashboard"
FISCAL_YEAR_START = 10
"""October: fiscal year 2012 began in October 2011."""


def commands(
    files: Mapping[str, bytes], *, origin: str, actor: str, currency: str = "USD", time_zone: str = "UTC"
) -> Iterator[bytes | Problem]:
    """Yield what cannot be read of the files, then the commands of everything else.

    files: projects_2012.csv and contracts_2012.csv. time_zone: the portfolio's; says on what day an instant falls.
    Errors: ValueError where the currency has no cents, in which the files are counted.
    """
    check_has_cents(currency, "amounts of the dashboard")
    reading = Reading(files)
    yield from reading.problems
    history = _History(reading, currency, zoneinfo.ZoneInfo(time_zone))
    sender = Sender(FORMAT, origin, actor)
    for said in history.all():
        for fact in said.facts:
            yield command_line(
                sender,
                fact,
                key=f"{said.reference}/{bare(fact.TYPE)}/{fact.subject()}",
                effective_on=said.effective_on,
                recorded_at=said.recorded_at,
                reference=said.reference,
            )


class _Said(NamedTuple):
    """What a row says. reference: the row, by the source's own key."""

    facts: list[events.Fact]
    effective_on: datetime.date
    recorded_at: datetime.datetime
    reference: str


class _Known(NamedTuple):
    """A row and when it is recorded. place: among what is recorded at the same instant; projects come first."""

    recorded_at: datetime.datetime
    place: tuple[int, int, str]
    row: Project | Contract


class _History:
    """Both files in the order in which they were known."""

    def __init__(self, reading: Reading, currency: str, zone: zoneinfo.ZoneInfo) -> None:
        self.currency, self.zone = currency, zone
        self.planned: dict[str, list[Project]] = {}
        for project in reading.projects.values():
            if project.planned:
                self.planned.setdefault(project.investment, []).append(project)
        for projects in self.planned.values():
            projects.sort(key=lambda project: _in_order(project.id))
        known = [
            *(_Known(each.updated_at, (0, *_in_order(each.id)), each) for each in reading.projects.values()),
            *(_Known(self._recorded_at(each), (1, *_in_order(each.id)), each) for each in reading.contracts),
        ]
        self.known = sorted(known, key=lambda each: each[:2])
        self.value_streams: dict[str, str] = {}

    def all(self) -> Iterator[_Said]:
        """Yield what each row says."""
        for recorded_at, _, row in self.known:
            if isinstance(row, Project):
                day = recorded_at.astimezone(self.zone).date()
                yield _Said([*self._of_project(row, day)], day, recorded_at, f"project/{row.id}")
            else:
                day = row.printed_at.astimezone(self.zone).date()
                yield _Said([*self._of_contract(row)], day, recorded_at, f"contract/{row.id}")

    def _recorded_at(self, contract: Contract) -> datetime.datetime:
        return max([contract.printed_at, *(each.updated_at for each in self.planned.get(contract.investment, ()))])

    def _of_project(self, project: Project, day: datetime.date) -> Iterator[events.Fact]:
        yield events.InitiativeProposed(
            initiative=project.id,
            title=project.title,
            sponsor=project.agency,
            proposer=project.agency,
            value_stream=project.agency,
            hypothesis=project.description,
        )
        period = fiscal_year(project.start or project.updated_at.date(), FISCAL_YEAR_START)
        if project.planned:
            reason = f"no funding is printed; the planned cost of project {project.id} stands for it"
            yield self._funded(project, project.planned, period, reason)
        if project.planned is not None and project.can_be_planned:
            yield events.BaselineSet(
                initiative=project.id,
                number=1,
                cost=(PeriodAmount(period=period, amount=self._money(project.planned)),),
                start=project.start,
                finish=project.finish,
                scope_ref=project.investment,
            )
        if project.expected is not None:
            yield events.ForecastUpdated(
                initiative=project.id,
                as_of=day,
                estimate_to_complete=(PeriodAmount(period=period, amount=self._money(project.expected)),),
                finish=project.expected_finish,
                method="projected or actual cost, as printed",
            )

    def _of_contract(self, contract: Contract) -> Iterator[events.Fact]:
        """Yield a commitment for each planned project of the investment, by planned cost; else one on the envelope."""
        period = fiscal_year(contract.started_on or contract.printed_at.date(), FISCAL_YEAR_START)
        shares: list[tuple[str | None, int]] = [(None, contract.minor)]
        if projects := self.planned.get(contract.investment):
            split = split_by_largest_remainder(contract.minor, [project.planned or 0 for project in projects])
            shares = [(project.id, minor) for project, minor in zip(projects, split, strict=True) if minor]
        else:
            reason = f"no funding is printed; the contract of line {contract.id} stands for it"
            yield self._funded(contract, contract.minor, period, reason)
        for initiative, minor in shares:
            yield events.CommitmentPosted(
                envelope=contract.investment,
                initiative=initiative,
                commitment=contract.id,
                supplier=contract.vendor,
                amount=self._money(minor),
                period=period,
                capex_opex="capex",
                source_doc=contract.document,
            )

    def _funded(self, row: Project | Contract, minor: int, period: str, reason: str) -> events.EnvelopeFunded:
        """An envelope stays in the value stream it began in, though two investments name a second agency later."""
        kind: Literal["initial", "supplement", "reduction"] = "reduction"
        if minor > 0:
            kind = "supplement" if row.investment in self.value_streams else "initial"
        return events.EnvelopeFunded(
            envelope=row.investment,
            value_stream=self.value_streams.setdefault(row.investment, row.agency),
            fiscal_period=period,
            capex_opex="capex",
            kind=kind,
            amount=self._money(minor),
            reason=reason,
        )

    def _money(self, minor: int) -> Money:
        return Money(minor=minor, currency=self.currency)


def _in_order(name: str) -> tuple[int, str]:
    """Return what sorts ids that are numbers as numbers."""
    return len(name), name
