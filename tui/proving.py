"""The command that proves: verify."""

from __future__ import annotations

import inspect
import json
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple

from cyclopts import Parameter

from ledger.notary import verify_min
from ledger.notary.cosigning import newest_witnessed
from ledger.notary.memory import Memory
from ledger.notary.note import NoteError
from ledger.notary.places import CHECKPOINT, WITNESSED, DirectoryPlace, FilesPlace, Place, PlaceError, place_of
from ledger.notary.proof_file import FIRST_LINE, MAX_PROOF_BYTES
from ledger.notary.rehash import TileMissing, read_entry
from ledger.store import EventReader
from projections.compare import Moved
from projections.corroborated import attachments_finding, attachments_of, foreign_finding
from projections.levels import Finding
from projections.performed import PlaceReader, performed, portfolio_of
from projections.streamed import Streamed, streamed
from projections.verify import DAY_S, Trust, Verified, size_of, verify
from tui.common import DONE, REFUSED, CommandError, Common, access, progress_of_steps
from tui.model.proven import proven_text
from tui.pack_verifying import is_pack, verify_pack
from tui.receipting import verify_file
from tui.trusting import remembered, trust_in

LevelName = Literal["A0", "A1", "A2", "A3", "A4", "A5"]


class _Read(NamedTuple):
    """A log that can be verified: where, its entries as a stream, and whose they are, None where nobody can tell.

    stream: where the portfolio is alive, what was read of it. directory: of its segments, None where it has none.
    """

    place: Place
    trust: Trust | None
    memory: Memory | None
    reader: EventReader
    portfolio: str | None
    stream: Streamed | None = None
    directory: Path | None = None


async def verify_(
    place: str | None = None,
    *,
    level: LevelName = "A1",
    policy: Path | None = None,
    remember: Path | None = None,
    max_age: int = DAY_S,
    attachments: Path | None = None,
    foreign: str | None = None,
    print_min: Annotated[bool, Parameter(negative="")] = False,
    common: Common | None = None,
) -> int:
    """Prove a log: hash every entry again, and compare it with what was signed, remembered and witnessed.

    Exit code 0 only if the level asked for holds, and every level below it.

    Parameters
    ----------
    place
        A directory, a zip or a URL that has checkpoint and tile/, a .tlog-proof file, or an evidence pack; without it
        the portfolio itself, from its stream.
    level
        A0 recorded, A1 sealed, A2 extends, A3 witnessed, A4 re-performed, A5 corroborated.
    policy
        Your own file that says which log keys and witnesses you believe (C2SP tlog-policy). Also PORTFOLIO_POLICY.
    remember
        The file your newest checkpoint is remembered in; without it one of your configuration directory.
    max_age
        How many seconds may have passed since the witnesses signed.
    attachments
        For A5: a directory of the files that entries name by their SHA-256, under any names.
    foreign
        For A5: the command of somebody else's tool, with {place}, {remembered} and {vkeys} where it takes them.
    print_min
        Print a verifier of 300 lines that needs nothing but Python, to be read and run instead of this one.
    """
    common = common or Common()
    if print_min:
        print(inspect.getsource(verify_min), end="")
        return DONE
    if max_age < 0:
        raise CommandError(f"--max-age is a number of seconds from 0, not {max_age}")
    _check_directory(attachments)
    policy = policy or common.settings().policy
    if policy is None and remember is not None:
        raise CommandError("--remember needs --policy: without it no log's key is known, and nothing is remembered")
    if place is not None and (written := _proof_file(place)) is not None:
        trust, _ = trust_in(policy, FilesPlace(place, {}), max_age_s=max_age)
        if trust is None:
            raise CommandError("a proof is judged by your own policy: give --policy")
        return verify_file(written, place, trust, level, as_json=common.json)
    if place is not None and is_pack(place):
        return verify_pack(place, policy, as_json=common.json)
    async with AsyncExitStack() as stack:
        moved = stack.enter_context(progress_of_steps())
        if place is None:
            read = await _live(stack, common, policy, remember, max_age, moved)
        else:
            read = _files(place, policy, remember, max_age)
        found = verify(read.place, read.trust, stream=read.stream, moved=moved)
        if level >= "A4":
            found = await _higher(found, read, level, attachments, foreign, moved)
    kept = None
    if read.memory is not None and read.trust is not None:
        kept = remembered(read.memory, read.trust, found)
    print(json.dumps(told(found, level, kept)) if common.json else proven_text(found, level, kept))
    return DONE if found.holds(level) else REFUSED


def _proof_file(written: str) -> bytes | None:
    """Return the bytes of a proof file, None where this is the name of something else. Errors: OSError."""
    path = Path(written)
    if not path.is_file():
        return None
    with path.open("rb") as file:
        content = file.read(MAX_PROOF_BYTES + 1)
    return content if content.startswith(FIRST_LINE.encode()) else None


