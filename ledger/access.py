"""Access: from settings to the streams of a NATS server, its own or a given one."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from ledger.client import LedgerClient
from ledger.connection import Connection, connect
from ledger.disclosures import Disclosures
from ledger.findings import Findings
from ledger.jetstream import JetStreamStore
from ledger.notary.filed import Cosignatures
from ledger.notary.history import sealed_history
from ledger.notary.remote import KeptLog, KvRegister, TileMessages
from ledger.refusals import Refusals
from ledger.served import ServedWriter
from ledger.server import private_server
from ledger.settings import Settings
from ledger.streams import create_stream, list_streams, stream_exists
from ledger.writer import Clock, Writer, system_clock
from schemas import subjects


class NoSuchPortfolio(Exception):
    """The portfolio is not there, or was not named where there are several: which, and what next."""


class Access:
    """The portfolios of one NATS server, and the directory their files are kept in."""

    def __init__(self, connection: Connection, data: Path) -> None:
        self.connection, self.data = connection, data

    def store(self, portfolio: str) -> JetStreamStore:
        """Return the stream of a portfolio, whether it is there or not."""
        return JetStreamStore(self.connection, subjects.stream(portfolio), subjects.all_events(portfolio))

    async def refusals(self, portfolio: str) -> Refusals:
        """Return the refusals of a portfolio; their stream is made where it is not there. Errors: StoreError."""
        stream, subject = subjects.refusals_stream(portfolio), subjects.refusal(portfolio)
        await create_stream(self.connection, stream, subject)
        return Refusals(portfolio, JetStreamStore(self.connection, stream, subject))

    async def findings(self, portfolio: str) -> Findings:
        """Return the findings about a portfolio; their stream is made where it is not there. Errors: StoreError."""
        stream, subject = subjects.findings_stream(portfolio), subjects.finding(portfolio)
        await create_stream(self.connection, stream, subject)
        return Findings(portfolio, JetStreamStore(self.connection, stream, subject))

    async def disclosures(self, portfolio: str) -> Disclosures:
        """Return the record of exported evidence, kept beside the findings. Errors: StoreError."""
        stream, subject = subjects.findings_stream(portfolio), subjects.finding(portfolio)
        await create_stream(self.connection, stream, subject)
        return Disclosures(portfolio, JetStreamStore(self.connection, stream, subject))

    async def writer(self, portfolio: str, clock: Clock = system_clock, patience_s: float | None = None) -> Writer:
        """Return a writer of a portfolio that keeps its refusals, and writes on what was sealed. Errors: StoreError.

        For a login that may not append: one that sends what it is given to the service.
        """
        if not self.connection.login.may_publish(subjects.all_events(portfolio)):
            client = LedgerClient(self.connection, portfolio, actor=self.connection.login.account)
            return ServedWriter(portfolio, self.store(portfolio), client, clock)
        sealed = await sealed_history(portfolio, self.register(portfolio), self.directory(portfolio))
        return Writer(portfolio, self.store(portfolio), clock, await self.refusals(portfolio), patience_s, sealed)

    def register(self, portfolio: str) -> KvRegister:
        """Return the notary's register of a portfolio, whether it is there or not."""
        return KvRegister(self.connection, portfolio)

    def tiles(self, portfolio: str) -> TileMessages:
        """Return the stream of a portfolio's tiles, whether it is there or not."""
        return TileMessages(self.connection, portfolio)

    def log(self, portfolio: str) -> KeptLog:
        """Return what the notary keeps of a portfolio's log on the server, whether it is there or not."""
        return KeptLog(self.register(portfolio), self.tiles(portfolio))

    def cosignatures(self, portfolio: str) -> Cosignatures:
        """Return what witnesses have filed about a portfolio's log, whether their stream is there or not."""
        return Cosignatures(self.connection, portfolio)

    def directory(self, portfolio: str) -> Path:
        """Return where a portfolio's archive and segments are kept."""
        return self.data / portfolio

    def may_read(self, portfolio: str) -> bool:
        """Return whether this login may read the stream of a portfolio."""
        return self.connection.login.may_ask(f"STREAM.INFO.{subjects.stream(portfolio)}")

    async def create(self, portfolio: str) -> JetStreamStore:
        """Return the stream of a portfolio, made where it is not there. Errors: StoreError.

        A login that may not even read it leaves it to others.
        """
        if self.may_read(portfolio):
            await create_stream(self.connection, subjects.stream(portfolio), subjects.all_events(portfolio))
        return self.store(portfolio)

    async def portfolios(self) -> list[str]:
        """Return the ids of all portfolios, or of those that a login has to do with which may not list them.

        Errors: StreamUnavailable.
        """
        login = self.connection.login
        if login.may_ask("STREAM.NAMES"):
            streams = await list_streams(self.connection, subjects.STREAM_PREFIX)
            return [name for stream in streams if (name := subjects.portfolio_of(stream)) is not None]
        return sorted({name for each in login.publishes or () if (name := subjects.portfolio_in(each)) is not None})

    async def choose(self, portfolio: str | None) -> str:
        """Return the portfolio named, or the only one there is. Errors: NoSuchPortfolio, StreamUnavailable."""
        if portfolio is not None:
            known = not self.may_read(portfolio) and portfolio in await self.portfolios()
            if known or await stream_exists(self.connection, subjects.stream(portfolio)):
                return portfolio
            there = ", ".join(await self.portfolios()) or "none"
            raise NoSuchPortfolio(
                f"there is no portfolio {portfolio}, there is {there}; make one with `portfolio init {portfolio}`"
            )
        found = await self.portfolios()
        if len(found) == 1:
            return found[0]
        if not found:
            raise NoSuchPortfolio(
                f"there is no portfolio in {self.data} yet; make one with `portfolio init NAME`, "
                "or see `portfolio demo`"
            )
        raise NoSuchPortfolio(f"there are several portfolios: {', '.join(found)}; name one with --portfolio")


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Access]:
    """Yield access to the server of the settings; without a URL, the private server of the data directory.

    Errors: ServerError, StreamUnavailable; CredentialsError where its login is not one; Forbidden.
    """
    async with AsyncExitStack() as stack:
        if settings.nats is None:
            endpoint = await stack.enter_async_context(private_server(settings.data))
            connection = await connect(endpoint.url, endpoint.token)
        else:
            connection = await connect(settings.nats, credentials=settings.credentials)
        stack.push_async_callback(connection.close)
        yield Access(connection, settings.data)
