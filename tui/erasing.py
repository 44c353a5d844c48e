"""portfolio erase and portfolio vault: a text goes, the ledger says so, and what should be gone is looked for."""

from __future__ import annotations

import datetime
import json
from pathlib import Path
from typing import Any

import msgspec

from ledger.book import Book
from ledger.heads import commitments
from ledger.store import EventStore
from ledger.vault import Vault, VaultError
from ledger.writer import Writer
from schemas import codec
from schemas.receipts import Accepted, Reason, Refused
from schemas.values import zone_of
from tui.apart import kept_apart
from tui.common import DONE, REFUSED, CommandError, Common, access
from tui.findings import entry
from tui.model.fates import in_words
from tui.model.text import clean
from tui.recording import exit_code


async def erase_(sequence: int, field: str, *, reason: str, common: Common | None = None) -> int:
    """Erase a text that an entry holds as a commitment: the ledger says so, then the vault's text goes with its salt.

    What the ledger holds stays, and is verified as before. A hold keeps a text from being erased.

    Parameters
    ----------
    sequence
        The entry that holds it.
    field
        Where in it, such as data.dissent.
    reason
        Why it is erased; kept in the vault too, so say nothing of the text.
    """
    common = common or Common()
    async with access(common) as (reached, chosen):
        if chosen.vault is None:
            raise CommandError("which vault has the text? name it with --vault DIR, or PORTFOLIO_VAULT")
        vault = Vault(chosen.vault)
        portfolio = await reached.choose(chosen.portfolio)
        store = reached.store(portfolio)
        commitment = _commitment(portfolio, sequence, field, await entry(store, portfolio, sequence))
        writer = await reached.writer(portfolio)
        # 1. The ledger says that the text is erased, unless a hold keeps it. A crash after this line leaves the text in
        #    the vault: `portfolio vault` names it, and the same command again deletes it. The other way round a text
        #    could be gone under a hold, and nobody would have said so.
        at, new = await _recorded(writer, chosen.actor, chosen.vault, sequence, field, commitment, reason)
        # 2. The text and its salt go. From here on nothing can tell what the commitment stood for.
        was_here = vault.erase(commitment)
    if common.json:
        told = {"entry": sequence, "field": field, "commitment": commitment, "erased_by": at, "new": new}
        print(json.dumps({**told, "was_in_vault": was_here}))
    else:
        said = f"{field} of entry {sequence:,} is erased, by entry {at:,}{'' if new else ' already'}"
        gone = "its text and salt are deleted" if was_here else "this vault had no text of it"
        print(f"{clean(said)}; {gone}.")
    return DONE


async def vault_(*, common: Common | None = None) -> int:
    """Look through a vault: what should be gone and is not, what is damaged or missing, what nothing commits to.

    Exit code 1 where a text is kept that was erased, or one is damaged or missing.
    """
    common = common or Common()
    async with access(common) as (reached, chosen):
        if chosen.vault is None:
            raise CommandError("which vault? name it with --vault DIR, or PORTFOLIO_VAULT")
        vault = Vault(chosen.vault)
        portfolio = await reached.choose(chosen.portfolio)
        writer = await reached.writer(portfolio)
        await writer.catch_up()
        found = looked_through(vault, writer.book, await _named_here(reached.store(portfolio), portfolio, vault.name))
    if common.json:
        print(json.dumps({"vault": vault.name, "portfolio": portfolio, **found}))
    else:
        print(_text(vault.name, found))
    return REFUSED if found["should_be_gone"] or found["damaged"] or found["missing"] else DONE


def looked_through(vault: Vault, book: Book, named: set[str]) -> dict[str, Any]:
    """Return what is in a vault, beside what the ledger says of it. named: commitments that say they are in it.

    Shape: kept, how many texts are as they should be; should_be_gone, damaged, missing, nothing_commits_to: lists.
    """
    kept, gone, damaged, alone = 0, [], [], []
    here = list(vault.commitments())
    for commitment in here:
        try:
            vault.get(commitment)
        except VaultError as error:
            damaged.append({"commitment": commitment, "why": str(error)})
            continue
        if commitment in book.erased:
            places = [{"entry": each.sequence, "field": each.field} for each in book.texts.get(commitment, ())]
            gone.append({"commitment": commitment, "erased_by": book.erased[commitment], "places": places})
        elif commitment not in book.texts:
            alone.append({"commitment": commitment})
        else:
            kept += 1
    missing = [
        {"commitment": each, "places": [{"entry": at.sequence, "field": at.field} for at in book.texts.get(each, ())]}
        for each in sorted(named - set(here) - book.erased.keys())
    ]
    told = {"should_be_gone": gone, "damaged": damaged, "missing": missing, "nothing_commits_to": alone}
    return {"kept": kept, "erased": len(book.erased), **told}


