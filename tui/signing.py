"""Commands about signer keys: `portfolio key ...`, and `portfolio sign`."""

from __future__ import annotations

import datetime
import json
from pathlib import Path
from typing import Annotated, Any

import cyclopts
from cyclopts import Parameter

from ledger.book import Dated
from ledger.importers import commands as ndjson
from ledger.key_files import new_key, vkey_of, write_key
from ledger.notary.note import NoteError, parse_vkey
from ledger.rules.signatures import key_of
from ledger.signing import NotSigned, signed
from schemas import sent
from schemas.events import ActorEnrolled, PortfolioOpened
from schemas.values import zone_of
from tui.apart import keeping_apart
from tui.common import DONE, CommandError, Common, access, read_file
from tui.model.table import table
from tui.model.text import clean
from tui.recording import FileOrStdin
from tui.signer_keys import Signing, passphrase
from tui.verbs import Sending, say

When = Annotated[str | None, Parameter(help="The day it is to be true from, such as 2026-03-31; without it today.")]
DryRun = Annotated[bool, Parameter(help="Judge it and print what would be recorded; nothing is written.", negative="")]

key = cyclopts.App(name="key", help="Signer keys: make one, enrol it, replace it, revoke it, list them.")


@key.command
def new(
    file: Path,
    *,
    name: str | None = None,
    encrypt: Annotated[bool, Parameter(negative="")] = False,
    passphrase_file: Path | None = None,
    common: Common | None = None,
) -> int:
    """Make a signer key in a new file that only you can read, and print its verifier key, which the registrar enrols.

    Parameters
    ----------
    file
        Where the key is kept; a file that is there is never replaced.
    name
        What the key is called; without it the actor.
    encrypt
        Put it under a passphrase, which is asked for.
    passphrase_file
        Where the passphrase is written; else it is asked for.
    """
    common = common or Common()
    secret = None
    if encrypt or passphrase_file is not None:
        secret = passphrase(passphrase_file, f"Passphrase for {file}: ")
        if passphrase_file is None and secret != passphrase(None, "The same again: "):
            raise CommandError("the two passphrases differ; nothing was made")
    try:
        made = new_key(name or common.settings().actor)
        write_key(file, made, secret)
    except NoteError as error:
        raise CommandError(str(error)) from error
    print(json.dumps({"file": str(file), "vkey": str(made.vkey)}) if common.json else made.vkey)
    return DONE


@key.command
def show(file: Path, *, common: Common | None = None) -> int:
    """Print the verifier key of a signer key, which is no secret.

    Parameters
    ----------
    file
        Where the signer key is kept.
    """
    common = common or Common()
    vkey = _vkey(str(file))
    print(json.dumps({"file": str(file), "vkey": vkey}) if common.json else vkey)
    return DONE


@key.command
async def enrol(
    who: Annotated[str, Parameter(name="ACTOR")],
    vkey: str,
    /,
    *,
    person: str | None = None,
    roles: Annotated[list[str] | None, Parameter(negative="")] = None,
    valid_from: str | None = None,
    valid_to: str | None = None,
    time: When = None,
    dry_run: DryRun = False,
    signing: Signing | None = None,
    common: Common | None = None,
) -> int:
    """Enrol the key an actor signs with, as the registrar. What is enrolled of them already stays as it is.

    Parameters
    ----------
    who
        Whose key it is.
    vkey
        The verifier key that `portfolio key new` printed, or the file of the signer key.
    person
        The pseudonym of the human behind the actor; needed for one who is new.
    roles
        What they may act as; once for each.
    valid_from
        First day the enrolment holds.
    valid_to
        Last day the enrolment holds.
    """
    said = {"data.person": person, "data.roles": roles, "data.valid_from": valid_from, "data.valid_to": valid_to}
    said |= {"data.vkey": _vkey(vkey), "data.status": "active"}
    return await _enrolled(who, said, time, dry_run, signing, common)


@key.command
async def rotate(
    who: Annotated[str, Parameter(name="ACTOR")],
    vkey: str,
    /,
    *,
    reason: str | None = None,
    time: When = None,
    dry_run: DryRun = False,
    signing: Signing | None = None,
    common: Common | None = None,
) -> int:
    """Put another key in the place of an actor's, as the registrar. What the old one signed before stays signed.

    Parameters
    ----------
    who
        Whose key it is.
    vkey
        The new verifier key, or the file of the new signer key.
    reason
        Why it is replaced.
    """
    said = {"data.vkey": _vkey(vkey), "data.status": "rotated", "data.reason": reason}
    return await _enrolled(who, said, time, dry_run, signing, common, known=True)


