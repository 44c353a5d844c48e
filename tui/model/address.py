"""Addresses: one grammar for every place in a portfolio's history, in the address box, the clipboard and reports.

186120        that sequence            +10  -1      so many decisions on, or back
2024-06-30    the end of that day      2024-06-30T14:00:00Z   that instant
50%           half of the way          first  tip   the first, the last
AI-0007       the newest decision of that initiative
F-003         the entry that finding is about
ledger://northwind/186120#approved     a place as `y` copies it: portfolio, sequence, field
"""

from __future__ import annotations

import datetime
import re
from typing import NamedTuple

from schemas.values import is_id


class Sequence(NamedTuple):
    """A sequence, and the field of the state after it that is meant. portfolio: where it was named."""

    sequence: int
    field: str | None = None
    portfolio: str | None = None


class Step(NamedTuple):
    """So many decisions on; negative is back."""

    by: int


class Share(NamedTuple):
    """So far along the history, 0 to 1."""

    share: float


class Time(NamedTuple):
    """A date or an instant, as it was written."""

    text: str


class Finding(NamedTuple):
    """The entry a finding is about."""

    finding: str


class About(NamedTuple):
    """The newest decision of an initiative, or whatever else has this id."""

    subject: str


class Tip(NamedTuple):
    """The newest decision, followed from there."""


Address = Sequence | Step | Share | Time | Finding | About | Tip


class AddressError(ValueError):
    """The text names no place: which, and what is allowed."""


_PLACE = re.compile(r"ledger://([A-Za-z0-9_-]{1,64})/([0-9]{1,16})(?:#([A-Za-z0-9_ .:-]{1,80}))?")


def parse(text: str) -> Address:
    """Return the place a text names. Errors: AddressError."""
    told = text.strip()
    if found := _PLACE.fullmatch(told):
        return Sequence(int(found[2]), found[3], found[1])
    if told in ("tip", "end", "live"):
        return Tip()
    if told in ("first", "start"):
        return Sequence(1)
    if re.fullmatch(r"[0-9][0-9,]{0,20}", told):
        return Sequence(int(told.replace(",", "")))
    if re.fullmatch(r"[+-][0-9]{1,12}", told):
        return Step(int(told))
    if found := re.fullmatch(r"([0-9]{1,3}(?:\.[0-9]+)?) ?%", told):
        share = float(found[1]) / 100
        if share <= 1:
            return Share(share)
    if re.fullmatch(r"\d{4}(-\d{2}(-\d{2}(T.*)?)?)?", told):
        return Time(_day(told))
    if re.fullmatch(r"F-\d{1,6}", told):
        return Finding(told)
    if is_id(told):
        return About(told)
    raise AddressError(
        f"{text.strip()!r} names no place; give a sequence, +10 or -1, 50%, a date, tip, an initiative or a finding"
    )


def written(portfolio: str, sequence: int, field: str | None = None) -> str:
    """Return the address of a place, as it is copied and parsed again."""
    return f"ledger://{portfolio}/{sequence}" + (f"#{field}" if field else "")


def _day(told: str) -> str:
    """Return a month or year as its last day, everything else as it is. Errors: AddressError."""
    try:
        if len(told) == 4:
            return f"{told}-12-31"
        if len(told) == 7:
            first = datetime.date.fromisoformat(f"{told}-01")
            return str((first.replace(day=28) + datetime.timedelta(days=4)).replace(day=1) - datetime.timedelta(days=1))
        datetime.datetime.fromisoformat(told)
    except (ValueError, OverflowError) as error:
        raise AddressError(f"{told!r} is no date; give one such as 2024-06-30") from error
    return told
