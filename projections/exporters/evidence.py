"""The evidence pack: everything the ledger holds about an initiative, in a zip that is checked without this software.

Pure: from entries, a checkpoint and what goes with them to the files, byte for byte the same each time. What the files
are is in docs/spec/evidence.md; how they are checked, in check_pack.py.
"""

from __future__ import annotations

import io
import json
import zipfile
from base64 import b64encode
from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from typing import Any, NamedTuple

import msgspec

from ledger.heads import commitments, leaves, line
from ledger.notary.checkpoint import Checkpoint, parse_checkpoint
from ledger.notary.note import NoteError, SignerKey, parse_note, sign_note
from ledger.notary.proof_file import TlogProof, format_proof
from ledger.notary.rows import Rows
from ledger.notary.tlog import tree_root
from projections.exporters import sampling
from projections.exporters.pack_report import VERIFY, report_csv, report_md
from projections.exporters.strands import Strands
from schemas import codec
from schemas.envelope import Recorded
from schemas.events import VoteRecorded

BELONGING = ("decision/", "benefit/", "condition/", "risk/")
"""What an initiative's entries name that belongs to it."""

EPOCH = (1980, 1, 1, 0, 0, 0)


class ExportError(ValueError):
    """A pack cannot be made: why, and what next."""


class Sampled(NamedTuple):
    """What sample is wanted. count: of entries. stratum: `all`, or a type of event."""

    count: int  # type: ignore[assignment]  # hides tuple.count, which nobody asks of a sample
    nonce: str
    stratum: str = sampling.ALL


class Asked(NamedTuple):
    """What is to be exported, for what and for whom."""

    initiative: str
    purpose: str = "not stated"
    recipient: str = "not stated"
    sample: Sampled | None = None


class Disclosed(NamedTuple):
    """A text that the ledger holds as a commitment, and the salt it was hashed with."""

    salt: bytes
    text: str


class Chosen(NamedTuple):
    """Which entries a pack holds. scope: the things it is about. why: of each sequence, in order."""

    scope: tuple[str, ...]
    why: dict[int, str]
    sampled: tuple[int, ...]


class Pack(NamedTuple):
    """A pack that was made. complete_through: sequence up to which nothing about its scope is missing, 0 for none."""

    content: bytes
    checkpoint: Checkpoint
    scope: tuple[str, ...]
    entry_count: int
    complete_through: int

    @property
    def sha256(self) -> str:
        return sha256(self.content).hexdigest()


def checkpoint_over(note: bytes, strands: Strands) -> Checkpoint:
    """Return the checkpoint a note holds, once its root is that of the entries taken.

    Errors: ExportError where it is none, or of another history. Who signed it is the reader's to check.
    """
    try:
        checkpoint = parse_checkpoint(parse_note(note).text)
    except NoteError as error:
        raise ExportError(f"the checkpoint cannot be read: {error}") from error
    if checkpoint.size != len(strands.leaves):
        raise ExportError(f"the checkpoint covers {checkpoint.size} entries, and {len(strands.leaves)} were read")
    if tree_root(strands.leaves) != checkpoint.root:
        raise ExportError(
            f"the first {checkpoint.size} entries do not have the root that was signed: the stream, or the checkpoint, "
            "is another; see `portfolio verify`"
        )
    return checkpoint


def choose(strands: Strands, asked: Asked, root: bytes) -> Chosen:
    """Return the entries a pack is made of, by themselves; what they rest on, `rests_on` adds.

    Errors: ExportError where there is nothing about the initiative.
    """
    name = f"initiative/{asked.initiative}"
    own = strands.entries_about(name)
    if not own:
        raise ExportError(f"no entry up to {len(strands.leaves)} is about {name}; see `portfolio view initiatives`")
    belonging = {each for at in own for each in strands.about(at) if each.startswith(BELONGING)}
    scope = (name, *sorted(belonging))
    why = {at: f"about {each}" for each in reversed(scope) for at in strands.entries_about(each)}
    why.setdefault(1, "the opening of the ledger")
    if strands.anchored is not None:
        why.setdefault(strands.anchored.sequence, "keeps the heads")
    drawn: Sequence[int] = ()
    if asked.sample is not None:
        seed = sampling.seed_of(root, asked.sample.nonce, asked.sample.stratum)
        drawn = sampling.sample(seed, population(strands, asked.sample.stratum), asked.sample.count)
    for index in drawn:
        why.setdefault(index + 1, "drawn by the sample")
    return Chosen(scope, dict(sorted(why.items())), tuple(drawn))


