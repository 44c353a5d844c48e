"""Which views have a plot, what it shows, and that nothing an event says gets into it unseen."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from projections.moment import moment
from projections.replica import Replica
from projections.views import VIEWS, Question, ask
from schemas import codec
from tests.fixed_history import every_type_history
from tests.teller import Teller, run
from tests.words import PORTFOLIO, align, approve, fund, objective, objectives, opening, propose
from tui.common import CommandError
from tui.model.chart import MOST_BARS, MOST_LINES, Bars, Chart, Lines
from tui.model.text import has_hidden
from tui.plots import PLOTTED, can_plot, chart_of, write_picture

NOW = datetime.datetime(2026, 12, 31, 12, tzinfo=datetime.UTC)


def replica_of(payloads: list[bytes]) -> Replica:
    made = Replica(PORTFOLIO)
    made.extend(payloads)
    return made


def told_by(teller: Teller) -> Replica:
    return replica_of([codec.encode(event) for event in teller.events])


def plot(replica: Replica, question: Question) -> Chart:
    at = moment(replica, None, None, now=NOW)
    return chart_of(replica, question, at, ask(replica, question, at), lambda _: None)


def titles(chart: Chart) -> list[str]:
    return [panel.title for panel in chart.panels]


@pytest.fixture(scope="module")
def everything() -> Replica:
    return replica_of(run(every_type_history()).payloads)


# What is shown.


def test_alignment_shows_shares_against_targets_the_index_and_shares_over_time(everything: Replica) -> None:
    chart = plot(everything, Question("alignment", measure="committed"))
    assert titles(chart) == [
        "Share of committed money against target",
        "Alignment index over time",
        "Share of committed money by objective over time",
    ]
    bars, index, shares = chart.panels
    view = ask(everything, Question("alignment", measure="committed"), moment(everything, None, None, now=NOW))
    assert isinstance(bars, Bars)
    drawn = {bar.key: (bar.parts[0], bar.marks[0]) for bar in bars.bars}
    wanted: dict[str, Any] = {row.objective: (row.share, row.target_bp / 10_000) for row in view.rows}  # type: ignore[union-attr]
    assert drawn == {**wanted, "": (view.totals["orphan_share"], None)}
    assert isinstance(index, Lines)
    assert index.lines[0].values[-1] == view.totals["index"]
    assert isinstance(shares, Lines)
    last = {line.name: line.values[-1] for line in shares.lines}
    assert last.items() >= {key: share for key, (share, _) in wanted.items()}.items()
    assert last["no objective"] == view.totals["orphan_share"]


@pytest.mark.parametrize("by", ["envelope", "initiative", "objective", "value_stream"])
def test_spend_shows_the_ladder_over_time_and_what_is_spent_of_what_is_approved(everything: Replica, by: Any) -> None:
    ladder, bars = plot(everything, Question("spend", by=by)).panels
    view = ask(everything, Question("spend", by=by), moment(everything, None, None, now=NOW))
    assert isinstance(ladder, Lines)
    assert {line.name: line.values[-1] for line in ladder.lines} == {
        name: view.totals[f"{name}_minor"] for name in ("funded", "approved", "committed", "actual")
    }
    assert ladder.note == "not drawn: JPY"
    assert isinstance(bars, Bars)
    rows = {row.key: row for row in view.rows if row.currency == "USD"}  # type: ignore[union-attr]
    assert len(bars.bars) >= 2
    for bar in bars.bars:
        row: Any = rows[None if bar.key.startswith("(") else bar.key]
        assert list(bar.parts) == [max(0, row.actual_minor), max(0, row.committed_minor)]
        assert bar.marks[0] == row.approved_minor


def test_benefits_and_models_show_their_rows(everything: Replica) -> None:
    over_time, bars = plot(everything, Question("benefits")).panels
    assert isinstance(over_time, Lines)
    assert [line.name for line in over_time.lines] == ["planned", "claimed", "validated"]
    assert isinstance(bars, Bars)
    assert {bar.key for bar in bars.bars} == {"B-1", "B-2", "B-7"}  # B-3 is in euros, B-4 was taken back
    (bars,) = plot(everything, Question("models")).panels
    assert isinstance(bars, Bars)
    view = ask(everything, Question("models"), moment(everything, None, None, now=NOW))
    with_money = {row.name or row.model: row.approved_minor for row in view.rows if row.approved_minor}  # type: ignore[union-attr]
    assert {bar.key: sum(bar.parts) for bar in bars.bars} == with_money
    assert bars.note == f"not drawn: {len(view.rows) - len(with_money)} without money"


@pytest.mark.parametrize("name", PLOTTED)
def test_a_view_of_nothing_says_what_to_do(name: str) -> None:
    teller = Teller()
    teller.say(opening(), "2026-01-01")
    chart = plot(told_by(teller), Question(name))
    assert (chart.panels, bool(chart.empty)) == ([], True)


def test_alignment_without_money_shows_targets_alone() -> None:
    teller = Teller()
    teller.say(opening(), "2026-01-01")
    teller.say(objectives(objective("fair", 10_000)), "2026-01-01")
    (panel,) = plot(told_by(teller), Question("alignment")).panels
    assert panel.note == "no money counts yet, so there is no share"


def test_no_more_lines_and_bars_than_can_be_told_apart_and_the_rest_is_counted() -> None:
    teller = Teller()
    teller.say(opening(), "2026-01-01")
    names = [f"goal-{place:02}" for place in range(10)]
    teller.say(objectives(*(objective(name, 1_000) for name in names)), "2026-01-01")
    teller.say(fund("claims", 10_000_000), "2026-01-01")
    for place in range(MOST_BARS + 5):
        teller.say(propose(f"AI-{place:02}"), "2026-01-01")
        teller.say(align(f"AI-{place:02}", **{names[place % 10]: 10_000}), "2026-01-01")
        assert teller.say(approve(f"AI-{place:02}", "claims", 1_000 + place), "2026-01-01")
    replica = told_by(teller)
    _, bars = plot(replica, Question("spend", by="initiative")).panels
    assert isinstance(bars, Bars)
    assert (len(bars.bars), bars.note) == (MOST_BARS, "not drawn: 5 smaller ones")
    assert [bar.key for bar in bars.bars] == [f"AI-{place:02}" for place in range(MOST_BARS + 4, 4, -1)]
    *_, shares = plot(replica, Question("alignment")).panels
    assert isinstance(shares, Lines)
    assert (len(shares.lines), shares.note) == (MOST_LINES, "4 smaller ones are not drawn")


# Hostile text.


def test_everything_a_chart_says_is_clean() -> None:
    evil = "\x1b]0;owned\x07\u202egnp.exe\u200b $x$ [@click=app.quit]x[/]"
    teller = Teller()
    teller.say(opening(), "2026-01-01")
    teller.say(objectives(objective("fair", 10_000, title=evil)), "2026-01-01")
    teller.say(fund("claims", 1_000), "2026-01-01")
    teller.say(propose("AI-1", title=evil), "2026-01-01")
    assert teller.say(approve("AI-1", "claims", 1_000), "2026-01-01")
    replica = told_by(teller)
    for question in (Question("alignment"), Question("spend", by="initiative")):
        chart = plot(replica, question)
        said = list(words(msgspec.to_builtins(chart)))
        assert any("gnp.exe" in word for word in said)
        assert not [word for word in said if has_hidden(word)]


def words(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for each in value.values():
            yield from words(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from words(each)


# What has none, and where a picture goes.


@pytest.mark.parametrize("name", [name for name in VIEWS if name not in PLOTTED])
def test_a_view_without_a_plot_says_which_have_one(name: str) -> None:
    with pytest.raises(CommandError, match=f"{name} has no plot.* there are plots of {', '.join(PLOTTED)}") as told:
        can_plot(name, [])
    assert told.value.code == 2


@pytest.mark.parametrize("file", ["plot", "plot.jpg", "plot.svg.txt", ".svg", "plot.pdf"])
def test_an_ending_that_is_no_picture_is_named(file: str) -> None:
    with pytest.raises(CommandError, match=rf"to {re.escape(file)}: .*\.svg or \.png") as told:
        can_plot("spend", [Path("good.png"), Path(file)])
    assert told.value.code == 2
    can_plot("spend", [Path("good.PNG"), Path("a.svg")])


def test_a_picture_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"cannot write .*gone/x\.svg: No such file or directory") as told:
        write_picture(Chart("told", [], "nothing"), tmp_path / "gone" / "x.svg")
    assert told.value.code == 3
