"""The What-if screen: what comes of decisions that were not made, by keys alone, and that no key records anything."""

from __future__ import annotations

import json
import random
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from textual import events
from textual.pilot import Pilot
from textual.widgets import Input

from ledger.store import MemoryStore, StreamUnavailable
from schemas import codec
from tests.terminal.conftest import SIGNS, equals_golden, head_of, screen_text, session_of
from tests.terminal.test_replay_screen import settled
from tui import keys, outcomes
from tui.app import LedgerApp
from tui.model.drafts import drafts_in, scenarios_in
from tui.screens import suppose
from tui.screens.suppose import SupposeScreen
from tui.widgets.rows import Rows

LAST = 1816
DECIDED = "decided again: "


class Screen:
    """A What-if screen that is driven by keys."""

    def __init__(self, app: LedgerApp, pilot: Pilot[int]) -> None:
        self.app, self.pilot = app, pilot

    async def press(self, *pressed: str) -> None:
        await self.pilot.press(*pressed)
        await settled(self.app, self.pilot)

    async def write(self, text: str, *then: str) -> None:
        """Type a text."""
        await self.press(*({" ": "space"}.get(each, each) for each in text), *then)

    async def paste(self, text: str, *then: str) -> None:
        self.app.screen.post_message(events.Paste(text))
        await settled(self.app, self.pilot)
        await self.press(*then)

    async def add_line(self, line: str) -> None:
        await self.press("a", "5")
        await self.paste(line, "enter")

    @property
    def text(self) -> str:
        return screen_text(self.app)

    @property
    def what_if(self) -> SupposeScreen:
        assert isinstance(self.app.screen, SupposeScreen)
        return self.app.screen

    def row(self, label: str) -> list[str]:
        """Return the cells of a figure: now, each scenario, and the change where there is room for it."""
        lines = (line.text for line in self.what_if.query_one("#outcome", Rows).lines)
        (found,) = (line for line in lines if line.startswith(label))
        return found.removeprefix(label).split()

    def fates(self) -> list[str]:
        return [line.text for line in self.what_if.query_one("#fates", Rows).lines]


@asynccontextmanager
async def supposing(
    store: MemoryStore, directory: Path, size: tuple[int, int] = (120, 36), at: int | None = None, mode: str = "suppose"
) -> AsyncIterator[Screen]:
    session = session_of(store, directory)
    app = LedgerApp(session, SIGNS, head=head_of(session, at), mode=mode)  # type: ignore[arg-type]
    async with app.run_test(size=size) as pilot:
        await settled(app, pilot)
        yield Screen(app, pilot)


def closed(store: MemoryStore, decision: str) -> int:
    """Return the sequence at which a decision of the story was closed."""
    for entry in store.entries:
        event = codec.decode(entry.payload, portfolio="demo", sequence=entry.sequence)
        if event.data.TYPE == "DecisionClosed.v1" and event.data.decision == decision:
            return entry.sequence
    raise AssertionError(f"{decision} is not closed")


async def keep_the_avatar(screen: Screen, store: MemoryStore) -> None:
    """Suppose that Branch Avatar had gone on: its end left out, 500,000 more in the round of 2025."""
    await screen.press("o")
    await screen.write(str(closed(store, "D-2024-AVATAR")), "enter")
    await screen.press("F")
    await screen.write(str(closed(store, "D-2025-ROUND")), "enter")
    await screen.press("a", "1")
    await screen.write("AI-0022", "enter")
    await screen.write("500000", "down")
    await screen.write("opex", "up", "up", "up")
    await screen.write("service-2025", "ctrl+s")


async def test_beat_37_suppose_the_avatar_had_been_kept_by_keys_alone(demo_store, tmp_path) -> None:
    """600, and 500 in 2025: the index today is 0.797 instead of 0.806, and 526 more have to move."""
    async with supposing(demo_store, tmp_path) as screen:
        await keep_the_avatar(screen, demo_store)
        assert screen.row("alignment index") == ["0.806", "0.797▼", "-0.009"]
        assert screen.row("must move") == ["7,572,000.00", "8,098,500.00▲", "+526,500.00"]
        assert screen.row("approved")[2] == "+810,000.00"
        refused = [line.split()[3] for line in screen.fates() if "refused" in line]
        assert refused == ["CommitmentPosted", "ActualPosted", "GateDecided", "FundingApproved"]
        changed = [line.split()[3:5] for line in screen.fates() if "changed" in line]
        assert changed == [["PeriodClosed", "FY2024:"], ["FundingApproved", "AI-0028:"], ["PeriodClosed", "FY2025:"]]
        assert "NOT RECORDED" in screen.text
        assert "forked at seq 550 (2024-11-21)" in screen.text
        assert DECIDED + "1,257 as before, 3 otherwise, 4 refused" in screen.text


