"""Histories by chance: command lines that collide on purpose, most of them to be accepted.

`told` chooses from small pools by a few bytes a command; `histories` is that as a hypothesis strategy, which can
shrink a history by leaving commands out. The words are in `words`, how they are decided in `teller`.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Sequence
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from ledger.book import ENDED, Dated, objectives_in_force
from ledger.evolve import MONEY_FACTS
from ledger.heads import TextPlace
from ledger.rules.corrections import STANDS_FOR_EVER
from ledger.rules.decisions import tally_of
from ledger.rules.watching import STAGES as MODEL_STAGES
from ledger.rules.watching import ranking
from schemas.envelope import Recorded
from schemas.events import (
    ActorEnrolled,
    BaselineSet,
    BenefitPlanned,
    BodySet,
    ConditionDischarged,
    DecisionClosed,
    DecisionRequested,
    EntryReversed,
    HoldSet,
    ModelLifecycleChanged,
    ObjectivesSet,
    PeriodClosed,
    PolicyAdopted,
    VoteRecorded,
)
from tests import words as w
from tests.anchoring import anchor
from tests.choices import (
    ACTORS,
    BENEFITS,
    BODIES,
    COMMITMENTS,
    CONDITIONS,
    CURRENCIES,
    DAYS,
    DECISIONS,
    ENVELOPES,
    FISCAL_PERIODS,
    HIDDEN,
    INITIATIVES,
    MINORS,
    MODELS,
    MONEY_RULES,
    MONTHS,
    OBJECTIVES,
    POSTING_REFS,
    SHARES,
    STAGES,
    STEP_BYTES,
    STREAMS,
    WEIGHTS,
    Choices,
)
from tests.fixed_history import every_type_history
from tests.keys import vkey
from tests.teller import FAR_FUTURE, START, Teller, days, record
from tests.words import PORTFOLIO, Ask

__all__ = ["FAR_FUTURE", "every_type_history", "histories", "moments", "record", "told"]


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
        teller.tell(Choices(step))
    return teller.lines


class _Chooser(Teller):
    def __init__(self) -> None:
        super().__init__()
        self._stated = datetime.datetime(2024, 1, 20, 9, tzinfo=datetime.UTC)
        self._day = DAYS[0]
        self._known: list[str] = []

    def tell(self, c: Choices) -> None:
        """Choose one more command."""
        if not self.lines:
            historic = c.once_in(3)
            self._finish(c, w.opening(historic=historic, currency=c.of(("USD", "EUR"))), importing=historic)
        elif c.once_in(32):
            self._oddity(c)
        else:
            self._known = [name for name in INITIATIVES if self.book.initiative(name) is not None]
            asks = self._asks()
            ask = c.of(asks)
            fits = {
                self._align: lambda day: objectives_in_force(self.book, day),
                self._score: lambda day: self.book.policy("prioritisation", day),
            }.get(ask, lambda _: True)
            self._day = c.of([day for day in (*DAYS, *3 * [self._today()]) if fits(day)] or DAYS)
            self._finish(c, ask(c), importing=self.book.importing)

    def _asks(self) -> list[Callable[[Choices], Ask]]:
        """Return what can be asked, more often what most others rest on."""
        asks = [self._fund, self._objectives, self._enrol, self._policy, self._model, self._risk, self._flow]
        asks += 2 * [self._request, self._benefit] + [self._close_period, self._anchor, self._hold]
        if self._hidden():
            asks += 2 * [self._erase]
        if len(self._known) < len(INITIATIVES):
            asks += 6 * [self._propose]
        if self._actors():
            asks += [self._body, self._authority, self._interest]
        if self._actors() and self._undecided():
            asks += 5 * [self._vote] + 2 * [self._close]
        if self._conditions_open():
            asks += 2 * [self._discharge]
        if self.book.currencies:
            asks += [self._commit, self._pay, *4 * [self._reverse]]
        else:
            asks += 6 * [self._fund]
        if self._known:
            asks += [self._align, self._align, self._amend, self._plan, self._gate, self._gate, self._forecast]
            asks += [self._rank, self._rate, self._capacity, self._link, self._link, self._link]
        if self._known and self.book.newest("policy/prioritisation", PolicyAdopted) is not None:
            asks += 4 * [self._score]
        if self._known and self.book.currencies:
            asks += 6 * [self._approve] + 4 * [self._reallocate] + 3 * [self._commit, self._pay, self._reverse]
        return asks

    def _finish(self, c: Choices, ask: Ask, *, importing: bool) -> None:
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

    def _living(self, c: Choices) -> str:
        """Return an initiative, mostly one that has not ended."""
        live = [name for name in self._known if self.book.status(name) not in ENDED.values()]
        return c.of(live if live and not c.once_in(16) else self._known)

    def _envelope(self, c: Choices) -> tuple[str, str]:
        return c.of(sorted(self.book.currencies.items()))

    def _fund(self, c: Choices) -> Ask:
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
        more["fiscal_period"] = self._period(c, FISCAL_PERIODS)
        if more.get("counter_period") == more["fiscal_period"]:
            more["counter_period"] = "FY2024"
        return w.fund(envelope, -minor if kind in ("reduction", "return") else minor, currency, kind=kind, **more)

    def _objectives(self, c: Choices) -> Ask:
        """Choose a set: some active, some retired with successors, and at times one that hands over to another."""
        before = self.book.newest(f"objectives/{PORTFOLIO}", ObjectivesSet)
        listed = {each.id for each in before.objectives} if before else set()
        names = sorted({*listed, *OBJECTIVES[: c.of((3, 4, 2, 1))]})
        active = c.some(names, at_least=1)
        retired = [name for name in names if name not in active]
        weights = dict(zip(active, c.of(WEIGHTS[len(active)]), strict=True))
        made = {name: w.objective(name, weights[name]) for name in active}
        made |= {name: w.objective(name, 0, status="retired") for name in retired}
        if retired and c.once_in(2):
            first, follower, turn = active[0], retired[-1], c.of(DAYS)
            made[first]["valid_to"] = str(turn - datetime.timedelta(days=1))
            made[follower] = w.objective(follower, weights[first], valid_from=str(turn))
            active[0] = first if self._day < turn else follower
        for name in names:
            heirs = c.some([each for each in active if each != name], at_least=1)
            if heirs and (name not in active or c.once_in(3)) and not c.once_in(10):
                shares = c.of([shares for shares in SHARES[len(heirs)] if sum(shares) == 10_000])
                made[name] = w.objective(name, 0, successors=dict(zip(heirs, shares, strict=True))) | made[name]
        return w.objectives(*made.values())

    def _propose(self, c: Choices) -> Ask:
        more: dict[str, Any] = {"value_stream": c.of(STREAMS)}
        more |= c.of(({}, {"lead": "lee", "kind": "growth"}, {"horizon": "h2", "kind": "regulatory"}))
        more |= c.of(({}, {"ai": {"use_case": "triage", "eu_class": "high"}}))
        more |= {"parent": c.of(self._known)} if self._known and c.once_in(4) else {}
        return w.propose(c.of([name for name in INITIATIVES if name not in self._known]), **more)

    def _amend(self, c: Choices) -> Ask:
        changes = {
            "title": c.of(("Claims triage", "Schäden: Vorprüfung", "理赔分诊")),
            "lead": c.of(("lee", "mia")),
            "sponsor": c.of(("sam", "sue")),
            "value_stream": c.of(STREAMS),
            "kind": c.of(("efficiency", "growth")),
            "horizon": c.of(("h1", "h3", "unknown")),
            "ai": {"use_case": "triage", "eu_class": c.of(("minimal", "high", "transparency"))},
        }
        return w.amend(self._living(c), **{name: changes[name] for name in c.some([*changes], at_least=1)[:3]})

    def _align(self, c: Choices) -> Ask:
        in_force = objectives_in_force(self.book, self._day)
        active = [each.id for each in in_force.objectives if each.active_on(self._day)] if in_force else []
        serves = c.some(active, at_least=1)
        return w.align(self._living(c), **dict(zip(serves, c.of(SHARES[len(serves)]), strict=True)))

    def _plan(self, c: Choices) -> Ask:
        initiative = self._living(c)
        before = self.book.newest(f"initiative/{initiative}", BaselineSet)
        number = (0 if before is None else before.number) + (1 if not c.once_in(16) else 2)
        minors = [c.of(MINORS) for _ in range(c.of((2, 1, 0)))]
        more = c.of(({}, {"start": "2026-01-01", "finish": str(c.of(DAYS[6:]))}))
        return w.plan(initiative, number, *minors, currency=c.of(("USD", "EUR")), **more)

    def _approve(self, c: Choices) -> Ask:
        (envelope, currency), minor = self._envelope(c), c.of(MINORS)
        more = {} if c.once_in(2) else {"period": self._period(c, FISCAL_PERIODS)}
        more |= self._conditions(c)
        return w.approve(self._living(c), envelope, -minor if c.once_in(4) else minor, currency, **more)

    def _gate(self, c: Choices) -> Ask:
        initiative = self._living(c)
        stage = self.book.stage(initiative)
        going = ("go", "conditional_go", "go", "recycle", "pivot")
        outcome = c.of((*going, "hold", "hold", *going, "kill", "complete", "merged"))
        stays = outcome in ("hold", "kill", "merged") and not c.once_in(24)
        more = self._conditions(c) | c.of(({}, {"next_gate_on": str(c.of(DAYS))}, {"reason": HIDDEN}))
        return w.gate(initiative, outcome, stage, stage if stays else c.of(STAGES), **more)

    def _commit(self, c: Choices) -> Ask:
        (envelope, currency), minor = self._envelope(c), c.of(MINORS)
        whose, which = c.of([*self._known, None]), c.of(COMMITMENTS)
        more = {"period": c.of(MONTHS)} | c.of(({}, {"supplier": "Acme"}, {"supplier": "Brandt"}))
        return w.commit(whose, envelope, which, -minor if c.once_in(6) else minor, currency, **more)

    def _pay(self, c: Choices) -> Ask:
        initiative, (envelope, currency), minor = c.of([*self._known, None]), self._envelope(c), c.of(MINORS)
        free = [ref for ref in POSTING_REFS if not self.book.posting_is_live(ref)]
        ref = c.of(free if free and not c.once_in(32) else POSTING_REFS)
        contracts = [place for place in self.book.sums if place[0] == "open" and place[3] is not None]
        more: dict[str, Any] = {"period": self._period(c, MONTHS)}
        if contracts and c.once_in(2):
            _, envelope, initiative, commitment = c.of(contracts)
            currency = self.book.currencies[envelope]
            more["commitment"] = commitment
        return w.pay(initiative, envelope, ref, -minor if c.once_in(6) else minor, currency, **more)

    def _forecast(self, c: Choices) -> Ask:
        minors = [c.of(MINORS) for _ in range(c.of((1, 2, 0)))]
        return w.forecast(
            c.of(self._known), str(self._today()), *minors, currency=c.of((self.book.opened.currency, "USD", "EUR"))
        )

    def _reverse(self, c: Choices) -> Ask:
        """Choose money to void or counter, or the newest fact of a subject and type to void."""
        if c.once_in(16):
            return w.reverse(c.of(range(1, self.book.sequence + 2)), c.of(("void", "counter")))
        live = [(event.at, line.key) for event in self.events if (line := self.book.line(event.at)) is not None]
        live = [(at, key) for at, key in live if at not in self.book.reversed_by and key.type is not EntryReversed]
        money = [at for at, key in live if key.type in MONEY_FACTS]
        newest = [at for at, key in live if key.type not in STANDS_FOR_EVER and self.book.is_newest(at, key)]
        if newest and c.once_in(3):
            kinds = sorted({key.type.__name__ for at, key in live if at in newest})
            kind = c.of(kinds)
            return w.reverse(c.of([at for at, key in live if at in newest and key.type.__name__ == kind]), "void")
        more = {} if c.once_in(2) else {"period": self._period(c, FISCAL_PERIODS)}
        return w.reverse(c.of(money or [1]), c.of(("void", "counter")), **more)

    def _period(self, c: Choices, periods: Sequence[str]) -> str:
        """Return a period, mostly one that is open."""
        still_open = [period for period in periods if self.book.closed_by(period) is None]
        return c.of(still_open if still_open and not c.once_in(24) else periods)

    def _close_period(self, c: Choices) -> Ask:
        closed = [each.period for each in self.book.each(PeriodClosed) if each.status == "soft"]
        if closed and not c.once_in(4):
            return w.close_period(c.of(closed), c.of(("reopened", "reopened", "final")))
        period = c.of(("2026-01", "2025-12", "FY2025", "FY2026", "2026-Q1"))
        more: dict[str, Any] = {}
        if c.once_in(2):
            booked = self.book.period_totals(period).items()
            told = [{"measure": name, "currency": of, "amount_minor": minor} for (name, of), minor in booked]
            more["totals"] = [*told, {"measure": "actual", "currency": "CHF", "amount_minor": 0}]
        return w.close_period(period, "final" if c.once_in(6) else "soft", **more)

    # People and policies.

    def _actors(self) -> list[str]:
        return [name for name in ACTORS if self.book.newest(f"actor/{name}", ActorEnrolled) is not None]

    def _bodies(self) -> list[str]:
        return [name for name in BODIES if self.book.newest(f"body/{name}", BodySet) is not None]

    def _enrol(self, c: Choices) -> Ask:
        missing = [name for name in ACTORS if name not in self._actors()]
        actor = c.of(missing or ACTORS)
        return w.enrol(actor, **c.of(({}, {"vkey": vkey(actor)}, {"status": "left"}, {"vkey": vkey("lent")})))

    def _body(self, c: Choices) -> Ask:
        members = c.some(self._actors(), at_least=1)
        return w.body(c.of(BODIES), *members, votes=c.of(range(1, len(members) + 1)))

    def _authority(self, c: Choices) -> Ask:
        bodies = self._bodies()
        kind = c.of(("actor", "body", "role") if bodies else ("actor", "role"))
        holder = c.of({"actor": self._actors(), "body": bodies, "role": ["manager"]}[kind])
        return w.authority(c.of(("G-1", "G-2")), holder, c.of((0, 50_000)), c.of(CURRENCIES), kind=kind)

    def _interest(self, c: Choices) -> Ask:
        return w.interest(c.of(self._actors()), *c.of((("supplier", "Acme"), ("initiative", "AI-1"))))

    def _policy(self, c: Choices) -> Ask:
        """Choose a policy: which money rules refuse, who decides up to how much, how late a decision may be told."""
        kind = c.of(
            (
                "guardrails",
                "prioritisation",
                "tiers",
                "prioritisation",
                "tolerance",
                "capacity",
                "allocation",
                "structure",
            )
        )
        before = self.book.newest(f"policy/{kind}", PolicyAdopted)
        currency = c.of(CURRENCIES)
        criteria = [{"id": "worth", "title": "Worth", "sort": "value", "weight_bp": 10_000}]
        criteria += c.of(([], [{"id": "new", "title": "New", "sort": "novelty", "weight_bp": 0, "scale_max": 10}]))
        small = {"tier": "small", "up_to": w.money(c.of(MINORS), currency), "roles": ["manager"]}
        large = {"tier": "large", "body": c.of(BODIES), "takes": c.of((["novel"], []))}
        supply = {
            "pool": "people",
            "skill": "python",
            "unit": "mfte",
            "period": "2026-01",
            "amount": c.of((500, 5_000)),
        }
        content: dict[str, dict[str, Any]] = {
            "guardrails": {
                "rules": [
                    {"rule": rule, "action": c.of(("off", "flag", "off", "refuse"))} for rule in c.some(MONEY_RULES)[:4]
                ]
            },
            "prioritisation": {"method": "weighted", "criteria": criteria},
            "tiers": {"tiers": [small, large]},
            "tolerance": {"lateness_days": c.of((30, 0, 3_000))},
            "capacity": {"supply": [supply], "tolerance_bp": c.of((0, 1_000))},
            "allocation": {"value_streams": [{"name": STREAMS[0], "share_bp": 10_000}][: c.of((1, 0))]},
            "structure": {"value_streams": [{"id": name, "title": name.title()} for name in c.some(STREAMS)]},
        }
        version = (0 if before is None else before.version) + (2 if c.once_in(16) else 1)
        return w.policy(kind, version, **content[kind])

    # Decisions and conditions.

    def _request_of(self, decision: str) -> Dated | None:
        stack = self.book.stack(f"decision/{decision}", DecisionRequested)
        return stack[-1] if stack else None

    def _undecided(self) -> list[str]:
        """Return the decisions that were requested and not closed."""
        return [
            name
            for name in DECISIONS
            if self._request_of(name) and self.book.newest(f"decision/{name}", DecisionClosed) is None
        ]

    def _request(self, c: Choices) -> Ask:
        closed = [name for name in DECISIONS if self.book.newest(f"decision/{name}", DecisionClosed) is not None]
        still_open = [name for name in DECISIONS if name not in closed]
        more: dict[str, Any] = c.of(({}, {"recommended": "yes"}, {"question": HIDDEN}))
        more |= c.of(({}, {"amount": w.money(c.of(MINORS), c.of(CURRENCIES))}))
        more |= c.of(({}, {"due": str(c.of(DAYS))}))
        more |= {} if c.once_in(2) else {"trigger": c.of(range(1, self.book.sequence + 1))}
        more |= c.of(({}, {"escalation": ["novel"]}))
        kind = c.of(("funding", "gate", "waiver"))
        return w.request(c.of(still_open or DECISIONS), *c.some(self._known)[:2], kind=kind, **more)

    def _vote(self, c: Choices) -> Ask:
        decision = c.of(self._undecided())
        stack = self.book.stack(f"decision/{decision}", DecisionRequested)
        on = stack[0].sequence if c.once_in(12) else stack[-1].sequence
        cast = [each.fact for each in self.book.stack(f"decision/{decision}", VoteRecorded) if each.fact.request == on]
        free = [name for name in self._actors() if name not in {vote.voter for vote in cast}]
        more = c.of(({}, {"dissent": "Too dear; wait."}, {"dissent": HIDDEN}, {"option": "yes"}))
        how = c.of(("approve", "reject", "abstain", "recuse", "advise"))
        return w.vote(decision, on, c.of(free or self._actors()), how, **more)

    def _close(self, c: Choices) -> Ask:
        decision = c.of(self._undecided())
        on = self._request_of(decision).sequence
        counted = tally_of(self.book, decision, on)
        tally = {name: getattr(counted, name) for name in counted.__struct_fields__}
        tally["approve"] += c.once_in(12)
        outcome = c.of(("approved", "rejected", "deferred", "withdrawn", "lapsed"))
        more = self._conditions(c) | c.of(({}, {"option": "no"}))
        return w.close(decision, outcome, "2026-01-12", tally, **more)

    def _conditions(self, c: Choices) -> dict[str, Any]:
        """Return none, or one or two conditions, mostly new."""
        if not c.once_in(3):
            return {}
        new = [name for name in CONDITIONS if name not in self.book.conditions]
        names = c.some(new if new and not c.once_in(12) else CONDITIONS, at_least=1)[: c.of((1, 2))]
        return {"conditions": [w.condition(name, str(c.of(DAYS))) for name in names]}

    def _conditions_open(self) -> list[str]:
        return [
            name
            for name, at in self.book.conditions.items()
            if at not in self.book.reversed_by and self.book.newest(f"condition/{name}", ConditionDischarged) is None
        ]

    def _discharge(self, c: Choices) -> Ask:
        still_open = self._conditions_open()
        return w.discharge(c.of(still_open if not c.once_in(16) else CONDITIONS), c.of(("met", "waived", "breached")))

    def _reallocate(self, c: Choices) -> Ask:
        """Choose two places, mostly of one currency, and often money that is there."""
        (there, currency), comes_from = self._envelope(c), c.of(self._known)
        alike = [name for name, of in sorted(self.book.currencies.items()) if of == currency]
        here = c.of(alike if not c.once_in(16) else ENVELOPES)
        goes_to = self._living(c)
        if (comes_from, there) == (goes_to, here) and not c.once_in(12):
            here, goes_to = alike[alike.index(here) - 1] if here in alike else here, c.of(self._known[::-1])
        approved = self.book.total("approved", there, comes_from)
        minor = approved if approved > 0 and c.once_in(2) else c.of(MINORS)
        periods = (None, None) if c.once_in(2) else tuple(self._period(c, FISCAL_PERIODS) for _ in range(2))
        return w.reallocate((comes_from, there), (goes_to, here), minor, currency, periods=periods)

    # What is watched.

    def _score(self, c: Choices) -> Ask:
        held = self.book.policy("prioritisation", self._day)
        version = 1 if held is None else held.fact.version
        scores = {"worth": c.of((50, 0, 100, 7, 8, 101))}
        if held is not None and len(held.fact.body.criteria) > 1 and not c.once_in(3):
            scores["new"] = c.of((5, 0, 10, 1))
        worth = {"cost_of_delay": w.money(c.of(MINORS), c.of(CURRENCIES[:2])), "job_size": c.of((1, 3, 8))}
        return w.also(w.score(c.of(self._known), version, **scores), **c.of(({}, worth)))

    def _rank(self, c: Choices) -> Ask:
        ranks, initiative = ranking(self.book), self._living(c)
        free = [place for place in range(1, 9) if place not in ranks.values()]
        moves = [(initiative, c.of(free if not c.once_in(16) else range(1, 9)), ranks.get(initiative))]
        others = [name for name in ranks if name != initiative and self.book.status(name) not in ENDED.values()]
        if initiative in ranks and others and c.once_in(2):
            other = c.of(others)
            moves = [(initiative, ranks[other], ranks[initiative]), (other, ranks[initiative], ranks[other])]
        ask = w.rank(*moves)
        return w.also(ask, moves=[move | c.of(({}, {"tier": "now"}, {"tier": "next"})) for move in ask.data["moves"]])

    def _rate(self, c: Choices) -> Ask:
        scale, rating = c.of((("five", "amber_red"), ("three", "green"), ("five", "exempt"), ("three", "amber")))
        return w.rate(c.of(self._known), rating, str(self._today()), scale=scale)

    def _risk(self, c: Choices) -> Ask:
        return w.risk(c.of(("R-1", "R-2")), c.of((0, 2_500, 10_000)), c.of([*self._known, None]))

    def _flow(self, c: Choices) -> Ask:
        return w.flow(c.of(STREAMS), f"{c.of((2025, 2024))}-{c.of(range(1, 13)):02d}", 40, c.of((90, 40)), feature=3)

    def _capacity(self, c: Choices) -> Ask:
        initiative, kind = self._living(c), c.of(("planned", "used"))
        more = c.of(({}, {"skill": "rust"}))
        return w.allocate(initiative, c.of(("2026-01", "2026-02")), c.of((400, 1_000, 0)), kind=kind, **more)

    def _link(self, c: Choices) -> Ask:
        """Choose a model more often than anything else; links that hold now, later, no longer."""
        initiative, kind = c.of(self._known), c.of((*5 * ["ai_model"], "backlog", "depends_on"))
        others = [name for name in self._known if name > initiative] or self._known
        if kind == "depends_on":
            return w.link(initiative, kind, c.of(others))
        if kind == "backlog":
            return w.link(initiative, kind, c.of(("JIRA-1", "JIRA-2")), system="jira", share_bp=c.of((2_000, 5_000)))
        more = {name: str(c.of(DAYS)) for name in ("from", "to") if c.once_in(4)}
        role = c.of(("primary", "primary", "fallback", "fallback", "evaluated", None))
        more |= {"share_bp": c.of((5_000, 2_000))} if c.once_in(3) else {}
        return w.link(initiative, kind, c.of((*MODELS, "topaz")), role, **more)

    def _model(self, c: Choices) -> Ask:
        name = c.of(MODELS)
        changes = ("catalogued", "retirement_announced", "rescheduled", "cancelled", "price", "stage")
        change, before = c.of((*changes, *changes[1:3])), self.book.stack(f"model/{name}", ModelLifecycleChanged)
        reached = [MODEL_STAGES.index(each.fact.stage) for each in before if each.fact.stage]
        more: dict[str, Any] = {"provider": c.of(("Acme", "Brandt"))}
        if c.once_in(2):
            more["stage"] = c.of(MODEL_STAGES[reached[-1] if reached and not c.once_in(12) else 0 :])
        more |= {field: str(c.of(DAYS)) for field in ("effective_on", "announced_on") if not c.once_in(3)}
        return w.model(name, change, **more)

    # Benefits.

    def _benefit(self, c: Choices) -> Ask:
        promised = [name for name in BENEFITS if self.book.newest(f"benefit/{name}", BenefitPlanned) is not None]
        if promised and not c.once_in(3):
            worth = None if c.once_in(4) else w.money(c.of(MINORS), c.of(CURRENCIES[:2]))
            status = c.of(("claimed", "validated", "claimed", "rejected"))
            return w.measure(c.of(promised), c.of(("2026-Q1", "2026-Q2")), status, worth)
        targets = [
            (f"{2026 + at}", "1", None if c.once_in(4) else w.money(c.of(MINORS), c.of(CURRENCIES[:2])))
            for at in range(c.of((2, 1, 0)))
        ]
        in_force = objectives_in_force(self.book, self._day)
        more = {"objective": in_force.objectives[0].id} if in_force and c.once_in(2) else {}
        shares = c.of([(10_000,), (3_333, 6_667)][: len(self._known)] or [()])
        names = self._known[-len(shares) :]
        more |= {"initiatives": [{"initiative": n, "share_bp": bp} for n, bp in zip(names, shares, strict=False)]}
        return w.promise(c.of(BENEFITS), *targets, **more, type=c.of(("cashable", "revenue")))

    # Proof.

    def _anchor(self, c: Choices) -> Ask:
        """Choose a checkpoint, mostly of all there is, that was cosigned soon after; sometimes of another log."""
        size = len(self.events) if c.once_in(2) else c.of(range(1, len(self.events) + 1))
        at_s = c.of((None, int(self.events[size - 1].recordedtime.timestamp()) + c.of((1, 3_600, -9 * 86_400))))
        return anchor(self.events, size, at_s=at_s, **({"origin": "other-0badcafe"} if c.once_in(24) else {}))

    def _hold(self, c: Choices) -> Ask:
        live = [each.hold for each in self.book.each(HoldSet) if each.status == "set"]
        if live and not c.once_in(3):
            return w.hold(c.of(live), status="released")
        return w.hold(c.of(("H-1", "H-2")), *(f"initiative/{name}" for name in c.some(self._known)))

    def _hidden(self) -> list[TextPlace]:
        return [place for places in self.book.texts.values() for place in places]

    def _erase(self, c: Choices) -> Ask:
        place = c.of(self._hidden())
        return w.erase(place.sequence, place.field if not c.once_in(16) else "data.reason", HIDDEN["commitment"])

    def _oddity(self, c: Choices) -> None:
        """Choose a line no sender should send: a repeat, a reused id, a fraction, or no JSON."""
        odd = c.of((self.lines[-1], self.lines[0], b'{"type":"PostActual.v1","data":{"minor":1.5}}', b"not json"))
        self.say_line(odd.replace(b'"ana"', b'"eve"') if c.once_in(3) else odd)
