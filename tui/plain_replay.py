"""The replay screen as plain text: the same parts in the same order, for pipes, goldens and screen readers."""

from __future__ import annotations

from projections.moment import Moment
from projections.moments import compare_moments
from projections.pages import Pages
from tui.model.card import with_findings
from tui.model.compare_lines import compare_text, moment_words
from tui.model.figures import instant
from tui.model.glyphs import Glyphs
from tui.model.head import Head
from tui.model.lines import card_lines, change_line, row_line, scrubber_lines
from tui.model.seen import known, moved, see, unreadable
from tui.model.text import clean
from tui.session import Session

WIDTH = 100
AROUND = 5
"""Decisions shown before and after the one in question."""


MOST_LISTED = 1_000
"""Decisions of a transcript that are listed; the rest is only counted."""


async def transcript(
    session: Session, before: Moment, after: Moment, glyphs: Glyphs, note: str = "", most: int = MOST_LISTED
) -> str:
    """Return everything between two moments as lines from top to bottom: each decision, then what differs.

    note: why the first is what it is. The later moment is read last, whichever of the two it is.
    """
    first, last = sorted((before, after), key=lambda moment: moment.sequence)
    index = session.line.sequences
    places = range(session.line.place(first.sequence) + 1, session.line.place(last.sequence) + 1)
    pages, digits = Pages(session.replica, session.line), len(f"{session.line.tip:,}")
    listed = [pages.row(place) for place in places[:most]]
    lines = [
        row_line(row, WIDTH, glyphs, False, glyphs.problem if row.problem else " ", digits).rstrip() for row in listed
    ]
    if rest := len(places) - len(lines):
        lines.append(
            f"{glyphs.ellipsis} and {rest:,} more, up to {index[places[-1]]:,}; `portfolio log` lists every one"
        )
    compared = await session.ask(lambda replica: compare_moments(replica, before, after))
    moments = [
        f"{name}  {moment_words(moment)}  "
        + (f"recorded {instant(moment.recorded_at)} UTC" if moment.recorded_at else "before the first decision")
        for name, moment in (("A", before), ("B", after))
    ]
    return "\n\n".join(
        [
            "\n".join([f"REPLAY  {clean(session.portfolio)}   from A to B", *moments, *([note] if note else [])]),
            "\n".join([f"{len(places):,} decisions between", *lines]),
            "A and B beside each other: " + compare_text(compared, WIDTH, glyphs),
        ]
    )


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
        seen = await see(session.ask, entry.event, entry.payload, base, here, session.read_text, session.trusted())
        totals = await moved(session.ask, known(entry.event), base, here)
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
