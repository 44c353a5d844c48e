"""Policies: which logs a verifier believes, and how many of which witnesses must have cosigned with them.

    log example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx https://log.example.com/
    witness audit Wit1+9b3fb2d5+BFhZSmQj9+SoL+p/nN0Hh76xXmF7QcHfytUrI1XfSClk
    witness board ...
    witness external ...
    group outside any board external
    group both all audit outside
    quorum both

Empty lines and lines that begin with # say nothing. A group is cosigned by *all* of its members, *any*, or at least
so many; a name is a member once, and stands only after the line that makes it. `quorum none` asks for no witness. The
names of witnesses and groups mean nothing outside the file: what counts are the keys.

A comment of ours says who belongs together, which the format has no word for; other tools pass over it:

    # organisation acme example.com/log/testdata audit board
    # organisation northgate external

Source: C2SP tlog-policy, as of July 2026.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from ledger.notary.checkpoint import Checkpoint, Opened, open_checkpoint, parse_checkpoint
from ledger.notary.cosignature import WitnessVkey, cosigned_at_s, parse_witness_vkey
from ledger.notary.note import NoteError, Vkey, parse_note, parse_vkey

NO_QUORUM = "none"
"""The quorum that asks for nobody."""

FUTURE_TOLERANCE_S = 300
"""How far a witness's clock may be ahead of the verifier's."""

_SPACE = re.compile("[ \t]+")
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f]")


class PolicyError(ValueError):
    """A policy that says nothing: which line, what is wrong with it."""


class Log(NamedTuple):
    """A log that is believed. Its origin is the name of its key."""

    key: Vkey
    url: str | None = None


class Witness(NamedTuple):
    """A witness, under the name the policy gives it."""

    name: str
    key: WitnessVkey
    url: str | None = None


class Group(NamedTuple):
    """A group that has cosigned once *threshold* of its members have."""

    name: str
    threshold: int
    members: tuple[str, ...]


class Policy(NamedTuple):
    """What a verifier believes. quorum: the name of a witness or group, or NO_QUORUM."""

    logs: tuple[Log, ...]
    witnesses: tuple[Witness, ...]
    groups: tuple[Group, ...]
    quorum: str

    def quorum_at_s(self, times_s: Mapping[str, int]) -> int | None:
        """Return when the quorum was complete, None where it is not; 0 where none is asked for.

        times_s: when each witness cosigned, by its name here, in seconds since 1970.
        """
        if self.quorum == NO_QUORUM:
            return 0
        found: dict[str, int] = dict(times_s)
        for name, threshold, members in self.groups:  # each after those it is made of
            signed = sorted(found[member] for member in members if member in found)
            if len(signed) >= threshold:
                found[name] = signed[threshold - 1]
        return found.get(self.quorum)


class Cosigned(NamedTuple):
    """A witness's cosignature. at_s: seconds since 1970. fresh: whether that is neither too old nor to come."""

    witness: str
    at_s: int
    fresh: bool


class Judgement(NamedTuple):
    """What a policy says of a checkpoint that its log signed.

    cosigned: the newest of each known witness. quorum_at_s: when the quorum was complete, counting fresh ones only.
    lacking: the witnesses that have no fresh one.
    """

    opened: Opened
    cosigned: tuple[Cosigned, ...]
    quorum: str
    quorum_at_s: int | None
    lacking: tuple[str, ...]

    @property
    def checkpoint(self) -> Checkpoint:
        return self.opened.checkpoint

    @property
    def witnessed(self) -> bool:
        """Whether the quorum has cosigned, and somebody had to."""
        return self.quorum != NO_QUORUM and self.quorum_at_s is not None

    @property
    def holds(self) -> bool:
        """Whether the policy is content: the quorum has cosigned, or nobody had to."""
        return self.quorum_at_s is not None


def judge(policy: Policy, note: bytes, *, now_s: int, max_age_s: int | None = None) -> Judgement:
    """Return what *policy* says of a signed checkpoint. Whether the quorum is there is for the caller to read.

    now_s: seconds since 1970. max_age_s: how old a cosignature may be; None for any age.
    Errors: NoteError where no log of the policy signed it, it is malformed, or a known witness's line does not fit.
    """
    origin = parse_checkpoint(parse_note(note).text).origin
    logs = [log.key for log in policy.logs if log.key.name == origin]
    if not logs:
        believed = ", ".join(repr(log.key.name) for log in policy.logs) or "none"
        raise NoteError(f"a checkpoint of {origin!r}, which is no log of the policy; it believes {believed}")
    opened = _opened(note, logs, [witness.key for witness in policy.witnesses])
    cosigned = tuple(_cosigned(policy, opened, now_s, max_age_s))
    fresh = {each.witness: each.at_s for each in cosigned if each.fresh}
    lacking = tuple(witness.name for witness in policy.witnesses if witness.name not in fresh)
    return Judgement(opened, cosigned, policy.quorum, policy.quorum_at_s(fresh), lacking)


def parse_policy(written: bytes) -> Policy:
    """Return the policy a file holds. Errors: PolicyError with the number of the line."""
    # Bytes above 0x7f mean themselves: a name is compared, never read.
    text = written.decode("utf-8", "surrogateescape")
    if found := _CONTROL.search(text):
        raise PolicyError(f"a policy has no control characters but tab and newline, this one {found[0]!r}")
    draft = _Draft()
    for number, line in enumerate(text.split("\n"), start=1):
        words = [word for word in _SPACE.split(line) if word]
        if not words or words[0].startswith("#"):
            continue
        try:
            draft.take(words)
        except (NoteError, PolicyError) as error:
            raise PolicyError(f"line {number} of the policy: {error}") from error
    if draft.quorum is None:
        raise PolicyError("the policy has no quorum line; write `quorum none` where no witness has to cosign")
    return Policy(tuple(draft.logs), tuple(draft.witnesses), tuple(draft.groups), draft.quorum)


