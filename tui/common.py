"""What every command shares: its options, its way to the ledger, and how it tells what went wrong.

Exit codes: 0 done; 1 refused, or the check does not hold; 2 wrong use or malformed input; 3 the world failed.
"""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from ledger.settings import Settings, settings

if TYPE_CHECKING:
    from ledger.access import Access
    from projections.compare import Moved
    from projections.replica import Replica
    from projections.segments import Progress

DONE, REFUSED, WRONG_USE, WORLD_FAILED = 0, 1, 2, 3


@Parameter(name="*")
@dataclass(frozen=True)
class Common:
    """Options of every command."""

    portfolio: Annotated[str | None, Parameter(help="The portfolio; not needed where there is only one.")] = None
    data: Annotated[Path | None, Parameter(help="The data directory. Also PORTFOLIO_DATA.")] = None
    actor: Annotated[str | None, Parameter(help="Who acts. Also PORTFOLIO_ACTOR.")] = None
    nats: Annotated[str | None, Parameter(help="A NATS server's URL; without it the data directory's own server.")] = (
        None
    )
    credentials: Annotated[
        Path | None, Parameter(help="The file of the login to that server. Also PORTFOLIO_CREDENTIALS.")
    ] = None
    vault: Annotated[
        Path | None, Parameter(help="The directory free texts are kept in, to be erased later. Also PORTFOLIO_VAULT.")
    ] = None
    json: Annotated[bool, Parameter(help="Print JSON.", negative="")] = False

    def settings(self) -> Settings:
        """Return the settings these options and the environment make. Errors: SettingsError."""
        return settings(
            data=self.data,
            portfolio=self.portfolio,
            actor=self.actor,
            nats=self.nats,
            credentials=self.credentials,
            vault=self.vault,
        )


class CommandError(Exception):
    """The command cannot go on: what, which, what next. code: the exit code."""

    def __init__(self, message: str, code: int = WRONG_USE) -> None:
        super().__init__(message)
        self.code = code


@asynccontextmanager
async def access(common: Common) -> AsyncIterator[tuple[Access, Settings]]:
    """Yield the ledger the options name, and the settings. Where nobody says who acts, a site's login does."""
    from ledger.access import opened  # not for the commands that only look at files
    from ledger.roles import name_in

    chosen = common.settings()
    async with opened(chosen) as reached:
        name = name_in(reached.connection.login.account) if chosen.actor_guessed else None
        yield reached, chosen if name is None else replace(chosen, actor=name)


@asynccontextmanager
async def replica(common: Common, *, refusals: bool = False) -> AsyncIterator[Replica]:
    """Yield a replica of the portfolio the options name, caught up with its stream; with *refusals*, those too."""
    from projections.sync import synced  # DuckDB is half of what starting would cost otherwise

    async with access(common) as (reached, chosen):
        portfolio = await reached.choose(chosen.portfolio)
        with progress(f"reading {portfolio}") as told:
            store, directory = reached.store(portfolio), reached.directory(portfolio)
            made = await synced(store, directory, portfolio, progress=told, log=reached.log(portfolio))
        if refusals:
            made.take_refusals([each async for each in (await reached.refusals(portfolio)).read()])
        yield made


@contextmanager
def progress(label: str, total: int | None = None) -> Iterator[Progress]:
    """Yield a function that moves a progress bar on stderr; where stderr is no terminal, one that does nothing.

    The bar shows only once something moves it.
    """
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bars

    from tui.model.text import clean

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Bars(*columns, console=Console(stderr=True), transient=True) as bars:
        task = bars.add_task(clean(label), total=total, visible=False)
        yield lambda count: bars.update(task, advance=count, visible=True)


@contextmanager
def progress_of_steps() -> Iterator[Moved]:
    """Yield a function that moves one bar a step on stderr; where stderr is no terminal, one that does nothing."""
    if not sys.stderr.isatty():
        yield lambda *_: None
        return
    from rich.console import Console
    from rich.progress import Progress as Bars
    from rich.progress import TaskID

    tasks: dict[str, TaskID] = {}
    with Bars(console=Console(stderr=True), transient=True) as bars:

        def moved(step: str, done: int, whole: int) -> None:
            if step not in tasks:
                tasks[step] = bars.add_task(step, total=whole)
            bars.update(tasks[step], completed=done, total=whole)

        yield moved


def read_file(path: Path) -> bytes:
    """Return the bytes of a file, of standard input for `-`. Errors: CommandError."""
    if str(path) == "-":
        return sys.stdin.buffer.read()
    try:
        return path.read_bytes()
    except OSError as error:
        raise CommandError(f"cannot read {path}: {error.strerror}; give a file that can be read") from error


def host_and_port(option: str, given: str) -> tuple[str, int]:
    """Return what HOST:PORT says. Errors: CommandError, which names the option."""
    host, _, port = given.rpartition(":")
    if not (host and port.isdecimal() and int(port) < 65_536):
        raise CommandError(f"{option} is {given!r}; write HOST:PORT, as 127.0.0.1:8080")
    return host, int(port)
