"""Who may come in through the browser's door: where a request says it is for and from, a token once, a cookie after.

A page on another site can make a browser send requests here, and can give its own name our address. So what the
request is for (Host) and from (Origin) must be this very server; a cookie alone proves nothing.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import NamedTuple


class No(NamedTuple):
    """A request is not answered: the HTTP status, and what to do."""

    status: int
    told: str


MISDIRECTED = No(421, "This server does not go by that name; open the address that was printed where it was started.")
FOREIGN = No(403, "Another page made this request; open the address that was printed where the server was started.")
UNKNOWN = No(403, "The address that was printed opens this once, in one browser. Start the server again for a new one.")


class Door:
    """One server's names and secrets. token: for the first request; cookie: what it is exchanged for."""

    def __init__(self, origins: Mapping[str, str]) -> None:
        """origins: by each Host the server goes by the Origin of its own pages."""
        self.origins = origins
        self.token = secrets.token_urlsafe(32)
        self.cookie = secrets.token_urlsafe(32)
        self._spent = False

    def refuses(self, host: str | None, origin: str | None, *, must_name_origin: bool = False) -> No | None:
        """Return why a request is refused by where it says it is for and from, None where it is not."""
        if host is None or host not in self.origins:
            return MISDIRECTED
        if origin is None:
            return FOREIGN if must_name_origin else None
        return None if origin == self.origins[host] else FOREIGN

    def admits(self, token: str) -> bool:
        """Take the token: right once, wrong ever after."""
        if self._spent or not _same(token, self.token):
            return False
        self._spent = True
        return True

    def knows(self, cookie: str | None) -> bool:
        """Say whether a cookie is the one that the token was exchanged for."""
        return self._spent and cookie is not None and _same(cookie, self.cookie)


def _same(given: str, ours: str) -> bool:
    """Compare in a time that tells nothing. Headers may hold what is no text."""
    return secrets.compare_digest(given.encode(errors="surrogatepass"), ours.encode())
