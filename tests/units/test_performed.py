"""A4 and A5: events decided again from a log's own bytes, views rebuilt, attachments hashed, another tool asked."""

from __future__ import annotations

import asyncio
import hashlib
import json
import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import msgspec
import pytest

from ledger.decider import RULES_VERSION
from ledger.notary.note import signer_key
from ledger.notary.places import DirectoryPlace, FilesPlace
from ledger.notary.policy import parse_policy
from ledger.store import HoleInStream, MemoryStore, Stored
from projections.corroborated import attachments_finding, attachments_of, foreign_finding
from projections.levels import Finding
from projections.performed import OLDEST_RULES, PlaceReader, judged_again, portfolio_of
from projections.streamed import streamed
from projections.verify import Trust, verify
from tests.fixed_history import every_type_history
from tests.logs import NOW_S, checkpoint_of, entries_of, files_of, signed, write_log
from tests.teller import run
from tui.cli import main

ORIGIN = "law-00000000"


@cache
def history() -> tuple[bytes, ...]:
    """A history of every type of event."""
    return tuple(run(every_type_history()).payloads)


@cache
def origin() -> str:
    return str(json.loads(history()[0])["data"]["log_origin"])


def judged(payloads: Sequence[bytes], log: str | None = None) -> tuple[Finding, ...]:
    """Return what A4 rests on for a log of these entries, views left out."""
    place = FilesPlace("memory", files_of(payloads))
    portfolio = portfolio_of(payloads[0])
    assert portfolio is not None
    return asyncio.run(judged_again(PlaceReader(place, len(payloads)), portfolio, log or origin()))[1]


def problems(payloads: Sequence[bytes], log: str | None = None) -> list[str]:
    return [each.text for each in judged(payloads, log) if each.standing == "problem"]


def changed(sequence: int, **fields: object) -> list[bytes]:
    """Return the history with fields of one event replaced, as whoever can write to the stream could."""
    made = list(history())
    made[sequence - 1] = json.dumps(json.loads(made[sequence - 1]) | fields, separators=(",", ":")).encode()
    return made


# A4


def test_a_history_as_it_is_comes_out_byte_for_byte() -> None:
    found = judged(history())
    assert not problems(history())
    assert "come out byte for byte" in found[0].text
    # What rules asked for no signature and no grant is not called checked.
    assert ("unknown" in {each.standing for each in found}) == (RULES_VERSION == OLDEST_RULES)


def test_an_event_that_its_command_does_not_cause_is_named() -> None:
    (problem,) = problems(changed(40, actor="mallory"))
    assert problem.startswith("sequence 40 is decided otherwise")


def test_an_event_that_is_backdated_is_named() -> None:
    assert any(
        "sequence 60 says it was recorded before" in each
        for each in problems(changed(60, recordedtime="2001-01-01T00:00:00Z"))
    )


def test_rules_that_go_back_to_older_ones_are_named() -> None:
    made = changed(50, rules="7")
    assert any("sequence 51 says it was decided by rules" in each for each in problems(made))


def test_an_entry_that_stands_twice_is_decided_once() -> None:
    again = json.loads(history()[-1]) | {"sequence": f"{len(history()) + 1:016}"}
    repeated = [*history(), json.dumps(again, separators=(",", ":")).encode()]
    assert any("decided otherwise" in each for each in problems(repeated))


def test_entries_under_another_log_are_told_of() -> None:
    assert any("its first event names" in each for each in problems(history(), "example.com/other"))


def test_an_entry_that_is_no_event_counts_for_nothing_and_is_told_of() -> None:
    found = judged([*history(), b"foreign"])
    assert any("1 entries are no events of this portfolio" in each.text for each in found)


def test_a_first_entry_that_is_no_event_names_no_portfolio() -> None:
    assert portfolio_of(b"foreign") is None
    assert portfolio_of(b'{"source":"elsewhere"}') is None


def test_the_program_decides_a_directory_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    key = signer_key(origin(), b"k" * 32)
    log = write_log(tmp_path / "log", history(), signed(history(), key))
    policy = tmp_path / "policy"
    policy.write_text(f"log {key.vkey}\nquorum none\n")
    asked = ["verify", str(log), "--policy", str(policy), "--remember", str(tmp_path / "seen"), "--json"]
    assert main([*asked, "--level", "A4"]) == 1  # nobody has witnessed it
    a4 = json.loads(capsys.readouterr().out)["levels"][4]
    assert a4["standing"] == ("NOT CHECKED" if RULES_VERSION == OLDEST_RULES else "NOT REACHED")
    assert "come out byte for byte" in a4["findings"][0]["text"]
    assert "views were rebuilt" in a4["findings"][-1]["text"]
    main([*asked, "--level", "A3"])
    assert json.loads(capsys.readouterr().out)["levels"][4]["findings"][0]["text"] == "this was not looked at"


# A stream


class Holed(MemoryStore):
    """A stream that lacks an entry."""

    async def read(self, *, after: int = 0, until: int | None = None):  # type: ignore[no-untyped-def]
        async for entry in super().read(after=after, until=until):
            if entry.sequence == 300:
                raise HoleInStream(self.name, 300, 301)
            yield entry


