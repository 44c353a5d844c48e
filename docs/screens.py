"""Make the pictures of the screens: `uv run python docs/screens.py`. They are SVG, drawn from the demo's history.

The demo is told into memory, at its own times, and the application is drawn without a terminal, so the pictures are
the same on every machine.
"""

from __future__ import annotations

import asyncio
import datetime
import re
import tempfile
from pathlib import Path
from typing import NamedTuple

from ledger import demo as story
from ledger.findings import Findings
from ledger.store import MemoryStore
from ledger.writer import Writer
from projections.replica import Replica
from tui.app import LedgerApp, Mode
from tui.model.glyphs import UNICODE
from tui.model.head import Head
from tui.session import Session

HERE = Path(__file__).parent / "screens"
NOW = datetime.datetime(2026, 11, 20, 18, 0, tzinfo=datetime.UTC)


class Picture(NamedTuple):
    """One picture: its name, the mode, the sequence it is drawn at, and the keys pressed before it is."""

    name: str
    mode: Mode
    sequence: int
    keys: tuple[str, ...] = ()


PICTURES = (
    Picture("replay", "replay", 258),
    Picture("board", "board", 1773),
    Picture("verify", "verify", 1773, ("v",)),
    Picture("what-if", "suppose", 1773),
)


async def told() -> MemoryStore:
    """Return the demo's history."""
    store, script = MemoryStore(), list(story.steps())
    writer = Writer(story.PORTFOLIO, store, story.clock(script, lambda: writer.book.sequence))
    await writer.catch_up()
    async for _ in writer.submit_each(step.line for step in script):
        pass
    return store


async def picture(store: MemoryStore, wanted: Picture, directory: Path) -> str:
    """Return a screen as SVG, without the fonts it would fetch from elsewhere."""
    replica = Replica(story.PORTFOLIO)
    replica.extend([entry.payload for entry in store.entries])
    beside = Findings(story.PORTFOLIO, MemoryStore("findings"))
    session = Session(replica, store, directory, actor="pmo", clock=lambda: NOW, findings=beside)
    head = Head(session.line, session.line.tip, live=True)
    head.to(wanted.sequence)
    app = LedgerApp(session, UNICODE, mode=wanted.mode, head=head)
    async with app.run_test(size=(120, 36)) as pilot:
        for key in ("", *wanted.keys):
            if key:
                await pilot.press(key)
            for _ in range(4):
                await pilot.pause()
                await app.workers.wait_for_complete()
        drawn = app.export_screenshot(title=f"Portfolio Ledger: {wanted.name}")
    return re.sub(r"@font-face \{.*?\}\s*", "", drawn, flags=re.DOTALL)


async def main() -> None:
    """Draw every picture."""
    store = await told()
    HERE.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as directory:
        for wanted in PICTURES:
            (HERE / f"{wanted.name}.svg").write_text(await picture(store, wanted, Path(directory)))
            print(HERE / f"{wanted.name}.svg")


if __name__ == "__main__":
    asyncio.run(main())
