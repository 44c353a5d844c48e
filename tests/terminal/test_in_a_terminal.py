"""The program in a real terminal, from nothing to its last key, driven as a person would."""

from __future__ import annotations

import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.program import done

LIMIT_S = 60.0


class Terminal:
    """A terminal of tmux, of a server of its own."""

    def __init__(self, socket: Path, width: int, height: int, command: str) -> None:
        self._tmux = ["tmux", "-S", str(socket), "-f", "/dev/null"]
        size = ["-x", str(width), "-y", str(height)]
        subprocess.run([*self._tmux, "new-session", "-d", *size, "-s", "t", command], check=True)

    def press(self, *keys: str) -> None:
        subprocess.run([*self._tmux, "send-keys", "-t", "t", *keys], check=True)

    def text(self) -> str:
        told = subprocess.run([*self._tmux, "capture-pane", "-p", "-t", "t"], capture_output=True, check=True)
        return told.stdout.decode()

    def shows(self, words: str) -> str:
        """Wait until some words stand on the screen, and return all of it."""
        deadline = time.monotonic() + LIMIT_S
        while time.monotonic() < deadline:
            text = self.text()
            if words in text:
                return text
        raise AssertionError(f"{words!r} did not come in {LIMIT_S:g} s; there is:\n{self.text()}")

    def ended(self) -> bool:
        """Wait until the program has ended by itself, and say whether it has."""
        deadline = time.monotonic() + LIMIT_S
        while time.monotonic() < deadline:
            if subprocess.run([*self._tmux, "has-session", "-t", "t"], capture_output=True).returncode:
                return True
        return False

    def close(self) -> None:
        subprocess.run([*self._tmux, "kill-server"], capture_output=True)


@pytest.fixture(scope="module")
def demo_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory with the demo in it."""
    data = tmp_path_factory.mktemp("terminal") / "data"
    done(data, "demo")
    return data


@pytest.fixture
def in_terminal(demo_data: Path, tmp_path: Path) -> Iterator[type]:
    """Return a way to start the program in a terminal."""
    if shutil.which("tmux") is None:
        pytest.skip(
            "NO TERMINAL: tmux is not installed; it drives the program as a person would (apt-get install tmux)"
        )
    opened: list[Terminal] = []

    def start(width: int, height: int, *arguments: str) -> Terminal:
        words = [sys.executable, "-m", "tui.cli", *arguments, "--data", str(demo_data)]
        command = f"cd {shlex.quote(str(Path(__file__).parents[2]))} && LC_ALL=C.UTF-8 {shlex.join(words)}"
        opened.append(Terminal(tmp_path / "tmux", width, height, command))
        return opened[-1]

    yield start  # type: ignore[misc]
    for terminal in opened:
        terminal.close()


@pytest.mark.parametrize(("width", "height"), [(120, 36), (80, 24)])
def test_the_history_is_replayed_with_keys(in_terminal, width: int, height: int) -> None:
    terminal = in_terminal(width, height, "replay", "--at", "258")
    assert "FundingApproved  initiative/AI-0007" in terminal.shows("Decision 258")
    terminal.press(".")
    terminal.shows("Decision 259")
    terminal.press(":")
    terminal.press("F-003", "Enter")
    terminal.shows("major, answered")
    terminal.press("/", "initiative:AI-0022 kind:gate", "Enter", "End")  # as fast as it can be typed
    terminal.shows("filter initiative:AI-0022")
    assert "outcome   kill" in terminal.shows("outcome   kill")
    terminal.press("q")
    assert terminal.ended()
