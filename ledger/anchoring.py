"""Anchoring: a checkpoint of the ledger's log, with the witnesses' times, comes back into the ledger as an event.

What is recorded behind it is then recorded *not before* those times; what it covers, *not after*.
"""

from __future__ import annotations

import datetime
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

import msgspec

from ledger.notary.checkpoint import parse_checkpoint
from ledger.notary.note import NoteError, parse_note
from ledger.notary.rows import Rows
from ledger.notary.sealer import CHECKPOINT, Register
from ledger.notary.tlog import leaf_hash
from ledger.store import EventReader, SequenceConflict, StreamUnavailable
from ledger.writer import Clock, Writer, system_clock
from schemas.receipts import Accepted, Reason, Receipt, Refused
from schemas.values import zone_of

WITNESSED = "witnessed"
"""The file beside `checkpoint` that has the newest one a quorum of witnesses has signed."""

_TRIES = 20


class NoCheckpoint(Exception):
    """There is no checkpoint to be had: what next."""


class Anchored(NamedTuple):
    """What became of an anchor. new: whether this call recorded it. size: of the checkpoint."""

    receipt: Receipt
    new: bool
    size: int


async def newest_note(directory: Path, register: Register, *, file: Path | None = None) -> bytes:
    """Return the newest checkpoint: the witnessed one where there is one, else the log's. file: this one instead.

    Errors: NoCheckpoint; OSError; StoreError.
    """
    found = _read(file) if file is not None else _read(directory / WITNESSED, directory / CHECKPOINT)
    if found is not None:
        return found
    if file is not None:
        raise NoCheckpoint(f"there is no file {file}")
    kept = (await register.get(CHECKPOINT)).value
    if kept is None:
        raise NoCheckpoint("nothing has been sealed yet; run `portfolio notary --once` first")
    return kept


async def anchor(
    writer: Writer, reader: EventReader, note: bytes, actor: str, *, clock: Clock = system_clock
) -> Anchored:
    """Record a checkpoint in its ledger, once; where others write meanwhile, with a proof made anew.

    A crash before the append loses nothing; after it the same checkpoint is found to be anchored.
    Errors: NoCheckpoint where the note is none; StoreError.
    """
    try:
        size = parse_checkpoint(parse_note(note).text).size
        text = note.decode()
    except (NoteError, UnicodeDecodeError) as error:
        raise NoCheckpoint(f"what was given is no checkpoint: {error}") from error
    commandid = f"anchor-{sha256(note).hexdigest()[:40]}"
    leaves: list[bytes] = []
    for _ in range(_TRIES):
        await writer.catch_up()
        known = writer.book.command(commandid)
        if known is not None:
            return Anchored(Accepted(known.sequence, ()), False, size)
        last = writer.book.sequence
        if last < len(leaves):
            leaves = []
        async for entry in reader.read(after=len(leaves), until=last):
            leaves.append(leaf_hash(entry.payload))
        line = _command(writer, text, leaves, size, commandid, actor, clock)
        try:
            receipt = await writer.submit_at(line, last)
        except SequenceConflict:
            continue
        if isinstance(receipt, Refused) and receipt.reason is Reason.NOTHING_CHANGES:
            return Anchored(receipt, False, size)
        return Anchored(receipt, isinstance(receipt, Accepted), size)
    raise StreamUnavailable(
        f"{writer.book.portfolio} was written to {_TRIES} times while the checkpoint was proved; anchor it again later"
    )


def _read(*paths: Path) -> bytes | None:
    """Return the first of some files that is there."""
    for path in paths:
        try:
            return path.read_bytes()
        except FileNotFoundError:
            continue
    return None


def _command(
    writer: Writer, text: str, leaves: list[bytes], size: int, commandid: str, actor: str, clock: Clock
) -> bytes:
    book, opened = writer.book, writer.book.opened
    zone = datetime.UTC if opened is None else zone_of(opened.time_zone)
    proof = Rows(leaves).consistency(size) if 0 < size <= len(leaves) else []
    return msgspec.json.encode(
        {
            "type": "AnchorCheckpoint.v1",
            "portfolio": book.portfolio if opened is None else opened.log_origin,
            "commandid": commandid,
            "actor": actor,
            "subject": f"checkpoint/{book.portfolio}",
            "time": clock().astimezone(zone).date(),
            "seen": book.sequence,
            "data": {"portfolio": book.portfolio, "checkpoint": text, "proof": [each.hex() for each in proof]},
        }
    )
