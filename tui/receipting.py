"""portfolio receipt: what was promised when a command was accepted, and once it is sealed the proof of it."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

from ledger.access import Access
from ledger.files import replace_file
from ledger.notary.checkpoint import Checkpoint, parse_checkpoint
from ledger.notary.note import NoteError, parse_note
from ledger.notary.places import CHECKPOINT, WITNESSED, DirectoryPlace, Place
from ledger.notary.policy import NO_QUORUM, Policy, judge
from ledger.notary.proof_file import TlogProof, format_proof, parse_proof, verify_proof
from ledger.notary.published import published_place
from ledger.notary.rehash import TileMissing, tile_reader
from ledger.notary.tiles import hash_reader
from ledger.notary.tlog import inclusion_proof, leaf_hash, verify_inclusion
from projections.replica import Replica
from projections.sync import synced
from projections.verify import Trust, instant
from tui.common import DONE, REFUSED, CommandError, Common, access, progress
from tui.model.text import clean


async def receipt(what: str, *, proof: Path | None = None, common: Common | None = None) -> int:
    """Tell what was promised for an accepted command, and whether it is sealed; write the proof that it is.

    Exit code 0 where it is sealed, 1 where it is not yet.

    Parameters
    ----------
    what
        A command's id, of which it is the first event; or a sequence.
    proof
        The file to write a C2SP tlog-proof to, with the entry in it: it is verified offline, by `portfolio verify`.
    """
    common = common or Common()
    async with access(common) as (reached, chosen):
        portfolio = await reached.choose(chosen.portfolio)
        directory, store = reached.directory(portfolio), reached.store(portfolio)
        with progress(f"reading {portfolio}") as moved:
            replica = await synced(store, directory, portfolio, progress=moved)
        sequence = _sequence(replica, what)
        entry = b"".join([each.payload async for each in store.read(after=sequence - 1, until=sequence)])
        place = await _place(reached, portfolio, sequence)
    promised = _promised(replica, sequence, entry)
    note = _covering(place, sequence)
    if note is None:
        told = promised | {"sealed": None, "proof": None}
        print(json.dumps(told) if common.json else _in_words(told))
        return REFUSED
    made = proof_of(place, note, sequence - 1, entry)
    checkpoint = parse_checkpoint(parse_note(note).text)
    if proof is not None:
        replace_file(proof, format_proof(made), mode=0o644)
    told = promised | {
        "sealed": {"origin": checkpoint.origin, "size": checkpoint.size, "root": checkpoint.root.hex()},
        "proof": str(proof) if proof else None,
    }
    print(json.dumps(told) if common.json else _in_words(told))
    return DONE


def proof_of(place: Place, note: bytes, index: int, entry: bytes) -> TlogProof:
    """Return the proof that an entry is under a checkpoint of a place, the entry in it.

    Errors: CommandError where the tiles do not lead from the one to the other.
    """
    checkpoint = parse_checkpoint(parse_note(note).text)
    newest = place.read(CHECKPOINT)
    newest_size = parse_checkpoint(parse_note(newest).text).size if newest else checkpoint.size
    try:
        reader = hash_reader(checkpoint.size, tile_reader(place, newest_size))
        hashes = inclusion_proof(index, checkpoint.size, reader)
    except TileMissing as error:
        raise CommandError(f"no proof can be made: {error}; run `portfolio notary`", REFUSED) from error
    if not verify_inclusion(leaf_hash(entry), index, checkpoint.size, hashes, checkpoint.root):
        raise CommandError(
            f"sequence {index + 1} is not what was sealed under the checkpoint of {checkpoint.size} entries: the entry "
            "or the tiles were changed. See `portfolio verify`",
            REFUSED,
        )
    return TlogProof(index, tuple(hashes), note, entry)


def verify_file(written: bytes, name: str, trust: Trust, level: str, *, as_json: bool) -> int:
    """Tell what a proof file shows under the verifier's own policy, and return the exit code.

    A1: its entry is under a checkpoint the log has signed. A3: the quorum has signed that as well. What was remembered
    cannot be compared by a proof of one entry, so there is no A2.
    """
    if level not in ("A1", "A3"):
        raise CommandError(f"a proof of one entry shows A1 or A3, not {level}; give a log's place for the others")
    try:
        proof = parse_proof(written)
    except NoteError as error:
        raise CommandError(f"{name}: {error}") from error
    told: dict[str, Any] = {"file": name, "index": proof.index, "sequence": proof.index + 1, "wanted": level}
    sealed = witnessed = False
    why = []
    if proof.extra is None:
        raise CommandError(f"{name} does not hold its entry; give one that `portfolio receipt` has written")
    alone = Policy(trust.policy.logs, (), (), NO_QUORUM)
    try:
        shown = verify_proof(proof, proof.extra, alone, now_s=trust.now_s)
        sealed, checkpoint = shown.included, shown.judgement.checkpoint
        told |= {"origin": checkpoint.origin, "size": checkpoint.size, "root": checkpoint.root.hex()}
        why.append(f"the entry is {'' if sealed else 'NOT '}under the checkpoint of {checkpoint.size:,} entries")
        judged = judge(trust.policy, proof.checkpoint, now_s=trust.now_s, max_age_s=trust.max_age_s)
        witnessed = sealed and judged.witnessed
        who = ", ".join(f"{each.witness} at {instant(each.at_s)}" for each in judged.cosigned if each.fresh)
        why.append(
            f"the quorum {judged.quorum!r} has {'' if judged.witnessed else 'NOT '}signed it ({who or 'nobody'})"
        )
    except NoteError as error:
        why.append(f"its checkpoint is not the log's, or a witness's line does not fit: {error}")
    reached = "A3" if witnessed else "A1" if sealed else None
    holds = witnessed if level == "A3" else sealed
    if as_json:
        entry = base64.b64encode(proof.extra).decode()
        print(json.dumps(told | {"reached": reached, "holds": holds, "told": why, "entry": entry}))
    else:
        lines = [f"sequence {proof.index + 1:,} of {told.get('origin', 'an unknown log')}", *why]
        lines.append(proof.extra.decode(errors="backslashreplace") if sealed else "what it says is not shown")
        asked = f"{level} was asked for and {'holds' if holds else 'is not reached'}"
        lines.append(f"{f'reached {reached}' if reached else 'no level is reached'}; {asked}")
        print("\n".join(clean(line) for line in lines))
    return DONE if holds else REFUSED


def _sequence(replica: Replica, what: str) -> int:
    if what.isascii() and what.isdecimal():
        sequence = int(what[:18])
    else:
        rows = replica.ask("select min(sequence) as sequence from events where commandid = ?", [what])
        sequence = rows[0]["sequence"] or 0
    if not 1 <= sequence <= replica.sequence:
        raise CommandError(
            f"no accepted command {what!r} in {replica.portfolio}, which ends at sequence {replica.sequence}; give the "
            "id it was sent with, or a sequence"
        )
    return sequence


async def _place(reached: Access, portfolio: str, sequence: int) -> Place:
    """Return where the log is read: the data directory where it is published there, else the stream of tiles."""
    kept = DirectoryPlace(reached.directory(portfolio))
    if kept.read(CHECKPOINT) is not None:
        return kept
    return await published_place(
        portfolio, reached.register(portfolio), reached.tiles(portfolio), 0, index=sequence - 1
    )


def _covering(place: Place, sequence: int) -> bytes | None:
    """Return the newest checkpoint that covers an entry, rather one that is witnessed; None where none does."""
    found: list[tuple[bytes, Checkpoint]] = []
    for name in (WITNESSED, CHECKPOINT):
        note = place.read(name)
        if note is None:
            continue
        try:
            found.append((note, parse_checkpoint(parse_note(note).text)))
        except NoteError as error:
            raise CommandError(
                f"{name} of {place.name} cannot be read: {error}; see `portfolio notary`", REFUSED
            ) from error
    return next((note for note, checkpoint in found if checkpoint.size >= sequence), None)


def _promised(replica: Replica, sequence: int, entry: bytes) -> dict[str, Any]:
    rows = replica.ask("select * from events where sequence = ?", [sequence])
    row = rows[0] if rows else {}
    told = {name: str(row[name]) for name in ("type", "commandid", "actor") if row.get(name) is not None}
    return {"portfolio": replica.portfolio, "sequence": sequence, "leaf": leaf_hash(entry).hex()} | told


def _in_words(told: dict[str, Any]) -> str:
    about = " ".join(str(told[name]) for name in ("type", "commandid") if name in told)
    lines = [f"accepted as sequence {told['sequence']:,} of {told['portfolio']}: {about}", f"leaf  {told['leaf']}"]
    if told["sealed"] is None:
        lines.append("promised, not sealed yet: ask again in a second, or start `portfolio notary`")
    else:
        sealed = told["sealed"]
        lines.append(f"sealed under the checkpoint of {sealed['size']:,} entries of {sealed['origin']}")
        lines.append(f"proof written to {told['proof']}" if told["proof"] else "--proof FILE writes the proof")
    return "\n".join(clean(line) for line in lines)
