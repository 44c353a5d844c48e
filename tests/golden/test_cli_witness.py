"""portfolio witness, and the notary, the witness and the verifier together over a real server."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from ledger.access import opened
from ledger.notary.note import parse_note
from ledger.notary.places import DirectoryPlace
from ledger.settings import Settings
from tests.logs import LOG, OUTSIDE, entries_of, signed, write_log
from tests.program import ROOT, open_in
from tui.cli import main

ENTRIES = entries_of(300)
OTHERS = [*ENTRIES[:50], b"another", *ENTRIES[51:]]


def said(capsys: pytest.CaptureFixture[str], *arguments: object, code: int = 0) -> str:
    """Run a command that should end with a code, and return what it printed."""
    assert main(list(map(str, arguments))) == code
    told = capsys.readouterr()
    return told.out if code in (0, 1) else told.err


@pytest.fixture
def mine(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    """The directory of a witness of one log, whose files are in `log`."""
    directory = tmp_path / "mine"
    said(capsys, "witness", "new", directory, "--name", "audit.example.com/w")
    said(capsys, "witness", "trust", directory, "--log", LOG.vkey, "--place", tmp_path / "log")
    return directory


def test_a_witness_signs_what_a_directory_publishes_and_tells_of_it(
    mine: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert f"{LOG.name}: not read: there is nothing at" in said(capsys, "witness", "run", mine, "--once")
    assert "nothing signed yet" in said(capsys, "witness", "show", mine)
    write_log(tmp_path / "log", ENTRIES)
    assert said(capsys, "witness", "run", mine, "--once") == f"{LOG.name}: 300 entries signed\n"
    told = json.loads(said(capsys, "witness", "show", mine, "--json"))
    assert (told["logs"][0]["size"], told["forks"]) == (300, [])
    assert str(told["logs"][0]["root"]) in said(capsys, "witness", "show", mine)
    assert "PRIVATE" not in json.dumps(told)


def test_two_histories_are_told_of_and_end_with_1(
    mine: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_log(tmp_path / "log", ENTRIES)
    said(capsys, "witness", "run", mine, "--once")
    write_log(tmp_path / "log", OTHERS)
    out = said(capsys, "witness", "run", mine, "--once", code=1)
    assert "NOT SIGNED (422): two roots at 300 entries" in out
    told = json.loads(said(capsys, "witness", "run", mine, "--once", "--json", code=1))
    assert (told["status"], Path(told["fork"]).is_dir()) == (422, True)
    assert "TWO HISTORIES are kept in" in said(capsys, "witness", "show", mine)


def test_a_witness_used_wrongly(mine: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = tmp_path / "other"
    for arguments, why in (
        (["new", other], "give --name"),
        (["new", mine, "--name", "x"], "there is a witness in"),
        (["trust", mine], "give --log"),
        (["trust", mine, "--log", "nothing"], "no log can be trusted"),
        (["trust", other, "--log", str(LOG.vkey)], "there is no witness in"),
        (["run", other], "there is no witness in"),
        (["run", mine, "--serve", "here"], "write HOST:PORT"),
        (["run", mine, "--every", "0"], "--every is 0"),
        (["ask", mine], "give --policy"),
        (["ask", mine, "--policy", mine / "logs"], "no quorum line"),
    ):
        assert why in said(capsys, "witness", *arguments, code=2)
    said(capsys, "witness", "new", other, "--name", "other")
    (mine / "seen" / sha256(LOG.name.encode()).hexdigest()).parent.mkdir()
    (mine / "seen" / sha256(LOG.name.encode()).hexdigest()).write_bytes(b"rubbish")
    assert "cannot be read" in said(capsys, "witness", "show", mine, code=2)
    assert "there is nothing to do" in said(capsys, "witness", "run", other, code=2)


def started(*arguments: object) -> tuple[subprocess.Popen[str], dict[str, str]]:
    """Start the program, and return it with the first line of JSON it prints."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tui.cli", *map(str, arguments), "--json"], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    return process, json.loads(process.stdout.readline())


