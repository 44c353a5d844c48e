"""A verification under way: how far, how fast, how long still; that it waits and stops; what each level rests on."""

from __future__ import annotations

import threading

import pytest

from ledger.reperform import Reperformance
from projections.compare import Comparison, Difference
from projections.levels import levels
from tui.model.glyphs import ASCII, UNICODE
from tui.model.verification import Gauge, Problem, Stopped, Verification
from tui.model.verify_lines import duration, gauge_line, level_lines, outcome, progress_words

SAME = Comparison("demo", 1_773, "ab" * 32, 1_536, 35, 19, ())
DECIDED = Reperformance("demo", 1_773, 1_772, 1_773, 0)
OTHERWISE = Reperformance("demo", 300, 299, 299, 0, sequence=300, differs="byte 7")


class Clock:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.seconds = 100.0

    def __call__(self) -> float:
        return self.seconds


def differing(*differences: Difference) -> Comparison:
    return Comparison("demo", 1_773, "ab" * 32, 1_536, 35, 19, differences)


# How far it is


def test_a_step_tells_its_rate_and_what_is_left_at_that_rate() -> None:
    clock = Clock()
    check = Verification(clock)
    check.begin(["rebuild"])
    check.moved("read", 0, 1_000)
    clock.seconds += 2
    check.moved("read", 400, 1_000)
    gauge = check.gauges["read"]
    assert (gauge.share, gauge.rate, gauge.left_s, gauge.ended) == (0.4, 200.0, 3.0, False)
    assert "40 %           400 / 1,000       200/s  3.0 s left" in gauge_line("read", gauge, 78, UNICODE)
    clock.seconds += 3
    check.moved("read", 1_000, 1_000)
    assert gauge_line("read", check.gauges["read"], 78, UNICODE).endswith("200/s  in 5.0 s")


def test_a_pause_is_waited_out_and_does_not_count() -> None:
    clock = Clock()
    check = Verification(clock)
    check.begin(["rebuild"])
    check.moved("read", 0, 10)
    clock.seconds += 1
    check.pause()
    assert check.paused
    moved = threading.Thread(target=check.moved, args=("read", 5, 10))
    moved.start()
    moved.join(0.05)
    assert moved.is_alive()
    assert check.gauges["read"].done == 0
    clock.seconds += 60
    check.pause()
    moved.join(10)
    assert check.gauges["read"] == Gauge(5, 10, 1.0)


@pytest.mark.parametrize("paused", [False, True])
def test_what_is_stopped_ends_at_its_next_step_paused_or_not(paused: bool) -> None:
    check = Verification()
    check.begin(["decide"])
    if paused:
        check.pause()
    count = check.counter("decide", 1_000)
    check.stop()
    count(255)
    with pytest.raises(Stopped):
        count(1)
    check.begin(["decide"])
    check.moved("decide", 1, 1_000)


def test_all_that_was_asked_for_is_one_share() -> None:
    check = Verification()
    check.begin(["rebuild", "decide"])
    assert check.share == 0
    for step in ("read", "rebuild"):
        check.moved(step, 7, 7)
    check.moved("compare", 1, 2)
    assert check.share == 2.5 / 4
    assert progress_words(check, UNICODE) == "verify 62 %"
    check.pause()
    assert progress_words(check, UNICODE) == "verify paused at 62 %"


def test_a_bar_is_as_wide_as_any_other_however_far_it_is() -> None:
    for width in (78, 118, 198):
        for signs in (UNICODE, ASCII):
            bars = [gauge_line("read", Gauge(done, 9_999), width, signs) for done in range(0, 10_000, 33)]
            assert {bar.index(" %") for bar in bars} == {bars[0].index(" %")}
            assert all(len(bar) <= width for bar in bars)
    whole = gauge_line("decide", Gauge(1_000_000, 1_000_000, 3_599), 78, UNICODE)
    assert len(whole) <= 78


@pytest.mark.parametrize(
    ("seconds", "told"), [(None, "–"), (0, "0.0 s"), (9.94, "9.9 s"), (59.6, "1:00"), (3_661, "1:01:01")]
)
def test_a_duration_in_words(seconds: float | None, told: str) -> None:
    assert duration(seconds) == told


