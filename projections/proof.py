"""The proof of one entry: that its bytes are those the archive keeps, and that its leaf is under the archive's root.

What this shows, and what not: whoever changed this entry in the stream, in its bundle or in its tile is found out by
one of the others. The archive's own root is not signed, so that whoever wrote all of them anew is not; where there is
a checkpoint, the entry's path to that is shown too, and who signed it. Whether an older one was another is for
`portfolio verify`, which remembers.
"""

from __future__ import annotations

import msgspec

from ledger.notary.places import DirectoryPlace
from ledger.notary.tiles import TILE_WIDTH, entries_path, hash_reader, split_tile, tile_hash, tile_path
from ledger.notary.tlog import inclusion_proof, leaf_hash, verify_inclusion
from projections.archive import Archive, ArchiveDiffers
from projections.sealing import Seal, seal_of
from projections.verify import Trust
from schemas import codec


class EntryProof(msgspec.Struct, frozen=True):
    """What was found of one entry. leaf, root: hexadecimal. size: of the archive, in entries.

    archived: whether the archive holds it at all; where it does not, the four after it say nothing and are None.
    in_bundle: its bytes are those of the bundle. in_tile: its hash is the one in the tile. included: the hash is
    under the root. hashes: how many that took. damaged: what of the archive cannot be read, None where all can.
    foreign: why it is no event of this portfolio, None where it is one. seal: the signed checkpoint it is under, None
    where there is no checkpoint at all.
    """

    sequence: int
    leaf: str
    size: int
    root: str
    archived: bool
    in_bundle: bool | None = None
    in_tile: bool | None = None
    included: bool | None = None
    hashes: int | None = None
    damaged: str | None = None
    foreign: str | None = None
    seal: Seal | None = None

    @property
    def holds(self) -> bool:
        """Whether everything that was looked at is as it should be."""
        sealed = self.seal is None or False not in (self.seal.included, self.seal.signed)
        return self.damaged is None and False not in (self.in_bundle, self.in_tile, self.included) and sealed


def check_entry(
    archive: Archive, portfolio: str, sequence: int, payload: bytes, trust: Trust | None = None
) -> EntryProof:
    """Return what can be shown of the entry that the stream holds at a sequence. trust: what the reader believes.

    The entry is hashed and decoded again, its hash compared with the one in the tile, and a path of hashes followed
    from it to the root. Nothing is believed but the root.
    """
    found = _archived(archive, portfolio, sequence, payload)
    try:
        seal = seal_of(DirectoryPlace(archive.directory), trust, sequence, leaf_hash(payload))
    except OSError as error:
        seal = Seal("", 0, wrong=str(error))
    return msgspec.structs.replace(found, seal=seal)


def _archived(archive: Archive, portfolio: str, sequence: int, payload: bytes) -> EntryProof:
    leaf, index = leaf_hash(payload), sequence - 1
    foreign = _foreign(portfolio, sequence, payload)
    try:
        head = archive.head()
    except (ArchiveDiffers, OSError) as error:
        return EntryProof(sequence, leaf.hex(), 0, "", archived=False, damaged=str(error), foreign=foreign)
    found = EntryProof(sequence, leaf.hex(), head.size, head.root, archived=sequence <= head.size, foreign=foreign)
    if not found.archived:
        return found
    bundle, place = divmod(index, TILE_WIDTH)
    try:
        in_bundle = archive.entries(bundle)[place] == payload
        in_tile = split_tile(archive.tile(0, bundle))[place] == leaf
        path = inclusion_proof(index, head.size, hash_reader(head.size, lambda *tile: _tile(archive, *tile)))
        included = verify_inclusion(leaf, index, head.size, path, bytes.fromhex(head.root))
    except (ArchiveDiffers, ValueError, OSError) as error:
        return msgspec.structs.replace(found, damaged=str(error))
    return msgspec.structs.replace(
        found, in_bundle=in_bundle, in_tile=in_tile, included=included, hashes=len(path), damaged=None
    )


def files_of(sequence: int) -> tuple[str, str]:
    """Return the paths of the bundle and of the tile that an entry stands in."""
    bundle = (sequence - 1) // TILE_WIDTH
    return entries_path(bundle), tile_path(0, bundle)


def _foreign(portfolio: str, sequence: int, payload: bytes) -> str | None:
    try:
        codec.decode(payload, portfolio=portfolio, sequence=sequence)
    except codec.ForeignEntry as error:
        return str(error)
    return None


def _tile(archive: Archive, level: int, index: int, width: int) -> bytes:
    """Return the bytes of a tile. The archive keeps full ones; a partial one is made of those below it."""
    if width == TILE_WIDTH:
        return archive.tile(level, index)
    below = range(index * TILE_WIDTH, index * TILE_WIDTH + width)
    return b"".join(tile_hash(_tile(archive, level - 1, number, TILE_WIDTH)) for number in below)
