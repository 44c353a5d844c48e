"""Commands that draw: replay and board, in the terminal or as plain text."""

from __future__ import annotations

import os
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from projections.sync import synced
from tui.common import DONE, CommandError, Common, access, progress
from tui.model.glyphs import glyphs

GlyphSet = Annotated[
    Literal["unicode", "ascii"] | None,
    Parameter(name="--glyphs", help="Signs to draw with; else what the terminal shows."),
]
At = Annotated[
    str | None,
    Parameter(help="Where to begin: a sequence, a date, 50%, an initiative, tip; or ledger://portfolio/186120#field."),
]
Plain = Annotated[bool, Parameter(help="Print the screen as plain text instead.", negative="")]
ReadOnly = Annotated[bool, Parameter(help="Record nothing from here: what is written is kept as drafts.", negative="")]
Keys = Annotated[Path | None, Parameter(help="A JSON file that gives actions other keys. Also PORTFOLIO_KEYS.")]


async def replay(
    *,
    at: At = None,
    plain: Plain = False,
    read_only: ReadOnly = False,
    glyphs: GlyphSet = None,
    keys: Keys = None,
    common: Common | None = None,
) -> int:
    """Replay the history decision by decision: who decided what, why, and what it changed. n records a decision."""
    return await _open("replay", at, plain, read_only, glyphs, keys, common or Common())


async def _open(
    mode: Literal["replay"],
    at: str | None,
    plain: bool,
    read_only: bool,
    glyph_set: str | None,
    keys: Path | None,
    common: Common,
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
        if at is not None:
            head.to(await place_of(session, head, at))
        if plain:
            from tui.plain_replay import replay_text

            print(await replay_text(session, head, signs))
            return DONE
        if not os.isatty(0) or not os.isatty(2):
            raise CommandError(f"there is no terminal to draw on; use `portfolio {mode} --plain`")
        from tui.app import LedgerApp
        from tui.recorder import WriterRecorder

        recorder = None if read_only else WriterRecorder(lambda: reached.writer(portfolio))
        app = LedgerApp(session, signs, mode=mode, keys_file=keys or chosen.keys, head=head, recorder=recorder)
        return await app.run_async() or app.return_code or DONE