def stream_of(entries: Sequence[bytes], store: type[MemoryStore] = MemoryStore) -> MemoryStore:
    made = store("stream")
    made.entries = [Stored(at, "", payload) for at, payload in enumerate(entries, start=1)]
    return made


ENTRIES = entries_of(605)


def live(store: MemoryStore, kept: Path, size: int = 600):  # type: ignore[no-untyped-def]
    note = signed(ENTRIES[:size])
    read = asyncio.run(streamed("p", store, DirectoryPlace(kept), note, None))
    policy = parse_policy(f"log {_log()}\nquorum none\n".encode())
    return verify(read.place, Trust(policy, {}, NOW_S, signed(ENTRIES[:10])), stream=read)


def _log() -> str:
    from tests.logs import LOG

    return str(LOG.vkey)


def test_a_stream_is_hashed_and_what_is_behind_the_checkpoint_is_unsealed(tmp_path: Path) -> None:
    for kept in (tmp_path / "none", write_log(tmp_path / "log", ENTRIES[:600])):
        found = live(stream_of(ENTRIES), kept)
        assert found.reached == "A2"
        assert found.ranges == {"witnessed": None, "sealed": (1, 600), "unsealed": (601, 605)}
        assert "605 entries are in the stream, none is missing" in found.levels[0].findings[0].text


def test_a_stream_that_lost_entries_or_has_others_is_told_of(tmp_path: Path) -> None:
    kept = write_log(tmp_path / "log", ENTRIES[:600])
    lost = live(stream_of(ENTRIES[:500]), kept)
    assert "the stream ends at 500, and 600 entries are sealed" in lost.levels[0].findings[0].text
    holed = live(stream_of(ENTRIES, Holed), kept)
    assert "has a hole: expected sequence 300" in holed.levels[0].findings[0].text
    other = live(stream_of([*ENTRIES[:99], b"other", *ENTRIES[100:]]), kept)
    texts = [each.text for each in other.levels[1].findings]
    assert any("tile/entries/000: it is kept with other bytes" in each for each in texts)
    assert any("was signed: an entry was changed" in each for each in texts)
    assert [each.reached for each in (lost, holed, other)] == [None, None, "A0"]


# A5


def entry(digest: str, **more: object) -> bytes:
    return msgspec.json.encode({"data": {"evidence": [{"ref": "a", "sha256": digest}]}} | more)


def test_attachments_are_found_by_what_is_in_them(tmp_path: Path) -> None:
    digests = [hashlib.sha256(each).hexdigest() for each in (b"one", b"two")]
    named = attachments_of([b"foreign", entry(digests[0]), entry(digests[0], sourceref=f"jira:X#{digests[1]}"), b"{}"])
    assert named == {digests[0]: 2, digests[1]: 3}
    assert attachments_finding(named, None).standing == "unknown"
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "memo.pdf").write_bytes(b"one")
    missing = attachments_finding(named, tmp_path)
    assert (missing.standing, f"{digests[1][:16]}… of sequence 3" in missing.text) == ("unknown", True)
    (tmp_path / digests[1]).write_bytes(b"two")
    assert attachments_finding(named, tmp_path) == Finding("2 attachments hash as the entries say", "yes")
    (tmp_path / digests[1]).write_bytes(b"changed")
    assert attachments_finding(named, tmp_path).standing == "problem"
    assert attachments_finding({}, None).standing == "yes"


SEALED = checkpoint_of(ENTRIES)


@pytest.mark.parametrize(
    ("said", "standing", "why"),
    [
        (f"print('OK size={SEALED.size} root={SEALED.root.hex()}')", "yes", "same size and root"),
        ("print('OK')", "problem", "does not say size"),
        (f"print('OK size=1{SEALED.size} root={SEALED.root.hex()}')", "problem", "does not say size"),
        (f"print({SEALED.size}, '{SEALED.root.hex()}'); raise SystemExit(1)", "problem", "does not agree"),
    ],
)
def test_another_tool_agrees_where_it_says_size_and_root(said: str, standing: str, why: str) -> None:
    found = foreign_finding(f'{sys.executable} -c "{said}" {{place}} {{vkeys}}', "x", None, ["k"], SEALED)
    assert (found.standing, why in found.text) == (standing, True)


def test_a_tool_that_is_not_there_is_not_checked_and_no_shell_is_started() -> None:
    assert foreign_finding("no-such-tool {place}", "x", None, [], SEALED).standing == "unknown"
    assert foreign_finding('"', "x", None, [], SEALED).standing == "unknown"
    assert foreign_finding("echo {place}", "$(id); `id`", None, [], SEALED).text.endswith("$(id); `id`")


def test_verify_min_serves_as_the_other_tool(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from ledger.notary import verify_min

    log, policy = write_log(tmp_path / "log", ENTRIES), tmp_path / "policy"
    policy.write_text(f"log {_log()}\nquorum none\n")
    found = foreign_finding(f"{sys.executable} {verify_min.__file__} {{place}} {policy}", str(log), None, [], SEALED)
    assert found.standing == "yes"
