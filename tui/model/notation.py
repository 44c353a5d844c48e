"""How a person writes a value in a form, and what it is in a command's JSON.

    money     1,250,000.00 USD      {"minor": 125000000, "currency": "USD"}; without a code, in the portfolio's own
    share     12.5 %                1250, in basis points; the sign may be left away
    whole     1,200                 1200
    date      2026-03-31            the same
    choice    conditional_go        the same; yes and no for what is so or not
    words     risk finance          ["risk", "finance"], by blanks or commas
    text      as it stands          the same; nothing written is nothing said

Reading gives back what was written: `read(kind, written(kind, value)) == value`.
"""

from __future__ import annotations

import datetime
import re
from decimal import Decimal
from typing import Any, Literal

from schemas.values import CURRENCY_EXPONENTS
from tui.model.figures import money

Kind = Literal[
    "text", "prose", "money", "share", "whole", "date", "choice", "yes_no", "words", "group", "list", "variant"
]
"""What a field holds: a value, a group of fields, a list of values or groups, or a group whose fields its kind says."""

_AMOUNT = re.compile(r"(?:([A-Za-z]{3})\s*)?([+-]?)([0-9][0-9,_ ]*)(?:\.([0-9]*))?\s*([A-Za-z]{3})?")


class Unreadable(ValueError):
    """What is written cannot be read: what, and how it is written."""


def read(kind: Kind, text: str, currency: str | None = None) -> Any:
    """Return the JSON value of what is written in a field. currency: for an amount that names none.

    Errors: Unreadable.
    """
    if kind in ("text", "prose", "choice"):
        return text
    stripped = text.strip()
    if kind == "money":
        return _money(stripped, currency)
    if kind == "share":
        return _share(stripped)
    if kind == "whole":
        return _whole(stripped)
    if kind == "date":
        return _date(stripped)
    if kind == "yes_no":
        return _yes_no(stripped)
    if kind == "words":
        return [word for word in re.split(r"[\s,]+", stripped) if word]
    raise AssertionError(f"a {kind} is not written in one field")


def written(kind: Kind, value: Any) -> str:
    """Return how a JSON value is written in a field."""
    if kind == "money":
        return f"{money(value['minor'], value['currency'])} {value['currency']}"
    if kind == "share":
        return f"{(Decimal(value) / 100).normalize():f} %"
    if kind == "whole":
        return f"{value:,}"
    if kind == "yes_no":
        return "yes" if value else "no"
    if kind == "words":
        return " ".join(value)
    return str(value)


def _quoted(text: str) -> str:
    """Return what cannot be read as it is told of, the beginning of what is long."""
    return repr(text if len(text) <= 40 else f"{text[:39]}…")


def _money(text: str, currency: str | None) -> dict[str, Any]:
    found = _AMOUNT.fullmatch(text)
    if found is None or (found[1] and found[5]):
        raise Unreadable(f"{_quoted(text)} is no amount; write it as 1,250,000.00 USD")
    code = (found[1] or found[5] or currency or "").upper()
    exponent = CURRENCY_EXPONENTS.get(code)
    if exponent is None:
        raise Unreadable(f"{code or text!r} names no currency; write the amount with its ISO 4217 code, as 100.00 USD")
    cents = found[4] or ""
    if len(cents.rstrip("0")) > exponent:
        raise Unreadable(f"{_quoted(text)} has more decimals than {code}, which has {exponent}")
    minor = int(re.sub(r"[,_ ]", "", found[3]) + cents[:exponent].ljust(exponent, "0"))
    return {"minor": -minor if found[2] == "-" else minor, "currency": code}


def _share(text: str) -> int:
    found = re.fullmatch(r"([0-9]{1,9})(?:\.([0-9]{1,9}))?\s*%?", text)
    if found is None or len((found[2] or "").rstrip("0")) > 2:
        raise Unreadable(f"{_quoted(text)} is no share; write a percentage with at most two decimals, as 12.5 %")
    return int(found[1] + (found[2] or "")[:2].ljust(2, "0"))


def _whole(text: str) -> int:
    if not re.fullmatch(r"[+-]?[0-9][0-9,_]{0,30}", text):
        raise Unreadable(f"{_quoted(text)} is no whole number; write it as 1200")
    return int(re.sub(r"[,_]", "", text))


def _date(text: str) -> str:
    try:
        if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
            raise ValueError
        return datetime.date.fromisoformat(text).isoformat()
    except ValueError as error:
        raise Unreadable(f"{_quoted(text)} is no date; write it as 2026-03-31") from error


def _yes_no(text: str) -> bool:
    if text.lower() not in ("yes", "no"):
        raise Unreadable(f"{_quoted(text)} is neither yes nor no")
    return text.lower() == "yes"


HOW: dict[Kind, str] = {
    "text": "as it stands",
    "prose": "as it stands, on as many lines as it takes",
    "money": "1,250,000.00 USD",
    "share": "12.5 %",
    "whole": "1200",
    "date": "2026-03-31",
    "choice": "one of those listed",
    "yes_no": "yes or no",
    "words": "one two three",
    "group": "field by field",
    "list": "how many there are",
    "variant": "choose its kind, then field by field",
}
"""How each kind is written, for who asks."""
