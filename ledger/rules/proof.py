"""When a checkpoint, an erasure or a hold can be recorded. Facts from outside: identity, shape and arithmetic alone."""

from __future__ import annotations

from ledger.book import Book
from ledger.heads import committed
from ledger.notary.checkpoint import Checkpoint, parse_checkpoint
from ledger.notary.cosignature import SIGNATURE_BYTES, cosigned_at_s
from ledger.notary.note import NoteError, Signature, parse_note
from ledger.notary.tlog import verify_consistency
from ledger.rules.guards import Guards
from schemas.commands import AnchorCheckpoint, EraseText, SetHold
from schemas.events import CheckpointAnchored, Cosigner, HoldSet
from schemas.receipts import Reason, Refused

COSIGNATURE_BYTES = 8 + SIGNATURE_BYTES
"""A time and an Ed25519 signature. A line of any other length is the log's own, or of a kind not known here."""

MAX_NAME = 200
MAX_AT_S = 2**53


def anchor_checkpoint(ask: AnchorCheckpoint, book: Book) -> Guards:
    """Guards of CheckpointAnchored: the ledger has grown out of the checkpoint, as far as it is recorded by now."""
    data, opened = ask.data, book.opened
    yield (
        None
        if data.portfolio == book.portfolio
        else Refused(Reason.OTHER_LOG, field="data.portfolio", value=data.portfolio, allowed=book.portfolio)
    )
    found = _parsed(data.checkpoint)
    if isinstance(found, Refused):
        yield found
        return
    checkpoint, _ = found
    origin = None if opened is None else opened.log_origin
    if checkpoint.origin != origin:
        yield Refused(Reason.OTHER_LOG, field="data.checkpoint", value=checkpoint.origin[:100], allowed=origin)
    if checkpoint.size > book.sequence:
        yield Refused(Reason.SIZE_AHEAD, field="data.checkpoint", value=checkpoint.size, last=book.sequence)
        return
    before = book.newest(data.subject(), CheckpointAnchored)
    same = before is not None and before.checkpoint == data.checkpoint
    yield Refused(Reason.NOTHING_CHANGES, field="data.checkpoint", value=checkpoint.size) if same else None
    proof = [bytes.fromhex(each) for each in data.proof]
    follows = verify_consistency(checkpoint.size, checkpoint.root, book.sequence, book.frontier.root(), proof)
    yield (
        None
        if follows
        else Refused(
            Reason.PROOF_FAILS,
            field="data.proof",
            size=checkpoint.size,
            last=book.sequence,
            problem="the proof does not lead from the checkpoint to all that is recorded now; make it anew. If it "
            "still fails, what was signed is not this history",
        )
    )


def anchored(ask: AnchorCheckpoint, book: Book) -> tuple[CheckpointAnchored, ...]:
    """Return the fact of an anchor: what its note says, and the heads of everything recorded before."""
    found = _parsed(ask.data.checkpoint)
    assert not isinstance(found, Refused), "its guards have read it"
    checkpoint, lines = found
    return (
        CheckpointAnchored(
            portfolio=ask.data.portfolio,
            checkpoint=ask.data.checkpoint,
            size=checkpoint.size,
            root=checkpoint.root.hex(),
            cosigners=tuple(
                Cosigner(witness=each.name, key_id=each.key_id.hex(), at_s=cosigned_at_s(each.blob)) for each in lines
            ),
            heads=committed(book.heads, book.sequence),
        ),
    )


def erase_text(ask: EraseText, book: Book) -> Guards:
    """Guards of TextErased: the commitment stands there, and no hold that is live keeps it."""
    data = ask.data
    places = book.texts.get(data.commitment, ())
    if (data.entry, data.field) not in [(place.sequence, place.field) for place in places]:
        yield Refused(Reason.NO_SUCH_TEXT, field="data.field", value=data.field, entry=data.entry)
        return
    erased = book.erased.get(data.commitment)
    yield None if erased is None else Refused(Reason.ALREADY_ERASED, field="data.commitment", by=erased)
    concerned = {name for place in places for name in place.about}
    for hold in sorted(book.each(HoldSet), key=lambda each: each.hold):
        if hold.status == "set" and (not hold.subjects or concerned.intersection(hold.subjects)):
            yield Refused(Reason.ON_HOLD, hold=hold.hold, matter=hold.matter, entry=data.entry)


def set_hold(ask: SetHold, book: Book) -> Guards:
    """Guards of HoldSet: only what is set can be released."""
    data = ask.data
    before = book.newest(data.subject(), HoldSet)
    if data.status == "released":
        unset = before is None or before.status == "released"
        yield Refused(Reason.UNKNOWN_HOLD, field="data.hold", value=data.hold) if unset else None
    elif before is not None and (before.status, before.subjects, before.matter) == (
        data.status,
        data.subjects,
        data.matter,
    ):
        yield Refused(Reason.NOTHING_CHANGES, field="data.hold", value=data.hold)


def _parsed(written: str) -> tuple[Checkpoint, list[Signature]] | Refused:
    """Return the checkpoint a note holds and the lines that have the form of cosignatures, none of it verified."""
    try:
        note = parse_note(written.encode())
        checkpoint = parse_checkpoint(note.text)
    except (NoteError, UnicodeEncodeError) as error:
        return _no_checkpoint(str(error))
    if checkpoint.size == 0:
        return _no_checkpoint("it covers no entry")
    lines = [each for each in note.signatures if len(each.blob) == COSIGNATURE_BYTES]
    if any(len(each.name) > MAX_NAME or "\x7f" in each.name for each in lines):
        return _no_checkpoint(f"the name of a witness has more than {MAX_NAME} characters, or control characters")
    if any(cosigned_at_s(each.blob) > MAX_AT_S for each in lines):
        return _no_checkpoint("the time of a cosignature is out of the calendar")
    return checkpoint, lines


def _no_checkpoint(problem: str) -> Refused:
    return Refused(Reason.NOT_A_CHECKPOINT, field="data.checkpoint", problem=problem)
