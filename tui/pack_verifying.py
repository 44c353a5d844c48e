"""portfolio verify PACK.zip: an evidence pack, by the same checks as check_pack.py, and the keys of your own policy.

The levels are of whole logs: a part shows that its entries are under a signed root and that none about its scope is
missing, never that the rest was kept. So no level is named here.
"""

from __future__ import annotations

import json
import time
import zipfile
from pathlib import Path
from typing import NamedTuple

from ledger.notary.note import NoteError, Vkey, parse_note, parse_vkey, verified
from ledger.notary.policy import Policy, PolicyError, judge, parse_policy
from projections.exporters.check_pack import Bad, check
from tui.common import DONE, REFUSED, CommandError, read_file
from tui.model.text import clean

MANIFEST = "MANIFEST"
MAX_FILE_BYTES = 256 * 1024 * 1024
MAX_PACK_BYTES = 1024 * 1024 * 1024


class Checked(NamedTuple):
    """One thing that was looked at. holds: None where it could not be checked."""

    told: str
    holds: bool | None


def is_pack(written: str) -> bool:
    """Say whether this is the name of an evidence pack: a zip with a MANIFEST."""
    try:
        with zipfile.ZipFile(written) as archive:
            return MANIFEST in archive.namelist()
    except (OSError, zipfile.BadZipFile, ValueError):
        return False


def verify_pack(written: str, policy_file: Path | None, *, as_json: bool) -> int:
    """Check a pack and tell what holds; exit code 0 only if all of it does, its signatures too."""
    policy = None if policy_file is None else _policy(policy_file)
    found = checked_pack(_files(Path(written)), policy)
    holds = all(each.holds is not False for each in found) and found[-1].holds is True
    if as_json:
        print(json.dumps({"pack": written, "holds": holds, "checks": [each._asdict() for each in found]}))
    else:
        marks = {True: "✓", False: "✗", None: "–"}
        for each in found:
            print(f"{marks[each.holds]} {clean(each.told)}")
    return DONE if holds else REFUSED


def checked_pack(files: dict[str, bytes], policy: Policy | None) -> list[Checked]:
    """Return what was looked at, in order; the signatures of the checkpoint last."""
    try:
        found = [Checked(line, None if "NOT " in line else True) for line in check(files)[:-1]]
    except Bad as error:
        return [Checked(str(error), False), Checked("signatures: NOT CHECKED, since the pack does not hold", None)]
    return [*found, _manifest_signed(files), _checkpoint_signed(files["checkpoint"], policy)]


def _manifest_signed(files: dict[str, bytes]) -> Checked:
    """Who signed the manifest, by the keys people were enrolled with in this very log."""
    try:
        note = parse_note(files[MANIFEST])
        known: dict[tuple[str, bytes], Vkey] = {}
        for each in json.loads(files["keys.json"]):
            # What keys.json says counts only where the entry beside it says the same.
            entry = json.loads(files[f"entries/{each['index']:012d}.json"])["data"]
            if each["vkey"] and (entry.get("vkey"), entry.get("actor")) == (each["vkey"], each["actor"]):
                key = parse_vkey(each["vkey"])
                known[key.name, key.key_id] = key
        mine = [known[line.name, line.key_id] for line in note.signatures if (line.name, line.key_id) in known]
        names = ", ".join(line.name for line in note.signatures)
        if not mine:
            return Checked(f"MANIFEST: signed by {names}, NOT CHECKED: no such key is enrolled", None)
        verified(note, mine)
    except (NoteError, ValueError, KeyError, TypeError) as error:
        return Checked(f"MANIFEST: its signature does not hold: {error}", False)
    return Checked(
        f"MANIFEST: signed by {', '.join(key.name for key in mine)}, with the key enrolled in this log", True
    )


def _checkpoint_signed(note: bytes, policy: Policy | None) -> Checked:
    if policy is None:
        return Checked("signatures: NOT CHECKED; give your own policy with --policy", None)
    try:
        judged = judge(policy, note, now_s=int(time.time()))
    except NoteError as error:
        return Checked(f"signatures: {error}", False)
    if not judged.holds:
        lacking = ", ".join(judged.lacking)
        return Checked(f"signatures: the quorum {judged.quorum} did not sign; {lacking} did not", False)
    witnesses = ", ".join(each.witness for each in judged.cosigned) or "no witness, and the policy asks for none"
    return Checked(f"signatures: the log {judged.checkpoint.origin}, and {witnesses}", True)


def _policy(file: Path) -> Policy:
    try:
        return parse_policy(read_file(file))
    except PolicyError as error:
        raise CommandError(f"{file}: {error}") from error


def _files(path: Path) -> dict[str, bytes]:
    """Return the files of a pack. Errors: CommandError where it cannot be unpacked, or is no pack's size."""
    try:
        with zipfile.ZipFile(path) as archive:
            infos = archive.infolist()
            names = [info.filename for info in infos]
            if len(set(names)) != len(names):
                raise CommandError(f"{path} holds a file twice; it is not as it was exported", REFUSED)
            # What the zip says of sizes may be false, so no more than that is unpacked either.
            if sum(info.file_size for info in infos) > MAX_PACK_BYTES:
                raise CommandError(f"{path} unpacks to more than {MAX_PACK_BYTES:,} bytes; unpack and check it by hand")
            files = {}
            for name in names:
                with archive.open(name) as file:
                    files[name] = file.read(MAX_FILE_BYTES + 1)
                if len(files[name]) > MAX_FILE_BYTES:
                    raise CommandError(f"{name} in {path} has more than {MAX_FILE_BYTES:,} bytes; check it by hand")
            return files
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError) as error:
        raise CommandError(f"{path} cannot be unpacked: {error}", REFUSED) from error
