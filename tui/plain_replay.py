"""The replay screen as plain text: the same parts in the same order, for pipes, goldens and screen readers."""

from __future__ import annotations

from projections.moment import Moment
from projections.pages import Pages
from tui.model.card import with_findings
from tui.model.figures import instant
from tui.model.glyphs import Glyphs
from tui.model.head import Head
from tui.model.lines import card_lines, change_line, row_line, scrubber_lines
from tui.model.seen import moved, see, unreadable
from tui.model.text import clean
from tui.session import Session

WIDTH = 100
AROUND = 5
"""Decisions shown before and after the one in question."""


async def replay_text(session: Session, head: Head, glyphs: Glyphs) -> str:
    """Return the replay screen where the head stands. Errors: StoreError."""
    sequence = head.sequence
    if not sequence:
        return f"REPLAY  {clean(session.portfolio)}\n\nNothing is recorded yet; `portfolio send FILE` records commands."
    here = session.moment(sequence)
    standing = "LIVE" if head.at_tip else "PAST, read only"
    parts = [
        f"REPLAY  {clean(session.portfolio)}   {instant(here.recorded_at)} UTC   "
        f"sequence {sequence:,} of {session.line.tip:,}   {standing}   proof not checked",
        "\n".join(scrubber_lines(head, WIDTH, glyphs)),
    ]
    pages, place = Pages(session.replica, session.line), head.place
    rows = [pages.row(each) for each in range(max(place - AROUND, 0), min(place + AROUND + 1, len(head.index)))]
    digits = len(f"{session.line.tip:,}")
    listed = [
        row_line(row, WIDTH, glyphs, row.sequence == sequence, glyphs.problem if row.problem else " ", digits).rstrip()
        for row in rows
    ]
    parts.append("Decisions\n" + "\n".join(listed))
    entry = await session.entry(sequence)
    assert entry is not None, "the head stands on the line"
    base = Moment(sequence - 1, here.recorded_at, here.as_of)
    if entry.event is None:
        seen, totals = unreadable(sequence, entry.foreign or ""), []
    else:
        seen = await see(session.ask, entry.event, entry.payload, base, here)
        totals = await moved(session.ask, entry.event, base, here)
    parts.append(
        f"Decision {sequence:,}\n"
        + "\n".join(line for line, _ in card_lines(with_findings(seen.card, session.found, sequence), glyphs, WIDTH))
    )
    if seen.changes:
        changes = "\n".join(change_line(each, WIDTH, glyphs).rstrip() for each in seen.changes)
        parts.append(f"{clean(seen.about)}: before {glyphs.becomes} after\n{changes}")
    if totals:
        told = "\n".join(change_line(each, WIDTH, glyphs).rstrip() for each in totals)
        parts.append(f"Portfolio: what this moved\n{told}")
    return glyphs.spelt("\n\n".join(parts))
