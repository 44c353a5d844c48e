"""What the `portfolio` program prints, through the real program, its own server and a real stream.

One history is told to most tests. It holds each kind of money, two currencies, a transfer, a void, a counter, money
that names no initiative, and two entries recorded on one day in New York and on two in London.
"""

from __future__ import annotations

import asyncio
import csv
import datetime
import io
import json
import re
import unicodedata
import zoneinfo
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import nats
import pyarrow.parquet as pq
import pytest

from ledger.server import private_server
from schemas import codec
from schemas.envelope import Recorded
from schemas.events import FACTS
from tests import oracle, program
from tests.program import asked, done, lines, run, usd

GROUPINGS = ("envelope", "initiative", "objective", "value_stream")
FIGURES = ("funded_minor", "approved_minor", "committed_minor", "actual_minor", "free_minor", "uncommitted_minor")
SPEND_ROW = ["key", "title", "currency", *FIGURES]
ALIGNMENT_ROW = ["objective", "title", "target_bp", "share", "amount_minor", "gap"]
ALIGNMENT_TOTALS = ["amount_minor", "orphan_share", "orphan_minor", "drift", "index", "must_move_minor"]
VIEW = ["view", "portfolio", "as_known", "as_of", "currency", "rows", "totals"]
FAR = "2030-01-01"


def fund(envelope: str, stream: str, amount: dict[str, Any], time: str, **more: Any) -> dict[str, Any]:
    data = {"envelope": envelope, "value_stream": stream, "fiscal_period": "FY2025", "capex_opex": "opex"}
    return asked("FundEnvelope", f"envelope/{envelope}", time, data | {"kind": "initial", "amount": amount} | more)


def propose(initiative: str, stream: str, time: str, **more: Any) -> dict[str, Any]:
    data = {"initiative": initiative, "title": f"Initiative {initiative}", "sponsor": "sam", "proposer": "pia"}
    data |= {"value_stream": stream, "hypothesis": "it pays"} | more
    return asked("ProposeInitiative", f"initiative/{initiative}", time, data)


def approve(initiative: str, envelope: str, amount: dict[str, Any], time: str, kind: str = "tranche") -> dict[str, Any]:
    data = {"initiative": initiative, "envelope": envelope, "kind": kind, "amount": amount, "capex_opex": "opex"}
    return asked("ApproveFunding", f"initiative/{initiative}", time, data)


def align(initiative: str, time: str, **shares: int) -> dict[str, Any]:
    contributions = [{"objective": name, "share_bp": share} for name, share in shares.items()]
    data = {"initiative": initiative, "contributions": contributions}
    return asked("DeclareAlignment", f"initiative/{initiative}", time, data)


def objectives(portfolio: str, time: str, **weights: int) -> dict[str, Any]:
    listed = [{"id": name, "title": name.title(), "weight_bp": weight} for name, weight in weights.items()]
    return asked("SetObjectives", f"objectives/{portfolio}", time, {"portfolio": portfolio, "objectives": listed})


def commit(envelope: str, initiative: str | None, amount: dict[str, Any], time: str) -> dict[str, Any]:
    about = f"envelope/{envelope}" if initiative is None else f"initiative/{initiative}"
    data = {"envelope": envelope, "commitment": "C-1", "amount": amount, "period": "FY2025", "capex_opex": "opex"}
    return asked("PostCommitment", about, time, data | ({} if initiative is None else {"initiative": initiative}))


def spent(envelope: str, initiative: str | None, amount: dict[str, Any], time: str, **more: Any) -> dict[str, Any]:
    about = f"envelope/{envelope}" if initiative is None else f"initiative/{initiative}"
    data = {"envelope": envelope, "amount": amount, "period": "FY2025", "capex_opex": "opex"}
    return asked("PostActual", about, time, data | ({} if initiative is None else {"initiative": initiative}) | more)


def take_back(sequence: int, kind: str, time: str) -> dict[str, Any]:
    data = {"sequence": sequence, "kind": kind, "reason": "recorded twice"}
    return asked("ReverseEntry", f"entry/{sequence}", time, data)


