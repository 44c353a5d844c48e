"""The examples run, in both languages, against a portfolio that the program serves."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator

import pytest

from tests.node import run_script
from tests.program import ROOT, done, started

EXAMPLES = ROOT / "examples"


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """What an example is told of a portfolio that is served."""
    data = tmp_path_factory.mktemp("examples")
    origin = done(data, "init", "ai-2026", "--currency", "USD", "--json").json["origin"]
    process = started(data, "serve", "--json")
    try:
        assert process.stdout is not None
        told = json.loads(process.stdout.readline())
        assert told["serves"] == ["ai-2026"]
        wait_until_ready(told["health"])
        server = json.loads((data / ".server" / "server.json").read_text())
        yield {
            "NATS_URL": f"nats://127.0.0.1:{server['port']}",
            "NATS_TOKEN": server["token"],
            "PORTFOLIO": "ai-2026",
            "ORIGIN": origin,
            "ACTOR": "erp",
        }
    finally:
        process.terminate()
        process.communicate(timeout=60)


def wait_until_ready(health: str) -> None:
    """Wait until everything that is served answers."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(f"{health}/ready", timeout=5) as answer:
                assert json.load(answer)["ready"]
                return
        except urllib.error.HTTPError as error:
            if error.code != 503:  # not ready yet
                raise
        time.sleep(0.05)
    raise AssertionError(f"{health} was not ready in a minute")


def check(printed: str, sequences: list[int]) -> None:
    """Check what an example says of the event it recorded."""
    receipt, event, before, after = (json.loads(line) for line in printed.splitlines())
    at = receipt["receipt"]
    assert at in sequences
    assert event == {"event": "EnvelopeFunded.v1", "sequence": at, "actor": "erp"}
    assert before == {"as_known": at - 1, "funded_minor": 0}
    assert after == {"as_known": at, "funded_minor": 5_000_000}


def test_the_python_example(environment: dict[str, str]) -> None:
    script = EXAMPLES / "send_and_follow.py"
    ran = subprocess.run(
        [sys.executable, str(script)],
        env={**os.environ, **environment, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    check(ran.stdout, [2, 3])


def test_the_javascript_example(environment: dict[str, str]) -> None:
    check(run_script(EXAMPLES / "javascript" / "send_and_follow.mjs", environment=environment), [2, 3])


def test_the_examples_are_told_of(environment: dict[str, str]) -> None:
    told = (EXAMPLES / "README.md").read_text()
    for path in EXAMPLES.rglob("send_and_follow.*"):
        assert str(path.relative_to(EXAMPLES)) in told
    assert not [name for name in environment if f"`{name}`" not in told]
