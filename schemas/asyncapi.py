"""The AsyncAPI 3 document: every subject a service in another language uses, with requests, replies and headers.

    schemas/json/asyncapi.json      written and checked by python -m schemas.publish

It is made from the same structs and models as the code, so it cannot say anything else. It describes the ledger: what
it receives, its clients send.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import msgspec
from pydantic.json_schema import models_json_schema

from schemas.commands import BY_TYPE, MAX_COMMAND_BYTES
from schemas.envelope import RECORDED
from schemas.events import Fact
from schemas.receipts import Accepted
from schemas.subjects import CONTENT_TYPE, QUEUE_GROUP
from schemas.view_requests import ViewProblem, ViewRequest

PATH = "asyncapi.json"
_PARTS = "#/components/schemas/"
_MESSAGES = "#/components/messages/"

Document = dict[str, Any]


def asyncapi(receipt: Document, tidied: Callable[[Any], Any], opened: Callable[[Document], Document]) -> Document:
    """Return the document.

    receipt: the schema of a receipt, as it is published. tidied: takes what msgspec writes to plain JSON Schema.
    opened: lets a reader pass over fields that are added later.
    """
    schemas = {**_events(opened), **_commands(), **_receipts(receipt), **_views()}
    return {
        "asyncapi": "3.0.0",
        "id": "urn:portfolio-ledger",
        "info": {
            "title": "Portfolio Ledger",
            "version": "1.0.0",
            "description": _TOLD,
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "servers": {
            "site": {
                "host": "{host}:{port}",
                "protocol": "nats",
                "description": "A NATS server with JetStream; TLS and an nkey login where the site is provisioned.",
                "variables": {"host": {"default": "127.0.0.1"}, "port": {"default": "4222"}},
            }
        },
        "channels": _CHANNELS
        | {
            "command": _command_channel(),
            "event": _event_channel(),
        },
        "operations": _OPERATIONS,
        "components": {"schemas": _without_discriminators(tidied(schemas)), "messages": _messages()},
    }


_TOLD = """Decisions about a portfolio, over NATS. A command is sent as a request and answered with its receipt. \
Send it again under the same commandid, byte for byte, until it is answered: it is recorded once, and its receipt is \
the same. An answer whose reason is BUSY, UNAVAILABLE or FAILED is such a case; so are a timeout and no responders."""


def _events(opened: Callable[[Document], Document]) -> Document:
    _, parts = msgspec.json.schema_components(list(RECORDED.values()), ref_template=_PARTS + "{name}")
    return {name: opened(part) for name, part in parts.items()}


def _commands() -> Document:
    models = [(model, "validation") for model in BY_TYPE.values()]
    references, found = models_json_schema(models, ref_template=_PARTS + "asked.{model}")  # type: ignore[arg-type]
    parts = {f"asked.{name}": part for name, part in found["$defs"].items()}
    for name, model in BY_TYPE.items():
        place = references[(model, "validation")]["$ref"].removeprefix(_PARTS)
        parts[name] = parts.pop(place)
    return parts


def _receipts(receipt: Document) -> Document:
    _, parts = msgspec.json.schema_components([Accepted], ref_template=_PARTS + "{name}")
    refused = receipt["$defs"]["Refused"]
    both = [{"$ref": f"{_PARTS}Accepted"}, {"$ref": f"{_PARTS}Refused"}]
    return {**parts, "Refused": refused, "Receipt": {"title": "Receipt", "oneOf": both}}


def _views() -> Document:
    _, parts = msgspec.json.schema_components([ViewRequest, ViewProblem], ref_template=_PARTS + "{name}")
    moment = {"type": "object", "properties": {"sequence": {"type": "integer"}}, "required": ["sequence"]}
    view = {
        "title": "View",
        "description": "What `portfolio view NAME --json` prints; the rows of each view are in docs/spec/views.md.",
        "type": "object",
        "properties": {
            "view": {"type": "string"},
            "portfolio": {"type": "string"},
            "as_known": moment,
            "as_of": {"type": "string", "format": "date"},
            "currency": {"type": ["string", "null"]},
            "rows": {"type": "array", "items": {"type": "object"}},
            "totals": {"type": "object"},
        },
        "required": ["view", "portfolio", "as_known", "as_of", "currency", "rows", "totals"],
    }
    health = {
        "title": "Health",
        "type": "object",
        "properties": {
            "role": {"enum": ["service", "projector", "notary"]},
            "portfolio": {"type": "string"},
            "origin": {"type": ["string", "null"], "description": "what every command names; told by the service"},
            "state": {"type": "string", "description": "starting, standby, active or stopping; a notary's own words"},
            "ready": {"type": "boolean"},
            "sequence": {"type": "integer", "description": "how far it has read"},
            "size": {"type": "integer", "description": "how much is sealed; told by the notary"},
            "waiting": {"type": "integer"},
        },
        "required": ["role", "portfolio", "state", "ready"],
    }
    signed = {
        "title": "SignedCommand",
        "description": "A signed note: the command's line, an empty line, and a signature line an approver.",
        "type": "string",
        "pattern": "^\\{[^\\n]*\\}\\n\\n(\u2014 [^\\n]+\\n)+$",
    }
    return {**parts, "View": view, "Health": health, "SignedCommand": signed}


def _messages() -> Document:
    commands = {name: _message(name, _first_line(model), [_example(name)]) for name, model in BY_TYPE.items()}
    events = {fact.TYPE: _event_message(fact) for fact in RECORDED}
    others = {
        "SignedCommand": _message("SignedCommand", "A command with the signatures of those who approve it.")
        | {"contentType": "text/plain"},
        "Receipt": _message("Receipt", "What became of a command: accepted, or refused and why."),
        "ViewRequest": _message("ViewRequest", "The options of a view; nothing at all for all of them left away."),
        "View": _message("View", "A view at a moment."),
        "ViewProblem": _message("ViewProblem", "Why there is no view."),
        "HealthRequest": {
            "name": "HealthRequest",
            "summary": "Nothing.",
            "payload": {"type": "string", "maxLength": 0},
        },
        "Health": _message("Health", "How a replica is."),
    }
    return {**commands, **events, **others}


def _empty(name: str) -> Document:
    return {"name": name, "summary": "Nothing.", "payload": {"type": "string", "maxLength": 0}}


def _message(name: str, summary: str, examples: Iterable[Document] = ()) -> Document:
    told = {"name": name, "summary": summary, "payload": {"$ref": _PARTS + name}}
    found = [{"name": name, "payload": each} for each in examples if each]
    return told | ({"examples": found} if found else {})


def _event_message(fact: type[Fact]) -> Document:
    return {
        "name": fact.TYPE,
        "summary": _first_line(fact),
        "contentType": CONTENT_TYPE,
        "headers": {
            "type": "object",
            "properties": {"content-type": {"const": CONTENT_TYPE}},
            "required": ["content-type"],
        },
        "payload": {"$ref": _PARTS + RECORDED[fact].__name__},
    }


def _example(name: str) -> Document:
    if name != "FundEnvelope.v1":
        return {}
    return {
        "type": "FundEnvelope.v1",
        "portfolio": "ai-2026-5f3a9c01",
        "commandid": "erp-2026-000471",
        "actor": "erp",
        "subject": "envelope/claims",
        "time": "2026-11-20",
        "data": {
            "envelope": "claims",
            "value_stream": "claims",
            "fiscal_period": "FY2026",
            "capex_opex": "opex",
            "kind": "initial",
            "amount": {"minor": 5_000_000, "currency": "USD"},
        },
    }


def _parameters(**told: str) -> Document:
    return {name: {"description": description} for name, description in told.items()}


_OF_PORTFOLIO = "the portfolio, an id"


def _command_channel() -> Document:
    names = [*BY_TYPE, "SignedCommand"]
    return {
        "address": "portfolio.{portfolio}.command.{actor}.{type}",
        "title": "Where an actor sends commands",
        "description": f"One JSON line of at most {MAX_COMMAND_BYTES:,} bytes. Only the actor may publish here, and "
        "the actor and type of the command are those of the subject.",
        "parameters": _parameters(
            portfolio=_OF_PORTFOLIO, actor="who acts, an id", type="the command's type without its version"
        ),
        "messages": {name: {"$ref": _MESSAGES + name} for name in names},
        "bindings": {"nats": {"queue": QUEUE_GROUP, "bindingVersion": "0.1.0"}},
    }


def _event_channel() -> Document:
    return {
        "address": "portfolio.{portfolio}.event.{kind}.{id}.{type}",
        "title": "Where an event stands",
        "description": "Stream PORTFOLIO_{portfolio}. CloudEvents 1.0, JSON format, structured mode. Read it by direct "
        "get or by a consumer, and check that sequences are 1, 2, 3, ... without a hole.",
        "parameters": _parameters(
            portfolio=_OF_PORTFOLIO,
            kind="what it is about: initiative, envelope, decision, ...",
            id="which one",
            type="the event's type without its version",
        ),
        "messages": {fact.TYPE: {"$ref": _MESSAGES + fact.TYPE} for fact in RECORDED},
    }


def _reply_channel(title: str, *names: str) -> Document:
    return {"address": None, "title": title, "messages": {name: {"$ref": _MESSAGES + name} for name in names}}


_CHANNELS: Document = {
    "receipt": _reply_channel("The answer to a command", "Receipt"),
    "view": {
        "address": "portfolio.{portfolio}.view.{view}",
        "title": "Where a view is asked for",
        "parameters": _parameters(portfolio=_OF_PORTFOLIO, view="spend, alignment, ...: see docs/spec/views.md"),
        "messages": {"ViewRequest": {"$ref": _MESSAGES + "ViewRequest"}},
    },
    "viewAnswer": _reply_channel("The answer to a request for a view", "View", "ViewProblem"),
    "health": {
        "address": "portfolio.{portfolio}.health.{role}",
        "title": "Where a role is asked how it is",
        "parameters": {
            "portfolio": {"description": _OF_PORTFOLIO},
            "role": {"description": "which role", "enum": ["service", "projector", "notary"]},
        },
        "messages": {"HealthRequest": {"$ref": _MESSAGES + "HealthRequest"}},
    },
    "healthAnswer": _reply_channel("How it is", "Health"),
    "headline": {
        "address": "$KV.VIEWS_{portfolio}.{view}",
        "title": "The headline views of now, in the KV bucket VIEWS_{portfolio}",
        "parameters": _parameters(
            portfolio=_OF_PORTFOLIO, view="spend, alignment, priority, needs, models or benefits"
        ),
        "messages": {"View": {"$ref": _MESSAGES + "View"}},
    },
}


def _operation(action: str, channel: str, summary: str, reply: str | None = None) -> Document:
    told: Document = {"action": action, "channel": {"$ref": f"#/channels/{channel}"}, "summary": summary}
    if reply is not None:
        address = {"description": "the request's reply subject", "location": "$message.header#/reply-to"}
        told["reply"] = {"address": address, "channel": {"$ref": f"#/channels/{reply}"}}
    return told


_OPERATIONS: Document = {
    "decide": _operation("receive", "command", "Decide a command, record it, and answer with its receipt.", "receipt"),
    "answerView": _operation("receive", "view", "Work out a view at a moment.", "viewAnswer"),
    "answerHealth": _operation("receive", "health", "Say how a replica is.", "healthAnswer"),
    "record": _operation("send", "event", "Append an event to the portfolio's stream."),
    "publishHeadlines": _operation("send", "headline", "Put the headline views of now where anybody can watch them."),
}


def _without_discriminators(schema: Any) -> Any:
    """Leave out OpenAPI's hint for choosing from a union, which means something else to AsyncAPI; each tag is const."""
    if isinstance(schema, list):
        return [_without_discriminators(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    hint = schema.get("discriminator")
    kept = schema if not isinstance(hint, dict) or "propertyName" not in hint else schema.keys() - {"discriminator"}
    return {key: _without_discriminators(value) for key, value in schema.items() if key in kept}


def _first_line(documented: type) -> str:
    return (documented.__doc__ or "").strip().partition("\n")[0]
