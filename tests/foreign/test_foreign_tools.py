"""Verifiers that are not ours read our log: the checkpoint, every tile and entry, inclusion, and that it only grew.

`tests/foreign/install` installs them where they can be had; each test says NOT INSTALLED where its tool is not. The
log is made by the notary's sealer into a directory: 70,000 entries, tiles at three levels, a partial one at the edge of
each.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
from base64 import b64encode
from pathlib import Path
from typing import NamedTuple

import pytest

from ledger.notary.checkpoint import open_checkpoint
from ledger.notary.cosignature import WitnessKey, witness_key
from ledger.notary.directory import LogDirectory
from ledger.notary.note import SignerKey, format_note, parse_note, signature_of, signer_key
from ledger.notary.sealer import CHECKPOINT, Kept, Sealer
from ledger.notary.serving import log_site
from ledger.notary.tiles import decode_bundle, entries_path, hash_reader, tile_path
from ledger.notary.tlog import inclusion_proof
from ledger.store import MemoryStore, Stored
from tests.program import ROOT

SIZE, OLD_SIZE = 70_000, 40_300
FOREIGN = ROOT / ".foreign"
LOG = signer_key("ai-2026-3f9a12bc", bytes(range(32)))
WITNESS = witness_key("audit.example", bytes(range(1, 33)))


class Log(NamedTuple):
    """A log in a directory, and a checkpoint of it that is older."""

    directory: Path
    old: Path
    key: SignerKey


@pytest.fixture(scope="session")
def log(tmp_path_factory: pytest.TempPathFactory) -> Log:
    directory, old = tmp_path_factory.mktemp("log"), tmp_path_factory.mktemp("old") / "checkpoint"
    store = MemoryStore()

    async def sealed() -> None:
        for size in (OLD_SIZE, SIZE):
            store.entries += [
                Stored(place, "", b'{"sequence":"%016d","title":"\xe2\x80\xa8"}' % place)
                for place in range(len(store.entries) + 1, size + 1)
            ]
            sealer = Sealer(store, Register(), FastDirectory(directory), NoTiles(), LOG)
            if old.exists():
                (directory / CHECKPOINT).unlink()
            await sealer.resume()
            async for _ in sealer.seal_all():
                pass
            if size == OLD_SIZE:
                shutil.copy(directory / CHECKPOINT, old)

    asyncio.run(sealed())
    return Log(directory, old, LOG)


@pytest.fixture
def forged(log: Log, tmp_path: Path) -> Log:
    """The same log with one byte of one entry changed."""
    directory = tmp_path / "forged"
    shutil.copytree(log.directory, directory)
    bundle = directory / entries_path(90)
    content = bytearray(bundle.read_bytes())
    content[200] ^= 1
    bundle.write_bytes(content)
    return log._replace(directory=directory)


# Go's golang.org/x/mod


@pytest.fixture(scope="session")
def tlogverify(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if shutil.which("go") is None or not Path("/usr/share/gocode/src/golang.org/x/mod/sumdb/tlog").is_dir():
        pytest.skip("NOT INSTALLED: Go and Debian's golang-golang-x-mod-dev; see tests/foreign/install")
    made = tmp_path_factory.mktemp("go") / "tlogverify"
    environment = {**os.environ, "GO111MODULE": "off", "GOPATH": "/usr/share/gocode", "GOFLAGS": ""}
    subprocess.run(["go", "build", "-o", made, ROOT / "tests/foreign/go/main.go"], check=True, env=environment)
    return made


def test_go_finds_every_tile_and_entry_of_the_log_and_that_it_extends_the_old_one(tlogverify, log):
    ran = told(tlogverify, log.directory, log.old, str(log.key.vkey))
    assert ran.stdout.splitlines()[1:] == [f"consistent with size {OLD_SIZE}", ok(log)]
    assert ran.returncode == 0


def test_go_finds_a_cosignature_of_ours(tlogverify, log, tmp_path):
    shutil.copytree(log.directory, tmp_path / "log")
    note = parse_note((log.directory / CHECKPOINT).read_bytes())
    line = signature_of(note.text, WitnessKey(WITNESS, 1_800_000_000))
    (tmp_path / "log" / CHECKPOINT).write_bytes(format_note(note._replace(signatures=(*note.signatures, line))))
    ran = told(tlogverify, tmp_path / "log", "-", str(log.key.vkey), str(WITNESS.vkey))
    assert f"signed by audit.example+{WITNESS.key_id.hex()}" in ran.stdout
    assert ran.stdout.splitlines()[-1] == ok(log)


def test_go_refuses_what_was_changed(tlogverify, log, forged):
    ran = told(tlogverify, forged.directory, "-", str(log.key.vkey))
    assert (ran.returncode, ran.stdout.splitlines()[-1]) == (1, "FAIL entry 23044 does not match its leaf hash")
    other = signer_key(log.key.name, bytes(32)).vkey
    assert "FAIL note.Open" in told(tlogverify, log.directory, "-", str(other)).stdout


# @sigstore/verify on npm


@pytest.fixture(scope="session")
def sigstore() -> Path:
    if shutil.which("node") is None or not (FOREIGN / "node/node_modules/@sigstore/verify").is_dir():
        pytest.skip("NOT INSTALLED: @sigstore/verify; see tests/foreign/install")
    shutil.copy(ROOT / "tests/foreign/node/check.js", FOREIGN / "node/check.js")
    return FOREIGN / "node/check.js"


@pytest.mark.parametrize("index", [0, 255, 256, 65_535, 65_536, 69_999])
def test_sigstore_finds_an_entry_under_the_checkpoint(sigstore, log, tmp_path, index):
    assert told("node", sigstore, asked(log, tmp_path, index)).stdout == "OK\n"


def test_sigstore_refuses_another_entry_and_another_key(sigstore, log, tmp_path):
    changed = told("node", sigstore, asked(log, tmp_path, 5, entry=b"another"))
    assert (changed.returncode, changed.stdout.startswith("FAIL calculated root hash")) == (1, True)
    other = signer_key(log.key.name, bytes(32)).vkey
    refused = told("node", sigstore, asked(log, tmp_path, 5, public=other.public))
    assert (refused.returncode, refused.stdout) == (1, "FAIL invalid checkpoint signature\n")


# aics-tlog on PyPI


CHECK = ROOT / "tests/foreign/aics_check.py"


async def test_aics_reads_the_log_over_http_and_finds_all_of_it(aics, log):
    async with log_site("127.0.0.1", 0, LogDirectory(log.directory)) as port:
        at = f"http://127.0.0.1:{port}/"
        ran = await asyncio.to_thread(told, aics / "python", CHECK, at, log.key.vkey, log.old)
    root = open_checkpoint((log.directory / CHECKPOINT).read_bytes(), log.key.vkey).checkpoint.root
    assert (ran.returncode, ran.stdout) == (0, f"OK size={SIZE} root={root.hex()}\n")


async def test_aics_refuses_what_was_changed(aics, log, forged):
    async with log_site("127.0.0.1", 0, LogDirectory(forged.directory)) as port:
        at = f"http://127.0.0.1:{port}/"
        ran = await asyncio.to_thread(told, aics / "python", CHECK, at, log.key.vkey, log.old)
    assert (ran.returncode, ran.stdout.startswith("FAIL TileVerificationError")) == (1, True), ran.stdout


# Helpers


class FastDirectory(LogDirectory):
    """A directory that does not wait for the disk."""

    def _keep(self, files) -> None:
        for path, content in files:
            target = self.path / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)


class Register:
    """A register that one sealer writes to."""

    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}

    async def get(self, key: str) -> Kept:
        return Kept(self.kept.get(key), 0)

    async def swap(self, key: str, value: bytes, revision: int) -> int:
        self.kept[key] = value
        return revision


class NoTiles:
    async def bundle_count(self) -> int:
        return 0

    async def keep(self, files) -> None:
        pass


def told(*command: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=120)


def ok(log: Log) -> str:
    checkpoint = open_checkpoint((log.directory / CHECKPOINT).read_bytes(), log.key.vkey).checkpoint
    return f"OK size={SIZE} root={b64encode(checkpoint.root).decode()}"


def asked(log: Log, folder: Path, index: int, *, entry: bytes | None = None, public: bytes | None = None) -> Path:
    """Write what @sigstore/verify is asked about one entry, read from the files of the log."""

    def read_tile(level: int, number: int, width: int) -> bytes:
        return (log.directory / tile_path(level, number, width)).read_bytes()

    width = min(256, SIZE - index // 256 * 256)
    bundle = decode_bundle((log.directory / entries_path(index // 256, width)).read_bytes(), width)
    file = folder / "asked.json"
    question = {
        "entry": b64(bundle[index % 256] if entry is None else entry),
        "checkpoint": b64((log.directory / CHECKPOINT).read_bytes()),
        "index": index,
        "hashes": [b64(each) for each in inclusion_proof(index, SIZE, hash_reader(SIZE, read_tile))],
        "name": log.key.name,
        "key_id": b64(log.key.key_id),
        "public": b64(log.key.vkey.public if public is None else public),
    }
    file.write_text(json.dumps(question))
    return file


def b64(content: bytes) -> str:
    return b64encode(content).decode()
