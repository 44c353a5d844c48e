"""The configuration of a site's nats-server, made from its logins and their roles. Text only; public keys only.

accounts {
  LEDGER { jetstream: enabled, users: [ operator ], exports: [ ... each to the accounts that import it ] }
  "publisher-ana" {
    users: [ { nkey: UA..., permissions: { publish: [...], subscribe: [...] } } ]
    imports: [ { service: { account: "service", subject: "portfolio.ai-2026.command.ana.*" } } ]
  }
}
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

import msgspec

from ledger.roles import (
    LEDGER_ACCOUNT,
    MIRROR_ACCOUNT,
    MIRROR_API,
    MIRROR_CONSUMER,
    MIRROR_DELIVERS,
    OPERATOR,
    Identity,
    hears,
    mirrored,
    publishes,
    rights,
)
from ledger.server import MAX_PAYLOAD_BYTES
from schemas import subjects

ANSWER_LIMIT = "30s"
"""How long a login that answers requests may take for one."""


class Site(msgspec.Struct, frozen=True, kw_only=True):
    """What the configuration is made from.

    url: where logins reach the server. store: the directory of the streams, as the server sees it. monitoring: the port
    of health and monitoring, on loopback only. tls: the server's certificate and key. audit_account: whether there is
    an account with mirrors.
    """

    portfolio: str
    url: str
    store: str
    monitoring: int
    identities: tuple[Identity, ...]
    tls: tuple[str, str] | None = None
    audit_account: bool = False

    @property
    def listen(self) -> str:
        """Host and port the server listens on: loopback where the URL is, otherwise every address of the machine."""
        host, port = urlsplit(self.url).hostname, urlsplit(self.url).port or 4222
        return f"{host if host in ('127.0.0.1', '::1') else '0.0.0.0'}:{port}"  # noqa: S104 (a site is for others too)


def server_configuration(site: Site) -> str:
    """Return the configuration of a site's server, in the language of nats-server."""
    head: dict[str, Any] = {
        "server_name": f"portfolio-{site.portfolio}",
        "listen": site.listen,
        "http": f"127.0.0.1:{site.monitoring}",
        "max_payload": MAX_PAYLOAD_BYTES,
        # An acknowledged event is on the disk.
        "jetstream": {"store_dir": site.store, "sync_interval": "always"},
        # nats-py breaks under the second version of acknowledgement subjects.
        "feature_flags": {"js_ack_fc_v2": False},
    }
    if site.tls is not None:
        head["tls"] = dict(zip(("cert_file", "key_file"), site.tls, strict=True))
    accounts = {LEDGER_ACCOUNT: _ledger_account(site)}
    if site.audit_account:
        accounts[MIRROR_ACCOUNT] = _mirror_account(site)
    accounts |= {each.id: _own_account(each, site) for each in site.identities if each.account == each.id}
    lines = ["# Written by `portfolio provision`, which writes it anew each time. It holds public keys only."]
    lines += [f"{key}: {_text(value)}" for key, value in head.items()]
    lines += ["accounts {", *(line for name, body in accounts.items() for line in _account(name, body)), "}", ""]
    return "\n".join(lines)


def _ledger_account(site: Site) -> dict[str, Any]:
    """Return the account of the streams: the operator is its only login, and it exports what others may ask for."""
    askers: dict[str, list[str]] = {}
    for identity in _outside(site):
        for subject, owner in _imported(identity, site):
            if owner == LEDGER_ACCOUNT:
                askers.setdefault(subject, []).append(identity.account)
    exports = [_export(subject, accounts) for subject, accounts in askers.items()]
    if site.audit_account:
        exports += [_export(each, [MIRROR_ACCOUNT]) for each in _mirror_needs(site)]
        exports.append({"stream": f"{MIRROR_DELIVERS}.>", "accounts": [MIRROR_ACCOUNT]})
    operators = [each for each in site.identities if each.role == OPERATOR]
    return {"jetstream": "enabled", "users": [_user(each, site) for each in operators], "exports": exports}


