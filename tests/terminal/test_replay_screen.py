"""The replay screen: what stands on it, where keys lead, and that none of them writes."""

from __future__ import annotations

import random
from array import array
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from hashlib import sha256
from pathlib import Path

import pytest
from rich.style import Style
from textual.color import Color
from textual.pilot import Pilot

from ledger.findings import Findings
from ledger.store import MemoryStore, StreamUnavailable
from projections.archive import Archive
from projections.moment import Moment
from projections.pages import Pages
from schemas import codec
from schemas.events import FACTS, CheckpointAnchored, HoldSet, TextErased
from tests.terminal.conftest import SIGNS, equals_golden, head_of, screen_text, session_of, settled
from tui.app import LedgerApp
from tui.keys import KEYS
from tui.model.glyphs import ASCII
from tui.model.seen import known, moved
from tui.plain_replay import replay_text
from tui.widgets.card import Card

DISSENT = 258
"""Claims Copilot is approved, four to one."""

KILL = "AI-0022"


@asynccontextmanager
async def replaying(
    store, directory: Path, at: int | None = None, size: tuple[int, int] = (120, 36)
) -> AsyncIterator[tuple[LedgerApp, Pilot[int], Callable[..., Awaitable[None]]]]:
    session = session_of(store, directory)
    app = LedgerApp(session, SIGNS, head=head_of(session, at))
    async with app.run_test(size=size) as pilot:

        async def press(*keys: str) -> None:
            if keys:
                await pilot.press(*keys)
            await settled(app, pilot)

        await press()
        yield app, pilot, press


async def test_the_dissent_of_the_story_as_it_stands_on_the_screen(demo_store, tmp_path) -> None:
    async with replaying(demo_store, tmp_path, DISSENT) as (app, pilot, press):
        for wide, high in [(120, 36), (80, 24), (200, 60)]:
            await pilot.resize_terminal(wide, high)
            await press()
            equals_golden(f"replay-{wide}x{high}", screen_text(app))


async def test_the_same_as_plain_text(demo_store, tmp_path) -> None:
    session = session_of(demo_store, tmp_path)
    equals_golden("replay-plain", await replay_text(session, head_of(session, DISSENT), SIGNS) + "\n")


async def test_the_text_of_a_card_can_be_selected(demo_store, tmp_path) -> None:
    async with replaying(demo_store, tmp_path, DISSENT) as (app, pilot, press):
        lines = [text for text, _ in app.screen.query_one("#card", Card).lines]
        place = next(place for place, text in enumerate(lines) if text.startswith("who"))
        await pilot.mouse_down("#card", offset=(12, place + 1))  # a border and a blank before the text
        await pilot.hover("#card", offset=(15, place + 2))
        await pilot.mouse_up("#card", offset=(15, place + 2))
        await press()
        assert app.screen.get_selected_text() == f"{lines[place][10:]}\n{lines[place + 1][:14]}"
        await press("full_stop")
        assert app.head.sequence == DISSENT + 1


@pytest.mark.parametrize("archived", [True, False])
async def test_where_the_stream_is_away_a_decision_is_the_archives_or_said_not_to_be_read(
    demo_store, tmp_path, monkeypatch, archived: bool
) -> None:
    async def away(**_: int) -> AsyncIterator[object]:
        raise StreamUnavailable("the stream is away; start the server")
        yield

    if archived:
        with (archive := Archive(tmp_path)).writing():
            archive.extend([entry.payload for entry in demo_store.entries[:512]])
    async with replaying(demo_store, tmp_path, DISSENT) as (app, _, press):
        stands = demo_store.read
        monkeypatch.setattr(demo_store, "read", away)
        await press("comma")
        assert app.head.sequence == DISSENT - 1
        assert ("DecisionClosed  decision/D-2024-COPILOT" in screen_text(app)) == archived
        assert ("the stream is away; start the server" in screen_text(app)) != archived
        await app.visit(600)
        await press()
        assert app.head.sequence == 600
        assert "neither in the stream" in screen_text(app)
        monkeypatch.setattr(demo_store, "read", stands)
        await app.refresh_session()
        await press()
        assert "neither in the stream" not in screen_text(app)


