"""Ids of events, by the library whose answer they are."""

from __future__ import annotations

import uuid

from hypothesis import given
from hypothesis import strategies as st

from ledger.decider import event_id

NAMESPACE = uuid.UUID("6f3c1d5e-5c9b-5a51-9a43-0d5f1f1d7b10")


@given(st.from_regex(r"[A-Za-z0-9_-]{1,64}", fullmatch=True), st.text(max_size=64), st.integers(0, 500))
def test_law_an_id_is_the_uuid5_of_portfolio_command_and_place(portfolio: str, commandid: str, place: int) -> None:
    assert event_id(portfolio, commandid, place) == str(uuid.uuid5(NAMESPACE, f"{portfolio}/{commandid}/{place}"))