@pytest.mark.parametrize("size", [(120, 36), (80, 24), (200, 60)])
async def test_the_kept_avatar_as_it_stands_on_the_screen(demo_store, tmp_path, size) -> None:
    async with supposing(demo_store, tmp_path, size) as screen:
        await keep_the_avatar(screen, demo_store)
        equals_golden(f"suppose-{size[0]}x{size[1]}", screen.text)


async def test_small_terminals_show_the_other_panels_one_after_the_other(demo_store, tmp_path) -> None:
    async with supposing(demo_store, tmp_path, (80, 24)) as screen:
        await keep_the_avatar(screen, demo_store)
        assert "Outcome by scenario" in screen.text
        await screen.press("tab")
        assert "Alignment: scenario 1" in screen.text
        assert "33.7 % → 33.6 % ▼  of 20.0 %" in screen.text
        await screen.press("tab")
        assert "Recorded: 4 no longer pass, 3 come out otherwise" in screen.text
        await screen.press("tab")
        assert "Outcome by scenario" in screen.text


async def test_nothing_supposed_says_what_to_do(demo_store, tmp_path) -> None:
    async with supposing(demo_store, tmp_path) as screen:
        assert "Nothing is supposed yet." in screen.text
        assert "forked at seq 1,816 (2026-11-20)" in screen.text
        assert screen.row("alignment index") == ["0.806", "0.806"]


async def test_an_empty_ledger_can_be_looked_at(tmp_path) -> None:
    async with supposing(MemoryStore(), tmp_path) as screen:
        await screen.press("o")
        await screen.write("1", "enter")
        assert "Nothing is supposed yet." in screen.text


async def test_space_turns_a_decision_off_and_on_and_what_was_known_is_not_decided_again(
    demo_store, tmp_path, monkeypatch
) -> None:
    times = []

    def counted(*given, **said):
        times.append(given[1])
        return decide(*given, **said)

    decide = outcomes.suppose
    monkeypatch.setattr(outcomes, "suppose", counted)
    async with supposing(demo_store, tmp_path) as screen:
        await screen.press("o")
        await screen.write("551", "enter")
        assert screen.row("must move")[1] == "7,773,500.00▲"
        await screen.press("space")
        assert screen.row("must move") == ["7,572,000.00", "7,572,000.00"]
        assert "off: it is not supposed now" in screen.text
        assert "forked at seq 1,816" in screen.text
        await screen.press("space")
        assert screen.row("must move")[1] == "7,773,500.00▲"
        assert len(times) == 1
        await screen.press("d")
        assert "Nothing is supposed yet." in screen.text


async def test_three_scenarios_stand_side_by_side_and_no_more(demo_store, tmp_path) -> None:
    async with supposing(demo_store, tmp_path) as screen:
        await screen.press("o")
        await screen.write("551", "enter", "t")
        await screen.write("kept", "enter", "N", "2")
        assert len(screen.app.supposed.scenarios[1].decisions) == 1
        await screen.press("o")
        await screen.write("743", "enter", "N", "1", "o")
        await screen.write("12", "enter")
        assert screen.row("approved") == ["39,080,000", "39,390,000▲", "39,090,000▲", "39,080,000"]
        assert screen.row("events flagged") == ["10", "10", "14▲", "10", "+4"][:4]
        assert "scenario 3 of 3" in screen.text
        await screen.press("right_square_bracket")
        assert 'scenario 1 of 3 "kept"' in screen.text
        assert screen.row("must move") == ["7,572,000", "7,773,500▲", "7,788,500▲", "7,572,000"]
        await screen.press("left_square_bracket", "N", "1")
        assert len(screen.app.supposed.scenarios) == 3
        assert any("no more stand side by side" in note.message for note in screen.app._notifications)
        await screen.press("X")
        assert "of 2" in screen.text


async def test_what_is_supposed_next_to_be_left_out_twice_is_told(demo_store, tmp_path) -> None:
    async with supposing(demo_store, tmp_path) as screen:
        for _ in range(2):
            await screen.press("o")
            await screen.write("551", "enter")
        assert len(screen.app.supposed.scenario.decisions) == 1
        assert any("left out already" in note.message for note in screen.app._notifications)


