"""Roles: what each login of a site may do, as data. Allow-lists only; what is not here is refused by the server.

Every login but the operator's is alone in an account of its own. It imports what it may ask the ledger's account for,
subject by subject, and the JetStream API among it under LEDGER.API. Permissions within one account would not do:
whoever may ask anything of the server names the subject the answer goes to, and the server checks that of nobody. Seen
with nats-server 2.15.1: a login with nothing but the right of direct get had stored events copied to
`portfolio.<p>.event.forged`, and the stream took them. The answer to an imported request goes back to the account it
came from, and there is nobody there but who asked.

For the same reason no role may create consumers: their deliver_subject is another such subject.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import msgspec

from schemas import subjects
from schemas.values import is_id

OPERATOR, MIRROR_OPERATOR = "operator", "mirror-operator"
LEDGER_ACCOUNT, MIRROR_ACCOUNT = "LEDGER", "AUDIT"
MIRROR_API, MIRROR_DELIVERS, MIRROR_CONSUMER = "LEDGER.MIRROR.API", "audit.deliver", "audit-mirror"
"""Where the server itself asks for what a mirror is made of, what it comes under, and the consumer that sends it."""


class Rights(NamedTuple):
    """What one login may do.

    api: of the JetStream API, without its prefix. asks: subjects it publishes or sends requests to. answers: subjects
    it listens on, to answer.
    """

    api: tuple[str, ...] = ()
    asks: tuple[str, ...] = ()
    answers: tuple[str, ...] = ()


class Role(NamedTuple):
    """told: what it may do, and what it cannot, for people. named: whether there are several, each with a name."""

    told: str
    named: bool = False


ROLES = {
    OPERATOR: Role("creates streams, backs them up and restores them; publishes to no subject of a portfolio"),
    "service": Role("takes commands, appends events and refusals, and answers; cannot change or remove an entry"),
    "notary": Role("reads the stream, writes its tiles and checkpoint; cannot append an event"),
    "projector": Role("reads the stream, answers view requests, writes the headline views; cannot append an event"),
    "reader": Role("reads the portfolio and asks for views; publishes nothing else", named=True),
    "publisher": Role("sends commands as its own actor; cannot read the stream", named=True),
    "pmo": Role("sends commands as its own actor, reads the portfolio and asks for views", named=True),
    "auditor": Role("reads everything, files findings and cosignatures, asks for views; sends no command", named=True),
    "witness": Role("reads checkpoint and tiles, files cosignatures under its own name", named=True),
    MIRROR_OPERATOR: Role("creates the mirrors of the AUDIT account; reaches nothing of the ledger's account"),
    "mirror": Role(
        "reads the mirrors of the AUDIT account in any way; reaches nothing of the ledger's account", named=True
    ),
}
"""Every role, in the order they are told."""

FIXED = (OPERATOR, "service", "notary", "projector")
"""Roles every site has, with one login each."""


class Identity(msgspec.Struct, frozen=True, kw_only=True):
    """One login of a site. name: of the actor or auditor; empty for a role that has one login. public_key: U..."""

    role: str
    name: str = ""
    public_key: str

    @property
    def id(self) -> str:
        """What it is called: `service`, `publisher-ana`."""
        return identity_id(self.role, self.name)

    @property
    def account(self) -> str:
        """The account its login is in."""
        if self.role == OPERATOR:
            return LEDGER_ACCOUNT
        return MIRROR_ACCOUNT if self.role in (MIRROR_OPERATOR, "mirror") else self.id


def identity_id(role: str, name: str = "") -> str:
    """Return what a login is called. Errors: ValueError where there is no such role, or the name does not fit it."""
    if role not in ROLES:
        raise ValueError(f"{role!r} is no role; there is {', '.join(ROLES)}")
    if ROLES[role].named != bool(name) or (name and not is_id(name)):
        raise ValueError(f"{name!r} names no {role}; use letters, digits, hyphen and underscore, 1 to 64 of them")
    return f"{role}-{name}" if name else role


def role_of(account: str, *, may_create: bool) -> str | None:
    """Return the role of a login in an account that may create streams, or not; None where it is no site's."""
    if account == LEDGER_ACCOUNT:
        return OPERATOR
    if account == MIRROR_ACCOUNT:
        return MIRROR_OPERATOR if may_create else "mirror"
    return next((role for role in ROLES if account == role or account.startswith(f"{role}-")), None)


def name_in(account: str) -> str | None:
    """Return the name in an account of a role that has one: ana for `publisher-ana`; None in every other account."""
    role, _, name = account.partition("-")
    return name if name and role in ROLES and ROLES[role].named else None


def audit_consumer(auditor: str) -> str:
    """Return the name of the pull consumer that is made for an auditor."""
    return f"audit-{auditor}"


