"""Histories for tests: command lines that collide on purpose, and what a writer makes of them.

A Teller writes command lines and decides each at once, so that the next can rest on what stands. `told` lets it
choose from small pools by a few bytes a command; `histories` is that as a hypothesis strategy, which can shrink a
history by leaving commands out. `every_type_history` is one fixed history that holds each special case once.
"""

from __future__ import annotations

import asyncio
import datetime
import itertools
import json
from collections.abc import Sequence
from typing import Any, NamedTuple, TypeVar

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from ledger.book import ENDED, MONEY_FACTS, Book, evolve, objectives_in_force
from ledger.decider import Asked, Repeated, decide
from ledger.rules.corrections import STANDS_FOR_EVER
from ledger.store import MemoryStore
from ledger.writer import Clock, Writer
from schemas import codec
from schemas.commands import parse
from schemas.envelope import Recorded
from schemas.events import BaselineSet, EntryReversed, ObjectivesSet
from schemas.receipts import Receipt, Refused

T = TypeVar("T")

PORTFOLIO = "law"
ORIGIN = "law-0badcafe"
START = datetime.datetime(2026, 1, 12, 8, tzinfo=datetime.UTC)
STEP_BYTES = 24
"""What one command is chosen by."""

ENVELOPES = ("claims", "data", "lab")
INITIATIVES = ("AI-1", "AI-2", "AI-3", "AI-4")
OBJECTIVES = ("growth", "safety", "speed", "trust")
COMMITMENTS = ("C-1", "C-2", "C-3")
POSTING_REFS = tuple(f"P-{number}" for number in range(1, 25))
STREAMS = ("retail", "back-office", "research")
STAGES = ("scope", "case", "build", "launch")
MINORS = (100, 1, 2, 3, 7, 333, 1_000, 5_000, 10_001, 99_999, 250_000, 3 * 10**13 + 1)
DAYS = tuple(
    datetime.date(*day)
    for day in (
        *((2024, 1, 15), (2024, 6, 30), (2025, 1, 1), (2025, 7, 1), (2025, 12, 31), (2026, 1, 1)),
        *((2026, 1, 12), (2026, 1, 13), (2026, 1, 20), (2026, 4, 1), (2026, 12, 31), (2027, 1, 10)),
    )
)
FAR_FUTURE = datetime.date(9999, 12, 31)
WEIGHTS = {
    1: ((10_000,),),
    2: ((5_000, 5_000), (3_333, 6_667), (10_000, 0)),
    3: ((5_000, 3_000, 2_000), (3_333, 3_333, 3_334)),
    4: ((2_500, 2_500, 2_500, 2_500), (1, 2, 3, 9_994)),
}
SHARES = {
    0: ((),),
    1: ((10_000,), (4_000,), (1,)),
    2: ((5_000, 5_000), (3_333, 3_333), (9_999, 1)),
    3: ((3_333, 3_333, 3_334), (2_500, 2_500, 2_500), (1, 1, 1)),
    4: ((2_500, 2_500, 2_500, 2_500), (1_111, 2_222, 3_333, 3_334)),
}


class Ask(NamedTuple):
    """The type and data of a command, without who asks, and when."""

    type: str
    about: str
    data: dict[str, Any]


# What can be asked, in words.


def opening(*, historic: bool = False, currency: str = "USD", time_zone: str = "Europe/Paris") -> Ask:
    names = {"portfolio": PORTFOLIO, "title": "Laws", "log_origin": ORIGIN}
    registrar = {"actor": "reg", "person": "p-1"}
    calendar = {"time_zone": time_zone, "fiscal_year_start": 1}
    data = names | calendar | {"currency": currency, "historic": historic, "registrar": registrar}
    return Ask("OpenPortfolio", f"portfolio/{PORTFOLIO}", data)


def objectives(*listed: dict[str, Any]) -> Ask:
    return Ask("SetObjectives", f"objectives/{PORTFOLIO}", {"portfolio": PORTFOLIO, "objectives": list(listed)})


