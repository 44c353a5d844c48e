"""Signing in a form: by which key is said before, shown in what is confirmed, and stored with the event; or refused."""

from __future__ import annotations

import functools
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from textual.content import Content
from textual.widgets import Static

from ledger import demo as story
from ledger.notary.note import SignerKey, Vkey, parse_signatures, parse_vkey
from ledger.store import MemoryStore
from ledger.vault import Vault
from schemas import codec
from schemas.envelope import Recorded
from schemas.receipts import Accepted
from tests import keys
from tests.terminal.conftest import SIGNS, head_of, screen_text, session_of, settled
from tests.terminal.test_record_screen import DISSENT, FUNDING, Ledger, Press, Unheard, form_of, said
from tui.apart import kept_apart
from tui.app import LedgerApp
from tui.cli import main
from tui.model.drafts import drafts_in
from tui.model.pen import Pen
from tui.model.text import clean

PMO, ANA, BO = keys.key("pmo"), keys.key("ana"), keys.key("bo")


@pytest.fixture
async def ledger(told_demo: MemoryStore) -> Ledger:
    """The demo where who sends an ApproveFunding has to sign it; the keys of pmo and ana are enrolled."""
    made = Ledger(told_demo)
    await told(made, "EnrolActor", "actor/pmo", enrolled("pmo"), "ines")
    await told(made, "EnrolActor", "actor/ana", enrolled("ana"), "ines")
    await told(made, "AdoptPolicy", "policy/signing", signing({"commands": ["ApproveFunding"]}), "olga")
    made.before = len(made.store.entries)
    return made


def enrolled(who: str, status: str = "active") -> dict[str, object]:
    return {"actor": who, "person": f"p-{who}", "vkey": keys.vkey(who), "roles": ["pmo"], "status": status}


def signing(body: dict[str, object], version: int = 1) -> dict[str, object]:
    said = {"version": version, "body": {"kind": "signing", **body}}
    return said if version == 1 else {**said, "supersedes": version - 1}


async def told(ledger: Ledger, kind: str, subject: str, data: dict[str, object], actor: str) -> None:
    """Record what somebody sends, not signed."""
    command = {"type": f"{kind}.v1", "portfolio": story.ORIGIN, "commandid": f"{kind}-{len(ledger.store.entries)}"}
    line = json.dumps({**command, "actor": actor, "subject": subject, "time": "2026-11-20", "data": data}).encode()
    receipt = await (await ledger._made()).submit(line)
    assert isinstance(receipt, Accepted), receipt


@asynccontextmanager
async def signing_with(
    ledger: Ledger, directory: Path, *held: SignerKey, vault: Path | None = None, recorder: object = None
) -> AsyncIterator[tuple[LedgerApp, Press]]:
    """Run the application with these keys, with the dissent of the story in sight."""
    session = session_of(ledger.store, directory, shared=False)
    pen = Pen(held, None if vault is None else functools.partial(kept_apart, directory=vault))
    app = LedgerApp(session, SIGNS, head=head_of(session, DISSENT), recorder=recorder or ledger, pen=pen)
    async with app.run_test(size=(120, 48)) as pilot:

        async def press(*pressed: str) -> None:
            for key in pressed:
                await pilot.press(key)
                if key == "ctrl+s":
                    await settled(app, pilot)
            await settled(app, pilot)

        await settled(app, pilot)
        yield app, press


def judged(app: LedgerApp) -> str:
    """Return what is said of the form, on one line."""
    told = form_of(app).query_one("#judged", Static).content
    assert isinstance(told, Content)
    return " ".join(told.plain.split())


def stored(ledger: Ledger) -> Recorded:
    (payload,) = ledger.new
    return codec.decode(payload, portfolio=story.PORTFOLIO, sequence=ledger.before + 1)


def verifies(event: Recorded, *by: str) -> None:
    """Check the signatures of an event with the keys that verify them, by the note's own words."""
    found = parse_signatures(event.signatures)
    assert [each.name for each in found] == list(by)
    for signature in found:
        key = parse_vkey(keys.vkey(signature.name))
        assert isinstance(key, Vkey)
        assert key.verify(f"{event.command}\n", signature.blob)


async def test_without_a_key_it_is_refused_and_says_what_to_do(ledger, tmp_path) -> None:
    async with signing_with(ledger, tmp_path) as (app, press):
        await press(*FUNDING)
        assert "WOULD BE REFUSED  SIGNATURE_MISSING" in screen_text(app)
        assert "open this again with --key FILE" in judged(app)
        await press("ctrl+s")
        assert "nothing was sent; leave it as a draft, and open this again with --key FILE" in said(app)
    assert (ledger.sent, ledger.new) == ([], [])


async def test_the_draft_of_it_is_recorded_with_the_key_and_its_signature_verifies(ledger, tmp_path) -> None:
    async with signing_with(ledger, tmp_path) as (app, press):
        await press(*FUNDING, "ctrl+d", "escape")
    async with signing_with(ledger, tmp_path, PMO) as (app, press):
        await press("n", "enter")
        name = f"pmo+{PMO.key_id.hex()}"
        assert f"signs pmo, with {name}" in judged(app)
        await press("ctrl+s")
        assert "Record this as pmo?" in screen_text(app)
        asked = app.screen._text
        assert f"signs pmo, with {name}" in asked
        await press("enter")
    event = stored(ledger)
    verifies(event, "pmo")
    assert clean(event.signatures.splitlines()[0]) in asked, "what was confirmed is what is stored"
    assert drafts_in(tmp_path).all() == ([], [])


