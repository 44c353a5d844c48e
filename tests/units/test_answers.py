"""Answers that are kept: a question is asked once, until something is taken in."""

from __future__ import annotations

from projections.answers import MOST_ANSWERS, Answers
from projections.replica import Replica
from schemas import codec
from tests.teller import Teller
from tests.words import PORTFOLIO, fund, opening

COUNT = "select count(*) as known from envelope_funded where sequence <= ?"


def replica() -> Replica:
    teller = Teller()
    for command in (opening(), fund("claims", 100_00)):
        teller.say(command, "2026-01-01")
    made = Replica(PORTFOLIO)
    made.extend([codec.encode(event) for event in teller.events])
    return made


def test_a_question_is_asked_of_the_database_once(monkeypatch) -> None:
    made = replica()
    assert made.ask(COUNT, [9]) == [{"known": 1}]
    monkeypatch.setattr(made, "_cursor", lambda: 1 / 0)
    assert made.ask(COUNT, [9]) == [{"known": 1}]


def test_whoever_has_an_answer_may_change_it() -> None:
    made = replica()
    made.ask(COUNT, [9])[0]["known"] = 7
    made.ask(COUNT, [9])[0]["known"] = 8
    assert made.ask(COUNT, [9]) == [{"known": 1}]


def test_it_is_asked_again_once_something_was_taken_in() -> None:
    made = replica()
    assert made.ask("select count(*) as known from events") == [{"known": 2}]
    made.extend([b"foreign"])
    assert made.ask("select count(*) as known from events") == [{"known": 2}]
    assert made.foreign == [3]


def test_an_answer_that_comes_after_something_was_taken_in_is_not_kept() -> None:
    answers = Answers()
    asked = answers.key("how many", [])
    answers.clear()
    answers.keep(asked, [{"known": 1}])
    assert answers.get(answers.key("how many", [])) is None


def test_questions_about_lists_are_asked_each_time_and_old_answers_are_forgotten() -> None:
    answers = Answers()
    assert answers.key("which of", [[1, 2]]) is None
    for number in range(MOST_ANSWERS + 1):
        answers.keep(answers.key("one", [number]), [{"number": number}])
    assert answers.get(answers.key("one", [0])) is None
    assert answers.get(answers.key("one", [1])) == [{"number": 1}]
