"""The teller: one event after the other, each of which fits those before it, built as the ledger would store it."""

from __future__ import annotations

import datetime
import random
from collections.abc import Callable, Iterator
from itertools import accumulate
from typing import Any, NamedTuple

import msgspec
from msgspec.structs import replace

from ledger.decider import event_id
from schemas import subjects
from schemas.commands import BY_TYPE
from schemas.envelope import RECORDED, Recorded
from schemas.events import (
    ActualPosted,
    AiUse,
    AlignmentDeclared,
    BaselineSet,
    CommitmentPosted,
    Condition,
    Contribution,
    EntryReversed,
    EnvelopeFunded,
    Fact,
    ForecastUpdated,
    FundingApproved,
    GateDecided,
    InitiativeAmended,
    InitiativeProposed,
    Kpi,
    Objective,
    ObjectivesSet,
    Pivot,
    PortfolioOpened,
    Registrar,
    Successor,
)
from schemas.receipts import Reason
from schemas.values import Figure, Money, PeriodAmount, PeriodFigure

PORTFOLIO = "bench"
ORIGIN = "bench-0badcafe"
RULES = "0"
"""The version that decided this history: nobody in it was granted anything, which today would be flagged throughout."""
SEED = 20_260_131
START = datetime.datetime(2021, 1, 4, 8, tzinfo=datetime.UTC)
YEARS = 5
STAGES = ("proposed", "scope", "case", "build", "pilot", "scale")
LIVING_BP, ENDED_BP = 2_500, 2_500
"""Initiatives there from the start, and those that end before the history does, of all."""

_SPAN_US = YEARS * 365 * 86_400 * 1_000_000
_DAY = datetime.timedelta(days=1)
_KINDS = {"pay": 450, "commit": 150, "approve": 180, "forecast": 70, "align": 45, "gate": 40, "amend": 30}
_RARER = {"plan": 12, "reverse": 18, "transfer": 5}
_SOURCE = subjects.source(PORTFOLIO)
_COMMAND_OF = {model.FACT: asked for asked, model in BY_TYPE.items()}
_ACTORS = tuple(f"p-{place * 40_503 % 65_536:04x}" for place in range(160))
_HOUSES = ("Northwind", "Aldgate", "Kessler", "Ito", "Varga", "Quill", "Osei")
_TRADES = ("Analytics GmbH", "Cloud Services Ltd", "Consulting SA", "Data Systems KK")
_SUPPLIERS = tuple(f"{house} {trade}" for house in _HOUSES for trade in _TRADES)
_STREAMS = ("claims", "underwriting", "customer-care", "finance", "platform", "research")
_CATEGORIES = ("cloud-compute", "licences", "contractors", "hardware", "training", "model-usage")
_REASONS = (
    "The pilot met its first target; finance confirmed the run rate for two quarters.",
    "Scope reduced: the document model is bought, the integration team is smaller.",
    "The supplier moved the delivery date; the business case is kept.",
    "Usage of the hosted model grew faster than planned, and its price changed.",
)
_HYPOTHESES = (
    "If routine claims are triaged by a model, handlers settle the rest a third faster and leakage falls.",
    "If letters are drafted from the file, customers are answered within a day and call volume falls by a fifth.",
    "If fraud signals are scored at intake, investigators open half as many files and find the same losses.",
)


class Scale(NamedTuple):
    """How many initiatives, envelopes and objectives a history has."""

    initiatives: int
    envelopes: int
    objectives: int


def scale(event_count: int) -> Scale:
    """Return the scale of a history: 1,200, 40 and 8 at a million events, fewer below."""
    part = min(event_count / 1_000_000, 1.0)
    return Scale(max(8, round(1_200 * part**0.6)), max(4, round(40 * part**0.35)), max(4, round(8 * part**0.15)))


class _Envelope:
    """An envelope as far as it was told."""

    __slots__ = ("approved", "funded", "name", "stream")

    def __init__(self, name: str, stream: str) -> None:
        self.name, self.stream = name, stream
        self.funded = self.approved = 0


class _Initiative:
    """An initiative as far as it was told. used: open commitments and actuals. contracts: the open part of each."""

    __slots__ = ("approved", "baseline", "contracts", "envelope", "forecast_at", "name", "number", "stage", "used")

    def __init__(self, number: int, envelope: _Envelope) -> None:
        self.number, self.name, self.envelope = number, f"AI-{number:04d}", envelope
        self.approved = self.used = self.stage = self.baseline = self.forecast_at = 0
        self.contracts: dict[str, int] = {}


