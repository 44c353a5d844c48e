"""Forms: their fields, what can be written in them, and what is said of mistakes."""

from __future__ import annotations

import datetime
import json
from typing import Any

import pytest

from ledger.book import Book
from schemas import commands as c
from schemas.commands import parse
from schemas.receipts import Refused
from tests.notation import Given, given
from tests.words import (
    align,
    approve,
    body,
    enrol,
    fund,
    gate,
    link,
    model,
    objective,
    objectives,
    plan,
    policy,
    promise,
    propose,
    rank,
    request,
    score,
)
from tui.model.forms import Form, Sender, Slip, count_of, form_of, line_of, rows, slips_of, texts_of, with_item
from tui.model.notation import HOW, Unreadable, read
from tui.model.suggesting import suggestions
from tui.model.templates import TEMPLATES, blank, template
from tui.model.verdicts import verdict

DAY = datetime.date(2026, 2, 1)
NOW = datetime.datetime(2026, 2, 1, 12, tzinfo=datetime.UTC)
SENDER = Sender("law-0badcafe", "new", "ana")


def field(form: Form, *names: str) -> Any:
    """Return a field by the names on the way to it."""
    specs = form.data
    for name in names:
        found = next(spec for spec in specs if spec.name == name)
        specs = found.fields
    return found


# What a form is made of.


def test_a_form_tells_its_fields_kinds_limits_and_words() -> None:
    form = form_of(c.ApproveFunding)
    assert (form.name, form.title) == ("ApproveFunding.v1", "Approve funding")
    assert form.help == "Allow an initiative to spend from an envelope, or lower what was allowed."
    assert [(spec.name, spec.kind, spec.required) for spec in form.data] == [
        ("initiative", "text", True),
        ("envelope", "text", True),
        ("kind", "choice", True),
        ("amount", "money", True),
        ("capex_opex", "choice", True),
        ("tranche", "text", False),
        ("period", "text", False),
        ("conditions", "list", False),
        ("ratify_by", "date", False),
        ("reason", "prose", False),
    ]
    assert field(form, "amount").help == "delta, negative to reduce; never zero."
    assert field(form, "capex_opex").allowed == ("capex", "opex")
    assert field(form, "conditions", "blocking")[1:4] == ("blocking", "yes_no", False)
    assert field(form, "conditions", "blocking").default == "no"
    assert field(form, "tranche").help == "1 to 300 characters."
    assert field(form_of(c.MeasureBenefit), "attributed_bp").default == "100 %"
    assert [spec.name for spec in form.said][:3] == ["time", "decidedon", "decisionid"]
    assert next(spec for spec in form.said if spec.name == "time").help == "the day it is to be true from."
    assert {spec.kind for command in c.COMMANDS for spec in form_of(command).data} <= set(HOW)


def test_a_field_of_several_in_one_sentence_is_told_for_each() -> None:
    form = form_of(c.LinkInitiative)
    assert field(form, "from").help == field(form, "to").help == "in JSON `from` and `to`, both included."


def test_a_policy_shows_the_fields_of_its_kind_only() -> None:
    form = form_of(c.AdoptPolicy)
    assert [row.path for row in rows(form, {})][:3] == ["data.version", "data.supersedes", "data.body"]
    shown = {row.path for row in rows(form, {"data.body.kind": "tolerance"})}
    assert "data.body.lateness_days" in shown
    assert "data.body.tiers" not in shown


# What is written.


@pytest.mark.parametrize(
    ("text", "minor", "currency"),
    [
        ("1,250,000.00 USD", 125_000_000, "USD"),
        ("1250000", 125_000_000, "EUR"),
        ("usd 0.5", 50, "USD"),
        ("-310,000.00 USD", -31_000_000, "USD"),
        ("1_000 JPY", 1_000, "JPY"),
        ("1.2340 KWD", 1_234, "KWD"),
        ("10.00 JPY", 10, "JPY"),
    ],
)
def test_amounts_are_read_as_people_write_them(text: str, minor: int, currency: str) -> None:
    assert read("money", text, "EUR") == {"minor": minor, "currency": currency}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("much", "'much' is no amount; write it as 1,250,000.00 USD"),
        ("1.005 USD", "'1.005 USD' has more decimals than USD, which has 2"),
        ("5 XYZ", "'XYZ' names no currency"),
        ("USD 5 EUR", "is no amount"),
        ("", "is no amount"),
    ],
)
def test_what_is_no_amount_is_told(text: str, said: str) -> None:
    with pytest.raises(Unreadable) as told:
        read("money", text, "USD")
    assert said in str(told.value)


