"""Who may decide: people and their keys, bodies and their seats, delegated authority, and interests to declare."""

from __future__ import annotations

import datetime
from typing import Annotated, ClassVar, Literal

from msgspec import Meta
from pydantic import Field as Limits

from schemas.events.fact import Fact
from schemas.values import CapexOpex, Id, Money, Reference, Sha256, Shape, Text, Title

Names = Annotated[tuple[Id, ...], Meta(max_length=200), Limits(max_length=200)]
VoteCount = Annotated[int, Meta(ge=0, le=1_000), Limits(ge=0, le=1_000)]
DecisionKind = Literal[
    "funding", "reallocation", "gate", "priority", "objectives", "policy", "authority", "baseline", "close", "waiver"
]
DecisionKinds = Annotated[tuple[DecisionKind, ...], Meta(max_length=20), Limits(max_length=20)]


class ActorEnrolled(Fact, frozen=True, kw_only=True):
    """A person acts in the ledger: under which pseudonym, in which roles, with which key.

    actor: the name commands are sent under. person: the human behind it, a pseudonym too, one for all their actors.
    vkey: a signed-note verifier key, judged at its sequence. valid_from, valid_to: both included.
    Source: DESIGN, event 1.
    """

    TYPE: ClassVar[str] = "ActorEnrolled.v1"

    actor: Id
    person: Id
    roles: Names = ()
    vkey: Reference | None = None
    valid_from: datetime.date | None = None
    valid_to: datetime.date | None = None
    status: Literal["active", "rotated", "revoked", "left"] = "active"
    reason: Text | None = None

    def subject(self) -> str:
        return f"actor/{self.actor}"


class Holder(Shape, frozen=True, kw_only=True):
    """Who holds an authority: an actor, everybody of a role, or a body."""

    kind: Literal["actor", "role", "body"]
    id: Id


class Limit(Shape, frozen=True, kw_only=True):
    """How far an authority reaches: over an initiative's total, one decision, or its holder in a period."""

    basis: Literal["initiative_total", "one_decision", "holder_period"]
    amount: Money
    period: Literal["month", "quarter", "fiscal_year"] | None = None


class Scope(Shape, frozen=True, kw_only=True):
    """What an authority is for; an empty list restricts nothing."""

    value_streams: Names = ()
    envelopes: Names = ()
    initiatives: Names = ()
    capex_opex: CapexOpex | None = None


class Instrument(Shape, frozen=True, kw_only=True):
    """The document an authority was granted by, by its hash."""

    ref: Reference
    sha256: Sha256


class AuthoritySet(Fact, frozen=True, kw_only=True):
    """An authority was granted, changed or, with limits of 0, revoked.

    kinds: of decisions it covers. granted_by: an actor or a body. deputy_for: the actor whose authority a deputy uses;
    it counts as the principal's. emergency: may be used alone, to be ratified. funds: whether of kind funding it covers
    what initiatives may spend, or what envelopes hold. Source: DESIGN, event 4.
    """

    TYPE: ClassVar[str] = "AuthoritySet.v1"

    authority: Id
    holder: Holder
    kinds: DecisionKinds
    limits: Annotated[tuple[Limit, ...], Meta(min_length=1, max_length=20), Limits(min_length=1, max_length=20)]
    scope: Scope = Scope()
    valid_from: datetime.date | None = None
    valid_to: datetime.date | None = None
    granted_by: Id
    may_subdelegate: bool = False
    deputy_for: Id | None = None
    emergency: bool = False
    instrument: Instrument | None = None
    funds: Literal["initiatives", "envelopes"] = "initiatives"

    def subject(self) -> str:
        return f"authority/{self.authority}"


class Member(Shape, frozen=True, kw_only=True):
    """A seat in a body and who has it. alternate_for: the member whose seat this one takes when they are away."""

    actor: Id
    seat: Id
    voting: bool = True
    alternate_for: Id | None = None


class Quorum(Shape, frozen=True, kw_only=True):
    """What a body needs to decide: so many votes, and these seats or their alternates."""

    votes: VoteCount
    seats: Names = ()


class BodySet(Fact, frozen=True, kw_only=True):
    """A body that decides together, as a whole: members by seat, chair and quorum; replaces what was set before.

    Source: DESIGN, event 33.
    """

    TYPE: ClassVar[str] = "BodySet.v1"

    body: Id
    title: Title
    members: Annotated[tuple[Member, ...], Meta(min_length=1, max_length=60), Limits(min_length=1, max_length=60)]
    chair: Id
    vice_chair: Id | None = None
    quorum: Quorum
    valid_from: datetime.date | None = None
    valid_to: datetime.date | None = None

    def subject(self) -> str:
        return f"body/{self.body}"


class Interest(Shape, frozen=True, kw_only=True):
    """What an interest is in. id: an initiative's, or the name of a supplier or provider."""

    kind: Literal["initiative", "supplier", "provider"]
    id: Reference


class InterestDeclared(Fact, frozen=True, kw_only=True, rename={"interest": "in"}):
    """An actor told of an interest that may bear on a decision; in JSON `in`. Source: DESIGN, event 34."""

    TYPE: ClassVar[str] = "InterestDeclared.v1"

    actor: Id
    interest: Interest
    nature: Text
    valid_from: datetime.date | None = None
    valid_to: datetime.date | None = None

    def subject(self) -> str:
        return f"actor/{self.actor}"
