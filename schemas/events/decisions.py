"""How a decision is made: the question with its options, the votes, the outcome, and the conditions it sets."""

from __future__ import annotations

import datetime
from typing import Annotated, ClassVar, Literal

from msgspec import Meta
from pydantic import Field as Limits

from schemas.events.fact import Fact
from schemas.events.funding import Conditions
from schemas.events.governance import DecisionKind, Names, VoteCount
from schemas.events.policy import Escalations
from schemas.values import Evidence, Id, Money, Reference, Sequence, Sha256, Shape, Text, Title

Evidences = Annotated[tuple[Evidence, ...], Meta(max_length=100), Limits(max_length=100)]
Vote = Literal["approve", "reject", "abstain", "recuse", "advise"]


class Option(Shape, frozen=True, kw_only=True):
    """One thing that could be done. effects: what it would do. why_not: why it is not recommended."""

    option: Id
    title: Title
    do_nothing: bool = False
    amount: Money | None = None
    effects: Text | None = None
    why_not: Text | None = None


class Presented(Shape, frozen=True, kw_only=True):
    """The moment the figures of a request were taken from."""

    as_known: Sequence
    as_of: datetime.date


class Question(Shape, frozen=True, kw_only=True):
    """What is put to those who decide: at least two options, one of which does nothing, and the evidence.

    trigger: sequence of the event that set it off. amount: of the recommended option.
    """

    decision: Id
    kind: DecisionKind
    subjects: Annotated[tuple[Reference, ...], Meta(max_length=200), Limits(max_length=200)]
    question: Text
    options: Annotated[tuple[Option, ...], Meta(max_length=20), Limits(max_length=20)]
    recommended: Id | None = None
    assumptions: Annotated[tuple[Text, ...], Meta(max_length=40), Limits(max_length=40)] = ()
    evidence: Evidences = ()
    presented: Presented | None = None
    trigger: Sequence | None = None
    amount: Money | None = None
    escalation: Escalations = ()
    suppliers: Annotated[tuple[Reference, ...], Meta(max_length=100), Limits(max_length=100)] = ()
    due: datetime.date | None = None

    def subject(self) -> str:
        return f"decision/{self.decision}"


class DecisionRequested(Fact, Question, frozen=True, kw_only=True):
    """A question was put, with its options and evidence, to those who have to decide it.

    tier, body, quorum_votes, quorum_seats: who they are, as worked out by the ledger. Source: DESIGN, event 12.
    """

    TYPE: ClassVar[str] = "DecisionRequested.v1"

    tier: Id | None = None
    body: Id | None = None
    quorum_votes: VoteCount | None = None
    quorum_seats: Names = ()

    def subject(self) -> str:
        return f"decision/{self.decision}"


class VoteRecorded(Fact, frozen=True, kw_only=True):
    """One voter's vote on a request, with reason and dissent.

    request: sequence of the DecisionRequested voted on. cast: by the voter, from the minutes, or by proxy.
    dissent: what the voter wants remembered against the decision. Source: DESIGN, event 13.
    """

    TYPE: ClassVar[str] = "VoteRecorded.v1"

    decision: Id
    request: Sequence
    voter: Id
    seat: Id | None = None
    capacity: Literal["member", "alternate", "adviser"] = "member"
    cast: Literal["self", "minuted", "proxy"] = "self"
    vote: Vote
    option: Id | None = None
    reason: Text | None = None
    dissent: Text | None = None

    def subject(self) -> str:
        return f"decision/{self.decision}"


class Tally(Shape, frozen=True, kw_only=True):
    """How many voted how."""

    approve: VoteCount = 0
    reject: VoteCount = 0
    abstain: VoteCount = 0
    recuse: VoteCount = 0
    advise: VoteCount = 0


class Present(Shape, frozen=True, kw_only=True):
    """Who sat where. alternate_for: the member whose seat it was."""

    actor: Id
    seat: Id | None = None
    alternate_for: Id | None = None


class Minutes(Shape, frozen=True, kw_only=True):
    """The record of a meeting, by its hash."""

    ref: Reference
    sha256: Sha256


class DecisionClosed(Fact, frozen=True, kw_only=True):
    """A decision came to its end: outcome, reasons, tally, who was there.

    option: the one chosen. ratifies: the decision it confirms. reviews: the decision it looks at again.
    Source: DESIGN, event 32.
    """

    TYPE: ClassVar[str] = "DecisionClosed.v1"

    decision: Id
    outcome: Literal["approved", "rejected", "deferred", "withdrawn", "lapsed"]
    option: Id | None = None
    rationale: Text
    tally: Tally = Tally()
    conditions: Conditions = ()
    body: Id | None = None
    meeting: Reference | None = None
    held_on: datetime.date
    present: Annotated[tuple[Present, ...], Meta(max_length=100), Limits(max_length=100)] = ()
    minutes: Minutes | None = None
    review_on: datetime.date | None = None
    ratifies: Id | None = None
    reviews: Id | None = None

    def subject(self) -> str:
        return f"decision/{self.decision}"


class ConditionDischarged(Fact, frozen=True, kw_only=True):
    """A condition of a decision was met, waived or breached. Source: DESIGN, event 17."""

    TYPE: ClassVar[str] = "ConditionDischarged.v1"

    condition: Id
    outcome: Literal["met", "waived", "breached"]
    evidence: Evidences = ()
    reason: Text | None = None

    def subject(self) -> str:
        return f"condition/{self.condition}"
