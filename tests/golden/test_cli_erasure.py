"""Texts kept apart, erased, and found where they should be gone: portfolio send --vault, erase and vault."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

from tests.program import asked, done, lines, run

SECRET = "Ben is ill until May."
PROPOSE = asked(
    "ProposeInitiative",
    "initiative/AI-1",
    "2026-01-15",
    {
        "initiative": "AI-1",
        "title": "Claims",
        "sponsor": "tomas",
        "proposer": "ana",
        "value_stream": "claims",
        "hypothesis": SECRET,
    },
)


def test_a_text_is_kept_apart_held_erased_and_looked_for(tmp_path: Path) -> None:
    vault, given = tmp_path / "hr", lines(PROPOSE)
    done(tmp_path, "init", "ai", "--currency", "USD")
    first = done(tmp_path, "send", "-", "--vault", vault, given=given)
    # The same file again makes the same command, and changes nothing.
    assert done(tmp_path, "send", "-", "--vault", vault, given=given).out == first.out
    entry = json.loads(done(tmp_path, "log", "--type", "InitiativeProposed", "--json").out)
    assert SECRET not in json.dumps(entry)
    (kept,) = vault.glob("*.json")
    assert entry["data"]["hypothesis"] == {"commitment": kept.stem, "vault": "hr"}
    assert json.loads(entry["command"])["data"]["hypothesis"] == entry["data"]["hypothesis"]

    # Under a hold nothing goes.
    done(tmp_path, "hold", "H-1", "--status", "set", "--reason", "A case.")
    wanted = ["erase", "2", "data.hypothesis", "--reason", "It was asked for.", "--vault", vault]
    held = run(tmp_path, *wanted)
    assert (held.code, held.out) == (1, b"")
    assert "nothing of entry 2 was erased: ON_HOLD" in held.err
    assert SECRET in kept.read_text()
    done(tmp_path, "hold", "H-1", "--status", "released", "--reason", "It is over.")

    # A crash between the two steps leaves what the ledger says is gone.
    shutil.copy(kept, tmp_path / "copy")
    told = done(tmp_path, *wanted, "--json").json
    assert (told["erased_by"], told["new"], told["was_in_vault"], kept.exists()) == (5, True, True, False)
    shutil.copy(tmp_path / "copy", kept)
    found = run(tmp_path, "vault", "--vault", vault, "--json")
    assert found.code == 1
    assert [each["erased_by"] for each in found.json["should_be_gone"]] == [5]
    again = done(tmp_path, *wanted)
    assert again.text == "data.hypothesis of entry 2 is erased, by entry 5 already; its text and salt are deleted.\n"
    looked = done(tmp_path, "vault", "--vault", vault).text
    assert looked.splitlines()[0].startswith("1 texts are in vault hr as they should be; 1 were erased.")
    assert SECRET not in "".join(path.read_text() for path in vault.iterdir())

    # What is verified is the same bytes as before.
    key = re.findall(r"ai-[0-9a-f]{8}\S+", done(tmp_path, "notary", "--once").text)[-1]
    policy, seen = tmp_path / "policy", tmp_path / "seen"
    policy.write_text(f"log {key}\nquorum none\n")
    verified = done(tmp_path, "verify", tmp_path / "ai", "--policy", policy, "--remember", seen, "--json").json
    assert (verified["holds"], verified["checked"]["entries"], verified["checked"]["wrong"]) == (True, 5, 0)
    assert json.loads(done(tmp_path, "log", "--type", "InitiativeProposed", "--json").out) == entry