async def test_a_command_that_is_left_out_by_both_of_its_events_is_told(demo_store, tmp_path) -> None:
    moved = [
        entry.sequence
        for entry in demo_store.entries
        if codec.decode(entry.payload, portfolio="demo", sequence=entry.sequence).command is None
    ]
    async with supposing(demo_store, tmp_path) as screen:
        for sequence in (moved[0] - 1, moved[0]):
            await screen.press("o")
            await screen.write(str(sequence), "enter")
        assert f"entry {moved[0]} is left out or replaced twice" in screen.text
        assert screen.row("approved")[1] == SIGNS.dash


@pytest.mark.parametrize("address", ["0", "99999", "nothing-of-this", "2024-99-99"])
async def test_an_address_that_leads_nowhere_supposes_nothing(demo_store, tmp_path, address) -> None:
    async with supposing(demo_store, tmp_path) as screen:
        await screen.press("o")
        await screen.write(address, "enter")
        assert not screen.app.supposed.scenario.decisions
        assert screen.app._notifications


async def test_another_decision_in_the_place_of_a_recorded_one(demo_store, tmp_path) -> None:
    """Claims Copilot with 600,000 instead of 1,200,000: the form begins with what was recorded."""
    async with supposing(demo_store, tmp_path) as screen:
        await screen.press("r")
        await screen.write("258", "enter")
        box = next(each for each in screen.app.screen.query(Input) if each.name == "data.amount")
        assert box.value == "1,200,000.00 USD"
        box.focus()
        await screen.press("end", *["backspace"] * 16)
        await screen.write("600000", "ctrl+s")
        assert "in the place of 258 (2024-03-14)" in screen.text
        assert "✓ 258 FundingApproved.v1" in screen.text
        assert screen.row("approved")[2] == "-600,000.00"
        await screen.press("enter")
        box = next(each for each in screen.app.screen.query(Input) if each.name == "data.amount")
        assert box.value == "600,000.00 USD"
        await screen.press("escape")
        assert isinstance(screen.app.screen, SupposeScreen)


async def test_a_field_that_cannot_be_read_is_told_at_the_field(demo_store, tmp_path) -> None:
    async with supposing(demo_store, tmp_path) as screen:
        await screen.press("a", "1")
        await screen.write("AI-0022", "enter")
        await screen.write("a lot", "ctrl+s")
        assert "'a lot' is no amount" in screen.text
        assert not screen.app.supposed.scenario.decisions


async def test_a_command_that_would_be_refused_is_shown_with_why(demo_store, tmp_path) -> None:
    line = {"type": "DecideGate.v1", "subject": "initiative/AI-0001", "time": "2026-11-20", "data": {}}
    async with supposing(demo_store, tmp_path) as screen:
        await screen.add_line(json.dumps(line))
        assert "✗ MALFORMED" in screen.text
        assert screen.row("not accepted") == ["0", "1▲", "+1"]
        await screen.add_line("no JSON")
        assert "no command: it is not JSON" in screen.text


async def test_the_commands_of_a_file_are_supposed_one_by_one(demo_store, tmp_path) -> None:
    file = tmp_path / "more.ndjson"
    data = {"initiative": "AI-0001", "envelope": "claims-2026", "kind": "tranche", "capex_opex": "opex"}
    lines = [
        {"type": "ApproveFunding.v1", "subject": "initiative/AI-0001", "time": "2026-11-20"}
        | {"data": data | {"amount": {"minor": minor, "currency": "USD"}}}
        for minor in (10_000_00, 20_000_00)
    ]
    file.write_text("\n".join(map(json.dumps, lines)))
    async with supposing(demo_store, tmp_path) as screen:
        await screen.press("a", "6")
        await screen.paste(str(file), "enter")
        assert screen.row("approved")[2] == "+30,000.00"
        await screen.press("a", "6")
        await screen.paste(str(tmp_path / "none"), "enter")
        assert any("cannot read" in note.message for note in screen.app._notifications)


async def test_from_replay_one_supposes_that_a_decision_had_not_been_made(demo_store, tmp_path) -> None:
    async with supposing(demo_store, tmp_path, at=551, mode="replay") as screen:
        await screen.press("o")
        assert screen.app.supposed.scenario.decisions[0].about == "DecisionClosed D-2024-AVATAR approved"
        assert screen.row("must move")[2] == "+201,500.00"
        await screen.press("escape")
        assert screen.app.current_mode == "replay"
        assert screen.app.head.sequence == 551


