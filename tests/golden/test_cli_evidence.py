"""portfolio anchor and portfolio export evidence, as an auditor meets them."""

from __future__ import annotations

import hashlib
import json
import re
import time
import zipfile
from pathlib import Path

import pytest

from ledger.notary.cosignature import WitnessKey
from ledger.notary.note import format_note, parse_note, signature_of
from projections.exporters import check_pack
from tests.anchoring import WITNESS
from tests.program import done, run
from tui.common import CommandError
from tui.exporting import EvidenceOptions

PROPOSAL = ("--title", "Claims", "--sponsor", "tomas", "--proposer", "ana", "--value-stream", "claims")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A ledger with one initiative, sealed and anchored, and sealed again."""
    folder = tmp_path_factory.mktemp("evidence")
    done(folder, "init", "ai", "--currency", "USD")
    done(folder, "propose", "AI-1", *PROPOSAL, "--hypothesis", "It pays.")
    return folder


def test_a_ledger_is_anchored_and_an_initiative_exported_and_checked(data: Path) -> None:
    nothing = run(data, "anchor")
    assert (nothing.code, nothing.out) == (3, b"")
    assert "nothing has been sealed yet; run `portfolio notary --once` first" in nothing.err

    key = re.findall(r"ai-[0-9a-f]{8}\S+", done(data, "notary", "--once").text)[-1]
    # A witness signs, and what it signed is published beside the checkpoint.
    note = parse_note((data / "ai" / "checkpoint").read_bytes())
    cosigned = signature_of(note.text, WitnessKey(WITNESS, int(time.time())))
    (data / "ai" / "witnessed").write_bytes(format_note(note._replace(signatures=(*note.signatures, cosigned))))
    told = done(data, "anchor", "--json").json
    assert (told["new"], told["size"], told["sequence"]) == (True, 2, 3)
    assert done(data, "anchor").text == "The checkpoint of 2 entries was anchored before; nothing was recorded.\n"
    (data / "policy").write_text(f"log {key}\nwitness audit {WITNESS.vkey}\nquorum audit\n")
    bounds = done(data, "log", "--bounds", "--policy", data / "policy", "--json").json
    assert (bounds["checked"], bounds["anchors"], bounds["outside"]) == (True, 2, 0)
    assert [(each["not_before"] is None, each["not_after"] is None) for each in bounds["events"]] == [
        (True, False),
        (True, False),
        (False, True),
    ]
    done(data, "notary", "--once")
    (data / "ai" / "witnessed").unlink()

    one, two = data / "one.zip", data / "two.zip"
    wanted = ["--initiative", "AI-1", "--purpose", "Annual audit", "--recipient", "Audit board"]
    wanted += ["--sample", "2", "--nonce", "four dice"]
    said = done(data, "export", "evidence", one, *wanted, "--json").json
    assert (said["scope"], said["size"], said["complete_through"]) == (["initiative/AI-1"], 3, 2)
    assert said["sha256"] == hashlib.sha256(one.read_bytes()).hexdigest()
    # A crash after the record and before the file leaves this: the same command again writes the file, and the one
    # record stands.
    assert done(data, "export", "evidence", two, *wanted, "--json").json["recorded"] == said["recorded"]
    assert one.read_bytes() == two.read_bytes()
    with zipfile.ZipFile(one) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    assert "complete: initiative/AI-1, 1 entries up to sequence 2" in check_pack.check(files)
    assert b"purpose Annual audit\nrecipient Audit board\ncomplete through sequence 2\n" in files["MANIFEST"]
    assert json.loads(done(data, "findings", "--json").out)["findings"] == []


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (EvidenceOptions(), "name it with --initiative"),
        (EvidenceOptions(initiative="AI-1", sample=2), "give --sample and --nonce, or neither"),
        (EvidenceOptions(initiative="AI-1", sample=0, nonce="x"), "from 1, not 0"),
        (EvidenceOptions(initiative="AI-1", attachments=Path("nowhere")), "which is no directory"),
    ],
)
def test_wrong_use_is_told(options: EvidenceOptions, says: str) -> None:
    with pytest.raises(CommandError, match=re.escape(says)) as told:
        options.asked()
    assert told.value.code == 2
