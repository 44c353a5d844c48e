"""Who is who: actors are names people act under; segregation compares the persons behind them."""

from __future__ import annotations

import datetime
from collections.abc import Iterable

from ledger.book import Book
from schemas.events import ActorEnrolled, BodySet

REGISTRAR = "registrar"
COMPLIANCE = "compliance"
"""Roles the rules know by name."""


def person(book: Book, actor: str) -> str:
    """Return the person behind an actor; of one who was never enrolled, the actor's own name."""
    enrolled = book.newest(f"actor/{actor}", ActorEnrolled)
    if enrolled is not None:
        return enrolled.person
    opened = book.opened
    return opened.registrar.person if opened is not None and opened.registrar.actor == actor else actor


def persons(book: Book, actors: Iterable[str | None]) -> set[str]:
    """Return the persons behind actors."""
    return {person(book, actor) for actor in actors if actor is not None}


def enrolment(book: Book, actor: str, day: datetime.date) -> ActorEnrolled | None:
    """Return how an actor is enrolled on a day, None where they are not, or no longer."""
    found = book.in_force(f"actor/{actor}", ActorEnrolled, day)
    if found is None or found.status in ("revoked", "left"):
        return None
    return found if within(day, found.valid_from, found.valid_to) else None


def roles(book: Book, actor: str, day: datetime.date) -> tuple[str, ...]:
    """Return the roles an actor has on a day."""
    found = enrolment(book, actor, day)
    return () if found is None else found.roles


def is_registrar(book: Book, actor: str, day: datetime.date) -> bool:
    """Say whether an actor keeps the register: who opened the portfolio as such, or has the role."""
    opened = book.opened
    named = opened is not None and opened.registrar.actor == actor
    left = named and book.newest(f"actor/{actor}", ActorEnrolled) is not None and enrolment(book, actor, day) is None
    return (named and not left) or REGISTRAR in roles(book, actor, day)


def body_on(book: Book, body: str, day: datetime.date) -> BodySet | None:
    """Return a body as it is set on a day."""
    found = book.in_force(f"body/{body}", BodySet, day)
    return found if found is not None and within(day, found.valid_from, found.valid_to) else None


def concerned(book: Book, initiative: str, day: datetime.date) -> dict[str, str]:
    """Return the persons who want an initiative, each with what makes them: sponsor, lead or proposer."""
    proposed = book.initiative(initiative)
    if proposed is None:
        return {}
    told = book.description(initiative, day)
    named = (("sponsor", told["sponsor"] or proposed.sponsor), ("lead", told["lead"]), ("proposer", proposed.proposer))
    return {person(book, actor): what for what, actor in named if actor is not None}


def within(day: datetime.date, first: datetime.date | None, last: datetime.date | None) -> bool:
    """Say whether a day lies between two, both included; None is no bound."""
    return (first is None or first <= day) and (last is None or day <= last)