def population(strands: Strands, stratum: str) -> Sequence[int]:
    """Return the indexes a sample is drawn from: all, or those of a type of event, with or without its version."""
    if stratum == sampling.ALL:
        return range(len(strands.leaves))
    types = enumerate(strands.types)
    return [index for index, kind in types if kind is not None and stratum in (kind, kind.partition(".")[0])]


def rests_on(strands: Strands, events: Iterable[Recorded]) -> dict[int, str]:
    """Return the entries that events rest on: authorities, policies, requests, and enrolments of who acted."""
    found: dict[int, str] = {}
    for event in events:
        for grant in event.grants_at:
            found.setdefault(grant, "an authority it rests on")
        if event.policy_at is not None:
            found.setdefault(event.policy_at, "a policy it was judged under")
        fact = event.data
        actors = [event.actor, event.onbehalfof]
        if isinstance(fact, VoteRecorded):
            found.setdefault(fact.request, "the request voted on")
            actors.append(fact.voter)
        for actor in actors:
            for at in strands.enrolments.get(actor or "", ()):
                found.setdefault(at, "an enrolment of who acted")
    return {at: why for at, why in sorted(found.items()) if 1 <= at <= len(strands.leaves)}


def pack(
    strands: Strands,
    chosen: Chosen,
    payloads: Mapping[int, bytes],
    note: bytes,
    asked: Asked,
    signer: SignerKey,
    *,
    policy: bytes | None = None,
    attachments: Mapping[str, bytes] | None = None,
    texts: Mapping[str, Disclosed] | None = None,
) -> Pack:
    """Return the pack, a zip. payloads: of every entry in *chosen*, by sequence. attachments, texts: by hash.

    Errors: ExportError where what was asked cannot stand in a manifest.
    """
    checkpoint = checkpoint_over(note, strands)
    events = _events(strands.portfolio, payloads)
    rows = Rows(strands.leaves)
    files: dict[str, bytes] = {"checkpoint": note, "VERIFY.md": VERIFY}
    if policy is not None:
        files["policy"] = policy
    for sequence, payload in payloads.items():
        path = entry_path(sequence)
        files[f"{path}.json"] = payload
        files[f"{path}.tlog-proof"] = format_proof(TlogProof(sequence - 1, tuple(rows.inclusion(sequence - 1)), note))
        event = events.get(sequence)
        if event is not None and event.signatures and event.command:
            files[f"{path}.note"] = f"{event.command}\n\n{event.signatures}".encode()
    files["heads.json"] = _heads(strands, chosen)
    if strands.anchored is not None:
        files["heads.tlog-proof"] = files[f"{entry_path(strands.anchored.sequence)}.tlog-proof"]
    files["keys.json"] = _keys(strands, events)
    for digest in sorted(_documents(events.values()) & set(attachments or {})):
        files[f"attachments/{digest}"] = (attachments or {})[digest]
    files["disclosures.json"] = _disclosures(events, texts or {}, strands)
    if asked.sample is not None:
        files["sample.json"] = _sample(strands, chosen, asked.sample, checkpoint.root)
    complete = 0 if strands.anchored is None else strands.anchored.fact.last_sequence
    told = [(sequence, payloads[sequence], events.get(sequence), why) for sequence, why in chosen.why.items()]
    files["report.csv"] = report_csv(told)
    files["report.md"] = report_md(told, checkpoint, chosen.scope, complete, strands.erased)
    files["MANIFEST"] = sign_note(_manifest(files, checkpoint, asked, complete), signer)
    return Pack(zipped(files), checkpoint, chosen.scope, len(payloads), complete)


def entry_path(sequence: int) -> str:
    """Return the path of an entry's files, without their ending."""
    return f"entries/{sequence - 1:012d}"


