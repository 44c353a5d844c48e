"""Events as bytes: what is stored is read again, and what is no event of ours is foreign."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import msgspec
import pytest

from schemas import codec, subjects
from schemas.codec import ForeignEntry, decode, encode
from schemas.envelope import RECORDED, Recorded
from schemas.events import FACTS, EntryReversed, FundingApproved
from tests.fixed_history import every_type_history
from tests.teller import events_of, record
from tests.words import PORTFOLIO, approve, fund, propose

ENVELOPE = [field.encode_name for field in msgspec.structs.fields(Recorded)]


@cache
def history() -> tuple[Recorded, ...]:
    return tuple(record(every_type_history()))


@cache
def stored() -> bytes:
    """An approval, at sequence 4."""
    said = (
        ("2026-01-12", fund("claims", 5)),
        ("2026-01-12", propose("AI-1")),
        ("2026-01-20", approve("AI-1", "claims", 5)),
    )
    return encode(events_of(*said)[3])


def read(payload: bytes, *, portfolio: str = PORTFOLIO, sequence: int = 4) -> Recorded:
    return decode(payload, portfolio=portfolio, sequence=sequence)


def changed(**changes: Any) -> bytes:
    """The approval with other fields; None leaves one out."""
    told = json.loads(stored()) | changes
    return json.dumps({name: value for name, value in told.items() if value is not None}).encode()


def with_data(**changes: Any) -> bytes:
    return changed(data=json.loads(stored())["data"] | changes)


def foreign(payload: bytes, says: str = "entry 4", **place: Any) -> None:
    with pytest.raises(ForeignEntry, match=says):
        read(payload, **place)


# What is ours.


def test_what_was_encoded_is_decoded() -> None:
    assert {type(event.data) for event in history()} == set(FACTS)
    for event in history():
        assert decode(encode(event), portfolio=PORTFOLIO, sequence=event.at) == event


def test_what_was_decoded_is_encoded_to_the_same_bytes() -> None:
    for event in history():
        payload = encode(event)
        assert encode(decode(payload, portfolio=PORTFOLIO, sequence=event.at)) == payload


def test_an_event_is_one_line_of_json_with_its_keys_in_the_order_of_the_envelope() -> None:
    order = ["type", *ENVELOPE]
    for event in history():
        payload = encode(event)
        assert b"\n" not in payload
        keys = [*json.loads(payload)]
        assert keys == [name for name in order if name in keys]
        data = [*json.loads(payload)["data"]]
        fields = [field.encode_name for field in msgspec.structs.fields(type(event.data))]
        assert data == [name for name in fields if name in data]


def test_defaults_are_left_out() -> None:
    assert json.loads(stored()) == {
        "type": "FundingApproved.v1",
        "specversion": "1.0",
        "id": json.loads(stored())["id"],
        "source": "/portfolio/law",
        "subject": "initiative/AI-1",
        "time": "2026-01-20T00:00:00Z",
        "recordedtime": "2026-01-12T23:21:00.000369Z",
        "sequence": "0000000000000004",
        "actor": "ana",
        "commandid": "c-4",
        "basis": "ordinary",
        "rules": "1",
        "flags": "NO_AUTHORITY",
        "command": json.loads(stored())["command"],
        "data": {
            "initiative": "AI-1",
            "envelope": "claims",
            "kind": "tranche",
            "amount": {"minor": 5, "currency": "USD"},
            "capex_opex": "opex",
        },
    }


def test_a_field_that_holds_its_default_is_read_like_one_that_is_absent() -> None:
    assert read(with_data(conditions=[])) == read(stored())
    assert encode(read(with_data(conditions=[], tranche=None))) == stored()


def test_numbers_are_integers() -> None:
    for event in history():
        json.loads(encode(event), parse_float=pytest.fail)


def test_every_fact_has_its_own_envelope_and_a_version() -> None:
    assert [*RECORDED] == [*FACTS]
    types = [fact.TYPE for fact in FACTS]
    assert len(set(types)) == len(types)
    assert all(name == f"{fact.__name__}.v1" for name, fact in zip(types, FACTS, strict=True))


def test_a_type_is_read_wherever_it_stands() -> None:
    told = json.loads(stored())
    turned = json.dumps(dict(reversed(told.items()))).encode()
    assert read(turned) == read(stored())


# What is foreign.


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"\x00",
        b"\xff\xfe",
        b"not json",
        b"[]",
        b"null",
        b"{}",
        b"{" * 1_000,
        stored()[:-1],
        stored() + b"x",
        stored() + b"{}",
        stored().replace(b"AI-1", b"\xff"),
    ],
)
def test_bytes_that_are_no_event_are_foreign(payload: bytes) -> None:
    foreign(payload, "entry 4 is no event")


def test_bytes_that_are_nested_too_deep_are_foreign() -> None:
    foreign(b'{"x":' + b"[" * 20_000 + b"]" * 20_000 + b',"type":"FundingApproved.v1"}', "entry 4 is no event")


def test_an_event_of_another_portfolio_is_foreign() -> None:
    foreign(stored(), "speaks of /portfolio/law, not of /portfolio/other", portfolio="other")
    foreign(changed(source="/portfolio/law/"), "not of /portfolio/law")


def test_an_event_at_another_place_is_foreign() -> None:
    for sequence in (1, 3, 5, 40):
        foreign(stored(), "says that it is 0000000000000004", sequence=sequence)
    foreign(changed(sequence="4"), "no event")
    foreign(changed(sequence=4), "no event")


def test_an_event_under_another_subject_is_foreign() -> None:
    foreign(changed(subject="initiative/AI-2"), "stands under initiative/AI-2, its data under initiative/AI-1")
    foreign(with_data(initiative="AI-2"), "stands under initiative/AI-1, its data under initiative/AI-2")
    foreign(changed(subject="envelope/claims"), "stands under envelope/claims")


@pytest.mark.parametrize(
    "payload",
    [
        changed(colour="red"),
        with_data(colour="red"),
        with_data(amount={"minor": 5, "currency": "USD", "scale": 2}),
        changed(type="FundingApproved.v2"),
        changed(type=None),
        changed(type="ObjectivesSet.v1"),
        changed(actor=None),
        changed(data=None),
        changed(specversion="0.3"),
        changed(basis="guessed"),
        changed(time="2026-01-20"),
        changed(time="2026-01-20T00:00:00"),
        changed(recordedtime=1_768_863_600),
        changed(id="short"),
        changed(rules=0),
    ],
)
def test_an_envelope_that_is_not_exactly_ours_is_foreign(payload: bytes) -> None:
    foreign(payload, "entry 4 is no event")


@pytest.mark.parametrize("minor", ["5.0", "5.5", '"5"', "true", "null", "1e3", str(10**15 + 1), "9" * 40])
def test_money_that_is_no_integer_in_range_is_foreign(minor: str) -> None:
    foreign(stored().replace(b'"amount":{"minor":5', b'"amount":{"minor":' + minor.encode()), "entry 4 is no event")


def test_a_day_is_a_day_in_utc() -> None:
    for time in ("2026-01-20T23:00:00-05:00", "2026-01-20T12:00:00Z", "0001-01-01T00:00:00+14:00"):
        foreign(changed(time=time))


def test_an_instant_that_utc_does_not_have_is_foreign() -> None:
    for instant in ("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"):
        foreign(changed(recordedtime=instant))


# Subjects.


def test_an_event_stands_under_a_subject_that_says_what_it_is() -> None:
    event = read(stored())
    subject = subjects.event(PORTFOLIO, event.subject, event.data.TYPE)
    assert subject == "portfolio.law.event.initiative.AI-1.FundingApproved"
    assert subjects.parse_event(subject) == (PORTFOLIO, event.subject, subjects.bare(FundingApproved.TYPE))


@pytest.mark.parametrize(
    "subject", ["", "portfolio.law.event.initiative.AI-1", "portfolio.law.command.ana.Fund.x", "x.law.event.a.b.C"]
)
def test_another_subject_is_not_ours(subject: str) -> None:
    assert subjects.parse_event(subject) is None


@pytest.mark.parametrize("name", ["", "a.b", "a b", "*", ">", "a/b", "x" * 65, "ä"])
def test_a_name_that_would_change_a_subject_makes_none(name: str) -> None:
    for build in (subjects.stream, subjects.all_events, subjects.source):
        with pytest.raises(ValueError, match="is no id"):
            build(name)
    with pytest.raises(ValueError, match="is no id"):
        subjects.event("law", f"initiative/{name}", "FundingApproved.v1")
    with pytest.raises(ValueError, match="is no id"):
        subjects.command("law", name, "ApproveFunding.v1")
    assert subjects.portfolio_of(f"PORTFOLIO_{name}") is None


def test_a_stream_names_its_portfolio() -> None:
    assert subjects.stream("ai-2026") == "PORTFOLIO_ai-2026"
    assert subjects.portfolio_of("PORTFOLIO_ai-2026") == "ai-2026"
    assert subjects.portfolio_of("TILES_ai-2026") is None
    assert subjects.command("ai-2026", "ana", "ApproveFunding.v1") == "portfolio.ai-2026.command.ana.ApproveFunding"
    assert EntryReversed.TYPE in {event.data.TYPE for event in history()}
    assert codec.decode_at(stored(), "/portfolio/law", 4) == read(stored())
