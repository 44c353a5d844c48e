"""What became of commands, in a person's words: of those that were supposed, and of those that were recorded."""

from __future__ import annotations

from ledger.suppose import Fate, Outcome
from schemas.receipts import Refused, receipt_as_dict
from tui.model.glyphs import UNICODE, Glyphs
from tui.model.text import clean

TOLD = {
    "refused": "Recorded, and no longer passing",
    "changed": "Recorded, and coming out otherwise",
    "left_out": "Left out",
    "replaced": "Replaced",
}
"""What is told of recorded decisions, and its heading."""

RIGHT = [True, False, False, True, False]


def outcome_line(outcome: Outcome, glyphs: Glyphs = UNICODE) -> str:
    """Return what came of a supposed command as one clean line."""
    if outcome.refused is not None:
        return f"{glyphs.no} {in_words(outcome.refused)}"
    if outcome.repeats is not None:
        return f"{glyphs.same} it is recorded already, at sequence {outcome.repeats:,}"
    told = [f"{event.at:,} {event.data.TYPE} {clean(event.subject, 56)}" for event in outcome.events]
    flags = outcome.events[0].flags
    return f"{glyphs.yes} {', '.join(told)}" + (f"; flagged {clean(flags)}" if flags else "")


def fate_cells(fate: Fate) -> list[str]:
    """Return what became of a recorded command: its sequence, type, subject, where it stands now, and why."""
    why = in_words(fate.refused) if fate.refused is not None else ", ".join(fate.differs)
    now = "–" if fate.now is None else f"{fate.now:,}"
    return [f"{fate.sequence:,}", fate.type, clean(fate.subject, 56), now, clean(why, 120)]


def in_words(refused: Refused) -> str:
    """Return a refusal as one clean line: what, about which, what is allowed."""
    told = receipt_as_dict(refused)
    detail = told["detail"]
    parts = [f"{name} {value}" for name, value in detail.items() if name not in ("problem", "allowed", "problems")]
    said = f"{refused.reason.name}: {detail.get('problem', refused.reason.meaning)}"
    said += f" ({', '.join(parts)})" if parts else ""
    said += f"; allowed: {detail['allowed']}" if "allowed" in detail else ""
    return clean(said)
