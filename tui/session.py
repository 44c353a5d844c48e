"""A session: what the screens ask of one portfolio. Read-only: it holds a stream to read, and nothing to write with.

One replica, asked in threads so that a screen never waits and two questions are answered at once; it takes in what the
stream has gained whenever it is told to.
"""

from __future__ import annotations

import asyncio
import datetime
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import monotonic
from typing import TypeVar

from ledger.findings import Finding, FindingError, Findings, Severity, evidence_of, newest
from ledger.notary.memory import Memory
from ledger.notary.places import DirectoryPlace
from ledger.notary.policy import Policy
from ledger.store import EventReader, Stored
from ledger.store import StoreError as StoreError  # for screens that may not know a store
from ledger.writer import Clock, system_clock
from projections.archive import Archive
from projections.line import Line, instant_of, recorded_since
from projections.moment import Moment, moment, time_zone
from projections.proof import EntryProof, check_entry
from projections.replica import Replica
from projections.sync import catch_up
from projections.verify import Trust
from schemas import codec
from schemas.envelope import Recorded
from tui.common import CommandError
from tui.lending import Lent
from tui.model.kept import ReadText
from tui.trusting import trust_in

T = TypeVar("T")

PATIENCE_S = 0.5
"""How long the stream is waited for where the archive may have what is asked."""

REST_S, MOST_S = 0.3, 10.0
"""How long nothing is asked before tables are compressed, which no question should wait for; and how long at most that
is put off."""


class Entry:
    """One entry of the stream, decoded where it is an event. foreign: why it is none."""

    def __init__(self, sequence: int, payload: bytes, portfolio: str) -> None:
        self.sequence, self.payload = sequence, payload
        self.event: Recorded | None = None
        self.foreign: str | None = None
        try:
            self.event = codec.decode(payload, portfolio=portfolio, sequence=sequence)
        except codec.ForeignEntry as error:
            self.foreign = str(error)


