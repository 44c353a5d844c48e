"""Memory: the newest checkpoint somebody has seen of a log, kept where the log's operator cannot reach it.

    example.com/log/testdata                                        a signed note, as the log gave it
    3
    Wqx3HImawpLnS/Gv4ubjAvi1WIOy0b8Ze0amvqbavKk=

    — example.com/log/testdata M9e0lvAQRtH832pk2RTb...

A file a log. It only goes forward: it is replaced by who has read what stands in it, under a lock, in one step, and
is on the disk before anybody is told. Two checkpoints that cannot both be true are kept beside it for good:

    fork-8f0c2a11d3e4b596/remembered      the two signed notes. The log signed both; nobody else can have made them.
    fork-8f0c2a11d3e4b596/offered
    fork-8f0c2a11d3e4b596/why             in words
"""

from __future__ import annotations

import contextlib
import fcntl
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

from ledger.files import replace_file
from ledger.notary.note import MAX_NOTE_BYTES


class MemoryMoved(OSError):
    """Somebody else has replaced what was remembered since it was read."""


class Memory:
    """One remembered checkpoint, in a file."""

    def __init__(self, file: Path) -> None:
        self.file = file

    @classmethod
    def of(cls, directory: Path, origin: str) -> Memory:
        """Return the memory of one log in a directory that has those of many."""
        return cls(directory / origin_name(origin))

    def read(self) -> bytes | None:
        """Return the note that is remembered, None where none is. Errors: OSError."""
        try:
            with self.file.open("rb") as file:
                return file.read(MAX_NOTE_BYTES + 1)
        except FileNotFoundError:
            return None

    def replace(self, note: bytes, seen: bytes | None) -> None:
        """Remember *note* in place of what was *seen*; it is on the disk when this returns.

        Whether the one extends the other is for the caller to know.
        Errors: MemoryMoved, nothing was replaced; OSError.
        """
        with self._held():
            if self.read() != seen:
                raise MemoryMoved(f"{self.file} was replaced meanwhile by another process; do it again")
            # A crash before it: what was seen is still remembered, and nobody was told otherwise. After it: the new
            # one is, and the same question is answered the same again.
            replace_file(self.file, note, durable=True)

    @contextlib.contextmanager
    def _held(self) -> Iterator[None]:
        self.file.parent.mkdir(parents=True, exist_ok=True)
        with self.file.with_name(f".{self.file.name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def keep_fork(directory: Path, remembered: bytes, offered: bytes, why: str) -> Path:
    """Keep two notes that a log signed and that cannot both be true; return where. The same two are kept once."""
    kept = directory / f"fork-{sha256(remembered + offered).hexdigest()[:16]}"
    for name, content in (("remembered", remembered), ("offered", offered), ("why", f"{why}\n".encode())):
        if not (kept / name).exists():
            replace_file(kept / name, content, durable=True)
    return kept


def origin_name(origin: str) -> str:
    """Return the name of a log in a file system or a URL: the hash of its origin, hexadecimal."""
    return sha256(origin.encode()).hexdigest()
