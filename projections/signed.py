"""Who signed a recorded command, judged again by the keys that were enrolled when it was recorded."""

from __future__ import annotations

import datetime
import json
from typing import Any, Literal, NamedTuple

import msgspec

from ledger.book import Book, Dated
from ledger.rules.signatures import signers_of
from projections.replica import Replica
from schemas import subjects
from schemas.envelope import Recorded
from schemas.events import ActorEnrolled, PortfolioOpened, Registrar
from schemas.receipts import Refused
from schemas.values import zone_of


class Signed(NamedTuple):
    """How an event is signed.

    state: *checked*, and by whom; *fails*; *missing* where policy wants it; *free*, not signed where nobody has to;
    *before*, signed with the first event of its command, if at all.
    """

    state: Literal["checked", "fails", "missing", "free", "before"]
    by: tuple[str, ...] = ()
    problem: str | None = None


def signed_by(replica: Replica, event: Recorded) -> Signed:
    """Return who signed an event's command, by what was known before it."""
    if event.command is None:
        return Signed("before")
    day = _day(replica, event)
    if event.signatures is None:
        return Signed("missing" if _is_wanted(replica, event, day) else "free")
    first = event.data.registrar if isinstance(event.data, PortfolioOpened) else None
    found = signers_of(event.command.encode(), event.signatures, _keys(replica, event.at), day, first=first)
    if isinstance(found, Refused):
        told = found.detail.get("problem") or f"{found.reason.meaning}: {found.detail.get('value')}"
        return Signed("fails", problem=f"{found.reason.name}: {told}")
    return Signed("checked", by=found)


def _day(replica: Replica, event: Recorded) -> datetime.date:
    """Return the day an event was recorded, in the portfolio's time zone."""
    opened = replica.ask("select time_zone from portfolio_opened order by sequence limit 1", [])
    zone = zone_of(opened[0]["time_zone"]) if opened else datetime.UTC
    return event.recordedtime.astimezone(zone).date()


def _is_wanted(replica: Replica, event: Recorded, day: datetime.date) -> bool:
    """Say whether the policy that was in force wants the command signed. Rules "0" asked nobody to."""
    if event.rules == "0" or event.command is None:
        return False
    held = replica.ask("select body from policy_held('signing', ?, ?)", [event.at - 1, day])
    if not held:
        return False
    policy: dict[str, Any] = json.loads(held[0]["body"])
    name = subjects.bare(json.loads(event.command)["type"])
    return name in policy.get("commands", ()) or any(each["command"] == name for each in policy.get("signatories", ()))


def _keys(replica: Replica, before: int) -> Book:
    """Return a book that holds the keys, and nothing else, as they stood before a sequence."""
    book = Book(replica.portfolio)
    for row in replica.ask(
        "select sequence, effective_on, actor, person, vkey, valid_from, valid_to, status from actor_enrolled "
        "where sequence < ? and sequence not in (from voided(?)) order by sequence",
        [before, before - 1],
    ):
        told = {name: row[name] for name in ("actor", "person", "vkey", "valid_from", "valid_to", "status")}
        _enrol(book, Dated(row["effective_on"], row["sequence"], ActorEnrolled(**told)))
    opened = replica.ask("select sequence, effective_on, registrar from portfolio_opened where sequence < ?", [before])
    for row in opened[:1]:
        registrar = msgspec.convert({k: v for k, v in row["registrar"].items() if v is not None}, Registrar)
        if registrar.vkey is not None:
            book.put(book.keys, registrar.vkey, registrar.actor)
        fact = PortfolioOpened(
            portfolio=replica.portfolio,
            title="",
            currency="",
            time_zone="UTC",
            fiscal_year_start=1,
            registrar=registrar,
            log_origin="",
        )
        where = (f"portfolio/{replica.portfolio}", PortfolioOpened)
        book.put(book.stacks, where, (Dated(row["effective_on"], row["sequence"], fact),))
    return book


def _enrol(book: Book, dated: Dated) -> None:
    where = (dated.fact.subject(), ActorEnrolled)
    book.put(book.stacks, where, (*book.stack(*where), dated))
    if dated.fact.vkey is not None:
        book.put(book.keys, dated.fact.vkey, dated.fact.actor)
