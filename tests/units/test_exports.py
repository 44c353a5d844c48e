"""The exports other programs read: each is read back here by something that is not ours, or by its own rules."""

from __future__ import annotations

import datetime
import json
import re
import shutil
import sqlite3
import subprocess
import xml.etree.ElementTree as ElementTree
from collections import Counter, defaultdict
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from msgspec.structs import replace

from ledger.notary import verify_min
from ledger.notary.tlog import leaf_hash
from projections.exporters.beancount import BeancountLedger, Names
from projections.exporters.evidence import ExportError
from projections.exporters.ocel import Ocel
from projections.exporters.process import EVENT_ATTRIBUTES, step_of
from projections.exporters.tables import ParquetExport
from projections.exporters.tlog import TlogExport
from projections.exporters.xes import Xes
from projections.rows import SpendRow
from schemas.envelope import Recorded
from schemas.events import FACTS
from schemas.values import CURRENCY_EXPONENTS
from tests import histories as h
from tests.anchoring import LOG, checkpoint
from tests.fixed_history import every_type_history
from tests.oracle import spend
from tests.teller import FAR_FUTURE, Ran, events_of, run
from tests.words import PORTFOLIO, approve, fund, propose

LAST = 10**6


@cache
def history() -> Ran:
    return run(every_type_history())


# beancount.


def ledger_of(events: list[Recorded]) -> list[str]:
    made = BeancountLedger()
    for event in events:
        made.take(event)
    rows = spend(events, LAST, FAR_FUTURE, "envelope")
    return list(made.lines([SpendRow(**row) for row in rows]))


def read_back(lines: list[str]) -> tuple[dict[tuple[str, str], Decimal], dict[tuple[str, str], Decimal]]:
    """Return the sums of all postings, by account and currency, and what the balance directives want of them."""
    sums: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    wanted, opened, sides = {}, set(), defaultdict(Decimal)
    for line in lines:
        if found := re.fullmatch(r"\d{4}-\d\d-\d\d open (\S+)", line):
            assert re.fullmatch(r"(Assets|Equity|Expenses)(:[A-Z0-9][A-Za-z0-9-]*)+", found[1])
            opened.add(found[1])
        elif found := re.fullmatch(r"  ([A-Z]\S+)  (-?\d+(?:\.\d+)?) ([A-Z]{3})", line):
            assert found[1] in opened
            sums[found[1], found[3]] += Decimal(found[2])
            sides[found[3]] += Decimal(found[2])
        elif found := re.fullmatch(r"\d{4}-\d\d-\d\d balance (\S+)  (\S+) ~ 0(?:\.0+)? ([A-Z]{3})", line):
            assert found[1] in opened
            wanted[found[1], found[3]] = Decimal(found[2])
        elif re.match(r"\d{4}-\d\d-\d\d \* ", line):
            assert not any(sides.values()), "a transaction that does not balance"
        else:
            assert re.fullmatch(r'|option "[a-z_]+" ".*"|  sequence: \d+', line), line
    assert not any(sides.values())
    return sums, wanted


def checked(events: list[Recorded]) -> None:
    sums, wanted = read_back(ledger_of(events))
    for (account, currency), value in wanted.items():
        below = [held for (name, of), held in sums.items() if of == currency and f"{name}:".startswith(f"{account}:")]
        assert sum(below, Decimal()) == value, account
    names = Names()
    for row in spend(events, LAST, FAR_FUTURE, "initiative"):
        if row["key"] is None:
            continue
        part, exponent = names.of(row["key"]), CURRENCY_EXPONENTS[row["currency"]]
        of = {
            kind: sum(
                (
                    held
                    for (name, currency), held in sums.items()
                    if name.startswith(kind) and name.split(":")[-1] == part and currency == row["currency"]
                ),
                Decimal(),
            )
            for kind in ("Assets:Uncommitted", "Assets:Committed", "Expenses:Actual")
        }
        minor = {name: int(value.scaleb(exponent)) for name, value in of.items()}
        assert minor["Assets:Committed"] == row["committed_minor"]
        assert minor["Expenses:Actual"] == row["actual_minor"]
        assert sum(minor.values()) == row["approved_minor"]


def test_the_balances_of_the_books_are_the_view_of_spend() -> None:
    checked(history().events)
    _, wanted = read_back(ledger_of(history().events))
    assert len(wanted) >= 10
    assert any(wanted.values())


@settings(max_examples=25, deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow])
@given(h.histories(1, 40))
def test_law_so_are_they_of_every_history(lines: list[bytes]) -> None:
    checked(run(lines).events)