async def test_enter_on_a_recorded_decision_goes_to_it_in_replay_and_u_comes_back(demo_store, tmp_path) -> None:
    async with supposing(demo_store, tmp_path) as screen:
        await screen.press("o")
        await screen.write("551", "enter")
        screen.what_if.query_one("#fates", Rows).focus()
        await screen.press("down", "down")
        assert "554 GateDecided.v1 initiative/AI-0022 no longer passes" in screen.text
        await screen.press("enter")
        assert (screen.app.current_mode, screen.app.head.sequence) == ("replay", 554)
        await screen.press("u")
        assert screen.app.current_mode == "suppose"
        assert "without 551" in screen.text


async def test_drafts_are_kept_and_nothing_is_sent(demo_store, tmp_path) -> None:
    async with supposing(demo_store, tmp_path) as screen:
        await keep_the_avatar(screen, demo_store)
        await screen.press("ctrl+s", "ctrl+s")
        (draft,), broken = drafts_in(tmp_path).all()
        assert not broken
        assert (draft.form, draft.written["data.amount"]) == ("ApproveFunding.v1", "500,000.00 USD")
        (kept,), _ = scenarios_in(tmp_path).all()
        assert [(each.leave_out, each.draft, each.after) for each in kept.changes] == [
            (551, None, None),
            (None, draft.id, 719),
        ]
        assert any("nothing was sent" in note.message for note in screen.app._notifications)
        assert {path.parent.name for path in tmp_path.rglob("*") if path.is_file()} == {"drafts", "scenarios"}


async def test_a_kept_scenario_and_a_draft_are_taken_up_again(demo_store, tmp_path) -> None:
    async with supposing(demo_store, tmp_path) as screen:
        await keep_the_avatar(screen, demo_store)
        await screen.press("ctrl+s")
    async with supposing(demo_store, tmp_path) as screen:
        await screen.press("N", "3")
        assert screen.row("must move")[2:4] == ["8,098,500▲", "+526,500"]
        assert screen.app.supposed.scenario.decisions[0].about == "DecisionClosed D-2024-AVATAR approved"
        await screen.press("N", "1", "a", "7")
        assert "ApproveFunding AI-0022 500,000.00 USD by pmo" in screen.text
        await screen.press("enter")
        assert screen.app.supposed.scenario.decisions[0].about == "ApproveFunding AI-0022 500,000.00 USD"


async def test_what_is_decided_far_back_says_how_far_it_is_and_can_be_stopped(
    demo_store, tmp_path, monkeypatch
) -> None:
    begun, stopped = threading.Event(), threading.Event()
    decide = outcomes.suppose

    def endless(fork, changes, *, now, moved):
        try:
            while True:
                moved(1)
                begun.set()
        finally:
            stopped.set()

    async with supposing(demo_store, tmp_path) as screen:
        monkeypatch.setattr(outcomes, "suppose", endless)
        await screen.pilot.press("o", "9", "enter")
        while not begun.is_set():
            await screen.pilot.pause()
        screen.what_if._draw_status()
        await screen.pilot.pause()
        assert "deciding again: " in screen.text
        assert " of 1,80" in screen.text
        assert "esc stops it" in screen.text
        await screen.press("escape")
        assert stopped.wait(5)
        assert "stopped; ctrl+r decides again" in screen.text
        assert screen.row("approved")[1] == SIGNS.dash
        assert screen.app.current_mode == "suppose"
        monkeypatch.setattr(outcomes, "suppose", decide)
        await screen.press("ctrl+r")
        assert DECIDED in screen.text


async def test_decisions_that_arrive_are_taken_in(demo_store, tmp_path) -> None:
    later = demo_store.entries[1700:]
    demo_store.entries = demo_store.entries[:1700]
    async with supposing(demo_store, tmp_path) as screen:
        await screen.press("o")
        await screen.write("551", "enter")
        demo_store.entries = [*demo_store.entries, *later]
        await screen.app.refresh_session()
        await screen.press()
        assert screen.row("must move") == ["7,572,000.00", "7,773,500.00▲", "+201,500.00"]