# What came of it


def ended(comparison: Comparison | None = None, reperformance: Reperformance | None = None) -> Verification:
    check = Verification()
    check.begin([])
    check.comparison, check.reperformance = comparison, reperformance
    check.end("done")
    return check


def test_the_outcome_says_what_was_done_and_no_more() -> None:
    told = {
        ended(SAME, DECIDED): "nothing differs ✓ at sequence 1,773",
        ended(SAME): "nothing differs ✓ at sequence 1,773; not decided again",
        ended(None, DECIDED): "every event comes out as it is stored ✓ at sequence 1,773; not rebuilt",
        Verification(): "nothing was checked yet ?",
        ended(SAME, OTHERWISE): "1 difference ! at sequence 1,773",
    }
    for check, words in told.items():
        assert outcome(check, 1_773, UNICODE)[0] == words
    assert outcome(ended(SAME), 1_780, UNICODE)[0].endswith("; 7 entries have come since")


def test_a_failure_is_a_problem_and_never_a_yes() -> None:
    check = ended(SAME, DECIDED)
    check.begin(["decide"])
    check.end("failed", Problem("the stream is away", 12))
    assert outcome(check, 1_773, UNICODE) == ("it could not be ended !", "problem")
    assert check.problems == [Problem("the stream is away", 12)]
    assert progress_words(check, UNICODE) == "verify: 1 problem !"


def test_problems_name_the_entry_they_are_about() -> None:
    check = ended(differing(Difference("tile/entries/000", "entry 7 differs\x1b[2J", 7)), OTHERWISE)
    assert [problem.sequence for problem in check.problems] == [7, 300]
    assert "\x1b" not in check.problems[0].text


# Levels


def standings(rebuilt: Comparison | None, decided: Reperformance | None) -> dict[str, str]:
    return {level.name: level.told for level in levels(rebuilt, decided)}


def test_nothing_is_said_to_hold_that_was_not_looked_at() -> None:
    assert set(standings(None, None).values()) == {"NOT CHECKED"}
    assert all(finding.standing == "unknown" for level in levels(None, None) for finding in level.findings)
    most = standings(SAME, DECIDED)
    assert most.pop("A0") == "HOLDS"
    assert set(most.values()) == {"NOT CHECKED"}


@pytest.mark.parametrize(
    ("where", "level"),
    [
        ("tile/entries/000", "A1"),
        ("tile/0/000", "A1"),
        ("head", "A1"),
        ("demo/data", "A1"),
        ("segment/ab12/0.events.parquet", "A4"),
        ("funding_approved_whole", "A4"),
        ("events", "A4"),
        ("view spend envelope", "A4"),
    ],
)
def test_a_difference_breaks_the_level_it_belongs_to_and_no_other(where: str, level: str) -> None:
    found = standings(differing(Difference(where, "is something else")), DECIDED)
    assert [name for name, told in found.items() if told == "DOES NOT HOLD"] == [level]


def test_an_event_that_is_decided_otherwise_breaks_the_level_of_re_performance() -> None:
    assert standings(SAME, OTHERWISE)["A4"] == "DOES NOT HOLD"
    assert standings(None, OTHERWISE)["A0"] == "NOT CHECKED"  # it was not read on from there


def test_entries_that_were_lost_break_the_first_level() -> None:
    lost = Comparison("demo", 300, "ab" * 32, 1_536, 35, 19, (Difference("head", "entries were lost", 300),))
    assert standings(lost, DECIDED)["A0"] == "DOES NOT HOLD"


@pytest.mark.parametrize("width", [45, 76, 116])
def test_levels_are_drawn_within_their_width_and_every_finding_has_its_sign(width: int) -> None:
    found = levels(SAME, OTHERWISE)
    lines = level_lines(found, width, ASCII)
    assert max(len(text) for text, _ in lines) <= max(width, 49)
    drawn = " ".join(" ".join(text for text, _ in lines).split())
    for level in found:
        for finding in level.findings:
            sign = {"yes": "+", "problem": "!", "unknown": "?"}[finding.standing]
            assert f"{sign} {' '.join(finding.text.split())[:10]}" in drawn
