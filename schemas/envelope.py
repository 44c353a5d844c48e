"""The envelope of an event as it is stored: CloudEvents 1.0, JSON format, structured mode.

    {"type":"FundingApproved.v1","specversion":"1.0","id":"6c0f...","source":"/portfolio/ai-2026",
     "subject":"initiative/AI-0042","time":"2026-11-20T00:00:00Z","recordedtime":"2026-11-22T10:00:00.123456Z",
     "sequence":"0000000000008124","actor":"ana","commandid":"...","basis":"ordinary","rules":"0","data":{...}}

One Recorded class a fact is made from the catalogue, with the fact's type as its tag, so that one strict decoder
reads them all in one pass.
"""

from __future__ import annotations

import datetime
from functools import reduce
from operator import or_
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from schemas.events import FACTS, Fact
from schemas.values import Id, Reference, Shape

Instant = Annotated[datetime.datetime, Meta(tz=True)]
Basis = Literal["ordinary", "emergency", "minuted", "ratified", "imported"]
Subject = Annotated[str, Meta(max_length=97, extra_json_schema={"pattern": r"^[a-z]{1,32}/[A-Za-z0-9_-]{1,64}$"})]
Flags = Annotated[str, Meta(max_length=400, extra_json_schema={"pattern": r"^[A-Z_]+(,[A-Z_]+)*$"})]
Grants = Annotated[str, Meta(max_length=400, extra_json_schema={"pattern": r"^[0-9]+(,[0-9]+)*$"})]
PaddedSequence = Annotated[str, Meta(min_length=16, max_length=16, extra_json_schema={"pattern": r"^[0-9]{16}$"})]


class Recorded(Shape, frozen=True, kw_only=True):
    """A fact and everything known about how it came to be.

    id: uuid5 of portfolio, command id and place, so that a repeat gives the same. time: effective, when it is true.
    recordedtime: when it was recorded, never before the entry before it; importedtime: when an importer really
    brought it. decidedon: where that is neither of the two days. sequence: its place in the stream, 16 digits.
    grants, policy: sequences it was judged under. rules: version of the rules that decided it. flags: guardrails
    it broke where policy lets it pass. command: the command as it came, on the first event of each command;
    signatures: signed-note signature lines over it. Source: DESIGN, section 4.
    """

    specversion: Literal["1.0"]
    id: Annotated[str, Meta(min_length=36, max_length=36)]
    source: Annotated[str, Meta(max_length=80)]
    subject: Subject
    time: Instant
    recordedtime: Instant
    sequence: PaddedSequence
    actor: Id
    onbehalfof: Id | None = None
    commandid: Id
    decisionid: Id | None = None
    causationid: Id | None = None
    correlationid: Id | None = None
    decidedon: datetime.date | None = None
    basis: Basis
    grants: Grants | None = None
    policy: Annotated[str, Meta(max_length=16, extra_json_schema={"pattern": r"^[0-9]+$"})] | None = None
    rules: Annotated[str, Meta(max_length=8)]
    flags: Flags | None = None
    flagreason: Annotated[str, Meta(max_length=4_000)] | None = None
    importedtime: Instant | None = None
    command: Annotated[str, Meta(max_length=20_000)] | None = None
    signatures: Annotated[str, Meta(max_length=8_000)] | None = None
    sourceref: Reference | None = None
    data: Fact

    @property
    def effective_on(self) -> datetime.date:
        """The day the fact is true from."""
        return self.time.date()

    @property
    def at(self) -> int:
        """The sequence as a number."""
        return int(self.sequence)

    @property
    def grants_at(self) -> tuple[int, ...]:
        """The sequences of the authorities it rests on. What a foreign program wrote there and is none is left out."""
        return tuple(int(text) for text in (self.grants or "").split(",") if _is_sequence(text))

    @property
    def policy_at(self) -> int | None:
        """The sequence of the newest policy it was judged under; None where it names none."""
        return int(self.policy) if self.policy is not None and _is_sequence(self.policy) else None


def _is_sequence(text: str) -> bool:
    """Say whether a text is a number. Patterns are checked at the door, not of what is stored."""
    return text.isascii() and text.isdecimal() and len(text) <= 16


def _recorded(fact: type[Fact]) -> type[Recorded]:
    made = msgspec.defstruct(
        "Recorded" + fact.__name__,
        [("data", fact)],
        bases=(Recorded,),
        module=__name__,
        tag_field="type",
        tag=fact.TYPE,
        frozen=True,
        kw_only=True,
    )
    assert issubclass(made, Recorded)
    return made


RECORDED: dict[type[Fact], type[Recorded]] = {fact: _recorded(fact) for fact in FACTS}
"""The envelope class of each fact."""

ANY_RECORDED: Any = reduce(or_, RECORDED.values())
"""The union of them, as msgspec wants it."""
