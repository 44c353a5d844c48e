"""Corroborated: attachments hashed again, and somebody else's tool asked about the same log. Level A5.

An event names its evidence by SHA-256: in `sha256` beside a reference, and behind the # of a source. Files are found
by what is in them, whatever they are called.

A foreign tool is a command with {place}, {remembered} and {vkeys} in it, run without a shell. It agrees where it ends
with 0 and says the size and the root that the log signed, the root in base64 or hexadecimal.
"""

from __future__ import annotations

import hashlib
import re
import shlex
import subprocess
from base64 import b64encode
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import msgspec

from ledger.notary.checkpoint import Checkpoint
from projections.levels import Finding

LIMIT_S = 3_600.0
MOST_NAMED = 5

_DIGEST = re.compile(r"[0-9a-f]{64}")


def attachments_of(payloads: Iterable[bytes]) -> dict[str, int]:
    """Return the digests of attachments that entries name, each with the sequence of the first that does.

    What is no JSON names none.
    """
    found: dict[str, int] = {}
    for sequence, payload in enumerate(payloads, start=1):
        if b"sha256" not in payload and b"sourceref" not in payload:
            continue
        try:
            event = msgspec.json.decode(payload)
        except msgspec.DecodeError:
            continue
        for digest in _named(event):
            found.setdefault(digest, sequence)
    return found


def attachments_finding(named: dict[str, int], directory: Path | None) -> Finding:
    """Return whether every attachment that is named is in a directory, by its content. Errors: OSError."""
    if not named:
        return Finding("no entry names an attachment", "yes")
    if directory is None:
        return Finding(f"{len(named):,} attachments are named and were not hashed again: give --attachments", "unknown")
    files = [each for each in sorted(directory.rglob("*")) if each.is_file()]
    there = {_hash(each): each for each in files}
    for digest, file in there.items():
        if _DIGEST.fullmatch(file.stem) and file.stem != digest and file.stem in named:
            told = f"{file.name} is not the attachment sequence {named[file.stem]:,} names: its SHA-256 is {digest}"
            return Finding(told, "problem")
    missing = [digest for digest in named if digest not in there]
    if missing:
        which = ", ".join(f"{digest[:16]}… of sequence {named[digest]:,}" for digest in missing[:MOST_NAMED])
        return Finding(f"{len(missing):,} of {len(named):,} attachments are not in {directory}: {which}", "unknown")
    return Finding(f"{len(named):,} attachments hash as the entries say", "yes")


def foreign_finding(
    command: str | None, place: str, remembered: Path | None, vkeys: Sequence[str], sealed: Checkpoint
) -> Finding:
    """Return whether somebody else's tool comes to the size and root that were signed. remembered: `-` for none."""
    if command is None:
        return Finding("no other tool was asked: give --foreign", "unknown")
    filled = {"{place}": [place], "{remembered}": [str(remembered or "-")], "{vkeys}": list(vkeys)}
    try:
        words = [part for word in shlex.split(command) for part in filled.get(word, [word])]
        ran = subprocess.run(  # noqa: S603 - the verifier's own command, without a shell
            words, capture_output=True, text=True, errors="replace", check=False, timeout=LIMIT_S
        )
    except (OSError, ValueError, subprocess.TimeoutExpired) as error:
        return Finding(f"the other tool could not be run: {error}", "unknown")
    name = Path(words[0]).name
    last = (ran.stdout + ran.stderr).strip().rpartition("\n")[2][:200]
    if ran.returncode != 0:
        return Finding(f"{name} does not agree, it ends with {ran.returncode}: {last}", "problem")
    roots = (sealed.root.hex(), b64encode(sealed.root).decode())
    if not any(root in ran.stdout for root in roots) or not re.search(rf"(?<!\d){sealed.size}(?!\d)", ran.stdout):
        return Finding(f"{name} ends with 0, and does not say size {sealed.size} and its root: {last}", "problem")
    return Finding(f"{name} comes to the same size and root", "yes")


def _named(value: Any, key: str = "") -> Iterable[str]:
    if isinstance(value, dict):
        for name, each in value.items():
            yield from _named(each, name)
    elif isinstance(value, list):
        for each in value:
            yield from _named(each, key)
    elif isinstance(value, str):
        digest = value if key == "sha256" else value.rpartition("#")[2] if key == "sourceref" else ""
        if _DIGEST.fullmatch(digest):
            yield digest


def _hash(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()