async def test_decisions_that_arrive_while_all_takes_long_are_counted(demo_store, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(suppose, "QUICK_ENTRIES", 100)
    later = demo_store.entries[1700:]
    demo_store.entries = demo_store.entries[:1700]
    async with supposing(demo_store, tmp_path) as screen:
        await screen.press("o")
        await screen.write("551", "enter")
        demo_store.entries = [*demo_store.entries, *later]
        await screen.app.refresh_session()
        await screen.press()
        assert "116 decisions arrived since, ctrl+r decides again" in screen.text
        await screen.press("ctrl+r")
        assert screen.row("must move")[0] == "7,572,000.00"


async def test_a_stream_that_is_away_is_told_and_what_is_known_stays(demo_store, tmp_path, monkeypatch) -> None:
    async with supposing(demo_store, tmp_path) as screen:

        def away(**_: int) -> None:
            raise StreamUnavailable("the stream is away; start the server")

        await screen.press("o")
        await screen.write("551")
        entry = await screen.app.session.entry(551)
        monkeypatch.setattr(demo_store, "read", away)
        monkeypatch.setattr(screen.app.session, "entry", lambda _: done(entry))
        await screen.press("enter")
        assert "○ the stream is away; start the server" in screen.text
        assert screen.row("approved") == ["39,080,000.00", SIGNS.dash]


async def done(found):
    return found


HOSTILE = "a\x1b]0;owned\x07\u202eb[@click=app.quit]c[/]\x9b2J"


async def test_hostile_text_never_reaches_the_terminal(demo_store, tmp_path) -> None:
    line = json.dumps({"type": HOSTILE, "subject": f"initiative/{HOSTILE}", "data": {"outcome": HOSTILE}})
    async with supposing(demo_store, tmp_path) as screen:
        for size in ((120, 36), (80, 24)):
            await screen.pilot.resize_terminal(*size)
            await screen.add_line(line)
            assert_clean(screen)
            await screen.press("enter")
            assert_clean(screen)
            await screen.press("escape", "t")
            await screen.paste(HOSTILE, "enter", "ctrl+s")
            assert_clean(screen)
        assert "<U+202E>" in screen.text
        assert screen.app.is_running


async def test_hostile_text_that_was_recorded_is_shown_as_tokens_in_the_form(demo_store, tmp_path) -> None:
    line = {"type": "ApproveFunding.v1", "commandid": "h", "actor": HOSTILE, "subject": "initiative/AI-0001"}
    line |= {"time": "2026-11-20", "portfolio": "demo", "data": {"initiative": "AI-0001", "reason": HOSTILE}}
    async with supposing(demo_store, tmp_path) as screen:
        await screen.add_line(json.dumps(line))
        await screen.press("enter")
        assert "<U+202E>" in screen.text
        assert_clean(screen)
        await screen.press("ctrl+s")
        kept = json.loads(screen.app.supposed.scenario.decisions[0].line)
        assert (kept["actor"], kept["data"]["reason"]) == (HOSTILE, HOSTILE)


def assert_clean(screen: Screen) -> None:
    shown = [each for each in screen.text if each != "\n"]
    assert not [each for each in shown if ord(each) < 0x20 or 0x7F <= ord(each) <= 0x9F or each == "\u202e"]


PRESSED = [
    *(part for key in keys.KEYS if key.where == "suppose" for part in key.keys.split(",")),
    *("down", "up", "enter", "escape", "tab", "1", "2", "3", "5", "7", "9", "ctrl+a", "ctrl+s", "backspace"),
    *("o", "enter", "a", "1", "enter", "ctrl+s", "question_mark", "z", "u"),
]
"""What a monkey presses: every key of the screen, and those of the boxes it opens. Not what changes to other modes."""


@pytest.mark.parametrize("seed", range(3))
async def test_law_whatever_is_pressed_the_stream_does_not_move(demo_store, tmp_path, seed) -> None:
    """The store raises where anything is appended to it."""
    chance, before = random.Random(seed), list(demo_store.entries)
    async with supposing(demo_store, tmp_path, chance.choice([(120, 36), (80, 24)])) as screen:
        for _ in range(60):
            if screen.app.current_mode != "suppose":
                await screen.press("4")
            key = chance.choice(PRESSED)
            if not (key.isdigit() and isinstance(screen.app.screen, SupposeScreen)):
                await screen.press(key)
        assert screen.app.is_running, f"seed {seed} ended the application"
    assert await demo_store.last_sequence() == LAST
    assert demo_store.entries == before


def test_every_key_of_the_screen_is_in_its_help() -> None:
    from tui.screens.help import help_text

    told = " ".join(help_text("suppose").split())
    assert all(key.tells in told for key in keys.KEYS if key.where == "suppose")
