"""The Merkle tree gives the answers of RFC 6962, of transparency-dev/merkle and of a log somebody else wrote."""

import json
from base64 import b64decode
from hashlib import sha256
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.notary.tlog import (
    EMPTY_ROOT,
    Frontier,
    Node,
    complete_subtrees,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    node_hash,
    tree_root,
    verify_consistency,
    verify_inclusion,
)

LEAVES = [leaf_hash(b"entry %d" % index) for index in range(600)]
sizes = st.integers(1, len(LEAVES))


# Somebody else's answers


def test_the_hashes_are_those_of_rfc_6962():
    assert EMPTY_ROOT.hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert leaf_hash(b"").hex() == "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
    assert leaf_hash(b"L123456").hex() == "395aa064aa4c29f7010acfe3f25db9485bbd4b91897b6ad7ad547639252b4d56"
    assert node_hash(b"N123", b"N456").hex() == "aa217fe888e47007fa15edab33c2b492a722cb106c64667fc2b044444de66bbb"


ONE, TWO, THREE = (leaf_hash(word) for word in (b"one", b"two", b"three"))
ROOT_OF_THREE = bytes.fromhex("5aac771c899ac292e74bf1afe2e6e302f8b55883b2d1bf197b46a6bea6dabca9")


def test_the_log_of_one_two_three_has_the_hashes_tessera_published():
    assert ONE.hex() == "d0d7360ab79f58ab1e1e3fe64ad77e2ea0bc07e36b5f46ed2223edd9298df9e9"
    assert TWO.hex() == "ab1ab7f07c7c8fe0eff4ba6faa53c7e4412e91a599153e8aa4e01beece5b7825"
    assert THREE.hex() == "671f146c5e471e8a1a83a3c214ce4ba907b8f3a5888d14cc8cd3ce75bb12ef94"
    assert node_hash(ONE, TWO).hex() == "4f55f619d9215235778b2b9f17d6f4915b16171214d152381293669764de722e"
    assert tree_root([ONE, TWO, THREE]) == ROOT_OF_THREE


def test_the_log_of_one_two_three_has_the_proofs_tessera_published():
    hashes = reader_of([ONE, TWO, THREE])
    assert inclusion_proof(0, 3, hashes) == [TWO, THREE]
    assert consistency_proof(2, 3, hashes) == [THREE]
    assert consistency_proof(1, 3, hashes) == [TWO, THREE]
    assert verify_inclusion(ONE, 0, 3, [TWO, THREE], ROOT_OF_THREE)
    assert verify_consistency(2, node_hash(ONE, TWO), 3, ROOT_OF_THREE, [THREE])
    assert verify_consistency(1, ONE, 3, ROOT_OF_THREE, [TWO, THREE])


def test_every_published_probe_is_answered_as_its_authors_want(vectors):
    probes = json.loads((vectors / "merkle-proofs.json").read_text("utf-8"))
    accepted = {probe["file"] for probe in probes if answer_to(probe)}
    assert accepted == {probe["file"] for probe in probes if not probe["wantErr"]}
    assert (len(probes), len(accepted)) == (196, 12)


def test_the_published_hashes_beside_the_repository_are_those_above(vectors):
    published = json.loads((vectors / "notes.json").read_text("utf-8"))["rfc6962"]
    assert published == {
        "empty_root": EMPTY_ROOT.hex(),
        "leaf_empty": leaf_hash(b"").hex(),
        "leaf_L123456": leaf_hash(b"L123456").hex(),
        "node_N123_N456": node_hash(b"N123", b"N456").hex(),
    }


# The definitions of RFC 6962, section 2.1, word for word, are the oracle


def test_the_root_is_the_one_defined_at_every_size():
    for size in range(len(LEAVES) + 1):
        assert tree_root(LEAVES[:size]) == mth(LEAVES[:size])


