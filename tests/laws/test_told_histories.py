"""Laws of the views on histories that tell something: the demo's, and a decade of published plans."""

from __future__ import annotations

import asyncio
import datetime
import json
from collections.abc import Callable, Iterable
from itertools import takewhile
from pathlib import Path

import pytest

from ledger.demo import clock, steps
from ledger.importers import gmpp, it_dashboard, model_catalogue
from ledger.importers.lines import Problem
from ledger.importers.nyc_capital import commands
from ledger.reperform import reperform
from ledger.store import MemoryStore, Stored
from ledger.writer import Writer
from projections.moment import Moment
from projections.views import GROUPINGS, Question, ask
from schemas import codec
from schemas.envelope import Recorded
from schemas.receipts import Accepted
from tests import oracle
from tests.imports import ORIGIN, PORTFOLIO, send
from tests.imports import opening as imports_opening
from tests.laws.test_board_views import assert_board_equals_the_fold
from tests.laws.test_more_views import assert_equal_the_fold
from tests.laws.test_views import assert_views_equal_the_fold, plain, replica_of
from tui.recording import opening_command

PLANS = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "nyc-capital"


def test_every_view_of_the_demo_equals_the_plain_fold_all_along_and_at_the_end() -> None:
    events = told_by_the_demo()
    replica = replica_of(events)
    for sequence in (*range(100, len(events), 250), len(events)):
        day = events[sequence - 1].recordedtime.date()
        assert_views_equal_the_fold(replica, events, sequence, day)
        assert_equal_the_fold(replica, events, sequence, day, ["AI-0007", "AI-0022", "AI-0033"])
    for sequence in (300, 900, len(events)):
        day = events[sequence - 1].recordedtime.date()
        assert_board_equals_the_fold(replica, events, sequence, day, ["AI-0007", "AI-0022", "AI-0033"])


@pytest.mark.parametrize("as_known", ["2007-10-28", "2009-09-28"])
def test_spend_and_alignment_of_the_published_plans_equal_the_plain_fold(as_known: str) -> None:
    if not PLANS.is_dir():
        pytest.skip("the published plans of New York City are not beside the checkout (see CONTRIBUTING.md)")
    events = told_by_the_plans(as_known)
    store = MemoryStore()
    store.entries = [Stored(event.at, "", codec.encode(event)) for event in events]
    assert asyncio.run(reperform(store, "nyc")).differs is None
    replica = replica_of(events)
    moment = Moment(len(events), None, datetime.date.fromisoformat(as_known))
    for by in GROUPINGS:
        found = plain(ask(replica, Question("spend", by=by), moment).rows)
        assert found == oracle.spend(events, moment.sequence, moment.as_of, by)
    rows, totals = oracle.alignment(events, moment.sequence, moment.as_of, "approved", "USD")
    assert_views_equal_the_fold(replica, events, moment.sequence, moment.as_of)
    assert_equal_the_fold(replica, events, moment.sequence, moment.as_of, ["858-DOITECTP_DP-2"])
    view = ask(replica, Question("alignment"), moment)
    assert [row.amount_minor for row in view.rows] == [row["amount_minor"] for row in rows]
    assert view.totals["must_move_minor"] == totals["must_move_minor"]


@pytest.mark.parametrize("kind", ["it-dashboard", "model-catalogue", "gmpp"])
def test_what_other_published_records_become_comes_out_again_and_equals_the_plain_fold(kind: str) -> None:
    folder = PLANS.parent / kind
    if not folder.is_dir():
        pytest.skip("the published records are not beside the checkout (see CONTRIBUTING.md)")
    files = {path.name: path.read_bytes() for path in folder.glob("*.csv")}
    store = MemoryStore()
    lines = [line for line in READ[kind](files) if isinstance(line, bytes)][:3_000]
    currency = "GBP" if kind == "gmpp" else "USD"
    receipts = send(store, [imports_opening(currency, historic=True), *lines])
    assert all(isinstance(receipt, Accepted) for receipt in receipts)
    assert asyncio.run(reperform(store, PORTFOLIO)).differs is None
    events = decoded(store, PORTFOLIO)
    day = max(event.effective_on for event in events)
    assert_views_equal_the_fold(replica_of(events), events, len(events), day)


READ: dict[str, Callable[[dict[str, bytes]], Iterable[bytes | Problem]]] = {
    "it-dashboard": lambda files: it_dashboard.commands(files, origin=ORIGIN, actor="importer", time_zone="UTC"),
    "model-catalogue": lambda files: model_catalogue.commands(
        files, origin=ORIGIN, actor="importer", recorded=None, since=datetime.date(2026, 1, 1)
    ),
    "gmpp": lambda files: gmpp.commands(files, origin=ORIGIN, actor="importer"),
}


def told_by_the_demo() -> list[Recorded]:
    told = list(steps())
    store = MemoryStore()
    writer = Writer("demo", store, clock(told, lambda: writer.book.sequence))
    asyncio.run(writer.submit_all([step.line for step in told]))
    return decoded(store, "demo")


def told_by_the_plans(until: str) -> list[Recorded]:
    files = {name: (PLANS / name).read_bytes() for name in ("it_budget_lines.csv", "it_commitments.csv")}
    files |= {f"{name}.csv": (PLANS / f"{name}_made.csv").read_bytes() for name in ("alignment", "objectives")}
    opening = opening_command(
        "nyc", "nyc-0badcafe", "importer", title="NYC", currency="USD", historic=True, day=datetime.date(1970, 1, 1)
    )
    lines = [line for line in commands(files, origin="nyc-0badcafe", actor="importer") if isinstance(line, bytes)]
    store = MemoryStore()
    asyncio.run(Writer("nyc", store).submit_all([opening, *takewhile(lambda line: recorded_by(line, until), lines)]))
    return decoded(store, "nyc")


def recorded_by(line: bytes, until: str) -> bool:
    return json.loads(line)["recordedtime"][:10] <= until


def decoded(store: MemoryStore, portfolio: str) -> list[Recorded]:
    return [codec.decode(entry.payload, portfolio=portfolio, sequence=entry.sequence) for entry in store.entries]
