"""The published schemas, and readers that are not ours: what we write, they take, and what they refuse, so do we."""

from __future__ import annotations

import json
import re
from functools import cache
from typing import Any

import jsonschema
import pytest
from cloudevents.core.formats.json import JSONFormat
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator, FormatChecker

from schemas import publish
from schemas.commands import BY_TYPE
from schemas.events import FACTS
from schemas.receipts import Accepted, Reason, Receipt, Refused, receipt_as_dict
from tests.fixed_history import every_type_history
from tests.histories import histories
from tests.teller import Ran, run

DOCUMENTS = publish.documents()
COMMANDS = sorted(BY_TYPE)
EVENTS = [fact.TYPE for fact in FACTS]


@cache
def validator(path: str) -> Draft202012Validator:
    return Draft202012Validator(DOCUMENTS[path], format_checker=FormatChecker())


@cache
def ran() -> Ran:
    return run(every_type_history())


@cache
def one_of_each(kind: str) -> dict[str, Any]:
    """Return an accepted command, or a stored event, of each type."""
    lines = every_type_history() if kind == "commands" else ran().payloads
    return {(told := json.loads(line))["type"]: told for line in lines}


def problem(path: str, told: Any) -> str | None:
    """Return the first thing a foreign validator finds wrong, None where it finds nothing."""
    error = jsonschema.exceptions.best_match(validator(path).iter_errors(told))
    return None if error is None else f"{path}: {error.json_path}: {error.message}"


def assert_valid(path: str, told: Any) -> None:
    assert problem(path, told) is None


def assert_all_valid(history: Ran, lines: list[bytes]) -> None:
    for payload in history.payloads:
        told = json.loads(payload)
        assert_valid(f"events/{told['type']}.json", told)
    for line, receipt in zip(lines, history.receipts, strict=True):
        assert_receipt_is_valid(receipt)
        if isinstance(receipt, Accepted):
            command = json.loads(line)
            assert_valid(f"commands/{command['type']}.json", command)


def assert_receipt_is_valid(receipt: Receipt) -> None:
    assert_valid("receipts/Receipt.v1.json", json.loads(json.dumps(receipt_as_dict(receipt))))


# What is published.


def test_what_is_published_is_what_the_code_says(capsys: pytest.CaptureFixture[str]) -> None:
    assert (publish.main(["--check"]), capsys.readouterr().out.strip()) == (0, "")


def test_there_is_a_document_for_every_event_command_and_receipt() -> None:
    wanted = {f"events/{name}.json" for name in EVENTS} | {f"commands/{name}.json" for name in COMMANDS}
    assert set(DOCUMENTS) == wanted | {"receipts/Receipt.v1.json"}
    published = {str(path.relative_to(publish.FOLDER)) for path in publish.FOLDER.rglob("*.json")}
    assert published == {*DOCUMENTS, *publish.besides(), "index.json"}


def test_a_stale_document_is_noticed(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publish, "FOLDER", tmp_path)
    assert publish.main(["--check"]) == 1
    assert publish.main([]) == 0
    assert publish.main(["--check"]) == 0
    (tmp_path / "events" / "Old.v1.json").write_text("{}")
    assert publish.main(["--check"]) == 1


@pytest.mark.parametrize("path", DOCUMENTS)
def test_every_document_is_a_schema_of_2020_12(path: str) -> None:
    schema = DOCUMENTS[path]
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    Draft202012Validator.check_schema(schema)
    assert schema["title"] == path.rpartition("/")[2].removesuffix(".json")


def test_every_document_has_a_name_of_its_own() -> None:
    names = [schema["$id"] for schema in DOCUMENTS.values()]
    assert len(set(names)) == len(names)


# What we write is valid.


def test_everything_of_a_history_of_every_type_is_valid() -> None:
    assert set(one_of_each("commands")) == set(COMMANDS)
    assert set(one_of_each("events")) == set(EVENTS)
    assert_all_valid(ran(), every_type_history())


@given(histories(max_commands=15))
@settings(deadline=None, max_examples=25)
def test_law_everything_of_any_history_is_valid(lines: list[bytes]) -> None:
    assert_all_valid(run(lines), lines)


@given(st.sampled_from([*Reason]), st.dictionaries(st.text(), st.integers() | st.text() | st.dates(), max_size=3))
@settings(deadline=None, max_examples=50)
def test_law_every_refusal_is_valid(reason: Reason, detail: dict[str, Any]) -> None:
    told = Refused(reason)
    told.detail = detail
    assert_receipt_is_valid(told)


