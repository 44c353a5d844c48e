"""Cosigning: the log's side of witnessing. It asks the witnesses of a policy, and puts their lines under a checkpoint.

The lines that come back are verified before they are put anywhere: a witness that answers with anything but its own
line under this checkpoint has not signed. What is signed so is published as `witnessed`, beside `checkpoint`, which
is a second old while witnesses take their time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import aiohttp

from ledger.notary.checkpoint import Checkpoint, parse_checkpoint
from ledger.notary.cosignature import WitnessVkey, cosigned_at_s
from ledger.notary.note import (
    MAX_SIGNATURES,
    Note,
    NoteError,
    Signature,
    format_note,
    parse_note,
    parse_signatures,
)
from ledger.notary.places import Place
from ledger.notary.policy import NO_QUORUM, Policy, Witness, judge
from ledger.notary.rehash import TileMissing, tile_reader
from ledger.notary.tiles import hash_reader
from ledger.notary.tlog import consistency_proof
from ledger.notary.witness import SIZE_TYPE, Request, format_request

TIMEOUT_S = 10.0
MAX_ANSWER_BYTES = 100_000
_TRIES = 3


class Asked(NamedTuple):
    """What one witness answered. line: its verified line, None where it gave none; why: in words.

    differs: whether it says that the log does not go on from what it has signed.
    """

    witness: str
    line: Signature | None
    why: str
    differs: bool = False


class Collected(NamedTuple):
    """A checkpoint with the lines of witnesses under it, and what each of them answered."""

    note: bytes
    asked: tuple[Asked, ...]


async def collect_cosignatures(note: bytes, policy: Policy, place: Place) -> Collected:
    """Ask every witness of a policy that has a URL to sign a checkpoint, and return it with the lines they gave.

    place: where the log's own tiles are, for the proofs. A witness that does not answer, or not as it should, is told
    of and left out. Errors: NoteError where the note is no checkpoint.
    """
    checkpoint = parse_checkpoint(parse_note(note).text)
    timeout = aiohttp.ClientTimeout(total=TIMEOUT_S)
    async with aiohttp.ClientSession(timeout=timeout) as session:
        asked = await asyncio.gather(
            *(_ask(session, witness, note, checkpoint, place) for witness in policy.witnesses if witness.url)
        )
    lines = [each.line for each in asked if each.line is not None]
    return Collected(with_lines(note, lines, [each.key for each in policy.witnesses]), tuple(asked))


def with_lines(note: bytes, lines: Iterable[Signature], witnesses: Sequence[WitnessVkey]) -> bytes:
    """Return a note with the lines of these witnesses that fit it, the newest of each; all others are left out.

    Errors: NoteError where the note is none.
    """
    text, before = parse_note(note)
    known = {(each.name, each.key_id): each for each in witnesses}
    kept = [each for each in before if (each.name, each.key_id) not in known]
    newest: dict[tuple[str, bytes], Signature] = {}
    for line in (*before, *lines):
        who = (line.name, line.key_id)
        if who not in known or not known[who].verify(text, line.blob):
            continue
        if who not in newest or cosigned_at_s(newest[who].blob) < cosigned_at_s(line.blob):
            newest[who] = line
    return format_note(Note(text, tuple([*kept, *newest.values()][:MAX_SIGNATURES])))


def lines_for(note: bytes, filed: Iterable[bytes]) -> list[Signature]:
    """Return the lines under filed notes that are about the same checkpoint as *note*; what is no note is passed over.

    filed: what witnesses have filed, the checkpoint with their line each.
    """
    text = parse_note(note).text
    found: list[Signature] = []
    for each in filed:
        try:
            other = parse_note(each)
        except NoteError:
            continue
        if other.text == text:
            found += other.signatures
    return found


def newest_witnessed(policy: Policy, checkpoint: bytes, filed: Sequence[bytes], *, now_s: int) -> bytes | None:
    """Return the largest checkpoint that the quorum of a policy has signed, with its lines; None where there is none.

    checkpoint: the newest one, with lines perhaps. filed: notes of witnesses, of this and of older checkpoints; one
    that the log has not signed, or that is of another log, is passed over.
    Errors: NoteError where the checkpoint is none.
    """
    origin = parse_checkpoint(parse_note(checkpoint).text).origin
    notes: dict[str, bytes] = {}
    for note in (checkpoint, *filed):
        try:
            judge(policy._replace(witnesses=(), groups=(), quorum=NO_QUORUM), note, now_s=now_s)
        except NoteError:
            continue
        notes.setdefault(parse_note(note).text, note)
    keys = [each.key for each in policy.witnesses]
    best: tuple[int, bytes] | None = None
    for text, note in notes.items():
        found = parse_checkpoint(text)
        if found.origin != origin or (best is not None and found.size <= best[0]):
            continue
        merged = with_lines(note, lines_for(note, filed), keys)
        if judge(policy, merged, now_s=now_s).witnessed:
            best = found.size, merged
    return None if best is None else best[1]


async def _ask(
    session: aiohttp.ClientSession, witness: Witness, note: bytes, checkpoint: Checkpoint, place: Place
) -> Asked:
    old_size = 0
    try:
        for _ in range(_TRIES):
            proof = await asyncio.to_thread(_proof, place, old_size, checkpoint.size)
            body = format_request(Request(old_size, proof, note))
            status, kind, answer = await _posted(session, f"{(witness.url or '').rstrip('/')}/add-checkpoint", body)
            if status == 200:
                return _line(witness, parse_note(note).text, answer)
            told, size = answer.strip(), None
            if status == 409 and kind == SIZE_TYPE and told.isdecimal():
                size = int(told)
            if status == 409 and 0 < old_size == checkpoint.size and size in (None, old_size):
                # An older text of tlog-witness has this where today's says 422.
                why = f"it has signed another root at {old_size:,} entries"
                return Asked(witness.name, None, why, differs=True)
            if size is None:
                return Asked(witness.name, None, f"it answers {status}: {told[:300]!r}", differs=status == 422)
            if size > checkpoint.size:
                why = f"it has signed {size:,} entries, and is asked for fewer"
                return Asked(witness.name, None, why, differs=True)
            old_size = size
    except (aiohttp.ClientError, TimeoutError, UnicodeDecodeError, ValueError) as error:
        return Asked(witness.name, None, f"it does not answer: {str(error) or type(error).__name__}")
    except TileMissing as error:
        return Asked(witness.name, None, f"no proof can be made for it: {error}")
    return Asked(witness.name, None, f"it went on while it was asked, {_TRIES} times")


async def _posted(session: aiohttp.ClientSession, url: str, body: bytes) -> tuple[int, str, str]:
    async with session.post(url, data=body, allow_redirects=False) as response:
        content = await response.content.read(MAX_ANSWER_BYTES)
        return response.status, response.content_type, content.decode()


def _proof(place: Place, old_size: int, new_size: int) -> tuple[bytes, ...]:
    if not 0 < old_size < new_size:
        return ()
    return tuple(consistency_proof(old_size, new_size, hash_reader(new_size, tile_reader(place))))


def _line(witness: Witness, text: str, answer: str) -> Asked:
    key = witness.key
    for line in parse_signatures(answer):
        if (line.name, line.key_id) == (key.name, key.key_id) and key.verify(text, line.blob):
            return Asked(witness.name, line, "it has signed")
    return Asked(witness.name, None, "what it answers is not its line under this checkpoint")
