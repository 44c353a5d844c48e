"""Settings: read once at an entry point, then passed. What is given in words wins over the environment."""

from __future__ import annotations

import getpass
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from schemas.values import as_id, is_id

ENVIRONMENT = {
    "PORTFOLIO_DATA": "the data directory",
    "PORTFOLIO_NAME": "the portfolio, where --portfolio is not given",
    "PORTFOLIO_ACTOR": "who acts, where --actor is not given",
    "PORTFOLIO_NATS": "a NATS server's URL, where --nats is not given",
    "PORTFOLIO_CREDENTIALS": "the file of the login to a NATS server, where --credentials is not given",
    "PORTFOLIO_VAULT": "the directory free texts are kept in, where --vault is not given",
    "PORTFOLIO_POLICY": "the log keys and witnesses you believe, where --policy is not given",
    "PORTFOLIO_KEYS": "a JSON file that gives actions other keys, where --keys is not given",
}
"""Every setting, and what it means."""


class SettingsError(Exception):
    """A setting cannot be used: which, its value, what is allowed."""


@dataclass(frozen=True, slots=True)
class Settings:
    """data: the data directory. portfolio: None for the only one there. nats: None for the private server of
    *data*. actor: who acts. keys: a file that gives actions of the terminal other keys. credentials: the file of the
    seed to log in to *nats* with. vault: the directory free texts are kept in, so that they can be erased; None where
    they stand in the ledger themselves. policy: the file of the log keys and witnesses the user believes.
    actor_guessed: nobody said who acts, so it is who is logged in here."""

    data: Path
    portfolio: str | None
    actor: str
    nats: str | None
    keys: Path | None = None
    credentials: Path | None = None
    vault: Path | None = None
    policy: Path | None = None
    actor_guessed: bool = False


def settings(
    *,
    data: Path | None = None,
    portfolio: str | None = None,
    actor: str | None = None,
    nats: str | None = None,
    credentials: Path | None = None,
    vault: Path | None = None,
    environment: Mapping[str, str] = os.environ,
) -> Settings:
    """Return what was given, completed from the environment and defaults. Errors: SettingsError."""
    given = environment.get
    chosen_portfolio = portfolio or given("PORTFOLIO_NAME") or None
    named_actor = actor or given("PORTFOLIO_ACTOR")
    chosen_actor = named_actor or as_id(_user())
    for setting, value in (("portfolio", chosen_portfolio), ("actor", chosen_actor)):
        if value is not None and not is_id(value):
            raise SettingsError(
                f"{setting} {value!r} is no id; use letters, digits, hyphen and underscore, 1 to 64 of them"
            )
    chosen_nats = nats or given("PORTFOLIO_NATS") or None
    chosen_credentials = credentials or (Path(seed) if (seed := given("PORTFOLIO_CREDENTIALS")) else None)
    if chosen_credentials is not None and chosen_nats is None:
        raise SettingsError(f"--credentials {chosen_credentials} are for a NATS server; name it with --nats")
    return Settings(
        data=data or Path(given("PORTFOLIO_DATA") or platformdirs.user_data_path("portfolio-ledger")),
        portfolio=chosen_portfolio,
        actor=chosen_actor,
        nats=chosen_nats,
        keys=Path(named) if (named := given("PORTFOLIO_KEYS")) else None,
        policy=Path(named) if (named := given("PORTFOLIO_POLICY")) else None,
        credentials=chosen_credentials,
        vault=vault or (Path(kept) if (kept := given("PORTFOLIO_VAULT")) else None),
        actor_guessed=not named_actor,
    )


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "somebody"
