"""Old versions, read as today's: an invented one, since every version there is is today's."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from ledger.book import Book
from ledger.evolve import evolve
from schemas import codec, subjects
from schemas.codec import ForeignEntry, Lift
from schemas.envelope import Recorded
from tests.teller import events_of
from tests.words import PORTFOLIO, approve, fund, propose

SOURCE = subjects.source(PORTFOLIO)


@pytest.fixture
def two_old_versions(monkeypatch: pytest.MonkeyPatch) -> None:
    """An approval once gave whole dollars, then minor units without a currency."""

    def in_minor(event: dict[str, Any]) -> dict[str, Any]:
        data = event["data"]
        return {**{key: each for key, each in data.items() if key != "dollars"}, "minor": data["dollars"] * 100}

    def in_money(event: dict[str, Any]) -> dict[str, Any]:
        data = event["data"]
        left = {key: each for key, each in data.items() if key != "minor"}
        return {**left, "amount": {"minor": data["minor"], "currency": "USD"}}

    monkeypatch.setitem(codec.LIFTS, "Approved.v1", Lift("Approved.v2", in_minor))
    monkeypatch.setitem(codec.LIFTS, "Approved.v2", Lift("FundingApproved.v1", in_money))


def story() -> list[Recorded]:
    said = (("2026-01-12", fund("claims", 500)), ("2026-01-12", propose("AI-1")))
    return events_of(*said, ("2026-01-20", approve("AI-1", "claims", 500)))


def old(version: str, **amount: Any) -> bytes:
    """The approval as an old version had it, at sequence 4."""
    told = json.loads(codec.encode(story()[3]))
    data = {key: value for key, value in told["data"].items() if key != "amount"} | amount
    return json.dumps(told | {"type": version, "data": data}).encode()


def test_an_old_version_is_foreign_to_who_has_no_step_for_it() -> None:
    with pytest.raises(ForeignEntry, match="entry 4 is no event"):
        codec.decode_at(old("Approved.v1", dollars=5), SOURCE, 4)


@pytest.mark.usefixtures("two_old_versions")
def test_an_old_version_is_lifted_step_by_step_to_todays() -> None:
    for payload in (old("Approved.v1", dollars=5), old("Approved.v2", minor=500)):
        assert codec.decode_at(payload, SOURCE, 4) == story()[3]


@pytest.mark.usefixtures("two_old_versions")
def test_old_and_new_stand_side_by_side() -> None:
    payloads = [*map(codec.encode, story()[:3]), old("Approved.v1", dollars=5), old("Approved.v2", minor="5")]
    events, foreign = codec.decode_all(payloads, SOURCE, 1)
    assert events == story()
    assert foreign == [5]


@pytest.mark.usefixtures("two_old_versions")
def test_what_is_lifted_is_as_strict_as_what_is_not() -> None:
    for payload in (
        old("Approved.v1", dollars=5, colour="red"),
        old("Approved.v1", dollars="5"),
        old("Approved.v1"),
        old("Approved.v2", minor=5.5),
        old("Approved.v3", minor=5),
        old("Approved.v1", dollars=5).replace(b"AI-1", b"AI-2", 1),
        old("Approved.v1", dollars=5).replace(b'"0000000000000004"', b'"0000000000000005"'),
        json.dumps({"type": "Approved.v1"}).encode(),
        json.dumps({"type": "Approved.v1", "data": []}).encode(),
    ):
        with pytest.raises(ForeignEntry, match="entry 4"):
            codec.decode_at(payload, SOURCE, 4)


@pytest.mark.usefixtures("two_old_versions")
def test_what_is_hashed_is_what_was_stored() -> None:
    payload = old("Approved.v1", dollars=5)
    books = [Book(PORTFOLIO), Book(PORTFOLIO)]
    for book in books:
        for event in story()[:3]:
            evolve(book, event)
    evolve(books[0], codec.decode_at(payload, SOURCE, 4), payload)
    evolve(books[1], story()[3])
    assert books[0].sums == books[1].sums
    assert books[0].frontier.root() != books[1].frontier.root()


@pytest.mark.usefixtures("two_old_versions")
def test_todays_events_never_reach_a_step(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(_: bytes) -> bytes:
        raise AssertionError("an event of today was lifted")

    monkeypatch.setattr(codec, "lift", never)
    payloads = [*map(codec.encode, story())]
    assert codec.decode_all(payloads, SOURCE, 1) == (story(), [])


@pytest.mark.usefixtures("two_old_versions")
def test_bytes_that_are_of_no_version_are_not_lifted() -> None:
    for payload in (b"[]", b"1", b'{"type":1}', b'{"type":["Approved.v1"]}', codec.encode(story()[3])):
        assert codec.lift(payload) is None
    with pytest.raises(msgspec.DecodeError):
        codec.lift(b"{")
