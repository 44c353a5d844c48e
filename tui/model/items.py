"""Items of a list as they are written on a command line, and groups of fields in them.

objective=CLAIMS; share=60 %                      a field is written as in a form; `_bp` may be left away
condition=C-1; text="Proven; on 500 files."; due=2026-09-30; blocking=yes      in quotes, with a semicolon
period=FY2026; cost.kind=exact; cost.amount=40_000 USD                         a field of a group in it
id=SAFE; successors=[{"objective": "FAIR", "share_bp": 10000}]                 JSON, as the command has it
{"objective": "CLAIMS", "share_bp": 6000}                                      the whole item as JSON
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from tui.model.fields import Spec
from tui.model.forms import Texts, texts_at
from tui.model.notation import Unreadable

_NAME = re.compile(r"\s*([A-Za-z][A-Za-z0-9_.-]*)\s*=\s*")
_JSON = json.JSONDecoder()


def list_texts(spec: Spec, path: str, written: list[str]) -> Texts:
    """Return what is written in a list, item by item, as a form's texts. written: each an item, or several in JSON.

    Errors: Unreadable.
    """
    texts: Texts = {}
    place = 0
    for each in written:
        items = json_of(each) if each.lstrip().startswith("[") else [each]
        if not isinstance(items, list):
            raise Unreadable(f"{each!r} is no list")
        for item in items:
            texts |= _item(spec, f"{path}.{place}", item)
            place += 1
    return {path: str(place), **texts}


def json_of(text: str) -> Any:
    """Return the value a text is as JSON. Errors: Unreadable."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Unreadable(f"it is no JSON: {error}") from error


def json_texts(spec: Spec, path: str, value: Any) -> Texts:
    """Return the form's texts of a field that is given as JSON, in the shape the command has. Errors: Unreadable."""
    try:
        return texts_at(spec, path, value)
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        raise Unreadable(f"it is not as {spec.label} has it in a command: {error}") from error


def _item(spec: Spec, path: str, item: Any) -> Texts:
    if spec.item is not None:  # a list of values
        plain = isinstance(item, str) and not item.lstrip().startswith("{")
        return {path: item} if plain else json_texts(spec.item, path, json_of(item) if isinstance(item, str) else item)
    whole = spec._replace(kind="group")
    if not isinstance(item, str):
        return json_texts(whole, path, item)
    if item.lstrip().startswith("{"):
        return json_texts(whole, path, json_of(item))
    texts: Texts = {}
    for name, value in _pairs(item):
        field, at = _field(spec.fields, name, path)
        found = {at: value} if isinstance(value, str) and field.kind != "list" else json_texts(field, at, value)
        if found.keys() & texts.keys():
            raise Unreadable(f"{name} stands twice in {item!r}")
        texts |= found
    return texts


def _pairs(text: str) -> Iterator[tuple[str, Any]]:
    at = 0
    while text[at:].strip():
        named = _NAME.match(text, at)
        if named is None:
            raise Unreadable(f"{text[at:].strip()!r} is no field; write name=value; name=value, or JSON")
        at = named.end()
        if text[at : at + 1] in tuple('"[{'):
            try:
                value, at = _JSON.raw_decode(text, at)
            except (ValueError, RecursionError) as error:
                raise Unreadable(f"{text[named.end() :]!r} is no JSON: {error}") from error
            behind = text[at:].lstrip()
            if behind and not behind.startswith(";"):
                raise Unreadable(f"{behind!r} stands behind {named[1]}; fields are parted by semicolons")
            at = len(text) - len(behind) + 1
        else:
            end = text.find(";", at)
            end = len(text) if end < 0 else end
            value, at = text[at:end].strip(), end + 1
        yield named[1], value


def _field(specs: tuple[Spec, ...], name: str, path: str) -> tuple[Spec, str]:
    """Return the field a name leads to, and its path."""
    step, _, rest = name.partition(".")
    wanted = step.replace("-", "_")
    found = next((spec for spec in specs if wanted in (spec.name, spec.name.removesuffix("_bp"))), None)
    if found is None or (rest and found.kind != "group"):
        raise Unreadable(f"{step} is no field of it; there are {', '.join(spec.name for spec in specs)}")
    at = f"{path}.{found.name}"
    return _field(found.fields, rest, at) if rest else (found, at)
