"""The client of a portfolio for services written in Python: send commands, follow events, ask views.

    async with connected("nats://ledger:4222", "ai-2026", actor="erp", credentials=Path("erp.nk")) as ledger:
        line = ledger.command(ActualPosted(...), on=date(2026, 11, 20), commandid="erp-4711")
        receipt = await ledger.send(line)
        async for event in ledger.follow(after=receipt.sequence): ...
        spend = await ledger.view("spend", by="initiative", as_known="8124")

Other languages do the same with a plain NATS client: see schemas/json/asyncapi.json and examples/.
"""

from __future__ import annotations

import asyncio
import datetime
import secrets
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from nats.errors import Error as NatsError
from nats.errors import NoRespondersError

from ledger.connection import Connection, Forbidden, connect, said
from ledger.jetstream import JetStreamStore
from ledger.store import Stored, StoreError
from schemas import codec, sent, subjects
from schemas.commands import BY_TYPE, parse
from schemas.envelope import Recorded
from schemas.events import Fact
from schemas.events.corrections import Closing
from schemas.events.decisions import Question
from schemas.receipts import ReasonClass, Receipt, Refused, decode_receipt
from schemas.view_requests import ViewProblem, ViewRequest

__all__ = ["Forbidden", "LedgerClient", "Unanswered", "ViewRefused", "connected"]

ANSWER_LIMIT_S = 5.0
"""How long one try waits. Longer than the service takes when nothing is wrong; shorter than a person's patience."""

PATIENCE_S = 30.0
_PAUSES_S = (0.02, 0.1, 0.3, 1.0)
"""How long to wait before the next try; the last one from then on."""

T = TypeVar("T")
Asked = Fact | Question | Closing
"""What a command's data is: the fact it asks for, or what the ledger makes the fact of."""


class Unanswered(StoreError):
    """No answer came: whether it was recorded is not known. The same bytes, sent again, are recorded once."""


class ViewRefused(ValueError):
    """There is no such view, or not with these options: what, about which, what next."""


@asynccontextmanager
async def connected(
    url: str,
    portfolio: str,
    *,
    actor: str,
    origin: str | None = None,
    credentials: Path | None = None,
    token: str | None = None,
) -> AsyncIterator[LedgerClient]:
    """Yield a client of one portfolio.

    actor: who acts, and under whose subject commands are sent. origin: the ledger's, as `portfolio init` tells it;
    without it the service is asked, which not every login may. credentials: the file of the login's nkey seed.
    Errors: StreamUnavailable where the server cannot be reached; Forbidden where it does not let the login in.
    """
    connection = await connect(url, token, credentials=credentials, name=f"portfolio client {actor}")
    try:
        yield LedgerClient(connection, portfolio, actor=actor, origin=origin)
    finally:
        await connection.close()


