"""Charts as text and as pictures: what is drawn, with and without colour, whatever a title says."""

from __future__ import annotations

import datetime
import re
import struct
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest
from rich.cells import cell_len

from tui.model.chart import Bar, Bars, Chart, Line, Lines
from tui.plot_file import picture
from tui.plot_text import drawn
from tui.terminal import ascii_only

DAYS = [datetime.date(2025, month, 28) for month in range(1, 13)]
ROOT = Path(__file__).resolve().parents[2]
SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = r"$\frac{1}{0}$ <script>alert(1)</script> &lt; --> ]]> \N{DIGIT} 100% {x} _^ 理赔"


def chart(title: str = "Title") -> Chart:
    up = Line(f"up {title}", [float(100 * month) for month in range(12)])
    down = Line("down", [float(1_100 - 100 * month) if month < 9 else None for month in range(12)])
    bars = [
        Bar("one", title, [300.0, 100.0], [500.0], "3 of 5"),
        Bar("two", "", [0.0, 600.0], [None], "0 of none"),
        Bar("three", "almost nothing", [1.0, 0.0], [800.0], "0.01 of 8"),
    ]
    return Chart(
        f"told · {title}",
        [
            Lines("Over time, USD", DAYS, [up, down], "money", "USD"),
            Bars(f"Bars {title}", ["spent", "owed"], ["limit"], bars, "money", "USD", "not drawn: 2 without money"),
        ],
    )


UNICODE = """\
told · Title

Over time, USD

   │⠑⠢⢄⡀                                        ⣀⠔⠊ a up Title 11
10 ┤   ⠈⠑⠤⡀                                 ⢀⡠⠔⠉
   │      ⠈⠒b⡀                           ⣀a⠊⠁
   │         ⠈⠑⠢⢄                     ⡠⠔⠊
   │             ⠉⠒⢄⡀             ⣀⠤⠒⠉
   │                ⠈⠒⠤⣀      ⢀⡠⠔⠊
   │                    ⠉b⢄⣀⠤a⠁
 5 ┤                    ⣀⠔⠊⠉⠒⢄⡀
   │                a⠤⠒⠉      ⠈⠑⠢b
   │             ⣀⠤⠊⠁             ⠉⠒⠤⣀
   │         ⢀⡠⠔⠊                     ⠁             b down until 2025-09
   │      ⢀⠤⠊⠁
   │   ⢀a⠒⠁
 0 ┤⡠⠔⠊⠁
   └─────────┬───────────┬────────────┬────────────
             2025-04     2025-07      2025-10

Bars Title

one    Title           ██████████████▒▒▒▒▒·····┃·············     3 of 5
two                    ▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒··········  0 of none
three  almost nothing  █····································┃  0.01 of 8
                       █ spent   ▒ owed   ┃ limit
(not drawn: 2 without money)
"""

ASCII = """\
told - Title

Over time, USD

   |bbbb                                        aaa a up Title 11
10 |   bbbb                                 aaaa
   |      bbbb                           aaaa
   |         bbbb                     aaa
   |             bbbb             aaaa
   |                bbbb      aaaa
   |                    bbbbaaa
 5 |                    aaabbbb
   |                aaaa      bbbb
   |             aaaa             bbbb
   |         aaaa                     b             b down until 2025-09
   |      aaaa
   |   aaaa
 0 |aaaa
   +---------+-----------+------------+------------
             2025-04     2025-07      2025-10

Bars Title

one    Title           ##############=====.....|.............     3 of 5
two                    ============================..........  0 of none
three  almost nothing  #....................................|  0.01 of 8
                       # spent   = owed   | limit
(not drawn: 2 without money)
"""


# As text.


@pytest.mark.parametrize(("ascii_alone", "golden"), [(False, UNICODE), (True, ASCII)])
def test_a_chart_is_drawn_as_text(ascii_alone: bool, golden: str) -> None:
    """One line falls where the other rises, and stops in September; bars, marks and a note."""
    assert drawn(chart(), width=72, ascii_only=ascii_alone, colour=False) + "\n" == golden


@pytest.mark.parametrize("width", [20, 50, 80, 132, 200])
@pytest.mark.parametrize("title", ["Title", HOSTILE, "理赔分诊" * 12, ""], ids=["plain", "hostile", "wide", "none"])
@pytest.mark.parametrize("ascii_alone", [False, True])
def test_no_line_is_wider_than_the_terminal(width: int, title: str, ascii_alone: bool) -> None:
    text = drawn(chart(title), width=width, ascii_only=ascii_alone, colour=False)
    body = [line for line in text.splitlines() if re.search("[┤│└█▒┃|+#=]", line)]
    assert len(body) >= 18, "fourteen rows and an axis, three bars"
    wide = 6 if ascii_alone else 1  # a letter that ASCII has not is an escape of six
    assert all(cell_len(line) <= wide * max(width, 50) for line in body)
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", text)
    assert text.isascii() or not ascii_alone


def test_an_axis_of_one_day_and_lines_of_nothing_are_drawn() -> None:
    alone = Lines("Alone", DAYS[:1], [Line("one", [5.0]), Line("none", [None])], "money", "USD")
    share = Lines("Shares", DAYS, [Line("flat", [1.0] * 12)], "share", top=1.0)
    for ascii_alone in (False, True):
        text = drawn(Chart("t", [alone, share]), width=80, ascii_only=ascii_alone, colour=False)
        assert "a one 0.05" in text
        assert f"b none {'-' if ascii_alone else '–'}" in text
        assert "a flat 100.0 %" in text
        assert "2025-01-28" in text
    for kind in ("svg", "png"):
        assert picture(Chart("t", [alone, share]), kind)


