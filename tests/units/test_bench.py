"""The benchmark runs, its history is one the ledger would have written, and every peer's sums are ours."""

import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from bench import history, peers, proof, service, steps, stores
from bench.answers import FOREVER, VIEWS, of_replica
from bench.report import Row, row, table
from projections.moment import Moment, moment
from projections.replica import Replica
from schemas.events import FACTS
from tests import oracle

ROOT = Path(__file__).resolve().parents[2]
EVENTS = 2_048
END = Moment(EVENTS, None, FOREVER)


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    directory = tmp_path_factory.mktemp("bench")
    stores.write(directory, EVENTS)
    return directory


@pytest.fixture(scope="module")
def replica(written):
    return Replica.open(written / history.PORTFOLIO, history.PORTFOLIO)


def test_every_event_of_the_history_is_what_the_ledger_decides_from_its_command():
    told = list(history.events(EVENTS))
    assert history.perform_again(told).sequence == EVENTS
    kinds = {type(event.data) for event in told}
    assert len(kinds) >= 13
    assert kinds <= set(FACTS)


def test_an_event_the_ledger_would_not_decide_is_found_out():
    told = list(history.events(EVENTS))
    place = next(place for place, event in enumerate(told) if event.command and place > 50)
    told[place] = msgspec.structs.replace(told[place], actor="p-ffff")
    with pytest.raises(ValueError, match=f"entry {place + 1} "):
        history.perform_again(told)


def test_the_history_is_the_same_at_every_run():
    assert list(history.events(EVENTS)) == list(history.events(EVENTS))


def test_spend_is_the_same_to_the_cent_whoever_sums_it(written, replica):
    ours = of_replica(replica, "spend", END)
    rows = oracle.spend(list(history.events(EVENTS)), EVENTS, FOREVER, "envelope")
    assert {row["key"]: [row[f"{measure}_minor"] for measure in oracle.MEASURES] for row in rows} == ours
    assert peers.refold(written, EVENTS).answer("spend") == ours
    assert peers.eventsourcing_spend(written, EVENTS) == ours
    assert peers.duckdb_spend(written) == ours
    assert peers.SQLiteViews(written).answer("spend", END) == ours


@pytest.mark.parametrize("name", VIEWS)
@pytest.mark.parametrize("as_known", [60, 700, EVENTS])
def test_a_view_at_a_moment_is_the_same_by_refold_and_by_sqlite(written, replica, name, as_known):
    at = moment(replica, str(as_known), None, now=history.START)
    ours = of_replica(replica, name, at)
    assert len(ours) > 1
    assert peers.refold(written, at.sequence, at.as_of).answer(name) == ours
    assert peers.SQLiteViews(written).answer(name, at) == ours


def test_answers_that_part_by_a_cent_stop_the_run():
    with pytest.raises(steps.AnswersDiffer, match=r"spend, by a peer: of env-01 we say \[1, 2\], the peer \[1, 3\]"):
        steps.same("spend, by a peer", {"env-01": [1, 2]}, {"env-01": [1, 3]})


def test_a_ratio_above_one_is_better_in_either_direction():
    rate = row("cold", 200.0, "events/s", peer=("peer", 100.0), goal=150)
    time = row("warm", 0.5, "s", peer=("peer", 1.0), goal=0.4)
    assert (rate.ratio, rate.reached, time.ratio, time.reached) == (2.0, True, 2.0, False)
    assert row("alone", 1.0, "MB") == Row("alone", 1.0, "MB")
    assert len({len(line) for line in table([rate, time]).splitlines()}) == 1


@pytest.mark.timeout(120)
def test_the_quick_run_tells_every_number_beside_its_peers(tmp_path):
    file = tmp_path / "out.json"
    ran = subprocess.run(
        [sys.executable, "-m", "bench", "--quick", "--only", "views", "--json", file],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 0, ran.stderr
    rows = msgspec.json.decode(file.read_bytes())
    assert all(list(row) == list(Row.__struct_fields__) for row in rows)
    told = msgspec.convert(rows, list[Row])
    assert all(row.value > 0 and (row.peer is None) == (row.peer_value is None) == (row.ratio is None) for row in told)
    assert all(row.goal is None and row.reached is None for row in told), "goals are for a million events"
    assert {row.name.split(",")[0] for row in told} >= {"cold rebuild", "warm start to spend", "spend at a moment"}
    assert {"eventsourcing on SQLite", "SQLite, indexed, p95", "refold"} <= {row.peer for row in told}
    assert all(row.name in ran.stdout for row in told)


def test_the_screens_are_measured_over_a_stream_of_their_own(written):
    drawn = steps.screens(written, EVENTS)
    assert drawn.seconds.keys() == {"open", "paint", "seek p50", "seek p95", "board p50", "board p95"}
    assert 0 < drawn.resident_mb <= drawn.peak_mb


def test_the_service_is_measured_beside_raw_batches(tmp_path):
    rows = list(service.measure(tmp_path, 300))
    assert [(each.unit, each.goal) for each in rows] == [
        ("decisions/s", 4_000),
        ("ms", None),
        ("ms", None),
        ("us", None),
        ("us", None),
        ("ms", 5),
    ]
    assert all(each.value > 0 for each in rows)
    assert rows[0].ratio == pytest.approx(rows[0].value / rows[0].peer_value)


def test_the_proof_is_measured_beside_gos(tmp_path, capsys):
    file = tmp_path / "out.json"
    assert proof.main(["--entries", "1500", "--json", str(file)]) == 0
    told = msgspec.json.decode(file.read_bytes(), type=list[proof.Took])
    assert [row.who for row in told][:3] == ["portfolio verify A1", "the same on one processor", "verify_min"]
    assert all(row.entries == 1500 and row.per_s > 0 for row in told)
    out, err = capsys.readouterr()
    assert all(row.who in out for row in told)
    assert len(told) == 4 or "NOT INSTALLED: Go" in err
