"""The board: what stands on it at any moment, where its keys and figures lead, and that nothing on it writes."""

from __future__ import annotations

import asyncio
import datetime
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from ledger.store import MemoryStore, StreamUnavailable
from ledger.writer import Writer
from projections.moment import Moment
from projections.views import Question, ask
from tests import words as w
from tests.teller import PORTFOLIO, Teller
from tests.terminal.conftest import SIGNS, equals_golden, head_of, screen_text, session_of, settled
from tui.app import LedgerApp
from tui.board import plain_board
from tui.keys import KEYS
from tui.model.board import see_board
from tui.model.board_places import names
from tui.model.pieces import ToEntry, ToInitiative
from tui.screens.initiative import InitiativeScreen
from tui.widgets.figures import Figures

TIP = 1816
OVER = 999
"""The last of the day on which claims stands over its envelope, the pools are over-planned and Orion 2 is to end."""

Press = Callable[..., Awaitable[None]]


@asynccontextmanager
async def boarding(
    store: MemoryStore,
    directory: Path,
    at: int | None = None,
    size: tuple[int, int] = (120, 36),
    **of: Any,
) -> AsyncIterator[tuple[LedgerApp, Pilot[int], Press]]:
    session = session_of(store, directory, **of)
    app = LedgerApp(session, SIGNS, mode="board", head=head_of(session, at))
    async with app.run_test(size=size) as pilot:

        async def press(*keys: str) -> None:
            for key in keys:
                await pilot.press(key)
                await settled(app, pilot)
            await settled(app, pilot)

        await press()
        yield app, pilot, press


def stored(teller: Teller) -> MemoryStore:
    """Return a store of what was told, as a writer of its own makes it."""

    async def sent() -> MemoryStore:
        store = MemoryStore()
        await Writer(PORTFOLIO, store).submit_all(teller.lines)
        return store

    with ThreadPoolExecutor(1) as thread:  # a test has a loop of its own
        return thread.submit(asyncio.run, sent()).result()


def panel(app: LedgerApp, name: str) -> Figures:
    return app.screen.query_one(f"#{name}", Figures)


def listed(app: LedgerApp) -> list[str]:
    """Return the initiatives on the board, from top to bottom."""
    leads = [piece.leads for line in panel(app, "initiatives").lines for piece in line.opens]
    return [lead.initiative for lead in leads if isinstance(lead, ToInitiative)]


def header(app: LedgerApp) -> str:
    return screen_text(app).splitlines()[0].strip()


async def go(press: Press, words: str) -> None:
    """Ask for a moment in words."""
    await press("t", "ctrl+a", "ctrl+k", *("space" if letter == " " else letter for letter in words), "enter")


# What stands on it


async def test_the_year_end_board_as_it_stands_on_the_screen(demo_store, tmp_path) -> None:
    async with boarding(demo_store, tmp_path) as (app, pilot, press):
        for wide, high in [(120, 36), (80, 24), (200, 60)]:
            await pilot.resize_terminal(wide, high)
            await press()
            equals_golden(f"board-{wide}x{high}", screen_text(app))


async def test_the_board_of_a_worse_day_under_a_banner_that_says_it_is_past(demo_store, tmp_path) -> None:
    async with boarding(demo_store, tmp_path, OVER) as (app, pilot, press):
        for wide, high in [(120, 36), (80, 24)]:
            await pilot.resize_terminal(wide, high)
            await press()
            equals_golden(f"board-past-{wide}x{high}", screen_text(app))
        assert "PAST · read only" in header(app)
        assert app.screen.has_class("-past")


async def test_the_same_as_plain_text(demo_store, tmp_path) -> None:
    session = session_of(demo_store, tmp_path)
    equals_golden("board-plain", await plain_board(session, head_of(session, OVER), None, SIGNS) + "\n")


