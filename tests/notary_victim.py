"""Notaries that are killed at one of their steps, by themselves and for real: `python -m tests.notary_victim DATA`.

Each line of standard input is a step, and starts a notary in a process of its own; the answer is how that ended. Steps
are counted over what it does to the outside: files, messages, swaps; before each one, and behind it.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path
from typing import Any

from ledger.access import opened
from ledger.notary.directory import LogDirectory
from ledger.notary.remote import KvRegister, TileMessages
from ledger.notary.running import notary
from ledger.settings import Settings


def deadly(at: int) -> None:
    """Make the process die at one of its steps."""
    passed = 0

    def passes() -> None:
        nonlocal passed
        passed += 1
        if passed == at:
            os.kill(os.getpid(), signal.SIGKILL)

    for kind, name in (
        (LogDirectory, "keep"),
        (LogDirectory, "publish"),
        (LogDirectory, "drop"),
        (KvRegister, "swap"),
        (TileMessages, "_append"),
    ):

        def watched(whole: Any) -> Any:
            async def step(*arguments: Any) -> Any:
                passes()
                answer = await whole(*arguments)
                passes()
                return answer

            return step

        setattr(kind, name, watched(getattr(kind, name)))


async def main(data: Path, step: int) -> None:
    async with opened(Settings(data, "p", "victim", None)) as access, notary(access, "p") as at_work:
        deadly(step)
        await at_work.run_once()


if __name__ == "__main__":
    for line in sys.stdin:
        # Forked, so that a dozen of them cost the imports of one.
        if (child := os.fork()) == 0:
            asyncio.run(main(Path(sys.argv[1]), int(line)))
            os._exit(0)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
