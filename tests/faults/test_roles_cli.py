"""The program under the logins of a site: what a role may, its commands do; what it may not, they say so at once."""

from __future__ import annotations

import asyncio
import datetime
import json
from collections.abc import Callable, Iterator
from contextlib import aclosing
from pathlib import Path
from typing import NamedTuple

import pytest

from ledger.access import Access
from ledger.login import new_seed
from tests.program import asked, lines
from tests.site import Running, site
from tui.cli import main
from tui.recording import opening_command

P = "ai-2026"
ORIGIN = f"{P}-0badcafe"
WRITTEN = ("--severity", "note", "--title", "Asked")
EVENTS = 300
"""More than are read in one go, so that reading takes several."""


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A site with some history, which its service has written."""
    people = ["--publisher", "ana", "--reader", "web", "--auditor", "ines", "--pmo", "pia", "--witness", "wes"]
    people += ["--audit-account"]
    with site(tmp_path_factory.mktemp("site"), P, *people) as running:

        async def write() -> None:
            async with running.as_("service") as connection:
                writer = await Access(connection, running.directory).writer(P)
                opened = opening_command(
                    P, ORIGIN, "registrar", title="AI", currency="USD", day=datetime.date(2026, 1, 1)
                )
                funded = [
                    json.dumps(
                        asked(
                            "FundEnvelope",
                            f"envelope/e-{number}",
                            "2026-01-15",
                            {
                                "envelope": f"e-{number}",
                                "value_stream": "claims",
                                "fiscal_period": "FY2026",
                                "capex_opex": "opex",
                                "kind": "initial",
                                "amount": {"minor": 100, "currency": "USD"},
                            },
                            portfolio=ORIGIN,
                            actor="ana",
                        )
                    ).encode()
                    for number in range(1, EVENTS)
                ]
                await writer.submit_all([opened, *funded])
            # What an account of its own mirrors arrives there behind the answer.
            async with running.as_("mirror-ines") as connection:
                mirrored = Access(connection, running.directory).store(P)
                async with asyncio.timeout(30), aclosing(mirrored.follow()) as entries:
                    async for entry in entries:
                        if entry.sequence == EVENTS:
                            break

        asyncio.run(write())
        yield running


class Ran(NamedTuple):
    code: int
    out: str
    err: str


Run = Callable[..., Ran]


@pytest.fixture
def ran(recorded: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run the program in this process as one of the site's logins, or with a seed of its own."""

    def run(login: str | Path | None, *arguments: str) -> Ran:
        monkeypatch.setenv("PORTFOLIO_DATA", str(tmp_path / "data"))
        monkeypatch.setenv("PORTFOLIO_NATS", recorded.url)
        if login is not None:
            seed = recorded.seed(login) if isinstance(login, str) else login
            monkeypatch.setenv("PORTFOLIO_CREDENTIALS", str(seed))
        capsys.readouterr()
        code = main(arguments)
        return Ran(code, *capsys.readouterr())

    return run


@pytest.mark.parametrize("login", ["auditor-ines", "mirror-ines"])
def test_an_auditor_reads_the_log_the_views_and_the_replay(ran: Run, login: str) -> None:
    log = ran(login, "log", "--json")
    assert (log.code, log.err, len(log.out.splitlines())) == (0, "", EVENTS)
    view = ran(login, "view", "spend", "--json")
    assert (view.code, view.err) == (0, "")
    assert sum(row["funded_minor"] for row in json.loads(view.out)["rows"]) == 100 * (EVENTS - 1)
    replay = ran(login, "replay", "--plain")
    assert (replay.code, replay.err) == (0, "")
    assert f"e-{EVENTS - 1}" in replay.out


def test_a_reader_rebuilds_from_the_stream(ran: Run) -> None:
    rebuilt = ran("reader-web", "rebuild")
    assert (rebuilt.code, rebuilt.err) == (0, "")


def test_an_auditor_files_a_finding_and_everybody_who_reads_sees_it(ran: Run) -> None:
    filed = ran("auditor-ines", "finding", "2", "--text", "Who asked for this?", *WRITTEN)
    assert (filed.code, filed.err) == (0, "")
    seen = ran("reader-web", "findings", "--json")
    assert "Who asked for this?" in seen.out
    # Nobody said who: the login did.
    assert [each["actor"] for each in json.loads(seen.out)["findings"]] == ["ines"]