def objective(name: str, weight_bp: int, *, successors: dict[str, int] | None = None, **more: Any) -> dict[str, Any]:
    takes_over = [{"objective": each, "share_bp": share_bp} for each, share_bp in (successors or {}).items()]
    followed = {"successors": takes_over} if takes_over else {}
    return {"id": name, "title": name.title(), "weight_bp": weight_bp, **followed, **more}


def fund(envelope: str, minor: int, currency: str = "USD", *, kind: str = "initial", **more: Any) -> Ask:
    where = {"envelope": envelope, "value_stream": "retail", "fiscal_period": "FY2026", "capex_opex": "opex"}
    return Ask("FundEnvelope", f"envelope/{envelope}", where | {"kind": kind, "amount": _money(minor, currency)} | more)


def propose(initiative: str, **more: Any) -> Ask:
    who = {"title": f"Initiative {initiative}", "sponsor": "sam", "proposer": "pia", "value_stream": "retail"}
    return _about(initiative, "ProposeInitiative", who | {"hypothesis": "It pays."} | more)


def amend(initiative: str, **changes: Any) -> Ask:
    return _about(initiative, "AmendInitiative", {"reason": "It was wrong."} | changes)


def align(initiative: str, **shares: int) -> Ask:
    serves = [{"objective": name, "share_bp": share_bp} for name, share_bp in shares.items()]
    return _about(initiative, "DeclareAlignment", {"contributions": serves})


def plan(initiative: str, number: int, *minors: int, currency: str = "USD", **more: Any) -> Ask:
    return _about(initiative, "SetBaseline", {"number": number, "cost": _by_period(minors, currency)} | more)


def approve(initiative: str, envelope: str, minor: int, currency: str = "USD", **more: Any) -> Ask:
    kind = "tranche" if minor > 0 else "reduction"
    what = {"envelope": envelope, "kind": kind, "amount": _money(minor, currency), "capex_opex": "opex"}
    return _about(initiative, "ApproveFunding", what | more)


def gate(initiative: str, outcome: str, stage_from: str, stage_to: str | None = None, **more: Any) -> Ask:
    stages = {"gate": f"after-{stage_from}", "stage_from": stage_from, "stage_to": stage_to or stage_from}
    return _about(initiative, "DecideGate", stages | {"outcome": outcome} | more)


def commit(
    initiative: str | None, envelope: str, commitment: str, minor: int, currency: str = "USD", **more: Any
) -> Ask:
    return _posted("PostCommitment", initiative, envelope, {"commitment": commitment} | more, minor, currency)


def pay(initiative: str | None, envelope: str, posting_ref: str, minor: int, currency: str = "USD", **more: Any) -> Ask:
    return _posted("PostActual", initiative, envelope, {"posting_ref": posting_ref} | more, minor, currency)


def forecast(initiative: str, as_of: str, *minors: int, currency: str = "USD", **more: Any) -> Ask:
    to_go = {"as_of": as_of, "estimate_to_complete": _by_period(minors, currency)}
    return _about(initiative, "UpdateForecast", to_go | more)


def reverse(sequence: int, kind: str, **more: Any) -> Ask:
    return Ask("ReverseEntry", f"entry/{sequence}", {"sequence": sequence, "kind": kind, "reason": "A mistake."} | more)


def _about(initiative: str, asked: str, data: dict[str, Any]) -> Ask:
    return Ask(asked, f"initiative/{initiative}", {"initiative": initiative} | data)


def _posted(asked: str, initiative: str | None, envelope: str, data: dict[str, Any], minor: int, currency: str) -> Ask:
    where = {"envelope": envelope, "period": "2026-01", "capex_opex": "opex", "amount": _money(minor, currency)}
    if initiative is not None:
        return _about(initiative, asked, where | data)
    return Ask(asked, f"envelope/{envelope}", where | data)


def _money(minor: int, currency: str) -> dict[str, Any]:
    return {"minor": minor, "currency": currency}


def _by_period(minors: Sequence[int], currency: str) -> list[dict[str, Any]]:
    return [{"period": f"{2026 + at}", "amount": _money(minor, currency)} for at, minor in enumerate(minors)]


# From asking to a history.