async def test_several_approvers_sign_one_decision(ledger, tmp_path) -> None:
    together = {"command": "ApproveFunding", "persons": 2}
    await told(ledger, "AdoptPolicy", "policy/signing", signing({"commands": [], "signatories": [together]}, 2), "olga")
    ledger.before += 1
    async with signing_with(ledger, tmp_path, PMO) as (app, press):
        await press(*FUNDING)
        assert "WOULD BE REFUSED SIGNATURE_MISSING" in judged(app)
        assert "persons 1; wanted 2" in judged(app)
    async with signing_with(ledger, tmp_path, PMO, ANA) as (app, press):
        await press(*FUNDING)
        assert "ana, with ana+" in judged(app)
        assert "beside pmo who sends it" in judged(app)
        await press("ctrl+s", "enter")
    verifies(stored(ledger), "pmo", "ana")


async def test_a_key_that_nobody_is_enrolled_with_is_told_before_and_refused(ledger, tmp_path) -> None:
    async with signing_with(ledger, tmp_path, BO) as (app, press):
        await press(*FUNDING)
        text = judged(app)
        assert "WOULD BE REFUSED KEY_UNKNOWN" in text
        assert f"signs bo+{BO.key_id.hex()}: nobody is enrolled with this key" in text
    assert ledger.sent == []


async def test_somebody_elses_key_does_not_sign_for_who_sends_it(ledger, tmp_path) -> None:
    async with signing_with(ledger, tmp_path, ANA) as (app, press):
        await press(*FUNDING)
        text = judged(app)
        assert "WOULD BE REFUSED SIGNATURE_MISSING" in text
        assert "signs ana, with ana+" in text
    assert ledger.sent == []


async def test_a_key_that_is_revoked_before_it_is_confirmed_is_told_afterwards(ledger, tmp_path) -> None:
    """What arrives meanwhile comes first: nothing is stored, and the form says that the key counts no more."""
    async with signing_with(ledger, tmp_path, PMO) as (app, press):
        await press(*FUNDING, "ctrl+s")
        await told(ledger, "EnrolActor", "actor/pmo", enrolled("pmo", "revoked"), "ines")
        await press("enter")
        text = judged(app)
        assert "WOULD BE REFUSED KEY_REVOKED" in text
        assert "of pmo: this key does not count any more, or not yet" in text
        assert form_of(app).draft is not None
    assert len(ledger.new) == 1, "the revocation alone"


# Texts kept apart


def written_reason(app: LedgerApp) -> Sequence[str]:
    """Return the keys that lead from where one stands to the reason, and write it."""
    writing = form_of(app).writing
    place = next(place for place, part in enumerate(writing.parts) if part.row.path == "data.reason")
    by = place - writing.place
    return [*(["down"] * by if by > 0 else ["up"] * -by), *"Ana fell ill"]


async def test_with_a_vault_free_texts_stand_in_it_and_their_commitments_are_signed(ledger, tmp_path) -> None:
    vault = tmp_path / "vault"
    vault.mkdir(mode=0o700)
    async with signing_with(ledger, tmp_path, PMO, vault=vault) as (app, press):
        await press(*FUNDING)
        await press(*written_reason(app))
        assert list(Vault(vault).commitments()) == [], "nothing is kept there while it is written"
        assert "free texts go into the vault" in judged(app)
        await press("ctrl+s")
        assert "Ana fell ill" not in app.screen._text
        await press("enter")
    event = stored(ledger)
    verifies(event, "pmo")
    assert b"Ana fell ill" not in ledger.new[0]
    assert Vault(vault).text(event.data.reason.commitment) == "Ana fell ill"


async def test_a_lost_answer_is_found_again_with_the_texts_kept_apart(ledger, tmp_path) -> None:
    vault = tmp_path / "vault"
    vault.mkdir(mode=0o700)
    lost = Unheard(ledger, [True])
    async with signing_with(ledger, tmp_path, PMO, vault=vault, recorder=lost) as (app, press):
        await press(*FUNDING)
        await press(*written_reason(app), "ctrl+s", "enter")
        assert "RECORDED ALREADY" in judged(app)
    async with signing_with(ledger, tmp_path, PMO, vault=vault) as (app, press):
        await press("n", "enter")
        assert f"RECORDED ALREADY  at sequence {ledger.before + 1:,}" in screen_text(app)
        await press("ctrl+s")
    assert (len(ledger.new), len(ledger.sent)) == (1, 1)


@pytest.mark.parametrize("mode", ["board", "replay"])
@pytest.mark.parametrize("option", ["--plain", "--web", "--read-only"])
def test_no_key_is_taken_where_nothing_is_recorded(mode: str, option: str, tmp_path: Path, capsys) -> None:
    assert main([mode, option, "--key", str(tmp_path / "key"), "--data", str(tmp_path / "data")]) == 2
    assert "--key signs what is recorded, and nothing is recorded from there" in capsys.readouterr().err
    assert not (tmp_path / "data").exists()
