"""What a witness answers, remembers and keeps; and that it may crash at any step without signing two histories."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from hashlib import sha256
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ledger.notary import memory
from ledger.notary.checkpoint import open_checkpoint, parse_checkpoint
from ledger.notary.cosignature import cosigned_at_s
from ledger.notary.cosigning import collect_cosignatures, lines_for, with_lines
from ledger.notary.note import NoteError, Vkey, parse_note, parse_signatures
from ledger.notary.places import DirectoryPlace
from ledger.notary.policy import parse_policy
from ledger.notary.witness import (
    MAX_UNPROVEN,
    Answer,
    Request,
    Witness,
    WitnessError,
    format_request,
    new_witness,
    open_witness,
    parse_request,
    trust_log,
)
from ledger.notary.witness_site import witness_site
from tests.logs import AUDIT, BOARD, LOG, NOW_S, OUTSIDE, asked, cosigned, entries_of, files_of, signed, write_log

ENTRIES = entries_of(700)
OTHERS = [*ENTRIES[:50], b"another", *ENTRIES[51:]]


class Clock:
    now_s = NOW_S

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def witness(tmp_path: Path) -> Witness:
    """A witness of one log."""
    new_witness(tmp_path / "mine", "audit.example.com/w")
    trust_log(tmp_path / "mine", str(LOG.vkey), None)
    return open_witness(tmp_path / "mine", Clock())


def again(witness: Witness) -> Witness:
    """Return the same witness after a restart."""
    return open_witness(witness.directory, Clock())


# What it answers


def test_it_signs_what_goes_on_from_what_it_has_signed(witness: Witness) -> None:
    for old, new in ((0, 5), (5, 5), (5, 300), (300, 700)):
        answer = again(witness).add_checkpoint(asked(old, ENTRIES[:new]))
        assert answer.status == 200
        (line,) = parse_signatures(answer.body)
        assert witness.vkey.verify(parse_note(signed(ENTRIES[:new])).text, line.blob)
        assert cosigned_at_s(line.blob) == NOW_S
        seen = witness.seen(LOG.name)
        assert seen is not None
        assert open_checkpoint(seen, LOG.vkey, witnesses=[witness.vkey]).checkpoint.size == new
    assert witness.by_name(sha256(LOG.name.encode()).hexdigest()) == seen


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        (asked(0, ENTRIES[:3], key=LOG._replace(name="example.com/other")), 404, "unknown log"),
        (asked(0, ENTRIES[:3], key=LOG._replace(seed=b"?" * 32)), 403, "invalid signature"),
        (asked(11, ENTRIES[:10], proof=[]), 400, "above that of the checkpoint"),
        (asked(0, ENTRIES[:20], proof=[]), 409, "10\n"),
        (asked(9, ENTRIES[:20], proof=[]), 409, "10\n"),
        (asked(10, ENTRIES[:20], proof=[]), 422, "the consistency proof from 10 to 20"),
        (asked(10, ENTRIES[:20], proof=[bytes(32)]), 422, "the consistency proof"),
        (asked(10, OTHERS[:60], proof=None), 200, "audit.example.com/w"),
        (asked(10, [b"other"] * 10, proof=[]), 422, "two roots at 10 entries"),
        (asked(10, ENTRIES[:10], proof=[bytes(32)]), 422, "the consistency proof"),
        (b"", 400, "malformed"),
        (b"old 1\n\n", 400, "malformed"),
        (b"old 01\n\n" + signed(ENTRIES), 400, "malformed"),
        (b"old -1\n\n" + signed(ENTRIES), 400, "malformed"),
        (b"new 1\n\n" + signed(ENTRIES), 400, "malformed"),
        (b"old 1\nAAAA\n\n" + signed(ENTRIES), 400, "malformed"),
        (format_request(Request(10, (bytes(32),) * 64, signed(ENTRIES))), 400, "at most 63"),
        (b"old 1\n\xff\n\n" + signed(ENTRIES), 400, "ASCII"),
        (b"x" * 2_000_000, 400, "at most"),
    ],
)
def test_every_no_has_its_status(witness: Witness, body: bytes, status: int, said: str) -> None:
    assert witness.add_checkpoint(asked(0, ENTRIES[:10])).status == 200
    answer = witness.add_checkpoint(body)
    assert (answer.status, said in answer.body) == (status, True)
    if status == 409:
        assert (answer.body, answer.content_type) == ("10\n", "text/x.tlog.size")


def test_a_fork_is_refused_and_both_checkpoints_are_kept(witness: Witness) -> None:
    witness.add_checkpoint(asked(0, ENTRIES))
    for old_size in (700, 3):
        answer = witness.add_checkpoint(asked(old_size, OTHERS, proof=[]))
        assert (answer.status, answer.fork is not None) == (422 if old_size == 700 else 409, True)
    (fork,) = witness.directory.glob("fork-*")
    roots = set()
    for name in ("remembered", "offered"):
        # Anybody with the log's public key sees that it has signed both.
        checkpoint = open_checkpoint((fork / name).read_bytes(), LOG.vkey).checkpoint
        assert checkpoint.size == 700
        roots.add(checkpoint.root)
    assert len(roots) == 2
    assert "two roots at 700 entries" in (fork / "why").read_text()
    assert again(witness).add_checkpoint(asked(700, ENTRIES)).status == 200


def test_a_proof_that_does_not_hold_is_no_fork_yet(witness: Witness) -> None:
    witness.add_checkpoint(asked(0, ENTRIES[:10]))
    bad = asked(10, ENTRIES[:20], proof=[bytes(32)])
    assert witness.add_checkpoint(bad).fork is None
    (kept,) = witness.directory.glob("unproven-*")
    assert kept.read_bytes() == signed(ENTRIES[:20])
    assert witness.add_checkpoint(asked(10, ENTRIES[:20])).status == 200
    assert not list(witness.directory.glob("unproven-*"))


def test_what_strangers_send_does_not_fill_the_disk(witness: Witness) -> None:
    witness.add_checkpoint(asked(0, ENTRIES[:1]))
    for size in range(2, MAX_UNPROVEN + 20):
        assert witness.add_checkpoint(asked(1, ENTRIES[:size], proof=[bytes(32)])).status == 422
    assert len(list(witness.directory.glob("unproven-*"))) == MAX_UNPROVEN


def test_a_clock_that_was_put_back_makes_no_line_look_older(witness: Witness) -> None:
    witness.add_checkpoint(asked(0, ENTRIES[:3]))
    behind = Clock()
    behind.now_s = NOW_S - 1_000
    (line,) = parse_signatures(open_witness(witness.directory, behind).add_checkpoint(asked(3, ENTRIES[:4])).body)
    assert cosigned_at_s(line.blob) == NOW_S


def test_several_logs_and_several_keys_of_one(witness: Witness) -> None:
    other, second = LOG._replace(name="example.com/other", seed=b"1" * 32), LOG._replace(seed=b"2" * 32)
    trust_log(witness.directory, str(other.vkey), "https://log.example.com/other")
    trust_log(witness.directory, str(second.vkey), None)
    trust_log(witness.directory, str(second.vkey), "/srv/log")
    many = again(witness)
    assert [log.url for log in many.logs] == [None, "https://log.example.com/other", "/srv/log"]
    assert many.add_checkpoint(asked(0, ENTRIES[:3], key=LOG)).status == 200
    assert many.add_checkpoint(asked(3, ENTRIES[:5], key=second)).status == 200
    assert many.add_checkpoint(asked(0, OTHERS[:60], key=other)).status == 200


def test_a_memory_that_is_not_its_own_is_not_gone_on_from(witness: Witness) -> None:
    witness.add_checkpoint(asked(0, ENTRIES[:3]))
    (file,) = (witness.directory / "seen").glob("[0-9a-f]*")
    for content in (b"", signed(ENTRIES[:2]), cosigned(signed(ENTRIES[:2]), BOARD)):
        file.write_bytes(content)
        with pytest.raises(WitnessError, match="is not what this witness has signed"):
            witness.add_checkpoint(asked(3, ENTRIES[:4]))


def test_a_witness_that_is_made_or_opened_wrongly(witness: Witness, tmp_path: Path) -> None:
    with pytest.raises(WitnessError, match="there is a witness in"):
        new_witness(witness.directory, "another")
    with pytest.raises(WitnessError, match="not the name of a key"):
        new_witness(tmp_path / "other", "a b")
    with pytest.raises(WitnessError, match="there is no witness in"):
        open_witness(tmp_path / "none", Clock())
    with pytest.raises(WitnessError, match="no log can be trusted"):
        trust_log(witness.directory, str(AUDIT.vkey), None)
    with pytest.raises(WitnessError, match="no log can be trusted"):
        trust_log(witness.directory, f"{LOG.vkey}\nquorum none\nlog {LOG.vkey}", None)
    (witness.directory / "logs").write_text("log x\n")
    with pytest.raises(WitnessError, match="line 1 of the policy"):
        again(witness)
    (witness.directory / "key").chmod(0o644)
    with pytest.raises(WitnessError, match="can be read by others"):
        again(witness)
    (witness.directory / "key").write_text(LOG.written)
    (witness.directory / "key").chmod(0o600)
    with pytest.raises(WitnessError, match="is no key of a witness"):
        again(witness)
    assert str(witness.vkey) not in repr(witness.__dict__["_key"].seed)


# Reading what a place publishes


def test_it_reads_a_place_proves_it_from_the_tiles_there_and_signs(witness: Witness, tmp_path: Path) -> None:
    assert witness.pull(DirectoryPlace(tmp_path / "nothing")) is None
    for size in (1, 256, 300, 700, 700):
        place = DirectoryPlace(write_log(tmp_path / str(size), ENTRIES[:size]))
        answer = witness.pull(place)
        assert answer is not None
        assert answer.status == 200
    back = witness.pull(DirectoryPlace(tmp_path / "300"))
    assert back is not None
    assert (back.status, back.body) == (409, "700\n")


def test_tiles_that_make_another_history_prove_the_fork(witness: Witness, tmp_path: Path) -> None:
    witness.pull(DirectoryPlace(write_log(tmp_path / "a", ENTRIES[:400])))
    answer = witness.pull(DirectoryPlace(write_log(tmp_path / "b", OTHERS)))
    assert answer is not None
    assert (answer.status, answer.fork is not None) == (422, True)
    (fork,) = witness.directory.glob("fork-*")
    assert (fork / "offered").read_bytes() == signed(OTHERS)
    assert "history was rewritten" in (fork / "why").read_text()
    # Tiles that belong to neither prove nothing.
    mixed = write_log(tmp_path / "c", [*ENTRIES[:399], b"other", *ENTRIES[400:]], signed(ENTRIES[:699]))
    answer = witness.pull(DirectoryPlace(write_log(mixed, ENTRIES[:699], signed(ENTRIES[:699]))))
    assert answer is not None
    assert answer.status == 200


def test_a_place_that_shows_something_else(witness: Witness, tmp_path: Path) -> None:
    place = write_log(tmp_path / "log", ENTRIES[:3])
    (place / "checkpoint").write_bytes(b"rubbish")
    with pytest.raises(WitnessError, match="cannot be read"):
        witness.pull(DirectoryPlace(place))
    (place / "checkpoint").write_bytes(signed(ENTRIES[:3], LOG._replace(name="example.com/other")))
    answer = witness.pull(DirectoryPlace(place))
    assert answer is not None
    assert answer.status == 404
    with pytest.raises(WitnessError, match=f"'{LOG.name}' is expected there"):
        witness.pull(DirectoryPlace(place), LOG.name)


# Crashes


class Crash(Exception):
    """The process ends here."""


@pytest.mark.parametrize("step", ["before it is written", "before it is renamed", "before it is answered"])
def test_law_a_crash_at_any_step_never_leads_to_two_histories(
    witness: Witness, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    witness.add_checkpoint(asked(0, ENTRIES[:10]))
    whole = memory.replace_file

    def crashing(target: Path, content: bytes, *, durable: bool = False) -> None:
        if step == "before it is written":
            raise Crash
        if step == "before it is renamed":
            target.with_name(".new-left-behind").write_bytes(content)
            raise Crash
        whole(target, content, durable=durable)
        raise Crash

    with monkeypatch.context() as patched:
        patched.setattr(memory, "replace_file", crashing)
        with pytest.raises(Crash):
            witness.add_checkpoint(asked(10, OTHERS[:60]))
    restarted = again(witness)
    seen = parse_checkpoint(parse_note(restarted.seen(LOG.name) or b"").text)
    assert seen.size == (60 if step == "before it is answered" else 10)
    # The other history is signed only where nothing of this one was.
    other = restarted.add_checkpoint(asked(10, ENTRIES[:60]))
    assert other.status == (409 if seen.size == 60 else 200)
    if seen.size == 60:
        assert restarted.add_checkpoint(asked(60, OTHERS[:60])).status == 200
        assert restarted.add_checkpoint(asked(60, ENTRIES[:60], proof=[])).status == 422


@settings(deadline=None, max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_law_what_it_signs_is_one_history_that_only_grows(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    directory = tmp_path_factory.mktemp("witness")
    new_witness(directory, "w")
    trust_log(directory, str(LOG.vkey), None)
    mine = open_witness(directory, Clock())
    given_out: list[tuple[int, bytes]] = []
    for _ in range(data.draw(st.integers(1, 8))):
        history = data.draw(st.sampled_from([ENTRIES, OTHERS]))
        size = data.draw(st.sampled_from([10, 50, 51, 60, 200, 300]))
        old = data.draw(st.sampled_from([0, 10, 50, 51, 60, 200, 300]))
        answer = mine.add_checkpoint(asked(min(old, size), history[:size]))
        if answer.signed:
            given_out.append((size, parse_checkpoint(parse_note(signed(history[:size])).text).root))
    assert [size for size, _ in given_out] == sorted(size for size, _ in given_out)
    roots = dict(given_out)
    assert all(roots[size] == root for size, root in given_out)
    beyond = [size for size, _ in given_out if size > 50]
    histories = {h for size in beyond for h in (0, 1) if roots[size] == _root((ENTRIES, OTHERS)[h][:size])}
    assert len(histories) <= 1


def _root(entries: list[bytes]) -> bytes:
    return parse_checkpoint(parse_note(signed(entries)).text).root


async def test_of_requests_that_race_one_is_signed(witness: Witness) -> None:
    witness.add_checkpoint(asked(0, ENTRIES[:10]))
    bodies = [asked(10, ENTRIES[:60]), asked(10, OTHERS[:60])] * 4
    answers = await asyncio.gather(*(asyncio.to_thread(again(witness).add_checkpoint, body) for body in bodies))
    assert sorted(each.status for each in answers) == [200] + [409] * 7


# Over HTTP


@pytest.fixture
async def site(witness: Witness) -> AsyncIterator[str]:
    """The witness on a port."""
    async with witness_site("127.0.0.1", 0, witness) as port:
        yield f"http://127.0.0.1:{port}"


async def posted(url: str, body: bytes) -> tuple[int, str, str]:
    async with aiohttp.ClientSession() as session, session.post(f"{url}/add-checkpoint", data=body) as answer:
        return answer.status, answer.headers["Content-Type"], await answer.text()


def conversation(written: str) -> Iterator[tuple[bytes, int, str]]:
    """Yield the requests of a hurl file, the status each should have, and what its answer should contain or be."""
    for body, status, asserted in re.findall(
        r"```\n(.*?)```\nHTTP (\d+)\n\[Asserts\]\nbody (.*?)\n", written, re.DOTALL
    ):
        yield body.encode(), int(status), asserted


async def test_litewitnesss_conversation(vectors: Path, tmp_path: Path) -> None:
    written = (vectors / "litewitness-add-checkpoint.hurl").read_text("utf-8")
    # The log of that conversation, by its public key.
    public = bytes.fromhex("ffdc2d4d98e4124d3feaf788c0c2f9abfd796083d1f0495437f302ec79cf100f")
    log = Vkey(f"sigsum.org/v1/tree/{sha256(public).hexdigest()}", 1, public)
    new_witness(tmp_path, "example.com/witness")
    trust_log(tmp_path, str(log), None)
    told = list(conversation(written))
    assert len(told) == 9
    async with witness_site("127.0.0.1", 0, open_witness(tmp_path, Clock())) as port:
        for body, status, asserted in told:
            answer = await posted(f"http://127.0.0.1:{port}", body)
            # What it answered with 403 is 404 in the specification by now.
            assert answer[0] == (404 if "unknown log" in asserted else status)
            word, said = re.fullmatch(r'(contains|==) "(.*)"', asserted).groups()  # type: ignore[union-attr]
            said = said.replace("\\n", "\n")
            assert answer[2] == said if word == "==" else said in answer[2]
            if status == 409:
                assert answer[1] == "text/x.tlog.size"


async def test_monitors_read_the_newest_checkpoint_it_has_signed(witness: Witness, site: str) -> None:
    await posted(site, asked(0, ENTRIES[:10]))
    name = sha256(LOG.name.encode()).hexdigest()
    async with aiohttp.ClientSession() as session:
        async with session.get(f"{site}/{name}/checkpoint") as answer:
            assert (answer.status, await answer.read()) == (200, witness.seen(LOG.name))
        async with session.get(f"{site}/{'0' * 64}/checkpoint") as answer:
            assert answer.status == 404


# The log's side


async def test_the_log_asks_the_witnesses_of_a_policy_and_keeps_what_fits(
    witness: Witness, site: str, tmp_path: Path
) -> None:
    place = DirectoryPlace(write_log(tmp_path / "log", ENTRIES))
    policy = parse_policy(
        (
            f"log {LOG.vkey}\nwitness audit {witness.vkey} {site}/\nwitness liar {BOARD.vkey} {site}\n"
            f"witness away {OUTSIDE.vkey} http://127.0.0.1:9\nwitness silent {AUDIT.vkey}\nquorum audit\n"
        ).encode()
    )
    for size in (10, 300, 700, 700):
        note = signed(ENTRIES[:size])
        for path, content in files_of(ENTRIES[:size]).items():
            (tmp_path / "log" / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / "log" / path).write_bytes(content)
        found = await collect_cosignatures(note, policy, place)
        opened = open_checkpoint(found.note, LOG.vkey, witnesses=[each.key for each in policy.witnesses])
        assert [each.name for each in opened.signatures] == [LOG.name, witness.vkey.name]
        assert [(each.witness, each.line is not None) for each in found.asked] == [
            ("audit", True),
            ("liar", False),
            ("away", False),
        ]
        assert "not its line under this checkpoint" in found.asked[1].why
        assert "does not answer" in found.asked[2].why
    behind = await collect_cosignatures(signed(ENTRIES[:10]), policy, place)
    assert behind.asked[0].why == "it has signed 700 entries, and is asked for fewer"
    fork = await collect_cosignatures(signed(OTHERS), policy, place)
    assert "two roots at 700 entries" in fork.asked[0].why
    for each, differs in ((found, False), (behind, True), (fork, True)):
        assert [told.differs for told in each.asked] == [differs, differs, False], "those at one URL alike"


@pytest.mark.parametrize("with_size", [True, False])
async def test_a_witness_by_an_older_text_answers_409_to_another_root(tmp_path: Path, with_size: bool) -> None:
    async def conflict(request: web.Request) -> web.Response:
        if with_size or await request.read() == asked(0, ENTRIES):
            return web.Response(status=409, text="700\n", headers={"Content-Type": "text/x.tlog.size"})
        return web.Response(status=409)

    app = web.Application()
    app.router.add_post("/add-checkpoint", conflict)
    async with TestServer(app) as server:
        url = server.make_url("/")
        policy = parse_policy(f"log {LOG.vkey}\nwitness audit {AUDIT.vkey} {url}\nquorum audit\n".encode())
        place = DirectoryPlace(write_log(tmp_path / "log", ENTRIES))
        (told,) = (await collect_cosignatures(signed(ENTRIES), policy, place)).asked
    assert told == ("audit", None, "it has signed another root at 700 entries", True)


def test_lines_that_are_filed_are_taken_where_they_fit_the_newest_of_each() -> None:
    note, keys = signed(ENTRIES), [parse_policy(_policy()).witnesses[n].key for n in (0, 1)]
    filed = [
        cosigned(note, AUDIT, at_s=NOW_S - 5),
        cosigned(note, AUDIT, at_s=NOW_S),
        cosigned(note, AUDIT, at_s=NOW_S - 9),
        cosigned(note, OUTSIDE),
        cosigned(signed(OTHERS), BOARD),
        b"rubbish",
    ]
    merged = with_lines(note, lines_for(note, filed), keys)
    assert merged == cosigned(note, AUDIT, at_s=NOW_S)
    assert with_lines(cosigned(note, BOARD), lines_for(note, filed), keys) == cosigned(note, BOARD, AUDIT)
    wrong = parse_note(cosigned(signed(OTHERS), BOARD)).signatures
    assert with_lines(note, wrong, keys) == note


def _policy() -> bytes:
    return f"witness a {AUDIT.vkey}\nwitness b {BOARD.vkey}\nquorum none\n".encode()


@given(
    st.integers(0, 2**63 - 1),
    st.lists(st.binary(min_size=32, max_size=32), max_size=63).map(tuple),
    st.integers(0, 20),
)
def test_law_a_request_comes_back_as_it_was_written(old: int, proof: tuple[bytes, ...], size: int) -> None:
    request = Request(old, proof, signed(ENTRIES[:size]))
    assert parse_request(format_request(request)) == request


@settings(deadline=None)
@given(st.binary(max_size=200), st.integers(0, 200))
def test_law_no_request_makes_it_stumble(noise: bytes, at: int) -> None:
    body = asked(0, ENTRIES[:3])
    try:
        parse_request(body[:at] + noise + body[at:])
    except NoteError:
        return


def test_an_answer_knows_whether_it_is_a_yes() -> None:
    assert [Answer(status, "").signed for status in (200, 409)] == [True, False]
