"""Laws of governance: nothing that was accepted breaks the catalogue, told by a plain model of the events alone.

The model knows no book and no rule: it walks over the accepted events, keeps what it needs in dictionaries, and looks
at each decision with its own eyes.
"""

from __future__ import annotations

import random
import re
from collections import Counter, defaultdict
from typing import Any

from hypothesis import HealthCheck, given, settings

from ledger.book import Book
from ledger.decider import Asked, Repeated, decide
from ledger.evolve import evolve
from schemas import codec
from schemas.commands import parse
from schemas.envelope import Recorded
from schemas.events import (
    ActorEnrolled,
    AuthoritySet,
    ConditionDischarged,
    DecisionClosed,
    DecisionRequested,
    EntryReversed,
    EnvelopeFunded,
    FundingApproved,
    FundingReallocated,
    GateDecided,
    InitiativeProposed,
    VoteRecorded,
)
from schemas.receipts import Refused
from tests.choices import STEP_BYTES
from tests.governed import TIERS, governed_histories, tried
from tests.teller import Teller, ticking

law = settings(max_examples=60, deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow])


class Model:
    """What the events say, in dictionaries."""

    def __init__(self) -> None:
        self.entries: dict[int, Recorded] = {}
        self.person: dict[str, str] = {"reg": "p-1"}
        self.roles: dict[str, tuple[str, ...]] = {}
        self.wanting: dict[str, set[str]] = {}
        self.grants: dict[str, int] = {}
        self.approved: Counter[str] = Counter()
        self.envelope: Counter[str] = Counter()
        self.used: Counter[tuple[str, str]] = Counter()
        self.under: Counter[str] = Counter()
        self.requests: dict[str, Recorded] = {}
        self.votes: dict[int, list[VoteRecorded]] = defaultdict(list)
        self.closed: dict[str, DecisionClosed] = {}
        self.blocking: dict[str, set[str]] = defaultdict(set)
        self.set_at: dict[str, int] = {}
        self.discharged: dict[str, int] = {}
        self.reversed: set[int] = set()

    def take(self, event: Recorded) -> None:
        """Look at an event, and take it in."""
        words = re.sub(r"(?<!^)(?=[A-Z])", "_", type(event.data).__name__).lower()
        look = getattr(self, f"on_{words}", None)
        if look is not None:
            look(event, event.data)
        self.entries[event.at] = event

    # People and grants.

    def on_actor_enrolled(self, _: Recorded, data: ActorEnrolled) -> None:
        self.person[data.actor], self.roles[data.actor] = data.person, data.roles

    def on_initiative_proposed(self, _: Recorded, data: InitiativeProposed) -> None:
        self.wanting[data.initiative] = {
            self.person.get(name, name) for name in (data.sponsor, data.lead, data.proposer) if name
        }

    def on_authority_set(self, event: Recorded, data: AuthoritySet) -> None:
        if len(self.entries) > 20:  # past the beginning, in which nothing refuses yet
            holder = self.person.get(data.holder.id, data.holder.id)
            revokes = any(limit.amount.minor == 0 for limit in data.limits)
            assert revokes or holder != self.person.get(data.granted_by), "nobody grants himself"
            assert event.actor == "reg" or event.actor == data.granted_by
        self.grants[data.authority] = event.at

    # Votes.

    def on_decision_requested(self, event: Recorded, data: DecisionRequested) -> None:
        assert data.decision not in self.closed
        self.requests[data.decision] = event

    def on_vote_recorded(self, _: Recorded, data: VoteRecorded) -> None:
        request = self.requests[data.decision]
        who = self.person[data.voter]
        cast = self.votes[request.at]
        assert who not in {self.person[vote.voter] for vote in cast}, "a person votes once"
        if data.vote not in ("recuse", "advise"):
            asked: Any = request.data
            assert who != self.person[request.actor], "who asks does not vote"
            for subject in asked.subjects:
                assert who not in self.wanting[subject.removeprefix("initiative/")]
        cast.append(data)

    def on_decision_closed(self, event: Recorded, data: DecisionClosed) -> None:
        asked: Any = self.requests[data.decision].data
        votes = self.votes[self.requests[data.decision].at]
        if data.outcome == "approved" and data.body is not None:
            seated = [vote for vote in votes if vote.capacity != "adviser"]
            counted = Counter(vote.vote for vote in seated)
            assert counted["approve"] > counted["reject"]
            assert sum(counted[how] for how in ("approve", "reject", "abstain")) >= 2, "a quorum"
            assert {"bob", "ana"} & {vote.voter for vote in seated}, "the finance seat or its alternate"
        if data.outcome in ("approved", "rejected") and event.basis != "emergency":
            assert asked.body is None or data.body == asked.body
        self.closed[data.decision] = data

    # Money and gates.

    def on_envelope_funded(self, _: Recorded, data: EnvelopeFunded) -> None:
        self.envelope[data.envelope] += data.amount.minor

    def on_funding_approved(self, event: Recorded, data: FundingApproved) -> None:
        minor = data.amount.minor
        self.envelope[data.envelope] -= minor
        self.approved[data.initiative] += minor
        if minor > 0:
            assert self.envelope[data.envelope] >= 0
            self._decided_well(event, data.initiative, minor)
            self._nothing_blocks(data.initiative)
        for each in data.conditions:
            self.set_at[each.condition] = event.at
            if each.blocking:
                self.blocking[data.initiative].add(each.condition)

    def on_funding_reallocated(self, event: Recorded, data: FundingReallocated) -> None:
        minor = data.amount.minor
        for place, sign in ((data.source, -1), (data.target, 1)):
            self.envelope[place.envelope] -= sign * minor
            self.approved[place.initiative] += sign * minor
        grows = data.source.initiative != data.target.initiative
        self._decided_well(event, data.target.initiative, minor, grows=grows)
        self._nothing_blocks(data.target.initiative)

    def on_gate_decided(self, event: Recorded, data: GateDecided) -> None:
        self._by_others(event, [data.initiative])
        if data.outcome in ("go", "conditional_go"):
            self._nothing_blocks(data.initiative)

    def on_condition_discharged(self, event: Recorded, data: ConditionDischarged) -> None:
        self.discharged[data.condition] = event.at if data.outcome != "breached" else 0

    def on_entry_reversed(self, event: Recorded, data: EntryReversed) -> None:
        taken = self.entries[data.sequence]
        self.reversed.add(data.sequence)
        fact: Any = taken.data
        if isinstance(fact, VoteRecorded):
            self.votes[fact.request].remove(fact)
        if isinstance(fact, ConditionDischarged):
            self.discharged.pop(fact.condition, None)
        if isinstance(fact, DecisionRequested):
            self.requests.pop(fact.decision, None)
            before = [
                e for e in self.entries.values() if isinstance(e.data, DecisionRequested) and e.at not in self.reversed
            ]
            for each in before:
                if each.data.subject() == fact.subject():
                    self.requests[fact.decision] = each
        if isinstance(fact, DecisionClosed):
            self.closed.pop(fact.decision, None)
        if isinstance(fact, EnvelopeFunded | FundingApproved | FundingReallocated):
            assert self.person[event.actor] != self.person[taken.actor], "money is taken back by somebody else"
            minor = fact.amount.minor
            if isinstance(fact, EnvelopeFunded):
                self.envelope[fact.envelope] -= minor
            elif isinstance(fact, FundingApproved):
                self.envelope[fact.envelope] += minor
                self.approved[fact.initiative] -= minor
            else:
                for place, sign in ((fact.source, 1), (fact.target, -1)):
                    self.envelope[place.envelope] -= sign * minor
                    self.approved[place.initiative] += sign * minor
            if minor > 0 and not isinstance(fact, EnvelopeFunded):
                self.under[taken.decisionid or ""] -= minor
                for at in (taken.grants or "").split(","):
                    self.used[self._holder(int(at)), f"{taken.recordedtime:%Y-%m}"] -= minor

    # What a decision has to be.

    def _holder(self, at: int) -> str:
        fact: Any = self.entries[at].data
        return fact.deputy_for or fact.holder.id

    def _approvers(self, event: Recorded) -> list[str]:
        closed = self.closed.get(event.decisionid or "")
        if closed is None or closed.outcome != "approved":
            return [event.actor]
        if closed.body is not None:
            return []
        votes = self.votes[self.requests[closed.decision].at]
        return [v.voter for v in votes if v.vote == "approve" and v.capacity != "adviser"]

    def _by_others(self, event: Recorded, initiatives: list[str]) -> None:
        closed = self.closed.get(event.decisionid or "")
        if event.decisionid in self.requests:
            assert closed is not None, "it names a decision that was made"
            assert closed.outcome == "approved"
        for name in self._approvers(event):
            for initiative in initiatives:
                assert self.person[name] not in self.wanting[initiative], "nobody decides for himself"

    def _decided_well(self, event: Recorded, initiative: str, minor: int, *, grows: bool = True) -> None:
        self._by_others(event, [initiative])
        total = self.approved[initiative]
        assert event.grants, "by somebody's authority"
        closed = self.closed.get(event.decisionid or "")
        if closed is not None:
            asked: Any = self.requests[closed.decision].data
            self.under[closed.decision] += minor
            assert f"initiative/{initiative}" in asked.subjects or not grows
            assert asked.amount is not None
            assert self.under[closed.decision] <= asked.amount.minor
        holders = set()
        for at in map(int, event.grants.split(",")):
            fact: Any = self.entries[at].data
            assert self.grants[fact.authority] == at, "the newest word on that authority"
            assert fact.emergency == (event.basis == "emergency")
            assert all(limit.amount.minor > 0 for limit in fact.limits), "not revoked"
            holder, month = self._holder(at), f"{event.recordedtime:%Y-%m}"
            self.used[holder, month] += minor
            holders.add(fact.holder.id)
            for limit in fact.limits:
                known = {
                    "initiative_total": total,
                    "one_decision": minor,
                    "holder_period": self.used[holder, month],
                }
                assert known[limit.basis] <= limit.amount.minor
        if event.basis != "emergency":
            self._in_its_tier(event, total, holders)

    def _in_its_tier(self, event: Recorded, total: int, holders: set[str]) -> None:
        if "board" in holders:
            return
        held = {role for name in self._approvers(event) for role in self.roles.get(name, ())}
        low, mid = (tier["up_to"]["minor"] for tier in TIERS[:2])
        assert total <= mid, "above that the board"
        assert {"finance", "owner"} <= held or (total <= low and "manager" in held)

    def _nothing_blocks(self, initiative: str) -> None:
        for name in self.blocking[initiative]:
            assert self.discharged.get(name) or self.set_at[name] in self.reversed


