"""What may change in a published schema, and what never does.

A version that is published is frozen. In place only these change: titles, descriptions and examples; a new property
that nobody has to give, so that what was stored before is read as if it had never been there; and a list of codes that
says of itself that it grows. Anything else is a new version, and for an event a lift from the old one
(schemas/codec.py). The order of properties is frozen too: events are encoded in it, and their bytes are hashed.

Schemas are compared as they mean, not as they are written: with every `$ref` in its place, so that renaming a class
changes nothing.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from typing import Any

GROWS = "this list grows; a reader takes a code it does not know as it stands"
"""The comment of an enum that may get more members."""

_SAYS_NOTHING = ("title", "description", "examples", "$schema", "$defs")
_SETS = ("enum", "required")


def frozen(schema: Any, parts: dict[str, Any] | None = None) -> Any:
    """Return what of a schema is frozen: without words for people, references resolved, sets in order of their text.

    parts: what references point to; without it the schema's own `$defs`.
    """
    if isinstance(schema, list):
        return [frozen(each, parts) for each in schema]
    if not isinstance(schema, dict):
        return schema
    parts = schema.get("$defs", {}) if parts is None else parts
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return frozen({**parts[name], **{key: value for key, value in schema.items() if key != "$ref"}}, parts)
    kept = {key: value for key, value in sorted(schema.items()) if key not in _SAYS_NOTHING}
    made = {key: frozen(value, parts) for key, value in kept.items() if key not in ("properties", "discriminator")}
    made |= {key: sorted(made[key], key=str) for key in _SETS if key in made}
    if "properties" in kept:  # names of fields, in their order, and not keywords
        made["properties"] = {name: frozen(each, parts) for name, each in kept["properties"].items()}
    if "discriminator" in kept:  # its mapping names classes
        told = kept["discriminator"]
        made["discriminator"] = {"propertyName": told["propertyName"], "mapping": sorted(told.get("mapping", ()))}
    return made


def digest(schema: dict[str, Any]) -> str:
    """Return the SHA-256 of what of a schema is frozen, in hexadecimal."""
    return hashlib.sha256(json.dumps(frozen(schema), separators=(",", ":")).encode()).hexdigest()


def forbidden_changes(published: dict[str, Any], now: dict[str, Any]) -> list[str]:
    """Return what changed since a schema was published and may not, each as `field: what`; empty where all may."""
    return list(_changes(frozen(published), frozen(now), ""))


def _changes(old: Any, new: Any, path: str) -> Iterator[str]:
    if not (isinstance(old, dict) and isinstance(new, dict)):
        if old != new:
            yield f"{path or 'the whole'}: was {_short(old)}, is {_short(new)}"
        return
    yield from _fields(old, new, path)
    for key in sorted((old.keys() | new.keys()) - {"properties", "required"}):
        before, after = old.get(key), new.get(key)
        if isinstance(before, dict) and isinstance(after, dict):
            yield from _changes(before, after, path)
        elif pairs := _pairs(before, after):
            for one, other in pairs:
                yield from _changes(one, other, path)
        elif before != after and not _grew(key, old, before, after):
            yield f"{path or 'the whole'}: {key} was {_short(before)}, is {_short(after)}"


def _fields(old: dict[str, Any], new: dict[str, Any], path: str) -> Iterator[str]:
    before, after = old.get("properties", {}), new.get("properties", {})
    needed_before, needed_after = set(old.get("required", ())), set(new.get("required", ()))
    for name, schema in before.items():
        place = f"{path}.{name}" if path else name
        if name not in after:
            yield f"{place}: is gone"
            continue
        if (name in needed_before) != (name in needed_after):
            yield f"{place}: is {'needed' if name in needed_after else 'optional'} now"
        yield from _changes(schema, after[name], place)
    for name in after:
        if name not in before and name in needed_after:
            yield f"{path}.{name}".lstrip(".") + ": is new and needed; a new field has a default"
    stayed = [name for name in after if name in before]
    if stayed != [name for name in before if name in after]:
        yield f"{path or 'the whole'}: its fields stand in another order, which changes the bytes that are hashed"


def _pairs(before: Any, after: Any) -> list[tuple[Any, Any]]:
    """Return the alternatives of two lists of as many schemas, each with the one in its place; else none."""
    if not (isinstance(before, list) and isinstance(after, list) and len(before) == len(after)):
        return []
    return [*zip(before, after, strict=True)] if all(isinstance(each, dict) for each in [*before, *after]) else []


def _grew(key: str, old: dict[str, Any], before: Any, after: Any) -> bool:
    both_lists = isinstance(before, list) and isinstance(after, list)
    return key == "enum" and old.get("$comment") == GROWS and both_lists and set(before) <= set(after)


def _short(value: Any) -> str:
    text = "absent" if value is None else json.dumps(value)
    return text if len(text) <= 120 else f"{text[:119]}…"
