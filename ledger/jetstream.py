"""JetStreamStore: the EventStore contract on a JetStream stream, through nats-py and raw requests.

An append of one entry is one publish that carries the guard and is answered once:

    HPUB portfolio.ai-2026.event.funding.AI-0042.FundingApproved <inbox> ...
    Nats-Expected-Last-Sequence: 41
    Nats-Expected-Stream: PORTFOLIO_ai-2026
    content-type: application/cloudevents+json          -> {"stream": "PORTFOLIO_ai-2026", "seq": 42}

An append of several is an atomic batch: every message has Nats-Batch-Id and Nats-Batch-Sequence, the first one the
guard, the last one Nats-Batch-Commit and the only reply subject. Nothing is visible before the commit, and the guard
is checked there, not before. nats-server 2.15.1 answers, by experiment:

    first message, guard stale or not   empty
    messages between                    empty
    commit, guard stale                 400 10071 "wrong last sequence: 43", which names what was found
    commit, a message missing           400 10176 "atomic publish batch is incomplete", nothing stored
    commit                              {"stream": ..., "seq": 44, "batch": ..., "count": 3}, seq of the last

nats-py's own publish_async never reports a server error, and its ordered consumer can drop what it has counted,
takes a foreign entry with a header called Status for a message of the server, and waits for 17 s after a restart.
So requests, consumers and their checks are our own here.
"""

from __future__ import annotations

import asyncio
import base64
import json
import logging
import re
import secrets
import time
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing, asynccontextmanager, suppress
from typing import Any

from nats.aio.msg import Msg
from nats.errors import Error as NatsError
from nats.errors import NoRespondersError

from ledger.connection import REACH_LIMIT_S, RETRY_S, Connection, asked, granted, said
from ledger.store import (
    MAX_ENTRY_BYTES,
    Draft,
    EntryRefused,
    HoleInStream,
    OutcomeUnknown,
    SequenceConflict,
    Stored,
    StoreError,
    StreamUnavailable,
    check_shape,
    contiguous,
)
from schemas.subjects import CONTENT_TYPE

HEARTBEAT_S = 0.5
SILENCE_S = 3 * HEARTBEAT_S
"""A consumer that has not been heard for so long is gone: the server was restarted, or the connection."""

SMALL_READ = 256
"""Up to so many entries are read by direct get, which leaves no consumer behind."""

MOST_FETCHED_BYTES = 16_000_000
"""Most of one direct get: past 64 MB under way a server ends the connection."""

LOOK_S = 0.2
"""How often whoever may not create consumers looks for something new."""

_WRONG_LAST_SEQUENCE, _WRONG_LAST_SEQUENCE_UNNAMED = 10071, 10164
_BATCH_INCOMPLETE, _TOO_MANY_BATCHES = 10176, 10210
_MESSAGE_NOT_FOUND = 10037

_log = logging.getLogger(__name__)


class AppendFailed(OutcomeUnknown):
    """The server answered that it failed: the append may have been stored nevertheless."""

    def __init__(self, stream: str, expected: int, cause: str) -> None:
        Exception.__init__(
            self,
            f"{stream} failed at an append after sequence {expected}: {cause}; "
            "read on from there to learn whether it was stored",
        )


