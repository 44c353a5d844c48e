"""One browser's app: a process of its own, and the packets that go between the two.

The process is a Textual app under Textual's web driver. It writes a line `__GANGLION__`, then packets: a letter, four
bytes of length (big endian), the payload. D is what a terminal would be sent, M is JSON about the app. It reads the
same: D is what a terminal would have typed, M a change of size or focus, or the wish that it quits.

    b"D" b"\\x00\\x00\\x00\\x06" b"\\x1b[?25l"
    b"M" b"\\x00\\x00\\x00\\x10" b'{"type": "quit"}'
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

PRELUDE = b"__GANGLION__\n"
MOST_LINES_BEFORE = 20
"""So many lines an app may print before it draws."""
MOST_PACKET_BYTES = 16 * 1024 * 1024
QUIT_S, TERMINATE_S, KILL_S = 3.0, 2.0, 1.0
"""How long an app may take to quit when asked, when told, and when killed."""
LAST_WORDS_BYTES = 4096

PASSED_ON = (
    "HOME",
    "LANG",
    "LC_ALL",
    "LC_CTYPE",
    "LD_LIBRARY_PATH",
    "NO_COLOR",
    "PATH",
    "TEXTUAL_ANIMATIONS",
    "TMPDIR",
    "TZ",
    "XDG_CACHE_HOME",
    "XDG_CONFIG_HOME",
    "XDG_DATA_HOME",
)
"""What an app inherits of our environment; everything else may be a secret."""


class AppFailed(Exception):
    """The app did not draw: which, and its last words."""


def environment_of(ours: Mapping[str, str], width: int, height: int) -> dict[str, str]:
    """Return the environment of an app: what it needs of ours, and how it is to draw. Units: cells."""
    return {
        **{name: ours[name] for name in PASSED_ON if name in ours},
        "TEXTUAL_DRIVER": "tui.web_driver:WebDriver",
        "TEXTUAL_FPS": "30",
        "TEXTUAL_COLOR_SYSTEM": "truecolor",
        "TERM_PROGRAM": "textual",
        "COLUMNS": str(width),
        "ROWS": str(height),
    }


class App:
    """A running app. Whoever starts one calls `end`."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        self.process = process
        self._stdin, self._stdout = process.stdin, process.stdout
        self._words = bytearray()
        self._listening = asyncio.create_task(self._listen(process.stderr))

    @classmethod
    async def start(cls, command: Sequence[str], environment: Mapping[str, str]) -> App:
        """Start the app. No shell reads the command. Errors: AppFailed where there is no such program."""
        pipe = asyncio.subprocess.PIPE
        try:
            return cls(
                await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe, stderr=pipe, env=environment)
            )
        except OSError as error:
            raise AppFailed(f"cannot start {command[0]}: {error.strerror}") from error

    async def screens(self) -> AsyncIterator[bytes]:
        """Yield what the app sends its terminal, until it ends. What it says about itself is passed over.

        Errors: AppFailed where it is no app, or ends before it draws.
        """
        try:
            await self._drawing()
            while True:
                kind = await self._stdout.readexactly(1)
                size = int.from_bytes(await self._stdout.readexactly(4), "big")
                if size > MOST_PACKET_BYTES:
                    raise AppFailed(f"the app sent a packet of {size} bytes; at most {MOST_PACKET_BYTES} are taken")
                payload = await self._stdout.readexactly(size)
                if kind == b"D":
                    yield payload
        except asyncio.IncompleteReadError:
            return

    async def type(self, text: str) -> None:
        """Give the app what was typed."""
        await self._send(b"D", text.encode(errors="replace"))

    async def tell(self, **meta: Any) -> None:
        """Tell the app of a change: of its size, of focus."""
        await self._send(b"M", json.dumps(meta).encode())

    async def end(self) -> int | None:
        """End the app, by force where it takes too long, and return its exit code."""
        reading = [asyncio.create_task(self._drain()), self._listening]
        with contextlib.suppress(ConnectionError):
            await self.tell(type="quit")
            self._stdin.close()
        for seconds, force in ((QUIT_S, self.process.terminate), (TERMINATE_S, self.process.kill), (KILL_S, None)):
            try:
                await asyncio.wait_for(self.process.wait(), seconds)
                break
            except TimeoutError:
                # Killed, and still here: a child of its own holds the pipes. It is not ours to look for.
                if force is not None and self.process.returncode is None:
                    force()
        await asyncio.wait(reading, timeout=KILL_S)
        for task in reading:
            task.cancel()
        await asyncio.gather(*reading, return_exceptions=True)
        self.process._transport.close()  # type: ignore[attr-defined]  # asyncio has no public way to let go of pipes
        return self.process.returncode

    def last_words(self) -> str:
        """Return the last line the app wrote to stderr."""
        lines = self._words.decode(errors="replace").strip().splitlines()
        return lines[-1] if lines else "it said nothing"

    async def _drawing(self) -> None:
        for _ in range(MOST_LINES_BEFORE):
            try:
                line = await self._stdout.readline()
            except ValueError:  # a line without an end
                break
            if line == PRELUDE:
                return
            if not line:
                await asyncio.wait([self._listening], timeout=KILL_S)
                break
        raise AppFailed(f"the app did not draw: {self.last_words()}")

    async def _send(self, kind: bytes, payload: bytes) -> None:
        self._stdin.write(kind + len(payload).to_bytes(4, "big") + payload)
        await self._stdin.drain()

    async def _drain(self) -> None:
        """Read what nobody will see, so that the app can end: a full pipe would hold it."""
        while await self._stdout.read(65_536):
            pass

    async def _listen(self, stderr: asyncio.StreamReader) -> None:
        while words := await stderr.read(LAST_WORDS_BYTES):
            self._words += words
            del self._words[:-LAST_WORDS_BYTES]