def test_an_archive_that_was_changed_or_cannot_be_read_has_no_entry(demo_store, tmp_path) -> None:
    with (archive := Archive(tmp_path)).writing():
        archive.extend([entry.payload for entry in demo_store.entries[:512]])
    assert [archive.kept(sequence) is None for sequence in (0, 1, 512, 513)] == [True, False, False, True]
    bundle = tmp_path / "tile/entries/001"
    bundle.write_bytes(bundle.read_bytes().replace(b"Approved", b"Improved"))
    assert archive.kept(300) is None
    assert archive.kept(256) == demo_store.entries[255].payload
    bundle.unlink()
    bundle.mkdir()
    assert archive.kept(300) is None


async def test_a_page_that_came_too_late_is_not_kept(demo_store, tmp_path) -> None:
    session = session_of(demo_store, tmp_path)
    pages = Pages(session.replica, session.line)
    lacks = pages.wanted(250, 260)
    assert lacks.pages == (0, 1)
    assert pages.wanted(-5, -1).pages == ()
    assert pages.wanted(10**9, 10**9).pages == ()
    read = pages.read(lacks)
    pages.show(array("q", [3, 5]))
    pages.keep(lacks, read)
    assert pages.row(1).sequence == 5
    pages.show(None)
    lacks = pages.wanted(250, 260)
    pages.show(array("q", [3, 5]))
    assert [len(rows) for rows in pages.read(lacks)] == [256, 256]
    pages.show(None)
    lacks = pages.wanted(250, 260)
    pages.keep(lacks, pages.read(lacks))
    assert pages.wanted(250, 260).pages == ()
    assert pages.row(256) == read[1][0]


async def test_an_empty_ledger_says_what_to_do(tmp_path) -> None:
    async with replaying(MemoryStore(), tmp_path) as (app, _, _):
        assert "Nothing is recorded yet" in screen_text(app)
        assert "portfolio send FILE" in screen_text(app)


LEADS = [
    (("full_stop",), DISSENT + 1),
    (("right", "right"), DISSENT + 2),
    (("comma",), DISSENT - 1),
    (("down",), DISSENT + 1),
    (("up",), DISSENT - 1),
    (("home",), 1),
    (("end",), 1816),
    (("l",), 1816),
    (("colon", "1", "2", "enter"), 12),
    (("colon", "plus", "5", "enter"), DISSENT + 5),
    (("colon", "t", "i", "p", "enter"), 1816),
    (("colon", "5", "0", "percent_sign", "enter"), 909),
    (("colon", "x", "x", "enter"), DISSENT),
    (("home", "colon", "9", "enter", "u"), 1),
    (("home", "colon", "9", "enter", "u", "U"), 9),
    (("home", "m", "full_stop", "full_stop", "left_square_bracket"), 1),
    (("K",), 251),
]
"""Keys, and the sequence they lead to from the dissent."""


async def test_where_keys_lead(demo_store, tmp_path) -> None:
    async with replaying(demo_store, tmp_path, DISSENT) as (app, _, press):
        for keys, leads_to in LEADS:
            app.head.marks.clear()
            app.places, app.place = [], -1
            await app.visit(DISSENT)
            for key in keys:
                await press(key)
            assert app.head.sequence == leads_to, keys


async def test_a_date_goes_to_the_last_decision_of_that_day(demo_store, tmp_path) -> None:
    async with replaying(demo_store, tmp_path) as (app, _, press):
        await press("colon", *"2024-03-14", "enter")
        at = app.session.moment(app.head.sequence).recorded_at
        after = app.session.moment(app.head.sequence + 1).recorded_at
        assert str(at.date()) == "2024-03-14" < str(after.date())


