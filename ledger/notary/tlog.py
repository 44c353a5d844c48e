"""The Merkle tree of RFC 6962: its root, and the proofs that an entry is in it and that it only ever grew.

    MTH({})   = SHA-256("")
    leaf(d)   = SHA-256(0x00 || d)
    node(l,r) = SHA-256(0x01 || l || r)
    MTH(D[n]) = node(MTH(D[0:k]), MTH(D[k:n])),  k the largest power of two below n

A *complete subtree* holds 2**level leaves and starts at a multiple of that; its coordinate is Node(level, index),
and its hash never changes again, whatever is appended. Every root and every proof is folded from such hashes, so
proving needs no tree in memory, only a way to read them. With the entries "one" "two" "three":

    root(3)           = node(Node(1, 0), Node(0, 2)) = 5aac771c899ac292...
    inclusion(0, 3)   = [leaf 1, leaf 2]
    consistency(2, 3) = [leaf 2]

Source: RFC 6962, section 2.1; the verifiers RFC 9162, sections 2.1.3.2 and 2.1.4.2.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from hashlib import sha256
from typing import NamedTuple

HASH_BYTES = 32

EMPTY_ROOT = sha256(b"").digest()
"""The root of the tree without entries."""


class Node(NamedTuple):
    """A complete subtree: the leaves index * 2**level up to, not including, (index + 1) * 2**level."""

    level: int
    index: int  # type: ignore[assignment]  # hides tuple.index, which nobody asks of a coordinate


ReadHashes = Callable[[Sequence[Node]], Sequence[bytes]]
"""Answers with the hash of each node asked for, in that order. All that one proof needs is asked for at once."""


def leaf_hash(data: bytes) -> bytes:
    """Return the hash under which an entry stands in the tree."""
    return sha256(b"\x00" + data).digest()


def hash_leaves(entries: Iterable[bytes]) -> list[bytes]:
    """Return the leaf hash of each entry: one after the other, without a call for each."""
    return [sha256(b"\x00" + data).digest() for data in entries]


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of two neighbouring subtrees."""
    return sha256(b"\x01" + left + right).digest()


def tree_root(leaf_hashes: Sequence[bytes]) -> bytes:
    """Return the root over all *leaf_hashes*, EMPTY_ROOT where there are none.

    Errors: ValueError where a hash is not 32 bytes.
    """
    if not leaf_hashes:
        return EMPTY_ROOT
    if set(map(len, leaf_hashes)) != {HASH_BYTES}:
        raise ValueError(f"a hash has {HASH_BYTES} bytes, here are some of {sorted(set(map(len, leaf_hashes)))}")
    hash_of, row = sha256, list(leaf_hashes)
    while len(row) > 1:
        # Pairing from the left and promoting the odd one splits at the same k as the definition. node_hash is
        # written out: this is the inner loop of every verification.
        odd = row[-1:] if len(row) % 2 else []
        row = [hash_of(b"\x01" + left + right).digest() for left, right in zip(row[::2], row[1::2], strict=False)]
        row += odd
    return row[0]


