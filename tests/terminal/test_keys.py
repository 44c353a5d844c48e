"""The key table: every key does something, on one screen one thing; other keys can be given; all of it is told."""

from __future__ import annotations

import inspect
import json
from pathlib import Path
from typing import get_args

import pytest
from textual.actions import parse
from textual.command import CommandPalette
from textual.widgets import Static

from tests.terminal.conftest import SIGNS, head_of, screen_text, session_of
from tests.terminal.test_replay_screen import settled
from tui import keys_page
from tui.app import LedgerApp, screens
from tui.cli import main
from tui.keys import KEYS, Key, KeysError, clashes, keymap
from tui.modes import Mode
from tui.palette import Actions, Places
from tui.screens.ask import AskScreen
from tui.screens.compare import CompareScreen
from tui.screens.help import HelpScreen
from tui.screens.record import RecordScreen

SCREENS: dict[str, type] = {**screens(), "compare": CompareScreen, "record": RecordScreen}
WHERE = list(dict.fromkeys(key.where for key in KEYS))


def test_every_screen_of_the_table_is_there_and_has_its_keys() -> None:
    assert set(WHERE) == {"all", *SCREENS}
    for where, screen in SCREENS.items():
        ids = {binding.id for binding in screen.BINDINGS if getattr(binding, "id", None)}
        assert ids == {key.id for key in KEYS if key.where == where}


@pytest.mark.parametrize("key", KEYS, ids=lambda key: key.id)
def test_every_key_leads_to_an_action_that_its_screen_has(key: Key) -> None:
    namespace, name, parameters = parse(key.action)
    owner = LedgerApp if namespace == "app" else SCREENS[key.where]
    action = getattr(owner, f"action_{name}", None)
    assert action is not None, f"{owner.__name__} has no action {name}"
    inspect.signature(action).bind(None, *parameters)
    if name == "go":
        assert parameters[0] in get_args(Mode)


@pytest.mark.parametrize("where", WHERE)
def test_no_key_leads_to_two_actions_on_one_screen(where: str) -> None:
    assert clashes(where) == {}


def test_ids_are_unique_and_every_key_is_told() -> None:
    assert len({key.id for key in KEYS}) == len(KEYS)
    assert all(key.label and key.tells and key.keys for key in KEYS)


# Other keys


def keys_file(folder: Path, told: object) -> Path:
    file = folder / "keys.json"
    file.write_text(told if isinstance(told, str) else json.dumps(told))
    return file


async def test_a_keys_file_gives_actions_other_keys_and_the_help_tells_them(demo_store, tmp_path) -> None:
    file = keys_file(tmp_path, {"replay.step": "s,>", "all.verify": "V"})
    session = session_of(demo_store, tmp_path)
    app = LedgerApp(session, SIGNS, head=head_of(session, 258), keys_file=file)
    async with app.run_test(size=(120, 50)) as pilot:
        await settled(app, pilot)
        for key, leads_to in (("s", 259), ("greater_than_sign", 260), ("full_stop", 260), ("right", 260)):
            await pilot.press(key)
            await settled(app, pilot)
            assert app.head.sequence == leads_to, key
        await pilot.press("question_mark")
        await settled(app, pilot)
        assert "one decision on" in screen_text(app)
        told = str(app.screen.query_one(Static).visual)
        assert [line.split() for line in told.splitlines() if "one decision on" in line] == [
            ["s", ">", "one", "decision", "on"]
        ]
        await pilot.press("escape")
        await pilot.press("V")
        await settled(app, pilot)
        assert app.current_mode == "verify"


