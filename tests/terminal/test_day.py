"""Ten minutes of a PMO's day (docs/day.md), walked through on the demo as it stood on 17 March 2025, by keys alone."""

from __future__ import annotations

import datetime
import json
from pathlib import Path

import pytest
from textual import events

from ledger import demo as story
from ledger.findings import Findings
from ledger.refusals import Refusals
from ledger.store import MemoryStore
from ledger.writer import Writer
from tests.terminal.conftest import SIGNS, head_of, replica_of, screen_text, settled
from tui.app import LedgerApp
from tui.recorder import WriterRecorder
from tui.session import Session

ANNOUNCED = 799
"""Farid records that Orion 2 ends on 30 September 2025. It is the last entry of that day."""

THAT_AFTERNOON = datetime.datetime(2025, 3, 17, 15, 0, tzinfo=datetime.UTC)
DAY = Path(__file__).parents[2] / "docs" / "day.md"
PIVOT = {"trigger": "Orion ends orion-2.", "from": "Runs on orion-2.", "to": "Runs on orion-3."}
COMMAND = {
    "type": "DecideGate.v1",
    "subject": "initiative/AI-0001",
    "time": "2025-03-17",
    "data": {
        "initiative": "AI-0001",
        "gate": "G3",
        "stage_from": "build",
        "stage_to": "build",
        "outcome": "pivot",
        "pivot": PIVOT,
        "reason": "Orion 3 is there, and the build has six months.",
    },
}


@pytest.fixture
def that_day(told_demo: MemoryStore) -> MemoryStore:
    """The stream as it stood that afternoon; it goes on from there."""
    store = MemoryStore(told_demo.name)
    store.entries = list(told_demo.entries[:ANNOUNCED])
    return store


async def test_the_ten_minutes_of_the_page(that_day: MemoryStore, tmp_path: Path) -> None:
    beside, refusals = MemoryStore("findings"), MemoryStore("refusals")

    async def writer() -> Writer:
        return Writer(story.PORTFOLIO, that_day, lambda: THAT_AFTERNOON, Refusals(story.PORTFOLIO, refusals))

    session = Session(
        replica_of(story.PORTFOLIO, tuple(entry.payload for entry in that_day.entries)),
        that_day,
        tmp_path,
        actor="chike",
        clock=lambda: THAT_AFTERNOON,
        findings=Findings(story.PORTFOLIO, beside),
    )
    app = LedgerApp(session, SIGNS, head=head_of(session), mode="board", recorder=WriterRecorder(writer))
    async with app.run_test(size=(120, 36)) as pilot:

        async def press(*keys: str) -> str:
            for key in keys:
                await pilot.press({" ": "space"}.get(key, key))
            await settled(app)
            return screen_text(app)

        # 1. See it.
        board = await press()
        assert "LIVE" in board
        assert "! model ends: Orion 2" in board
        assert "! Orion 2" in board

        # 2. Look back.
        card = await press("2", "colon", *str(ANNOUNCED), "enter")
        assert "ModelLifecycleChanged  model/orion-2" in card
        assert "farid" in card
        assert "proof not checked" in card

        # 3. Suppose.
        supposed = await press("4", "a", "5")
        app.screen.post_message(events.Paste(json.dumps(COMMAND)))
        supposed = await press("enter")
        assert "NOT RECORDED" in supposed
        assert "✓ 800 GateDecided.v1" in supposed
        assert len(that_day.entries) == ANNOUNCED
        await press("ctrl+s")
        assert len(that_day.entries) == ANNOUNCED, "a draft is kept, and nothing is sent"

        # 4. Record, from the draft.
        form = await press("n", "enter")
        assert "AI-0001" in form
        assert "pivot" in form
        exact = await press("ctrl+s")
        assert len(that_day.entries) == ANNOUNCED
        assert "GateDecided" in exact
        await press("enter")
        assert len(that_day.entries) == ANNOUNCED + 1
        recorded = json.loads(that_day.entries[-1].payload)
        assert (recorded["type"], recorded["actor"], recorded["data"]["pivot"]) == ("GateDecided.v1", "chike", PIVOT)
        assert not refusals.entries

        # 5. Replay it as an auditor.
        await app.refresh_session()
        card = await press("2", "l")
        assert "GateDecided  initiative/AI-0001" in card
        assert "authority grants 38" in card
        assert "chike" in card
        app.screen.query_one("#state").focus()
        await press("enter")
        assert app.head.sequence < ANNOUNCED, "the decision that had set the value before"
        await press("u", "f", *"Pivot", "tab", *"no cost", "ctrl+s")
        assert [(found.sequence, found.title) for found in session.found] == [(ANNOUNCED + 1, "Pivot")]
        assert len(that_day.entries) == ANNOUNCED + 1

        # 6. Prove what can be proved today.
        await press("3", "v")
        app.screen.shown()  # it looks ten times a second by itself
        proved = await press()
        assert f"nothing differs ✓ at sequence {ANNOUNCED + 1}" in proved
        assert "NOT CHECKED" in proved


def test_the_page_names_the_keys_the_test_presses() -> None:
    page = DAY.read_text()
    for key in (str(ANNOUNCED), "2", "4", "a", "5", "ctrl+s", "n", "enter", "l", "u", "f", "3", "v"):
        assert f"`{key}`" in page, key
