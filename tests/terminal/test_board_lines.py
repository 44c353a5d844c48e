"""The lines a board is made of: they fit, their places do not overlap, their figures say what the views say."""

from __future__ import annotations

import datetime
import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from projections.headline import headline
from projections.moment import Moment
from projections.replica import Replica
from projections.terms import fiscal_year_start, stage_order
from projections.why_total import why_total
from tests import words as w
from tests.laws.test_more_views import replica_of
from tests.teller import Teller
from tui.model.as_of import AsOf, AsOfError, parse, quarter_end, quarter_ends
from tui.model.board import Point, see_board
from tui.model.board_drawing import Drawing, part_of
from tui.model.board_headline import headline as headline_lines
from tui.model.board_headline import headline_list
from tui.model.board_initiatives import ORDERS, initiatives
from tui.model.board_panels import PANELS
from tui.model.board_places import Box, names, places
from tui.model.board_trend import trend
from tui.model.figures import bar, sparkline
from tui.model.glyphs import ASCII, UNICODE
from tui.model.pieces import ToEntry, text_of
from tui.model.text import clean, fit

D = datetime.date
EVERY_PANEL = ("initiatives", *PANELS, "trend")


@pytest.fixture(scope="module")
def replica(told_demo) -> Replica:
    made = Replica("demo")
    made.extend([entry.payload for entry in told_demo.entries])
    return made


def at(replica: Replica, sequence: int) -> Moment:
    recorded = replica.recorded_at(sequence)
    assert recorded is not None
    return Moment(sequence, recorded, recorded.date())


# Lines


@pytest.mark.parametrize("sequence", [1, 40, 300, 802, 999, 1359, 1816])
def test_law_no_line_is_wider_than_its_panel_and_an_empty_panel_says_something(replica, sequence) -> None:
    seen = see_board(replica, at(replica, sequence))
    points = [Point(D(2024, 3, 31), None, 0, 0, 0), Point(D(2024, 6, 30), 0.5, 10**9, 10**8, 0)] * 9
    for width, glyphs in itertools.product((42, 46, 57, 66, 76, 84, 96, 120, 196), (UNICODE, ASCII)):
        drawing = Drawing(width, glyphs, 20)
        panels = [make(seen, drawing) for make in PANELS.values()]
        panels += [initiatives(seen, drawing, order) for order in ORDERS]
        panels.append(trend(points, "USD", drawing))
        lines = [line for panel in panels for line in panel.lines] + headline_lines(seen, drawing)
        lines += headline_list(seen, drawing) if width >= 96 else []
        for line in lines:
            assert cell_len(text_of(line)) <= width, (width, text_of(line))
        assert all(panel.lines or panel.empty for panel in panels)


def test_what_the_ascii_board_is_drawn_with_is_ascii(replica) -> None:
    seen = see_board(replica, at(replica, 999))
    for make in PANELS.values():
        for line in make(seen, Drawing(66, ASCII)).lines:
            drawn = [piece.text for piece in line if piece.look in ("bar", "strong")]
            assert all(text.isascii() for text in drawn), drawn


def test_every_entry_a_line_leads_to_is_known_at_the_moment(replica) -> None:
    seen = see_board(replica, at(replica, 999))
    leads = [
        piece.leads.sequence
        for make in PANELS.values()
        for line in make(seen, Drawing(66, UNICODE)).lines
        for piece in line
        if isinstance(piece.leads, ToEntry)
    ]
    assert leads
    assert all(1 <= sequence <= 999 for sequence in leads)


def test_two_amounts_share_their_letter_where_they_have_the_same() -> None:
    assert part_of(966_000_000, 2_515_000_000, "USD") == "9.66 of 25.1 M"
    assert part_of(5_520_000, 2_515_000_000, "USD") == "55.2 k of 25.1 M"
    assert part_of(0, 2_515_000_000, "USD") == "0 of 25.1 M"
    assert part_of(12_300, 99_900, "USD") == "123 of 999"


# Places


@given(
    width=st.integers(80, 300),
    height=st.integers(20, 100),
    lines=st.fixed_dictionaries({name: st.integers(0, 400) for name in EVERY_PANEL}),
    front=st.sampled_from(EVERY_PANEL),
)
@settings(deadline=None)
def test_law_panels_do_not_overlap_and_each_is_in_sight_or_behind_one(width, height, lines, front) -> None:
    found = places(width, height, lines, front)
    assert sorted([*found.boxes, *found.behind]) == sorted(EVERY_PANEL) == sorted(names(width))
    for name, box in found.boxes.items():
        assert box.x >= 0
        assert box.y >= 0
        assert box.x + box.width <= width
        assert box.y + box.height <= height
        assert box.height >= 3, name
    for one, other in itertools.combinations(found.boxes.values(), 2):
        apart = one.x + one.width <= other.x or other.x + other.width <= one.x
        assert apart or one.y + one.height <= other.y or other.y + other.height <= one.y
    assert "initiatives" in found.boxes
    assert bool(found.behind) == bool(found.in_front)
    for name in found.behind:
        assert name in places(width, height, lines, name).boxes, "tab brings it into sight"


def test_a_board_of_120_by_36_shows_every_panel_at_once() -> None:
    lines = dict.fromkeys(EVERY_PANEL, 12) | {"trend": 4, "needs": 3, "alignment": 6, "pipeline": 5, "streams": 4}
    found = places(120, 32, lines, "needs")
    assert not found.behind
    assert found.boxes["initiatives"] == Box(0, 0, 70, 18)
    assert found.boxes["needs"].height == 3 + 2, "a short list is seen whole"
    assert found.boxes["streams"].height == 4 + 2
    assert found.boxes["benefits"].height == 2 + 2, "a long one is scrolled"


