"""Assurance levels: how much of the trail holds, and what of it was not looked at.

A level rests on several findings. It holds where all of them do; where one was not looked at the level is not
checked, whatever the others say.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple

from ledger.reperform import Reperformance
from projections.compare import Comparison, Difference

Standing = Literal["yes", "problem", "unknown"]

MEANINGS = (
    ("A0", "recorded", "it is in the stream"),
    ("A1", "sealed", "and under a checkpoint signed by the log, every entry and tile hashed again"),
    ("A2", "extends", "and that checkpoint extends the one this verifier remembers"),
    ("A3", "witnessed", "and enough witnesses have signed it, lately"),
    ("A4", "re-performed", "and every signature, grant and event was judged again, every view rebuilt"),
    ("A5", "corroborated", "and attachments were hashed again, and somebody else's tool agrees"),
)
"""Every level, its word, and what it means on top of the one before."""


class Finding(NamedTuple):
    """One thing a level rests on, and whether it was found so, otherwise, or not looked at."""

    text: str
    standing: Standing


class Level(NamedTuple):
    """One level: what it means where it holds, and what it rests on. founded: whether every level below it holds."""

    name: str
    word: str
    meaning: str
    findings: tuple[Finding, ...]
    founded: bool = True

    @property
    def standing(self) -> Standing:
        """Whether the level holds: not known as long as one finding is not, or a level below it does not hold."""
        own = self._own
        return "unknown" if own == "yes" and not self.founded else own

    @property
    def told(self) -> str:
        """The standing in words. A level is reached by way of those below it only."""
        if self._own == "yes" and not self.founded:
            return "NOT REACHED"
        return {"yes": "HOLDS", "problem": "DOES NOT HOLD", "unknown": "NOT CHECKED"}[self._own]

    @property
    def _own(self) -> Standing:
        standings = {finding.standing for finding in self.findings}
        return "problem" if "problem" in standings else "unknown" if "unknown" in standings else "yes"


def stacked(found: Mapping[str, tuple[Finding, ...]]) -> tuple[Level, ...]:
    """Return the levels that rest on these findings, by name, each on top of the one before."""
    made: list[Level] = []
    for name, word, meaning in MEANINGS:
        made.append(Level(name, word, meaning, found[name], all(level.standing == "yes" for level in made)))
    return tuple(made)


def levels(
    rebuilt: Comparison | None,
    decided: Reperformance | None,
    proven: Mapping[str, tuple[Finding, ...]] | None = None,
    judged: tuple[Finding, ...] | None = None,
) -> tuple[Level, ...]:
    """Return every level with what these found; None where it was not done. proven: what the log itself shows, by
    level, as `portfolio verify` finds it. judged: what events say of themselves, their signatures and grants."""
    proven, unjudged = proven or {}, Finding("signatures and grants were not looked at", "unknown")
    findings = {
        "A0": (_read(rebuilt, decided),),
        "A1": (_archived(rebuilt), *proven.get("A1", (Finding("no checkpoint is signed yet", "unknown"),))),
        "A2": proven.get("A2", (Finding("no checkpoint is remembered here", "unknown"),)),
        "A3": proven.get("A3", (Finding("no witness was asked", "unknown"),)),
        "A4": (
            decided_finding(decided),
            shown_finding(rebuilt),
            *(judged or (unjudged,)),
        ),
        "A5": (
            Finding("attachments were not hashed again", "unknown"),
            Finding("no other tool was asked", "unknown"),
        ),
    }
    return stacked(findings)


def in_archive(difference: Difference) -> bool:
    """Say whether a difference is in the archive, rather than in columns or views made from it."""
    made = difference.where.startswith(("segment/", "view ")) or difference.where.endswith("_whole")
    return not made and difference.where != "events"


def _read(rebuilt: Comparison | None, decided: Reperformance | None) -> Finding:
    last = rebuilt.sequence if rebuilt else decided.last_sequence if decided and not decided.differs else None
    if last is None:
        return Finding("the stream was not read to its end", "unknown")
    if rebuilt and rebuilt.archived_entries > last:
        return Finding(f"the stream ends at {last:,}, {rebuilt.archived_entries:,} entries are archived", "problem")
    return Finding(f"{last:,} entries were read from the stream, none is missing", "yes")


def _archived(rebuilt: Comparison | None) -> Finding:
    if rebuilt is None:
        return Finding("the archive was not hashed again", "unknown")
    wrong = sum(map(in_archive, rebuilt.differences))
    if wrong:
        return Finding(f"the archive is not the stream's in {wrong:,} {'place' if wrong == 1 else 'places'}", "problem")
    if rebuilt.archived_entries == 0:
        return Finding("nothing is archived yet", "unknown")
    return Finding(f"{rebuilt.archived_entries:,} archived entries and their tiles hash as the stream does", "yes")


def decided_finding(decided: Reperformance | None) -> Finding:
    """Return what deciding every event again has found; not known where it was not done."""
    if decided is None:
        return Finding("no event was decided again", "unknown")
    if decided.differs:
        return Finding(f"sequence {decided.sequence:,} is decided otherwise", "problem")
    return Finding(f"{decided.events:,} events of {decided.commands:,} commands come out byte for byte", "yes")


def shown_finding(rebuilt: Comparison | None) -> Finding:
    """Return what comparing rebuilt views with kept ones has found; not known where it was not done."""
    if rebuilt is None:
        return Finding("no view was rebuilt", "unknown")
    wrong = len(rebuilt.differences) - sum(map(in_archive, rebuilt.differences))
    if wrong:
        these = "cell or view is" if wrong == 1 else "cells and views are"
        return Finding(f"{wrong:,} {these} not as rebuilt", "problem")
    if not rebuilt.views:
        return Finding("the views could not be compared", "unknown")
    return Finding(f"{rebuilt.tables} tables and {rebuilt.views} views come out as they are shown", "yes")
