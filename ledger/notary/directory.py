"""The files of a log in a directory, for any web server to serve and for the next sealer to go on from.

    <data>/<portfolio>/checkpoint                   the newest signed checkpoint
    <data>/<portfolio>/witnessed                    the newest one that a quorum of witnesses has signed
    <data>/<portfolio>/tile/...                     tiles and bundles, full and partial

The replica's archive keeps the same full bundles and tiles in the same places, and says in `head` how many of them it
counts; what is signed, `checkpoint` says. Both write the same bytes or stop, so neither waits for the other. Signer
keys are never in here: what is in here is published.
"""

from __future__ import annotations

import asyncio
import fcntl
import shutil
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from ledger.files import replace_file, sync_directory
from ledger.notary.edge import File
from ledger.notary.places import WITNESSED
from ledger.notary.sealer import CHECKPOINT, NotaryAlarm
from ledger.notary.tiles import parse_path

READABLE = 0o644
WRITERS = 8
"""How many files are written at a time."""


class DirectoryTaken(NotaryAlarm):
    """Another notary publishes in this directory."""


class LogDirectory:
    """The files of one log. Every method works in a thread, so that nobody waits for the disk."""

    def __init__(self, path: Path) -> None:
        self.path = path

    async def keep(self, files: Sequence[File]) -> None:
        """Write files that are not there, on the disk when this returns.

        Errors: NotaryAlarm where one is there with other bytes; OSError.
        """
        await asyncio.to_thread(self._keep, files)

    async def get(self, path: str) -> bytes | None:
        """Return a file's bytes, None where it is not there. Errors: OSError."""
        return await asyncio.to_thread(self.read, path)

    async def publish(self, note: bytes, name: str = CHECKPOINT) -> None:
        """Replace the file `checkpoint`, or `witnessed`, in one step. Errors: OSError."""
        await asyncio.to_thread(replace_file, self.path / name, note, durable=True, mode=READABLE)

    async def drop(self, files: Sequence[File]) -> None:
        """Remove the partial files that these full ones have replaced."""
        for path in (self.path / f"{file.path}.p" for file in files):
            await asyncio.to_thread(shutil.rmtree, path, ignore_errors=True)

    def read(self, path: str) -> bytes | None:
        """Return a file's bytes, None where it is not there. Errors: ValueError where the path is none of a log's."""
        if path not in (CHECKPOINT, WITNESSED):
            parse_path(path)
        try:
            return (self.path / path).read_bytes()
        except FileNotFoundError:
            return None

    @contextmanager
    def signing(self) -> Iterator[None]:
        """Hold the right to publish in this directory. Errors: DirectoryTaken where another process has it."""
        self.path.mkdir(parents=True, exist_ok=True)
        with (self.path / ".signing").open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise DirectoryTaken(f"another notary is at work in {self.path}; stop it, or let it go on") from error
            yield

    def _keep(self, files: Sequence[File]) -> None:
        missing = [file for file in files if not self._is_kept(file)]
        if not missing:
            return
        # Together, since the disk takes many as fast as one.
        with ThreadPoolExecutor(WRITERS) as writers:
            list(writers.map(self._write, missing))
        # The directories last, each once: a crash before that loses files, and the next sealer writes them again.
        parents = {folder for file in missing for folder in (self.path / file.path).parents}
        for folder in {each for each in parents if each.is_relative_to(self.path)}:
            sync_directory(folder)

    def _is_kept(self, file: File) -> bool:
        there = self.read(file.path)
        if there is not None and there != file.content:
            raise NotaryAlarm(
                f"{file.path} in {self.path} holds other bytes than the stream: one of them was changed. Keep both, "
                "and compare with `portfolio rebuild`"
            )
        return there is not None

    def _write(self, file: File) -> None:
        replace_file(self.path / file.path, file.content, synced=True, mode=READABLE)