def _check_directory(attachments: Path | None) -> None:
    if attachments is not None and not attachments.is_dir():
        raise CommandError(f"--attachments is {attachments}, which is no directory")


async def _higher(
    found: Verified, read: _Read, level: LevelName, attachments: Path | None, foreign: str | None, moved: Moved
) -> Verified:
    """Return what was found with A4, and A5 where that is asked for, looked at too."""
    sealed = found.sealed
    if sealed is None or not sealed.holds:
        return found  # nothing follows from entries that are not the ones that were signed
    if read.portfolio is None:
        return found.with_level(
            "A4", (Finding("its first entry is no event, so nothing can be decided again", "problem"),)
        )
    origin, directory = sealed.checkpoint.origin, read.directory
    done = await performed(read.reader, read.portfolio, origin, directory=directory, moved=moved)
    found = found.with_level("A4", done.findings)
    if level == "A5":
        named = attachments_of([entry.payload async for entry in read.reader.read()])
        trusted = read.trust.policy if read.trust else None
        vkeys = [str(log.key) for log in trusted.logs] if trusted else []
        vkeys += [str(witness.key) for witness in trusted.witnesses] if trusted else []
        file = read.memory.file if read.memory and read.memory.file.exists() else None
        foreign_said = foreign_finding(foreign, read.place.name, file, vkeys, sealed.checkpoint)
        found = found.with_level("A5", (attachments_finding(named, attachments), foreign_said))
    return found


def _files(written: str, policy: Path | None, remember: Path | None, max_age_s: int) -> _Read:
    """Return a log in a directory, a zip or under a URL. Errors: CommandError, PlaceError."""
    place = _place(written)
    trust, memory = trust_in(policy, place, remember=remember, max_age_s=max_age_s)
    size = size_of(place)
    try:
        portfolio = portfolio_of(read_entry(place, 0, size)) if size else None
    except TileMissing:
        portfolio = None
    kept = Path(written) if isinstance(place, DirectoryPlace) and (Path(written) / "segment").is_dir() else None
    return _Read(place, trust, memory, PlaceReader(place, size), portfolio, directory=kept)


async def _live(
    stack: AsyncExitStack, common: Common, policy: Path | None, remember: Path | None, max_age_s: int, moved: Moved
) -> _Read:
    """Return a portfolio that is alive, its stream read and hashed. Errors: as access; StoreError, PlaceError."""
    reached, chosen = await stack.enter_async_context(access(common))
    portfolio = await reached.choose(chosen.portfolio)
    directory, store = reached.directory(portfolio), reached.store(portfolio)
    kept = DirectoryPlace(directory)
    note = (await reached.register(portfolio).get(CHECKPOINT)).value or kept.read(CHECKPOINT)
    there = FilesPlace(portfolio, {} if note is None else {CHECKPOINT: note}, kept)
    trust, memory = trust_in(policy, there, remember=remember, max_age_s=max_age_s)
    witnessed = kept.read(WITNESSED)
    if trust is not None and note is not None:
        filed = await reached.cosignatures(portfolio).newest()
        with suppress(NoteError):  # of the checkpoint itself, which is told of as A1
            filed += [witnessed] if witnessed else []
            witnessed = newest_witnessed(trust.policy, note, filed, now_s=trust.now_s) or witnessed
    stream = await streamed(portfolio, store, kept, note, witnessed, moved=moved)
    segments = directory if directory.is_dir() else None
    return _Read(stream.place, trust, memory, store, portfolio, stream, segments)


def told(found: Verified, wanted: str, kept: Path | None) -> dict[str, Any]:
    """Return what a verification came to, as JSON has it."""
    sealed, old = found.sealed, found.remembered
    hashed = sealed.rehashed if sealed else None
    return {
        "place": found.place,
        "wanted": wanted,
        "holds": found.holds(wanted),
        "reached": found.reached,
        "origin": sealed.checkpoint.origin if sealed else None,
        "size": sealed.checkpoint.size if sealed else None,
        "root": sealed.checkpoint.root.hex() if sealed else None,
        "remembered": {"size": old.size, "root": old.root.hex()} if old else None,
        "ranges": found.ranges,
        "checked": {
            "entries": hashed.entries if hashed else 0,
            "tiles": hashed.tiles if hashed else 0,
            "bytes": hashed.content_bytes if hashed else 0,
            "wrong": hashed.wrong_count if hashed else 0,
        },
        "fork": str(kept) if kept else None,
        "levels": [
            {
                "level": level.name,
                "word": level.word,
                "standing": level.told,
                "findings": [{"text": each.text, "standing": each.standing} for each in level.findings],
            }
            for level in found.levels
        ],
    }


def _place(written: str) -> Place:
    if not written.startswith(("http://", "https://")) and not Path(written).exists():
        raise CommandError(f"there is nothing at {written}; give a directory, a zip or a URL")
    try:
        return place_of(written)
    except PlaceError as error:
        raise CommandError(str(error)) from error
