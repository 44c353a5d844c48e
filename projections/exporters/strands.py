"""Strands: the entries about each thing, in order, with the heads they make; read once from the whole log."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from typing import NamedTuple

from ledger.evolve import line_of
from ledger.heads import NO_ENTRIES, Head, about, committed, followed
from ledger.notary.tlog import leaf_hash
from schemas import codec
from schemas.events import ActorEnrolled, CheckpointAnchored, Heads, TextErased

TAKE_ENTRIES = 256


class StrandsDiffer(Exception):
    """An anchor in the log does not have the heads of what stands before it: which, and what next."""


class Anchored(NamedTuple):
    """The newest anchor of a log, at its sequence, and the heads it was checked to keep."""

    sequence: int
    fact: Heads
    heads: dict[str, Head]


class Strands:
    """What entries are about, as far as the log was taken. leaves: the leaf hash of every entry."""

    def __init__(self, portfolio: str) -> None:
        self.portfolio = portfolio
        self.leaves: list[bytes] = []
        self.heads: dict[str, Head] = {}
        self.anchored: Anchored | None = None
        self.enrolments: dict[str, list[int]] = {}
        self.erased: dict[str, int] = {}
        self.types: list[str | None] = []
        self._of: dict[str, array[int]] = {}
        self._about: list[tuple[str, ...]] = []
        self._lines: list[tuple[str, ...]] = []
        self._same: dict[tuple[str, ...], tuple[str, ...]] = {}

    def take(self, payloads: Sequence[bytes]) -> None:
        """Take the entries that follow. Errors: StrandsDiffer where an anchor keeps other heads than these."""
        for payload in payloads:
            self._take(payload)

    def entries_about(self, name: str) -> Sequence[int]:
        """Return the sequences of the entries about a thing, in order."""
        return self._of.get(name, array("q"))

    def about(self, sequence: int) -> tuple[str, ...]:
        """Return what an entry is about; nothing for a foreign one."""
        return self._about[sequence - 1]

    def _take(self, payload: bytes) -> None:
        sequence, leaf = len(self.leaves) + 1, leaf_hash(payload)
        self.leaves.append(leaf)
        try:
            event = codec.decode(payload, portfolio=self.portfolio, sequence=sequence)
        except codec.ForeignEntry:
            self._about.append(())
            self._lines.append(())
            self.types.append(None)
            return
        fact = event.data
        if isinstance(fact, CheckpointAnchored):
            self._check(sequence, fact.heads)
        key, _ = line_of(fact, event.subject, "")
        moved = (f"initiative/{sums[2]}" for _, sums in key.moves if sums[2] is not None)
        self._lines.append(self._once(tuple(dict.fromkeys((event.subject, *moved)))))
        names = self._once(about(event, lambda at: self._lines[at - 1] if 1 <= at < sequence else ()))
        self._about.append(names)
        self.types.append(fact.TYPE)
        for name in names:
            self.heads[name] = followed(self.heads.get(name, NO_ENTRIES), sequence, leaf)
            self._of.setdefault(name, array("q")).append(sequence)
        if isinstance(fact, ActorEnrolled):
            self.enrolments.setdefault(fact.actor, []).append(sequence)
        elif isinstance(fact, TextErased):
            self.erased[fact.commitment] = sequence

    def _check(self, sequence: int, kept: Heads) -> None:
        wanted = committed(self.heads, sequence - 1)
        if kept != wanted:
            raise StrandsDiffer(
                f"entry {sequence} keeps heads with root {kept.root} of {kept.count} things, and the entries before it "
                f"make {wanted.root} of {wanted.count}: it was not recorded by the rules; see `portfolio reperform`"
            )
        self.anchored = Anchored(sequence, kept, dict(self.heads))

    def _once(self, names: tuple[str, ...]) -> tuple[str, ...]:
        return self._same.setdefault(names, names)