class Frontier:
    """The roots of the largest complete subtrees of a growing tree: all it takes to append, and to know its root.

    Where *size* is 6 they are Node(1, 2) behind Node(2, 0): one for each 1 bit of the size, the largest first.
    """

    __slots__ = ("_roots", "_size")

    def __init__(self, size: int = 0, roots: Sequence[bytes] = ()) -> None:
        """Continue from a tree of *size* whose complete_subtrees(0, size) have the hashes *roots*.

        Errors: ValueError where size and roots do not fit, or a hash is not 32 bytes.
        """
        if size < 0 or len(roots) != size.bit_count():
            raise ValueError(f"a tree of size {size} has no frontier of {len(roots)} roots")
        self._size = size
        self._roots = [_checked(root) for root in roots]

    @property
    def size(self) -> int:
        """How many leaves the tree has."""
        return self._size

    @property
    def roots(self) -> tuple[bytes, ...]:
        """What a later Frontier(size, roots) continues from."""
        return tuple(self._roots)

    def append(self, leaf: bytes) -> None:
        """Add the hash of one leaf. Errors: ValueError where it is not 32 bytes."""
        self.append_subtree(0, leaf)

    def append_subtree(self, level: int, subtree: bytes) -> None:
        """Add 2**level leaves at once, by the root over them.

        Errors: ValueError where the tree does not end at a multiple of 2**level, or the hash is not 32 bytes; the
        frontier is then as it was.
        """
        if level < 0 or self._size % (1 << level):
            raise ValueError(f"a subtree of level {level} cannot follow leaf {self._size}: it would not be aligned")
        root, carry = _checked(subtree), self._size >> level
        while carry & 1:
            root = node_hash(self._roots.pop(), root)
            carry >>= 1
        self._roots.append(root)
        self._size += 1 << level

    def root(self) -> bytes:
        """Return the root of the tree as it now is."""
        return _fold(self._roots) if self._roots else EMPTY_ROOT

    def copy(self) -> Frontier:
        """Return a frontier that grows apart from this one."""
        return Frontier(self._size, self._roots)


def complete_subtrees(start: int, end: int) -> list[Node]:
    """Return the fewest complete subtrees that hold the leaves start to end - 1, from left to right.

    Those of (0, size) are what a Frontier of that size is made of. Shape: at most 2 * log2(end).
    Errors: IndexError where start and end are not the bounds of a range.
    """
    if not 0 <= start <= end:
        raise IndexError(f"leaves {start} to {end} are no range")
    nodes = []
    while start < end:
        level = (end - start).bit_length() - 1
        if start:
            level = min(level, _trailing_zeros(start))
        nodes.append(Node(level, start >> level))
        start += 1 << level
    return nodes


def inclusion_proof(index: int, tree_size: int, read_hashes: ReadHashes) -> list[bytes]:
    """Return the hashes that tie one leaf to the root of the tree.

    Shape: leaf sibling first; at most ceil(log2(tree_size)) hashes of 32 bytes.
    Units: index is 0-based and below tree_size.
    Errors: IndexError where index is outside the tree; ValueError where a hash read is not 32 bytes; whatever
    *read_hashes* raises.
    Source: RFC 6962, section 2.1.1.
    """
    if not 0 <= index < tree_size:
        raise IndexError(f"leaf {index} is outside a tree of size {tree_size}")
    start, end, siblings = 0, tree_size, []
    while end - start > 1:
        middle = _split(start, end)
        if index < middle:
            siblings.append((middle, end))
            end = middle
        else:
            siblings.append((start, middle))
            start = middle
    return _roots_of(siblings[::-1], read_hashes)


def consistency_proof(old_size: int, new_size: int, read_hashes: ReadHashes) -> list[bytes]:
    """Return the hashes that show the tree of *old_size* to be the beginning of the tree of *new_size*.

    Shape: as RFC 6962 orders them; none where the sizes are equal; at most ceil(log2(new_size)) + 1.
    Errors: IndexError where old_size is 0 (anything extends the empty tree, there is nothing to prove) or above
    new_size; ValueError where a hash read is not 32 bytes; whatever *read_hashes* raises.
    Source: RFC 6962, section 2.1.2.
    """
    if not 0 < old_size <= new_size:
        raise IndexError(f"no proof leads from a tree of size {old_size} to one of size {new_size}")
    start, end, parts = 0, new_size, []
    while end > old_size:
        middle = _split(start, end)
        if old_size <= middle:
            parts.append((middle, end))
            end = middle
        else:
            parts.append((start, middle))
            start = middle
    if start:  # Otherwise the old tree is itself a complete subtree, and the verifier has its root.
        parts.append((start, end))
    return _roots_of(parts[::-1], read_hashes)


