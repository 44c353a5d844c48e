"""A witness: somebody's own key and memory. It signs what a log shows where that goes on from what it showed before.

    <directory>/key                     PRIVATE+KEY+audit.example.com/w+... , read by its owner alone
    <directory>/logs                    the logs it looks at, a line each, as in a policy: log VKEY [PLACE]
    <directory>/seen/<hash of origin>   the newest checkpoint it has signed of a log, with its own line
    <directory>/fork-.../               two checkpoints a log has signed that cannot both be true
    <directory>/unproven-<hash>         a signed checkpoint whose proof did not hold; perhaps only the proof was wrong

It answers as C2SP tlog-witness says:

    404 no such log   403 not signed by it   400 malformed, or old size above the checkpoint's
    409 old size is not the one last signed, which is told   422 the proof does not hold, or same size and other root
    200 its line under the checkpoint

Two further lines of a log may reach it, each with a proof that holds, and only one of them can be signed: what it has
signed is on the disk before it answers, and is replaced by nobody who has not read it. So it may crash anywhere.
"""

from __future__ import annotations

import contextlib
import os
import secrets
from base64 import b64encode
from collections.abc import Callable, Sequence
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from ledger.files import replace_file, sync_directory
from ledger.notary.checkpoint import Checkpoint, open_checkpoint, parse_checkpoint, parse_decimal
from ledger.notary.cosignature import WitnessKey, WitnessVkey, cosigned_at_s, parse_witness_key, witness_key
from ledger.notary.memory import Memory, MemoryMoved, keep_fork
from ledger.notary.note import (
    MAX_NOTE_BYTES,
    SEED_BYTES,
    Note,
    NoteError,
    Signature,
    SignerKey,
    Vkey,
    canonical_base64,
    format_note,
    format_signatures,
    parse_note,
    signature_of,
)
from ledger.notary.places import CHECKPOINT, Place
from ledger.notary.policy import Log, PolicyError, parse_policy
from ledger.notary.rehash import TileMissing, tile_reader
from ledger.notary.tiles import hash_reader
from ledger.notary.tlog import (
    EMPTY_ROOT,
    HASH_BYTES,
    Frontier,
    complete_subtrees,
    consistency_proof,
    verify_consistency,
)

MAX_PROOF_LINES = 63
MAX_REQUEST_BYTES = MAX_NOTE_BYTES + 64 * (MAX_PROOF_LINES + 1)
SIZE_TYPE = "text/x.tlog.size"
TEXT_TYPE = "text/plain; charset=utf-8"

MAX_UNPROVEN = 100
"""Checkpoints with a proof that did not hold, of which so many are kept: anybody can send them."""


class WitnessError(Exception):
    """A witness cannot do its work: which file or log, why, what next."""


class Answer(NamedTuple):
    """What a witness answers. status: of HTTP. fork: where the evidence is kept, None where there is none."""

    status: int
    body: str
    content_type: str = TEXT_TYPE
    fork: Path | None = None

    @property
    def signed(self) -> bool:
        return self.status == 200


class Request(NamedTuple):
    """What is asked of a witness: to sign *note*, which goes on from *old_size* by *proof*."""

    old_size: int
    proof: tuple[bytes, ...]
    note: bytes


