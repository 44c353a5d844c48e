"""Commands that record: init, send and import."""

from __future__ import annotations

import datetime
import json
import secrets
import sys
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from cyclopts import Parameter

from ledger.book import Book
from ledger.importers import commands as ndjson
from ledger.importers import gmpp, it_dashboard, model_catalogue, nyc_capital
from ledger.importers.lines import Problem
from ledger.store import MemoryStore
from ledger.writer import Writer
from schemas.events import PortfolioOpened
from schemas.receipts import Accepted, Reason, ReasonClass, Receipt, Refused, receipt_as_dict
from tui.apart import keeping_apart
from tui.common import DONE, REFUSED, WRONG_USE, CommandError, Common, access, progress, read_file
from tui.model.commands import completed as completed
from tui.model.fates import in_words as in_words
from tui.model.text import clean
from tui.signer_keys import Signing, signed_with

BEFORE_ALL = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
"""When the opening of a historic portfolio counts as recorded: before anything an importer may bring."""


FileOrStdin = Annotated[Path, Parameter(allow_leading_hyphen=True)]
"""A file to read, or `-`, which looks like an option and is none."""


async def init(
    name: str,
    *,
    currency: str,
    title: str | None = None,
    historic: Annotated[bool, Parameter(negative="")] = False,
    time_zone: str = "UTC",
    fiscal_year_start: int = 1,
    common: Common | None = None,
) -> int:
    """Make a portfolio: its stream, and its first event.

    Parameters
    ----------
    name
        Letters, digits, hyphen and underscore, 1 to 64.
    currency
        ISO 4217 code of the portfolio's own currency, such as USD.
    title
        What people call it.
    historic
        Let an importer state when things were recorded, until the first command of the portfolio's own.
    time_zone
        IANA name; says which day an instant falls on.
    fiscal_year_start
        Month the fiscal year starts in, 1 to 12.
    """
    common = common or Common()
    if common.portfolio not in (None, name):
        raise CommandError(f"two portfolios are named, {name} and {common.portfolio}; leave --portfolio away")
    common = replace(common, portfolio=name)
    origin = f"{name}-{secrets.token_hex(4)}"
    line = opening_command(
        name,
        origin,
        common.settings().actor,
        title=title or name,
        currency=currency,
        time_zone=time_zone,
        fiscal_year_start=fiscal_year_start,
        historic=historic,
        day=datetime.datetime.now(datetime.UTC).date(),
    )
    # Judged on paper first, so that a command that cannot be accepted leaves no stream behind.
    receipt = await Writer(name, MemoryStore()).submit(line)
    if isinstance(receipt, Accepted):
        async with access(common) as (reached, _):
            await reached.create(name)
            receipt = await (await reached.writer(name)).submit(line)
    if common.json:
        print(json.dumps({"portfolio": name, "origin": origin, **receipt_as_dict(receipt)}))
    elif isinstance(receipt, Accepted):
        print(f"{name} is open. Commands for it name the ledger {origin}.")
    if isinstance(receipt, Refused):
        raise CommandError(f"cannot open {name}: {in_words(receipt)}", exit_code([receipt]))
    return DONE


def opening_command(
    name: str,
    origin: str,
    actor: str,
    *,
    title: str,
    currency: str,
    time_zone: str = "UTC",
    fiscal_year_start: int = 1,
    historic: bool = False,
    day: datetime.date,
) -> bytes:
    """Return the OpenPortfolio command of a new portfolio, one JSON line."""
    asked: dict[str, Any] = {
        "type": "OpenPortfolio.v1",
        "portfolio": origin,
        "commandid": str(uuid.uuid5(uuid.NAMESPACE_URL, origin)),
        "actor": actor,
        "subject": f"portfolio/{name}",
        "time": BEFORE_ALL.date() if historic else day,
        "data": {
            "portfolio": name,
            "title": title,
            "currency": currency,
            "historic": historic,
            "time_zone": time_zone,
            "fiscal_year_start": fiscal_year_start,
            "registrar": {"actor": actor, "person": actor},
            "log_origin": origin,
        },
    }
    if historic:
        asked["recordedtime"] = BEFORE_ALL
    return msgspec.json.encode(asked)


