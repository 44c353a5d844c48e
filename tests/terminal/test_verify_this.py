"""v in replay: this decision is checked against the archive, and its card says what that shows and what not."""

from __future__ import annotations

from pathlib import Path

import pytest

from ledger.notary.tiles import tile_path
from ledger.store import StreamUnavailable
from projections.archive import Archive
from projections.sync import synced
from tests.terminal.conftest import screen_text
from tests.terminal.test_replay_screen import replaying

ARCHIVED, BEHIND = 258, 1_800


@pytest.fixture
async def directory(demo_store, tmp_path: Path) -> Path:
    """The demo's archive."""
    kept = tmp_path / "data" / "demo"
    await synced(demo_store, kept, "demo")
    assert ARCHIVED <= Archive(kept).head().size < BEHIND
    return kept


@pytest.mark.parametrize("size", [(120, 36), (80, 24)])
async def test_an_archived_decision(demo_store, directory, size) -> None:
    async with replaying(demo_store, directory, ARCHIVED, size) as (app, _, press):
        (before,) = [line for line in app.screen.seen.card if line.label == "proof"]
        assert (before.text[:11], before.standing) == ("NOT CHECKED", "unknown")
        await press("v")
        proof = [line for line in app.screen.seen.card if line.label == "proof" or not line.label]
        assert [line.standing for line in proof] == ["yes", "yes", "yes", "unknown", "yes"]
        assert "strictly ✓" in screen_text(app)  # the card is scrolled to its proof
        assert "NOT SIGNED" in screen_text(app)
        assert all("v checks it" not in line.text for line in app.screen.seen.card)
        await press("full_stop")
        assert "same bytes in" not in screen_text(app)  # another decision was not checked


async def test_a_decision_that_is_not_archived_yet(demo_store, directory) -> None:
    async with replaying(demo_store, directory, BEHIND) as (app, _, press):
        await press("v")
        assert "in the stream only; 1,792 entries are" in screen_text(app)
        assert "decoded again, strictly ✓" in screen_text(app)


async def test_a_decision_whose_hash_was_changed(demo_store, directory) -> None:
    number, place = divmod(ARCHIVED - 1, 256)
    file = directory / tile_path(0, number)
    tile = bytearray(file.read_bytes())
    tile[place * 32] ^= 1
    file.write_bytes(bytes(tile))
    async with replaying(demo_store, directory, ARCHIVED) as (app, _, press):
        await press("v")
        assert "ANOTHER HASH in tile/0/001 !" in screen_text(app)
        await press("comma")
        await press("v")
        assert any("NOT UNDER THE ROOT" in line.text for line in app.screen.seen.card)


async def test_a_stream_that_is_away_proves_nothing(demo_store, directory, monkeypatch) -> None:
    async def away(sequence: int) -> None:
        raise StreamUnavailable("the stream is away; start the server")

    async with replaying(demo_store, directory, ARCHIVED) as (app, _, press):
        monkeypatch.setattr(app.session, "entry", away)
        await press("v")
        assert any("the stream is away" in note.message for note in app._notifications)
        assert "same bytes" not in screen_text(app)
