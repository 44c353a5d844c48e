"""A connection to a NATS server that no entry can break, and what its JetStream API answers."""

from __future__ import annotations

import asyncio
import json
import logging
import re
import secrets
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error as NatsError
from nats.errors import NoRespondersError

from ledger.login import EVERYTHING, Login, login_of, public_key, read_seed
from ledger.store import StoreError, StreamUnavailable
from schemas import subjects

REACH_LIMIT_S = 3.0
"""Longest wait for a server to take a first connection, or to set up a consumer."""

RETRY_S = 0.1

_log = logging.getLogger(__name__)
# Without this nats-py's own log would reach stderr through Python's last resort.
logging.getLogger("nats").addHandler(logging.NullHandler())


class Forbidden(StoreError):
    """The server does not let this login do it: what, who, what next."""


async def connect(
    url: str,
    token: str | None = None,
    *,
    credentials: Path | None = None,
    name: str = "portfolio",
    inbox: str | None = None,
) -> Connection:
    """Return a connection that never gives up once it stood. Close it in the end.

    credentials: the file of a login's seed. The connection then knows what its login may do.
    inbox: the prefix of the subjects answers come to; without it the login's own, or a random one.
    nats-py writes nothing to stderr by itself.
    Errors: StreamUnavailable, after REACH_LIMIT_S at most; CredentialsError, Forbidden.
    """
    if not _is_nats_url(url):
        raise StreamUnavailable(f"cannot reach {url}: it is no URL of NATS; write it as nats://host:port")
    seed = None if credentials is None else read_seed(credentials)
    own = f"_INBOX_{secrets.token_hex(8)}" if seed is None else subjects.inbox(public_key(seed))
    errors: list[Exception] = []
    limit = asyncio.timeout(REACH_LIMIT_S)

    async def note(error: Exception) -> None:
        errors[:] = [error]
        _log.debug("nats: %s", said(error))
        if _shut_out(error) and not connection.is_connected and not limit.expired():
            limit.reschedule(0)  # who is not let in now is not let in later

    connection = Connection()
    try:
        async with limit:
            await connection.connect(
                url,
                token=token,
                nkeys_seed_str=seed,
                name=name,
                inbox_prefix=inbox or own,
                error_cb=note,
                connect_timeout=2,
                max_reconnect_attempts=-1,
                reconnect_time_wait=RETRY_S,  # type: ignore[arg-type]
                ping_interval=10,
            )
            if seed is not None:
                connection.login = await _login(connection)
    except (OSError, NatsError, TimeoutError) as error:
        await connection.close()
        cause = errors[-1] if errors else error
        if _shut_out(cause):
            who = "who comes without --credentials" if credentials is None else str(credentials)
            raise Forbidden(f"{url} does not let {who} in; is it the right login, or was its key rotated?") from error
        raise StreamUnavailable(f"cannot reach {url}: {said(cause)}; start the server or correct the URL") from error
    return connection


def _shut_out(error: Exception) -> bool:
    """Return whether the server has said that we may not log in. nats-py has a class for that, and does not use it."""
    return "authorization violation" in said(error).lower()


async def _login(connection: Connection) -> Login:
    """Return what the server says of who we are; that nobody limits us, where it does not say."""
    try:
        reply = await connection.request("$SYS.REQ.USER.INFO", timeout=REACH_LIMIT_S)
    except (Forbidden, NoRespondersError):
        return EVERYTHING
    return login_of(json.loads(reply.data))


async def asked(connection: Connection, subject: str, body: object = None, *, timeout_s: float) -> dict[str, Any]:
    """Return the answer of the JetStream API, which may hold an error of ours.

    Errors: as nats-py; NatsError also where the server says that it is in trouble, which may pass; Forbidden.
    """
    payload = b"" if body is None else json.dumps(body).encode()
    reply = await connection.request(f"{connection.login.api}.{subject}", payload, timeout=timeout_s)
    answer: dict[str, Any] = json.loads(reply.data)
    error = answer.get("error", {})
    if error.get("code", 0) >= 500:
        raise NatsError(f"{error.get('err_code')} {error.get('description')}")
    return answer


