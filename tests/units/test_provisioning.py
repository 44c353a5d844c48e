"""The files of a site: keys are kept, seeds are never written over, and whatever a crash leaves is taken up again."""

from __future__ import annotations

import json
import stat
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from ledger import site
from ledger.login import public_key, read_seed
from ledger.roles import FIXED, ROLES, Identity, identity_id
from ledger.server import nats_server_binary
from ledger.site import SiteFiles
from schemas import subjects
from tui.cli import main

NEW = ["--portfolio", "ai-2026", "--publisher", "ana", "--auditor", "ines"]
DOCS = Path(__file__).resolve().parents[2] / "docs" / "sites.md"


def provision(directory: Path, *arguments: str) -> int:
    return main(["provision", str(directory), *arguments])


def keys(directory: Path) -> dict[str, str]:
    """Return the public key of each login, as site.json knows it."""
    made = SiteFiles(directory).read()
    assert made is not None
    return {each.id: each.public_key for each in made.identities}


def seeds(directory: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in (directory / "seeds").iterdir()}


def test_a_seed_is_for_its_owner_only_and_no_other_file_holds_one(tmp_path: Path) -> None:
    assert provision(tmp_path, *NEW) == 0
    assert set(keys(tmp_path)) == {*FIXED, "publisher-ana", "auditor-ines"}
    assert stat.S_IMODE((tmp_path / "seeds").stat().st_mode) == 0o700
    for identity, key in keys(tmp_path).items():
        file = tmp_path / "seeds" / f"{identity}.nk"
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert public_key(read_seed(file)) == key
        for name in ("nats.conf", "site.json"):
            assert key in (tmp_path / name).read_text()
            assert file.read_text().strip() not in (tmp_path / name).read_text()


def test_run_again_it_keeps_every_key_and_adds_who_is_named(tmp_path: Path) -> None:
    provision(tmp_path, *NEW)
    before, conf = (keys(tmp_path), seeds(tmp_path)), (tmp_path / "nats.conf").read_text()
    assert provision(tmp_path) == 0
    assert ((keys(tmp_path), seeds(tmp_path)), (tmp_path / "nats.conf").read_text()) == (before, conf)
    assert provision(tmp_path, "--publisher", "bo", "--publisher", "ana") == 0
    assert keys(tmp_path) == {**before[0], "publisher-bo": keys(tmp_path)["publisher-bo"]}
    assert seeds(tmp_path).items() > before[1].items()


def test_a_seed_that_was_taken_away_leaves_its_key(tmp_path: Path) -> None:
    provision(tmp_path, *NEW)
    before = keys(tmp_path)
    (tmp_path / "seeds" / "publisher-ana.nk").unlink()
    assert provision(tmp_path) == 0
    assert keys(tmp_path) == before
    assert "publisher-ana.nk" not in seeds(tmp_path)


def test_a_rotated_login_gets_a_new_key_and_its_old_seed_is_kept_beside(tmp_path: Path) -> None:
    provision(tmp_path, *NEW)
    old, seed = keys(tmp_path), seeds(tmp_path)["publisher-ana.nk"]
    assert provision(tmp_path, "--rotate", "publisher-ana") == 0
    new = keys(tmp_path)
    assert {name for name in new if new[name] != old[name]} == {"publisher-ana"}
    assert seeds(tmp_path)[f"publisher-ana.nk.{old['publisher-ana'][:12]}"] == seed
    assert old["publisher-ana"] not in (tmp_path / "nats.conf").read_text()


def test_a_removed_login_is_let_in_no_more_and_comes_back_with_its_seed(tmp_path: Path) -> None:
    provision(tmp_path, *NEW)
    before = keys(tmp_path)
    assert provision(tmp_path, "--remove", "publisher-ana") == 0
    assert keys(tmp_path) == {name: key for name, key in before.items() if name != "publisher-ana"}
    assert before["publisher-ana"] not in (tmp_path / "nats.conf").read_text()
    assert "publisher-ana.nk" in seeds(tmp_path)
    assert provision(tmp_path, "--publisher", "ana") == 0
    assert keys(tmp_path) == before


