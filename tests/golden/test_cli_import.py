"""`portfolio import` of each published format: what it sums up, what it leaves out, and what is no use of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from ledger.importers import made
from tests.program import done, run

FORMATS: dict[str, tuple[Callable[[], dict[str, bytes]], int, int]] = {
    "it-dashboard": (made.it_dashboard, 43, 1),
    "model-catalogue": (made.model_catalogue, 15, 0),
    "gmpp": (made.gmpp, 20, 0),
}
DATES = ("1.9.0=2025-01-15", "1.10.0=2025-03-20", "1.11.0=2025-03-20", "1.20.0=2025-09-01")


def written(folder: Path, format: str) -> Path:
    """Write the made files of a format, and return what to import: a directory, or the one file of gmpp."""
    folder.mkdir()
    for name, content in FORMATS[format][0]().items():
        (folder / name).write_bytes(content)
        if format == "gmpp":
            return (folder / name).rename(folder / "downloaded.csv")
    return folder


@pytest.mark.parametrize("format", FORMATS)
def test_an_import_is_summed_up_and_running_it_again_changes_nothing(tmp_path: Path, format: str) -> None:
    data, path = tmp_path / "data", written(tmp_path / "files", format)
    commands, left_out = FORMATS[format][1:]
    done(data, "init", "city", "--currency", "USD", "--historic", "--time-zone", "America/New_York")
    first = run(data, "import", format, path, "--json")
    assert first.json == {
        "portfolio": "city",
        "commands": commands,
        "recorded": commands,
        "already_there": 0,
        "refused": 0,
        "left_out": left_out,
        "sequence": commands + 1,
    }
    assert first.err.count("before the start") == left_out
    again = run(data, "import", format, path, "--json")
    assert (first.code, again.code, again.err) == (0, 0, first.err)
    assert again.json == first.json | {"recorded": 0, "already_there": commands}


def test_releases_with_dates_are_recorded_on_them(tmp_path: Path) -> None:
    data, path = tmp_path / "data", written(tmp_path / "files", "model-catalogue")
    done(data, "init", "models", "--currency", "USD", "--historic")
    dated = [word for date in DATES for word in ("--recorded", date)]
    assert done(data, "import", "model-catalogue", path, *dated, "--json").json["refused"] == 0
    recorded = [each["recordedtime"][:10] for each in done(data, "log", "--json").receipts[1:]]
    assert recorded == ["2025-01-15"] * 5 + ["2025-03-20"] * 9 + ["2025-09-01"]


@pytest.mark.parametrize(
    ("asks", "told"),
    [
        (["gmpp", "FILES", "--recorded", "1.9.0=2025-01-15"], "--recorded is for model-catalogue, not for gmpp"),
        (["it-dashboard", "FILES", "--alignment", "a.csv"], "--alignment is for nyc-capital, not for it-dashboard"),
        (["model-catalogue", "FILES", "--recorded", "1.9.0"], "--recorded is 1.9.0; write a release and its date"),
        (["model-catalogue", "FILES", "--recorded", DATES[1]], "none is given for 1.9.0, 1.11.0, 1.20.0"),
        (["model-catalogue"], "model-catalogue is one directory, 0 were named"),
        (["gmpp", "one.csv", "two.csv"], "gmpp is one file, 2 were named"),
    ],
)
def test_what_is_no_use_of_it_is_told(tmp_path: Path, asks: list[str], told: str) -> None:
    data, path = tmp_path / "data", written(tmp_path / "files", "model-catalogue")
    done(data, "init", "models", "--currency", "USD", "--historic")
    ran = run(data, "import", *(str(path) if ask == "FILES" else ask for ask in asks))
    assert ran.code == 2
    assert told in ran.err
