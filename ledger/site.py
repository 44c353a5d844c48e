"""The directory of a site: its logins' seeds, what is known of them in public, and the server's configuration.

    seeds/<id>.nk           0600, one seed; what the program of that login is given, and nobody else
    seeds/<id>.nk.<key>     a seed that was replaced, by the first letters of its public key
    site.json               {"portfolio": "ai-2026", "identities": [{"role": "publisher", "name": "ana", ...}], ...}
    nats.conf               what the server is started with, made from site.json

A seed is written before anybody knows its key, and what knows its key is written before the server can. So whatever a
crash leaves, the next run finds: a seed that is there is used, and the files after it are written anew. A login whose
seed was taken away, to where it is used, keeps the key that site.json knows.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

import msgspec

from ledger.login import new_seed, public_key, read_seed
from ledger.roles import FIXED, Identity, identity_id
from ledger.site_text import Site, server_configuration

SITE, CONFIGURATION, SEEDS = "site.json", "nats.conf", "seeds"


class SiteError(Exception):
    """The site's directory cannot be used or written: what, which file, what next."""


class SiteFiles:
    """The files of one site."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def seed_file(self, identity: str) -> Path:
        """Return where the seed of a login is kept. identity: as `publisher-ana`."""
        return self.directory / SEEDS / f"{identity}.nk"

    def read(self) -> Site | None:
        """Return what site.json tells, None where there is none. Errors: SiteError."""
        file = self.directory / SITE
        try:
            return msgspec.json.decode(file.read_bytes(), type=Site)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise SiteError(f"cannot read {file}: {error.strerror}; name another directory") from error
        except msgspec.MsgspecError as error:
            raise SiteError(f"{file} is not what was written there: {error}; restore it from a backup") from error

    def write(self, site: Site, wanted: Iterable[tuple[str, str]], *, rotated: str | None = None) -> Site:
        """Write the site with every login it has and those wanted, as role and name, and return it.

        rotated: the login that gets a new key; its old seed is kept beside. No seed is ever written over.
        Errors: SiteError, CredentialsError; ValueError where a role or name is none.
        """
        known = {each.id: each for each in site.identities}
        both = [(each.role, each.name) for each in site.identities] + [(role, "") for role in FIXED] + list(wanted)
        roles = {identity_id(role, name): (role, name) for role, name in both}
        if rotated is not None and rotated not in roles:
            raise SiteError(f"there is no login {rotated}, there is {', '.join(roles)}; nothing was written")
        try:
            (self.directory / SEEDS).mkdir(parents=True, exist_ok=True, mode=0o700)
            if rotated is not None:
                # A crash after this line leaves a login without a seed here; rotate it again.
                self._put_aside(rotated)
            identities = tuple(
                Identity(role=role, name=name, public_key=self._key(each, known.get(each), new=each == rotated))
                for each, (role, name) in roles.items()
            )
            # 1. Every seed is there. A crash after this line leaves seeds that no file knows: they are used next time.
            made = msgspec.structs.replace(site, identities=identities)
            self._replace(SITE, msgspec.json.format(msgspec.json.encode(made)))
            # 2. The keys are known. A crash after this line leaves an old configuration, which is made anew next time.
            self._replace(CONFIGURATION, server_configuration(made).encode())
        except OSError as error:
            raise SiteError(
                f"cannot write {error.filename or self.directory}: {error.strerror}; correct that and run it again"
            ) from error
        return made

    def _key(self, identity: str, known: Identity | None, *, new: bool) -> str:
        """Return the public key of a login: of the seed that is there, as known where none is, else of a new one."""
        file = self.seed_file(identity)
        if file.exists():
            return public_key(read_seed(file))
        if known is not None and not new:
            return known.public_key
        seed, draft = new_seed(), file.with_name(f"{file.name}.new")
        draft.unlink(missing_ok=True)
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as opened:
            opened.write(f"{seed}\n")
            opened.flush()
            os.fsync(opened.fileno())
        os.link(draft, file)  # whole or not at all, and never over another
        draft.unlink()
        return public_key(seed)

    def _put_aside(self, identity: str) -> None:
        file = self.seed_file(identity)
        if file.exists():
            file.rename(file.with_name(f"{file.name}.{public_key(read_seed(file))[:12]}"))

    def _replace(self, name: str, content: bytes) -> None:
        """Write a file whole or not at all."""
        draft = self.directory / f"{name}.new"
        with draft.open("wb") as opened:
            opened.write(content)
            opened.flush()
            os.fsync(opened.fileno())
        draft.replace(self.directory / name)
