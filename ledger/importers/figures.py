"""Amounts as publishers print them: decimal millions, read exactly.

    29.535882   29,535,882.00      1.5E-4   150.00      (empty)   not given, which is not zero

Sums are done in decimals and end in whole hundredths; a float never comes into it.
"""

from __future__ import annotations

import re
from decimal import ROUND_HALF_EVEN, Decimal

from ledger.importers.lines import Row
from schemas.values import CURRENCY_EXPONENTS, MAX_MINOR

_HUNDREDTHS_OF_A_MILLION = 100_000_000


def check_has_cents(currency: str, of_what: str) -> None:
    """Errors: ValueError where a currency has no hundredths, in which millions are counted here."""
    if CURRENCY_EXPONENTS.get(currency) != 2:
        raise ValueError(f"{of_what} are written in hundredths; {currency} has none")


def millions(row: Row, column: str, *, least: int | None = None) -> int | None:
    """Return what a cell in millions is in minor units, half-even; None where it is empty, so not known.

    least: in minor units; None where an amount may be negative.
    """
    value = row.cells[column].strip()
    if not value:
        return None
    if not re.fullmatch(r"-?[0-9]{1,12}(\.[0-9]{1,12})?([eE][+-]?[0-9]{1,2})?", value):
        raise row.unreadable(column, "write millions, such as 29.535882")
    minor = int((Decimal(value) * _HUNDREDTHS_OF_A_MILLION).to_integral_value(ROUND_HALF_EVEN))
    if abs(minor) > MAX_MINOR:
        raise row.unreadable(column, "more than the ledger can hold")
    if least is not None and minor < least:
        raise row.unreadable(column, "it must not be below zero")
    return minor
