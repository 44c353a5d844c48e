"""portfolio suppose: what would have come of other decisions, beside what was recorded. Nothing is written."""

from __future__ import annotations

import datetime
import json
import os
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
from cyclopts import Parameter

from ledger.book import Book
from ledger.fork import Fork
from ledger.importers import commands as ndjson
from ledger.store import Stored
from ledger.suppose import Add, Change, Fate, LeaveOut, Outcome, Supposing, suppose
from projections.moment import moment
from projections.scenarios import Headline, compare_scenarios
from projections.segments import Progress
from projections.sync import synced
from schemas.receipts import receipt_as_dict
from tui.asking import AsOf
from tui.common import DONE, CommandError, Common, access, progress, read_file
from tui.model.commands import about_event, about_line, completed
from tui.model.fates import RIGHT, TOLD, fate_cells, outcome_line
from tui.model.headlines import headlines_text
from tui.model.supposed import WhatIf
from tui.model.table import table
from tui.opening import GlyphSet, Keys, Plain
from tui.recording import FileOrStdin, exit_code

if TYPE_CHECKING:
    from tui.session import Session

READ_AT_ONCE = 1_000


async def suppose_(
    file: FileOrStdin | None = None,
    *,
    leave_out: Annotated[list[int] | None, Parameter(negative="", consume_multiple=True)] = None,
    fork: int | None = None,
    as_of: AsOf = None,
    screen: Annotated[
        bool, Parameter(help="Open the What-if screen with these, instead of printing.", negative="")
    ] = False,
    plain: Plain = False,
    glyphs: GlyphSet = None,
    keys: Keys = None,
    common: Common | None = None,
) -> int:
    """Suppose other decisions, and compare what would have come of them with what was recorded. Nothing is written.

    Where nothing is supposed yet, a terminal shows the What-if screen.

    Parameters
    ----------
    file
        Supposed commands as NDJSON, completed as those of send; - for standard input.
    leave_out
        Sequences of recorded decisions to leave out. What came after them is decided again without them.
    fork
        The sequence behind which the supposed commands come; without it, behind the last one.
    """
    common = common or Common()
    given = [] if file is None else [command for _, command in ndjson.commands(read_file(file))]
    dropped = sorted(set(leave_out or ()))
    drawn = not plain and not common.json and (screen or not (given or dropped))
    if drawn and not (os.isatty(0) and os.isatty(2)):
        told = "there is no terminal to draw on" if screen else "nothing is supposed"
        raise CommandError(f"{told}; name a FILE of commands, or entries with --leave-out SEQ, without --screen")
    async with access(common) as (reached, chosen):
        portfolio = await reached.choose(chosen.portfolio)
        store, directory = reached.store(portfolio), reached.directory(portfolio)
        with progress(f"reading {portfolio}") as moved:
            replica = await synced(store, directory, portfolio, progress=moved, log=reached.log(portfolio))
        last = replica.sequence
        for option, sequence in [("--leave-out", each) for each in dropped] + [
            ("--fork", last if fork is None else fork)
        ]:
            if not (option == "--fork" and sequence == 0) and not 1 <= sequence <= last:
                raise CommandError(f"{option} {sequence} is no entry of {portfolio}; give one of 1 to {last}")
        now = datetime.datetime.now(datetime.UTC)
        day = moment(replica, None, as_of, now=now).as_of
        if drawn:
            from tui.session import Session  # Textual costs a third of a second, which printing need not pay

            session = Session(replica, store, directory, actor=chosen.actor)
            return await _draw(session, given, dropped, fork, day if as_of else None, glyphs, keys or chosen.keys)
        behind = last if fork is None else fork
        with progress(f"deciding {portfolio} again", last) as moved:
            made = await read_fork(
                store.read(until=last), portfolio, min([behind, *(each - 1 for each in dropped)]), moved
            )
    missing = {"portfolio": _origin(made, portfolio), "actor": chosen.actor}
    changes: list[Change] = [LeaveOut(sequence) for sequence in dropped]
    changes += [Add(behind, completed(line, missing)) for line in given]
    found = suppose(made, changes, now=now)
    scenarios = {"supposed": found} if changes else {}
    headlines = compare_scenarios(replica, scenarios, day)
    if common.json:
        print(json.dumps(_as_dict(portfolio, day, found, headlines)))
    else:
        print(_text(portfolio, day, found, headlines))
    refused = [outcome.refused for outcome in found.outcomes if outcome.refused is not None]
    return exit_code(refused) if refused else DONE


