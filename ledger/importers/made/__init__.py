"""Made input: invented plans, projects, contracts and models, in the columns of the real files."""

from __future__ import annotations

from importlib import resources

_NYC_CAPITAL = {
    "it_budget_lines.csv": "it_budget_lines.csv",
    "it_commitments.csv": "it_commitments.csv",
    "alignment.csv": "alignment_made.csv",
    "objectives.csv": "objectives_made.csv",
}


def nyc_capital() -> dict[str, bytes]:
    """Return the IT plans of Harbour City, an invented town, under the names `nyc_capital.commands` knows them by."""
    return _read("nyc-capital", _NYC_CAPITAL)


def it_dashboard() -> dict[str, bytes]:
    """Return the projects and contracts of a Department of Tides and a Bureau of Maps, every special case once."""
    names = ("projects_2012.csv", "contracts_2012.csv")
    return _read("it-dashboard", dict(zip(names, names, strict=True)))


def model_catalogue() -> dict[str, bytes]:
    """Return four releases of a catalogue of models nobody ever trained."""
    names = ("model_catalogue_snapshots.csv", "model_catalogue_changes.csv")
    return _read("model-catalogue", dict(zip(names, names, strict=True)))


def gmpp() -> dict[str, bytes]:
    """Return five major projects of a government by the sea, in two years."""
    return _read("gmpp", {"gmpp_digital_2025_2026.csv": "gmpp_digital_2025_2026.csv"})


def _read(folder: str, files: dict[str, str]) -> dict[str, bytes]:
    kept = resources.files(__name__) / folder
    return {name: (kept / made).read_bytes() for name, made in files.items()}
