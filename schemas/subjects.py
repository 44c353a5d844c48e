"""Every stream, subject and header name, built and parsed here only.

    PORTFOLIO_ai-2026                                              the stream of portfolio ai-2026
    portfolio.ai-2026.event.initiative.AI-0042.FundingApproved     where an event stands
    portfolio.ai-2026.command.ana.ApproveFunding                   where ana sends a command
    REFUSALS_ai-2026, portfolio.ai-2026.refusal                    where refused commands are kept
    FINDINGS_ai-2026, portfolio.ai-2026.finding                    where auditors file findings
    portfolio.ai-2026.view.spend                                   where a view is asked for
    portfolio.ai-2026.health.service                               where the service, or the projector, says how it is
    KV_LEASE_ai-2026, $KV.LEASE_ai-2026.service                    which replica of the service is the active one
    KV_VIEWS_ai-2026, $KV.VIEWS_ai-2026.spend                      the headline views as they are now
    KV_NOTARY_ai-2026, $KV.NOTARY_ai-2026.checkpoint               the newest signed checkpoint
    TILES_ai-2026, portfolio.ai-2026.tile.>                        the tiles of the log, as the notary made them
    COSIGNATURES_ai-2026, portfolio.ai-2026.cosignature.ines       where a witness files its cosignatures
    _INBOX_<public key of the login>.>                             where answers come to

An id holds no dot and no wildcard, so every name below has a fixed number of tokens.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from schemas.values import is_id

STREAM_PREFIX = "PORTFOLIO_"
REFUSALS_PREFIX = "REFUSALS_"
FINDINGS_PREFIX = "FINDINGS_"
LEASE_PREFIX = "LEASE_"
VIEWS_PREFIX = "VIEWS_"
NOTARY_PREFIX = "NOTARY_"
TILES_PREFIX = "TILES_"
COSIGNATURES_PREFIX = "COSIGNATURES_"
CONTENT_TYPE = "application/cloudevents+json"
LEDGER_API = "LEDGER.API"
"""Where a login outside the ledger's account reaches what it may of the ledger's JetStream API."""
QUEUE_GROUP = "portfolio"
"""Of those who answer the same requests one is asked."""


def stream(portfolio: str) -> str:
    """Return the name of the stream that holds a portfolio. Errors: ValueError where the name is no id."""
    return STREAM_PREFIX + _checked(portfolio)


def portfolio_of(stream_name: str) -> str | None:
    """Return the portfolio a stream holds, None where it is no portfolio's stream."""
    name = stream_name.removeprefix(STREAM_PREFIX)
    return name if name != stream_name and is_id(name) else None


def portfolio_in(pattern: str) -> str | None:
    """Return the portfolio that a subject of ours, with wildcards or not, belongs to; None where it is no such one."""
    tokens = pattern.split(".")
    return tokens[1] if tokens[0] == "portfolio" and len(tokens) > 2 and is_id(tokens[1]) else None


def refusals_stream(portfolio: str) -> str:
    """Return the name of the stream that keeps a portfolio's refused commands."""
    return REFUSALS_PREFIX + _checked(portfolio)


def refusal(portfolio: str) -> str:
    """Return the subject a refused command is kept under."""
    return f"portfolio.{_checked(portfolio)}.refusal"


def findings_stream(portfolio: str) -> str:
    """Return the name of the stream that keeps the findings about a portfolio."""
    return FINDINGS_PREFIX + _checked(portfolio)


def finding(portfolio: str) -> str:
    """Return the subject a finding is filed under."""
    return f"portfolio.{_checked(portfolio)}.finding"


def all_events(portfolio: str) -> str:
    """Return the filter of every event subject of a portfolio."""
    return f"portfolio.{_checked(portfolio)}.event.>"


def event(portfolio: str, about: str, event_type: str) -> str:
    """Return the subject an event stands under. about: `<stream>/<id>`. event_type: with its version."""
    kind, _, name = about.partition("/")
    return f"portfolio.{_checked(portfolio)}.event.{_checked(kind)}.{_checked(name)}.{_checked(bare(event_type))}"


def command(portfolio: str, actor: str, command_type: str) -> str:
    """Return the subject *actor* sends a command on. command_type: with its version."""
    return f"portfolio.{_checked(portfolio)}.command.{_checked(actor)}.{_checked(bare(command_type))}"


def all_commands(portfolio: str) -> str:
    """Return the filter of every command subject of a portfolio."""
    return f"portfolio.{_checked(portfolio)}.command.*.*"


def view(portfolio: str, name: str) -> str:
    """Return the subject a view is asked for on."""
    return f"portfolio.{_checked(portfolio)}.view.{_checked(name)}"


def all_views(portfolio: str) -> str:
    """Return the filter of every subject a view of a portfolio is asked for on."""
    return f"portfolio.{_checked(portfolio)}.view.*"


def health(portfolio: str, role: str) -> str:
    """Return the subject a role is asked on how it is. role: service or projector."""
    return f"portfolio.{_checked(portfolio)}.health.{_checked(role)}"


