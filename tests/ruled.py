"""What tests of who decides share: rules that refuse, and a portfolio under them."""

from __future__ import annotations

from schemas.receipts import Reason, ReasonClass
from tests.notation import Given, Said, governed
from tests.words import Ask, guardrails

STRICT = guardrails(**{each.name: "refuse" for each in Reason if each.of_class is ReasonClass.GOVERNANCE})
"""Every rule of governance refuses."""


def ruled_by(rules: Ask, *said: Ask | Said) -> Given:
    """Return a portfolio in which all this was accepted before its guardrails came; every flag counts."""
    return governed(*said, rules)
