"""Columns: the way events become them has a name, and another way another one."""

from __future__ import annotations

import pytest

from projections import columns


def test_the_generation_that_is_written_down_is_that_of_the_columns() -> None:
    wanted = columns.generation()
    assert wanted == columns.GENERATION, f"columns changed: set GENERATION to {wanted} in projections/columns.py"


def test_another_way_to_fill_the_same_columns_has_another_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(columns, "SEGMENT_FORMAT", "of another day")
    assert columns.generation() != columns.GENERATION
