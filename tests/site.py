"""A site as tests run it: provisioned by the program, its nats-server a process of the test's own."""

from __future__ import annotations

import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import NamedTuple

from ledger.connection import Connection, connect
from ledger.server import nats_server_binary
from ledger.site import CONFIGURATION, SiteFiles
from tui.cli import main

START_LIMIT_S = 20.0


class Running(NamedTuple):
    """A site whose server runs."""

    directory: Path
    portfolio: str
    url: str
    server: subprocess.Popen[bytes]

    def seed(self, identity: str) -> Path:
        return SiteFiles(self.directory).seed_file(identity)

    @asynccontextmanager
    async def as_(self, identity: str) -> AsyncIterator[Connection]:
        """Yield a connection of one of the site's logins."""
        connection = await connect(self.url, credentials=self.seed(identity))
        try:
            yield connection
        finally:
            await connection.close()


def free_ports(count: int) -> list[int]:
    """Return so many different ports that are free on 127.0.0.1."""
    probes = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    try:
        return [probe.getsockname()[1] for probe in probes]
    finally:
        for probe in probes:
            probe.close()


def provisioned(directory: Path, *arguments: str) -> None:
    """Run `portfolio provision` in this process; it must succeed."""
    assert main(["provision", str(directory), *arguments]) == 0


@contextmanager
def site(directory: Path, portfolio: str, *arguments: str, scheme: str = "nats") -> Iterator[Running]:
    """Provision a site with free ports, start its server, make its streams, and stop the server in the end."""
    port, monitoring = free_ports(2)
    url = f"{scheme}://127.0.0.1:{port}"
    provisioned(directory, "--portfolio", portfolio, "--url", url, "--monitoring", str(monitoring), *arguments)
    with server(directory, monitoring) as process:
        provisioned(directory, "--streams")
        yield Running(directory, portfolio, url, process)


@contextmanager
def server(directory: Path, monitoring: int) -> Iterator[subprocess.Popen[bytes]]:
    """Run the nats-server of a site's directory."""
    with (directory / "server.log").open("ab") as log:
        process = subprocess.Popen(
            [nats_server_binary(), "--config", str(directory / CONFIGURATION)], stdout=log, stderr=log
        )
    try:
        wait_for_health(f"http://127.0.0.1:{monitoring}/healthz", process, directory / "server.log")
        yield process
    finally:
        process.terminate()
        process.wait(START_LIMIT_S)


def wait_for_health(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    """Return once a URL answers 200. A process that ends before fails the test with its last words."""
    deadline = time.monotonic() + START_LIMIT_S
    while True:
        try:
            with urllib.request.urlopen(url, timeout=2) as answer:
                if answer.status == 200:
                    return
        except (urllib.error.URLError, OSError):
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.02)
