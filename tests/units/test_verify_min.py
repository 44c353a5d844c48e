"""verify_min stands on Python's standard library alone, and agrees with `portfolio verify` on every log."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.notary import verify_min
from ledger.notary.note import verify_ed25519
from ledger.notary.places import DirectoryPlace
from ledger.notary.policy import PolicyError, parse_organisations, parse_policy
from projections.verify import DAY_S, Trust, verify
from tests.logs import (
    AUDIT,
    BOARD,
    LOG,
    NOW_S,
    OUTSIDE,
    POLICY,
    cosigned,
    entries_of,
    files_of,
    signed,
    write_log,
    zipped,
)
from tui.cli import main

SOURCE = Path(verify_min.__file__)
ENTRIES = entries_of(300)
OTHERS = [*ENTRIES[:7], b"another", *ENTRIES[8:]]
FILES = {
    **files_of(ENTRIES),
    "checkpoint": cosigned(signed(ENTRIES), AUDIT),
    "witnessed": cosigned(signed(ENTRIES[:270]), AUDIT, BOARD),
}
REMEMBERED = signed(ENTRIES[:200])
UNFIT = cosigned(signed(ENTRIES), AUDIT, BOARD)[:-9] + b"AAAAAA==\n"
"""The newest checkpoint with a line of a known witness that does not fit it."""


def minimal(files: dict[str, bytes], policy: bytes = POLICY, remembered: bytes | None = REMEMBERED) -> str | None:
    """Return how far verify_min gets with a log in memory."""
    reached = None
    try:
        for level, holds, _ in verify_min.verify(files.get, verify_min.policy_of(policy), remembered, NOW_S, DAY_S):
            if not holds:
                break
            reached = level
    except (verify_min.Bad, UnicodeDecodeError):
        pass
    return reached


class InMemory(DirectoryPlace):
    """The same log as a place."""

    def __init__(self, files: dict[str, bytes]) -> None:
        super().__init__(Path("memory"))
        self.files = files

    def read(self, path: str) -> bytes | None:
        return self.files.get(path)


def ours(files: dict[str, bytes], policy: bytes = POLICY, remembered: bytes | None = REMEMBERED) -> str | None:
    """Return how far `portfolio verify` gets."""
    trust = Trust(parse_policy(policy), parse_organisations(policy), NOW_S, remembered)
    reached = verify(InMemory(files), trust).reached
    return None if reached in (None, "A0") else reached


# What it is


def test_it_has_at_most_300_lines_and_imports_nothing_but_the_standard_library() -> None:
    assert len(SOURCE.read_text().splitlines()) <= 300
    imported = {
        name.split(".")[0]
        for node in ast.walk(ast.parse(SOURCE.read_text()))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in ([node.module or "."] if isinstance(node, ast.ImportFrom) else [each.name for each in node.names])
    }
    assert imported <= sys.stdlib_module_names


def test_the_program_prints_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verify", "--print-min"]) == 0
    assert capsys.readouterr().out == SOURCE.read_text()
    assert main(["verify"]) == 2


# Somebody else's answers


@pytest.mark.parametrize("size", range(16))
def test_tesseras_log_holds_at_every_size(vectors: Path, size: int) -> None:
    log = vectors / "tessera-log"
    vkey = json.loads((vectors / "notes.json").read_text("utf-8"))["tessera_testdata_key"]["vkey"]
    policy = verify_min.policy_of(f"log {vkey}\nquorum none\n".encode())
    directory = verify_min.reader_of(str(log))
    found = verify_min.verify(
        lambda path: directory(f"checkpoint.{size}" if path == "checkpoint" else path),
        policy,
        (log / f"checkpoint.{size // 2}").read_bytes(),
        NOW_S,
        DAY_S,
    )
    assert [(level, holds) for level, holds, _ in found] == [("A1", True), ("A2", True), ("A3", False)]


@settings(deadline=None, max_examples=15)
@given(seed=st.binary(min_size=32, max_size=32), message=st.binary(max_size=80), at=st.integers(0, 511))
def test_law_its_ed25519_says_what_openssl_says(seed: bytes, message: bytes, at: int) -> None:
    key = Ed25519PrivateKey.from_private_bytes(seed)
    public, signature = key.public_key().public_bytes_raw(), key.sign(message)
    assert verify_min.ed25519(public, message, signature)
    assert not verify_min.ed25519(public, message + b".", signature)
    changed = bytearray(signature)
    changed[at // 8] ^= 1 << at % 8
    other = bytearray(public)
    other[at // 16] ^= 1 << at % 8
    assert verify_min.ed25519(public, message, bytes(changed)) == verify_ed25519(public, message, bytes(changed))
    assert verify_min.ed25519(bytes(other), message, signature) == verify_ed25519(bytes(other), message, signature)
    # The same signature with the group's order added to its scalar: another spelling, which nobody takes.
    more = (int.from_bytes(signature[32:], "little") + verify_min.L).to_bytes(32, "little")
    assert not verify_min.ed25519(public, message, signature[:32] + more)


# It agrees with `portfolio verify`


def test_both_reach_a3_with_the_log_as_it_is() -> None:
    assert (minimal(FILES), ours(FILES)) == ("A3", "A3")
    assert (minimal(FILES, remembered=None), ours(FILES, remembered=None)) == ("A1", "A1")


@settings(deadline=None, max_examples=60)
@given(data=st.data())
def test_law_both_agree_on_a_log_that_was_changed(data: st.DataObject) -> None:
    path = data.draw(st.sampled_from(sorted(FILES)))
    content = FILES[path]
    kind = data.draw(st.sampled_from(["flip", "cut", "more", "gone", "swap"]))
    at = data.draw(st.integers(0, len(content) - 1))
    changed = dict(FILES)
    if kind == "flip":
        changed[path] = content[:at] + bytes([content[at] ^ 1 << data.draw(st.integers(0, 7))]) + content[at + 1 :]
    elif kind == "cut":
        changed[path] = content[:at]
    elif kind == "more":
        changed[path] = content[:at] + data.draw(st.binary(min_size=1, max_size=3)) + content[at:]
    elif kind == "gone":
        del changed[path]
    else:
        changed[path] = FILES[data.draw(st.sampled_from(sorted(FILES)))]
    assert minimal(changed) == ours(changed)


@pytest.mark.parametrize(
    ("changes", "remembered", "reached"),
    [
        ({"checkpoint": cosigned(signed(ENTRIES), AUDIT, OUTSIDE), "witnessed": b""}, REMEMBERED, "A3"),
        (
            {"checkpoint": cosigned(signed(ENTRIES), AUDIT, OUTSIDE, at_s=NOW_S - DAY_S - 1), "witnessed": b""},
            REMEMBERED,
            "A2",
        ),
        ({"checkpoint": cosigned(signed(ENTRIES), AUDIT, OUTSIDE, at_s=NOW_S + 301)}, REMEMBERED, "A3"),
        ({"checkpoint": UNFIT}, REMEMBERED, "A3"),
        ({"checkpoint": UNFIT, "witnessed": b""}, REMEMBERED, "A2"),
        ({"checkpoint": UNFIT, "witnessed": UNFIT}, REMEMBERED, "A2"),
        ({"witnessed": UNFIT}, REMEMBERED, "A2"),
        ({"witnessed": cosigned(signed(OTHERS[:270]), AUDIT, BOARD)}, REMEMBERED, "A2"),
        ({"witnessed": cosigned(signed([*ENTRIES, b"more"]), AUDIT, BOARD)}, REMEMBERED, "A2"),
        ({}, signed(OTHERS[:200]), "A1"),
        ({}, signed(OTHERS), "A1"),
        ({}, signed([*ENTRIES, b"more"]), "A1"),
        ({}, signed(ENTRIES, LOG._replace(seed=b"?" * 32)), "A1"),
        ({}, signed([]), "A3"),
        ({"checkpoint": signed(ENTRIES, LOG._replace(seed=b"?" * 32))}, REMEMBERED, None),
        ({**files_of(OTHERS), "checkpoint": signed(OTHERS)}, REMEMBERED, "A1"),
    ],
)
def test_both_agree_on_a_log_that_was_signed_otherwise(
    changes: dict[str, bytes], remembered: bytes, reached: str | None
) -> None:
    files = {**FILES, **changes}
    assert minimal(files, remembered=remembered) == reached
    assert ours(files, remembered=remembered) == reached


LINES = POLICY.decode().splitlines()
WORDS = sorted({word for line in LINES for word in line.split()} | {"all", "any", "none", "0", "3", "group", "#", "é"})


@settings(deadline=None, max_examples=150)
@given(data=st.data())
def test_law_both_take_and_refuse_the_same_policies(data: st.DataObject) -> None:
    words = [line.split(" ") for line in LINES if not line.startswith("#")]
    for _ in range(data.draw(st.integers(0, 2))):
        line = data.draw(st.sampled_from(words))
        line[data.draw(st.integers(0, len(line) - 1))] = data.draw(st.sampled_from(WORDS))
    if data.draw(st.booleans()):
        words.append(data.draw(st.lists(st.sampled_from(WORDS), min_size=1, max_size=4)))
    written = "".join(" ".join(line) + "\n" for line in words).encode()
    try:
        theirs = parse_policy(written).quorum
    except PolicyError:
        theirs = None
    try:
        mine = verify_min.policy_of(written)[3]
    except (verify_min.Bad, ValueError, IndexError):
        mine = None
    assert mine == theirs


# As a program, in a Python that has nothing of ours


def test_it_runs_alone_on_a_directory_and_a_zip(tmp_path: Path) -> None:
    log = write_log(tmp_path / "log", ENTRIES, cosigned(signed(ENTRIES), AUDIT, BOARD))
    copy, policy, seen = tmp_path / "verify_min.py", tmp_path / "policy", tmp_path / "seen"
    copy.write_text(SOURCE.read_text())
    policy.write_bytes(POLICY)
    seen.write_bytes(REMEMBERED)

    def ran(*arguments: object) -> tuple[int, str]:
        done = subprocess.run(
            [sys.executable, "-I", "-S", copy, *map(str, arguments)],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        return done.returncode, done.stdout

    code, out = ran(zipped(log, tmp_path / "log.zip", "in/"), policy, seen, "--max-age", 10**10)
    assert (code, out.splitlines()[-1]) == (0, "reached A3")
    code, out = ran(log, policy, seen)
    assert (code, out.splitlines()[-1]) == (1, "reached A2")
    assert ran(log, policy)[0] == 0
    assert ran(log, log)[0] == ran(log)[0] == ran(tmp_path / "none", policy)[0] == 2
    (log / "tile/0/000").write_bytes(b"")
    code, out = ran(log, policy)
    assert (code, out.splitlines()) == (
        1,
        ["DOES NOT HOLD: tile/0/000 is not what the entries below it make", "reached no level"],
    )
