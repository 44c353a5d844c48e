"""Published records, imported and folded by hand, give the answers that are known of them.

The folds below read the stored events with json and nothing of ours; what they are held against was counted in the
published files, once from the printed tables and once here from the CSVs.
"""

import csv
import io
import re
from collections import Counter, defaultdict
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import pytest

from ledger.importers import gmpp, it_dashboard, model_catalogue
from ledger.store import MemoryStore
from schemas.receipts import Accepted
from tests.imports import ORIGIN, apart, opening, send, stored

DATA = Path(__file__).resolve().parents[2].parent / "shared" / "data"
CENTS, CENTS_IN_A_MILLION = 100, 100_000_000
OPTIONS = {"origin": ORIGIN, "actor": "importer"}


class Imported:
    """One import of a published set: what could not be read, and the events as plain JSON."""

    def __init__(self, module, folder, names, currency, *, historic, **options):
        if not (DATA / folder).is_dir():
            pytest.skip("the published records are kept beside the repository and are not here; nothing is wrong")
        self.files = {name: (DATA / folder / name).read_bytes() for name in names}
        said = list(module.commands(self.files, **OPTIONS, **options))
        self.problems, _ = apart(said)
        self.lines = [each for each in said if isinstance(each, bytes)]
        self.store = MemoryStore()
        receipts = send(self.store, [opening(currency, historic=historic), *self.lines])
        self.refused = [receipt for receipt in receipts if not isinstance(receipt, Accepted)]
        self.events = stored(self.store)

    def data(self, kind):
        """Return what the events of a type say, in their order."""
        return [event["data"] for event in self.events if event["type"] == f"{kind}.v1"]

    def table(self, name):
        return list(csv.DictReader(io.StringIO(self.files[name].decode("utf-8-sig"))))


@pytest.fixture(scope="module")
def dashboard():
    return Imported(it_dashboard, "it-dashboard", (it_dashboard.PROJECTS, it_dashboard.CONTRACTS), "USD", historic=True)


@pytest.fixture(scope="module")
def catalogue():
    names = (model_catalogue.SNAPSHOTS, model_catalogue.CHANGES)
    return Imported(model_catalogue, "model-catalogue", names, "USD", historic=False)


@pytest.fixture(scope="module")
def projects():
    return Imported(gmpp, "gmpp", (gmpp.FILE,), "GBP", historic=False)


@pytest.mark.parametrize("name", ["dashboard", "catalogue", "projects"])
def test_nothing_is_refused_and_importing_twice_changes_nothing(name, request):
    imported = request.getfixturevalue(name)
    assert imported.refused == []
    assert len(imported.events) == len(imported.lines)
    before = list(imported.store.entries)
    assert all(isinstance(receipt, Accepted) for receipt in send(imported.store, imported.lines))
    assert imported.store.entries == before


# it-dashboard


def test_dashboard_2467_initiatives_of_599_investments(dashboard):
    proposed = [each["initiative"] for each in dashboard.data("InitiativeProposed")]
    assert len(proposed) == len(set(proposed)) == 2_467
    planned = {each["envelope"] for each in dashboard.data("EnvelopeFunded") if "planned cost" in each["reason"]}
    assert len(planned) == 599
    assert planned == {row["Unique Investment Identifier"] for row in dashboard.table(it_dashboard.PROJECTS)}


def test_dashboard_is_known_in_the_order_it_was_updated(dashboard):
    recorded = [event["recordedtime"] for event in dashboard.events]
    assert recorded == sorted(recorded)
    proposed = [
        (event["recordedtime"], int(event["data"]["initiative"]))
        for event in dashboard.events
        if event["type"] == "InitiativeProposed.v1"
    ]
    assert proposed == sorted(proposed)
    printed = {
        int(row["Project ID"].replace(",", "")): row["Updated Date"] for row in dashboard.table(it_dashboard.PROJECTS)
    }
    assert {name: at for at, name in proposed} == printed