def test_every_proof_in_a_small_tree_is_the_one_defined_and_holds():
    hashes, roots = reader_of(LEAVES), [mth(LEAVES[:size]) for size in range(35)]
    for size in range(1, 35):
        for place in range(size):
            proof = inclusion_proof(place, size, hashes)
            assert proof == path(place, LEAVES[:size])
            assert verify_inclusion(LEAVES[place], place, size, proof, roots[size])
            proof = consistency_proof(place + 1, size, hashes)
            assert proof == subproof(place + 1, LEAVES[:size], whole=True)
            assert verify_consistency(place + 1, roots[place + 1], size, roots[size], proof)


@given(data=st.data(), size=sizes)
def test_law_an_inclusion_proof_holds_until_a_bit_is_flipped(data, size):
    index = data.draw(st.integers(0, size - 1))
    proof = inclusion_proof(index, size, reader_of(LEAVES))
    leaf, root, *proof = honest = [LEAVES[index], tree_root(LEAVES[:size]), *proof]
    assert proof == path(index, LEAVES[:size])
    assert verify_inclusion(leaf, index, size, proof, root)

    leaf, root, *proof = data.draw(one_bit_flipped(honest))
    assert not verify_inclusion(leaf, index, size, proof, root)


@given(data=st.data(), new_size=sizes)
def test_law_a_consistency_proof_holds_until_a_bit_is_flipped(data, new_size):
    old_size = data.draw(st.integers(1, new_size))
    proof = consistency_proof(old_size, new_size, reader_of(LEAVES))
    old, new, *proof = honest = [tree_root(LEAVES[:old_size]), tree_root(LEAVES[:new_size]), *proof]
    assert proof == subproof(old_size, LEAVES[:new_size], whole=True)
    assert verify_consistency(old_size, old, new_size, new, proof)

    old, new, *proof = data.draw(one_bit_flipped(honest))
    assert not verify_consistency(old_size, old, new_size, new, proof)


@given(data=st.data(), size=sizes)
def test_law_a_proof_does_not_hold_for_another_leaf_or_with_a_hash_more_or_less(data, size):
    index = data.draw(st.integers(0, size - 1))
    other = data.draw(st.integers(-1, size).filter(lambda place: place != index))
    proof, root = inclusion_proof(index, size, reader_of(LEAVES)), tree_root(LEAVES[:size])
    assert not verify_inclusion(LEAVES[index], other, size, proof, root)
    assert not verify_inclusion(LEAVES[index], index, size, [*proof, root], root)
    assert not verify_inclusion(LEAVES[index], index, size, [LEAVES[0], *proof], root)
    assert not (proof and verify_inclusion(LEAVES[index], index, size, proof[:-1], root))


def test_a_proof_asks_for_all_its_hashes_at_once_and_only_for_complete_subtrees():
    asked = []

    def hashes(nodes):
        asked.append(list(nodes))
        return reader_of(LEAVES)(nodes)

    inclusion_proof(2, 7, hashes)
    consistency_proof(6, 7, hashes)
    assert asked == [
        [Node(0, 3), Node(1, 0), Node(1, 2), Node(0, 6)],
        [Node(1, 2), Node(0, 6), Node(2, 0)],
    ]


def test_a_proof_of_what_is_outside_the_tree_is_not_made():
    for index, tree_size in [(0, 0), (3, 3), (-1, 3)]:
        with pytest.raises(IndexError, match="outside a tree"):
            inclusion_proof(index, tree_size, reader_of(LEAVES))
    for old_size, new_size in [(0, 0), (0, 3), (4, 3), (-1, 3)]:
        with pytest.raises(IndexError, match="no proof leads"):
            consistency_proof(old_size, new_size, reader_of(LEAVES))


def test_a_proof_is_not_made_of_what_is_no_hash():
    with pytest.raises(ValueError, match="32 bytes"):
        inclusion_proof(0, 3, lambda nodes: [b"short"] * len(nodes))
    with pytest.raises(ValueError, match="shorter"):
        inclusion_proof(0, 3, lambda _: [ONE])


