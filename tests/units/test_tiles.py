"""The files of the log have the names and bytes that C2SP tlog-tiles and Tessera's own test log give them."""

import re
from base64 import b64decode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.notary.tiles import (
    Bundle,
    Tile,
    decode_bundle,
    encode_bundle,
    entries_path,
    hash_bundle,
    hash_reader,
    parse_path,
    split_tile,
    tile_hash,
    tile_of,
    tile_path,
    tiles_completed,
    tiles_of,
)
from ledger.notary.tlog import (
    Frontier,
    Node,
    complete_subtrees,
    consistency_proof,
    hash_leaves,
    inclusion_proof,
    leaf_hash,
    tree_root,
    verify_consistency,
    verify_inclusion,
)

LEAVES = [leaf_hash(b"entry %d" % index) for index in range(600)]
BUNDLE_OF_THREE = bytes.fromhex("0003 6f6e65 0003 74776f 0005 7468726565")


# Names


@pytest.mark.parametrize(
    ("what", "path"),
    [
        (Tile(0, 0, 256), "tile/0/000"),
        (Tile(0, 1234067, 256), "tile/0/x001/x234/067"),
        (Tile(0, 273, 112), "tile/0/273.p/112"),
        (Tile(1, 1, 17), "tile/1/001.p/17"),
        (Tile(2, 0, 1), "tile/2/000.p/1"),
        (Tile(63, 1000, 255), "tile/63/x001/000.p/255"),
        (Bundle(0, 3), "tile/entries/000.p/3"),
        (Bundle(1234067, 256), "tile/entries/x001/x234/067"),
        (Bundle(999, 256), "tile/entries/999"),
    ],
)
def test_a_file_has_the_name_of_the_specification(what, path):
    assert path_of(what) == path
    assert parse_path(path) == what


@given(
    st.builds(Tile, st.integers(0, 63), st.integers(0, 2**63), st.integers(1, 256))
    | st.builds(Bundle, st.integers(0, 2**63), st.integers(1, 256))
)
def test_law_a_path_is_read_back_as_what_it_names(what):
    assert parse_path(path_of(what)) == what


@pytest.mark.parametrize(
    "path",
    [
        "",
        "checkpoint",
        "tile/0",
        "tile/0/0",
        "tile/0/00",
        "tile/0/0000",
        "tile/0/x000",
        "tile/0/x000/001",
        "tile/0/001/067",
        "tile/0/x1/067",
        "tile/0/-01",
        "tile/00/000",
        "tile/01/000",
        "tile/64/000",
        "tile/-1/000",
        "tile/data/000",
        "tile/8/0/000",
        "tile/0/000.p",
        "tile/0/000.p/",
        "tile/0/000.p/0",
        "tile/0/000.p/03",
        "tile/0/000.p/256",
        "tile/0/000.p/1000",
        "tile/0/000.p/3/",
        "tile/0/000.p/3.p/3",
        "tile/0/000/",
        "tile/0/000\n",
        "/tile/0/000",
        "tile/0/../000",
        "tile/0/٠٠١",
        "tile/٠/000",
        "Tile/0/000",
        "tile/entries/000.p/256",
        "tile/entries/0/000",
    ],
)
def test_any_other_spelling_is_no_path(path):
    with pytest.raises(ValueError, match=r"not the path|from 0 to 63|1 to 256"):
        parse_path(path)


def test_a_file_that_cannot_be_has_no_name():
    for level, index, width in [(-1, 0, 256), (64, 0, 256), (0, -1, 256), (0, 0, 0), (0, 0, 257)]:
        with pytest.raises(ValueError, match=r"level|index|places"):
            tile_path(level, index, width)
    for index, width in [(-1, 256), (0, 0), (0, 257)]:
        with pytest.raises(ValueError, match=r"index|places"):
            entries_path(index, width)


# Bundles


def test_the_bundle_of_one_two_three_is_tesseras():
    assert encode_bundle([b"one", b"two", b"three"]) == BUNDLE_OF_THREE
    assert decode_bundle(BUNDLE_OF_THREE, 3) == [b"one", b"two", b"three"]


@given(st.lists(st.binary(max_size=40), min_size=1, max_size=256))
def test_law_a_bundle_is_read_back_as_it_was_written(entries):
    assert decode_bundle(encode_bundle(entries), len(entries)) == entries


def test_the_longest_and_the_empty_entry_fit():
    entries = [b"", b"\xff" * 65_535, b""]
    assert decode_bundle(encode_bundle(entries), 3) == entries


@given(data=st.data(), entries=st.lists(st.binary(max_size=12), min_size=1, max_size=6))
def test_law_a_bundle_with_any_other_end_is_refused(data, entries):
    bundle = encode_bundle(entries)
    cut = bundle[: data.draw(st.integers(0, len(bundle) - 1))]
    longer = bundle + data.draw(st.binary(min_size=1, max_size=9))
    for wrong in (cut, longer):
        with pytest.raises(ValueError, match="not a bundle"):
            decode_bundle(wrong, len(entries))


