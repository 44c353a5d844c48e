"""Figures of a city: billions, thousands of initiatives, no objectives and no benefits; none is cut in the middle."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from projections.line import Line
from tests.terminal.conftest import SIGNS, head_of, screen_text, session_of, settled
from tests.terminal.test_board_lines import at, replica
from tui.app import LedgerApp
from tui.model.board import see_board
from tui.model.board_drawing import Drawing
from tui.model.board_headline import headline
from tui.model.board_initiatives import initiatives
from tui.model.board_panels import PANELS
from tui.model.change import Change
from tui.model.compare_lines import Compare, compare_line
from tui.model.glyphs import UNICODE
from tui.model.lines import change_line
from tui.model.pieces import text_of

__all__ = ["replica"]


def replaced(row, **given):
    """Return a row with other figures in it, whatever it is made of."""
    if isinstance(row, msgspec.Struct):
        return msgspec.structs.replace(row, **given)
    return row._replace(**given) if isinstance(row, tuple) else dataclasses.replace(row, **given)


YEAR_US = 366 * 86_400_000_000


@pytest.mark.parametrize("width", range(42, 80))
def test_an_amount_before_and_after_is_whole_or_left_out(width) -> None:
    change = Change("~", "baseline_cost", "76,763,000.00", "1,087,957,000.00", 101_119_400_000, "USD", 8_754, 9_959)
    line = change_line(change, width, UNICODE)
    assert UNICODE.ellipsis not in line
    assert any(whole in line for whole in ("1,087,957,000.00", "1,087,957,000 ", "1,087,957,000  "))
    assert len(line) == width
    assert line.endswith("8,754")


@pytest.mark.parametrize("width", [76, 80, 116])
def test_two_moments_are_compared_without_a_cut_amount(width) -> None:
    row = Compare("~", "total", "funded USD", "1,242,064,000.25", "1,306,707,000.00", "", None, "derived")
    line = compare_line(row, width, UNICODE)
    assert UNICODE.ellipsis not in line
    assert ("1,242.06 M" in line and "1,306.71 M" in line) or "1,242,064,000.25" in line


def test_a_historic_opening_takes_no_room_on_the_ruler() -> None:
    """It counts as recorded in 1970; what follows begins in 2007."""
    start = int(datetime(2007, 10, 28, tzinfo=UTC).timestamp()) * 1_000_000
    line = Line([1, 2, 3, 4], [0, start, start + YEAR_US, start + 2 * YEAR_US])
    assert line.density(10, by_time=True) == [2, 0, 0, 0, 0, 1, 0, 0, 0, 1]
    assert [line.cell_of(each, 10, by_time=True) for each in (1, 2, 3, 4)] == [0, 0, 5, 9]
    assert [line.sequence_at(share, by_time=True) for share in (0.0, 0.5, 1.0)] == [2, 3, 4]
    assert line.begin_us == start


def test_a_board_without_objectives_and_benefits_has_no_figures_for_them(replica) -> None:
    seen = see_board(replica, at(replica, 1816))
    told = replaced(seen.headline, planned_minor=0, validated_minor=0)
    (words, _) = headline(replaced(seen, objectives=(), headline=told), Drawing(120, UNICODE))
    assert "Alignment: no objectives set" in text_of(words)
    assert "Return: no benefits planned" in text_of(words)
    bare = [replaced(row, planned_minor=0, validated_minor=0, roi=-1.0) for row in seen.streams]
    lines = PANELS["streams"](replaced(seen, streams=bare), Drawing(120, UNICODE)).lines
    assert lines
    assert all(text_of(line).endswith("ROI      –") for line in lines)


def test_a_thousand_initiatives_in_a_stage_are_counted_whole_in_every_width(replica) -> None:
    seen = see_board(replica, at(replica, 1816))
    stage = replaced(seen.stages[0], count=1_100, held=936, days=5_599, approved_minor=265_465_100_000)
    for width in (46, 48, 57, 76, 120):
        (line, *_) = PANELS["pipeline"](replaced(seen, stages=[stage]), Drawing(width, UNICODE)).lines
        assert text_of(line).endswith("1,100  2.65 bn 5,599 d, 936 held")
        assert len(text_of(line)) <= width


def test_where_nothing_is_ranked_what_has_most_money_comes_first(replica) -> None:
    seen = see_board(replica, at(replica, 1816))
    bare = [replaced(each, ranked=replaced(each.ranked, rank=None)) for each in seen.initiatives]
    panel = initiatives(replaced(seen, initiatives=bare), Drawing(120, UNICODE, len(bare)), "priority")
    most = max(bare, key=lambda each: each.told.approved_minor)
    assert most.told.initiative in text_of(panel.lines[0])


async def test_what_is_shown_behind_is_written_as_wide_as_it_is(demo_store, tmp_path: Path) -> None:
    """The state at 80x24, which has no room before Tab shows it."""
    session = session_of(demo_store, tmp_path)
    app = LedgerApp(session, SIGNS, head=head_of(session, 258))
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(app, pilot)
        await pilot.press("tab")
        await settled(app, pilot)
        state = app.screen.query_one("#state")
        assert {len(line.text) for line in state.lines} == {state.scrollable_content_region.width - 1}
        assert "before" in screen_text(app)