KNOWN = [
    # known, as of, approved in thousands, shares of CLAIMS FRAUD SERVE PRICE COST TRUST, orphan, index, must move
    ("2024-03-31", None, 10_195, (0.2884, 0.1305, 0.2410, 0.1756, 0.0787, None), 0.0858, 0.8731, 1_294),
    ("2024-06-30", None, 10_260, (0.2865, 0.1296, 0.2427, 0.1745, 0.0814, None), 0.0853, 0.8720, 1_313),
    ("2024-07-18", "2024-06-30", 10_660, (0.2758, 0.1248, 0.2336, 0.1979, 0.0858, None), 0.0821, 0.8843, 1_233),
    ("2024-12-31", None, 10_350, (0.2841, 0.1285, 0.2316, 0.2039, 0.0884, None), 0.0636, 0.9010, 1_025),
    ("2025-03-17", None, 25_150, (0.2402, 0.1555, 0.2438, 0.1821, 0.1022, None), 0.0763, 0.8777, 3_075),
    ("2025-04-03", None, 25_150, (0.2410, 0.1555, 0.2449, 0.1821, 0.0982, None), 0.0783, 0.8767, 3_100),
    ("2025-12-31", None, 25_780, (0.2490, 0.1517, 0.2389, 0.1811, 0.1028, None), 0.0764, 0.8818, 3_046),
    ("2026-01-22", None, 25_780, (0.2490, 0.1517, 0.3417, 0.1811, None, 0.0000), 0.0764, 0.7507, 6_427),
    ("2026-11-20", None, 39_080, (0.2361, 0.1566, 0.3366, 0.1659, None, 0.0636), 0.0412, 0.8062, 7_572),
]
"""The story's own answers."""


@pytest.mark.parametrize(("known", "as_of", "approved", "shares", "orphan", "index", "must_move"), KNOWN)
async def test_the_known_answers_of_the_story(
    demo_store, tmp_path, known, as_of, approved, shares, orphan, index, must_move
) -> None:
    session = session_of(demo_store, tmp_path)
    moment = await session.at(known, as_of)
    seen = see_board(session.replica, moment)
    assert seen.headline.approved_minor == approved * 100_000
    assert round(seen.headline.index, 4) == index
    assert round(seen.headline.must_move_minor / 100_000) == must_move
    assert round(seen.orphan_share, 4) == orphan
    told = {row.objective: round(row.share, 4) for row in seen.objectives}
    wanted = dict(zip(("CLAIMS", "FRAUD", "SERVE", "PRICE", "COST", "TRUST"), shares, strict=True))
    assert told == {name: share for name, share in wanted.items() if share is not None}
    text = await plain_board(session, head_of(session, moment.sequence), moment.as_of, SIGNS)
    assert f"Alignment {index:.4f} of 1" in text


async def test_orion_ends_in_197_days_and_ten_of_thirteen_have_no_fallback(demo_store, tmp_path) -> None:
    async with boarding(demo_store, tmp_path) as (app, _, press):
        await go(press, "known 2025-03-17")
        assert "Orion 2" in screen_text(app)
        assert "197 d left  10 of 13  8.05 M" in screen_text(app)
        assert "Alignment 0.8777 of 1" in screen_text(app)


async def test_what_the_pipeline_says_is_what_the_initiatives_say(demo_store, tmp_path) -> None:
    session = session_of(demo_store, tmp_path)
    for sequence in (300, 700, OVER, 1500, TIP):
        seen = see_board(session.replica, session.moment(sequence))
        rows = [each.told for each in seen.initiatives]
        assert sum(stage.count for stage in seen.stages) == len(rows)
        assert sum(stage.approved_minor for stage in seen.stages) == sum(row.approved_minor for row in rows)
        assert {row.stage for row in rows} == {stage.stage for stage in seen.stages}
        order = [stage.stage for stage in seen.stages]
        assert order == [stage for stage in ("proposed", "pilot", "build", "live", "done") if stage in order]
    assert seen.ended == {"completed": 1, "killed": 1, "merged": 1}


async def test_a_stage_counts_its_days_from_the_gate_that_led_into_it(tmp_path) -> None:
    teller = Teller()
    teller.say(w.opening(), "2026-01-01")
    for name in ("AI-1", "AI-2", "AI-3"):
        teller.say(w.propose(name), "2026-01-01")
    teller.say(w.gate("AI-1", "go", "proposed", "pilot"), "2026-01-11")
    teller.say(w.gate("AI-2", "go", "proposed", "pilot"), "2026-01-13")
    held = teller.say(w.gate("AI-2", "hold", "pilot", "pilot"), "2026-01-20")
    assert held
    session = session_of(stored(teller), tmp_path, portfolio=PORTFOLIO)
    seen = see_board(session.replica, Moment(session.line.tip, None, datetime.date(2026, 1, 21)))
    told = {stage.stage: stage for stage in seen.stages}
    assert (told["pilot"].count, told["pilot"].held, told["pilot"].days) == (2, 1, 9)
    assert (told["proposed"].count, told["proposed"].days) == (1, 20)
    assert told["pilot"].last_sequence == held - 1
    assert told["proposed"].last_sequence is None


