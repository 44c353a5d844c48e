"""Examples of what was published, kept for ever: every one of them has to be read by every later version of the code.

Of events as they were stored, and of the commands in them, an example is kept where it has a field that none before it
had. The files stand beside the schemas; their lines are only ever added to.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from schemas import published

MOST_OF_ONE = 40
"""How many examples of one version are kept at most."""


def keep(folder: Path, lines: Iterable[bytes]) -> int:
    """Add what is new among events, as they are stored, and the commands in them; return how many examples that are.

    Errors: ValueError where a line is no event.
    """
    files: dict[str, list[bytes]] = {}
    fields: dict[str, set[str]] = {}
    kept = 0
    for line in _with_commands(lines):
        told = json.loads(line)
        kind = "events" if "specversion" in told else "commands"
        path = f"{kind}/{told['type']}.json"
        if path not in files:
            files[path] = published.examples_of(folder, path)
            fields[path] = {name for each in files[path] for name in _paths(json.loads(each))}
        new = set(_paths(told)) - fields[path]
        if new and len(files[path]) < MOST_OF_ONE:
            files[path].append(line)
            fields[path] |= new
            kept += 1
    for path, examples in files.items():
        file = folder / published.examples_path(path)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"".join(line + b"\n" for line in examples))
    return kept


def _with_commands(lines: Iterable[bytes]) -> Iterator[bytes]:
    for line in lines:
        told = json.loads(line)
        if not isinstance(told, dict) or "specversion" not in told or "type" not in told:
            raise ValueError(f"it is no event: {line[:80].decode(errors='backslashreplace')}")
        yield line
        if "command" in told:
            yield told["command"].encode()


def _paths(value: Any, path: str = "") -> Iterator[str]:
    """Yield the way to every field, items of a list without their place; of a choice of kinds the kind too."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield f"{path}.{name}={inner}" if name == "kind" else f"{path}.{name}"
            yield from _paths(inner, f"{path}.{name}")
    elif isinstance(value, list):
        for inner in value:
            yield from _paths(inner, path)
