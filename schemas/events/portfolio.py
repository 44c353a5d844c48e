"""The portfolio itself: its opening."""

from __future__ import annotations

from typing import Annotated, ClassVar

from msgspec import Meta
from pydantic import Field as Limits

from schemas.events.fact import Fact
from schemas.values import CurrencyCode, Id, Origin, Reference, Shape, TimeZone, Title


class Registrar(Shape, frozen=True, kw_only=True):
    """Who may enrol people, bodies and keys. person: a pseudonym. vkey: a signed-note verifier key."""

    actor: Id
    person: Id
    vkey: Reference | None = None


class PortfolioOpened(Fact, frozen=True, kw_only=True):
    """The first event of a portfolio: its name, its money, its calendar.

    historic: an importer may state when things were recorded, until the portfolio's first command of its own.
    fiscal_year_start: month, 1 to 12. log_origin: names this ledger in signed commands and checkpoints.
    Source: DESIGN, event 30.
    """

    TYPE: ClassVar[str] = "PortfolioOpened.v1"

    portfolio: Id
    title: Title
    currency: CurrencyCode
    historic: bool = False
    time_zone: TimeZone
    fiscal_year_start: Annotated[int, Meta(ge=1, le=12), Limits(ge=1, le=12)]
    registrar: Registrar
    log_origin: Origin

    def subject(self) -> str:
        return f"portfolio/{self.portfolio}"
