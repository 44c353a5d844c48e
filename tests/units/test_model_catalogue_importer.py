"""Four releases of a catalogue of invented models become commands; what is odd is told by line."""

from collections import Counter
from datetime import date

import pytest

from ledger.importers import made
from ledger.importers.lines import Problem
from ledger.importers.model_catalogue import CHANGES, SNAPSHOTS, commands, model_id
from ledger.store import MemoryStore
from schemas.commands import Command, parse
from schemas.receipts import Accepted, Reason
from schemas.values import is_id
from tests.imports import ORIGIN, apart, edited, opening, send, stored

RECORDED = {
    "1.9.0": date(2025, 1, 15),
    "1.10.0": date(2025, 3, 20),
    "1.11.0": date(2025, 3, 20),
    "1.20.0": date(2025, 9, 1),
}
LONG = "gulfstream/eu-harbour-1/6-month-commitment/tidal.estuary-v2"


def said(files=None, **options):
    return list(commands(files or made.model_catalogue(), origin=ORIGIN, actor="importer", **options))


def imported(files=None, **options):
    return apart(said(files, **options))


def told_of(asked, name):
    """Return what is told of a model: the release, the change, and the day it ends."""
    return [
        (each["sourceref"].removeprefix("model-catalogue:"), each["data"]["change"], each["data"].get("effective_on"))
        for each in asked
        if each["data"]["name"] == name
    ]


# What the releases become


def test_five_models_and_ten_changes_become_15_commands():
    problems, asked = imported()
    assert problems == []
    assert {each["type"] for each in asked} == {"ChangeModelLifecycle.v1"}
    assert Counter(each["data"]["change"] for each in asked) == {
        "catalogued": 8,
        "retirement_announced": 2,
        "rescheduled": 1,
        "cancelled": 1,
        "price": 1,
        "withdrawn": 2,
    }


def test_every_command_is_one_an_outsider_may_send_under_an_id_of_its_own():
    lines = said()
    assert all(isinstance(parse(line), Command) for line in lines)
    assert len({parse(line).commandid for line in lines}) == len(lines)


@pytest.mark.parametrize("recorded", [None, RECORDED])
def test_the_ledger_takes_all_of_it_and_twice_is_once(recorded):
    lines, store = said(recorded=recorded), MemoryStore()
    receipts = send(store, [opening("USD", historic=recorded is not None), *lines])
    assert all(isinstance(receipt, Accepted) for receipt in receipts)
    before = list(store.entries)
    assert all(isinstance(receipt, Accepted) for receipt in send(store, lines))
    assert store.entries == before
    assert {event.get("flags") for event in stored(store)} == {None}


def test_a_change_says_what_the_model_is_called_and_when_it_ends():
    _, asked = imported(recorded=RECORDED)
    change = next(each for each in asked if each["data"]["change"] == "rescheduled")
    del change["commandid"]
    assert change == {
        "type": "ChangeModelLifecycle.v1",
        "portfolio": ORIGIN,
        "actor": "importer",
        "subject": "model/brine-mini-71c61b78",
        "time": "2025-03-20",
        "recordedtime": "2025-03-20T00:00:00Z",
        "sourceref": "model-catalogue:1.11.0",
        "data": {
            "model": "brine-mini-71c61b78",
            "name": "brine-mini",
            "provider": "saltworks",
            "change": "rescheduled",
            "effective_on": "2027-01-31",
            "source": "model catalogue, release 1.11.0",
        },
    }


def test_changes_go_in_by_release_and_not_by_the_text_of_its_number():
    _, asked = imported()
    releases = [each["sourceref"].removeprefix("model-catalogue:") for each in asked]
    assert list(dict.fromkeys(releases)) == ["1.9.0", "1.10.0", "1.11.0", "1.20.0"]
    assert Counter(releases) == {"1.9.0": 5, "1.10.0": 6, "1.11.0": 3, "1.20.0": 1}


def test_a_history_is_told_as_it_was_known():
    _, asked = imported()
    assert told_of(asked, "brine-mini") == [
        ("1.9.0", "catalogued", None),
        ("1.10.0", "retirement_announced", "2026-06-30"),
        ("1.11.0", "rescheduled", "2027-01-31"),
        ("1.20.0", "withdrawn", None),  # from the catalogue, which is not retired
    ]
    assert told_of(asked, "kelp-flash")[-1] == ("1.11.0", "cancelled", None)
    assert [change for _, change, _ in told_of(asked, LONG)] == ["catalogued", "withdrawn", "catalogued"]
    assert not any("stage" in each["data"] for each in asked)


def test_names_that_are_no_ids_keep_apart():
    _, asked = imported()
    ids = {each["data"]["name"]: each["data"]["model"] for each in asked}
    assert len(set(ids.values())) == len(ids) == 7
    assert all(is_id(name) for name in ids.values())
    assert ids["saltworks/brine-large:0"].rpartition("-")[0] == ids["saltworks/brine-large_0"].rpartition("-")[0]
    assert model_id(LONG) == "gulfstream_eu-harbour-1_6-month-commitment_tidal_estuar-cc44cd99"


