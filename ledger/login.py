"""Logins: an nkey seed in a file of its own, and what a server says of the one who comes with it.

    SUAGTJ3N...        a seed, one line; whoever has it is let in as this login

Login keys are for logging in only. They never sign a command: a server chooses what a login signs, and could choose a
command.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import msgspec

from schemas import subjects

OWN_API = "$JS.API"
"""Where the JetStream API is for a login in the account that holds the streams."""


class CredentialsError(Exception):
    """A seed cannot be used: of which file, why, what next."""


class Login(msgspec.Struct, frozen=True, kw_only=True):
    """A login as the server knows it. account: the one it is in.

    publishes, hears: subjects it may publish to and subscribe to, wildcards among them; None where it may everything.
    """

    user: str
    account: str
    publishes: tuple[str, ...] | None = None
    hears: tuple[str, ...] | None = None

    @property
    def api(self) -> str:
        """The prefix under which this login reaches the JetStream API of the ledger."""
        imported = any(each.startswith(f"{subjects.LEDGER_API}.") for each in self.publishes or ())
        return subjects.LEDGER_API if imported else OWN_API

    def may_publish(self, subject: str) -> bool:
        """Return whether it may publish to a subject."""
        return self.publishes is None or any(subjects.covers(each, subject) for each in self.publishes)

    def may_hear(self, subject: str) -> bool:
        """Return whether it may subscribe to a subject."""
        return self.hears is None or any(subjects.covers(each, subject) for each in self.hears)

    def may_ask(self, api: str) -> bool:
        """Return whether it may ask the JetStream API, for example for `STREAM.INFO.PORTFOLIO_demo`."""
        return self.may_publish(f"{self.api}.{api}")


EVERYTHING = Login(user="", account="")
"""A login that nobody limits, as that of the private server."""


def login_of(answer: dict[str, Any]) -> Login:
    """Return the login that an answer to `$SYS.REQ.USER.INFO` tells of."""
    told = answer.get("data") or {}
    rights = told.get("permissions") or {}
    lists = {name: (rights.get(name) or {}).get("allow") for name in ("publish", "subscribe")}
    return Login(
        user=told.get("user", ""),
        account=told.get("account", ""),
        publishes=None if lists["publish"] is None else tuple(lists["publish"]),
        hears=None if lists["subscribe"] is None else tuple(lists["subscribe"]),
    )


def new_seed() -> str:
    """Return the seed of a login that nobody has had."""
    import nkeys  # its cryptography costs what commands without a login need not pay

    seed: bytes = nkeys.encode_seed(os.urandom(32), nkeys.PREFIX_BYTE_USER)
    return seed.decode()


def public_key(seed: str) -> str:
    """Return what a server knows a seed by, for example UDXU4R... Errors: ValueError where it is no user's seed."""
    import nkeys

    try:
        found: bytes = nkeys.from_seed(bytearray(seed.encode())).public_key
    except Exception as error:
        raise ValueError("it is no nkey seed") from error
    if not found.startswith(b"U"):
        raise ValueError("it is the seed of something else than a user")
    return found.decode()


def read_seed(file: Path) -> str:
    """Return the seed a file holds. Errors: CredentialsError."""
    try:
        seed = file.read_text().strip()
        public_key(seed)
    except OSError as error:
        raise CredentialsError(f"cannot read the credentials {file}: {error.strerror}; name another file") from error
    except ValueError as error:
        raise CredentialsError(
            f"{file} holds no login: {error}; name a file that `portfolio provision` has written"
        ) from error
    return seed
