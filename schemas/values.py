"""Money, shares, periods, ids and text: the small values every message is made of, and their limits.

Each alias carries its limits twice: as `msgspec.Meta`, for the decoder of stored events and the JSON Schema, and as
pydantic constraints, which give an outsider an error a person understands. Patterns are checked where a command
comes in and published in the schema; the decoder checks type and length only, which makes it twice as fast
(docs/decisions/0004).
"""

from __future__ import annotations

import datetime
import re
import zoneinfo
from typing import Annotated, Any, Literal, get_type_hints

import iso4217
import msgspec
from msgspec import Meta
from pydantic import AfterValidator, BeforeValidator, GetCoreSchemaHandler, Strict, StringConstraints
from pydantic import Field as Limits
from pydantic_core import CoreSchema, core_schema

MAX_MINOR = 10**15
"""Largest amount, in minor units, either way: ten trillion dollars. Sums of a million of them stay below 2**70."""

_ID = r"^[A-Za-z0-9_-]{1,64}$"
_PERIOD = r"^(FY)?[1-8][0-9]{3}(-(Q[1-4]|H[12]|0[1-9]|1[0-2]))?$"
_REFERENCE = r"^[^\x00-\x1f\x7f]+$"
_SHA256 = r"^[0-9a-f]{64}$"
_CURRENCY = r"^[A-Z]{3}$"
_QUANTITY = r"^-?[0-9]{1,15}(\.[0-9]{1,6})?$"
_ORIGIN = r"^[A-Za-z0-9_-]{1,64}-[0-9a-f]{8}$"


def _known_currency(code: str) -> str:
    if code not in CURRENCY_EXPONENTS:
        raise ValueError(f"{code} is no ISO 4217 currency; write three capital letters, such as USD")
    return code


def _known_zone(name: str) -> str:
    try:
        zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(f"{name} is no IANA time zone; write one such as UTC or Europe/Paris") from error
    return name


CURRENCY_EXPONENTS: dict[str, int] = {
    currency.code: currency.exponent for currency in iso4217.Currency if currency.exponent is not None
}
"""Minor digits of each currency: JPY 0, USD 2, KWD 3. Source: ISO 4217, as published in the iso4217 package."""

Id = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=64,
        description="letters, digits, hyphen and underscore, 1 to 64",
        extra_json_schema={"pattern": _ID},
    ),
    StringConstraints(pattern=_ID),
]
Period = Annotated[
    str,
    Meta(
        min_length=4,
        max_length=9,
        description="FY2026, FY2026-Q3, FY2026-H1, 2026, 2026-Q3 or the month 2026-07",
        extra_json_schema={"pattern": _PERIOD},
    ),
    StringConstraints(pattern=_PERIOD),
]
Reference = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=200,
        description="a name in another system; no control characters",
        extra_json_schema={"pattern": _REFERENCE},
    ),
    StringConstraints(pattern=_REFERENCE, max_length=200),
]
Title = Annotated[str, Meta(min_length=1, max_length=300), StringConstraints(min_length=1, max_length=300)]
Sha256 = Annotated[
    str, Meta(min_length=64, max_length=64, extra_json_schema={"pattern": _SHA256}), StringConstraints(pattern=_SHA256)
]
CurrencyCode = Annotated[
    str,
    Meta(min_length=3, max_length=3, description="ISO 4217 code", extra_json_schema={"pattern": _CURRENCY}),
    StringConstraints(pattern=_CURRENCY),
    AfterValidator(_known_currency),
]
Minor = Annotated[int, Meta(ge=-MAX_MINOR, le=MAX_MINOR), Limits(ge=-MAX_MINOR, le=MAX_MINOR)]
ShareBp = Annotated[int, Meta(ge=1, le=10_000, description="basis points; 10,000 is all"), Limits(ge=1, le=10_000)]
WeightBp = Annotated[int, Meta(ge=0, le=10_000, description="basis points; 10,000 is all"), Limits(ge=0, le=10_000)]
Sequence = Annotated[int, Meta(ge=1, le=2**53), Limits(ge=1, le=2**53)]
CapexOpex = Literal["capex", "opex"]
Quantity = Annotated[
    str,
    Meta(
        max_length=24,
        description="a decimal number as text, such as 4.1, at most six decimals",
        extra_json_schema={"pattern": _QUANTITY},
    ),
    StringConstraints(pattern=_QUANTITY),
]
TimeZone = Annotated[
    str, Meta(min_length=1, max_length=64, description="IANA name, such as Europe/Paris"), AfterValidator(_known_zone)
]
Origin = Annotated[
    str,
    Meta(
        max_length=73,
        description="the portfolio's id, a hyphen, and eight random hex digits",
        extra_json_schema={"pattern": _ORIGIN},
    ),
    StringConstraints(pattern=_ORIGIN),
]


def _written_day(value: Any) -> Any:
    """Take a day as it is written in JSON and no other way: pydantic would also take seconds and instants."""
    if isinstance(value, datetime.date) or (isinstance(value, str) and re.fullmatch(r"\d{4}-\d{2}-\d{2}", value)):
        return value
    raise ValueError("must be a date such as 2026-03-31")


Day = Annotated[datetime.date, Strict(False), BeforeValidator(_written_day)]
"""A day as an outsider writes it."""


def _with_written_days(hint: Any) -> Any:
    if hint is datetime.date:
        return Day
    return Day | None if hint == datetime.date | None else hint


