"""The replay screen over a stream of its own: how soon it is drawn, and how soon it is drawn elsewhere.

    paint    from the end of the imports to every panel drawn: connected, opened, asked
    seek     from a key to every panel drawn, at a decision anywhere in the history
    board    the same of the board's panels

The application runs as it does in a terminal of 120x36, in a process of its own, but for the terminal: what it would
write there is thrown away.
"""

from __future__ import annotations

import asyncio
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from statistics import quantiles
from typing import Any

import msgspec

from bench import history
from bench.memory import own_peak_mb, own_resident_mb
from bench.sealing import appended
from ledger.access import Access, opened
from ledger.settings import Settings
from projections.archive import Archive
from projections.replica import Replica

P = history.PORTFOLIO
SEED = 20_261_128
SEEKS, LOOKS = 60, 20
REST_S = 3.0
"""How long nothing is asked before memory at rest is read, and before the first screen is drawn."""


class Drawn(msgspec.Struct):
    """What the screens took, in seconds by what was timed. resident_mb: of the process at rest after the seeks;
    peak_mb: the most it had."""

    seconds: dict[str, float] = msgspec.field(default_factory=dict)
    resident_mb: float = 0.0
    peak_mb: float = 0.0


def drawn(directory: Path) -> Drawn:
    """Return what it takes to draw the history of an archive.

    Its segments, and what they state, are made before: a user makes them once a segment.
    """
    with tempfile.TemporaryDirectory(prefix="bench-screen-") as data:
        return asyncio.run(_drawn(Path(data), Archive(directory / P)))


async def _drawn(data: Path, archive: Archive) -> Drawn:
    async with opened(Settings(data, P, "bench", None)) as access:
        await appended(await access.create(P), archive)
        shutil.copytree(archive.directory, access.directory(P), copy_function=os.link, dirs_exist_ok=True)
        await asyncio.to_thread(lambda: Replica.open(access.directory(P), P).prepare("statements"))
        # What was just written, and is still put away by the server, is not what is measured.
        await asyncio.to_thread(os.sync)
        await asyncio.sleep(REST_S)
        command = [sys.executable, "-m", "bench.terminal", str(data)]
        ran = await asyncio.to_thread(subprocess.run, command, stdout=subprocess.PIPE, check=True)
        return msgspec.json.decode(ran.stdout, type=Drawn)


async def _draw(data: Path) -> Drawn:
    """Draw the screens, in this process."""
    from projections.sync import synced
    from tui.app import LedgerApp
    from tui.collecting import collect_seldom
    from tui.model.glyphs import glyphs
    from tui.model.head import Head
    from tui.screens import board, replay  # noqa: F401 - imported before the clock starts
    from tui.session import Session

    collect_seldom()
    started = time.perf_counter()
    async with opened(Settings(data, P, "bench", None)) as access:
        assert isinstance(access, Access)
        store, directory = access.store(P), access.directory(P)
        made = await synced(store, directory, P, log=access.log(P))
        session = Session(made, store, directory, actor="bench", findings=await access.findings(P))
        app = LedgerApp(session, glyphs("unicode"), head=Head(session.line, session.line.tip, live=True))
        result = Drawn({"open": time.perf_counter() - started})
        async with app.run_test(size=(120, 36)) as pilot:
            await _quiet(app)
            result.seconds["paint"] = time.perf_counter() - started
            anywhere = random.Random(SEED)
            places = [anywhere.randrange(1, session.line.tip) for _ in range(SEEKS)]

            async def seek(sequence: int) -> None:
                await app.visit(sequence)

            _percentiles(result, "seek", [await _timed(app, seek, each) for each in places])
            await asyncio.sleep(REST_S)
            result.resident_mb = own_resident_mb()
            await app.action_go("board")
            await _quiet(app)

            async def look(sequence: int) -> None:
                app.head.to(sequence)
                app.tell_shown()

            _percentiles(result, "board", [await _timed(app, look, each) for each in places[:LOOKS]])
            await pilot.exit(0)
    result.peak_mb = own_peak_mb()
    return result


async def _timed(app: Any, act: Callable[[int], Awaitable[None]], sequence: int) -> float:
    started = time.perf_counter()
    await act(sequence)
    await _quiet(app)
    return time.perf_counter() - started


async def _quiet(app: Any) -> None:
    """Wait until what was begun is drawn: its work is done, and a refresh has followed."""
    for _ in range(2):
        refreshed = asyncio.Event()
        app.screen.call_after_refresh(refreshed.set)
        await refreshed.wait()
        await asyncio.gather(*(worker.wait() for worker in app.workers), return_exceptions=True)


def _percentiles(result: Drawn, name: str, seconds: list[float]) -> None:
    cut = quantiles(seconds, n=20, method="inclusive")
    result.seconds |= {f"{name} p50": cut[9], f"{name} p95": cut[18]}


if __name__ == "__main__":
    sys.stdout.buffer.write(msgspec.json.encode(asyncio.run(_draw(Path(sys.argv[1])))))
