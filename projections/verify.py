"""Verify: how far up the levels a log leads, judged by the verifier's own policy and the verifier's own memory.

What the log says of itself is not believed: every entry is hashed again, the root made of these hashes is compared
with the one the log signed, that one with what was remembered, and the witnesses' lines with the policy. Whoever
holds the log's key can rewrite all of it and sign it again, and A1 will hold. A2 and A3 will not.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import NamedTuple

from ledger.notary.checkpoint import Checkpoint, open_checkpoint, parse_checkpoint
from ledger.notary.note import NoteError, Vkey, parse_note
from ledger.notary.places import CHECKPOINT, WITNESSED, Place
from ledger.notary.policy import NO_QUORUM, Judgement, Policy, judge
from ledger.notary.rehash import Rehashed, TileMissing, rehash, tile_reader
from ledger.notary.tiles import hash_reader
from ledger.notary.tlog import EMPTY_ROOT, consistency_proof, verify_consistency
from projections.compare import Moved
from projections.levels import MEANINGS, Finding, Level, stacked
from projections.streamed import Streamed

NAMES = tuple(name for name, _, _ in MEANINGS)
DAY_S = 86_400

Fork = tuple[bytes, bytes, str]
"""Two notes the log signed that cannot both be true, the older knowledge first, and why."""


class Trust(NamedTuple):
    """What the verifier believes, none of it from the log. organisations: of logs and witnesses, by name.

    remembered: the note kept from the last time, None for the first. max_age_s: how old a cosignature may be.
    """

    policy: Policy
    organisations: Mapping[str, str]
    now_s: int
    remembered: bytes | None = None
    max_age_s: int = DAY_S


class Sealed(NamedTuple):
    """What is known of a log once its checkpoint was read. note: as the log gave it. signed: whether a log of the
    policy signed it. rehashed: None where the entries were not hashed."""

    note: bytes
    checkpoint: Checkpoint
    signed: bool
    rehashed: Rehashed | None = None

    @property
    def holds(self) -> bool:
        """Whether the entries are the ones that were signed."""
        found = self.rehashed
        return self.signed and found is not None and not found.wrong_count and found.root == self.checkpoint.root


class Verified(NamedTuple):
    """What came of it. levels: all of them. sealed: None where not even a checkpoint could be read.

    witnessed: the size of the newest checkpoint the quorum has signed, 0 for none. recorded: entries that are there,
    sealed or not. fork: two notes that cannot both be true, the remembered one first, and why; None for none.
    """

    place: str
    levels: tuple[Level, ...]
    sealed: Sealed | None
    witnessed: int = 0
    recorded: int = 0
    remembered: Checkpoint | None = None
    fork: Fork | None = None

    def with_level(self, name: str, findings: tuple[Finding, ...]) -> Verified:
        """Return the same with what a higher level rests on."""
        found = {level.name: level.findings for level in self.levels} | {name: findings}
        return self._replace(levels=stacked(found))

    @property
    def reached(self) -> str | None:
        """The highest level that holds together with every one below it, None where not even the first does."""
        reached = None
        for level in self.levels:
            if level.standing != "yes":
                break
            reached = level.name
        return reached

    def holds(self, wanted: str) -> bool:
        """Whether a level and every one below it holds."""
        return self.reached is not None and NAMES.index(self.reached) >= NAMES.index(wanted)

    @property
    def ranges(self) -> dict[str, tuple[int, int] | None]:
        """The entries that are witnessed, sealed and no more, and unsealed, as first and last sequence."""
        size = self.sealed.checkpoint.size if self.sealed and self.sealed.holds else 0
        witnessed = min(self.witnessed, size)
        bounds = {"witnessed": (1, witnessed), "sealed": (witnessed + 1, size), "unsealed": (size + 1, self.recorded)}
        return {name: (first, last) if first <= last else None for name, (first, last) in bounds.items()}

    @property
    def to_remember(self) -> bytes | None:
        """The note to be remembered for the next time, None where it is no better than what was."""
        if self.sealed is None or not self.sealed.holds or self.fork is not None:
            return None
        if self.remembered is not None and self.sealed.checkpoint.size < self.remembered.size:
            return None
        return self.sealed.note


class Extends(NamedTuple):
    """Whether a log goes on from what was remembered of it. fork: the two notes, where both cannot be true."""

    finding: Finding
    remembered: Checkpoint | None = None
    fork: Fork | None = None


def verify(
    place: Place, trust: Trust | None, *, stream: Streamed | None = None, moved: Moved | None = None
) -> Verified:
    """Return what a log shows of itself, up to A3; the levels above are NOT CHECKED here.

    trust: None where no policy was given: then nobody is known who could have signed. stream: what was read and
    hashed of the stream, of which *place* is then made; None where only files are there.
    Errors: PlaceError, OSError where the place cannot be read; whatever *moved* raises.
    """
    found: dict[str, tuple[Finding, ...]] = {}
    sealed, why = _sealed(place, trust)
    if sealed is None:
        found["A1"] = (Finding(why, "unknown" if why == NO_CHECKPOINT else "problem"),)
        found["A0"] = (_recorded(0, stream),)
        return Verified(place.name, _levels(found), None, recorded=stream.last if stream else 0)
    size = sealed.checkpoint.size
    told = moved or (lambda *_: None)
    done = 0

    def count(more: int) -> None:
        nonlocal done
        done += more
        told("read", done, size)

    sealed = sealed._replace(rehashed=stream.rehashed if stream else rehash(place, size, moved=count))
    found["A0"] = (_recorded(size, stream, sealed.rehashed),)
    found["A1"] = (Finding(why, "yes" if sealed.signed else "unknown"), *_hashed(sealed))
    extends = _extends(place, sealed, trust)
    found["A2"] = (extends.finding,)
    witnessed, found["A3"], other = _witnessed(place, sealed, trust)
    return Verified(
        place.name,
        _levels(found),
        sealed,
        witnessed,
        stream.last if stream else size,
        extends.remembered,
        extends.fork or other,
    )


NO_CHECKPOINT = "there is no checkpoint, so nothing is sealed; run the notary"


def origin_of(place: Place) -> str | None:
    """Return the origin the checkpoint of a place claims, unverified; None where it has none that can be read."""
    note = place.read(CHECKPOINT)
    try:
        return None if note is None else parse_checkpoint(parse_note(note).text).origin
    except NoteError:
        return None


def size_of(place: Place) -> int:
    """Return the size the checkpoint of a place claims, unverified; 0 where it has none that can be read."""
    note = place.read(CHECKPOINT)
    try:
        return 0 if note is None else parse_checkpoint(parse_note(note).text).size
    except NoteError:
        return 0


def extended(place: Place, old: Checkpoint, new: Checkpoint) -> tuple[bool, int]:
    """Return whether the tiles of a place lead from one checkpoint to a newer one, and by how many hashes.

    Errors: TileMissing, PlaceError; IndexError where the new one is the smaller.
    """
    if old.size == 0:
        return old.root == EMPTY_ROOT, 0
    proof = consistency_proof(old.size, new.size, hash_reader(new.size, tile_reader(place)))
    return verify_consistency(old.size, old.root, new.size, new.root, proof), len(proof)


def _levels(found: Mapping[str, tuple[Finding, ...]]) -> tuple[Level, ...]:
    missing = (Finding("this was not looked at", "unknown"),)
    return stacked({name: found.get(name, missing) for name in NAMES})


def _recorded(size: int, stream: Streamed | None, rehashed: Rehashed | None = None) -> Finding:
    if stream is not None:
        if stream.hole is not None:
            return Finding(stream.hole, "problem")
        if stream.last < size:
            told = f"the stream ends at {stream.last:,}, and {size:,} entries are sealed: it lost its end"
            return Finding(told, "problem")
        return Finding(f"{stream.last:,} entries are in the stream, none is missing", "yes")
    if rehashed is None:
        return Finding("no entries were read", "unknown")
    missing = size - rehashed.entries
    if missing:
        return Finding(f"{missing:,} of {size:,} entries are not there or cannot be read", "problem")
    return Finding(f"{size:,} entries are there, none is missing; the stream was not asked", "yes")


def _sealed(place: Place, trust: Trust | None) -> tuple[Sealed | None, str]:
    """Return the checkpoint of a place, and who signed it; or None, and why there is none."""
    note = place.read(CHECKPOINT)
    if note is None:
        return None, NO_CHECKPOINT
    try:
        checkpoint = parse_checkpoint(parse_note(note).text)
        if trust is None:
            return Sealed(
                note, checkpoint, signed=False
            ), "no policy was given, so no log's key is known: give --policy"
        key = _signer(trust.policy, note, checkpoint.origin)
    except NoteError as error:
        return None, f"the checkpoint is not the log's: {error}"
    return Sealed(note, checkpoint, signed=True), f"the checkpoint of {checkpoint.size:,} entries is signed by {key}"


def _signer(policy: Policy, note: bytes, origin: str) -> Vkey:
    """Return the log's key that signed a note. The lines of witnesses are not looked at. Errors: NoteError."""
    keys = [log.key for log in policy.logs if log.key.name == origin]
    if not keys:
        believed = ", ".join(repr(log.key.name) for log in policy.logs) or "none"
        raise NoteError(f"it is of {origin!r}, which is no log of the policy; it believes {believed}")
    failed = None
    for key in keys:
        try:
            open_checkpoint(note, key)
        except NoteError as error:
            failed = failed or error
        else:
            return key
    assert failed is not None
    raise failed