async def _draw(
    session: Session,
    given: Sequence[bytes],
    dropped: Sequence[int],
    fork: int | None,
    as_of: datetime.date | None,
    glyph_set: str | None,
    keys: Path | None,
) -> int:
    """Open the What-if screen with these decisions left out and these commands added."""
    from tui.app import LedgerApp
    from tui.collecting import collect_seldom
    from tui.model.glyphs import glyphs

    collect_seldom()
    supposed = WhatIf(as_of)
    scenario = supposed.scenario
    for sequence in dropped:
        entry = await session.entry(sequence)
        event = None if entry is None else entry.event
        supposed.leave_out(sequence, "no decision" if event is None else about_event(event))
    first = await session.entry(1)
    origin = getattr(first and first.event and first.event.data, "log_origin", session.portfolio)
    scenario.behind = None if fork == session.replica.sequence else fork
    for line in given:
        whole = completed(line, {"portfolio": origin, "actor": session.actor})
        supposed.add(whole, about_line(whole))
    app = LedgerApp(session, glyphs(glyph_set), mode="suppose", keys_file=keys, supposed=supposed)
    return await app.run_async() or app.return_code or DONE


async def read_fork(entries: AsyncIterator[Stored], portfolio: str, at: int, moved: Progress = lambda _: None) -> Fork:
    """Return the fork of a portfolio at a sequence, from its entries in order. It keeps nothing of where they are."""
    made, waiting = Fork(Book(portfolio), at), []
    async for entry in entries:
        waiting.append(entry.payload)
        if len(waiting) == READ_AT_ONCE:
            made.take(waiting)
            moved(len(waiting))
            waiting = []
    made.take(waiting)
    return made


def _origin(made: Fork, portfolio: str) -> str:
    """Return the ledger that commands name, also where the fork is before its opening."""
    opened = made.book.opened
    if opened is not None:
        return opened.log_origin
    first = made.units[0].event if made.units else None
    return portfolio if first is None else getattr(first.data, "log_origin", portfolio)


def _as_dict(portfolio: str, day: datetime.date, found: Supposing, headlines: Sequence[Headline]) -> dict[str, Any]:
    return {
        "portfolio": portfolio,
        "fork": found.fork,
        "as_of": str(day),
        "scenarios": msgspec.to_builtins(headlines),
        "supposed": [_outcome_as_dict(outcome) for outcome in found.outcomes],
        "recorded": {"kept": found.kept, "told": [_fate_as_dict(fate) for fate in found.told]},
    }


def _outcome_as_dict(outcome: Outcome) -> dict[str, Any]:
    if outcome.refused is not None:
        return receipt_as_dict(outcome.refused)
    if outcome.repeats is not None:
        return {"status": "repeated", "sequence": outcome.repeats}
    told = [{"sequence": e.at, "id": e.id, "type": e.data.TYPE, "flags": e.flags} for e in outcome.events]
    return {"status": "accepted", "events": told}


def _fate_as_dict(fate: Fate) -> dict[str, Any]:
    told = {**fate._asdict(), "differs": list(fate.differs)}
    return {**told, "refused": None if fate.refused is None else receipt_as_dict(fate.refused)}


def _text(portfolio: str, day: datetime.date, found: Supposing, headlines: Sequence[Headline]) -> str:
    title = f"{portfolio} · supposed behind sequence {found.fork:,} · as of {day} · nothing of this is recorded"
    parts = [title, headlines_text(headlines)]
    if found.outcomes:
        parts.append("Supposed\n\n" + "\n".join(map(outcome_line, found.outcomes)))
    for became, words in TOLD.items():
        rows = [fate_cells(fate) for fate in found.told if fate.became == became]
        if rows:
            parts.append(f"{words}\n\n{table(['sequence', 'type', 'subject', 'now', ''], rows, RIGHT)}")
    return "\n\n".join(parts)
