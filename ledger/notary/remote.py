"""What the sealer keeps on the NATS server: the register of its checkpoints, and the stream of its tiles.

    KV_NOTARY_ai-2026, $KV.NOTARY_ai-2026.head            the text of the newest checkpoint, not yet signed perhaps
                       $KV.NOTARY_ai-2026.checkpoint      the newest signed one
                       $KV.NOTARY_ai-2026.tail            the entries behind the last full bundle
    TILES_ai-2026      portfolio.ai-2026.tile.entries.12       a full bundle
                       portfolio.ai-2026.tile.entries.12.1     the rest of it, where it is longer than one message
                       portfolio.ai-2026.tile.0.12             a full tile

The stream of tiles holds the files in the order in which they became full, every bundle followed by the tiles it
completes, in one atomic append that is guarded by the whole stream's last sequence. So of two sealers one is first,
and no subject comes twice. A message of exactly PART_BYTES is followed by the next part of its file.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import AsyncGenerator, Iterable, Iterator, Sequence
from contextlib import aclosing
from typing import NamedTuple

from nats.errors import Error as NatsError
from nats.errors import NoRespondersError

from ledger.connection import Connection, asked, granted, reached, said
from ledger.jetstream import JetStreamStore
from ledger.notary.edge import File
from ledger.notary.sealer import Kept, NotaryAlarm, Overtaken
from ledger.notary.tiles import Bundle, entries_path, parse_path, tile_path
from ledger.store import MAX_BATCH, Draft, OutcomeUnknown, SequenceConflict, StreamUnavailable
from ledger.streams import create_bucket, create_tiles_stream
from schemas import subjects

PART_BYTES = 900_000
"""Most bytes of a file in one message: a server takes a million, headers included."""

MAX_APPEND_BYTES = 4_000_000

_NO_MESSAGE, _NO_STREAM = 10037, 10059
_WRONG_LAST_SEQUENCE = (10071, 10164)
_TIMEOUT_S = 5.0


class KvRegister:
    """The register of one portfolio's log, in a KV bucket."""

    def __init__(self, connection: Connection, portfolio: str) -> None:
        self._connection = connection
        self._bucket = subjects.notary_bucket(portfolio)
        self._stream = subjects.bucket_stream(self._bucket)

    async def make(self) -> None:
        """Make the bucket where it is not there. Errors: StreamUnavailable."""
        await create_bucket(self._connection, self._bucket)

    async def get(self, key: str) -> Kept:
        """Return what is kept under a key, as the bucket's leader has it; nothing where there is no bucket.

        Errors: StreamUnavailable.
        """
        body = {"last_by_subj": subjects.bucket_key(self._bucket, key)}
        answer = await reached(self._connection, f"STREAM.MSG.GET.{self._stream}", body)
        if answer.get("error", {}).get("err_code") in (_NO_MESSAGE, _NO_STREAM):
            return Kept(None, 0)
        message = granted(answer, self._stream)["message"]
        return Kept(base64.b64decode(message.get("data", "")), int(message["seq"]))

    async def swap(self, key: str, value: bytes, revision: int) -> int:
        """Replace what was read at a revision, and return the new one. Errors: as Register."""
        subject = subjects.bucket_key(self._bucket, key)
        headers = {"Nats-Expected-Last-Subject-Sequence": str(revision)}
        try:
            # A crash or a lost connection after this line loses the answer, not the value.
            reply = await self._connection.request(subject, value, timeout=_TIMEOUT_S, headers=headers)
            answer = json.loads(reply.data)
        except NoRespondersError as error:
            raise StreamUnavailable(f"cannot write {key} to {self._bucket}: there is no such bucket") from error
        except TimeoutError as error:
            raise OutcomeUnknown(self._bucket, revision, _TIMEOUT_S) from error
        except (NatsError, ValueError) as error:
            raise StreamUnavailable(f"cannot write {key} to {self._bucket}: {said(error)}; try again") from error
        if refusal := answer.get("error"):
            if refusal.get("err_code") in _WRONG_LAST_SEQUENCE:
                raise Overtaken(f"{key} in {self._bucket} was replaced by another since revision {revision}")
            raise StreamUnavailable(f"cannot write {key} to {self._bucket}: {refusal.get('description')}; try again")
        return int(answer["seq"])


