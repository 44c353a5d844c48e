"""The evidence pack: the same bytes each time, checked without our software; and what tampering it tells."""

from __future__ import annotations

import hashlib
import io
import json
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from ledger.heads import commitments
from ledger.notary import verify_min
from ledger.notary.note import parse_note, sign_note, signer_key
from ledger.notary.policy import parse_policy
from ledger.notary.tlog import leaf_hash
from projections.exporters import check_pack, sampling
from projections.exporters.evidence import (
    Asked,
    Disclosed,
    ExportError,
    Pack,
    Sampled,
    checkpoint_over,
    choose,
    pack,
    rests_on,
    zipped,
)
from projections.exporters.pack_report import plainly
from projections.exporters.strands import Strands, StrandsDiffer
from schemas import codec
from tests.anchoring import LOG, POLICY, checkpoint
from tests.fixed_history import every_type_history
from tests.teller import run
from tests.words import PORTFOLIO
from tui.pack_verifying import Checked, _manifest_signed, checked_pack, is_pack, verify_pack

SIGNER = signer_key("hugo", bytes(range(3, 35)))
AT_S = 1_768_300_000
ASKED = Asked("AI-7", "Annual audit", "Audit board", Sampled(5, "four dice: 3 1 6 2"))
WITHOUT_SAMPLE = Asked("AI-7", "Annual audit", "Audit board")


@cache
def payloads() -> list[bytes]:
    return run(every_type_history()).payloads


@cache
def strands() -> Strands:
    made = Strands(PORTFOLIO)
    made.take(payloads())
    return made


@cache
def note() -> bytes:
    return checkpoint(strands().leaves, at_s=AT_S)


def made(asked: Asked = ASKED, **more: object) -> Pack:
    root = checkpoint_over(note(), strands()).root
    chosen = choose(strands(), asked, root)
    of = {at: payloads()[at - 1] for at in chosen.why}
    events = [codec.decode(each, portfolio=PORTFOLIO, sequence=at) for at, each in of.items()]
    for at, why in rests_on(strands(), events).items():
        chosen.why.setdefault(at, why)
    of = {at: payloads()[at - 1] for at in sorted(chosen.why)}
    return pack(strands(), chosen, of, note(), asked, SIGNER, policy=POLICY, **more)


@cache
def files() -> dict[str, bytes]:
    return unzipped(made().content)


