"""A program that looks seldom for circles of objects ends as quietly as any other."""

from __future__ import annotations

import subprocess
import sys

ENDS = """
import duckdb, gc
from tui.collecting import THRESHOLDS, collect_seldom
collect_seldom()
assert gc.get_freeze_count() > 1_000 and gc.get_threshold() == THRESHOLDS
duckdb.connect().execute("select 1").fetchall()
"""


def test_nothing_is_said_to_be_lost_at_the_end() -> None:
    ended = subprocess.run([sys.executable, "-c", ENDS], capture_output=True, text=True, check=True)
    assert (ended.stdout, ended.stderr) == ("", "")
