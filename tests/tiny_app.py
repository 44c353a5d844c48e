"""A Textual app of a few lines, for what serves one to browsers: it shows what happens to it.

    python tests/tiny_app.py FOLDER [stubborn | crash | silent | flood]

In the folder it leaves a file named after its process, one for each key, and one when it has ended. Key e shows its
environment, q quits, x breaks it.
"""

from __future__ import annotations

import atexit
import os
import sys
from pathlib import Path

from textual.app import App, ComposeResult
from textual.events import Key, Resize
from textual.messages import ExitApp
from textual.widgets import Static

FOLDER = Path(sys.argv[1] if len(sys.argv) > 1 else ".")
HOW = sys.argv[2] if len(sys.argv) > 2 else ""


class Tiny(App[None]):
    """Shows what happens to it."""

    def compose(self) -> ComposeResult:
        yield Static("tiny app is ready", markup=False)

    def on_key(self, event: Key) -> None:
        (FOLDER / f"key-{event.key}").touch()
        if event.key == "e":
            self.say("environment " + " ".join(sorted(os.environ)))
        elif event.key == "q":
            self.exit()
        elif event.key == "x":
            raise RuntimeError("broken as it was told \x1b]0;owned\x07")
        else:
            self.say(f"key {event.key}")

    def on_resize(self, event: Resize) -> None:
        self.say(f"size {event.size.width} x {event.size.height}")

    def say(self, words: str) -> None:
        self.query_one(Static).update(words)


class Stubborn(Tiny):
    """Does not quit, asked or told."""

    async def _on_exit_app(self, message: ExitApp | None = None) -> None:
        assert message is not None
        message.prevent_default()
        self.say("never")


if __name__ == "__main__":
    (FOLDER / str(os.getpid())).touch()
    atexit.register((FOLDER / f"ended-{os.getpid()}").touch)
    if HOW == "crash":
        sys.exit("\x1b[31mcannot reach the ledger")
    elif HOW == "flood":
        sys.stdout.buffer.write(b"__GANGLION__\nD\xff\xff\xff\xff")
        sys.stdout.flush()
    if HOW in ("silent", "flood"):
        sys.stdin.buffer.read()
    else:
        app = Stubborn() if HOW == "stubborn" else Tiny()
        app.run()
        sys.exit(app.return_code)