@pytest.mark.parametrize(
    ("told", "why"),
    [
        ("", "give a JSON object"),
        ("[1]", "no JSON object of ids and keys"),
        ({"replay.step": 1}, "no JSON object of ids and keys"),
        ({"replay.walk": "w"}, "names replay.walk; see the ids in docs/keys.md"),
        ({"replay.step": ""}, "names no key between two commas"),
        ({"replay.step": "l,"}, "names no key between two commas"),
        ({"replay.step": "hop"}, "there is no key 'hop'"),
        ({"replay.step": "ctrl+hop"}, "there is no key 'ctrl+hop'"),
        ({"replay.step": "l"}, "leaves l to replay.step and replay.live, on one screen"),
        ({"replay.step": "q"}, "leaves q to all.quit and replay.step"),
        ({"all.quit": "v"}, "leaves v to all.quit and replay.verify"),
    ],
)
def test_a_wrong_keys_file_is_refused_with_its_reason(tmp_path, capsys, told, why) -> None:
    file = keys_file(tmp_path, told)
    with pytest.raises(KeysError, match="keys file"):
        keymap(file)
    assert main(["replay", "--keys", str(file), "--data", str(tmp_path / "data")]) == 2
    said = capsys.readouterr().err
    assert why in said
    assert said.count("\n") == 1
    assert not (tmp_path / "data").exists()  # before anything was started


def test_a_keys_file_that_is_not_there_is_refused_by_option_and_by_setting(tmp_path, capsys, monkeypatch) -> None:
    missing = tmp_path / "none.json"
    assert main(["board", "--keys", str(missing), "--data", str(tmp_path / "data")]) == 2
    monkeypatch.setenv("PORTFOLIO_KEYS", str(missing))
    assert main(["replay", "--data", str(tmp_path / "data")]) == 2
    assert capsys.readouterr().err.count("cannot read the keys file") == 2


def test_keys_may_change_places(tmp_path) -> None:
    swapped = keymap(keys_file(tmp_path, {"replay.live": "v", "replay.verify": "l"}))
    assert swapped == {"replay.live": "v", "replay.verify": "l"}


# What is told


def test_the_page_of_keys_is_what_the_table_says() -> None:
    assert keys_page.PAGE.read_text() == keys_page.page(), "run python -m tui.keys_page"
    assert keys_page.main(["--check"]) == 0


def test_a_stale_page_is_found_and_written_anew(tmp_path, monkeypatch, capsys) -> None:
    monkeypatch.setattr(keys_page, "PAGE", tmp_path / "keys.md")
    assert keys_page.main(["--check"]) == 1
    keys_page.PAGE.write_text(keys_page.page() + "more\n")
    assert keys_page.main(["--check"]) == 1
    assert capsys.readouterr().out.count("keys.md is stale; run python -m tui.keys_page") == 2
    assert keys_page.main([]) == 0
    assert keys_page.main(["--check"]) == 0


def test_every_key_stands_on_the_page_under_its_screen() -> None:
    sections = dict(part.split("\n", 1) for part in keys_page.page().split("\n## ")[1:])
    for key in KEYS:
        rows = [line for line in sections[keys_page.title(key.where)].splitlines() if f"`{key.id}`" in line]
        assert len(rows) == 1
        assert key.tells in rows[0]
        assert all(f"`{each}`" in rows[0] for each in keys_page.spelt(key.keys).split(" "))


@pytest.mark.parametrize("mode", list(screens()))
async def test_the_help_of_a_mode_shows_the_same_text(demo_store, tmp_path, mode) -> None:
    session = session_of(demo_store, tmp_path)
    app = LedgerApp(session, SIGNS, head=head_of(session), mode=mode)
    async with app.run_test(size=(120, 60)) as pilot:
        await settled(app, pilot)
        await pilot.press("question_mark")
        await settled(app, pilot)
        assert str(app.screen.query_one(Static).visual) == keys_page.help_text(mode)
        assert "Keys" in screen_text(app)
        await pilot.press("escape")


# Found by name


async def found(app: LedgerApp, query: str) -> list:
    """Return what the palette finds over the screen that is shown, best first."""
    hits = []
    for kind in (Actions, Places):
        provider = kind(app.screen)
        provider._post_init()
        await provider._wait_init()
        hits += [hit async for hit in provider.search(query)]
    return sorted(hits, reverse=True)


