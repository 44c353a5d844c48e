"""The compare screen: two moments beside each other, where each line leads, and the same as plain text."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from projections.moments import compare_moments
from tests.terminal.conftest import SIGNS, equals_golden, head_of, screen_text, session_of
from tests.terminal.test_replay_screen import settled
from tui.app import LedgerApp
from tui.model.compare_lines import compare_rows, compare_text
from tui.model.glyphs import ASCII
from tui.plain_replay import transcript
from tui.screens.compare import CompareScreen

A, B = 1_188, 1_228
"""From the end of September to the end of November 2025: Voice Biometrics is merged into another."""


@asynccontextmanager
async def comparing(
    store, directory: Path, a: int | None = A, b: int = B, size: tuple[int, int] = (120, 36)
) -> AsyncIterator[tuple[LedgerApp, Callable[..., Awaitable[None]]]]:
    session = session_of(store, directory)
    head = head_of(session, b)
    head.a = a
    app = LedgerApp(session, SIGNS, head=head)
    async with app.run_test(size=size) as pilot:

        async def press(*keys: str) -> None:
            for key in keys:
                await pilot.press(key)
                await settled(app, pilot)

        await settled(app, pilot)
        await press("c")
        assert isinstance(app.screen, CompareScreen)
        yield app, press


def rows_of(app: LedgerApp) -> list:
    return [line.opens for line in app.screen.query_one("#changes").lines]


@pytest.mark.parametrize("size", [(120, 36), (80, 24)])
async def test_two_moments_as_they_stand_on_the_screen(demo_store, tmp_path, size) -> None:
    async with comparing(demo_store, tmp_path, size=size) as (app, _):
        equals_golden(f"compare-{size[0]}x{size[1]}", screen_text(app))


async def test_enter_goes_to_the_decision_that_set_a_value_and_u_comes_back(demo_store, tmp_path) -> None:
    async with comparing(demo_store, tmp_path) as (app, press):
        while (here := app.screen.query_one("#changes").here).field != "status":
            await press("down")
        assert (here.sign, here.after) == ("-", "merged")
        assert f"set by {here.sequence:,} GateDecided" in screen_text(app)
        await press("enter")
        assert (app.current_mode, app.head.sequence) == ("replay", here.sequence)
        assert not isinstance(app.screen, CompareScreen)
        entry = await app.session.entry(here.sequence)
        assert (entry.event.subject, entry.event.data.outcome) == (f"initiative/{here.subject}", "merged")
        assert f"Decision {here.sequence:,}" in screen_text(app)
        await press("u")
        assert app.head.sequence == B


async def test_a_total_was_set_by_no_single_decision(demo_store, tmp_path) -> None:
    async with comparing(demo_store, tmp_path) as (app, press):
        assert rows_of(app)[0].subject == "total"
        assert "worked out from everything" in screen_text(app)
        await press("enter")
        assert isinstance(app.screen, CompareScreen)
        assert any("no single decision set this" in note.message for note in app._notifications)


async def test_tab_swaps_and_swaps_back(demo_store, tmp_path) -> None:
    async with comparing(demo_store, tmp_path) as (app, press):
        there = {(row.subject, row.field): (row.before, row.after) for row in rows_of(app)}
        await press("tab")
        back = {(row.subject, row.field): (row.before, row.after) for row in rows_of(app)}
        assert back == {key: (after, before) for key, (before, after) in there.items()}
        assert f"A seq {B:,} (2025-11-28) → B seq {A:,} (2025-09-29)" in screen_text(app)
        await press("tab")
        assert {(row.subject, row.field): (row.before, row.after) for row in rows_of(app)} == there


async def test_i_goes_from_initiative_to_initiative_and_stops_at_the_ends(demo_store, tmp_path) -> None:
    async with comparing(demo_store, tmp_path) as (app, press):
        changes = app.screen.query_one("#changes")
        subjects = list(dict.fromkeys(row.subject for row in rows_of(app)))
        for subject in subjects[1:]:
            await press("i")
            assert changes.here.subject == subject
        await press("i")
        assert any("no change after this" in note.message for note in app._notifications)
        await press("I")
        assert changes.here.subject == subjects[-2]


async def test_without_an_a_it_is_the_start_of_the_quarter_and_says_so(demo_store, tmp_path) -> None:
    async with comparing(demo_store, tmp_path, a=None) as (app, _):
        assert "A seq 1,188 (2025-09-30)" in screen_text(app)
        assert "A was not set, x sets it: this is the start of the quarter" in screen_text(app)


async def test_an_address_is_another_b_and_a_wrong_one_is_told(demo_store, tmp_path) -> None:
    async with comparing(demo_store, tmp_path) as (app, press):
        await press("colon", *"1191", "enter")
        assert "B seq 1,191" in screen_text(app)
        assert "3 decisions between" in screen_text(app)
        await press("colon", *"nowhere!", "enter")
        assert any("names no place" in note.message for note in app._notifications)
        assert "B seq 1,191" in screen_text(app)


async def test_esc_goes_back_to_where_one_was(demo_store, tmp_path) -> None:
    async with comparing(demo_store, tmp_path) as (app, press):
        await press("escape")
        assert not isinstance(app.screen, CompareScreen)
        assert (app.current_mode, app.head.sequence) == ("replay", B)


async def test_the_same_moment_twice_differs_in_nothing(demo_store, tmp_path) -> None:
    async with comparing(demo_store, tmp_path, a=B) as (app, press):
        assert "nothing differs between the two moments" in screen_text(app)
        await press("enter", "i", "I", "tab", "escape")
        assert app.current_mode == "replay"


async def test_what_differs_is_exported_as_text_and_as_json(demo_store, tmp_path) -> None:
    async with comparing(demo_store, tmp_path / "data" / "demo") as (app, press):
        await press("e")
        text, told = sorted(app.session.reports.iterdir(), key=lambda file: file.suffix, reverse=True)
        assert text.name == f"demo-compare-{A}-{B}-20261120T180000Z.txt"
        found = json.loads(told.read_bytes())
        assert (found["before"]["sequence"], found["after"]["sequence"], found["decisions"]) == (A, B, B - A)
        shown = {(row.subject, row.field) for row in rows_of(app) if not row.derived}
        assert len(shown) == sum(len(each["fields"]) for each in found["changes"])
        assert "AI-0027" in text.read_text()
        assert str(text) in "".join(note.message for note in app._notifications)


async def test_what_was_opened_to_look_only_writes_no_report(demo_store, tmp_path) -> None:
    async with comparing(demo_store, tmp_path / "data" / "demo") as (app, press):
        app.session.looks_only = True
        await press("e")
        assert not app.session.reports.exists()
        assert any("no report is written" in note.message for note in app._notifications)


# As text


async def test_a_transcript_has_every_decision_between_and_then_what_differs(demo_store, tmp_path) -> None:
    session = session_of(demo_store, tmp_path)
    text = await transcript(session, session.moment(A), session.moment(B), SIGNS)
    equals_golden("transcript", text + "\n")


async def test_a_transcript_says_how_many_decisions_it_leaves_out(demo_store, tmp_path) -> None:
    session = session_of(demo_store, tmp_path)
    text = await transcript(session, session.moment(0), session.moment(B), SIGNS, most=10)
    assert f"and {B - 10:,} more, up to {B:,}; `portfolio log` lists every one" in text
    assert "before the first decision" in text
    assert len(text.split("\n\n")[1].splitlines()) == 12


@pytest.mark.parametrize("width", [60, 75, 99, 100, 194])
async def test_lines_stay_within_their_width_in_both_sets_of_signs(demo_store, tmp_path, width) -> None:
    session = session_of(demo_store, tmp_path)
    compared = compare_moments(session.replica, session.moment(300), session.moment(1_816))
    for signs in (SIGNS, ASCII):
        text = compare_text(compared, width, signs)
        assert max(map(len, text.splitlines())) <= max(width, 75)
    assert compare_text(compared, width, ASCII).isascii() == all(
        row.title.isascii() and row.after.isascii() and row.before.isascii() for row in compare_rows(compared, ASCII)
    )
