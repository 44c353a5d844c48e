"""How often a terminal looks for circles of objects that nobody holds: while it does, nothing is drawn."""

from __future__ import annotations

import atexit
import gc

THRESHOLDS = (10_000, 10, 10)
"""A screen that is drawn makes thousands of objects, and few circles of them."""


def collect_seldom() -> None:
    """Look through what is made from now on alone, and not as often.

    What imports have made stays as long as the process does. A look through all of it takes a tenth of a second, at the
    start and again and again while one moves about.
    """
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)
    atexit.register(gc.unfreeze)  # what modules hold is let go of at the end, as they expect
