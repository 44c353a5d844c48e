"""Command lines: what is none is refused with the field, the value and what is allowed."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas import commands
from schemas.commands import BY_TYPE, COMMANDS, MAX_COMMAND_BYTES, Command, parse
from schemas.events import FACTS
from schemas.receipts import Reason, Refused
from tests.fixed_history import every_type_history
from tests.notation import Said
from tests.words import (
    Ask,
    amend,
    approve,
    forecast,
    fund,
    gate,
    objective,
    objectives,
    opening,
    plan,
    propose,
    reverse,
)

USD_1 = {"minor": 1, "currency": "USD"}
GOOD: dict[str, Any] = json.loads(Said(fund("claims", 1)).line("c-1"))
ID = "must be an id: letters, digits, hyphen and underscore, 1 to 64 of them"


def line(**changes: Any) -> bytes:
    """A good command with other fields; None leaves one out."""
    return json.dumps({name: value for name, value in (GOOD | changes).items() if value is not None}).encode()


def refusal(of: bytes | Ask) -> Refused:
    parsed = parse(Said(of).line("c-1") if isinstance(of, Ask) else of)
    assert isinstance(parsed, Refused), parsed
    return parsed


# Valid ones.


def test_every_command_of_a_history_is_read_and_says_again_what_it_said() -> None:
    for text in every_type_history():
        command = parse(text)
        assert isinstance(command, Command), command
        said = json.loads(text)
        assert said["type"] == f"{type(command).__name__}.v1"
        for name, value in said.items():
            if isinstance(value, str) and name not in ("time", "decidedon", "recordedtime"):
                assert getattr(command, name) == value
        made = json.loads(msgspec.json.encode(command.data))
        assert without_empty(made) == without_empty(said["data"])


def without_empty(data: dict[str, object]) -> dict[str, object]:
    """Return data less the lists that hold nothing: a default need not be stated."""
    return {name: value for name, value in data.items() if value != []}


def test_there_is_a_command_for_every_fact_named_in_the_imperative() -> None:
    assert {command.FACT for command in COMMANDS} == set(FACTS)
    assert [*BY_TYPE] == [f"{command.__name__}.v1" for command in COMMANDS]


def test_a_command_stays_as_it_was_read() -> None:
    command = parse(line())
    assert isinstance(command, Command)
    with pytest.raises(ValueError, match="frozen"):
        command.actor = "eve"


def test_blank_space_and_the_order_of_fields_do_not_matter() -> None:
    turned = json.dumps(dict(reversed(GOOD.items())), indent=None, separators=(" ,\t", " : ")).encode()
    assert parse(turned) == parse(line())


def test_the_longest_line_is_read_and_one_byte_more_is_not() -> None:
    longest = line().ljust(MAX_COMMAND_BYTES)
    assert isinstance(parse(longest), Command)
    assert refusal(longest + b" ") == Refused(Reason.TOO_LARGE, bytes=MAX_COMMAND_BYTES + 1, limit=MAX_COMMAND_BYTES)


# No JSON.


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b" ",
        b"fund",
        b"{",
        line() + b"}",
        line() + b" " + line(),
        line()[:-1] + b",}",
        line().replace(b'"', b"'"),
        line().replace(b'"ana"', b'"\xff"'),
        b"\xef\xbb\xbf" + line(),
        line().replace(b'"minor": 1', b'"minor": NaN'),
        line().replace(b'"minor": 1', b'"minor": -Infinity'),
        line().replace(b'"minor": 1', b'"minor": 01'),
        line().replace(b'"minor": 1', b'"minor": ' + b"9" * 5_000),
        line().replace(b'"ana"', b'"a\tb"'),
        line() + b"\n",
        line().replace(b", ", b",\r", 1),
        b"[" * 9_000 + b"]" * 9_000,
        b"[]",
        b"3",
        b'"FundEnvelope.v1"',
        b"null",
    ],
)
def test_what_is_not_one_line_of_json_is_refused_with_its_problem(text: bytes) -> None:
    told = refusal(text)
    assert told.reason is Reason.NOT_JSON
    assert told.detail["problem"]


@pytest.mark.parametrize(
    "text",
    [
        line().replace(b'"ana"', b'"\\ud800"'),
        line().replace(b'"minor": 1', b'"minor": ' + b"[" * 400 + b"]" * 400),
    ],
)
def test_json_that_one_reader_takes_and_another_does_not_is_no_json(text: bytes) -> None:
    assert refusal(text).reason is Reason.NOT_JSON


@pytest.mark.parametrize(
    ("text", "key"),
    [
        (b'{"type":"FundEnvelope.v1",' + line()[1:], "type"),
        (line().replace(b'"minor": 1', b'"minor": 1, "minor": 2'), "minor"),
        (line().replace(b'"minor": 1', b'"minor": 1, "\\u006dinor": 1'), "minor"),
    ],
)
def test_a_key_stands_once_in_an_object(text: bytes, key: str) -> None:
    assert refusal(text) == Refused(Reason.DUPLICATE_KEY, field=key)


@pytest.mark.parametrize("asked", ["FundEnvelope", "FundEnvelope.v2", "EnvelopeFunded.v1", "", 3, ["FundEnvelope.v1"]])
def test_a_type_that_is_none_is_refused_with_all_that_are(asked: Any) -> None:
    told = refusal(line(type=asked))
    value = asked if isinstance(asked, str) else repr(asked)
    assert told == Refused(Reason.UNKNOWN_TYPE, field="type", value=value, allowed=sorted(BY_TYPE))
    assert refusal(line(type=None)).detail["value"] == "None"


def test_a_long_value_is_told_in_eighty_characters() -> None:
    assert refusal(line(type="x" * 81)).detail["value"] == "x" * 77 + "..."
    assert refusal(line(type="x" * 80)).detail["value"] == "x" * 80


# Malformed.


@pytest.mark.parametrize(
    ("text", "field", "value", "problem"),
    [
        (line(actor="ana maria"), "actor", "ana maria", ID),
        (line(commandid=""), "commandid", "", ID),
        (line(commandid="x" * 65), "commandid", "x" * 65, ID),
        (line(commandid="c-1\n"), "commandid", "c-1\n", ID),
        (line(actor=7), "actor", "7", "valid string"),
        (line(portfolio="law"), "portfolio", "law", "a ledger's origin: the portfolio, a hyphen and eight hex digits"),
        (line(subject="AI-1"), "subject", "AI-1", "what the command is about, such as initiative/AI-0042"),
        (line(time="soon"), "time", "soon", "date"),
        (line(time="2026-02-30"), "time", "2026-02-30", "day value"),
        (line(time="2026-01-12T00:00:00Z"), "time", "2026-01-12T00:00:00Z", "date"),
        (line(time=20_260_112), "time", "20260112", "date"),
        (line(decidedon="2026-13-01"), "decidedon", "2026-13-01", "month"),
        (line(recordedtime="2024-01-20T09:00:00"), "recordedtime", "2024-01-20T09:00:00", "timezone"),
        (line(recordedtime="2024-01-20"), "recordedtime", "2024-01-20", "instant"),
        (line(recordedtime=1_705_741_200), "recordedtime", "1705741200", "instant"),
        (line(basis="imported"), "basis", "imported", "'ordinary', 'emergency', 'minuted' or 'ratified'"),
        (line(seen=-1), "seen", "-1", "greater than or equal to 0"),
        (line(seen=2**53 + 1), "seen", str(2**53 + 1), "less than or equal"),
        (line(seen=True), "seen", "True", "integer"),
        (line(flagreason=""), "flagreason", "", "at least 1"),
        (line(sourceref="a\nb"), "sourceref", "a\nb", "match"),
        (line(colour="red"), "colour", "red", "not permitted"),
        (line(data=3), "data", "3", "object"),
        (line(data=GOOD["data"] | {"colour": "red"}), "data.colour", "red", "not permitted"),
        (line(data=GOOD["data"] | {"valuestream": "x"}), "data.valuestream", "x", "not permitted"),
        (line(data=GOOD["data"] | {"envelope": "a/b"}), "data.envelope", "a/b", ID),
        (line(data=GOOD["data"] | {"kind": "gift"}), "data.kind", "gift", "'initial', 'supplement'"),
        (line(data=GOOD["data"] | {"capex_opex": "both"}), "data.capex_opex", "both", "'capex' or 'opex'"),
        (line(data=GOOD["data"] | {"fiscal_period": "2026-13"}), "data.fiscal_period", "2026-13", "a period: FY2026"),
        (line(data=GOOD["data"] | {"amount": USD_1 | {"minor": 10**15 + 1}}), "data.amount.minor", None, "less than"),
        (line(data=GOOD["data"] | {"amount": USD_1 | {"minor": None}}), "data.amount.minor", "None", "integer"),
        (line(data=GOOD["data"] | {"amount": USD_1 | {"currency": "XYZ"}}), "data.amount.currency", "XYZ", "ISO 4217"),
        (line(data=GOOD["data"] | {"amount": USD_1 | {"currency": "usd"}}), "data.amount.currency", "usd", "ISO 4217"),
        (line(data=GOOD["data"] | {"amount": 1}), "data.amount", "1", "object"),
        (opening(time_zone="Mars/Olympus"), "data.time_zone", "Mars/Olympus", "IANA time zone"),
        (objectives(), "data.objectives", "[]", "at least 1"),
        (objectives(objective("a", -1)), "data.objectives.0.weight_bp", "-1", "greater than or equal to 0"),
        (objectives(objective("a", 10_001)), "data.objectives.0.weight_bp", "10001", "less than or equal to 10000"),
        (
            objectives(objective("a", 0, successors={"b": 0})),
            "data.objectives.0.successors.0.share_bp",
            "0",
            "greater than or equal to 1",
        ),
        (
            objectives(objective("a", 10_000, kpi={"name": "n", "unit": "%", "target": "60 %"})),
            "data.objectives.0.kpi.target",
            "60 %",
            "a decimal number as text, such as 4.1",
        ),
        (plan("AI-1", 0), "data.number", "0", "greater than or equal to 1"),
        (forecast("AI-1", "2026-01-12", progress_bp=10_001), "data.progress_bp", "10001", "10000"),
        (propose("AI-1", horizon="h4"), "data.horizon", "h4", "'h1', 'h2', 'h3' or 'unknown'"),
        (propose("AI-1", title=""), "data.title", "", "at least 1"),
        (
            propose("AI-1", cost_estimate=[{"period": "2024", "cost": {"kind": "exact"}}]),
            "data.cost_estimate.0.cost",
            "{'kind': 'exact'}",
            "an exact figure has an amount",
        ),
        (amend("AI-1", ai={"use_case": "x", "eu_class": "low"}), "data.ai.eu_class", "low", "'prohibited'"),
        (reverse(0, "void"), "data.sequence", "0", "greater than or equal to 1"),
        (reverse(1, "undo"), "data.kind", "undo", "'void' or 'counter'"),
        (reverse(1, "void", reason=""), "data.reason", "", "at least 1"),
        (gate("AI-1", "go", "a", pivot={"trigger": "x", "from": "y"}), "data.pivot.to", None, "required"),
    ],
)
def test_a_malformed_field_is_named_with_its_value_and_what_is_allowed(
    text: bytes | Ask, field: str, value: str | None, problem: str
) -> None:
    told = refusal(text)
    assert told.reason is Reason.MALFORMED
    assert told.detail["field"] == field
    if value is not None:
        assert told.detail["value"] == value
    assert problem in told.detail["problem"], told.detail["problem"]


@pytest.mark.parametrize("name", ["portfolio", "commandid", "actor", "subject", "time", "data"])
def test_a_missing_field_is_named(name: str) -> None:
    assert refusal(line(**{name: None})) == Refused(Reason.MALFORMED, field=name, problem="Field required")


@pytest.mark.parametrize("name", GOOD["data"])
def test_a_missing_field_of_the_data_is_named(name: str) -> None:
    data = {key: value for key, value in GOOD["data"].items() if key != name}
    assert refusal(line(data=data)) == Refused(Reason.MALFORMED, field=f"data.{name}", problem="Field required")


def test_of_several_problems_the_first_is_told_and_their_number() -> None:
    told = refusal(line(actor="a b", time="soon", colour="red"))
    assert (told.detail["field"], told.detail["problems"]) == ("actor", 3)


@pytest.mark.parametrize("number", ["1.0", "1.5", "1e2", "-0.0", "1E400"])
def test_money_is_never_a_fraction(number: str) -> None:
    text = line().replace(b'"minor": 1', f'"minor": {number}'.encode())
    assert refusal(text) == Refused(
        Reason.MALFORMED,
        field="data.amount.minor",
        value=number,
        problem="must be an integer: money is in minor units, shares in basis points",
    )


def fund_with(**amount: Any) -> bytes:
    return line(data=GOOD["data"] | {"amount": USD_1 | amount})


CONDITION = {"condition": "k", "text": "t", "owner": "o", "due": "2026-01-01"}
LOOKALIKES = [
    (fund_with(minor="1"), "data.amount.minor"),
    (fund_with(minor="1.0"), "data.amount.minor"),
    (fund_with(minor=True), "data.amount.minor"),
    (Said(objectives(objective("a", "10000"))).line("c"), "data.objectives.0.weight_bp"),  # type: ignore[arg-type]
    (Said(plan("AI-1", True)).line("c"), "data.number"),
    (
        Said(approve("AI-1", "a", 1, conditions=[CONDITION | {"blocking": "yes"}])).line("c"),
        "data.conditions.0.blocking",
    ),
    (Said(approve("AI-1", "a", 1, conditions=[CONDITION | {"blocking": 1}])).line("c"), "data.conditions.0.blocking"),
    (Said(approve("AI-1", "a", 1, conditions=[CONDITION | {"due": 0}])).line("c"), "data.conditions.0.due"),
    (Said(forecast("AI-1", "2026-01-12T00:00:00")).line("c"), "data.as_of"),
    (Said(forecast("AI-1", 1_767_225_600)).line("c"), "data.as_of"),  # type: ignore[arg-type]
    (Said(opening(historic="no")).line("c"), "data.historic"),  # type: ignore[arg-type]
    (Said(opening()).line("c").replace(b'"fiscal_year_start":1', b'"fiscal_year_start":"1"'), "data.fiscal_year_start"),
]


@pytest.mark.parametrize(("text", "field"), LOOKALIKES)
def test_data_is_strictly_typed(text: bytes, field: str) -> None:
    told = refusal(text)
    assert (told.reason, told.detail["field"]) == (Reason.MALFORMED, field)


SECONDS = [
    (line(time="1700006400"), "time"),
    (line(decidedon="1700006400"), "decidedon"),
    (line(recordedtime="1700006400"), "recordedtime"),
    (Said(forecast("AI-1", "1700006400")).line("c"), "data.as_of"),
]


@pytest.mark.parametrize(("text", "field"), SECONDS)
def test_a_number_of_seconds_is_no_date(text: bytes, field: str) -> None:
    assert refusal(text).detail["field"] == field


# The fast way to read a line, and the slow one that tells what is wrong with it.

_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6) | st.just("9e9, 1.5"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=8,
)
_PIECES = st.sampled_from([*"{}[]:,", '"a"', '"b"', "1", "-0", "1.5", "2e3", "1E400", "NaN", "null", '"\\u0061"'])


def _either(way: Callable[[], object]) -> object:
    try:
        return way()
    except (ValueError, RecursionError) as error:
        return type(error).__name__ if isinstance(error, commands._DuplicateKeyError) else "not JSON"


@given(st.one_of(_VALUES.map(lambda told: json.dumps(told, separators=(",", ":"))), st.lists(_PIECES).map("".join)))
def test_law_both_ways_to_read_a_line_come_to_the_same(text: str) -> None:
    line = text.encode("utf-8", "surrogatepass")
    try:
        line.decode()
    except UnicodeDecodeError:
        return
    assert _either(lambda: _plainly(commands._decoded(line, text))) == _either(lambda: _plainly(commands._slowly(text)))


def _plainly(found: tuple[object, object]) -> str:
    return repr(found)
