"""What a site's operator makes on its server, and never rewrites: streams, buckets, auditors' consumers, mirrors."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ledger.connection import Connection, granted, reached
from ledger.roles import MIRROR_API, MIRROR_CONSUMER, MIRROR_DELIVERS, audit_consumer, mirrored
from ledger.store import StoreError
from ledger.streams import create_bucket, create_stream, create_tiles_stream
from schemas import subjects

_EXISTS = (10058, 10148)
"""A stream, and a consumer, that is there with another configuration."""


class MadeOtherwise(StoreError):
    """Something of this name is there already and is something else: what, what next."""


async def make_streams(connection: Connection, portfolio: str, *, replicas: int = 1) -> list[str]:
    """Make every stream and bucket of a portfolio that is not there, and return the names of all.

    Errors: StoreError, also where one is there that promises less.
    """
    streams = {
        subjects.stream(portfolio): subjects.all_events(portfolio),
        subjects.refusals_stream(portfolio): subjects.refusal(portfolio),
        subjects.findings_stream(portfolio): subjects.finding(portfolio),
        subjects.cosignatures_stream(portfolio): subjects.all_cosignatures(portfolio),
    }
    for stream, covered in streams.items():
        await create_stream(connection, stream, covered, replicas=replicas)
    tiles = await create_tiles_stream(connection, portfolio, replicas=replicas)
    buckets = [
        subjects.lease_bucket(portfolio),
        subjects.views_bucket(portfolio),
        subjects.notary_bucket(portfolio),
    ]
    for bucket in buckets:
        await create_bucket(connection, bucket, replicas=replicas)
    return [*streams, tiles, *map(subjects.bucket_stream, buckets)]


async def make_consumers(connection: Connection, portfolio: str, auditors: Iterable[str]) -> list[str]:
    """Make the pull consumer of each auditor that is not there, and return the names of all. Errors: StoreError."""
    stream, made = subjects.stream(portfolio), []
    for auditor in auditors:
        name = audit_consumer(auditor)
        config = {
            "durable_name": name,
            "name": name,
            "deliver_policy": "all",
            "ack_policy": "none",
            "replay_policy": "instant",
            "max_waiting": 8,
        }
        await _made(connection, f"CONSUMER.CREATE.{stream}.{name}", {"stream_name": stream, "config": config}, name)
        made.append(name)
    return made


async def make_mirror_consumers(connection: Connection, portfolio: str) -> None:
    """Make the consumer of each stream that sends it to its mirror. Errors: StoreError."""
    for stream in mirrored(portfolio):
        config = {
            "durable_name": MIRROR_CONSUMER,
            "name": MIRROR_CONSUMER,
            "deliver_subject": f"{MIRROR_DELIVERS}.{stream}",
            "deliver_policy": "all",
            "ack_policy": "flow_control",
            "max_deliver": -1,
            "flow_control": True,
            "idle_heartbeat": 1_000_000_000,
            "replay_policy": "instant",
        }
        await _made(
            connection,
            f"CONSUMER.CREATE.{stream}.{MIRROR_CONSUMER}",
            {"stream_name": stream, "config": config},
            f"{MIRROR_CONSUMER} of {stream}",
        )


async def make_mirrors(connection: Connection, portfolio: str) -> list[str]:
    """Make the mirrors of the AUDIT account, each under its stream's name, and return the names. Errors: StoreError.

    connection: of the operator of that account.
    """
    names = mirrored(portfolio)
    for name in names:
        config = {
            "name": name,
            "mirror": {
                "name": name,
                "external": {"api": MIRROR_API, "deliver": MIRROR_DELIVERS},
                "consumer": {"name": MIRROR_CONSUMER, "deliver_subject": f"{MIRROR_DELIVERS}.{name}"},
            },
            "storage": "file",
            "retention": "limits",
            "deny_delete": True,
            "deny_purge": True,
            "allow_direct": True,
            "mirror_direct": True,
        }
        await _made(connection, f"STREAM.CREATE.{name}", config, name)
    return list(names)


async def _made(connection: Connection, subject: str, body: dict[str, Any], name: str) -> None:
    answer = await reached(connection, subject, body)
    if answer.get("error", {}).get("err_code") in _EXISTS:
        raise MadeOtherwise(f"{name} is there already and is something else; it is left as it is, have a look at it")
    granted(answer, name)
