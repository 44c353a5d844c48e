"""Two-sided time: between which instants an entry was recorded, by clocks that are not the ledger's.

A checkpoint that witnesses cosigned, recorded in the ledger at sequence *a*, says of

    every entry from *a* on        not before:  it came after a note that holds these signatures
    every entry it covers          not after:   it was under the root that was signed

Of several witnesses the time counts at which the policy's quorum was complete, so that no single clock decides: of the
times needed, the latest. Without a policy nothing is verified: then the earliest time a checkpoint states is its lower
bound and the latest its upper one, and it is said that they are only stated.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from ledger.notary.checkpoint import parse_checkpoint
from ledger.notary.cosignature import SIGNATURE_BYTES, cosigned_at_s
from ledger.notary.note import NoteError, parse_note
from ledger.notary.policy import NO_QUORUM, Policy, judge
from projections.replica import Replica

TOLERANCE_S = 300
"""How far the clocks of ledger and witnesses may be apart before an entry's time is said to be out of its bounds."""

LAST_S = 253_402_300_799
"""The end of the year 9999. An anchor is history: any time up to then is judged as having come; a later one is none."""

COSIGNATURE_BYTES = 8 + SIGNATURE_BYTES


class Anchor(NamedTuple):
    """A cosigned checkpoint. sequence: where it is recorded, None for one that is not. size: entries it covers.

    from_s, to_s: the lower and upper bound it gives, seconds since 1970. checked: by a policy's keys.
    """

    sequence: int | None
    size: int
    from_s: int
    to_s: int
    checked: bool


class Bound(NamedTuple):
    """One bound: seconds since 1970, and the checkpoint it comes from."""

    at_s: int
    anchor: Anchor


class Bounds(NamedTuple):
    """Between when an entry was recorded; None where nothing bounds it."""

    not_before: Bound | None
    not_after: Bound | None

    @property
    def checked(self) -> bool:
        """Whether every bound there is was verified."""
        return all(bound.anchor.checked for bound in (self.not_before, self.not_after) if bound is not None)

    def outside(self, recorded_at: datetime.datetime) -> str | None:
        """Return how a recorded time lies outside, None where it does not."""
        at_s = int(recorded_at.timestamp())
        if self.not_before is not None and at_s < self.not_before.at_s - TOLERANCE_S:
            return "recorded before its lower bound"
        if self.not_after is not None and at_s > self.not_after.at_s + TOLERANCE_S:
            return "recorded after its upper bound"
        return None


def anchor_of(note: bytes, sequence: int | None, policy: Policy | None) -> Anchor | None:
    """Return what a checkpoint bounds, None where it gives no time.

    policy: whose keys verify it; None takes its word.
    Errors: NoteError where the note is no checkpoint, or under a policy its log or a known witness did not sign it.
    """
    parsed = parse_note(note)
    size = parse_checkpoint(parsed.text).size
    if policy is None:
        stated = [cosigned_at_s(each.blob) for each in parsed.signatures if len(each.blob) == COSIGNATURE_BYTES]
        times = [at_s for at_s in stated if at_s <= LAST_S]
        return Anchor(sequence, size, min(times), max(times), False) if times else None
    judged = judge(policy, note, now_s=LAST_S)
    times = [each.at_s for each in judged.cosigned if each.at_s <= LAST_S]
    if policy.quorum == NO_QUORUM:
        return Anchor(sequence, size, min(times), max(times), True) if times else None
    complete_s = judged.quorum_at_s
    return None if complete_s is None or complete_s > LAST_S else Anchor(sequence, size, complete_s, complete_s, True)


def anchors_in(
    replica: Replica, policy: Policy | None = None, notes: Iterable[bytes] = (), *, near: int | None = None
) -> list[Anchor]:
    """Return the anchors of a ledger that give a time. notes: further checkpoints, that are not recorded in it.

    An anchor that a policy does not believe bounds nothing. near: only those next to this sequence, which bound it
    best, unless a witness's clock went backwards. Errors: NoteError where one of *notes* is none.
    """
    found = []
    for row in _recorded(replica, near):
        try:
            found.append(anchor_of(row["checkpoint"].encode(), row["sequence"], policy))
        except NoteError:
            continue
    found += [anchor_of(note, None, policy) for note in notes]
    return [anchor for anchor in found if anchor is not None]


NEXT_TO = 4
"""How many anchors on each side of an entry are looked at where only its own bounds are asked."""


def _recorded(replica: Replica, near: int | None) -> list[dict[str, Any]]:
    """Return the checkpoints that are anchored, in order; those next to a sequence where one is given."""
    every = "select sequence, checkpoint, size from checkpoint_anchored"
    if near is None:
        return replica.ask(f"{every} order by sequence")
    known = replica.rows_of("checkpoint_anchored")
    if known is not None:
        before = [row for row in known if row["sequence"] <= near][-NEXT_TO:]
        covering = sorted((row for row in known if row["size"] >= near), key=lambda row: (row["size"], row["sequence"]))
        chosen = {row["sequence"] for row in (*before, *covering[:NEXT_TO])}
        return [row for row in known if row["sequence"] in chosen]
    newest = f"{every} where sequence <= {near:d} order by sequence desc limit {NEXT_TO}"
    smallest = f"{every} where size >= {near:d} order by size, sequence limit {NEXT_TO}"
    return replica.ask(f"({newest}) union ({smallest}) order by sequence")


def bounds_of(sequence: int, anchors: Sequence[Anchor]) -> Bounds:
    """Return the bounds of the entry at a sequence, the narrowest that anchors give."""
    lower = [
        Bound(anchor.from_s, anchor)
        for anchor in anchors
        if anchor.sequence is not None and anchor.sequence <= sequence
    ]
    upper = [Bound(anchor.to_s, anchor) for anchor in anchors if anchor.size >= sequence]
    return Bounds(
        max(lower, key=lambda bound: bound.at_s, default=None), min(upper, key=lambda bound: bound.at_s, default=None)
    )
