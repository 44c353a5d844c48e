"""Five major projects of a government by the sea, in two years, become commands; what is odd is told by line."""

from collections import Counter

import pytest

from ledger.importers import made
from ledger.importers.gmpp import FILE, commands
from ledger.importers.lines import Problem
from ledger.store import MemoryStore
from schemas.commands import Command, parse
from schemas.receipts import Accepted
from tests.imports import ORIGIN, apart, edited, of, opening, send, stored

GAUGES, FOG, KEEPERS, MAP, BORDERS = (
    *("DT_0001_2324-Q1", "DT_0002_2324-Q2", "DT_0003_2223-Q4"),
    *("BM_0004_2526-Q1", "BM_0005_2122-Q3"),
)


def said(files=None, **options):
    return list(commands(files or made.gmpp(), origin=ORIGIN, actor="importer", **options))


def imported(files=None):
    return apart(said(files))


# What the years become


def test_five_projects_in_two_years_become_20_commands():
    problems, asked = imported()
    assert problems == []
    assert Counter((each["type"], each["time"][:4]) for each in asked) == {
        ("ProposeInitiative.v1", "2025"): 4,
        ("ProposeInitiative.v1", "2026"): 1,
        ("SetBaseline.v1", "2025"): 3,
        ("UpdateForecast.v1", "2026"): 3,
        ("RateAssurance.v1", "2025"): 4,
        ("RateAssurance.v1", "2026"): 4,
        ("AmendInitiative.v1", "2026"): 1,
    }


def test_every_command_is_one_an_outsider_may_send_under_an_id_of_its_own():
    lines = said()
    assert all(isinstance(parse(line), Command) for line in lines)
    assert len({parse(line).commandid for line in lines}) == len(lines)


@pytest.mark.parametrize("historic", [False, True])
def test_the_ledger_takes_all_of_it_and_twice_is_once(historic):
    lines, store = said(), MemoryStore()
    assert all(isinstance(receipt, Accepted) for receipt in send(store, [opening("GBP", historic=historic), *lines]))
    before = list(store.entries)
    assert all(isinstance(receipt, Accepted) for receipt in send(store, lines))
    assert store.entries == before
    assert {event.get("flags") for event in stored(store)} == {None}


def test_a_rating_says_of_what_day_it_is_and_is_recorded_when_it_is_imported():
    _, asked = imported()
    rating = next(each for each in asked if each["type"] == "RateAssurance.v1")
    del rating["commandid"]
    assert rating == {
        "type": "RateAssurance.v1",
        "portfolio": ORIGIN,
        "actor": "importer",
        "subject": f"initiative/{GAUGES}",
        "time": "2025-03-31",
        "sourceref": f"gmpp:2025/{GAUGES}",
        "data": {
            "initiative": GAUGES,
            "body": "GMPP",
            "scale": "three",
            "rating": "amber",
            "as_at": "2025-03-31",
        },
    }


def test_a_blank_is_not_rated_and_never_green():
    _, asked = imported()
    ratings = [each["rating"] for each in of(asked, "RateAssurance")]
    assert ratings == ["amber", "not_rated", "red", "not_rated", "green", "red", "not_rated", "not_rated"]


def test_a_whole_life_cost_is_the_baseline_of_one_year_and_the_forecast_of_the_next():
    _, asked = imported()
    (baseline,), (forecast,) = of(asked, "SetBaseline", GAUGES), of(asked, "UpdateForecast", GAUGES)
    assert baseline["cost"] == [{"period": "FY2025", "amount": {"minor": 12_050_000_000, "currency": "GBP"}}]
    assert forecast["as_of"] == "2026-03-31"
    assert forecast["estimate_to_complete"] == [
        {"period": "FY2026", "amount": {"minor": 13_125_000_000, "currency": "GBP"}}
    ]


def test_a_blank_cost_is_withheld_and_is_no_event():
    _, asked = imported()
    assert of(asked, "SetBaseline", FOG) == of(asked, "UpdateForecast", BORDERS) == []
    assert of(asked, "Propose", FOG)[0]["cost_estimate"] == [{"period": "FY2025", "cost": {"kind": "withheld"}}]
    assert "cost_estimate" not in of(asked, "Propose", GAUGES)[0]


def test_a_changed_category_moves_the_value_stream():
    _, asked = imported()
    assert of(asked, "Propose", GAUGES)[0]["value_stream"] == "ICT"
    assert of(asked, "AmendInitiative") == [
        {
            "initiative": GAUGES,
            "value_stream": "Infrastructure_and_Construction",
            "reason": "the category of 2026 is another than that of 2025",
        }
    ]


def test_what_is_not_listed_any_more_has_not_ended():
    _, asked = imported()
    assert [each["time"] for each in asked if each["subject"].endswith(KEEPERS)] == ["2025-03-31"] * 3
    assert not any(each["type"] == "DecideGate.v1" for each in asked)


def test_what_is_listed_later_is_proposed_then():
    _, asked = imported()
    of_the_map = [(each["type"], each["time"]) for each in asked if each["subject"].endswith(MAP)]
    assert of_the_map[0] == ("ProposeInitiative.v1", "2026-03-31")
    assert of(asked, "SetBaseline", MAP) == []


# The same again


def test_the_same_file_gives_the_same_bytes():
    assert said() == said()


def test_another_year_leaves_the_commands_of_the_first_as_they_are():
    later = edited(made.gmpp(), FILE, 2, wlc_gbp_m_2026="140", dca_2026="RED", category_2026="ICT")
    assert [each for each in said(later) if b'"time":"2025' in each] == [
        each for each in said() if b'"time":"2025' in each
    ]


# What makes no sense is told by line, column and value

ODD_CELLS = {
    "a cost with a grouping mark": ("wlc_gbp_m_2025", "1,200", "write millions, such as 29.535882"),
    "a cost below zero": ("wlc_gbp_m_2026", "-48", "it must not be below zero"),
    "a rating of another scale": (
        *("dca_2025", "AMBER/RED"),
        "write RED, AMBER or GREEN, or leave it empty where it was not rated",
    ),
    "no category": ("category_2026", "", "it must not be empty"),
    "no title": ("project", "", "it must not be empty"),
    "no department": ("department", "", "it must not be empty"),
    "an id that is taken": ("project_id", "DT 0001 2324-Q1", f"its id would be {GAUGES}, which is taken"),
}


@pytest.mark.parametrize("odd", ODD_CELLS)
def test_an_odd_cell_is_told_once_and_leaves_out_its_project(odd):
    column, value, why = ODD_CELLS[odd]
    problems, asked = imported(edited(made.gmpp(), FILE, 3, **{column: value}))
    assert problems == [Problem(FILE, 3, f"{column} is {value!r}: {why}")]
    assert asked == [each for each in imported()[1] if not each["subject"].endswith(FOG)]


def test_a_project_no_year_lists_is_told():
    nothing = dict.fromkeys(("category_2025", "wlc_gbp_m_2025", "dca_2025"), "")
    problems, _ = imported(edited(made.gmpp(), FILE, 4, **nothing))
    assert problems == [Problem(FILE, 4, f"project_id is '{KEEPERS}': no year lists it")]


def test_a_file_that_is_missing_is_told():
    problem = Problem(FILE, 1, "the file is missing; nothing goes in without it")
    assert apart(commands({}, origin=ORIGIN, actor="importer")) == ([problem], [])


def test_a_currency_without_cents_is_refused():
    with pytest.raises(ValueError, match="JPY has none"):
        said(currency="JPY")