async def send(file: FileOrStdin, *, signing: Signing | None = None, common: Common | None = None) -> int:
    """Send commands, one JSON object a line, and print a receipt a line.

    Parameters
    ----------
    file
        The commands as NDJSON, or as `portfolio sign` prints them; - for standard input. A command that names no
        portfolio or actor is completed with the one chosen; everything else is sent as it stands. With --vault, free
        texts are kept there, and the command is sent with commitments in their places.
    """
    common, signing = common or Common(), signing or Signing()
    keys = signing.keys()
    given = [command for _, command in ndjson.commands(read_file(file))]
    receipts: list[Receipt] = []
    async with access(common) as (reached, chosen):
        portfolio = await reached.choose(chosen.portfolio)
        writer = await reached.writer(portfolio)
        missing = {"portfolio": await writer.origin(), "actor": chosen.actor}
        with progress(f"sending to {portfolio}", len(given)) as moved:
            apart = keeping_apart(chosen.vault)
            payloads = [signed_with(keys, apart(completed(line, missing))) for line in given]
            async for receipt in writer.submit_each(payloads):
                print(json.dumps(receipt_as_dict(receipt)), flush=True)
                receipts.append(receipt)
                moved(1)
    return exit_code(receipts)


async def import_(
    format: Literal["nyc-capital", "it-dashboard", "model-catalogue", "gmpp", "commands"],
    *paths: Path,
    alignment: Path | None = None,
    objectives: Path | None = None,
    recorded: Annotated[list[str] | None, Parameter(negative="")] = None,
    common: Common | None = None,
) -> int:
    """Import a history from files. Running it again changes nothing; an interrupted import goes on where it was.

    Parameters
    ----------
    format
        nyc-capital: a directory with it_budget_lines.csv and it_commitments.csv. it-dashboard: a directory with
        projects_2012.csv and contracts_2012.csv. model-catalogue: a directory with model_catalogue_snapshots.csv and
        model_catalogue_changes.csv. gmpp: the file of both years. commands: files of NDJSON.
    paths
        The directory, or the files.
    alignment
        For nyc-capital: a CSV of budget_line, objective, share_bp.
    objectives
        For nyc-capital: a CSV of objective, title, weight_bp.
    recorded
        For model-catalogue: when a release came out, as VERSION=DATE, once for each release.
    """
    common = common or Common()
    for option, given, of in (
        ("--alignment", alignment, "nyc-capital"),
        ("--objectives", objectives, "nyc-capital"),
        ("--recorded", recorded, "model-catalogue"),
    ):
        if given and format != of:
            raise CommandError(f"{option} is for {of}, not for {format}; leave it away")
    if format == "commands":
        if not paths:
            raise CommandError("no file is named; give files of commands")
        return max([await send(path, common=common) for path in paths])
    names = FILES[format]
    if len(paths) != 1:
        kind, wanted = ("file", names[0]) if format == "gmpp" else ("directory", f"the one that holds {names[0]}")
        raise CommandError(f"{format} is one {kind}, {len(paths)} were named; give {wanted}")
    files = {name: read_file(paths[0] if format == "gmpp" else paths[0] / name) for name in names}
    for name, extra in (("alignment.csv", alignment), ("objectives.csv", objectives)):
        if extra is not None:
            files[name] = read_file(extra)
    importer = importer_of(format, files, _release_dates(recorded or []))
    async with access(common) as (reached, chosen):
        portfolio = await reached.choose(chosen.portfolio)
        return await import_files(await reached.writer(portfolio), importer, chosen.actor, as_json=common.json)


Importer = Callable[[Book, PortfolioOpened, str], Iterable[bytes | Problem]]
"""From a ledger, its opening and who imports: what an importer says of its files."""


def importer_of(
    format: str, files: Mapping[str, bytes], recorded: Mapping[str, datetime.date] | None = None
) -> Importer:
    """Return the importer of a format over files it knows by name. recorded: dates of releases, for model-catalogue."""

    def read(book: Book, opened: PortfolioOpened, actor: str) -> Iterable[bytes | Problem]:
        origin = opened.log_origin
        if format == it_dashboard.FORMAT:
            return it_dashboard.commands(files, origin=origin, actor=actor, time_zone=opened.time_zone)
        if format == model_catalogue.FORMAT:
            # A day that is the same at every import: the commands must be the same bytes again.
            since = book.stack(opened.subject(), PortfolioOpened)[0].effective_on
            return model_catalogue.commands(files, origin=origin, actor=actor, recorded=recorded, since=since)
        if format == gmpp.FORMAT:
            return gmpp.commands(files, origin=origin, actor=actor)
        return nyc_capital.commands(files, origin=origin, actor=actor, currency=opened.currency)

    return read