async def test_every_action_of_the_table_is_found_by_name_where_it_leads_somewhere(demo_store, tmp_path) -> None:
    session = session_of(demo_store, tmp_path)
    app = LedgerApp(session, SIGNS, head=head_of(session, 1_228))
    modes = {"all", *screens()}
    async with app.run_test(size=(120, 36)) as pilot:
        await settled(app, pilot)
        for key in KEYS:
            there = key.where in modes
            names = [hit.text for hit in await found(app, key.label)]
            wanted = key.label if key.where in ("all", "replay") else f"{keys_page.title(key.where)}: {key.label}"
            assert (wanted in names) == there, key.id
        await pilot.press("c")
        await settled(app, pilot)
        for key in (key for key in KEYS if key.where == "compare"):
            assert key.label in [hit.text for hit in await found(app, key.label)], key.id


async def test_what_is_found_is_done_and_on_another_screen_after_going_there(demo_store, tmp_path) -> None:
    session = session_of(demo_store, tmp_path)
    app = LedgerApp(session, SIGNS, head=head_of(session, 258), mode="verify")
    async with app.run_test(size=(120, 36)) as pilot:
        await settled(app, pilot)
        for query, leads_to in (("Replay: Step", 259), ("First", 1), ("50%", 909), ("2024-03-14", 258), ("+3", 261)):
            await pilot.press("ctrl+p")
            assert isinstance(app.screen, CommandPalette)
            await pilot.press(*query)
            await settled(app, pilot)
            await pilot.press("enter")
            await settled(app, pilot)
            assert (app.current_mode, app.head.sequence) == ("replay", leads_to), query


async def test_an_initiative_is_found_by_its_title(demo_store, tmp_path) -> None:
    session = session_of(demo_store, tmp_path)
    app = LedgerApp(session, SIGNS, head=head_of(session, 1), mode="board")
    async with app.run_test(size=(120, 36)) as pilot:
        await settled(app, pilot)
        (hit, *_) = await found(app, "claims copilot")
        assert hit.text == "AI-0007 Claims Copilot"
        await hit.command()
        await settled(app, pilot)
        assert (app.current_mode, app.head.sequence) == ("replay", 1_816)


# The key line


@pytest.mark.parametrize("size", [(120, 36), (80, 24)])
async def test_a_click_on_the_key_line_is_the_key(demo_store, tmp_path, size) -> None:
    """Every key that stands there, over the replay and over a form one writes in, at both ends of its words."""
    session = session_of(demo_store, tmp_path)
    app = LedgerApp(session, SIGNS, head=head_of(session, 258))
    async with app.run_test(size=size) as pilot:

        async def click(words: str, at: int = 0) -> None:
            line = screen_text(app).splitlines()[size[1] - 1]
            assert words in line, line
            await pilot.click(offset=(line.index(words) + at, size[1] - 1))
            await settled(app, pilot)

        await settled(app, pilot)
        await click(". Step")
        await click(". Step", len(". Step") - 1)
        assert app.head.sequence == 260
        await click("/ Filter")
        assert isinstance(app.screen, AskScreen)
        await pilot.press(*"kind:gate", "enter")
        await settled(app, pilot)
        assert app.screen.words == "kind:gate"
        await click("Help", 3)
        assert isinstance(app.screen, HelpScreen)
        await pilot.press("escape", "n", "1")
        await settled(app, pilot)
        await click("Judge")
        await click("Leave")
        assert len(app.screen_stack) == 1
        await pilot.click(offset=(size[0] - 1, size[1] - 1))  # where no key stands
        await settled(app, pilot)
        assert app.screen.words == "kind:gate"


# Too small


@pytest.mark.parametrize("mode", list(screens()))
@pytest.mark.parametrize("size", [(79, 24), (80, 23)])
async def test_a_terminal_that_is_too_small_says_so_in_every_mode_and_what_still_works(
    demo_store, tmp_path, mode, size
) -> None:
    session = session_of(demo_store, tmp_path)
    app = LedgerApp(session, SIGNS, head=head_of(session), mode=mode)
    async with app.run_test(size=size) as pilot:
        await settled(app, pilot)
        words = f"The terminal is {size[0]}x{size[1]}; this screen needs 80x24."
        assert words in screen_text(app)
        assert "ctrl+p still works, q quits" in screen_text(app)
        await pilot.resize_terminal(80, 24)
        await settled(app, pilot)
        assert words not in screen_text(app)
