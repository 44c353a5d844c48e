"""Made input: the IT plans of Harbour City, an invented town, in the columns of the real files."""

from __future__ import annotations

from importlib import resources

_FILES = {
    "it_budget_lines.csv": "it_budget_lines.csv",
    "it_commitments.csv": "it_commitments.csv",
    "alignment.csv": "alignment_made.csv",
    "objectives.csv": "objectives_made.csv",
}


def nyc_capital() -> dict[str, bytes]:
    """Return the made files under the names `nyc_capital.commands` knows them by."""
    folder = resources.files(__name__) / "nyc-capital"
    return {name: (folder / made).read_bytes() for name, made in _FILES.items()}
