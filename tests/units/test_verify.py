"""What verify says of a log as it is, of one that was changed anywhere, and of one that was rewritten and re-signed."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.notary.memory import Memory
from ledger.notary.places import MAX_FILE_BYTES, DirectoryPlace, PlaceError, place_of
from ledger.notary.policy import PolicyError, parse_organisations, parse_policy
from ledger.notary.rehash import rehash
from projections.verify import DAY_S, Trust, Verified, verify
from tests.logs import (
    AUDIT,
    BOARD,
    LOG,
    NOW_S,
    OUTSIDE,
    POLICY,
    checkpoint_of,
    cosigned,
    entries_of,
    files_of,
    signed,
    write_log,
    zipped,
)
from tui.cli import main
from tui.proving import remembered

COUNT = 600
ENTRIES = entries_of(COUNT)
OTHERS = [*ENTRIES[:100], b"another", *ENTRIES[101:]]


def trust(seen: bytes | None = None, *, now_s: int = NOW_S, max_age_s: int = DAY_S, policy: bytes = POLICY) -> Trust:
    return Trust(parse_policy(policy), parse_organisations(policy), now_s, seen, max_age_s)


def told(found: Verified, name: str) -> str:
    """Return what a level rests on, in one text, its standing in front."""
    level = next(level for level in found.levels if level.name == name)
    return f"{level.told}: {'; '.join(each.text for each in level.findings)}"


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A log of 600 entries, cosigned by two."""
    note = cosigned(signed(ENTRIES), AUDIT, OUTSIDE, at_s=NOW_S - 60)
    return write_log(tmp_path_factory.mktemp("log"), ENTRIES, note)


# As it is


def test_a_log_as_it_is_reaches_what_was_looked_at_and_no_more(good: Path) -> None:
    found = verify(DirectoryPlace(good), trust(signed(ENTRIES[:300])))
    assert found.reached == "A3"
    assert [level.told for level in found.levels] == ["HOLDS"] * 4 + ["NOT CHECKED"] * 2
    assert "600 entries and 4 tiles were hashed again" in told(found, "A1")
    assert "goes on from the 300 entries remembered" in told(found, "A2")
    assert "the quorum 'two' has signed 600 entries" in told(found, "A3")
    assert "internal witnesses only" not in told(found, "A3")
    assert found.to_remember is not None
    assert not found.holds("A4")


def test_the_first_time_nothing_is_remembered_and_a2_is_not_claimed(good: Path) -> None:
    found = verify(DirectoryPlace(good), trust())
    assert found.reached == "A1"
    assert told(found, "A2").startswith("NOT CHECKED: no checkpoint is remembered here")
    # The quorum has signed it; but nothing is called reached that rests on what was not.
    assert told(found, "A3").startswith("NOT REACHED: the quorum 'two' has signed 600 entries")


def test_without_a_policy_nobody_could_have_signed(good: Path) -> None:
    found = verify(DirectoryPlace(good), None)
    assert found.reached == "A0"
    assert told(found, "A1").startswith("NOT CHECKED: no policy was given")
    assert found.to_remember is None


