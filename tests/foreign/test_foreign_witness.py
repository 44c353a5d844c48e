"""A witness that is not ours signs our log as ours would, and a client that is not ours asks our witness.

Both are aics-witness, which speaks C2SP tlog-witness v1.1.0; `tests/foreign/install` installs it where it can be had,
and each test says NOT INSTALLED where it is not. Their witness is the program as they ship it, started on 127.0.0.1.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import time
from base64 import b64encode
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple
from urllib.request import urlopen

import aiohttp
import pytest

from ledger.access import opened
from ledger.notary.note import SignerKey, Vkey, parse_note, parse_vkey, sign_note
from ledger.notary.policy import judge, parse_policy
from ledger.notary.witness import Request, format_request, new_witness, open_witness, trust_log
from ledger.notary.witness_site import witness_site
from ledger.settings import Settings
from tests.logs import LOG, asked, checkpoint_of, entries_of, signed, write_log
from tests.program import ROOT, open_in, plans
from tui.cli import main

SUBMIT = ROOT / "tests/foreign/aics_submit.py"
THEIR_NAME = "northgate.example/w1"
ENTRIES = entries_of(700)
OTHERS = [*ENTRIES[:50], b"another", *ENTRIES[51:]]


# Our log, their witness


class Theirs(NamedTuple):
    """A witness of theirs: its program, its configuration, and the key that verifies what it signs."""

    program: Path
    config: Path
    vkey: str

    def told(self, verb: str, *arguments: str) -> Any:
        """Return what it prints as JSON."""
        return json.loads(ran(self.program, verb, "--config", self.config, *arguments))

    @contextmanager
    def serving(self) -> Iterator[str]:
        """Run it, and yield its URL."""
        command = [self.program, "serve", "--config", self.config, "--listen", "127.0.0.1:0"]
        with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
            assert process.stderr is not None
            try:
                for line in process.stderr:
                    if "listening on " in line:
                        yield line.partition("listening on ")[2].split()[0]
                        break
                else:
                    pytest.fail("it ended at its start")
            finally:
                process.terminate()
                rest = process.stderr.read()
        assert process.returncode == 0, rest


def theirs(aics: Path, folder: Path, log: Vkey) -> Theirs:
    """Make a witness of theirs that looks at one log."""
    folder.mkdir()
    program, config = aics / "aics-witness", folder / "witness.json"
    vkey = ran(program, "init", "--config", config, "--name", THEIR_NAME).strip()
    ran(program, "add-log", "--config", config, "--origin", log.name, "--vkey", log)
    return Theirs(program, config, vkey)


def ran(*command: object) -> str:
    return subprocess.run([*map(str, command)], capture_output=True, text=True, check=True, timeout=60).stdout


class Asking:
    """Our side: a log in a directory, the policy that names their witness, and `portfolio witness ask`."""

    def __init__(self, log: Path, policy: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.log, self.policy, self.capsys = log, policy, capsys

    def ask(self, entries: list[bytes], *, code: int = 0) -> tuple[str, int | None]:
        """Publish these entries, ask, and return what their witness was said to answer, and what is witnessed."""
        write_log(self.log, entries)
        assert main(["witness", "ask", str(self.log), "--once", "--policy", str(self.policy), "--json"]) == code
        told = json.loads(self.capsys.readouterr().out)
        (asked,) = told["asked"]
        assert asked["differs"] == (code == 1)
        return asked["told"], told["witnessed"]


def test_their_witness_signs_our_log_as_it_grows_and_refuses_every_fork(
    aics: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    witness = theirs(aics, tmp_path / "theirs", LOG.vkey)
    ours = Asking(tmp_path / "log", tmp_path / "policy", capsys)

    def looks_at(url: str) -> None:
        ours.policy.write_text(f"log {LOG.vkey}\nwitness northgate {witness.vkey} {url}\nquorum northgate\n")

    with witness.serving() as url:
        looks_at(url)
        # The first time, and again; then from the size it names in a 409, by a proof through tiles of two levels.
        for size in (5, 5, 300):
            assert ours.ask(ENTRIES[:size]) == ("it has signed", size)
        # What it shows to whoever watches it is a checkpoint that our policy finds witnessed.
        with urlopen(f"{url}/{sha256(LOG.name.encode()).hexdigest()}/checkpoint") as shown:
            verdict = judge(parse_policy(ours.policy.read_bytes()), shown.read(), now_s=int(time.time()))
        assert (verdict.witnessed, verdict.checkpoint) == (True, checkpoint_of(ENTRIES[:300]))
    with witness.serving() as url:
        # It remembers over a restart, and none of these histories goes on from what it has signed.
        looks_at(url)
        kept = (ours.log / "witnessed").read_bytes()
        for size, answer in (
            (300, "it answers 422: 'same tree size as the latest cosigned checkpoint but a different root hash'"),
            (400, "it answers 422: 'consistency proof from size 300 to 400 does not verify'"),
            (100, "it has signed 300 entries, and is asked for fewer"),
        ):
            assert ours.ask(OTHERS[:size], code=1) == (answer, 300)
            assert (ours.log / "witnessed").read_bytes() == kept
        # It keeps what our key signed beside what it had signed: two roots at one size even where the old size differs.
        evidence = [(each["witness_size"], each["request"].partition("\n\n")[2]) for each in witness.told("evidence")]
        assert evidence == [(300, signed(OTHERS[:size]).decode()) for size in (300, 300, 400)]
        assert ours.ask(ENTRIES) == ("it has signed", 700)
    (log,) = witness.told("status", "--json")["logs"]
    root = b64encode(checkpoint_of(ENTRIES).root).decode()
    assert (log["size"], log["root"], log["evidence"]) == (700, root, 3)


async def test_a_portfolio_with_their_witness_and_ours_is_verified_up_to_a3(
    aics: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data, mine, policy = tmp_path / "data", tmp_path / "mine", tmp_path / "policy"

    async def told(*arguments: object, code: int = 0) -> Any:
        # In a thread, since every command has an event loop of its own.
        assert await asyncio.to_thread(main, [*map(str, arguments), "--json", "--data", str(data)]) == code
        return json.loads(capsys.readouterr().out.splitlines()[-1])

    verify = ("verify", data / "p", "--policy", policy, "--remember", tmp_path / "remembered", "--max-age", 600)

    async with opened(Settings(data, "p", "ana", None)) as access:  # so that every command finds its server running
        await open_in(access, "p", "p-00000000")
        log = (await told("notary", "--once"))["vkey"]
        witness = theirs(aics, tmp_path / "theirs", parse_vkey(log))
        audit = (await told("witness", "new", mine, "--name", "audit.example.com/w"))["vkey"]
        await told("witness", "trust", mine, "--log", log)
        with witness.serving() as url:
            async with witness_site("127.0.0.1", 0, open_witness(mine, time.time)) as port:
                policy.write_text(
                    f"log {log}\nwitness audit {audit} http://127.0.0.1:{port}\n"
                    f"witness northgate {witness.vkey} {url}\ngroup both all audit northgate\nquorum both\n"
                    "# organisation acme p-00000000 audit\n# organisation northgate northgate\n"
                )
                ask = ("witness", "ask", data / "p", "--once", "--policy", policy)
                assert (await told(*ask))["witnessed"] == 1
                assert (await told(*verify))["ranges"]["witnessed"] == [1, 1]
                await told("import", *plans(tmp_path / "plans", copies=8))
                await told("notary", "--once")
                answers = await told(*ask)
        assert [(each["witness"], each["signed"]) for each in answers["asked"]] == [
            ("audit", True),
            ("northgate", True),
        ]
    size = answers["witnessed"]
    assert size > 256
    found = await told(*verify, "--level", "A3")
    assert (found["reached"], found["ranges"]) == ("A3", {"witnessed": [1, size], "sealed": None, "unsealed": None})
    said = {each["level"]: (each["standing"], each["findings"][0]["text"]) for each in found["levels"]}
    assert said["A2"][0] == said["A3"][0] == "HOLDS"
    assert said["A2"][1].startswith("it goes on from the 1 entries remembered")
    assert said["A3"][1].startswith(f"the quorum 'both' has signed {size:,} entries: audit at ")


# The same questions to both


QUESTIONS: list[tuple[bytes, int]] = [
    (asked(0, ENTRIES[:10]), 200),
    (asked(10, ENTRIES[:10]), 200),
    (asked(0, ENTRIES[:3], key=LOG._replace(name="example.com/other")), 404),
    (asked(0, ENTRIES[:3], key=LOG._replace(seed=b"?" * 32)), 403),
    (parse_note(signed(ENTRIES[:3])).text.encode(), 400),
    (asked(11, ENTRIES[:10], proof=()), 400),
    (asked(0, ENTRIES[:20]), 409),
    (asked(9, ENTRIES[:20]), 409),
    (asked(10, ENTRIES[:20], proof=()), 422),
    (asked(10, ENTRIES[:20], proof=[bytes(32)]), 422),
    (asked(10, ENTRIES[:10], proof=[bytes(32)]), 422),
    (asked(10, [b"other"] * 10), 422),
    (b"old 01\n\n" + signed(ENTRIES), 400),
    (b"old -1\n\n" + signed(ENTRIES), 400),
    (b"old 10\nAAAA\n\n" + signed(ENTRIES), 400),
    (b"old 10\n" + signed(ENTRIES), 400),
    (format_request(Request(10, (bytes(32),) * 64, signed(ENTRIES))), 400),
    (asked(10, ENTRIES[:300]), 200),
]


async def test_both_witnesses_answer_a_log_alike(aics: Path, tmp_path: Path) -> None:
    witness, mine = theirs(aics, tmp_path / "theirs", LOG.vkey), tmp_path / "mine"
    new_witness(mine, "audit.example.com/w")
    trust_log(mine, str(LOG.vkey), None)
    async with aiohttp.ClientSession() as client, witness_site("127.0.0.1", 0, open_witness(mine, time.time)) as port:

        async def answered(url: str, body: bytes) -> tuple[int, str | None]:
            async with client.post(f"{url}/add-checkpoint", data=body) as answer:
                sized = answer.content_type == "text/x.tlog.size"
                return answer.status, await answer.text() if sized else None

        with witness.serving() as url:

            async def both(body: bytes) -> list[tuple[int, str | None]]:
                return [await answered(each, body) for each in (f"http://127.0.0.1:{port}", url)]

            # One difference: of size 0 there is one root, so that a checkpoint with another one is malformed to us. To
            # tlog-witness v1.1.0 it is a proof that does not hold.
            no_root = b"old 0\n\n" + sign_note(f"{LOG.name}\n0\n{b64encode(bytes(32)).decode()}\n", LOG)
            assert await both(no_root) == [(400, None), (422, None)]
            for body, status in QUESTIONS:
                assert await both(body) == [(status, "10\n" if status == 409 else None)] * 2, body


# Their client, our witness


@asynccontextmanager
async def their_client(aics: Path, url: str, vkey: object) -> AsyncIterator[Callable[..., Awaitable[Any]]]:
    """Yield what asks their client to have a log in a directory signed by a witness, and returns what came of it."""
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        aics / "python", SUBMIT, url, str(vkey), str(LOG.vkey), stdin=pipe, stdout=pipe
    )
    assert process.stdin is not None
    assert process.stdout is not None
    requests, answers = process.stdin, process.stdout

    async def submitted(directory: Path, **options: object) -> Any:
        requests.write(json.dumps({"directory": str(directory), **options}).encode() + b"\n")
        return json.loads(await answers.readline())

    try:
        yield submitted
    finally:
        requests.close()
        await process.wait()


async def test_their_client_gets_lines_of_our_witness_that_its_verifier_counts(aics: Path, tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    vkey = new_witness(mine, "audit.example.com/w")
    trust_log(mine, str(LOG.vkey), None)
    async with (
        witness_site("127.0.0.1", 0, open_witness(mine, time.time)) as port,
        their_client(aics, f"http://127.0.0.1:{port}", vkey) as submitted,
    ):

        async def told(entries: list[bytes], *, key: SignerKey = LOG, **options: object) -> Any:
            return await submitted(write_log(tmp_path / "log", entries, signed(entries, key)), **options)

        def counted(size: int) -> dict[str, Any]:
            under = {"ok": True, "error": None, "size": size, "witnesses": [vkey.name]}
            return {"signed": under, "shown": under}

        # The first time, and again; from the size it remembers, and from 0, where our 409 names it.
        remembering = {"state": str(tmp_path / "remembered")}
        for size, options in ((5, {}), (5, {}), (300, remembering), (400, remembering), (600, {})):
            assert await told(ENTRIES[:size], **options) == counted(size)
        # With one proof alone, from a size that is not ours to go on from, it is told ours in the body of the 409.
        conflict = await told(ENTRIES, **{"from": 300})
        assert (conflict["refused"], conflict["known_size"]) == ("WitnessConflict", 600)
        assert await told(ENTRIES, **{"from": 600}) == counted(700)
        # What does not go on is refused, and it knows for good from what.
        longer = [*OTHERS, *ENTRIES]
        for size, answer, why in (
            (700, ("WitnessRejected", 422, None), "two roots at 700 entries"),
            (900, ("WitnessRejected", 422, None), "the consistency proof from 700 to 900 entries does not hold"),
            (650, ("WitnessAhead", None, 700), "larger than this checkpoint (650)"),
        ):
            found = await told(longer[:size])
            assert (found["refused"], found["status"], found["known_size"]) == answer
            assert why in found["told"]
        (fork,) = mine.glob("fork-*")
        assert "two roots at 700 entries" in (fork / "why").read_text()
        # A log we do not look at, and a key that is not the log's.
        for key, status in ((LOG._replace(name="example.com/other"), 404), (LOG._replace(seed=b"?" * 32), 403)):
            assert (await told(ENTRIES, key=key))["status"] == status
        assert await told(ENTRIES) == counted(700)