async def test_an_empty_ledger_says_what_to_do(tmp_path) -> None:
    async with boarding(MemoryStore(), tmp_path) as (app, _, press):
        assert "Nothing is recorded yet" in screen_text(app)
        assert "portfolio send FILE" in screen_text(app)
        await press("tab", "enter", "s", "h", "shift+left", "T")
        assert "Nothing is recorded yet" in screen_text(app)
    session = session_of(MemoryStore(), tmp_path)
    assert "portfolio send FILE" in await plain_board(session, head_of(session), None, SIGNS)


async def test_a_portfolio_of_its_opening_alone_says_panel_by_panel_what_to_do(demo_store, tmp_path) -> None:
    async with boarding(demo_store, tmp_path, 1) as (app, _, _):
        text = screen_text(app)
        for command in ("ProposeInitiative", "SetObjectives", "FundEnvelope", "AllocateCapacity", "PlanBenefit"):
            assert command in text


async def test_a_terminal_that_is_too_small_says_so(demo_store, tmp_path) -> None:
    async with boarding(demo_store, tmp_path) as (app, pilot, press):
        for wide, high in [(79, 24), (80, 23), (58, 14)]:
            await pilot.resize_terminal(wide, high)
            await press()
            assert f"The terminal is {wide}x{high}; this screen needs 80x24." in screen_text(app)


# Hostile text

HOSTILE = "[@click=app.quit]x[/]\x1b]52;c;cm0gLXJmIC8=\x07\x1b[2J\u202eelif\u200b\x9b31m\x7f"


async def test_nothing_from_an_event_acts_on_the_terminal_or_is_read_as_markup(tmp_path) -> None:
    teller = Teller()
    teller.say(w.opening(), "2026-01-01")
    hostile = w.objective("a", 10_000) | {"title": HOSTILE}
    for ask_, day in (
        (w.objectives(hostile), "2026-01-01"),
        (w.fund("claims", 1_000_000), "2026-01-01"),
        (w.propose("AI-1", title=HOSTILE), "2026-01-01"),
        (w.approve("AI-1", "claims", 2_000_000), "2026-01-02"),
        (w.model("opal", "retirement_announced", name=HOSTILE, effective_on="2026-12-31"), "2026-01-02"),
        (w.link("AI-1", "ai_model", "opal", "primary"), "2026-01-02"),
        (w.request("D-1", "AI-1", question=HOSTILE, due="2026-01-03"), "2026-01-02"),
        (w.promise("B-1", ("2026", "1", w.money(100, "USD")), title=HOSTILE), "2026-01-02"),
    ):
        teller.say(ask_, day)
    store = stored(teller)
    assert len(store.entries) >= 8, "everything hostile was accepted"
    async with boarding(store, tmp_path, size=(200, 60), portfolio=PORTFOLIO) as (app, _, press):
        texts = [screen_text(app)]
        await press("enter")
        assert isinstance(app.screen, InitiativeScreen)
        texts += [screen_text(app)]
        session = app.session
    texts.append(await plain_board(session, head_of(session), None, SIGNS))
    for text in texts:
        assert "<U+001B>" in text
        assert not [letter for letter in text if letter != "\n" and (ord(letter) < 32 or 126 < ord(letter) < 160)]
        assert not {"\u202e", "\u200b"} & {*text}
    assert "[@click" in texts[-1], "markup is text like any other"


# Which moment


