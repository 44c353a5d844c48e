"""portfolio provision: the logins of a site, its server's configuration, and what its operator makes on the server."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

import msgspec
from cyclopts import Parameter

from ledger.connection import connect
from ledger.roles import FIXED, MIRROR_OPERATOR, OPERATOR, ROLES, Identity, identity_id
from ledger.site import CONFIGURATION, SiteFiles
from ledger.site_streams import make_consumers, make_mirror_consumers, make_mirrors, make_streams
from ledger.site_text import Site
from schemas import subjects
from tui.common import DONE, CommandError, Common
from tui.model.text import clean

Names = Annotated[list[str] | None, Parameter(negative="")]


async def provision(
    directory: Annotated[Path, Parameter(help="Where the site's files are kept; each seed in it is secret.")],
    *,
    publisher: Annotated[Names, Parameter(help="An actor that may send commands; may be repeated.")] = None,
    pmo: Annotated[Names, Parameter(help="An actor that may send commands and read; may be repeated.")] = None,
    reader: Annotated[Names, Parameter(help="Somebody who may only read; may be repeated.")] = None,
    auditor: Annotated[Names, Parameter(help="Somebody who audits; may be repeated.")] = None,
    witness: Annotated[Names, Parameter(help="Somebody who cosigns checkpoints; may be repeated.")] = None,
    url: Annotated[
        str | None, Parameter(help="Where logins reach the server; on 127.0.0.1 only this machine does.")
    ] = None,
    store: Annotated[str | None, Parameter(help="The directory of the streams, as the server sees it.")] = None,
    monitoring: Annotated[int | None, Parameter(help="The port of health and monitoring, on loopback.")] = None,
    tls_cert: Annotated[str | None, Parameter(help="The server's certificate, as the server sees it.")] = None,
    tls_key: Annotated[str | None, Parameter(help="The key of that certificate, as the server sees it.")] = None,
    audit_account: Annotated[
        bool, Parameter(help="Also an account of mirrors, with a login for each auditor.", negative="")
    ] = False,
    rotate: Annotated[str | None, Parameter(help="A login that gets a new key, as publisher-ana.")] = None,
    remove: Annotated[Names, Parameter(help="A login that is not let in any more; may be repeated.")] = None,
    streams: Annotated[
        bool, Parameter(help="Also make the streams, as operator, on the running server.", negative="")
    ] = (False),
    replicas: Annotated[int, Parameter(help="How many servers keep each stream, where --streams makes it.")] = 1,
    common: Common | None = None,
) -> int:
    """Write the logins of a site and the configuration of its nats-server: each may do its work, and nothing else.

    Run again it keeps every key, adds who is named, and never writes over a seed.
    """
    common = common or Common()
    files = SiteFiles(directory)
    known = files.read()
    wanted = [
        (role, name)
        for role, names in (
            ("publisher", publisher),
            ("pmo", pmo),
            ("reader", reader),
            ("auditor", auditor),
            ("witness", witness),
        )
        for name in names or ()
    ]
    for role, name in wanted:
        try:
            identity_id(role, name)
        except ValueError as error:
            raise CommandError(f"--{role}: {error}") from error
    site = _site(known, common, directory, url, store, monitoring, _tls(tls_cert, tls_key), audit_account)
    before = {each.id for each in site.identities}
    site = _without(site, remove or [], wanted)
    if site.audit_account:
        audited = [name for role, name in wanted if role == "auditor"]
        audited += [each.name for each in site.identities if each.role == "auditor"]
        wanted += [(MIRROR_OPERATOR, ""), *(("mirror", name) for name in audited)]
    made = files.write(site, wanted, rotated=rotate)
    on_server = await _on_server(made, files, common, replicas) if streams else []
    _tell(made, files, before, on_server, common)
    return DONE


def _site(
    known: Site | None,
    common: Common,
    directory: Path,
    url: str | None,
    store: str | None,
    monitoring: int | None,
    tls: tuple[str, str] | None,
    audit_account: bool,
) -> Site:
    """Return the site as it was, with what is told anew. Errors: CommandError."""
    portfolio = common.settings().portfolio
    if known is None and portfolio is None:
        raise CommandError(f"{directory} is no site yet; say whose it is with --portfolio")
    if known is not None and portfolio not in (None, known.portfolio):
        raise CommandError(f"{directory} is the site of {known.portfolio}, not of {portfolio}; name another directory")
    if known is None:
        assert portfolio is not None
        store_there = str((directory / "jetstream").absolute())
        known = Site(
            portfolio=portfolio, url="nats://127.0.0.1:4222", store=store_there, monitoring=8222, identities=()
        )
    given: dict[str, Any] = {"url": url, "store": store, "monitoring": monitoring, "tls": tls}
    told = {name: value for name, value in given.items() if value is not None}
    made: Site = msgspec.structs.replace(known, **told, audit_account=known.audit_account or audit_account)
    parts = urlsplit(made.url)
    if parts.scheme not in ("nats", "tls") or not parts.hostname:
        raise CommandError(
            f"--url is {made.url!r}; write it as nats://host:4222, or tls://host:4222 with a certificate"
        )
    return made


def _without(site: Site, removed: list[str], wanted: list[tuple[str, str]]) -> Site:
    """Return a site without some of its logins. Their seeds stay where they are. Errors: CommandError."""
    there = {each.id: each for each in site.identities}
    for each in removed:
        if each not in there or there[each].role in (*FIXED, MIRROR_OPERATOR):
            some = ", ".join(name for name in there if there[name].role not in (*FIXED, MIRROR_OPERATOR)) or "none"
            raise CommandError(
                f"{each} is no login that can be removed, those are {some}; give it a new key with --rotate"
            )
        if each in (identity_id(role, name) for role, name in wanted):
            raise CommandError(f"{each} is both named and removed; do one of them")
    gone = {*removed, *(name.replace("auditor-", "mirror-", 1) for name in removed if name.startswith("auditor-"))}
    gone = {*removed, *(name.replace("auditor-", "mirror-", 1) for name in removed if name.startswith("auditor-"))}
    return msgspec.structs.replace(site, identities=tuple(each for name, each in there.items() if name not in gone))


def _tls(certificate: str | None, key: str | None) -> tuple[str, str] | None:
    if (certificate is None) != (key is None):
        raise CommandError("--tls-cert and --tls-key belong together; give both")
    return None if certificate is None or key is None else (certificate, key)


async def _on_server(site: Site, files: SiteFiles, common: Common, replicas: int) -> list[str]:
    """Make what the operators make, and return the names of it all."""
    url = common.nats or site.url
    connection = await connect(url, credentials=common.credentials or files.seed_file(OPERATOR))
    try:
        made = await make_streams(connection, site.portfolio, replicas=replicas)
        auditors = [each.name for each in site.identities if each.role == "auditor"]
        made += await make_consumers(connection, site.portfolio, auditors)
        if site.audit_account:
            await make_mirror_consumers(connection, site.portfolio)
    finally:
        await connection.close()
    if site.audit_account:
        connection = await connect(url, credentials=files.seed_file(MIRROR_OPERATOR))
        try:
            made += [f"{name} in AUDIT" for name in await make_mirrors(connection, site.portfolio)]
        finally:
            await connection.close()
    return made


def _tell(site: Site, files: SiteFiles, before: set[str], on_server: list[str], common: Common) -> None:
    if common.json:
        told = {
            "portfolio": site.portfolio,
            "configuration": str(files.directory / CONFIGURATION),
            "url": site.url,
            "encrypted": site.tls is not None,
            "identities": [_identity(each, files, new=each.id not in before) for each in site.identities],
            "on_server": on_server,
        }
        print(json.dumps(told))
        return
    for each in site.identities:
        mark = " (new)" if each.id not in before else ""
        print(f"{each.id}{mark}: {ROLES[each.role].told}")
    print(clean(f"Seeds in {files.directory / 'seeds'}; give each to who logs in with it, and to nobody else."))
    print(
        clean(f"Configuration in {files.directory / CONFIGURATION}: start nats-server --config with it, or restart it.")
    )
    if site.tls is None and not site.listen.startswith(("127.0.0.1", "::1")):
        print("Connections are not encrypted: give --tls-cert and --tls-key, or keep the network to this site.")
    if on_server:
        print(f"On the server: {', '.join(on_server)}.")


def _identity(identity: Identity, files: SiteFiles, *, new: bool) -> dict[str, Any]:
    return {
        "id": identity.id,
        "role": identity.role,
        "name": identity.name or None,
        "public_key": identity.public_key,
        "inbox": subjects.inbox(identity.public_key),
        "seed": str(files.seed_file(identity.id)),
        "new": new,
    }