class Shape(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True, gc=False):
    """A value or fact: immutable, closed, encoded without its defaults.

    pydantic validates it field by field from the same annotations, so that a shape is written once.
    """

    @classmethod
    def __get_pydantic_core_schema__(cls, source: type[Any], handler: GetCoreSchemaHandler) -> CoreSchema:
        hints = get_type_hints(cls, include_extras=True)
        fields = msgspec.structs.fields(cls)
        attributes = {field.encode_name: field.name for field in fields}
        known = {
            field.encode_name: core_schema.typed_dict_field(
                handler.generate_schema(_with_written_days(hints[field.name])), required=field.required
            )
            for field in fields
        }

        config = cls.__struct_config__
        if config.tag_field is not None:
            known[config.tag_field] = core_schema.typed_dict_field(core_schema.literal_schema([config.tag]))

        def build(values: dict[str, Any]) -> Shape:
            return cls(**{attributes[name]: value for name, value in values.items() if name in attributes})

        return core_schema.no_info_after_validator_function(
            build,
            core_schema.typed_dict_schema(known, extra_behavior="forbid", config=core_schema.CoreConfig(strict=True)),
        )


class Money(Shape, frozen=True, kw_only=True):
    """An amount in integer minor units and its currency, never apart.

    minor: minor units of *currency*, ISO 4217 exponent; negative takes away.
    """

    minor: Minor
    currency: CurrencyCode


class Commitment(Shape, frozen=True, kw_only=True):
    """A salted hash in the place of a text, so that the text can be erased later without touching the ledger.

    commitment: SHA-256 of salt and text, hexadecimal. vault: where the sender keeps both.
    """

    commitment: Sha256
    vault: Reference


Text = (
    Annotated[str, Meta(min_length=1, max_length=4_000), StringConstraints(min_length=1, max_length=4_000)] | Commitment
)
"""Free text, or a commitment to it."""


class Figure(Shape, frozen=True, kw_only=True):
    """A cost that is a claim: exact, a range, withheld by its owner, or unknown. A blank is never zero.

    amount: for exact. low, high: for range, low <= high. price_base: the year whose prices are used.
    """

    kind: Literal["exact", "range", "withheld", "unknown"]
    amount: Money | None = None
    low: Money | None = None
    high: Money | None = None
    price_base: Period | None = None

    def __post_init__(self) -> None:
        given = (self.amount is not None, self.low is not None, self.high is not None)
        wanted = {"exact": (True, False, False), "range": (False, True, True)}.get(self.kind, (False, False, False))
        if given != wanted:
            raise ValueError("an exact figure has an amount, a range has low and high, any other has no figures")
        if self.low is not None and self.high is not None:
            if self.low.currency != self.high.currency:
                raise ValueError("low and high are in different currencies")
            if self.low.minor > self.high.minor:
                raise ValueError("low is above high")


class PeriodFigure(Shape, frozen=True, kw_only=True):
    """A claimed cost in one period."""

    period: Period
    cost: Figure


class PeriodAmount(Shape, frozen=True, kw_only=True):
    """An amount in one period."""

    period: Period
    amount: Money


class Evidence(Shape, frozen=True, kw_only=True):
    """A document by its hash, so that it can be checked later.

    ref: where it is kept. sha256: hash of its bytes, hexadecimal.
    """

    ref: Reference
    sha256: Sha256


def zone_of(name: str) -> datetime.tzinfo:
    """Return the time zone of a name; UTC for one that is none, which only a foreign program can have recorded."""
    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        return datetime.UTC


def is_id(text: str) -> bool:
    """Say whether *text* can be an id: letters, digits, hyphen and underscore, 1 to 64 of them."""
    return re.fullmatch(_ID[1:-1], text) is not None


def as_id(text: str) -> str:
    """Return *text* with every character an id cannot hold replaced by an underscore, cut to 64."""
    return re.sub(r"[^A-Za-z0-9_-]", "_", text)[:64]


def fiscal_year(day: datetime.date, starts_in_month: int) -> str:
    """Return the fiscal year a day falls in, named after the calendar year it ends in: FY2008.

    Units: starts_in_month is 1 to 12; 1 makes fiscal and calendar years the same.
    """
    later = starts_in_month > 1 and day.month >= starts_in_month
    return f"FY{day.year + (1 if later else 0):04d}"


def period_days(period: str, starts_in_month: int) -> tuple[datetime.date, datetime.date]:
    """Return the first and last day of a period. starts_in_month: of the fiscal year, for FY periods."""
    fiscal = period.startswith("FY")
    year, _, part = period.removeprefix("FY").partition("-")
    months = {"": (0, 12), "H1": (0, 6), "H2": (6, 6), "Q1": (0, 3), "Q2": (3, 3), "Q3": (6, 3), "Q4": (9, 3)}
    offset, length = months[part] if part in months else (int(part) - 1, 1)
    start = 12 * int(year) + offset
    if fiscal and starts_in_month > 1:
        start += starts_in_month - 13
    end = start + length
    first, after = datetime.date(start // 12, start % 12 + 1, 1), datetime.date(end // 12, end % 12 + 1, 1)
    return first, after - datetime.timedelta(days=1)


def split_by_largest_remainder(total: int, weights: list[int]) -> list[int]:
    """Return *total* divided in the proportion of *weights*, summing to it exactly.

    Shape: one integer a weight. Errors: ValueError where the weights do not sum above zero.
    Ties go to the earlier weight. Source: the largest remainder method (Hamilton).
    """
    whole = sum(weights)
    if whole <= 0 or min(weights) < 0:
        raise ValueError("weights must not be negative and must sum above zero")
    sign, size = (1, total) if total >= 0 else (-1, -total)
    shares = [divmod(size * weight, whole) for weight in weights]
    left = size - sum(quotient for quotient, _ in shares)
    first = sorted(range(len(weights)), key=lambda place: (-shares[place][1], place))[:left]
    return [sign * (quotient + (place in first)) for place, (quotient, _) in enumerate(shares)]
