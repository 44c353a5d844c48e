"""What several tests of faults share."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from ledger.access import opened
from ledger.settings import Settings
from tests.program import done, open_in, plans


@pytest.fixture(scope="session")
def imported(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A data directory with a portfolio of imported plans, whose server runs meanwhile."""
    folder = tmp_path_factory.mktemp("imported")
    with asyncio.Runner() as runner:
        access = opened(Settings(folder / "data", "p", "ana", None))
        runner.run(open_in(runner.run(access.__aenter__()), "p", "p-00000000"))
        done(folder / "data", "import", *plans(folder / "plans"))
        yield folder / "data"
        runner.run(access.__aexit__(None, None, None))
