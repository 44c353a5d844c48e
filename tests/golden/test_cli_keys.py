"""Signer keys through the real program: made, enrolled, replaced, revoked, listed, and signed with."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ledger.key_files import vkey_of
from schemas import sent
from tests.program import Ran, done, run

OPEN = ["open", "one", "--title", "One", "--currency", "USD", "--time-zone", "UTC", "--fiscal-year-start", "1"]
OPEN += ["--registrar-actor", "ana", "--registrar-person", "p-1"]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory with a portfolio whose registrar has a key, and keys of ben in files beside it."""
    data = tmp_path_factory.mktemp("keys")
    done(data, "key", "new", data / "ana.key")
    (data / "passphrase").write_text("open sesame\n")
    done(data, "key", "new", data / "ben.key", "--name", "ben", "--passphrase-file", data / "passphrase")
    done(data, "key", "new", data / "ben-2.key", "--name", "ben")
    done(data, *OPEN, "--registrar-vkey", vkey_of(data / "ana.key"), "--key", data / "ana.key")
    return data


def refused(ran: Ran, code: int, told: str) -> None:
    assert (ran.code, ran.out) == (code, b""), ran
    assert ran.err.startswith(f"portfolio: {told}"), ran.err
    assert ran.err.count("\n") == 1


def test_a_key_is_made_once_and_shown(data: Path) -> None:
    assert (data / "ana.key").stat().st_mode & 0o777 == 0o600
    assert done(data, "key", "show", data / "ben.key").text == f"{vkey_of(data / 'ben.key')}\n"
    assert done(data, "key", "show", data / "ana.key", "--json").json["vkey"].startswith("ana+")
    refused(run(data, "key", "new", data / "ana.key"), 2, f"{data / 'ana.key'} is there already")
    refused(run(data, "key", "new", data / "x.key", "--name", "a b"), 2, "not the name of a key: 'a b'")
    refused(
        run(data, "key", "new", data / "x.key", "--encrypt"), 2, "the key is under a passphrase, and nobody is there"
    )
    assert not (data / "x.key").exists()
    (data / "login.nk").write_text("SUAM" + "A" * 54)
    (data / "login.nk").chmod(0o600)
    refused(
        run(data, "key", "show", data / "login.nk"), 2, f"{data / 'login.nk'} is a login key, and login keys never sign"
    )


def test_a_key_is_enrolled_replaced_and_revoked_and_the_list_says_how_each_stands(data: Path) -> None:
    with_key = ["--key", data / "ana.key"]
    refused(run(data, "key", "rotate", "ben", data / "ben-2.key", *with_key), 2, "ben has no key; ")
    refused(run(data, "key", "enrol", "ben", data / "ben.key", *with_key), 2, "enrol still needs --person; ")
    enrol = ["key", "enrol", "ben", data / "ben.key", "--person", "p-2", "--roles", "pm", "--roles", "finance"]
    told = done(data, *enrol, *with_key, "--dry-run").text
    assert told.startswith("ActorEnrolled.v1 would be recorded at sequence 2")
    done(data, *enrol, *with_key)
    done(data, "key", "rotate", "ben", data / "ben-2.key", "--reason", "A new laptop.", *with_key)
    rotated = json.loads(done(data, "log", "--json").out.splitlines()[-1])
    assert rotated["data"] == {
        "actor": "ben",
        "person": "p-2",
        "roles": ["pm", "finance"],
        "vkey": vkey_of(data / "ben-2.key"),
        "status": "rotated",
        "reason": "A new laptop.",
    }
    rows = done(data, "key", "list", "--json").json
    assert [(row["actor"], row["sequence"], row["stands"]) for row in rows] == [
        ("ana", 1, True),
        ("ben", 2, False),
        ("ben", 3, True),
    ]
    done(data, "key", "revoke", "ben", "--left", *with_key)
    assert [row["stands"] for row in done(data, "key", "list", "--json").json] == [True, False, False, False]
    listed = done(data, "key", "list").text
    assert "signs no more" in listed
    assert "PRIVATE" not in listed
    refused(run(data, "key", "enrol", "cas", "cas+00000000+AAAA", "--person", "p-3"), 2, "the key 'cas+")


def test_commands_are_signed_one_after_the_other_and_sent(data: Path) -> None:
    said = ["propose", "AI-1", "--title", "T", "--sponsor", "s", "--proposer", "p", "--value-stream", "v"]
    command = done(data, *said, "--hypothesis", "It pays.", "--dry-run", "--json").json["command"]
    file = data / "commands.ndjson"
    file.write_text(json.dumps(command) + "\n")
    first = done(data, "sign", file, "--key", data / "ana.key")
    file.write_bytes(first.out)
    passphrase = ["--key", data / "ben.key", "--passphrase-file", data / "passphrase"]
    both = done(data, "sign", file, *passphrase).out
    one = sent.split(both)
    assert json.loads(one.line) == command
    assert [line.split(" ")[1] for line in one.signatures.decode().splitlines()] == ["ana", "ben"]
    assert done(data, "sign", "-", *passphrase, given=both).out == both
    refused(run(data, "sign", file), 2, "no key is named; ")
    refused(run(data, "sign", "-", "--key", data / "ana.key", given=b"{}\n"), 2, "-:1: cannot sign: it is no command: ")
    refused(run(data, "sign", "-", "--key", data / "none.key", given=first.out), 2, "cannot read the key ")
    refused(run(data, "sign", file, "--key", data / "ben.key"), 2, "the key is under a passphrase, and nobody is there")