def verify_inclusion(leaf: bytes, index: int, tree_size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Return whether *proof* ties the hash *leaf*, at *index*, to the root of the tree.

    A bool: proofs come from strangers, so that one does not hold is an answer, not a failure, and why it does not
    cannot be told from hashes. Nothing it is given makes it raise: what is malformed does not hold.
    Source: RFC 9162, section 2.1.3.2.
    """
    if not (0 <= index < tree_size and _are_hashes(leaf, root, *proof)):
        return False
    place, last, computed = index, tree_size - 1, leaf
    for sibling in proof:
        if last == 0:
            return False
        if place & 1 or place == last:
            computed = node_hash(sibling, computed)
            # Where the path runs along the right edge, levels without a sibling add nothing to the proof.
            rise = _trailing_zeros(place)
            place, last = place >> rise, last >> rise
        else:
            computed = node_hash(computed, sibling)
        place, last = place >> 1, last >> 1
    return last == 0 and computed == root


def verify_consistency(old_size: int, old_root: bytes, new_size: int, new_root: bytes, proof: Sequence[bytes]) -> bool:
    """Return whether *proof* shows the old tree to be the beginning of the new one.

    A bool, for the reason verify_inclusion gives. Two corners:
    - Size 0 has no proof and never holds. Who accepts any tree after the empty one, as a witness must, says so
      before calling.
    - Equal sizes hold where the roots are equal and the proof is empty. Nothing is hashed, so the roots are not
      measured here: that a root has 32 bytes is for the reader of the checkpoint. Otherwise every hash must.
    Source: RFC 9162, section 2.1.4.2.
    """
    if not 0 < old_size <= new_size:
        return False
    if old_size == new_size:
        return not proof and old_root == new_root
    if not (proof and _are_hashes(old_root, new_root, *proof)):
        return False
    # A power of two is a complete subtree: its root begins the path and is left out of the proof.
    path = list(proof) if old_size & (old_size - 1) else [old_root, *proof]
    rise = _trailing_zeros(old_size)
    place, last = (old_size - 1) >> rise, (new_size - 1) >> rise
    old_computed = new_computed = path[0]
    for part in path[1:]:
        if last == 0:
            return False
        if place & 1 or place == last:
            old_computed, new_computed = node_hash(part, old_computed), node_hash(part, new_computed)
            rise = _trailing_zeros(place)
            place, last = place >> rise, last >> rise
        else:
            new_computed = node_hash(new_computed, part)
        place, last = place >> 1, last >> 1
    return last == 0 and old_computed == old_root and new_computed == new_root


def _split(start: int, end: int) -> int:
    """Return where the tree over two leaves or more divides: start + the largest power of two below its size."""
    return start + (1 << (end - start - 1).bit_length() - 1)


def _trailing_zeros(number: int) -> int:
    """Return how often *number*, which is not 0, halves without a rest."""
    return (number & -number).bit_length() - 1


def _roots_of(ranges: Sequence[tuple[int, int]], read_hashes: ReadHashes) -> list[bytes]:
    """Return MTH(D[start:end]) of each range, from one call of *read_hashes*."""
    parts = [complete_subtrees(start, end) for start, end in ranges]
    nodes = [node for part in parts for node in part]
    found = iter([_checked(root) for _, root in zip(nodes, read_hashes(nodes), strict=True)])
    return [_fold([next(found) for _ in part]) for part in parts]


def _fold(roots: Sequence[bytes]) -> bytes:
    """Return the root over neighbouring complete subtrees, the smaller ones on the right joined first."""
    *rest, root = roots
    for left in reversed(rest):
        root = node_hash(left, root)
    return root


def _checked(root: bytes) -> bytes:
    if len(root) != HASH_BYTES:
        raise ValueError(f"a hash has {HASH_BYTES} bytes, this one {len(root)}: {root.hex()}")
    return root


def _are_hashes(*roots: bytes) -> bool:
    return all(len(root) == HASH_BYTES for root in roots)
