"""Supposing: what becomes of recorded commands where others are left out, replaced or added."""

from __future__ import annotations

import datetime
import json
from typing import Any

import pytest

from ledger.book import Book
from ledger.evolve import evolve, evolve_foreign
from ledger.fork import Fork, SupposeError
from ledger.suppose import Add, Change, LeaveOut, Replace, Supposing, suppose
from schemas import codec
from schemas.envelope import Recorded
from schemas.receipts import Reason
from tests.notation import Said, on
from tests.teller import run
from tests.words import (
    PORTFOLIO,
    Ask,
    approve,
    close,
    close_period,
    enrol,
    fund,
    opening,
    pay,
    policy,
    propose,
    reallocate,
    request,
    reverse,
    vote,
)

LATER = datetime.datetime(2027, 1, 1, tzinfo=datetime.UTC)


def told(*said: Ask | Said) -> list[bytes]:
    """Return the payloads of a history: an opening, and what is said after it, named c-2, c-3, ...; all accepted."""
    asks = [each if isinstance(each, Said) else Said(each) for each in (opening(), *said)]
    ran = run([each.line(f"c-{place}") for place, each in enumerate(asks, start=1)])
    assert all(type(receipt).__name__ == "Accepted" for receipt in ran.receipts), ran.receipts
    return ran.payloads


def forked(payloads: list[bytes], at: int = 0) -> Fork:
    fork = Fork(Book(PORTFOLIO), at)
    fork.take(payloads)
    return fork


def supposed(payloads: list[bytes], *changes: Change, at: int = 0) -> Supposing:
    return suppose(forked(payloads, at), changes, now=LATER)


def events_of(found: Supposing) -> list[Recorded]:
    place = found.fork + 1
    return [codec.decode(payload, portfolio=PORTFOLIO, sequence=at) for at, payload in enumerate(found.payloads, place)]


def line(ask: Ask | Said, name: str = "supposed") -> bytes:
    return (ask if isinstance(ask, Said) else Said(ask)).line(name)


FUNDED = (fund("claims", 100), propose("AI-1"), propose("AI-2"))
PAID = told(*FUNDED, approve("AI-1", "claims", 40), approve("AI-2", "claims", 30), pay("AI-1", "claims", "P-1", 10))


# What is decided again.


def test_a_fork_that_changes_nothing_is_the_history() -> None:
    for at in range(len(PAID) + 1):
        found = supposed(PAID, at=at)
        assert (found.fork, found.payloads, found.told) == (at, PAID[at:], ())
        assert found.kept == len(PAID) - at


def test_what_follows_a_command_that_is_left_out_moves_up_and_is_decided_again() -> None:
    found = supposed(PAID, LeaveOut(5), at=4)
    assert [(fate.sequence, fate.became) for fate in found.told] == [(5, "left_out"), (7, "changed")]
    assert found.told[1].differs == ("flags",)
    assert found.kept == 1
    assert [event.flags for event in events_of(found)] == ["NO_AUTHORITY", "OVER_APPROVED"]
    assert [event.at for event in events_of(found)] == [5, 6]
    assert found.book.total("approved", "claims") == 30


def test_a_command_that_no_longer_passes_is_listed_with_why() -> None:
    found = supposed(PAID, LeaveOut(3))
    told_ = {fate.sequence: (fate.became, fate.refused and fate.refused.reason) for fate in found.told}
    assert told_ == {
        3: ("left_out", None),
        5: ("refused", Reason.UNKNOWN_INITIATIVE),
        7: ("refused", Reason.UNKNOWN_INITIATIVE),
    }
    assert [fate.sequence for fate in found.refused] == [5, 7]
    assert len(found.payloads) == 4


def test_a_recorded_time_is_kept_whatever_is_left_out() -> None:
    before = {event.commandid: event.recordedtime for event in events_of(supposed(PAID))}
    after = {event.commandid: event.recordedtime for event in events_of(supposed(PAID, LeaveOut(4)))}
    assert after.items() < before.items()


