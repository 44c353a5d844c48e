"""The lease: which of several replicas of the service is the active one of a portfolio.

    KV bucket LEASE_ai-2026, key service:  {"holder": "pmo-1.4711.5f3a9c01", "turn": 42}

The holder writes a new turn twice a second. Who sees the same revision for EXPIRES_S takes it, by a write that names
that revision, so of several one succeeds. No two clocks are compared. The lease is for throughput alone: two active
replicas are slow, and the stream's guard keeps them right.
"""

from __future__ import annotations

import asyncio
import base64
import logging
import os
import secrets
import socket
import time

import msgspec
from nats.errors import Error as NatsError

from ledger.connection import Connection, asked, said
from ledger.streams import create_bucket
from schemas import subjects

TURN_S = 0.5
EXPIRES_S = 2.0
"""How long a holder may be silent. Longer than a few turns, so that a busy one keeps it."""

KEY = "service"
_FREE = ""
_NO_MESSAGE = 10037
_WRONG_LAST_SEQUENCE = 10071

_log = logging.getLogger(__name__)


class _Turn(msgspec.Struct, frozen=True):
    """What is written under the key. holder: empty where it was given up."""

    holder: str
    turn: int


class Lease:
    """The lease of one portfolio, as one replica sees it. Not for use by two tasks at once.

    me: the name of this replica. holder: who was seen to have the lease. heard_at: when the server last answered, by
    the monotonic clock.
    """

    def __init__(self, connection: Connection, portfolio: str) -> None:
        self._connection = connection
        self.me = f"{socket.gethostname()}.{os.getpid()}.{secrets.token_hex(4)}"
        self.holder: str | None = None
        bucket = subjects.lease_bucket(portfolio)
        self._bucket, self._stream = bucket, subjects.bucket_stream(bucket)
        self._subject = subjects.bucket_key(bucket, KEY)
        self._turn = 0
        self._revision = 0
        self._seen_at = 0.0
        self.heard_at = float("-inf")

    async def make(self) -> None:
        """Make the bucket where it is not there. Errors: StoreError."""
        await create_bucket(self._connection, self._bucket)

    async def take(self) -> bool:
        """Return whether the lease is ours now. Called every turn until it is: what is taken has been seen silent."""
        now = asyncio.get_running_loop().time()
        try:
            revision, found = await self._read()
        except (NatsError, TimeoutError, ValueError) as error:
            # Nobody could have written meanwhile either, so the wait begins again.
            _log.debug("%s: %s", self._bucket, said(error))
            self._revision = -1
            return False
        self.holder = None if found is None else found.holder
        if revision != self._revision:
            self._revision, self._seen_at = revision, now
        silent = found is None or found.holder == _FREE or now - self._seen_at > EXPIRES_S
        return silent and await self._written(self.me)

    async def keep(self) -> None:
        """Write turn after turn, and return when somebody else has taken the lease. An absent server is waited for."""
        while True:
            await asyncio.sleep(TURN_S)
            if not await self._written(self.me):
                _log.warning("the lease %s was taken from %s", self._bucket, self.me)
                return

    async def give_up(self) -> None:
        """Let another take it at once. Where the server is away it expires."""
        await self._written(_FREE)

    async def _written(self, holder: str) -> bool:
        """Write the next turn; False where somebody else has written since."""
        self._turn += 1
        payload = msgspec.json.encode(_Turn(holder, self._turn))
        headers = {"Nats-Expected-Last-Subject-Sequence": str(self._revision)}
        try:
            reply = await self._connection.request(self._subject, payload, timeout=EXPIRES_S, headers=headers)
            answer = msgspec.json.decode(reply.data, type=dict)
            self.heard_at = time.monotonic()
            if "error" not in answer:
                self._revision, self.holder = answer["seq"], holder
                return True
            if answer["error"].get("err_code") != _WRONG_LAST_SEQUENCE:
                raise NatsError(str(answer["error"]))
            # Our own write may be the one that is there: its answer was lost, or the server has forgotten it all.
            revision, found = await self._read()
            if found is None or found.holder == self.me:
                self._revision = revision
                return True
            return False
        except (NatsError, TimeoutError, ValueError, LookupError) as error:
            _log.debug("%s: %s", self._bucket, said(error))
            return holder == self.me == self.holder

    async def _read(self) -> tuple[int, _Turn | None]:
        """Return the key's revision and value as the leader has them. Errors: as asked."""
        answer = await asked(
            self._connection, f"STREAM.MSG.GET.{self._stream}", {"last_by_subj": self._subject}, timeout_s=TURN_S
        )
        self.heard_at = time.monotonic()
        if error := answer.get("error"):
            if error.get("err_code") == _NO_MESSAGE:
                return 0, None
            raise NatsError(str(error))
        message = answer["message"]
        return message["seq"], msgspec.json.decode(base64.b64decode(message.get("data", "")), type=_Turn)
