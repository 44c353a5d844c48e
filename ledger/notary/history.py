"""What was sealed of a stream, for whoever is about to write to it: on another history nothing is written.

A backup of the server that is put back has lost what was recorded since, and would take new events under the same
sequences: two histories, both signed in part. The head in the notary's register and the checkpoint in the directory
tell how far the stream once went, and its root then.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from ledger.notary.checkpoint import Checkpoint, parse_checkpoint
from ledger.notary.note import parse_note
from ledger.notary.sealer import CHECKPOINT, HEAD, Register
from ledger.notary.tlog import Frontier
from ledger.store import StoreError

NEXT = "nothing was written. Keep the data directory, and see `portfolio recover`"


class HistoryLost(StoreError):
    """The stream is not the one that was sealed: it ends too early, or says something else."""


class SealedHistory:
    """The checkpoints a stream must agree with. size: of the largest, in entries; 0 where nothing was sealed."""

    def __init__(self, portfolio: str, checkpoints: Iterable[Checkpoint] = ()) -> None:
        self._portfolio = portfolio
        self._known = list(checkpoints)
        self._sizes = {each.size for each in self._known}
        self.size = max(self._sizes, default=0)

    def check(self, frontier: Frontier) -> None:
        """Compare the root of a stream read so far, where it was sealed at just this size. Errors: HistoryLost."""
        if frontier.size not in self._sizes:
            return
        root = frontier.root()
        if any(each.size == frontier.size and each.root != root for each in self._known):
            raise HistoryLost(
                f"the stream of {self._portfolio} is not the one that was sealed at sequence {frontier.size}: an entry "
                f"was changed, or the stream was made anew; {NEXT}"
            )

    def check_end(self, size: int) -> None:
        """Compare how far a stream goes. Errors: HistoryLost."""
        if size < self.size:
            raise HistoryLost(
                f"the stream of {self._portfolio} ends at sequence {size}, and {self.size} were sealed: it lost "
                f"its end, or is an older backup; {NEXT}"
            )


async def sealed_history(portfolio: str, register: Register, directory: Path) -> SealedHistory:
    """Return what was sealed of a portfolio's stream, as the register and the directory know it.

    Errors: HistoryLost where one of them cannot be read; StoreError.
    """
    found = []
    head = (await register.get(HEAD)).value
    try:
        if head is not None:
            found.append(parse_checkpoint(head.decode()))
        if (directory / CHECKPOINT).exists():
            found.append(parse_checkpoint(parse_note((directory / CHECKPOINT).read_bytes()).text))
    except ValueError as error:
        raise HistoryLost(f"what was sealed of {portfolio} cannot be read: {error}; {NEXT}") from error
    return SealedHistory(portfolio, found)
