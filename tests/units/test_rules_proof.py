"""Checkpoints that come back to the ledger, erased texts, and holds."""

from __future__ import annotations

from ledger.heads import NO_ENTRIES, Head, committed, followed
from ledger.notary.note import Note, Signature, format_note, parse_note
from ledger.notary.tlog import leaf_hash
from ledger.rules.proof import COSIGNATURE_BYTES
from schemas import codec
from schemas.envelope import Recorded
from schemas.events import CheckpointAnchored, Cosigner
from schemas.receipts import Reason
from tests.anchoring import WITNESS, anchor, anchoring, checkpoint, proof
from tests.notation import Given, accepted, foreign, given, on, refused
from tests.teller import events_of
from tests.words import NO_HASH, approve, close, enrol, erase, fund, hold, propose, reallocate, request, reverse, vote

AT_S = 1_768_204_800
SECRET = {"commitment": NO_HASH, "vault": "vault:1"}
TWO = (("2026-01-12", fund("claims", 100)), ("2026-01-12", propose("AI-1")))


def told(*said: tuple[str, object]) -> tuple[list[Recorded], Given]:
    """Return the events of commands, and the portfolio after them."""
    events = events_of(*said)
    stands = given_events(events)
    return events, stands


def given_events(events: list[Recorded]) -> Given:
    from ledger.evolve import evolve
    from tests.notation import given_nothing

    stands = given_nothing()
    for event in events:
        evolve(stands.book, event)
    return stands


def later(stands: Given, ask: object):
    return stands.when(on("2026-02-01", ask), at="2026-02-01T08:00:00+00:00")


# Anchors.


def test_an_anchor_says_what_its_checkpoint_does_and_where_everything_ends() -> None:
    events, stands = told(*TWO)
    (event,) = later(stands, anchor(events, 2, at_s=AT_S)).then(accepted())
    fact = event.data
    assert isinstance(fact, CheckpointAnchored)
    assert (fact.size, fact.heads.last_sequence, fact.heads.count) == (2, 3, 3)
    assert fact.cosigners == (Cosigner(witness="audit", key_id=WITNESS.key_id.hex(), at_s=AT_S),)
    leaves = [leaf_hash(codec.encode(each)) for each in events]
    names = ("portfolio/law", "envelope/claims", "initiative/AI-1")
    heads = {name: followed(NO_ENTRIES, at, leaf) for at, (name, leaf) in enumerate(zip(names, leaves, strict=True), 1)}
    assert fact.heads == committed(heads, 3)
    assert codec.decode(codec.encode(event), portfolio="law", sequence=4) == event


def test_a_checkpoint_without_cosignatures_can_be_anchored_and_gives_no_time() -> None:
    events, stands = told(*TWO)
    (event,) = later(stands, anchor(events)).then(accepted())
    assert event.data.cosigners == ()


def test_an_anchor_needs_a_proof_that_leads_to_what_stands_now() -> None:
    events, stands = told(*TWO)
    leaves = [leaf_hash(codec.encode(each)) for each in events]
    note = checkpoint(leaves[:1]).decode()
    later(stands, anchoring(note, proof(leaves, 1))).then(accepted())
    later(stands, anchoring(note, proof(leaves[:2], 1))).then(refused(Reason.PROOF_FAILS, size=1, last=3))
    later(stands, anchoring(note)).then(refused(Reason.PROOF_FAILS))
    rewritten = checkpoint([bytes(32)]).decode()
    later(stands, anchoring(rewritten, proof(leaves, 1))).then(refused(Reason.PROOF_FAILS))


def test_a_foreign_entry_is_covered_too() -> None:
    stands = given(fund("claims", 1)).and_(foreign())
    events = events_of(("2026-01-12", fund("claims", 1)))
    assert stands.book.sequence == 3
    assert len(events) == 2
    note = checkpoint([leaf_hash(b"foreign")]).decode()
    later(stands, anchoring(note)).then(refused(Reason.PROOF_FAILS, size=1, last=3))


def test_the_same_checkpoint_is_anchored_once() -> None:
    events, stands = told(*TWO)
    stands.and_(on("2026-02-01", anchor(events, at_s=AT_S)))
    again = anchor(events, at_s=AT_S)
    later(stands, again).then(refused(Reason.NOTHING_CHANGES, value=3))


def test_what_is_no_checkpoint_of_this_ledger_is_told() -> None:
    events, stands = told(*TWO)
    ask = anchor(events)
    later(stands, ask._replace(data=ask.data | {"portfolio": "other"}, about="checkpoint/other")).then(
        refused(Reason.OTHER_LOG, allowed="law")
    )
    for note, problem in (
        ("", "MALFORMED"),
        ("hello\n", "no empty line"),
        (ask.data["checkpoint"].replace("\n3\n", "\n03\n"), "decimal"),
        (ask.data["checkpoint"] + "x", "its last line does not end"),
    ):
        outcome = later(stands, anchoring(note)).outcome
        assert outcome.reason is (Reason.MALFORMED if problem == "MALFORMED" else Reason.NOT_A_CHECKPOINT)
        assert problem == "MALFORMED" or problem in outcome.detail["problem"]


