"""Gathering what a pack is made of: the stream read once for all leaves and heads, then the chosen entries."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path

from ledger.notary.checkpoint import parse_checkpoint
from ledger.notary.note import NoteError, SignerKey, parse_note
from ledger.store import EventReader
from projections.exporters.evidence import (
    Asked,
    Chosen,
    Disclosed,
    ExportError,
    Pack,
    checkpoint_over,
    choose,
    pack,
    rests_on,
)
from projections.exporters.strands import TAKE_ENTRIES, Strands
from projections.segments import Progress
from schemas import codec
from schemas.envelope import Recorded

MAX_ATTACHMENT_BYTES = 256 * 1024 * 1024


async def gathered(
    reader: EventReader,
    portfolio: str,
    note: bytes,
    asked: Asked,
    signer: SignerKey,
    *,
    policy: bytes | None = None,
    attachments: Path | None = None,
    texts: Mapping[str, Disclosed] | None = None,
    progress: Progress = lambda _: None,
) -> Pack:
    """Return the pack of what is asked, under a checkpoint. attachments: a directory of documents, found by their hash.

    Errors: ExportError, StrandsDiffer; HoleInStream, StreamUnavailable; OSError.
    """
    strands = await read_strands(reader, portfolio, size_of(note), progress)
    chosen = choose(strands, asked, checkpoint_over(note, strands).root)
    payloads = await _payloads(reader, chosen.why)
    for sequence, why in rests_on(strands, _events(portfolio, payloads)).items():
        chosen.why.setdefault(sequence, why)
    chosen = Chosen(chosen.scope, dict(sorted(chosen.why.items())), chosen.sampled)
    payloads |= await _payloads(reader, {at: why for at, why in chosen.why.items() if at not in payloads})
    documents = {} if attachments is None else documents_in(attachments)
    ordered = {at: payloads[at] for at in chosen.why}
    return pack(strands, chosen, ordered, note, asked, signer, policy=policy, attachments=documents, texts=texts)


def size_of(note: bytes) -> int:
    """Return how many entries a checkpoint covers. Errors: ExportError where it is none."""
    try:
        return parse_checkpoint(parse_note(note).text).size
    except NoteError as error:
        raise ExportError(f"the checkpoint cannot be read: {error}") from error


async def read_strands(reader: EventReader, portfolio: str, size: int, progress: Progress = lambda _: None) -> Strands:
    """Return the strands of the first *size* entries. Errors: ExportError where there are fewer; StrandsDiffer."""
    strands, waiting = Strands(portfolio), []
    last = await reader.last_sequence()
    if last < size:
        raise ExportError(
            f"the checkpoint covers {size} entries, and the stream of {portfolio} ends at {last}: it lost its end, or "
            "the checkpoint is of another ledger"
        )
    async for entry in reader.read(until=size):
        waiting.append(entry.payload)
        if len(waiting) == TAKE_ENTRIES:
            strands.take(waiting)
            progress(len(waiting))
            waiting = []
    strands.take(waiting)
    progress(len(waiting))
    return strands


def documents_in(directory: Path) -> dict[str, bytes]:
    """Return the files of a directory, and of those below it, by their SHA-256. Errors: ExportError, OSError."""
    found = {}
    for path in sorted(path for path in directory.rglob("*") if path.is_file()):
        if path.stat().st_size > MAX_ATTACHMENT_BYTES:
            raise ExportError(f"{path} is longer than {MAX_ATTACHMENT_BYTES:,} bytes; leave it out of {directory}")
        content = path.read_bytes()
        found[sha256(content).hexdigest()] = content
    return found


async def _payloads(reader: EventReader, wanted: Mapping[int, str]) -> dict[int, bytes]:
    found = {}
    for sequence in wanted:
        async for entry in reader.read(after=sequence - 1, until=sequence):
            found[sequence] = entry.payload
    return found


def _events(portfolio: str, payloads: Mapping[int, bytes]) -> list[Recorded]:
    found = []
    for sequence, payload in payloads.items():
        try:
            found.append(codec.decode(payload, portfolio=portfolio, sequence=sequence))
        except codec.ForeignEntry:
            continue  # it goes into the pack as it stands, and rests on nothing
    return found
