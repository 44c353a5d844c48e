"""Events for process mining: what happened, when, by whom, and to which objects, whatever the format.

Miners order by time only, and events of one append share theirs: so each gets its sequence in microseconds on top of
the instant it is told at, which keeps the order of the ledger and moves none by more than a second in a million. Both
times go along: `time` is when it was recorded, for tests of controls, or when it was effective, for the flow of work.
Money is told in integer minor units; a number with a point only where a format has nothing else.
"""

from __future__ import annotations

import contextlib
import datetime
from typing import Any, Literal, NamedTuple

from ledger.heads import about
from schemas import subjects
from schemas.envelope import Recorded
from schemas.events import (
    AlignmentDeclared,
    BodySet,
    DecisionClosed,
    EntryReversed,
    EnvelopeFunded,
    FundingReallocated,
    GateDecided,
    InitiativeAmended,
    InitiativeLinked,
    InitiativeProposed,
    ModelLifecycleChanged,
    ObjectivesSet,
    VoteRecorded,
)
from schemas.values import Money

Clock = Literal["recorded", "effective"]

KINDS = {
    "initiative": "Initiative",
    "envelope": "Envelope",
    "objective": "Objective",
    "objectives": "ObjectiveSet",
    "decision": "Decision",
    "model": "Model",
    "authority": "Authority",
    "actor": "Person",
    "body": "Body",
    "benefit": "Benefit",
    "condition": "Condition",
    "risk": "Risk",
    "policy": "Policy",
    "period": "Period",
    "stream": "ValueStream",
    "priority": "Ranking",
    "portfolio": "Portfolio",
    "checkpoint": "Log",
    "hold": "Hold",
    "entry": "Entry",
}
"""Object types, by the first part of what an event is about."""


class Related(NamedTuple):
    """An object an event relates to: `<stream>/<id>`, and how."""

    object: str
    qualifier: str


class Step(NamedTuple):
    """One event as a miner sees it. attributes: by name, integers and texts. changes: what it says of its objects, by
    object, attribute and value."""

    id: str
    type: str
    at: datetime.datetime
    related: tuple[Related, ...]
    attributes: dict[str, int | str]
    changes: tuple[tuple[str, str, str], ...]


EVENT_ATTRIBUTES: dict[str, str] = {
    "sequence": "integer",
    "recorded": "time",
    "effective": "time",
    "actor": "string",
    "basis": "string",
    "flags": "string",
    "amount_minor": "integer",
    "currency": "string",
    "outcome": "string",
}
"""What every event may say, with its type in OCEL."""

OBJECT_ATTRIBUTES = ("title", "sponsor", "value_stream", "stage", "status", "outcome", "provider", "person")


def step_of(event: Recorded, clock: Clock = "recorded") -> Step:
    """Return an event as a miner sees it."""
    fact: Any = event.data
    at = event.recordedtime if clock == "recorded" else event.time
    attributes: dict[str, int | str] = {
        "sequence": event.at,
        "recorded": instant(event.recordedtime),
        "effective": instant(event.time),
        "actor": event.actor,
        "basis": event.basis,
    }
    if event.flags:
        attributes["flags"] = event.flags
    amount = getattr(fact, "amount", None)
    if isinstance(amount, Money):
        attributes |= {"amount_minor": amount.minor, "currency": amount.currency}
    for name in ("outcome", "vote", "status", "change"):
        if isinstance(value := getattr(fact, name, None), str):
            attributes["outcome"] = value
            break
    with contextlib.suppress(OverflowError):  # on the last day there is, which only a foreign program can have recorded
        at += datetime.timedelta(microseconds=event.at)
    kind = subjects.bare(fact.TYPE)
    return Step(event.id, kind, at, tuple(_related(event)), attributes, tuple(_changes(event)))


def instant(at: datetime.datetime) -> str:
    """Return an instant in UTC to the microsecond, as ISO 8601."""
    return at.astimezone(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _related(event: Recorded) -> list[Related]:
    fact = event.data
    found: dict[Related, None] = {Related(event.subject, "subject"): None}
    for name in about(event, lambda at: (f"entry/{at}",)):
        if name != event.subject:
            qualifier = "decided_by" if name.startswith("decision/") else "concerns"
            found[Related(name, qualifier)] = None
    envelope = getattr(fact, "envelope", None)
    if isinstance(envelope, str) and f"envelope/{envelope}" != event.subject:
        found[Related(f"envelope/{envelope}", "funded_from")] = None
    if isinstance(fact, FundingReallocated):
        found = {each: None for each in found if each.qualifier != "concerns"}
        found[Related(f"initiative/{fact.source.initiative}", "transferred_from")] = None
        found[Related(f"initiative/{fact.target.initiative}", "transferred_to")] = None
        found[Related(f"envelope/{fact.source.envelope}", "funded_from")] = None
    if isinstance(fact, AlignmentDeclared):
        for each in fact.contributions:
            found[Related(f"objective/{each.objective}", "aligned_to")] = None
    if isinstance(fact, ObjectivesSet):
        for objective in fact.objectives:
            found[Related(f"objective/{objective.id}", "sets")] = None
    if isinstance(fact, InitiativeLinked) and fact.kind == "ai_model":
        found[Related(f"model/{as_name(fact.target)}", "depends_on")] = None
    if isinstance(fact, VoteRecorded):
        found[Related(f"actor/{fact.voter}", "voted_by")] = None
    for grant in event.grants_at:
        found[Related(f"entry/{grant}", "authorised_by")] = None
    found.setdefault(Related(f"actor/{event.actor}", "recorded_by"), None)
    return list(found)


def _changes(event: Recorded) -> list[tuple[str, str, str]]:
    """Return what an event says of the objects it is about, for those attributes that a miner looks at."""
    fact = event.data
    told: dict[str, Any] = {}
    if isinstance(fact, InitiativeProposed | InitiativeAmended):
        told = {"title": fact.title, "sponsor": fact.sponsor, "value_stream": fact.value_stream}
    elif isinstance(fact, GateDecided):
        told = {"stage": fact.stage_to, "outcome": fact.outcome}
    elif isinstance(fact, EnvelopeFunded):
        told = {"value_stream": fact.value_stream}
    elif isinstance(fact, DecisionClosed):
        told = {"outcome": fact.outcome}
    elif isinstance(fact, ModelLifecycleChanged):
        told = {"title": fact.name, "provider": fact.provider, "stage": fact.stage}
    elif isinstance(fact, BodySet):
        told = {"title": fact.title}
    elif not isinstance(fact, EntryReversed):
        told = {"status": getattr(fact, "status", None), "person": getattr(fact, "person", None)}
    found = [(event.subject, name, value) for name, value in told.items() if isinstance(value, str)]
    if isinstance(fact, ObjectivesSet):
        found += [(f"objective/{each.id}", "title", each.title) for each in fact.objectives]
    return found


def as_name(target: str) -> str:
    """Return a name in another system without the slash that would divide it."""
    return target.replace("/", "_")


def kind_of(name: str) -> str:
    """Return the object type of `<stream>/<id>`."""
    return KINDS.get(name.partition("/")[0], "Other")