def test_dashboard_17_projects_without_figures_are_proposed_only(dashboard):
    said = Counter(event["sourceref"] for event in dashboard.events if ":project/" in event["sourceref"])
    assert Counter(said.values())[1] == 17


def test_dashboard_30_finishes_before_the_start_are_reported_and_have_no_baseline(dashboard):
    assert len(dashboard.problems) == 30
    assert all("before the start" in problem.message for problem in dashboard.problems)
    forecast = {each["initiative"] for each in dashboard.data("ForecastUpdated")}
    baselined = {each["initiative"] for each in dashboard.data("BaselineSet")}
    assert (len(forecast), len(baselined), len(forecast - baselined)) == (2_450, 2_420, 30)
    assert all(each["start"] <= each["finish"] for each in dashboard.data("BaselineSet"))


def test_dashboard_commitments_sum_to_the_printed_dollar(dashboard):
    posted = dashboard.data("CommitmentPosted")
    assert sum(each["amount"]["minor"] for each in posted) == 85_891_660_275_00
    assert len({each["commitment"] for each in posted}) == 2_273
    assert len(dashboard.table(it_dashboard.CONTRACTS)) == 3_893


def test_dashboard_251_contracts_have_no_project_and_stand_on_their_envelope(dashboard):
    alone = [each for each in dashboard.data("CommitmentPosted") if "initiative" not in each]
    assert len(alone) == len({each["commitment"] for each in alone}) == 251
    assert sum(each["amount"]["minor"] for each in alone) == 21_561_019_374_00


def test_dashboard_repeats_of_an_amount_under_one_number_are_posted_as_printed(dashboard):
    """A contract number and a vehicle's, each with its agency. Nine more repeat once the spaces around them go."""
    amounts, documents = Counter(), {}
    for each in dashboard.data("CommitmentPosted"):
        amounts[each["commitment"]] += each["amount"]["minor"]
        documents[each["commitment"]] = each["source_doc"]
    assert repeats(amounts, documents) == (219, 30_809_548_779_00)
    trimmed = {contract: re.sub(r" ?: ?| +under +", "|", document.strip()) for contract, document in documents.items()}
    assert repeats(amounts, trimmed) == (228, 31_351_692_622_00)


def repeats(amounts, documents):
    """Return how many contracts say an amount under a number that was said under it before, and how much."""
    seen, again = set(), []
    for contract in sorted(amounts, key=int):
        key = documents[contract], amounts[contract]
        again += [amounts[contract]] if key in seen else []
        seen.add(key)
    return len(again), sum(again)


def test_dashboard_every_contract_is_whole_and_split_by_planned_cost(dashboard):
    planned = defaultdict(dict)
    for row in dashboard.table(it_dashboard.PROJECTS):
        if row["Planned Cost ($ M)"]:
            cost = Decimal(row["Planned Cost ($ M)"])
            planned[row["Unique Investment Identifier"]][row["Project ID"].replace(",", "")] = cost
    shares = defaultdict(dict)
    for each in dashboard.data("CommitmentPosted"):
        shares[each["commitment"]][each.get("initiative")] = each["amount"]["minor"]
    for line, row in enumerate(dashboard.table(it_dashboard.CONTRACTS), start=2):
        printed = row["Action Obligation Amount (In $ million) (USAspending)"]
        split = shares.pop(str(line), {})
        assert sum(split.values()) == Decimal(printed or 0) * CENTS_IN_A_MILLION, line
        costs = planned[row["Unique Investment Identifier"]]
        for initiative, minor in split.items():
            if initiative is not None:
                exact = Decimal(printed) * CENTS_IN_A_MILLION * costs[initiative] / sum(costs.values())
                assert abs(minor - exact) < 1, (line, initiative)
    assert shares == {}


