"""Seven projects and ten contracts of two invented agencies become commands; what is odd is told by line."""

from collections import Counter

import pytest

from ledger.importers import made
from ledger.importers.it_dashboard import CONTRACTS, PROJECTS, commands
from ledger.importers.lines import Problem
from ledger.store import MemoryStore
from schemas.commands import Command, parse
from schemas.receipts import Accepted
from tests.imports import ORIGIN, apart, edited, of, opening, send, stored

TIDES, PILOTS, COAST, MAPS = "041-000000001", "041-000000002", "042-000000003", "042-000000004"
PLANNED, EXPECTED = "Planned_Cost_($_M)", "Projected/Actual_Cost_($_M)"
AMOUNT = "Action_Obligation_Amount_(In_$_million)_(USAspending)"
BACKWARDS = Problem(
    PROJECTS,
    7,
    "Planned Project Completion Date (B2) is '2012-04-30T00:00:00Z': "
    "before the start, 2012-05-01; the baseline is left out",
)


def said(files=None, **options):
    return list(commands(files or made.it_dashboard(), origin=ORIGIN, actor="importer", **options))


def imported(files=None, **options):
    return apart(said(files, **options))


# What the rows become


def test_seven_projects_and_ten_contracts_become_43_commands():
    problems, asked = imported()
    assert problems == [BACKWARDS]
    assert Counter(each["type"] for each in asked) == {
        "ProposeInitiative.v1": 7,
        "FundEnvelope.v1": 9,
        "SetBaseline.v1": 5,
        "UpdateForecast.v1": 6,
        "PostCommitment.v1": 16,
    }


def test_every_command_is_one_an_outsider_may_send_under_an_id_of_its_own():
    lines = [line for line in said() if isinstance(line, bytes)]
    assert all(isinstance(parse(line), Command) for line in lines)
    assert len({parse(line).commandid for line in lines}) == len(lines)


@pytest.mark.parametrize("time_zone", ["UTC", "America/New_York", "Asia/Tokyo"])
def test_the_ledger_takes_all_of_it_and_flags_what_nobody_approved(time_zone):
    lines = [line for line in said(time_zone=time_zone) if isinstance(line, bytes)]
    store = MemoryStore()
    opened = opening("USD", historic=True).replace(b'"UTC"', f'"{time_zone}"'.encode())
    assert all(isinstance(receipt, Accepted) for receipt in send(store, [opened, *lines]))
    before = list(store.entries)
    assert all(isinstance(receipt, Accepted) for receipt in send(store, lines))
    assert store.entries == before
    flags = Counter((event["type"], event.get("flags")) for event in stored(store))
    assert flags["CommitmentPosted.v1", "OVER_APPROVED"] == 12
    assert {flag for _, flag in flags} == {None, "OVER_APPROVED"}


def test_a_commitment_says_where_it_is_printed_and_when_it_was_known():
    _, asked = imported()
    post = next(each for each in asked if each["type"] == "PostCommitment.v1" and each["data"]["commitment"] == "2")
    del post["commandid"]
    assert post == {
        "type": "PostCommitment.v1",
        "portfolio": ORIGIN,
        "actor": "importer",
        "subject": "initiative/999",
        "time": "2012-02-10",
        "recordedtime": "2012-03-01T10:00:00Z",  # the last update of the projects it is split over
        "sourceref": "it-dashboard:contract/2",
        "data": {
            "envelope": TIDES,
            "initiative": "999",
            "commitment": "2",
            "supplier": "WAVES & WINDS, INC.",
            "amount": {"minor": 17_500_025, "currency": "USD"},
            "period": "FY2012",
            "capex_opex": "capex",
            "source_doc": "4100:DT11A0001 under 4101:DT09B0007",
        },
    }


def test_rows_go_in_as_they_became_known_and_projects_of_one_instant_by_id():
    _, asked = imported()
    times = [each["recordedtime"] for each in asked]
    assert times == sorted(times)
    assert [each["initiative"] for each in of(asked, "Propose")] == [
        "2001",
        "2002",
        "999",
        "1002",
        "1003",
        "1001",
        "1005",
    ]
    at_once = [each["type"] for each in asked if each["recordedtime"] == "2012-01-15T08:00:00Z"]
    assert at_once[0] == "ProposeInitiative.v1"
    assert at_once[-2:] == ["PostCommitment.v1"] * 2  # on the instant of the last update, and after it


