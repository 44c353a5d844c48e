"""A site as compose.yaml describes it, run without a container engine: its commands as they stand there.

Each container is a process with the entrypoint of the Dockerfile and the command, environment and stop signal of the
compose file. Of what an engine does, names and paths are mapped: a volume and a secret to where they are here, a name
and a port to a free port of 127.0.0.1. Health checks are run as they are written.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import aiohttp
import pytest
from ruamel.yaml import YAML

from tests.program import ROOT, asked, lines
from tests.site import free_ports, provisioned
from tui.cli import main

P = "ai-2026"
LIMIT_S = 60.0
ENDS = {"nats": 0, "service": 0, "projector": 0, "notary": 0, "replay": 130}
"""The exit code each part ends with when it is stopped: who draws is interrupted, the others end."""

compose: dict[str, Any] = YAML(typ="safe").load((ROOT / "compose.yaml").read_text())
PARTS: dict[str, dict[str, Any]] = compose["services"]
SITE = {"PORTFOLIO_NAME": P, "PORTFOLIO_SITE": "./site"}


def instruction(name: str) -> Any:
    """Return the last instruction of this name in the Dockerfile."""
    found = re.findall(rf"^{name} (.*(?:\\\n.*)*)$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    return found[-1]


def filled_in(text: str) -> str:
    """Return a text of the compose file with its variables, as an engine fills them in."""
    return re.sub(r"\$\{(\w+):-([^}]*)\}", lambda found: SITE.get(found[1], found[2]), text)


class Here(NamedTuple):
    """Where what the containers name is here."""

    directory: Path
    ports: Mapping[str, int]

    def mapped(self, part: str, text: str, replica: int = 0) -> str:
        """Return a text of one container in the names of this machine."""
        text = filled_in(text)
        for name in re.findall(r"/run/secrets/(\w+)", text):
            assert name in PARTS[part]["secrets"], f"{part} has no secret {name}"
            text = text.replace(f"/run/secrets/{name}", self.file(compose["secrets"][name]["file"]))
        for config in PARTS[part].get("configs", ()):
            text = text.replace(config["target"], self.file(compose["configs"][config["source"]]["file"]))
        text = text.replace("nats://nats:4222", f"nats://127.0.0.1:{self.ports['4222']}")
        for port in re.findall(r"\b(?:4222|8000|8080|8081|8222)\b", text):
            own = f"{port}-{part}-{replica}" if port == "8080" else port  # in a container each has its own
            text = re.sub(rf"\b{port}\b", str(self.ports[own]), text)
        return re.sub(r"(?<![\w.])/data\b", str(self.data(part)), text)

    def file(self, text: str) -> str:
        return str(self.directory / filled_in(text))

    def data(self, part: str) -> Path:
        return self.directory / "data" / part


class Part(NamedTuple):
    """One running container."""

    name: str
    replica: int
    process: subprocess.Popen[bytes]
    out: Path

    @property
    def told(self) -> str:
        return self.out.read_text()


@contextmanager
def up(here: Here, name: str, replica: int = 0) -> Iterator[Part]:
    """Run a container of the compose file, and stop it in the end as an engine does."""
    part = PARTS[name]
    entrypoint = part.get("entrypoint", json.loads(instruction("ENTRYPOINT")))
    command = [*entrypoint, *(here.mapped(name, word, replica) for word in part["command"])]
    environment = {key: here.mapped(name, value) for key, value in part.get("environment", {}).items()}
    here.data(name).mkdir(parents=True, exist_ok=True)
    environment |= {"PATH": path(), "PORTFOLIO_DATA": str(here.data(name)), "PYTHONUNBUFFERED": "1"}
    out = here.directory / f"{name}-{replica}.log"
    with out.open("wb") as log:
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log, cwd=here.directory)
    try:
        yield Part(name, replica, process, out)
    finally:
        if process.poll() is None:
            process.send_signal(signal.Signals[part.get("stop_signal", "SIGTERM")])
            process.wait(LIMIT_S)


def path() -> str:
    return f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"


def healthy(here: Here, part: Part) -> None:
    """Return once a container's health check passes. One that ends before fails the test."""
    kind, *check = PARTS[part.name]["healthcheck"]["test"]
    assert kind == "CMD"
    check = [here.mapped(part.name, word, part.replica) for word in check]
    deadline = time.monotonic() + LIMIT_S
    while subprocess.run(check, env={"PATH": path()}, capture_output=True).returncode != 0:
        assert part.process.poll() is None, part.told
        assert time.monotonic() < deadline, part.told
        time.sleep(0.05)


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Here:
    """A site provisioned as docs/sites.md says, and where its parts find each other on this machine."""
    directory = tmp_path_factory.mktemp("compose")
    names = ("4222", "8222", "8000", "8081", "8080-service-0", "8080-service-1", "8080-projector-0")
    made = Here(directory, dict(zip(names, free_ports(len(names)), strict=True)))
    (call,) = re.findall(
        r"^    portfolio provision (site .*--store /data.*)$", (ROOT / "docs/sites.md").read_text(), re.M
    )
    arguments = call.split()[1:]
    assert arguments[:2] == ["--portfolio", P]
    provisioned(directory / "site", *arguments)
    conf = directory / "site" / "nats.conf"
    listening = conf.read_text().replace("0.0.0.0:4222", "127.0.0.1:4222")
    conf.write_text(made.mapped("nats", listening))
    return made


