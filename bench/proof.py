"""Measure the proof: `python -m bench.proof [--entries N] [--json FILE]`.

A log of events as the ledger stores them is written, signed and verified: by `portfolio verify` to A1, on every
processor and on one, by verify_min, and by a Go program on golang.org/x/mod/sumdb (tests/foreign/go), all on the same
files in the same run. Where Go is not there that is said, and the others are measured.
"""

from __future__ import annotations

import argparse
import itertools
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from bench import history
from ledger.notary import verify_min
from ledger.notary.checkpoint import Checkpoint, sign_checkpoint
from ledger.notary.edge import Edge
from ledger.notary.note import signer_key
from ledger.notary.places import CHECKPOINT, DirectoryPlace
from ledger.notary.policy import parse_policy
from ledger.notary.rehash import rehash
from projections.verify import Trust, verify
from schemas import codec

ENTRIES = 1_000_000
TOGETHER = 16_384
GOAL_PER_S = 400_000
GO_SOURCE = Path(__file__).resolve().parents[1] / "tests" / "foreign" / "go" / "main.go"
GO_ENVIRONMENT = {"GO111MODULE": "off", "GOPATH": "/usr/share/gocode", "GOCACHE": "/tmp/go-cache"}
LOG = signer_key("bench-00000000", bytes(32))


class Took(NamedTuple):
    """What one verifier took. cpu_s: of all its processes together."""

    who: str
    entries: int
    seconds: float
    cpu_s: float

    @property
    def per_s(self) -> float:
        return self.entries / self.seconds


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print the table, and return the exit code: 1 where a verifier does not agree."""
    parser = argparse.ArgumentParser(prog="python -m bench.proof", description="measure verification, beside Go's")
    parser.add_argument("--entries", type=int, default=ENTRIES)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the rows there too")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="bench-proof-") as directory:
        rows = measure(Path(directory), options.entries)
    fastest = next((row for row in rows if row.who.startswith("Go")), None)
    print(
        f"\n{os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}; the page cache is warm; goal {GOAL_PER_S:,}/s\n"
    )
    for row in rows:
        beside = f"  {row.per_s / fastest.per_s:5.2f} of Go's" if fastest else ""
        each = f"{row.per_s:>12,.0f}/s, {row.entries / max(row.cpu_s, 1e-6):>9,.0f} a second of one processor"
        print(f"{row.who:<34}{row.seconds:>8.2f} s {each}{beside}")
    if options.json is not None:
        options.json.write_bytes(msgspec.json.format(msgspec.json.encode(rows), indent=2) + b"\n")
    return 0


def measure(directory: Path, count: int) -> list[Took]:
    """Write a log and return what each verifier took. Errors: AssertionError where one does not agree."""
    log = directory / "log"
    _note(f"writing {count:,} entries")
    checkpoint, byte_count = write(log, count)
    _note(f"{byte_count / count:,.0f} bytes each")
    trust = Trust(parse_policy(f"log {LOG.vkey}\nquorum none\n".encode()), {}, int(time.time()))

    def ours() -> None:
        assert verify(DirectoryPlace(log), trust).reached == "A1"

    def ours_alone() -> None:
        assert rehash(DirectoryPlace(log), count, helpers=0).root == checkpoint.root

    def minimal() -> None:
        policy = verify_min.policy_of(f"log {LOG.vkey}\nquorum none\n".encode())
        found = list(verify_min.verify(verify_min.reader_of(str(log)), policy, None, time.time(), 0))
        assert found[0][:2] == ("A1", True)

    rows = [_timed("portfolio verify A1", count, ours), _timed("the same on one processor", count, ours_alone)]
    rows.append(_timed("verify_min", count, minimal))
    if (tool := built(directory)) is not None:

        def go() -> None:
            ran = subprocess.run([tool, str(log), "-", str(LOG.vkey)], capture_output=True, text=True, check=True)
            assert f"OK size={count}" in ran.stdout

        rows.append(_timed("Go, golang.org/x/mod/sumdb", count, go))
    else:
        _note("NOT INSTALLED: Go; see tests/foreign/install")
    return rows


def write(directory: Path, count: int) -> tuple[Checkpoint, int]:
    """Write a signed log of so many events; return its checkpoint and the bytes of the entries."""
    edge, byte_count = Edge(), 0
    stored = map(codec.encode, history.events(count))
    while entries := list(itertools.islice(stored, TOGETHER)):
        byte_count += sum(map(len, entries))
        for file in edge.extend(entries):
            _write(directory / file.path, file.content)
    for file in edge.partial_files():
        _write(directory / file.path, file.content)
    checkpoint = Checkpoint(LOG.name, edge.size, edge.root())
    _write(directory / CHECKPOINT, sign_checkpoint(checkpoint, LOG))
    return checkpoint, byte_count


def built(directory: Path) -> str | None:
    """Return the Go program, None where it cannot be built here."""
    tool = directory / "tlogverify"
    try:
        subprocess.run(
            ["go", "build", "-o", tool, GO_SOURCE], check=True, capture_output=True, env=os.environ | GO_ENVIRONMENT
        )
    except (OSError, subprocess.CalledProcessError) as error:
        _note(f"Go: {getattr(error, 'stderr', None) or error}")
        return None
    return str(tool)


def _timed(who: str, entries: int, work: Callable[[], None]) -> Took:
    _note(who)
    began, cpu = time.perf_counter(), _cpu_s()
    work()
    return Took(who, entries, time.perf_counter() - began, _cpu_s() - cpu)


def _cpu_s() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def _note(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
