"""The vault: texts kept apart from the ledger, under commitments that say nothing of them once they are erased."""

from __future__ import annotations

import datetime
import json
from hashlib import sha256
from pathlib import Path

import pytest

from ledger.book import Book
from ledger.evolve import evolve
from ledger.store import MemoryStore
from ledger.vault import Kept, Vault, VaultError, commitment_of, with_commitments
from ledger.writer import Writer
from projections.around import around
from projections.performed import judged_again
from projections.replica import Replica
from schemas import codec, sent
from schemas.commands import MAX_COMMAND_BYTES, parse
from schemas.envelope import Recorded
from schemas.receipts import Accepted, Refused
from schemas.values import Commitment
from tests.fixed_history import every_type_history
from tests.notation import Said, given
from tests.teller import Teller
from tests.words import ORIGIN, PORTFOLIO, amend, enrol, erase, opening, propose, rank, request, vote
from tui.erasing import looked_through
from tui.model.card import card
from tui.model.kept import KeptTexts


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    return Vault(tmp_path / "hr", make=True)


def line(ask, commandid: str = "c-9", **more: object) -> bytes:
    return Said(ask, more=more).line(commandid)


# Keeping.


def test_a_commitment_is_the_hash_of_salt_and_text(vault: Vault) -> None:
    kept = vault.keep("Too dear.", "c-1", "data.dissent")
    assert kept.vault == "hr"
    told = json.loads((vault.directory / f"{kept.commitment}.json").read_bytes())
    assert len(bytes.fromhex(told["salt"])) == 32
    assert sha256(bytes.fromhex(told["salt"]) + b"Too dear.").hexdigest() == kept.commitment
    assert vault.text(kept.commitment) == "Too dear."


def test_the_same_text_twice_cannot_be_told_from_two_texts(vault: Vault) -> None:
    assert vault.keep("Yes.", "c-1", "data.reason") != vault.keep("Yes.", "c-2", "data.reason")


def test_only_its_owner_reads_it(vault: Vault) -> None:
    kept = vault.keep("Too dear.", "c-1", "data.dissent")
    assert vault.directory.stat().st_mode & 0o777 == 0o700
    assert (vault.directory / f"{kept.commitment}.json").stat().st_mode & 0o777 == 0o600
    vault.directory.chmod(0o750)
    with pytest.raises(VaultError, match="can be read by others; `chmod 700"):
        Vault(vault.directory)


def test_a_vault_keeps_its_name_when_it_is_moved(vault: Vault, tmp_path: Path) -> None:
    kept = vault.keep("Too dear.", "c-1", "data.dissent")
    vault.directory.rename(tmp_path / "elsewhere")
    moved = Vault(tmp_path / "elsewhere")
    assert (moved.name, moved.text(kept.commitment)) == ("hr", "Too dear.")


def test_where_there_is_no_vault_none_is_read(tmp_path: Path) -> None:
    with pytest.raises(VaultError, match="there is no vault at"):
        Vault(tmp_path / "nowhere")


def test_what_was_changed_is_not_given_out_as_the_text(vault: Vault) -> None:
    kept = vault.keep("Too dear.", "c-1", "data.dissent").commitment
    file = vault.directory / f"{kept}.json"
    file.write_bytes(file.read_bytes().replace(b"dear", b"good"))
    assert vault.text(kept) is None
    with pytest.raises(VaultError, match="holds another text than its commitment"):
        vault.get(kept)
    file.write_bytes(b"{")
    with pytest.raises(VaultError, match="is damaged"):
        vault.get(kept)
    with pytest.raises(VaultError, match="is no commitment"):
        vault.get("../name")


# Commands.


def test_every_free_text_of_every_command_is_kept_apart_and_nothing_else_changes(vault: Vault) -> None:
    count = 0
    for each in every_type_history():
        made = with_commitments(each, vault)
        command = parse(made)
        assert not isinstance(command, Refused)
        count += made != each
        assert restored(json.loads(made), vault) == json.loads(each)
    assert count > 50


def restored(value, vault: Vault):
    """Return a plain value with the vault's texts in the place of its own commitments."""
    if isinstance(value, dict):
        if value.keys() == {"commitment", "vault"}:
            return vault.text(value["commitment"]) or value
        return {name: restored(inner, vault) for name, inner in value.items()}
    return [restored(inner, vault) for inner in value] if isinstance(value, list) else value