async def test_the_day_and_what_is_known_are_chosen_apart(demo_store, tmp_path) -> None:
    async with boarding(demo_store, tmp_path) as (app, _, press):
        assert "LIVE" in header(app)
        await go(press, "2024-06-30 known 2024-07-18")
        assert "as of 2024-06-30   known 2024-07-18" in header(app)
        assert "Alignment 0.8843 of 1" in screen_text(app)
        await go(press, "known 2024-06-30")
        assert "Alignment 0.8720 of 1" in screen_text(app)
        await press("T")
        assert "as of 2026-11-20" in header(app)
        assert app.head.live
        await go(press, "2025-Q1")
        assert "as of 2025-03-31   known 2026-11-20" in header(app)
        assert "PAST" in header(app)


async def test_a_moment_that_cannot_be_read_changes_nothing_and_says_what_is_allowed(demo_store, tmp_path) -> None:
    async with boarding(demo_store, tmp_path, OVER) as (app, _, press):
        before = header(app)
        for words in ("soon", "2025-Q5", "known", "known never", "2025-01-01 2025-01-02", "[/b]"):
            app.clear_notifications()
            await app.screen.go_to(words)
            await press()
            assert header(app) == before, words
            assert any("give" in note.message or "needs" in note.message for note in app._notifications), words


async def test_quarters_go_back_and_on_and_end_today(demo_store, tmp_path) -> None:
    async with boarding(demo_store, tmp_path) as (app, _, press):
        days = []
        for key in ("shift+left", "shift+left", "shift+right", "shift+right", "shift+right"):
            await press(key)
            days.append(str(app.screen.moment.as_of))
        assert days == ["2026-09-30", "2026-06-30", "2026-09-30", "2026-11-20", "2026-12-31"]
        assert "AHEAD" in header(app)


async def test_a_day_that_was_chosen_is_of_one_place_and_is_there_again_when_one_comes_back(
    demo_store, tmp_path
) -> None:
    async with boarding(demo_store, tmp_path) as (app, _, press):
        await press("shift+left", "enter", "enter")
        assert app.current_mode == "replay"
        set_at = app.head.sequence
        await press("B")
        assert f"as of {app.session.moment(set_at).as_of} " in header(app)
        await press("u", "u")
        assert (app.current_mode, app.head.sequence) == ("board", TIP)
        assert "as of 2026-09-30" in header(app)


async def test_a_board_that_follows_takes_in_what_is_new_and_one_of_the_past_does_not(demo_store, tmp_path) -> None:
    later = demo_store.entries[1700:]
    demo_store.entries = demo_store.entries[:1700]
    async with boarding(demo_store, tmp_path) as (app, _, press):
        before = app.screen.seen.headline.actual_minor
        demo_store.entries = [*demo_store.entries, *later[:-1]]
        await app.refresh_session()
        await press()
        assert f"seq 1,815/{TIP - 1:,}" in header(app)
        assert app.screen.seen.headline.actual_minor > before
        await go(press, "known 2025-03-17")
        demo_store.entries = [*demo_store.entries, *later[-1:]]
        await app.refresh_session()
        await press()
        assert f"seq 802/{TIP:,}" in header(app)
        assert "Alignment 0.8777 of 1" in screen_text(app)


async def test_a_stream_that_is_away_is_told_and_the_board_still_answers(demo_store, tmp_path, monkeypatch) -> None:
    async def away() -> int:
        raise StreamUnavailable("the stream is away; start the server")

    async with boarding(demo_store, tmp_path) as (app, _, press):
        monkeypatch.setattr(demo_store, "last_sequence", away)
        await app.refresh_session()
        await go(press, "known 2025-03-17")
        assert "OFFLINE since 18:00" in header(app)
        assert "Alignment 0.8777 of 1" in screen_text(app)


# What is listed


async def test_initiatives_are_sorted_by_what_one_asks_for(demo_store, tmp_path) -> None:
    async with boarding(demo_store, tmp_path) as (app, _, press):
        rows = {each.told.initiative: each for each in app.screen.seen.initiatives}
        assert listed(app)[:3] == ["AI-0001", "AI-0004", "AI-0037"]
        await press("s")
        scores = [rows[name].ranked.score for name in listed(app)]
        assert scores == sorted(scores, reverse=True)
        await press("s", "s", "s")
        amounts = [rows[name].told.approved_minor for name in listed(app)]
        assert amounts == sorted(amounts, reverse=True)
        assert "Initiatives by approved" in screen_text(app)
        await press("s", "s")
        titles = [rows[name].told.title for name in listed(app)]
        assert titles == sorted(titles, key=str.casefold)
        await press("s")
        assert listed(app)[:3] == ["AI-0001", "AI-0004", "AI-0037"]


