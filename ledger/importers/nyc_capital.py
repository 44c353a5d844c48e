"""Yearly capital commitment plans of New York City, as the commands that would have kept the ledger at the time.

    {"type":"ApproveFunding.v1","portfolio":"nyc-it-5f3a9c01","commandid":"...","actor":"importer",
     "subject":"initiative/858-DOITECTP_DP-2","time":"2007-07-31","recordedtime":"2007-10-28T00:00:00Z",
     "sourceref":"nyc-capital:2007-10/com10_07a:8129","data":{"initiative":"858-DOITECTP_DP-2","envelope":"DP-2", ...}}

A plan is a state; the ledger keeps what changed. So each plan becomes the difference to the one before, in an order in
which money is never short on the way: what is lowered first, then envelopes, what was spent and signed, new
initiatives, what is raised, baselines. A plan is effective on its `as_of` and recorded on the 28th of its month.
"""

from __future__ import annotations

import calendar
import datetime
from collections.abc import Iterator, Mapping
from typing import Literal, NamedTuple

from ledger.importers.lines import Problem, Sender, command_line
from ledger.importers.nyc_capital_plans import FISCAL_YEAR_START, Plan, Planned, Reading
from schemas import events
from schemas.subjects import bare
from schemas.values import CURRENCY_EXPONENTS, Money, PeriodAmount, fiscal_year

FORMAT = "nyc-capital"
GATE = "plan"
"""The gate a plan is: an initiative is held when one leaves it out, and goes on when one has it again."""

_STAGE = "proposed"
"""The stage an initiative stays in: plans tell no other."""


def commands(
    files: Mapping[str, bytes], *, origin: str, actor: str, currency: str = "USD"
) -> Iterator[bytes | Problem]:
    """Yield what cannot be read of the files, then the commands of everything else.

    files: it_budget_lines.csv, it_commitments.csv, and where given objectives.csv and alignment.csv.
    Errors: ValueError where the currency has no cents, in which the files are written.
    """
    if CURRENCY_EXPONENTS.get(currency) != 2:
        raise ValueError(f"the plans are written in hundredths; {currency} has none")
    reading = Reading(files)
    yield from reading.problems
    history = _History(reading, currency)
    sender = Sender(FORMAT, origin, actor)
    for place, plan in enumerate(reading.plans):
        assert plan.as_of is not None, "a plan without a day is not read"
        recorded_at = datetime.datetime(plan.month.year, plan.month.month, 28, tzinfo=datetime.UTC)
        facts = history.take(plan) if place else history.begin(plan, portfolio=origin[:-9])
        for fact, reference in facts:
            key = f"{plan.name}/{bare(fact.TYPE)}/{fact.subject()}"
            if isinstance(fact, events.EnvelopeFunded):
                key = f"{key}/{fact.fiscal_period}"
            yield command_line(
                sender,
                fact,
                key=key,
                effective_on=plan.as_of,
                recorded_at=recorded_at,
                reference=f"{plan.name}/{reference}",
            )


class _Said(NamedTuple):
    """A fact, and where in its plan it is printed."""

    fact: events.Fact
    reference: str


class _Move(NamedTuple):
    """What a plan changes of an initiative's approval. outcome: of the gate, where it left the plan or came back."""

    initiative: str
    minor: int
    outcome: Literal["go", "hold"] | None
    reference: str

    @property
    def lowers(self) -> bool:
        """Whether it goes with what is lowered: it takes money away, or leaves with none."""
        return self.minor < 0 or (self.minor == 0 and self.outcome == "hold")


