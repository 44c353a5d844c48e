"""How a mistake is mended: by another fact, never by an edit."""

from __future__ import annotations

from typing import ClassVar, Literal

from schemas.events.fact import Fact
from schemas.values import Id, Period, Sequence, Text


class EntryReversed(Fact, frozen=True, kw_only=True):
    """An earlier entry was taken back.

    kind: void drops the entry wherever this one is known, at every date; counter adds its negative on this
    event's own date and the entry stays, so that a closed period never moves. sequence: the entry's.
    period: the fiscal period a counter is booked in. replacement: id of the event that takes its place.
    Source: DESIGN, event 28 and "Two times, exactly".
    """

    TYPE: ClassVar[str] = "EntryReversed.v1"

    sequence: Sequence
    kind: Literal["void", "counter"]
    period: Period | None = None
    reason: Text
    replacement: Id | None = None

    def subject(self) -> str:
        return f"entry/{self.sequence}"
