"""The plans of Harbour City, an invented town, become the commands one would have sent; what is odd is told by line."""

import asyncio
import csv
import io
import json
from collections import Counter
from datetime import UTC, datetime

import pytest

from ledger.importers import commands as ndjson
from ledger.importers import made
from ledger.importers.lines import Problem, Row, read_rows
from ledger.importers.nyc_capital import commands
from ledger.store import MemoryStore
from ledger.writer import Writer
from schemas.commands import Command, parse
from schemas.receipts import Accepted

ORIGIN = "harbour-it-0a1b2c3d"
LINES, COMMITMENTS = "it_budget_lines.csv", "it_commitments.csv"
GPU_POOL = "410-GPUPOOL_HT-1"


def imported(files=None):
    """Return what the importer says of the made files: its problems, and its commands as JSON."""
    said = list(commands(files or made.nyc_capital(), origin=ORIGIN, actor="importer"))
    return [each for each in said if isinstance(each, Problem)], [
        json.loads(each) for each in said if type(each) is bytes
    ]


def of(asked, plan=None, kind=None, about=None):
    """Return the commands of a plan, a type and a subject."""
    return [
        each
        for each in asked
        if each["recordedtime"].startswith(plan or "")
        and each["type"].startswith(kind or "")
        and each["subject"].endswith(about or "")
    ]


def amounts(asked):
    """Return amounts in thousands, by what they are about."""
    return {each["subject"].partition("/")[2]: each["data"]["amount"]["minor"] / 100_000 for each in asked}


def edited(file, line, **cells):
    """Return the made files with cells of one line changed. Line 1 is the header."""
    files = made.nyc_capital()
    rows = list(csv.reader(io.StringIO(files[file].decode())))
    for column, value in cells.items():
        rows[line - 1][rows[0].index(column)] = value
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return files | {file: text.getvalue().encode()}


# What the plans become


def test_three_plans_of_fourteen_initiatives_become_153_commands():
    problems, asked = imported()
    assert problems == []
    assert Counter(each["type"] for each in asked) == {
        "SetObjectives.v1": 1,
        "FundEnvelope.v1": 32,
        "PostActual.v1": 12,
        "PostCommitment.v1": 12,
        "ProposeInitiative.v1": 14,
        "DeclareAlignment.v1": 11,
        "ApproveFunding.v1": 35,
        "DecideGate.v1": 3,
        "SetBaseline.v1": 33,
    }


def test_every_command_is_one_an_outsider_may_send():
    said = list(commands(made.nyc_capital(), origin=ORIGIN, actor="importer"))
    assert all(isinstance(parse(line), Command) for line in said)
    assert len({json.loads(line)["commandid"] for line in said}) == len(said)


def test_the_ledger_takes_all_of_it_and_flags_the_one_line_that_is_over_its_envelope():
    async def run():
        store = MemoryStore()
        writer = Writer("harbour-it", store, clock=lambda: datetime(2026, 1, 1, tzinfo=UTC))
        receipts = await writer.submit_all([opening(), *commands(made.nyc_capital(), origin=ORIGIN, actor="importer")])
        return receipts, [json.loads(entry.payload) for entry in store.entries]

    receipts, events = asyncio.run(run())
    assert all(isinstance(receipt, Accepted) for receipt in receipts)
    flagged = {(event["recordedtime"][:7], event["data"]["envelope"]) for event in events if "flags" in event}
    assert flagged == {("2025-10", "WK-7")}


def test_a_command_says_where_it_is_printed_and_when_it_was_known():
    _, asked = imported()
    (approval,) = of(asked, "2023-10", "ApproveFunding", GPU_POOL)
    del approval["commandid"]
    assert approval == {
        "type": "ApproveFunding.v1",
        "portfolio": ORIGIN,
        "actor": "importer",
        "subject": f"initiative/{GPU_POOL}",
        "time": "2023-08-31",
        "recordedtime": "2023-10-28T00:00:00Z",
        "sourceref": "nyc-capital:2023-10/hc23a:101",
        "data": {
            "initiative": GPU_POOL,
            "envelope": "HT-1",
            "kind": "initial",
            "amount": {"minor": 360000000, "currency": "USD"},
            "capex_opex": "capex",
        },
    }


