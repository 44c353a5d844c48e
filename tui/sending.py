"""Sending a draft: what is kept before and after, so that it is recorded once whatever happens between."""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from ledger.store import SequenceConflict, StoreError
from schemas.receipts import Accepted, Receipt
from tui.model.drafts import CommandDraft
from tui.model.judged import Judged
from tui.model.shelf import Shelf
from tui.recorder import Recorder


class Sent(NamedTuple):
    """What became of a draft that was sent. draft: as it is kept now, None once it is recorded.

    receipt: None where the book had moved and nothing was sent, and where no answer came. problem: why none came.
    """

    draft: CommandDraft | None
    receipt: Receipt | None = None
    problem: str | None = None

    @property
    def moved(self) -> bool:
        """Whether the book had moved since the draft was judged; then nothing was stored."""
        return self.receipt is None and self.problem is None


async def send(recorder: Recorder, drafts: Shelf[CommandDraft], draft: CommandDraft, found: Judged) -> Sent:
    """Send a draft as it was judged, and return what became of it. found: a verdict that it would be accepted.

    Errors: OSError where the draft cannot be kept; then nothing was sent.
    """
    assert found.verdict is not None, "what is sent was judged"
    seen = found.at if draft.seen is None else draft.seen
    sent, answered = (msgspec.structs.replace(draft, seen=each) for each in (seen, None))
    # 1. The draft is kept with what it says it has seen. A crash after this line loses the answer, not the command:
    #    opened again it is found by its id, or sent again as the same bytes and recorded once.
    drafts.put(sent)
    try:
        receipt = await recorder.record(found.verdict.line, found.at)
    except SequenceConflict:
        drafts.put(answered)
        return Sent(answered)
    except StoreError as error:
        return Sent(sent, problem=str(error))
    # 2. The answer is known. A crash before this line leaves a draft that is found to be recorded when it is opened.
    if isinstance(receipt, Accepted):
        drafts.remove(draft.id)
        return Sent(None, receipt)
    drafts.put(answered)
    return Sent(answered, receipt)
