"""Commands as their verbs say them on a command line: what tests of the verbs give to the program."""

from __future__ import annotations

import json
from typing import Any

from tui.model.forms import texts_of
from tui.model.notation import written
from tui.model.verbs import Option, options_of
from tui.verb_names import VERBS

VERB_OF = {f"{named.command}.v1": verb for verb, named in VERBS.items()}


def spoken(line: bytes, *, as_json: bool = False) -> list[str]:
    """Return the arguments that say a command: its verb, what it is about, and an option for each field.

    as_json: items of lists as JSON, and not by their fields.
    """
    form, texts, sender = texts_of(line)
    told = json.loads(line)
    verb = VERB_OF[form.name]
    arguments = [verb]
    for option in options_of(verb):
        value = _at(told, option.path)
        if value is None or option.whole:
            continue
        first = not option.name.startswith("--")
        if first and isinstance(value, str):
            arguments.append(value)
        elif option.spec.kind == "yes_no":
            arguments.append(option.name if value else option.name.replace("--", "--no-", 1))
        elif isinstance(value, list):
            items = value or ["[]"]
            for item in items:
                arguments += [option.name, item if isinstance(item, str) else _item(item, option, as_json)]
        elif isinstance(value, dict) and option.spec.kind == "prose":
            arguments += [option.name, json.dumps(value)]
        else:
            arguments += ["" if first else option.name, texts[option.path]][first:]
    more = {"--command-id": sender.commandid, "--actor": sender.actor, "--recorded-time": sender.recordedtime}
    return [*arguments, *(part for name, each in more.items() if each is not None for part in (name, each))]


def _at(told: Any, path: str) -> Any:
    for step in path.split("."):
        told = told.get(step) if isinstance(told, dict) else None
    return told


def _item(item: dict[str, Any], option: Option, as_json: bool) -> str:
    """Return an item of a list: field by field, a group's by their own names, what is a list in it as JSON."""
    if as_json:
        return json.dumps(item)
    return "; ".join(f"{name}={text}" for name, text in _pairs(item))


def _pairs(item: dict[str, Any], before: str = "") -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for name, value in item.items():
        if isinstance(value, dict) and value.keys() == {"minor", "currency"}:
            found.append((before + name, written("money", value)))
        elif isinstance(value, dict) and value.keys() == {"commitment", "vault"}:
            found.append((before + name, json.dumps(value)))
        elif isinstance(value, dict):
            found += _pairs(value, f"{before}{name}.")
        elif isinstance(value, bool):
            found.append((before + name, written("yes_no", value)))
        elif isinstance(value, int) and name.endswith("_bp"):
            found.append((before + name.removesuffix("_bp"), written("share", value)))
        elif isinstance(value, str) and (";" in value or value[:1] in '"[{' or value != value.strip()):
            found.append((before + name, json.dumps(value)))
        else:
            found.append((before + name, value if isinstance(value, str) else json.dumps(value)))
    return found