def test_a_price_that_is_not_given_is_not_free():
    _, asked = imported()
    prices = {
        (each["data"]["change"], each["data"]["name"]): each["data"].get("prices")
        for each in asked
        if each["data"]["change"] in ("catalogued", "price")
    }
    assert prices["price", "kelp-flash"] == {"currency": "USD", "input_per_mtok": "0.05", "output_per_mtok": "0.2"}
    assert prices["catalogued", "brine-nano"] == {"currency": "USD", "output_per_mtok": "0.4"}
    assert prices["catalogued", LONG + ":1"] is None
    assert prices["catalogued", "kelp-flash"]["input_per_mtok"] == "0.004688"  # printed as 0.0046875


def test_without_dates_it_is_recorded_when_it_is_imported():
    _, asked = imported(since=date(2026, 1, 5))
    assert {(each["time"], each.get("recordedtime")) for each in asked} == {("2026-01-05", None)}


# The same again


def test_the_same_files_give_the_same_bytes():
    assert said() == said()
    assert said(recorded=RECORDED) == said(recorded=RECORDED)


def test_another_release_goes_in_after_what_is_there():
    files = made.model_catalogue()
    files[CHANGES] = b"".join(row for row in files[CHANGES].splitlines(keepends=True) if not row.startswith(b"1.20"))
    some, every = said(files, recorded=RECORDED), said(recorded=RECORDED)
    assert some == every[: len(some)]
    assert len(some) == len(every) - 1


def test_dates_are_for_every_release_and_run_forwards():
    with pytest.raises(ValueError, match=r"none is given for 1\.9\.0, 1\.11\.0, 1\.20\.0"):
        said(recorded={"1.10.0": date(2025, 3, 20)})
    with pytest.raises(ValueError, match=r"release 1\.20\.0 came after 1\.11\.0, and its date is before"):
        said(recorded=RECORDED | {"1.20.0": date(2025, 3, 19)})


def test_dates_are_for_a_historic_portfolio():
    store = MemoryStore()
    _, *receipts = send(store, [opening("USD", historic=False), *said(recorded=RECORDED)])
    assert {receipt.reason for receipt in receipts} == {Reason.RECORDED_TIME_STATED}


# What makes no sense is told by file, line, column and value

PRICE = "write dollars for a million tokens, such as 0.15"
ODD_CELLS = {
    "a price with a sign": (SNAPSHOTS, 3, "input_usd_per_mtok", "-3", PRICE),
    "a price with a unit": (CHANGES, 2, "to", "$1/0.4", PRICE),
    "one price": (CHANGES, 2, "to", "0.4", "write the prices of input and output, such as 15/60"),
    "no model": (SNAPSHOTS, 4, "model", "", "it must not be empty"),
    "no provider": (CHANGES, 4, "provider", " ", "it must not be empty"),
    "a release that is none": (SNAPSHOTS, 4, "catalogue_version", "", "write a release, such as 1.59.2"),
    "a change nobody knows": (
        *(CHANGES, 3, "change", "ModelRetired"),
        "write ModelCatalogued, ModelRetirementAnnounced, ModelRetirementRescheduled, ModelRetirementCancelled, "
        "ModelPriceChanged, ModelWithdrawn",
    ),
    "a retirement without a day": (CHANGES, 3, "to", "", "write a day, such as 2008-06-30"),
    "a day that is none": (CHANGES, 8, "to", "2027-02-29", "write a day, such as 2008-06-30"),
    "a retirement cancelled to a day": (
        *(CHANGES, 9, "to", "2027-01-31"),
        "what was cancelled has a day before and none after",
    ),
    "a release out of order": (
        *(CHANGES, 11, "previous_version", "1.9.0"),
        "the changes before are of 1.11.0; keep them in the order of the releases",
    ),
    "a model twice in a release": (
        SNAPSHOTS,
        4,
        "model",
        "brine-mini",
        "line 2 says this of it in 1.9.0 too, and counts",
    ),
}


@pytest.mark.parametrize("odd", ODD_CELLS)
def test_an_odd_cell_is_told_once_and_the_rest_goes_in(odd):
    file, line, column, value, why = ODD_CELLS[odd]
    problems, asked = imported(edited(made.model_catalogue(), file, line, **{column: value}))
    assert problems == [Problem(file, line, f"{column} is {value!r}: {why}")]
    assert len(asked) == 14
    every = imported()[1]
    assert [each for each in every if each in asked] == asked


def test_a_release_without_its_first_changes_is_told_row_by_row():
    files = made.model_catalogue()
    files[CHANGES] = b"".join(row for row in files[CHANGES].splitlines(keepends=True) if not row.startswith(b"1.10"))
    problems, asked = imported(files)
    assert [problem.line for problem in problems] == [2, 3, 4, 5]
    assert len(asked) == 5


def test_a_file_that_is_missing_is_told():
    files = made.model_catalogue()
    del files[SNAPSHOTS]
    assert imported(files) == ([Problem(SNAPSHOTS, 1, "the file is missing; nothing goes in without it")], [])
