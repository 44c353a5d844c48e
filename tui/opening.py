"""Commands that draw: in the terminal, in a browser, or as plain text."""

from __future__ import annotations

import datetime
import os
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, NamedTuple

from cyclopts import Parameter

from ledger.notary.places import DirectoryPlace
from projections.sync import synced
from tui.common import DONE, CommandError, Common, access, progress
from tui.model.as_of import day_of
from tui.model.glyphs import Glyphs, glyphs
from tui.signer_keys import Signing
from tui.trusting import trust_in

if TYPE_CHECKING:
    from tui.model.head import Head
    from tui.modes import Mode
    from tui.session import Session


Plain = Annotated[bool, Parameter(help="Print the screen as plain text instead.", negative="")]
GlyphSet = Annotated[
    Literal["unicode", "ascii"] | None, Parameter(help="Signs to draw with; else what the terminal shows.")
]
Keys = Annotated[Path | None, Parameter(help="A JSON file that gives actions other keys. Also PORTFOLIO_KEYS.")]


@Parameter(name="*")
@dataclass(frozen=True)
class Opening:
    """Options of every command that draws."""

    at: Annotated[
        str | None,
        Parameter(help="Where to begin: a sequence, a date, 50%, an initiative, a finding, tip, ledger://demo/242."),
    ] = None
    plain: Plain = False
    glyphs: GlyphSet = None
    keys: Keys = None
    read_only: Annotated[bool, Parameter(help="Look only: nothing can be recorded or filed.", negative="")] = False
    web: Annotated[bool, Parameter(help="Serve it to one browser of this machine, to look at.", negative="")] = False
    port: Annotated[int, Parameter(help="The port of --web; any free one without it.")] = 0
    behind_proxy: Annotated[
        str | None, Parameter(help="The https address under which a proxy that checks who comes in shows --web.")
    ] = None


class Between(NamedTuple):
    """That two moments are compared. start: how the first was given, None for the start of the quarter."""

    start: str | None


async def replay(
    *,
    from_: Annotated[
        str | None, Parameter(name="--from", help="The moment to compare with, A; without it the start of the quarter.")
    ] = None,
    to: Annotated[str | None, Parameter(help="The moment to compare, B, where it begins; without it --at.")] = None,
    opening: Opening | None = None,
    signing: Signing | None = None,
    common: Common | None = None,
) -> int:
    """Replay the history decision by decision: who decided what, why, and what it changed.

    With --plain and --from or --to: a transcript of every decision between, and what differs. What is recorded from
    there, by a form, is signed with the keys that are named.
    """
    opening = opening or Opening()
    if to is not None and opening.at is not None:
        raise CommandError("--to and --at both say where to begin; give one of them")
    between = None if from_ is None and to is None else Between(from_)
    opening = replace(opening, at=to or opening.at)
    return await open_in("replay", opening, common or Common(), between=between, signing=signing)


async def board(
    *,
    as_of: Annotated[str | None, Parameter(help="As of which day or quarter; else the day of --at, or today.")] = None,
    opening: Opening | None = None,
    signing: Signing | None = None,
    common: Common | None = None,
) -> int:
    """Show where the portfolio stands: alignment, spend, priorities, pipeline, risks, what needs a decision.

    What is recorded from there, by a form, is signed with the keys that are named.
    """
    return await open_in("board", opening or Opening(), common or Common(), as_of=as_of, signing=signing)


