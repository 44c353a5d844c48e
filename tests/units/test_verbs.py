"""A verb for each decision: what it takes is what its form takes, and the command it makes is its form's."""

from __future__ import annotations

import importlib
import inspect
import json
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import cyclopts
import pytest
from hypothesis import given, settings

from ledger.book import Book
from ledger.evolve import evolve
from ledger.settings import Settings
from schemas import published
from schemas.commands import BY_TYPE, Command, parse
from schemas.publish import FOLDER
from schemas.receipts import Reason, Refused
from tests.fixed_history import every_type_history
from tests.histories import histories
from tests.program import ROOT
from tests.spoken import VERB_OF, spoken
from tests.teller import run
from tests.words import PORTFOLIO
from tui import verbs
from tui.cli import PROGRAM, app
from tui.common import CommandError
from tui.model.fields import Spec
from tui.model.forms import form_of
from tui.model.items import list_texts
from tui.model.notation import Unreadable
from tui.model.verbs import OptionError, command_of, missing, name_of, options_of, texts_given
from tui.verb_names import VERBS
from tui.verbs import Sending


@cache
def book() -> Book:
    """The book of a history in which everything there is was said."""
    made = Book(PORTFOLIO)
    for event in run(every_type_history()).events:
        evolve(made, event)
    return made


def made(arguments: list[str], on: Book | None = None) -> dict[str, Any]:
    """Return the command that a command line makes, read by the real parser. Nothing is sent."""
    command, bound, _ = app.parse_args(arguments, exit_on_error=False, print_error=False)
    given = dict(bound.arguments)
    sending, common = given.pop("sending", None) or Sending(), given.pop("common", None)
    verb = command.__name__
    options = options_of(verb)
    said = {
        (option := options[int(name.removeprefix("field_"))]).path: verbs._read(option, value)
        for name, value in given.items()
        if value is not None
    }
    chosen = Settings(Path("nowhere"), PORTFOLIO, common.actor if common and common.actor else "ana", None)
    payload = verbs._made(verb, said, sending, on or book(), chosen).payload
    told: dict[str, Any] = json.loads(payload)
    return told


def says(arguments: list[str]) -> str:
    with pytest.raises(CommandError) as told:
        made(arguments)
    assert told.value.code == 2
    return str(told.value)


# There is one for each.


def test_every_command_has_one_verb_and_says_what_it_is_for() -> None:
    assert sorted(VERB_OF) == sorted(BY_TYPE)
    assert len(VERB_OF) == len(VERBS)
    for verb, named in VERBS.items():
        assert named.help == form_of(command_of(verb)).help
        assert app[verb].help == named.help


@pytest.mark.parametrize("verb", VERBS)
def test_every_field_of_the_form_has_an_option_and_every_option_a_help(verb: str) -> None:
    options = options_of(verb)
    names = [option.name for option in options]
    assert len(set(names)) == len(names)
    reserved = {"--portfolio", "--data", "--actor", "--nats", "--json", "--help", "--key"}
    reserved |= {"--dry-run", "--command-id", "--about", "--blank", "--recorded-time"}
    assert not reserved & set(names)
    form = form_of(command_of(verb))
    paths = {option.path for option in options} | ({"data.portfolio"} if VERBS[verb].about != "portfolio" else set())
    assert paths >= set(leaves(form.data, "data.")) | {spec.name for spec in form.said}
    assert all(option.help.endswith(".") and "\n" not in option.help for option in options)
    assert [option.name for option in options if not option.name.startswith("--")] == (
        [] if VERBS[verb].about is None else [str(VERBS[verb].about).upper().replace("_", "-")]
    )


