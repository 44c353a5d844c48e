"""The seal of one entry: which signed checkpoint it is under, and who has signed that besides the log."""

from __future__ import annotations

from typing import NamedTuple

from ledger.notary.checkpoint import parse_checkpoint
from ledger.notary.note import NoteError, parse_note
from ledger.notary.places import CHECKPOINT, WITNESSED, Place
from ledger.notary.policy import NO_QUORUM, judge
from ledger.notary.rehash import TileMissing, tile_reader
from ledger.notary.tiles import hash_reader
from ledger.notary.tlog import inclusion_proof, verify_inclusion
from projections.verify import Trust, instant


class Seal(NamedTuple):
    """What a place shows of an entry's seal. size: of the checkpoint it is under, or of the newest where it is not yet.

    included: whether a path leads from its hash to the root, None where it is not covered yet. signed: whether a log
    the reader believes signed it, None where the reader has no policy. witnessed: who signed besides, with the time,
    once that is a quorum; None where it is none. wrong: what cannot be read, None for nothing.
    """

    origin: str
    size: int
    included: bool | None = None
    hashes: int = 0
    signed: bool | None = None
    witnessed: str | None = None
    wrong: str | None = None


def seal_of(place: Place, trust: Trust | None, sequence: int, leaf: bytes) -> Seal | None:
    """Return the seal of an entry, the witnessed one rather than a newer one; None where nothing is sealed.

    Errors: PlaceError, OSError.
    """
    newest = place.read(CHECKPOINT)
    if newest is None:
        return None
    try:
        sizes = [(note, parse_checkpoint(parse_note(note).text)) for note in (place.read(WITNESSED), newest) if note]
    except NoteError as error:
        return Seal("", 0, wrong=str(error))
    covering = next(((note, each) for note, each in sizes if each.size >= sequence), None)
    if covering is None:
        return Seal(sizes[-1][1].origin, sizes[-1][1].size)
    note, checkpoint = covering
    found = Seal(checkpoint.origin, checkpoint.size)
    try:
        read_hashes = hash_reader(checkpoint.size, tile_reader(place, sizes[-1][1].size))
        path = inclusion_proof(sequence - 1, checkpoint.size, read_hashes)
    except TileMissing as error:
        return found._replace(wrong=str(error))
    included = verify_inclusion(leaf, sequence - 1, checkpoint.size, path, checkpoint.root)
    found = found._replace(included=included, hashes=len(path))
    if trust is None:
        return found
    try:
        judge(trust.policy._replace(witnesses=(), groups=(), quorum=NO_QUORUM), note, now_s=trust.now_s)
        judged = judge(trust.policy, note, now_s=trust.now_s)
    except NoteError as error:
        return found._replace(signed=False, wrong=str(error))
    who = ", ".join(f"{each.witness} at {instant(each.at_s)}" for each in judged.cosigned)
    return found._replace(signed=True, witnessed=who if judged.witnessed else None)