class _Moved(NamedTuple):
    """Money that a reversal may take back."""

    sequence: int
    of: type[Fact]
    initiative: _Initiative
    minor: int
    commitment: str | None = None


class Teller:
    """Tells one event after the other, and keeps what the next ones must fit."""

    def __init__(self, event_count: int) -> None:
        self.count, self.scale = event_count, scale(event_count)
        self.rng = random.Random(SEED)
        self.chance = self.rng.random
        self.sequence = self.numbered = self.ended = self.sets = 0
        self.at, self.today = START, START.date()
        self.midnights: dict[datetime.date, datetime.datetime] = {}
        self.envelopes: list[_Envelope] = []
        self.living: list[_Initiative] = []
        self.proposed = 0
        self.active: list[str] = []
        self.recent: list[_Moved] = []
        self.told: list[Recorded] = []

    def tell(self) -> Iterator[Recorded]:
        ways: dict[str, Callable[[_Initiative], None]] = {
            name: getattr(self, f"_{name}") for name in (*_KINDS, *_RARER)
        }
        names, heights = list(ways), list(accumulate((_KINDS | _RARER).values()))
        self._open()
        while True:
            for name in self.rng.choices(names, cum_weights=heights, k=1_024):
                yield from self.told[: self.count - self.sequence + len(self.told)]
                if self.sequence >= self.count:
                    return
                self.told.clear()
                if self._due() > self.proposed:
                    self._propose()
                if self.sequence * YEARS > self.sets * self.count:
                    self._objectives()
                ways[name](self.living[int(self.chance() * len(self.living))])

    def _due(self) -> int:
        """Return how many initiatives there should be by now."""
        rest = (10_000 - LIVING_BP) * self.sequence // self.count
        return max(3, self.scale.initiatives * (LIVING_BP + rest) // 10_000)

    # What is told.

    def _open(self) -> None:
        registrar = Registrar(actor="registrar", person="p-0001")
        self._say(
            PortfolioOpened(
                portfolio=PORTFOLIO,
                title="AI investments",
                currency="USD",
                time_zone="UTC",
                fiscal_year_start=1,
                registrar=registrar,
                log_origin=ORIGIN,
            )
        )
        self._objectives()
        for number in range(1, self.scale.envelopes + 1):
            self.envelopes.append(_Envelope(f"env-{number:02d}", _STREAMS[number % len(_STREAMS)]))
            self._fund(self.envelopes[-1], "initial", 40_000_000_000)
        while self.proposed < self._due():
            self._propose()

    def _objectives(self) -> None:
        """Tell a set: other weights each year, and from the third one the last objective retired to two others."""
        self.sets += 1
        names = [f"OBJ-{number}" for number in range(1, self.scale.objectives + 1)]
        self.active = names if self.sets < 3 else names[:-1]
        parts = [2 + (place * 5 + self.sets) % 7 for place in range(len(self.active))]
        weights = [10_000 * part // sum(parts) for part in parts]
        weights[0] += 10_000 - sum(weights)
        kpi = Kpi(
            name="Share of target reached", unit="%", baseline="41.5", target="60", by=datetime.date(2026, 12, 31)
        )
        listed = [
            Objective(id=name, title=f"Objective {name[4:]}", owner=self._anyone(), kpi=kpi, weight_bp=weight_bp)
            for name, weight_bp in zip(self.active, weights, strict=True)
        ]
        if self.sets >= 3:
            heirs = (Successor(objective=names[0], share_bp=6_000), Successor(objective=names[1], share_bp=4_000))
            listed.append(Objective(id=names[-1], title="Retired", weight_bp=0, status="retired", successors=heirs))
        self._say(ObjectivesSet(portfolio=PORTFOLIO, objectives=tuple(listed)))

    def _propose(self) -> None:
        self.proposed += 1
        envelope = self.envelopes[self.proposed % len(self.envelopes)]
        made = _Initiative(self.proposed, envelope)
        self.living.append(made)
        claim = Figure(kind="range", low=_usd(50_000_000), high=_usd(90_000_000))
        self._say(
            InitiativeProposed(
                initiative=made.name,
                title=f"Decision support {made.number}",
                sponsor=_ACTORS[made.number % 40],
                lead=_ACTORS[40 + made.number % 40],
                proposer=self._anyone(),
                value_stream=envelope.stream,
                kind=("growth", "efficiency", "regulatory", "resilience")[made.number % 4],
                horizon=("h1", "h2", "h3")[made.number % 3],
                hypothesis=_HYPOTHESES[made.number % 3],
                cost_estimate=(PeriodFigure(period="FY2022", cost=claim),),
                ai=AiUse(use_case="triage of claims", eu_class="minimal") if made.number % 3 else None,
            )
        )
        for told in (self._align, self._plan, self._approve, self._gate):
            told(made)

    def _align(self, on: _Initiative) -> None:
        first = int(self.chance() * len(self.active))
        shares = ((10_000,), (7_000, 2_000), (5_000, 3_333, 1_667), (3_333, 3_333))[int(self.chance() * 4)]
        serves = tuple(
            Contribution(objective=self.active[(first + place) % len(self.active)], share_bp=share_bp)
            for place, share_bp in enumerate(shares)
        )
        self._say(
            AlignmentDeclared(
                initiative=on.name, contributions=serves, rationale=self._reason(), assessor=self._anyone()
            )
        )

    def _plan(self, on: _Initiative) -> None:
        on.baseline += 1
        finish = self.today + 400 * _DAY
        reason = self._reason() if on.baseline > 1 else None
        self._say(
            BaselineSet(
                initiative=on.name,
                number=on.baseline,
                cost=self._by_quarter(4),
                start=self.today,
                finish=finish,
                scope_ref=f"wiki:scope/{on.name}/{on.baseline}",
                reason=reason,
            )
        )

    def _forecast(self, on: _Initiative) -> None:
        on.forecast_at = self.sequence + 1
        self._say(
            ForecastUpdated(
                initiative=on.name,
                as_of=self.today,
                estimate_to_complete=self._by_quarter(2 + int(self.chance() * 2)),
                progress_bp=1 + int(self.chance() * 10_000),
                method="bottom up",
                confidence="medium",
            )
        )

    def _amend(self, on: _Initiative) -> None:
        title = f"Decision support {on.number}, as of {self.sequence}"
        self._say(InitiativeAmended(initiative=on.name, title=title, lead=self._anyone(), reason=self._reason()))

    def _gate(self, on: _Initiative) -> None:
        outcome: Any
        chance, stage = self.chance(), STAGES[on.stage]
        more: dict[str, Any] = {"next_gate_on": self.today + 90 * _DAY}
        enough = len(self.living) > 3 and self.ended * 10_000 < ENDED_BP * self.scale.initiatives
        if chance < 0.02 and enough and on.stage:
            outcome, to = ("kill", stage) if chance < 0.012 else ("complete", "closed")
            more = {"reason": self._reason()}
            self.living.remove(on)
            self.ended += 1
        elif chance < 0.12:
            outcome, to = "hold", stage
        elif chance < 0.22 or on.stage == len(STAGES) - 1:
            on.stage = 1
            outcome, to = "pivot", STAGES[1]
            more["pivot"] = Pivot(trigger="The pilot missed its target.", before=_HYPOTHESES[0], after=_HYPOTHESES[1])
        else:
            on.stage += 1
            outcome, to = "go" if chance < 0.8 else "conditional_go", STAGES[on.stage]
        if outcome == "conditional_go":
            due = self.today + 60 * _DAY
            text = "Human review of every refusal is tested before launch."
            more["conditions"] = (Condition(condition=f"K-{self.sequence}", text=text, owner=self._anyone(), due=due),)
        self._say(
            GateDecided(
                initiative=on.name,
                gate=f"after-{stage}",
                stage_from=stage,
                stage_to=to,
                outcome=outcome,
                should_score="7.4",
                **more,
            )
        )

    def _approve(self, on: _Initiative) -> None:
        kind: Any
        envelope = on.envelope
        headroom = on.approved - on.used
        if self.chance() < 0.08 and headroom > 200_000:
            minor, kind = -int(headroom * 0.3), "reduction"
        else:
            minor, kind = 1_000_000 + int(self.chance() * 9_000_000), "tranche" if on.approved else "initial"
        if envelope.approved + minor > envelope.funded:
            self._fund(envelope, "supplement", envelope.approved + minor - envelope.funded + 5_000_000_000)
        self._keep(_Moved(self.sequence + 1, FundingApproved, on, minor))
        self._say(
            FundingApproved(
                initiative=on.name,
                envelope=envelope.name,
                kind=kind,
                amount=_usd(minor),
                capex_opex=self._side(),
                tranche=f"T{1 + self.sequence % 9}",
                period=self._fiscal_year(),
                reason=self._reason(),
            )
        )

    def _commit(self, on: _Initiative) -> None:
        headroom = on.approved - on.used
        if headroom < 100_000:
            self._approve(on)
            return
        self.numbered += 1
        known = next(iter(on.contracts), None) if self.chance() < 0.3 else None
        commitment = known or f"C-{self.numbered:07d}"
        share = 0.05 + 0.4 * self.chance() if self.chance() > 0.004 else 1.2
        self._post(
            CommitmentPosted(
                envelope=on.envelope.name,
                initiative=on.name,
                commitment=commitment,
                supplier=self._supplier(),
                amount=_usd(int(headroom * share)),
                period=self._month(),
                capex_opex=self._side(),
                signed_on=self._earlier(20),
                source_doc=f"dms:contract/{commitment}/v{1 + self.sequence % 4}",
            ),
            on,
        )

    def _pay(self, on: _Initiative) -> None:
        headroom, commitment = on.approved - on.used, None
        if on.contracts and self.chance() < 0.8:
            commitment = next(iter(on.contracts))
            still_open = on.contracts.pop(commitment)
            on.contracts[commitment] = still_open  # at the back: the next payment is for another contract
            minor = still_open if still_open < 50_000 or self.chance() < 0.15 else int(still_open * self.chance() * 0.5)
        else:
            minor = int(headroom * 0.06 * self.chance())
        if minor < 1:
            self._approve(on)
            return
        self.numbered += 1
        self._post(
            ActualPosted(
                envelope=on.envelope.name,
                initiative=on.name,
                commitment=commitment,
                supplier=self._supplier(),
                invoice=f"INV-{self.today.year}-{self.numbered:07d}",
                amount=_usd(minor),
                period=self._month(),
                capex_opex=self._side(),
                category=_CATEGORIES[self.sequence % 6],
                posting_ref=f"erp:{self.numbered:09d}",
            ),
            on,
        )

    def _reverse(self, on: _Initiative) -> None:
        kind: Any = "void" if self.chance() < 0.5 else "counter"
        period = self._month() if kind == "counter" else None
        if on.forecast_at and self.chance() < 0.1:
            sequence, kind, period, on.forecast_at = on.forecast_at, "void", None, 0
        elif self.recent:
            place = int(self.chance() * len(self.recent))
            self.recent[place], taken = self.recent[-1], self.recent[place]
            self.recent.pop()
            self._move(taken, -1)
            sequence = taken.sequence
        else:
            return
        self._say(EntryReversed(sequence=sequence, kind=kind, period=period, reason=self._reason()))

    def _transfer(self, on: _Initiative) -> None:
        source, to = on.envelope, self.envelopes[int(self.chance() * len(self.envelopes))]
        minor = (source.funded - source.approved) // 10
        if to is source or minor < 1:
            return
        year = self._fiscal_year()
        asked = EnvelopeFunded(
            envelope=to.name,
            value_stream=to.stream,
            fiscal_period=year,
            counter_envelope=source.name,
            kind="transfer",
            capex_opex=self._side(),
            amount=_usd(minor),
            reason=self._reason(),
        )
        came = replace(asked, counter_period=year)
        went = replace(
            came, envelope=source.name, value_stream=source.stream, counter_envelope=to.name, amount=_usd(-minor)
        )
        to.funded += minor
        source.funded -= minor
        self._say(asked, stored=(came, went))

    def _move(self, moved: _Moved, sign: int) -> None:
        """Move the sums that money is in: 1 as it is told, -1 as it is taken back."""
        on, minor = moved.initiative, sign * moved.minor
        if moved.of is FundingApproved:
            on.approved += minor
            on.envelope.approved += minor
            return
        if moved.commitment is not None:
            left = on.contracts.get(moved.commitment, 0) + (minor if moved.of is CommitmentPosted else -minor)
            on.contracts[moved.commitment] = left
            if left == 0:
                del on.contracts[moved.commitment]
        if moved.of is CommitmentPosted or moved.commitment is None:
            on.used += minor

    # How it is told.

    def _fund(self, envelope: _Envelope, kind: Any, minor: int) -> None:
        envelope.funded += minor
        self._say(
            EnvelopeFunded(
                envelope=envelope.name,
                value_stream=envelope.stream,
                fiscal_period=self._fiscal_year(),
                capex_opex=self._side(),
                kind=kind,
                amount=_usd(minor),
                reason=self._reason(),
            )
        )

    def _post(self, fact: CommitmentPosted | ActualPosted, on: _Initiative) -> None:
        """Tell money from outside, flagged where it is over what was approved."""
        self._keep(_Moved(self.sequence + 1, type(fact), on, fact.amount.minor, fact.commitment))
        flags = Reason.OVER_APPROVED.name if on.used > on.approved else None
        self._say(fact, day=self._earlier(12), flags=flags, sourceref=f"erp:{self.numbered:09d}")

    def _keep(self, moved: _Moved) -> None:
        self._move(moved, 1)
        if len(self.recent) < 4_096:
            self.recent.append(moved)
        else:
            self.recent[moved.sequence % 4_096] = moved

    def _say(
        self,
        asked: Fact,
        *,
        stored: tuple[Fact, ...] = (),
        day: datetime.date | None = None,
        flags: str | None = None,
        sourceref: str | None = None,
    ) -> None:
        """Tell the events of one command."""
        gap_us = _SPAN_US // self.count
        self.at = START + datetime.timedelta(microseconds=self.sequence * gap_us + int(self.chance() * gap_us))
        self.today = self.at.date()
        day = min(day or self.today, self.today)
        about, actor = asked.subject(), self._anyone()
        identity = f"{self.rng.getrandbits(128):032x}"
        commandid = f"{identity[:8]}-{identity[8:12]}-{identity[12:16]}-{identity[16:20]}-{identity[20:]}"
        source = f',"sourceref":"{sourceref}"' if sourceref else ""
        line = (
            f'{{"type":"{_COMMAND_OF[type(asked)]}","portfolio":"{ORIGIN}","commandid":"{commandid}",'
            f'"actor":"{actor}","subject":"{about}","time":"{day}"{source},"data":{_json(asked)}}}'
        )
        for place, fact in enumerate(stored or (asked,)):
            self.sequence += 1
            self.told.append(
                RECORDED[type(fact)](
                    specversion="1.0",
                    id=event_id(PORTFOLIO, commandid, place),
                    source=_SOURCE,
                    subject=fact.subject(),
                    time=self._midnight(day),
                    recordedtime=self.at,
                    sequence=f"{self.sequence:016d}",
                    actor=actor,
                    commandid=commandid,
                    basis="ordinary",
                    rules=RULES,
                    flags=flags,
                    command=None if place else line,
                    sourceref=sourceref,
                    data=fact,
                )
            )

    def _midnight(self, day: datetime.date) -> datetime.datetime:
        found = self.midnights.get(day)
        if found is None:
            found = self.midnights[day] = datetime.datetime.combine(day, datetime.time(), datetime.UTC)
        return found

    def _anyone(self) -> str:
        return _ACTORS[int(self.chance() * len(_ACTORS))]

    def _supplier(self) -> str:
        return _SUPPLIERS[int(self.chance() * len(_SUPPLIERS))]

    def _reason(self) -> str:
        return _REASONS[self.sequence % len(_REASONS)]

    def _side(self) -> Any:
        return "capex" if self.sequence % 3 == 0 else "opex"

    def _earlier(self, within_days: int) -> datetime.date:
        return self.today - int(self.chance() * within_days) * _DAY

    def _month(self) -> str:
        return f"{self.today.year}-{self.today.month:02d}"

    def _fiscal_year(self) -> str:
        return f"FY{self.today.year}"

    def _by_quarter(self, count: int) -> tuple[PeriodAmount, ...]:
        first = self.today.year * 4 + (self.today.month - 1) // 3
        return tuple(
            PeriodAmount(period=f"{at // 4}-Q{at % 4 + 1}", amount=_usd(1 + int(self.chance() * 30_000_000)))
            for at in range(first, first + count)
        )


def _usd(minor: int) -> Money:
    return Money(minor=minor, currency="USD")


def _json(fact: Fact) -> str:
    return msgspec.json.encode(fact).decode()
