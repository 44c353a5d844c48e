"""Texts that the ledger holds as commitments, as a person reads them: the vault's text, or what became of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import NamedTuple

from schemas.values import Commitment

_IN_A_TABLE = re.compile(r"commitment:([0-9a-f]{64})")
"""How the tables of the replica hold a commitment."""


ReadText = Callable[[str], str | None]
"""A vault's text by its commitment, None where it has none."""


class KeptTexts(NamedTuple):
    """What is known of texts kept apart. erased: by commitment, the entry that says so. read: None for no vault."""

    erased: Mapping[str, int]
    read: ReadText | None = None

    def told(self, text: str | Commitment | None) -> str | None:
        """Return a text as it stands, or the vault's, or why there is none to be read."""
        if isinstance(text, Commitment):
            return self._of(text.commitment, f"vault {text.vault}")
        if text is not None and (found := _IN_A_TABLE.fullmatch(text)):
            return self._of(found[1], "a vault")
        return text

    def _of(self, commitment: str, vault: str) -> str:
        # A vault that still has what was erased does not bring it back: `portfolio vault` tells of it.
        if commitment in self.erased:
            return f"[erased by entry {self.erased[commitment]:,}]"
        if self.read is None:
            return f"[kept apart in {vault}, commitment {commitment[:12]}]"
        text = self.read(commitment)
        return "[not in this vault]" if text is None else text


NOTHING_KEPT = KeptTexts({})
