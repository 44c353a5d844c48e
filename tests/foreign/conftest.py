"""Where the programs that are not ours are, for the tests of this folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.program import ROOT

FOREIGN = ROOT / ".foreign"


@pytest.fixture(scope="session")
def aics() -> Path:
    """The folder of the programs of an environment with aics-tlog and aics-witness."""
    programs = FOREIGN / "aics/bin"
    if not (programs / "aics-witness").exists():
        pytest.skip(
            "NOT INSTALLED: aics-tlog and aics-witness, which need a Python of 3.12 or later; see tests/foreign/install"
        )
    return programs