@pytest.mark.parametrize("size", [0, 1, 255, 256, 257, 512, 513])
def test_every_size_is_hashed_again(tmp_path: Path, size: int) -> None:
    entries = entries_of(size)
    found = verify(DirectoryPlace(write_log(tmp_path / "log", entries)), trust(signed(entries[: size // 2])))
    assert (found.reached, told(found, "A3")[:14]) == ("A2", "DOES NOT HOLD:")


@pytest.mark.parametrize("helpers", [0, 1, 2])
def test_the_processors_share_the_work_and_come_to_one_root(tmp_path: Path, helpers: int) -> None:
    entries = entries_of(64 * 256 * 2 + 300)
    seen: list[int] = []
    place = DirectoryPlace(write_log(tmp_path / "log", entries))
    found = rehash(place, len(entries), helpers=helpers, moved=seen.append)
    assert (found.root, found.entries, found.wrong_count) == (checkpoint_of(entries).root, len(entries), 0)
    assert (found.tiles, found.content_bytes, sum(seen)) == (131, sum(map(len, entries)), len(entries))


@pytest.mark.parametrize("helpers", [0, 2])
def test_a_place_that_cannot_be_read_ends_the_work_on_every_processor(helpers: int) -> None:
    with pytest.raises(OSError, match="is the server there"):
        rehash(place_of("http://127.0.0.1:9"), 64 * 256 * 5, helpers=helpers)


def test_who_is_told_how_far_it_is_may_end_it(tmp_path: Path) -> None:
    entries = entries_of(64 * 256 * 2)

    def enough(_: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        rehash(DirectoryPlace(write_log(tmp_path / "log", entries)), len(entries), helpers=1, moved=enough)


def test_a_log_in_a_zip_at_its_top_or_in_a_folder(good: Path, tmp_path: Path) -> None:
    for folder in ("", "pack/"):
        place = place_of(str(zipped(good, tmp_path / "log.zip", folder)))
        assert verify(place, trust(signed(ENTRIES[:300]))).reached == "A3"


def test_a_file_longer_than_any_of_a_log_is_not_read(tmp_path: Path) -> None:
    with (tmp_path / "checkpoint").open("wb") as file:
        file.truncate(MAX_FILE_BYTES + 1)
    for place in (DirectoryPlace(tmp_path), place_of(str(zipped(tmp_path, tmp_path.parent / "long.zip")))):
        with pytest.raises(PlaceError, match="is longer than any file of a log"):
            place.read("checkpoint")


@pytest.fixture
def served(good: Path) -> Iterator[str]:
    """The log on a web server of Python's own."""

    class Quiet(SimpleHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(good)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_log_on_a_web_server(served: str) -> None:
    assert verify(place_of(served), trust(signed(ENTRIES[:300]))).reached == "A3"
    assert place_of(f"{served}/").read("tile/0/009") is None
    with pytest.raises(PlaceError, match="is the server there"):
        place_of("http://127.0.0.1:9/log").read("checkpoint")
    with pytest.raises(PlaceError, match="no URL of a log"):
        place_of(f"{served}/?x=1")


def test_partial_files_that_full_ones_have_replaced_are_read_from_these(good: Path, tmp_path: Path) -> None:
    log = write_log(tmp_path / "log", entries_of(768), (good / "checkpoint").read_bytes())
    # The tile above is not full yet, so the one of this size is still there.
    (log / "tile/1/000.p/2").write_bytes((good / "tile/1/000.p/2").read_bytes())
    assert [each.name for each in log.rglob("*.p")] == ["000.p"]
    found = verify(DirectoryPlace(log), trust(signed(ENTRIES[:300])))
    assert found.reached == "A3"


# Changed anywhere

FILES = sorted(files_of(ENTRIES))


@pytest.mark.parametrize("path", FILES)
@settings(deadline=None, max_examples=8)
@given(data=st.data())
def test_law_a_byte_changed_in_any_file_is_found_and_the_file_named(good: Path, path: str, data: st.DataObject) -> None:
    content = (good / path).read_bytes()
    at, bit = data.draw(st.integers(0, len(content) - 1)), data.draw(st.integers(0, 7))
    changed = content[:at] + bytes([content[at] ^ 1 << bit]) + content[at + 1 :]
    found = verify(Changed(good, {path: changed}), trust(signed(ENTRIES[:300])))
    assert found.reached in ("A0", None)
    assert told(found, "A1").startswith("DOES NOT HOLD")
    assert "/".join(path.split("/")[-2:]) in told(found, "A1")
    assert found.to_remember is None
    assert all(bounds is None for name, bounds in found.ranges.items() if name != "unsealed")


@pytest.mark.parametrize("path", FILES)
def test_a_file_that_is_missing_or_cut_off_is_named(good: Path, path: str) -> None:
    for content in (None, b"", (good / path).read_bytes()[:-1], (good / path).read_bytes() + b"\0"):
        found = verify(Changed(good, {path: content}), trust())
        assert told(found, "A1").startswith("DOES NOT HOLD")
        assert path in told(found, "A1")


class Changed(DirectoryPlace):
    """A directory in which some files are others, or not there."""

    def __init__(self, directory: Path, files: dict[str, bytes | None]) -> None:
        super().__init__(directory)
        self.files = files

    def read(self, path: str) -> bytes | None:
        return self.files[path] if path in self.files else super().read(path)


def test_entries_that_make_another_root_are_not_the_ones_signed(tmp_path: Path) -> None:
    log = write_log(tmp_path / "log", OTHERS, signed(ENTRIES))
    found = verify(DirectoryPlace(log), trust())
    assert (found.reached, found.to_remember) == ("A0", None)
    assert f"{checkpoint_of(ENTRIES).root.hex()} was signed" in told(found, "A1")


def test_a_checkpoint_somebody_else_signed_or_none_at_all(good: Path, tmp_path: Path) -> None:
    text = (good / "checkpoint").read_bytes()
    for note, why in (
        (signed(ENTRIES, LOG._replace(seed=b"?" * 32)), "no known key signed"),
        (signed(ENTRIES, LOG._replace(name="example.com/other")), "which is no log of the policy"),
        (text.replace(b"\n600\n", b"\n599\n"), "does not fit the text"),
        (b"nothing\n", "no empty line"),
    ):
        found = verify(Changed(good, {"checkpoint": note}), trust())
        assert told(found, "A1").startswith("DOES NOT HOLD")
        assert why in told(found, "A1")
        assert found.reached is None
    assert "nothing is sealed" in told(verify(DirectoryPlace(tmp_path), trust()), "A1")


# Rewritten, and signed again with the log's key


def test_history_rewritten_and_signed_again_passes_a1_and_fails_a2_and_a3(tmp_path: Path) -> None:
    entries = [*OTHERS, *entries_of(50, "later")]
    seen = signed(ENTRIES)
    log = write_log(tmp_path / "log", entries)
    (log / "witnessed").write_bytes(cosigned(seen, AUDIT, BOARD))
    found = verify(DirectoryPlace(log), trust(seen))
    assert found.reached == "A1"
    assert told(found, "A2").startswith("DOES NOT HOLD: history was rewritten: the first 600 of these 650 entries")
    assert "the witnesses have signed another history: at 600 entries" in told(found, "A3")
    assert found.fork is not None
    assert found.to_remember is None


def test_two_roots_at_one_size_are_a_fork_and_both_notes_are_kept(tmp_path: Path) -> None:
    log, memory = write_log(tmp_path / "log", OTHERS), Memory(tmp_path / "mine" / "remembered")
    memory.replace(signed(ENTRIES), None)
    mine = trust(memory.read())
    found = verify(DirectoryPlace(log), mine)
    assert told(found, "A2").startswith("DOES NOT HOLD: two histories: at 600 entries")
    kept = remembered(memory, mine, found)
    assert kept is not None
    assert (kept / "remembered").read_bytes() == signed(ENTRIES)
    assert (kept / "offered").read_bytes() == signed(OTHERS)
    assert "two histories" in (kept / "why").read_text()
    assert memory.read() == signed(ENTRIES)


def test_a_log_that_went_back_is_not_remembered(tmp_path: Path) -> None:
    log, memory = write_log(tmp_path / "log", ENTRIES[:500]), Memory(tmp_path / "remembered")
    memory.replace(signed(ENTRIES), None)
    mine = trust(memory.read())
    found = verify(DirectoryPlace(log), mine)
    assert found.reached == "A1"
    assert "the log went back: 600 entries were sealed when it was last seen, now 500" in told(found, "A2")
    assert remembered(memory, mine, found) is None
    assert memory.read() == signed(ENTRIES)


def test_a_remembered_checkpoint_the_log_did_not_sign_is_not_used(good: Path) -> None:
    for note, why in (
        (signed(ENTRIES, LOG._replace(seed=b"?" * 32)), "no known key signed"),
        (b"rubbish", "cannot be used"),
    ):
        found = verify(DirectoryPlace(good), trust(note))
        assert told(found, "A2").startswith("DOES NOT HOLD")
        assert why in told(found, "A2")


# Witnessed


def test_what_is_behind_the_witnessed_checkpoint_is_sealed_and_no_more(tmp_path: Path) -> None:
    log = write_log(tmp_path / "log", ENTRIES)
    (log / "witnessed").write_bytes(cosigned(signed(ENTRIES[:400]), AUDIT, BOARD))
    found = verify(DirectoryPlace(log), trust(signed(ENTRIES[:10])))
    assert found.reached == "A3"
    assert found.ranges == {"witnessed": (1, 400), "sealed": (401, 600), "unsealed": None}
    assert "internal witnesses only" in told(found, "A3")


def test_a_quorum_that_is_short_old_or_ahead_of_what_is_shown(good: Path) -> None:
    def a3(note: bytes, **options: int) -> str:
        return told(verify(Changed(good, {"checkpoint": note}), trust(signed(ENTRIES[:3]), **options)), "A3")

    note = signed(ENTRIES)
    assert "missing: board, outside" in a3(cosigned(note, AUDIT))
    assert "too old, or to come: audit at 2023-11-14T22:13:20Z" in a3(
        cosigned(note, AUDIT, BOARD), now_s=NOW_S + DAY_S + 1
    )
    assert a3(cosigned(note, AUDIT, BOARD), now_s=NOW_S + DAY_S).startswith("HOLDS")
    changed = cosigned(signed(OTHERS), AUDIT, BOARD).partition(b"\n\n")[2].split(b"\n", 1)[1]
    assert "the witnesses' lines do not fit" in a3(note + changed)
    ahead = verify(
        Changed(good, {"checkpoint": note, "witnessed": cosigned(signed([*ENTRIES, b"more"]), AUDIT, BOARD)}),
        trust(note),
    )
    assert "the witnesses have signed 601 entries, and only 600 are shown" in told(ahead, "A3")


def test_a_policy_without_a_quorum_reaches_no_a3(good: Path) -> None:
    found = verify(DirectoryPlace(good), trust(signed(ENTRIES[:3]), policy=f"log {LOG.vkey}\nquorum none\n".encode()))
    assert (found.reached, "asks for no witness" in told(found, "A3")) == ("A2", True)


def test_organisations_are_comments_other_tools_pass_over() -> None:
    assert parse_organisations(POLICY)["outside"] == "northgate"
    assert parse_organisations(b"#organisation x y\n# organisation x\nlog x\n") == {}
    with pytest.raises(PolicyError, match="'b' belongs to 'one' already"):
        parse_organisations(b"# organisation one a b\n# organisation two b\n")


# The program


def test_the_program_says_what_it_reached_and_remembers(
    good: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    policy, mine = tmp_path / "policy", tmp_path / "mine" / "remembered"
    policy.write_bytes(POLICY)
    asked = ["verify", str(good), "--policy", str(policy), "--remember", str(mine)]
    assert main([*asked, "--level", "A2"]) == 1
    out = capsys.readouterr().out
    assert "reached A1; A2 was asked for and is not reached" in out
    assert mine.read_bytes() == (good / "checkpoint").read_bytes()
    assert main([*asked, "--level", "A2"]) == 0
    assert "reached A2; A2 was asked for and holds" in capsys.readouterr().out
    assert main([*asked, "--level", "A3", "--max-age", "3000000000", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["reached"], said["size"], said["ranges"]["witnessed"]) == ("A3", 600, [1, 600])
    assert said["checked"] == {"entries": 600, "tiles": 4, "bytes": sum(map(len, ENTRIES)), "wrong": 0}
    assert said["levels"][4]["standing"] == "NOT CHECKED"


def test_the_program_used_wrongly(good: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bad = tmp_path / "bad"
    bad.write_text("quorum nobody\n")
    for arguments, why in (
        ([str(tmp_path / "none")], "there is nothing at"),
        ([str(bad)], "is no zip"),
        ([str(good), "--policy", str(bad)], "line 1 of the policy"),
        ([str(good), "--policy", str(tmp_path / "none")], "cannot read"),
        ([str(good), "--remember", str(bad)], "--remember needs --policy"),
        ([str(good), "--max-age", "-1"], "--max-age is a number of seconds"),
        ([str(good), "--level", "A9"], "A9"),
    ):
        assert main(["verify", *arguments]) == 2
        assert why in capsys.readouterr().err


def test_what_a_log_says_of_itself_reaches_no_terminal_raw(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    hostile = LOG._replace(name="evil\u202e\u001b".replace("\u001b", "\u200b"))
    log = write_log(tmp_path / "log", ENTRIES[:3], signed(ENTRIES[:3], hostile))
    policy = tmp_path / "policy"
    policy.write_bytes(POLICY)
    assert main(["verify", str(log), "--policy", str(policy)]) == 1
    out = capsys.readouterr().out
    assert "\u202e" not in out
    assert "\u200b" not in out
