"""How a mistake is mended: by another fact, never by an edit."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from msgspec import Meta
from pydantic import Field as Limits

from schemas.events.fact import Fact
from schemas.values import CurrencyCode, Id, Money, Period, Reference, Sequence, Sha256, Shape, Text


class EntryReversed(Fact, frozen=True, kw_only=True):
    """An earlier entry was taken back.

    kind: void drops the entry wherever this one is known, at every date; counter adds its negative on this
    event's own date and the entry stays, so that a closed period never moves. sequence: the entry's.
    period: the fiscal period a counter is booked in. replacement: id of the event that takes its place.
    Source: DESIGN, event 28 and "Two times, exactly".
    """

    TYPE: ClassVar[str] = "EntryReversed.v1"

    sequence: Sequence
    kind: Literal["void", "counter"]
    period: Period | None = None
    reason: Text
    replacement: Id | None = None

    def subject(self) -> str:
        return f"entry/{self.sequence}"


class Total(Shape, frozen=True, kw_only=True):
    """What is booked in a period. measure: funded, approved, committed (open part) or actual; minor units."""

    measure: Literal["funded", "approved", "committed", "actual"]
    currency: CurrencyCode
    amount_minor: int


class Statement(Shape, frozen=True, kw_only=True):
    """What a source system says it sent for the period: by hash, count and total."""

    system: Id
    statement: Reference
    sha256: Sha256
    count: Annotated[int, Meta(ge=0, le=10**9), Limits(ge=0, le=10**9)]
    total: Money | None = None


Statements = Annotated[tuple[Statement, ...], Meta(max_length=100), Limits(max_length=100)]
Totals = Annotated[tuple[Total, ...], Meta(max_length=400), Limits(max_length=400)]
PeriodStatus = Literal["soft", "final", "reopened"]


class Closing(Shape, frozen=True, kw_only=True):
    """What is asked of a period: to close it, softly or for good, or to open it again.

    totals: what the sender believes them to be, to be checked. sources: what their systems say.
    """

    period: Period
    status: PeriodStatus
    totals: Totals | None = None
    sources: Statements = ()

    def subject(self) -> str:
        return f"period/{self.period}"


class PeriodClosed(Fact, frozen=True, kw_only=True):
    """A fiscal period takes no more entries; its totals, and the root of all that was recorded, are fixed.

    last_sequence: of the entry before this one. root: Merkle root over all entries up to it, hexadecimal.
    refusals_*, findings_*: the same of the streams beside it, where there are any. views: hash of their definitions.
    Source: DESIGN, event 29.
    """

    TYPE: ClassVar[str] = "PeriodClosed.v1"

    period: Period
    status: PeriodStatus
    last_sequence: Annotated[int, Meta(ge=0, le=2**53), Limits(ge=0, le=2**53)]
    root: Sha256
    totals: Totals
    sources: Statements = ()
    refusals_last_sequence: Annotated[int, Meta(ge=0, le=2**53), Limits(ge=0, le=2**53)] | None = None
    refusals_root: Sha256 | None = None
    findings_last_sequence: Annotated[int, Meta(ge=0, le=2**53), Limits(ge=0, le=2**53)] | None = None
    findings_root: Sha256 | None = None
    views: Sha256 | None = None

    def subject(self) -> str:
        return f"period/{self.period}"
