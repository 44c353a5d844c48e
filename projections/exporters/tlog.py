"""The log as files, complete: checkpoint, tiles and entry bundles of just that size, partial ones included.

What C2SP tlog-tiles asks a web server for, in a directory or a zip; made from the stream and compared with the root
that was signed, so that it owes nothing to the files the notary keeps.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ledger.notary.checkpoint import Checkpoint, parse_checkpoint
from ledger.notary.edge import Edge, File
from ledger.notary.note import parse_note
from ledger.notary.sealer import CHECKPOINT
from projections.exporters.evidence import ExportError

Keep = Callable[[Sequence[File]], None]


class TlogExport:
    """A log as its files are made. keep: takes the files as they become full, each once."""

    def __init__(self, note: bytes, keep: Keep) -> None:
        """Errors: NoteError where the note is no checkpoint."""
        self.checkpoint: Checkpoint = parse_checkpoint(parse_note(note).text)
        self._note, self._keep, self._edge = note, keep, Edge()

    def take(self, entries: Sequence[bytes]) -> None:
        """Take the entries that follow. Errors: ValueError where one is too long for a bundle."""
        self._keep(self._edge.extend(entries))

    def finish(self) -> None:
        """Make the files that are not full, and the checkpoint last. Errors: ExportError where its root is another."""
        if self._edge.size != self.checkpoint.size or self._edge.root() != self.checkpoint.root:
            raise ExportError(
                f"the first {self._edge.size} entries do not have the root that was signed at {self.checkpoint.size}: "
                "the stream, or the checkpoint, is another; see `portfolio verify`"
            )
        self._keep(self._edge.partial_files())
        self._keep([File(CHECKPOINT, self._note)])
