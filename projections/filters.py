"""The filter language: which decisions of a history one steps through.

    initiative:AI-0007 kind:funding by:ana after:2024-06 amount>1M why:~vendor flag:LATE !reversed claims

    initiative:ID  subject:envelope/ID   what it is about         kind:TEXT      its type holds the text
    by:ACTOR                             who recorded it          basis:TEXT     ordinary, minuted, emergency ...
    after: before: on:  a day, month or year, as recorded         effective:     the same, of the day it is true from
    amount> amount< amount=  in major units, 250k and 1.5M too    why:~TEXT      a reason, rationale or dissent holds it
    flag:TEXT  flagged  late  reversed  problem                   TEXT           its type, subject or actor holds it

Terms stand side by side and all must hold; `!` before a term turns it round. Case does not matter.
"""

from __future__ import annotations

import datetime
import re
from array import array
from collections.abc import Callable
from typing import Any, Literal, NamedTuple

from projections.columns import columns_of, forms_of, table_name
from projections.replica import Replica
from schemas.events import FACTS
from schemas.values import CURRENCY_EXPONENTS


class FilterError(ValueError):
    """A term cannot be read: which, and what is allowed."""


class Condition(NamedTuple):
    """Part of a query over `events`, with its parameters."""

    sql: str
    parameters: tuple[Any, ...] = ()


PROBLEM = Condition(
    "(flags is not null or sequence in (select reversed_sequence from entry_reversed) or basis = 'emergency')"
)
"""What the problem keys go to: flagged, reversed or emergency."""

_REVERSED = Condition("sequence in (select reversed_sequence from entry_reversed)")
_WORDS = {
    "flagged": Condition("flags is not null"),
    "late": Condition("coalesce(contains(flags, 'LATE'), false)"),
    "reversed": _REVERSED,
    "problem": PROBLEM,
}
_TERM = re.compile(r"([a-z]+)(:~|:|>=|<=|>|<|=)(.+)")
_AMOUNT = re.compile(r"([0-9][0-9,_]*(?:\.[0-9]+)?)([kKmM]?)")
_TEXTS = frozenset({"reason", "rationale", "dissent", "question", "commentary", "text", "hypothesis", "title"})


def parse(text: str) -> tuple[Condition, ...]:
    """Return what a filter asks for, one condition a term; none for an empty text. Errors: FilterError."""
    return tuple(_negatable(term) for term in text.split())


def query(conditions: tuple[Condition, ...]) -> tuple[str, list[Any]]:
    """Return the query for the sequences that pass, in order, and its parameters."""
    where = " and ".join(condition.sql for condition in conditions) or "true"
    parameters = [each for condition in conditions for each in condition.parameters]
    return f"select sequence from events where {where} order by sequence", parameters


def _negatable(term: str) -> Condition:
    if term.startswith("!") and len(term) > 1:
        inner = _term(term[1:])
        return Condition(f"not coalesce({inner.sql}, false)", inner.parameters)
    return _term(term)


def _term(term: str) -> Condition:
    if term.lower() in _WORDS:
        return _WORDS[term.lower()]
    found = _TERM.fullmatch(term)
    if found is None:
        return Condition(
            "(contains(lower(type), ?) or contains(lower(subject), ?) or contains(lower(actor), ?))",
            (term.lower(),) * 3,
        )
    name, sign, value = found.groups()
    make = _NAMED.get(name)
    if make is None:
        raise FilterError(f"{term!r}: there is no {name}; use {', '.join(sorted(_NAMED))} or {', '.join(_WORDS)}")
    return make(term, sign, value)


def _plain(sql: str) -> Callable[[str, str, str], Condition]:
    def made(term: str, sign: str, value: str) -> Condition:
        if sign not in (":", "="):
            raise FilterError(f"{term!r}: write {term.split(sign)[0]}:{value}")
        return Condition(sql, (value.lower(),))

    return made


def _initiative(_: str, __: str, value: str) -> Condition:
    return Condition("lower(subject) = ?", (f"initiative/{value.lower()}",))


def _day(column: str, comparison: str) -> Callable[[str, str, str], Condition]:
    def made(term: str, _: str, value: str) -> Condition:
        first, last = _days(term, value)
        if comparison == "on":
            return Condition(f"{column}::date between ? and ?", (first, last))
        return Condition(f"{column}::date {comparison} ?", (last if comparison == ">" else first,))

    return made


def _days(term: str, value: str) -> tuple[datetime.date, datetime.date]:
    """Return the first and last day of a day, month or year."""
    try:
        if re.fullmatch(r"\d{4}", value):
            return datetime.date(int(value), 1, 1), datetime.date(int(value), 12, 31)
        if re.fullmatch(r"\d{4}-\d{2}", value):
            first = datetime.date.fromisoformat(f"{value}-01")
            following = (first.replace(day=28) + datetime.timedelta(days=4)).replace(day=1)
            return first, following - datetime.timedelta(days=1)
        day = datetime.date.fromisoformat(value)
    except (ValueError, OverflowError) as error:
        raise FilterError(f"{term!r}: {value!r} is no day; give 2024-06-30, 2024-06 or 2024") from error
    return day, day


def _amount(term: str, sign: str, value: str) -> Condition:
    found = _AMOUNT.fullmatch(value)
    if found is None or sign not in (">", "<", ">=", "<=", "=", ":"):
        raise FilterError(f"{term!r}: {value!r} is no amount; give one such as 250000, 250k or 1.5M")
    major = float(found[1].replace(",", "").replace("_", "")) * {"": 1, "k": 1_000, "m": 1_000_000}[found[2].lower()]
    comparison = "=" if sign == ":" else sign
    other = {code: 10**exponent for code, exponent in CURRENCY_EXPONENTS.items() if exponent != 2}
    units = "case c.name " + " ".join(f"when '{code}' then {unit}" for code, unit in other.items()) + " else 100 end"
    return Condition(
        "sequence in (select m.sequence from money_entries m join names c on c.id = m.currency_id "
        f"where abs(m.minor) {comparison} ? * ({units}))",
        (major,),
    )


def _why(_: str, __: str, value: str) -> Condition:
    wanted = value.lower().lstrip("~")
    arms = [
        f'select sequence from "{table_name(fact)}_whole" where contains(lower("{column.name}"), ?)'
        for fact in FACTS
        if "text" in forms_of(fact) or "plain" in forms_of(fact)
        for column in columns_of(fact)
        if column.name in _TEXTS
    ]
    return Condition(f"sequence in ({' union all '.join(arms)})", (wanted,) * len(arms))


_NAMED: dict[str, Callable[[str, str, str], Condition]] = {
    "initiative": _initiative,
    "subject": _plain("contains(lower(subject), ?)"),
    "kind": _plain("contains(lower(type), ?)"),
    "type": _plain("contains(lower(type), ?)"),
    "by": _plain("lower(actor) = ?"),
    "basis": _plain("lower(basis) = ?"),
    "flag": _plain("coalesce(contains(lower(flags), ?), false)"),
    "after": _day("recorded_at", ">"),
    "before": _day("recorded_at", "<"),
    "on": _day("recorded_at", "on"),
    "effective": _day("effective_on", "on"),
    "amount": _amount,
    "why": _why,
}


def sequences(replica: Replica, conditions: tuple[Condition, ...]) -> array[int]:
    """Return the sequences that pass every condition, in order."""
    return array("q", (row["sequence"] for row in replica.ask(*query(conditions))))


def alike(column: Literal["subject", "actor", "type"], value: str) -> tuple[Condition, ...]:
    """Return what asks for the events that have this subject, actor or type."""
    return (Condition(f"{column} = ?", (value,)),)
