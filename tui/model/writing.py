"""A form that is being filled in: what is written in it, where one stands, and what is still needed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from tui.model.forms import Form, Row, Texts, count_of, rows, with_item, without_item
from tui.model.text import has_hidden

SECTIONS = ("needed", "if it applies", "of any decision")
"""Parts of a form, in their order: what must be filled, what else its kind has, what every kind has."""


class Part(NamedTuple):
    """A row of a form, and the section it stands in."""

    row: Row
    section: str


class Writing:
    """One form in the hands of a person. place: the row one stands in, 0-based."""

    def __init__(self, form: Form, texts: Mapping[str, str]) -> None:
        self.form, self.texts = form, dict(texts)
        self.place = 0
        self.parts = _ordered(form, self.texts)

    @property
    def here(self) -> Row:
        """The row one stands in."""
        return self.parts[self.place].row

    def move(self, by: int) -> None:
        """Go so many rows on, negative back; it stops at both ends."""
        self.place = max(0, min(self.place + by, len(self.parts) - 1))

    def go(self, path: str) -> None:
        """Go to a field, where it is shown."""
        self.place = next((place for place, part in enumerate(self.parts) if part.row.path == path), self.place)

    def write(self, text: str) -> None:
        """Write in the row one stands in; nothing empties it."""
        texts, path = dict(self.texts), _written_at(self.here)
        texts[path] = text
        if not text:
            del texts[path]
        self._become(texts)

    def add(self) -> bool:
        """Put one more item into the list one stands in or on, go to it, and say whether there is such a list."""
        found = self._list_here()
        if found is None:
            return False
        place = count_of(self.texts, found)
        self._become(with_item(self.texts, found))
        self.go(f"{found}.{place}")
        if self.here.spec.kind == "group":
            self.move(1)
        return True

    def leave_out(self) -> bool:
        """Take out the item one stands on, or the last of the list one stands on; say whether there was one."""
        row = self.here
        if row.place is not None:
            path, place = row.path.rpartition(".")[0], row.place
        elif row.spec.kind == "list" and count_of(self.texts, row.path):
            path, place = row.path, count_of(self.texts, row.path) - 1
        else:
            return False
        self._become(without_item(self.texts, path, place))
        self.go(f"{path}.{place - 1}" if place else path)
        return True

    def begin_again(self, texts: Texts) -> None:
        """Hold what another hand has written."""
        self._become(dict(texts))

    def is_written_here(self) -> bool:
        """Say whether the row one stands in is written on its one line, and not elsewhere or item by item."""
        row = self.here
        if row.spec.kind in ("group", "list"):
            return False
        return not has_hidden(self.text_here) and not self.texts.get(f"{row.path}.commitment")

    @property
    def text_here(self) -> str:
        """What is written in the row one stands in."""
        return self.texts.get(_written_at(self.here), "")

    @property
    def missing(self) -> list[Row]:
        """The fields that must be filled and are not; those of a group only once the group is there."""
        there: list[bool] = []
        found: list[Row] = []
        for row, _ in self.parts:
            del there[row.depth :]
            inside = all(there)
            holds = row.spec.kind in ("group", "variant", "list") or row.place is not None
            there.append(row.spec.required or row.place is not None or self._is_begun(row.path) if holds else True)
            if inside and row.spec.required and row.spec.kind not in ("group", "list") and not self._is_begun(row.path):
                found.append(row)
        return found

    def _is_begun(self, path: str) -> bool:
        return any(text and (each == path or each.startswith(f"{path}.")) for each, text in self.texts.items())

    def _list_here(self) -> str | None:
        """Return the path of the innermost list one stands in or on."""
        path = self.here.path
        lists = {part.row.path for part in self.parts if part.row.spec.kind == "list"}
        while path and path not in lists:
            path = path.rpartition(".")[0]
        return path or None

    def _become(self, texts: Texts) -> None:
        path, self.texts = self.here.path, texts
        self.parts = _ordered(self.form, texts)
        self.place = min(self.place, len(self.parts) - 1)
        self.go(path)


def _written_at(row: Row) -> str:
    return f"{row.path}.kind" if row.spec.kind == "variant" else row.path


def _ordered(form: Form, texts: Mapping[str, str]) -> list[Part]:
    """Return the rows of a form by sections; a group stays together."""
    sections: dict[str, list[Part]] = {section: [] for section in SECTIONS}
    section = SECTIONS[0]
    for row in rows(form, texts):
        if row.depth == 0:
            needed, own, said = SECTIONS
            section = needed if row.spec.required else own if row.path.startswith("data.") else said
        sections[section].append(Part(row, section))
    return [part for parts in sections.values() for part in parts]