def _mirror_account(site: Site) -> dict[str, Any]:
    """Return the account of the mirrors. The server itself fetches them; no login may publish to what it imports."""
    imports: list[dict[str, Any]] = []
    for each in _mirror_needs(site):
        made: dict[str, Any] = {"service": {"account": LEDGER_ACCOUNT, "subject": each}}
        imports.append(made | ({"to": each.replace("$JS.API", MIRROR_API)} if each.startswith("$JS.API.") else {}))
    imports.append({"stream": {"account": LEDGER_ACCOUNT, "subject": f"{MIRROR_DELIVERS}.>"}})
    users = [_user(each, site) for each in site.identities if each.account == MIRROR_ACCOUNT]
    return {"jetstream": "enabled", "users": users, "imports": imports}


def _own_account(identity: Identity, site: Site) -> dict[str, Any]:
    """Return the account of one login: what it imports, and what it answers."""
    body: dict[str, Any] = {"users": [_user(identity, site)]}
    exports = []
    for answered in rights(identity, site.portfolio).answers:
        accounts = [
            each.account
            for each in _outside(site)
            if each != identity and any(subjects.covers(answered, asked) for asked in rights(each, site.portfolio).asks)
        ]
        exports += [_export(answered, accounts)] if accounts else []
    imports: list[dict[str, Any]] = []
    for subject, owner in _imported(identity, site):
        made: dict[str, Any] = {"service": {"account": owner, "subject": subject}}
        if subject.startswith("$JS.API."):
            made["to"] = subject.replace("$JS.API", subjects.LEDGER_API)
        imports.append(made)
    return body | ({"exports": exports} if exports else {}) | ({"imports": imports} if imports else {})


def _imported(identity: Identity, site: Site) -> Iterable[tuple[str, str]]:
    """Yield each subject a login asks at outside its account, with the account it is answered in."""
    given = rights(identity, site.portfolio)
    for api in given.api:
        yield f"$JS.API.{api}", LEDGER_ACCOUNT
    for asked in given.asks:
        answering = [
            each.account
            for each in _outside(site)
            if any(subjects.covers(answered, asked) for answered in rights(each, site.portfolio).answers)
        ]
        if identity.account not in answering:
            yield asked, answering[0] if answering else LEDGER_ACCOUNT


def _outside(site: Site) -> list[Identity]:
    """Return the logins with an account of their own."""
    return [each for each in site.identities if each.account == each.id]


def _mirror_needs(site: Site) -> list[str]:
    """Return what the server asks the ledger's account for to keep mirrors of what consumers made for that send.

    To create consumers is not among it: an auditor could have a server's answer go to where that is asked.
    """
    streams = mirrored(site.portfolio)
    starts_again = [f"$JS.API.CONSUMER.RESET.{each}.{MIRROR_CONSUMER}" for each in streams]
    return [*starts_again, *(f"$JS.FC.{each}.{MIRROR_CONSUMER}.>" for each in streams)]


def _export(subject: str, accounts: Iterable[str]) -> dict[str, Any]:
    several = subject.startswith(("$JS.API.DIRECT.GET.", "$JS.API.CONSUMER.MSG.NEXT."))
    kind = {"response_type": "stream"} if several else {}
    return {"service": subject, **kind, "accounts": list(dict.fromkeys(accounts))}


def _user(identity: Identity, site: Site) -> dict[str, Any]:
    permissions: dict[str, Any] = {
        "publish": list(publishes(identity, site.portfolio)),
        "subscribe": list(hears(identity, site.portfolio)),
    }
    if rights(identity, site.portfolio).answers:
        permissions["allow_responses"] = {"max": 1, "expires": ANSWER_LIMIT}
    return {"nkey": identity.public_key, "permissions": permissions}


def _account(name: str, body: dict[str, Any]) -> Iterable[str]:
    """Yield the lines of one account: one user, import or export a line."""
    yield f"  {json.dumps(name)} {{"
    for key, value in body.items():
        if isinstance(value, list):
            yield f"    {key}: ["
            yield from (f"      {_text(each)}" for each in value)
            yield "    ]"
        else:
            yield f"    {key}: {value}"
    yield "  }"


def _text(value: Any) -> str:
    """Return a value in the server's language, which reads JSON."""
    return json.dumps(value, ensure_ascii=False)
