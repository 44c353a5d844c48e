"""portfolio demo: three years of an invented insurer's AI investments, recorded and shown, from nothing."""

from __future__ import annotations

import datetime
import json
import os
import shlex
from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated

from cyclopts import Parameter

from ledger import demo as story
from ledger.access import Access
from ledger.findings import evidence_of
from ledger.writer import Writer
from projections.moment import moment
from projections.sync import synced
from schemas.receipts import Accepted
from tui.board import board_text
from tui.common import DONE, REFUSED, CommandError, Common, access, progress
from tui.findings import entry
from tui.opening import Opening, open_in
from tui.recording import in_words

SHOWN = ("2024-12-31", "2025-03-17", "2026-11-20")
"""The days whose boards are printed; the last one is the end of the story."""

MOST_LINES = 8
"""Lines of each part of a board that are printed."""

ASKED = (
    "board",
    "view initiatives --as-known 2026-11-20",
    "view alignment --as-known 2024-07-18 --as-of 2024-06-30",
    "view models --as-known 2025-03-17",
    "view decisions",
    "diff alignment --between 2026-01-21 2026-01-22",
    "findings",
    "replay --at 258",
    "suppose --leave-out 551",
    "rebuild",
)
"""Commands that go on from there."""


async def demo(
    *,
    print_only: Annotated[bool, Parameter(negative="")] = False,
    common: Common | None = None,
) -> int:
    """Record the portfolio of Northwind Mutual, 40 AI initiatives over three years, and show its board at three dates.

    Running it again changes nothing; an interrupted run goes on where it was. The portfolio is called demo; look into
    it with `portfolio view`. In a terminal its replay opens then.

    Parameters
    ----------
    print_only
        Do not open the replay.
    """
    common = replace(common or Common(), portfolio=story.PORTFOLIO)
    async with access(common) as (reached, chosen):
        store = await reached.create(story.PORTFOLIO)
        script = list(story.steps())
        code = await _record(reached, script, as_json=common.json)
        await _file(reached, script)
        with progress("reading demo") as moved:
            replica = await synced(store, reached.directory(story.PORTFOLIO), story.PORTFOLIO, progress=moved)
    if common.json:
        return code
    now = datetime.datetime.now(datetime.UTC)
    for day in SHOWN:
        at = moment(replica, day, None, now=now)
        print("\n" + "═" * 100)
        print(board_text(replica, at, most=MOST_LINES))
    given = "" if common.data is None else f" --data {shlex.quote(str(common.data))}"
    print(f"\nData: {chosen.data}. Ask on; with `uv run` in front, if that is how you began:")
    for asked in ASKED:
        print(f"  portfolio {asked} --portfolio {story.PORTFOLIO}{given}")
    if not print_only and code == DONE and all(map(os.isatty, (0, 1, 2))):
        return await open_in("replay", Opening(), common)
    return code


async def _file(reached: Access, script: Sequence[story.Step]) -> None:
    """File what the auditor of the story files. Filed again, it is found there."""
    findings, store = await reached.findings(story.PORTFOLIO), reached.store(story.PORTFOLIO)
    numbers: dict[str, str] = {}
    for filing in story.filings(script):
        evidence = evidence_of(await entry(store, story.PORTFOLIO, filing.sequence))
        number = numbers.get(filing.key, "")
        numbers[filing.key] = (await findings.file(filing.made(evidence, number))).finding


async def _record(reached: Access, script: Sequence[story.Step], *, as_json: bool) -> int:
    """Send every step at its own time, and print a summary. Errors: CommandError where a step ends as it should not."""
    writer: Writer = await reached.writer(story.PORTFOLIO, story.clock(script, lambda: writer.book.sequence))
    await writer.catch_up()
    opened, before = writer.book.opened, writer.book.sequence
    if opened is not None and opened.log_origin != story.ORIGIN:
        raise CommandError(
            f"there is another portfolio called {story.PORTFOLIO}, {opened.log_origin}; "
            "give the demo a data directory of its own with --data"
        )
    # What was accepted before is sent again and found there; what was refused before is not refused twice.
    told = [step for step in script if step.expect == "accepted" or step.after >= before]
    recorded, refused, place = 0, 0, 0
    with progress(f"recording {story.PORTFOLIO}", len(told)) as moved:
        async for receipt in writer.submit_each(step.line for step in told):
            step = told[place]
            place += 1
            moved(1)
            outcome = "accepted" if isinstance(receipt, Accepted) else receipt.reason.name
            if outcome != step.expect:
                said = "accepted" if isinstance(receipt, Accepted) else in_words(receipt)
                problem = f"step {place} of {story.PORTFOLIO}, recorded {step.recorded_at:%Y-%m-%d}, is {said}"
                raise CommandError(f"{problem}, and not {step.expect}; give the demo a fresh --data", REFUSED)
            refused += not isinstance(receipt, Accepted)
            recorded += isinstance(receipt, Accepted) and receipt.events[0].sequence > before
    summary = {
        "portfolio": story.PORTFOLIO,
        "commands": len(told),
        "recorded": recorded,
        "already_there": len(told) - recorded - refused,
        "refused": refused,
        "sequence": writer.book.sequence,
    }
    if as_json:
        print(json.dumps(summary))
    else:
        print(
            f"{recorded:,} of {len(told):,} commands recorded, {summary['already_there']:,} were there already, "
            f"{refused} refused, as the story has it. {story.PORTFOLIO} stands at sequence {writer.book.sequence:,}."
        )
    return DONE