async def test_a_filter_leaves_what_passes_and_steps_through_it(demo_store, tmp_path) -> None:
    async with replaying(demo_store, tmp_path, 1) as (app, _, press):
        await press("slash", *"initiative:AI-0022 kind:gate", "enter")
        assert 0 < len(app.head.index) < 10
        rows = [await app.session.entry(sequence) for sequence in app.head.index]
        assert {row.event.subject for row in rows} == {"initiative/AI-0022"}
        assert {row.event.data.TYPE for row in rows} == {"GateDecided.v1"}
        await press("end")
        assert app.head.sequence == app.head.index[-1]
        assert "kill" in screen_text(app)
        await press("backslash")
        assert len(app.head.index) == 1816


async def test_a_filter_that_cannot_be_read_changes_nothing_and_says_what_is_allowed(demo_store, tmp_path) -> None:
    async with replaying(demo_store, tmp_path, DISSENT) as (app, _, press):
        await press("slash", *"colour:red", "enter")
        assert app.head.shown is None
        assert any("there is no colour" in note.message for note in app._notifications)


async def test_enter_on_a_value_goes_to_the_decision_that_set_it_and_u_comes_back(demo_store, tmp_path) -> None:
    async with replaying(demo_store, tmp_path, DISSENT) as (app, _, press):
        state = app.screen.query_one("#state")
        state.focus()
        names = [line.opens.field for line in state.lines]
        while state.here.field != "baseline":
            await press("down")
        setter = state.lines[names.index("baseline")].opens.set_by
        await press("enter")
        assert app.head.sequence == setter
        assert "BaselineSet" in screen_text(app)
        await press("u")
        assert app.head.sequence == DISSENT


async def test_the_next_about_the_same_is_about_the_same(demo_store, tmp_path) -> None:
    async with replaying(demo_store, tmp_path, DISSENT) as (app, _, press):
        await press("i")
        entry = await app.session.entry(app.head.sequence)
        assert app.head.sequence > DISSENT
        assert entry.event.subject == "initiative/AI-0007"
        await press("I")
        assert app.head.sequence == DISSENT


async def test_the_next_problem_is_flagged_reversed_or_an_emergency(demo_store, tmp_path) -> None:
    async with replaying(demo_store, tmp_path, DISSENT) as (app, _, press):
        await press("exclamation_mark")
        entry = await app.session.entry(app.head.sequence)
        assert entry.event.flags or entry.event.basis == "emergency"
        assert "LATE" in screen_text(app)


async def test_new_decisions_are_followed_until_one_moves_back(demo_store, tmp_path) -> None:
    later = demo_store.entries[1700:]
    demo_store.entries = demo_store.entries[:1700]
    async with replaying(demo_store, tmp_path) as (app, _, press):
        assert app.head.live
        demo_store.entries = [*demo_store.entries, *later[:10]]
        await app.refresh_session()
        await press()
        assert app.head.sequence == 1710
        assert "following" in screen_text(app)
        await press("comma")
        demo_store.entries = [*demo_store.entries, *later[10:20]]
        await app.refresh_session()
        await press()
        assert app.head.sequence == 1709
        assert "11 after this, l follows" in screen_text(app)
        await press("l")
        assert app.head.sequence == 1720


async def test_a_stream_that_is_away_is_told_and_everything_known_still_answers(
    demo_store, tmp_path, monkeypatch
) -> None:
    from ledger.store import StreamUnavailable

    async def away() -> int:
        raise StreamUnavailable("the stream is away; start the server")

    async with replaying(demo_store, tmp_path, DISSENT) as (app, _, press):
        monkeypatch.setattr(demo_store, "last_sequence", away)
        await app.refresh_session()
        await press("full_stop")
        assert "OFFLINE since 18:00" in screen_text(app)
        assert app.head.sequence == DISSENT + 1


async def test_a_click_on_the_scrubber_goes_there(demo_store, tmp_path) -> None:
    async with replaying(demo_store, tmp_path, DISSENT) as (app, pilot, press):
        await pilot.click("#scrubber", offset=(60, 0))
        await press()
        day = app.session.moment(app.head.sequence).recorded_at.date()
        assert "2025-04" <= str(day)[:7] <= "2025-07"


async def test_a_terminal_that_is_too_small_says_so(demo_store, tmp_path) -> None:
    async with replaying(demo_store, tmp_path, DISSENT) as (app, pilot, press):
        for wide, high in [(79, 24), (80, 23), (58, 14)]:
            await pilot.resize_terminal(wide, high)
            await press()
            assert f"The terminal is {wide}x{high}; this screen needs 80x24." in screen_text(app)


