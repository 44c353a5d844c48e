"""The seal of one entry on its card: never called signed or witnessed where nobody the reader believes has done so."""

from __future__ import annotations

from pathlib import Path

import pytest

from ledger.notary.places import DirectoryPlace
from ledger.notary.policy import parse_organisations, parse_policy
from ledger.notary.tlog import leaf_hash
from projections.archive import Archive
from projections.levels import Finding
from projections.proof import check_entry
from projections.sealing import seal_of
from projections.verify import Trust, verify
from tests.logs import AUDIT, BOARD, LOG, NOW_S, POLICY, cosigned, entries_of, signed, write_log
from tui.model.glyphs import UNICODE
from tui.model.proof_lines import UNSIGNED, proof_lines
from tui.model.verification import Verification
from tui.model.verify_lines import progress_words, seal_words

ENTRIES = entries_of(600)
TRUST = Trust(parse_policy(POLICY), parse_organisations(POLICY), NOW_S, signed(ENTRIES[:9]))


def lines_of(
    log: Path, sequence: int, trust: Trust | None = TRUST, entry: bytes | None = None
) -> list[tuple[str, str]]:
    """Return what the card says of an entry's seal, each line with its standing."""
    payload = ENTRIES[sequence - 1] if entry is None else entry
    proof = check_entry(Archive(log), "demo", sequence, payload, trust)
    return [(line.text, line.standing) for line in proof_lines(proof)]


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """A log of 600 entries, of which 400 are witnessed."""
    made = write_log(tmp_path / "log", ENTRIES)
    (made / "witnessed").write_bytes(cosigned(signed(ENTRIES[:400]), AUDIT, BOARD))
    return made


def test_an_entry_under_the_witnessed_checkpoint_says_by_whom_and_when(log: Path) -> None:
    assert ("witnessed by audit at 2023-11-14T22:13:20Z, board at 2023-11-14T22:13:20Z", "yes") in lines_of(log, 7)
    assert any(text.startswith("sealed: ") and "checkpoint of 400 entries" in text for text, _ in lines_of(log, 7))


def test_an_entry_behind_it_is_sealed_and_not_witnessed(log: Path) -> None:
    told = lines_of(log, 500)
    assert any(
        "the checkpoint of 600 entries of example.com/ledger/demo, signed by the log" in text for text, _ in told
    )
    assert ("not witnessed: no quorum of the policy has signed it", "unknown") in told


def test_an_entry_behind_the_checkpoint_is_not_sealed_yet(log: Path) -> None:
    (log / "checkpoint").write_bytes(signed(ENTRIES[:500]))
    assert ("not sealed yet: the newest checkpoint has 500 entries", "unknown") in lines_of(log, 501)


def test_without_a_policy_it_is_not_said_who_has_signed(log: Path) -> None:
    (line,) = [each for each in lines_of(log, 7, None) if each[0].startswith("sealed")]
    assert (line[0].endswith("by whom it is signed is not checked, no policy is set"), line[1]) == (True, "unknown")


def test_without_a_checkpoint_it_is_not_signed(log: Path) -> None:
    (log / "checkpoint").unlink()
    assert (UNSIGNED, "unknown") in lines_of(log, 7)


def test_an_entry_that_was_changed_or_signed_by_another_is_a_problem(log: Path) -> None:
    told = lines_of(log, 7, entry=b"another")
    assert ("NOT UNDER THE CHECKPOINT of 400 entries of example.com/ledger/demo", "problem") in told
    assert not check_entry(Archive(log), "demo", 7, b"another", TRUST).holds
    (log / "witnessed").unlink()
    for note in (signed(ENTRIES, LOG._replace(seed=b"?" * 32)), b"rubbish"):
        (log / "checkpoint").write_bytes(note)
        assert any(
            text.startswith("the seal cannot be judged") and sign == "problem" for text, sign in lines_of(log, 7)
        )


def test_tiles_that_are_missing_are_told_of(log: Path) -> None:
    (log / "tile/1/000.p/2").unlink()
    seal = seal_of(DirectoryPlace(log), TRUST, 550, leaf_hash(ENTRIES[549]))
    assert seal is not None
    assert (seal.included, "tile/1/000.p/2" in (seal.wrong or "")) == (None, True)


# On the screen that verifies


def test_the_levels_of_the_screen_are_those_of_the_program(log: Path) -> None:
    check = Verification()
    check.proven = verify(DirectoryPlace(log), TRUST)
    by_name = {level.name: level for level in check.levels}
    assert (
        Finding("600 entries and 4 tiles were hashed again, and have the root that was signed", "yes")
        in by_name["A1"].findings
    )
    assert all(each.standing == "yes" for name in ("A2", "A3") for each in by_name[name].findings)
    # The stream was not read here, so that nothing above A0 is reached.
    assert (by_name["A2"].told, by_name["A3"].told) == ("NOT REACHED", "NOT REACHED")
    assert seal_words(check) == "sealed to 600, witnessed to 400"
    assert check.problems == []


def test_what_does_not_hold_is_a_problem_of_the_screen_and_no_seal_is_claimed(log: Path) -> None:
    (log / "tile/0/000").write_bytes(b"")
    check = Verification()
    check.proven = verify(DirectoryPlace(log), TRUST)
    assert any(problem.text.startswith("A1: tile/0/000") for problem in check.problems)
    assert seal_words(check) == ""
    assert "problem" in progress_words(check, UNICODE)


def test_that_nobody_has_witnessed_is_no_difference(log: Path) -> None:
    (log / "witnessed").unlink()
    check = Verification()
    check.proven = verify(DirectoryPlace(log), TRUST)
    assert check.problems == []
    assert seal_words(check) == "sealed to 600, not witnessed"
    assert {level.name: level.told for level in check.levels}["A3"] == "DOES NOT HOLD"
