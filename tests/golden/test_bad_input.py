"""What is wrong is refused with the field and the reason, told in one line, and leaves the stream as it was.

The commands of the table share one portfolio: none of them may change it, and each looks that none has.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from ledger.connection import connect
from ledger.jetstream import JetStreamStore
from ledger.server import private_server
from tests import program
from tests.program import asked, done, lines, run, usd

ORIGIN = "bad-0badcafe"
LAST = 6


class Ledger(NamedTuple):
    """A portfolio and a way to see where it ends."""

    data: Path
    end: Callable[[], int]


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ledger]:
    """A portfolio of six entries: opening, objectives, an envelope, an initiative, its baseline and its approval."""
    data = tmp_path_factory.mktemp("bad")
    with asyncio.Runner() as runner:
        server = private_server(data)
        endpoint = runner.run(server.__aenter__())
        program.opened_portfolio(data, "bad", ORIGIN)
        sent = done(data, "send", "-", given=lines(*(made({}) for made in GOOD)))
        assert [receipt["sequence"] for receipt in sent.receipts] == list(range(2, LAST + 1))
        connection = runner.run(connect(endpoint.url, endpoint.token))
        store = JetStreamStore(connection, "PORTFOLIO_bad", "portfolio.bad.event.>")
        yield Ledger(data, lambda: runner.run(store.last_sequence()))
        runner.run(connection.close())
        runner.run(server.__aexit__(None, None, None))


# Commands that are good until something is changed in them


Change = dict[str, Any]


def objectives(change: Change) -> dict[str, Any]:
    listed = [{"id": "fair", "title": "Fair", "weight_bp": 6_000}, {"id": "safe", "title": "Safe", "weight_bp": 4_000}]
    return changed("SetObjectives", "objectives/bad", {"portfolio": "bad", "objectives": listed}, change)


def fund(change: Change) -> dict[str, Any]:
    data = {"envelope": "claims", "value_stream": "retail", "fiscal_period": "FY2025", "capex_opex": "opex"}
    return changed("FundEnvelope", "envelope/claims", {**data, "kind": "initial", "amount": usd(50_000)}, change)


def propose(change: Change) -> dict[str, Any]:
    data = {"initiative": "AI-1", "title": "One", "sponsor": "sam", "proposer": "pia", "value_stream": "retail"}
    return changed("ProposeInitiative", "initiative/AI-1", {**data, "hypothesis": "it pays"}, change)


def baseline(change: Change) -> dict[str, Any]:
    cost = [{"period": "FY2025", "amount": usd(40_000)}]
    return changed("SetBaseline", "initiative/AI-1", {"initiative": "AI-1", "number": 1, "cost": cost}, change)


def approve(change: Change) -> dict[str, Any]:
    data = {"initiative": "AI-1", "envelope": "claims", "kind": "initial", "amount": usd(40_000), "capex_opex": "opex"}
    return changed("ApproveFunding", "initiative/AI-1", data, change)


def align(change: Change) -> dict[str, Any]:
    shares = [{"objective": "fair", "share_bp": 6_000}, {"objective": "safe", "share_bp": 4_000}]
    return changed("DeclareAlignment", "initiative/AI-1", {"initiative": "AI-1", "contributions": shares}, change)


def gate(change: Change) -> dict[str, Any]:
    data = {"initiative": "AI-1", "gate": "G1", "stage_from": "proposed", "stage_to": "build", "outcome": "go"}
    return changed("DecideGate", "initiative/AI-1", data, change)


def spend(change: Change) -> dict[str, Any]:
    data = {"envelope": "claims", "initiative": "AI-1", "amount": usd(7), "period": "FY2025", "capex_opex": "opex"}
    return changed("PostActual", "initiative/AI-1", {**data, "posting_ref": "P-1"}, change)


def opening(change: Change) -> dict[str, Any]:
    return json.loads(program.opening("bad", ORIGIN)) | {"commandid": "again"} | change


def take_back(sequence: int, kind: str) -> dict[str, Any]:
    data = {"sequence": sequence, "kind": kind, "reason": "recorded twice"}
    return asked("ReverseEntry", f"entry/{sequence}", "2025-01-15", data)


GOOD = (objectives, fund, propose, baseline, approve)


def changed(kind: str, about: str, data: dict[str, Any], change: Change) -> dict[str, Any]:
    """Return a command with some of its fields replaced, by their dotted names; a field set to LEFT_OUT goes away."""
    whole = asked(kind, about, "2025-01-15", data)
    for name, value in change.items():
        *path, last = name.split(".")
        held: Any = whole
        for step in path:
            held = held[int(step)] if isinstance(held, list) else held[step]
        if value is LEFT_OUT:
            del held[last]
        else:
            held[last] = value
    if change and "commandid" not in change:
        named = asked(kind, about, "2025-01-15", {"changed": repr(sorted(change.items()))})
        whole["commandid"] = named["commandid"]
    return whole


LEFT_OUT = object()


class Bad(NamedTuple):
    """A line, why it is refused, and the field that is named."""

    line: bytes
    reason: str
    field: str | None = None


def said(whole: dict[str, Any]) -> bytes:
    return json.dumps(whole).encode()


def nested(levels: int) -> bytes:
    return b'{"type": "SetObjectives.v1", "data": ' + b"[" * levels + b"]" * levels + b"}"


MALFORMED: dict[str, Bad] = {
    "not JSON": Bad(b"approve AI-1", "NOT_JSON"),
    "an array": Bad(b"[1, 2]", "NOT_JSON"),
    "an empty object": Bad(b"{}", "UNKNOWN_TYPE", "type"),
    "an unknown type": Bad(said(fund({"type": "PrintMoney.v1"})), "UNKNOWN_TYPE", "type"),
    "a missing field": Bad(said(approve({"data.amount": LEFT_OUT})), "MALFORMED", "data.amount"),
    "an unknown field": Bad(said(approve({"data.colour": "red"})), "MALFORMED", "data.colour"),
    "an unknown field of the envelope": Bad(said(approve({"colour": "red"})), "MALFORMED", "colour"),
    "a currency that does not exist": Bad(
        said(fund({"data.amount.currency": "XYZ"})), "MALFORMED", "data.amount.currency"
    ),
    "a currency in small letters": Bad(
        said(fund({"data.amount.currency": "usd"})), "MALFORMED", "data.amount.currency"
    ),
    "money with a fraction": Bad(said(fund({"data.amount.minor": 1.5})), "MALFORMED", "data.amount.minor"),
    "money with a fraction of zero": Bad(said(fund({"data.amount.minor": 1.0})), "MALFORMED", "data.amount.minor"),
    "money beyond the limit": Bad(said(fund({"data.amount.minor": 10**15 + 1})), "MALFORMED", "data.amount.minor"),
    "70 kB": Bad(said(propose({"data.hypothesis": "x" * 70_000})), "TOO_LARGE"),
    "an id with a space": Bad(said(propose({"data.initiative": "AI 9"})), "MALFORMED", "data.initiative"),
    "an id with a dot": Bad(said(propose({"data.initiative": "AI.9"})), "MALFORMED", "data.initiative"),
    "an empty id": Bad(said(propose({"data.initiative": ""})), "MALFORMED", "data.initiative"),
    "a day that does not exist": Bad(said(fund({"time": "2025-02-30"})), "MALFORMED", "time"),
    "a key that stands twice": Bad(said(fund({})).replace(b'"kind"', b'"envelope"'), "DUPLICATE_KEY", "envelope"),
    "NaN": Bad(said(fund({"data.amount.minor": float("nan")})), "NOT_JSON"),
    "100,000 levels": Bad(nested(100_000), "TOO_LARGE"),
    "9,000 levels": Bad(nested(9_000), "NOT_JSON"),
    "invalid UTF-8": Bad(said(propose({})).replace(b"One", b"\xff\xfe"), "NOT_JSON"),
    "half a character": Bad(said(propose({"data.title": "\ud83d"})), "NOT_JSON"),
    "a name that is no ledger's": Bad(said(fund({"portfolio": "bad"})), "MALFORMED", "portfolio"),
}
"""What no ledger would take: the sender made a mistake, and the exit code is 2."""

UNFIT: dict[str, Bad] = {
    "another ledger": Bad(said(fund({"portfolio": "bad-11111111"})), "WRONG_PORTFOLIO", "portfolio"),
    "a command id used for other bytes": Bad(
        said(fund({"commandid": approve({})["commandid"]})), "COMMAND_ID_REUSED", "commandid"
    ),
    "another subject than the data": Bad(said(fund({"subject": "envelope/data"})), "WRONG_SUBJECT", "subject"),
    "a currency that is not the envelope's": Bad(
        said(approve({"data.amount.currency": "EUR"})), "WRONG_CURRENCY", "data.amount.currency"
    ),
    "weights that sum to 9,999": Bad(
        said(objectives({"data.objectives.0.weight_bp": 5_999})), "WEIGHTS_SUM", "data.objectives"
    ),
    "shares over 10,000": Bad(
        said(align({"data.contributions.1.share_bp": 4_001})), "SHARES_SUM", "data.contributions"
    ),
    "a sum beyond the limit": Bad(said(fund({"data.amount.minor": 10**15})), "OUT_OF_RANGE", "data.amount.minor"),
    "a baseline out of order": Bad(said(baseline({"data.number": 3})), "BASELINE_NUMBER", "data.number"),
    "another stage": Bad(said(gate({"data.stage_from": "build"})), "STAGE_MISMATCH", "data.stage_from"),
    "a second opening": Bad(said(opening({})), "ALREADY_OPEN"),
}
"""What this ledger does not take: the exit code is 1."""

OTHERS: dict[str, Bad] = {
    "null": Bad(b"null", "NOT_JSON"),
    "Infinity": Bad(said(fund({"data.amount.minor": float("inf")})), "NOT_JSON"),
    "a number of 5,000 digits": Bad(said(fund({})).replace(b"50000", b"9" * 5_000), "NOT_JSON"),
    "UTF-16": Bad(said(propose({})).decode().encode("utf-16-le"), "NOT_JSON"),
    "half a line": Bad(said(propose({}))[:-20], "NOT_JSON"),
    "two commands in a line": Bad(said(propose({})) * 2, "NOT_JSON"),
    "the next version": Bad(said(fund({"type": "FundEnvelope.v2"})), "UNKNOWN_TYPE", "type"),
    "a type that is no text": Bad(said(fund({"type": ["FundEnvelope.v1"]})), "UNKNOWN_TYPE", "type"),
    "no data": Bad(said(fund({"data": LEFT_OUT})), "MALFORMED", "data"),
    "data that is no object": Bad(said(fund({"data": [1]})), "MALFORMED", "data"),
    "money as an exponent": Bad(
        said(fund({"data.amount.minor": 12345})).replace(b"12345", b"1e3"), "MALFORMED", "data.amount.minor"
    ),
    "an id of 65": Bad(said(propose({"data.initiative": "x" * 65})), "MALFORMED", "data.initiative"),
    "an id that ends a line": Bad(said(propose({"data.initiative": "AI-9\n"})), "MALFORMED", "data.initiative"),
    "an empty command id": Bad(said(fund({"commandid": ""})), "MALFORMED", "commandid"),
    "an actor that is a wildcard": Bad(said(fund({"actor": "*"})), "MALFORMED", "actor"),
    "a share of nothing": Bad(
        said(align({"data.contributions.1.share_bp": 0})), "MALFORMED", "data.contributions.1.share_bp"
    ),
    "an instant without a zone": Bad(said(fund({"recordedtime": "2025-01-15T10:00:00"})), "MALFORMED", "recordedtime"),
    "recorded in the future": Bad(
        said(fund({"recordedtime": "2999-01-15T10:00:00Z"})), "RECORDED_TIME_STATED", "recordedtime"
    ),
    "no amount": Bad(said(fund({"data.amount.minor": 0})), "ZERO_AMOUNT", "data.amount.minor"),
    "an amount below zero": Bad(said(fund({"data.amount.minor": -1})), "WRONG_SIGN", "data.amount.minor"),
    "a transfer from nowhere": Bad(said(fund({"data.kind": "transfer"})), "LEG_MISSING", "data.counter_envelope"),
    "an initiative that exists": Bad(said(propose({"commandid": "another"})), "INITIATIVE_EXISTS", "data.initiative"),
    "an initiative that does not": Bad(
        said(approve({"data.initiative": "AI-9", "subject": "initiative/AI-9"})),
        "UNKNOWN_INITIATIVE",
        "data.initiative",
    ),
    "an envelope that does not": Bad(said(approve({"data.envelope": "data"})), "UNKNOWN_ENVELOPE", "data.envelope"),
    "an objective that does not": Bad(
        said(align({"data.contributions.1.objective": "fast"})), "UNKNOWN_OBJECTIVE", "data.contributions.1.objective"
    ),
    "a contract that does not": Bad(said(spend({"data.commitment": "C-9"})), "UNKNOWN_COMMITMENT", "data.commitment"),
    "a finish before the start": Bad(
        said(baseline({"data.number": 2, "data.start": "2025-02-01", "data.finish": "2025-01-31"})),
        "FINISH_BEFORE_START",
        "data.finish",
    ),
    "the opening taken back": Bad(said(take_back(1, "void")), "NOT_REVERSIBLE", "data.sequence"),
    "an entry that is not there": Bad(said(take_back(99, "void")), "UNKNOWN_ENTRY", "data.sequence"),
    "a counter of what is no money": Bad(said(take_back(4, "counter")), "NOT_REVERSIBLE", "data.sequence"),
}
"""More of both kinds, all in one file."""


@pytest.mark.parametrize("bad", [pytest.param(bad, id=name) for name, bad in MALFORMED.items()])
def test_a_malformed_command_is_refused_with_exit_code_2(ledger: Ledger, bad: Bad) -> None:
    assert_refused(ledger, bad, code=2)


@pytest.mark.parametrize("bad", [pytest.param(bad, id=name) for name, bad in UNFIT.items()])
def test_a_command_the_ledger_does_not_take_is_refused_with_exit_code_1(ledger: Ledger, bad: Bad) -> None:
    assert_refused(ledger, bad, code=1)


def test_a_file_of_bad_commands_is_refused_line_by_line(ledger: Ledger) -> None:
    sent = run(ledger.data, "send", "-", given=b"\n".join(bad.line for bad in OTHERS.values()))
    assert (sent.code, sent.err) == (2, "")
    answers = [(receipt["reason"], receipt["detail"].get("field")) for receipt in sent.receipts]
    assert dict(zip(OTHERS, answers, strict=True)) == {name: (bad.reason, bad.field) for name, bad in OTHERS.items()}
    assert ledger.end() == LAST


LAX: dict[str, Bad] = {
    "money as text": Bad(said(fund({"data.amount.minor": "100"})), "MALFORMED", "data.amount.minor"),
    "money as text with a blank": Bad(said(fund({"data.amount.minor": " 1_00"})), "MALFORMED", "data.amount.minor"),
    "money as yes": Bad(said(fund({"data.amount.minor": True})), "MALFORMED", "data.amount.minor"),
    "a day as a number": Bad(said(baseline({"data.number": 2, "data.start": 0})), "MALFORMED", "data.start"),
    "a day as an instant": Bad(
        said(baseline({"data.number": 2, "data.start": "2025-01-15T00:00:00Z"})), "MALFORMED", "data.start"
    ),
    "a number as text": Bad(said(baseline({"data.number": "2"})), "MALFORMED", "data.number"),
}
"""What a lax reader would take for what it is not."""


def test_what_is_of_another_type_is_not_taken_for_what_was_meant(tmp_path: Path) -> None:
    program.opened_portfolio(tmp_path, "bad", ORIGIN)
    done(tmp_path, "send", "-", given=lines(*(made({}) for made in GOOD)))
    sent = run(tmp_path, "send", "-", given=b"\n".join(bad.line for bad in LAX.values()))
    answers = [(receipt.get("reason"), receipt.get("detail", {}).get("field")) for receipt in sent.receipts]
    assert dict(zip(LAX, answers, strict=True)) == {name: (bad.reason, bad.field) for name, bad in LAX.items()}
    assert sent.code == 2


def assert_refused(ledger: Ledger, bad: Bad, *, code: int) -> None:
    sent = run(ledger.data, "send", "-", given=bad.line)
    (receipt,) = sent.receipts
    named = receipt["detail"].get("field") or None
    assert (receipt["status"], receipt["reason"], named) == ("refused", bad.reason, bad.field), receipt
    assert bad.field or receipt["detail"].get("problem") or bad.reason in ("TOO_LARGE", "ALREADY_OPEN")
    assert (sent.code, sent.err) == (code, "")
    assert ledger.end() == LAST


# Options


@pytest.mark.parametrize(
    ("code", "asks", "word"),
    [
        (2, ["nonsense"], "nonsense"),
        (2, ["view", "nonsense"], "nonsense"),
        (2, ["view", "spend", "--colour", "red"], "--colour"),
        (2, ["view", "spend", "--by", "colour"], "colour"),
        (2, ["view", "spend", "--as-known", str(LAST + 1)], f"sequence {LAST + 1} is beyond the last, {LAST}"),
        (2, ["view", "spend", "--as-known", "yesterday"], "'yesterday' is no moment"),
        (2, ["view", "spend", "--as-known", "2025-02-30"], "'2025-02-30' is no date"),
        (2, ["view", "spend", "--as-known", "0001-01-01T00:00:00+14:00"], "is no moment"),
        (2, ["view", "spend", "--as-known", "9" * 5_000], "is beyond the last"),
        (2, ["view", "spend", "--as-of", "tomorrow"], "'tomorrow' is no date"),
        (2, ["view", "alignment", "--currency", "DOLLAR"], "'DOLLAR' is no ISO 4217 currency"),
        (2, ["view", "spend", "--portfolio", "a.b"], "'a.b' is no id"),
        (2, ["view", "spend", "--portfolio", "nobody"], "there is no portfolio nobody, there is bad"),
        (2, ["diff", "timeline", "--between", "1", "2"], "'timeline' cannot be compared"),
        (2, ["diff", "spend", "--between", "1", str(LAST + 1)], "is beyond the last"),
        (2, ["send", "nowhere.ndjson"], "cannot read nowhere.ndjson"),
        (2, ["import", "nyc-capital", "nowhere"], "cannot read nowhere"),
        (2, ["init", "new", "--currency", "usd"], "data.currency"),
        (2, ["init", "new", "--currency", "USD", "--time-zone", "Mars/Olympus"], "data.time_zone"),
        (2, ["init", "a.b", "--currency", "USD"], "'a.b' is no id"),
        (3, ["view", "spend", "--nats", "nats://127.0.0.1:1"], "cannot reach nats://127.0.0.1:1"),
        (3, ["view", "spend", "--nats", "http://127.0.0.1"], "cannot reach http://127.0.0.1"),
        (3, ["view", "spend", "--parquet", "nowhere/spend.parquet"], "nowhere/spend.parquet"),
    ],
    ids=lambda value: " ".join(value)[:60] if isinstance(value, list) else "",
)
def test_a_wrong_option_is_told_in_one_line(ledger: Ledger, code: int, asks: list[str], word: str) -> None:
    ran = run(ledger.data, *asks)
    assert_told_in_one_line(ran, code, word)
    assert ledger.end() == LAST


def test_plans_in_dollars_and_cents_do_not_go_into_a_portfolio_in_yen(tmp_path: Path) -> None:
    done(tmp_path, "init", "yen", "--currency", "JPY", "--historic")
    ran = run(tmp_path, "import", *program.plans(tmp_path / "plans"))
    assert_told_in_one_line(ran, 2, "JPY")


def assert_told_in_one_line(ran: program.Ran, code: int, word: str) -> None:
    assert (ran.code, ran.out) == (code, b""), ran
    assert ran.err.startswith("portfolio: ")
    assert (ran.err.count("\n"), ran.err[-1]) == (1, "\n")
    assert word in ran.err
