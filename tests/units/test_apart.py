"""Texts are kept apart before a command is signed; what is signed stays as it was signed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ledger.signing import signed
from ledger.vault import VaultError
from schemas import sent
from tests.keys import key
from tui.apart import keeping_apart

OPEN = json.dumps(
    {
        "type": "AmendInitiative.v1",
        "portfolio": "law-0badcafe",
        "commandid": "c-1",
        "actor": "ana",
        "subject": "initiative/AI-1",
        "time": "2026-01-12",
        "data": {"initiative": "AI-1", "title": "Another title", "reason": "A private reason."},
    }
).encode()


def test_what_is_signed_after_its_texts_are_kept_apart_goes_as_it_was_signed(tmp_path: Path) -> None:
    apart = keeping_apart(tmp_path / "vault")
    kept = apart(OPEN)
    assert b"A private reason." not in kept
    payload = sent.joined(*signed(kept, key("ana")))
    assert apart(payload) == payload


def test_a_signed_command_with_open_texts_is_told_and_not_sent(tmp_path: Path) -> None:
    with pytest.raises(VaultError, match="no longer be kept apart"):
        keeping_apart(tmp_path / "vault")(sent.joined(*signed(OPEN, key("ana"))))


def test_without_a_vault_everything_goes_as_it_is() -> None:
    assert keeping_apart(None)(OPEN) == OPEN