def test_dashboard_an_envelope_is_funded_with_what_was_planned_or_else_committed(dashboard):
    funded, committed = Counter(), Counter()
    for each in dashboard.data("EnvelopeFunded"):
        funded[each["envelope"]] += each["amount"]["minor"]
    for each in dashboard.data("CommitmentPosted"):
        if "initiative" not in each:
            committed[each["envelope"]] += each["amount"]["minor"]
    wanted = Counter()
    for row in dashboard.table(it_dashboard.PROJECTS):
        wanted[row["Unique Investment Identifier"]] += int(Decimal(row["Planned Cost ($ M)"] or 0) * CENTS_IN_A_MILLION)
    assert funded == wanted | committed
    assert len(committed) == 87
    assert dashboard.data("FundingApproved") == []
    assert {event.get("flags") for event in dashboard.events} == {None, "OVER_APPROVED"}


def test_dashboard_cost_variance_is_planned_less_projected_in_1202_of_1203_rows(dashboard):
    planned = {each["initiative"]: minor_of(each["cost"]) for each in dashboard.data("BaselineSet")}
    funded = {  # where a finish before its start left out the baseline
        re.search(r"project (\d+)", each["reason"])[1]: each["amount"]["minor"]
        for each in dashboard.data("EnvelopeFunded")
        if "planned cost" in each["reason"]
    }
    expected = {
        each["initiative"]: minor_of(each["estimate_to_complete"]) for each in dashboard.data("ForecastUpdated")
    }
    assert planned.items() <= funded.items()
    agrees = Counter()
    for row in dashboard.table(it_dashboard.PROJECTS):
        if printed := Decimal(row["Cost Variance ($ M)"] or 0):
            name = row["Project ID"].replace(",", "")
            agrees[funded[name] - expected[name] == printed * CENTS_IN_A_MILLION] += 1
    assert agrees == {True: 1_202, False: 1}


# model-catalogue


def test_catalogue_every_change_of_every_release(catalogue):
    assert catalogue.problems == []
    first, later = catalogue.events[:308], catalogue.events[308:]
    assert {(each["data"]["change"], each["sourceref"]) for each in first} == {("catalogued", "model-catalogue:1.53.8")}
    assert Counter(each["data"]["change"] for each in later) == {
        "retirement_announced": 521,
        "rescheduled": 30,
        "cancelled": 3,
        "price": 142,
        "catalogued": 1_111,
        "withdrawn": 267,
    }


def test_catalogue_changes_stand_in_the_order_of_the_file(catalogue):
    rows = catalogue.table(model_catalogue.CHANGES)
    told = [(each["sourceref"], each["data"]["name"], each["data"]["provider"]) for each in catalogue.events[308:]]
    assert told == [("model-catalogue:" + row["seen_in_version"], row["model"], row["provider"]) for row in rows]
    releases = list(dict.fromkeys(event["sourceref"] for event in catalogue.events))
    assert len(releases) == 11
    assert releases != sorted(releases)


def test_catalogue_1413_names_of_which_1240_are_no_ids_and_two_collide(catalogue):
    ids = {each["name"]: each["model"] for each in catalogue.data("ModelLifecycleChanged")}
    assert len(ids) == len(set(ids.values())) == 1_413
    assert sum(re.fullmatch(r"[A-Za-z0-9_-]{1,64}", name) is None for name in ids) == 1_240
    alike = Counter(re.sub(r"[^A-Za-z0-9_-]", "_", name) for name in ids)
    assert [(name, count) for name, count in alike.items() if count > 1] == [("cohere_embed-v4_0", 2)]