async def reached(
    connection: Connection, subject: str, body: object = None, *, timeout_s: float = 5.0
) -> dict[str, Any]:
    """Return the answer of the JetStream API. Errors: StreamUnavailable where there is none; Forbidden."""
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


class Connection(Client):
    """A client that no entry can break, that is told what it may not do, and that can be closed without a server.

    nats-py 2.16 stops reading for good, and says it is connected, at a subject or a status line that is not text.
    Anybody who may write to the stream could store one, and the server takes it. What the server forbids it tells a
    callback only, and whoever asked waits for nothing. And closing it raises where something is left to send and nobody
    to send it to.
    """

    login: Login = EVERYTHING

    def __init__(self) -> None:
        super().__init__()
        self._waiting: dict[str, set[asyncio.Future[Any]]] = {}
        self._unheard: set[str] = set()

    def waits(self, subject: str, answer: asyncio.Future[Any]) -> None:
        """Let whoever waits for an answer from a subject hear Forbidden where the server forbids to ask there."""
        if self.login.publishes is None and self._public_nkey is None:
            return
        asked = subject.lower()  # nats-py tells the subject in small letters
        self._waiting.setdefault(asked, set()).add(answer)

        def answered(future: asyncio.Future[Any]) -> None:
            others = self._waiting.get(asked, set())
            others.discard(future)
            if not others:
                self._waiting.pop(asked, None)

        answer.add_done_callback(answered)

    async def flush(self, timeout: int = 10) -> None:  # noqa: ASYNC109 (nats-py's own)
        # What nats-py 2.16 sends to be answered overtakes what it has buffered, so the answer would prove nothing.
        await self._flush_pending(force_flush=True)
        await super().flush(timeout)

    async def listening(self, subject: str) -> None:
        """Return once the server knows the subscriptions made so far. Errors: Forbidden where it refused this one."""
        await self.flush()
        self.check_heard(subject)

    def check_heard(self, subject: str) -> None:
        """Raise Forbidden where the server has refused a subscription to a subject."""
        if subject.lower() in self._unheard:
            raise Forbidden(f"{self.login.account or 'this login'} may not listen on {subject}; use another login")

    async def publish(
        self, subject: str, payload: bytes = b"", reply: str = "", headers: dict[str, Any] | None = None
    ) -> None:
        answer = self._resp_map.get(reply.rpartition(".")[2]) if reply else None
        if answer is not None:
            self.waits(subject, answer)
        await super().publish(subject, payload, reply, headers)

    async def _process_err(self, err_msg: str) -> None:
        if denied := _DENIED.search(err_msg):
            what, subject = denied.groups()
            who = self.login.account or "this login"
            if what != "publish to":
                self._unheard.add(subject)
            for answer in list(self._waiting.get(subject, ())) if what == "publish to" else ():
                if not answer.done():
                    answer.set_exception(
                        Forbidden(f"{who} may not publish to {subject}; use another login, or ask the site's operator")
                    )
        await super()._process_err(err_msg)

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

    @staticmethod
    def _parse_header_lines(raw: bytes) -> dict[str, str]:
        """Return what nats-py makes of a block of headers, in half the time: it looks at every character of a name."""
        found: dict[str, str] = {}
        for line in raw.split(b"\r\n"):
            name, colon, value = line.partition(b":")
            name = name.strip()
            if not colon or not name.isascii():
                continue
            key = name.decode("ascii")
            if key and key.split() != [key]:
                continue
            found[key] = value.strip().decode("utf-8", "replace")
        return found

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
            # Where the answer would go to what is no text, nobody is answered.
            message = super()._build_message(sid, shown, reply if _is_text(reply) else b"", data, headers)
        return message


def _is_text(name: bytes) -> bool:
    try:
        name.decode()
    except UnicodeDecodeError:
        return False
    return True


_DENIED = re.compile(r'permissions violation for (publish to|subscription to) "([^"]*)"', re.IGNORECASE)


def _is_nats_url(url: str) -> bool:
    try:
        parts = urlsplit(url if "://" in url else f"nats://{url}")
        return parts.scheme in ("nats", "tls", "ws", "wss") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
