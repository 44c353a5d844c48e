"""Fields of an event as a person reads them: one line a value, money in major units, everything clean."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from schemas.events import Fact
from schemas.values import Commitment
from tui.model.figures import money
from tui.model.text import clean


def fields(fact: Fact) -> dict[str, str]:
    """Return every value a fact states, defaults left out: a path such as `options.2.title` and its text, clean."""
    return dict(_flat("", msgspec.to_builtins(fact, str_keys=True)))


def text_of(text: str | Commitment | None) -> str | None:
    """Return a text, or what stands for one that was kept as a commitment."""
    if isinstance(text, Commitment):
        return f"kept apart, commitment {text.commitment[:12]}"
    return text


def first_text(fact: Fact, *names: str) -> str | None:
    """Return the first of some texts that a fact states."""
    for name in names:
        if told := text_of(getattr(fact, name, None)):
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
