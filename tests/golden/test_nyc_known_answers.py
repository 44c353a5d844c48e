"""Thirteen published plans of New York City, imported and folded by hand, give the answers published with them.

The fold below reads the stored events with json and nothing of ours; the sums it is held against come from the CSVs.
"""

import asyncio
import csv
import json
from collections import Counter, defaultdict
from copy import deepcopy
from datetime import UTC, datetime
from fractions import Fraction
from itertools import groupby
from pathlib import Path

import pytest

from ledger.importers.nyc_capital import commands
from ledger.store import MemoryStore
from ledger.writer import Writer
from schemas.receipts import Accepted

DATA = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "nyc-capital"
PORTFOLIO = "nyc-it"
ORIGIN = f"{PORTFOLIO}-5f3a9c01"
FILES = {
    "it_budget_lines.csv": "it_budget_lines.csv",
    "it_commitments.csv": "it_commitments.csv",
    "alignment.csv": "alignment_made.csv",
    "objectives.csv": "objectives_made.csv",
}
NOW = datetime(2026, 11, 20, 16, tzinfo=UTC)
CENTS = 100


@pytest.fixture(scope="module")
def files():
    """Return the published files, or skip: they are not ours to ship with the source."""
    if not DATA.is_dir():
        pytest.skip("the published plans are kept beside the repository and are not here; nothing is wrong")
    return {name: (DATA / kept).read_bytes() for name, kept in FILES.items()}


@pytest.fixture(scope="module")
def lines(files):
    return list(commands(files, origin=ORIGIN, actor="importer"))


@pytest.fixture(scope="module")
def store(lines):
    """Return the store after one import, in which nothing was refused."""
    store = MemoryStore()
    receipts = send(store, [opening(), *lines])
    assert [receipt for receipt in receipts if not isinstance(receipt, Accepted)] == []
    return store


@pytest.fixture(scope="module")
def states(store):
    """Return what a plain fold knows after each plan, by plan."""
    return fold(json.loads(entry.payload) for entry in store.entries)


@pytest.fixture(scope="module")
def printed(files):
    """Return what each plan prints, summed from the CSVs alone, by plan."""
    return sum_up(table(files["it_budget_lines.csv"]), table(files["it_commitments.csv"]))


@pytest.fixture(scope="module")
def golden(files):
    return {row["plan"]: row for row in table((DATA / "golden_by_plan.csv").read_bytes())}


# What is known after each plan


def test_every_plan_of_the_files_goes_in_without_a_problem_or_a_refusal(lines, states, printed):
    assert all(type(line) is bytes for line in lines)
    assert list(states) == list(printed)
    assert len(states) == 13


@pytest.mark.parametrize("measure", ["approved", "funded", "spent", "open"])
def test_every_amount_of_every_plan_is_the_one_it_prints(states, printed, measure):
    for plan, state in states.items():
        assert not_zero(state[measure]) == not_zero(printed[plan][measure]), plan


def test_the_published_answers_hold(states, golden):
    assert list(golden) == ["2007-10", "2008-11", "2009-09", "2010-09", "2011-09", "2012-10"]
    for plan, row in golden.items():
        state = states[plan]
        funded = above_zero(state)
        largest = max(funded, key=lambda name: funded[name])
        by_line = Counter()
        for name, minor in funded.items():
            by_line[state["line_of"][name]] += minor
        assert len(funded) == int(row["funded_initiatives"]), plan
        assert sum(funded.values()) == int(row["approved_minor"]), plan
        assert f"{herfindahl(funded):.2f}" == row["hhi_initiative"], plan
        assert f"{herfindahl(by_line):.2f}" == row["hhi_envelope"], plan
        assert largest == row["top_initiative"].replace("/", "_"), plan
        assert round(Fraction(10_000 * funded[largest], sum(funded.values()))) == int(row["top_share_bp"]), plan
        assert sum(state["spent"].values()) == int(row["itd_expended_minor"]), plan
        assert sum(state["open"].values()) == int(row["contract_liability_minor"]), plan
        assert state["left"] == int(row["kills"]), plan
        assert state["proposed"] == int(row["proposed"]), plan


def test_after_2009_09_the_ledger_says_what_the_city_printed(states):
    state = states["2009-09"]
    funded = above_zero(state)
    assert (sum(funded.values()), len(funded)) == (2_394_602_000 * CENTS, 257)
    assert f"{herfindahl(funded):.2f}" == "3108.16"
    assert f"{100 * funded['858-DOITECTP_DP-2'] / sum(funded.values()):.2f}" == "54.52"
    assert sum(state["spent"].values()) == 3_613_291_340_02
    assert sum(state["open"].values()) == 450_388_412_60


