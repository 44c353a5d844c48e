"""Benefits, promised and measured: each rule with the last case it allows and the first it refuses or flags."""

from __future__ import annotations

from typing import Any

import pytest

from schemas.receipts import Reason
from tests.notation import Expected, accepted, flagged, given, on, refused
from tests.words import gate, measure, objective, objectives, policy, promise, propose, reverse

TWO = (propose("AI-1"), propose("AI-2"))
PROMISED = (promise("B-1"), promise("B-2"))


def shares(**of: int) -> list[dict[str, Any]]:
    return [{"initiative": name.replace("_", "-"), "share_bp": share_bp} for name, share_bp in of.items()]


# Promises.


def test_a_benefit_is_measured_from_a_baseline() -> None:
    given().when(promise("B-1")).then(accepted())
    given().when(promise("B-1", baseline=None)).then(refused(Reason.NO_BASELINE, field="data.baseline"))


@pytest.mark.parametrize(
    ("initiatives", "expected"),
    [
        ([], accepted()),
        (shares(AI_1=10_000), accepted()),
        (shares(AI_1=6_000, AI_2=4_000), accepted()),
        (shares(AI_1=6_000, AI_2=3_999), refused(Reason.SHARES_SUM, field="data.initiatives", value=9_999)),
        (shares(AI_1=6_000, AI_2=4_001), refused(Reason.SHARES_SUM, field="data.initiatives", value=10_001)),
        (shares(AI_1=5_000) * 2, refused(Reason.NAMED_TWICE, field="data.initiatives", value="AI-1")),
        (
            shares(AI_1=5_000, AI_9=5_000),
            refused(Reason.UNKNOWN_INITIATIVE, field="data.initiatives.1.initiative", value="AI-9"),
        ),
    ],
)
def test_all_of_a_benefit_is_brought_by_known_initiatives(initiatives: Any, expected: Expected) -> None:
    given(*TWO).when(promise("B-1", initiatives=initiatives)).then(expected)


def test_a_period_has_one_target() -> None:
    given().when(promise("B-1", ("2026-Q1", "1", None), ("2026-Q2", "2", None))).then(accepted())
    given().when(promise("B-1", ("2026-Q1", "1", None), ("2026-Q1", "2", None))).then(
        refused(Reason.NAMED_TWICE, field="data.target", value="2026-Q1")
    )


def test_a_benefit_serves_an_objective_set_on_its_day() -> None:
    stands = given(objectives(objective("growth", 10_000)))
    stands.when(promise("B-1", objective="growth")).then(accepted())
    stands.when(promise("B-1", objective="speed")).then(
        refused(Reason.UNKNOWN_OBJECTIVE, field="data.objective", value="speed", allowed=["growth"])
    )
    stands.when(on("2026-01-11", promise("B-1", objective="growth"))).then(
        refused(Reason.UNKNOWN_OBJECTIVE, allowed=[])
    )


def test_a_benefit_may_be_promised_anew_and_by_what_has_ended() -> None:
    stands = given(*TWO, gate("AI-1", "complete", "proposed"), promise("B-1"))
    stands.when(promise("B-1", initiatives=shares(AI_1=10_000))).then(accepted())


# Measures.


def test_only_what_was_promised_is_measured() -> None:
    unknown = refused(Reason.UNKNOWN_BENEFIT, field="data.benefit", value="B-1")
    given(promise("B-1")).when(measure("B-1", "2026-Q1", "claimed")).then(accepted())
    given(promise("B-2")).when(measure("B-1", "2026-Q1", "claimed")).then(unknown)
    given(promise("B-1"), reverse(2, "void")).when(measure("B-1", "2026-Q1", "claimed")).then(unknown)


def test_no_more_than_all_of_a_measure_is_attributed_or_it_is_flagged() -> None:
    stands = given(*PROMISED, measure("B-1", "2026-Q1", "claimed", attributed_bp=6_000))
    stands.when(measure("B-2", "2026-Q1", "validated", attributed_bp=4_000)).then(accepted())
    stands.when(measure("B-2", "2026-Q1", "validated", attributed_bp=4_001)).then(flagged(Reason.OVER_ATTRIBUTED))
    stands.when(measure("B-1", "2026-Q1", "validated", attributed_bp=10_000)).then(accepted())
    stands.when(measure("B-2", "2026-Q2", "claimed")).then(accepted())
    stands.when(measure("B-2", "2026-Q1", "rejected")).then(accepted())


def test_another_measure_is_another_matter() -> None:
    stands = given(promise("B-1"), promise("B-2", measure="calls"), measure("B-1", "2026-Q1", "claimed"))
    stands.when(measure("B-2", "2026-Q1", "claimed")).then(accepted())


@pytest.mark.parametrize("newer", [measure("B-1", "2026-Q1", "validated", attributed_bp=1_000), reverse(4, "void")])
def test_of_one_benefit_and_period_the_newest_measure_counts(newer: Any) -> None:
    stands = given(*PROMISED, measure("B-1", "2026-Q1", "claimed"), newer)
    stands.when(measure("B-2", "2026-Q1", "claimed", attributed_bp=9_000)).then(accepted())


@pytest.mark.parametrize(
    ("action", "expected"),
    [
        ("refuse", flagged(Reason.OVER_ATTRIBUTED)),
        ("flag", flagged(Reason.OVER_ATTRIBUTED)),
        ("off", accepted()),
    ],
)
def test_a_measure_is_never_refused_by_a_guardrail(action: str, expected: Expected) -> None:
    rules = [{"rule": "OVER_ATTRIBUTED", "action": action}]
    stands = given(*PROMISED, measure("B-1", "2026-Q1", "claimed"), policy("guardrails", 1, rules=rules))
    stands.when(measure("B-2", "2026-Q1", "claimed", attributed_bp=1)).then(expected)
