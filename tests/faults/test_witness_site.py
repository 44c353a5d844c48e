"""Notary, witness and auditor on a provisioned site, each with no more than its own login allows."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.site import site
from tui.cli import main

P = "ai-2026"


def test_a_witness_needs_no_more_than_its_login_and_an_auditor_sees_what_it_filed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    witness, policy = tmp_path / "witness", tmp_path / "policy"
    with site(tmp_path / "site", P, "--witness", "ines", "--auditor", "hugo") as running:

        def told(login: str, *arguments: object, code: int = 0) -> Any:
            server = ["--nats", running.url, "--credentials", str(running.seed(login)), "--portfolio", P]
            data = ["--data", str(tmp_path / f"data-{login}"), "--json"]
            assert main([*map(str, arguments), *server, *data]) == code, capsys.readouterr().err
            return json.loads(capsys.readouterr().out.splitlines()[-1])

        told("service", "init", P, "--currency", "USD")
        log = told("notary", "notary", "--once")
        vkey = told("witness-ines", "witness", "new", witness, "--name", "audit.example.com/w")["vkey"]
        told("witness-ines", "witness", "trust", witness, "--log", log["vkey"], "--place", f"nats:{P}")
        once = told("witness-ines", "witness", "run", witness, "--once", "--actor", "ines")
        assert once["told"] == "1 entries signed, filed as ines"
        as_another = told("witness-ines", "witness", "run", witness, "--once", "--actor", "hugo")
        assert "not filed" in as_another["told"]
        policy.write_text(f"log {log['vkey']}\nwitness audit {vkey}\nquorum audit\n")
        mine = ("--policy", policy, "--remember", tmp_path / "remembered")
        assert told("auditor-hugo", "verify", *mine)["reached"] == "A1"
        found = told("auditor-hugo", "verify", *mine, "--level", "A3")
        assert (found["reached"], found["ranges"]["witnessed"]) == ("A3", [1, 1])
