"""Windows of a few entries, so that a short history has many of them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from projections import windows
from projections.catalogue import definitions


@contextmanager
def windows_of(entries: int) -> Iterator[None]:
    """Let what is opened meanwhile have windows of so many entries."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(windows, "WINDOW_ENTRIES", entries)
        macro = definitions()["window_entries"]
        patch.setitem(definitions(), "window_entries", macro.replace("65536", str(entries)))
        yield