def parse_organisations(written: bytes) -> dict[str, str]:
    """Return the organisation of each log (by its origin) and witness (by its name here) that a policy says one of.

    Errors: PolicyError where one is said to belong to two.
    """
    found: dict[str, str] = {}
    for number, line in enumerate(written.decode("utf-8", "surrogateescape").split("\n"), start=1):
        mark, *words = _SPACE.split(line.strip(" \t"))
        if mark != "#" or len(words) < 3 or words[0] != "organisation":
            continue
        for name in words[2:]:
            if found.setdefault(name, words[1]) != words[1]:
                raise PolicyError(f"line {number} of the policy: {name!r} belongs to {found[name]!r} already")
    return found


def format_policy(policy: Policy) -> bytes:
    """Return the file of a policy: parse_policy gives it back."""
    lines = [["log", str(log.key), log.url or ""] for log in policy.logs]
    lines += [["witness", each.name, str(each.key), each.url or ""] for each in policy.witnesses]
    lines += [["group", each.name, str(each.threshold), *each.members] for each in policy.groups]
    lines.append(["quorum", policy.quorum])
    return "".join(" ".join(filter(None, words)) + "\n" for words in lines).encode("utf-8", "surrogateescape")


class _Draft:
    """A policy while its lines are read."""

    def __init__(self) -> None:
        self.logs: list[Log] = []
        self.witnesses: list[Witness] = []
        self.groups: list[Group] = []
        self.quorum: str | None = None
        self._names: set[str] = set()
        self._members: set[str] = set()
        self._log_keys: set[bytes] = set()
        self._witness_keys: set[bytes] = set()

    def take(self, words: list[str]) -> None:
        kind, *rest = words
        if kind == "log" and len(rest) in (1, 2):
            key = parse_vkey(_utf8(rest[0]))
            self._add_key(key.public, self._log_keys, self._witness_keys)
            self.logs.append(Log(key, *rest[1:]))
        elif kind == "witness" and len(rest) in (2, 3):
            self._add_name(rest[0])
            witness = parse_witness_vkey(_utf8(rest[1]))
            self._add_key(witness.key.public, self._witness_keys, self._log_keys)
            self.witnesses.append(Witness(rest[0], witness, *rest[2:]))
        elif kind == "group" and len(rest) >= 3:
            self._take_group(*rest)
        elif kind == "quorum" and len(rest) == 1:
            if self.quorum is not None:
                raise PolicyError("a second quorum; there is one")
            if rest[0] != NO_QUORUM:
                self._check_made(rest[0])
            self.quorum = rest[0]
        else:
            raise PolicyError(
                f"not understood: {' '.join(words)[:120]!r}; it says log VKEY [URL], witness NAME VKEY [URL], "
                "group NAME all|any|COUNT MEMBER..., or quorum NAME"
            )

    def _take_group(self, name: str, count: str, *members: str) -> None:
        for member in members:
            self._check_made(member)
            if member in self._members:
                raise PolicyError(f"{member!r} is a member twice; each counts in one place")
            self._members.add(member)
        self._add_name(name)
        threshold = {"all": len(members), "any": 1}.get(count)
        if threshold is None:
            if not re.fullmatch("[1-9][0-9]{0,5}", count) or int(count) > len(members):
                raise PolicyError(f"group {name!r} asks for {count!r} of {len(members)}; write all, any, or a number")
            threshold = int(count)
        self.groups.append(Group(name, threshold, members))

    def _add_name(self, name: str) -> None:
        if name in self._names or name == NO_QUORUM:
            raise PolicyError(f"the name {name!r} is taken; choose another")
        self._names.add(name)

    def _check_made(self, name: str) -> None:
        if name not in self._names:
            raise PolicyError(f"no line before this one makes {name!r}")

    def _add_key(self, public: bytes, same: set[bytes], other: set[bytes]) -> None:
        if public in same:
            raise PolicyError("this key is named twice; it would be counted as two")
        if public in other:
            raise PolicyError("one key is named for a log and for a witness; a log is no witness of itself")
        same.add(public)


def _opened(note: bytes, logs: list[Vkey], witnesses: list[WitnessVkey]) -> Opened:
    """Return the checkpoint as the first log key that signed it opens it."""
    failed: list[NoteError] = []
    for key in logs:
        try:
            return open_checkpoint(note, key, witnesses=witnesses)
        except NoteError as error:
            failed.append(error)
    raise failed[0]


def _cosigned(policy: Policy, opened: Opened, now_s: int, max_age_s: int | None) -> Iterable[Cosigned]:
    for witness in policy.witnesses:
        mine = (witness.key.name, witness.key.key_id)
        times = [cosigned_at_s(each.blob) for each in opened.signatures if (each.name, each.key_id) == mine]
        if not times:
            continue
        # A line from the future is worth nothing, and must not hide an honest one beside it.
        past = [at_s for at_s in times if at_s <= now_s + FUTURE_TOLERANCE_S]
        at_s = max(past or times)
        fresh = bool(past) and (max_age_s is None or now_s - at_s <= max_age_s)
        yield Cosigned(witness.name, at_s, fresh)


def _utf8(word: str) -> str:
    try:
        word.encode()
    except UnicodeEncodeError as error:
        raise PolicyError("a key is written in UTF-8") from error
    return word
