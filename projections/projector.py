"""The projector: answers requests for views, at any moment, and keeps the headline views of now in a KV bucket.

    portfolio.ai-2026.view.spend  <-  {"by":"initiative","as_known":"8124"}
                                  ->  what `portfolio view spend --by initiative --as-known 8124 --json` prints

Before each answer it reads what the stream holds by then, so who was told that a command is recorded finds it in a
view. What takes long is done in threads, so that whatever else is served in the process is not kept waiting.
"""

from __future__ import annotations

import asyncio
import datetime
import logging
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from nats.errors import Error as NatsError

from ledger.connection import said
from ledger.refusals import Refusals
from ledger.service.broker import Request, RoleBroker
from ledger.store import EventReader, StoreError
from ledger.streams import create_bucket
from projections.moment import MomentError, moment
from projections.replica import Replica
from projections.sync import catch_up
from projections.views import Question, QuestionError, ask, question_of
from schemas import subjects
from schemas.view_requests import ViewProblem, ViewRequest

HEADLINES = ("spend", "alignment", "priority", "needs", "models", "benefits")
"""The views of now that are kept in the bucket."""

PUBLISH_EVERY_S = 1.0
MOST_AT_ONCE = 8
"""Views that are worked out at the same time; DuckDB uses all processors for each."""
MOST_WAITING = 200
MARGIN_BYTES = 1_000
"""What an answer may be smaller than the server's largest payload."""

OpenReplica = Callable[[], Awaitable[Replica]]

_log = logging.getLogger(__name__)


class Projector:
    """Answers for one portfolio."""

    role = "projector"

    def __init__(
        self, broker: RoleBroker, portfolio: str, store: EventReader, refusals: Refusals, open_replica: OpenReplica
    ) -> None:
        """open_replica: returns a replica of all that is recorded; called once, and may take as long as it likes."""
        self.portfolio, self.state = portfolio, "starting"
        self._broker, self._store, self._refusals, self._open = broker, store, refusals, open_replica
        self._replica: Replica | None = None
        self._reading, self._refused = asyncio.Lock(), asyncio.Lock()
        self._room = asyncio.Semaphore(MOST_AT_ONCE)
        self._answering: set[asyncio.Task[None]] = set()
        self._ending = asyncio.Event()
        self._published = -1
        self._failing = False

    async def run(self) -> None:
        """Answer until `end` is called. Errors: HoleInStream, ArchiveDiffers, StreamUnavailable at the start."""
        bucket = subjects.views_bucket(self.portfolio)
        await create_bucket(self._broker.opened, bucket)
        self._replica = await self._open()
        views = self._broker.listening(subjects.all_views(self.portfolio), self._asked)
        health = self._broker.listening(subjects.health(self.portfolio, self.role), self._health)
        await views.start()
        await health.start()
        self.state = "active" if not self._ending.is_set() else "stopping"
        _log.info("%s: views are answered, up to sequence %d", self.portfolio, self._replica.sequence)
        try:
            while not self._ending.is_set():
                await self._publish(bucket)
                await _set_within(self._ending, PUBLISH_EVERY_S)
        finally:
            self.state = "stopping"
            await views.stop()
            if self._answering:
                await asyncio.wait(self._answering)
            await health.stop()

    def end(self) -> None:
        """Stop soon: what was asked is answered first."""
        self.state = "stopping"
        self._ending.set()

    def words(self) -> dict[str, Any]:
        """Return how it is, in the words of its JSON."""
        return {
            "role": self.role,
            "portfolio": self.portfolio,
            "state": self.state,
            "ready": self.state == "active" and self._broker.opened.is_connected and not self._failing,
            "sequence": 0 if self._replica is None else self._replica.sequence,
            "waiting": len(self._answering),
        }

    async def _health(self, _: Request) -> bytes:
        return msgspec.json.encode(self.words())

    async def _asked(self, request: Request) -> bytes | None:
        """Take a request, to be answered by a task of its own."""
        if len(self._answering) >= MOST_WAITING:
            return _problem(f"{len(self._answering)} views are being worked out; ask again in a moment")
        task = asyncio.create_task(self._answer(request))
        self._answering.add(task)
        task.add_done_callback(self._answering.discard)
        return None

    async def _answer(self, request: Request) -> None:
        try:
            payload = await self._view(request)
        except (QuestionError, MomentError) as error:
            payload = _problem(str(error))
        except StoreError as error:
            payload = _problem(f"{error}; ask again")
        except Exception:
            _log.exception("a view cannot be answered: %s %r", request.subject, request.payload[:1_000])
            payload = _problem("the projector failed; its log says why")
        limit = self._broker.opened.max_payload - MARGIN_BYTES
        if len(payload) > limit:
            told = f"the view is {len(payload):,} bytes long, and the server lets {limit:,} through"
            payload = _problem(f"{told}; ask for less, or use `portfolio view` where the stream can be read")
        await self._broker.answer(request.reply, payload)

    async def _view(self, request: Request) -> bytes:
        """Return a view. Errors: QuestionError, MomentError, StoreError."""
        try:
            options = msgspec.json.decode(request.payload or b"{}", type=ViewRequest)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise QuestionError(f"the options cannot be read: {error}; see schemas/json/asyncapi.json") from error
        name = request.subject.rpartition(".")[2]
        question = question_of(name, options.by, options.measure, options.currency, options.initiative)
        async with self._room:
            replica = await self._caught_up()
            if name == "refusals":
                return await self._refusals_view(replica, question, options)
            return await asyncio.to_thread(_worked_out, replica, question, options)

    async def _refusals_view(self, replica: Replica, question: Question, options: ViewRequest) -> bytes:
        """Return the view of refusals; they are in a stream of their own, and a replica shows one reading of it."""
        async with self._refused:
            kept = [each async for each in self._refusals.read()]
            await asyncio.to_thread(replica.take_refusals, kept)
            return await asyncio.to_thread(_worked_out, replica, question, options)

    async def _caught_up(self) -> Replica:
        """Return the replica with all that is recorded by now. Errors: StreamUnavailable, HoleInStream."""
        assert self._replica is not None, "nothing is answered before the replica is there"
        replica = self._replica
        async with self._reading:
            try:
                await catch_up(replica, self._store, in_thread=True)
                self._failing = False
            except StoreError:
                self._failing = True
                raise
        return replica

    async def _publish(self, bucket: str) -> None:
        """Put the headline views into the bucket where something was recorded since they were put there."""
        try:
            replica = await self._caught_up()
            if replica.sequence == self._published:
                return
            sequence = replica.sequence
            for name in HEADLINES:
                async with self._room:
                    payload = await asyncio.to_thread(_worked_out, replica, question_of(name), ViewRequest())
                if len(payload) > self._broker.opened.max_payload - MARGIN_BYTES:
                    _log.warning("%s: the view %s is too long for the bucket: %d bytes", bucket, name, len(payload))
                    continue
                # A crash between two of them leaves some a second older than others; each says up to what it knows.
                await self._broker.opened.request(subjects.bucket_key(bucket, name), payload, timeout=5)
            self._published = sequence
            await asyncio.to_thread(replica.compress)
        except (NatsError, TimeoutError, StoreError) as error:
            _log.warning("%s: the headline views were not put there: %s", bucket, said(error))


def _worked_out(replica: Replica, question: Question, options: ViewRequest) -> bytes:
    at = moment(replica, options.as_known, options.as_of, now=datetime.datetime.now(datetime.UTC))
    return msgspec.json.encode(ask(replica, question, at))


def _problem(text: str) -> bytes:
    return msgspec.json.encode(ViewProblem(text))


async def _set_within(event: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return