# What they refuse, we do not write.


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_with_a_misspelt_field_is_not_valid(name: str) -> None:
    command = one_of_each("commands")[name]
    path = f"commands/{name}.json"
    assert problem(path, command) is None
    assert problem(path, command | {"acter": "ana"}) is not None
    assert problem(path, command | {"data": command["data"] | {"initative": "AI-1"}}) is not None
    for field in command["data"]:
        misspelt = {key + "s" if key == field else key: value for key, value in command["data"].items()}
        assert problem(path, command | {"data": misspelt}) is not None


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_without_what_it_needs_is_not_valid(name: str) -> None:
    command = one_of_each("commands")[name]
    for field in ("type", "portfolio", "commandid", "actor", "subject", "time", "data"):
        assert problem(f"commands/{name}.json", {k: v for k, v in command.items() if k != field}) is not None


@pytest.mark.parametrize("name", EVENTS)
def test_an_event_may_have_a_field_more_and_none_less(name: str) -> None:
    event = one_of_each("events")[name]
    path = f"events/{name}.json"
    assert_valid(path, event | {"addedlater": "x", "data": event["data"] | {"added_later": 1}})
    for field in ("type", "specversion", "id", "source", "subject", "time", "recordedtime", "sequence", "data"):
        assert problem(path, {key: value for key, value in event.items() if key != field}) is not None


@pytest.mark.parametrize(
    ("field", "bad"),
    [
        ("specversion", "0.3"),
        ("id", "short"),
        ("subject", "Initiative/AI-1"),
        ("subject", "initiative/AI 1"),
        ("time", 3),
        ("recordedtime", 3),
        ("sequence", "4"),
        ("sequence", "000000000000000x"),
        ("actor", "ana maria"),
        ("commandid", ""),
        ("basis", "guessed"),
        ("flags", "over envelope"),
        ("grants", "a"),
        ("policy", "x"),
        ("command", "x" * 20_001),
    ],
)
def test_an_envelope_that_breaks_its_patterns_is_not_valid(field: str, bad: Any) -> None:
    for name in EVENTS:
        assert problem(f"events/{name}.json", one_of_each("events")[name] | {field: bad}) is not None


@pytest.mark.parametrize("amount", [1.5, "1", True, None, 10**15 + 1])
def test_money_that_is_no_integer_in_range_is_not_valid(amount: Any) -> None:
    for kind, name in (("events", "FundingApproved.v1"), ("commands", "ApproveFunding.v1")):
        told = one_of_each(kind)[name]
        bad = told | {"data": told["data"] | {"amount": {"minor": amount, "currency": "USD"}}}
        assert problem(f"{kind}/{name}.json", bad) is not None


def test_instants_and_days_say_that_they_are() -> None:
    for name in EVENTS:
        envelope = DOCUMENTS[f"events/{name}.json"]["properties"]
        assert {envelope[field]["format"] for field in ("time", "recordedtime")} == {"date-time"}
    for name in COMMANDS:
        assert DOCUMENTS[f"commands/{name}.json"]["properties"]["time"]["format"] == "date"


def test_a_receipt_is_accepted_or_refused() -> None:
    path = "receipts/Receipt.v1.json"
    receipts = (ran().receipts[0], Refused(Reason.NOT_OPEN, portfolio="x"))
    accepted, refused = (json.loads(json.dumps(receipt_as_dict(each))) for each in receipts)
    assert problem(path, accepted) is None
    assert problem(path, refused) is None
    for bad in ({}, {"status": "perhaps"}, refused | {"reason": "BAD_MOOD"}, {"status": "accepted"}):
        assert problem(path, bad) is not None


# CloudEvents, as their own SDK reads them.


def test_the_cloudevents_sdk_reads_every_event() -> None:
    reader = JSONFormat()
    for payload, event in zip(ran().payloads, ran().events, strict=True):
        read, told = reader.read(None, payload), json.loads(payload)
        assert (read.get_id(), read.get_type(), read.get_source()) == (event.id, event.data.TYPE, event.source)
        assert (read.get_subject(), read.get_time()) == (event.subject, event.time)
        assert (read.get_specversion(), read.get_data()) == ("1.0", told["data"])
        others = set(told) - {"id", "type", "source", "subject", "time", "specversion", "data"}
        assert {name: read.get_extension(name) for name in others} == {name: told[name] for name in others}


def test_attribute_names_are_those_of_cloudevents() -> None:
    for path in (path for path in DOCUMENTS if path.startswith("events/")):
        names = set(DOCUMENTS[path]["properties"]) - {"data"}
        assert not [name for name in names if not re.fullmatch("[a-z0-9]{1,20}", name)]


def test_every_attribute_is_of_a_type_that_cloudevents_has() -> None:
    for payload in ran().payloads:
        told = json.loads(payload)
        assert all(isinstance(value, str) and value for name, value in told.items() if name != "data")
        assert not any(character < " " for name, value in told.items() if name != "data" for character in value)