def test_a_chart_of_nothing_says_so() -> None:
    nothing = Chart("told", [], "No money yet.")
    assert drawn(nothing, width=80, ascii_only=False, colour=True) == "told\n\nNo money yet."
    assert "No money yet." in written(picture(nothing, "svg"))


PAINT = """
import os, sys
os.isatty = lambda _: True
sys.stdout.isatty = lambda: True
from tests.units.test_plot_drawings import chart, drawn
text = drawn(chart(), width=72, ascii_only=False, colour=True)
sys.stdout.buffer.write(text.encode())
"""


@pytest.mark.parametrize(("environment", "painted"), [({}, True), ({"NO_COLOR": "1"}, False), ({"NO_COLOR": ""}, True)])
def test_no_color_takes_the_colours_away_and_nothing_else(environment: dict[str, str], painted: bool) -> None:
    out = subprocess.run([sys.executable, "-c", PAINT], cwd=ROOT, env=environment, capture_output=True, check=True)
    text = out.stdout.decode()
    codes = re.findall(r"\x1b\[[0-9;]*m", text)
    assert bool(codes) is painted
    assert re.sub(r"\x1b\[[0-9;]*m", "", text) + "\n" == UNICODE


def test_what_is_no_terminal_gets_no_colours() -> None:
    assert "\x1b" not in drawn(chart(), width=72, ascii_only=False, colour=True)


@pytest.mark.parametrize(
    ("encoding", "environment", "alone"),
    [
        ("utf-8", {}, False),
        ("UTF8", {"LANG": "de_DE.UTF-8"}, False),
        ("utf-8", {"LANG": "de_DE.UTF-8", "LC_ALL": "C"}, True),
        ("utf-8", {"LC_ALL": "", "LC_CTYPE": "en_GB.ISO-8859-1", "LANG": "C.UTF-8"}, True),
        ("ascii", {"LANG": "C.UTF-8"}, True),
        ("latin-1", {}, True),
        (None, {}, True),
    ],
)
def test_ascii_is_for_outputs_and_locales_that_show_no_more(
    encoding: str | None, environment: dict[str, str], alone: bool
) -> None:
    assert ascii_only(encoding, environment) is alone


# As a picture.


def written(svg: bytes) -> str:
    """Return everything an SVG says as text, words of one line together."""
    return "\n".join("".join(each.itertext()) for each in ElementTree.fromstring(svg).iter(f"{SVG}text"))


DRAW = """
import sys
from tests.units.test_plot_drawings import chart, picture
sys.stdout.buffer.write(picture(chart(), sys.argv[1]))
"""


def test_a_picture_is_the_same_bytes_again_in_another_process_and_another_place(tmp_path: Path) -> None:
    (tmp_path / "matplotlibrc").write_text("svg.fonttype: path\naxes.facecolor: red\nfont.size: 30\n")
    for kind in ("svg", "png"):
        again = subprocess.run(
            [sys.executable, "-c", DRAW, kind],
            cwd=tmp_path,
            env={"PYTHONPATH": str(ROOT), "PYTHONHASHSEED": "77", "TZ": "Asia/Tokyo", "MPLCONFIGDIR": str(tmp_path)},
            capture_output=True,
            check=True,
        )
        assert again.stdout == picture(chart(), kind)
        assert again.stderr == b"" or b"font cache" in again.stderr


def test_an_svg_says_everything_as_text_and_carries_no_date() -> None:
    svg = picture(chart(), "svg")
    said = written(svg)
    for word in ("told · Title", "Over time, USD", "up Title  11", "down  until 2025-09", "2025-07", "10", "limit"):
        assert word in said.splitlines() or word in said
    assert "not drawn: 2 without money" in said
    assert b"<dc:date>" not in svg
    assert b"until 2025-09; " in svg or b"until 2025-09." in svg, "what is drawn is described in words too"
    assert ElementTree.fromstring(svg).findtext(f"{SVG}title") == "told · Title"


def test_a_png_is_a_png_as_wide_as_a_page() -> None:
    png = picture(chart(), "png")
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    assert struct.unpack(">I", png[16:20]) == (1200,)


def test_a_hostile_title_is_drawn_as_it_stands() -> None:
    """Neither mathematics nor markup: every dollar, backslash and bracket is seen, and nothing is an element."""
    svg = picture(chart(HOSTILE), "svg")
    said = written(svg)
    assert said.count(HOSTILE) >= 2
    tags = {each.tag.rpartition("}")[2] for each in ElementTree.fromstring(svg).iter()}
    assert "text" in tags
    assert not tags & {"script", "foreignObject", "image", "a"}
    assert b"<script" not in svg
    assert picture(chart(HOSTILE), "png")[:4] == b"\x89PNG"


def test_the_program_starts_without_the_libraries_of_plots() -> None:
    ask = "import sys, tui.cli; print(sorted({'matplotlib', 'plotille'} & set(sys.modules)))"
    ran = subprocess.run([sys.executable, "-c", ask], cwd=ROOT, capture_output=True, check=True)
    assert ran.stdout == b"[]\n"
