"""The board at a moment: which moment that is, its first line, and the whole of it as plain text."""

from __future__ import annotations

import asyncio
import datetime
from collections.abc import Sequence
from typing import Literal

from projections.moment import Moment
from projections.replica import Replica
from tui.model.as_of import quarter_ends
from tui.model.board import VIEWS, BoardSeen, Point, ask_one, see_board, see_point, see_terms, seen_of
from tui.model.board_drawing import Drawing
from tui.model.board_headline import headline_list
from tui.model.board_initiatives import initiatives
from tui.model.board_panels import PANELS
from tui.model.board_trend import trend
from tui.model.figures import instant
from tui.model.glyphs import UNICODE, Glyphs
from tui.model.head import Head
from tui.model.pieces import Panel, text_of
from tui.model.text import clean
from tui.session import Session

PLAIN_WIDTH = 100
MOST_POINTS = 40
"""Quarters that are drawn over time."""

NOTHING = "Nothing is recorded yet; `portfolio send FILE` records commands, `portfolio import` loads a history."


def own_day(session: Session, head: Head) -> datetime.date:
    """Return the day a head's board is of where no other is chosen: its entry's, at the tip today."""
    day = session.moment(head.sequence).as_of
    return max(day, session.now().as_of) if head.at_tip else day


def moment_of(session: Session, head: Head, day: datetime.date | None) -> Moment:
    """Return the moment of a head's board, as of a day or of its own."""
    return session.moment(head.sequence, day or own_day(session, head))


def standing(session: Session, head: Head, moment: Moment) -> Literal["live", "past", "ahead"]:
    """Say whether a board shows everything that is known today, less, or what is recorded for a day to come."""
    own = own_day(session, head)
    if not head.at_tip or moment.as_of < own:
        return "past"
    return "ahead" if moment.as_of > own else "live"


def header(session: Session, head: Head, moment: Moment, glyphs: Glyphs, width: int) -> str:
    """Return the first line of the board: of what, of when, as known when, and how things stand."""
    words = f"{glyphs.live} LIVE"
    if (stands := standing(session, head, moment)) != "live":
        words = f"{glyphs.past} {stands.upper()} {glyphs.same} read only"
    if session.offline is not None:
        since, _ = session.offline
        words = f"{glyphs.offline} OFFLINE since {since:%H:%M}"
    place = f"seq {moment.sequence:,}/{session.line.tip:,}"
    if width < 110:
        return f"{glyphs.board} BOARD  as of {moment.as_of}  known {place}  {words}"
    known = f"known {instant(moment.recorded_at)[:16]} UTC, {place}"
    portfolio = clean(session.portfolio, 24)
    told = f"{glyphs.board} BOARD  {portfolio}   as of {moment.as_of}   {known}   {words}"
    return f"{told}   proof not checked" if len(told) + 20 <= width - 2 else told


def points_before(session: Session, moment: Moment) -> list[Moment]:
    """Return the ends of the quarters up to a moment, each as it was known that evening, the moment itself last."""
    line = session.line
    if not len(line):
        return []
    first = session.moment(line.sequences[0]).as_of
    found = []
    for day in quarter_ends(first, moment.as_of, MOST_POINTS - 1):
        evening = datetime.datetime.combine(day, datetime.time.max, session.zone)
        known = min(line.until(int(evening.timestamp() * 1_000_000)), moment.sequence)
        found.append(session.moment(known, day))
    return [*found, moment]


async def seen_by(session: Session, moment: Moment) -> BoardSeen:
    """Return what the board shows at a moment, its views asked side by side."""
    answers = await asyncio.gather(
        *(session.ask(lambda replica, name=name: ask_one(replica, name, moment)) for name in VIEWS)  # type: ignore[misc]
    )
    terms = await session.ask(lambda replica: see_terms(replica, moment))
    return seen_of(moment, dict(zip(VIEWS, answers, strict=True)), terms)


async def plain_board(session: Session, head: Head, day: datetime.date | None, glyphs: Glyphs) -> str:
    """Return the board of a head as plain text."""
    moment = moment_of(session, head, day)
    first = header(session, head, moment, glyphs, PLAIN_WIDTH * 2).removeprefix(f"{glyphs.board} ")
    if not moment.sequence:
        return f"{first}\n\n{NOTHING}"
    seen = await seen_by(session, moment)
    ends = points_before(session, moment)
    points = await session.ask(lambda replica: [see_point(replica, each) for each in ends])
    return glyphs.spelt(f"{first}\n\n{text(seen, points, glyphs)}")


def board_text(replica: Replica, moment: Moment, *, most: int | None = None) -> str:
    """Return a board as plain text without its figures over time. most: lines of a panel, None for all."""
    known = f"known up to sequence {moment.sequence:,}, recorded {instant(moment.recorded_at)} UTC"
    first = f"BOARD  {clean(replica.portfolio)}   as of {moment.as_of}   {known}"
    return f"{first}\n\n{text(see_board(replica, moment), [], UNICODE, most=most)}"


def text(seen: BoardSeen, points: Sequence[Point], glyphs: Glyphs, *, most: int | None = None) -> str:
    """Return the headline and every panel as plain text. most: lines of a panel, None for all."""
    drawing = Drawing(PLAIN_WIDTH, glyphs)
    parts = ["\n".join(text_of(line) for line in headline_list(seen, drawing))]
    panels = [make(seen, drawing) for make in PANELS.values()]
    panels.insert(1, initiatives(seen, drawing))
    if points:
        panels.append(trend(points, seen.currency, drawing))
    parts += [_plain(panel, glyphs, most) for panel in panels]
    return "\n\n".join(parts)


def _plain(panel: Panel, glyphs: Glyphs, most: int | None) -> str:
    note = f"  ({panel.note})" if panel.note else ""
    shown = [text_of(line) for line in panel.lines[:most]] or [panel.empty]
    shown = [text_of(panel.heads), *shown] if panel.heads else shown
    if most is not None and len(panel.lines) > most:
        shown.append(f"{glyphs.ellipsis} and {len(panel.lines) - most:,} more")
    return "\n".join([f"{panel.title}{note}", glyphs.rule * PLAIN_WIDTH, *shown])