# Moments in words


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        ("", AsOf(None, None)),
        (" 2025-03-31 ", AsOf(D(2025, 3, 31), None)),
        ("2025-02", AsOf(D(2025, 2, 28), None)),
        ("2025-Q3", AsOf(D(2025, 9, 30), None)),
        ("2025", AsOf(D(2025, 12, 31), None)),
        ("known 2025-03-31", AsOf(None, "2025-03-31")),
        ("known 802", AsOf(None, "802")),
        ("2024-06-30 known 2024-07-18", AsOf(D(2024, 6, 30), "2024-07-18")),
        ("known 2024-07-18 as of 2024-06-30", AsOf(D(2024, 6, 30), "2024-07-18")),
    ],
)
def test_the_words_of_a_moment(words, wanted) -> None:
    assert parse(words) == wanted


@given(st.text(max_size=20))
def test_law_words_name_a_moment_or_say_what_is_allowed(words) -> None:
    said = ""
    try:
        parse(words)
    except AsOfError as error:
        said = str(error)
    assert not said or "give" in said or "needs" in said


@given(st.dates())
def test_law_a_step_leads_to_the_end_of_a_quarter_and_passes_none_over(day) -> None:
    before, after = quarter_end(day, -1), quarter_end(day, 1)
    ends = [
        D(year, month, last)
        for year in (day.year - 1, day.year, day.year + 1)
        if 1 <= year <= 9999
        for month, last in ((3, 31), (6, 30), (9, 30), (12, 31))
    ]
    earlier, later = [end for end in ends if end < day], [end for end in ends if end > day]
    started = [end for end in earlier if (end.year, (end.month - 1) // 3) != (day.year, (day.month - 1) // 3)]
    assert before == (started[-1] if started else day)
    assert after == (later[0] if later else day)


def test_the_ends_of_quarters_between_two_days() -> None:
    assert quarter_ends(D(2024, 1, 8), D(2024, 12, 31), 40) == [D(2024, 3, 31), D(2024, 6, 30), D(2024, 9, 30)]
    assert quarter_ends(D(2024, 1, 8), D(2025, 1, 1), 2) == [D(2024, 9, 30), D(2024, 12, 31)]
    assert quarter_ends(D(2024, 1, 8), D(2024, 2, 1), 40) == []


# Texts, bars and columns


@given(st.text(), st.integers(0, 40), st.booleans())
def test_law_a_text_that_is_fitted_takes_exactly_so_many_cells(text, width, right) -> None:
    shown = fit(clean(text), width, right=right)
    assert cell_len(shown) == width
    if cell_len(clean(text)) <= width:
        assert shown.strip(" ") == clean(text).strip(" ")


def test_letters_of_two_cells_are_counted_as_two() -> None:
    assert fit("理赔分诊", 6) == "理赔 …"
    assert fit("理赔", 6) == "理赔  "
    assert fit("理赔", 6, right=True) == "  理赔"


@given(st.floats(-1, 2), st.integers(1, 60), st.none() | st.floats(-1, 2))
def test_law_a_bar_is_never_wider_and_its_mark_is_always_there(share, width, mark) -> None:
    for glyphs in (UNICODE, ASCII):
        drawn = bar(share, width, mark, glyphs)
        assert len(drawn) == width
        assert (glyphs.target in drawn) is (mark is not None)


def test_columns_stand_from_the_least_to_the_greatest() -> None:
    assert sparkline([1, 2, 3, None, 8]) == ["▁▂▃ █"]
    assert sparkline([5, 5]) == ["▁▁"]
    assert sparkline([]) == [""]
    assert sparkline([0, 15], height=2) == [" █", "▁█"]
    assert sparkline([1, 8], cells=3) == ["▁▁ ██"]


# What a board rests on


def test_the_stages_have_the_order_of_the_policy_that_is_in_force(replica) -> None:
    assert stage_order(replica, at(replica, 999)) == ["proposed", "pilot", "build", "live", "done"]
    assert stage_order(replica, at(replica, 1)) == []


def test_the_fiscal_year_starts_when_the_portfolio_says_so() -> None:
    assert fiscal_year_start(Replica("none")) == 1
    teller = Teller()
    teller.say(w.also(w.opening(), fiscal_year_start=4), "2026-01-01")
    assert fiscal_year_start(replica_of(teller.events)) == 4


@pytest.mark.parametrize("sequence", [400, 802, 999, 1816])
@pytest.mark.parametrize(
    ("total", "figure"), [("index", "index"), ("actual", "actual_minor"), ("approved", "approved_minor")]
)
def test_a_total_has_not_moved_since_the_entry_that_is_named(replica, sequence, total, figure) -> None:
    here = at(replica, sequence)
    named = why_total(replica, total, here)
    assert named is not None
    assert named <= sequence
    now = getattr(headline(replica, here), figure)
    for later in {named, (named + sequence) // 2, max(named, sequence - 1)}:
        assert getattr(headline(replica, Moment(later, None, here.as_of)), figure) == now
    assert getattr(headline(replica, Moment(named - 1, None, here.as_of)), figure) != now


def test_a_return_rests_on_what_was_validated_too(replica) -> None:
    here = at(replica, 1816)
    assert why_total(replica, "roi", here) >= why_total(replica, "actual", here)
    assert why_total(Replica("none"), "roi", Moment(0, None, D(2026, 1, 1))) is None
