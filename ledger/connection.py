"""A connection to a NATS server that no entry can break, and what its JetStream API answers."""

from __future__ import annotations

import asyncio
import json
import logging
import secrets
from typing import Any
from urllib.parse import urlsplit

from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error as NatsError

from ledger.store import StreamUnavailable

REACH_LIMIT_S = 3.0
"""Longest wait for a server to take a first connection, or to set up a consumer."""

RETRY_S = 0.1

_log = logging.getLogger(__name__)
# Without this nats-py's own log would reach stderr through Python's last resort.
logging.getLogger("nats").addHandler(logging.NullHandler())


async def connect(url: str, token: str | None = None, *, name: str = "portfolio", inbox: str | None = None) -> Client:
    """Return a connection that never gives up once it stood. Close it in the end.

    inbox: the prefix of the subjects answers come to; without it a random one that nobody else listens to.
    Errors: StreamUnavailable, after REACH_LIMIT_S at most. nats-py writes nothing to stderr by itself.
    """
    if not _is_nats_url(url):
        raise StreamUnavailable(f"cannot reach {url}: it is no URL of NATS; write it as nats://host:port")
    errors: list[Exception] = []

    async def note(error: Exception) -> None:
        errors[:] = [error]
        _log.debug("nats: %s", said(error))

    connection = _Connection()
    try:
        async with asyncio.timeout(REACH_LIMIT_S):
            await connection.connect(
                url,
                token=token,
                name=name,
                inbox_prefix=inbox or f"_INBOX_{secrets.token_hex(8)}",
                error_cb=note,
                connect_timeout=2,
                max_reconnect_attempts=-1,
                reconnect_time_wait=RETRY_S,  # type: ignore[arg-type]
                ping_interval=10,
            )
    except (OSError, NatsError, TimeoutError) as error:
        await connection.close()
        cause = errors[-1] if errors else error
        raise StreamUnavailable(f"cannot reach {url}: {said(cause)}; start the server or correct the URL") from error
    return connection


async def asked(connection: Client, subject: str, body: object = None, *, timeout_s: float) -> dict[str, Any]:
    """Return the answer of the JetStream API, which may hold an error of ours.

    Errors: as nats-py; NatsError also where the server says that it is in trouble, which may pass.
    """
    payload = b"" if body is None else json.dumps(body).encode()
    reply = await connection.request(f"$JS.API.{subject}", payload, timeout=timeout_s)
    answer: dict[str, Any] = json.loads(reply.data)
    error = answer.get("error", {})
    if error.get("code", 0) >= 500:
        raise NatsError(f"{error.get('err_code')} {error.get('description')}")
    return answer


async def reached(connection: Client, subject: str, body: object = None, *, timeout_s: float = 5.0) -> dict[str, Any]:
    """Return the answer of the JetStream API. Errors: StreamUnavailable where there is none."""
    try:
        return await asked(connection, subject, body, timeout_s=timeout_s)
    except (NatsError, TimeoutError) as error:
        raise StreamUnavailable(f"cannot ask for {subject}: {said(error)}; has the server JetStream?") from error


def granted(answer: dict[str, Any], stream: str) -> dict[str, Any]:
    """Return an answer that is no error. Errors: StreamUnavailable."""
    if error := answer.get("error"):
        raise StreamUnavailable(f"{stream} is not available: {error.get('err_code')} {error.get('description')}")
    return answer


def said(error: Exception) -> str:
    return str(error) or type(error).__name__


class _Connection(Client):
    """A client that no entry can break, and that can be closed while its server is away.

    nats-py 2.16 stops reading for good, and says it is connected, at a subject or a status line that is not text.
    Anybody who may write to the stream could store one, and the server takes it. And closing it raises where
    something is left to send and nobody to send it to.
    """

    async def _close(self, status: int, do_cbs: bool = True) -> None:
        if not self.is_connected:
            self._pending, self._pending_data_size = [], 0
        try:
            await super()._close(status, do_cbs)
        except OSError as error:
            _log.debug("closing: %s", said(error))
        except asyncio.CancelledError:
            # While it reconnects nats-py waits for a task it has cancelled itself. Ours are passed on.
            task = asyncio.current_task()
            if task is None or task.cancelling():
                raise

    async def _process_headers(self, headers: bytes) -> dict[str, str] | None:
        try:
            return await super()._process_headers(headers)
        except (UnicodeDecodeError, IndexError):
            return None

    def _build_message(
        self, sid: int, subject: bytes, reply: bytes, data: bytes, headers: dict[str, str] | None
    ) -> Msg:
        try:
            message: Msg = super()._build_message(sid, subject, reply, data, headers)
        except UnicodeDecodeError:
            shown = subject.decode("utf-8", "backslashreplace").encode()
            message = super()._build_message(sid, shown, reply, data, headers)
        return message


def _is_nats_url(url: str) -> bool:
    try:
        parts = urlsplit(url if "://" in url else f"nats://{url}")
        return parts.scheme in ("nats", "tls", "ws", "wss") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
