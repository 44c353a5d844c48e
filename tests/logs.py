"""Logs for tests: entries put into the files of a log, signed, and cosigned, by the pure functions alone."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from pathlib import Path

from ledger.notary.checkpoint import Checkpoint, sign_checkpoint
from ledger.notary.cosignature import WitnessKey, witness_key
from ledger.notary.note import Note, SignerKey, format_note, parse_note, signature_of, signer_key
from ledger.notary.tiles import TILE_WIDTH, encode_bundle, entries_path, hash_reader, tile_path
from ledger.notary.tlog import consistency_proof, leaf_hash, tree_root
from ledger.notary.witness import Request, format_request

ORIGIN = "example.com/ledger/demo"
LOG = signer_key(ORIGIN, b"l" * 32)
AUDIT = witness_key("audit.example.com/w", b"a" * 32)
BOARD = witness_key("board.example.com/w", b"b" * 32)
OUTSIDE = witness_key("northgate.example/w", b"o" * 32)
WITNESSES = {"audit": AUDIT, "board": BOARD, "outside": OUTSIDE}
NOW_S = 1_700_000_000

POLICY = (
    f"log {LOG.vkey}\n"
    + "".join(f"witness {name} {key.vkey}\n" for name, key in WITNESSES.items())
    + "group two 2 audit board outside\nquorum two\n"
    + f"# organisation acme {ORIGIN} audit board\n# organisation northgate outside\n"
).encode()


def entries_of(count: int, kind: str = "entry") -> list[bytes]:
    """Return so many entries that all differ, of several lengths."""
    return [f"{kind} {number} {'x' * (number % 7)}".encode() for number in range(count)]


def files_of(entries: Sequence[bytes]) -> dict[str, bytes]:
    """Return the tiles and bundles of a log of these entries, the partial ones of this size too."""
    files: dict[str, bytes] = {}
    row = [leaf_hash(entry) for entry in entries]
    for start in range(0, len(entries), TILE_WIDTH):
        bundle = entries[start : start + TILE_WIDTH]
        files[entries_path(start // TILE_WIDTH, len(bundle))] = encode_bundle(bundle)
    level = 0
    while row:
        groups = [row[start : start + TILE_WIDTH] for start in range(0, len(row), TILE_WIDTH)]
        files.update((tile_path(level, index, len(each)), b"".join(each)) for index, each in enumerate(groups))
        level, row = level + 1, [tree_root(each) for each in groups if len(each) == TILE_WIDTH]
    return files


def checkpoint_of(entries: Sequence[bytes], origin: str = ORIGIN) -> Checkpoint:
    return Checkpoint(origin, len(entries), tree_root([leaf_hash(entry) for entry in entries]))


def signed(entries: Sequence[bytes], key: SignerKey = LOG) -> bytes:
    """Return the note of a log's checkpoint over these entries."""
    return sign_checkpoint(checkpoint_of(entries, key.name), key)


def cosigned(note: bytes, *witnesses: SignerKey, at_s: int = NOW_S) -> bytes:
    """Return a note with further lines of witnesses."""
    text, lines = parse_note(note)
    return format_note(Note(text, (*lines, *(signature_of(text, WitnessKey(key, at_s)) for key in witnesses))))


def asked(
    old_size: int, entries: Sequence[bytes], *, key: SignerKey = LOG, proof: Sequence[bytes] | None = None
) -> bytes:
    """Return a request to sign the checkpoint of these entries, with a good proof unless one is given."""
    size, files = len(entries), files_of(entries)
    if proof is None:
        read_hashes = hash_reader(size, lambda level, number, width: files[tile_path(level, number, width)])
        proof = consistency_proof(old_size, size, read_hashes) if 0 < old_size < size else ()
    return format_request(Request(old_size, tuple(proof), signed(entries, key)))


def write_log(directory: Path, entries: Sequence[bytes], note: bytes | None = None) -> Path:
    """Write the files of a log into a directory that has none, and return it. note: of the checkpoint."""
    for path, content in files_of(entries).items():
        target = directory / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "checkpoint").write_bytes(signed(entries) if note is None else note)
    return directory


def zipped(directory: Path, file: Path, folder: str = "") -> Path:
    """Write a directory into a zip and return it."""
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for each in sorted(directory.rglob("*")):
            if each.is_file():
                archive.write(each, folder + str(each.relative_to(directory)))
    return file
