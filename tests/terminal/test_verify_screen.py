"""The verify screen: what it finds, where that leads, that it runs beside everything else and writes nothing."""

from __future__ import annotations

import asyncio
import json
import re
import sys
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from textual.pilot import Pilot

from ledger.notary.tiles import encode_bundle, entries_path
from ledger.store import HoleInStream, StreamUnavailable
from projections import segments
from projections.archive import Archive
from projections.sync import synced
from tests.terminal.conftest import SIGNS, equals_golden, head_of, screen_text, session_of
from tui.app import LedgerApp
from tui.lending import Lent
from tui.model.verification import Verification
from tui.screens.verify import VerifyScreen
from tui.verifying import Verifying

PORTFOLIO, LAST, ARCHIVED = "demo", 1_816, 1_792


@pytest.fixture
async def directory(demo_store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The demo's archive, and columns of all that is in it."""
    monkeypatch.setattr(segments, "TAIL_ENTRIES", 256)
    kept = tmp_path / "data" / PORTFOLIO
    await synced(demo_store, kept, PORTFOLIO)
    assert Archive(kept).head().size == ARCHIVED
    assert list(kept.glob(f"segment/*/0-{ARCHIVED}.json"))
    return kept


@asynccontextmanager
async def verifying(
    store, directory: Path, size: tuple[int, int] = (120, 36)
) -> AsyncIterator[tuple[LedgerApp, Pilot[int], Callable[..., Awaitable[None]]]]:
    session = session_of(store, directory)
    app = LedgerApp(session, SIGNS, head=head_of(session), mode="verify")
    app.verifying = Verifying(session, Verification(lambda: 0.0))
    async with app.run_test(size=size) as pilot:

        async def press(*keys: str) -> None:
            if keys:
                await pilot.press(*keys)
            for _ in range(3):
                await pilot.pause()
                await app.workers.wait_for_complete()
            if isinstance(app.screen, VerifyScreen):
                app.screen.shown()
            await pilot.pause()

        await press()
        yield app, pilot, press


def changed_entry(directory: Path, sequence: int) -> None:
    """Change one byte of an archived entry."""
    bundle, place = divmod(sequence - 1, 256)
    entries = Archive(directory).entries(bundle)
    entries[place] = entries[place].replace(b'"actor":"', b'"actor":"x', 1)[:-1] + b" "
    (directory / entries_path(bundle)).write_bytes(encode_bundle(entries))


def wrong_cell(
    directory: Path, kind: str = "FundingApproved", column: str = "amount_minor", wrong: Any = 40_000_001
) -> tuple[Any, Any, int]:
    """Change one cell of an event in the columns, and return what it was, what it is and its sequence."""
    (file,) = directory.glob(f"segment/*/0-{ARCHIVED}.{kind}.parquet")
    rows = pq.read_table(file).to_pylist()
    row = rows[len(rows) // 2]
    right, row[column] = row[column], wrong
    pq.write_table(pa.Table.from_pylist(rows, pq.read_schema(file)), file)
    return right, wrong, row["sequence"]


def masked(text: str) -> str:
    """Return a screen without what grows with the program: how many tables and views there are, the columns' name."""
    text = re.sub(r"\d+ tables and \d+ views", "## tables and ## views", text)
    text = re.sub(r"(compare.*?)\d\d / \d\d", r"\1## / ##", text)
    return re.sub("segment/[0-9a-f]{12}/", "segment/generation../", text)


async def at_both_sizes(name: str, app: LedgerApp, pilot: Pilot[int], press: Callable[..., Awaitable[None]]) -> None:
    """Compare what stands on the screen at both sizes."""
    for wide, high in [(120, 36), (80, 24)]:
        await pilot.resize_terminal(wide, high)
        await press()
        equals_golden(f"{name}-{wide}x{high}", masked(screen_text(app)))


# What stands on it


async def test_before_and_after_everything_was_checked(demo_store, directory) -> None:
    async with verifying(demo_store, directory) as (app, pilot, press):
        await at_both_sizes("verify-idle", app, pilot, press)
        await press("v")
        await at_both_sizes("verify", app, pilot, press)
        assert "nothing differs ✓ at sequence 1,816" in screen_text(app)


async def test_planted_differences_as_they_stand_on_the_screen(demo_store, directory) -> None:
    changed_entry(directory, 300)
    wrong_cell(directory, "DecisionClosed", "rationale", "another one")  # no view shows it, however many there are
    async with verifying(demo_store, directory) as (app, pilot, press):
        await press("r")
        await at_both_sizes("verify-differs", app, pilot, press)


@pytest.mark.parametrize(("keys", "ran"), [("r", {"read", "rebuild", "compare"}), ("d", {"decide"})])
async def test_a_part_says_that_the_rest_was_not_done(demo_store, directory, keys, ran) -> None:
    async with verifying(demo_store, directory) as (app, _, press):
        await press(keys)
        check = app.verifying.check
        assert {step for step, gauge in check.gauges.items() if gauge.ended} == ran
        assert ("not decided again" if keys == "r" else "not rebuilt") in screen_text(app)
        assert ("no event was decided again" if keys == "r" else "no view was rebuilt") in screen_text(app)


# Where problems lead


async def test_a_changed_byte_in_a_bundle_is_found_and_enter_shows_the_entry(demo_store, directory) -> None:
    changed_entry(directory, 300)
    async with verifying(demo_store, directory) as (app, _, press):
        await press("r")
        assert f"{entries_path(1)}: entry 300 differs from the stream at byte" in screen_text(app)
        assert "A1 sealed        DOES NOT HOLD !" in screen_text(app)
        assert "nothing differs" not in screen_text(app)
        await press("enter")
        assert (app.current_mode, app.head.sequence) == ("replay", 300)
        await press("v")
        assert f"OTHER BYTES in {entries_path(1)}" in screen_text(app)
        await press("u")
        assert app.current_mode == "verify"


async def test_a_wrong_cell_is_found_with_both_values_and_leads_to_its_entry(demo_store, directory) -> None:
    right, wrong, sequence = wrong_cell(directory)
    async with verifying(demo_store, directory) as (app, _, press):
        await press("v")
        (problem,) = [each for each in app.verifying.check.problems if each.sequence]
        assert problem.sequence == sequence
        assert f"sequence {sequence}, amount_minor is {wrong}, rebuilt {right}" in problem.text
        assert problem.text.startswith("segment/")
        assert f"/0-{ARCHIVED}.FundingApproved.parquet: " in problem.text
        assert any(
            "view spend envelope: service-2025: approved_minor is " in each.text
            for each in app.verifying.check.problems
        )
        screen = screen_text(app)
        assert "A4 re-performed  DOES NOT HOLD !" in screen
        assert "A1 sealed        NOT CHECKED ?" in screen
        await press("enter")
        assert (app.current_mode, app.head.sequence) == ("replay", sequence)


async def test_an_event_that_its_command_does_not_give_is_found(demo_store, directory) -> None:
    entry = demo_store.entries[299]
    demo_store.entries[299] = entry._replace(
        payload=entry.payload.replace(b'"finish":"2026-12-18"', b'"finish":"2026-12-19"')
    )
    assert demo_store.entries[299] != entry
    async with verifying(demo_store, directory) as (app, _, press):
        await press("d")
        (problem,) = app.verifying.check.problems
        assert problem.sequence == 300
        assert "decided again: byte" in problem.text


async def test_a_hole_in_the_stream_leads_to_the_place_where_it_is(demo_store, directory, monkeypatch) -> None:
    async def read(*, after: int = 0, until: int | None = None):
        for entry in demo_store.entries[after:until]:
            if entry.sequence == 700 and (until or 0) - after > 1:
                raise HoleInStream("PORTFOLIO_demo", 700, 701)
            yield entry

    async with verifying(demo_store, directory) as (app, _, press):
        monkeypatch.setattr(demo_store, "read", read)
        await press("v")
        assert [(each.sequence, "has a hole" in each.text) for each in app.verifying.check.problems] == [(700, True)]
        assert "it could not be ended !" in screen_text(app)
        await press("enter")
        assert app.head.sequence == 700


async def test_a_stream_that_is_away_is_told_and_nothing_holds(demo_store, directory, monkeypatch) -> None:
    async def away() -> int:
        raise StreamUnavailable("the stream is away; start the server")

    async with verifying(demo_store, directory) as (app, _, press):
        monkeypatch.setattr(demo_store, "last_sequence", away)
        await press("v")
        assert "the stream is away; start the server" in screen_text(app)
        assert "HOLDS" not in screen_text(app)


async def test_a_head_that_is_damaged_is_told(demo_store, directory) -> None:
    (directory / "head").write_bytes(b"[]")
    async with verifying(demo_store, directory) as (app, _, press):
        await press("v")
        assert "head is damaged" in screen_text(app)
        assert "HOLDS" not in screen_text(app)


# Beside everything else


class Gate(Verification):
    """A verification that stands once a step has come so far, until it is let on."""

    def __init__(self, step: str, at: int) -> None:
        super().__init__(lambda: 0.0)
        self.step, self.at, self.reached, self.let_on = step, at, threading.Event(), threading.Event()

    def moved(self, step: Any, done: int, whole: int) -> None:
        super().moved(step, done, whole)
        if step == self.step and done >= self.at:
            self.reached.set()
            self.let_on.wait(60)


@asynccontextmanager
async def held(
    store, directory: Path, key: str = "d", step: str = "decide", at: int = 512
) -> AsyncIterator[tuple[LedgerApp, Pilot[int], Gate]]:
    """A verification that was begun and stands where it is held."""
    session, gate = session_of(store, directory), Gate(step, at)
    app = LedgerApp(session, SIGNS, head=head_of(session), mode="verify")
    app.verifying = Verifying(session, gate)
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.pause()
        await pilot.press(key)
        assert await asyncio.to_thread(gate.reached.wait, 60)
        yield app, pilot, gate
        gate.let_on.set()


async def test_it_runs_on_while_another_screen_is_used_and_its_header_says_so(demo_store, directory) -> None:
    async with held(demo_store, directory) as (app, pilot, gate):
        await pilot.press("escape")
        await pilot.pause()
        assert app.current_mode == "replay"
        await pilot.press("home")
        await pilot.pause()
        assert (app.head.sequence, gate.running) == (1, True)
        assert "verify 28 %" in screen_text(app)
        gate.let_on.set()
        await app.workers.wait_for_complete()
        await app.refresh_session()
        await pilot.pause()
        assert "decided again ✓ to 1,816, not signed" in screen_text(app)


async def test_it_waits_while_paused(demo_store, directory) -> None:
    async with held(demo_store, directory) as (app, pilot, gate):
        await pilot.press("p")
        gate.let_on.set()
        await pilot.pause()
        assert (gate.paused, gate.gauges["decide"].done) == (True, 512)
        assert "paused; p goes on" in screen_text(app)
        await pilot.press("p")
        await app.workers.wait_for_complete()
        assert gate.state == "done"


async def test_it_is_not_begun_twice_and_can_be_stopped(demo_store, directory) -> None:
    async with held(demo_store, directory) as (app, pilot, gate):
        await pilot.press("r")
        assert any("a verification is under way" in note.message for note in app._notifications)
        await pilot.press("s")
        gate.let_on.set()
        await app.workers.wait_for_complete()
        app.screen.shown()
        await pilot.pause()
        assert gate.state == "stopped"
        assert "stopped before its end ?" in screen_text(app)
        assert gate.reperformance is None


@pytest.mark.parametrize(("key", "step"), [("r", "read"), ("r", "compare"), ("d", "decide")])
async def test_leaving_the_program_ends_it(demo_store, directory, key, step) -> None:
    async with held(demo_store, directory, key, step, 0) as (_, pilot, gate):
        gate.let_on.set()
        await pilot.press("q")
    assert not [thread for thread in threading.enumerate() if busy(thread)]
    assert gate.state != "done"


def busy(thread: threading.Thread) -> bool:
    """Say whether a thread is in code that verifies."""
    frame = sys._current_frames().get(thread.ident or 0)
    while frame is not None:
        if Path(frame.f_code.co_filename).name in ("compare.py", "reperform.py"):
            return True
        frame = frame.f_back
    return False


async def test_what_is_lent_to_a_thread_can_only_be_read(demo_store) -> None:
    lent = Lent(demo_store, asyncio.get_running_loop())
    assert not hasattr(lent, "append")

    async def read() -> tuple[int, list[int]]:
        return await lent.last_sequence(), [entry.sequence async for entry in lent.read(after=5, until=1_500)]

    last, sequences = await asyncio.to_thread(lambda: asyncio.run(read()))
    assert (last, sequences) == (LAST, list(range(6, 1_501)))


# Reports


async def test_a_report_is_written_beside_the_portfolios_as_text_and_as_json(demo_store, directory) -> None:
    changed_entry(directory, 300)
    async with verifying(demo_store, directory) as (app, _, press):
        await press("e")
        assert not app.session.reports.exists()
        await press("v")
        await press("e")
        text, told = sorted(app.session.reports.iterdir(), key=lambda file: file.suffix, reverse=True)
        assert app.session.reports == directory.parent / "reports"
        assert text.name == "demo-verify-20261120T180000Z.txt"
        assert any(str(text) in note.message for note in app._notifications)
        equals_golden("verify-report", masked(text.read_text()))
        found = json.loads(told.read_bytes())
        assert found["comparison"]["differences"][0]["sequence"] == 300
        assert [level["standing"] for level in found["levels"]][:2] == ["HOLDS", "DOES NOT HOLD"]
        assert found["reperformance"]["events"] == LAST


async def test_a_report_that_cannot_be_written_is_told(demo_store, directory) -> None:
    (directory.parent / "reports").write_bytes(b"a file, not a directory")
    async with verifying(demo_store, directory) as (app, _, press):
        await press("d")
        await press("e")
        assert any("the report cannot be written" in note.message for note in app._notifications)
