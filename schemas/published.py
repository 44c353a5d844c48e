"""What was published, and what became of it: schemas/json/index.json, and the files it speaks of.

    {"events/FundingApproved": {"v1": {"status": "active", "sha256": "9f2c...", "examples": ["41ab...", "77d0..."]}},
     "commands/ApproveFunding": {"v1": {...}}, "receipts/Receipt": {"v1": {...}}}

status: active, or superseded with `lifted_to`, the version it is read as. sha256: of what of the schema is frozen
(schemas/evolution.py). examples: SHA-256 of each line of the file of examples beside the schema. Nothing ever leaves
the index; a version that nobody has recorded yet is taken back by hand, its files and its entry here.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from schemas import codec
from schemas.evolution import digest, forbidden_changes

INDEX = "index.json"

Documents = Mapping[str, dict[str, Any]]
"""Schemas by their path under the folder: events/FundingApproved.v1.json."""

Index = dict[str, dict[str, dict[str, Any]]]
"""What index.json holds: by kind and type, then by version."""


class Found(NamedTuple):
    """How what is published stands to what the code says. broken: what may not be, and what to do; stale: files that
    are only out of date."""

    broken: list[str]
    stale: list[str]


def compare(folder: Path, wanted: Documents, besides: Documents | None = None) -> Found:
    """Return what is wrong with the schemas in a folder. wanted: what they should be. besides: what else is there."""
    index = read_index(folder)
    broken = [problem for path, entry in _entries(index) for problem in _broken(folder, path, entry, wanted.get(path))]
    if broken:
        return Found(broken, [])
    files = {folder / path: content for path, content in _files(folder, wanted, index, besides).items()}
    kept = {path: path.read_text() for path in folder.rglob("*.json")}
    if besides is None:  # nobody asked about what has no versions
        kept = {path: text for path, text in kept.items() if path.parent != folder or path.name == INDEX}
    stale = [str(path.relative_to(folder)) for path in files.keys() | kept.keys() if files.get(path) != kept.get(path)]
    return Found([], sorted(stale))


def write(folder: Path, wanted: Documents, besides: Documents | None = None) -> None:
    """Publish what is wanted. The caller has seen that nothing is broken."""
    for name, content in _files(folder, wanted, read_index(folder), besides).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)


def read_index(folder: Path) -> Index:
    """Return the index of a folder, empty where there is none."""
    path = folder / INDEX
    index: Index = json.loads(path.read_text()) if path.exists() else {}
    return index


def examples_of(folder: Path, path: str) -> list[bytes]:
    """Return the examples of a schema, each as its bytes; none where there are none."""
    file = folder / examples_path(path)
    return file.read_bytes().splitlines() if file.exists() else []


def examples_path(path: str) -> str:
    """Return where the examples of a schema stand: events/FundingApproved.v1.examples.jsonl."""
    return path.removesuffix(".json") + ".examples.jsonl"


def sha256_of(line: bytes) -> str:
    """Return the SHA-256 of an example, in hexadecimal."""
    return hashlib.sha256(line).hexdigest()


def _entries(index: Index) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, versions in index.items():
        for version, entry in versions.items():
            yield f"{name}.{version}.json", entry


def _broken(folder: Path, path: str, entry: dict[str, Any], now: dict[str, Any] | None) -> Iterator[str]:
    """Yield what may not be of one version that was published."""
    kind, _, name = path.removesuffix(".json").partition("/")
    found = [sha256_of(line) for line in examples_of(folder, path)][: len(entry["examples"])]
    if found != entry["examples"]:
        yield f"{examples_path(path)}: an example was changed or taken away; take the file back from version control"
    file = folder / path
    kept = json.loads(file.read_text()) if file.exists() else None
    if kept is None or digest(kept) != entry["sha256"]:
        yield f"{path}: is not what was published; take the file back from version control"
        return
    if now is None:
        if kind != "events":
            yield f"{path}: is gone from the code; what was accepted once is decided again, so {name} has to stay"
        elif name not in codec.LIFTS:
            yield f"{path}: is gone from the code, and what is stored of it could not be read; give it a step in LIFTS"
        return
    for change in forbidden_changes(kept, now):
        yield f"{path}: {change}; what is published as {name} stays as it is: make {following(name)}"


def following(name: str) -> str:
    """Return the type after one: FundingApproved.v2 for FundingApproved.v1."""
    bare, _, version = name.rpartition(".v")
    return f"{bare}.v{int(version) + 1}"


def _files(folder: Path, wanted: Documents, index: Index, besides: Documents | None) -> dict[str, str]:
    """Return what the files of a folder should hold, the index among them; nothing is broken."""
    schemas = {path: json.loads((folder / path).read_text()) for path, _ in _entries(index)} | dict(wanted)
    made: Index = {}
    for path, schema in sorted(schemas.items()):
        name, _, version = path.removesuffix(".json").rpartition(".")
        entry = {
            "status": "active",
            "sha256": digest(schema),
            "examples": [sha256_of(line) for line in examples_of(folder, path)],
        }
        if path not in wanted:
            entry |= {"status": "superseded", "lifted_to": codec.LIFTS[path[len("events/") : -len(".json")]].to}
        made.setdefault(name, {})[version] = entry
    others = {path: _json(document) for path, document in (besides or {}).items()}
    return {path: _json(schema) for path, schema in schemas.items()} | {INDEX: _json(made)} | others


def _json(value: Any) -> str:
    return json.dumps(value, indent=2) + "\n"