def ticking() -> Clock:
    """Return a clock that is five hours and a bit later each time it is read."""
    step = datetime.timedelta(hours=5, minutes=7, microseconds=123)
    ticks = itertools.count()
    return lambda: START + next(ticks) * step


class Teller:
    """Writes command lines and decides each at once. events: what they cause, as decided."""

    def __init__(self) -> None:
        self.book = Book(PORTFOLIO)
        self.lines: list[bytes] = []
        self.events: list[Recorded] = []
        self._clock = ticking()

    def say(self, ask: Ask, day: datetime.date | str, **more: Any) -> int:
        """Write a command that is effective on *day*; return the sequence of its first event, 0 where it is refused.

        more: fields of the command other than its data.
        """
        said = {"type": f"{ask.type}.v1", "portfolio": ORIGIN, "commandid": f"c-{len(self.lines) + 1}", "actor": "ana"}
        said |= {"subject": ask.about, "time": str(day), "data": ask.data} | more
        return self.say_line(json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode())

    def say_line(self, line: bytes) -> int:
        """Write a line as it stands."""
        self.lines.append(line)
        command = parse(line)
        if isinstance(command, Refused):
            return 0
        outcome = decide(Asked(command, line), self.book, now=self._clock())
        if isinstance(outcome, Refused | Repeated):
            return 0
        for event in outcome:
            evolve(self.book, event)
        self.events += outcome
        return outcome[0].at


class Ran(NamedTuple):
    """What a writer made of command lines: receipts, stored payloads, the events they decode to, and its book."""

    receipts: list[Receipt]
    payloads: list[bytes]
    events: list[Recorded]
    book: Book


def run(lines: Sequence[bytes], *, one_by_one: bool = False) -> Ran:
    """Return what a writer on an empty memory store makes of command lines, by a fixed clock."""

    async def write() -> Ran:
        store = MemoryStore()
        writer = Writer(PORTFOLIO, store, ticking())
        if one_by_one:
            receipts = [await writer.submit(line) for line in lines]
        else:
            receipts = await writer.submit_all(lines)
        stored = [(entry.sequence, entry.payload) async for entry in store.read()]
        events = [codec.decode(payload, portfolio=PORTFOLIO, sequence=sequence) for sequence, payload in stored]
        return Ran(receipts, [payload for _, payload in stored], events, writer.book)

    return asyncio.run(write())


def record(lines: Sequence[bytes]) -> list[Recorded]:
    """Return the events that are stored for command lines, decoded."""
    return run(lines).events


def events_of(*said: tuple[str, Ask]) -> list[Recorded]:
    """Return the events of commands after an opening, each with the day it is effective on; all must be accepted.

    The opening has sequence 1, so the first of *said* has 2.
    """
    teller = Teller()
    for day, ask in (("2026-01-01", opening()), *said):
        assert teller.say(ask, day), f"refused: {ask}"
    return record(teller.lines)


def days(events: Sequence[Recorded]) -> list[datetime.date]:
    """Return the days on which a view of *events* may change, the days before them, and one far ahead."""
    turns = {event.effective_on for event in events}
    for event in events:
        if isinstance(event.data, ObjectivesSet):
            turns |= {each.valid_from for each in event.data.objectives if each.valid_from}
            turns |= {each.valid_to + datetime.timedelta(days=1) for each in event.data.objectives if each.valid_to}
    return sorted({*turns, *(turn - datetime.timedelta(days=1) for turn in turns), FAR_FUTURE})


# One history that holds every case.


