"""portfolio anchor: a checkpoint comes back into its ledger, so that time is bounded from both sides."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

from ledger.access import Access
from ledger.anchoring import Anchored, NoCheckpoint, anchor, newest_note
from schemas.receipts import Accepted, Refused, receipt_as_dict
from tui.common import DONE, WORLD_FAILED, CommandError, Common, access
from tui.model.fates import in_words


async def anchor_(
    *,
    checkpoint: Path | None = None,
    every: int | None = None,
    common: Common | None = None,
) -> int:
    """Record the newest checkpoint in the ledger itself: what follows is then not older than its witnesses' times.

    It also fixes the heads of everything entries are about, so that an evidence pack can prove itself complete.

    Parameters
    ----------
    checkpoint
        A file with the signed checkpoint; without it the newest witnessed one, else the newest.
    every
        Do so again after this many seconds, until stopped; 86400 is daily.
    """
    common = common or Common()
    if every is not None and every < 1:
        raise CommandError(f"--every is a number of seconds from 1, not {every}")
    async with access(common) as (reached, chosen):
        portfolio = await reached.choose(chosen.portfolio)
        while True:
            _say(common, portfolio, await _anchored(reached, portfolio, checkpoint, chosen.actor))
            if every is None:
                return DONE
            await asyncio.sleep(every)


async def _anchored(reached: Access, portfolio: str, checkpoint: Path | None, actor: str) -> Anchored:
    try:
        note = await newest_note(reached.directory(portfolio), reached.register(portfolio), file=checkpoint)
        writer = await reached.writer(portfolio)
        found = await anchor(writer, reached.store(portfolio), note, actor)
    except NoCheckpoint as error:
        raise CommandError(f"cannot anchor {portfolio}: {error}", WORLD_FAILED) from error
    if isinstance(found.receipt, Refused) and found.receipt.reason.name != "NOTHING_CHANGES":
        raise CommandError(f"cannot anchor {portfolio}: {in_words(found.receipt)}", code=1)
    return found


def _say(common: Common, portfolio: str, found: Anchored) -> None:
    if common.json:
        told = {"portfolio": portfolio, "new": found.new, "size": found.size, **receipt_as_dict(found.receipt)}
        print(json.dumps(told), flush=True)
    else:
        at = found.receipt.sequence if isinstance(found.receipt, Accepted) else 0
        became = f"is anchored at sequence {at:,}" if found.new else "was anchored before; nothing was recorded"
        print(f"The checkpoint of {found.size:,} entries {became}.", flush=True)