def test_the_site_comes_up_takes_a_command_shows_it_and_stops(here: Here, capsys: pytest.CaptureFixture[str]) -> None:
    url = f"nats://127.0.0.1:{here.ports['4222']}"
    with ExitStack() as running:
        parts = [running.enter_context(up(here, "nats"))]
        healthy(here, parts[0])

        def said(actor: str | None, login: str, *words: str) -> int:
            """Run the program under a login of the site, and return its exit code."""
            seed = here.directory / "site" / "seeds" / f"{login}.nk"
            data = here.directory / "data" / login
            who = [] if actor is None else [f"--actor={actor}"]
            return main([*words, *who, f"--nats={url}", f"--credentials={seed}", f"--data={data}"])

        assert main(["provision", str(here.directory / "site"), "--streams", "--nats", url]) == 0
        for name in ("service", "projector", "replay"):
            replicas = PARTS[name].get("deploy", {}).get("replicas", 1)
            parts += [running.enter_context(up(here, name, replica)) for replica in range(replicas)]
        for part in parts:
            healthy(here, part)
        assert [part.name for part in parts].count("service") == 2

        assert said("registrar", "publisher-registrar", "init", P, "--currency", "USD") == 0
        assert said("ana", "pmo-ana", "send", str(funding(here))) == 0
        parts.append(running.enter_context(up(here, "notary")))  # there is nothing to seal before
        healthy(here, parts[-1])
        (replay,) = (part for part in parts if part.name == "replay")
        asyncio.run(drawn(replay, "EnvelopeFunded"))
        # Of whom one process stands by, and takes over.
        active = next(part for part in parts if part.name == "service")
        ended = {part: stopped(part) for part in [active]}
        healthy(here, next(part for part in parts if part.name == "service" and part is not active))
        # What was recorded by one replica is known to the next, and is not recorded again.
        assert said("ana", "pmo-ana", "send", str(funding(here))) == 0
        capsys.readouterr()
        assert said(None, "pmo-ana", "log", "--json") == 0
        recorded = capsys.readouterr().out.splitlines()
        assert [json.loads(line)["actor"] for line in recorded] == ["registrar", "ana"]
        ended |= {part: stopped(part) for part in reversed(parts) if part is not active}
    assert {(part.name, code) for part, code in ended.items()} == {(name, ENDS[name]) for name in PARTS}, [
        (part.name, part.told) for part in parts
    ]
    # What was recorded was sealed before the notary ended.
    assert (here.data("notary") / P / "checkpoint").read_text().splitlines()[1] == "2"
    # The service is on a root that cannot be written to, and has no volume.
    assert list(here.data("service").iterdir()) == []