def rights(identity: Identity, portfolio: str) -> Rights:
    """Return what a login may do with a portfolio, inside and outside its account. The inbox is not named here."""
    p, role, name = portfolio, identity.role, identity.name
    stream, refusals, findings = subjects.stream(p), subjects.refusals_stream(p), subjects.findings_stream(p)
    tiles, cosignatures = subjects.tiles_stream(p), subjects.cosignatures_stream(p)
    log = (*_reads(tiles), *_reads(cosignatures), *_bucket(subjects.notary_bucket(p)))
    everything = (*_reads(stream), *_reads(refusals), *_reads(findings), *log, *_bucket(subjects.views_bucket(p)))
    asking = (subjects.all_views(p), *(subjects.health(p, each) for each in _ANSWERING))
    commands = (f"portfolio.{p}.command.{name}.*",)
    own_consumer = f"{stream}.{audit_consumer(name)}" if role == "auditor" else ""
    found = {
        OPERATOR: Rights(api=(">",)),
        "service": Rights(
            # The head in the notary's bucket tells it that the stream is not an older backup.
            api=(
                *_reads(stream),
                *_reads(refusals),
                *_bucket(subjects.lease_bucket(p)),
                *_bucket(subjects.notary_bucket(p)),
            ),
            asks=(
                subjects.all_events(p),
                subjects.refusal(p),
                subjects.bucket_key(subjects.lease_bucket(p), ">"),
                subjects.health(p, role),
            ),
            answers=(subjects.all_commands(p), subjects.health(p, role)),
        ),
        "notary": Rights(
            api=(*_reads(stream), *log),
            asks=(
                subjects.all_tiles(p),
                subjects.bucket_key(subjects.notary_bucket(p), ">"),
                subjects.health(p, "notary"),
            ),
            answers=(subjects.health(p, "notary"),),
        ),
        "projector": Rights(
            api=(*_reads(stream), *_reads(refusals), *_reads(findings), *_bucket(subjects.views_bucket(p))),
            asks=(subjects.bucket_key(subjects.views_bucket(p), ">"), subjects.health(p, role)),
            answers=(subjects.all_views(p), subjects.health(p, "projector")),
        ),
        "reader": Rights(api=everything, asks=asking),
        # How the service is tells also the ledger's origin, which every command names.
        "publisher": Rights(asks=(*commands, subjects.health(p, "service"))),
        "pmo": Rights(api=everything, asks=(*commands, *asking)),
        "auditor": Rights(
            api=(*everything, f"CONSUMER.INFO.{own_consumer}", f"CONSUMER.MSG.NEXT.{own_consumer}"),
            asks=(subjects.finding(p), f"portfolio.{p}.cosignature.{name}", *asking),
        ),
        "witness": Rights(api=log, asks=(f"portfolio.{p}.cosignature.{name}",)),
        MIRROR_OPERATOR: Rights(api=(">",)),
        "mirror": Rights(
            api=(
                "INFO",
                *(f"STREAM.{verb}" for verb in ("NAMES", "LIST", "INFO.*", "MSG.GET.*")),
                "DIRECT.GET.>",
                "CONSUMER.>",
            )
        ),
    }
    return found[role]


_ANSWERING = ("service", "notary", "projector")


def mirrored(portfolio: str) -> tuple[str, ...]:
    """Return the streams that the AUDIT account has mirrors of, under the same names."""
    return (
        subjects.stream(portfolio),
        subjects.refusals_stream(portfolio),
        subjects.findings_stream(portfolio),
        subjects.tiles_stream(portfolio),
        subjects.cosignatures_stream(portfolio),
    )


def publishes(identity: Identity, portfolio: str) -> Iterator[str]:
    """Yield every subject a login may publish to, as its server checks it."""
    given = rights(identity, portfolio)
    prefix = "$JS.API" if identity.account in (LEDGER_ACCOUNT, MIRROR_ACCOUNT) else subjects.LEDGER_API
    yield from (f"{prefix}.{each}" for each in given.api)
    if identity.role == OPERATOR:
        yield "$JS.SNAPSHOT.>"  # a restore is uploaded, and a backup acknowledged, under it
        yield "$JS.ACK.>"
    if identity.role in (MIRROR_OPERATOR, "mirror"):
        yield from ("$JS.ACK.>", "$JS.FC.>")
    yield from given.asks
    yield USER_INFO


def hears(identity: Identity, portfolio: str) -> Iterator[str]:
    """Yield every subject a login may subscribe to: its own inbox, and what it answers."""
    yield f"{subjects.inbox(identity.public_key)}.>"
    yield from rights(identity, portfolio).answers


USER_INFO = "$SYS.REQ.USER.INFO"
"""Where a login asks what it may do."""


def _reads(stream: str) -> tuple[str, ...]:
    """Return what reading a stream takes: its end, entries from any replica, and one from the leader."""
    return (f"STREAM.INFO.{stream}", f"DIRECT.GET.{stream}", f"STREAM.MSG.GET.{stream}")


def _bucket(bucket: str) -> tuple[str, ...]:
    """Return what reading a KV bucket takes; clients ask for the last value of a key by its subject."""
    stream = subjects.bucket_stream(bucket)
    return (*_reads(stream), f"DIRECT.GET.{stream}.>")