def _hashed(sealed: Sealed) -> list[Finding]:
    found, checkpoint = sealed.rehashed, sealed.checkpoint
    assert found is not None
    wrong = [Finding(f"{each.path}: {each.what}", "problem") for each in found.wrong]
    if found.root is None and not wrong:
        wrong.append(Finding(f"only {found.entries:,} of {found.size:,} sealed entries could be hashed", "problem"))
    if found.wrong_count > len(wrong):
        wrong.append(Finding(f"{found.wrong_count - len(wrong):,} more files are not as they should be", "problem"))
    if found.root is not None and found.root != checkpoint.root:
        wrong.append(
            Finding(
                f"the {checkpoint.size:,} entries have the root {found.root.hex()}, and {checkpoint.root.hex()} was "
                "signed: an entry was changed, removed or put in",
                "problem",
            )
        )
    if wrong:
        return wrong
    told = f"{found.entries:,} entries and {found.tiles:,} tiles were hashed again, and have the root that was signed"
    return [Finding(told, "yes")]


def _extends(place: Place, sealed: Sealed, trust: Trust | None) -> Extends:
    if trust is None or trust.remembered is None:
        first = "no checkpoint is remembered here: this is the first time, and the next time it can be told"
        return Extends(Finding(first, "unknown"))
    new = sealed.checkpoint
    try:
        old = parse_checkpoint(parse_note(trust.remembered).text)
        _signer(trust.policy, trust.remembered, old.origin)
    except NoteError as error:
        return Extends(Finding(f"what is remembered cannot be used: {error}", "problem"))
    if old.origin != new.origin:
        told = f"what is remembered is of another log, {old.origin!r}; this is {new.origin!r}"
        return Extends(Finding(told, "problem"), old)
    if not sealed.signed:
        return Extends(Finding("the checkpoint is not signed, so it cannot be compared", "unknown"), old)
    if new.size < old.size:
        told = (
            f"the log went back: {old.size:,} entries were sealed when it was last seen, now {new.size:,}. Its end was "
            "cut off, or an old state is shown"
        )
        return Extends(Finding(told, "problem"), old)
    if old.size == new.size and old.root != new.root:
        why = (
            f"two histories: at {old.size:,} entries the root {old.root.hex()} was signed when it was last seen, and "
            f"now {new.root.hex()}. Both are signed by the log, so one was rewritten"
        )
        return Extends(Finding(why, "problem"), old, (trust.remembered, sealed.note, why))
    if not sealed.holds:
        return Extends(
            Finding("the entries are not the ones that were signed (A1), so nothing follows", "unknown"), old
        )
    try:
        holds, hashes = extended(place, old, new)
    except TileMissing as error:
        return Extends(Finding(f"it cannot be told: {error}", "unknown"), old)
    if not holds:
        # The entries were hashed again and are those of the new root: the old one is no beginning of it.
        why = (
            f"history was rewritten: the first {old.size:,} of these {new.size:,} entries are not the ones whose "
            f"root {old.root.hex()} was remembered. Both checkpoints are signed by the log"
        )
        return Extends(Finding(why, "problem"), old, (trust.remembered, sealed.note, why))
    told = f"it goes on from the {old.size:,} entries remembered, by a proof of {hashes} hashes"
    return Extends(Finding(told if hashes else f"it is the one remembered, of {old.size:,} entries", "yes"), old)