class JetStreamStore:
    """The stream of one portfolio. See EventStore for what each method promises.

    connection: from connect(), whose reading no foreign entry can stop.
    subjects: the stream's, for example `portfolio.ai-2026.event.>`.
    timeout_s: longest wait for one answer, and for a reader to be given anything at all. max_entry_bytes: longest
    payload of an entry. content_type: what its header says of every entry.
    """

    def __init__(
        self,
        connection: Connection,
        stream: str,
        subjects: str,
        *,
        timeout_s: float = 5.0,
        max_entry_bytes: int = MAX_ENTRY_BYTES,
        content_type: str = CONTENT_TYPE,
    ) -> None:
        self.connection, self.stream, self.subjects, self.timeout_s = connection, stream, subjects, timeout_s
        self.max_entry_bytes, self.content_type = max_entry_bytes, content_type
        self._covered = re.compile(_subject_pattern(subjects))

    async def append(self, entries: Sequence[Draft], *, expected_sequence: int) -> int:
        """Store all *entries* or none, and return the sequence of the last of them.

        Errors: as EventStore. An append whose outcome is unknown may still be on its way; whatever is appended
        after the same sequence next either takes its place or meets it as a SequenceConflict, never both.
        """
        check_shape(entries, self.max_entry_bytes)
        for subject, _ in entries:
            if not self._covered.fullmatch(subject):
                raise EntryRefused(f"{self.stream} takes {self.subjects}, not {subject!r}; correct the subject")
        if not self.connection.is_connected:
            raise StreamUnavailable(f"cannot append to {self.stream}: not connected; nothing was sent, try again")
        try:
            answer = await self._send(entries, expected_sequence)
        except NoRespondersError as error:
            raise StreamUnavailable(
                f"cannot append to {self.stream}: no stream takes {entries[0].subject}; create it"
            ) from error
        except TimeoutError as error:
            raise OutcomeUnknown(self.stream, expected_sequence, self.timeout_s) from error
        except NatsError as error:
            # nats-py raises before it sends, and without its last message an append is nothing.
            raise StreamUnavailable(
                f"cannot append to {self.stream}: {said(error)}; nothing was stored, try again"
            ) from error
        if refusal := answer.get("error"):
            raise self._translated(refusal, expected_sequence)
        if answer["seq"] != expected_sequence + len(entries):
            raise AssertionError(f"{self.stream}: {len(entries)} after {expected_sequence} acknowledged as {answer}")
        return expected_sequence + len(entries)

    async def read(self, *, after: int = 0, until: int | None = None) -> AsyncGenerator[Stored]:
        """Yield the entries with sequence above *after*, in order, up to the last (or *until*, whichever is less).

        A server that is restarted meanwhile is waited for up to timeout_s.
        """
        last = await self.last_sequence()
        if until is not None:
            last = min(last, until)
        entries = self._fetched if last - after <= SMALL_READ or not self._may_consume else self._pushed
        async with aclosing(entries(after + 1, last)) as found:
            async for entry in found:
                yield entry

    async def follow(self, *, after: int = 0) -> AsyncGenerator[Stored]:
        """Yield the entries with sequence above *after*, then every new one as it is stored, for ever.

        A server that is away is waited for as long as it takes.
        Errors: HoleInStream, also where the stream ends before *after*; StreamUnavailable where the connection was
        closed or the stream is not there.
        """
        entries = self._pushed(after + 1, None) if self._may_consume else self._looked_for(after + 1)
        async with aclosing(entries) as found:
            async for entry in found:
                yield entry

    async def last_sequence(self) -> int:
        """Return the sequence of the last entry as the stream's leader knows it, 0 for an empty stream."""
        try:
            return await self._end()
        except (NatsError, TimeoutError) as error:
            raise StreamUnavailable(f"cannot ask {self.stream} for its end: {said(error)}; try again") from error

    async def _send(self, entries: Sequence[Draft], expected_sequence: int) -> dict[str, Any]:
        """Send an append and return the server's answer to it, or to its last message."""
        guard = {"Nats-Expected-Last-Sequence": str(expected_sequence), "Nats-Expected-Stream": self.stream}
        batch_id = secrets.token_hex(8)
        for place, (subject, payload) in enumerate(entries, start=1):
            headers = {"content-type": self.content_type}
            if place == 1:
                headers |= guard
            if len(entries) > 1:
                headers |= {"Nats-Batch-Id": batch_id, "Nats-Batch-Sequence": str(place)}
            if place < len(entries):
                await self.connection.publish(subject, payload, headers=headers)
                continue
            if len(entries) > 1:
                headers["Nats-Batch-Commit"] = "1"
            # A crash or a lost connection after this line loses the answer, not the entries.
            reply = await self.connection.request(subject, payload, timeout=self.timeout_s, headers=headers)
        answer = _object(reply.data)
        if isinstance(answer.get("error"), dict) or answer.get("stream") == self.stream:
            return answer
        # Whoever listens to the subject may answer too, and faster.
        said = f"the answer is not the stream's, {reply.data[:80]!r}"
        raise AppendFailed(self.stream, expected_sequence, said)

    def _translated(self, refusal: dict[str, Any], expected_sequence: int) -> StoreError:
        code, said = refusal.get("err_code", 0), f"{refusal.get('err_code')} {refusal.get('description')}"
        if code in (_WRONG_LAST_SEQUENCE, _WRONG_LAST_SEQUENCE_UNNAMED):
            named = re.search(r"wrong last sequence: (\d+)", said)
            return SequenceConflict(self.stream, expected_sequence, int(named[1]) if named else None)
        if code in (_BATCH_INCOMPLETE, _TOO_MANY_BATCHES):
            return StreamUnavailable(f"cannot append to {self.stream}: {said}; nothing was stored, try again")
        if refusal.get("code", 500) >= 500:
            return AppendFailed(self.stream, expected_sequence, said)
        return EntryRefused(f"{self.stream} refuses an append after sequence {expected_sequence}: {said}; correct it")

    async def _fetched(self, first: int, last: int) -> AsyncGenerator[Stored]:
        """Yield a few entries by direct get. Any replica answers; one that lags behind is passed over."""
        expected = first
        while expected <= last:
            try:
                entries = await self._direct_get(expected, min(last + 1 - expected, SMALL_READ))
                entries = entries or [await self._from_leader(expected, last)]
            except (NatsError, TimeoutError) as error:
                raise self._unreadable(expected, error) from error
            for entry in entries:
                expected = contiguous(self.stream, expected, entry)
                yield entry

    async def _direct_get(self, first: int, count: int) -> list[Stored]:
        """Return up to *count* entries from *first* on, as one replica has them."""
        entries: list[Stored] = []
        ended: asyncio.Future[str | None] = asyncio.get_running_loop().create_future()

        async def receive(message: Msg) -> None:
            headers = message.headers or {}
            # The server's own headers come last and win. What ends a batch has no sequence, whatever else it says.
            place, subject = headers.get("Nats-Sequence"), headers.get("Nats-Subject")
            if place and subject:
                entries.append(Stored(int(place), subject, message.data))
            if (len(entries) == count or not place) and not ended.done():
                ended.set_result(headers.get("Status"))

        inbox = self.connection.new_inbox()
        subscription = await self.connection.subscribe(inbox, cb=receive, pending_bytes_limit=-1)
        try:
            body, subject = (
                json.dumps({"seq": first, "batch": count, "max_bytes": MOST_FETCHED_BYTES}).encode(),
                f"DIRECT.GET.{self.stream}",
            )
            self.connection.waits(f"{self.connection.login.api}.{subject}", ended)
            await self.connection.publish(f"{self.connection.login.api}.{subject}", body, reply=inbox)
            async with asyncio.timeout(self.timeout_s):
                if await ended == "503":
                    raise NoRespondersError
        finally:
            with suppress(NatsError):
                await subscription.unsubscribe()
        return entries

    async def _looked_for(self, first: int) -> AsyncGenerator[Stored]:
        """Yield entries by direct get, and look for new ones every LOOK_S, for ever: for who may create no consumer."""
        expected, looking = first, False
        while True:
            try:
                if not looking and (end := await self._end()) < expected - 1:
                    raise HoleInStream(self.stream, expected, end + 1)
                # From the one before on, which is there: where it is not, the stream has lost its end.
                entries = await self._direct_get(max(expected - 1, 1), SMALL_READ)
                looking = bool(entries)
                entries = [entry for entry in entries if entry.sequence >= expected]
            except (NatsError, TimeoutError) as error:
                if self.connection.is_closed:
                    raise self._unreadable(expected, error) from error
                _log.debug("looking into %s again from sequence %d: %s", self.stream, expected, said(error))
                entries, looking = [], False
            for entry in entries:
                expected = contiguous(self.stream, expected, entry)
                yield entry
            if not entries:
                await asyncio.sleep(LOOK_S)

    @property
    def _may_consume(self) -> bool:
        """Whether this login may create consumers: a right to make the server publish, which no role of a site has."""
        return self.connection.login.may_ask(f"CONSUMER.CREATE.{self.stream}.name")

    async def _from_leader(self, sequence: int, last: int) -> Stored:
        """Return one entry as the stream's leader has it, or raise HoleInStream."""
        subject, body = f"STREAM.MSG.GET.{self.stream}", {"seq": sequence}
        answer = await asked(self.connection, subject, body, timeout_s=self.timeout_s)
        if answer.get("error", {}).get("err_code") == _MESSAGE_NOT_FOUND:
            raise HoleInStream(self.stream, sequence, last + 1)
        message = granted(answer, self.stream)["message"]
        return Stored(message["seq"], message["subject"], base64.b64decode(message.get("data", "")))

    async def _pushed(self, first: int, last: int | None) -> AsyncGenerator[Stored]:
        """Yield entries as push consumers deliver them, up to *last* or for ever. A lost consumer is replaced."""
        expected = first
        heard_at = time.monotonic()
        while last is None or expected <= last:
            try:
                if last is None and (end := await self._end()) < expected - 1:
                    raise HoleInStream(self.stream, expected, end + 1)
                async with _consumer(self.connection, self.stream, expected) as consumer:
                    while last is None or expected <= last:
                        message = await consumer.next()
                        if sequence := consumer.sequence(message):
                            entry = Stored(sequence, message.subject, message.data)
                            expected = contiguous(self.stream, expected, entry)
                            yield entry
                            heard_at = time.monotonic()
                        elif message.reply:
                            # Flow control. Answered when the reader has come so far, so the server never has more
                            # under way than its own window, 32 MB at most.
                            await self.connection.publish(message.reply)
                        elif last is not None and time.monotonic() - heard_at > SILENCE_S:
                            # The server is there and has nothing more to send: is there anything?
                            await self._from_leader(expected, last)
                            raise _ConsumerLost("it stopped early")
            except (_ConsumerLost, NatsError, TimeoutError) as error:
                if self.connection.is_closed or (last is not None and time.monotonic() - heard_at > self.timeout_s):
                    raise self._unreadable(expected, error) from error
                _log.debug("reading %s again from sequence %d: %s", self.stream, expected, said(error))
                await asyncio.sleep(RETRY_S)

    async def _end(self) -> int:
        """Return the sequence of the last entry, never one within a batch.

        STREAM.INFO alone will not do: while a batch is being committed it names a sequence within it (122 of 1,640
        times, batches of 100), and a reader would stop there. Reads of entries are isolated from that.
        """
        if last := await self._last_entry():
            return last
        info = await asked(self.connection, f"STREAM.INFO.{self.stream}", timeout_s=self.timeout_s)
        last = int(granted(info, self.stream)["state"]["last_seq"])
        # Not empty: entries came in the meantime, or the last one was removed, and a reader shall find the hole.
        return last and (await self._last_entry() or last)

    async def _last_entry(self) -> int:
        """Return the sequence of the last entry as the stream's leader has it, 0 where there is none."""
        subject, body = f"STREAM.MSG.GET.{self.stream}", {"last_by_subj": ">"}
        answer = await asked(self.connection, subject, body, timeout_s=self.timeout_s)
        if answer.get("error", {}).get("err_code") == _MESSAGE_NOT_FOUND:
            return 0
        return int(granted(answer, self.stream)["message"]["seq"])

    def _unreadable(self, sequence: int, cause: Exception) -> StreamUnavailable:
        return StreamUnavailable(f"cannot read {self.stream} from sequence {sequence}: {said(cause)}; try again")