def every_type_history() -> list[bytes]:
    """Return seventy lines, all of them accepted, that hold every type of event and each special case once."""
    teller = Teller()
    say = teller.say
    # A historic import: recorded when the source published it, and again a quarter later.
    first, later = {"recordedtime": "2024-01-20T09:00:00Z"}, {"recordedtime": "2024-04-20T09:00:00.25Z"}
    kpi = {"name": "Claims settled in a day", "unit": "%", "baseline": "41.5", "target": "60", "by": "2026-12-31"}
    say(opening(historic=True), "2024-01-15", **first)
    say(
        objectives(objective("growth", 5_000, owner="olga", kpi=kpi), objective("safety", 5_000)), "2024-01-15", **first
    )
    say(fund("claims", 1_000_000), "2024-01-15", **first)
    estimate = [{"period": "2024", "cost": {"kind": "exact", "amount": {"minor": 400_000, "currency": "USD"}}}]
    ai = {"use_case": "triage", "eu_class": "high", "assessed_by": "kai"}
    say(propose("AI-1", lead="lee", kind="growth", horizon="h2", cost_estimate=estimate, ai=ai), "2024-01-15", **later)
    say(align("AI-1", growth=6_000, safety=3_000), "2024-06-30", **later)
    say(plan("AI-1", 1, 150_000, 250_000, start="2024-07-01", finish="2025-12-31"), "2024-06-30", **later)
    say(approve("AI-1", "claims", 400_000), "2024-06-30", **later)
    # The portfolio's own decisions, which end the import. Other currencies; another value stream.
    say(fund("data", 300_000, value_stream="back-office"), "2026-01-01", basis="minuted", decidedon="2025-12-12")
    say(fund("lab", 9_000_000, "JPY", value_stream="research"), "2026-01-01")
    say(fund("claims", 50_000, kind="supplement", value_stream="research"), "2026-01-12")
    say(fund("data", -20_000, kind="reduction", value_stream="back-office"), "2026-01-12")
    say(fund("data", 1_000, kind="contingency", value_stream="back-office"), "2026-12-31")
    say(fund("data", -500, kind="return", value_stream="back-office"), "2026-12-31")
    moved = say(fund("data", 60_000, kind="transfer", counter_envelope="claims"), "2026-01-12")
    carried = say(fund("claims", 5_000, kind="carry_forward", counter_period="FY2025"), "2026-01-01")
    say(fund("data", 7_000, kind="carry_forward", counter_period="FY2025", counter_envelope="claims"), "2026-01-01")
    # Initiatives: a parent, no lead, no AI; amended, also for a day to come; the first proposal recorded late.
    hidden = {"commitment": "ab" * 32, "vault": "vault:7"}
    say(propose("AI-2", title="Schäden: Vorprüfung", parent="AI-1", hypothesis=hidden), "2025-07-01")
    say(propose("AI-3", value_stream="research", kind="regulatory"), "2026-01-12")
    say(propose("AI-4"), "2026-01-20")
    say(amend("AI-2", title="理赔分诊", sponsor="sue", lead="mia"), "2026-01-12")
    say(amend("AI-2", value_stream="research", kind="efficiency", horizon="h1", ai=ai), "2026-12-31")
    renamed = say(amend("AI-3", title="Renamed by mistake"), "2026-01-13")
    # What they serve: one declared again, one that an objective retires under, one not at all.
    say(align("AI-1", growth=3_333, safety=3_333), "2026-01-12")
    say(align("AI-2", growth=10_000), "2026-01-01")
    alignment = say(align("AI-2"), "2026-01-12")
    speed, trust = objective("speed", 4_000), objective("trust", 3_000)
    heirs = {"speed": 6_667, "trust": 3_333}
    gone = objective("growth", 0, status="retired", successors=heirs)
    say(objectives(gone, objective("safety", 3_000), speed, trust), "2026-01-12")
    ends = objective("speed", 4_000, valid_to="2026-03-31", successors={"trust": 10_000})
    follows = objective("reach", 4_000, valid_from="2026-04-01")
    say(objectives(gone, objective("safety", 3_000), ends, trust, follows), "2026-01-13")
    gone = objective("growth", 0, status="retired", successors={"safety": 10_000})
    dropped = (objective(name, 0, status="retired") for name in ("speed", "trust", "reach"))
    mistaken = say(objectives(gone, objective("safety", 10_000), *dropped), "2026-01-20")
    # Money: approved late, ahead, and in two currencies; contracts and invoices, with and without an initiative.
    late = say(approve("AI-2", "data", 100_001, tranche="first", period="FY2025"), "2025-07-01")
    say(approve("AI-2", "lab", 2_000_000, "JPY", kind="initial"), "2026-01-12")
    ahead = say(approve("AI-3", "claims", 33_333), "2026-12-31")
    say(approve("AI-1", "claims", -10_000), "2026-01-13")
    condition = {"condition": "K-1", "text": "A model card.", "owner": "lee", "due": "2026-04-01", "blocking": True}
    say(approve("AI-4", "claims", 99, kind="regularisation", conditions=[condition]), "2026-01-20", basis="ratified")
    booked = {"amount": {"minor": 20_000, "currency": "EUR"}, "rate": "1.05", "rate_on": "2026-01-12"}
    say(commit("AI-1", "claims", "C-1", 21_000, booked=booked, supplier="Acme", signed_on="2026-01-11"), "2026-01-12")
    ended = say(commit("AI-1", "claims", "C-1", -1_000), "2026-04-01")
    general = say(commit(None, "data", "C-2", 7_001), "2026-01-12")
    say(pay("AI-1", "claims", "P-1", 8_000, commitment="C-1", invoice="R 17"), "2026-01-13")
    refund = say(pay("AI-1", "claims", "P-2", -300, service_period="2025-12", category="licence"), "2026-01-13")
    twice = say(pay("AI-2", "data", "P-3", 4_444), "2026-01-13")
    unnamed = say(pay(None, "data", "P-4", 2_001, commitment="C-2"), "2026-01-20")
    over = {"flagreason": "The contract was signed before the approval."}
    say(pay("AI-2", "lab", "P-5", 2_500_000, "JPY"), "2026-01-20", actor="eli", sourceref="erp:P-5#1f", **over)
    # Plans and forecasts, gates of every outcome.
    say(plan("AI-1", 2, 150_000, 300_000, finish="2026-12-31", reason="A supplier failed."), "2026-01-12")
    replanned = say(plan("AI-1", 3, 1), "2026-01-13")
    say(forecast("AI-1", "2026-01-12", 120_000, 40_000, progress_bp=2_500, method="bottom up"), "2026-01-12")
    say(forecast("AI-2", "2026-01-12", 77, currency="EUR"), "2026-01-12")
    guessed = say(forecast("AI-1", "2026-01-13"), "2026-01-13")
    say(gate("AI-1", "go", "proposed", "scope"), "2026-01-12")
    met = [{"criterion": "owner", "met": True}]
    say(gate("AI-1", "conditional_go", "scope", "build", must=met, conditions=[condition]), "2026-01-13")
    say(gate("AI-1", "recycle", "build", "scope"), "2026-01-20")
    turned = {"trigger": "Customers call instead.", "from": "They write.", "to": "They call."}
    say(gate("AI-2", "pivot", "proposed", "case", pivot=turned), "2026-01-12")
    say(gate("AI-2", "complete", "case", "launch"), "2026-12-31")
    say(gate("AI-3", "hold", "proposed", next_gate_on="2026-04-01"), "2026-01-13")
    killed = say(gate("AI-3", "kill", "proposed"), "2026-01-20")
    say(gate("AI-4", "merged", "proposed"), "2026-04-01")
    # Reversals: void and counter of each kind of money, before and after the entry's own day; both legs of a transfer;
    # void of the newest of each type that replaces another.
    say(reverse(late, "void"), "2026-01-20")
    say(reverse(ahead, "counter", period="FY2026"), "2026-01-20")
    say(reverse(ended, "void"), "2026-01-13")
    say(reverse(general, "counter"), "2026-04-01")
    say(reverse(refund, "counter"), "2026-01-20")
    say(reverse(twice, "void"), "2026-01-20")
    say(pay("AI-3", "data", "P-3", 4_440), "2026-01-13")
    say(reverse(unnamed, "void"), "2027-01-10")
    say(reverse(moved + 1, "counter"), "2026-04-01")
    say(reverse(carried, "void"), "2026-01-20")
    for newest in (renamed, alignment, mistaken, replanned, guessed, killed):
        say(reverse(newest, "void"), "2026-01-20")
    return teller.lines


