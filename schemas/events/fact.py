"""What every fact has in common."""

from __future__ import annotations

from typing import ClassVar

from schemas.values import Shape


class Fact(Shape, frozen=True, kw_only=True):
    """Something that happened, in the past tense, never edited.

    TYPE is written out, so that renaming the class changes nothing stored. A new field has a default; a new
    meaning is a new TYPE.
    """

    TYPE: ClassVar[str]

    def subject(self) -> str:
        """Return what the fact is about, as `<stream>/<id>`."""
        raise LookupError(f"{type(self).__name__} does not say what it is about")
