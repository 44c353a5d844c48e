"""The service of one portfolio in one process: it stands by until the lease is its own, then takes commands.

    starting -> standby -> active -> stopping
                   ^---------'            the lease was taken by another

A replica that stands by keeps its book up to date, so that it is active within seconds of another's end. Stopping, it
answers what it took, then gives the lease up.
"""

from __future__ import annotations

import asyncio
import logging
import time
from contextlib import suppress
from typing import Any

import msgspec
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription

from ledger.service.broker import Request, RoleBroker, drained, flushed
from ledger.service.intake import MOST_WAITING, Intake
from ledger.service.lease import TURN_S, Lease
from ledger.store import StreamUnavailable
from ledger.writer import Writer
from schemas import subjects
from schemas.receipts import Reason, Refused, encode_receipt

STALE_S = 5.0
"""A replica that has not heard the stream for so long is not ready."""

_log = logging.getLogger(__name__)


class CommandService:
    """Takes the commands of one portfolio while it has the lease."""

    role = "service"

    def __init__(self, broker: RoleBroker, writer: Writer, *, most_waiting: int = MOST_WAITING) -> None:
        self.portfolio = writer.book.portfolio
        self.state = "starting"
        self._broker, self._writer, self._most_waiting = broker, writer, most_waiting
        self._lease = Lease(broker.opened, self.portfolio)
        self._ending = asyncio.Event()
        self._intake: Intake | None = None

    async def run(self) -> None:
        """Serve until `end` is called. Errors: HoleInStream, EntryRefused; StreamUnavailable at the start."""
        await self._lease.make()
        health = self._broker.listening(subjects.health(self.portfolio, self.role), self._health)
        await health.start()
        try:
            while not self._ending.is_set():
                await self._stand_by()
                if not self._ending.is_set():
                    await self._serve()
        finally:
            self.state = "stopping"
            await health.stop()

    def end(self) -> None:
        """Stop soon: what was taken is answered first."""
        self.state = "stopping"
        self._ending.set()

    def words(self) -> dict[str, Any]:
        """Return how this replica is, in the words of its JSON."""
        return {
            "role": self.role,
            "portfolio": self.portfolio,
            "origin": None if (opened := self._writer.book.opened) is None else opened.log_origin,
            "replica": self._lease.me,
            "active": self._lease.holder or None,
            "state": self.state,
            "ready": self.ready,
            "sequence": self._writer.book.sequence,
            "waiting": 0 if self._intake is None else self._intake.waiting_count,
        }

    @property
    def ready(self) -> bool:
        """Whether commands are taken here, or would be as soon as the active replica ends."""
        heard = time.monotonic() - self._lease.heard_at < STALE_S
        failing = self._intake is not None and self._intake.failing
        return self.state in ("standby", "active") and heard and not failing

    async def _health(self, _: Request) -> bytes:
        return msgspec.json.encode(self.words())

    async def _stand_by(self) -> None:
        """Keep the book up to date, and return once the lease is ours or the end has come."""
        while not self._ending.is_set():
            if await self._caught_up():
                self.state = "standby"
                if await self._lease.take():
                    return
            await self._ends_within(TURN_S)

    async def _serve(self) -> None:
        """Take commands, and return when the lease is lost or the end has come; all that was taken is answered."""
        intake = self._intake = Intake(self._writer, self._broker.answer, most_waiting=self._most_waiting)
        commands = _Commands(self._broker, self.portfolio, intake)
        deciding = asyncio.create_task(intake.run())
        others = [asyncio.create_task(self._lease.keep()), asyncio.create_task(self._ending.wait())]
        try:
            await commands.start()
            self.state = "active"
            _log.info("%s: %s takes commands", self.portfolio, self._lease.me)
            await asyncio.wait([deciding, *others], return_when=asyncio.FIRST_COMPLETED)
        finally:
            self.state = "stopping" if self._ending.is_set() else "standby"
            # 1. Nothing more is taken; the server sends the next commands to another replica, or says there is none.
            await commands.stop()
            # 2. What was taken is answered. A crash before that loses answers; the senders ask again.
            intake.end()
            try:
                await deciding
            finally:
                for each in others:
                    each.cancel()
                # 3. Another replica may be active at once. A crash before that: it is after EXPIRES_S.
                await self._lease.give_up()
                _log.info("%s: %s takes no more commands", self.portfolio, self._lease.me)

    async def _caught_up(self) -> bool:
        """Take what is new into the book; False where the stream is away."""
        try:
            await self._writer.catch_up()
        except StreamUnavailable as error:
            _log.debug("%s: %s", self.portfolio, error)
            return False
        return True

    async def _ends_within(self, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._ending.wait()


class _Commands:
    """Where commands come in: a plain subscription, for FastStream's costs as much as deciding a command does.

    See docs/decisions/0013-the-way-of-a-command.md.
    """

    def __init__(self, broker: RoleBroker, portfolio: str, intake: Intake) -> None:
        self._broker, self._intake = broker, intake
        self._subject = subjects.all_commands(portfolio)
        self._subscription: Subscription | None = None

    async def start(self) -> None:
        """Listen, and return when the server knows it; where it is away, it is told when it comes back."""
        self._subscription = await self._broker.opened.subscribe(
            self._subject,
            subjects.QUEUE_GROUP,
            self._arrived,
            # Past a limit nats-py drops, and who asked would never hear. The intake takes or refuses at once.
            pending_msgs_limit=-1,
            pending_bytes_limit=-1,
        )
        await flushed(self._broker.opened)

    async def stop(self) -> None:
        """Listen no more, and return when everything that had arrived was taken or refused."""
        if self._subscription is not None:
            await drained(self._broker.opened, self._subscription)

    async def _arrived(self, message: Msg) -> None:
        try:
            await self._intake.take(message.subject, message.data, message.reply)
        except Exception:
            _log.exception("a command on %s cannot be taken", message.subject)
            await self._broker.answer(message.reply, encode_receipt(Refused(Reason.FAILED)))
