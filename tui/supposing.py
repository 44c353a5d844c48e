"""portfolio suppose: what would have come of other decisions, beside what was recorded. Nothing is written."""

from __future__ import annotations

import datetime
import json
from collections.abc import AsyncIterator, Sequence
from typing import Annotated, Any

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
from tui.model.headlines import headlines_text
from tui.model.table import table
from tui.model.text import clean
from tui.recording import FileOrStdin, completed, exit_code, in_words

READ_AT_ONCE = 1_000


async def suppose_(
    file: FileOrStdin | None = None,
    *,
    leave_out: Annotated[list[int] | None, Parameter(negative="", consume_multiple=True)] = None,
    fork: int | None = None,
    as_of: AsOf = None,
    common: Common | None = None,
) -> int:
    """Suppose other decisions, and compare what would have come of them with what was recorded. Nothing is written.

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
    if not given and not dropped:
        raise CommandError("nothing is supposed; name a FILE of commands, or entries with --leave-out SEQ")
    async with access(common) as (reached, chosen):
        portfolio = await reached.choose(chosen.portfolio)
        store = reached.store(portfolio)
        with progress(f"reading {portfolio}") as moved:
            replica = await synced(store, reached.directory(portfolio), portfolio, progress=moved)
        last = replica.sequence
        for option, sequence in [("--leave-out", each) for each in dropped] + [
            ("--fork", last if fork is None else fork)
        ]:
            if not (option == "--fork" and sequence == 0) and not 1 <= sequence <= last:
                raise CommandError(f"{option} {sequence} is no entry of {portfolio}; give one of 1 to {last}")
        behind = last if fork is None else fork
        with progress(f"deciding {portfolio} again", last) as moved:
            made = await read_fork(
                store.read(until=last), portfolio, min([behind, *(each - 1 for each in dropped)]), moved
            )
    now = datetime.datetime.now(datetime.UTC)
    missing = {"portfolio": _origin(made, portfolio), "actor": chosen.actor}
    changes: list[Change] = [LeaveOut(sequence) for sequence in dropped]
    changes += [Add(behind, completed(line, missing)) for line in given]
    found = suppose(made, changes, now=now)
    day = moment(replica, None, as_of, now=now).as_of
    headlines = compare_scenarios(replica, {"supposed": found}, day)
    if common.json:
        print(json.dumps(_as_dict(portfolio, day, found, headlines)))
    else:
        print(_text(portfolio, day, found, headlines))
    refused = [outcome.refused for outcome in found.outcomes if outcome.refused is not None]
    return exit_code(refused) if refused else DONE


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


TOLD = {
    "refused": "Recorded, and no longer passing",
    "changed": "Recorded, and coming out otherwise",
    "left_out": "Left out",
    "replaced": "Replaced",
}
"""What is told of recorded decisions, and its heading."""

RIGHT = [True, False, False, True, False]


def outcome_line(outcome: Outcome) -> str:
    """Return what came of a supposed command as one clean line."""
    if outcome.refused is not None:
        return f"✗ {in_words(outcome.refused)}"
    if outcome.repeats is not None:
        return f"· it is recorded already, at sequence {outcome.repeats:,}"
    told = [f"{event.at:,} {event.data.TYPE} {clean(event.subject, 56)}" for event in outcome.events]
    flags = outcome.events[0].flags
    return f"✓ {', '.join(told)}" + (f"; flagged {clean(flags)}" if flags else "")


def fate_cells(fate: Fate) -> list[str]:
    """Return what became of a recorded command: its sequence, type, subject, where it stands now, and why."""
    why = in_words(fate.refused) if fate.refused is not None else ", ".join(fate.differs)
    now = "–" if fate.now is None else f"{fate.now:,}"
    return [f"{fate.sequence:,}", fate.type, clean(fate.subject, 56), now, clean(why, 120)]
