"""The threat table, a row a test: who does what, and the check that must fail first.

Rows and their numbers are those of the threat model in docs/spec/proof.md. What another part of the program answers
for, or what nothing here can show, is named with the reason; no row is passed over in silence.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import pytest

from ledger.book import Book
from ledger.decider import Asked, decide
from ledger.evolve import evolve
from ledger.notary.memory import Memory
from ledger.notary.note import format_signatures, signature_of, signer_key
from ledger.notary.places import DirectoryPlace
from ledger.notary.policy import parse_organisations, parse_policy
from ledger.notary.witness import Request, Witness, format_request, new_witness, open_witness, trust_log
from ledger.store import HoleInStream, MemoryStore, Stored
from projections.performed import PlaceReader, judged_again
from projections.streamed import streamed
from projections.verify import DAY_S, Trust, Verified, verify
from schemas import codec
from schemas.commands import parse
from schemas.receipts import Refused
from tests.fixed_history import every_type_history
from tests.logs import (
    AUDIT,
    BOARD,
    LOG,
    NOW_S,
    ORIGIN,
    OUTSIDE,
    POLICY,
    checkpoint_of,
    cosigned,
    entries_of,
    signed,
    write_log,
)
from tests.teller import run

ELSEWHERE = {
    9: "a person who denies: the enrolment by the registrar and the person's own line, in the tests of signatures",
    10: "a stolen key: revocation and the second signature are rules, in the tests of the rules and of signatures",
    13: "an event dropped before it is published leaves no trace; the sender's receipt tells, see test_cli_receipt",
    14: "an exporter who leaves entries out of a pack: heads, in the tests of the evidence pack",
    15: "an exporter who alters the report of a pack: its manifest, in the tests of the evidence pack",
    17: "a server that uses logins as an oracle: login keys sign no command, in the tests of logins and signatures",
    20: "who keeps what was to be erased, or erases under a hold: the vault, in its own tests",
    21: "a quantum attacker: roots that others hold stay what they are; nothing to run today",
    22: "everybody together: out of scope, and said so",
}
"""Rows that are tested elsewhere, or that nothing can show."""

TESTED = {1, 2, 3, 4, 5, 6, 7, 8, 11, 12, 16, 18, 19}

ENTRIES = entries_of(600)
REWRITTEN = [*ENTRIES[:100], b"what never happened", *ENTRIES[101:]]
LATER = [*REWRITTEN, *entries_of(50, "later")]


def trust(seen: bytes | None = None, *, now_s: int = NOW_S, policy: bytes = POLICY) -> Trust:
    return Trust(parse_policy(policy), parse_organisations(policy), now_s, seen)


def verified(log: Path, seen: Sequence[bytes] | None = ENTRIES[:400], **options: object) -> Verified:
    remembered = None if seen is None else signed(seen)
    return verify(DirectoryPlace(log), trust(remembered, **options))  # type: ignore[arg-type]


def failing(found: Verified) -> tuple[str, str]:
    """Return the first level that does not hold, and why."""
    level = next(each for each in found.levels if each.standing == "problem")
    return level.name, "; ".join(each.text for each in level.findings if each.standing == "problem")


def standing(found: Verified, name: str) -> str:
    return next(level.told for level in found.levels if level.name == name)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """A log of 600 entries that two of three witnesses have signed."""
    return write_log(tmp_path / "log", ENTRIES, cosigned(signed(ENTRIES), AUDIT, OUTSIDE))


@pytest.fixture
def witness(tmp_path: Path) -> Witness:
    """An auditor's witness that has signed the log's 600 entries."""
    directory = tmp_path / "witness"
    new_witness(directory, "w")
    trust_log(directory, str(LOG.vkey), None)
    made = open_witness(directory, lambda: NOW_S)
    assert made.add_checkpoint(format_request(Request(0, (), signed(ENTRIES)))).signed
    return made


# The table


def test_every_row_of_the_table_is_tested_or_says_why_not() -> None:
    tested = {int(name.split("_")[2]) for name in globals() if name.startswith("test_threat_")}
    assert tested == TESTED
    assert TESTED | set(ELSEWHERE) == set(range(1, 23))
    assert not TESTED & set(ELSEWHERE)


def test_the_page_has_the_same_rows() -> None:
    page = (Path(__file__).resolve().parents[2] / "docs" / "spec" / "proof.md").read_text()
    rows = re.findall(r"^\| ([0-9]+(?:, [0-9]+)*) \|", page, re.MULTILINE)
    assert [int(number) for row in rows for number in row.split(", ")] == list(range(1, 23))


def test_nobody_attacks_and_all_that_was_looked_at_holds(log: Path) -> None:
    assert verified(log).reached == "A3"


# Storage and servers


@pytest.mark.parametrize("path", ["tile/entries/001", "tile/0/001", "tile/1/000.p/2"])
def test_threat_1_a_byte_flipped_in_a_file_fails_a1(log: Path, path: str) -> None:
    content = bytearray((log / path).read_bytes())
    content[40] ^= 1
    (log / path).write_bytes(content)
    level, why = failing(verified(log))
    assert (level, path.rpartition("/")[2] in why) == ("A1", True)


class Holed(MemoryStore):
    """A stream from which an administrator has removed an entry."""

    async def read(self, *, after: int = 0, until: int | None = None):  # type: ignore[no-untyped-def]
        async for entry in super().read(after=after, until=until):
            if entry.sequence == 300:
                raise HoleInStream(self.name, 300, 301)
            yield entry


def alive(entries: Sequence[bytes], log: Path, stream: type[MemoryStore] = MemoryStore) -> Verified:
    """Return what is verified of a portfolio whose stream holds these entries."""
    store = stream("stream")
    store.entries = [Stored(at, "", payload) for at, payload in enumerate(entries, start=1)]
    kept = DirectoryPlace(log)
    read = asyncio.run(streamed("p", store, kept, kept.read("checkpoint"), None))
    return verify(read.place, trust(signed(ENTRIES[:400])), stream=read)


def test_threat_2_messages_that_are_removed_or_purged_fail_a0(log: Path) -> None:
    assert failing(alive(ENTRIES, log, Holed)) == (
        "A0",
        "stream has a hole: expected sequence 300, found 301; stop and compare with the archive",
    )
    level, why = failing(alive(ENTRIES[:599], log))
    assert (level, "it lost its end" in why) == ("A0", True)


def test_threat_3_a_stream_made_anew_and_rewritten_fails_a1_also_where_another_notary_sealed_it(
    log: Path, tmp_path: Path
) -> None:
    level, why = failing(alive(REWRITTEN, log))
    assert (level, "an entry was changed, removed or put in" in why) == ("A1", True)
    another = signer_key(ORIGIN, b"another key of the administrator".ljust(32)[:32])
    level, why = failing(verified(write_log(tmp_path / "anew", REWRITTEN, signed(REWRITTEN, another))))
    assert (level, "no known key signed" in why) == ("A1", True)


# Whoever holds the log's key


def test_threat_4_history_rewritten_and_signed_again_passes_a1_fails_a2_and_a3(
    tmp_path: Path, witness: Witness
) -> None:
    # The old lines of the witnesses are kept beside it, which is the best that can be shown.
    rewritten = write_log(tmp_path / "log", LATER)
    (rewritten / "witnessed").write_bytes(cosigned(signed(ENTRIES), AUDIT, OUTSIDE))
    found = verified(rewritten)
    assert standing(found, "A1") == "HOLDS"
    assert failing(found) == (
        "A2",
        "history was rewritten: the first 400 of these 650 entries are not the ones whose root "
        f"{_root(ENTRIES[:400])} was remembered. Both checkpoints are signed by the log",
    )
    assert standing(found, "A3") == "DOES NOT HOLD"
    assert found.reached == "A1"
    answer = witness.pull(DirectoryPlace(rewritten))
    assert answer is not None
    assert (answer.status, answer.fork is not None) == (422, True)


def _root(entries: Sequence[bytes]) -> str:
    return checkpoint_of(entries).root.hex()


def test_threat_4_lines_of_witnesses_moved_under_the_new_checkpoint_do_not_fit(tmp_path: Path) -> None:
    lines = cosigned(signed(ENTRIES), AUDIT, OUTSIDE).partition(b"\n\n")[2].split(b"\n", 1)[1]
    found = verified(write_log(tmp_path / "log", REWRITTEN, signed(REWRITTEN) + lines), None)
    assert standing(found, "A1") == "HOLDS"
    a3 = next(level for level in found.levels if level.name == "A3")
    assert (a3.told, "do not fit" in a3.findings[0].text) == ("DOES NOT HOLD", True)


def test_threat_5_a_tail_that_is_cut_off_fails_a2_by_size_and_a3_by_age(tmp_path: Path, witness: Witness) -> None:
    old = write_log(
        tmp_path / "old", ENTRIES[:500], cosigned(signed(ENTRIES[:500]), AUDIT, OUTSIDE, at_s=NOW_S - 2 * DAY_S)
    )
    level, why = failing(verified(old, ENTRIES))
    assert (level, "the log went back: 600 entries were sealed" in why) == ("A2", True)
    found = verified(old, ENTRIES[:400])
    assert failing(found)[0] == "A3"
    assert "too old, or to come" in failing(found)[1]
    answer = witness.pull(DirectoryPlace(old))
    assert answer is not None
    assert (answer.status, answer.body) == (409, "600\n")


def test_threat_6_two_versions_for_two_audiences_meet_in_a_witness_or_two_auditors(tmp_path: Path) -> None:
    # Two of three have to sign, so every two quorums share a witness; an honest one signs one version only.
    for_some = write_log(tmp_path / "some", ENTRIES, cosigned(signed(ENTRIES), AUDIT, OUTSIDE))
    for_others = write_log(tmp_path / "others", REWRITTEN, cosigned(signed(REWRITTEN), BOARD))
    assert verified(for_some).reached == "A3"
    found = verified(for_others, None)
    assert standing(found, "A1") == "HOLDS"
    assert standing(found, "A3") == "DOES NOT HOLD"
    # And two auditors who compare what they remember have proof that the log has signed both.
    compared = verified(for_others, ENTRIES)
    level, why = failing(compared)
    assert (level, "two histories: at 600 entries" in why) == ("A2", True)
    assert compared.fork is not None


def test_threat_7_one_witness_alone_is_no_quorum(tmp_path: Path) -> None:
    log = write_log(tmp_path / "log", ENTRIES, cosigned(signed(ENTRIES), AUDIT))
    level, why = failing(verified(log))
    assert (level, "missing: board, outside" in why) == ("A3", True)
    # Two of one house are a quorum by count; that they are of one house is said.
    log = write_log(tmp_path / "log", ENTRIES, cosigned(signed(ENTRIES), AUDIT, BOARD))
    a3 = next(level for level in verified(log).levels if level.name == "A3")
    assert any("internal witnesses only" in each.text for each in a3.findings)


# Whoever can write to the stream


@cache
def history() -> tuple[bytes, ...]:
    return tuple(run(every_type_history()).payloads)


def performed_problems(tmp_path: Path, payloads: Sequence[bytes]) -> list[str]:
    """Return what A4 finds wrong with a log of these entries, which the log has sealed like any others."""
    first = json.loads(history()[0])
    key = signer_key(first["data"]["log_origin"], b"k" * 32)
    log = write_log(tmp_path / "log", payloads, signed(payloads, key))
    policy = f"log {key.vkey}\nquorum none\n".encode()
    assert verified(log, None, policy=policy).reached == "A1"  # so that A1 is not what notices
    reader = PlaceReader(DirectoryPlace(log), len(payloads))
    _, findings = asyncio.run(judged_again(reader, first["source"].removeprefix("/portfolio/"), key.name))
    return [each.text for each in findings if each.standing == "problem"]


def changed(payload: bytes, **fields: object) -> bytes:
    return json.dumps(json.loads(payload) | fields, separators=(",", ":")).encode()


def test_threat_8_a_decision_put_into_the_stream_in_the_name_of_another_fails_a4(tmp_path: Path) -> None:
    made = [*history()[:40], changed(history()[40], actor="ceo"), *history()[41:]]
    (problem,) = performed_problems(tmp_path, made)
    assert problem.startswith("sequence 41 is decided otherwise")


def test_threat_8_a_signature_made_up_for_another_fails_a4(tmp_path: Path) -> None:
    last = json.loads(history()[-1])
    line = f"{last['command']}\n"
    made_up = format_signatures([signature_of(line, signer_key(last["actor"], b"not that person's key".ljust(32)))])
    (problem,) = performed_problems(tmp_path, [*history()[:-1], changed(history()[-1], signatures=made_up)])
    assert f"sequence {len(history()):,} is decided otherwise" in problem


def test_threat_11_what_the_rules_refuse_is_not_decided_by_writing_it_past_the_service(tmp_path: Path) -> None:
    # The service would have refused this command; whoever publishes its event directly has to store it all the same.
    book = Book("law")
    for payload in history():
        evolve(book, codec.decode(payload, portfolio="law", sequence=book.sequence + 1), payload)
    ask = json.loads(json.loads(history()[-1])["command"])
    ask |= {"type": "ApproveFunding.v1", "commandid": "never-sent", "subject": "initiative/NOT-THERE"}
    ask["data"] = {"envelope": "none", "amount": {"minor": 1, "currency": "USD"}, "expenditure": "opex"}
    line = json.dumps(ask, separators=(",", ":")).encode()
    command = parse(line)
    if not isinstance(command, Refused):
        now = codec.decode(history()[-1], portfolio="law", sequence=len(history())).recordedtime
        assert isinstance(decide(Asked(command, line), book, now=now), Refused)
    forged = changed(history()[-1], sequence=f"{len(history()) + 1:016}", command=line.decode(), commandid="never-sent")
    (problem,) = performed_problems(tmp_path, [*history(), forged])
    assert problem.startswith(f"sequence {len(history()) + 1:,} is decided otherwise")


def test_threat_12_an_entry_that_is_backdated_fails_a4(tmp_path: Path) -> None:
    made = [*history()[:60], changed(history()[60], recordedtime="2001-01-01T00:00:00Z"), *history()[61:]]
    assert any("it is backdated" in each for each in performed_problems(tmp_path, made))


def test_threat_16_a_command_repeated_or_moved_from_another_ledger_fails_a4(tmp_path: Path) -> None:
    again = changed(history()[-1], sequence=f"{len(history()) + 1:016}")
    assert performed_problems(tmp_path, [*history(), again])
    command = json.loads(json.loads(history()[-1])["command"]) | {"portfolio": "other-11111111", "commandid": "moved"}
    moved = changed(again, command=json.dumps(command, separators=(",", ":")), commandid="moved")
    assert performed_problems(tmp_path / "moved", [*history(), moved])


# Whoever runs the place the verifier reads


def test_threat_18_a_policy_that_lies_beside_the_log_is_not_the_verifiers(tmp_path: Path) -> None:
    operator = signer_key(ORIGIN, b"the operator's own key".ljust(32))
    log = write_log(tmp_path / "log", REWRITTEN, signed(REWRITTEN, operator))
    (log / "policy").write_text(f"log {operator.vkey}\nquorum none\n")
    level, why = failing(verified(log))
    assert (level, "no known key signed" in why) == ("A1", True)


def test_threat_19_an_older_backup_fails_a2_and_the_witness_answers_409(tmp_path: Path, witness: Witness) -> None:
    mine = Memory(tmp_path / "remembered")
    mine.replace(signed(ENTRIES), None)
    # Restored, and gone on from with other entries: it is longer than before, and not what it was.
    restored = write_log(tmp_path / "log", [*ENTRIES[:500], *entries_of(200, "other")])
    level, why = failing(verify(DirectoryPlace(restored), trust(mine.read())))
    assert (level, "history was rewritten: the first 600 of these 700" in why) == ("A2", True)
    shorter = witness.add_checkpoint(format_request(Request(500, (), signed(ENTRIES[:500]))))
    assert shorter.status == 409
    longer = witness.pull(DirectoryPlace(restored))
    assert longer is not None
    assert longer.status == 422
