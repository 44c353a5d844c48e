"""The command that proves: verify."""

from __future__ import annotations

import inspect
import json
import time
from pathlib import Path
from typing import Annotated, Any, Literal

import platformdirs
from cyclopts import Parameter

from ledger.notary import verify_min
from ledger.notary.memory import Memory, keep_fork
from ledger.notary.places import Place, PlaceError, place_of
from ledger.notary.policy import PolicyError, parse_organisations, parse_policy
from projections.verify import DAY_S, Trust, Verified, origin_of, verify
from tui.common import DONE, REFUSED, CommandError, Common, progress_of_steps, read_file
from tui.model.proven import proven_text

LevelName = Literal["A0", "A1", "A2", "A3", "A4", "A5"]


async def verify_(
    place: str | None = None,
    *,
    level: LevelName = "A1",
    policy: Path | None = None,
    remember: Path | None = None,
    max_age: int = DAY_S,
    print_min: Annotated[bool, Parameter(negative="")] = False,
    common: Common | None = None,
) -> int:
    """Prove a log: hash every entry again, and compare it with what was signed, remembered and witnessed.

    Exit code 0 only if the level asked for holds, and every level below it.

    Parameters
    ----------
    place
        A directory, a zip or a URL that has checkpoint and tile/.
    level
        A0 recorded, A1 sealed, A2 extends, A3 witnessed, A4 re-performed, A5 corroborated.
    policy
        Your own file that says which log keys and witnesses you believe (C2SP tlog-policy).
    remember
        The file your newest checkpoint is remembered in; without it one of your configuration directory.
    max_age
        How many seconds may have passed since the witnesses signed.
    print_min
        Print a verifier of 300 lines that needs nothing but Python, to be read and run instead of this one.
    """
    common = common or Common()
    if print_min:
        print(inspect.getsource(verify_min), end="")
        return DONE
    if place is None:
        raise CommandError("there is nothing to verify; give a directory, a zip or a URL")
    if max_age < 0:
        raise CommandError(f"--max-age is a number of seconds from 0, not {max_age}")
    where = _place(place)
    trust, memory = _trust(policy, where, remember, max_age)
    with progress_of_steps() as moved:
        found = verify(where, trust, moved=moved)
    kept = None
    if memory is not None and trust is not None:
        kept = remembered(memory, trust, found)
    print(json.dumps(told(found, level, kept)) if common.json else proven_text(found, level, kept))
    return DONE if found.holds(level) else REFUSED


def remembered(memory: Memory, trust: Trust, found: Verified) -> Path | None:
    """Remember what was verified, for the next time; or keep a fork, and return where. Errors: OSError."""
    if found.fork is not None:
        return keep_fork(memory.file.parent, *found.fork)
    # A crash before it: the older checkpoint stays remembered, and the next time more is compared.
    if found.to_remember is not None and found.to_remember != trust.remembered:
        memory.replace(found.to_remember, trust.remembered)
    return None


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


def _trust(
    file: Path | None, place: Place, remember: Path | None, max_age_s: int
) -> tuple[Trust | None, Memory | None]:
    """Return what the user believes, and where it is remembered; None and None where no policy is given."""
    if file is None:
        if remember is not None:
            raise CommandError("--remember needs --policy: without it no log's key is known, and nothing is remembered")
        return None, None
    written = read_file(file)
    try:
        policy, organisations = parse_policy(written), parse_organisations(written)
    except PolicyError as error:
        raise CommandError(f"{file}: {error}") from error
    memory = None
    if remember is not None:
        memory = Memory(remember)
    elif (origin := origin_of(place)) is not None:
        memory = Memory.of(platformdirs.user_config_path("portfolio-ledger") / "remembered", origin)
    seen = memory.read() if memory else None
    return Trust(policy, organisations, int(time.time()), seen, max_age_s), memory
