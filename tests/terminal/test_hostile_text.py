"""Hostile text in every field of every event: it is shown, and it moves nothing.

One event of each type is stored again with every text in it replaced that a foreign program could have replaced: what
still decodes may hold escape sequences, a clipboard write, bidirectional marks, markup links and invisible letters.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from ledger.store import MemoryStore, Stored
from projections.views import VIEWS, Question, ask
from schemas import codec
from tests.terminal.conftest import SIGNS, head_of, read_only, screen_text, session_of
from tests.terminal.test_replay_screen import replaying
from tui import plain
from tui.plain_replay import replay_text, transcript
from tui.reports import verification_report

HOSTILE = "a\x1b]0;owned\x07\x1b[2J\x9b31m\u202egnp\u200b\u2066[@click=app.quit]x[/] \x1b]52;c;aGk=\x07 👩‍💻\r\n\x00é"
FORBIDDEN = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]")


def leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the path of every text in a JSON value."""
    if isinstance(value, str):
        yield path
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from leaves(inner, (*path, key))
    elif isinstance(value, list):
        for place, inner in enumerate(value):
            yield from leaves(inner, (*path, place))


def replaced(value: Any, path: tuple[Any, ...], text: str) -> Any:
    """Return the same value with another text at a path."""
    if not path:
        return text
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = replaced(value[path[0]], path[1:], text)
    return copy


def spoilt(payload: bytes, sequence: int) -> tuple[bytes, int]:
    """Return an event with every text replaced that may be, and how many that were."""
    event, count = msgspec.json.decode(payload), 0
    for path in list(leaves(event)):
        tried = replaced(event, path, HOSTILE)
        try:
            codec.decode(msgspec.json.encode(tried), portfolio="demo", sequence=sequence)
        except codec.ForeignEntry:
            continue
        event, count = tried, count + 1
    return msgspec.json.encode(event), count


@pytest.fixture(scope="module")
def hostile_history(told_demo: MemoryStore) -> tuple[MemoryStore, list[int]]:
    """The demo with one event of each type spoilt, the one with the most texts, and their sequences."""
    store, places, texts = MemoryStore(), [], 0
    store.entries = list(told_demo.entries)
    richest: dict[str, tuple[int, int]] = {}
    for place, entry in enumerate(store.entries):
        event = msgspec.json.decode(entry.payload)
        richest[event["type"]] = max(richest.get(event["type"], (0, 0)), (len(list(leaves(event))), -place))
    for place in sorted(-place for _, place in richest.values()):
        entry = store.entries[place]
        payload, count = spoilt(entry.payload, entry.sequence)
        store.entries[place] = Stored(entry.sequence, entry.subject, payload)
        places.append(entry.sequence)
        texts += count
    assert len(places) == 34
    assert texts > 90
    return store, places


def test_clean_text_has_nothing_forbidden_left() -> None:
    assert FORBIDDEN.search(HOSTILE)


async def test_no_screen_of_any_event_shows_what_a_terminal_would_obey(hostile_history, tmp_path: Path) -> None:
    store, places = hostile_history
    async with replaying(read_only(store), tmp_path, places[0], (120, 50)) as (app, _, press):
        for sequence in places:
            app.screen._moving(lambda sequence=sequence: app.head.to(sequence))
            await press()
            text = screen_text(app)
            assert not FORBIDDEN.search(text), sequence
            assert f"Decision {sequence:,}" in text
            assert app.screen.seen.card[-1].text == "contains hidden characters", sequence


async def test_no_plain_text_of_any_event_does_either(hostile_history, tmp_path: Path) -> None:
    store, places = hostile_history
    session = session_of(read_only(store), tmp_path)
    for sequence in places:
        text = await replay_text(session, head_of(session, sequence), SIGNS)
        assert not FORBIDDEN.search(text), sequence
        assert "contains hidden characters !" in text, sequence


async def test_no_comparison_of_two_moments_does(hostile_history, tmp_path: Path) -> None:
    store, places = hostile_history
    session = session_of(read_only(store), tmp_path)
    text = await transcript(session, session.moment(0), session.now(), SIGNS)
    assert not FORBIDDEN.search(text)
    assert "<U+001B>" in text
    async with replaying(read_only(store), tmp_path, places[-1], (200, 50)) as (app, _, press):
        app.head.a = 1
        await press("c")
        changes = app.screen.query_one("#changes")
        assert any("<U+001B>" in row.opens.title for row in changes.lines)
        for row in [row.opens for row in changes.lines if "<U+" in "".join(map(str, row.opens))]:
            await app.screen.tell(row).wait()
            assert not FORBIDDEN.search(screen_text(app)), row


async def test_no_verification_does(hostile_history, tmp_path: Path) -> None:
    store, _ = hostile_history
    async with replaying(read_only(store), tmp_path, 1) as (app, _, press):
        await press("3", "d")
        assert "decided again" in screen_text(app)
        assert len(app.verifying.check.problems) == 1
        assert not FORBIDDEN.search(screen_text(app))
        assert not FORBIDDEN.search(verification_report(app.session, app.verifying.check)[0])


@pytest.mark.parametrize("name", list(VIEWS))
def test_no_view_does(hostile_history, tmp_path: Path, name: str) -> None:
    store, _ = hostile_history
    session = session_of(read_only(store), tmp_path)
    answer = ask(session.replica, Question(name, initiative="AI-0001"), session.now())
    assert not FORBIDDEN.search(plain.screen(answer))