def test_bean_check_accepts_it(tmp_path: Path) -> None:
    program = shutil.which("bean-check")
    if program is None:
        pytest.skip("NO BEAN-CHECK: beancount is not on this machine, and it is GPL, so nothing of ours installs it")
    (tmp_path / "books.beancount").write_text("\n".join(ledger_of(history().events)) + "\n")
    ran = subprocess.run([program, "books.beancount"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "", "")


def test_two_ids_are_never_one_account() -> None:
    names = Names()
    found = [names.of(each) for each in ("claims", "Claims", "a_b", "a-b", "_", "-", "No-initiative", "2026")]
    assert len(set(found)) == len(found)
    assert all(re.fullmatch(r"[A-Z0-9][A-Za-z0-9-]*", each) for each in found)
    assert [names.of("claims"), names.of("2026")] == ["Claims", "2026"]


# OCEL 2.0.


def ocel() -> Ocel:
    made = Ocel()
    for event in history().events:
        made.take(step_of(event))
    return made


def test_ocel_json_is_as_the_published_schema_has_it() -> None:
    told: dict[str, Any] = json.loads(ocel().as_json())
    assert set(told) == {"objectTypes", "eventTypes", "objects", "events"}
    declared = {
        kind: {each["name"]: {a["name"]: a["type"] for a in each["attributes"]} for each in told[f"{kind}Types"]}
        for kind in ("object", "event")
    }
    assert all(
        t in ("string", "integer", "float", "boolean", "time") for of in declared["event"].values() for t in of.values()
    )
    ids = {each["id"] for each in told["objects"]}
    assert len(ids) == len(told["objects"])
    assert len({each["id"] for each in told["events"]}) == len(told["events"]) == len(history().events)
    for each in told["objects"]:
        assert set(each) == {"id", "type", "attributes", "relationships"}
        for attribute in each["attributes"]:
            assert set(attribute) == {"name", "value", "time"}
            assert declared["object"][each["type"]][attribute["name"]] == "string"
            assert isinstance(attribute["value"], str)
        assert {relation["objectId"] for relation in each["relationships"]} <= ids
    for each in told["events"]:
        assert set(each) == {"id", "type", "time", "attributes", "relationships"}
        assert all(set(attribute) == {"name", "value"} for attribute in each["attributes"])
        assert all(declared["event"][each["type"]][attribute["name"]] for attribute in each["attributes"])
        assert all(isinstance(attribute["value"], str) for attribute in each["attributes"])
        assert each["relationships"]
        assert {relation["objectId"] for relation in each["relationships"]} <= ids
    times = [each["time"] for each in told["events"]]
    assert times == sorted(set(times)), "miners order by time alone"
    qualifiers = {relation["qualifier"] for each in told["events"] for relation in each["relationships"]}
    assert qualifiers >= {"subject", "funded_from", "transferred_to", "aligned_to", "depends_on", "voted_by"}
    assert {each["name"] for each in told["objectTypes"]} >= {
        "Initiative",
        "Envelope",
        "Objective",
        "Decision",
        "Model",
    }


def test_what_was_decided_under_a_decision_says_so() -> None:
    (_, _, _, event) = events_of(
        ("2026-01-12", fund("claims", 100)),
        ("2026-01-12", propose("AI-1")),
        ("2026-01-12", approve("AI-1", "claims", 5)),
    )
    told = step_of(replace(event, decisionid="D-1", grants="2"))
    assert [tuple(each) for each in told.related] == [
        ("initiative/AI-1", "subject"),
        ("decision/D-1", "decided_by"),
        ("envelope/claims", "funded_from"),
        ("entry/2", "authorised_by"),
        ("actor/ana", "recorded_by"),
    ]


def test_ocel_sqlite_says_the_same_with_keys_that_hold(tmp_path: Path) -> None:
    told = json.loads(ocel().as_json())
    ocel().into_sqlite(tmp_path / "log.sqlite")
    with sqlite3.connect(tmp_path / "log.sqlite") as log:
        assert log.execute("pragma foreign_key_check").fetchall() == []
        one = {
            name: log.execute(f"select count(*) from {name}").fetchone()[0]
            for name in ("event", "object", "event_object", "object_object")
        }
        assert one == {
            "event": len(told["events"]),
            "object": len(told["objects"]),
            "event_object": sum(len(each["relationships"]) for each in told["events"]),
            "object_object": sum(len(each["relationships"]) for each in told["objects"]),
        }
        assert one["object_object"] > 0
        for kind, table in log.execute("select ocel_type, ocel_type_map from event_map_type").fetchall():
            columns = {row[1]: row[2] for row in log.execute(f'pragma table_info("event_{table}")')}
            assert columns.pop("ocel_id").upper() == "TEXT"
            assert columns.pop("ocel_time").upper() == "TIMESTAMP"
            assert set(columns) <= set(EVENT_ATTRIBUTES)
            held = log.execute(f'select count(*) from "event_{table}"').fetchone()[0]
            assert held == log.execute("select count(*) from event where ocel_type = ?", [kind]).fetchone()[0]
        for kind, table in log.execute("select ocel_type, ocel_type_map from object_map_type").fetchall():
            rows = log.execute(f'select ocel_time, ocel_changed_field from "object_{table}"').fetchall()
            assert all((field is None) == (time == "1970-01-01 00:00:00") for time, field in rows)
            first = sum(field is None for _, field in rows)
            assert first == log.execute("select count(*) from object where ocel_type = ?", [kind]).fetchone()[0]
        minor = log.execute("select amount_minor from event_FundingApproved limit 1").fetchone()[0]
        assert isinstance(minor, int)
    log.close()


# XES.


def test_xes_is_well_formed_and_has_each_case_in_order() -> None:
    made = Xes(PORTFOLIO, "initiative")
    for event in history().events:
        made.take(step_of(event))
    root = ElementTree.fromstring("\n".join(made.lines()))
    space = "{http://www.xes-standard.org/}"
    traces = root.findall(f"{space}trace")
    names = [trace.find(f"{space}string").attrib["value"] for trace in traces]
    proposed = {e.data.initiative for e in history().events if e.data.TYPE == "InitiativeProposed.v1"}
    assert len(traces) == made.trace_count
    assert proposed <= set(names)
    for trace in traces:
        events = trace.findall(f"{space}event")
        told = [{each.attrib["key"]: each.attrib["value"] for each in event} for event in events]
        assert events
        assert [each["time:timestamp"] for each in told] == sorted(each["time:timestamp"] for each in told)
        assert {each["lifecycle:transition"] for each in told} == {"complete"}
        for each in told:
            if "amount_minor" in each:
                scaled = Decimal(each["cost:total"]).scaleb(CURRENCY_EXPONENTS[each["cost:currency"]])
                assert scaled == int(each["amount_minor"])
    prefixes = {each.attrib["prefix"] for each in root.findall(f"{space}extension")}
    used = {each.attrib["key"].partition(":")[0] for each in root.iter() if ":" in each.attrib.get("key", "")}
    assert used <= prefixes


def test_text_that_is_hostile_to_xml_is_harmless() -> None:
    event = history().events[0]
    step = step_of(event)._replace(type='<x a="1">&\x00\x1b')
    made = Xes('"quoted" & <odd>\x07', "initiative")
    made.take(step._replace(related=(step.related[0]._replace(object="initiative/<&>"),)))
    root = ElementTree.fromstring("\n".join(made.lines()))
    assert root.find("{*}string").attrib["value"] == '"quoted" & <odd> '


def test_the_flow_of_work_is_told_by_the_days_things_were_true_from() -> None:
    event = next(each for each in history().events if each.effective_on != each.recordedtime.date())
    assert step_of(event, "effective").at == event.time + datetime.timedelta(microseconds=event.at)
    assert step_of(event).at == event.recordedtime + datetime.timedelta(microseconds=event.at)


# Parquet.


def test_parquet_is_read_by_plain_duckdb(tmp_path: Path) -> None:
    made = ParquetExport(PORTFOLIO)
    made.take(history().payloads[:100])
    made.take(history().payloads[100:])
    assert made.write(tmp_path / "out") == 1 + len(FACTS) == len(list((tmp_path / "out").glob("*.parquet")))
    database = duckdb.connect()
    told = dict(database.sql(f"select type, count(*) from '{tmp_path}/out/events.parquet' group by type").fetchall())
    assert told == Counter(event.data.TYPE for event in history().events)
    (total,) = database.sql(f"select sum(amount_minor) from '{tmp_path}/out/funding_approved.parquet'").fetchall()[0]
    assert total == sum(e.data.amount.minor for e in history().events if e.data.TYPE == "FundingApproved.v1")


# The log's files.


def files_of(note: bytes, payloads: list[bytes]) -> dict[str, bytes]:
    files: dict[str, bytes] = {}
    log = TlogExport(note, lambda made: files.update(made))
    log.take(payloads[:7])
    log.take(payloads[7:])
    log.finish()
    return files


def test_the_log_s_files_are_verified_by_plain_python() -> None:
    payloads = [b"entry %d" % at for at in range(600)]
    note = checkpoint([leaf_hash(each) for each in payloads])
    files = files_of(note, payloads)
    assert [name for name in files if ".p/" in name] == ["tile/entries/002.p/88", "tile/0/002.p/88", "tile/1/000.p/2"]
    assert [*files][-1] == "checkpoint"
    policy = verify_min.policy_of(f"log {LOG.vkey}\nquorum none\n".encode())
    ((level, holds, _),) = verify_min.verify(files.get, policy, None, 0, 0)
    assert (level, holds) == ("A1", True)


def test_a_log_that_is_not_what_was_signed_gets_no_checkpoint() -> None:
    payloads = [b"entry %d" % at for at in range(10)]
    note = checkpoint([leaf_hash(each) for each in payloads])
    with pytest.raises(ExportError, match="do not have the root that was signed at 10"):
        files_of(note, [*payloads[:9], b"another"])
    with pytest.raises(ExportError, match="the first 9 entries"):
        files_of(note, payloads[:9])
