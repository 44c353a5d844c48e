"""Heads: for each thing that entries are about, how many there are, the last of them, and a hash over all of them.

    {"about":"initiative/AI-0042","count":3,"last":812,"chain":"9f2c..."}

The chain begins with 32 zero bytes; each entry makes it SHA-256(chain || leaf hash of the entry). So who has every
entry about a thing, in order, gets the chain, and who lacks one, or has one more, does not: that is how a part of the
ledger proves itself complete. A CheckpointAnchored keeps the RFC 6962 root over the heads of all things, lines such as
the one above, sorted by name, so that one head can be shown without the others.

An entry is about its subject; about the initiatives, the decision and the conditions it names; and, where it takes
another entry back or erases a text of it, about what that one is about. Source: docs/spec/evidence.md.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from hashlib import sha256
from typing import Any, NamedTuple, get_args, get_type_hints

import msgspec

from ledger.notary.tlog import leaf_hash, tree_root
from schemas.envelope import Recorded
from schemas.events import (
    AuthoritySet,
    BenefitPlanned,
    DecisionRequested,
    EntryReversed,
    Fact,
    FundingReallocated,
    Heads,
    HoldSet,
    InitiativeLinked,
    InterestDeclared,
    PrioritySet,
    RiskAssessed,
    TextErased,
)
from schemas.values import Commitment

START = bytes(32)
"""The chain before the first entry."""


class Head(NamedTuple):
    """Where the entries about one thing end. last: sequence of the newest. chain: 32 bytes, over all of them."""

    count: int  # type: ignore[assignment]  # hides tuple.count, which nobody asks of a head
    last: int
    chain: bytes


NO_ENTRIES = Head(0, 0, START)


class TextPlace(NamedTuple):
    """Where a commitment stands. about: what its entry is about, and what a decision that it belongs to is about."""

    sequence: int
    field: str
    about: tuple[str, ...]


def followed(head: Head, sequence: int, leaf: bytes) -> Head:
    """Return a head with one more entry. leaf: the entry's leaf hash."""
    return Head(head.count + 1, sequence, sha256(head.chain + leaf).digest())


def about(event: Recorded, of_entry: Callable[[int], tuple[str, ...]]) -> tuple[str, ...]:
    """Return what an event is about, each as `<stream>/<id>` and once. of_entry: what an earlier entry is about."""
    fact = event.data
    shape = type(fact)
    if shape is EntryReversed or shape is TextErased:
        return of_entry(fact.sequence if isinstance(fact, EntryReversed) else fact.entry)  # type: ignore[attr-defined]
    named = _names_more(shape)
    if not named and event.decisionid is None:
        return (event.subject,)
    names = dict.fromkeys((event.subject, *(_named(fact) if named else ())))
    if event.decisionid is not None:
        names[f"decision/{event.decisionid}"] = None
    return tuple(names)


def line(name: str, head: Head) -> bytes:
    """Return a head as the line that is hashed."""
    told = {"about": name, "count": head.count, "last": head.last, "chain": head.chain.hex()}
    return json.dumps(told, separators=(",", ":")).encode()


def leaves(heads: Mapping[str, Head]) -> list[bytes]:
    """Return the leaf hashes of the tree over all heads, sorted by name."""
    return [leaf_hash(line(name, heads[name])) for name in sorted(heads)]


def committed(heads: Mapping[str, Head], last_sequence: int) -> Heads:
    """Return what an anchor keeps of all heads. last_sequence: of the last entry they count."""
    return Heads(last_sequence=last_sequence, count=len(heads), root=tree_root(leaves(heads)).hex())


def commitments(fact: Fact) -> list[tuple[str, str]]:
    """Return the commitments in a fact: the field each stands in, such as data.moves.0.reason, and its hash."""
    found: list[tuple[str, str]] = []
    if _fields_with_texts(type(fact)):
        _find_commitments("data", fact, found)
    return found


def _find_commitments(path: str, value: Any, found: list[tuple[str, str]]) -> None:
    if isinstance(value, Commitment):
        found.append((path, value.commitment))
    elif isinstance(value, tuple):
        for place, inner in enumerate(value):
            _find_commitments(f"{path}.{place}", inner, found)
    elif isinstance(value, msgspec.Struct):
        for name, written in _fields_with_texts(type(value)):
            inner = getattr(value, name)
            if inner and inner.__class__ is not str:
                _find_commitments(f"{path}.{written}", inner, found)


@cache
def _fields_with_texts(shape: type[msgspec.Struct]) -> tuple[tuple[str, str], ...]:
    """Return the fields of a shape that may hold a commitment, each with its name in JSON."""
    hints = get_type_hints(shape, include_extras=True)
    fields = msgspec.structs.fields(shape)
    return tuple((field.name, field.encode_name) for field in fields if _may_hold(hints[field.name]))


def _may_hold(hint: Any) -> bool:
    if hint is Commitment:
        return True
    if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
        return any(map(_may_hold, get_type_hints(hint, include_extras=True).values()))
    return any(map(_may_hold, get_args(hint)))


def _initiatives(names: Iterable[str]) -> Iterator[str]:
    return (f"initiative/{name}" for name in names)


@cache
def _names_more(shape: type[Fact]) -> bool:
    """Say whether facts of a shape may name more than their subject, which for most is the initiative they name."""
    return "conditions" in shape.__struct_fields__ or shape in _NAMING


_NAMING: frozenset[type[Fact]] = frozenset(
    {
        FundingReallocated,
        PrioritySet,
        BenefitPlanned,
        InitiativeLinked,
        AuthoritySet,
        InterestDeclared,
        RiskAssessed,
        DecisionRequested,
        HoldSet,
    }
)


def _named(fact: Fact) -> Iterator[str]:
    """Yield what a fact names besides its subject."""
    for condition in getattr(fact, "conditions", ()):
        yield f"condition/{condition.condition}"
    if isinstance(fact, FundingReallocated):
        yield from _initiatives((fact.source.initiative, fact.target.initiative))
    elif isinstance(fact, PrioritySet):
        yield from _initiatives(move.initiative for move in fact.moves)
    elif isinstance(fact, BenefitPlanned):
        yield from _initiatives(share.initiative for share in fact.initiatives)
    elif isinstance(fact, InitiativeLinked):
        if fact.kind not in ("backlog", "ai_model"):
            yield f"initiative/{fact.target}"
    elif isinstance(fact, AuthoritySet):
        yield from _initiatives(fact.scope.initiatives)
    elif isinstance(fact, InterestDeclared):
        if fact.interest.kind == "initiative":
            yield f"initiative/{fact.interest.id}"
    elif isinstance(fact, RiskAssessed):
        yield from _initiatives(() if fact.initiative is None else (fact.initiative,))
    elif isinstance(fact, DecisionRequested | HoldSet):
        yield from fact.subjects
