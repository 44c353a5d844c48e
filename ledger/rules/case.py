"""A case: a command before the rules of version "1", with the days it has to be allowed on.

What is looked up through it is remembered, so that the event, or the refusal, can name what it was judged under.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import Any

from ledger.book import Book, Dated
from schemas.commands import Command
from schemas.events.governance import DecisionKind


class Case:
    """One command, the book it meets, and what it is judged under.

    recorded_on: the day it is recorded, in the portfolio's time zone. decided_on: the day it was decided; a decision
    has to be allowed on both. grants: sequences of the authorities it rests on, in the order they were found.
    """

    __slots__ = ("_names_all", "_ruling", "ask", "book", "decided_on", "grants", "newest_policy", "recorded_on")

    def __init__(
        self,
        ask: Command,
        book: Book,
        recorded_on: datetime.date,
        ruling: Callable[[Book, str, datetime.date], Dated | None] = Book.ruling_policy,
        *,
        names_all: bool = True,
    ) -> None:
        """ruling: how the policy of a kind on a day is found in the book. names_all: name every policy, not only the
        guardrails."""
        self.ask, self.book, self.recorded_on = ask, book, recorded_on
        self._ruling, self._names_all = ruling, names_all
        self.decided_on = min(ask.decidedon or ask.time, recorded_on)
        self.grants: list[int] = []
        self.newest_policy = 0

    @property
    def days(self) -> tuple[datetime.date, ...]:
        """The days it has to be allowed on: recorded and, where that is another, decided."""
        same = self.recorded_on == self.decided_on
        return (self.recorded_on,) if same else (self.recorded_on, self.decided_on)

    @property
    def is_emergency(self) -> bool:
        return self.ask.basis == "emergency"

    def policy(self, kind: str, day: datetime.date | None = None) -> Any:
        """Return the body of the policy of a kind that rules on a day (without one: today), None where none does."""
        found = self._ruling(self.book, kind, day or self.recorded_on)
        if found is None:
            return None
        if self._names_all or kind == "guardrails":
            self.newest_policy = max(self.newest_policy, found.sequence)
        return found.fact.body

    @property
    def policies(self) -> str | None:
        """The newest policy it was judged under, as an event names it."""
        return str(self.newest_policy) if self.newest_policy else None

    @property
    def authorities(self) -> str | None:
        """The authorities it rests on, as an event names them: as many as an event has room for."""
        return ",".join(map(str, self.grants[:MOST_GRANTS])) or None

    def rests_on(self, sequence: int) -> None:
        """Remember an authority that was used."""
        if sequence not in self.grants:
            self.grants.append(sequence)


MOST_GRANTS = 23
"""Sequences of 16 digits with their commas that fit in 400 characters."""

MONEY_KINDS: tuple[DecisionKind, ...] = ("funding", "reallocation")
"""Kinds of decision that move money: their limits bound the amount."""

TOTAL_KINDS: tuple[DecisionKind, ...] = ("gate", "baseline", "waiver")
"""Kinds that move none, about an initiative: its total says who may take them."""
