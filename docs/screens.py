"""Make the pictures of the screens, as SVG, from the demo: `uv run python docs/screens.py [NAME...]`.

The demo is told into memory, at its own times, and the application is drawn without a terminal, so the pictures are
the same on every machine. tests/terminal/test_pictures.py draws each of them and holds the README to them.
"""

from __future__ import annotations

import asyncio
import datetime
import re
import sys
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, NamedTuple

from textual.app import App
from textual.pilot import Pilot

from ledger import demo as story
from ledger.findings import Findings
from ledger.store import MemoryStore
from ledger.writer import Writer
from projections.replica import Replica
from tui.app import LedgerApp
from tui.model.glyphs import UNICODE
from tui.model.head import Head
from tui.modes import Mode
from tui.session import Session

HERE = Path(__file__).parent / "screens"
NOW = datetime.datetime(2026, 11, 20, 18, 0, tzinfo=datetime.UTC)


class Picture(NamedTuple):
    """One picture: its name, the mode, where it is drawn, as an address, the keys pressed before it is, and by whom."""

    name: str
    mode: Mode
    at: str
    keys: tuple[str, ...] = ()
    actor: str = "pmo"


PICTURES = (
    Picture("board", "board", "tip"),
    Picture("replay", "replay", "2024-03-14"),
    Picture("compare", "replay", "tip", ("c",)),
    Picture("verify", "verify", "tip", ("v",)),
    Picture("what-if", "suppose", "tip", ("o", *"551", "enter")),
    Picture("record", "replay", "AI-0017", ("n", "1", "down", "down", "down", *"50000", "down", *"opex"), "marta"),
    Picture("finding", "replay", "2024-03-14", ("f", *"Dissent")),
    Picture("help", "replay", "tip", ("question_mark",)),
)

Wait = Callable[[App[Any], Pilot[Any]], Awaitable[None]]


async def told() -> MemoryStore:
    """Return the demo's history."""
    store, script = MemoryStore(), list(story.steps())
    writer = Writer(story.PORTFOLIO, store, story.clock(script, lambda: writer.book.sequence))
    await writer.catch_up()
    async for _ in writer.submit_each(step.line for step in script):
        pass
    return store


async def stands_still(app: App[Any], pilot: Pilot[Any]) -> None:
    """Wait until everything that was begun is drawn."""
    for _ in range(4):
        await pilot.pause()
        await app.workers.wait_for_complete()


async def picture(
    replica: Replica, store: MemoryStore, wanted: Picture, directory: Path, wait: Wait = stands_still
) -> str:
    """Return a screen as SVG, without the fonts it would fetch from elsewhere."""
    from tui.going import place_of

    beside = Findings(story.PORTFOLIO, MemoryStore("findings"))
    session = Session(replica, store, directory, actor=wanted.actor, clock=lambda: NOW, findings=beside)
    head = Head(session.line, session.line.tip, live=True)
    if wanted.at != "tip":
        head.to(await place_of(session, head, wanted.at))
    app = LedgerApp(session, UNICODE, mode=wanted.mode, head=head)
    async with app.run_test(size=(120, 36)) as pilot:
        await wait(app, pilot)
        for key in wanted.keys:
            await pilot.press(key)
            await wait(app, pilot)
        return smaller(app.export_screenshot(title=f"Portfolio Ledger: {wanted.name}"))


def smaller(drawn: str) -> str:
    """Return a picture without fonts from elsewhere, a clip for each line, and names that differ each time."""
    drawn = re.sub(r"@font-face \{.*?\}\s*", "", drawn, flags=re.DOTALL)
    drawn = re.sub(r'<clipPath id="[^"]*-line-\d+">.*?</clipPath>\s*', "", drawn, flags=re.DOTALL)
    drawn = re.sub(r' clip-path="url\(#[^)]*-line-\d+\)"', "", drawn)
    drawn = re.sub(r' shape-rendering="crispEdges"', "", drawn)
    return re.sub(r"terminal-\d+", "t", drawn)


async def main(names: list[str]) -> None:
    """Draw the pictures that are named, every one where none is."""
    store = await told()
    replica = Replica(story.PORTFOLIO)
    replica.extend([entry.payload for entry in store.entries])
    HERE.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as directory:
        for wanted in PICTURES:
            if not names or wanted.name in names:
                (HERE / f"{wanted.name}.svg").write_text(await picture(replica, store, wanted, Path(directory)))
                print(HERE / f"{wanted.name}.svg")


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
