"""The proof of one entry as lines of its card."""

from __future__ import annotations

from projections.proof import EntryProof, files_of
from projections.sealing import Seal
from tui.model.card import CardLine, Standing
from tui.model.text import clean

UNSIGNED = "the root is NOT SIGNED: no checkpoint vouches for it yet"


def proof_lines(proof: EntryProof) -> list[CardLine]:
    """Return what was found of an entry, the line labelled `proof` first. Nothing that was not looked at is a yes."""
    lines = [*_archive_lines(proof), *_seal_lines(proof.seal), _decoded(proof)]
    return [CardLine("proof" if place == 0 else "", line.text, line.standing) for place, line in enumerate(lines)]


def with_proof(card: list[CardLine], lines: list[CardLine]) -> list[CardLine]:
    """Return a card with these lines where its line about the proof stood."""
    at = next((place for place, line in enumerate(card) if line.label == "proof"), len(card))
    return [*card[:at], *lines, *card[at + 1 :]]


def _archive_lines(proof: EntryProof) -> list[CardLine]:
    if proof.damaged is not None:
        return [CardLine("", f"the archive cannot be read: {clean(proof.damaged)}", "problem")]
    if not proof.archived:
        told = f"in the stream only; {proof.size:,} entries are archived, this one is not yet"
        return [CardLine("", told, "unknown")]
    bundle, tile = files_of(proof.sequence)
    return [
        _line(proof.in_bundle, f"same bytes in {bundle}", f"OTHER BYTES in {bundle}"),
        _line(proof.in_tile, f"hashed again, same leaf in {tile}", f"ANOTHER HASH in {tile}"),
        _line(
            proof.included,
            f"{proof.hashes} hashes lead to the root of {proof.size:,} entries, {proof.root[:12]}…",
            f"NOT UNDER THE ROOT of {proof.size:,} entries, {proof.root[:12]}…",
        ),
    ]


def _seal_lines(seal: Seal | None) -> list[CardLine]:
    if seal is None:
        return [CardLine("", UNSIGNED, "unknown")]
    if seal.wrong is not None:
        return [CardLine("", f"the seal cannot be judged: {clean(seal.wrong)}", "problem")]
    if seal.included is None:
        return [CardLine("", f"not sealed yet: the newest checkpoint has {seal.size:,} entries", "unknown")]
    if not seal.included:
        return [CardLine("", f"NOT UNDER THE CHECKPOINT of {seal.size:,} entries of {clean(seal.origin)}", "problem")]
    under = f"sealed: {seal.hashes} hashes lead to the checkpoint of {seal.size:,} entries of {clean(seal.origin)}"
    if seal.signed is None:
        return [CardLine("", f"{under}; by whom it is signed is not checked, no policy is set", "unknown")]
    if seal.witnessed is None:
        return [
            CardLine("", f"{under}, signed by the log", "yes"),
            CardLine("", "not witnessed: no quorum of the policy has signed it", "unknown"),
        ]
    return [
        CardLine("", f"{under}, signed by the log", "yes"),
        CardLine("", f"witnessed by {clean(seal.witnessed)}", "yes"),
    ]


def _decoded(proof: EntryProof) -> CardLine:
    if proof.foreign is None:
        return CardLine("", "decoded again, strictly", "yes")
    return CardLine("", f"no event of this portfolio: {clean(proof.foreign)}", "problem")


def _line(holds: bool | None, yes: str, no: str) -> CardLine:
    standing: Standing = "yes" if holds else "problem"
    return CardLine("", yes if holds else no, standing)
