"""The replay head: it steps, plays, follows and never leaves the history."""

from array import array
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from projections.line import DAY_US, Line
from tui.model.head import SPEEDS, Head


def line(count: int, gap_us: int = DAY_US) -> Line:
    """Return so many events, one a day."""
    return Line(range(1, count + 1), range(0, count * gap_us, gap_us))


def test_a_step_goes_one_on_and_stops_at_both_ends() -> None:
    head = Head(line(3), 2)
    head.step(1)
    assert head.sequence == 3
    head.step(1)
    assert head.sequence == 3
    head.step(-9)
    assert head.sequence == 1


def test_a_filter_is_stepped_through_and_the_head_goes_to_the_one_before() -> None:
    head = Head(line(10), 7)
    head.show(array("q", [2, 5, 9]))
    assert head.sequence == 5
    head.step(1)
    assert head.sequence == 9
    head.show(None)
    head.step(-1)
    assert head.sequence == 8


def test_between_two_that_are_shown_a_step_goes_to_the_next_that_way() -> None:
    head = Head(line(10), 7)
    head.shown = array("q", [2, 5, 9])
    head.step(-1)
    assert head.sequence == 5
    head.to(7)
    head.step(1)
    assert head.sequence == 9


def test_a_foreign_entry_is_passed_over() -> None:
    head = Head(Line([1, 2, 4], [0, 1, 2]), 1)
    head.to(3)
    assert head.sequence == 2


def test_following_goes_along_and_a_move_back_ends_it() -> None:
    head = Head(line(5), 5, live=True)
    head.line.extend([6], [9 * DAY_US])
    head.arrived()
    assert head.sequence == 6
    head.step(-1)
    head.line.extend([7], [9 * DAY_US])
    head.arrived()
    assert (head.sequence, head.live) == (5, False)
    head.follow()
    assert (head.sequence, head.live) == (7, True)


@pytest.mark.parametrize("speed", range(len(SPEEDS)))
def test_play_advances_by_speed_whatever_the_frames_are(speed: int) -> None:
    head = Head(line(100_000), 1, speed=speed, playing=True)
    for _ in range(45):
        head.tick(1 / 15)
    assert head.sequence == pytest.approx(1 + 3 * SPEEDS[speed], abs=1)


def test_play_stops_at_the_last_and_starts_again_from_the_first() -> None:
    head = Head(line(4), 1, playing=True)
    head.tick(10.0)
    assert (head.sequence, head.playing) == (4, False)
    head.play()
    assert (head.sequence, head.playing) == (1, True)


def test_the_calendar_plays_days_and_does_not_wait_out_a_long_silence() -> None:
    head = Head(Line([1, 2, 3], [0, 3 * DAY_US // 2, 1_000 * DAY_US]), 1, clock="calendar", pace=0, playing=True)
    head.tick(1.4)
    assert head.sequence == 1
    head.tick(0.2)
    assert head.sequence == 2
    head.tick(1.0)
    assert head.sequence == 2
    head.tick(1.1)
    assert head.sequence == 3


@given(st.integers(1, 400), st.integers(1, 120), st.booleans())
def test_law_the_density_counts_every_event_once(count: int, cells: int, by_time: bool) -> None:
    assert sum(line(count).density(cells, by_time=by_time)) == count


@given(st.lists(st.integers(0, 50), min_size=1, max_size=60), st.integers(1, 90), st.booleans())
def test_law_every_event_is_counted_in_the_cell_it_stands_in(gaps: list[int], cells: int, by_time: bool) -> None:
    times = [sum(gaps[: place + 1]) for place in range(len(gaps))]
    made = Line(range(1, len(gaps) + 1), times)
    counts = [0] * cells
    for sequence in made.sequences:
        counts[made.cell_of(sequence, cells, by_time=by_time)] += 1
    assert counts == made.density(cells, by_time=by_time)


class Replaying(RuleBasedStateMachine):
    """Any keys in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.head = Head(line(20), 20, live=True)

    @rule(by=st.integers(-30, 30))
    def step(self, by: int) -> None:
        self.head.step(by)

    @rule(sequence=st.integers(-5, 60))
    def to(self, sequence: int) -> None:
        self.head.to(sequence)

    @rule(shown=st.one_of(st.none(), st.sets(st.integers(1, 20), max_size=6)))
    def show(self, shown: set[int] | None) -> None:
        self.head.show(None if shown is None else array("q", sorted(shown)))

    @rule(passed=st.floats(0, 5), clock=st.booleans(), faster=st.integers(-3, 3))
    def play(self, passed: float, clock: bool, faster: int) -> None:
        self.head.play()
        if clock:
            self.head.toggle_clock()
        self.head.faster(faster)
        self.head.tick(passed)

    @rule()
    def grow(self) -> None:
        tip = self.head.line.tip
        self.head.line.extend([tip + 1], [self.head.line.recorded_us[-1] + DAY_US])
        self.head.arrived()

    @rule()
    def follow(self) -> None:
        self.head.follow()

    @invariant()
    def the_head_stands_in_the_history(self) -> None:
        assert 1 <= self.head.sequence <= self.head.line.tip
        assert -1 <= self.head.place < max(len(self.head.index), 1)
        if self.head.live:
            assert self.head.sequence == self.head.line.tip


TestReplaying: Any = Replaying.TestCase
TestReplaying.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)


def test_a_line_without_foreign_entries_needs_no_room_for_its_sequences() -> None:
    line = Line(array("q", [1, 2, 3]), array("q", [10, 20, 30]))
    line.extend(array("q", [4, 5]), array("q", [40, 50]))
    assert line.sequences == range(1, 6)
    line.extend(array("q"), array("q"))
    line.extend(array("q", [8]), array("q", [80]))  # 6 and 7 are foreign
    line.extend(array("q", [9, 10]), array("q", [90, 100]))
    assert list(line.sequences) == [1, 2, 3, 4, 5, 8, 9, 10]
    assert (line.tip, line.place(7), line.at(7), line.until(85), len(line)) == (10, 4, 50, 8, 8)
    late = Line()
    late.extend(array("q", [3, 4]), array("q", [1, 2]))
    assert (late.sequences, late.place(2)) == (range(3, 5), -1)