def test_catalogue_folded_to_each_release_is_the_release_as_printed(catalogue):
    """Names, prices and days of retirement of all eleven releases, from the changes alone."""
    printed = defaultdict(dict)
    for row in catalogue.table(model_catalogue.SNAPSHOTS):
        prices = tuple(in_millionths(row[column]) for column in ("input_usd_per_mtok", "output_usd_per_mtok"))
        printed[row["catalogue_version"]][row["model"]] = (prices, row["deprecation_date"])
    state, releases = {}, []
    for event, after in pairwise([*catalogue.events, None]):
        said, name = event["data"], event["data"]["name"]
        prices, ends = state.get(name, (("", ""), ""))
        if said["change"] in ("catalogued", "price"):
            given = said.get("prices", {})
            prices = given.get("input_per_mtok", ""), given.get("output_per_mtok", "")
        if said["change"] == "withdrawn":
            del state[name]
        else:
            ends = "" if said["change"] == "cancelled" else said.get("effective_on", ends)
            state[name] = (prices, ends)
        if after is None or after["sourceref"] != event["sourceref"]:
            release = event["sourceref"].removeprefix("model-catalogue:")
            releases.append(release)
            assert state.keys() == printed[release].keys(), release
            assert state == printed[release], release
    assert releases == list(printed)


def test_catalogue_a_day_a_model_ends_is_not_the_day_it_was_told(catalogue):
    told = [
        (each["change"], each.get("effective_on"), each["source"].rpartition(" ")[2])
        for each in catalogue.data("ModelLifecycleChanged")
        if each["name"] == "claude-3-opus-20240229"
    ]
    assert told == [
        ("catalogued", None, "1.53.8"),
        ("retirement_announced", "2025-03-01", "1.65.0"),
        ("rescheduled", "2026-05-01", "1.80.0"),
        ("withdrawn", None, "1.104.2"),
    ]


# gmpp


def test_projects_59_and_50_of_which_48_are_in_both(projects):
    assert projects.problems == []
    rated = defaultdict(set)
    for each in projects.data("AssuranceRated"):
        rated[each["as_at"]].add(each["initiative"])
    before, after = rated["2025-03-31"], rated["2026-03-31"]
    assert (len(before), len(after), len(before & after)) == (59, 50, 48)
    assert {each["initiative"] for each in projects.data("InitiativeProposed")} == before | after
    assert len(projects.data("InitiativeProposed")) == 61
    assert projects.data("GateDecided") == []


def test_projects_whole_life_costs_are_the_printed_millions(projects):
    planned = [minor_of(each["cost"]) for each in projects.data("BaselineSet")]
    expected = [minor_of(each["estimate_to_complete"]) for each in projects.data("ForecastUpdated")]
    assert (len(planned), sum(planned)) == (53, 86_502_680_000 * CENTS)
    assert (len(expected), sum(expected)) == (44, 78_596_460_000 * CENTS)
    assert {each["number"] for each in projects.data("BaselineSet")} == {1}


def test_projects_27_and_28_are_rated_and_a_blank_is_not(projects):
    rated = Counter((each["as_at"][:4], each["rating"] != "not_rated") for each in projects.data("AssuranceRated"))
    assert rated == {("2025", True): 27, ("2025", False): 32, ("2026", True): 28, ("2026", False): 22}
    ratings = Counter(each["rating"] for each in projects.data("AssuranceRated"))
    assert ratings == {"not_rated": 54, "amber": 42, "red": 10, "green": 3}
    assert {each["scale"] for each in projects.data("AssuranceRated")} == {"three"}


def test_projects_five_changed_their_category(projects):
    changed = {
        row["project_id"]: row["category_2026"].replace(" ", "_")
        for row in projects.table(gmpp.FILE)
        if row["category_2025"] and row["category_2026"] and row["category_2025"] != row["category_2026"]
    }
    assert len(changed) == 5
    assert {each["initiative"]: each["value_stream"] for each in projects.data("InitiativeAmended")} == changed


def in_millionths(price):
    """Return a price as the ledger holds it; two of one release are printed with seven decimals."""
    return str(Decimal(price).quantize(Decimal("0.000001"))) if len(price.partition(".")[2]) > 6 else price


def minor_of(costs):
    (whole,) = costs
    return whole["amount"]["minor"]