def test_an_amount_without_a_currency_needs_one() -> None:
    with pytest.raises(Unreadable, match="names no currency"):
        read("money", "5")


@pytest.mark.parametrize(("text", "share_bp"), [("70 %", 7_000), ("12.5", 1_250), ("0.01%", 1), ("33.330 %", 3_333)])
def test_shares_are_percentages(text: str, share_bp: int) -> None:
    assert read("share", text) == share_bp


@pytest.mark.parametrize("text", ["1/3", "12.345 %", "-5 %", "%"])
def test_what_is_no_share_is_told(text: str) -> None:
    with pytest.raises(Unreadable, match="no share; write a percentage"):
        read("share", text)


def test_what_cannot_be_read_is_said_of_each_field_and_nothing_is_made() -> None:
    form = form_of(c.ApproveFunding)
    texts = {"time": "soon", "data.amount": "much", "data.conditions": "1", "data.conditions.0.due": "then"}
    assert line_of(form, texts, SENDER) == [
        Slip("data.amount", "'much' is no amount; write it as 1,250,000.00 USD"),
        Slip("data.conditions.0.due", "'then' is no date; write it as 2026-03-31"),
        Slip("time", "'soon' is no date; write it as 2026-03-31"),
    ]


APPROVAL = {
    "time": "2026-02-01",
    "data.initiative": "AI-1",
    "data.envelope": "claims",
    "data.kind": "tranche",
    "data.amount": "40",
    "data.capex_opex": "opex",
}


def line(texts: dict[str, str], command: type[c.Command] = c.ApproveFunding) -> bytes:
    made = line_of(form_of(command), texts, SENDER, currency="USD")
    assert isinstance(made, bytes), made
    return made


def test_a_form_becomes_the_line_that_is_sent() -> None:
    assert json.loads(line(APPROVAL)) == {
        "type": "ApproveFunding.v1",
        "portfolio": "law-0badcafe",
        "commandid": "new",
        "actor": "ana",
        "subject": "initiative/AI-1",
        "time": "2026-02-01",
        "data": {
            "initiative": "AI-1",
            "envelope": "claims",
            "kind": "tranche",
            "amount": {"minor": 4_000, "currency": "USD"},
            "capex_opex": "opex",
        },
    }


def test_what_a_sender_says_is_kept() -> None:
    sender = Sender("law-0badcafe", "c-9", "bo", 41, "2024-01-20T09:00:00.25Z")
    made = line_of(form_of(c.ApproveFunding), APPROVAL, sender, currency="USD")
    assert isinstance(made, bytes)
    assert texts_of(made)[2] == sender


def test_a_text_may_be_a_commitment_to_one() -> None:
    kept = {"data.reason.commitment": "ab" * 32, "data.reason.vault": "vault:42"}
    made = line({**APPROVAL, **kept, "data.reason": "not this"})
    assert json.loads(made)["data"]["reason"] == {"commitment": "ab" * 32, "vault": "vault:42"}
    assert {path: text for path, text in texts_of(made)[1].items() if "reason" in path} == kept


def test_a_list_that_is_there_and_empty_is_not_one_that_is_absent() -> None:
    closing = {"time": "2026-02-01", "data.period": "2026-01", "data.status": "soft"}
    assert "totals" not in json.loads(line(closing, c.ClosePeriod))["data"]
    assert json.loads(line({**closing, "data.totals": "0"}, c.ClosePeriod))["data"]["totals"] == []


def test_texts_are_taken_as_they_stand() -> None:
    texts = {**APPROVAL, "data.tranche": "  Year 1 ", "data.reason": "Two\nlines.\n"}
    data = json.loads(line(texts))["data"]
    assert (data["tranche"], data["reason"]) == ("  Year 1 ", "Two\nlines.\n")