class Witness:
    """A witness in its directory."""

    def __init__(self, directory: Path, key: SignerKey, logs: Sequence[Log], clock: Callable[[], float]) -> None:
        """clock: seconds since 1970."""
        self.directory, self.logs = directory, tuple(logs)
        self._key, self._clock = key, clock
        self._keys: dict[str, list[Vkey]] = {}
        for log in logs:
            self._keys.setdefault(log.key.name, []).append(log.key)

    @property
    def vkey(self) -> WitnessVkey:
        """The key that verifies what it signs: what a policy names."""
        return WitnessVkey(self._key.vkey)

    def seen(self, origin: str) -> bytes | None:
        """Return the newest note it has signed of a log, None where it signed none."""
        return self._memory(origin).read()

    def by_name(self, name: str) -> bytes | None:
        """Return what it has signed of the log whose origin has this hash, None where it knows none."""
        return next((self.seen(each) for each in self._keys if sha256(each.encode()).hexdigest() == name), None)

    def add_checkpoint(self, body: bytes) -> Answer:
        """Answer a request to sign a checkpoint, as it comes over HTTP. Errors: OSError, then nothing was promised."""
        try:
            request = parse_request(body)
        except NoteError as error:
            return Answer(400, f"malformed: {error}\n")
        while True:
            try:
                return self._answer(request)
            except MemoryMoved:
                continue  # Another request was faster: what it left is compared anew.

    def pull(self, place: Place, origin: str | None = None) -> Answer | None:
        """Read the newest checkpoint of a place, prove it from the tiles there, and sign it; None where it has none.

        origin: of the log that is expected there, None for any that is known.
        Errors: PlaceError; TileMissing where the tiles do not suffice; WitnessError where the checkpoint cannot be
        read, or is of another log.
        """
        note = place.read(CHECKPOINT)
        if note is None:
            return None
        try:
            new = parse_checkpoint(parse_note(note).text)
        except NoteError as error:
            raise WitnessError(f"the checkpoint of {place.name} cannot be read: {error}") from error
        if origin is not None and new.origin != origin:
            raise WitnessError(f"{place.name} shows the log {new.origin!r}, and {origin!r} is expected there")
        seen = self.seen(new.origin) if new.origin in self._keys else None
        old = parse_checkpoint(parse_note(seen).text) if seen else Checkpoint(new.origin, 0, EMPTY_ROOT)
        proof: list[bytes] = []
        if 0 < old.size < new.size:
            proof = consistency_proof(old.size, new.size, hash_reader(new.size, tile_reader(place)))
        answer = self.add_checkpoint(format_request(Request(min(old.size, new.size), tuple(proof), note)))
        if answer.status == 422 and seen is not None and answer.fork is None and self._tells_two(place, old, new):
            why = (
                f"the tiles of {place.name} have the root signed at {new.size} entries, and at {old.size} another root "
                "than the one signed then: history was rewritten"
            )
            return answer._replace(fork=keep_fork(self.directory, seen, note, why))
        return answer

    def _answer(self, request: Request) -> Answer:
        """Answer once. Errors: MemoryMoved where another answer came between."""
        text = text_of(request.note)
        new = parse_checkpoint(text)
        keys = self._keys.get(new.origin)
        if keys is None:
            return Answer(404, f"unknown log {new.origin!r}\n")
        signature = _signature_of_log(request.note, keys)
        if signature is None:
            return Answer(403, "invalid signature: no key of this log that is known here has signed the checkpoint\n")
        if request.old_size > new.size:
            return Answer(400, f"the old size {request.old_size} is above that of the checkpoint, {new.size}\n")
        memory = self._memory(new.origin)
        seen = memory.read()
        old, last_s = self._signed(new.origin, seen)
        fork = None
        if new.size == old.size and new.root != old.root:
            assert seen is not None  # of size 0 there is one root
            why = f"two roots at {new.size} entries: {old.root.hex()} was signed, and now {new.root.hex()} is"
            fork = keep_fork(self.directory, seen, request.note, why)
        if request.old_size != old.size:
            return Answer(409, f"{old.size}\n", SIZE_TYPE, fork)
        if fork is not None:
            return Answer(422, f"{why}\n", fork=fork)
        if not _extends(old, new, request.proof):
            self._keep_unproven(request.note)
            return Answer(422, f"the consistency proof from {old.size} to {new.size} entries does not hold\n")
        # A clock that was put back does not make a later line look older than an earlier one.
        cosigned = signature_of(text, WitnessKey(self._key, max(int(self._clock()), last_s)))
        # A crash before the next line: nothing was signed that anybody has. After it: this checkpoint counts as
        # signed, and who asks again is told its size, asks from there, and gets a line.
        memory.replace(format_note(Note(text, (signature, cosigned))), seen)
        self._unproven(request.note).unlink(missing_ok=True)
        return Answer(200, format_signatures([cosigned]))

    def _signed(self, origin: str, seen: bytes | None) -> tuple[Checkpoint, int]:
        """Return what it has signed of a log last, and when. Errors: WitnessError where that is not its own."""
        if seen is None:
            return Checkpoint(origin, 0, EMPTY_ROOT), 0
        try:
            # Its own line is checked as well: a memory somebody else wrote is none.
            opened = open_checkpoint(seen, self.vkey, origin=origin)
        except NoteError as error:
            raise WitnessError(
                f"{self._memory(origin).file} is not what this witness has signed: {error}; put it back from a copy"
            ) from error
        return opened.checkpoint, max(cosigned_at_s(each.blob) for each in opened.signatures)

    def _tells_two(self, place: Place, old: Checkpoint, new: Checkpoint) -> bool:
        """Say whether the tiles of a place make the new root, and not the old one."""
        read_hashes = hash_reader(new.size, tile_reader(place))
        try:
            roots = [Frontier(size, read_hashes(complete_subtrees(0, size))).root() for size in (old.size, new.size)]
        except (TileMissing, OSError):
            return False
        return roots[0] != old.root and roots[1] == new.root

    def _memory(self, origin: str) -> Memory:
        return Memory.of(self.directory / "seen", origin)

    def _unproven(self, note: bytes) -> Path:
        return self.directory / f"unproven-{sha256(text_of(note).encode()).hexdigest()[:16]}"

    def _keep_unproven(self, note: bytes) -> None:
        if sum(1 for _ in self.directory.glob("unproven-*")) < MAX_UNPROVEN:
            replace_file(self._unproven(note), note, durable=True)


