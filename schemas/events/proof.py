"""What the ledger keeps of its own proof: checkpoints that came back to it, texts that were erased, and legal holds."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from msgspec import Meta
from pydantic import Field as Limits
from pydantic import StringConstraints

from schemas.events.fact import Fact
from schemas.values import Id, Reference, Sequence, Sha256, Shape, Text

_ABOUT = r"^[a-z]{1,32}/[A-Za-z0-9_-]{1,64}$"
_KEY_ID = r"^[0-9a-f]{8}$"

SignedNote = Annotated[
    str,
    Meta(min_length=1, max_length=6_000, description="a signed note, as C2SP writes it, with its last newline"),
    StringConstraints(min_length=1, max_length=6_000),
]
Hashes = Annotated[tuple[Sha256, ...], Meta(max_length=64), Limits(max_length=64)]
About = Annotated[
    str,
    Meta(max_length=97, description="such as initiative/AI-0042", extra_json_schema={"pattern": _ABOUT}),
    StringConstraints(pattern=_ABOUT),
]
Subjects = Annotated[tuple[About, ...], Meta(max_length=200), Limits(max_length=200)]
KeyId = Annotated[
    str,
    Meta(
        min_length=8,
        max_length=8,
        description="of a note's key, hexadecimal",
        extra_json_schema={"pattern": _KEY_ID},
    ),
    StringConstraints(pattern=_KEY_ID),
]


class Anchoring(Shape, frozen=True, kw_only=True):
    """A checkpoint to be recorded in the ledger it is of.

    checkpoint: the signed note, cosignatures and all. proof: the RFC 6962 consistency proof from its size to all that
    is recorded before the anchor, each hash hexadecimal; none where the checkpoint covers all of that.
    """

    portfolio: Id
    checkpoint: SignedNote
    proof: Hashes = ()

    def subject(self) -> str:
        return f"checkpoint/{self.portfolio}"


class Cosigner(Shape, frozen=True, kw_only=True):
    """A line of a checkpoint that has the form of a cosignature. at_s: the time it states, in seconds since 1970."""

    witness: Reference
    key_id: KeyId
    at_s: Annotated[int, Meta(ge=0, le=2**53), Limits(ge=0, le=2**53)]


class Heads(Shape, frozen=True, kw_only=True):
    """Where the entries about each thing end, as one hash, so that a part of the ledger can prove itself complete.

    last_sequence: of the entry before this one, the last one counted. count: things there are entries about.
    root: Merkle root over their heads, hexadecimal. Source: docs/spec/evidence.md.
    """

    last_sequence: Sequence
    count: Annotated[int, Meta(ge=1, le=2**53), Limits(ge=1, le=2**53)]
    root: Sha256


class CheckpointAnchored(Fact, frozen=True, kw_only=True):
    """A checkpoint of this ledger was recorded in it: what follows is not older than the checkpoint's cosignatures.

    size, root: what the checkpoint says; the ledger has grown out of it, which was proved when this was recorded.
    cosigners: what its lines state. Whether they were signed by whom they name, the ledger cannot tell; who verifies
    has the witnesses' keys. Source: DESIGN, sections 4 and 6.
    """

    TYPE: ClassVar[str] = "CheckpointAnchored.v1"

    portfolio: Id
    checkpoint: SignedNote
    size: Sequence
    root: Sha256
    cosigners: Annotated[tuple[Cosigner, ...], Meta(max_length=100), Limits(max_length=100)] = ()
    heads: Heads

    def subject(self) -> str:
        return f"checkpoint/{self.portfolio}"


class TextErased(Fact, frozen=True, kw_only=True):
    """A text that an entry holds as a commitment is gone from its vault, or is to go from it now.

    entry: its sequence. field: where in it, such as data.reason. commitment: what stays there. Every place that holds
    the same commitment has lost its text. Source: DESIGN, sections 4 and 6.
    """

    TYPE: ClassVar[str] = "TextErased.v1"

    entry: Sequence
    field: Reference
    commitment: Sha256
    reason: Text

    def subject(self) -> str:
        return f"entry/{self.entry}"


class HoldSet(Fact, frozen=True, kw_only=True):
    """Nothing of what these subjects are about is erased, until the hold is released; replaces the hold of that id.

    subjects: empty for everything. matter: the case it is set for. Source: DESIGN, section 4.
    """

    TYPE: ClassVar[str] = "HoldSet.v1"

    hold: Id
    status: Literal["set", "released"]
    subjects: Subjects = ()
    matter: Reference | None = None
    reason: Text

    def subject(self) -> str:
        return f"hold/{self.hold}"