def test_a_text_in_a_list_is_found_and_a_title_is_no_free_text(vault: Vault) -> None:
    ask = rank(("AI-1", 1, None))
    told = ask._replace(data=ask.data | {"moves": [ask.data["moves"][0] | {"reason": "It pays sooner."}]})
    made = json.loads(with_commitments(line(told), vault))
    kept = made["data"]["moves"][0]["reason"]
    assert Commitment(**kept) == vault.keep("It pays sooner.", "c-9", "data.moves.0.reason")
    proposed = json.loads(with_commitments(line(propose("AI-1")), vault))
    assert isinstance(proposed["data"]["hypothesis"], dict)
    assert proposed["data"]["title"] == "Initiative AI-1"


def test_a_command_made_again_is_the_same_bytes_also_after_a_crash(vault: Vault) -> None:
    asked = line(amend("AI-1", title="New"))
    first = with_commitments(asked, vault)
    assert with_commitments(asked, vault) == first
    # A crash behind the vault's write loses the command; another process makes it again.
    assert with_commitments(asked, Vault(vault.directory)) == first
    assert len(list(vault.commitments())) == 1


def test_what_cannot_be_read_is_left_for_whoever_decides_it(vault: Vault) -> None:
    for odd in (b"not json", b'{"type":"PostActual.v1","data":{"minor":1.5}}', b'{"type":"Nothing.v1"}'):
        assert with_commitments(odd, vault) == odd
    assert list(vault.commitments()) == []


def test_a_text_that_was_signed_is_not_sent_as_if_it_were_kept_apart(vault: Vault) -> None:
    asked = line(amend("AI-1", title="New"))
    signed = sent.one_line(asked, b"\xe2\x80\x94 ana AAAA\n")
    with pytest.raises(VaultError, match=r"was signed with the text of data\.reason in it, .* sign it with --vault"):
        with_commitments(signed, vault)
    assert list(vault.commitments()) == []
    apart = sent.one_line(with_commitments(asked, vault), b"\xe2\x80\x94 ana AAAA\n")
    assert with_commitments(apart, vault) == apart


def test_a_command_too_long_with_its_commitments_is_not_sent_with_its_texts(vault: Vault) -> None:
    ask = rank(*((f"AI-{at}", at, None) for at in range(1, 200)))
    moves = [move | {"reason": "x"} for move in ask.data["moves"]]
    asked = line(ask._replace(data=ask.data | {"moves": moves}))
    assert len(asked) < MAX_COMMAND_BYTES
    with pytest.raises(VaultError, match="longer than 20,000 bytes with its commitments"):
        with_commitments(asked, vault)


# Erasing.


def history(vault: Vault) -> tuple[Book, str]:
    """Return a book with a dissent kept apart at entry 5, and its commitment."""
    teller = Teller()
    for ask in (opening(), propose("AI-1"), enrol("ana"), request("D-1", "AI-1")):
        assert teller.say(ask, "2026-01-12")
    said = line(vote("D-1", 4, "ana", dissent="Too dear."), "vote-1", time="2026-01-12")
    assert teller.say_line(with_commitments(said, vault)) == 5
    (commitment,) = [each for each in vault.commitments() if vault.text(each) == "Too dear."]
    return teller.book, commitment


def erased(book: Book, commitment: str) -> Book:
    stands = given()
    stands.book = book
    for event in stands.when(erase(5, "data.dissent", commitment)).outcome:
        evolve(book, event)
    return book


def test_once_it_is_erased_nothing_tells_what_the_commitment_stood_for(vault: Vault) -> None:
    book, commitment = history(vault)
    erased(book, commitment)
    assert vault.erase(commitment) is True
    assert vault.erase(commitment) is False
    assert b"Too dear." not in b"".join(path.read_bytes() for path in vault.directory.iterdir())
    assert looked_through(vault, book, {commitment})["should_be_gone"] == []


def test_threat_20_a_text_that_should_be_gone_is_found(vault: Vault) -> None:
    book, commitment = history(vault)
    # The ledger says it is erased; a crash, or somebody who only claims it, leaves the text.
    found = looked_through(vault, erased(book, commitment), {commitment})
    place = {"entry": 5, "field": "data.dissent"}
    assert found["should_be_gone"] == [{"commitment": commitment, "erased_by": 6, "places": [place]}]
    assert found["missing"] == []


