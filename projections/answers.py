"""The answers to questions asked lately, so that going back and forth in a history asks each once.

An answer holds until the replica takes something in. What is kept is given as new rows each time, so that whoever has
one may change it.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Hashable, Sequence
from typing import Any

MOST_ANSWERS, MOST_ROWS = 256, 512
"""How many answers are kept, and how many rows one may have: a few megabytes at most."""

Rows = list[dict[str, Any]]


class Answers:
    """Rows by question. Several threads may ask and keep at once."""

    def __init__(self) -> None:
        self._kept: OrderedDict[Hashable, Rows] = OrderedDict()
        self._lock = threading.Lock()
        self._age = 0

    def key(self, query: str, parameters: Sequence[Any]) -> tuple[Hashable, int] | None:
        """Return what an answer is kept under, and as of when it holds; None where it cannot be kept."""
        key = (query, *parameters)
        try:
            hash(key)
        except TypeError:  # a list of things
            return None
        return key, self._age

    def get(self, key: tuple[Hashable, int] | None) -> Rows | None:
        """Return the rows kept under a key, None where there are none."""
        with self._lock:
            rows = None if key is None else self._kept.get(key[0])
            if key is None or rows is None:
                return None
            self._kept.move_to_end(key[0])
            return [dict(row) for row in rows]

    def keep(self, key: tuple[Hashable, int] | None, rows: Rows) -> None:
        """Keep rows, unless something was taken in since they were asked for."""
        if key is None or len(rows) > MOST_ROWS:
            return
        with self._lock:
            if key[1] == self._age:
                self._kept[key[0]] = [dict(row) for row in rows]
                while len(self._kept) > MOST_ANSWERS:
                    self._kept.popitem(last=False)

    def clear(self) -> None:
        """Forget everything: something was taken in."""
        with self._lock:
            self._age += 1
            self._kept.clear()