class _History:
    """Where the plans so far have brought each line and initiative; `take` says what the next one changes."""

    def __init__(self, reading: Reading, currency: str) -> None:
        self.objectives, self.alignment, self.currency = reading.objectives, reading.alignment, currency
        self.agencies: dict[str, str] = {}
        self.funded: dict[str, dict[str, int]] = {}
        self.spent: dict[str, int] = {}
        self.open: dict[str, int] = {}
        self.envelopes: dict[str, str] = {}
        self.approved: dict[str, int] = {}
        self.ever_raised: set[str] = set()
        self.away: set[str] = set()
        self.baselines: dict[str, tuple[int, datetime.date]] = {}

    def begin(self, plan: Plan, portfolio: str) -> Iterator[_Said]:
        """Yield the objectives, then the facts of the first plan."""
        if self.objectives:
            yield _Said(events.ObjectivesSet(portfolio=portfolio, objectives=self.objectives), "objectives")
        yield from self.take(plan)

    def take(self, plan: Plan) -> Iterator[_Said]:
        """Yield the facts of a plan."""
        printed = [planned for planned in plan.initiatives.values() if planned.whole]
        new = [planned for planned in printed if planned.id not in self.approved]
        moves = [*self._moves(plan, printed)]
        lowered = [move for move in moves if move.lowers and move.initiative in self.approved]
        # What begins below zero has to be proposed first, and still comes before anything is raised.
        lowered_new = [move for move in moves if move.lowers and move.initiative not in self.approved]
        raised = [move for move in moves if not move.lowers]

        for move in lowered:
            yield from self._moved(move)
        yield from self._envelopes(plan)
        yield from self._spending(plan)
        for planned in new:
            yield from self._proposed(planned)
        for move in [*lowered_new, *raised]:
            yield from self._moved(move)
        for planned in printed:
            yield from self._baseline(planned)

    def _moves(self, plan: Plan, printed: list[Planned]) -> Iterator[_Move]:
        for planned in printed:
            minor = planned.approved - self.approved.get(planned.id, 0)
            yield _Move(planned.id, minor, "go" if planned.id in self.away else None, planned.row.cells["src"])
        for name, approved in self.approved.items():
            if name not in plan.initiatives and name not in self.away:
                yield _Move(name, -approved, "hold", name)

    def _moved(self, move: _Move) -> Iterator[_Said]:
        name = move.initiative
        if move.minor:
            kind: Literal["initial", "supplement", "reduction"] = "reduction"
            if move.minor > 0:
                kind = "supplement" if name in self.ever_raised else "initial"
                self.ever_raised.add(name)
            self.approved[name] += move.minor
            approval = events.FundingApproved(
                initiative=name,
                envelope=self.envelopes[name],
                kind=kind,
                amount=self._money(move.minor),
                capex_opex="capex",
            )
            yield _Said(approval, move.reference)
        if move.outcome is not None:
            left = move.outcome == "hold"
            (self.away.add if left else self.away.discard)(name)
            gate = events.GateDecided(
                initiative=name,
                gate=GATE,
                stage_from=_STAGE,
                stage_to=_STAGE,
                outcome=move.outcome,
                reason="left the plan" if left else "back in the plan",
            )
            yield _Said(gate, move.reference)

    def _envelopes(self, plan: Plan) -> Iterator[_Said]:
        for name, line in plan.budget_lines.items():
            if line is not None:
                self.agencies.setdefault(name, line.agency)
                yield from self._envelope(name, line.funded, f"{line.volume}:{name}")
        for name in self.funded:
            if name not in plan.budget_lines:
                yield from self._envelope(name, {}, name)

    def _envelope(self, name: str, funded: dict[str, int], reference: str) -> Iterator[_Said]:
        """Yield what changes by fiscal year, more before less, so that money moved to another year is never missing."""
        before = self.funded.setdefault(name, {})
        changes = [(year, funded.get(year, 0) - before.get(year, 0)) for year in sorted({*before, *funded})]
        for year, minor in sorted(changes, key=lambda change: change[1] < 0):
            if not minor:
                continue
            kind: Literal["initial", "supplement", "reduction"] = "supplement" if minor > 0 else "reduction"
            fact = events.EnvelopeFunded(
                envelope=name,
                value_stream=self.agencies[name],
                fiscal_period=year,
                capex_opex="capex",
                kind=kind if before else "initial",
                amount=self._money(minor),
            )
            before[year] = before.get(year, 0) + minor
            yield _Said(fact, reference)

    def _spending(self, plan: Plan) -> Iterator[_Said]:
        assert plan.as_of is not None
        period = fiscal_year(plan.as_of, FISCAL_YEAR_START)
        lines = [line for line in plan.budget_lines.values() if line is not None]
        for line in lines:
            if minor := line.spent - self.spent.get(line.id, 0):
                self.spent[line.id] = line.spent
                actual = events.ActualPosted(
                    envelope=line.id,
                    amount=self._money(minor),
                    period=period,
                    capex_opex="capex",
                    posting_ref=f"{plan.name}:{line.id}",
                )
                yield _Said(actual, f"{line.volume}:{line.id}")
        for line in lines:
            if minor := line.open - self.open.get(line.id, 0):
                self.open[line.id] = line.open
                signed = events.CommitmentPosted(
                    envelope=line.id,
                    commitment=line.id,
                    amount=self._money(minor),
                    period=period,
                    capex_opex="capex",
                    source_doc=line.volume,
                )
                yield _Said(signed, f"{line.volume}:{line.id}")

    def _proposed(self, planned: Planned) -> Iterator[_Said]:
        self.approved[planned.id] = 0
        self.envelopes[planned.id] = planned.budget_line
        proposal = events.InitiativeProposed(
            initiative=planned.id,
            title=planned.title,
            sponsor=planned.agency,
            proposer=planned.agency,
            value_stream=planned.agency,
            hypothesis=planned.title,
        )
        yield _Said(proposal, planned.row.cells["src"])
        if shares := self.alignment.get(planned.budget_line):
            declared = events.AlignmentDeclared(initiative=planned.id, contributions=shares)
            yield _Said(declared, f"alignment:{planned.budget_line}")

    def _baseline(self, planned: Planned) -> Iterator[_Said]:
        """Yield the first baseline of what is funded, and another one whenever its finish has moved."""
        if not planned.approved:
            return
        start, finish = min(planned.months), _last_day(max(planned.months))
        number, before = self.baselines.get(planned.id, (0, None))
        if finish == before:
            return
        self.baselines[planned.id] = (number + 1, finish)
        cost = tuple(
            PeriodAmount(period=period, amount=self._money(minor))
            for period, minor in sorted(planned.cost.items())
            if minor
        )
        reason = None if before is None else f"the planned finish moved from {before} to {finish}"
        baseline = events.BaselineSet(
            initiative=planned.id, number=number + 1, cost=cost, start=start, finish=finish, reason=reason
        )
        yield _Said(baseline, planned.row.cells["src"])

    def _money(self, minor: int) -> Money:
        return Money(minor=minor, currency=self.currency)


def _last_day(month: datetime.date) -> datetime.date:
    return month.replace(day=calendar.monthrange(month.year, month.month)[1])
