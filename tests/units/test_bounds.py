"""Between when an entry was recorded, by the clocks of witnesses: threat 12, a time that was set back."""

from __future__ import annotations

import datetime

import pytest

from ledger.notary.checkpoint import Checkpoint, sign_checkpoint
from ledger.notary.cosignature import WitnessKey
from ledger.notary.note import NoteError
from ledger.notary.policy import parse_policy
from projections.around import around
from projections.bounds import LAST_S, TOLERANCE_S, Anchor, Bounds, anchor_of, anchors_in, bounds_of
from projections.replica import Replica
from schemas import codec
from tests.anchoring import LOG, OTHER_WITNESS, POLICY, WITNESS, anchor, checkpoint
from tests.teller import Teller
from tests.words import ORIGIN, PORTFOLIO, fund, opening, propose
from tui.model.card import card

NONE = parse_policy(POLICY.replace(b"quorum audit", b"quorum none"))
BOTH = parse_policy(POLICY.replace(b"quorum audit", b"group both all audit board\nquorum both"))


def signed(*witnesses: WitnessKey) -> bytes:
    return sign_checkpoint(Checkpoint(ORIGIN, 3, bytes(32)), LOG, *witnesses)


def test_without_a_policy_the_times_are_only_stated() -> None:
    note = signed(WitnessKey(WITNESS, 100), WitnessKey(OTHER_WITNESS, 160))
    assert anchor_of(note, 7, None) == Anchor(7, 3, 100, 160, checked=False)
    assert anchor_of(signed(), 7, None) is None
    assert anchor_of(signed(WitnessKey(WITNESS, LAST_S + 1)), 7, None) is None


def test_under_a_policy_the_time_is_when_its_quorum_was_complete() -> None:
    note = signed(WitnessKey(WITNESS, 100), WitnessKey(OTHER_WITNESS, 160))
    assert anchor_of(note, 7, parse_policy(POLICY)) == Anchor(7, 3, 100, 100, checked=True)
    assert anchor_of(note, 7, BOTH) == Anchor(7, 3, 160, 160, checked=True)
    assert anchor_of(note, 7, NONE) == Anchor(7, 3, 100, 160, checked=True)
    assert anchor_of(signed(WitnessKey(WITNESS, 100)), 7, BOTH) is None
    assert anchor_of(signed(WitnessKey(WITNESS, LAST_S + 1)), 7, parse_policy(POLICY)) is None


def test_a_time_nobody_signed_bounds_nothing() -> None:
    forged = signed(WitnessKey(WITNESS, 100)).replace(b"\n3\n", b"\n4\n")
    with pytest.raises(NoteError):
        anchor_of(forged, 7, parse_policy(POLICY))


def test_the_narrowest_bounds_hold() -> None:
    anchors = [
        Anchor(5, 4, 100, 100, True),
        Anchor(9, 8, 200, 200, True),
        Anchor(None, 12, 300, 300, True),
    ]
    told = {at: tuple(bound and bound.at_s for bound in bounds_of(at, anchors)) for at in (1, 4, 5, 8, 9, 12, 13)}
    assert told == {
        1: (None, 100),
        4: (None, 100),
        5: (100, 200),
        8: (100, 200),
        9: (200, 300),
        12: (200, 300),
        13: (200, None),
    }


def test_a_recorded_time_outside_its_bounds_is_told_beyond_the_tolerance() -> None:
    found = bounds_of(6, [Anchor(5, 4, 1_000, 1_000, True), Anchor(9, 8, 2_000, 2_000, True)])

    def at(seconds: int) -> datetime.datetime:
        return datetime.datetime.fromtimestamp(seconds, datetime.UTC)

    assert [found.outside(at(each)) for each in (1_000 - TOLERANCE_S, 1_500, 2_000 + TOLERANCE_S)] == [None] * 3
    assert found.outside(at(999 - TOLERANCE_S)) == "recorded before its lower bound"
    assert found.outside(at(2_001 + TOLERANCE_S)) == "recorded after its upper bound"
    assert Bounds(None, None).outside(at(0)) is None


def history(at_s: int) -> tuple[Replica, Teller]:
    teller = Teller()
    for ask in (opening(), fund("claims", 100), propose("AI-1")):
        assert teller.say(ask, "2026-01-12")
    assert teller.say(anchor(teller.events, 2, at_s=at_s), "2026-01-12")
    assert teller.say(propose("AI-2"), "2026-01-12")
    replica = Replica(PORTFOLIO)
    replica.extend([codec.encode(event) for event in teller.events])
    return replica, teller


def test_anchors_of_a_ledger_bound_what_is_before_and_behind_them() -> None:
    recorded_s = 1_768_300_000
    replica, teller = history(recorded_s)
    (found,) = anchors_in(replica, parse_policy(POLICY))
    assert found == Anchor(4, 2, recorded_s, recorded_s, checked=True)
    more = checkpoint([bytes(32)] * 5, at_s=recorded_s + 9)
    assert [each.size for each in anchors_in(replica, parse_policy(POLICY), [more])] == [2, 5]
    other = parse_policy(POLICY.replace(ORIGIN.encode(), ORIGIN.encode()).replace(b"quorum audit", b"quorum board"))
    assert anchors_in(replica, other) == []
    told = around(replica, teller.events[4])
    assert told.bounds.not_before is not None
    assert (told.bounds.not_before.at_s, told.bounds.not_after) == (recorded_s, None)


def test_the_card_verifies_the_bounds_where_there_is_a_policy() -> None:
    replica, teller = history(1_768_300_000)
    event = teller.events[4]

    def line(policy) -> str:
        lines = card(event, around(replica, event, policy), codec.encode(event), datetime.UTC)
        return next((each.text for each in lines if each.label == "bounds"), "")

    assert line(parse_policy(POLICY)).endswith("; verified")
    assert line(None).endswith("NOT CHECKED")
    assert line(BOTH) == "", "a quorum that has not signed bounds nothing"


def test_of_many_anchors_those_next_to_an_entry_bound_it() -> None:
    teller = Teller()
    for ask in (opening(), fund("claims", 100)):
        teller.say(ask, "2026-01-12")
    for at in range(30):
        assert teller.say(anchor(teller.events, at_s=1_768_300_000 + at * 60), "2026-01-12")
    replica = Replica(PORTFOLIO)
    replica.extend([codec.encode(event) for event in teller.events])
    for sequence in range(1, 33):
        near, every = (bounds_of(sequence, anchors_in(replica, near=of)) for of in (sequence, None))
        assert near == every
    assert len(anchors_in(replica, near=16)) == 8


def test_threat_12_an_entry_that_was_dated_back_is_shown_on_its_card() -> None:
    # The witness signed in 2027; the ledger says that what came behind it was recorded in January 2026.
    replica, teller = history(1_800_000_000)
    event = teller.events[4]
    lines = card(event, around(replica, event), codec.encode(event), datetime.UTC)
    (line,) = [each for each in lines if each.label == "bounds"]
    assert line.standing == "problem"
    assert line.text.startswith("OUTSIDE: recorded before its lower bound; not before 2027-01-15 08:00:00 UTC")
    assert line.text.endswith("as witnesses state, NOT CHECKED")
    before = teller.events[0]
    (line,) = [
        each
        for each in card(before, around(replica, before), codec.encode(before), datetime.UTC)
        if each.label == "bounds"
    ]
    assert line.text.startswith("not after 2027-01-15 08:00:00 UTC (checkpoint at 2, anchored at 4)")