async def test_law_what_is_not_asked_twice_could_not_have_moved(demo_store, tmp_path) -> None:
    session = session_of(demo_store, tmp_path)
    first_of_kind: dict[str, int] = {}
    for entry in demo_store.entries:
        event = codec.decode(entry.payload, portfolio=session.portfolio, sequence=entry.sequence)
        first_of_kind.setdefault(event.data.TYPE, entry.sequence)
    for sequence in first_of_kind.values():
        entry = await session.entry(sequence)
        here = session.moment(sequence)
        base = Moment(sequence - 1, here.recorded_at, here.as_of)
        quick, whole = [await moved(session.ask, known(event), base, here) for event in (entry.event, None)]
        assert quick == whole, entry.event.data.TYPE
    told = {fact.TYPE for fact in FACTS} - {CheckpointAnchored.TYPE, TextErased.TYPE, HoldSet.TYPE}
    assert set(first_of_kind) == told


async def test_a_finding_is_filed_beside_the_ledger_and_shown_on_the_card(demo_store, tmp_path) -> None:
    beside = MemoryStore("findings")
    session = session_of(demo_store, tmp_path, findings=Findings("demo", beside))
    app = LedgerApp(session, SIGNS, head=head_of(session, DISSENT))
    async with app.run_test(size=(120, 36)) as pilot:
        await settled(app, pilot)
        for key in ("f", *"Dissent", "tab", *"two thirds", "ctrl+s"):
            await pilot.press(key)
        await settled(app, pilot)
        assert [(each.finding, each.sequence, each.title) for each in session.found] == [("F-001", DISSENT, "Dissent")]
        assert session.found[0].evidence == sha256(demo_store.entries[DISSENT - 1].payload).hexdigest()
        assert "F-001     minor, open: Dissent. two thirds (pmo)" in screen_text(app)
        for key in ("home", "colon", *"F-001", "enter"):
            await pilot.press(key)
            await settled(app, pilot)
        assert app.head.sequence == DISSENT
    assert len(beside.entries) == 1


async def test_what_was_opened_to_look_files_nothing(demo_store, tmp_path) -> None:
    async with replaying(demo_store, tmp_path, DISSENT) as (app, _, press):
        await press("f")
        assert len(app.screen_stack) == 1


@pytest.mark.parametrize("seed", range(2))
async def test_law_whatever_keys_are_pressed_nothing_is_written(demo_store, tmp_path, seed) -> None:
    chance = random.Random(seed)
    keys = [key for each in KEYS if each.where in ("all", "replay") for key in each.keys.split(",")]
    keys = [key for key in keys if key not in ("q", "ctrl+q")] + ["escape", "enter", "tab", "1", "9", "x"]
    size = chance.choice([(120, 36), (80, 24), (60, 15), (200, 60)])
    async with replaying(demo_store, tmp_path, chance.randrange(1, 1816), size) as (app, pilot, _):
        for _ in range(100):
            await pilot.press(chance.choice(keys))
        await settled(app, pilot)
        assert 0 <= app.head.sequence <= 1816
    assert len(demo_store.entries) == 1816


async def test_without_colour_everything_is_grey_and_still_there(demo_store, tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with replaying(demo_store, tmp_path, DISSENT) as (app, _, _):
        assert "▸  258" in screen_text(app)
        drawn = [
            segment.style
            for strip in app.screen._compositor.render_strips()
            for segment in strip.apply_style(Style()).apply_filter(app._filters[-1], Color(18, 18, 18))
            if segment.style is not None and segment.style.color is not None
        ]
        assert drawn
        assert all(len(set(style.color.get_truecolor())) == 1 for style in drawn)


async def test_a_terminal_of_ascii_gets_ascii(demo_store, tmp_path) -> None:
    session = session_of(demo_store, tmp_path)
    text = await replay_text(session, head_of(session, DISSENT), ASCII)
    assert text.isascii()
