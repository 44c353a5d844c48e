"""What the user believes of a log: an own policy, and what was remembered of it."""

from __future__ import annotations

import time
from pathlib import Path

import platformdirs

from ledger.notary.memory import Memory, keep_fork
from ledger.notary.places import Place
from ledger.notary.policy import PolicyError, parse_organisations, parse_policy
from projections.verify import DAY_S, Trust, Verified, origin_of
from tui.common import CommandError, read_file


def trust_in(
    file: Path | None, place: Place, *, remember: Path | None = None, max_age_s: int = DAY_S
) -> tuple[Trust | None, Memory | None]:
    """Return what the user believes, and where it is remembered; None and None where there is no policy.

    Errors: CommandError where the policy cannot be read; OSError.
    """
    if file is None:
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


def remembered(memory: Memory, trust: Trust, found: Verified) -> Path | None:
    """Remember what was verified, for the next time; or keep a fork, and return where. Errors: OSError."""
    if found.fork is not None:
        return keep_fork(memory.file.parent, *found.fork)
    # A crash before it: the older checkpoint stays remembered, and the next time more is compared.
    if found.to_remember is not None and found.to_remember != trust.remembered:
        memory.replace(found.to_remember, trust.remembered)
    return None
