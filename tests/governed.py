"""Governed histories by chance: a portfolio whose rules refuse, and people who try what they may and may not do.

`tried` chooses by a few bytes a command, so that hypothesis can shrink a history by leaving commands out.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from ledger.rules.ballots import request_of
from ledger.rules.decisions import tally_of
from schemas.events import EntryReversed
from schemas.receipts import Reason
from tests import words as w
from tests.choices import STEP_BYTES, Choices
from tests.teller import Teller
from tests.words import Ask

DAY = "2026-01-12"
ACTORS = ("ana", "bob", "eli", "kai", "ana-2", "reg")
PERSON = {"ana-2": "p-ana", "reg": "p-1"}
ROLES = {
    "ana": ("manager",),
    "bob": ("manager", "finance"),
    "eli": ("owner",),
    "kai": ("manager", "compliance"),
    "ana-2": ("owner",),
}
INITIATIVES = ("AI-1", "AI-2", "AI-3")
MINORS = (20, 10, 30, 45, 60, 5)
DECISIONS = tuple(f"D-{number}" for number in range(1, 13))
REFUSED = [each.name for each in Reason if each.follows_policy and each is not Reason.UNEXPLAINED]
TIERS: tuple[dict[str, Any], ...] = (
    {"tier": "low", "up_to": w.money(60, "USD"), "roles": ["manager"]},
    {"tier": "mid", "up_to": w.money(70, "USD"), "roles": ["finance", "owner"]},
    {"tier": "top", "body": "board"},
)
SEATED = [
    {"actor": "bob", "seat": "finance"},
    {"actor": "eli", "seat": "owner"},
    {"actor": "kai", "seat": "risk"},
    {"actor": "ana", "seat": "finance", "voting": False, "alternate_for": "bob"},
]
AI = {"ai": {"use_case": "triage", "eu_class": "high"}}


def governed_histories(most: int = 40) -> SearchStrategy[Teller]:
    """Return a strategy of tellers that have told a governed history."""
    return st.lists(st.binary(min_size=STEP_BYTES, max_size=STEP_BYTES), max_size=most).map(tried)


def tried(steps: Sequence[bytes]) -> Teller:
    """Return what came of the commands that *steps* choose, after a beginning that is always the same."""
    trying = _Trying()
    for step in steps:
        trying.step(Choices(step))
    return trying.teller


def limit(basis: str, minor: int, period: str | None = None) -> dict[str, Any]:
    return {"basis": basis, "amount": w.money(minor, "USD")} | ({} if period is None else {"period": period})


class _Trying:
    def __init__(self) -> None:
        self.teller = Teller()
        self.book = self.teller.book
        every = ["funding", "reallocation", "gate", "waiver"]
        self.all(
            w.opening(),
            *(
                w.enrol(name, person=PERSON.get(name, f"p-{name}"), roles=list(ROLES.get(name, ())))
                for name in ACTORS
                if name != "reg"
            ),
            w.fund("claims", 200),
            w.fund("data", 60),
            w.propose("AI-1"),
            w.propose("AI-2", sponsor="ana", lead="eli"),
            w.propose("AI-3", proposer="bob", **AI),
            w.body("board", "bob", members=SEATED, quorum={"votes": 2, "seats": ["finance"]}),
            w.authority("G-ana", "ana", 40, kinds=every),
            w.authority("G-bob", "bob", 80, kinds=every, limits=[limit("initiative_total", 80)]),
            w.authority("G-own", "owner", 80, kind="role", kinds=every, limits=[limit("initiative_total", 80)]),
            w.authority("G-kai", "kai", 80, kinds=["funding"], limits=[limit("holder_period", 30, "month")]),
            w.authority("G-top", "board", 150, kind="body", kinds=every),
            w.authority("G-alone", "kai", 20, emergency=True, limits=[limit("one_decision", 20)]),
            w.policy("tiers", 1, tiers=list(TIERS)),
            w.guardrails(**dict.fromkeys(REFUSED, "refuse")),
        )

    def all(self, *asks: Ask) -> None:
        for ask in asks:
            assert self.teller.say(ask, DAY, actor="reg"), ask

    def step(self, c: Choices) -> None:
        asks = 5 * [self._approve] + [self._vote, self._close, self._request, self._reallocate, self._gate]
        asks += [self._reverse, self._discharge, self._grant]
        if c.once_in(4):
            self._decide(c)
            return
        actor = c.of(("ana", "bob", "kai", *ACTORS))
        asked = self._asked()
        decision = c.of((None, *asked[-2:], None, *asked[-1:]))
        ask, more = c.of(asks)(c)
        under = {} if decision is None else {"decisionid": decision}
        self.teller.say(ask, self._today(), **({"actor": actor} | under | more))

    def _today(self) -> str:
        at = self.book.recorded_at
        return DAY if at is None else str(self.book.local_day(at))

    def _asked(self) -> list[str]:
        return [name for name in DECISIONS if request_of(self.book, name) is not None]

    def _decide(self, c: Choices) -> None:
        """Go the whole way of a decision, with people who should not vote among those who do."""
        free = [name for name in DECISIONS if name not in self._asked()]
        if not free:
            return
        name, kind = free[0], c.of(("funding", "reallocation", "gate"))
        amount = w.money(c.of((30, 50, 90)), "USD")
        subjects = c.some(INITIATIVES, at_least=1)[:2]
        self.teller.say(w.request(name, *subjects, kind=kind, amount=amount), self._today(), actor=c.of(ACTORS))
        held = request_of(self.book, name)
        if held is None:
            return
        for voter in c.some(ACTORS, at_least=1)[:4]:
            how = c.of(("approve", "approve", "reject", "recuse", "approve"))
            capacity = c.of(("member", "alternate")) if voter == "ana" else "adviser" if voter == "kai" else "member"
            self.teller.say(w.vote(name, held.sequence, voter, how, capacity=capacity), self._today(), actor=voter)
        counted = tally_of(self.book, name, held.sequence)
        tally = {each: getattr(counted, each) for each in counted.__struct_fields__}
        body = {"body": held.fact.body} if held.fact.body and not c.once_in(6) else {}
        self.teller.say(w.close(name, "approved", DAY, tally, **body), self._today(), actor=c.of(ACTORS))

    def _approve(self, c: Choices) -> tuple[Ask, dict[str, Any]]:
        minor = -c.of(MINORS) if c.once_in(6) else c.of(MINORS)
        more: dict[str, Any] = {}
        if c.once_in(5):
            blocking = w.condition(f"K-{c.of(range(6))}", "2026-06-30", owner=c.of(ACTORS), blocking=True)
            more["conditions"] = [blocking]
        alone = {"basis": "emergency"} if c.once_in(6) else {}
        more |= {"ratify_by": "2026-01-14"} if alone else {}
        return w.approve(c.of(INITIATIVES), c.of(("claims", "data")), minor, **more), alone

    def _reallocate(self, c: Choices) -> tuple[Ask, dict[str, Any]]:
        source, target = (c.of(INITIATIVES), c.of(("claims", "data"))), (c.of(INITIATIVES), c.of(("claims", "data")))
        return w.reallocate(source, target, c.of(MINORS)), {}

    def _gate(self, c: Choices) -> tuple[Ask, dict[str, Any]]:
        name = c.of(INITIATIVES)
        stage = self.book.stage(name)
        outcome = c.of(("go", "hold", "conditional_go", "go", "recycle"))
        return w.gate(name, outcome, stage, stage if outcome == "hold" else c.of(("pilot", "build"))), {}

    def _request(self, c: Choices) -> tuple[Ask, dict[str, Any]]:
        amount = {} if c.once_in(4) else {"amount": w.money(c.of((30, 60, 90, 120)), "USD")}
        kind = c.of(("funding", "funding", "gate", "reallocation"))
        return w.request(c.of(DECISIONS), *c.some(INITIATIVES, at_least=1)[:2], kind=kind, **amount), {}

    def _vote(self, c: Choices) -> tuple[Ask, dict[str, Any]]:
        name, voter = c.of(DECISIONS), c.of(ACTORS)
        held = request_of(self.book, name)
        how = c.of(("approve", "approve", "reject", "abstain", "recuse"))
        capacity = c.of(("member", "member", "alternate", "adviser"))
        at = 1 if held is None else held.sequence
        sent = {} if c.once_in(8) else {"actor": voter}
        return w.vote(name, at, voter, how, capacity=capacity), sent

    def _close(self, c: Choices) -> tuple[Ask, dict[str, Any]]:
        name = c.of(DECISIONS)
        held = request_of(self.book, name)
        counted = None if held is None else tally_of(self.book, name, held.sequence)
        tally = {} if counted is None else {each: getattr(counted, each) for each in counted.__struct_fields__}
        body = {} if c.once_in(3) else {"body": "board"}
        return w.close(name, c.of(("approved", "approved", "rejected")), DAY, tally, **body), {}

    def _reverse(self, c: Choices) -> tuple[Ask, dict[str, Any]]:
        live = [event.at for event in self.teller.events if not isinstance(event.data, EntryReversed)]
        return w.reverse(c.of(live[::-1]), c.of(("void", "counter"))), {}

    def _discharge(self, c: Choices) -> tuple[Ask, dict[str, Any]]:
        return w.discharge(f"K-{c.of(range(6))}", c.of(("met", "waived", "breached"))), {}

    def _grant(self, c: Choices) -> tuple[Ask, dict[str, Any]]:
        name, holder = c.of(("G-new", "G-bob", "G-kai")), c.of(ACTORS)
        more: dict[str, Any] = c.of(({}, {"granted_by": "bob"}, {"may_subdelegate": True}, {"deputy_for": "kai"}))
        return w.authority(name, holder, c.of((30, 0, 80, 500)), kinds=["funding"], **more), {
            "actor": c.of(("reg", "bob"))
        }
