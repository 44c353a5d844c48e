"""Commands that draw: in the terminal, in a browser, or as plain text."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from projections.sync import synced
from tui.common import DONE, CommandError, Common, access, progress
from tui.model.glyphs import Glyphs, glyphs

if TYPE_CHECKING:
    from tui.app import Mode
    from tui.model.head import Head
    from tui.session import Session


@Parameter(name="*")
@dataclass(frozen=True)
class Opening:
    """Options of every command that draws."""

    at: Annotated[
        str | None,
        Parameter(help="Where to begin: a sequence, a date, 50%, an initiative, a finding, tip, ledger://demo/242."),
    ] = None
    plain: Annotated[bool, Parameter(help="Print the screen as plain text instead.", negative="")] = False
    glyphs: Annotated[
        Literal["unicode", "ascii"] | None, Parameter(help="Signs to draw with; else what the terminal shows.")
    ] = None
    keys: Annotated[Path | None, Parameter(help="A JSON file that gives actions other keys. Also PORTFOLIO_KEYS.")] = (
        None
    )
    read_only: Annotated[bool, Parameter(help="Look only: nothing can be recorded or filed.", negative="")] = False
    web: Annotated[bool, Parameter(help="Serve it to one browser of this machine, to look at.", negative="")] = False
    port: Annotated[int, Parameter(help="The port of --web; any free one without it.")] = 0
    behind_proxy: Annotated[
        str | None, Parameter(help="The https address under which a proxy that checks who comes in shows --web.")
    ] = None


async def replay(
    *,
    from_: Annotated[
        str | None, Parameter(name="--from", help="The moment to compare with, A; without it the start of the quarter.")
    ] = None,
    to: Annotated[str | None, Parameter(help="The moment to compare, B, where it begins; without it --at.")] = None,
    opening: Opening | None = None,
    common: Common | None = None,
) -> int:
    """Replay the history decision by decision: who decided what, why, and what it changed.

    With --plain and --from or --to: a transcript of every decision between, and what differs.
    """
    opening = opening or Opening()
    if to is not None and opening.at is not None:
        raise CommandError("--to and --at both say where to begin; give one of them")
    return await open_in("replay", replace(opening, at=to or opening.at), common or Common(), between=(from_, to))


async def open_in(
    mode: Mode, opening: Opening, common: Common, *, between: tuple[str | None, str | None] = (None, None)
) -> int:
    """Open the application in a mode, serve it, or print that mode's screen. between: what A and B were given as."""
    if opening.web:
        return await _serve(mode, opening, common, between[0])
    async with access(common) as (reached, chosen):
        portfolio = await reached.choose(chosen.portfolio)
        store, directory = reached.store(portfolio), reached.directory(portfolio)
        with progress(f"reading {portfolio}") as told:
            made = await synced(store, directory, portfolio, progress=told)
        from tui.going import place_of  # Textual costs a third of a second, which other commands need not pay
        from tui.model.head import Head
        from tui.session import Session

        findings = await reached.findings(portfolio)
        session = Session(made, store, directory, actor=chosen.actor, findings=findings, read_only=opening.read_only)
        await session.read_findings()
        signs = glyphs(opening.glyphs)
        head = Head(session.line, session.line.tip, live=True)
        if opening.at is not None:
            head.to(await place_of(session, head, opening.at))
        if between[0] is not None:
            head.a = await place_of(session, head, between[0])
        if opening.plain:
            print(await _plain(mode, session, head, signs, compared=between != (None, None)))
            return DONE
        if not os.isatty(0) or not os.isatty(2):
            raise CommandError(f"there is no terminal to draw on; use `portfolio {mode} --plain`")
        from tui.app import LedgerApp

        app = LedgerApp(session, signs, mode=mode, keys_file=opening.keys or chosen.keys, head=head)
        return await app.run_async() or app.return_code or DONE


async def _plain(mode: Mode, session: Session, head: Head, signs: Glyphs, *, compared: bool) -> str:
    from tui.plain_replay import replay_text, transcript

    assert mode == "replay"
    if not compared:
        return await replay_text(session, head, signs)
    if head.a is not None:
        return await transcript(session, session.moment(head.a), session.moment(head.sequence), signs)
    note = "A was not given: it is the start of the quarter of B"
    return await transcript(session, session.quarter_start(head.sequence), session.moment(head.sequence), signs, note)


async def _serve(mode: Mode, opening: Opening, common: Common, a: str | None) -> int:
    """Serve a mode to a browser, with the same options, to look at only."""
    from tui.web import command_of, serve

    async with access(common) as (reached, chosen):
        portfolio = await reached.choose(chosen.portfolio)
        command = [*command_of(mode, chosen), f"--portfolio={portfolio}", "--read-only", "--glyphs=unicode"]
        command += [f"--at={opening.at}"] if opening.at is not None else []
        command += [f"--from={a}"] if a is not None else []
        keys = opening.keys or chosen.keys
        command += [f"--keys={keys.absolute()}"] if keys is not None else []
        await serve(command, port=opening.port, behind_proxy=opening.behind_proxy)
    return DONE
