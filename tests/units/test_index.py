"""The index of command ids: a dict that remembers hashes only, and can forget its newest."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger import index as indexing
from ledger.index import Found, HashIndex, hash64

KEYS = st.sampled_from([f"key-{n}" for n in range(12)])
STEPS = st.lists(
    st.tuples(KEYS, st.integers(1, 2**53), st.integers(1, 500), st.integers(0, 2**64 - 1)) | st.integers(0, 60)
)


@pytest.fixture(autouse=True)
def small_tables(monkeypatch: pytest.MonkeyPatch) -> None:
    """A table of four slots, so that it grows often."""
    monkeypatch.setattr(indexing, "_FIRST_SIZE", 4)


def equals_a_dict(steps: list[tuple[str, int, int, int] | int]) -> None:
    """Put records and cut to a length, in an index and in a plain list, and compare what they know."""
    index, kept = HashIndex(), list[tuple[str, Found]]()
    for step in steps:
        if isinstance(step, int):
            length = min(step, len(kept))
            index.truncate(length)
            del kept[length:]
        else:
            index.put(*step)
            kept.append((step[0], Found(*step[1:])))
        assert len(index) == len(kept)
        known = dict(kept)
        assert {name: index.find(name) for name in (f"key-{n}" for n in range(12))} == {
            f"key-{n}": known.get(f"key-{n}") for n in range(12)
        }


@given(STEPS)
@settings(deadline=None)
def test_law_an_index_equals_a_dict(steps: list[tuple[str, int, int, int] | int]) -> None:
    equals_a_dict(steps)


@given(STEPS)
@settings(deadline=None)
def test_law_it_does_so_when_every_key_wants_the_same_slot(steps: list[tuple[str, int, int, int] | int]) -> None:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(indexing, "hash64", lambda data: int(data.split(b"-")[1]) << 32)
        equals_a_dict(steps)


def test_ten_thousand_keys_are_found_and_no_others() -> None:
    index = HashIndex()
    for number in range(10_000):
        index.put(f"c-{number}", number + 1, 2, hash64(str(number).encode()))
    assert len(index) == 10_000
    assert all(
        index.find(f"c-{number}") == (number + 1, 2, hash64(str(number).encode())) for number in range(0, 10_000, 7)
    )
    assert index.find("c-10000") is None
    index.truncate(5_000)
    assert index.find("c-4999") is not None
    assert index.find("c-5000") is None


def test_a_key_put_again_is_moved_and_forgotten_step_by_step() -> None:
    index = HashIndex()
    for sequence in (3, 5, 8):
        index.put("P-1", sequence)
    for length, sequence in ((3, 8), (2, 5), (1, 3)):
        index.truncate(length)
        assert index.find("P-1") == Found(sequence, 1, 0)
    index.truncate(0)
    assert index.find("P-1") is None


def test_hash64_is_the_head_of_a_sha256() -> None:
    assert hash64(b"abc") == 0xBA7816BF8F01CFEA
