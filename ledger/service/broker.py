"""The FastStream broker of our roles: it speaks over a connection of ours, and whoever asks is always answered.

FastStream's own connection stops reading for good at one message whose headers or subject are not text, its handlers
answer nothing where they fail, and what waits in its queue when it stops is dropped. Each is set right here, once.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from types import TracebackType
from typing import Any, NamedTuple

from faststream import BaseMiddleware
from faststream.message import StreamMessage
from faststream.nats import NatsBroker
from nats.aio.msg import Msg
from nats.errors import Error as NatsError

from ledger.connection import Connection, said
from schemas import subjects
from schemas.receipts import Reason, Refused, encode_receipt

_log = logging.getLogger(__name__)


class Request(NamedTuple):
    """What was asked, on which subject, and where the answer goes; empty where nobody waits for one."""

    subject: str
    payload: bytes
    reply: str


Handler = Callable[[Request], Awaitable[bytes | None]]
"""Returns the answer, or None where it is sent later."""


class RoleBroker(NatsBroker):
    """A broker over a connection that somebody else opened and closes."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(
            apply_types=False,  # types cost a thread's turn a message, and coerce
            decoder=_decoded,
            middlewares=[_AlwaysAnswered],
            logger=_log,
            log_level=logging.DEBUG,
        )
        self.opened = connection

    async def _connect(self) -> Connection:
        self.config.connect(self.opened)
        return self.opened

    async def stop(
        self,
        exc_type: type[BaseException] | None = None,
        exc_val: BaseException | None = None,
        exc_tb: TracebackType | None = None,
    ) -> None:
        """Stop what listens. The connection stays open: it is not ours."""
        self._connection = None
        await super().stop(exc_type, exc_val, exc_tb)

    def listening(self, subject: str, handler: Handler) -> Listening:
        """Return a subscription of the role's queue group, to be started."""
        return Listening(self, subject, handler)

    async def answer(self, reply: str, payload: bytes) -> None:
        """Send an answer. One that cannot be sent is asked for again by whoever waits for it.

        Who asks names the subject the answer goes to. It is no subject of ours: nobody has us append to the stream,
        ask the server or answer for others.
        """
        if reply and not reply.startswith(_OURS):
            try:
                await self.opened.publish(reply, payload)
            except NatsError as error:
                _log.debug("an answer was not sent: %s", said(error))


class Listening:
    """One subscription, which can be started and stopped at any time. Stopped, it leaves nothing unhandled."""

    def __init__(self, broker: RoleBroker, subject: str, handler: Handler) -> None:
        self._broker, self._subject = broker, subject
        self._subscriber = broker.subscriber(
            subject,
            subjects.QUEUE_GROUP,
            # Past a limit nats-py drops, and who asked would never hear. A handler takes or refuses at once.
            pending_msgs_limit=-1,
            pending_bytes_limit=-1,
            no_reply=True,
            persistent=False,
        )

        async def handled(request: Request) -> None:
            answer = await handler(request)
            if answer is not None:
                await broker.answer(request.reply, answer)

        self._subscriber(handled)

    async def start(self) -> None:
        """Listen, and return when the server knows it; where it is away, it is told when it comes back.

        Errors: Forbidden where the server does not let this login listen there.
        """
        await self._subscriber.start()
        await flushed(self._broker.opened)
        self._broker.opened.check_heard(self._subject)

    async def stop(self) -> None:
        """Listen no more, and return when everything that had arrived was handled."""
        subscription: Any = self._subscriber.subscription
        self._subscriber.subscription = None
        if subscription is not None:
            # FastStream would drop what waits in its queue.
            await drained(self._broker.opened, subscription)
        await self._subscriber.stop()


_OURS = ("portfolio.", "$")


async def flushed(connection: Connection) -> None:
    """Return when the server has heard all we said; where it is away, it hears it when it is back."""
    with suppress(NatsError, TimeoutError):
        await connection.flush(timeout=2)


async def drained(connection: Connection, subscription: Any) -> None:
    """End a subscription, and return when all that had arrived was handled."""
    # Where the server is away nothing more can arrive, and there is nobody to be told.
    with suppress(NatsError, TimeoutError):
        await (subscription.drain() if connection.is_connected else subscription.unsubscribe())


async def _decoded(message: StreamMessage[Msg]) -> Request:
    raw = message.raw_message
    return Request(raw.subject, raw.data, raw.reply)


class _AlwaysAnswered(BaseMiddleware[Any, Any]):
    """Answers whoever asked where a handler fails, at whatever point."""

    async def after_processed(
        self,
        exc_type: type[BaseException] | None = None,  # noqa: ARG002 (FastStream names them)
        exc_val: BaseException | None = None,
        exc_tb: TracebackType | None = None,  # noqa: ARG002
    ) -> bool | None:
        """Answer FAILED where there was an error, and go on."""
        if isinstance(exc_val, Exception):
            _log.error("a request on %s failed", self.msg.subject, exc_info=exc_val)
            if self.msg.reply and not self.msg.reply.startswith(_OURS):
                with suppress(NatsError):
                    await self.msg.respond(encode_receipt(Refused(Reason.FAILED)))
            return True
        return False
