"""The streams of a NATS server: made with what a ledger needs, found, listed, never rewritten."""

from __future__ import annotations

from typing import Any

from ledger.connection import Connection, granted, reached
from ledger.store import StoreError, StreamUnavailable
from schemas import subjects

MAX_MESSAGE_BYTES = 65_535
"""MAX_ENTRY_BYTES and room for our headers, which the server counts too. An entry of the log can be no longer."""

MAX_TILE_MESSAGE_BYTES = 1_000_000
"""Longest message of a stream of tiles: what a server takes at most, less some."""

STREAM_NOT_FOUND = 10059
_STREAM_DIFFERS = 10058


class StreamMisconfigured(StoreError):
    """A stream of this name exists and does not promise what a ledger needs. It is never rewritten."""


async def create_stream(
    connection: Connection, stream: str, covered: str, *, replicas: int = 1, max_message_bytes: int = MAX_MESSAGE_BYTES
) -> None:
    """Create the stream of a portfolio, or leave the one that is there.

    Errors: StreamMisconfigured where one is there that promises less; it is not rewritten. StreamUnavailable, also
    where there is none and this login may not create it.
    """
    promised = {
        "name": stream,
        "subjects": [covered],
        "storage": "file",
        "retention": "limits",
        "discard": "new",
        "max_msgs": -1,
        "max_bytes": -1,
        "max_msgs_per_subject": -1,
        "max_age": 0,
        "max_msg_size": max_message_bytes,
        "compression": "none",
        "deny_delete": True,
        "deny_purge": True,
        "allow_direct": True,
        "allow_atomic": True,
    }
    # The window has a least length. No append carries the header it looks for.
    chosen = {"duplicate_window": 100_000_000, "num_replicas": replicas}
    answer = await _found_or_made(connection, stream, promised | chosen)
    found = granted(answer, stream)["config"]
    if found.get("mirror") and not connection.login.may_ask(f"STREAM.CREATE.{stream}"):
        return  # an auditor's copy of a stream, which nobody writes to
    differing = [
        f"{key} {found.get(key)!r}, not {value!r}" for key, value in promised.items() if found.get(key) != value
    ]
    differing += [f"{key} {found[key]!r}" for key in _NEVER_SET if found.get(key)]
    if differing:
        raise StreamMisconfigured(
            f"{stream} exists with {'; '.join(differing)}; it is left as it is: use another name, or have its "
            "operator correct it"
        )


async def create_tiles_stream(connection: Connection, portfolio: str, *, replicas: int = 1) -> str:
    """Create the stream of a portfolio's tiles, or leave the one that is there, and return its name.

    Errors: as create_stream.
    """
    stream, covered = subjects.tiles_stream(portfolio), subjects.all_tiles(portfolio)
    await create_stream(connection, stream, covered, replicas=replicas, max_message_bytes=MAX_TILE_MESSAGE_BYTES)
    return stream


async def create_bucket(connection: Connection, bucket: str, *, replicas: int = 1) -> None:
    """Create a KV bucket that keeps the last value of each key, or leave the one that is there.

    Errors: StreamUnavailable.
    """
    stream = subjects.bucket_stream(bucket)
    wanted = {
        "name": stream,
        "subjects": [subjects.bucket_key(bucket, ">")],
        "storage": "file",
        "discard": "new",
        "max_msgs_per_subject": 1,
        "allow_rollup_hdrs": True,
        "allow_direct": True,
        "deny_delete": True,
        "duplicate_window": 100_000_000,
        "num_replicas": replicas,
    }
    granted(await _found_or_made(connection, stream, wanted), stream)


async def _found_or_made(connection: Connection, stream: str, config: dict[str, Any]) -> dict[str, Any]:
    """Return what the server says of a stream, made where it is not there; who may only look need not make it."""
    for _ in range(2):
        answer = await reached(connection, f"STREAM.INFO.{stream}")
        if answer.get("error", {}).get("err_code") != STREAM_NOT_FOUND:
            return answer
        if not connection.login.may_ask(f"STREAM.CREATE.{stream}"):
            raise StreamUnavailable(
                f"there is no stream {stream}, and {connection.login.account} may not create one; the site's operator "
                "does with `portfolio provision --streams`"
            )
        answer = await reached(connection, f"STREAM.CREATE.{stream}", config)
        if answer.get("error", {}).get("err_code") != _STREAM_DIFFERS:
            break
    return answer


_NEVER_SET = (
    "sealed",
    "no_ack",
    "allow_rollup_hdrs",
    "allow_msg_ttl",
    "allow_msg_schedules",
    "allow_msg_counter",
    "persist_mode",
    "mirror",
    "sources",
    "subject_transform",
    "subject_delete_marker_ttl",
    "first_seq",
)


async def stream_exists(connection: Connection, stream: str) -> bool:
    """Return whether there is a stream of this name. Errors: StreamUnavailable."""
    answer = await reached(connection, f"STREAM.INFO.{stream}")
    if answer.get("error", {}).get("err_code") == STREAM_NOT_FOUND:
        return False
    granted(answer, stream)
    return True


async def list_streams(connection: Connection, prefix: str) -> list[str]:
    """Return the names of the streams that begin with *prefix*, sorted. Errors: StreamUnavailable."""
    names: list[str] = []
    while True:
        answer = granted(await reached(connection, "STREAM.NAMES", {"offset": len(names)}), "the list of streams")
        page = answer.get("streams") or []
        names += page
        if not page or len(names) >= answer["total"]:
            return sorted(name for name in names if name.startswith(prefix))
