"""What holds for every test: none reads or writes what the user who runs them has."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ledger.settings import ENVIRONMENT


@pytest.fixture(autouse=True, scope="session")
def nobodys_ledger(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Let the program find an empty data directory and none of the settings of whoever runs the tests."""
    empty = tmp_path_factory.mktemp("nobodys-ledger")
    with pytest.MonkeyPatch.context() as environment:
        for name in ENVIRONMENT:
            environment.delenv(name, raising=False)
        environment.setenv("PORTFOLIO_DATA", str(empty))
        yield empty
