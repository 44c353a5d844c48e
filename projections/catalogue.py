"""What a query names: tables, and the macros of views/, each with what it names in turn.

A replica makes a table or a macro when a query first names it, so that a start costs what is asked and no more:
making all of them takes a third of a second, and few queries need a tenth of them.
"""

from __future__ import annotations

import importlib.resources
import re
from functools import cache, lru_cache

from projections.columns import table_name
from projections.derived import DERIVED, MADE_BESIDE
from schemas.events import FACTS, ActualPosted, CommitmentPosted, Fact, FundingApproved

POSTED: frozenset[type[Fact]] = frozenset({FundingApproved, CommitmentPosted, ActualPosted})
"""Facts whose tables are read from the segments: there are many, and views ask for their money alone."""

WHOLE = "_whole"
"""After the name of a fact's table: that of the view of all its columns."""

STATEMENTS = "statements"
"""The table of projections.statements: of facts it needs none, since they are read where they stand."""

_DEFINITION = re.compile(r"^create or replace (?:macro|table) (\w+)", re.MULTILINE)
_COMMENT = re.compile(r"--.*")
_WORD = re.compile(r"[a-z_]+")
_CALLED = re.compile(r"\b([a-z_]+)\s*\(")

FACT_OF: dict[str, type[Fact]] = {f"{table_name(fact)}{suffix}": fact for fact in FACTS for suffix in ("", WHOLE)}
"""The fact of each table that holds one."""

_TABLES = frozenset({"events", STATEMENTS, *DERIVED, *MADE_BESIDE, *FACT_OF})
"""Every table of a replica, but those that views/ defines."""


@cache
def definitions() -> dict[str, str]:
    """Return the statement that makes each macro and table of views/, by its name."""
    found: dict[str, str] = {}
    for file in (importlib.resources.files("projections") / "views").iterdir():
        if not file.name.endswith(".sql"):
            continue
        text = file.read_text()
        starts = [*_DEFINITION.finditer(text)]
        ends = [*(start.start() for start in starts[1:]), len(text)]
        for start, end in zip(starts, ends, strict=True):
            found[start[1]] = text[start.start() : end]
    return found


def named(query: str) -> tuple[str, ...]:
    """Return the tables and macros a query names, whatever one needs standing before it.

    A word that only looks like a table is taken for one: it is made for nothing, and does no harm.
    """
    return _with_needs(frozenset(_names(query)))


def made_of(name: str) -> tuple[str, ...]:
    """Return the tables and macros that a table or macro needs, whatever one needs before it."""
    return _needs(name)


@lru_cache(maxsize=1_024)
def _with_needs(names: frozenset[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(needed for name in sorted(names) for needed in (*_needs(name), name)))


def _names(text: str) -> set[str]:
    made = definitions()
    tables = {word for word in _WORD.findall(text) if word in _TABLES or (word in made and _is_table(word))}
    return tables | {word for word in _CALLED.findall(text) if word in made}


def _is_table(name: str) -> bool:
    return definitions()[name].startswith("create or replace table")


@cache
def _needs(name: str) -> tuple[str, ...]:
    """Return what has to be there before a table or macro, in the order in which it can be made."""
    if name in DERIVED:
        return _with_needs(frozenset(DERIVED[name].needs))
    if name in MADE_BESIDE:
        return _with_needs(frozenset({MADE_BESIDE[name]}))
    if FACT_OF.get(name) in POSTED and not name.endswith(WHOLE):
        return (f"{name}{WHOLE}",)
    text = definitions().get(name)
    if text is None:
        return ()
    return _with_needs(frozenset(_names(_COMMENT.sub("", text)) - {name}))
