"""JSON Schema 2020-12 of every event, command and receipt, for those who read or write in another language.

    python -m schemas.publish               write schemas/json/, unless what is published would change where it may not
    python -m schemas.publish --check       exit 1 where a file there is not what the code says, and say what is wrong
    python -m schemas.publish --examples    keep examples of the events on standard input, of `portfolio log --json`

What may change is said in schemas/evolution.py, what is published in schemas/json/index.json.
Events are open, so that a field added later breaks no reader; commands are closed, so that a misspelt field is told.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import msgspec

from schemas import asyncapi, examples, published
from schemas.commands import BY_TYPE, Command
from schemas.envelope import RECORDED
from schemas.events import Fact
from schemas.evolution import GROWS
from schemas.receipts import Accepted, Reason

DIALECT = "https://json-schema.org/draft/2020-12/schema"
FOLDER = Path(__file__).parent / "json"


def documents() -> dict[str, dict[str, Any]]:
    """Return every schema by its path under schemas/json/."""
    found = {f"events/{fact.TYPE}.json": event_schema(fact) for fact in RECORDED}
    found |= {f"commands/{name}.json": command_schema(name, command) for name, command in BY_TYPE.items()}
    found["receipts/Receipt.v1.json"] = receipt_schema()
    return dict(sorted(found.items()))


def besides() -> dict[str, dict[str, Any]]:
    """Return what is published besides the schemas, and has no versions: made anew from them each time."""
    return {asyncapi.PATH: asyncapi.asyncapi(receipt_schema(), _with_const, _opened)}


def event_schema(fact: type[Fact]) -> dict[str, Any]:
    """Return the schema of one event in its envelope."""
    (reference,), parts = msgspec.json.schema_components([RECORDED[fact]], ref_template="#/$defs/{name}")
    name = reference["$ref"].rpartition("/")[2]
    envelope = parts.pop(name)
    envelope |= {"title": fact.TYPE, "description": _first_line(fact)}
    return _document(f"event:{fact.TYPE}", _opened(envelope), {key: _opened(part) for key, part in parts.items()})


def command_schema(name: str, command: type[Command]) -> dict[str, Any]:
    """Return the schema of one command."""
    schema = command.model_json_schema()
    schema |= {"title": name, "description": _first_line(command)}
    parts = schema.pop("$defs", {})
    return _document(f"command:{name}", schema, parts)


def receipt_schema() -> dict[str, Any]:
    """Return the schema of the answer to a command."""
    (accepted,), parts = msgspec.json.schema_components([Accepted], ref_template="#/$defs/{name}")
    refused = {
        "type": "object",
        "properties": {
            "status": {"const": "refused"},
            "reason": {"enum": [reason.name for reason in Reason], "$comment": GROWS},
            "meaning": {"type": "string"},
            "again": {"type": "boolean", "description": "whether asking again unchanged may help"},
            "detail": {"type": "object"},
        },
        "required": ["status", "reason", "meaning", "again", "detail"],
    }
    whole = {"title": "Receipt.v1", "oneOf": [accepted, {"$ref": "#/$defs/Refused"}]}
    return _document("receipt:Receipt.v1", whole, {**parts, "Refused": refused})


def _document(name: str, schema: dict[str, Any], parts: dict[str, Any]) -> dict[str, Any]:
    head = {"$schema": DIALECT, "$id": f"urn:portfolio-ledger:{name}"}
    plain: dict[str, Any] = json.loads(json.dumps({**head, **schema, **({"$defs": parts} if parts else {})}))
    with_const: dict[str, Any] = _with_const(plain)
    return with_const


def _opened(schema: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in schema.items() if (key, value) != ("additionalProperties", False)}


def _with_const(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_with_const(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    if isinstance(schema.get("enum"), list) and len(schema["enum"]) == 1:
        schema = {**{key: value for key, value in schema.items() if key != "enum"}, "const": schema["enum"][0]}
    return {key: _with_const(value) for key, value in schema.items()}


def _first_line(documented: type) -> str:
    return (documented.__doc__ or "").strip().partition("\n")[0]


def main(arguments: list[str]) -> int:
    """Write the schemas, check them, or keep examples; return the exit code."""
    wanted = documents()
    if "--examples" in arguments:
        kept = examples.keep(FOLDER, sys.stdin.buffer.read().splitlines())
        print(f"schemas/json: {kept} examples more")
    found = published.compare(FOLDER, wanted, besides())
    stale = found.stale if "--check" in arguments else []
    told = [*found.broken, *(f"{name} is stale; run python -m schemas.publish" for name in stale)]
    for each in told:
        print(f"schemas/json: {each}")
    if not told and "--check" not in arguments:
        published.write(FOLDER, wanted, besides())
    return 1 if told else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