def test_a_replacement_stands_where_the_one_it_replaces_stood_and_at_its_time() -> None:
    found = supposed(PAID, Replace(5, line(approve("AI-1", "claims", 99))))
    (outcome,) = found.outcomes
    assert [event.at for event in outcome.events] == [5]
    assert events_of(found)[4].recordedtime == events_of(supposed(PAID))[4].recordedtime
    assert [(fate.sequence, fate.became, fate.now) for fate in found.told] == [(5, "replaced", 5), (6, "changed", 6)]
    assert found.told[1].differs == ("flags",)


def test_a_replacement_that_is_refused_replaces_all_the_same() -> None:
    found = supposed(PAID, Replace(5, line(approve("AI-9", "claims", 1))))
    assert found.outcomes[0].refused is not None
    assert found.outcomes[0].refused.reason is Reason.UNKNOWN_INITIATIVE
    assert (found.told[0].sequence, found.told[0].became, found.told[0].now) == (5, "replaced", None)


def test_a_change_that_is_off_is_no_change() -> None:
    changes = (LeaveOut(5, on=False), Replace(6, b"nope", on=False), Add(7, b"nope", on=False))
    found = supposed(PAID, *changes)
    assert (found.payloads, found.told, found.outcomes) == (PAID, (), ())


def test_what_is_added_behind_an_entry_is_recorded_when_that_was() -> None:
    found = supposed(PAID, Add(4, line(fund("claims", 7, kind="supplement"))))
    added = events_of(found)[4]
    assert added.recordedtime == events_of(found)[3].recordedtime
    assert [event.at for event in events_of(found)] == [1, 2, 3, 4, 5, 6, 7, 8]
    assert (found.told, found.kept) == ((), 7)


def test_what_is_added_at_the_end_is_recorded_now_and_nothing_else_is_decided() -> None:
    fork = forked(PAID, len(PAID))
    found = suppose(fork, [Add(7, line(approve("AI-1", "claims", 5)))], now=LATER)
    assert (found.fork, found.kept, len(found.payloads)) == (7, 0, 1)
    assert events_of(found)[0].recordedtime == LATER
    assert fork.book.sequence == 7
    assert fork.book.total("approved", "claims") == 70
    assert found.book.total("approved", "claims") == 75


def test_several_added_behind_one_entry_come_in_the_order_they_are_named() -> None:
    found = supposed(PAID, Add(7, line(propose("AI-8"), "a")), Add(7, line(approve("AI-8", "claims", 1), "b")))
    assert [outcome.refused for outcome in found.outcomes] == [None, None]
    backwards = supposed(PAID, Add(7, line(approve("AI-8", "claims", 1), "b")), Add(7, line(propose("AI-8"), "a")))
    assert [outcome.refused is None for outcome in backwards.outcomes] == [False, True]


def test_a_supposed_command_that_cannot_be_read_is_told() -> None:
    (outcome,) = supposed(PAID, Add(7, b"{")).outcomes
    assert outcome.refused is not None
    assert outcome.refused.reason is Reason.NOT_JSON


def test_a_supposed_command_that_was_accepted_before_is_told() -> None:
    recorded = json.loads(PAID[4])["command"].encode()
    (outcome,) = supposed(PAID, Add(7, recorded)).outcomes
    assert (outcome.repeats, outcome.events) == (5, ())


def test_a_recorded_command_supposed_earlier_is_found_where_it_stands_now() -> None:
    recorded = json.loads(PAID[5])["command"].encode()
    found = supposed(PAID, Add(4, recorded))
    (fate,) = found.told
    assert (fate.sequence, fate.became, fate.now) == (6, "changed", 5)
    assert len(found.payloads) == len(PAID)


def test_three_suppositions_of_one_fork_do_not_know_of_each_other() -> None:
    fork = forked(PAID)
    first = suppose(fork, [LeaveOut(5)], now=LATER)
    suppose(fork, [LeaveOut(2)], now=LATER)
    assert suppose(fork, [LeaveOut(5)], now=LATER).payloads == first.payloads
    assert suppose(fork, [], now=LATER).payloads == PAID


# References.


def test_a_reversal_names_its_entry_where_it_stands_now() -> None:
    history = told(*FUNDED, approve("AI-1", "claims", 40), reverse(5, "void"))
    found = supposed(history, LeaveOut(4))
    reversal = events_of(found)[-1]
    assert (reversal.data.sequence, reversal.subject) == (4, "entry/4")  # type: ignore[attr-defined]
    assert json.loads(reversal.command or "")["subject"] == "entry/4"
    assert found.book.total("approved", "claims") == 0
    assert [fate.became for fate in found.told] == ["left_out"]


