"""The `portfolio` program as tests run it: another process, a data directory of its own, nothing else around it.

And what tests say to it: command lines, and the bytes of its stream as a plain NATS client reads them.
"""

from __future__ import annotations

import asyncio
import datetime
import hashlib
import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import nats

from ledger.access import Access, opened
from ledger.importers.made import nyc_capital
from ledger.server import Endpoint
from ledger.settings import Settings
from ledger.writer import Writer
from schemas.receipts import Accepted
from tui.recording import opening_command

ROOT = Path(__file__).parents[1]
LIMIT_S = 60.0


class Ran(NamedTuple):
    """What a run of the program left: its exit code and what it wrote."""

    code: int
    out: bytes
    err: str

    @property
    def text(self) -> str:
        return self.out.decode()

    @property
    def json(self) -> Any:
        """The one JSON value it printed."""
        return json.loads(self.out)

    @property
    def receipts(self) -> list[dict[str, Any]]:
        """The JSON values it printed, one a line."""
        return [json.loads(line) for line in self.out.splitlines()]


def run(data: Path, *arguments: str | Path, given: bytes = b"", environment: dict[str, str] | None = None) -> Ran:
    """Run the program on a data directory and return what it left."""
    process = started(data, *arguments, environment=environment)
    try:
        out, err = process.communicate(given, LIMIT_S)
    except BaseException:
        process.kill()
        process.communicate()
        raise
    return Ran(process.returncode, out, err.decode())


def done(data: Path, *arguments: str | Path, given: bytes = b"") -> Ran:
    """Run the program, which must succeed without a word of complaint."""
    ran = run(data, *arguments, given=given)
    assert (ran.code, ran.err) == (0, ""), ran
    return ran


def started(
    data: Path, *arguments: str | Path, environment: dict[str, str] | None = None, stdout: int = subprocess.PIPE
) -> subprocess.Popen[bytes]:
    """Start the program. It knows its data directory and who acts, and has no other environment."""
    return subprocess.Popen(
        [sys.executable, "-m", "tui.cli", *map(str, arguments)],
        stdin=subprocess.PIPE,
        stdout=stdout,
        stderr=subprocess.PIPE,
        cwd=ROOT,
        env={"PORTFOLIO_DATA": str(data), "PORTFOLIO_ACTOR": "ana", **(environment or {})},
    )


def on_a_terminal(data: Path, *arguments: str | Path) -> str:
    """Run the program with a terminal as its output and return what it drew there."""
    ours, theirs = os.openpty()
    pieces: list[bytes] = []

    def read() -> None:
        try:
            while piece := os.read(ours, 65_536):
                pieces.append(piece)
        except OSError:
            return  # how a terminal says that nobody is left at its other end

    process = started(data, *arguments, environment={"TERM": "xterm-256color"}, stdout=theirs)
    os.close(theirs)
    reader = threading.Thread(target=read)
    reader.start()
    _, err = process.communicate(b"", LIMIT_S)
    reader.join(LIMIT_S)
    os.close(ours)
    assert (process.returncode, err) == (0, b""), err
    return b"".join(pieces).decode()


def asked(kind: str, about: str, time: str, data: dict[str, Any], **said: Any) -> dict[str, Any]:
    """Return a command that names no portfolio and no actor, as `portfolio send` completes it.

    Without a commandid of its own it is named after all it says.
    """
    command = {"type": f"{kind}.v1", "subject": about, "time": time, **said, "data": data}
    named = re.sub(r"[^A-Za-z0-9]+", "-", json.dumps(command, sort_keys=True))
    return {"commandid": f"{kind}-{_short(named)}", **command}


def lines(*commands: dict[str, Any]) -> bytes:
    """Return commands as NDJSON."""
    return b"".join(json.dumps(command).encode() + b"\n" for command in commands)


def usd(minor: int) -> dict[str, Any]:
    return {"minor": minor, "currency": "USD"}


async def payloads(endpoint: Endpoint, portfolio: str) -> list[bytes]:
    """Return the entries of a stream as a client that knows nothing of us reads them, one by one."""
    client = await nats.connect(endpoint.url, token=endpoint.token)
    try:
        stream = client.jetstream()
        info = await stream.stream_info(f"PORTFOLIO_{portfolio}")
        assert info.state.messages == info.state.last_seq
        return [
            (await stream.get_msg(f"PORTFOLIO_{portfolio}", seq=place, direct=True)).data or b""
            for place in range(1, info.state.last_seq + 1)
        ]
    finally:
        await client.close()


def without_importedtime(payload: bytes) -> bytes:
    """Return a stored event without the one field that tells which import brought it. Every other byte stays."""
    return re.sub(rb'"importedtime":"[^"]{20,27}",', b"", payload, count=1)


# Plans to import.


def plans(folder: Path, copies: int = 1) -> list[str]:
    """Write the made plans into a folder, each line and project *copies* times, and return what to import them with.

    Every copy is a budget line of its own, so that more copies are a longer history of the same kind.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in nyc_capital().items():
        header, *rows = content.decode().splitlines()
        if name != "objectives.csv":
            place = header.split(",").index("budget_line")
            rows = [_copied(row, place, copy) for row in rows for copy in range(copies)]
        (folder / name).write_text("\n".join([header, *rows, ""]))
    extra = ["--alignment", str(folder / "alignment.csv"), "--objectives", str(folder / "objectives.csv")]
    return ["nyc-capital", str(folder), *extra]


def _copied(row: str, place: int, copy: int) -> str:
    if copy == 0:
        return row
    cells = row.split(",")
    cells[place] += f"-{copy}"
    if re.fullmatch(r"hc\d+[a-z]:\d+", cells[-1]):
        cells[-1] += f"-{copy}"
    return ",".join(cells)


def opened_portfolio(data: Path, portfolio: str, origin: str, *, actor: str = "registrar") -> None:
    """Open a historic portfolio under an origin of our choice, so that two of them can be compared byte for byte."""

    async def run() -> None:
        async with opened(Settings(data, portfolio, actor, None)) as access:
            await open_in(access, portfolio, origin, actor=actor)

    asyncio.run(run())


async def open_in(access: Access, portfolio: str, origin: str, *, actor: str = "registrar") -> None:
    """Open a historic portfolio where we are in already."""
    receipt = await Writer(portfolio, await access.create(portfolio)).submit(opening(portfolio, origin, actor))
    assert isinstance(receipt, Accepted), receipt


def opening(portfolio: str, origin: str, actor: str = "registrar") -> bytes:
    """Return the command that opens a historic portfolio."""
    day = datetime.date(1970, 1, 1)
    told: dict[str, Any] = {"title": "Harbour City", "currency": "USD", "fiscal_year_start": 7, "historic": True}
    return opening_command(portfolio, origin, actor, day=day, **told)


def _short(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def joined(parts: Sequence[bytes]) -> bytes:
    """Return entries as `portfolio log --json` prints them."""
    return b"".join(part + b"\n" for part in parts)