@key.command
async def revoke(
    who: Annotated[str, Parameter(name="ACTOR")],
    /,
    *,
    left: Annotated[bool, Parameter(negative="")] = False,
    reason: str | None = None,
    time: When = None,
    dry_run: DryRun = False,
    signing: Signing | None = None,
    common: Common | None = None,
) -> int:
    """Revoke an actor's key, as the registrar: the actor acts no more. What was signed before stays signed.

    Parameters
    ----------
    who
        Whose key it is.
    left
        The person has left; without it the key is no longer to be trusted.
    reason
        Why.
    """
    said = {"data.status": "left" if left else "revoked", "data.reason": reason}
    return await _enrolled(who, said, time, dry_run, signing, common, known=True)


@key.command(name="list")
async def list_(*, common: Common | None = None) -> int:
    """List the keys that were ever enrolled, and how each stands now."""
    common = common or Common()
    rows = await _keys(common)
    if common.json:
        print(json.dumps(rows))
    elif not rows:
        print("No key is enrolled.")
    else:
        headers = ["sequence", "actor", "person", "key", "effective", "status", "now"]
        cells = [
            [
                f"{each['sequence']:,}",
                clean(each["actor"], 24),
                clean(each["person"], 24),
                clean(each["vkey"].rpartition("+")[0], 60),
                each["effective"],
                each["status"],
                "signs" if each["stands"] else "signs no more",
            ]
            for each in rows
        ]
        print(table(headers, cells, [True, *[False] * 6]))
    return DONE


async def sign(file: FileOrStdin, *, signing: Signing | None = None, common: Common | None = None) -> int:
    """Sign commands, one a line, and print them signed, one a line; several approvers sign one after the other.

    Parameters
    ----------
    file
        The commands as NDJSON, signed by others or not; - for standard input. A command that names no portfolio or
        actor is completed with the one chosen. With --vault, free texts are kept there before they are signed.
    """
    common, signing = common or Common(), signing or Signing()
    keys = signing.keys()
    if not keys:
        raise CommandError("no key is named; give --key FILE, and make one with `portfolio key new`")
    made, apart = [], keeping_apart(common.settings().vault)
    for place, line in ndjson.commands(read_file(file)):
        try:
            # What is signed is what is recorded: texts are kept apart before.
            made.append(sent.one_line(*signed(apart(line), *keys)).decode())
        except NotSigned as error:
            raise CommandError(f"{file}:{place}: cannot sign: {error}") from error
    print("\n".join(made))
    return DONE


async def _enrolled(
    actor: str,
    said: dict[str, Any],
    time: str | None,
    dry_run: bool,
    signing: Signing | None,
    common: Common | None,
    *,
    known: bool = False,
) -> int:
    """Send what is said of an actor as an enrolment; what is enrolled of them already stays as it is.

    known: they have to have a key already.
    """
    common = common or Common()
    if known and not any(each["actor"] == actor for each in await _keys(common)):
        raise CommandError(f"{actor} has no key; see `portfolio key list`, and enrol one with `portfolio key enrol`")
    given = {path: value for path, value in {"data.actor": actor, "time": time, **said}.items() if value is not None}
    return await say("enrol", given, Sending(dry_run=dry_run), signing or Signing(), common)


async def _keys(common: Common) -> list[dict[str, Any]]:
    """Return every key that was ever enrolled, as `portfolio key list --json` has it."""
    async with access(common) as (reached, chosen):
        writer = await reached.writer(await reached.choose(chosen.portfolio))
        await writer.catch_up()
    book = writer.book
    opened = book.opened
    rows: list[dict[str, Any]] = []
    if opened is None:
        return rows
    today = datetime.datetime.now(datetime.UTC).astimezone(zone_of(opened.time_zone)).date()
    if opened.registrar.vkey is not None:
        first = book.stack(opened.subject(), PortfolioOpened)[0]
        named = opened.registrar
        rows.append(_row(named.actor, named.person, named.vkey, first, "active", key_of(book, named.actor, today)))
    for subject, of_type in book.stacks:
        for dated in book.stack(subject, of_type) if of_type is ActorEnrolled else ():
            fact: ActorEnrolled = dated.fact
            if fact.vkey is not None:
                standing = key_of(book, fact.actor, today)
                rows.append(_row(fact.actor, fact.person, fact.vkey, dated, fact.status, standing))
    return sorted(rows, key=lambda row: row["sequence"])


def _row(actor: str, person: str, vkey: str | None, dated: Dated, status: str, standing: str | None) -> dict[str, Any]:
    return {
        "actor": actor,
        "person": person,
        "vkey": vkey,
        "sequence": dated.sequence,
        "effective": str(dated.effective_on),
        "status": status,
        "stands": standing == vkey and status in ("active", "rotated"),
    }


def _vkey(given: str) -> str:
    """Return a verifier key that is given as one, or by its signer key's file. Errors: KeyFileError, CommandError."""
    try:
        return str(parse_vkey(given)) if not Path(given).exists() else vkey_of(Path(given))
    except NoteError as error:
        raise CommandError(f"{error}; give the verifier key that `portfolio key new` printed, or its file") from error