def test_the_log_asks_a_witness_that_answers_over_http(
    mine: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    log, policy = write_log(tmp_path / "log", ENTRIES), tmp_path / "policy"
    looks = iter([False, True])

    async def ends_once_it_is_put_right(*_: object) -> bool:
        write_log(log, ENTRIES)
        return next(looks)

    vkey = json.loads(said(capsys, "witness", "show", mine, "--json"))["vkey"]
    process, told = started("witness", "run", mine, "--serve", "127.0.0.1:0", "--every", 80_000)
    try:
        policy.write_text(
            f"log {LOG.vkey}\nwitness audit {vkey} {told['serves']}\nwitness out {OUTSIDE.vkey}\n"
            "group one any audit out\nquorum one\n"
        )
        assert "300 entries are witnessed" in said(capsys, "witness", "ask", log, "--once", "--policy", policy)
        policy.write_text(policy.read_text().replace("any", "all"))
        assert "no quorum has signed yet" in said(capsys, "witness", "ask", log, "--once", "--policy", policy, code=1)
        policy.write_text(policy.read_text().replace("all", "any"))
        write_log(log, OTHERS)
        forked = said(capsys, "witness", "ask", log, "--once", "--policy", policy, code=1)
        assert "audit: NOT SIGNED, this does not go on from what it has signed: it answers 422" in forked
        assert "300 entries are witnessed" in forked, "what was signed before stays"
        monkeypatch.setattr("tui.witnessing._ends_within", ends_once_it_is_put_right)
        looked = said(capsys, "witness", "ask", log, "--every", "1", "--policy", policy, code=1)
        assert "NOT SIGNED" in looked
        assert looked.count("audit: it has signed") == 1, "a later look does not take it back"
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30)
    assert process.returncode == 0
    witnessed = DirectoryPlace(log).read("witnessed")
    assert witnessed is not None
    assert parse_note(witnessed).text == parse_note(signed(ENTRIES)).text
    assert len(parse_note(witnessed).signatures) == 2


async def test_the_notary_a_witness_and_a_verifier_over_nats(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data, witness, policy = tmp_path / "data", tmp_path / "witness", tmp_path / "policy"

    async def told(*arguments: object) -> Any:
        # In a thread, since every command has an event loop of its own.
        assert await asyncio.to_thread(main, [*map(str, arguments), "--json", "--data", str(data)]) == 0
        return json.loads(capsys.readouterr().out.splitlines()[-1])

    async with opened(Settings(data, "p", "ana", None)) as access:  # so that every command finds its server running
        await open_in(access, "p", "p-00000000")
        log = await told("notary", "--once")
        vkey = (await told("witness", "new", witness, "--name", "audit.example.com/w"))["vkey"]
        await told("witness", "trust", witness, "--log", log["vkey"], "--place", "nats:p")
        once = await told("witness", "run", witness, "--once", "--actor", "ines")
        assert (once["status"], once["told"]) == (200, "1 entries signed, filed as ines")
        policy.write_text(f"log {log['vkey']}\nwitness audit {vkey}\nquorum audit\n")
        assert (await told("witness", "ask", data / "p", "--once", "--policy", policy, "--portfolio", "p"))[
            "witnessed"
        ] == 1
        alive = await told("verify", "--policy", policy, "--remember", tmp_path / "seen", "--portfolio", "p")
        assert (alive["reached"], alive["ranges"]["witnessed"]) == ("A1", [1, 1])
        assert "1 entries are in the stream" in alive["levels"][0]["findings"][0]["text"]
    mine = ("--policy", policy, "--remember", tmp_path / "remembered")
    assert (await told("verify", data / "p", *mine))["reached"] == "A1"
    found = await told("verify", data / "p", *mine, "--level", "A3")
    assert found["ranges"] == {"witnessed": [1, 1], "sealed": None, "unsealed": None}