# Histories by chance.


def histories(min_commands: int = 1, max_commands: int = 40) -> SearchStrategy[list[bytes]]:
    """Return a strategy of command lines that begin with OpenPortfolio, most of them to be accepted."""
    steps = st.binary(min_size=STEP_BYTES, max_size=STEP_BYTES)
    # Left alone, lists would be some six steps long on average; half of the time they are made to be longer.
    at_least = (min_commands, (min_commands + 2 * max_commands) // 3)
    return st.one_of([st.lists(steps, min_size=least, max_size=max_commands) for least in at_least]).map(told)


@st.composite
def moments(
    draw: st.DrawFn, min_commands: int = 1, max_commands: int = 40
) -> tuple[list[Recorded], int, datetime.date]:
    """Return a history's events, and a sequence and a day to look at it from; late ones more often than early."""
    events = record(draw(histories(min_commands, max_commands)))
    turns = days(events)
    as_known = draw(st.just(len(events)) | st.integers(len(events) // 2, len(events)) | st.integers(0, len(events)))
    return events, as_known, draw(st.sampled_from(turns[len(turns) // 2 :]) | st.sampled_from(turns))


def told(steps: Sequence[bytes]) -> list[bytes]:
    """Return the command lines that *steps* choose, one a step; of no step, none."""
    teller = _Chooser()
    for step in steps:
        teller.tell(_Choices(step))
    return teller.lines


class _Choices:
    """Bytes as choices. A zero, or nothing left, takes the first option, so that shrinking leads to the plainest."""

    def __init__(self, step: bytes) -> None:
        self._left = iter(step)

    def of(self, options: Sequence[T]) -> T:
        return options[next(self._left, 0) % len(options)]

    def once_in(self, count: int) -> bool:
        return self.of(range(count)) == count - 1

    def some(self, options: Sequence[T], at_least: int = 0) -> list[T]:
        """Return some of the options, in a turned order."""
        count = self.of(range(at_least, len(options) + 1)) if len(options) >= at_least else len(options)
        turn = self.of(range(len(options))) if options else 0
        return [*options[turn:], *options[:turn]][:count]


class _Chooser(Teller):
    def __init__(self) -> None:
        super().__init__()
        self._stated = datetime.datetime(2024, 1, 20, 9, tzinfo=datetime.UTC)
        self._day = DAYS[0]
        self._known: list[str] = []

    def tell(self, c: _Choices) -> None:
        """Choose one more command."""
        if not self.lines:
            historic = c.once_in(3)
            self._finish(c, opening(historic=historic, currency=c.of(("USD", "EUR"))), importing=historic)
        elif c.once_in(32):
            self._oddity(c)
        else:
            self._known = [name for name in INITIATIVES if self.book.initiative(name) is not None]
            asks = [self._fund, self._objectives]
            if len(self._known) < len(INITIATIVES):
                asks += 2 * [self._propose]
            if self.book.currencies:
                asks += [self._commit, self._pay, self._reverse]
            if self._known:
                asks += [self._align, self._align, self._amend, self._plan, self._gate, self._forecast]
            if self._known and self.book.currencies:
                asks += 2 * [self._approve, self._approve, self._commit, self._pay, self._reverse]
            ask = c.of(asks)
            days = [d for d in (*DAYS, *3 * [self._today()]) if ask != self._align or objectives_in_force(self.book, d)]
            self._day = c.of(days or DAYS)
            self._finish(c, ask(c), importing=self.book.importing)

    def _finish(self, c: _Choices, ask: Ask, *, importing: bool) -> None:
        more: dict[str, Any] = {}
        if importing and not (self.lines and c.once_in(24)):
            self._stated = min(self._stated + datetime.timedelta(days=c.of((9, 0, 25, 40))), START)
            more["recordedtime"] = self._stated.isoformat()
        elif c.once_in(6):
            more |= {"basis": "minuted", "decidedon": "2025-11-30", "onbehalfof": "bo", "decisionid": "D-1"}
        if c.once_in(6):
            more |= {"actor": "eli", "flagreason": "Agreed with finance.", "sourceref": "erp:42#ab"}
        self.say(ask, self._day, **more)

    def _today(self) -> datetime.date:
        return (self._stated if self.book.importing else self.book.recorded_at or START).date()

    def _living(self, c: _Choices) -> str:
        """Return an initiative, mostly one that has not ended."""
        live = [name for name in self._known if self.book.status(name) not in ENDED.values()]
        return c.of(live if live and not c.once_in(16) else self._known)

    def _envelope(self, c: _Choices) -> tuple[str, str]:
        return c.of(sorted(self.book.currencies.items()))

    def _fund(self, c: _Choices) -> Ask:
        envelope, minor, currencies = c.of(ENVELOPES), c.of(MINORS) * 10, self.book.currencies
        own = self.book.opened.currency
        currency = currencies.get(envelope) or c.of((own, own, "USD", "JPY", own, "EUR"))
        others = [name for name, of in sorted(currencies.items()) if of == currency and name != envelope]
        kinds = ["initial", "supplement", "contingency"] + ["transfer", "transfer", "transfer"] * bool(others)
        kinds += ["carry_forward", "carry_forward", "reduction", "return"] * (envelope in currencies)
        kind = c.of(kinds)
        more: dict[str, Any] = {"value_stream": c.of(STREAMS)}
        if kind == "transfer":
            more["counter_envelope"] = c.of(others)
        elif kind == "carry_forward":
            more["counter_period"] = "FY2025"
            more |= c.of(({}, {"counter_envelope": c.of([envelope, *others])}))
        return fund(envelope, -minor if kind in ("reduction", "return") else minor, currency, kind=kind, **more)

    def _objectives(self, c: _Choices) -> Ask:
        """Choose a set: some active, some retired with successors, and at times one that hands over to another."""
        before = self.book.newest(f"objectives/{PORTFOLIO}", ObjectivesSet)
        listed = {each.id for each in before.objectives} if before else set()
        names = sorted({*listed, *OBJECTIVES[: c.of((3, 4, 2, 1))]})
        active = c.some(names, at_least=1)
        retired = [name for name in names if name not in active]
        weights = dict(zip(active, c.of(WEIGHTS[len(active)]), strict=True))
        made = {name: objective(name, weights[name]) for name in active}
        made |= {name: objective(name, 0, status="retired") for name in retired}
        if retired and c.once_in(2):
            first, follower, turn = active[0], retired[-1], c.of(DAYS)
            made[first]["valid_to"] = str(turn - datetime.timedelta(days=1))
            made[follower] = objective(follower, weights[first], valid_from=str(turn))
            active[0] = first if self._day < turn else follower
        for name in names:
            heirs = c.some([each for each in active if each != name], at_least=1)
            if heirs and (name not in active or c.once_in(3)) and not c.once_in(10):
                shares = c.of([shares for shares in SHARES[len(heirs)] if sum(shares) == 10_000])
                made[name] = objective(name, 0, successors=dict(zip(heirs, shares, strict=True))) | made[name]
        return objectives(*made.values())

    def _propose(self, c: _Choices) -> Ask:
        more: dict[str, Any] = {"value_stream": c.of(STREAMS)}
        more |= c.of(({}, {"lead": "lee", "kind": "growth"}, {"horizon": "h2", "kind": "regulatory"}))
        more |= c.of(({}, {"ai": {"use_case": "triage", "eu_class": "high"}}))
        more |= {"parent": c.of(self._known)} if self._known and c.once_in(4) else {}
        return propose(c.of([name for name in INITIATIVES if name not in self._known]), **more)

    def _amend(self, c: _Choices) -> Ask:
        changes = {
            "title": c.of(("Claims triage", "Schäden: Vorprüfung", "理赔分诊")),
            "lead": c.of(("lee", "mia")),
            "sponsor": c.of(("sam", "sue")),
            "value_stream": c.of(STREAMS),
            "kind": c.of(("efficiency", "growth")),
            "horizon": c.of(("h1", "h3", "unknown")),
            "ai": {"use_case": "triage", "eu_class": c.of(("minimal", "high", "transparency"))},
        }
        return amend(self._living(c), **{name: changes[name] for name in c.some([*changes], at_least=1)[:3]})

    def _align(self, c: _Choices) -> Ask:
        in_force = objectives_in_force(self.book, self._day)
        active = [each.id for each in in_force.objectives if each.active_on(self._day)] if in_force else []
        serves = c.some(active, at_least=1)
        return align(self._living(c), **dict(zip(serves, c.of(SHARES[len(serves)]), strict=True)))

    def _plan(self, c: _Choices) -> Ask:
        initiative = self._living(c)
        before = self.book.newest(f"initiative/{initiative}", BaselineSet)
        number = (0 if before is None else before.number) + (1 if not c.once_in(16) else 2)
        minors = [c.of(MINORS) for _ in range(c.of((2, 1, 0)))]
        more = c.of(({}, {"start": "2026-01-01", "finish": str(c.of(DAYS[6:]))}))
        return plan(initiative, number, *minors, currency=c.of(("USD", "EUR")), **more)

    def _approve(self, c: _Choices) -> Ask:
        (envelope, currency), minor = self._envelope(c), c.of(MINORS)
        return approve(self._living(c), envelope, -minor if c.once_in(4) else minor, currency)

    def _gate(self, c: _Choices) -> Ask:
        initiative = self._living(c)
        stage = self.book.stage(initiative)
        going = ("go", "conditional_go", "go", "recycle", "pivot")
        outcome = c.of((*going, "hold", "hold", *going, "kill", "complete", "merged"))
        stays = outcome in ("hold", "kill", "merged") and not c.once_in(24)
        return gate(initiative, outcome, stage, stage if stays else c.of(STAGES))

    def _commit(self, c: _Choices) -> Ask:
        (envelope, currency), minor = self._envelope(c), c.of(MINORS)
        return commit(
            c.of([*self._known, None]), envelope, c.of(COMMITMENTS), -minor if c.once_in(6) else minor, currency
        )

    def _pay(self, c: _Choices) -> Ask:
        initiative, (envelope, currency), minor = c.of([*self._known, None]), self._envelope(c), c.of(MINORS)
        free = [ref for ref in POSTING_REFS if not self.book.posting_is_live(ref)]
        ref = c.of(free if free and not c.once_in(32) else POSTING_REFS)
        contracts = [place for place in self.book.sums if place[0] == "open" and place[3] is not None]
        more = {}
        if contracts and c.once_in(2):
            _, envelope, initiative, commitment = c.of(contracts)
            currency, more = self.book.currencies[envelope], {"commitment": commitment}
        return pay(initiative, envelope, ref, -minor if c.once_in(6) else minor, currency, **more)

    def _forecast(self, c: _Choices) -> Ask:
        minors = [c.of(MINORS) for _ in range(c.of((1, 2, 0)))]
        return forecast(
            c.of(self._known), str(self._today()), *minors, currency=c.of((self.book.opened.currency, "USD", "EUR"))
        )

    def _reverse(self, c: _Choices) -> Ask:
        """Choose money to void or counter, or the newest fact of a subject and type to void."""
        if c.once_in(16):
            return reverse(c.of(range(1, self.book.sequence + 2)), c.of(("void", "counter")))
        live = [(event.at, line.key) for event in self.events if (line := self.book.line(event.at)) is not None]
        live = [(at, key) for at, key in live if at not in self.book.reversed_by and key.type is not EntryReversed]
        money = [at for at, key in live if key.type in MONEY_FACTS]
        newest = [at for at, key in live if key.type not in STANDS_FOR_EVER and self.book.is_newest(at, key)]
        if newest and c.once_in(3):
            return reverse(c.of(newest), "void")
        return reverse(c.of(money or [1]), c.of(("void", "counter")))

    def _oddity(self, c: _Choices) -> None:
        """Choose a line no sender should send: a repeat, a reused id, a fraction, or no JSON."""
        odd = c.of((self.lines[-1], self.lines[0], b'{"type":"PostActual.v1","data":{"minor":1.5}}', b"not json"))
        self.say_line(odd.replace(b'"ana"', b'"eve"') if c.once_in(3) else odd)
