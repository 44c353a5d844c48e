"""The writer with many commands at once, after a restart, by a clock that runs back, and in a historic import."""

from __future__ import annotations

import asyncio
import datetime
import itertools
from collections.abc import Iterable

import pytest

from ledger import writer as writing
from ledger.store import MAX_BATCH, Stored
from ledger.writer import Writer
from schemas.receipts import Accepted, Reason, Refused
from tests.fixed_history import every_type_history
from tests.notation import Said, on
from tests.scripted import FIRST, FUND, PROPOSE, REFUSED, ScriptedStore, commandids, opened_store, write
from tests.teller import START, ticking
from tests.words import PORTFOLIO, Ask, approve, fund, opening

# Many at once.


def test_a_refused_command_in_the_middle_stops_no_other() -> None:
    receipts = write(ScriptedStore(), FIRST, b"not json", FUND, REFUSED, PROPOSE)
    assert [getattr(receipt, "reason", None) for receipt in receipts] == [
        None,
        Reason.NOT_JSON,
        None,
        Reason.UNKNOWN_INITIATIVE,
        None,
    ]


def test_commands_given_together_rest_on_each_other() -> None:
    store = ScriptedStore()
    approved = Said(approve("AI-1", "claims", 100)).line("c-4")
    assert all(isinstance(receipt, Accepted) for receipt in write(store, FIRST, FUND, PROPOSE, approved))
    assert store.sizes == [4]


def test_the_same_command_twice_in_one_batch_is_recorded_once() -> None:
    store = opened_store()
    first, again, reused = write(store, FUND, FUND, FUND.replace(b'"ana"', b'"eve"'))
    assert first == again
    assert reused == Refused(Reason.COMMAND_ID_REUSED, field="commandid", value="c-2")
    assert commandids(store) == ["c-1", "c-2"]


def test_nothing_to_record_appends_nothing() -> None:
    store = opened_store(FUND)
    store.sizes = []
    write(store)
    write(store, FUND, REFUSED)
    assert store.sizes == []


@pytest.mark.parametrize("legs", [1, 2])
def test_a_thousand_commands_go_in_appends_of_at_most_five_hundred_entries(legs: int) -> None:
    store = opened_store(FUND, Said(fund("data", 1)).line("c-d"))
    store.sizes = []
    moved = {"kind": "transfer", "counter_envelope": "claims"} if legs == 2 else {}
    lines = [Said(fund("data", 1, **moved)).line(f"m-{n}") for n in range(1_000)]
    receipts = write(store, *lines)
    assert [receipt.sequence for receipt in receipts if isinstance(receipt, Accepted)] == [
        3 + legs * (n + 1) for n in range(1_000)
    ]
    assert sum(store.sizes) == 1_000 * legs
    assert max(store.sizes) <= MAX_BATCH
    assert len(store.sizes) <= 6


def test_receipts_come_as_their_appends_are_acknowledged() -> None:
    store = opened_store()
    lines = [Said(fund("claims", 1)).line(f"m-{n}") for n in range(MAX_BATCH)]

    async def first_and_last() -> tuple[int, int]:
        receipts = Writer(PORTFOLIO, store, ticking()).submit_each(taken(lines))
        await anext(receipts)
        at_first = len(store.entries)
        async for _ in receipts:
            pass
        return at_first, len(store.entries)

    assert asyncio.run(first_and_last()) == (1 + MAX_BATCH // 2, 1 + MAX_BATCH)


def taken(lines: Iterable[bytes]) -> Iterable[bytes]:
    yield from lines


def test_an_append_is_cut_where_it_would_be_too_heavy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "MAX_APPEND_BYTES", 4_000)
    store = opened_store()
    store.sizes = []
    write(store, *(Said(fund("claims", 1)).line(f"m-{n}") for n in range(20)))
    assert sum(store.sizes) == 20
    assert max(store.sizes) < 10


# A restart, and the clock.


def test_after_a_restart_a_repeat_gets_the_identical_receipt() -> None:
    store = ScriptedStore()
    lines = every_type_history()
    receipts = write(store, *lines)
    before = list(store.entries)
    assert write(store, *lines) == receipts
    assert store.entries == before


def test_one_writer_after_another_gives_the_entries_of_one() -> None:
    lines = every_type_history()
    together, apart = ScriptedStore(), ScriptedStore()
    clock, other = ticking(), ticking()
    write(together, *lines, clock=clock)
    for line in lines:
        write(apart, line, clock=other)
    assert apart.entries == together.entries


