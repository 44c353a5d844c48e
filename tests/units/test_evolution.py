"""What may change in a published schema: titles, new optional fields, lists that grow. Nothing else."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from schemas import examples, publish, published
from schemas.evolution import digest, forbidden_changes
from tests.fixed_history import every_type_history
from tests.teller import run

DOCUMENTS = publish.documents()
EVENT = "events/FundingApproved.v1.json"
COMMAND = "commands/ApproveFunding.v1.json"
Change = Callable[[dict[str, Any]], object]


@cache
def payloads() -> list[bytes]:
    """Return every approval of a history."""
    return [line for line in run(every_type_history()).payloads if b'"FundingApproved.v1"' in line]


def changed(path: str, change: Change) -> dict[str, Any]:
    document = copy.deepcopy(DOCUMENTS[path])
    change(document)
    return document


def data_of(document: dict[str, Any]) -> dict[str, Any]:
    """What the data of an event or command looks like."""
    found: dict[str, Any] = document["properties"]["data"]
    return document["$defs"][found["$ref"].rpartition("/")[2]] if "$ref" in found else found


def forbidden(change: Change, says: str, *, path: str = EVENT) -> None:
    now = changed(path, change)
    told = forbidden_changes(DOCUMENTS[path], now)
    assert [each for each in told if says in each], told
    assert digest(now) != digest(DOCUMENTS[path])


def allowed(change: Change, *, path: str = EVENT) -> dict[str, Any]:
    now = changed(path, change)
    assert forbidden_changes(DOCUMENTS[path], now) == []
    return now


# What may change.


def test_words_for_people_may_change_and_are_not_frozen() -> None:
    def reword(document: dict[str, Any]) -> None:
        document["title"] = document["description"] = "Other words."
        data_of(document)["description"] = "Other words."
        data_of(document)["properties"]["tranche"]["examples"] = ["second"]

    assert digest(allowed(reword)) == digest(DOCUMENTS[EVENT])


def test_a_field_may_be_called_title_or_description() -> None:
    path = "events/InitiativeProposed.v1.json"
    forbidden(lambda document: data_of(document)["properties"].pop("title"), "data.title: is gone", path=path)


def test_a_class_may_have_another_name() -> None:
    text = json.dumps(DOCUMENTS[EVENT]).replace('"FundingApproved"', '"Granted"')
    renamed = json.loads(text.replace("$defs/FundingApproved", "$defs/Granted"))
    assert renamed != DOCUMENTS[EVENT]
    assert digest(renamed) == digest(DOCUMENTS[EVENT])


@pytest.mark.parametrize("path", [EVENT, COMMAND])
def test_an_optional_field_may_be_added(path: str) -> None:
    field = {"anyOf": [{"type": "string"}, {"type": "null"}], "default": None}
    for where in (lambda document: document, data_of):
        now = allowed(lambda document, where=where: where(document)["properties"].update(added_later=field), path=path)
        assert digest(now) != digest(DOCUMENTS[path])


def test_the_reasons_of_a_refusal_may_grow() -> None:
    def reasons(document: dict[str, Any]) -> list[str]:
        found: list[str] = document["$defs"]["Refused"]["properties"]["reason"]["enum"]
        return found

    path = "receipts/Receipt.v1.json"
    allowed(lambda document: reasons(document).append("BAD_MOOD"), path=path)
    forbidden(lambda document: reasons(document).remove("NOT_OPEN"), "enum was", path=path)


# What may not.


def test_what_may_not_change_is_told_by_its_field() -> None:
    def field(name: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
        return lambda document: data_of(document)["properties"][name]

    new = {"type": "string"}
    forbidden(lambda document: data_of(document)["properties"].pop("tranche"), "data.tranche: is gone")
    forbidden(lambda document: data_of(document)["required"].remove("kind"), "data.kind: is optional now")
    forbidden(lambda document: data_of(document)["required"].append("tranche"), "data.tranche: is needed now")
    forbidden(lambda document: field("kind")(document)["enum"].append("gift"), "data.kind: enum was")
    forbidden(lambda document: field("conditions")(document).update(default=None), "data.conditions: default was")
    forbidden(lambda document: document["properties"]["rules"].update(type="integer"), "rules: type was")
    forbidden(lambda document: document["properties"]["actor"].update(maxLength=99), "actor: maxLength was 64, is 99")
    forbidden(lambda document: document["properties"]["decidedon"]["anyOf"][0].update(format="time"), "decidedon: form")
    forbidden(lambda document: document.update({"$id": "urn:other"}), "the whole: $id was")

    def needed(document: dict[str, Any]) -> None:
        data_of(document)["properties"]["added"] = new
        data_of(document)["required"].append("added")

    forbidden(needed, "data.added: is new and needed")


def test_the_order_of_fields_is_the_order_of_the_bytes() -> None:
    def turned(document: dict[str, Any]) -> None:
        data = data_of(document)
        data["properties"] = dict(reversed(data["properties"].items()))

    forbidden(turned, "data: its fields stand in another order")


def test_a_choice_of_shapes_has_neither_more_nor_fewer_of_them() -> None:
    path = "events/PolicyAdopted.v1.json"

    def bodies(document: dict[str, Any]) -> list[Any]:
        found: list[Any] = data_of(document)["properties"]["body"]["anyOf"]
        return found

    forbidden(lambda document: bodies(document).pop(), "data.body: anyOf was", path=path)
    forbidden(lambda document: bodies(document).append({"type": "null"}), "data.body: anyOf was", path=path)


# The files.


FEW = {path: DOCUMENTS[path] for path in (EVENT, COMMAND, "receipts/Receipt.v1.json")}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder where a few schemas are published with their examples, to be broken."""
    monkeypatch.setattr(publish, "FOLDER", tmp_path)
    monkeypatch.setattr(publish, "documents", lambda: FEW)
    examples.keep(tmp_path, payloads())
    assert publish.main([]) == 0
    assert publish.main(["--check"]) == 0
    return tmp_path


