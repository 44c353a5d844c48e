"""Keys that are typed faster than the screens can follow: each does what it would have done in its own time."""

from __future__ import annotations

import ast
import asyncio
import random
from pathlib import Path

import pytest
from textual import events
from textual.app import App
from textual.command import CommandPalette

import tui
from ledger.findings import Findings
from ledger.store import MemoryStore
from tests.terminal.conftest import SIGNS, head_of, screen_text, session_of, settled
from tui.app import LedgerApp
from tui.screens.record import RecordScreen
from tui.screens.tell import TellScreen
from tui.session import Session
from tui.typed_ahead import DRAWS, WAITED_FOR

DISSENT, ABOUT = 258, "AI-0007"
FILTER = "initiative:AI-0022 kind:gate"


def posted(app: App[int], *keys: str) -> None:
    """Put keys into the application's queue, all of them before any is taken in."""
    for key in keys:
        character = " " if key == "space" else key if len(key) == 1 else None
        app.post_message(events.Key(key, character))


async def some_turns() -> None:
    """Let everything go on that can, while something is held back."""
    for _ in range(500):
        await asyncio.sleep(0)


@pytest.fixture
def session(demo_store, tmp_path: Path) -> Session:
    return session_of(demo_store, tmp_path, findings=Findings("demo", MemoryStore("findings")))


@pytest.fixture
def app(session) -> LedgerApp:
    return LedgerApp(session, SIGNS, head=head_of(session, DISSENT))


async def test_a_filter_is_written_whole_however_fast_it_is_typed(app) -> None:
    async with app.run_test(size=(80, 24)):
        await settled(app)
        posted(app, "slash", *FILTER, "enter", "end")
        await settled(app)
        assert app.screen.words == FILTER
        assert app.head.sequence == app.head.index[-1], "the last key steps in what the filter leaves"
        assert not app._notifications


async def test_what_is_typed_while_something_loads_waits_until_it_is_there(app, session, monkeypatch) -> None:
    async with app.run_test(size=(80, 24)):
        await settled(app)
        loaded, ask = asyncio.Event(), session.ask

        async def slow(work):
            await loaded.wait()
            return await ask(work)

        monkeypatch.setattr(session, "ask", slow)
        posted(app, "colon", *ABOUT, "enter", "slash", *FILTER, "enter", "end")
        await some_turns()
        assert (app.head.sequence, app.head.shown) == (DISSENT, None)
        loaded.set()
        await settled(app)
        assert (app.screen.words, app.head.sequence) == (FILTER, app.head.index[-1])


async def test_esc_does_not_wait_and_gives_up_what_was_typed_behind_the_load(app, session, monkeypatch) -> None:
    async with app.run_test(size=(80, 24)):
        await settled(app)
        loaded, ask, asked = asyncio.Event(), session.ask, asyncio.Event()

        async def slow(work):
            asked.set()
            await loaded.wait()
            return await ask(work)

        monkeypatch.setattr(session, "ask", slow)
        posted(app, "slash", *FILTER, "enter", "question_mark", "end")
        await asked.wait()
        await some_turns()
        assert len(app.ahead) == 2
        posted(app, "escape", "home")
        await some_turns()
        assert app.head.sequence == 1
        loaded.set()
        await settled(app)
        assert (app.screen.words, app.head.shown, app.head.sequence) == ("", None, 1)
        assert len(app.screen_stack) == 1


async def test_a_box_that_closes_takes_no_key_with_it(app) -> None:
    async with app.run_test(size=(80, 24)):
        await settled(app)
        posted(
            app, "slash", "x", "escape", "colon", "9", "enter", "m", "question_mark", "escape", "slash", "q", "escape"
        )
        await settled(app)
        assert (app.head.sequence, app.head.marks, app.screen.words) == (9, {9}, "")
        assert len(app.screen_stack) == 1
        assert app.is_running


async def test_a_finding_is_written_whole(app, session) -> None:
    async with app.run_test(size=(120, 36)):
        await settled(app)
        posted(app, "f", *"quail", "tab", *"all vivid ink", "ctrl+s", "full_stop")
        await settled(app)
        assert [(each.title, each.text) for each in session.found] == [("quail", "all vivid ink")]
        assert app.head.sequence == DISSENT + 1


async def test_a_form_is_found_by_words_and_written_before_it_is_open(app) -> None:
    async with app.run_test(size=(120, 36)):
        await settled(app)
        posted(app, "n", "1", "down", "down", "down", *"50,000", "ctrl+d")
        await settled(app)
        assert isinstance(app.screen, RecordScreen)
        assert "50,000" in app.screen.writing.texts.values()
        ((draft,), _) = app.screen.desk.drafts.all()
        assert "50,000" in draft.written.values()


async def test_a_command_is_chosen_from_the_palette_by_what_was_typed(app) -> None:
    async with app.run_test(size=(120, 36)):
        await settled(app)
        posted(app, "ctrl+p", *"set a", "enter", "full_stop")
        await settled(app)
        assert not isinstance(app.screen, CommandPalette)
        assert (app.head.a, app.head.sequence) == (DISSENT, DISSENT + 1)


async def test_a_question_is_not_answered_by_a_key_from_before_it_stood_there(app) -> None:
    answered: list[str | None] = []
    async with app.run_test(size=(80, 24)):
        await settled(app)
        early = events.Key("enter", None)
        app.push_screen(TellScreen("Record this?", "", {"enter": "send"}, ""), answered.append)
        app.post_message(early)
        await settled(app)
        assert answered == []
        posted(app, "enter")
        await settled(app)
        assert answered == ["send"]


COMMANDS = [
    "full_stop",
    "comma",
    "i",
    "I",
    "a",
    "A",
    "k",
    "K",
    "end",
    "home",
    "m",
    "left_square_bracket",
    "x",
    "tab",
    "u",
]
TYPED = [("colon", *"500", "enter"), ("slash", *"kind:gate", "enter"), ("slash", *"by:pmo", "escape"), ("backslash",)]
TYPED += [("colon", *ABOUT, "enter"), ("question_mark", "q"), ("1", "2"), ("ctrl+p", "escape")]


@pytest.mark.parametrize("seed", range(2))
async def test_law_keys_all_at_once_lead_where_they_lead_one_by_one(demo_store, tmp_path, seed) -> None:
    dice, keys = random.Random(seed), []
    for _ in range(7):
        keys += dice.choice(TYPED) if dice.random() < 0.5 else [dice.choice(COMMANDS)]
    ends = []
    for at_once in (True, False):
        session = session_of(demo_store, tmp_path)
        app = LedgerApp(session, SIGNS, head=head_of(session, DISSENT))
        async with app.run_test(size=(80, 24)):
            await settled(app)
            for some in [keys] if at_once else [[key] for key in keys]:
                posted(app, *some)
                await settled(app)
            ends.append(screen_text(app))
    assert ends[0] == ends[1], keys


def test_every_worker_of_the_screens_says_whether_keys_wait_for_it() -> None:
    """A new worker is put into one group or the other: it moves or opens something, or it only draws."""
    known = WAITED_FOR | DRAWS
    for file in sorted(Path(tui.__file__).parent.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text())):
            for made in node.decorator_list if isinstance(node, ast.AsyncFunctionDef) else ():
                if isinstance(made, ast.Call) and ast.unparse(made.func) == "work":
                    groups = {each.value.value for each in made.keywords if each.arg == "group"}
                    assert groups, f"{file}:{made.lineno} names no group"
                    assert groups <= known, f"{file}:{made.lineno}: put {groups} into tui/typed_ahead.py"