def stopped(part: Part) -> int:
    """Stop a container as an engine does, and return its exit code."""
    part.process.send_signal(signal.Signals[PARTS[part.name].get("stop_signal", "SIGTERM")])
    return part.process.wait(LIMIT_S)


def funding(here: Here) -> Path:
    """Write a command that funds an envelope, as somebody writes it for `portfolio send`."""
    amount = {"minor": 100, "currency": "USD"}
    data = {"envelope": "claims", "value_stream": "claims", "fiscal_period": "FY2026", "capex_opex": "opex"}
    command = asked("FundEnvelope", "envelope/claims", "2026-01-15", {**data, "kind": "initial", "amount": amount})
    file = here.directory / "commands.ndjson"
    file.write_bytes(lines(command))
    return file


async def drawn(replay: Part, words: str) -> None:
    """Return once the replay has drawn these words for a browser that comes with the address it printed."""
    (address,) = re.findall(r"Open (\S+)", replay.told)
    page, origin = address.partition("?")[0], "/".join(address.split("/")[:3])
    async with asyncio.timeout(LIMIT_S), aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as browser:
        async with browser.get(address) as answer:
            assert answer.status == 200
        seen = ""
        async with browser.ws_connect(f"{page}ws?width=120&height=40", headers={"Origin": origin}) as tab:
            while words not in seen:
                message = await tab.receive()
                assert message.type is aiohttp.WSMsgType.BINARY, (message, seen, replay.told)
                seen += re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", message.data.decode())


# What the files promise.


@pytest.mark.parametrize("name", PARTS)
def test_every_container_has_as_few_rights_as_it_can_do_with(name: str) -> None:
    part = PARTS[name]
    assert part["read_only"] is True
    assert part["init"] is True
    assert part["cap_drop"] == ["ALL"]
    assert part["security_opt"] == ["no-new-privileges:true"]
    assert filled_in(part["user"]) == "10001:10001"
    assert part["healthcheck"]["test"][0] == "CMD"
    assert "privileged" not in part
    for secret in part.get("secrets", ()):
        assert compose["secrets"][secret]["file"].endswith(".nk")
    assert all(port.startswith("127.0.0.1:") for port in part.get("ports", ()))


def test_no_container_has_the_operators_seed_and_each_has_at_most_one() -> None:
    assert not [file for file in compose["secrets"].values() if "operator" in file["file"]]
    assert {name: len(part.get("secrets", ())) for name, part in PARTS.items()} == {
        name: 0 if name == "nats" else 1 for name in PARTS
    }


def test_the_image_is_locked_runs_as_nobody_in_particular_and_needs_no_other_frontend() -> None:
    dockerfile = (ROOT / "Dockerfile").read_text()
    assert "# syntax" not in dockerfile
    assert instruction("USER") == "10001:10001"
    assert len(re.findall(r"^FROM ", dockerfile, re.MULTILINE)) == 2
    syncs = re.findall(r"uv sync[^\n]*", dockerfile)
    assert syncs
    assert all("--frozen --no-dev" in each for each in syncs)


def test_what_the_image_is_made_from_is_all_that_docker_is_given() -> None:
    """What the Dockerfile copies is let through, and neither seeds nor anything else is."""
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    let_through = {line[1:] for line in ignored if line.startswith("!")}
    copied = {
        source
        for line in re.findall(r"^COPY (?!--from)(.*)$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
        for source in line.split()[:-1]
    }
    assert let_through == copied
    assert "*" in ignored
    assert "**/*.nk" in ignored
    assert all((ROOT / each).exists() for each in copied)
