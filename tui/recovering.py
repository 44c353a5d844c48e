"""portfolio recover: a stream that was lost is made again from its log."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from ledger.access import Access
from ledger.notary.directory import LogDirectory
from ledger.notary.keys import log_key_path
from ledger.notary.note import NoteError, Vkey, parse_signer_key, parse_vkey
from ledger.notary.recovering import DirectorySource, Source, TilesSource, recover
from ledger.notary.sealer import VKEY
from schemas import subjects
from tui.common import DONE, CommandError, Common, access, read_file


async def recover_(
    directory: Path | None = None,
    *,
    from_tiles: Annotated[bool, Parameter(negative="")] = False,
    vkey: str | None = None,
    common: Common | None = None,
) -> int:
    """Make a lost stream again from its log, byte for byte, as far as it was sealed.

    Everything is checked against the signed checkpoint before anything is written. A stream that holds the beginning of
    the log gets the rest; one that holds anything else is left as it is.

    Parameters
    ----------
    directory
        A directory with a copy of the log; without it that of the data directory.
    from_tiles
        Use the copy on the server itself, in its stream of tiles.
    vkey
        The verifier key of the log; without it that of the signer key in the data directory, or what the server says.
    """
    common = common or Common()
    if from_tiles and directory is not None:
        raise CommandError("a directory and --from-tiles are two copies; give one of them")
    async with access(common) as (reached, chosen):
        # The stream may be gone, so that only the name is left to choose it by.
        portfolio = chosen.portfolio or await reached.choose(None)
        register = reached.register(portfolio)
        source: Source = DirectorySource(LogDirectory(directory or reached.directory(portfolio)))
        if from_tiles:
            source = TilesSource(reached.tiles(portfolio), register, subjects.tiles_stream(portfolio))
        key = await _vkey(vkey, reached, portfolio)
        await register.make()
        found = await recover(lambda: reached.create(portfolio), register, source, portfolio, key)
    told = {
        "portfolio": portfolio,
        "origin": found.checkpoint.origin,
        "size": found.checkpoint.size,
        "root": found.checkpoint.root.hex(),
        "there": found.there,
        "appended": found.appended,
        "behind": found.behind,
    }
    if common.json:
        print(json.dumps(told))
    else:
        print(
            f"{portfolio} holds the {found.checkpoint.size:,} entries of {found.checkpoint.origin} again: "
            f"{found.there:,} were there, {found.appended:,} came from {source.where}.\n"
            f"Root {found.checkpoint.root.hex()}, as it was signed. What was recorded behind it is not in the log"
            + (f"; {found.behind:,} entries are in the stream, as they were." if found.behind else ".")
        )
    return DONE


async def _vkey(given: str | None, reached: Access, portfolio: str) -> Vkey:
    path = log_key_path(reached.data, portfolio)
    try:
        if given is not None:
            return parse_vkey(given)
        if path.exists():
            return parse_signer_key(read_file(path).decode().strip("\n")).vkey
        if (kept := (await reached.register(portfolio).get(VKEY)).value) is not None:
            return parse_vkey(kept.decode())
    except (NoteError, UnicodeDecodeError) as error:
        raise CommandError(f"the key of the log cannot be read: {error}") from error
    raise CommandError(f"nobody here knows the key of the log of {portfolio}; give it with --vkey")