async def open_in(
    mode: Mode,
    opening: Opening,
    common: Common,
    *,
    as_of: str | None = None,
    between: Between | None = None,
    signing: Signing | None = None,
) -> int:
    """Open the application in a mode, serve it, or print that mode's screen. as_of: the day of a board."""
    try:
        day = None if as_of is None else day_of(as_of)
    except ValueError as error:
        raise CommandError(str(error)) from error
    if signing is not None and signing.key and (opening.plain or opening.web or opening.read_only):
        raise CommandError("--key signs what is recorded, and nothing is recorded from there; leave it out")
    if not opening.plain:
        _check_keys(opening.keys or common.settings().keys)
    if opening.web:
        return await _serve(mode, opening, common, day, between)
    keys = [] if signing is None else signing.keys()  # a passphrase is asked for before anything is drawn
    async with access(common) as (reached, chosen):
        portfolio = await reached.choose(chosen.portfolio)
        store, directory = reached.store(portfolio), reached.directory(portfolio)
        with progress(f"reading {portfolio}") as told:
            made = await synced(store, directory, portfolio, progress=told, log=reached.log(portfolio))
        from tui.apart import kept_apart, texts_of
        from tui.model.head import Head  # Textual costs a third of a second, which other commands need not pay
        from tui.session import Session

        findings = await reached.findings(portfolio)
        session = Session(
            made,
            store,
            directory,
            actor=chosen.actor,
            findings=findings,
            read_only=opening.read_only,
            read_text=texts_of(chosen.vault),
        )
        session.policy = chosen.policy
        trust_in(chosen.policy, DirectoryPlace(directory))  # a policy that cannot be read is told of now
        await session.read_findings()
        signs = glyphs(opening.glyphs)
        head = Head(session.line, session.line.tip, live=True)
        if opening.at is not None:
            head.to(await _place(session, head, opening.at))
        if between is not None and between.start is not None:
            head.a = await _place(session, head, between.start)
        if opening.plain:
            print(await _plain(mode, session, head, day, signs, compared=between is not None))
            return DONE
        # Textual's own setting names another driver than the terminal's: that of --web.
        if "TEXTUAL_DRIVER" not in os.environ and not (os.isatty(0) and os.isatty(2)):
            raise CommandError(f"there is no terminal to draw on; use `portfolio {mode} --plain`")
        from tui.app import LedgerApp
        from tui.collecting import collect_seldom
        from tui.model.pen import Pen
        from tui.recorder import WriterRecorder

        collect_seldom()
        recorder = None if opening.read_only else WriterRecorder(lambda: reached.writer(portfolio))
        keys_file = opening.keys or chosen.keys
        pen = Pen(keys, None if chosen.vault is None else partial(kept_apart, directory=chosen.vault))
        app = LedgerApp(session, signs, mode=mode, keys_file=keys_file, head=head, day=day, recorder=recorder, pen=pen)
        return await app.run_async() or app.return_code or DONE


def _check_keys(file: Path | None) -> None:
    """Raise CommandError where a keys file cannot be used, before anything is started."""
    if file is not None:
        from tui.keys import KeysError, keymap

        try:
            keymap(file)
        except KeysError as error:
            raise CommandError(str(error)) from error


async def _place(session: Session, head: Head, text: str) -> int:
    from tui.going import place_of

    try:
        return await place_of(session, head, text)
    except ValueError as error:
        raise CommandError(str(error)) from error


async def _plain(
    mode: Mode, session: Session, head: Head, day: datetime.date | None, signs: Glyphs, *, compared: bool
) -> str:
    if mode == "board":
        from tui.board import plain_board

        return await plain_board(session, head, day, signs)
    from tui.plain_replay import replay_text, transcript

    assert mode == "replay"
    if not compared:
        return await replay_text(session, head, signs)
    if head.a is not None:
        return await transcript(session, session.moment(head.a), session.moment(head.sequence), signs)
    note = "A was not given: it is the start of the quarter of B"
    return await transcript(session, session.quarter_start(head.sequence), session.moment(head.sequence), signs, note)


async def _serve(
    mode: Mode, opening: Opening, common: Common, day: datetime.date | None, between: Between | None
) -> int:
    """Serve a mode to a browser, with the same options, to look at only."""
    from tui.web import command_of, serve

    async with access(common) as (reached, chosen):
        portfolio = await reached.choose(chosen.portfolio)
        command = [*command_of(mode, replace(chosen, portfolio=portfolio)), "--read-only", "--glyphs=unicode"]
        command += [f"--at={opening.at}"] if opening.at is not None else []
        command += [f"--as-of={day}"] if day is not None else []
        command += [f"--from={between.start}"] if between is not None and between.start is not None else []
        keys = opening.keys or chosen.keys
        command += [f"--keys={keys.absolute()}"] if keys is not None else []
        await serve(command, port=opening.port, behind_proxy=opening.behind_proxy)
    return DONE
