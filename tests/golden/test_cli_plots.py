"""`portfolio view NAME --plot`, through the real program on the demo: the terminal, pictures, and what it refuses."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from tests.program import Ran, done, on_a_terminal, run

END = ("--portfolio", "demo", "--as-known", "2026-11-20")


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Path:
    data = tmp_path_factory.mktemp("plots")
    done(data, "demo")
    return data


def test_plot_alone_draws_in_the_terminal_what_the_table_says(told: Path) -> None:
    table = done(told, "view", "alignment", *END).text
    text = done(told, "view", "alignment", *END, "--plot").text
    assert text.splitlines()[0] == table.splitlines()[0][:80].rsplit(" ", 1)[0]
    assert "index 80.6 %" in text
    assert "alignment index 0.8062" in table
    assert "drift is what is missing to 100 %, now 19.4 %" in text
    assert re.search(r"SERVE +Answer at first co.*┃.*33\.7 %, target 20\.0 %", text)
    assert "COST until 2025-12" in text, "the objective that ended with 2025"
    assert all(len(line) <= 80 for line in text.splitlines())
    assert "\x1b" not in text


def test_a_terminal_gets_colours(told: Path) -> None:
    drawn = on_a_terminal(told, "view", "spend", *END, "--plot")
    assert "\x1b[38;5;74ma funded 45 M\x1b[0m" in drawn
    assert "a funded 45 M" in done(told, "view", "spend", *END, "--plot").text


def test_a_locale_without_unicode_gets_ascii(told: Path) -> None:
    ran = run(told, "view", "models", *END, "--plot", environment={"LC_ALL": "C"})
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.isascii()
    assert re.search(r"^Orion 3 +#+ +13\.6 M, no end announced$", ran.text, re.MULTILINE)


@pytest.mark.parametrize("name", ["alignment", "spend", "benefits", "models"])
def test_plot_with_files_writes_pictures_and_prints_nothing(told: Path, tmp_path: Path, name: str) -> None:
    svg, png = tmp_path / "plot.svg", tmp_path / "plot.PNG"
    assert done(told, "view", name, *END, "--plot", svg, "--plot", png).out == b""
    assert png.read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
    title = ElementTree.fromstring(svg.read_bytes()).findtext("{http://www.w3.org/2000/svg}title")
    assert title == done(told, "view", name, *END).text.splitlines()[0]


def test_a_picture_can_be_had_beside_the_figures(told: Path, tmp_path: Path) -> None:
    ran = done(told, "view", "spend", *END, "--json", "--plot", tmp_path / "plot.svg")
    assert ran.json == done(told, "view", "spend", *END, "--json").json
    assert (tmp_path / "plot.svg").exists()


@pytest.mark.parametrize(
    ("asks", "code", "said"),
    [
        (("decisions", "--plot"), 2, "decisions has no plot"),
        (("nothing", "--plot"), 2, "there is no view 'nothing'"),
        (("spend", "--plot", "plot.jpg"), 2, "cannot write a plot to plot.jpg: a plot is .svg or .png"),
        (("spend", "--plot", "--json"), 2, "choose one"),
        (("spend", "--plot", "--csv"), 2, "choose one"),
        (("spend", "--plot", "a.svg", "b.svg"), 2, "--plot"),
        (("spend", "--plot", "/dev/null/x.svg"), 3, "cannot write /dev/null/x.svg"),
    ],
)
def test_what_cannot_be_plotted_is_told_in_one_line(told: Path, asks: tuple[str, ...], code: int, said: str) -> None:
    ran: Ran = run(told, "view", *asks, *END)
    assert (ran.code, ran.out, ran.err.count("\n")) == (code, b"", 1)
    assert said in ran.err


def test_the_figures_of_a_plot_are_those_of_the_day(told: Path) -> None:
    """What the board saw at the end of June 2024, and what it was found to have been: two plots."""
    then = done(told, "view", "alignment", "--portfolio", "demo", "--as-known", "2024-06-30", "--plot").text
    found = ("--as-known", "2024-07-18", "--as-of", "2024-06-30")
    late = done(told, "view", "alignment", "--portfolio", "demo", *found, "--plot").text
    assert "index 87.2 %" in then
    assert "index 88.4 %" in late
    assert (
        round(done(told, "view", "alignment", "--portfolio", "demo", *found, "--json").json["totals"]["index"], 3)
        == 0.884
    )
