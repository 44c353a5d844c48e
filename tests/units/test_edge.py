"""The edge of a log writes the files of the log and no other, wherever it is cut and taken up again."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.notary.edge import Edge
from ledger.notary.tiles import (
    encode_bundle,
    entries_path,
    tile_path,
    tiles_of,
)
from ledger.notary.tlog import EMPTY_ROOT, leaf_hash, tree_root

ENTRIES = [b"%d" % number for number in range(1500)]
LEAVES = [leaf_hash(entry) for entry in ENTRIES]
sizes = st.integers(0, len(ENTRIES))


@settings(deadline=None, max_examples=30)
@given(st.lists(sizes, max_size=6))
def test_law_however_it_grows_a_log_has_the_files_and_the_root_of_its_size(stops):
    edge, files = Edge(), {}
    for size in [*sorted(stops), len(ENTRIES)]:
        files |= dict(edge.extend(ENTRIES[edge.size : size]))
        assert edge.root() == (tree_root(LEAVES[:size]) if size else EMPTY_ROOT)
        now = files | dict(edge.partial_files())
        assert now == files_of(size)


@settings(deadline=None, max_examples=30)
@given(sizes, sizes)
def test_law_an_edge_taken_up_again_goes_on_as_if_it_had_never_stopped(one, other):
    first, second = sorted((one, other))
    whole, files = Edge(), {}
    files |= dict(whole.extend(ENTRIES[:first]))
    again = Edge.at(
        first, lambda level, index, width: files[tile_path(level, index, width)], ENTRIES[first - first % 256 : first]
    )
    assert again.extend(ENTRIES[first:second]) == whole.extend(ENTRIES[first:second])
    assert (again.root(), again.partial_files()) == (whole.root(), whole.partial_files())
    assert again.entries == whole.entries


def test_a_tile_of_the_second_level_follows_the_bundle_that_completes_it():
    edge = Edge()
    made = dict(edge.extend([b"x"] * 65_536))
    assert list(made)[-3:] == ["tile/entries/255", "tile/0/255", "tile/1/000"]
    assert [file.path for file in edge.partial_files()] == ["tile/2/000.p/1"]
    edge.extend([b"x"] * 3)
    again = Edge.at(65_539, lambda level, index, _: made[tile_path(level, index)], [b"x"] * 3)
    assert edge.root() == again.root() == tree_root([leaf_hash(b"x")] * 65_539)


def test_a_copy_grows_apart():
    edge = Edge()
    edge.extend(ENTRIES[:300])
    copy, root = edge.copy(), edge.root()
    copy.extend(ENTRIES[300:600])
    assert (edge.size, edge.root()) == (300, root)


def test_an_entry_too_long_for_a_bundle_leaves_the_edge_as_it_was():
    edge = Edge()
    edge.extend(ENTRIES[:3])
    with pytest.raises(ValueError, match="at most 65535 bytes"):
        edge.extend([bytes(65_536)])
    assert (edge.size, edge.root()) == (3, tree_root(LEAVES[:3]))


def test_an_edge_has_the_entries_behind_the_last_bundle():
    with pytest.raises(ValueError, match="has 2 behind its full bundles"):
        Edge.at(258, lambda *_: bytes(8192), ENTRIES[:3])


def files_of(size):
    """Return path and content of every file of a log, each made by itself, from the definition."""
    made = {}
    for tile in tiles_of(size):
        span, first = 256**tile.level, tile.index * 256
        spans = [LEAVES[place * span : (place + 1) * span] for place in range(first, first + tile.width)]
        made[tile_path(*tile)] = b"".join(map(tree_root, spans))
        if tile.level == 0:
            made[entries_path(tile.index, tile.width)] = encode_bundle(ENTRIES[first : first + tile.width])
    return made
