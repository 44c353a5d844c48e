"""portfolio anchor and portfolio export evidence, as an auditor meets them."""

from __future__ import annotations

import asyncio
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
from tui.common import CommandError, Common
from tui.exporting import EvidenceOptions, export_

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


def test_the_other_formats_are_written_and_what_is_there_is_not_mixed(data: Path) -> None:
    done(data, "notary", "--once")
    told = done(data, "export", "tlog", data / "log", "--json").json
    assert (data / "log" / "checkpoint").read_bytes() == (data / "ai" / "checkpoint").read_bytes()
    assert sorted(path.name for path in (data / "log").rglob("*.p")) == ["000.p", "000.p"]
    again = run(data, "export", "tlog", data / "log")
    assert (again.code, again.out) == (2, b"")
    assert "is there already; give a directory that is new or empty" in again.err
    assert told["entries"] == done(data, "export", "ocel", data / "log.sqlite", "--json").json["events"]
    done(data, "export", "beancount", data / "books")
    assert (data / "books").read_text().startswith('option "title"')


def test_an_option_of_another_format_is_told(tmp_path: Path) -> None:
    options = EvidenceOptions(initiative="AI-1")
    with pytest.raises(CommandError, match="--initiative is for evidence, not for tlog; leave it away"):
        asyncio.run(export_("tlog", tmp_path, evidence=options, common=Common(data=tmp_path)))
    with pytest.raises(CommandError, match="--time is for ocel and xes"):
        asyncio.run(export_("parquet", tmp_path, time="effective", common=Common(data=tmp_path)))