class LedgerClient:
    """One portfolio, as one actor sees it."""

    def __init__(self, connection: Connection, portfolio: str, *, actor: str, origin: str | None = None) -> None:
        self.connection, self.portfolio, self.actor = connection, portfolio, actor
        self._origin = origin
        name = subjects.stream(portfolio)
        self._store = JetStreamStore(connection, name, subjects.all_events(portfolio))

    async def origin(self) -> str:
        """Return the ledger's origin, which every command names. Errors: Unanswered, Forbidden."""
        if self._origin is None:
            told = msgspec.json.decode(await self._asked(subjects.health(self.portfolio, "service"), b""), type=dict)
            if not told.get("origin"):
                raise Unanswered(f"{self.portfolio} is not open yet; open it with `portfolio init {self.portfolio}`")
            self._origin = str(told["origin"])
        return self._origin

    async def command(self, data: Asked, *, on: datetime.date, commandid: str | None = None, **more: Any) -> bytes:
        """Return the command that asks for a fact, as one line of JSON, to be kept until it is answered.

        on: the day it is to be true from. commandid: what makes a repeat a repeat; a random one where none is given.
        more: other fields of the command, such as causationid, decidedon, basis.
        Errors: as origin; ValueError where no command asks for such a fact, or a field is wrong.
        """
        asked_for = _COMMAND_OF.get(type(data))
        if asked_for is None:
            raise ValueError(f"no command asks for {type(data).__name__}; see schemas.commands")
        line = msgspec.json.encode(
            {
                "type": asked_for,
                "portfolio": await self.origin(),
                "commandid": commandid or secrets.token_hex(16),
                "actor": self.actor,
                "subject": data.subject(),
                "time": on,
                **more,
                "data": data,
            }
        )
        problem = parse(line)
        if isinstance(problem, Refused):
            raise ValueError(f"{asked_for}: {problem.reason.meaning}: {problem.detail}")
        return line

    async def send(self, line: bytes, *, signatures: bytes = b"", patience_s: float = PATIENCE_S) -> Receipt:
        """Return the receipt of a command. Unanswered, or answered that the service is busy, it is sent again.

        signatures: the lines of a signed note over the command. patience_s: how long to go on.
        Errors: Unanswered once that is over; Forbidden where the login may not send as this actor. ValueError where
        the line names no actor and type to send it under.
        """
        subject, payload = self._address(line), sent.joined(line, signatures)
        clock = asyncio.get_running_loop().time
        deadline, tries, last = clock() + patience_s, 0, "no answer"
        while True:
            try:
                reply = await self.connection.request(subject, payload, timeout=ANSWER_LIMIT_S)
                receipt = decode_receipt(reply.data)
                if not isinstance(receipt, Refused) or receipt.reason.of_class is not ReasonClass.SERVICE:
                    return receipt
                last = f"{receipt.reason.name}, {receipt.reason.meaning}"
            except NoRespondersError:
                last = "nobody serves the portfolio"
            except (NatsError, TimeoutError) as error:
                # Lost, or landed unheard. Under the same id it is recorded once, and its receipt is the same.
                last = said(error)
            pause_s = _PAUSES_S[min(tries, len(_PAUSES_S) - 1)]
            tries += 1
            if clock() + pause_s > deadline:
                raise Unanswered(
                    f"a command on {subject} has no receipt after {tries} tries in {patience_s:g} s: {last}; "
                    "send the same bytes again later, they are recorded once"
                )
            await asyncio.sleep(pause_s)

    async def follow(self, *, after: int = 0) -> AsyncGenerator[Recorded]:
        """Yield every event with a sequence above *after*, then each new one as it is recorded, for ever.

        Without a hole and in order; a server that is away is waited for. Entries that are no events are passed over.
        Errors: HoleInStream; StreamUnavailable where there is no such stream; Forbidden.
        """
        async with aclosing(self.entries(after=after)) as entries:
            async for entry in entries:
                try:
                    yield codec.decode(entry.payload, portfolio=self.portfolio, sequence=entry.sequence)
                except codec.ForeignEntry:
                    continue

    async def entries(self, *, after: int = 0) -> AsyncGenerator[Stored]:
        """Yield every entry as it is stored, byte for byte, as follow does."""
        async with aclosing(self._store.follow(after=after)) as found:
            async for entry in found:
                yield entry

    async def view(self, name: str, **options: str | int | datetime.date) -> dict[str, Any]:
        """Return a view, in the words of `portfolio view NAME --json`.

        options: by, measure, currency, initiative, as_known (a sequence, a date or an instant), as_of (a date).
        Errors: ViewRefused, Unanswered, Forbidden.
        """
        return await self.view_as(dict[str, Any], name, **options)

    async def view_as(self, into: type[T], name: str, **options: str | int | datetime.date) -> T:
        """Return a view as a type of the caller's, decoded by msgspec. Errors: as view."""
        request = msgspec.json.encode({key: str(value) for key, value in options.items()})
        try:
            msgspec.json.decode(request, type=ViewRequest)
            payload = await self._asked(subjects.view(self.portfolio, name), request)
        except (msgspec.ValidationError, ValueError) as error:
            raise ViewRefused(f"view {name} cannot be asked for: {error}") from error
        try:
            problem = msgspec.json.decode(payload, type=ViewProblem)
        except msgspec.ValidationError:
            return msgspec.json.decode(payload, type=into)
        raise ViewRefused(problem.error)

    async def _asked(self, subject: str, payload: bytes) -> bytes:
        """Return the answer to what may be asked any number of times. Errors: Unanswered, Forbidden."""
        last = ""
        for pause_s in (*_PAUSES_S, None):
            try:
                return (await self.connection.request(subject, payload, timeout=ANSWER_LIMIT_S)).data
            except NoRespondersError:
                last = "nobody answers there; is `portfolio serve` running?"
            except (NatsError, TimeoutError) as error:
                last = said(error)
            if pause_s is not None:
                await asyncio.sleep(pause_s)
        raise Unanswered(f"{subject}: {last}")

    def _address(self, line: bytes) -> str:
        try:
            told = msgspec.json.decode(line)
            return subjects.command(self.portfolio, told["actor"], told["type"])
        except (ValueError, LookupError, TypeError, AttributeError) as error:
            raise ValueError(
                f"a command is one line of JSON that names its actor and type, or there is nowhere to send it: {error}"
            ) from error


_COMMAND_OF: dict[Any, str] = {model.model_fields["data"].annotation: name for name, model in BY_TYPE.items()}
"""The command that asks for each fact."""
