"""Who may come in through the browser's door."""

from __future__ import annotations

import pytest

from tui.model.door import FOREIGN, MISDIRECTED, Door

HOST, ORIGIN = "127.0.0.1:8000", "http://127.0.0.1:8000"


def door() -> Door:
    return Door({HOST: ORIGIN, "localhost:8000": "http://localhost:8000"})


@pytest.mark.parametrize(
    "host", [None, "", "127.0.0.1", "127.0.0.1:80", "evil.example:8000", "127.0.0.1:8000.evil.example", HOST + " "]
)
def test_a_name_that_is_not_its_own_is_misdirected(host: str | None) -> None:
    assert door().refuses(host, None) is MISDIRECTED
    assert door().refuses(host, ORIGIN) is MISDIRECTED


@pytest.mark.parametrize(
    "origin", ["null", "", "https://127.0.0.1:8000", "http://127.0.0.1:8001", "http://localhost:8000", ORIGIN + "/"]
)
def test_an_origin_that_is_not_of_the_same_name_is_foreign(origin: str) -> None:
    assert door().refuses(HOST, origin) is FOREIGN


def test_a_request_without_an_origin_is_a_visit_but_no_connection() -> None:
    assert door().refuses(HOST, None) is None
    assert door().refuses(HOST, None, must_name_origin=True) is FOREIGN
    assert door().refuses(HOST, ORIGIN, must_name_origin=True) is None
    assert door().refuses("localhost:8000", "http://localhost:8000", must_name_origin=True) is None


def test_the_token_is_taken_once_and_the_cookie_is_known_from_then_on() -> None:
    ours = door()
    assert not ours.knows(ours.cookie), "nobody has been given it"
    assert not ours.admits("")
    assert not ours.admits(ours.cookie)
    assert ours.admits(ours.token)
    assert not ours.admits(ours.token)
    assert ours.knows(ours.cookie)
    assert not any(map(ours.knows, (None, "", ours.token, ours.cookie + "x", "\udcff\ud800", "é")))


def test_every_door_has_secrets_of_its_own() -> None:
    secrets = {secret for each in (door(), door()) for secret in (each.token, each.cookie)}
    assert len(secrets) == 4
    assert all(len(secret) >= 43 for secret in secrets), "256 bits"