def test_in_2012_10_the_net_is_below_what_is_above_zero(states):
    state = states["2012-10"]
    assert sum(state["approved"].values()) == 1_386_886_000 * CENTS
    assert sum(above_zero(state).values()) == 1_394_947_000 * CENTS


def test_what_leaves_a_plan_is_held_and_62_come_back(states):
    assert sum(state["back"] for state in states.values()) == 62
    assert {outcome for state in states.values() for outcome in state["outcomes"]} == {"hold", "go"}
    for state in states.values():
        assert all(state["approved"][name] == 0 for name in state["held"])


def test_nothing_is_free_and_nothing_is_over_from_2009_09_to_2014_10(states):
    """To the cent on every line; before and after, some lines are over their envelope, as the real plans are."""
    for plan, state in states.items():
        approved = Counter()
        for name, minor in not_zero(state["approved"]).items():
            approved[state["line_of"][name]] += minor
        funded = Counter()
        for (line, _), minor in state["funded"].items():
            funded[line] += minor
        free = {line: funded[line] - approved[line] for line in funded}
        if "2009-09" <= plan <= "2014-10":
            assert set(free.values()) == {0}, plan
            assert state["flags"] == set(), plan
        else:
            assert min(free.values()) < 0, plan
            assert state["flags"] == {"OVER_ENVELOPE"}, plan


def test_baselines_cost_what_was_approved_and_are_numbered_without_a_gap(states):
    for plan, state in states.items():
        for name, numbers in state["baselines"].items():
            assert numbers == list(range(1, len(numbers) + 1)), name
        for name, cost in state["baselined_now"].items():
            assert cost == state["approved"][name], (plan, name)


@pytest.mark.parametrize(
    ("plan", "drift", "orphan"),
    [("2007-10", "0.0454", "0.0454"), ("2008-11", "0.0893", "0.0478"), ("2009-09", "0.2588", "0.0353")],
)
def test_drift_and_orphan_share_with_the_made_alignment(states, plan, drift, orphan):
    state = states[plan]
    funded = above_zero(state)
    total = sum(funded.values())
    served = Counter()
    for name, minor in funded.items():
        for objective, share_bp in state["aligned"].get(name, {}).items():
            served[objective] += Fraction(minor * share_bp, 10_000)
    unserved = 1 - sum(served.values()) / total
    gaps = sum(abs(served[name] / total - Fraction(bp, 10_000)) for name, bp in state["weights"].items())
    assert f"{float((gaps + unserved) / 2):.4f}" == drift
    assert f"{float(unserved):.4f}" == orphan


# The same again


def test_importing_twice_changes_nothing(store, lines):
    before = list(store.entries)
    receipts = send(store, lines)
    assert store.entries == before
    assert all(isinstance(receipt, Accepted) for receipt in receipts)


@pytest.mark.parametrize("last_plan", ["2007-10", "2012-10", "2019-10"])
def test_earlier_plans_first_and_then_all_give_the_history_of_one_import(store, lines, files, last_plan):
    def up_to(data):
        header, *rows = data.splitlines(keepends=True)
        return header + b"".join(row for row in rows if row[:7].decode() <= last_plan)

    some = files | {name: up_to(files[name]) for name in ("it_budget_lines.csv", "it_commitments.csv")}
    continued = MemoryStore()
    send(continued, [opening(), *commands(some, origin=ORIGIN, actor="importer")])
    send(continued, lines)
    assert continued.entries == store.entries


def test_an_import_that_was_interrupted_goes_on_where_it_was(store, lines):
    interrupted = MemoryStore()
    send(interrupted, [opening(), *lines[:4_321]])
    send(interrupted, lines)
    assert interrupted.entries == store.entries


# The fold, with nothing of ours


def fold(events):
    state = {"approved": {}, "line_of": {}, "funded": Counter(), "spent": Counter(), "open": Counter()}
    state |= {"held": set(), "weights": {}, "aligned": {}, "baselines": defaultdict(list)}
    states = {}
    opened, *imported = events
    assert opened["type"] == "PortfolioOpened.v1"
    for plan, of_plan in groupby(imported, key=lambda event: event["recordedtime"][:7]):
        state |= {"left": 0, "back": 0, "proposed": 0, "outcomes": set(), "flags": set(), "baselined_now": {}}
        for event in of_plan:
            assert (event["recordedtime"], event["basis"]) == (f"{plan}-28T00:00:00Z", "imported")
            state["flags"] |= set(event.get("flags", "").split(",")) - {""}
            take(state, event["type"].removesuffix(".v1"), event["data"])
        states[plan] = deepcopy(state)
    return states


