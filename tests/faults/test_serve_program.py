"""portfolio serve as a program: what it prints, its health over HTTP, its logs, and how it ends."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.program import done, started
from tui.cli import main


class Serving(NamedTuple):
    """A program that serves, and what it printed first."""

    process: subprocess.Popen[bytes]
    told: dict[str, Any]

    def health(self, path: str) -> tuple[int, dict[str, Any]]:
        """Return the status and words of a health page."""
        try:
            with urllib.request.urlopen(self.told["health"] + path, timeout=10) as answer:
                return answer.status, json.loads(answer.read())
        except urllib.error.HTTPError as error:
            return error.code, json.loads(error.read())

    def ended(self) -> tuple[int, list[dict[str, Any]]]:
        """End it as whoever runs services does, and return its exit code and log."""
        self.process.send_signal(signal.SIGTERM)
        _, logged = self.process.communicate(timeout=60)
        return self.process.returncode, [json.loads(line) for line in logged.splitlines()]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("serve")
    for name in ("one", "two"):
        done(folder, "init", name, "--currency", "USD")
    return folder


@pytest.fixture
def serving(data: Path) -> Iterator[Serving]:
    """Serve both portfolios."""
    process = started(data, "serve", "--portfolio", "one", "--also", "two", "--json", "--log-format", "json")
    try:
        assert process.stdout is not None
        yield Serving(process, json.loads(process.stdout.readline()))
    finally:
        process.kill()
        process.communicate()


def test_it_tells_how_it_is_and_ends_in_order(serving: Serving) -> None:
    assert serving.told["serves"] == ["one", "two"]
    assert serving.health("/live") == (200, {"live": True})
    deadline = time.monotonic() + 60
    status, told = serving.health("/ready")
    while status != 200:
        assert time.monotonic() < deadline, told
        assert told["ready"] is False
        time.sleep(0.05)
        status, told = serving.health("/ready")
    assert [(each["portfolio"], each["role"]) for each in told["serves"]] == [
        ("one", "service"),
        ("one", "projector"),
        ("one", "notary"),
        ("two", "service"),
        ("two", "projector"),
        ("two", "notary"),
    ]
    assert told["ready"]
    code, logged = serving.ended()
    assert code == 0
    assert {"time", "level", "logger", "message"} == set(logged[0])
    said = [each["message"].partition(" takes ")[2] for each in logged if " takes " in each["message"]]
    assert said == ["commands"] * 2 + ["no more commands"] * 2


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--health", "8080"], "--health"),
        (["--portfolio", "one", "--also", "three"], "there is no portfolio three"),
        ([], "there are several portfolios"),
        (["--only", "witness"], "witness"),
    ],
)
def test_what_it_cannot_serve_it_says(
    data: Path, arguments: list[str], told: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PORTFOLIO_DATA", str(data))
    assert main(["serve", *arguments]) == 2
    printed = capfd.readouterr()
    assert printed.out == ""
    assert told in printed.err
    assert len(printed.err.splitlines()) == 1


def test_a_port_that_is_taken_is_told(
    data: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PORTFOLIO_DATA", str(data))
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        assert main(["serve", "--portfolio", "one", "--health", address]) == 3
    assert "address already in use" in capfd.readouterr().err
