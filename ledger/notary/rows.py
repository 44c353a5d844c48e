"""A whole log's hashes in memory, row by row, for who has read all its entries and makes proofs of many.

With a million entries that is two million hashes, some 130 MB. Who has tiles reads those instead.
"""

from __future__ import annotations

from collections.abc import Sequence

from ledger.notary.tlog import Node, consistency_proof, inclusion_proof, node_hash, tree_root


class Rows:
    """The complete subtrees over all leaves: row 0 the leaves, each row above half as long."""

    def __init__(self, leaf_hashes: Sequence[bytes]) -> None:
        self._rows: list[Sequence[bytes]] = [leaf_hashes]
        while len(row := self._rows[-1]) > 1:
            self._rows.append([node_hash(row[at], row[at + 1]) for at in range(0, len(row) - 1, 2)])

    @property
    def size(self) -> int:
        """How many leaves there are."""
        return len(self._rows[0])

    def root(self) -> bytes:
        """Return the root over all leaves."""
        return tree_root(self._rows[0])

    def inclusion(self, index: int) -> list[bytes]:
        """Return the proof that a leaf is under the root. Errors: IndexError where there is no such leaf."""
        return inclusion_proof(index, self.size, self._read)

    def consistency(self, old_size: int) -> list[bytes]:
        """Return the proof that the first *old_size* leaves are the beginning of all. Errors: IndexError."""
        return consistency_proof(old_size, self.size, self._read)

    def _read(self, nodes: Sequence[Node]) -> list[bytes]:
        return [self._rows[level][index] for level, index in nodes]