class _ConsumerLost(Exception):
    """The consumer is gone, or something it sent was not received. The entries are still in the stream."""


class _Consumer:
    """What one push consumer has delivered and nobody has taken yet, in order."""

    def __init__(self) -> None:
        self._arrived: deque[Msg] = deque()
        self._wake = asyncio.Event()
        self._taken = 0

    async def receive(self, message: Msg) -> None:
        if not message.reply and self._arrived and not self._arrived[-1].reply:
            self._arrived.pop()  # Of heartbeats in a row the last one says it all.
        self._arrived.append(message)
        self._wake.set()

    async def next(self) -> Msg:
        """Return the next message. Errors: _ConsumerLost after SILENCE_S without even a heartbeat."""
        while not self._arrived:
            self._wake.clear()
            try:
                async with asyncio.timeout(SILENCE_S):
                    await self._wake.wait()
            except TimeoutError as error:
                raise _ConsumerLost(f"the server was silent for {SILENCE_S:g} s") from error
        return self._arrived.popleft()

    def sequence(self, message: Msg) -> int | None:
        """Return the sequence of the entry a message holds, or None for a heartbeat and for flow control.

        The reply subject alone tells: an entry may have any bytes, and any header, that its author liked.

            $JS.ACK.<stream>.<consumer>.<tries>.<sequence>.<delivery>.<time>.<pending>
            $JS.ACK.<domain>.<account>.<stream>. ...      where the server uses the second version

        Errors: _ConsumerLost where a delivery between was not received.
        """
        if message.reply.startswith("$JS.ACK."):
            places = message.reply.split(".")
            version_1 = len(places) == 9
            self._taken += 1
            if int(places[6 if version_1 else 8]) != self._taken:
                raise _ConsumerLost("a delivery was missed")
            return int(places[5 if version_1 else 7])
        if not message.reply and (message.headers or {}).get("Nats-Last-Consumer") != str(self._taken):
            raise _ConsumerLost("the last deliveries were missed")
        return None


