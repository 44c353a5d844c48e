"""The demo's history in a store that is only read, and the screens over it as text."""

from __future__ import annotations

import asyncio
import datetime
import functools
import os
from collections.abc import Sequence
from pathlib import Path

import pytest

from ledger import demo as story
from ledger.findings import Findings
from ledger.store import Draft, MemoryStore
from ledger.writer import Writer
from projections.replica import Replica
from tests.terminal import quiet
from tests.terminal.quiet import settled as settled
from tui.model.glyphs import UNICODE, Glyphs
from tui.model.head import Head
from tui.session import Session

GOLDEN = Path(__file__).parent / "golden"
NOW = datetime.datetime(2026, 11, 20, 18, 0, tzinfo=datetime.UTC)
"""The evening on which the demo's story ends."""


class ReadOnlyStore(MemoryStore):
    """A store that must not be written to."""

    async def append(self, entries: Sequence[Draft], *, expected_sequence: int) -> int:
        raise AssertionError(f"a screen wrote {len(entries)} entries after {expected_sequence}")


def read_only(entries: MemoryStore) -> ReadOnlyStore:
    """Return the same entries, which now can only be read."""
    store = ReadOnlyStore(entries.name)
    store.entries = list(entries.entries)
    return store


@pytest.fixture(autouse=True)
def waiting_is_looking(monkeypatch: pytest.MonkeyPatch) -> None:
    """A pilot waits until an application stands still, and no longer."""
    quiet.install(monkeypatch)


@pytest.fixture
def anyio_backend() -> str:
    """What async tests run on."""
    return "asyncio"


@pytest.fixture(scope="session")
def told_demo() -> MemoryStore:
    """The demo, told once."""

    async def told() -> MemoryStore:
        store, script = MemoryStore(), list(story.steps())
        writer = Writer(story.PORTFOLIO, store, story.clock(script, lambda: writer.book.sequence))
        await writer.catch_up()
        async for _ in writer.submit_each(step.line for step in script):
            pass
        return store

    return asyncio.run(told())


@pytest.fixture
def demo_store(told_demo: MemoryStore) -> ReadOnlyStore:
    """The demo's entries, which can only be read."""
    return read_only(told_demo)


TOLD = 1_816
"""Events of the demo."""


@functools.lru_cache(maxsize=4)
def told_replica(portfolio: str, payloads: tuple[bytes, ...]) -> Replica:
    """Return a replica of a whole story, made once: nothing is added to it."""
    return replica_of(portfolio, payloads)


def replica_of(portfolio: str, payloads: tuple[bytes, ...]) -> Replica:
    """Return a replica of some entries."""
    replica = Replica(portfolio)
    if payloads:
        replica.extend(payloads)
    return replica


def session_of(
    store: MemoryStore,
    directory: Path,
    portfolio: str = story.PORTFOLIO,
    findings: Findings | None = None,
    *,
    shared: bool = True,
) -> Session:
    """Return a session over a store, at the end of the demo's story. shared: its replica is not added to."""
    payloads = tuple(entry.payload for entry in store.entries)
    shared = shared and len(payloads) == TOLD
    replica = told_replica(portfolio, payloads) if shared else replica_of(portfolio, payloads)
    return Session(replica, store, directory, actor="pmo", clock=lambda: NOW, findings=findings)


def head_of(session: Session, sequence: int | None = None) -> Head:
    """Return a head at a sequence, at the tip where none is given."""
    head = Head(session.line, session.line.tip, live=True)
    if sequence is not None:
        head.to(sequence)
    return head


def screen_text(app: object) -> str:
    """Return what stands on the screen of a Textual application, line by line, without blanks at the end."""
    strips = app.screen._compositor.render_strips()  # type: ignore[attr-defined]
    return "\n".join(strip.text.rstrip() for strip in strips) + "\n"


def equals_golden(name: str, text: str) -> None:
    """Compare a text with a golden file; with PORTFOLIO_GOLDEN=write in the environment, write it."""
    file = GOLDEN / f"{name}.txt"
    if os.environ.get("PORTFOLIO_GOLDEN") == "write":
        file.parent.mkdir(exist_ok=True)
        file.write_text(text)
    assert text == file.read_text(), f"{file} is not what the screen shows; read both, then PORTFOLIO_GOLDEN=write"


SIGNS: Glyphs = UNICODE