class TileMessages:
    """The stream of tiles of one portfolio's log."""

    def __init__(self, connection: Connection, portfolio: str) -> None:
        self._connection, self._portfolio = connection, portfolio
        self._stream = subjects.tiles_stream(portfolio)
        self._store = JetStreamStore(
            connection,
            self._stream,
            subjects.all_tiles(portfolio),
            max_entry_bytes=PART_BYTES,
            content_type="application/octet-stream",
        )
        self._bundle_count = self._last = 0

    async def make(self) -> None:
        """Make the stream where it is not there. Errors: StoreError."""
        await create_tiles_stream(self._connection, self._portfolio)

    async def bundle_count(self) -> int:
        """Return how many bundles are there with all the tiles they complete. Errors: StoreError, NotaryAlarm."""
        self._last = await self._store.last_sequence()
        self._bundle_count = 0
        if self._last:
            async for entry in self._store.read(after=self._last - 1, until=self._last):
                self._bundle_count = self._bundles_up_to(entry.subject)
        return self._bundle_count

    async def keep(self, files: Sequence[File]) -> None:
        """Append the files of bundles that are not there, all or none of each. Errors: as TileStream."""
        waiting: list[Draft] = []
        bundles = 0
        groups = list(_by_bundle(files))
        first = parse_path(groups[0][0].path).index if groups else 0
        there = max(0, self._bundle_count - first)
        await self._compare([file for group in groups[:there] for file in group])
        for bundle in groups[there:]:
            expected = entries_path(self._bundle_count + bundles)
            assert bundle[0].path == expected, f"{bundle[0].path} where {expected} is next"
            drafts = [draft for file in bundle for draft in self._drafts(file)]
            if len(waiting) + len(drafts) > MAX_BATCH or (
                waiting and _bytes(waiting) + _bytes(drafts) > MAX_APPEND_BYTES
            ):
                await self._append(waiting, bundles)
                waiting, bundles = [], 0
            waiting += drafts
            bundles += 1
        if waiting:
            await self._append(waiting, bundles)

    async def files(self, *, first_bundle: int = 0) -> AsyncGenerator[File]:
        """Yield the files in their order, those from a bundle on. Nothing of them is checked.

        Errors: NotaryAlarm where what is there is no file; StoreError.
        """
        after = 0 if first_bundle == 0 else await self._sequence_of(entries_path(first_bundle)) - 1
        async with aclosing(self._files(after, None)) as files:
            async for file in files:
                yield file

    async def get(self, path: str) -> bytes | None:
        """Return a file's bytes, None where it is not there. Errors: StreamUnavailable."""
        parts: list[bytes] = []
        while not parts or len(parts[-1]) == PART_BYTES:
            part = await self._message(self._subject(path, len(parts)))
            if part is None:
                return None
            parts.append(part[1])
        return b"".join(parts)

    async def _append(self, drafts: Sequence[Draft], bundles: int) -> None:
        # An answer that is lost is a StoreError; the sealer resumes, asks what is there, and comes here again.
        try:
            self._last = await self._store.append(drafts, expected_sequence=self._last)
        except SequenceConflict as error:
            raise Overtaken(f"another sealer has written to {self._stream} since sequence {self._last}") from error
        self._bundle_count += bundles

    async def _compare(self, files: Sequence[File]) -> None:
        """Compare files that should be there, which follow each other."""
        if not files:
            return
        after = await self._sequence_of(files[0].path) - 1
        until = after + sum(1 for file in files for _ in self._drafts(file))
        async with aclosing(self._files(after, until)) as there:
            found = [file async for file in there]
        for number, (path, content) in enumerate(files):
            if number >= len(found) or found[number] != (path, content):
                raise NotaryAlarm(
                    f"{path} in {self._stream} holds other bytes than the stream of events: one of them was changed. "
                    "Keep both, and compare with `portfolio rebuild`"
                )

    async def _files(self, after: int, until: int | None) -> AsyncGenerator[File]:
        """Yield the files of messages that follow each other, the parts of each joined."""
        parts: list[bytes] = []
        async with aclosing(self._store.read(after=after, until=until)) as entries:
            async for entry in entries:
                parts.append(entry.payload)
                if len(entry.payload) < PART_BYTES:
                    yield File(self._path_of(entry.subject), b"".join(parts))
                    parts = []

    async def _message(self, subject: str) -> tuple[int, bytes] | None:
        body = {"last_by_subj": subject}
        try:
            answer = await asked(self._connection, f"STREAM.MSG.GET.{self._stream}", body, timeout_s=_TIMEOUT_S)
        except (NatsError, TimeoutError) as error:
            raise StreamUnavailable(f"cannot read {subject} from {self._stream}: {said(error)}; try again") from error
        if answer.get("error", {}).get("err_code") in (_NO_MESSAGE, _NO_STREAM):
            return None
        message = granted(answer, self._stream)["message"]
        return int(message["seq"]), base64.b64decode(message.get("data", ""))

    async def _sequence_of(self, path: str) -> int:
        """Return where a file begins; behind the last one where it is not there."""
        found = await self._message(self._subject(path))
        return await self._store.last_sequence() + 1 if found is None else found[0]

    def _drafts(self, file: File) -> Iterator[Draft]:
        for part, start in enumerate(range(0, len(file.content) + 1, PART_BYTES)):
            yield Draft(self._subject(file.path, part), file.content[start : start + PART_BYTES])

    def _subject(self, path: str, part: int = 0) -> str:
        what = parse_path(path)
        kind = "entries" if isinstance(what, Bundle) else str(what.level)
        return subjects.tile(self._portfolio, kind, what.index, part)

    def _path_of(self, subject: str) -> str:
        found = subjects.parse_tile(subject)
        if found is None or not re.fullmatch("entries|[0-9]{1,2}", found.kind):
            raise NotaryAlarm(f"{subject} in {self._stream} is not the name of a tile; another has written there")
        return entries_path(found.index) if found.kind == "entries" else tile_path(int(found.kind), found.index)

    def _bundles_up_to(self, subject: str) -> int:
        """Return how many bundles there are where the last message stands under a subject."""
        found = subjects.parse_tile(subject)
        if found is None or not found.kind.isdecimal():
            raise NotaryAlarm(f"{self._stream} ends with {subject}, which is no tile; another has written there")
        below: int = 256 ** int(found.kind)
        return (found.index + 1) * below


class KeptLog(NamedTuple):
    """What a notary keeps of a log on the server."""

    register: KvRegister
    tiles: TileMessages


def _by_bundle(files: Iterable[File]) -> Iterator[list[File]]:
    """Yield the files of each bundle: it comes first, then the tiles it completes."""
    group: list[File] = []
    for file in files:
        if group and isinstance(parse_path(file.path), Bundle):
            yield group
            group = []
        group.append(file)
    if group:
        yield group


def _bytes(drafts: Iterable[Draft]) -> int:
    return sum(len(draft.payload) for draft in drafts)