def unzipped(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def resigned(changed: dict[str, bytes]) -> dict[str, bytes]:
    """Return files under a MANIFEST that names them all: what an exporter can make who holds the exporter's key."""
    kept = [
        line
        for line in parse_note(files()["MANIFEST"]).text.split("\n")
        if line and not re.match(r"[0-9a-f]{64}  ", line)
    ]
    listed = [f"{hashlib.sha256(changed[path]).hexdigest()}  {path}" for path in sorted(changed) if path != "MANIFEST"]
    text = "".join(f"{line}\n" for line in [*kept, *listed])
    return changed | {"MANIFEST": sign_note(text, SIGNER)}


# What it is.


def test_a_pack_is_the_same_bytes_each_time_and_in_order() -> None:
    one, two = made(), made()
    assert one.content == two.content
    with zipfile.ZipFile(io.BytesIO(one.content)) as archive:
        infos = archive.infolist()
    assert [each.filename for each in infos] == sorted(each.filename for each in infos)
    assert {(each.date_time, each.compress_type) for each in infos} == {((1980, 1, 1, 0, 0, 0), zipfile.ZIP_STORED)}


def test_everything_about_the_initiative_is_in_it_with_what_that_rests_on() -> None:
    kept = {int(name[8:20]) + 1 for name in files() if re.fullmatch(r"entries/\d+\.json", name)}
    about = [at for at, each in enumerate(payloads(), 1) if b"AI-7" in each]
    heads = {each["about"]: each for each in json.loads(files()["heads.json"])["heads"]}
    assert "initiative/AI-7" in heads
    assert {name.partition("/")[0] for name in heads} >= {"initiative", "decision", "benefit"}
    money = [at for at in about if json.loads(payloads()[at - 1])["subject"] == "initiative/AI-7"]
    assert set(money) <= kept
    assert 1 in kept
    for at in money:
        event = codec.decode(payloads()[at - 1], portfolio=PORTFOLIO, sequence=at)
        assert {int(each) for each in (event.policy, *(event.grants or "").split(",")) if each} <= kept
    assert files()[f"entries/{money[0] - 1:012d}.json"] == payloads()[money[0] - 1]


def test_it_checks_with_the_signatures_of_log_and_witness() -> None:
    found = check_pack.check(files(), None)
    assert found[0].startswith("scope initiative/AI-7; ")
    assert any(line.startswith("complete: initiative/AI-7, ") for line in found)
    assert found[-1].startswith("signatures: NOT CHECKED")
    opened = verify_min.checkpoint_of(files()["checkpoint"], verify_min.policy_of(POLICY)[0])
    assert opened[1] == len(payloads())


def test_it_checks_with_nothing_but_python_its_standard_library_and_a_policy(tmp_path: Path) -> None:
    (tmp_path / "pack.zip").write_bytes(made().content)
    (tmp_path / "policy").write_bytes(POLICY)
    source = unzipped(made().content)["VERIFY.md"].decode().rpartition("```python\n")[2].removesuffix("```\n")
    (tmp_path / "check_pack.py").write_text(source)
    shutil.copy(str(verify_min.__file__), tmp_path / "verify_min.py")
    # -S: without site-packages, so that nothing of ours or of anybody else's can be imported.
    command = [sys.executable, "-S", "-E", "check_pack.py", "pack.zip", "policy"]
    ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout.splitlines()[-1] == "HOLDS: signed by the log law-0badcafe, and by the quorum audit"


def test_the_commands_of_verify_md_hold(tmp_path: Path) -> None:
    tools = [tool for tool in ("unzip", "sha256sum", "openssl", "xxd") if shutil.which(tool) is None]
    if tools:
        pytest.skip(f"NOT CHECKED WITH COREUTILS AND OPENSSL: {', '.join(tools)} not found")
    (tmp_path / "PACK.zip").write_bytes(made().content)
    blocks = re.findall(r"(?:^    .*\n)+", files()["VERIFY.md"].decode().partition("## 2.")[0], re.MULTILINE)
    unzip, signature, key = blocks[:3]
    script = f"set -e\nVKEY='{LOG.vkey}'\n{unzip}\n{key}\n{signature}"
    ran = subprocess.run(["bash", "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran
    assert "Signature Verified Successfully" in ran.stdout
    hashed = subprocess.run(
        ["bash", "-c", blocks[3].splitlines()[0]], cwd=tmp_path / "pack", capture_output=True, text=True, check=True
    )
    assert hashed.stdout.split()[0] == leaf_hash(payloads()[0]).hex()


def test_verify_tells_of_a_pack_what_holds_and_what_was_not_checked() -> None:
    policy = parse_policy(POLICY)
    found = checked_pack(files(), policy)
    assert not [each for each in found if each.holds is False]
    assert found[-1] == Checked("signatures: the log law-0badcafe, and audit", True)
    assert found[-2] == Checked("MANIFEST: signed by hugo, NOT CHECKED: no such key is enrolled", None)
    assert checked_pack(files(), None)[-1].holds is None
    board = parse_policy(POLICY.replace(b"quorum audit", b"quorum board"))
    assert checked_pack(files(), board)[-1] == Checked(
        "signatures: the quorum board did not sign; board did not", False
    )
    wrong = checked_pack(files() | {"report.md": b""}, policy)
    assert [each.holds for each in wrong] == [False, None]


def test_verify_says_who_signed_the_manifest_where_the_log_has_the_key() -> None:
    keys = json.loads(files()["keys.json"])
    at = keys[0]["index"]
    path = f"entries/{at:012d}.json"
    entry = json.loads(files()[path])
    entry["data"]["vkey"] = str(SIGNER.vkey)
    enrolled = files() | {
        path: json.dumps(entry).encode(),
        "keys.json": json.dumps([{**keys[0], "vkey": str(SIGNER.vkey)}]).encode(),
    }
    assert _manifest_signed(enrolled).holds is True
    assert _manifest_signed(enrolled | {path: files()[path]}).holds is None, "keys.json alone is nobody's word"
    note = enrolled["MANIFEST"].replace(b"purpose Annual audit", b"purpose Another audit")
    assert _manifest_signed(enrolled | {"MANIFEST": note}).holds is False


def test_a_pack_is_told_from_a_log(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pack_file, log = tmp_path / "pack.zip", tmp_path / "log.zip"
    pack_file.write_bytes(made().content)
    log.write_bytes(zipped({"checkpoint": note()}))
    (tmp_path / "policy").write_bytes(POLICY)
    assert (is_pack(str(pack_file)), is_pack(str(log)), is_pack(str(tmp_path / "no"))) == (True, False, False)
    assert verify_pack(str(pack_file), tmp_path / "policy", as_json=True) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["holds"], told["checks"][-1]["holds"]) == (True, True)
    assert verify_pack(str(pack_file), None, as_json=False) == 1
    assert "– signatures: NOT CHECKED; give your own policy with --policy" in capsys.readouterr().out


# What is found out. An outsider changes a file; an exporter, who has the exporter's key, signs the manifest again.


def first_of(head: str) -> str:
    entries = next(each for each in json.loads(files()["heads.json"])["heads"] if each["about"] == head)["entries"]
    return f"entries/{entries[0]:012d}"


def left_out(kept: dict[str, bytes]) -> dict[str, bytes]:
    """Leave out an entry, and tell heads.json so."""
    gone = first_of("initiative/AI-7")
    told = json.loads(kept["heads.json"])
    for each in told["heads"]:
        each["entries"] = [index for index in each["entries"] if index != int(gone[8:])]
        each["count"] = len(each["entries"])
    rest = {name: content for name, content in kept.items() if not name.startswith(gone)}
    return rest | {"heads.json": json.dumps(told).encode()}


def left_out_of_another_head(kept: dict[str, bytes]) -> dict[str, bytes]:
    """Leave out an entry, and make the chain of what is left the head's."""
    changed = left_out(kept)
    told = json.loads(changed["heads.json"])
    for each in told["heads"]:
        chain = bytes(32)
        for index in each["entries"]:
            chain = hashlib.sha256(chain + leaf_hash(payloads()[index])).digest()
        each["chain"] = chain.hex()
    return changed | {"heads.json": json.dumps(told).encode()}


def entry_changed(kept: dict[str, bytes]) -> dict[str, bytes]:
    name = first_of("initiative/AI-7") + ".json"
    return kept | {name: kept[name].replace(b"AI-7", b"AI-8")}


def entries_swapped(kept: dict[str, bytes]) -> dict[str, bytes]:
    one, two = sorted(name for name in kept if name.endswith(".json") and name.startswith("entries/"))[1:3]
    return kept | {one: kept[two], two: kept[one]}


def other_anchor(kept: dict[str, bytes]) -> dict[str, bytes]:
    told = json.loads(kept["heads.json"])
    told["anchor"]["root"] = "0" * 64
    return kept | {"heads.json": json.dumps(told).encode()}


def other_sample(kept: dict[str, bytes]) -> dict[str, bytes]:
    told = json.loads(kept["sample.json"])
    drawn = set(told["indexes"])
    told["indexes"] = sorted({*list(drawn)[1:], next(index for index in range(200) if index not in drawn)})
    return kept | {"sample.json": json.dumps(told).encode()}


def other_nonce(kept: dict[str, bytes]) -> dict[str, bytes]:
    told = json.loads(kept["sample.json"])
    return kept | {"sample.json": json.dumps(told | {"nonce": "another"}).encode()}


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (left_out, "initiative/AI-7 is incomplete"),
        (left_out_of_another_head, "is not one the log keeps"),
        (entry_changed, "is not in the log"),
        (entries_swapped, "is not in the log"),
        (other_anchor, "the anchor keeps other heads"),
        (other_sample, "the sample was drawn otherwise"),
        (other_nonce, "the seed is another"),
        (lambda kept: {name: each for name, each in kept.items() if name != "heads.tlog-proof"}, "heads.tlog-proof"),
        (lambda kept: kept | {"checkpoint": checkpoint([bytes(32)] * len(payloads()))}, "another checkpoint"),
    ],
)
def test_threat_14_an_exporter_who_signs_again_is_found_out(
    change: Callable[[dict[str, bytes]], dict[str, bytes]], says: str
) -> None:
    with pytest.raises(check_pack.Bad, match=re.escape(says)):
        check_pack.check(resigned(change(dict(files()))))


@pytest.mark.parametrize("name", ["report.csv", "report.md", "VERIFY.md", "keys.json", "policy"])
def test_threat_15_a_file_that_was_altered_is_not_the_one_the_manifest_names(name: str) -> None:
    with pytest.raises(check_pack.Bad, match=f"{name} is not what MANIFEST says"):
        check_pack.check(files() | {name: files()[name] + b"\n"})
    with pytest.raises(check_pack.Bad, match="not those MANIFEST names"):
        check_pack.check(files() | {"more.txt": b""})


def test_a_hostile_pack_is_answered_and_never_obeyed(tmp_path: Path) -> None:
    hostile = resigned(files() | {"heads.json": b"[[[[[[", "disclosures.json": b"[]"})
    (tmp_path / "pack.zip").write_bytes(zipped(hostile))
    assert check_pack.main([str(tmp_path / "pack.zip")]) == 1
    (tmp_path / "no.zip").write_bytes(b"no zip")
    assert check_pack.main([str(tmp_path / "no.zip")]) == 2
    assert check_pack.main([]) == 2


# Texts, attachments, samples, and what cannot be exported.


def test_a_text_goes_along_with_its_salt_unless_it_was_erased() -> None:
    salt, text = bytes(range(32)), "Too dear; wait."
    history = run(every_type_history()).payloads
    held = [
        (at, field, commitment)
        for at, each in enumerate(history, 1)
        for field, commitment in commitments(codec.decode(each, portfolio=PORTFOLIO, sequence=at).data)
    ]
    known = {commitment: Disclosed(salt, text) for _, _, commitment in held}
    told = json.loads(unzipped(made(texts=known).content)["disclosures.json"])
    assert {each["commitment"] for each in told} == set(known) - set(strands().erased) - unheld(held, told)
    assert not {each["commitment"] for each in told} & set(strands().erased)
    for each in told:
        assert (each["salt"], each["text"]) == (salt.hex(), text)
    if told:
        with pytest.raises(check_pack.Bad, match="is not the one of commitment"):
            check_pack.check(unzipped(made(texts=known).content))


def unheld(held: list[tuple[int, str, str]], told: list[dict[str, object]]) -> set[str]:
    """Return the commitments of entries that are not in the pack."""
    kept = {int(name[8:20]) + 1 for name in files() if re.fullmatch(r"entries/\d+\.json", name)}
    return {commitment for at, _, commitment in held if at not in kept}


def test_a_document_goes_along_under_its_hash() -> None:
    entries = b"".join(each for name, each in sorted(files().items()) if re.fullmatch(r"entries/\d+\.json", name))
    named = re.search(rb'"sha256":"([0-9a-f]{64})"', entries)
    assert named is not None
    digest = named[1].decode()
    inside = unzipped(made(attachments={digest: b"another document", "0" * 64: b"unnamed"}).content)
    assert [name for name in inside if name.startswith("attachments/")] == [f"attachments/{digest}"]
    with pytest.raises(check_pack.Bad, match="is not what it is named"):
        check_pack.check(inside)


def test_a_sample_is_drawn_from_root_and_nonce_and_spread_over_the_log() -> None:
    seed = sampling.seed_of(bytes(32), "nonce")
    assert seed == hashlib.sha256(b"pmo-sample/v1" + bytes(32) + b"nonce" + b"all").digest()
    drawn = sampling.sample(seed, range(1_000), 50)
    assert drawn == sorted(set(drawn))
    assert len(drawn) == 50
    assert sampling.sample(seed, range(1_000), 2_000) == list(range(1_000))
    assert sampling.sample(sampling.seed_of(bytes(32), "other"), range(1_000), 50) != drawn
    assert all(sum(quarter * 250 <= each < quarter * 250 + 250 for each in drawn) >= 4 for quarter in range(4))


def test_without_heads_nothing_is_said_to_be_complete() -> None:
    before = next(at for at, each in enumerate(payloads()) if b'"type":"CheckpointAnchored' in each)
    young = Strands(PORTFOLIO)
    young.take(payloads()[:before])
    signed = checkpoint(young.leaves)
    chosen = choose(young, WITHOUT_SAMPLE, checkpoint_over(signed, young).root)
    found = pack(young, chosen, {at: payloads()[at - 1] for at in chosen.why}, signed, WITHOUT_SAMPLE, SIGNER)
    assert found.complete_through == 0
    told = check_pack.check(unzipped(found.content))
    assert "complete: NOT PROVEN, the log keeps no heads" in told


def test_what_cannot_be_exported_is_told() -> None:
    with pytest.raises(ExportError, match="no entry up to"):
        choose(strands(), Asked("AI-99"), bytes(32))
    with pytest.raises(ExportError, match="do not have the root"):
        checkpoint_over(checkpoint([bytes(32)] * len(payloads())), strands())
    with pytest.raises(ExportError, match="covers 1 entries"):
        checkpoint_over(checkpoint([bytes(32)]), strands())
    with pytest.raises(ExportError, match="cannot be read"):
        checkpoint_over(b"nothing", strands())
    with pytest.raises(ExportError, match="control characters"):
        made(Asked("AI-7", "two\nlines"))


def test_an_anchor_that_lies_about_the_heads_is_not_believed() -> None:
    lying = [
        each.replace(b'"count":', b'"count":1', 1) if b"CheckpointAnchored" in each else each for each in payloads()
    ]
    with pytest.raises(StrandsDiffer, match="was not recorded by the rules"):
        Strands(PORTFOLIO).take(lying)


def test_the_heads_of_an_export_are_those_of_the_book() -> None:
    assert strands().heads == run(every_type_history()).book.heads


def test_what_events_say_is_no_markup_and_runs_in_no_spreadsheet() -> None:
    assert plainly("*a* <b>\x1b[2J\u202e`") == r"\*a\* \<b\>\u{1b}\[2J\u{202e}\`"
    assert b"\x1b" not in files()["report.md"] + files()["report.csv"]