def take(state, kind, data):
    if kind == "ObjectivesSet":
        state["weights"] = {each["id"]: each["weight_bp"] for each in data["objectives"]}
    elif kind == "AlignmentDeclared":
        state["aligned"][data["initiative"]] = {each["objective"]: each["share_bp"] for each in data["contributions"]}
    elif kind == "EnvelopeFunded":
        state["funded"][data["envelope"], data["fiscal_period"]] += data["amount"]["minor"]
    elif kind == "InitiativeProposed":
        state["approved"][data["initiative"]] = 0
        state["proposed"] += 1
    elif kind == "FundingApproved":
        state["approved"][data["initiative"]] += data["amount"]["minor"]
        state["line_of"][data["initiative"]] = data["envelope"]
    elif kind == "GateDecided":
        left = data["outcome"] == "hold"
        state["left" if left else "back"] += 1
        (state["held"].add if left else state["held"].remove)(data["initiative"])
        state["outcomes"].add(data["outcome"])
    elif kind == "ActualPosted":
        state["spent"][data["envelope"]] += data["amount"]["minor"]
    elif kind == "CommitmentPosted":
        state["open"][data["envelope"]] += data["amount"]["minor"]
    else:
        assert kind == "BaselineSet"
        state["baselines"][data["initiative"]].append(data["number"])
        state["baselined_now"][data["initiative"]] = sum(part["amount"]["minor"] for part in data["cost"])


def not_zero(amounts):
    return {key: minor for key, minor in amounts.items() if minor}


def above_zero(state):
    return {name: minor for name, minor in state["approved"].items() if minor > 0}


def herfindahl(amounts):
    """Return the sum of squared shares in percent: 10,000 where one has everything."""
    total = sum(amounts.values())
    return float(sum(Fraction(100 * minor, total) ** 2 for minor in amounts.values()))


# The sums the fold is held against, from the CSVs alone


def table(data):
    return list(csv.DictReader(data.decode("utf-8-sig").splitlines()))


def sum_up(budget_lines, commitments):
    """Return what is printed. A line a plan does not print has spent what it had spent, and is funded with nothing."""
    printed = {}
    spent, still_open = {}, {}
    for plan in sorted({row["plan"] for row in budget_lines}):
        approved, funded = Counter(), Counter()
        for row in budget_lines:
            if row["plan"] != plan:
                continue
            line = row["budget_line"]
            spent[line] = both(row, "itd_expended_{}_cents")
            still_open[line] = both(row, "liability_{}_cents")
            for place in range(4):
                year = f"FY{int(row['plan_fy1']) + place}"
                funded[line, year] = 1000 * CENTS * both(row, f"plan_{{}}_k_y{place + 1}")
        for row in commitments:
            if row["plan"] == plan and not row["code"].startswith("IF"):
                name = f"{row['agency']}-{row['project_id']}_{row['budget_line']}"
                approved[name.replace(" ", "_")] += 1000 * CENTS * both(row, "{}_k")
        printed[plan] = {"approved": approved, "funded": funded, "spent": dict(spent), "open": dict(still_open)}
    return printed


def both(row, column):
    return sum(int(row[column.format(source)] or 0) for source in ("city", "noncity"))


def send(store, asked):
    """Return the receipts of commands, sent by a writer that has to catch up first."""
    return asyncio.run(Writer(PORTFOLIO, store, clock=lambda: NOW).submit_all(asked))


def opening():
    """Return the command that opens a historic portfolio."""
    return json.dumps(
        {
            "type": "OpenPortfolio.v1",
            "portfolio": ORIGIN,
            "commandid": "open",
            "actor": "ines",
            "subject": f"portfolio/{PORTFOLIO}",
            "time": "1970-01-01",
            "recordedtime": "1970-01-01T00:00:00Z",
            "data": {
                "portfolio": PORTFOLIO,
                "title": "New York City, information technology in the capital plan",
                "currency": "USD",
                "historic": True,
                "time_zone": "America/New_York",
                "fiscal_year_start": 7,
                "registrar": {"actor": "ines", "person": "p-ines"},
                "log_origin": ORIGIN,
            },
        }
    ).encode()
