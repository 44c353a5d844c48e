"""portfolio receipt: a promise before an entry is sealed, and after it a proof that holds without us."""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path
from typing import Any

import pytest

from ledger.access import opened
from ledger.notary.note import parse_note
from ledger.notary.policy import parse_policy
from ledger.notary.proof_file import format_proof, parse_proof, verify_proof
from ledger.notary.tlog import leaf_hash
from ledger.settings import Settings
from ledger.store import Draft
from tests.logs import AUDIT, LOG, cosigned
from tests.program import open_in
from tui.cli import main

SUBJECT = "portfolio.p.event.initiative.AI-1.Foreign"


async def test_a_promise_becomes_a_proof_that_is_verified_offline(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data, proof, policy = tmp_path / "data", tmp_path / "x.tlog-proof", tmp_path / "policy"

    async def told(*arguments: object, code: int = 0) -> Any:
        # In a thread, since every command has an event loop of its own.
        assert await asyncio.to_thread(main, [*map(str, arguments), "--json", "--data", str(data)]) == code
        return json.loads(capsys.readouterr().out.splitlines()[-1])

    async with opened(Settings(data, "p", "ana", None)) as access:
        await open_in(access, "p", "p-00000000")
        await access.store("p").append([Draft(SUBJECT, b"entry %d" % n) for n in range(300)], expected_sequence=1)
        promised = await told("receipt", 2, code=1)
        assert (promised["sequence"], promised["leaf"], promised["sealed"]) == (2, leaf_hash(b"entry 0").hex(), None)
        log = await told("notary", "--once")
        sealed = await told("receipt", 2, "--proof", proof)
        assert (sealed["leaf"], sealed["sealed"]["size"]) == (promised["leaf"], 301)
        opening = await told("receipt", 1)
        assert (await told("receipt", opening["commandid"]))["sequence"] == 1
        # From the stream of tiles it is the same proof, where the log's files are elsewhere.
        (data / "p" / "checkpoint").rename(tmp_path / "checkpoint")
        await told("receipt", 2, "--proof", tmp_path / "again")
        assert (tmp_path / "again").read_bytes() == proof.read_bytes()
        for unknown in ("nobody-sent-this", 302, 0):
            assert await asyncio.to_thread(main, ["receipt", str(unknown), "--data", str(data)]) == 2
            assert "no accepted command" in capsys.readouterr().err

    policy.write_text(f"log {log['vkey']}\nwitness audit {AUDIT.vkey}\nquorum audit\n")
    shown = verify_proof(
        parse_proof(proof.read_bytes()), b"entry 0", parse_policy(policy.read_bytes()), now_s=int(time.time())
    )
    assert (shown.included, shown.judgement.witnessed) == (True, False)
    found = await told("verify", proof, "--policy", policy)
    assert (found["reached"], found["sequence"], found["size"]) == ("A1", 2, 301)
    assert (await told("verify", proof, "--policy", policy, "--level", "A3", code=1))["reached"] == "A1"
    parsed = parse_proof(proof.read_bytes())
    proof.write_bytes(format_proof(parsed._replace(checkpoint=cosigned(parsed.checkpoint, AUDIT))))
    assert (await told("verify", proof, "--policy", policy, "--level", "A3", "--max-age", 10**10))["reached"] == "A3"
    # Another entry, another place, another checkpoint: none of them is what was sealed.
    for wrong in (
        parsed._replace(extra=b"entry 1"),
        parsed._replace(index=2),
        parsed._replace(hashes=parsed.hashes[:-1]),
        parsed._replace(checkpoint=parsed.checkpoint.replace(b"\n301\n", b"\n302\n")),
    ):
        proof.write_bytes(format_proof(wrong))
        assert (await told("verify", proof, "--policy", policy, code=1))["reached"] is None
    assert parse_note(parsed.checkpoint).text.startswith("p-00000000\n301\n")


def test_a_proof_file_used_wrongly(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    proof, policy = tmp_path / "x.tlog-proof", tmp_path / "policy"
    policy.write_text(f"log {LOG.vkey}\nquorum none\n")
    proof.write_bytes(b"c2sp.org/tlog-proof@v1\nindex 0\n\nx\n")
    for arguments, why in (
        ([], "give --policy"),
        (["--policy", str(policy)], "does not hold its entry"),
        (["--policy", str(policy), "--level", "A2"], "shows A1 or A3, not A2"),
    ):
        assert main(["verify", str(proof), *arguments]) == 2
        assert why in capsys.readouterr().err
    proof.write_bytes(b"c2sp.org/tlog-proof@v1\nindex x\n\n")
    assert main(["verify", str(proof), "--policy", str(policy)]) == 2
    assert "the index of a proof" in capsys.readouterr().err
