"""What the output can show: how wide it is, and whether more than ASCII."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Mapping

PLAIN_WIDTH = 80
"""The width of what is no terminal, in cells."""


def width() -> int:
    """Return the width of the terminal in cells, 80 where the output is none."""
    return shutil.get_terminal_size((PLAIN_WIDTH, 24)).columns if sys.stdout.isatty() else PLAIN_WIDTH


def ascii_only(encoding: str | None, environment: Mapping[str, str] = os.environ) -> bool:
    """Say whether an output shows ASCII alone: by its encoding, and by the locale where one is set."""
    locale = next((value for name in ("LC_ALL", "LC_CTYPE", "LANG") if (value := environment.get(name))), "UTF-8")
    return not (_is_utf_8(encoding or "") and _is_utf_8(locale))


def _is_utf_8(name: str) -> bool:
    return name.lower().replace("-", "").endswith("utf8")
