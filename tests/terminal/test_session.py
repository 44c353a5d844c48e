"""A session: when it compresses tables, and what it begins before it is asked."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from ledger.store import StreamUnavailable
from projections.archive import Archive
from projections.replica import Replica
from tests.terminal.conftest import ReadOnlyStore, session_of
from tui import session as sessions


async def test_tables_are_compressed_once_nothing_is_asked_or_when_it_was_put_off_too_long(
    demo_store: ReadOnlyStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now, compressed = [1_000.0], []
    monkeypatch.setattr(sessions, "monotonic", lambda: now[0])
    monkeypatch.setattr(Replica, "compress", lambda _: compressed.append(now[0]))
    session = session_of(demo_store, tmp_path)

    async def refreshed(at: float, *, asking: bool) -> list[float]:
        """Return when it compressed in a refresh so many seconds after it began."""
        compressed.clear()
        now[0] = 1_000.0 + at
        if asking:
            await session.ask(lambda replica: replica.sequence)
        await session.refresh()
        return [each - 1_000.0 for each in compressed]

    assert await refreshed(0.1, asking=True) == []
    assert await refreshed(0.2, asking=False) == []
    assert await refreshed(0.5, asking=False) == [0.5]
    for tenths in range(6, 104):
        assert await refreshed(tenths / 10, asking=True) == []
    assert await refreshed(10.6, asking=True) == [pytest.approx(10.6)]
    assert await refreshed(10.7, asking=True) == []


async def test_what_a_screen_will_ask_is_made_before_it_asks_and_what_cannot_be_made_ends_nothing(
    demo_store: ReadOnlyStore, tmp_path: Path
) -> None:
    session = session_of(demo_store, tmp_path, shared=False)
    session.prepare("no_such_macro statements spend")
    session._threads.shutdown()
    made = {name for name, each in session.replica._standings.items() if each.at >= 0}
    assert {"statements", "spend", "balances"} <= made


@pytest.mark.parametrize("known_to_be_away", [True, False])
async def test_a_stream_that_does_not_answer_is_not_waited_for_where_the_archive_has_the_entry(
    demo_store: ReadOnlyStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, known_to_be_away: bool
) -> None:
    asked: list[int] = []
    answers = asyncio.Event()

    async def silent(*, after: int, until: int) -> AsyncIterator[object]:
        asked.append(until)
        await answers.wait()
        raise StreamUnavailable("the stream is away; start the server")
        yield

    with (archive := Archive(tmp_path)).writing():
        archive.extend([entry.payload for entry in demo_store.entries[:512]])
    session = session_of(demo_store, tmp_path)
    monkeypatch.setattr(demo_store, "read", silent)
    monkeypatch.setattr(sessions, "PATIENCE_S", 0.001)
    if known_to_be_away:
        session.offline = (session.clock(), "away")
    for sequence in (1, 258, 512):
        entry = await session.entry(sequence)
        assert entry is not None
        assert entry.payload == demo_store.entries[sequence - 1].payload
    behind = asyncio.ensure_future(session.entry(513))
    await asyncio.wait({behind}, timeout=0.01)
    assert not behind.done(), "the archive does not reach it, so the stream is waited for"
    answers.set()
    with pytest.raises(StreamUnavailable):
        await behind
    assert asked == ([513] if known_to_be_away else [1, 258, 512, 513])