@pytest.mark.parametrize(
    ("identity", "arguments"),
    [
        ("reader-web", ("finding", "2", "--text", "Not mine to file", *WRITTEN)),
        ("publisher-ana", ("log", "--portfolio", P)),
        ("auditor-ines", ("send", "COMMANDS", "--portfolio", P)),
        ("notary", ("finding", "2", "--text", "Not mine to file", *WRITTEN)),
    ],
)
def test_what_a_login_may_not_ends_at_once_and_is_told(
    ran: Run, tmp_path: Path, identity: str, arguments: tuple[str, ...]
) -> None:
    commands = tmp_path / "commands.ndjson"
    command = asked("FundEnvelope", "envelope/x", "2026-01-15", {"envelope": "x"}, portfolio=ORIGIN, actor="ines")
    commands.write_bytes(lines(command))
    refused = ran(identity, *[str(commands) if each == "COMMANDS" else each for each in arguments])
    assert refused.code == 1, refused
    assert f"{identity} may not publish to" in refused.err
    assert refused.err.count("\n") == 1


def test_the_notary_seals_and_witnesses_sign_each_under_its_own_login(ran: Run, tmp_path: Path) -> None:
    sealed = ran("notary", "notary", "--once", "--json")
    assert (sealed.code, sealed.err) == (0, "")
    log = json.loads(sealed.out)
    for login, witness in (("witness-wes", "wes"), ("auditor-ines", "ines")):
        memory = str(tmp_path / witness)
        assert ran(login, "witness", "new", memory, "--name", f"{witness}.example/w1").code == 0
        assert ran(login, "witness", "trust", memory, "--log", log["vkey"], "--place", f"nats:{P}").code == 0
        signed = ran(login, "witness", "run", memory, "--once", "--actor", witness)
        assert f"{log['size']:,} entries signed, filed as {witness}" in signed.out, signed
        another = ran(login, "witness", "run", memory, "--once", "--actor", "somebody")
        assert "filed as" not in another.out
        assert "may not publish to" in another.out


@pytest.mark.parametrize("login", ["reader-web", "auditor-ines", "publisher-ana"])
def test_who_serves_under_a_login_that_may_not_ends_at_once(ran: Run, login: str) -> None:
    refused = ran(login, "serve", "--portfolio", P)
    assert (refused.code, refused.out) == (2, "")
    assert f"{login} may neither take commands" in refused.err


def test_who_may_not_list_the_portfolios_names_none_where_there_is_one(ran: Run) -> None:
    refused = ran("auditor-ines", "log", "--portfolio", "other")
    assert (refused.code, refused.out) == (1, "")


def test_init_is_for_the_operator_and_the_service(ran: Run) -> None:
    refused = ran("auditor-ines", "init", "other", "--currency", "USD")
    assert refused.code != 0
    assert "auditor-ines" in refused.err


@pytest.mark.parametrize("identity", ["auditor-ines", "publisher-ana", "operator", "service", "mirror"])
def test_doctor_says_who_one_is_and_what_one_may(ran: Run, identity: str) -> None:
    told = ran("mirror-ines" if identity == "mirror" else identity, "doctor", "--json")
    assert (told.code, told.err) == (0, "")
    looks = {look["what"]: look for look in json.loads(told.out)}
    assert looks["login"]["told"].startswith(f"{identity}")
    assert "$SYS.REQ.USER.INFO" in looks["may publish to"]["told"]
    if identity == "publisher-ana":
        assert looks[f"portfolio {P}"]["holds"] is None
        assert f"portfolio.{P}.command.ana.*" in looks["may publish to"]["told"]
    else:
        assert looks[f"portfolio {P}"]["told"].startswith(f"{EVENTS} entries")


def test_a_seed_that_others_may_read_is_told(recorded: Running, ran: Run, tmp_path: Path) -> None:
    seed = tmp_path / "open.nk"
    seed.write_text(recorded.seed("reader-web").read_text())
    seed.chmod(0o644)
    assert "others than its owner may read it" in ran(seed, "doctor").out


@pytest.mark.parametrize(
    ("content", "code", "said"),
    [
        (None, 2, "cannot read the credentials"),
        ("", 2, "holds no login"),
        ("SUAAAA", 2, "holds no login"),
        ("stranger", 1, "does not let"),
    ],
)
def test_credentials_that_are_none_are_refused(
    ran: Run, tmp_path: Path, content: str | None, code: int, said: str
) -> None:
    seed = tmp_path / "some.nk"
    if content is not None:
        seed.write_text(new_seed() if content == "stranger" else content)
    refused = ran(seed, "log", "--portfolio", P)
    assert (refused.code, refused.out) == (code, "")
    assert said in refused.err


def test_without_credentials_nobody_is_let_in(ran: Run) -> None:
    refused = ran(None, "log", "--portfolio", P)
    assert (refused.code, refused.out) == (1, "")
    assert "does not let who comes without --credentials in" in refused.err