def _witnessed(place: Place, sealed: Sealed, trust: Trust | None) -> tuple[int, tuple[Finding, ...], Fork | None]:
    """Return up to which size the policy's quorum has signed, what the level rests on, and a fork it shows."""
    if trust is None or not sealed.signed:
        return 0, (Finding("no policy says which witnesses there are", "unknown"),), None
    if trust.policy.quorum == NO_QUORUM:
        none = "the policy asks for no witness (quorum none), so nobody outside has seen this"
        return 0, (Finding(none, "problem"),), None
    failed: list[Finding] = []
    fork = None
    for note in (sealed.note, place.read(WITNESSED)):
        if note is None:
            continue
        try:
            judgement = judge(trust.policy, note, now_s=trust.now_s, max_age_s=trust.max_age_s)
        except NoteError as error:
            failed.append(Finding(f"the witnesses' lines do not fit: {error}", "problem"))
            continue
        if not judgement.witnessed:
            failed.append(_lacking(judgement, trust))
        elif not sealed.holds:
            return (
                0,
                (Finding("the entries are not the ones that were signed (A1), so nothing follows", "unknown"),),
                None,
            )
        elif wrong := _not_ours(place, judgement.checkpoint, sealed):
            failed.append(wrong)
            if wrong.standing == "problem" and judgement.checkpoint.size <= sealed.checkpoint.size:
                fork = (note, sealed.note, wrong.text)
        else:
            return judgement.checkpoint.size, _quorum(judgement, sealed, trust), None
    return 0, tuple(failed), fork