@pytest.mark.parametrize(
    "line",
    [
        b'{"type":"Nope.v1"}',
        b"[]",
        b'{"type":"ApproveFunding.v1","portfolio":"p","commandid":"c","actor":"a","data":{"amount":"much"}}',
        b'{"type":"ApproveFunding.v1","portfolio":"p","commandid":"c","actor":"a","data":{"other":1}}',
        b'{"type":"ApproveFunding.v1","data":{}}',
        b"nope",
    ],
)
def test_a_line_that_no_form_fits_is_told(line: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        texts_of(line)


# What is said of mistakes.


@pytest.mark.parametrize(
    ("changes", "path", "said"),
    [
        ({"data.initiative": ""}, "data.initiative", "Field required"),
        ({"data.initiative": "AI 1"}, "data.initiative", "must be an id: letters, digits, hyphen and underscore"),
        ({"data.kind": "gift"}, "data.kind", "Input should be 'initial', 'tranche'"),
        ({"data.amount": "9,000,000,000,000,000"}, "data.amount", "less than or equal to"),
        ({"data.conditions": "1"}, "data.conditions.0.condition", "Field required"),
        ({"data.period": "soon"}, "data.period", "must be a period: FY2026"),
        ({"time": ""}, "time", "Field required"),
        ({"basis": "hearsay"}, "basis", "Input should be"),
    ],
)
def test_a_mistake_is_said_at_its_field(changes: dict[str, str], path: str, said: str) -> None:
    texts = APPROVAL | changes
    refused = parse(line(texts))
    assert isinstance(refused, Refused)
    (slip,) = slips_of(form_of(c.ApproveFunding), texts, refused)
    assert slip.path == path
    assert said in slip.problem


def test_a_mistake_within_a_policy_is_said_at_its_field() -> None:
    texts = {"time": "2026-02-01", "data.version": "1", "data.body.kind": "tolerance", "data.body.cost_bp": "200 %"}
    refused = parse(line(texts, c.AdoptPolicy))
    assert isinstance(refused, Refused)
    (slip,) = slips_of(form_of(c.AdoptPolicy), texts, refused)
    assert slip.path in ("data.body.lateness_days", "data.body.cost_bp")


def test_what_the_rules_refuse_is_said_at_its_field_or_of_the_whole() -> None:
    book = given(fund("claims", 100)).book
    found = verdict(book, line(APPROVAL), now=NOW)
    assert found.refused is not None
    (slip,) = slips_of(form_of(c.ApproveFunding), APPROVAL, found.refused)
    assert slip == Slip("data.initiative", "no such initiative has been proposed (it is AI-1)")
    rule = {"rule": "OVER_ENVELOPE", "action": "refuse"}
    book = given(fund("claims", 100), propose("AI-1"), policy("guardrails", 1, rules=[rule])).book
    found = verdict(book, line(APPROVAL), now=NOW)
    assert found.refused is not None
    assert slips_of(form_of(c.ApproveFunding), APPROVAL, found.refused)[0].path == ""


def test_what_is_said_is_clean() -> None:
    refused = parse(line({**APPROVAL, "data.period": "\x1b[2J"}))
    assert isinstance(refused, Refused)
    (slip,) = slips_of(form_of(c.ApproveFunding), APPROVAL, refused)
    assert "\x1b" not in slip.problem
    slips = line_of(form_of(c.ApproveFunding), {"time": "\x1b[2J"}, SENDER)
    assert isinstance(slips, list)
    assert "\x1b" not in slips[0].problem


# Lists.


def test_items_are_added_and_counted() -> None:
    texts = with_item(with_item({}, "data.conditions"), "data.conditions")
    assert count_of(texts, "data.conditions") == 2
    shown = [row for row in rows(form_of(c.ApproveFunding), texts) if row.place is not None]
    assert [(row.path, row.place, row.depth) for row in shown] == [
        ("data.conditions.0", 0, 1),
        ("data.conditions.1", 1, 1),
    ]
    assert count_of({"data.conditions": "many"}, "data.conditions") == 0


# Suggestions.


def known() -> Book:
    gates = {"gate": "G2", "title": "Build", "stage_from": "pilot", "stage_to": "build", "must": ["owner"]}
    first = {**gates, "gate": "G1", "title": "Pilot", "stage_from": "proposed", "stage_to": "pilot"}
    worth = {"id": "worth", "title": "Worth", "sort": "value", "weight_bp": 10_000}
    made: Given = given(
        enrol("ana", roles=["manager"]),
        enrol("bo", status="left"),
        body("board", "ana"),
        policy("gates", 1, stages=["proposed", "pilot", "build"], gates=[first, gates]),
        policy("prioritisation", 1, method="weighted", criteria=[worth]),
        objectives(objective("growth", 10_000), objective("old", 0, status="retired")),
        fund("claims", 1_000),
        fund("data", 1_000),
        propose("AI-1"),
        propose("AI-2"),
        approve("AI-1", "claims", 40),
        align("AI-1", growth=7_000),
        gate("AI-1", "go", "proposed", "pilot"),
        plan("AI-1", 1, 100, 200),
        score("AI-1", 1, worth=80),
        rank(("AI-1", 1, None)),
        model("orion", "catalogued"),
        link("AI-1", "ai_model", "orion"),
        promise("B-1"),
        request("D-1", "AI-1"),
    )
    return made.book


@pytest.mark.parametrize(
    ("path", "begun", "found"),
    [
        ("data.initiative", "", ["AI-1", "AI-2"]),
        ("data.from.initiative", "2", ["AI-2"]),
        ("data.moves.0.initiative", "initiative ai-1", ["AI-1"]),
        ("data.subjects.1", "", ["initiative/AI-1", "initiative/AI-2"]),
        ("data.envelope", "d", ["data", "claims"]),
        ("data.envelope", "da", ["data"]),
        ("data.contributions.0.objective", "", ["growth"]),
        ("data.voter", "", ["ana", "bo"]),
        ("data.holder.id", "", ["ana", "bo", "board"]),
        ("data.body", "bo", ["board"]),
        ("data.gate", "", ["G1", "G2"]),
        ("data.stage_to", "", ["build", "pilot", "proposed"]),
        ("data.scores.0.criterion", "", ["worth"]),
        ("data.model", "", ["orion"]),
        ("data.benefit", "", ["B-1"]),
        ("decisionid", "", ["D-1"]),
        ("data.value_stream", "", ["retail"]),
        ("data.prices.currency", "", ["USD"]),
        ("data.body.rules.0.rule", "over_env", ["OVER_ENVELOPE"]),
        ("data.title", "", []),
        ("data.condition", "", []),
    ],
)
def test_fields_can_be_filled_with_what_the_portfolio_knows(path: str, begun: str, found: list[str]) -> None:
    assert [each.text for each in suggestions(known(), path, begun, day=DAY)] == found


def test_suggestions_say_what_they_stand_for_and_are_not_too_many() -> None:
    book = known()
    assert suggestions(book, "data.voter", "bo", day=DAY)[0].told == "left"
    assert suggestions(book, "data.initiative", "AI-1", day=DAY)[0].told == "Initiative AI-1 · active"
    assert len(suggestions(book, "data.initiative", "", day=DAY, most=1)) == 1


def test_what_a_suggestion_stands_for_is_clean() -> None:
    book = given(propose("AI-1", title="Bad \u202e title")).book
    assert "\u202e" not in suggestions(book, "data.initiative", "", day=DAY)[0].told


# Templates.


def test_every_template_is_a_form_about_the_initiative_that_lacks_only_what_a_person_says() -> None:
    book = known()
    for command in TEMPLATES:
        texts = template(command, book, "AI-1", day=DAY)
        assert texts["time"] == "2026-02-01"
        assert any("AI-1" in text for text in texts.values())
        made = line_of(form_of(command), texts, SENDER, currency="USD")
        assert isinstance(made, bytes)
        found = verdict(book, made, now=NOW)
        if found.refused is not None:
            (slip,) = slips_of(form_of(command), texts, found.refused)
            assert not texts.get(slip.path), f"{form_of(command).name}: {slip}"


@pytest.mark.parametrize(
    ("command", "wanted"),
    [
        (c.ApproveFunding, {"data.envelope": "claims", "data.kind": "tranche", "data.period": "FY2026"}),
        (c.DecideGate, {"data.stage_from": "pilot", "data.gate": "G2", "data.must.0.criterion": "owner"}),
        (c.SetBaseline, {"data.number": "2", "data.cost": "2", "data.cost.1.amount": "2.00 USD"}),
        (c.SetPriority, {"data.moves.0.was": "1", "data.portfolio": "law"}),
        (c.ScoreInitiative, {"data.model_version": "1", "data.scores.0.score": "80"}),
        (c.DeclareAlignment, {"data.contributions.0.share_bp": "70 %"}),
        (c.AmendInitiative, {"data.title": "Initiative AI-1", "data.sponsor": "sam"}),
        (c.PostActual, {"data.period": "2026-02", "data.envelope": "claims"}),
        (c.RequestDecision, {"data.subjects.0": "initiative/AI-1", "data.options.1.do_nothing": "yes"}),
        (c.PlanBenefit, {"data.initiatives.0.share_bp": "100 %"}),
        (c.ReallocateFunding, {"data.to.initiative": "AI-1", "data.to.envelope": "claims"}),
    ],
)
def test_a_template_begins_with_what_the_portfolio_knows(command: type[c.Command], wanted: dict[str, str]) -> None:
    assert template(command, known(), "AI-1", day=DAY).items() >= wanted.items()


def test_a_template_for_what_was_never_funded_guesses_nothing() -> None:
    texts = template(c.ApproveFunding, known(), "AI-2", day=DAY)
    assert (texts["data.kind"], "data.envelope" in texts) == ("initial", False)


def test_a_blank_form_has_its_day_and_its_portfolio() -> None:
    assert blank(c.SetObjectives, known(), day=DAY) == {"time": "2026-02-01", "data.portfolio": "law"}
    assert blank(c.FundEnvelope, known(), day=DAY) == {"time": "2026-02-01"}