def test_within_a_plan_what_is_lowered_goes_first_and_baselines_last():
    _, asked = imported()
    order = []
    for each in of(asked, "2024-10"):
        kind = each["type"].removesuffix(".v1")
        if kind == "ApproveFunding":
            kind = "lower" if each["data"]["amount"]["minor"] < 0 else "raise"
        if kind not in ("DeclareAlignment", "DecideGate") and order[-1:] != [kind]:
            order.append(kind)
    wanted = ["lower", "FundEnvelope", "PostActual", "PostCommitment", "ProposeInitiative", "raise", "SetBaseline"]
    assert order == wanted


def test_a_plan_says_only_what_changed():
    _, asked = imported()
    assert amounts(of(asked, "2024-10", "ApproveFunding")) == {
        GPU_POOL: -100,
        "440-SHIPWATCH_HT-2": -50,
        "420-LETTERS12_RS-20": -150,
        "430-POTHOLE_WK-7": -150,
        "440-DRONESAR_HT-2": -450,
        "420-PERMIT_AI_RS-20": -500,
        "410-LLMGATE_HT-1": 300,
        "410-DATACAT_HT-1": 400,
        "410-CALLTRIAGE_HT-2": 400,
        "420-ANSWERDESK_RS-20": 300,
        "420-BENEFITS_RS-20": 800,
        "430-LEAKEAR_WK-7": 700,
    }
    assert amounts(of(asked, "2024-10", "PostActual"))["HT-2"] == 2540
    assert amounts(of(asked, "2025-10", "PostCommitment"))["HT-2"] == -750
    years = [
        (each["data"]["fiscal_period"], each["data"]["amount"]["minor"] // 100_000)
        for each in of(asked, "2024-10", "FundEnvelope", "HT-1")
    ]
    assert years == [("FY2025", 1600), ("FY2026", 2000), ("FY2027", 300), ("FY2024", -3300)]


def test_what_leaves_the_plan_is_held_and_goes_on_when_it_is_back():
    _, asked = imported()
    gates = of(asked, kind="DecideGate", about="DRONESAR_HT-2")
    told = [(each["recordedtime"][:7], each["data"]["outcome"], each["data"]["reason"]) for each in gates]
    assert told == [("2024-10", "hold", "left the plan"), ("2025-10", "go", "back in the plan")]
    kinds = [each["data"]["kind"] for each in of(asked, kind="ApproveFunding", about="DRONESAR_HT-2")]
    assert kinds == ["initial", "reduction", "supplement"]


def test_transfers_between_funds_propose_and_do_not_fund():
    _, asked = imported()
    assert len(of(asked, "2023-10", about="DATACAT_HT-1")) == 2  # proposed and aligned
    (funded,) = of(asked, "2024-10", "ApproveFunding", "DATACAT_HT-1")
    assert funded["data"]["kind"] == "initial"
    (baseline,) = of(asked, "2024-10", "SetBaseline", "DATACAT_HT-1")
    assert baseline["data"]["number"] == 1


def test_a_baseline_is_split_by_fiscal_year_and_follows_only_a_finish_that_moved():
    _, asked = imported()
    first, second, third = (each["data"] for each in of(asked, kind="SetBaseline", about=GPU_POOL))
    assert (first["start"], first["finish"]) == ("2024-03-01", "2024-11-30")
    assert [(part["period"], part["amount"]["minor"]) for part in first["cost"]] == [
        ("FY2024", 240000000),
        ("FY2025", 120000000),
    ]
    assert (second["number"], second["finish"], third["number"]) == (2, "2025-09-30", 3)
    assert second["reason"] == "the planned finish moved from 2024-11-30 to 2025-09-30"
    assert of(asked, "2025-10", "SetBaseline", "TIDECAST_HT-2") == []
    assert of(asked, "2025-10", "ApproveFunding", "TIDECAST_HT-2") != []


def test_without_objectives_nothing_is_aligned_and_the_rest_is_the_same():
    files = {name: data for name, data in made.nyc_capital().items() if name in (LINES, COMMITMENTS)}
    _, plain = imported(files)
    _, aligned = imported()
    assert plain == [each for each in aligned if each["type"] not in ("SetObjectives.v1", "DeclareAlignment.v1")]


def test_what_begins_below_zero_is_proposed_first_and_lowered_before_anything_is_raised():
    _, asked = imported(edited(COMMITMENTS, 2, city_k="-9000"))
    approvals = [(each["data"]["kind"], each["subject"]) for each in of(asked, "2023-10", "ApproveFunding")]
    assert approvals[0] == ("reduction", f"initiative/{GPU_POOL}")
    assert [each["data"]["kind"] for each in of(asked, kind="ApproveFunding", about=GPU_POOL)] == [
        "reduction",
        "initial",
        "reduction",
    ]


# The same again


def test_the_same_files_give_the_same_bytes():
    once, again = (list(commands(made.nyc_capital(), origin=ORIGIN, actor="importer")) for _ in range(2))
    assert once == again


def test_a_byte_order_mark_and_other_line_ends_change_nothing():
    files = {name: b"\xef\xbb\xbf" + data.replace(b"\n", b"\r\n") for name, data in made.nyc_capital().items()}
    assert imported(files) == imported()


def test_rows_in_another_order_of_plans_say_the_same():
    files = made.nyc_capital()
    for name in (LINES, COMMITMENTS):
        header, *rows = files[name].splitlines(keepends=True)
        files[name] = header + b"".join(sorted(rows, key=lambda row: row[:4], reverse=True))
    assert imported(files) == imported()


def test_earlier_plans_alone_give_the_beginning_of_it():
    files = made.nyc_capital()
    for name in (LINES, COMMITMENTS):
        files[name] = b"".join(row for row in files[name].splitlines(keepends=True) if not row.startswith(b"2025"))
    _, some = imported(files)
    _, every = imported()
    assert some == every[: len(some)]
    assert 0 < len(some) < len(every)


# What makes no sense is told by file, line, column and value, and the rest goes in

MONTH = "write a month, such as 2008-06"
ODD_CELLS = {
    "an amount with a fraction": (COMMITMENTS, 16, "city_k", "12.5", "write a whole number"),
    "an amount with a grouping mark": (LINES, 7, "plan_city_k_y2", "1_500", "write a whole number"),
    "an amount beyond the ledger": (LINES, 7, "itd_expended_city_cents", "9" * 16, "more than the ledger can hold"),
    "a month that is none": (COMMITMENTS, 5, "planned_commit", "2024-13", MONTH),
    "a plan that is none": (COMMITMENTS, 5, "plan", "October 2023", MONTH),
    "a day that is none": (LINES, 8, "as_of", "2024-08-32", "write a day, such as 2008-06-30"),
    "a day unlike its plan's": (LINES, 8, "as_of", "2024-07-31", "other lines of plan 2024-10 are as of 2024-08-31"),
    "a year that is none": (LINES, 8, "plan_fy1", "FY2025", "write a year, such as 2008"),
    "another fiscal year": (COMMITMENTS, 6, "fy", "2023", "plan 2023-10 is of FY2024"),
    "another fiscal year of a line": (LINES, 6, "fy", "2026", "plan 2024-10 is of FY2025"),
    "a plan without budget lines": (COMMITMENTS, 2, "plan", "2022-10", f"{LINES} has no lines of it"),
    "a line the plan lacks": (COMMITMENTS, 15, "budget_line", "WK-8", f"{LINES} does not print it in plan 2023-10"),
    "a source of something else": (COMMITMENTS, 3, "src", "hc23a:101", "line 2 has it too, for something else"),
    "a source with a control character": (COMMITMENTS, 3, "src", "hc\t1", "it must not hold control characters"),
    "no title": (COMMITMENTS, 9, "project_title", "", "it must not be empty"),
    "a title without end": (COMMITMENTS, 9, "project_title", "x" * 301, "at most 300 characters"),
    "no agency": (LINES, 9, "fms", " ", "it must not be empty"),
    "an id that is taken": (
        *(COMMITMENTS, 38, "project_id", "PERMIT AI"),
        "its id would be 420-PERMIT_AI_RS-20, which is taken by 420 PERMIT/AI RS-20",
    ),
    "an objective nobody set": ("alignment.csv", 3, "objective", "calm", "objectives.csv sets safe, fair, lean"),
    "an objective twice": ("alignment.csv", 3, "objective", "lean", "it stands twice for HT-1"),
    "shares over the whole": ("alignment.csv", 3, "share_bp", "3001", "the shares of HT-1 sum to 10001, over 10000"),
    "a share that is none": ("alignment.csv", 3, "share_bp", "0", "write basis points, 1 to 10000"),
    "weights that fall short": (
        *("objectives.csv", 4, "weight_bp", "2499"),
        "the weights sum to 9999, not to 10000; no objectives are set and nothing is aligned",
    ),
}


@pytest.mark.parametrize("odd", ODD_CELLS)
def test_an_odd_cell_is_told_once_and_the_rest_goes_in(odd):
    file, line, column, value, why = ODD_CELLS[odd]
    problems, asked = imported(edited(file, line, **{column: value}))
    shown = value if len(value) <= 80 else value[:77] + "..."
    assert problems == [Problem(file, line, f"{column} is {shown!r}: {why}")]
    _, every = imported()
    untouched = "ANSWERDESK_RS-20"
    kinds = ("ProposeInitiative", "ApproveFunding", "SetBaseline")
    assert [of(asked, kind=kind, about=untouched) for kind in kinds] == [
        of(every, kind=kind, about=untouched) for kind in kinds
    ]


def test_an_objective_whose_name_is_no_id_leaves_the_weights_short():
    problems, asked = imported(edited("objectives.csv", 2, objective="safe harbour"))
    assert [problem.line for problem in problems] == [2, 4]
    assert problems[0].message == "objective is 'safe harbour': write letters, digits, hyphen and underscore, 1 to 64"
    assert of(asked, kind="SetObjectives") == of(asked, kind="DeclareAlignment") == []


def test_a_row_printed_twice_counts_once():
    files = made.nyc_capital()
    files[COMMITMENTS] += files[COMMITMENTS].splitlines(keepends=True)[1]
    files[LINES] += files[LINES].splitlines(keepends=True)[1]
    problems, asked = imported(files)
    assert problems == [
        Problem(LINES, 14, "budget_line is 'HT-1': it stands twice in plan 2023-10; the first row counts"),
        Problem(COMMITMENTS, 44, "src is 'hc23a:101': the row stands twice, first in line 2, which counts"),
    ]
    assert asked == imported()[1]


def test_an_initiative_with_a_row_that_cannot_be_read_stays_as_it_was():
    _, asked = imported(edited(COMMITMENTS, 17, city_k="two million"))
    assert of(asked, "2024-10", about=GPU_POOL) == []
    assert amounts(of(asked, "2025-10", "ApproveFunding"))[GPU_POOL] == 2600 - 3600


def test_a_line_with_a_row_that_cannot_be_read_stays_as_it_was():
    _, asked = imported(edited(LINES, 7, plan_noncity_k_y1="?"))
    assert of(asked, "2024-10", about="envelope/HT-2") == []
    assert amounts(of(asked, "2025-10", "PostActual"))["HT-2"] == 9140 - 2000


def test_shares_of_a_line_that_do_not_add_up_are_left_out_whole():
    _, asked = imported(edited("alignment.csv", 2, share_bp="7001"))
    assert of(asked, kind="DeclareAlignment", about=GPU_POOL) == []
    assert len(of(asked, kind="DeclareAlignment", about="_RS-20")) == 4


def test_nothing_is_approved_or_posted_before_a_line_was_funded():
    nothing = {f"plan_{source}_k_y{year}": "" for source in ("city", "noncity") for year in (1, 2, 3, 4)}
    problems, asked = imported(edited(LINES, 5, **nothing))
    assert problems == [
        Problem(LINES, 5, "budget_line is 'WK-7': it spends, and no plan has funded it yet"),
        Problem(COMMITMENTS, 15, "budget_line is 'WK-7': no plan has funded it yet; left out: 430-POTHOLE_WK-7"),
    ]
    assert amounts(of(asked, "2024-10", "PostActual"))["WK-7"] == 540
    assert amounts(of(asked, "2024-10", "ApproveFunding"))["430-POTHOLE_WK-7"] == 450


def test_a_plan_without_commitments_does_not_make_everything_leave():
    files = made.nyc_capital()
    files[COMMITMENTS] = b"".join(row for row in files[COMMITMENTS].splitlines(keepends=True) if row[:4] != b"2025")
    problems, asked = imported(files)
    assert problems == [Problem(LINES, 10, f"plan is '2025-10': {COMMITMENTS} has no rows of it; the plan is left out")]
    assert of(asked, "2025-10") == []


def test_a_file_that_is_missing_is_told():
    files = made.nyc_capital()
    del files[COMMITMENTS]
    assert imported(files) == ([Problem(COMMITMENTS, 1, "the file is missing; nothing goes in without it")], [])
    files = made.nyc_capital()
    del files["objectives.csv"]
    problems, asked = imported(files)
    assert problems == [Problem("alignment.csv", 1, "shares are of objectives; give objectives.csv too")]
    assert of(asked, kind="ProposeInitiative")


def test_a_currency_without_cents_is_refused():
    with pytest.raises(ValueError, match="JPY has none"):
        next(commands(made.nyc_capital(), origin=ORIGIN, actor="importer", currency="JPY"))


# Tables


def rows(data):
    """Return what a table of the columns a and b gives: cells and their line, or the problem."""
    return [(each.line, each.cells) if isinstance(each, Row) else each for each in read_rows("t.csv", data, ("a", "b"))]


@pytest.mark.parametrize(
    ("data", "read"),
    [
        (b"a,b\n1,2\n\n3,4", [(2, {"a": "1", "b": "2"}), (4, {"a": "3", "b": "4"})]),
        (b"b,c,a\r\n1,2,3\r\n", [(2, {"b": "1", "c": "2", "a": "3"})]),
        (b'a,b\n"1\nand more",2\n3,4\n', [(2, {"a": "1\nand more", "b": "2"}), (4, {"a": "3", "b": "4"})]),
        (b"a,b\n1\n3,4\n", [Problem("t.csv", 2, "the row has 1 columns, the header 2"), (3, {"a": "3", "b": "4"})]),
        (b"a,b\n1,2,3\n3,4", [Problem("t.csv", 2, "the row has 3 columns, the header 2"), (3, {"a": "3", "b": "4"})]),
        (
            b"a,b\n\xe9,2\n3,4\n",
            [Problem("t.csv", 2, "byte 1 of the line is 0xe9: not UTF-8"), (3, {"a": "3", "b": "4"})],
        ),
        (
            b'a,b\n"1,2\n3,4\n',
            [Problem("t.csv", 2, "the row is not CSV: unexpected end of data"), (3, {"a": "3", "b": "4"})],
        ),
        (b"a,c\n1,2\n", [Problem("t.csv", 1, "the header lacks b")]),
        (b"a,b,a\n1,2,3\n", [Problem("t.csv", 1, "the header has a twice")]),
        (b"", [Problem("t.csv", 1, "there is no header; expected the columns a, b")]),
    ],
)
def test_a_table_gives_its_rows_and_tells_those_that_are_none(data, read):
    assert rows(data) == read


def test_a_quote_that_was_never_closed_costs_one_row():
    """It swallows the rows up to the next quote; reading goes on right behind the line it began on."""
    read = rows(b'a,b\n"1,2\n3,4\n5,"six"\n7,8\n')
    assert isinstance(read[0], Problem)
    assert read[1:] == [(3, {"a": "3", "b": "4"}), (4, {"a": "5", "b": "six"}), (5, {"a": "7", "b": "8"})]


def test_lines_of_commands_keep_their_numbers():
    data = b'\xef\xbb\xbf{"a":1}\n\n  \r\n{"b":2}\r\nnot json'
    assert list(ndjson.commands(data)) == [(1, b'{"a":1}'), (4, b'{"b":2}'), (5, b"not json")]


def opening():
    """Return the command that opens a historic portfolio."""
    return json.dumps(
        {
            "type": "OpenPortfolio.v1",
            "portfolio": ORIGIN,
            "commandid": "open",
            "actor": "ines",
            "subject": "portfolio/harbour-it",
            "time": "1970-01-01",
            "recordedtime": "1970-01-01T00:00:00Z",
            "data": {
                "portfolio": "harbour-it",
                "title": "Harbour City, information technology",
                "currency": "USD",
                "historic": True,
                "time_zone": "UTC",
                "fiscal_year_start": 7,
                "registrar": {"actor": "ines", "person": "p-ines"},
                "log_origin": ORIGIN,
            },
        }
    ).encode()