def _not_ours(place: Place, cosigned: Checkpoint, sealed: Sealed) -> Finding | None:
    """Return what is wrong with a witnessed checkpoint, None where the sealed one goes on from it."""
    size = sealed.checkpoint.size
    if cosigned.size > size:
        told = f"the witnesses have signed {cosigned.size:,} entries, and only {size:,} are shown: the end was cut off"
        return Finding(told, "problem")
    try:
        holds, _ = extended(place, cosigned, sealed.checkpoint)
    except TileMissing as error:
        return Finding(f"it cannot be told whether the witnesses signed this: {error}", "unknown")
    if holds:
        return None
    return Finding(
        f"the witnesses have signed another history: at {cosigned.size:,} entries the root {cosigned.root.hex()}, "
        "which is not the root of these",
        "problem",
    )


def _lacking(judgement: Judgement, trust: Trust) -> Finding:
    size = judgement.checkpoint.size
    late = [f"{each.witness} at {instant(each.at_s)}" for each in judgement.cosigned if not each.fresh]
    old = f"; too old, or to come: {', '.join(late)} (at most {trust.max_age_s:,} s may have passed)" if late else ""
    return Finding(
        f"the quorum {judgement.quorum!r} has not signed the checkpoint of {size:,} entries; missing: "
        f"{', '.join(judgement.lacking)}{old}",
        "problem",
    )


def _quorum(judgement: Judgement, sealed: Sealed, trust: Trust) -> tuple[Finding, ...]:
    fresh = [each for each in judgement.cosigned if each.fresh]
    who = ", ".join(f"{each.witness} at {instant(each.at_s)}" for each in fresh)
    size, newer = judgement.checkpoint.size, sealed.checkpoint.size - judgement.checkpoint.size
    rest = f"; the {newer:,} entries behind them are sealed, not witnessed" if newer else ""
    told = Finding(f"the quorum {judgement.quorum!r} has signed {size:,} entries: {who}{rest}", "yes")
    known = {trust.organisations.get(name) for name in (sealed.checkpoint.origin, *(each.witness for each in fresh))}
    if len(known - {None}) > 1:
        return (told,)
    return (told, Finding("internal witnesses only: the policy names no second organisation among them", "yes"))


def instant(at_s: int) -> str:
    """Return seconds since 1970 as a date and time; as a number where no calendar has them."""
    try:
        return datetime.datetime.fromtimestamp(at_s, datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (ValueError, OverflowError, OSError):
        return f"{at_s} s"
