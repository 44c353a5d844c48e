"""Money that moved outside: contracts and invoices. Facts, recorded even where they break an approval."""

from __future__ import annotations

import datetime
from typing import ClassVar

from schemas.events.fact import Fact
from schemas.values import CapexOpex, Id, Money, Period, Quantity, Reference, Shape


class Booked(Shape, frozen=True, kw_only=True):
    """The amount as the source booked it, in its own currency. rate: envelope currency for one of the source's."""

    amount: Money
    rate: Quantity
    rate_on: datetime.date


class CommitmentPosted(Fact, frozen=True, kw_only=True):
    """A contract or order was signed, changed or ended.

    amount: delta in the envelope's currency; never zero. commitment: the contract's id; the open part of a
    commitment is kept for each envelope and initiative it stands on. Source: DESIGN, event 18.
    """

    TYPE: ClassVar[str] = "CommitmentPosted.v1"

    envelope: Id
    initiative: Id | None = None
    commitment: Id
    supplier: Reference | None = None
    amount: Money
    booked: Booked | None = None
    period: Period
    capex_opex: CapexOpex
    signed_on: datetime.date | None = None
    source_doc: Reference | None = None

    def subject(self) -> str:
        return f"envelope/{self.envelope}" if self.initiative is None else f"initiative/{self.initiative}"


class ActualPosted(Fact, frozen=True, kw_only=True):
    """Money went out, or came back.

    amount: delta in the envelope's currency; never zero. commitment: lowers the open part of that commitment, on
    the same envelope and initiative, by as much. posting_ref: the source's own key; used once.
    service_period: when the work was done, where that is not the period it is posted in. Source: DESIGN, event 19.
    """

    TYPE: ClassVar[str] = "ActualPosted.v1"

    envelope: Id
    initiative: Id | None = None
    commitment: Id | None = None
    supplier: Reference | None = None
    invoice: Reference | None = None
    amount: Money
    booked: Booked | None = None
    period: Period
    service_period: Period | None = None
    capex_opex: CapexOpex
    category: Id | None = None
    posting_ref: Reference

    def subject(self) -> str:
        return f"envelope/{self.envelope}" if self.initiative is None else f"initiative/{self.initiative}"