class Session:
    """What the screens ask. line: when each event was recorded. offline: since when, and why, where the stream is
    away; everything known by then can still be asked. policy: the file of the log keys and witnesses the user
    believes, None for none."""

    def __init__(
        self,
        replica: Replica,
        store: EventReader,
        directory: Path,
        *,
        actor: str,
        clock: Clock = system_clock,
        findings: Findings | None = None,
        read_only: bool = False,
        read_text: ReadText | None = None,
    ) -> None:
        """findings: where auditors file them; none are shown or filed without. read_only: none are filed, and no
        report is written. read_text: reads texts that are kept apart; None where there is no vault."""
        self.replica, self.portfolio, self.directory, self.actor = replica, replica.portfolio, directory, actor
        self.clock, self.read_text = clock, read_text
        self.policy: Path | None = None
        self.offline: tuple[datetime.datetime, str] | None = None
        self.zone = time_zone(replica)
        self.found: list[Finding] = []
        self.read_only = read_only or findings is None
        self.looks_only = read_only
        self.line = Line(*recorded_since(replica, 0))
        self._store, self._findings = store, findings
        self._refreshing = asyncio.Lock()
        self._threads = ThreadPoolExecutor(2, thread_name_prefix="ask")
        self._asked_at = self._compressed_at = monotonic()

    def prepare(self, needed: str) -> None:
        """Begin to make what a screen will ask for, in threads, while the screen is made.

        needed: tables and macros, with spaces between, first those that others wait for. What cannot be made is told
        when it is asked.
        """
        for name in needed.split():
            self._threads.submit(self.replica.prepare, f"{name}()")

    async def ask(self, work: Callable[[Replica], T]) -> T:
        """Return what *work* makes of the replica, in a thread."""
        self._asked_at = monotonic()
        return await asyncio.get_running_loop().run_in_executor(self._threads, work, self.replica)

    async def refresh(self) -> int:
        """Take in what the stream has gained, and return how many events that is. A stream that is away is noted."""
        now = monotonic()
        if now - self._asked_at >= REST_S or now - self._compressed_at >= MOST_S:
            self._compressed_at = now
            await asyncio.to_thread(self.replica.compress)
        try:
            last = await self._store.last_sequence()
            if last > self.replica.sequence:
                async with self._refreshing:
                    before = self.replica.sequence
                    await catch_up(self.replica, self._store)
                    found = await asyncio.to_thread(recorded_since, self.replica, before)
                    self.line.extend(*found)
                self.offline = None
                return len(found[0])
            self.offline = None
        except StoreError as error:
            if self.offline is None:
                self.offline = (self.clock(), str(error))
        return 0

    async def entry(self, sequence: int) -> Entry | None:
        """Return the entry at a sequence, None where there is none; the archive's, where the stream is away or slow.

        Errors: StoreError where the stream is away, and the archive does not reach as far.
        """
        if self.offline is not None and (kept := await self._archived(sequence)) is not None:
            return kept  # a stream that is away is waited for long
        reading = asyncio.ensure_future(self._streamed(sequence))
        try:
            done, _ = await asyncio.wait({reading}, timeout=PATIENCE_S)
            if not done and (kept := await self._archived(sequence)) is not None:
                return kept
            return await reading
        except StoreError:
            if (kept := await self._archived(sequence)) is None:
                raise
            return kept
        finally:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)

    async def _streamed(self, sequence: int) -> Entry | None:
        """Return the entry at a sequence as the stream has it, None where it has none. Errors: StoreError."""
        async for stored in self._store.read(after=sequence - 1, until=sequence):
            return Entry(sequence, stored.payload, self.portfolio)
        return None

    async def _archived(self, sequence: int) -> Entry | None:
        """Return the entry at a sequence as the archive has it, None where it has none."""
        payload = await asyncio.to_thread(Archive(self.directory).kept, sequence)
        return None if payload is None else Entry(sequence, payload, self.portfolio)

    async def proof(self, sequence: int) -> EntryProof | None:
        """Return what the archive shows of the entry at a sequence, None where there is none. Errors: StoreError."""
        entry = await self.entry(sequence)
        if entry is None:
            return None
        archive, payload = Archive(self.directory), entry.payload
        return await asyncio.to_thread(lambda: check_entry(archive, self.portfolio, sequence, payload, self.trust()[0]))

    def trusted(self) -> Policy | None:
        """Return whose keys the user believes, None where no policy says."""
        if self.policy is None:
            return None
        found = self.trust()[0]
        return None if found is None else found.policy

    def trust(self) -> tuple[Trust | None, Memory | None]:
        """Return what the user believes of this portfolio's log, and where that is remembered; None for nothing."""
        try:
            return trust_in(self.policy, DirectoryPlace(self.directory))
        except CommandError:
            return None, None  # a policy that cannot be read names nobody; the program says so when it starts

    async def last_sequence(self) -> int:
        """Return the sequence of the stream's last entry, known here or not. Errors: StoreError."""
        return await self._store.last_sequence()

    def lent(self) -> Lent:
        """Return the stream for another thread to read, while this loop goes on."""
        return Lent(self._store, asyncio.get_running_loop())

    @property
    def reports(self) -> Path:
        """Where reports are written: beside the portfolio's files, which may be removed and made again."""
        return self.directory.parent / "reports"

    async def read_findings(self) -> None:
        """Read the findings anew, as each stands. Errors: StoreError."""
        if self._findings is not None:
            self.found = newest([each async for each in self._findings.read()])

    async def file(self, sequence: int, severity: Severity, title: str, text: str, field: str | None) -> Finding:
        """File a finding about an entry, and return it under its number. It goes beside the ledger, never into it.

        Errors: FindingError; StoreError.
        """
        entry = await self.entry(sequence)
        if self.read_only or self._findings is None or entry is None:
            raise FindingError("nothing can be filed here; it was opened to look only")
        filed = await self._findings.file(
            Finding(
                finding="",
                recordedtime=self.clock(),
                actor=self.actor,
                sequence=sequence,
                field=field,
                severity=severity,
                title=title,
                text=text,
                evidence=evidence_of(entry.payload),
                status="open",
            )
        )
        await self.read_findings()
        return filed

    def entries(self, after: int, until: int) -> AsyncIterator[Stored]:
        """Yield the entries of the stream above a sequence, up to another. Errors: StoreError."""
        return self._store.read(after=after, until=until)

    async def payloads(self, after: int, until: int) -> AsyncIterator[bytes]:
        """Yield the entries behind a sequence, as they are stored. Errors: StoreError."""
        async for stored in self._store.read(after=after, until=until):
            yield stored.payload

    def moment(self, sequence: int, as_of: datetime.date | None = None) -> Moment:
        """Return the moment after a sequence was recorded; as of its day, or of another."""
        us = self.line.at(sequence)
        if us is None:
            return Moment(sequence, None, as_of or self.clock().astimezone(self.zone).date())
        at = instant_of(us)
        return Moment(sequence, at, as_of or at.astimezone(self.zone).date())

    def quarter_start(self, sequence: int) -> Moment:
        """Return the moment before the quarter began in which a sequence was recorded, in the portfolio's time zone."""
        at = instant_of(self.line.at(sequence) or 0).astimezone(self.zone)
        start = datetime.datetime(at.year, (at.month - 1) // 3 * 3 + 1, 1, tzinfo=self.zone)
        before = self.line.until(int(start.timestamp()) * 1_000_000 - 1)
        return self.moment(before, start.date() - datetime.timedelta(days=1))

    def now(self) -> Moment:
        """Return this moment: everything known, as of today."""
        return self.moment(self.line.tip, self.clock().astimezone(self.zone).date())

    async def at(self, as_known: str | None, as_of: str | None) -> Moment:
        """Return the moment that two texts name. Errors: MomentError."""
        now = self.clock()
        return await self.ask(lambda replica: moment(replica, as_known, as_of, now=now))