VOIDED, VOID, COUNTERED, COUNTER = 15, 17, 11, 18
"""Where the history takes entries back."""

HISTORY = [
    # What is asked, and when it is recorded; the opening is sequence 1.
    (objectives("told", "2025-01-01", fair=6_000, safe=4_000), "2025-01-10T09:00:00Z"),  # 2
    (fund("claims", "retail", usd(10_000_001), "2025-01-02"), "2025-01-10T09:00:00Z"),  # 3
    (fund("data", "back-office", usd(5_000_000), "2025-01-02"), "2025-01-10T09:00:00Z"),  # 4
    (fund("lab", "research", {"minor": 700_000, "currency": "EUR"}, "2025-01-02"), "2025-01-10T09:00:00Z"),  # 5
    (propose("AI-1", "retail", "2025-01-03"), "2025-01-12T09:00:00Z"),  # 6
    (propose("AI-2", "back-office", "2025-01-03"), "2025-01-12T09:00:00Z"),  # 7
    (align("AI-1", "2025-01-03", fair=3_333, safe=3_333), "2025-01-12T09:00:00Z"),  # 8
    (align("AI-2", "2025-01-03", safe=10_000), "2025-01-12T09:00:00Z"),  # 9
    (approve("AI-1", "claims", usd(4_000_001), "2025-02-01", "initial"), "2025-02-03T09:00:00Z"),  # 10
    (approve("AI-2", "data", usd(2_500_000), "2025-02-01", "initial"), "2025-02-03T09:00:00Z"),  # 11
    (commit("claims", "AI-1", usd(1_000_000), "2025-02-10"), "2025-02-11T09:00:00Z"),  # 12
    (
        spent("claims", "AI-1", usd(400_000), "2025-02-20", commitment="C-1", posting_ref="P-1"),
        "2025-02-21T09:00:00Z",
    ),  # 13
    (spent("data", None, usd(12_345), "2025-02-20", posting_ref="P-2"), "2025-02-21T09:00:00Z"),  # 14
    (approve("AI-1", "claims", usd(1_500_000), "2025-03-01"), "2025-03-03T09:00:00Z"),  # 15, recorded twice
    (approve("AI-2", "lab", {"minor": 300_000, "currency": "EUR"}, "2025-03-01"), "2025-03-03T09:00:00Z"),  # 16
    (take_back(VOIDED, "void", "2025-03-05"), "2025-03-06T09:00:00Z"),  # 17
    (take_back(COUNTERED, "counter", "2025-03-31"), "2025-04-01T02:30:00Z"),  # 18: still March in New York
    (
        fund("data", "back-office", usd(250_000), "2025-04-02", kind="transfer", counter_envelope="claims"),
        "2025-04-02T09:00:00Z",
    ),  # 19 and 20
    (approve("AI-1", "claims", usd(-200_000), "2025-06-01", "reduction"), "2025-04-03T09:00:00Z"),  # 21: from June on
]
LAST = 21


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A data directory that holds the history, its server kept running. Tests only ask it."""
    data = tmp_path_factory.mktemp("told")
    with asyncio.Runner() as runner:
        server = private_server(data)
        runner.run(server.__aenter__())
        done(data, "init", "told", "--currency", "USD", "--historic", "--time-zone", "America/New_York")
        sent = done(data, "send", "-", given=history())
        assert [receipt["status"] for receipt in sent.receipts] == ["accepted"] * len(HISTORY)
        assert sent.receipts[-1]["sequence"] == LAST
        yield data
        runner.run(server.__aexit__(None, None, None))


@pytest.fixture(scope="module")
def events(told: Path) -> list[Recorded]:
    """The history as it is stored."""
    stored = done(told, "log", "--json").out.splitlines()
    return [codec.decode(line, portfolio="told", sequence=place) for place, line in enumerate(stored, start=1)]


@pytest.fixture(scope="module")
def shown(told: Path) -> Callable[..., Any]:
    """Return what a view of the whole history is as JSON; each is asked for once."""
    return cache(lambda *asks: done(told, "view", *asks, "--as-known", str(LAST), "--json").json)


def history() -> bytes:
    return lines(*(command | {"recordedtime": recorded} for command, recorded in HISTORY))


# Recording


def test_init_prints_the_origin_that_commands_name(tmp_path: Path) -> None:
    ran = done(tmp_path, "init", "ai-2026", "--currency", "USD", "--title", "AI in 2026")
    (origin,) = re.findall(r"\bai-2026-[0-9a-f]{8}\b", ran.text)
    first = json.loads(done(tmp_path, "log", "--json").out)
    assert (first["type"], first["sequence"]) == ("PortfolioOpened.v1", "0000000000000001")
    assert (first["data"]["log_origin"], first["data"]["title"]) == (origin, "AI in 2026")
    ran = done(tmp_path, "init", "other", "--currency", "JPY", "--json")
    assert re.fullmatch(r"other-[0-9a-f]{8}", ran.json["origin"])
    assert (ran.json["portfolio"], ran.json["status"], ran.json["sequence"]) == ("other", "accepted", 1)


def test_a_portfolio_is_opened_once(tmp_path: Path) -> None:
    done(tmp_path, "init", "one", "--currency", "USD")
    before = done(tmp_path, "log", "--json").out
    again = run(tmp_path, "init", "one", "--currency", "EUR")
    assert (again.code, again.out, again.err.count("\n")) == (1, b"", 1)
    assert "ALREADY_OPEN" in again.err
    assert done(tmp_path, "log", "--json").out == before


def test_send_answers_a_line_a_command_in_their_order(tmp_path: Path) -> None:
    done(tmp_path, "init", "one", "--currency", "USD")
    given = lines(
        fund("claims", "retail", usd(100), "2025-01-01"),
        approve("AI-1", "claims", usd(100), "2025-01-01"),
        propose("AI-1", "retail", "2025-01-01"),
        fund("lab", "retail", usd(9), "2025-01-01", kind="transfer", counter_envelope="claims"),
    )
    ran = run(tmp_path, "send", "-", given=given)
    assert (ran.code, ran.err) == (1, "")
    funded, refused, proposed, moved = ran.receipts
    assert set(funded) == {"status", "sequence", "events"}
    assert (funded["status"], funded["sequence"]) == ("accepted", 2)
    assert [set(event) for event in funded["events"]] == [{"sequence", "id", "type"}]
    assert set(refused) >= {"status", "reason", "detail"}
    assert (refused["status"], refused["reason"]) == ("refused", "UNKNOWN_INITIATIVE")
    assert refused["detail"] == {"field": "data.initiative", "value": "AI-1"}
    assert [event["type"] for event in proposed["events"]] == ["InitiativeProposed.v1"]
    assert [(event["sequence"], event["type"]) for event in moved["events"]] == [
        (4, "EnvelopeFunded.v1"),
        (5, "EnvelopeFunded.v1"),
    ]
    assert moved["sequence"] == 5
    stored = [json.loads(line) for line in done(tmp_path, "log", "--json").out.splitlines()]
    assert [event["id"] for event in stored[1:]] == [e["id"] for r in (funded, proposed, moved) for e in r["events"]]
    assert stored[1]["actor"] == "ana"


def test_sending_a_file_twice_gives_the_same_receipts_and_leaves_the_stream_as_it_was(tmp_path: Path) -> None:
    done(tmp_path, "init", "told", "--currency", "USD", "--historic")
    file = tmp_path / "history.ndjson"
    file.write_bytes(b"\xef\xbb\xbf" + history().replace(b"\n", b"\r\n\r\n"))
    first = done(tmp_path, "send", file)
    before = done(tmp_path, "log", "--json").out
    assert done(tmp_path, "send", file) == first
    assert done(tmp_path, "import", "commands", file) == first
    assert done(tmp_path, "log", "--json").out == before


def test_a_command_is_stored_as_the_line_that_was_judged(told: Path, events: list[Recorded]) -> None:
    """What the sender left out stands in front; the rest is as it was sent."""
    sent = history().splitlines()
    kept = [event.command for event in events[1:] if event.command is not None]
    origin = json.loads(done(told, "log", "--json").out.splitlines()[0])["data"]["log_origin"]
    said = f'{{"portfolio":"{origin}","actor":"ana",'
    assert kept == [said + line.decode().removeprefix("{") for line in sent]


# The log


def test_log_prints_the_stored_events_byte_for_byte(told: Path) -> None:
    async def read() -> list[bytes]:
        async with private_server(told) as endpoint:
            return await program.payloads(endpoint, "told")

    stored = asyncio.run(read())
    assert len(stored) == LAST
    assert done(told, "log", "--json").out == program.joined(stored)


def test_log_lists_what_is_about_an_initiative_of_a_type_or_by_an_actor(told: Path, events: list[Recorded]) -> None:
    def sequences(*options: str) -> list[int]:
        return [int(event["sequence"]) for event in done(told, "log", "--json", *options).receipts]

    assert sequences("--initiative", "AI-1") == [e.at for e in events if e.subject == "initiative/AI-1"]
    approvals = [e.at for e in events if e.data.TYPE == "FundingApproved.v1"]
    assert sequences("--type", "FundingApproved") == sequences("--type", "FundingApproved.v1") == approvals
    assert sequences("--actor", "ana") == list(range(1, LAST + 1))
    assert done(told, "log", "--type", "GateDecided").text == "No such events.\n"


def test_log_keeps_and_shows_a_foreign_entry(tmp_path: Path) -> None:
    """Somebody with the right to publish stored what is no event. Nothing stops, and nothing of it acts."""
    done(tmp_path, "init", "one", "--currency", "USD")

    async def publish() -> list[bytes]:
        async with private_server(tmp_path) as endpoint:
            client = await nats.connect(endpoint.url, token=endpoint.token)
            for payload in (b"\x1b]52;c;cm0gLXJmIC8=\x07 hello", b"\xff\xfe\x00", b""):
                await client.jetstream().publish("portfolio.one.event.initiative.AI-1.FundingApproved", payload)
            await client.close()
            return await program.payloads(endpoint, "one")

    stored = asyncio.run(publish())
    assert done(tmp_path, "log", "--json").out == program.joined(stored)
    assert done(tmp_path, "log").text.count("(foreign entry)") == 3
    sent = done(tmp_path, "send", "-", given=lines(fund("claims", "retail", usd(100), "2025-01-01")))
    assert sent.receipts[0]["sequence"] == 5
    assert done(tmp_path, "view", "spend", "--json").json["totals"]["funded_minor"] == 100
    assert "nothing differs" in done(tmp_path, "rebuild").text
    assert_plainly_visible(program.on_a_terminal(tmp_path, "log", "--json").replace("\r\n", "\n"))


# Views


def test_spend_has_exactly_the_documented_shape(shown: Callable[..., Any], events: list[Recorded]) -> None:
    for by in GROUPINGS:
        view = shown("spend", "--by", by)
        assert list(view) == VIEW
        assert (view["view"], view["portfolio"], view["currency"]) == ("spend", "told", "USD")
        assert view["as_known"] == {"sequence": LAST, "recordedtime": "2025-04-03T09:00:00Z"}
        assert view["as_of"] == "2025-04-03"
        assert all(list(row) == SPEND_ROW for row in view["rows"])
        assert [list(total) for total in view["totals"]["other_currencies"]] == [["currency", *FIGURES]]
        assert list(view["totals"]) == [*SPEND_ROW, "other_currencies"]
        assert all(type(row[figure]) is int for row in [*view["rows"], view["totals"]] for figure in FIGURES)
        assert view["rows"] == oracle.spend(events, LAST, events[-1].recordedtime.date(), by)


def test_alignment_has_exactly_the_documented_shape(shown: Callable[..., Any], events: list[Recorded]) -> None:
    for measure in ("approved", "actual"):
        view = shown("alignment", "--measure", measure)
        assert list(view) == VIEW
        assert (view["view"], view["portfolio"], view["currency"]) == ("alignment", "told", "USD")
        assert view["as_known"] == {"sequence": LAST, "recordedtime": "2025-04-03T09:00:00Z"}
        assert [list(row) for row in view["rows"]] == [ALIGNMENT_ROW] * 2
        assert list(view["totals"]) == ALIGNMENT_TOTALS
        rows, totals = oracle.alignment(events, LAST, events[-1].recordedtime.date(), measure)
        assert view["rows"] == [{name: near(value) for name, value in row.items()} for row in rows]
        assert view["totals"] == {name: near(value) for name, value in totals.items()}


def test_totals_agree_whatever_spend_is_grouped_by(shown: Callable[..., Any]) -> None:
    views = [shown("spend", "--by", by) for by in GROUPINGS]
    for view in views:
        assert view["totals"] == views[0]["totals"]
        for total in [view["totals"], *view["totals"]["other_currencies"]]:
            of_currency = [row for row in view["rows"] if row["currency"] == total["currency"]]
            assert {figure: sum(row[figure] for row in of_currency) for figure in FIGURES} == {
                figure: total[figure] for figure in FIGURES
            }
    nameless = [row for row in views[1]["rows"] if row["key"] is None and row["currency"] == "USD"]
    assert [(row["funded_minor"], row["actual_minor"]) for row in nameless] == [(15_000_001, 12_345)]


def test_as_known_by_sequence_date_and_instant_agree(told: Path) -> None:
    """Sequence 18 was recorded on 1 April in London, and on 31 March in New York, where the portfolio is."""
    asks = ["18", "2025-03-31", "2025-03-31T22:30:00", "2025-04-01T02:30:00Z"]
    views = [done(told, "view", "spend", "--as-known", ask, "--json").json for ask in asks]
    assert views == [views[0]] * len(asks)
    assert views[0]["as_known"] == {"sequence": 18, "recordedtime": "2025-04-01T02:30:00Z"}
    assert views[0]["as_of"] == "2025-03-31"
    just_before = done(told, "view", "spend", "--as-known", "2025-04-01T02:29:59.999999Z", "--json").json
    assert just_before["as_known"]["sequence"] == 17
    long_before = done(told, "view", "spend", "--as-known", "1969-12-30", "--json").json
    assert (long_before["as_known"], long_before["rows"]) == ({"sequence": 0, "recordedtime": None}, [])


def test_as_of_bounds_what_was_effective(told: Path) -> None:
    """The reduction was recorded in April and takes money away in June."""

    def approved(as_of: str) -> int:
        view = done(told, "view", "spend", "--as-known", str(LAST), "--as-of", as_of, "--json").json
        assert view["as_of"] == as_of
        return int(view["totals"]["approved_minor"])

    assert [approved("2025-05-31"), approved("2025-06-01")] == [4_000_001, 3_800_001]
    assert approved("2025-01-31") == 0


def test_a_void_and_a_counter_are_seen_from_their_sequence_on(told: Path) -> None:
    def approved(as_known: int, as_of: str) -> dict[str, int]:
        asks = ["--by", "initiative", "--as-known", str(as_known), "--as-of", as_of]
        rows = done(told, "view", "spend", *asks, "--json").json["rows"]
        return {row["key"]: row["approved_minor"] for row in rows if row["currency"] == "USD" and row["key"]}

    # A void drops the entry at every date, from its own sequence on.
    assert approved(VOID - 1, "2025-03-01") == {"AI-1": 5_500_001, "AI-2": 2_500_000}
    assert approved(VOID, "2025-03-01") == {"AI-1": 4_000_001, "AI-2": 2_500_000}
    # A counter takes the money back on its own date; what was true before stays true.
    assert approved(COUNTER, "2025-03-31") == {"AI-1": 4_000_001, "AI-2": 0}
    assert approved(COUNTER, "2025-03-30") == {"AI-1": 4_000_001, "AI-2": 2_500_000}
    timeline = done(told, "view", "timeline", "--as-known", str(COUNTER), "--as-of", FAR, "--json").json
    reversed_by = {row["sequence"]: row["reversed_by"] for row in timeline["rows"] if row["reversed_by"]}
    assert reversed_by == {VOIDED: VOID, COUNTERED: COUNTER}


@pytest.mark.parametrize(
    "asks", [("spend", "--by", "initiative"), ("alignment", "--measure", "approved"), ("initiatives",)]
)
def test_csv_and_parquet_hold_the_rows_of_json(
    told: Path, tmp_path: Path, shown: Callable[..., Any], asks: tuple[str, ...]
) -> None:
    rows = shown(*asks)["rows"]
    assert rows
    printed = done(told, "view", *asks, "--as-known", str(LAST), "--csv", "--parquet", tmp_path / "view.parquet")
    read = list(csv.DictReader(io.StringIO(printed.text, newline="")))
    assert read == [{name: "" if value is None else str(value) for name, value in row.items()} for row in rows]
    table = pq.read_table(tmp_path / "view.parquet")
    assert table.column_names == list(rows[0])
    assert [{name: spoken(value) for name, value in row.items()} for row in table.to_pylist()] == rows


# What changed


@pytest.mark.parametrize("by", ["envelope", "initiative"])
@pytest.mark.parametrize(("before", "after"), [(1, 14), (14, 17), (16, 20)])
def test_diff_names_exactly_the_entries_in_between_that_touch_a_row(
    told: Path, events: list[Recorded], by: str, before: int, after: int
) -> None:
    found = done(told, "diff", "spend", "--by", by, "--between", str(before), str(after), "--json").json
    rows = {
        at: {(row["key"], row["currency"]): row for row in oracle.spend(events, at, day_of(events[at - 1]), by)}
        for at in (before, after)
    }
    assert [(side["sequence"], side["as_of"]) for side in found["between"]] == [
        (at, str(day_of(events[at - 1]))) for at in (before, after)
    ]
    met = set()
    for row in found["rows"]:
        key = (row["key"], (row["after"] or row["before"])["currency"])
        old, new = rows[before].get(key), rows[after].get(key)
        met.add(key)
        assert (row["before"], row["after"]) == (old, new)
        figures = {name: (new or {}).get(name, 0) - (old or {}).get(name, 0) for name in FIGURES}
        assert row["change"] == {name: figure for name, figure in figures.items() if figure}
        assert row["sequences"] == touching(events, before, after, by, key)
    assert met == {
        key for key in rows[before].keys() | rows[after].keys() if rows[before].get(key) != rows[after].get(key)
    }


def touching(events: list[Recorded], before: int, after: int, by: str, key: tuple[str | None, str]) -> list[int]:
    """Return the entries in between that move money of a row, worked out from the log.

    An entry that was taken out again in between moves nothing, and neither does its void.
    """
    known = {event.at: event for event in events}
    voids = {
        e.data.sequence: e.at for e in events[:after] if e.data.TYPE == "EntryReversed.v1" and e.data.kind == "void"
    }
    found = []
    for event in events[before:after]:
        moved = known[event.data.sequence] if event.data.TYPE == "EntryReversed.v1" else event
        came_and_went = moved.at > before and voids.get(moved.at, 0) > 0
        amount = getattr(moved.data, "amount", None)
        if amount is not None and not came_and_went and (getattr(moved.data, by, None), amount.currency) == key:
            found.append(event.at)
    return found


def test_diff_names_an_entry_known_before_that_has_become_effective(told: Path) -> None:
    ran = done(told, "diff", "spend", "--between", str(LAST), "2025-07-01", "--json")
    (row,) = ran.json["rows"]
    assert (row["key"], row["sequences"]) == ("claims", [LAST])
    assert row["change"] == {"approved_minor": -200_000, "free_minor": 200_000, "uncommitted_minor": -200_000}


def test_diff_of_a_moment_with_itself_says_that_nothing_changed(told: Path) -> None:
    assert done(told, "diff", "spend", "--between", "9", "9", "--json").json["rows"] == []
    assert "Nothing changed." in done(told, "diff", "alignment", "--between", "9", "9").text


def test_diff_by_objective_names_the_declaration_that_moved_money(tmp_path: Path) -> None:
    """No money was recorded in between: what was approved serves something else from the new declaration on."""
    done(tmp_path, "init", "one", "--currency", "USD")
    day = "2025-01-01"
    given = [objectives("one", day, fair=6_000, safe=4_000), fund("claims", "retail", usd(1_000), day)]
    for initiative in ("AI-1", "AI-2"):
        given += [propose(initiative, "retail", day), align(initiative, day, fair=5_000)]
        given += [approve(initiative, "claims", usd(100), day)]
    given += [align("AI-1", day, fair=10_000)]
    sent = done(tmp_path, "send", "-", given=lines(*given))
    last = sent.receipts[-1]["sequence"]
    found = done(tmp_path, "diff", "spend", "--by", "objective", "--between", str(last - 1), str(last), "--json").json
    changes = {row["key"]: (row["change"]["approved_minor"], row["sequences"]) for row in found["rows"]}
    assert changes == {"fair": (50, [last]), "~unaligned": (-50, [last])}


# Whole runs


def test_the_demo_prints_the_same_board_twice(tmp_path: Path) -> None:
    first, second = (done(tmp_path, "demo").text for _ in range(2))
    board = first.partition("\n")[2]
    assert second.partition("\n")[2] == board
    assert board.count("Alignment by objective") == board.count("Needs a decision") == 3
    assert first.startswith("1,815 of 1,821 commands recorded, 0 were there already, 6 refused")
    assert second.startswith("0 of 1,815 commands recorded, 1,815 were there already, 0 refused")
    for index in ("0.9010", "0.8777", "0.8062"):
        assert f"Alignment {index} of 1" in board
    assert "nothing differs" in done(tmp_path, "rebuild").text


def test_an_import_is_summed_up_and_running_it_again_changes_nothing(tmp_path: Path) -> None:
    data = tmp_path / "data"
    done(data, "init", "city", "--currency", "USD", "--historic", "--fiscal-year-start", "7")
    asks = program.plans(tmp_path / "plans")
    first = done(data, "import", *asks, "--json").json
    assert first == {
        "portfolio": "city",
        "commands": 153,
        "recorded": 153,
        "already_there": 0,
        "refused": 0,
        "left_out": 0,
        "sequence": 154,
    }
    before = done(data, "log", "--json").out
    assert done(data, "import", *asks, "--json").json == first | {"recorded": 0, "already_there": 153}
    assert done(data, "log", "--json").out == before


def test_rebuild_finds_no_difference_and_says_what_it_compared(told: Path) -> None:
    found = done(told, "rebuild", "--json").json
    assert (found["portfolio"], found["sequence"], found["differences"]) == ("told", LAST, [])
    assert re.fullmatch(r"[0-9a-f]{64}", found["root"])
    assert found["tables"] == 2 + len(FACTS)
    assert found["views"] == 21
    assert "nothing differs" in done(told, "rebuild").text


@pytest.mark.parametrize("view", ["spend", "alignment", "initiatives"])
def test_an_empty_portfolio_is_shown_with_what_to_do_next(empty: Path, tmp_path: Path, view: str) -> None:
    assert "`portfolio send`" in done(empty, "view", view).text
    ran = done(empty, "view", view, "--json", "--parquet", tmp_path / "empty.parquet")
    assert (list(ran.json), ran.json["rows"]) == (VIEW, [])
    assert pq.read_table(tmp_path / "empty.parquet").num_rows == 0


def test_before_the_first_event_there_is_nothing_and_no_currency(empty: Path) -> None:
    view = done(empty, "view", "timeline", "--as-known", "0")
    assert "Nothing recorded by then." in view.text
    assert done(empty, "view", "spend", "--as-known", "0", "--json").json["currency"] is None
    assert done(empty, "view", "spend", "--csv").text == ",".join(SPEND_ROW) + "\n"
    assert "Nothing changed." in done(empty, "diff", "spend", "--between", "0", "1").text


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A data directory with a portfolio that was opened and nothing more."""
    data = tmp_path_factory.mktemp("empty")
    with asyncio.Runner() as runner:
        server = private_server(data)
        runner.run(server.__aenter__())
        done(data, "init", "new", "--currency", "USD")
        yield data
        runner.run(server.__aexit__(None, None, None))


