"""Commands that draw: replay and board, in the terminal or as plain text."""

from __future__ import annotations

import datetime
import os
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from projections.sync import synced
from tui.common import DONE, CommandError, Common, access, progress
from tui.model.as_of import day_of
from tui.model.glyphs import Glyphs, glyphs

if TYPE_CHECKING:
    from tui.model.head import Head
    from tui.session import Session

Mode = Literal["board", "replay"]
GlyphSet = Annotated[
    Literal["unicode", "ascii"] | None,
    Parameter(name="--glyphs", help="Signs to draw with; else what the terminal shows."),
]
At = Annotated[
    str | None,
    Parameter(help="Where to begin: a sequence, a date, 50%, an initiative, tip; or ledger://portfolio/186120#field."),
]
Plain = Annotated[bool, Parameter(help="Print the screen as plain text instead.", negative="")]
Keys = Annotated[Path | None, Parameter(help="A JSON file that gives actions other keys. Also PORTFOLIO_KEYS.")]


async def replay(
    *, at: At = None, plain: Plain = False, glyphs: GlyphSet = None, keys: Keys = None, common: Common | None = None
) -> int:
    """Replay the history decision by decision: who decided what, why, and what it changed."""
    return await _open("replay", at, plain, glyphs, keys, common or Common())


async def board(
    *,
    at: At = None,
    as_of: Annotated[str | None, Parameter(help="As of which day; else that of --at, without it today.")] = None,
    plain: Plain = False,
    glyphs: GlyphSet = None,
    keys: Keys = None,
    common: Common | None = None,
) -> int:
    """Show where the portfolio stands: alignment, spend, priorities, pipeline, risks, what needs a decision."""
    return await _open("board", at, plain, glyphs, keys, common or Common(), as_of=as_of)


async def _open(
    mode: Mode,
    at: str | None,
    plain: bool,
    glyph_set: str | None,
    keys: Path | None,
    common: Common,
    *,
    as_of: str | None = None,
) -> int:
    """Open the application in a mode, or print that mode's screen."""
    async with AsyncExitStack() as stack:
        reached, chosen = await stack.enter_async_context(access(common))
        portfolio = await reached.choose(chosen.portfolio)
        store, directory = reached.store(portfolio), reached.directory(portfolio)
        with progress(f"reading {portfolio}") as told:
            made = await synced(store, directory, portfolio, progress=told)
        from tui.going import place_of  # Textual costs a third of a second, which other commands need not pay
        from tui.model.head import Head
        from tui.session import Session

        session = Session(made, store, directory, actor=chosen.actor)
        signs = glyphs(glyph_set)
        head = Head(session.line, session.line.tip, live=True)
        try:
            day = None if as_of is None else day_of(as_of)
            if at is not None:
                head.to(await place_of(session, head, at))
        except ValueError as error:
            raise CommandError(str(error)) from error
        if plain:
            print(await _plain(mode, session, head, day, signs))
            return DONE
        if not os.isatty(0) or not os.isatty(2):
            raise CommandError(f"there is no terminal to draw on; use `portfolio {mode} --plain`")
        from tui.app import LedgerApp

        app = LedgerApp(session, signs, mode=mode, keys_file=keys or chosen.keys, head=head, day=day)
        return await app.run_async() or app.return_code or DONE


async def _plain(mode: Mode, session: Session, head: Head, day: datetime.date | None, signs: Glyphs) -> str:
    """Return a mode's screen as plain text."""
    if mode == "board":
        from tui.board import plain_board

        return await plain_board(session, head, day, signs)
    from tui.plain_replay import replay_text

    return await replay_text(session, head, signs)