def test_a_removed_auditor_has_no_login_to_the_mirrors_either(tmp_path: Path) -> None:
    provision(tmp_path, *NEW, "--audit-account")
    assert "mirror-ines" in keys(tmp_path)
    assert provision(tmp_path, "--remove", "auditor-ines") == 0
    assert not {"auditor-ines", "mirror-ines"} & set(keys(tmp_path))


class Crash(BaseException):
    """The process ends here."""


@pytest.mark.parametrize("after", ["put_aside", "seed", "site.json"])
def test_a_crash_while_a_key_is_rotated_is_finished_by_the_next_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, after: str
) -> None:
    provision(tmp_path, *NEW)
    old = keys(tmp_path)
    with monkeypatch.context() as patched:
        crash_after(patched, after)
        with pytest.raises(Crash):
            provision(tmp_path, "--rotate", "publisher-ana")
    assert provision(tmp_path, *(["--rotate", "publisher-ana"] if after == "put_aside" else [])) == 0
    new = keys(tmp_path)
    assert new["publisher-ana"] != old["publisher-ana"]
    assert public_key(seeds(tmp_path)["publisher-ana.nk"].strip()) == new["publisher-ana"]
    assert new["publisher-ana"] in (tmp_path / "nats.conf").read_text()
    assert any(name.startswith("publisher-ana.nk.U") for name in seeds(tmp_path))
    assert {name: key for name, key in new.items() if name != "publisher-ana"} == {
        name: key for name, key in old.items() if name != "publisher-ana"
    }


@pytest.mark.parametrize("after", ["seed", "site.json"])
def test_a_crash_while_a_site_is_made_loses_no_seed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, after: str
) -> None:
    with monkeypatch.context() as patched:
        crash_after(patched, after)
        with pytest.raises(Crash):
            provision(tmp_path, *NEW)
    left = seeds(tmp_path)
    assert provision(tmp_path, *NEW) == 0
    assert left.items() <= seeds(tmp_path).items()
    assert (tmp_path / "nats.conf").exists()


def crash_after(patched: pytest.MonkeyPatch, step: str) -> None:
    """End the process after one of the steps of writing a site."""

    def then_crash(works: Callable[..., object], only: str | None = None) -> Callable[..., object]:
        def crashing(self: SiteFiles, name: str, *rest: object, **named: object) -> object:
            result = works(self, name, *rest, **named)
            if only in (None, name):
                raise Crash
            return result

        return crashing

    if step == "put_aside":
        patched.setattr(SiteFiles, "_put_aside", then_crash(SiteFiles._put_aside))
    elif step == "seed":
        patched.setattr(SiteFiles, "_key", then_crash(SiteFiles._key, "publisher-ana"))
    else:
        patched.setattr(SiteFiles, "_replace", then_crash(SiteFiles._replace, site.SITE))


def test_what_was_made_is_told_as_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    provision(tmp_path, *NEW, "--url", "nats://ledger.example:4222", "--json")
    told = json.loads(capsys.readouterr().out)
    assert (told["portfolio"], told["encrypted"], told["on_server"]) == ("ai-2026", False, [])
    assert {each["id"]: each["public_key"] for each in told["identities"]} == keys(tmp_path)
    assert all(each["new"] and each["inbox"] == subjects.inbox(each["public_key"]) for each in told["identities"])
    assert not any(Path(each["seed"]).read_text().strip() in json.dumps(told) for each in told["identities"])


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "is no site yet; say whose it is with --portfolio"),
        (["--portfolio", "a b"], "is no id"),
        (["--portfolio", "p", "--publisher", "a.b"], "--publisher: 'a.b' names no publisher"),
        (["--portfolio", "p", "--publisher", "*"], "names no publisher"),
        (["--portfolio", "p", "--rotate", "publisher-eve"], "there is no login publisher-eve"),
        (["--portfolio", "p", "--remove", "publisher-eve"], "publisher-eve is no login that can be removed"),
        (["--portfolio", "p", "--remove", "service"], "service is no login that can be removed"),
        (["--portfolio", "p", "--tls-cert", "cert.pem"], "--tls-cert and --tls-key belong together"),
        (["--portfolio", "p", "--url", "http://there"], "--url is 'http://there'"),
    ],
)
def test_what_makes_no_site_is_refused_and_leaves_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    assert provision(tmp_path / "site", *arguments) == 2
    assert said in capsys.readouterr().err
    assert not (tmp_path / "site").exists()


