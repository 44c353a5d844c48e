"""What a field can be filled with: names the portfolio knows, with what they are, from its book."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator
from typing import NamedTuple

from ledger.book import Book, objectives_in_force
from schemas.events import (
    ActorEnrolled,
    BenefitPlanned,
    BodySet,
    DecisionClosed,
    DecisionRequested,
    InitiativeProposed,
    ModelLifecycleChanged,
)
from schemas.events.policy import Supply
from schemas.receipts import Reason, ReasonClass
from tui.model.text import clean, has_hidden

MOST_SUGGESTED = 50


class Suggestion(NamedTuple):
    """A text that can be written in a field, and what it stands for, clean."""

    text: str
    told: str = ""


def suggestions(
    book: Book, path: str, begun: str = "", *, day: datetime.date, most: int = MOST_SUGGESTED
) -> list[Suggestion]:
    """Return what could be written in a field, given what was begun: names that begin so first, then that hold it.

    path: of the field, such as data.contributions.0.objective. day: of which objectives are in force.
    """
    source = _SOURCES.get(_name(path))
    if source is None:
        return []
    wanted = begun.strip().casefold()
    offered = (each for each in source(book, day) if not has_hidden(each.text))  # nobody would know what they chose
    found = [each for each in offered if wanted in f"{each.text} {each.told}".casefold()]
    found.sort(key=lambda each: (not each.text.casefold().startswith(wanted), each.text))
    return [Suggestion(each.text, clean(each.told, 80)) for each in found[:most]]


def _name(path: str) -> str:
    """Return what a field is called, also where it is an item of a list or stands in a group of its own meaning."""
    steps = [step for step in path.split(".") if not step.isdecimal()]
    group = steps[-2] if len(steps) > 1 else ""
    return f"{group}.{steps[-1]}" if f"{group}.{steps[-1]}" in _SOURCES else steps[-1]


def _initiatives(book: Book, day: datetime.date) -> Iterator[Suggestion]:
    for fact in book.each(InitiativeProposed):
        told = book.description(fact.initiative, day)
        yield Suggestion(fact.initiative, f"{told.get('title') or fact.title} · {book.status(fact.initiative)}")


def _subjects(book: Book, day: datetime.date) -> Iterator[Suggestion]:
    for each in _initiatives(book, day):
        yield Suggestion(f"initiative/{each.text}", each.told)


def _envelopes(book: Book, day: datetime.date) -> Iterator[Suggestion]:
    for envelope, currency in book.currencies.items():
        yield Suggestion(envelope, " · ".join(filter(None, (book.value_stream(envelope, day), currency))))


def _objectives(book: Book, day: datetime.date) -> Iterator[Suggestion]:
    held = objectives_in_force(book, day)
    for each in () if held is None else held.objectives:
        if each.active_on(day):
            yield Suggestion(each.id, each.title)


def _value_streams(book: Book, day: datetime.date) -> Iterator[Suggestion]:
    named = {str(dated.fact) for stack in book.value_streams.values() for dated in stack}
    for fact in book.each(InitiativeProposed):
        named.add(str(book.description(fact.initiative, day).get("value_stream") or fact.value_stream))
    yield from map(Suggestion, named)


def _actors(book: Book, _: datetime.date) -> Iterator[Suggestion]:
    for fact in book.each(ActorEnrolled):
        yield Suggestion(fact.actor, " · ".join([*fact.roles, *([] if fact.status == "active" else [fact.status])]))


def _bodies(book: Book, _: datetime.date) -> Iterator[Suggestion]:
    for fact in book.each(BodySet):
        yield Suggestion(fact.body, fact.title)


def _actors_and_bodies(book: Book, day: datetime.date) -> Iterator[Suggestion]:
    yield from _actors(book, day)
    yield from _bodies(book, day)


def _decisions(book: Book, _: datetime.date) -> Iterator[Suggestion]:
    for fact in book.each(DecisionRequested):
        closed = book.newest(fact.subject(), DecisionClosed)
        asked = fact.question if isinstance(fact.question, str) else ""
        yield Suggestion(fact.decision, f"{'open' if closed is None else closed.outcome} · {asked}")


def _conditions(book: Book, _: datetime.date) -> Iterator[Suggestion]:
    for condition, sequence in book.conditions.items():
        yield Suggestion(condition, f"set at {sequence:,}")


def _commitments(book: Book, _: datetime.date) -> Iterator[Suggestion]:
    for (measure, envelope, initiative, commitment), minor in book.sums.items():
        if measure == "open" and commitment is not None and minor != 0:
            yield Suggestion(commitment, " · ".join(filter(None, (envelope, initiative))))


def _benefits(book: Book, _: datetime.date) -> Iterator[Suggestion]:
    for fact in book.each(BenefitPlanned):
        yield Suggestion(fact.benefit, fact.title)


def _models(book: Book, _: datetime.date) -> Iterator[Suggestion]:
    for fact in book.each(ModelLifecycleChanged):
        yield Suggestion(fact.model, f"{fact.name} · {fact.provider}")


def _currencies(book: Book, _: datetime.date) -> Iterator[Suggestion]:
    own = book.opened
    yield from map(Suggestion, {*book.currencies.values(), *([] if own is None else [own.currency])})


def _portfolio(book: Book, _: datetime.date) -> Iterator[Suggestion]:
    yield Suggestion(book.portfolio)


def _gates(book: Book, day: datetime.date) -> Iterator[Suggestion]:
    policy = book.policy("gates", day)
    for gate in () if policy is None else policy.fact.body.gates:
        yield Suggestion(gate.gate, f"{gate.title} · {gate.stage_from} to {gate.stage_to}")


def _stages(book: Book, day: datetime.date) -> Iterator[Suggestion]:
    policy = book.policy("gates", day)
    yield from map(Suggestion, () if policy is None else policy.fact.body.stages)


def _criteria(book: Book, day: datetime.date) -> Iterator[Suggestion]:
    policy = book.policy("prioritisation", day)
    for each in () if policy is None else policy.fact.body.criteria:
        yield Suggestion(each.id, f"{each.title} · {each.scale_min} to {each.scale_max}")


def _pools(book: Book, day: datetime.date) -> Iterator[Suggestion]:
    yield from map(Suggestion, {supply.pool for supply in _supply(book, day)})


def _skills(book: Book, day: datetime.date) -> Iterator[Suggestion]:
    yield from (Suggestion(skill, pool) for pool, skill in {(each.pool, each.skill) for each in _supply(book, day)})


def _supply(book: Book, day: datetime.date) -> tuple[Supply, ...]:
    policy = book.policy("capacity", day)
    supply: tuple[Supply, ...] = () if policy is None else policy.fact.body.supply
    return supply


def _rules(_: Book, __: datetime.date) -> Iterator[Suggestion]:
    for reason in Reason:
        if reason.of_class in (ReasonClass.GOVERNANCE, ReasonClass.MONEY):
            yield Suggestion(reason.name, reason.meaning)


_SOURCES: dict[str, Callable[[Book, datetime.date], Iterator[Suggestion]]] = {
    "initiative": _initiatives,
    "initiatives": _initiatives,
    "parent": _initiatives,
    "subjects": _subjects,
    "envelope": _envelopes,
    "envelopes": _envelopes,
    "counter_envelope": _envelopes,
    "objective": _objectives,
    "value_stream": _value_streams,
    "value_streams": _value_streams,
    **dict.fromkeys(
        (
            "actor",
            "sponsor",
            "lead",
            "proposer",
            "owner",
            "voter",
            "assessor",
            "assessed_by",
            "chair",
            "vice_chair",
            "deputy_for",
            "alternate_for",
            "onbehalfof",
        ),
        _actors,
    ),
    "granted_by": _actors_and_bodies,
    "holder.id": _actors_and_bodies,
    "body": _bodies,
    "decision": _decisions,
    "decisionid": _decisions,
    "ratifies": _decisions,
    "reviews": _decisions,
    "condition": _conditions,
    "commitment": _commitments,
    "benefit": _benefits,
    "model": _models,
    "target": _models,
    "currency": _currencies,
    "gate": _gates,
    "stage_from": _stages,
    "stage_to": _stages,
    "scores.criterion": _criteria,
    "pool": _pools,
    "skill": _skills,
    "rule": _rules,
    "portfolio": _portfolio,
}
"""Where the names come from that a field of this name can hold."""