def test_a_foreign_entry_has_its_place_and_stops_nobody() -> None:
    store = opened_store(FUND)
    store.entries.append(Stored(3, "portfolio.law.event.x.y.Z", b"\xff not an event"))
    write(store, PROPOSE)
    again = write(store, FUND, PROPOSE)
    assert [receipt.sequence for receipt in again if isinstance(receipt, Accepted)] == [2, 4]


def test_a_foreign_entry_that_is_nested_too_deep_stops_nobody() -> None:
    store = opened_store(FUND)
    deep = b'{"x":' + b"[" * 20_000 + b"]" * 20_000 + b',"type":"FundingApproved.v1"}'
    store.entries.append(Stored(3, "portfolio.law.event.x.y.Z", deep))
    assert [receipt.sequence for receipt in write(store, PROPOSE) if isinstance(receipt, Accepted)] == [4]


def test_recorded_time_never_runs_backwards_when_the_clock_does() -> None:
    hours = itertools.chain([5, 3, 1, 4, 6], itertools.repeat(2))
    store = ScriptedStore()
    lines = [FIRST, *(Said(fund("claims", 1)).line(f"m-{n}") for n in range(6))]
    write(store, *lines, clock=lambda: START + datetime.timedelta(hours=next(hours)))
    told = [(event.recordedtime - START) // datetime.timedelta(hours=1) for event in store.events]
    assert told == [5, 5, 5, 5, 6, 6, 6]


def test_recorded_time_never_runs_backwards_over_a_restart() -> None:
    store = opened_store(FUND)
    write(store, PROPOSE, clock=lambda: START - datetime.timedelta(days=1))
    times = [event.recordedtime for event in store.events]
    assert times == sorted(times)
    assert times[2] == times[1]


# Historic import.

PUBLISHED = "2024-01-20T09:00:00Z"


def imported(ask: Ask, commandid: str, recordedtime: str | None = PUBLISHED) -> bytes:
    more = {} if recordedtime is None else {"recordedtime": recordedtime}
    return on("2024-01-15", ask, **more).line(commandid)


def test_an_import_is_recorded_when_its_source_published_it() -> None:
    store = ScriptedStore()
    write(store, imported(opening(historic=True), "c-1"), imported(fund("claims", 1), "c-2", "2024-04-20T09:00:00.25Z"))
    told = [(event.recordedtime.isoformat(), event.basis) for event in store.events]
    assert told == [("2024-01-20T09:00:00+00:00", "imported"), ("2024-04-20T09:00:00.250000+00:00", "imported")]
    assert all(event.importedtime is not None and event.importedtime >= START for event in store.events)


def test_an_import_goes_on_after_a_restart_and_ends_with_the_first_command_of_its_own() -> None:
    store = ScriptedStore()
    write(store, imported(opening(historic=True), "c-1"))
    (goes_on,) = write(store, imported(fund("claims", 1), "c-2"))
    (its_own,) = write(store, imported(fund("data", 1), "c-3", None))
    (too_late,) = write(store, imported(fund("lab", 1), "c-4", (START + datetime.timedelta(days=1)).isoformat()))
    assert isinstance(goes_on, Accepted)
    assert isinstance(its_own, Accepted)
    assert isinstance(too_late, Refused)
    assert too_late.reason is Reason.RECORDED_TIME_STATED
    assert [event.basis for event in store.events] == ["imported", "imported", "ordinary"]


@pytest.mark.parametrize(
    ("stated", "reason"),
    [
        ("2024-01-20T08:59:59Z", Reason.RECORDED_TIME_BACKWARDS),
        ("2027-01-01T00:00:00Z", Reason.RECORDED_TIME_AHEAD),
    ],
)
def test_an_import_can_state_no_time_before_the_last_and_none_ahead(stated: str, reason: Reason) -> None:
    store = ScriptedStore()
    _, receipt = write(store, imported(opening(historic=True), "c-1"), imported(fund("claims", 1), "c-2", stated))
    assert isinstance(receipt, Refused)
    assert receipt.reason is reason
    assert len(store.entries) == 1


def test_a_living_portfolio_takes_no_stated_time() -> None:
    store = opened_store()
    (receipt,) = write(store, imported(fund("claims", 1), "c-2"))
    assert isinstance(receipt, Refused)
    assert receipt.reason is Reason.RECORDED_TIME_STATED


# What fits.


def test_the_longest_command_fits_in_an_entry() -> None:
    def line(size: int) -> bytes:
        return Said(fund("claims", 1, reason='"' * 3_999), more={"flagreason": '"' * size}).line("c-2")

    room = 20_000 - len(line(1))
    for longest in (line(min(1 + room // 2, 4_000)), FUND.replace(b",", b"," + b"\t" * (20_000 - len(FUND)), 1)):
        assert len(longest) <= 20_000
        assert isinstance(write(opened_store(), longest)[0], Accepted)
