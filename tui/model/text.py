"""Clean text: what events say, made safe for a terminal.

Text from events is hostile. Control characters move cursors and set clipboards, bidirectional marks reorder what is
read, zero-width characters hide. Each becomes a token that can be seen, such as `<U+202E>`.
"""

from __future__ import annotations

import re
import unicodedata

from rich.cells import cell_len, set_cell_size

_SUSPECT = re.compile(r"[^\x20-\x7e]")
_HIDDEN_CATEGORIES = {"Cc", "Cf", "Co", "Cs", "Cn", "Zl", "Zp"}
_HIDDEN_LETTERS = {"\u034f", "\u115f", "\u1160", "\u17b4", "\u17b5", "\u2800", "\u3164", "\uffa0"}


def clean(text: str, width: int | None = None) -> str:
    """Return *text* with every character that is not plainly visible as a token, cut to *width* with an ellipsis.

    Units: width counts characters.
    """
    shown = _SUSPECT.sub(_token, text)
    if width is not None and len(shown) > width:
        return shown[: width - 1] + "…" if width > 0 else ""
    return shown


def fit(text: str, width: int, *, right: bool = False, ellipsis: str = "…") -> str:
    """Return a clean text in exactly *width* cells, cut with an ellipsis or filled with blanks. right: to the right.

    Units: cells of a terminal, of which some letters take two and some none.
    """
    cells = cell_len(text)
    if cells > width:
        return set_cell_size(text, width - 1) + ellipsis if width > 0 else ""
    blanks = " " * (width - cells)
    return blanks + text if right else text + blanks


def has_hidden(text: str) -> bool:
    """Say whether *text* holds characters that `clean` makes visible."""
    return clean(text) != text


def _token(match: re.Match[str]) -> str:
    character = match.group()
    hidden = unicodedata.category(character) in _HIDDEN_CATEGORIES or character in _HIDDEN_LETTERS
    code = ord(character)
    variation = 0xFE00 <= code <= 0xFE0F or 0xE0100 <= code <= 0xE01EF or 0x180B <= code <= 0x180F
    return f"<U+{ord(character):04X}>" if hidden or variation else character