@pytest.mark.parametrize(
    ("bundle", "width", "fault"),
    [
        (BUNDLE_OF_THREE, 2, "7 bytes follow the last"),
        (BUNDLE_OF_THREE, 4, "it ends after 3"),
        (BUNDLE_OF_THREE + b"\x00", 3, "1 bytes follow the last"),
        (BUNDLE_OF_THREE + b"\x00", 4, "cut off in the length of entry 4, at byte 18"),
        (BUNDLE_OF_THREE[:-1], 3, "cut off in entry 3, which runs to byte 17 of 16"),
        (BUNDLE_OF_THREE[:-1], 4, "cut off in entry 3, which runs to byte 17 of 16"),
        (BUNDLE_OF_THREE[:11], 3, "cut off in the length of entry 3, at byte 11"),
        (b"", 1, "it ends after 0"),
    ],
)
def test_a_broken_bundle_says_where(bundle, width, fault):
    with pytest.raises(ValueError, match=fault):
        decode_bundle(bundle, width)


def test_a_bundle_has_1_to_256_entries_of_at_most_65535_bytes():
    with pytest.raises(ValueError, match="65535 bytes, one here has 65536"):
        encode_bundle([b"", b"\x00" * 65_536])
    for width in (0, 257):
        with pytest.raises(ValueError, match=f"not {width}"):
            encode_bundle([b""] * width)
        with pytest.raises(ValueError, match=f"not {width}"):
            decode_bundle(b"\x00\x00" * width, width)


# Tiles


def test_a_full_tile_is_hashed_into_the_level_above_and_no_other_is():
    assert tile_hash(b"".join(LEAVES[:256])) == tree_root(LEAVES[:256])
    for width in (0, 1, 255, 257):
        with pytest.raises(ValueError, match="8192 bytes"):
            tile_hash(b"".join(LEAVES[:width]))


def test_a_tile_of_another_width_is_not_split():
    assert split_tile(b"".join(LEAVES[:3]), 3) == LEAVES[:3]
    for tile in (b"", b"".join(LEAVES[:2]), b"".join(LEAVES[:3]) + b"\x00"):
        with pytest.raises(ValueError, match="3 hashes has 96 bytes"):
            split_tile(tile, 3)


def test_a_tree_of_70000_has_the_tiles_of_the_specification():
    assert tiles_of(70_000) == [
        *(Tile(0, index, 256) for index in range(273)),
        Tile(0, 273, 112),
        Tile(1, 0, 256),
        Tile(1, 1, 17),
        Tile(2, 0, 1),
    ]


def test_a_tree_of_256_has_a_full_tile_and_one_of_a_single_hash():
    assert tiles_of(256) == [Tile(0, 0, 256), Tile(1, 0, 1)]
    assert tiles_of(1) == [Tile(0, 0, 1)]
    assert tiles_of(0) == []