@settings(law, max_examples=150)
@given(governed_histories(60))
def test_law_nothing_that_was_accepted_breaks_the_catalogue(told: Teller) -> None:
    model = Model()
    for event in told.events:
        assert event.flags is None or len(model.entries) < 22, "where every rule refuses, nothing is flagged"
        model.take(event)


@law
@given(governed_histories(40))
def test_law_the_same_commands_are_decided_the_same(told: Teller) -> None:
    book, clock = Book("law"), ticking()
    events = []
    for line in told.lines:
        command = parse(line)
        assert not isinstance(command, Refused)
        now = clock()
        twice = [decide(Asked(command, line), book, now=now) for _ in range(2)]
        assert twice[0] == twice[1]
        if not isinstance(twice[0], Refused | Repeated):
            for event in twice[0]:
                evolve(book, event)
            events += twice[0]
    assert [codec.encode(each) for each in events] == [codec.encode(each) for each in told.events]


def test_the_histories_reach_what_the_law_is_about() -> None:
    """A law about nothing would hold too: by chance, enough is approved, refused, closed and reversed."""
    rng = random.Random(7)
    kinds: Counter[str] = Counter()
    lines = accepted = 0
    for _ in range(60):
        told = tried([rng.randbytes(STEP_BYTES) for _ in range(60)])
        kinds.update(type(event.data).__name__ for event in told.events)
        kinds.update(
            "by a body" for event in told.events if event.decisionid and isinstance(event.data, FundingApproved)
        )
        lines, accepted = lines + len(told.lines), accepted + len(told.events)
    assert 0.2 < accepted / lines < 0.9
    for name in ("FundingApproved", "VoteRecorded", "DecisionClosed", "EntryReversed", "GateDecided", "by a body"):
        assert kinds[name] > 10, kinds