def says(monkeypatch: pytest.MonkeyPatch, documents: dict[str, dict[str, Any]]) -> published.Found:
    monkeypatch.setattr(publish, "documents", lambda: documents)
    return published.compare(publish.FOLDER, documents)


def test_an_additive_change_is_stale_until_it_is_published(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    more = changed(EVENT, lambda document: data_of(document)["properties"].update(added_later={"default": 0}))
    assert says(monkeypatch, FEW | {EVENT: more}) == ([], [EVENT, "index.json"])
    assert publish.main(["--check"]) == 1
    assert publish.main([]) == 0
    assert publish.main(["--check"]) == 0
    assert published.read_index(folder)["events/FundingApproved"]["v1"]["sha256"] == digest(more)
    assert says(monkeypatch, FEW).broken == [
        f"{EVENT}: data.added_later: is gone; what is published as FundingApproved.v1 stays as it is: "
        "make FundingApproved.v2"
    ]


def test_any_other_change_is_refused_and_nothing_is_written(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before = {path: path.read_bytes() for path in folder.rglob("*.json*")}
    says(monkeypatch, FEW | {EVENT: changed(EVENT, lambda document: data_of(document)["properties"].pop("kind"))})
    capsys.readouterr()
    for arguments in ([], ["--check"]):
        assert publish.main(arguments) == 1
        told = capsys.readouterr().out
        assert told.startswith(f"schemas/json: {EVENT}: data.kind: is gone; what is published as FundingApproved.v1")
        assert told.count("\n") == 1
    assert {path: path.read_bytes() for path in folder.rglob("*.json*")} == before


@pytest.mark.parametrize("path", [EVENT, COMMAND])
def test_a_file_that_was_changed_or_removed_by_hand_is_noticed(folder: Path, path: str) -> None:
    file = folder / path
    file.write_text(file.read_text().replace('"enum"', '"oneOf"'))
    assert published.compare(folder, FEW).broken == [
        f"{path}: is not what was published; take the file back from version control"
    ]
    file.unlink()
    assert len(published.compare(folder, FEW).broken) == 1


def test_an_example_is_never_changed_nor_taken_away(folder: Path) -> None:
    file = folder / published.examples_path(EVENT)
    lines = file.read_bytes()
    for bad in (lines.replace(b"ordinary", b"minuted", 1), b"".join(lines.splitlines(keepends=True)[1:]), b""):
        file.write_bytes(bad)
        assert published.compare(folder, FEW).broken == [
            "events/FundingApproved.v1.examples.jsonl: an example was changed or taken away; "
            "take the file back from version control"
        ]
    file.write_bytes(lines + lines.splitlines(keepends=True)[0])
    assert published.compare(folder, FEW) == ([], ["index.json"])


def test_a_version_leaves_the_code_only_with_a_step_to_the_next(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    second = json.loads(json.dumps(FEW[EVENT]).replace("FundingApproved.v1", "FundingApproved.v2"))
    left = {path: document for path, document in FEW.items() if path != EVENT}
    now = left | {"events/FundingApproved.v2.json": second}
    assert "what is stored of it could not be read; give it a step in LIFTS" in says(monkeypatch, now).broken[0]
    monkeypatch.setitem(published.codec.LIFTS, "FundingApproved.v1", published.codec.Lift("FundingApproved.v2", dict))
    assert publish.main([]) == 0
    assert publish.main(["--check"]) == 0
    entry = published.read_index(folder)["events/FundingApproved"]
    assert (entry["v1"]["status"], entry["v1"]["lifted_to"]) == ("superseded", "FundingApproved.v2")
    assert entry["v2"]["status"] == "active"
    assert (folder / EVENT).exists()


def test_a_command_never_leaves_the_code(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    left = {path: document for path, document in FEW.items() if path != COMMAND}
    assert "ApproveFunding.v1 has to stay" in says(monkeypatch, left).broken[0]


def test_an_example_is_kept_for_every_field_once(folder: Path) -> None:
    assert examples.keep(folder, payloads()) == 0
    told = json.loads(payloads()[0])
    assert examples.keep(folder, [json.dumps(told | {"addedlater": 1}).encode()]) == 1
    with pytest.raises(ValueError, match="it is no event"):
        examples.keep(folder, [b"[]"])