def test_a_reversal_of_what_was_left_out_no_longer_passes() -> None:
    history = told(*FUNDED, approve("AI-1", "claims", 40), reverse(5, "void"))
    (_, fate) = supposed(history, LeaveOut(5)).told
    assert fate.refused is not None
    assert (fate.refused.reason, fate.refused.detail["field"]) == (Reason.UNKNOWN_ENTRY, "data.sequence")


def test_a_reversal_takes_back_what_replaced_its_entry() -> None:
    history = told(*FUNDED, approve("AI-1", "claims", 40), reverse(5, "void"))
    found = supposed(history, Replace(5, line(approve("AI-1", "claims", 25))))
    assert [fate.became for fate in found.told] == ["replaced"]
    assert found.book.total("approved", "claims") == 0


def test_a_replacement_about_something_else_takes_no_references() -> None:
    history = told(*FUNDED, approve("AI-1", "claims", 40), reverse(5, "void"))
    found = supposed(history, Replace(5, line(approve("AI-2", "claims", 25))))
    assert [fate.became for fate in found.told] == ["replaced", "refused"]
    assert found.book.total("approved", "claims") == 25


VOTED = told(
    fund("claims", 100),
    propose("AI-1"),
    enrol("ana"),
    enrol("bo"),
    request("D-1", "AI-1", presented={"as_known": 4, "as_of": "2026-01-12"}),
    vote("D-1", 6, "ana"),
    vote("D-1", 6, "bo", "reject"),
    close("D-1", "approved", "2026-01-12", {"approve": 1, "reject": 1}, option="yes"),
)


def test_votes_follow_their_request() -> None:
    found = supposed(VOTED, Add(2, line(propose("AI-7"))))
    assert (found.told, found.kept) == ((), len(VOTED))
    asked, *votes = [event.data for event in events_of(found)[6:9]]
    assert asked.presented.as_known == 5  # type: ignore[attr-defined]
    assert [each.request for each in votes] == [7, 7]  # type: ignore[attr-defined]


def test_votes_on_a_request_that_was_left_out_do_not_pass() -> None:
    found = supposed(VOTED, LeaveOut(6))
    reasons = [(fate.sequence, fate.refused.reason) for fate in found.refused if fate.refused]
    assert reasons == [(7, Reason.UNKNOWN_ENTRY), (8, Reason.UNKNOWN_ENTRY), (9, Reason.UNKNOWN_DECISION)]


def test_a_close_whose_votes_are_not_all_there_does_not_pass() -> None:
    found = supposed(VOTED, LeaveOut(8))
    assert [(fate.sequence, fate.refused.reason) for fate in found.refused if fate.refused] == [
        (9, Reason.TALLY_DIFFERS)
    ]


def test_a_trigger_follows_the_entry_that_set_it_off_and_does_not_pass_without_it() -> None:
    history = told(
        *FUNDED,
        approve("AI-1", "claims", 40),
        reallocate(("AI-1", "claims"), ("AI-2", "claims"), 10, trigger=4),
    )
    moved = events_of(supposed(history, Add(2, line(propose("AI-7")))))[-1]
    assert moved.data.trigger == 5  # type: ignore[attr-defined]
    (left_out, without) = supposed(history, Replace(4, line(fund("claims", 1, kind="supplement")))).told
    assert (left_out.became, without.became) == ("replaced", "refused")
    assert without.refused is not None
    assert without.refused.detail["field"] == "data.trigger"


def caused(*, by: int) -> list[bytes]:
    """Return a history in which an approval and the payment after it were each because of the one before."""
    ids = [json.loads(payload)["id"] for payload in PAID]
    chain = [on("2026-01-12", approve("AI-1", "claims", 40), causationid=ids[by - 1])]
    first = told(*FUNDED, *chain)
    chain.append(
        on("2026-01-12", pay("AI-1", "claims", "P-1", 10), causationid=json.loads(first[-1])["id"], seen=len(first))
    )
    return told(*FUNDED, *chain)