@asynccontextmanager
async def _consumer(connection: Connection, stream: str, first: int) -> AsyncIterator[_Consumer]:
    """Create a push consumer that starts at a sequence, and remove it in the end."""
    consumer, name, inbox = _Consumer(), secrets.token_hex(8), connection.new_inbox()
    config = {
        "name": name,
        "deliver_subject": inbox,
        "deliver_policy": "by_start_sequence",
        "opt_start_seq": first,
        "ack_policy": "none",
        "max_deliver": 1,
        "flow_control": True,
        "idle_heartbeat": int(HEARTBEAT_S * 1e9),
        # If we crash the server removes it as soon as it sees that nobody listens.
        "inactive_threshold": int(10 * HEARTBEAT_S * 1e9),
        "mem_storage": True,
        "num_replicas": 1,
    }
    # No pending limits: past a limit nats-py drops, and flow control bounds what is under way already.
    subscription = await connection.subscribe(inbox, cb=consumer.receive, pending_msgs_limit=-1, pending_bytes_limit=-1)
    try:
        body = {"stream_name": stream, "config": config}
        granted(await asked(connection, f"CONSUMER.CREATE.{stream}.{name}", body, timeout_s=REACH_LIMIT_S), stream)
        yield consumer
    finally:
        # Neither is waited for: what the server does not hear it finds out by itself.
        with suppress(NatsError):
            await subscription.unsubscribe()
            if connection.is_connected:
                await connection.publish(f"{connection.login.api}.CONSUMER.DELETE.{stream}.{name}")


def _object(data: bytes) -> dict[str, Any]:
    """Return the fields of a JSON object, none where it is something else."""
    try:
        value = json.loads(data)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _subject_pattern(subjects: str) -> str:
    """Return the pattern of the literal subjects that a subject with wildcards stands for."""
    places = {"*": r"[^\s.*>]+", ">": r"[^\s.*>]+(\.[^\s.*>]+)*"}
    return r"\.".join(places.get(place, re.escape(place)) for place in subjects.split("."))