def test_a_project_without_figures_is_proposed_only():
    _, asked = imported()
    assert len([each for each in asked if each["sourceref"] == "it-dashboard:project/1003"]) == 1


def test_a_project_without_a_description_hopes_what_it_is_called():
    _, asked = imported()
    assert of(asked, "Propose", "/999")[0]["hypothesis"] == "Archive of 1911"
    assert of(asked, "Propose", "/1001")[0]["hypothesis"] == "Replace the tables,\nby hand until now, with a model."


def test_a_finish_is_of_the_project_where_given_and_else_of_the_first_baseline():
    _, asked = imported()
    assert of(asked, "SetBaseline", "/1001")[0]["finish"] == "2012-09-28"
    assert of(asked, "SetBaseline", "/1002")[0]["finish"] == "2012-09-30"
    assert of(asked, "SetBaseline", "/1002")[0]["cost"][0]["period"] == "FY2011"  # begins on its last day


def test_a_finish_before_the_start_leaves_out_the_baseline_and_nothing_else():
    _, asked = imported()
    assert of(asked, "SetBaseline", "/1005") == []
    assert of(asked, "UpdateForecast", "/1005")[0]["estimate_to_complete"][0]["amount"]["minor"] == 30_000_000
    assert of(asked, "PostCommitment", "/1005")[0]["amount"]["minor"] == -100_000


def test_an_expected_cost_of_zero_is_a_figure():
    _, asked = imported()
    (forecast,) = of(asked, "UpdateForecast", "/999")
    assert forecast["estimate_to_complete"] == [{"period": "FY2012", "amount": {"minor": 0, "currency": "USD"}}]


def test_planned_costs_stand_for_the_funding_of_an_investment_as_they_become_known():
    _, asked = imported()
    funded = of(asked, "FundEnvelope", TIDES)
    assert [(each["kind"], each["amount"]["minor"]) for each in funded] == [
        ("initial", 175_000_000),
        ("supplement", 175_000_000),
        ("supplement", 350_000_000),
    ]
    assert funded[0]["reason"] == "no funding is printed; the planned cost of project 999 stands for it"


def test_contracts_stand_for_the_funding_of_an_investment_without_projects():
    _, asked = imported()
    funded, posted = of(asked, "FundEnvelope", MAPS), of(asked, "PostCommitment", MAPS)
    assert [(each["kind"], each["amount"]["minor"]) for each in funded] == [
        ("initial", 250_000_000),
        ("supplement", 12),  # 12.5 cents, half-even
        ("reduction", -25_000_000),
    ]
    assert [each["amount"] for each in posted] == [each["amount"] for each in funded]
    assert funded[0]["reason"] == "no funding is printed; the contract of line 9 stands for it"


def test_an_envelope_stays_in_the_value_stream_it_began_in():
    _, asked = imported()
    assert {each["value_stream"] for each in of(asked, "FundEnvelope", COAST)} == {"042"}
    assert of(asked, "Propose", "/2002")[0]["value_stream"] == "041"


def test_a_contract_is_split_by_planned_cost_to_the_cent():
    _, asked = imported()
    shares = {each["initiative"]: each["amount"]["minor"] for each in of(asked, "Post") if each["commitment"] == "2"}
    assert shares == {"999": 17_500_025, "1002": 17_500_025, "1001": 35_000_050}
    assert sum(shares.values()) == 70_000_100
    (cent,) = (each for each in of(asked, "Post") if each["commitment"] == "6")
    assert (cent["initiative"], cent["amount"]["minor"]) == ("1001", 1)
    assert "supplier" not in cent
    assert cent["source_doc"] == "DT11A0003"


def test_a_contract_without_an_amount_is_not_known_and_not_zero():
    problems, asked = imported()
    assert "5" not in {each["commitment"] for each in of(asked, "Post")}
    assert [problem for problem in problems if problem.file == CONTRACTS] == []