def _commitment(portfolio: str, sequence: int, field: str, payload: bytes) -> str:
    """Return the commitment in a field of an entry. Errors: CommandError where there is none."""
    try:
        event = codec.decode(payload, portfolio=portfolio, sequence=sequence)
    except codec.ForeignEntry as error:
        raise CommandError(f"entry {sequence} holds no text of ours: {error}") from error
    found = dict(commitments(event.data))
    if field not in found:
        there = ", ".join(found) or "none: what was recorded as plain text is part of the ledger and stays"
        raise CommandError(f"entry {sequence} has no commitment in {field}; there is {there}")
    return found[field]


async def _recorded(
    writer: Writer, actor: str, vault: Path, sequence: int, field: str, commitment: str, reason: str
) -> tuple[int, bool]:
    """Have the ledger say that a text is erased; return where it says so, and whether it does only now."""
    await writer.catch_up()
    known = writer.book.erased.get(commitment)
    if known is not None:
        return known, False
    opened = writer.book.opened
    zone = datetime.UTC if opened is None else zone_of(opened.time_zone)
    line = msgspec.json.encode(
        {
            "type": "EraseText.v1",
            "portfolio": writer.book.portfolio if opened is None else opened.log_origin,
            "commandid": f"erase-{commitment[:40]}",
            "actor": actor,
            "subject": f"entry/{sequence}",
            "time": datetime.datetime.now(zone).date(),
            "data": {"entry": sequence, "field": field, "commitment": commitment, "reason": reason},
        }
    )
    receipt = await writer.submit(kept_apart(line, vault))
    if isinstance(receipt, Accepted):
        return receipt.sequence, True
    await writer.catch_up()
    known = writer.book.erased.get(commitment)
    if known is not None and receipt.reason in (Reason.ALREADY_ERASED, Reason.COMMAND_ID_REUSED):
        return known, False  # somebody else was faster
    raise _not_erased(sequence, receipt)


def _not_erased(sequence: int, receipt: Refused) -> CommandError:
    return CommandError(f"nothing of entry {sequence} was erased: {in_words(receipt)}", exit_code([receipt]))


async def _named_here(store: EventStore, portfolio: str, name: str) -> set[str]:
    """Return the commitments in the ledger that say they are in a vault of this name."""
    found: set[str] = set()
    async for stored in store.read():
        if b'"commitment"' not in stored.payload:
            continue
        try:
            event = codec.decode(stored.payload, portfolio=portfolio, sequence=stored.sequence)
        except codec.ForeignEntry:
            continue
        found |= set(_named(msgspec.to_builtins(event.data), name))
    return found


def _named(value: Any, name: str) -> list[str]:
    if isinstance(value, dict):
        if value.keys() == {"commitment", "vault"}:
            return [value["commitment"]] if value["vault"] == name else []
        return [each for inner in value.values() for each in _named(inner, name)]
    if isinstance(value, list | tuple):
        return [each for inner in value for each in _named(inner, name)]
    return []


def _text(name: str, found: dict[str, Any]) -> str:
    lines = [f"{found['kept']:,} texts are in vault {clean(name)} as they should be; {found['erased']:,} were erased."]
    for each in found["should_be_gone"]:
        lines.append(f"✗ still here, though erased by entry {each['erased_by']:,}: {_places(each)}; erase it again")
    lines += [f"✗ damaged: {clean(each['why'])}" for each in found["damaged"]]
    lines += [f"✗ missing, and nobody says it was erased: {_places(each)}" for each in found["missing"]]
    lines += [f"– nothing commits to {each['commitment'][:12]}…" for each in found["nothing_commits_to"]]
    return "\n".join(lines)


def _places(each: dict[str, Any]) -> str:
    told = ", ".join(f"{clean(place['field'])} of entry {place['entry']:,}" for place in each["places"])
    return f"{each['commitment'][:12]}… {told}".rstrip()