def test_a_site_stays_the_site_of_its_portfolio(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    provision(tmp_path, *NEW)
    assert provision(tmp_path, "--portfolio", "other") == 2
    assert "is the site of ai-2026, not of other" in capsys.readouterr().err


@pytest.mark.parametrize("content", ["", "{}", '{"portfolio": 3}'])
def test_a_site_file_that_is_none_is_refused_and_stays(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str
) -> None:
    provision(tmp_path, *NEW)
    (tmp_path / "site.json").write_text(content)
    assert provision(tmp_path, *NEW) == 2
    assert "is not what was written there" in capsys.readouterr().err
    assert (tmp_path / "site.json").read_text() == content


@pytest.mark.parametrize("more", [[], ["--audit-account"], ["--tls-cert", "/c.pem", "--tls-key", "/k.pem"]])
def test_the_server_reads_the_configuration(tmp_path: Path, more: list[str]) -> None:
    named = ["--pmo", "pia", "--reader", "web", "--witness", "wes", "--store", str(tmp_path / "streams")]
    provision(tmp_path, *NEW, *named, *more)
    checked = subprocess.run(
        [nats_server_binary(), "-t", "--config", str(tmp_path / "nats.conf")], capture_output=True, text=True
    )
    if "--tls-cert" in more:
        assert "/c.pem" in checked.stderr  # it looks for the certificate, which is not there
    else:
        assert checked.returncode == 0, checked.stderr
    assert "js_ack_fc_v2" in (tmp_path / "nats.conf").read_text()
    assert 'http: "127.0.0.1:8222"' in (tmp_path / "nats.conf").read_text()


@pytest.mark.parametrize(
    ("url", "listen"),
    [
        ("nats://127.0.0.1:4333", "127.0.0.1:4333"),
        ("nats://nats", "0.0.0.0:4222"),
        ("tls://ledger.example:4443", "0.0.0.0:4443"),
    ],
)
def test_the_server_listens_where_its_url_says(tmp_path: Path, url: str, listen: str) -> None:
    provision(tmp_path, *NEW, "--url", url)
    assert f'listen: "{listen}"' in (tmp_path / "nats.conf").read_text()


@pytest.mark.parametrize("role", ROLES)
def test_every_role_is_told_in_the_page_for_operators(role: str) -> None:
    (row,) = (line for line in DOCS.read_text().splitlines() if line.startswith(f"| {role} |"))
    assert ROLES[role].told in row


def test_a_login_is_called_by_its_role_and_name() -> None:
    assert (
        Identity(role="publisher", name="ana", public_key="U").id == identity_id("publisher", "ana") == "publisher-ana"
    )
    for role, name in [("publisher", ""), ("service", "ana"), ("king", ""), ("publisher", "a b")]:
        with pytest.raises(ValueError, match=r"is no role|names no"):
            identity_id(role, name)


@pytest.mark.parametrize(
    ("wide", "narrow", "covered"),
    [
        ("a.b", "a.b", True),
        ("a.*", "a.b", True),
        ("a.>", "a.b.c", True),
        ("a.>", "a.*.>", True),
        ("a.>", "a", False),
        ("a.*", "a.>", False),
        ("a.*", "a.b.c", False),
        ("a.b", "a.*", False),
        ("a.*.c", "a.b", False),
        (">", "a", True),
    ],
)
def test_a_pattern_covers_what_it_stands_for(wide: str, narrow: str, covered: bool) -> None:
    assert subjects.covers(wide, narrow) is covered