def test_what_is_missing_damaged_or_alone_is_found(vault: Vault) -> None:
    book, commitment = history(vault)
    alone = vault.keep("Never sent.", "lost", "data.reason").commitment
    found = looked_through(vault, book, {commitment})
    assert (found["kept"], found["nothing_commits_to"]) == (1, [{"commitment": alone}])
    (vault.directory / f"{alone}.json").write_bytes(b"{")
    assert [each["commitment"] for each in looked_through(vault, book, {commitment})["damaged"]] == [alone]
    (vault.directory / f"{commitment}.json").unlink()
    missing = looked_through(vault, book, {commitment})["missing"]
    assert [each["commitment"] for each in missing] == [commitment]


# Reading.


def test_a_text_is_told_as_the_vault_has_it_or_as_what_became_of_it() -> None:
    there, gone, elsewhere = (commitment_of(bytes(32), each) for each in ("there", "gone", "elsewhere"))
    known = KeptTexts({gone: 1_234}, {there: "Too dear.", gone: "still here"}.get)
    assert known.told(Commitment(commitment=there, vault="hr")) == "Too dear."
    assert known.told(f"commitment:{there}") == "Too dear."
    assert known.told(Commitment(commitment=gone, vault="hr")) == "[erased by entry 1,234]"
    assert known.told(Commitment(commitment=elsewhere, vault="hr")) == "[not in this vault]"
    assert (
        KeptTexts({}).told(Commitment(commitment=there, vault="hr"))
        == f"[kept apart in vault hr, commitment {there[:12]}]"
    )
    assert known.told("said openly") == "said openly"
    assert known.told(None) is None


def test_the_card_shows_the_text_until_it_is_erased(vault: Vault) -> None:
    book, commitment = history(vault)
    payloads = [codec.encode(event) for event in told_again(vault)]
    replica = Replica(PORTFOLIO)
    replica.extend(payloads)
    event = codec.decode(payloads[4], portfolio=PORTFOLIO, sequence=5)

    def dissent(read) -> str:
        lines = card(event, around(replica, event), payloads[4], datetime.UTC, read)
        return next(each.text for each in lines if each.label == "dissent")

    assert dissent(vault.text) == "ana: Too dear."
    assert dissent(lambda _: None) == "ana: [not in this vault]"
    stands = given()
    stands.book = book
    (gone,) = stands.when(erase(5, "data.dissent", commitment)).outcome
    replica.extend([codec.encode(gone)])
    assert dissent(vault.text) == "ana: [erased by entry 6]"


async def test_what_is_verified_after_an_erasure_says_what_was_erased(vault: Vault) -> None:
    store = MemoryStore()
    writer = Writer(PORTFOLIO, store)
    for at, ask in enumerate((opening(), propose("AI-1"), enrol("ana"), request("D-1", "AI-1"))):
        await writer.submit(line(ask, f"c-{at}"))
    await writer.submit(with_commitments(line(vote("D-1", 4, "ana", dissent="Too dear."), "vote-1"), vault))
    (commitment,) = [each for each in vault.commitments() if vault.text(each) == "Too dear."]
    assert isinstance(await writer.submit(line(erase(5, "data.dissent", commitment), "erase-1")), Accepted)
    vault.erase(commitment)
    decided, findings = await judged_again(store, PORTFOLIO, ORIGIN)
    assert (decided.events, decided.differs) == (6, None)
    assert (
        "texts: 1 erased, commitments unchanged: data.dissent of entry 5 by entry 6",
        "yes",
    ) in [tuple(each) for each in findings]


def told_again(vault: Vault) -> list[Recorded]:
    """Return the events of `history` once more; the vault gives them the same commitments."""
    teller = Teller()
    for ask in (opening(), propose("AI-1"), enrol("ana"), request("D-1", "AI-1")):
        teller.say(ask, "2026-01-12")
    said = line(vote("D-1", 4, "ana", dissent="Too dear."), "vote-1", time="2026-01-12")
    teller.say_line(with_commitments(said, vault))
    return teller.events


def test_what_is_kept_is_what_was_hashed() -> None:
    kept = Kept(salt="00" * 32, text="Zu teuer: 5 €", commandid="c", field="data.reason")
    assert kept.commitment == sha256(bytes(32) + "Zu teuer: 5 €".encode()).hexdigest()
