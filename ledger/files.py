"""Files that are replaced in one step, and that the disk has when we say so."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path


def replace_file(
    target: Path, content: bytes, *, durable: bool = False, synced: bool = False, mode: int = 0o600
) -> None:
    """Give a file new content in one step: a reader sees the old or the new, never a part.

    durable: the disk has it when this returns, for what cannot be made again. synced: its content only; that it is
    there the disk learns from sync_directory. mode: who may read it.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=".new-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            os.fchmod(file.fileno(), mode)
            if durable or synced:
                file.flush()
                os.fsync(file.fileno())
        os.replace(name, target)
        if durable:
            sync_directory(target.parent)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def sync_directory(directory: Path) -> None:
    """Have the disk know which files a directory holds."""
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
