"""Settings: what is given in words wins over the environment, and the environment over the defaults."""

from __future__ import annotations

import getpass
from pathlib import Path

import pytest

from ledger.settings import ENVIRONMENT, Settings, SettingsError, settings

EVERYTHING = {
    "PORTFOLIO_DATA": "/srv/ledger",
    "PORTFOLIO_NAME": "ai-2026",
    "PORTFOLIO_ACTOR": "ana",
    "PORTFOLIO_NATS": "nats://localhost:4222",
    "PORTFOLIO_CREDENTIALS": "/srv/ana.nk",
    "PORTFOLIO_KEYS": "/srv/keys.json",
    "PORTFOLIO_VAULT": "/srv/vault",
    "PORTFOLIO_POLICY": "/srv/policy",
}


@pytest.fixture(autouse=True)
def login(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the person at the terminal be called bo."""
    monkeypatch.setattr(getpass, "getuser", lambda: "bo")


def test_the_environment_is_read() -> None:
    files = {"keys": Path("/srv/keys.json"), "credentials": Path("/srv/ana.nk"), "vault": Path("/srv/vault")}
    files["policy"] = Path("/srv/policy")
    wanted = Settings(Path("/srv/ledger"), "ai-2026", "ana", "nats://localhost:4222", **files)
    assert settings(environment=EVERYTHING) == wanted


def test_every_setting_of_the_environment_is_listed() -> None:
    asked: list[str] = []

    class Asked(dict[str, str]):
        def get(self, name: str, *_: object) -> None:  # type: ignore[override]
            asked.append(name)

    settings(environment=Asked())
    assert set(asked) == set(ENVIRONMENT) == set(EVERYTHING)
    assert all(ENVIRONMENT.values())


def test_what_is_given_in_words_wins() -> None:
    words = {"data": Path("/somewhere/else"), "portfolio": "other", "actor": "eve", "nats": "nats://other:4222"}
    files = {"credentials": Path("/somewhere/eve.nk"), "vault": Path("/somewhere/vault")}
    given = settings(**words, **files, environment=EVERYTHING)  # type: ignore[arg-type]
    assert given == Settings(**words, **files, keys=Path("/srv/keys.json"), policy=Path("/srv/policy"))  # type: ignore[arg-type]


def test_credentials_without_a_server_to_log_in_to_are_no_use() -> None:
    with pytest.raises(SettingsError, match=r"--credentials /srv/ana\.nk are for a NATS server; name it with --nats"):
        settings(credentials=Path("/srv/ana.nk"), environment={})


def test_without_either_there_is_a_directory_of_the_users_own_no_portfolio_and_no_server() -> None:
    chosen = settings(environment={})
    assert (chosen.portfolio, chosen.actor, chosen.nats) == (None, "bo", None)
    assert chosen.data.is_absolute()
    assert chosen.data.name == "portfolio-ledger"


def test_who_was_guessed_is_told() -> None:
    assert settings(environment={}).actor_guessed
    assert not settings(actor="ana", environment={}).actor_guessed
    assert not settings(environment=EVERYTHING).actor_guessed


def test_a_setting_that_is_empty_is_not_set() -> None:
    assert settings(environment=dict.fromkeys(EVERYTHING, "")) == settings(environment={})
    assert settings(portfolio="", actor="", nats="", environment=EVERYTHING) == settings(environment=EVERYTHING)


@pytest.mark.parametrize(
    ("login", "actor"),
    [("ana maria", "ana_maria"), ("DOMAIN\\ana", "DOMAIN_ana"), ("zoë", "zo_"), ("x" * 80, "x" * 64)],
)
def test_a_login_name_becomes_an_id(monkeypatch: pytest.MonkeyPatch, login: str, actor: str) -> None:
    monkeypatch.setattr(getpass, "getuser", lambda: login)
    assert settings(environment={}).actor == actor


@pytest.mark.parametrize("error", [KeyError("uid"), OSError("no user")])
def test_who_has_no_login_name_is_somebody(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def nobody() -> str:
        raise error

    monkeypatch.setattr(getpass, "getuser", nobody)
    assert settings(environment={}).actor == "somebody"


@pytest.mark.parametrize("name", ["a b", "a.b", "../x", "*", "x" * 65, "ä", "a\n"])
@pytest.mark.parametrize("setting", ["portfolio", "actor"])
def test_a_name_that_is_no_id_is_refused_with_what_is_one(setting: str, name: str) -> None:
    variable = {"portfolio": "PORTFOLIO_NAME", "actor": "PORTFOLIO_ACTOR"}[setting]
    wanted = rf"^{setting} .* is no id; use letters, digits, hyphen and underscore, 1 to 64 of them$"
    with pytest.raises(SettingsError, match=wanted):
        settings(**{setting: name}, environment={})  # type: ignore[arg-type]
    with pytest.raises(SettingsError, match=wanted):
        settings(environment={variable: name})


def test_settings_do_not_change() -> None:
    with pytest.raises(AttributeError):
        settings(environment={}).actor = "eve"  # type: ignore[misc]