# What events say reaches a terminal as text


HOSTILE = "\x1b]52;c;cm0gLXJmIC8=\x07\x1b[2J\u202eelif\u200b\u2066x\x9b31m\x7f end"


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A data directory whose titles and references would move a cursor, set a clipboard, reorder or hide."""
    data = tmp_path_factory.mktemp("hostile")
    with asyncio.Runner() as runner:
        server = private_server(data)
        runner.run(server.__aenter__())
        done(data, "init", "bad", "--currency", "USD", "--title", "Bad actors")
        given = [
            objectives("bad", "2025-01-01", fair=10_000),
            fund("claims", "retail", usd(100), "2025-01-01", reason=HOSTILE),
            propose("AI-1", "retail", "2025-01-01", title=HOSTILE, hypothesis=HOSTILE),
            approve("AI-1", "claims", usd(60), "2025-01-01"),
            spent("claims", "AI-1", usd(10), "2025-01-01", posting_ref="P\u202e1\u200b", supplier="S\u009b1"),
            align("AI-1", "2025-01-01", fair=10_000),
        ]
        given[0]["data"]["objectives"][0]["title"] = HOSTILE
        sent = done(data, "send", "-", given=lines(*given))
        assert [receipt["status"] for receipt in sent.receipts] == ["accepted"] * 6
        yield data
        runner.run(server.__aexit__(None, None, None))


@pytest.mark.parametrize(
    "asks",
    [
        ["view", "spend", "--by", "initiative"],
        ["view", "alignment"],
        ["view", "initiatives"],
        ["diff", "spend", "--by", "initiative", "--between", "1", "7"],
        ["log"],
    ],
    ids=" ".join,
)
def test_plain_output_shows_hidden_characters_as_tokens(hostile: Path, asks: list[str]) -> None:
    shown = done(hostile, *asks).text
    assert_plainly_visible(shown)
    assert ("<U+001B>]52;c;" in shown) == (asks[0] == "view")


@pytest.mark.parametrize(
    "asks",
    [
        ["view", "initiatives"],
        ["view", "initiatives", "--json"],
        ["view", "alignment", "--csv"],
        ["diff", "spend", "--by", "initiative", "--between", "1", "7", "--json"],
        ["log", "--json"],
    ],
    ids=" ".join,
)
def test_nothing_from_an_event_acts_on_a_terminal(hostile: Path, asks: list[str]) -> None:
    drawn = program.on_a_terminal(hostile, *asks)
    assert "end" in drawn or "…" in drawn
    assert_plainly_visible(drawn.replace("\r\n", "\n"))


def test_a_pipe_gets_the_text_of_events_as_it_is(hostile: Path) -> None:
    """What a program reads must be what was recorded, and not what is safe to look at."""
    (row,) = done(hostile, "view", "initiatives", "--json").json["rows"]
    assert row["title"] == HOSTILE
    (row,) = csv.DictReader(io.StringIO(done(hostile, "view", "initiatives", "--csv").text, newline=""))
    assert row["title"] == HOSTILE


def assert_plainly_visible(shown: str) -> None:
    hidden = {c for c in shown if unicodedata.category(c) in ("Cc", "Cf", "Co", "Cs", "Cn", "Zl", "Zp") and c != "\n"}
    assert not hidden, (hidden, shown)


def near(value: Any) -> Any:
    """A fraction is divided once, in floating point; every other figure is exact."""
    return pytest.approx(value, abs=1e-12) if isinstance(value, float) else value


def spoken(value: Any) -> Any:
    """Return a day or an instant in the words of JSON."""
    if isinstance(value, datetime.datetime):
        return value.isoformat().replace("+00:00", "Z")
    return value.isoformat() if isinstance(value, datetime.date) else value


def day_of(event: Recorded) -> datetime.date:
    """Return the day an event was recorded where the portfolio is."""
    return event.recordedtime.astimezone(zoneinfo.ZoneInfo("America/New_York")).date()