# Corners an attacker looks into


def test_the_empty_tree_has_no_proof_in_either_direction():
    assert not verify_consistency(0, EMPTY_ROOT, 0, EMPTY_ROOT, [])
    assert not verify_consistency(0, EMPTY_ROOT, 3, ROOT_OF_THREE, [])
    assert not verify_consistency(3, ROOT_OF_THREE, 0, EMPTY_ROOT, [])
    assert not verify_inclusion(EMPTY_ROOT, 0, 0, [], EMPTY_ROOT)


def test_equal_sizes_need_equal_roots_and_an_empty_proof():
    assert verify_consistency(3, ROOT_OF_THREE, 3, ROOT_OF_THREE, [])
    assert not verify_consistency(3, ROOT_OF_THREE, 3, ONE, [])
    assert not verify_consistency(3, ROOT_OF_THREE, 3, ROOT_OF_THREE, [ROOT_OF_THREE])


@pytest.mark.parametrize("wrong", [b"", b"\x00" * 31, b"\x00" * 33])
def test_what_is_not_32_bytes_is_no_hash_wherever_it_stands(wrong):
    # Each would hold but for its length.
    assert not verify_inclusion(wrong, 0, 1, [], wrong)
    assert not verify_inclusion(ONE, 0, 2, [wrong], node_hash(ONE, wrong))
    assert not verify_consistency(1, wrong, 2, node_hash(wrong, TWO), [TWO])
    assert not verify_consistency(1, ONE, 2, node_hash(ONE, wrong), [wrong])
    for refuses in (Frontier().append, lambda leaf: tree_root([leaf]), lambda leaf: Frontier(1, [leaf])):
        with pytest.raises(ValueError, match="32 bytes"):
            refuses(wrong)


def test_two_hashes_run_together_are_not_one():
    assert not verify_inclusion(ONE + TWO, 0, 2, [b""], node_hash(ONE, TWO))
    assert not verify_consistency(1, ONE + TWO, 2, node_hash(ONE, TWO), [b""])


def test_a_node_cannot_pass_for_a_leaf():
    assert leaf_hash(ONE + TWO) != node_hash(ONE, TWO)
    assert not verify_inclusion(leaf_hash(ONE + TWO), 0, 1, [], node_hash(ONE, TWO))


# The frontier


def test_the_frontier_has_the_root_of_the_tree_at_every_size():
    frontier = Frontier()
    assert (frontier.size, frontier.root()) == (0, EMPTY_ROOT)
    for size, leaf in enumerate(LEAVES, start=1):
        frontier.append(leaf)
        assert (frontier.size, frontier.root()) == (size, tree_root(LEAVES[:size]))


@given(st.lists(sizes, max_size=6))
def test_law_a_frontier_of_subtrees_is_the_frontier_of_their_leaves(stops):
    by_subtree, by_leaf = Frontier(), Frontier()
    for start, end in pairwise([0, *sorted(stops)]):
        for level, index in complete_subtrees(start, end):
            by_subtree.append_subtree(level, tree_root(LEAVES[index << level : (index + 1) << level]))
        for leaf in LEAVES[start:end]:
            by_leaf.append(leaf)
        assert (by_subtree.size, by_subtree.roots) == (by_leaf.size, by_leaf.roots)
        assert by_subtree.root() == tree_root(LEAVES[:end])


@given(size=st.integers(0, len(LEAVES)))
def test_law_a_frontier_continues_from_the_subtrees_that_are_read_back(size):
    grown = Frontier()
    for leaf in LEAVES[:size]:
        grown.append(leaf)
    resumed = Frontier(size, reader_of(LEAVES)(complete_subtrees(0, size)))
    assert (resumed.size, resumed.roots, resumed.root()) == (grown.size, grown.roots, grown.root())


