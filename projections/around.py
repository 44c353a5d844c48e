"""What the ledger says around one event: who its actor was, what was voted, what it rests on, and what undid it."""

from __future__ import annotations

from typing import Any, NamedTuple

from ledger.notary.policy import Policy
from projections.bounds import Bounds, anchors_in, bounds_of
from projections.columns import table_name
from projections.replica import Replica
from projections.signed import Signed, signed_by
from schemas.envelope import Recorded


class Vote(NamedTuple):
    """One vote on the request a decision rests on."""

    sequence: int
    voter: str
    vote: str
    dissent: str | None


class Around(NamedTuple):
    """What the ledger says around a decision. roles: of its actor then. reversed_by: the entry that reversed it.

    bounds: between when it was recorded, as anchored checkpoints state, verified where there is a policy.
    signed: who signed its command.
    erased: commitments whose texts were erased by now, and the entry that says so.
    """

    roles: tuple[str, ...]
    person: str | None
    votes: tuple[Vote, ...]
    evidence: tuple[tuple[int, str, str], ...]
    reversed_by: int | None
    bounds: Bounds = Bounds(None, None)
    signed: Signed = Signed("free")
    erased: tuple[tuple[str, int], ...] = ()


_ERASED = "select commitment, min(sequence) as by from text_erased group by commitment"


def around(replica: Replica, event: Recorded, policy: Policy | None = None) -> Around:
    """Return what the ledger says around a decision, by the time it was recorded. policy: verifies its bounds."""
    at, kind, name = event.at, *event.subject.split("/", 1)
    votes, requests = [], []
    enrolled = _enrolled(replica, event.actor, at)
    decision = event.decisionid or (name if kind == "decision" else None)
    if decision is not None:
        votes = replica.ask(
            "select sequence, voter, vote, dissent from vote_recorded where decision = ? and sequence <= ? "
            "and sequence not in (from voided(?)) order by sequence",
            [decision, at, at],
        )
        requests = replica.ask(
            "select sequence, unnest(evidence) as e from decision_requested where decision = ? and sequence <= ? "
            "order by sequence desc",
            [decision, at],
        )
    reversals = replica.ask("select min(sequence) as by from entry_reversed where reversed_sequence = ?", [at])
    return Around(
        roles=tuple(enrolled["roles"]) if enrolled else (),
        person=enrolled["person"] if enrolled else None,
        votes=tuple(Vote(**vote) for vote in votes),
        evidence=tuple((row["sequence"], row["e"]["ref"], row["e"]["sha256"]) for row in requests),
        reversed_by=reversals[0]["by"],
        bounds=bounds_of(at, anchors_in(replica, policy, near=at)),
        signed=signed_by(replica, event),
        erased=tuple((row["commitment"], row["by"]) for row in replica.ask(_ERASED)),
    )


def title_then(replica: Replica, initiative: str, at: int) -> str | None:
    """Return the title of an initiative as it was known at a sequence, whatever day it is effective from."""
    found = replica.ask("from title_of(?, ?)", [initiative, at])
    title: str | None = found[0]["title"] if found else None
    return title


def _enrolled(replica: Replica, actor: str, at: int) -> dict[str, Any] | None:
    """Return the newest enrolment of an actor at a sequence."""
    known = replica.rows_of("actor_enrolled")
    if known is not None:
        known = [row for row in known if row["actor"] == actor and row["sequence"] <= at]
        return known[-1] if known else None
    found = replica.ask(
        "select roles, person from actor_enrolled where actor = ? and sequence <= ? order by sequence desc limit 1",
        [actor, at],
    )
    return found[0] if found else None


def last_like(replica: Replica, event: Recorded) -> int | None:
    """Return the sequence of the event before it of the same type and subject, None where it is the first."""
    table = table_name(type(event.data))
    found = replica.ask(
        f'select max(f.sequence) as last from "{table}" f join events e on e.sequence = f.sequence '
        "where e.subject = ? and f.sequence < ?",
        [event.subject, event.at],
    )
    last: int | None = found[0]["last"]
    return last


def newest_about(replica: Replica, name: str) -> int | None:
    """Return the sequence of the newest event about an initiative, or anything else of that id."""
    found = replica.ask("select max(sequence) as last from events where split_part(subject, '/', 2) = ?", [name])
    last: int | None = found[0]["last"]
    return last
