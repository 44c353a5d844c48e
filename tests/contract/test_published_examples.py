"""Every example of every version that was ever published: its bytes, its schema, and today's code that reads it."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from jsonschema import Draft202012Validator, FormatChecker

from schemas import codec, published
from schemas.commands import BY_TYPE, Command, parse
from schemas.publish import FOLDER

VERSIONS = [
    (f"{name}.{version}.json", entry)
    for name, versions in published.read_index(FOLDER).items()
    for version, entry in versions.items()
]
EVENTS = [(path, entry) for path, entry in VERSIONS if path.startswith("events/")]
COMMANDS = [path for path, _ in VERSIONS if path.startswith("commands/")]


def examples(path: str) -> Iterator[bytes]:
    lines = published.examples_of(FOLDER, path)
    assert lines, f"{path} has no example; keep one with python -m schemas.publish --examples"
    yield from lines


@pytest.mark.parametrize("path", [path for path, _ in VERSIONS if not path.startswith("receipts/")])
def test_an_example_has_the_bytes_it_was_kept_with_and_is_valid(path: str) -> None:
    entry = dict(VERSIONS)[path]
    assert [published.sha256_of(line) for line in examples(path)] == entry["examples"]
    validator = Draft202012Validator(json.loads((FOLDER / path).read_text()), format_checker=FormatChecker())
    for line in examples(path):
        validator.validate(json.loads(line))


@pytest.mark.parametrize(("path", "entry"), EVENTS)
def test_an_event_of_any_version_is_read_as_one_of_today(path: str, entry: dict[str, object]) -> None:
    for line in examples(path):
        told = json.loads(line)
        event = codec.decode_at(line, told["source"], int(told["sequence"]))
        if entry["status"] == "active":
            assert told["type"] == event.data.TYPE
            assert codec.encode(event) == line
        else:
            assert final(told["type"]) == event.data.TYPE


@pytest.mark.parametrize("path", COMMANDS)
def test_a_command_of_any_version_is_still_understood(path: str) -> None:
    for line in examples(path):
        command = parse(line)
        assert isinstance(command, Command)
        assert type(command) is BY_TYPE[json.loads(line)["type"]]


def test_every_version_that_is_no_longer_todays_has_a_step_to_the_next() -> None:
    old = {path.removeprefix("events/").removesuffix(".json") for path, each in EVENTS if each["status"] != "active"}
    assert old == set(codec.LIFTS)


def final(name: str) -> str:
    while name in codec.LIFTS:
        name = codec.LIFTS[name].to
    return name