def test_a_name_or_time_that_no_event_can_hold_is_refused_and_never_stored() -> None:
    events, stands = told(*TWO)
    note = parse_note(anchor(events, at_s=AT_S).data["checkpoint"].encode())
    line = note.signatures[-1]
    wrong = [
        Signature("w" * 201, line.key_id, line.blob),
        Signature("audit\x7f", line.key_id, line.blob),
        Signature("audit", line.key_id, b"\xff" * COSIGNATURE_BYTES),
    ]
    for each in wrong:
        spoilt = format_note(Note(note.text, (note.signatures[0], each))).decode()
        later(stands, anchoring(spoilt)).then(refused(Reason.NOT_A_CHECKPOINT))
    unknown = Signature("w" * 201, line.key_id, line.blob + b"x")
    kept = format_note(Note(note.text, (*note.signatures, unknown))).decode()
    later(stands, anchoring(kept)).then(accepted())


# What entries are about.


def heads_of(*said: object) -> dict[str, Head]:
    return given(*said).book.heads


def test_an_entry_is_about_its_subject_and_what_it_names() -> None:
    heads = heads_of(
        fund("claims", 100),
        propose("AI-1"),
        propose("AI-2"),
        on("2026-01-12", approve("AI-1", "claims", 50), decisionid="D-9"),
        reallocate(("AI-1", "claims"), ("AI-2", "claims"), 5),
        reverse(5, "void"),
    )
    assert {name: (head.count, head.last) for name, head in heads.items()} == {
        "portfolio/law": (1, 1),
        "envelope/claims": (1, 2),
        "initiative/AI-1": (4, 7),
        "initiative/AI-2": (2, 6),
        "decision/D-9": (1, 5),
    }


def test_a_decision_is_about_its_subjects_and_votes_about_the_decision() -> None:
    stands = held(close("D-1", "approved", "2026-01-12", {"approve": 1}))
    heads = stands.book.heads
    assert (heads["initiative/AI-1"].count, heads["decision/D-1"].count) == (2, 3)


def test_an_entry_left_out_changed_or_added_changes_the_chain() -> None:
    one, two = leaf_hash(b"one"), leaf_hash(b"two")
    whole = followed(followed(NO_ENTRIES, 1, one), 2, two)
    assert whole.chain != followed(NO_ENTRIES, 2, two).chain
    assert whole.chain != followed(followed(NO_ENTRIES, 1, two), 2, one).chain
    assert whole.chain != followed(whole, 3, two).chain


# Erasure and holds.


def test_a_text_is_erased_once_where_it_stands() -> None:
    stands = given(propose("AI-1")).and_(enrol("ana"), request("D-1", "AI-1"))
    stands.and_(vote("D-1", 4, "ana", dissent=SECRET))
    (event,) = stands.when(erase(5, "data.dissent", NO_HASH)).then(accepted())
    assert event.subject == "entry/5"
    for wrong in (
        erase(5, "data.reason", NO_HASH),
        erase(4, "data.dissent", NO_HASH),
        erase(5, "data.dissent", "0" * 64),
    ):
        stands.when(wrong).then(refused(Reason.NO_SUCH_TEXT))
    stands.and_(erase(5, "data.dissent", NO_HASH))
    stands.when(erase(5, "data.dissent", NO_HASH)).then(refused(Reason.ALREADY_ERASED, by=6))


def held(*holds: object) -> Given:
    stands = given(propose("AI-1"), enrol("ana"), request("D-1", "AI-1"))
    return stands.and_(vote("D-1", 4, "ana", dissent=SECRET), *holds)


def test_a_hold_keeps_what_its_subjects_are_about() -> None:
    ask = erase(5, "data.dissent", NO_HASH)
    held(hold("H-1", "decision/D-1")).when(ask).then(refused(Reason.ON_HOLD, hold="H-1"))
    held(hold("H-1", "initiative/AI-1")).when(ask).then(refused(Reason.ON_HOLD))
    held(hold("H-1")).when(ask).then(refused(Reason.ON_HOLD))
    held(hold("H-1", "initiative/AI-2")).when(ask).then(accepted())
    held(hold("H-1"), hold("H-1", status="released")).when(ask).then(accepted())
    both = held(hold("H-1"), hold("H-2", "decision/D-1"), hold("H-1", status="released"))
    both.when(ask).then(refused(Reason.ON_HOLD, hold="H-2"))


def test_a_request_taken_back_does_not_lift_the_hold_on_what_was_said_in_it() -> None:
    stands = held(hold("H-1", "initiative/AI-1"), reverse(5, "void"), reverse(4, "void"))
    stands.when(erase(5, "data.dissent", NO_HASH)).then(refused(Reason.ON_HOLD))


def test_a_hold_is_set_changed_and_released() -> None:
    stands = held(hold("H-1", "initiative/AI-1"))
    stands.when(hold("H-1", "initiative/AI-1")).then(refused(Reason.NOTHING_CHANGES))
    stands.when(hold("H-1")).then(accepted())
    stands.and_(hold("H-1", status="released"))
    stands.when(hold("H-1", status="released")).then(refused(Reason.UNKNOWN_HOLD))
    stands.when(hold("H-1", "initiative/AI-1")).then(accepted())


def test_anchors_erasures_and_holds_stand_for_ever() -> None:
    stands = held(hold("H-1", "initiative/AI-2"), erase(5, "data.dissent", NO_HASH))
    for sequence in (6, 7):
        stands.when(reverse(sequence, "void")).then(refused(Reason.NOT_REVERSIBLE))