async def test_words_leave_the_initiatives_that_hold_them(demo_store, tmp_path) -> None:
    async with boarding(demo_store, tmp_path) as (app, _, press):
        await press("slash", *"storm", "space", *"live", "enter")
        assert listed(app) == ["AI-0006"]
        assert "1 of 37 hold storm live" in screen_text(app)
        await press("slash", "left_square_bracket", "slash", "b", "right_square_bracket", "enter")
        assert listed(app) == []
        assert "0 of 37 hold [/b]" in screen_text(app)
        await press("backslash")
        assert len(listed(app)) == 37


@pytest.mark.parametrize("size", [(80, 24), (120, 36), (200, 60)])
async def test_tab_leads_through_every_panel_and_each_is_in_sight_when_it_is_there(demo_store, tmp_path, size) -> None:
    async with boarding(demo_store, tmp_path, OVER, size) as (app, _, press):
        for key, order in (("tab", 1), ("shift+tab", -1)):
            seen = []
            for _ in range(len(names(size[0])) + 1):
                await press(key)
                seen.append(app.focused.id)
                box = app.focused.region
                assert app.focused.display
                assert box.height >= (2 if seen[-1] == "headline" else 3)
                assert box.right <= size[0]
                assert box.bottom < size[1]
            assert sorted(seen) == sorted(["headline", *names(size[0])])
            assert seen[-1] == "initiatives", order


async def test_a_panel_can_have_the_whole_screen(demo_store, tmp_path) -> None:
    async with boarding(demo_store, tmp_path) as (app, _, press):
        assert "Innovation Lab Sandbox" not in screen_text(app)
        await press("z")
        assert panel(app, "initiatives").region.size == (120, 32)
        await press("end")
        assert "Innovation Lab Sandbox" in screen_text(app)
        await press("tab")
        assert panel(app, "alignment").region.size == (120, 32)
        await press("z")
        assert panel(app, "pipeline").display


# Where figures lead


SET_BY = [
    ("initiatives", 0, 0, "PrioritySet"),
    ("initiatives", 0, 2, "InitiativeScored"),
    ("initiatives", 0, 3, "ActualPosted"),
    ("alignment", 0, 0, "FundingApproved"),
    ("alignment", 0, 1, "ObjectivesSet"),
    ("pipeline", 0, 0, "GateDecided"),
    ("streams", 0, 1, "FundingApproved"),
    ("streams", 0, 2, "ActualPosted"),
    ("envelopes", 0, 0, "EnvelopeFunded"),
    ("envelopes", 0, 1, "FundingApproved"),
    ("needs", 0, 0, "FundingApproved"),
    ("needs", 1, 0, "ModelLifecycleChanged"),
    ("models", 0, 0, "ModelLifecycleChanged"),
    ("capacity", 0, 0, "CapacityAllocated"),
    ("benefits", 1, 0, "BenefitPlanned"),
    ("headline", 0, 1, "ActualPosted"),
    ("headline", 0, 3, "CapacityAllocated"),
]
"""Panels, lines and figures, and the kind of entry that set what stands there."""


async def test_enter_on_a_figure_goes_to_the_decision_that_set_it_and_u_comes_back(demo_store, tmp_path) -> None:
    async with boarding(demo_store, tmp_path, OVER) as (app, _, press):
        for name, line, figure, kind in SET_BY:
            here = panel(app, name)
            here.focus()
            here.cursor, here.figure = line, figure
            await press("enter")
            assert app.current_mode == "replay", name
            entry = await app.session.entry(app.head.sequence)
            assert f"{kind}.v1" == entry.event.data.TYPE, name
            assert app.head.sequence <= OVER
            await press("u")
            assert (app.current_mode, app.head.sequence) == ("board", OVER)


async def test_a_figure_that_no_entry_set_says_so(demo_store, tmp_path) -> None:
    async with boarding(demo_store, tmp_path, OVER) as (app, _, press):
        here = panel(app, "benefits")
        here.focus()
        here.cursor, here.figure = 1, 1
        await press("enter")
        assert app.current_mode == "board"
        assert "no entry has set this" in {note.message for note in app._notifications}