def test_a_copy_of_a_frontier_grows_apart():
    frontier = Frontier(2, [node_hash(ONE, TWO)])
    copy = frontier.copy()
    copy.append(THREE)
    assert (frontier.size, frontier.root()) == (2, node_hash(ONE, TWO))
    assert (copy.size, copy.root()) == (3, ROOT_OF_THREE)


def test_a_subtree_out_of_line_is_refused_and_leaves_the_frontier_as_it_was():
    frontier = Frontier(1, [ONE])
    for level, subtree in [(1, TWO), (8, TWO), (-1, TWO), (0, b"short")]:
        with pytest.raises(ValueError, match=r"aligned|32 bytes"):
            frontier.append_subtree(level, subtree)
    assert (frontier.size, frontier.roots) == (1, (ONE,))


def test_a_frontier_is_not_resumed_from_the_wrong_number_of_roots():
    for size, roots in [(0, [ONE]), (3, [ONE]), (2, [ONE, TWO]), (-1, [ONE])]:
        with pytest.raises(ValueError, match="no frontier"):
            Frontier(size, roots)


def test_a_range_of_leaves_is_the_fewest_subtrees_in_order():
    assert complete_subtrees(0, 0) == complete_subtrees(7, 7) == []
    assert complete_subtrees(0, 7) == [Node(2, 0), Node(1, 2), Node(0, 6)]
    assert complete_subtrees(3, 9) == [Node(0, 3), Node(2, 1), Node(0, 8)]
    with pytest.raises(IndexError, match="no range"):
        complete_subtrees(3, 2)


# Helpers


def reader_of(leaves):
    """Return read_hashes over a tree that is simply there."""

    def read_hashes(nodes):
        assert all((index + 1) << level <= len(leaves) for level, index in nodes)
        return [tree_root(leaves[index << level : (index + 1) << level]) for level, index in nodes]

    return read_hashes


def mth(leaves):
    """MTH of RFC 6962, over leaf hashes."""
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    k = largest_power_below(len(leaves))
    return sha256(b"\x01" + mth(leaves[:k]) + mth(leaves[k:])).digest()


def path(m, leaves):
    """PATH of RFC 6962."""
    if len(leaves) == 1:
        return []
    k = largest_power_below(len(leaves))
    if m < k:
        return [*path(m, leaves[:k]), mth(leaves[k:])]
    return [*path(m - k, leaves[k:]), mth(leaves[:k])]


def subproof(m, leaves, *, whole):
    """SUBPROOF of RFC 6962."""
    if m == len(leaves):
        return [] if whole else [mth(leaves)]
    k = largest_power_below(len(leaves))
    if m <= k:
        return [*subproof(m, leaves[:k], whole=whole), mth(leaves[k:])]
    return [*subproof(m - k, leaves[k:], whole=False), mth(leaves[:k])]


def largest_power_below(n):
    return max(1 << exponent for exponent in range(n.bit_length()) if 1 << exponent < n)


@st.composite
def one_bit_flipped(draw, hashes):
    """Return *hashes* with one bit of one of them the other way round."""
    which, bit = draw(st.integers(0, len(hashes) - 1)), draw(st.integers(0, 255))
    flipped = int.from_bytes(hashes[which], "big") ^ 1 << bit
    return [*hashes[:which], flipped.to_bytes(32, "big"), *hashes[which + 1 :]]


def answer_to(probe):
    """Return what our verifier says to a probe of transparency-dev/merkle."""
    proof = [b64decode(part) for part in probe["proof"] or []]
    if probe["kind"] == "inclusion":
        leaf, root = b64decode(probe["leafHash"] or ""), b64decode(probe["root"] or "")
        return verify_inclusion(leaf, probe["leafIdx"], probe["treeSize"], proof, root)
    old, new = b64decode(probe["root1"] or ""), b64decode(probe["root2"] or "")
    return verify_consistency(probe["size1"], old, probe["size2"], new, proof)
