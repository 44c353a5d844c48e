"""portfolio export: what the ledger holds, as files that other programs read."""

from __future__ import annotations

import datetime
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from ledger.access import Access
from ledger.anchoring import NoCheckpoint, newest_note
from ledger.disclosures import DisclosureError, EvidenceExported
from ledger.files import replace_file
from ledger.notary.keys import make_log_key, read_log_key
from ledger.notary.note import NoteError, SignerKey, parse_signer_key
from ledger.settings import Settings
from ledger.vault import Vault
from projections.exporters.evidence import Asked, Disclosed, ExportError, Pack, Sampled
from projections.exporters.gather import gathered
from projections.exporters.process import Clock
from projections.exporters.strands import StrandsDiffer
from projections.exporters.xes import Case
from tui.common import DONE, REFUSED, WORLD_FAILED, CommandError, Common, access, progress, read_file
from tui.exporting_files import export_beancount, export_ocel, export_parquet, export_tlog, export_xes
from tui.model.text import clean

Format = Literal["evidence", "tlog", "parquet", "ocel", "xes", "beancount"]


@Parameter(name="*")
@dataclass(frozen=True)
class EvidenceOptions:
    """Options of an evidence pack."""

    initiative: Annotated[str | None, Parameter(help="For evidence: the initiative it is about.")] = None
    purpose: Annotated[str, Parameter(help="For evidence: what it is for, on record.")] = "not stated"
    recipient: Annotated[str, Parameter(help="For evidence: who is to have it, on record.")] = "not stated"
    sample: Annotated[int | None, Parameter(help="For evidence: entries to draw from the whole log, besides.")] = None
    nonce: Annotated[str | None, Parameter(help="For --sample: the auditor's word, its hash filed before.")] = None
    stratum: Annotated[str, Parameter(help="For --sample: `all`, or a type of event.")] = "all"
    checkpoint: Annotated[
        Path | None,
        Parameter(help="For evidence and tlog: the checkpoint to prove under; else the newest witnessed one."),
    ] = None
    policy: Annotated[Path | None, Parameter(help="For evidence: a tlog-policy to put in.")] = None
    attachments: Annotated[
        Path | None, Parameter(help="For evidence: a directory of documents; those that entries name go in.")
    ] = None
    disclose: Annotated[
        bool,
        Parameter(help="For evidence: put in the vault's texts that its entries hold as commitments.", negative=""),
    ] = False
    key: Annotated[Path | None, Parameter(help="For evidence: the exporter's signer key; else one of its own.")] = None

    def asked(self) -> Asked:
        """Return what is to be exported. Errors: CommandError where the options do not say."""
        if self.initiative is None:
            raise CommandError("evidence is about an initiative; name it with --initiative")
        if (self.sample is None) != (self.nonce is None):
            raise CommandError("a sample is drawn with the auditor's word; give --sample and --nonce, or neither")
        if self.attachments is not None and not self.attachments.is_dir():
            raise CommandError(f"--attachments is {self.attachments}, which is no directory")
        wanted = None
        if self.sample is not None and self.nonce is not None:
            if self.sample < 1:
                raise CommandError(f"--sample is a number of entries from 1, not {self.sample}")
            wanted = Sampled(self.sample, self.nonce, self.stratum)
        return Asked(self.initiative, self.purpose, self.recipient, wanted)


async def export_(
    format: Format,
    path: Path,
    *,
    time: Clock = "recorded",
    case: Case = "initiative",
    evidence: EvidenceOptions | None = None,
    common: Common | None = None,
) -> int:
    """Write what the ledger holds to files that other programs read.

    Parameters
    ----------
    format
        evidence: a zip with everything about one initiative, checked without this program. tlog: the log's own files.
        parquet: a file a type of event. ocel, xes: for process mining. beancount: the money as double entry.
    path
        The file, or for tlog and parquet the directory, to write.
    time
        For ocel and xes: whether events stand at the time they were recorded or from which they are true.
    case
        For xes: what a trace is of.
    """
    options, common = evidence or EvidenceOptions(), common or Common()
    if format == "evidence":
        return await _export_evidence(path, options, common)
    wrong = [name for name, value in vars(options).items() if value != getattr(EvidenceOptions(), name)]
    if format == "tlog":
        wrong = [name for name in wrong if name != "checkpoint"]
    if wrong:
        raise CommandError(f"--{wrong[0]} is for evidence, not for {format}; leave it away")
    if (time != "recorded" and format not in ("ocel", "xes")) or (case != "initiative" and format != "xes"):
        raise CommandError(f"--time is for ocel and xes, --case for xes; leave them away for {format}")
    if format == "tlog":
        return await export_tlog(path, options.checkpoint, common)
    if format == "parquet":
        return await export_parquet(path, common)
    if format == "ocel":
        return await export_ocel(path, time, common)
    if format == "xes":
        return await export_xes(path, time, case, common)
    return await export_beancount(path, common)


