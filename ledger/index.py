"""HashIndex: from a key to where it was recorded, for a million keys in about 25 MB.

Command ids and posting references are remembered for ever. A dict of their texts would take more than ten times
as much, so only hashes are kept, in arrays: 64 bits of the key's SHA-256, 64 bits of what came with it, and an
open-addressed table of places. With a million keys, two that share 64 bits are expected once in 37 million books;
the second would be refused, never recorded wrongly.
"""

from __future__ import annotations

import hashlib
from array import array
from copy import copy
from typing import NamedTuple

_FIRST_SIZE = 1 << 10


class Found(NamedTuple):
    """Where a key was recorded, and what came with it."""

    sequence: int
    event_count: int
    mark: int


class HashIndex:
    """Keys to (sequence, event_count, mark). Only ever grows, but for `truncate`, which forgets the newest."""

    def __init__(self) -> None:
        self._keys = array("Q")
        self._marks = array("Q")
        self._sequences = array("Q")
        self._counts = array("H")
        self._slots = array("I", bytes(4 * _FIRST_SIZE))
        self._earlier: dict[int, int] = {}

    def __len__(self) -> int:
        return len(self._keys)

    def __copy__(self) -> HashIndex:
        """Return an index of the same records; what is put into one is not in the other."""
        made = HashIndex()
        vars(made).update({name: copy(held) for name, held in vars(self).items()})
        return made

    def find(self, key: str) -> Found | None:
        """Return the newest record of *key*, None where there is none."""
        hashed = hash64(key.encode())
        slot = self._slot(hashed)
        place = self._slots[slot]
        if place == 0:
            return None
        return Found(self._sequences[place - 1], self._counts[place - 1], self._marks[place - 1])

    def put(self, key: str, sequence: int, count: int = 1, mark: int = 0) -> None:
        """Remember that *key* was recorded at *sequence*, with *count* entries. A key put again is moved there."""
        if (len(self._keys) + 1) * 3 > len(self._slots) * 2:
            self._grow()
        hashed = hash64(key.encode())
        self._keys.append(hashed)
        self._marks.append(mark)
        self._sequences.append(sequence)
        self._counts.append(count)
        slot = self._slot(hashed)
        if self._slots[slot]:
            self._earlier[len(self._keys)] = self._slots[slot]
        self._slots[slot] = len(self._keys)

    def truncate(self, length: int) -> None:
        """Forget all but the first *length* records."""
        for place in range(len(self._keys), length, -1):
            # Newest first: the slot a key took was empty before it, or held the same key's earlier place.
            self._slots[self._slot(self._keys[place - 1])] = self._earlier.pop(place, 0)
            for column in (self._keys, self._marks, self._sequences, self._counts):
                column.pop()

    def _slot(self, hashed: int) -> int:
        mask = len(self._slots) - 1
        slot = hashed & mask
        while (place := self._slots[slot]) and self._keys[place - 1] != hashed:
            slot = (slot + 1) & mask
        return slot

    def _grow(self) -> None:
        self._slots = array("I", bytes(8 * len(self._slots)))
        for place, hashed in enumerate(self._keys, start=1):
            self._slots[self._slot(hashed)] = place


def hash64(data: bytes) -> int:
    """Return the first 64 bits of the SHA-256 of *data*, as an integer."""
    return int.from_bytes(hashlib.sha256(data).digest()[:8], "big")