async def test_an_initiative_opens_and_each_of_its_fields_leads_to_its_decision(demo_store, tmp_path) -> None:
    async with boarding(demo_store, tmp_path, OVER) as (app, _, press):
        await press("slash", *"Copilot", "enter", "enter")
        assert isinstance(app.screen, InitiativeScreen)
        assert "AI-0007  Claims Copilot   as of 2025-06-20" in screen_text(app)
        rows = ask(app.session.replica, Question("state", initiative="AI-0007"), app.session.moment(OVER)).rows
        fields = app.screen.query_one(Figures)
        assert [piece.leads for line in fields.lines for piece in line.opens if piece.leads] == [
            ToEntry(row.sequence) for row in rows if row.sequence is not None
        ]
        await press("escape")
        assert app.current_mode == "board"
        await press("enter")
        fields = app.screen.query_one(Figures)
        wanted = next(place for place, row in enumerate(rows) if row.field == "approved")
        await press(*["down"] * wanted, "enter")
        assert (app.current_mode, app.head.sequence) == ("replay", rows[wanted].sequence)
        await press("u")
        assert (app.current_mode, app.head.sequence) == ("board", OVER)


@pytest.mark.parametrize("keys", [("h",), ("enter", "h")])
async def test_the_history_of_an_initiative_is_shown_in_the_replay(demo_store, tmp_path, keys) -> None:
    async with boarding(demo_store, tmp_path, OVER) as (app, _, press):
        await press("down", *keys)
        assert app.current_mode == "replay"
        name = app.screen.words.removeprefix("initiative:")
        about = {(await app.session.entry(sequence)).event.subject for sequence in app.head.index}
        assert about == {f"initiative/{name}"}
        assert name == "AI-0002"


async def test_a_click_chooses_a_figure_and_a_second_one_opens_it(demo_store, tmp_path) -> None:
    async with boarding(demo_store, tmp_path, OVER) as (app, pilot, press):
        text = panel(app, "alignment").lines[0].text
        await pilot.click("#alignment", offset=(text.index("30.0 %") + 3, 1))
        await press()
        assert panel(app, "alignment").here.name == "alignment.CLAIMS.target"
        await pilot.click("#alignment", offset=(text.index("30.0 %") + 3, 1))
        await press()
        entry = await app.session.entry(app.head.sequence)
        assert entry.event.data.TYPE == "ObjectivesSet.v1"


async def test_the_address_of_a_figure_can_be_copied(demo_store, tmp_path) -> None:
    async with boarding(demo_store, tmp_path, OVER) as (app, _, press):
        panel(app, "streams").focus()
        await press("right", "y")
        assert app.clipboard == f"ledger://demo/{OVER}#value_streams.claims.approved"


async def test_every_key_of_the_board_does_something_and_is_told_in_the_help(demo_store, tmp_path) -> None:
    async with boarding(demo_store, tmp_path) as (app, _, press):
        for key in KEYS:
            if key.where == "board":
                assert hasattr(app.screen, f"action_{key.action.partition('(')[0]}")
        await press("question_mark")
        text = screen_text(app)
        assert all(key.tells in text for key in KEYS if key.where == "board")


@pytest.mark.parametrize("seed", range(2))
async def test_law_whatever_keys_are_pressed_nothing_is_written(demo_store, tmp_path, seed) -> None:
    chance = random.Random(seed)
    keys = [key for each in KEYS if each.where in ("all", "board") for key in each.keys.split(",")]
    keys = [key for key in keys if key not in ("q", "ctrl+q", "3", "4")]
    keys += ["escape", "enter", "up", "down", "left", "right", "end", "1", "9", "k"]
    size = chance.choice([(120, 36), (80, 24), (60, 15), (200, 60)])
    async with boarding(demo_store, tmp_path, chance.randrange(1, TIP), size) as (app, pilot, _):
        for _ in range(75):
            await pilot.press(chance.choice(keys))
        await settled(app, pilot)
        assert 0 <= app.head.sequence <= TIP
    assert len(demo_store.entries) == TIP