def test_what_was_because_of_what_is_left_out_does_not_pass_nor_what_was_because_of_that() -> None:
    history = caused(by=4)
    found = supposed(history, LeaveOut(4))
    told_ = [
        (fate.refused.reason, *map(fate.refused.detail.get, ("field", "value")))
        for fate in found.refused
        if fate.refused
    ]
    assert told_ == [(Reason.UNKNOWN_ENTRY, "causationid", 4), (Reason.UNKNOWN_ENTRY, "causationid", 5)]
    assert supposed(history, LeaveOut(4, on=False)).payloads == history


def test_a_cause_that_is_no_event_of_the_ledger_is_left_as_it_is() -> None:
    history = told(*FUNDED, on("2026-01-12", approve("AI-1", "claims", 40), causationid="ticket-7"))
    assert [fate.became for fate in supposed(history, LeaveOut(4)).told] == ["left_out"]


def test_a_cause_that_was_replaced_is_its_replacement() -> None:
    history = caused(by=4)
    found = supposed(history, Replace(4, line(propose("AI-2", title="Another"))))
    assert [fate.became for fate in found.told] == ["replaced"]
    assert events_of(found)[4].causationid == events_of(found)[3].id


def test_how_much_a_sender_had_read_moves_along() -> None:
    history = caused(by=3)
    last = events_of(supposed(history, LeaveOut(4)))[-1]
    assert json.loads(last.command or "")["seen"] == 4


def test_supposed_commands_name_recorded_entries_by_their_recorded_sequences() -> None:
    found = supposed(PAID, LeaveOut(4), Add(7, line(reverse(5, "void"))))
    (outcome,) = found.outcomes
    assert outcome.events[0].data.sequence == 4  # type: ignore[attr-defined]


def test_sequences_beyond_the_end_count_supposed_events() -> None:
    asked = line(request("D-1", "AI-1"), "ask")
    changes = (Add(7, line(enrol("bo"), "bo")), Add(7, asked), Add(7, line(vote("D-1", 9, "bo"), "vote")))
    for more in ((), (LeaveOut(6),)):
        outcomes = supposed(PAID, *more, *changes).outcomes
        assert [outcome.refused for outcome in outcomes] == [None, None, None]
    (_, early) = supposed(PAID, Add(7, line(enrol("bo"), "bo")), Add(7, line(reverse(9, "void"), "r"))).outcomes
    assert early.refused is not None
    assert early.refused.reason is Reason.UNKNOWN_ENTRY


def test_the_policy_an_event_was_judged_under_moves_along() -> None:
    rule = {"rule": "OVER_ENVELOPE", "action": "refuse"}
    history = told(propose("AI-1"), policy("guardrails", 1, rules=[rule]), fund("claims", 10))
    assert [event.policy for event in events_of(supposed(history))] == [None, None, None, "3"]
    found = supposed(history, LeaveOut(2))
    assert [event.policy for event in events_of(found)] == [None, None, "2"]
    assert [fate.became for fate in found.told] == ["left_out"]
    found = supposed(history, LeaveOut(3))
    assert [(fate.became, fate.differs) for fate in found.told] == [("left_out", ()), ("changed", ("policy",))]


def test_a_closing_is_changed_only_where_its_totals_are() -> None:
    history = told(*FUNDED, approve("AI-1", "claims", 40), close_period("FY2026"))
    assert [fate.became for fate in supposed(history, LeaveOut(4)).told] == ["left_out"]
    (_, closing) = supposed(history, LeaveOut(5)).told
    assert (closing.became, closing.differs) == ("changed", ("data.totals",))


# Entries that are no plain command of one event.


def transfers() -> list[bytes]:
    moved = fund("data", 20, kind="transfer", counter_envelope="claims")
    return told(fund("claims", 100), fund("data", 5), moved, propose("AI-1"), reverse(5, "void"))


def test_a_command_of_two_events_is_left_out_as_a_whole_by_either_of_them() -> None:
    history = transfers()
    assert len(history) == 8
    for at in (4, 5):
        found = supposed(history, LeaveOut(at))
        assert [(fate.sequence, fate.became) for fate in found.told] == [(4, "left_out"), (7, "refused")]
        assert found.book.total("funded", "data") == 5
    assert supposed(history, LeaveOut(6)).book.total("funded", "data") == 5