def zipped(files: Mapping[str, bytes]) -> bytes:
    """Return a zip of these files: names sorted, nothing compressed, no time of its own; the same bytes each time."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(files):
            info = zipfile.ZipInfo(name, EPOCH)
            info.create_system, info.external_attr = 3, 0o644 << 16
            archive.writestr(info, files[name])
    return written.getvalue()


def _events(portfolio: str, payloads: Mapping[int, bytes]) -> dict[int, Recorded]:
    found = {}
    for sequence, payload in payloads.items():
        try:
            found[sequence] = codec.decode(payload, portfolio=portfolio, sequence=sequence)
        except codec.ForeignEntry:
            continue  # it is in the pack as it stands, and says nothing
    return found


def _heads(strands: Strands, chosen: Chosen) -> bytes:
    own = {at for name in chosen.scope for at in strands.entries_about(name)}
    supporting = [{"index": at - 1, "why": why} for at, why in chosen.why.items() if at not in own]
    anchored = strands.anchored
    if anchored is None:
        listed = [{"about": name, "later": [at - 1 for at in strands.entries_about(name)]} for name in chosen.scope]
        return _json({"anchor": None, "heads": listed, "supporting": supporting})
    names, tree = sorted(anchored.heads), Rows(leaves(anchored.heads))
    told = []
    for name in chosen.scope:
        entries = strands.entries_about(name)
        known = [at - 1 for at in entries if at < anchored.sequence]
        head: dict[str, Any] = {"about": name, "count": 0, "last": 0, "chain": bytes(32).hex()}
        if known:
            head = json.loads(line(name, anchored.heads[name]))
            place = names.index(name)
            head |= {"place": place, "path": [each.hex() for each in tree.inclusion(place)]}
        told.append(head | {"entries": known, "later": [at - 1 for at in entries if at >= anchored.sequence]})
    anchor = {"index": anchored.sequence - 1, **msgspec.to_builtins(anchored.fact)}
    return _json({"anchor": anchor, "heads": told, "supporting": supporting})


def _keys(strands: Strands, events: Mapping[int, Recorded]) -> bytes:
    """The keys of who acted in the pack's entries, with the entries that enrolled them."""
    enrolments = {at for found in strands.enrolments.values() for at in found}
    told = []
    for sequence in sorted(enrolments & events.keys()):
        fact: Any = events[sequence].data
        key = {"actor": fact.actor, "person": fact.person, "status": fact.status, "vkey": fact.vkey}
        told.append(key | {"index": sequence - 1})
    return _json(told)


def _documents(events: Iterable[Recorded]) -> set[str]:
    """Return the hash of every document that events name."""

    def hashes(value: Any) -> Iterable[str]:
        if isinstance(value, dict):
            for name, inner in value.items():
                if name == "sha256" and isinstance(inner, str):
                    yield inner
                yield from hashes(inner)
        elif isinstance(value, list | tuple):
            for inner in value:
                yield from hashes(inner)

    found: set[str] = set()
    for event in events:
        found.update(hashes(msgspec.to_builtins(event.data)))
        found.add((event.sourceref or "").rpartition("#")[2])
    return found


def _disclosures(events: Mapping[int, Recorded], texts: Mapping[str, Disclosed], strands: Strands) -> bytes:
    places: dict[str, list[dict[str, Any]]] = {}
    for sequence, event in events.items():
        for field, commitment in commitments(event.data):
            places.setdefault(commitment, []).append({"index": sequence - 1, "field": field})
    return _json(
        [
            {
                "commitment": commitment,
                "salt": texts[commitment].salt.hex(),
                "text": texts[commitment].text,
                "places": places[commitment],
            }
            for commitment in sorted(places)
            if commitment in texts and commitment not in strands.erased
        ]
    )


def _sample(strands: Strands, chosen: Chosen, wanted: Sampled, root: bytes) -> bytes:
    return _json(
        {
            "nonce": wanted.nonce,
            "stratum": wanted.stratum,
            "wanted": wanted.count,
            "population": len(population(strands, wanted.stratum)),
            "seed": sampling.seed_of(root, wanted.nonce, wanted.stratum).hex(),
            "indexes": list(chosen.sampled),
        }
    )


def _manifest(files: Mapping[str, bytes], checkpoint: Checkpoint, asked: Asked, complete: int) -> str:
    told = [
        "portfolio-ledger evidence pack v1",
        f"origin {checkpoint.origin}",
        f"size {checkpoint.size}",
        f"root {b64encode(checkpoint.root).decode()}",
        f"scope initiative/{asked.initiative}",
        f"purpose {asked.purpose}",
        f"recipient {asked.recipient}",
        f"complete through sequence {complete}" if complete else "completeness not proven",
    ]
    for each in told:
        if any(ord(sign) < 32 or sign == "\x7f" for sign in each):
            raise ExportError(f"{each!r} cannot stand in a manifest; leave control characters away")
    told += [f"{sha256(files[path]).hexdigest()}  {path}" for path in sorted(files)]
    return "".join(f"{each}\n" for each in told)


def _json(value: Any) -> bytes:
    return json.dumps(value, indent=1, ensure_ascii=True).encode() + b"\n"