def leaves(specs: tuple[Spec, ...], before: str) -> list[str]:
    found = []
    for spec in specs:
        path = before + spec.name
        if spec.kind == "group":
            found += leaves(spec.fields, f"{path}.")
        elif spec.kind == "variant":
            found += [
                f"{path}.kind",
                *(each for fields in spec.variants.values() for each in leaves(fields, f"{path}.")),
            ]
        else:
            found.append(path)
    return found


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_a_help_page(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    app([verb, "--help"], exit_on_error=False, result_action="return_value")
    told = capsys.readouterr().out
    assert VERBS[verb].help in " ".join(told.replace("│", " ").split())
    for option in options_of(verb):
        assert option.name in told


def test_a_shell_completes_verbs_their_options_and_their_choices() -> None:
    script = app.generate_completion(shell="bash", prog_name="portfolio")
    for word in ("approve", "declare-interest", "--capex-opex", "carry_forward", "--dry-run", "--quorum-votes"):
        assert word in script


@pytest.mark.parametrize("name", PROGRAM)
def test_what_the_list_says_of_a_command_is_what_the_command_says_of_itself(name: str) -> None:
    place, does = PROGRAM[name]
    module, _, attribute = place.partition(":")
    found = getattr(importlib.import_module(module), attribute)
    told = found.help if isinstance(found, cyclopts.App) else inspect.getdoc(found)
    assert " ".join(str(told).split("\n\n")[0].split()) == does


def test_listing_the_commands_waits_for_none_of_them() -> None:
    waited = "nats pydantic duckdb pyarrow textual rich ledger schemas projections tui.verbs"
    loaded = f"import sys, tui.cli; print(*set({waited!r}.split()) & set(sys.modules))"
    told = subprocess.run([sys.executable, "-c", loaded], cwd=ROOT, capture_output=True, text=True, check=True)
    assert told.stdout.split() == []


# It makes the command its form makes.


def command(told: dict[str, Any]) -> Command:
    found = parse(json.dumps(told).encode())
    assert isinstance(found, Command), found
    return found


def expected(line: bytes) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(line)
    return told | {"portfolio": str(book().opened and book().opened.log_origin)}  # type: ignore[union-attr]


@pytest.mark.parametrize("name", sorted(BY_TYPE))
def test_what_is_said_word_by_word_is_the_command_it_was_said_of(name: str) -> None:
    """The examples that are published of a command have each of its fields; an empty group says nothing."""
    examples = published.examples_of(FOLDER, f"commands/{name}.json")
    ours = [line for line in examples if json.loads(line)["data"].get("portfolio", PORTFOLIO) == PORTFOLIO]
    assert ours, f"there is no example of {name}"
    for line in ours:
        on = Book(PORTFOLIO) if name == "OpenPortfolio.v1" else book()
        wanted = expected(line) if on.opened else json.loads(line)
        wanted.pop("seen", None)
        for as_json in (False, True) if b"[{" in line else (False,):
            said = spoken(line, as_json=as_json)
            assert command(made(said, on)) == command(wanted), said


@given(histories(max_commands=6))
@settings(deadline=None, max_examples=5)
def test_law_any_command_can_be_said(lines: list[bytes]) -> None:
    for line in (each for each in lines[1:] if not isinstance(parse(each), Refused)):
        told = json.loads(line)
        assert made(spoken(line)) == told | {"portfolio": expected(line)["portfolio"]}


def test_what_the_ledger_knows_is_filled_in_as_in_the_form() -> None:
    known = book().initiative("AI-1")
    assert known is not None
    begun = made(["gate", "AI-1", "--outcome", "hold", "--gate", "G9", "--stage-to", "x", "--must", "[]"])
    assert begun["data"]["stage_from"] == book().stage("AI-1")
    assert begun["seen"] == book().sequence
    paid = made(["pay", "P-99", "--initiative", "AI-1", "--amount", "12_000", "--capex-opex", "opex"])
    assert paid["data"]["amount"] == {"minor": 1_200_000, "currency": "USD"}
    assert paid["data"]["envelope"] in book().currencies
    ranked = made(["rank", "--about", "AI-1", "--moves", "initiative=AI-1; rank=7"])
    assert ranked["data"]["moves"] == [{"initiative": "AI-1", "rank": 7}]


def test_what_is_sent_under_an_id_of_its_own_is_the_same_bytes_every_time() -> None:
    said = ["pay", "P-1", "--envelope", "claims", "--amount", "5", "--period", "2026-03", "--capex-opex", "opex"]
    again = [*said, "--command-id", "pay-1", "--time", "2026-03-31"]
    assert made(again) == made(again)
    assert "seen" not in made(again)
    assert made([*said, "--time", "2026-03-31"])["commandid"] != made([*said, "--time", "2026-03-31"])["commandid"]
    assert says([*said, "--command-id", "pay-1"]) == "pay still needs --time; see `portfolio pay --help`"
    assert says([*again, "--about", "AI-1"]) == "--about fills in, and --blank and --command-id leave out; choose one"


# What cannot be taken is told by its option.


APPROVE = ["approve", "AI-1", "--envelope", "claims", "--kind", "tranche", "--capex-opex", "opex"]


def test_what_is_needed_is_asked_for_by_its_option() -> None:
    assert says(["approve"]).startswith("approve still needs INITIATIVE, --envelope, --kind, --amount, --capex-opex;")
    assert says([*APPROVE, "--amount", "5", "--conditions", "condition=C-1; owner=ben"]) == (
        "approve still needs --conditions (1, text), --conditions (1, due); see `portfolio approve --help`"
    )
    assert says(["adopt", "--version", "2"]).startswith("adopt still needs KIND;")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ([*APPROVE, "--amount", "7.5.5"], "--amount: '7.5.5' is no amount; write it as 1,250,000.00 USD"),
        ([*APPROVE, "--amount", "5", "--time", "31.3."], "--time: '31.3.' is no date; write it as 2026-03-31"),
        (
            [*APPROVE, "--amount", "5", "--conditions", "condition=C; text=x; owner=b; due=soon"],
            "--conditions (1, due): 'soon' is no date; write it as 2026-03-31",
        ),
        (
            [*APPROVE, "--amount", "5", "--conditions", "C-1"],
            "--conditions: 'C-1' is no field; write name=value; name=value, or JSON",
        ),
        (
            [*APPROVE, "--amount", "5", "--conditions", "colour=red"],
            "--conditions: colour is no field of it; there are condition, text, owner, due, blocking",
        ),
        (
            [*APPROVE, "--amount", "5", "--conditions", "owner=a; owner=b"],
            "--conditions: owner stands twice in 'owner=a; owner=b'",
        ),
        ([*APPROVE, "--amount", "5", "--conditions", '{"owner":'], "--conditions: it is no JSON: "),
        ([*APPROVE, "--amount", "5", "--conditions", '{"owner": "a", "colour": 1}'], "--conditions: it is not as "),
        ([*APPROVE, "--amount", "5", "--conditions", "[[]]"], "--conditions: it is not as "),
        ([*APPROVE, "--amount", "5", "--conditions", 'text="a" b'], "--conditions: 'b' stands behind text; "),
        (["adopt", "tiers", "--version", "1", "--rules", "rule=LATE; action=off"], "--rules: is of guardrails, not of"),
        (["adopt", "--version", "1", "--rules", "rule=LATE; action=off"], "--rules: is of guardrails, not of no kind"),
        (
            ["adopt", "tiers", "--version", "1", "--body", "{}", "--tiers", "tier=a"],
            "--body: says all of it; leave --tiers away",
        ),
        (
            ["adopt", "tiers", "--version", "1", "--body", '{"kind": "fx", "rates": []}'],
            "--body: is a body of fx, and not of tiers",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_told_by_its_option(arguments: list[str], told: str) -> None:
    assert says(arguments).startswith(told)


def test_wrong_use_is_told_by_the_parser() -> None:
    for arguments in (
        ["approve", "AI-1", "--kind", "gift"],
        ["approve", "AI-1", "AI-2"],
        ["approve", "--colour", "red"],
        ["adopt", "weather"],
        ["request", "D-1", "--escalation", "boring"],
    ):
        with pytest.raises(cyclopts.CycloptsError):
            app.parse_args(arguments, exit_on_error=False, print_error=False)


def test_a_refusal_names_the_option_it_is_about() -> None:
    texts = texts_given("approve", {"data.initiative": "AI-1", "data.amount": "5 USD"}, {})
    one = verbs.Made(PORTFOLIO, b"", texts)
    refused = Refused(Reason.ZERO_AMOUNT, field="data.amount.minor", value=0)
    assert verbs._why("approve", one, refused).startswith("--amount: ZERO_AMOUNT: ")
    assert verbs._why("approve", one, Refused(Reason.NOT_OPEN, portfolio="x")).startswith("NOT_OPEN: ")
    unknown = Refused(Reason.UNKNOWN_INITIATIVE, field="data.initiative", value="AI-9")
    assert verbs._why("approve", one, unknown).startswith("INITIATIVE: UNKNOWN_INITIATIVE: ")
    assert name_of("approve", "data.conditions.0.due") == "--conditions (1, due)"
    assert name_of("approve", "nowhere") == "nowhere"


def test_a_body_is_given_whole_or_field_by_field() -> None:
    body = {
        "kind": "tiers",
        "tiers": [{"tier": "pm", "up_to": {"minor": 5_000_000, "currency": "USD"}, "roles": ["pm"]}],
    }
    wanted = {"version": 1, "body": body}
    said = ["adopt", "--version", "1"]
    assert made([*said, "--body", json.dumps(body)])["data"] == wanted
    assert made([*said, "tiers", "--body", json.dumps({"tiers": body["tiers"]})])["data"] == wanted
    assert made([*said, "tiers", "--tiers", "tier=pm; up_to=50_000 USD; roles=pm"])["data"] == wanted


def test_a_file_is_read_where_it_is_named(tmp_path: Path) -> None:
    file = tmp_path / "conditions.json"
    conditions = [{"condition": "C-7", "text": "Proven.", "owner": "ben", "due": "2026-09-30", "blocking": True}]
    file.write_text(json.dumps(conditions))
    assert made([*APPROVE, "--amount", "5", "--conditions", f"@{file}"])["data"]["conditions"] == conditions
    assert "cannot read" in says([*APPROVE, "--amount", "5", "--conditions", f"@{tmp_path / 'none.json'}"])
    file.write_bytes(b"\xff")
    assert "is no text in UTF-8" in says([*APPROVE, "--amount", "5", "--conditions", f"@{file}"])


def test_money_in_json_is_as_the_command_has_it() -> None:
    spec = next(each for each in options_of("baseline") if each.name == "--cost").spec
    assert list_texts(spec, "x", ['{"period": "FY2026", "amount": {"minor": 5, "currency": "USD"}}'])["x.0.amount"] == (
        "0.05 USD"
    )
    for amount in (
        '"5"',
        "5",
        "[]",
        '{"minor": "5", "currency": "USD"}',
        '{"minor": 5}',
        '{"minor": 5.5, "currency": "USD"}',
    ):
        with pytest.raises(Unreadable):
            list_texts(spec, "x", [f'{{"period": "FY2026", "amount": {amount}}}'])


def test_there_is_no_other_verb() -> None:
    assert verbs.approve.__name__ == "approve"
    with pytest.raises(AttributeError, match="there is no verb"):
        verbs.embezzle  # noqa: B018


def test_a_verb_takes_only_what_its_form_has() -> None:
    with pytest.raises(OptionError):
        texts_given("approve", {"data.conditions": ["nonsense"]}, {})
    form = form_of(command_of("approve"))
    assert missing("approve", form, {"data.initiative": "AI-1"})[:1] == ["--envelope"]
