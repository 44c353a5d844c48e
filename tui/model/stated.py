"""Fields of an event as a person reads them: one line a value, money in major units, everything clean."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from schemas.events import Fact
from tui.model.figures import money
from tui.model.kept import KeptTexts
from tui.model.text import clean


def fields(fact: Fact) -> dict[str, str]:
    """Return every value a fact states, defaults left out: a path such as `options.2.title` and its text, clean."""
    return dict(_flat("", msgspec.to_builtins(fact, str_keys=True)))


def first_text(fact: Fact, kept: KeptTexts, *names: str) -> str | None:
    """Return the first of some texts that a fact states, as *kept* tells it."""
    for name in names:
        if told := kept.told(getattr(fact, name, None)):
            return told
    return None


def _flat(path: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        if value.keys() == {"minor", "currency"}:
            yield path, f"{money(value['minor'], value['currency'])} {clean(value['currency'])}"
            return
        for name, inner in value.items():
            yield from _flat(f"{path}.{name}" if path else name, inner)
    elif isinstance(value, list | tuple):
        if all(isinstance(inner, str | int) for inner in value):
            if value:
                yield path, clean(", ".join(map(str, value)))
            return
        for place, inner in enumerate(value, start=1):
            yield from _flat(f"{path}.{place}", inner)
    elif value is not None:
        yield path, clean(str(value).lower() if isinstance(value, bool) else str(value))