def lease_bucket(portfolio: str) -> str:
    """Return the KV bucket that says which replica of the service is the active one."""
    return LEASE_PREFIX + _checked(portfolio)


def views_bucket(portfolio: str) -> str:
    """Return the KV bucket of the headline views."""
    return VIEWS_PREFIX + _checked(portfolio)


def notary_bucket(portfolio: str) -> str:
    """Return the KV bucket of the signed checkpoint."""
    return NOTARY_PREFIX + _checked(portfolio)


def tiles_stream(portfolio: str) -> str:
    """Return the name of the stream that keeps a portfolio's tiles."""
    return TILES_PREFIX + _checked(portfolio)


def all_tiles(portfolio: str) -> str:
    """Return the filter of every subject a tile of a portfolio stands under."""
    return f"portfolio.{_checked(portfolio)}.tile.>"


def tile(portfolio: str, kind: str, index: int, part: int = 0) -> str:
    """Return the subject a full tile stands under. kind: its level, or `entries` for a bundle. part: from 0."""
    rest = f".{part}" if part else ""
    return f"portfolio.{_checked(portfolio)}.tile.{_checked(kind)}.{index}{rest}"


def cosignatures_stream(portfolio: str) -> str:
    """Return the name of the stream that keeps the cosignatures of a portfolio's checkpoints."""
    return COSIGNATURES_PREFIX + _checked(portfolio)


def cosignature(portfolio: str, witness: str) -> str:
    """Return the subject a witness files its cosignatures under."""
    return f"portfolio.{_checked(portfolio)}.cosignature.{_checked(witness)}"


def all_cosignatures(portfolio: str) -> str:
    """Return the filter of every subject a cosignature is filed under."""
    return f"portfolio.{_checked(portfolio)}.cosignature.*"


def bucket_stream(bucket: str) -> str:
    """Return the stream a KV bucket is kept in."""
    return f"KV_{_checked(bucket)}"


def bucket_key(bucket: str, key: str) -> str:
    """Return the subject a key of a KV bucket stands under. key: an id, or the wildcard >."""
    return f"$KV.{_checked(bucket)}.{key if key == '>' else _checked(key)}"


def inbox(public_key: str) -> str:
    """Return the prefix of the subjects answers to a login come to; only that login may listen there."""
    return f"_INBOX_{_checked(public_key)}"


def source(portfolio: str) -> str:
    """Return the CloudEvents source of a portfolio's events."""
    return f"/portfolio/{_checked(portfolio)}"


class CommandSubject(NamedTuple):
    """The tokens of a command's subject. command_type: without its version."""

    portfolio: str
    actor: str
    command_type: str


def parse_command(subject: str) -> CommandSubject | None:
    """Return what a command subject says, None where it is not one of ours."""
    tokens = subject.split(".")
    if len(tokens) != 5 or tokens[0] != "portfolio" or tokens[2] != "command":
        return None
    return CommandSubject(tokens[1], tokens[3], tokens[4])


class TileSubject(NamedTuple):
    """The tokens of a tile's subject. kind: its level, or `entries`. part: 0 for the beginning of the file."""

    portfolio: str
    kind: str
    index: int  # type: ignore[assignment]  # hides tuple.index, which nobody asks of a subject
    part: int


def parse_tile(subject: str) -> TileSubject | None:
    """Return what a tile's subject says, None where it is not one of ours."""
    tokens = [*subject.split("."), "0"][:6]
    if len(tokens) != 6 or tokens[0] != "portfolio" or tokens[2] != "tile" or subject.count(".") > 5:
        return None
    if not (tokens[4].isdecimal() and tokens[5].isdecimal() and subject.isascii()):
        return None
    return TileSubject(tokens[1], tokens[3], int(tokens[4]), int(tokens[5]))


class EventSubject(NamedTuple):
    """The tokens of an event's subject."""

    portfolio: str
    about: str
    event_type: str


def parse_event(subject: str) -> EventSubject | None:
    """Return what an event subject says, None where it is not one of ours."""
    tokens = subject.split(".")
    if len(tokens) != 6 or tokens[0] != "portfolio" or tokens[2] != "event":
        return None
    return EventSubject(tokens[1], f"{tokens[3]}/{tokens[4]}", tokens[5])


def covers(pattern: str, subject: str) -> bool:
    """Return whether every subject that *subject* stands for is one that *pattern* stands for.

    Both may hold wildcards: `a.>` covers `a.*.b`, `a.*` does not cover `a.>`.
    """
    wide, narrow = pattern.split("."), subject.split(".")
    for place, part in enumerate(wide):
        if part == ">":
            return len(narrow) > place
        if place >= len(narrow) or narrow[place] == ">" or part not in ("*", narrow[place]):
            return False
    return len(wide) == len(narrow)


def bare(message_type: str) -> str:
    """Return a type without its version: FundingApproved for FundingApproved.v1."""
    return message_type.partition(".")[0]


@lru_cache(65_536)
def _checked(token: str) -> str:
    if not is_id(token):
        raise ValueError(f"{token!r} is no id; use letters, digits, hyphen and underscore, 1 to 64 of them")
    return token
