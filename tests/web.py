"""A mode of the program as a browser of this machine finds it: `portfolio MODE --web`, in a process of its own."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.program import ROOT

MODES = ["board", "replay"]


@asynccontextmanager
async def shown_by_the_program(data: Path, mode: str) -> AsyncIterator[str]:
    """Serve a mode over a data directory, and yield the address it prints. No app of it is left afterwards."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tui.cli", mode, "--web"),
        cwd=ROOT,
        env={"PORTFOLIO_DATA": str(data), "PORTFOLIO_ACTOR": "ana", "PATH": os.environ["PATH"]},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,
    )
    try:
        yield await address_of(process)
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGINT)
        _, err = await process.communicate()
    assert process.returncode == 130, err
    assert b"Traceback" not in err, err
    with pytest.raises(ProcessLookupError):
        os.killpg(process.pid, 0)


async def address_of(process: asyncio.subprocess.Process) -> str:
    """Return the address that a server prints at its start."""
    assert process.stdout is not None
    first, second = [(await process.stdout.readline()).decode() for _ in range(2)]
    assert "opens once" in second
    return first.removeprefix("Open ").strip()