def new_witness(directory: Path, name: str) -> WitnessVkey:
    """Make the directory of a witness with a new key, and return the key that verifies it.

    Errors: WitnessError where there is one already, or the name cannot be a key's; OSError.
    """
    try:
        key = witness_key(name, secrets.token_bytes(SEED_BYTES))
    except NoteError as error:
        raise WitnessError(str(error)) from error
    directory.mkdir(parents=True, exist_ok=True)
    try:
        with open(os.open(directory / "key", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(f"{key.written}\n")
            file.flush()
            os.fsync(file.fileno())
    except FileExistsError as error:
        raise WitnessError(f"there is a witness in {directory} already; a key serves one witness") from error
    # A crash before it: the file may be gone, and with it a key nobody was told.
    sync_directory(directory)
    return WitnessVkey(key.vkey)


def open_witness(directory: Path, clock: Callable[[], float]) -> Witness:
    """Return the witness of a directory. Errors: WitnessError, OSError."""
    file = directory / "key"
    try:
        mode, written = file.stat().st_mode, file.read_text("utf-8")
    except FileNotFoundError as error:
        raise WitnessError(
            f"there is no witness in {directory}; `portfolio witness new {directory}` makes one"
        ) from error
    if mode & 0o077:
        raise WitnessError(f"{file} can be read by others; `chmod 600` it, or make another witness")
    try:
        key = parse_witness_key(written.strip("\n"))
    except (NoteError, UnicodeDecodeError) as error:
        raise WitnessError(f"{file} is no key of a witness: {error}") from error
    return Witness(directory, key, _logs(directory), clock)


def trust_log(directory: Path, vkey: str, place: str | None) -> None:
    """Have a witness look at a further log, or read one it knows from another place. Errors: WitnessError, OSError."""
    try:
        (added,) = parse_policy(f"log {vkey}{f' {place}' if place else ''}\nquorum none\n".encode()).logs
    except (PolicyError, ValueError) as error:
        raise WitnessError(f"no log can be trusted under {vkey!r}: {error}") from error
    logs = [log for log in _logs(directory) if log.key != added.key]
    lines = [f"log {log.key}{f' {log.url}' if log.url else ''}\n" for log in (*logs, added)]
    replace_file(directory / "logs", "".join(lines).encode(), durable=True)


def parse_request(body: bytes) -> Request:
    """Return what a request to add a checkpoint says. Errors: NoteError where it is malformed."""
    if len(body) > MAX_REQUEST_BYTES:
        raise NoteError(f"a request has at most {MAX_REQUEST_BYTES:,} bytes")
    head, empty, note = body.partition(b"\n\n")
    try:
        first, *lines = head.decode("ascii").split("\n")
    except UnicodeDecodeError as error:
        raise NoteError("above its checkpoint a request is ASCII") from error
    if not empty or not first.startswith("old "):
        raise NoteError("a request is `old SIZE`, the lines of a proof, an empty line and a checkpoint")
    proof = tuple(map(canonical_base64, lines))
    if len(proof) > MAX_PROOF_LINES or any(len(each) != HASH_BYTES for each in proof):
        raise NoteError(f"a proof has at most {MAX_PROOF_LINES} hashes, of {HASH_BYTES} bytes each")
    parse_checkpoint(text_of(note))
    return Request(parse_decimal(first.removeprefix("old "), "the old size"), proof, note)


def text_of(note: bytes) -> str:
    """Return the text of a note whose signature lines are not read yet. Errors: NoteError where it has none."""
    text, empty, _ = note.rpartition(b"\n\n")
    try:
        return f"{text.decode()}\n" if empty else ""
    except UnicodeDecodeError as error:
        raise NoteError("a checkpoint is UTF-8") from error


def format_request(request: Request) -> bytes:
    """Return the body of a request: parse_request gives it back."""
    lines = [f"old {request.old_size}", *(b64encode(each).decode() for each in request.proof)]
    return ("\n".join(lines) + "\n\n").encode() + request.note


def _extends(old: Checkpoint, new: Checkpoint, proof: Sequence[bytes]) -> bool:
    if old.size == 0:
        return not proof  # anything goes on from nothing, and there is nothing to prove
    return verify_consistency(old.size, old.root, new.size, new.root, proof)


def _signature_of_log(note: bytes, keys: Sequence[Vkey]) -> Signature | None:
    """Return the line of a log's key under a note, None where none that fits is there."""
    for key in keys:
        with contextlib.suppress(NoteError):
            return open_checkpoint(note, key).signatures[0]
    return None


def _logs(directory: Path) -> tuple[Log, ...]:
    file = directory / "logs"
    try:
        written = file.read_bytes()
    except FileNotFoundError:
        return ()
    try:
        return parse_policy(written + b"\nquorum none\n").logs
    except PolicyError as error:
        raise WitnessError(f"{file}: {error}") from error