@given(st.integers(0, 300_000))
def test_law_tiles_hold_every_complete_subtree_of_their_level_and_are_never_empty(tree_size):
    held = dict.fromkeys(range(5), 0)
    for level, index, width in tiles_of(tree_size):
        assert held[level] == index * 256
        assert 1 <= width <= 256
        held[level] += width
    assert held == {level: tree_size // 256**level for level in held}


@given(st.integers(0, 200_000), st.integers(0, 70_000))
def test_law_the_tiles_completed_are_the_full_ones_that_were_not_there(old_size, growth):
    new_size = old_size + growth
    before, after = ([tile for tile in tiles_of(size) if tile.width == 256] for size in (old_size, new_size))
    assert tiles_completed(old_size, new_size) == [tile for tile in after if tile not in set(before)]


def test_a_tree_that_completes_a_tile_of_tiles_names_the_lower_ones_first():
    assert tiles_completed(65_279, 65_536) == [Tile(0, 254, 256), Tile(0, 255, 256), Tile(1, 0, 256)]
    assert tiles_completed(255, 256) == [Tile(0, 0, 256)]
    assert tiles_completed(256, 511) == []


def test_a_tree_does_not_shrink_and_has_no_size_below_0():
    with pytest.raises(ValueError, match="only grows"):
        tiles_completed(3, 2)
    with pytest.raises(ValueError, match="only grows"):
        tiles_completed(-1, 2)
    with pytest.raises(ValueError, match="only grows"):
        tiles_of(-1)


# Proofs from tiles


@given(data=st.data(), tree_size=st.integers(1, len(LEAVES)))
def test_law_proofs_read_from_tiles_hold(data, tree_size):
    index, old_size = data.draw(st.integers(0, tree_size - 1)), data.draw(st.integers(1, tree_size))
    hashes, root = hash_reader(tree_size, archive(LEAVES[:tree_size])), tree_root(LEAVES[:tree_size])
    assert verify_inclusion(LEAVES[index], index, tree_size, inclusion_proof(index, tree_size, hashes), root)
    proof = consistency_proof(old_size, tree_size, hashes)
    assert verify_consistency(old_size, tree_root(LEAVES[:old_size]), tree_size, root, proof)
    assert Frontier(tree_size, hashes(complete_subtrees(0, tree_size))).root() == root


def test_a_proof_in_a_tree_of_three_levels_of_tiles_holds():
    leaves = (LEAVES * 117)[:70_000]
    hashes, root = hash_reader(70_000, archive(leaves)), tree_root(leaves)
    for index in (0, 255, 256, 65_535, 65_536, 69_999):
        assert verify_inclusion(leaves[index], index, 70_000, inclusion_proof(index, 70_000, hashes), root)
    for old_size in (1, 256, 65_535, 65_536, 65_537, 69_999, 70_000):
        proof = consistency_proof(old_size, 70_000, hashes)
        assert verify_consistency(old_size, tree_root(leaves[:old_size]), 70_000, root, proof)


def test_a_subtree_is_found_in_the_tile_that_is_there_at_that_size():
    assert tile_of(Node(0, 69_999), 70_000) == Tile(0, 273, 112)
    assert tile_of(Node(7, 1), 70_000) == Tile(0, 0, 256)
    assert tile_of(Node(8, 272), 70_000) == Tile(1, 1, 17)
    assert tile_of(Node(16, 0), 70_000) == Tile(2, 0, 1)
    for node in (Node(0, 70_000), Node(16, 1), Node(17, 0), Node(0, -1), Node(-1, 0)):
        with pytest.raises(IndexError, match="no complete subtree"):
            tile_of(node, 70_000)


def test_one_proof_reads_no_tile_twice():
    read = []

    def read_tile(*tile):
        read.append(tile)
        return archive(LEAVES)(*tile)

    inclusion_proof(0, 600, hash_reader(600, read_tile))
    assert sorted(read) == [(0, 0, 256), (0, 2, 88), (1, 0, 2)]


def test_a_tile_of_the_wrong_length_is_not_proved_from():
    with pytest.raises(ValueError, match="3 hashes has 96 bytes, this one 8192"):
        inclusion_proof(0, 3, hash_reader(3, lambda *_: bytes(8192)))


# Somebody else's log


@pytest.mark.parametrize("tree_size", range(16))
def test_tesseras_log_is_reproduced_byte_for_byte_from_its_entries(vectors, tree_size):
    log = vectors / "tessera-log"
    _, size, root, *_ = (log / f"checkpoint.{tree_size}").read_text("utf-8").split("\n")
    entries = decode_bundle((log / "tile/entries/000.p/15").read_bytes(), 15)[:tree_size]
    leaves = [leaf_hash(entry) for entry in entries]
    assert int(size) == tree_size
    assert tree_root(leaves) == b64decode(root)
    for level, index, width in tiles_of(tree_size):
        assert (level, index, width) == (0, 0, tree_size)
        assert (log / tile_path(level, index, width)).read_bytes() == b"".join(leaves)
        assert (log / entries_path(index, width)).read_bytes() == encode_bundle(entries)


def test_tesseras_log_has_no_file_that_we_would_not_name(vectors):
    log = vectors / "tessera-log"
    found = {parse_path(file.relative_to(log).as_posix()) for file in (log / "tile").rglob("*") if file.is_file()}
    assert found == {Tile(0, 0, width) for width in range(1, 16)} | {Bundle(0, width) for width in range(1, 16)}


# Helpers


def path_of(what):
    return entries_path(*what) if isinstance(what, Bundle) else tile_path(*what)


def archive(leaves):
    """Return read_tile over the tiles of a log, each made from the full ones below it, and no other."""
    tiles, row = {}, list(leaves)
    for level, index, width in tiles_of(len(leaves)):
        if index == 0 and level:
            below = [tile for (at, _, full), tile in tiles.items() if at == level - 1 and full == 256]
            row = [tile_hash(tile) for tile in below]
        tiles[level, index, width] = b"".join(row[index * 256 : index * 256 + width])
    return lambda *tile: tiles[tile]


@given(st.lists(st.binary(max_size=40), min_size=1, max_size=6), st.binary(max_size=3), st.integers(-1, 1))
def test_law_a_bundle_is_hashed_as_its_entries_are_and_refused_where_it_cannot_be_read(entries, more, fewer):
    bundle, width = encode_bundle(entries) + more, len(entries) + fewer
    try:
        expected = hash_leaves(decode_bundle(bundle, width))
    except ValueError as error:
        with pytest.raises(ValueError, match=re.escape(str(error))):
            hash_bundle(bundle, width)
    else:
        assert hash_bundle(bundle, width) == expected
