"""When envelopes can be funded, funding approved and gates decided."""

from __future__ import annotations

from msgspec.structs import replace

from ledger.book import Book
from ledger.rules.guards import (
    Guard,
    Guards,
    conditions_new,
    currency_fits,
    envelope_known,
    in_range,
    initiative_known,
    initiative_live,
    not_zero,
    period_open,
    sign_fits,
    within_envelope,
)
from schemas.commands import ApproveFunding, DecideGate, FundEnvelope, ReallocateFunding
from schemas.events import EnvelopeFunded, FundingReallocated, GateDecided
from schemas.receipts import Reason, Refused
from schemas.values import Money

ENVELOPE_SIGNS = {
    "initial": 1,
    "supplement": 1,
    "contingency": 1,
    "transfer": 1,
    "carry_forward": 1,
    "reduction": -1,
    "return": -1,
}
APPROVAL_SIGNS = {
    "initial": 1,
    "tranche": 1,
    "supplement": 1,
    "carry_forward": 1,
    "contingency": 1,
    "reduction": -1,
    "return": -1,
}


def fund_envelope(ask: FundEnvelope, book: Book) -> Guards:
    """Guards of event 5."""
    data = ask.data
    yield envelope_known(book, data.counter_envelope, "data.counter_envelope")
    yield _names_its_other_leg(data)
    yield currency_fits(book, data.envelope, data.amount)
    yield currency_fits(book, data.counter_envelope or data.envelope, data.amount)
    yield not_zero(data.amount)
    yield sign_fits(data.kind, data.amount, ENVELOPE_SIGNS)
    for leg in envelope_legs(ask, book):
        yield in_range(book.total("funded", leg.envelope) + leg.amount.minor)
    yield period_open(book, data.fiscal_period, "data.fiscal_period")
    yield period_open(book, data.counter_period, "data.counter_period")
    for leg in envelope_legs(ask, book):
        if leg.amount.minor < 0 and leg.counter_envelope != leg.envelope:
            yield within_envelope(book, leg.envelope, funded=leg.amount.minor)


def envelope_legs(ask: FundEnvelope, book: Book) -> tuple[EnvelopeFunded, ...]:
    """Return the facts of event 5: one, or for a transfer or carry-forward what comes in and what goes out."""
    data = ask.data
    if data.kind not in ("transfer", "carry_forward"):
        return (data,)
    comes_from = data.counter_envelope or data.envelope
    period = data.counter_period or data.fiscal_period
    came_in = replace(data, counter_envelope=comes_from, counter_period=period)
    went_out = replace(
        data,
        envelope=comes_from,
        value_stream=book.value_stream(comes_from, ask.time) or data.value_stream,
        fiscal_period=period,
        counter_envelope=data.envelope,
        counter_period=data.fiscal_period,
        amount=Money(minor=-data.amount.minor, currency=data.amount.currency),
    )
    return (came_in, went_out)


def approve_funding(ask: ApproveFunding, book: Book) -> Guards:
    """Guards of event 14."""
    data = ask.data
    minor = data.amount.minor
    yield initiative_known(book, data.initiative)
    yield envelope_known(book, data.envelope)
    yield initiative_live(book, data.initiative) if minor > 0 else None
    yield currency_fits(book, data.envelope, data.amount)
    yield not_zero(data.amount)
    yield sign_fits(data.kind, data.amount, APPROVAL_SIGNS)
    yield in_range(book.total("approved", data.envelope) + minor)
    yield period_open(book, data.period or book.fiscal_year(ask.time), "data.period")
    yield conditions_new(book, data.conditions)
    yield within_envelope(book, data.envelope, approved=minor) if minor > 0 else None


def reallocate_funding(ask: ReallocateFunding, book: Book) -> Guards:
    """Guards of event 15."""
    data = ask.data
    source, target = data.source, data.target
    yield Refused(Reason.SELF_REFERENCE, field="data.to", value=target.initiative) if source == target else None
    yield initiative_known(book, source.initiative, "data.from.initiative")
    yield initiative_known(book, target.initiative, "data.to.initiative")
    yield envelope_known(book, source.envelope, "data.from.envelope")
    yield envelope_known(book, target.envelope, "data.to.envelope")
    yield initiative_live(book, target.initiative)
    yield currency_fits(book, source.envelope, data.amount)
    yield currency_fits(book, target.envelope, data.amount)
    yield not_zero(data.amount)
    yield sign_fits("reallocation", data.amount, {"reallocation": 1})
    for place, minor in ((target, data.amount.minor), (source, -data.amount.minor)):
        if source.envelope != target.envelope:
            yield in_range(book.total("approved", place.envelope) + minor)
        yield in_range(book.total("approved", place.envelope, place.initiative) + minor)
    year = book.fiscal_year(ask.time)
    yield period_open(book, source.period or year, "data.from.period")
    yield period_open(book, target.period or year, "data.to.period")
    if source.envelope != target.envelope:
        yield within_envelope(book, target.envelope, approved=data.amount.minor)
    yield _enough_to_move(data, book)


def decide_gate(ask: DecideGate, book: Book) -> Guards:
    """Guards of event 16."""
    data = ask.data
    yield initiative_known(book, data.initiative)
    yield initiative_live(book, data.initiative)
    yield _stages_follow(data, book)
    yield conditions_new(book, data.conditions)


def _enough_to_move(data: FundingReallocated, book: Book) -> Guard:
    """What is moved away must be approved and neither committed nor spent."""
    place = (data.source.envelope, data.source.initiative)
    free = book.total("approved", *place) - book.total("open", *place) - book.total("actual", *place)
    if data.amount.minor <= free:
        return None
    return Refused(
        Reason.SHORT_OF_FUNDS,
        initiative=data.source.initiative,
        envelope=data.source.envelope,
        uncommitted_minor=free,
        moved_minor=data.amount.minor,
    )


def _names_its_other_leg(data: EnvelopeFunded) -> Guard:
    moved = data.kind in ("transfer", "carry_forward")
    if not moved:
        named = data.counter_envelope or data.counter_period
        return (
            Refused(Reason.LEG_MISSING, field="data.kind", value=data.kind, problem="has no other leg")
            if named
            else None
        )
    if data.kind == "transfer" and data.counter_envelope is None:
        return Refused(Reason.LEG_MISSING, field="data.counter_envelope", problem="name where the money comes from")
    if data.kind == "carry_forward" and data.counter_period is None:
        return Refused(Reason.LEG_MISSING, field="data.counter_period", problem="name the period it comes from")
    same_envelope = data.counter_envelope in (None, data.envelope)
    same_period = data.counter_period in (None, data.fiscal_period)
    if same_envelope and same_period:
        return Refused(Reason.SELF_REFERENCE, field="data.counter_envelope", value=data.envelope)
    return None


def _stages_follow(data: GateDecided, book: Book) -> Guard:
    stage = book.stage(data.initiative)
    if data.stage_from != stage:
        return Refused(Reason.STAGE_MISMATCH, field="data.stage_from", value=data.stage_from, allowed=stage)
    if data.outcome in ("hold", "kill", "merged") and data.stage_to != stage:
        return Refused(Reason.STAGE_MISMATCH, field="data.stage_to", value=data.stage_to, allowed=stage)
    return None