def test_repeats_are_posted_as_printed_for_a_control_to_find():
    _, asked = imported()
    documents = {each["commitment"]: each["source_doc"] for each in of(asked, "Post")}
    assert documents["2"] == documents["3"] != documents["4"]


def test_amounts_may_be_written_with_an_exponent():
    _, asked = imported()
    assert [each["amount"]["minor"] for each in of(asked, "Post") if each["commitment"] == "8"] == [7_500, 7_500]


# The same again


def test_the_same_files_give_the_same_bytes():
    assert said() == said()


def test_rows_of_projects_in_another_order_say_the_same():
    files = made.it_dashboard()
    header, rows = files[PROJECTS].split(b"\n", 1)
    first, rest = rows[: rows.index(b"\n041-000000001,1,041,Department of Tides,Tide Tables,1002") + 1], rows
    files[PROJECTS] = header + b"\n" + rest.removeprefix(first) + first
    assert imported(files)[1] == imported()[1]


# What makes no sense is told by file, line, column and value

MILLIONS = "write millions, such as 29.535882"
INSTANT = "write an instant, such as 2012-02-29 09:51:39"
ODD_CELLS = {
    "a cost with a grouping mark": (PROJECTS, 7, PLANNED, "1,000", MILLIONS),
    "a cost that is no number": (PROJECTS, 7, EXPECTED, "NaN", MILLIONS),
    "a cost below zero": (PROJECTS, 7, PLANNED, "-1", "it must not be below zero"),
    "a cost beyond the ledger": (PROJECTS, 7, PLANNED, "1e12", "more than the ledger can hold"),
    "an update that is none": (PROJECTS, 7, "Updated_Date", "2012-06-31T00:00:00Z", INSTANT),
    "a start that is none": (PROJECTS, 7, "Start_Date", "05/01/2012", INSTANT),
    "no name": (PROJECTS, 7, "Project_Name", "", "it must not be empty"),
    "an id that is taken": (
        *(PROJECTS, 7, "Project_ID", "10,02"),
        "its id would be 1002, which is taken; the first row counts",
    ),
    "an amount with a unit": (CONTRACTS, 7, AMOUNT, "$1M", MILLIONS),
    "an amount of nothing": (
        *(CONTRACTS, 7, AMOUNT, "0.000"),
        "a contract commits something; leave it empty where it is not known",
    ),
    "a timestamp that is none": (CONTRACTS, 7, "Timestamp_(Contract)", "2012-04-03", INSTANT),
    "a start of a contract that is none": (
        *(CONTRACTS, 7, "Contract_Start_Date_(USAspending)", "30/09/2012"),
        "write a day, such as 01/27/2011",
    ),
    "a vendor with a control character": (
        *(CONTRACTS, 7, "Vendor_Name_(USAspending)", "WAVES\x07WINDS"),
        "it must not hold control characters",
    ),
    "no number": (CONTRACTS, 7, "Contract_Number_(PIID)", " ", "it must not be empty"),
}


@pytest.mark.parametrize("odd", ODD_CELLS)
def test_an_odd_cell_is_told_once_and_the_rest_goes_in(odd):
    file, line, column, value, why = ODD_CELLS[odd]
    problems, asked = imported(edited(made.it_dashboard(), file, line, **{column: value}))
    told = Problem(file, line, f"{column.replace('_', ' ')} is {value!r}: {why}")
    waiting = Problem(
        CONTRACTS,
        7,
        f"Unique Investment Identifier is '{PILOTS}': "
        f"{PROJECTS}, line 7, could not be read, so its contracts cannot be split",
    )
    assert problems == ([told, waiting] if file == PROJECTS else [BACKWARDS, told])
    assert of(asked, about=TIDES) == of(imported()[1], about=TIDES)
    assert not of(asked, "PostCommitment", "/1005")


def test_a_file_that_is_missing_is_told():
    files = made.it_dashboard()
    del files[CONTRACTS]
    assert imported(files) == ([Problem(CONTRACTS, 1, "the file is missing; nothing goes in without it")], [])


def test_a_currency_without_cents_is_refused():
    with pytest.raises(ValueError, match="JPY has none"):
        next(commands(made.it_dashboard(), origin=ORIGIN, actor="importer", currency="JPY"))
