"""The AsyncAPI document: valid for its own parser, true to the subjects in use, and what we send fits it."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import jsonschema
import pytest

from projections.projector import HEADLINES
from schemas import publish, subjects
from schemas.asyncapi import PATH
from schemas.commands import BY_TYPE
from schemas.envelope import RECORDED
from schemas.receipts import Accepted, EventPlace, Reason, Refused, encode_receipt
from tests.fixed_history import every_type_history
from tests.node import run_script
from tests.program import ROOT
from tests.teller import run


@cache
def document() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(json.dumps(publish.besides()[PATH]))
    assert json.loads((publish.FOLDER / PATH).read_text()) == found, "run python -m schemas.publish"
    return found


def problem(message: str, told: Any) -> str | None:
    """Return the first thing wrong with a message, None where it is what the document says."""
    payload = document()["components"]["messages"][message]["payload"]
    schema = {**payload, "components": document()["components"]}
    error = jsonschema.exceptions.best_match(jsonschema.Draft202012Validator(schema).iter_errors(told))
    return None if error is None else f"{message}: {error.json_path}: {error.message}"


def test_the_asyncapi_parser_finds_nothing_wrong() -> None:
    printed = run_script(ROOT / "tests" / "javascript" / "asyncapi.mjs", publish.FOLDER / PATH)
    assert printed.splitlines() == [str(len(document()["operations"]))]


def test_every_command_and_event_is_a_message_of_its_channel() -> None:
    channels = document()["channels"]
    assert set(channels["command"]["messages"]) == {*BY_TYPE, "SignedCommand"}
    assert set(channels["event"]["messages"]) == {fact.TYPE for fact in RECORDED}


@pytest.mark.parametrize(
    ("channel", "subject"),
    [
        ("command", subjects.command("p", "a", "T")),
        ("event", subjects.event("p", "k/i", "T")),
        ("view", subjects.view("p", "v")),
        ("health", subjects.health("p", "r")),
        ("headline", subjects.bucket_key(subjects.views_bucket("p"), "v")),
    ],
)
def test_the_addresses_are_the_subjects_in_use(channel: str, subject: str) -> None:
    found = document()["channels"][channel]
    named = {"portfolio": "p", "actor": "a", "kind": "k", "id": "i", "view": "v", "role": "r", "type": "T"}
    assert found["address"].format(**named) == subject
    assert set(found["parameters"]) == {name for name in named if f"{{{name}}}" in found["address"]}


def test_whoever_is_asked_answers_on_a_channel_of_its_own() -> None:
    for name, operation in document()["operations"].items():
        assert ("reply" in operation) == (operation["action"] == "receive"), name


def test_what_is_sent_and_stored_fits_the_document() -> None:
    lines = every_type_history()
    for line in lines:
        assert problem(json.loads(line)["type"], json.loads(line)) is None
    for payload in run(lines).payloads:
        assert problem(json.loads(payload)["type"], json.loads(payload)) is None


def test_every_receipt_fits_the_document() -> None:
    accepted = Accepted(7, (EventPlace(7, "id", "FundingApproved.v1"),))
    for receipt in (accepted, *(Refused(reason, field="time") for reason in Reason)):
        assert problem("Receipt", json.loads(encode_receipt(receipt))) is None


def test_how_each_role_says_it_is_fits_the_document() -> None:
    shared = {"portfolio": "p", "ready": True, "waiting": 0}
    for told in (
        {"role": "service", "origin": None, "state": "standby", "active": None, "sequence": 0, "replica": "vm.1.a"},
        {"role": "projector", "state": "active", "sequence": 8},
        {"role": "notary", "state": "sealing", "size": 8, "root": "00", "vkey": "v", "alarm": None},
    ):
        assert problem("Health", shared | told) is None
    assert problem("Health", shared | {"role": "auditor", "state": "active"}) is not None


def test_an_example_fits_its_message() -> None:
    examples = [
        (name, each["payload"])
        for name, message in document()["components"]["messages"].items()
        for each in message.get("examples", ())
    ]
    assert examples
    assert [found for name, payload in examples if (found := problem(name, payload))] == []


def test_the_headline_views_are_told() -> None:
    told = document()["channels"]["headline"]["parameters"]["view"]["description"]
    assert not [name for name in HEADLINES if name not in told]


def test_events_are_cloudevents_to_the_javascript_sdk() -> None:
    payloads = run(every_type_history()).payloads
    printed = run_script(ROOT / "tests" / "javascript" / "cloudevents.mjs", given=b"\n".join(payloads))
    told = [json.loads(payload) for payload in payloads]
    assert printed.splitlines() == [f"{each['type']} {each['sequence']}" for each in told]
