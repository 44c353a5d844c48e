"""What several unit tests share: where to find other people's answers."""

from pathlib import Path

import pytest

VECTORS = Path(__file__).resolve().parents[2].parent / "shared" / "reference" / "vectors"


@pytest.fixture(scope="session")
def vectors():
    """Return the directory of published test vectors, or skip: they are not ours to ship with the source."""
    if not VECTORS.is_dir():
        pytest.skip("the published test vectors are kept beside the repository and are not here; nothing is wrong")
    return VECTORS