async def import_files(writer: Writer, importer: Importer, actor: str, *, as_json: bool = False) -> int:
    """Import what an importer says through a writer, tell what was left out by line, and print a summary."""
    await writer.catch_up()
    portfolio, opened = writer.book.portfolio, writer.book.opened
    if opened is None:
        raise CommandError(f"portfolio {portfolio} was never opened; make it with `portfolio init {portfolio}`")
    try:
        read = list(importer(writer.book, opened, actor))
    except ValueError as error:
        raise CommandError(f"cannot import into {portfolio}: {error}") from error
    problems = [each for each in read if isinstance(each, Problem)]
    lines = [each for each in read if isinstance(each, bytes)]
    for problem in problems:
        print(f"{problem.file}:{problem.line}: {clean(problem.message)}", file=sys.stderr)
    before, receipts = writer.book.sequence, []
    with progress(f"importing into {portfolio}", len(lines)) as moved:
        async for receipt in writer.submit_each(lines):
            receipts.append(receipt)
            moved(1)
    refused = [receipt for receipt in receipts if isinstance(receipt, Refused)]
    for receipt in refused[:MOST_SHOWN]:
        print(f"refused: {in_words(receipt)}", file=sys.stderr)
    if len(refused) > MOST_SHOWN:
        print(f"refused: {len(refused) - MOST_SHOWN} more", file=sys.stderr)
    if any(receipt.reason is Reason.COMMAND_ID_REUSED for receipt in refused):
        print(
            "The source, or who imports it, has changed since it was imported. What is recorded stays; "
            "correct it with ReverseEntry and new commands.",
            file=sys.stderr,
        )
    recorded = sum(isinstance(each, Accepted) and each.events[0].sequence > before for each in receipts)
    summary = {
        "portfolio": portfolio,
        "commands": len(lines),
        "recorded": recorded,
        "already_there": len(receipts) - recorded - len(refused),
        "refused": len(refused),
        "left_out": len(problems),
        "sequence": writer.book.sequence,
    }
    if as_json:
        print(json.dumps(summary))
    else:
        told = f"{recorded:,} of {len(lines):,} commands recorded, {summary['already_there']:,} were there already"
        told += f", {len(refused):,} refused" if refused else ""
        told += f"; {len(problems):,} lines left out" if problems else ""
        print(f"{told}. {portfolio} stands at sequence {writer.book.sequence:,}.")
    return REFUSED if refused else DONE


def exit_code(receipts: Iterable[Receipt]) -> int:
    """Return the exit code of some receipts: 0 where none is refused, 2 where one cannot be read, else 1."""
    refusals = [receipt.reason for receipt in receipts if isinstance(receipt, Refused)]
    if any(reason.of_class is ReasonClass.SHAPE for reason in refusals):
        return WRONG_USE
    return REFUSED if refusals else DONE


def _release_dates(given: Iterable[str]) -> dict[str, datetime.date]:
    dates: dict[str, datetime.date] = {}
    for each in given:
        release, _, day = each.rpartition("=")
        try:
            dates[release] = datetime.date.fromisoformat(day)
        except ValueError as error:
            raise CommandError(f"--recorded is {each}; write a release and its date, as 1.59.2=2025-01-31") from error
    return dates


FILES = {
    nyc_capital.FORMAT: ("it_budget_lines.csv", "it_commitments.csv"),
    it_dashboard.FORMAT: (it_dashboard.PROJECTS, it_dashboard.CONTRACTS),
    model_catalogue.FORMAT: (model_catalogue.SNAPSHOTS, model_catalogue.CHANGES),
    gmpp.FORMAT: (gmpp.FILE,),
}
"""What each format is read from."""
MOST_SHOWN = 10
"""How many refusals of an import are shown one by one."""
