"""The pictures of the screens: a script makes each of them, and the README shows them all."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType

from tests.terminal.conftest import told_replica
from tests.terminal.quiet import settled
from tui import keys

ROOT = Path(__file__).parents[2]
MOST_BYTES = 120_000


def script() -> ModuleType:
    """Return docs/screens.py, which is no package's."""
    spec = importlib.util.spec_from_file_location("docs_screens", ROOT / "docs" / "screens.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


async def test_every_picture_can_be_drawn_and_is_of_its_screen(demo_store, tmp_path) -> None:
    screens = script()
    replica = told_replica("demo", tuple(entry.payload for entry in demo_store.entries))
    words = {
        "board": "BOARD",
        "replay": "GateDecided|FundingApproved",
        "compare": "COMPARE",
        "verify": "nothing|checking|differences",
        "what-if": "WHAT-IF",
        "record": "WOULD BE",
        "finding": "File.a.finding",
        "help": "Keys",
    }
    assert {each.name for each in screens.PICTURES} == words.keys()
    for wanted in screens.PICTURES:
        drawn = await screens.picture(replica, demo_store, wanted, tmp_path, settled)
        assert re.search(words[wanted.name], drawn.replace("&#160;", " ")), wanted.name
        assert "http" not in re.sub(r'xmlns="[^"]*"|<!--.*?-->', "", drawn), "nothing is fetched from elsewhere"
        assert len(drawn) < MOST_BYTES


def test_the_readme_shows_every_picture_and_every_mode_has_one() -> None:
    readme, pictures = (ROOT / "README.md").read_text(), script().PICTURES
    for wanted in pictures:
        assert f"(docs/screens/{wanted.name}.svg)" in readme, wanted.name
        assert (ROOT / "docs" / "screens" / f"{wanted.name}.svg").stat().st_size < MOST_BYTES
    modes = {key.where for key in keys.KEYS} & {"board", "replay", "verify", "suppose"}
    assert {wanted.mode for wanted in pictures} == modes
