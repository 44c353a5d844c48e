"""The proof of one entry: shown where everything fits, and broken by whatever was changed."""

from __future__ import annotations

import shutil
from pathlib import Path

import msgspec
import pytest

from ledger.notary.tiles import encode_bundle, entries_path, tile_path
from ledger.notary.tlog import leaf_hash, tree_root
from projections.archive import Archive
from projections.proof import check_entry
from tui.model.card import CardLine
from tui.model.proof_lines import proof_lines, with_proof

BUNDLES = 259
"""So many that there is a full tile of level 1, and three hashes of the next."""

PAYLOADS = [b"entry %d" % sequence for sequence in range(1, BUNDLES * 256 + 11)]


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("archive")
    Archive(directory).extend(PAYLOADS[: BUNDLES * 256])
    return directory


@pytest.fixture
def archive(kept: Path, tmp_path: Path) -> Archive:
    """A copy of it, to be damaged."""
    return Archive(Path(shutil.copytree(kept, tmp_path / "copy")))


def check(archive: Archive, sequence: int, payload: bytes | None = None):
    return check_entry(archive, "demo", sequence, PAYLOADS[sequence - 1] if payload is None else payload)


@pytest.mark.parametrize("sequence", [1, 2, 256, 257, 40_000, 65_536, 65_537, 66_000, BUNDLES * 256])
def test_an_archived_entry_is_under_the_root_by_as_many_hashes_as_the_tree_is_high(kept: Path, sequence: int) -> None:
    found = check(Archive(kept), sequence)
    assert (found.archived, found.in_bundle, found.in_tile, found.included) == (True, True, True, True)
    assert found.holds
    assert found.root == tree_root([leaf_hash(payload) for payload in PAYLOADS[: BUNDLES * 256]]).hex()
    assert 9 <= (found.hashes or 0) <= 17
    assert found.foreign is not None  # these are no events: it says so, whatever the hashes say


def test_an_entry_behind_the_archive_is_in_the_stream_only(kept: Path) -> None:
    found = check(Archive(kept), BUNDLES * 256 + 1)
    assert (found.archived, found.in_bundle, found.included) == (False, None, None)
    (line, *_) = proof_lines(found)
    assert (line.label, line.standing) == ("proof", "unknown")
    assert "in the stream only" in line.text


def test_another_entry_in_the_stream_is_found(kept: Path) -> None:
    found = check(Archive(kept), 300, b"entry 3OO")
    assert (found.in_bundle, found.in_tile, found.included, found.holds) == (False, False, False, False)
    assert [line.standing for line in proof_lines(found)[:3]] == ["problem"] * 3


def test_a_changed_byte_in_the_bundle_is_found(archive: Archive) -> None:
    entries = archive.entries(1)
    entries[43] = b"entry 30!"
    (archive.directory / entries_path(1)).write_bytes(encode_bundle(entries))
    found = check(archive, 300)
    assert (found.in_bundle, found.in_tile, found.included, found.holds) == (False, True, True, False)
    assert check(archive, 301).holds


def test_a_changed_hash_in_the_tile_is_found_here_and_in_its_neighbours(archive: Archive) -> None:
    file = archive.directory / tile_path(0, 1)
    tile = bytearray(file.read_bytes())
    tile[43 * 32] ^= 1
    file.write_bytes(bytes(tile))
    assert (check(archive, 300).in_tile, check(archive, 300).included) == (False, True)
    assert (check(archive, 301).in_tile, check(archive, 301).included) == (True, False)


def test_another_root_is_found(archive: Archive) -> None:
    head = msgspec.structs.replace(archive.head(), root="ab" * 32)
    (archive.directory / "head").write_bytes(msgspec.json.encode(head))
    found = check(archive, 300)
    assert (found.in_tile, found.included) == (True, False)
    assert "NOT UNDER THE ROOT" in proof_lines(found)[2].text


@pytest.mark.parametrize("lost", ["head", entries_path(1), tile_path(0, 1), tile_path(0, 258), tile_path(1, 0)])
@pytest.mark.parametrize("left", [None, b"", b"\x00\x01"])
def test_what_cannot_be_read_is_said_and_nothing_is_shown_by_it(
    archive: Archive, lost: str, left: bytes | None
) -> None:
    file = archive.directory / lost
    file.unlink() if left is None else file.write_bytes(left)
    found = check(archive, 300)
    if lost == "head" and left is None:
        assert not found.archived  # an archive without a head holds nothing
        return
    assert (found.damaged is not None, found.holds) == (True, False)
    lines = proof_lines(found)
    assert (lines[0].standing, [line for line in lines if line.standing == "yes"]) == ("problem", [])


@pytest.mark.parametrize("size", [0, 1, 255, 10**9])
def test_a_head_of_another_size_makes_nothing_true(archive: Archive, size: int) -> None:
    head = msgspec.structs.replace(archive.head(), size=size)
    (archive.directory / "head").write_bytes(msgspec.json.encode(head))
    found = check(archive, 1)
    assert not found.archived or not found.holds


def test_the_root_is_never_said_to_be_signed(kept: Path) -> None:
    (unsigned,) = [line for line in proof_lines(check(Archive(kept), 1)) if "SIGNED" in line.text]
    assert unsigned.standing == "unknown"


def test_the_lines_of_the_proof_stand_where_it_was_not_checked(kept: Path) -> None:
    card = [CardLine("who", "ana"), CardLine("proof", "NOT CHECKED", "unknown"), CardLine("text", "hidden")]
    lines = proof_lines(check(Archive(kept), 1))
    assert [line.label for line in with_proof(card, lines)] == ["who", "proof", "", "", "", "", "text"]