def test_a_fork_is_never_within_a_command() -> None:
    history = transfers()
    fork = forked(history, 4)
    assert fork.book.sequence == 3
    assert suppose(fork, [], now=LATER).payloads == history[3:]
    in_two = Fork(Book(PORTFOLIO), 8)
    in_two.take(history[:4])
    assert len(in_two.units) == 0
    in_two.take(history[4:])
    assert (in_two.book.sequence, len(in_two.units)) == (8, 0)
    behind = Fork(Book(PORTFOLIO), 2)
    behind.take(history[:4])
    assert [len(unit.entries) for unit in behind.units] == [1, 1]
    behind.take(history[4:])
    assert suppose(behind, [], now=LATER).payloads == history[2:]


def test_foreign_entries_are_kept_byte_for_byte() -> None:
    history = [*PAID[:3], b"\x00not ours", *told_after(PAID[:3], b"\x00not ours")]
    found = supposed(history, LeaveOut(3))
    assert found.payloads[2] == b"\x00not ours"
    assert found.book.foreign_count == 1
    assert supposed(history).payloads == history


def told_after(payloads: list[bytes], foreign: bytes) -> list[bytes]:
    """Return one more payload, as it is decided behind a foreign entry."""
    fork = forked([*payloads, foreign], len(payloads) + 1)
    return suppose(fork, [Add(len(payloads) + 1, line(propose("AI-5")))], now=LATER).payloads


def test_a_foreign_entry_never_becomes_an_event_by_standing_elsewhere() -> None:
    misplaced = PAID[2]  # says that it is the third entry, and stands fourth
    history = [*PAID[:3], misplaced]
    assert supposed(history).payloads == history
    found = supposed(history, LeaveOut(3))
    assert found.payloads == PAID[:2]
    assert [(fate.sequence, fate.type, fate.became) for fate in found.told][1] == (4, "foreign", "left_out")


def test_an_event_that_rests_on_no_command_stays_as_it_stands() -> None:
    bare = json.loads(PAID[3])
    del bare["command"]
    history = [*PAID[:3], json.dumps(bare).encode()]
    assert supposed(history).payloads == history
    found = supposed(history, LeaveOut(2))
    assert events_of(found)[-1].data == codec.decode(history[3], portfolio=PORTFOLIO, sequence=4).data
    assert events_of(found)[-1].at == 3
    assert [fate.became for fate in supposed(history, LeaveOut(4)).told] == ["left_out"]


def test_a_book_that_was_copied_knows_nothing_of_what_the_other_takes_in() -> None:
    book = Book(PORTFOLIO)
    for sequence, payload in enumerate(PAID, start=1):
        evolve(book, codec.decode(payload, portfolio=PORTFOLIO, sequence=sequence), payload)
    made, root = book.copy(), book.frontier.root()
    evolve_foreign(made, 8, b"other")
    made.posting_refs.put("P-9", 8)
    assert (book.sequence, book.frontier.root(), book.posting_refs.find("P-9")) == (7, root, None)
    assert (made.sequence, made.foreign_count) == (8, 1)


# Wrong use.


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ([LeaveOut(4)], "behind the fork at 4"),
        ([LeaveOut(99)], "entry 99 cannot be left out"),
        ([LeaveOut(5), Replace(5, b"{}")], "left out or replaced twice"),
        ([Add(3, b"{}")], "nothing can be supposed after 3"),
        ([Add(8, b"{}")], "the history ends at 7"),
    ],
)
def test_a_change_that_is_not_of_this_history_is_told(changes: list[Any], words: str) -> None:
    with pytest.raises(SupposeError, match=words):
        suppose(forked(PAID, 4), changes, now=LATER)


def test_a_foreign_entry_cannot_be_left_out() -> None:
    with pytest.raises(SupposeError, match="entry 8 cannot be left out"):
        supposed([*PAID, b"\x00not ours"], LeaveOut(8))


def test_a_fork_is_not_made_of_a_book_beyond_it() -> None:
    with pytest.raises(SupposeError, match="a fork at 3 cannot be made of a book at 7"):
        Fork(forked(PAID, 7).book, 3)