async def _export_evidence(path: Path, options: EvidenceOptions, common: Common) -> int:
    asked = options.asked()
    async with access(common) as (reached, chosen):
        portfolio = await reached.choose(chosen.portfolio)
        try:
            directory, register = reached.directory(portfolio), reached.register(portfolio)
            note = await newest_note(directory, register, file=options.checkpoint)
            with progress(f"reading {portfolio}") as moved:
                made = await gathered(
                    reached.store(portfolio),
                    portfolio,
                    note,
                    asked,
                    exporter_key(options.key, chosen),
                    policy=None if options.policy is None else read_file(options.policy),
                    attachments=options.attachments,
                    texts=_texts(options, chosen),
                    progress=moved,
                )
            exported = await _record(reached, portfolio, chosen.actor, asked, made)
        except (ExportError, DisclosureError) as error:
            raise CommandError(f"cannot export from {portfolio}: {error}") from error
        except StrandsDiffer as error:
            raise CommandError(f"cannot export from {portfolio}: {error}", REFUSED) from error
        except NoCheckpoint as error:
            raise CommandError(f"cannot export from {portfolio}: {error}", WORLD_FAILED) from error
    # The export is on record. A crash here leaves a record of what nobody got; the same command again writes the file,
    # and finds its record.
    replace_file(path, made.content, durable=True)
    _say(common, path, made, exported)
    return DONE


def exporter_key(file: Path | None, chosen: Settings) -> SignerKey:
    """Return the key an exporter signs manifests with: the file's, or the actor's own in the data directory."""
    if file is None:
        path = chosen.data / ".keys" / f"{chosen.actor}.exporter"
        return read_log_key(path, chosen.actor) or make_log_key(path, chosen.actor)
    try:
        return parse_signer_key(read_file(file).decode().strip("\n"))
    except (NoteError, UnicodeDecodeError) as error:
        raise CommandError(f"{file} is no signer key: {error}") from error


def _texts(options: EvidenceOptions, chosen: Settings) -> dict[str, Disclosed]:
    """Return the vault's texts by their commitments, where they are to be disclosed."""
    if not options.disclose:
        return {}
    if chosen.vault is None:
        raise CommandError("--disclose puts in a vault's texts; name the vault with --vault DIR, or PORTFOLIO_VAULT")
    vault = Vault(chosen.vault)
    kept = {commitment: vault.get(commitment) for commitment in vault.commitments()}
    return {name: Disclosed(bytes.fromhex(each.salt), each.text) for name, each in kept.items() if each is not None}


async def _record(reached: Access, portfolio: str, actor: str, asked: Asked, made: Pack) -> EvidenceExported:
    return await (await reached.disclosures(portfolio)).record(
        EvidenceExported(
            recordedtime=datetime.datetime.now(datetime.UTC),
            actor=actor,
            pack_sha256=made.sha256,
            scope=made.scope,
            purpose=asked.purpose,
            recipient=asked.recipient,
            origin=made.checkpoint.origin,
            size=made.checkpoint.size,
            root=made.checkpoint.root.hex(),
            complete_through=made.complete_through,
        )
    )


def _say(common: Common, path: Path, made: Pack, exported: EvidenceExported) -> None:
    if common.json:
        told = {
            "file": str(path),
            "sha256": made.sha256,
            "bytes": len(made.content),
            "entries": made.entry_count,
            "scope": made.scope,
            "size": made.checkpoint.size,
            "root": made.checkpoint.root.hex(),
            "complete_through": made.complete_through,
            "recorded": exported.recordedtime.isoformat(),
        }
        print(json.dumps(told))
        return
    complete = (
        f"nothing about it is missing up to sequence {made.complete_through:,}"
        if made.complete_through
        else "that nothing is missing is NOT PROVEN: anchor a checkpoint first, with `portfolio anchor`"
    )
    about = clean(", ".join(made.scope), 200)
    print(f"{clean(str(path))}: {made.entry_count:,} entries, about {about} and what that rests on; {complete}.")
    print(f"SHA-256 {made.sha256}, on record in the findings of {made.checkpoint.origin}. VERIFY.md says how to check.")
