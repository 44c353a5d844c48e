"""What an attacker does to the log, and the first check that fails: the rows of the threat table the log answers for.

Each test is a mutation of a log that was good a moment ago. What takes witnesses, people or a pack is tested with them.
"""

from __future__ import annotations

import pytest

from ledger.notary.checkpoint import open_checkpoint
from ledger.notary.cosignature import WitnessKey, witness_key
from ledger.notary.edge import Edge
from ledger.notary.note import NoteError, parse_note, sign_note, signer_key
from ledger.notary.policy import judge, parse_policy
from ledger.notary.sealer import CHECKPOINT, NotaryAlarm
from ledger.notary.tiles import decode_bundle, entries_path, hash_reader, tile_path
from ledger.notary.tlog import consistency_proof, hash_leaves, verify_consistency
from ledger.store import HoleInStream
from tests.notary_world import ENTRIES, MemoryDirectory, World, finished, life

AUDIT, BOARD = (witness_key(name, bytes([place]) * 32) for place, name in enumerate(("audit", "board"), start=1))
NOW_S = 1_800_000_000


@pytest.fixture
def world() -> World:
    """A log that was sealed at 300 entries, and again at 700."""
    made = World(0)
    made.directory = MemoryDirectory(made)
    for count in (300, 400):
        made.grow(count)
        seal(made, made.directory)
        made.remembered = getattr(made, "remembered", made.directory.files[CHECKPOINT])
    return made


# 1: an outsider, or a disk, flips a byte


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("tile/entries/001", "tile/entries/001 and tile/0/001 do not agree"),
        ("tile/0/001", "tile/entries/001 and tile/0/001 do not agree"),
        ("tile/entries/002.p/188", "tile/entries/002.p/188 and tile/0/002.p/188 do not agree"),
        ("tile/0/002.p/188", "tile/entries/002.p/188 and tile/0/002.p/188 do not agree"),
        ("tile/1/000.p/2", "tile/1/000.p/2 does not hash"),
    ],
)
def test_1_a_flipped_byte_in_a_bundle_or_tile_does_not_hash(world, path, found):
    flip(world.directory.files, path)
    assert audit(world.directory.files, world.key.vkey) == found


def test_1_an_entry_changed_with_its_hash_is_not_under_the_root(world):
    """The bundle and every tile over it made anew: all agree, and the signed root is another."""
    forged = resigned(world, [*ENTRIES[:300], b"rewritten", *ENTRIES[301:700]])
    forged.files[CHECKPOINT] = world.directory.files[CHECKPOINT]
    assert audit(forged.files, world.key.vkey) == "the root is another"


def test_1_a_flipped_byte_in_the_checkpoint_is_not_what_was_signed(world):
    flip(world.directory.files, CHECKPOINT, place=4)
    assert "does not fit the text" in audit(world.directory.files, world.key.vkey)


# 2: who runs the database removes messages


def test_2_a_removed_message_is_a_hole_the_notary_stops_at(world):
    world.entries[650] = None
    with pytest.raises(HoleInStream, match="expected sequence 651"):
        run_notary(world)


def test_2_a_missing_end_is_noticed_before_anything_is_signed(world):
    del world.entries[690:]
    with pytest.raises(NotaryAlarm, match="ends at sequence 691, and 700 were sealed"):
        run_notary(world)


# 3: who runs the server makes the stream anew, rewritten


def test_3_a_stream_made_anew_differs_from_the_tiles(world):
    world.entries[100] = b"rewritten"
    with pytest.raises(NotaryAlarm, match="tile/entries/000 differs"):
        run_notary(world)


def test_3_on_a_machine_without_tiles_it_differs_from_what_was_sealed(world):
    world.entries[100] = b"rewritten"
    world.tiles.clear()
    with pytest.raises(NotaryAlarm, match="is not the one that was sealed at size 700"):
        run_notary(world, MemoryDirectory(world))


# 4: who has the log key rewrites history and signs it


def test_4_a_rewritten_history_hashes_and_is_signed_and_extends_nothing_that_is_remembered(world):
    forged = resigned(world, [b"rewritten", *ENTRIES[1:700]])
    # A1 holds: every entry and tile is under a root that the log's key has signed.
    assert audit(forged.files, world.key.vkey) is None
    # A2 does not: no proof leads from the remembered checkpoint to this one.
    assert not extends(forged.files, world.remembered, world.key.vkey)
    assert extends(world.directory.files, world.remembered, world.key.vkey)


def test_4_without_a_witness_of_its_own_the_forgery_has_no_quorum(world):
    forged = resigned(world, [b"rewritten", *ENTRIES[1:700]])
    good = parse_note(world.directory.files[CHECKPOINT])
    assert judge(policy(), sign_note(good.text, world.key, WitnessKey(AUDIT, NOW_S)), now_s=NOW_S).holds
    assert not judge(policy(), forged.files[CHECKPOINT], now_s=NOW_S).holds


def test_4_a_cosignature_of_the_good_log_does_not_fit_the_forged_one(world):
    forged = resigned(world, [b"rewritten", *ENTRIES[1:700]])
    good = parse_note(world.directory.files[CHECKPOINT]).text
    lines = sign_note(good, WitnessKey(AUDIT, NOW_S)).partition(b"\n\n")[2]
    with pytest.raises(NoteError, match=r"signature of audit\+[0-9a-f]{8} does not fit"):
        judge(policy(), forged.files[CHECKPOINT] + lines, now_s=NOW_S)


# 5: the same, who cuts the end off and shows an old checkpoint


def test_5_an_old_checkpoint_went_back_from_the_remembered_one_and_is_too_old(world):
    old = world.remembered
    newest = open_checkpoint(world.directory.files[CHECKPOINT], world.key.vkey).checkpoint
    shown = open_checkpoint(old, world.key.vkey).checkpoint
    assert shown.size < newest.size
    assert not verify_consistency(newest.size, newest.root, shown.size, shown.root, [])
    stale = sign_note(parse_note(old).text, world.key, WitnessKey(AUDIT, NOW_S - 90_000))
    assert not judge(policy(), stale, now_s=NOW_S, max_age_s=86_400).holds


# 6: the same, who shows two histories to two audiences


def test_6_two_views_that_were_compared_do_not_extend_each_other(world):
    forged = resigned(world, [*ENTRIES[:500], *(b"other %d" % place for place in range(300))])
    one = open_checkpoint(world.directory.files[CHECKPOINT], world.key.vkey).checkpoint
    assert not extends(forged.files, world.directory.files[CHECKPOINT], world.key.vkey)
    assert open_checkpoint(forged.files[CHECKPOINT], world.key.vkey).checkpoint.size > one.size


def test_6_a_quorum_of_most_witnesses_cannot_be_met_twice_without_one_of_them_in_both():
    both = parse_policy(policy_lines("group most 2 a b", "quorum most"))
    assert both.quorum_at_s({"a": 1}) is None
    assert both.quorum_at_s({"b": 1}) is None


# 19: a backup is put back, and the end is lost silently


def test_19_a_server_put_back_is_behind_what_the_directory_has_signed(world):
    world.entries, world.kept, world.tiles = World(0).entries, dict(world.kept), world.tiles[:2]
    world.grow(300)
    world.kept["head"] = world.kept["head"]._replace(value=parse_note(world.remembered).text.encode())
    world.kept[CHECKPOINT] = world.kept[CHECKPOINT]._replace(value=world.remembered)
    before = len(world.signed)
    with pytest.raises(NotaryAlarm, match="size 700 of log was signed, and the register's head is at 300"):
        run_notary(world)
    assert len(world.signed) == before


# The checks, as a verifier makes them


def audit(files, vkey) -> str | None:
    """Return the first thing wrong with a log: each file made again from its entries, up from the lowest."""
    try:
        checkpoint = open_checkpoint(files[CHECKPOINT], vkey).checkpoint
    except NoteError as error:
        return str(error)
    edge = Edge()
    for index in range(-(-checkpoint.size // 256)):
        width = min(256, checkpoint.size - index * 256)
        bundle, tile = entries_path(index, width), tile_path(0, index, width)
        entries = decode_bundle(files[bundle], width)
        if files[tile] != b"".join(hash_leaves(entries)):
            return f"{bundle} and {tile} do not agree"
        edge.extend(entries)
    for path, content in edge.partial_files():
        if files[path] != content:
            return f"{path} does not hash"
    return None if edge.root() == checkpoint.root else "the root is another"


def extends(files, remembered: bytes, vkey) -> bool:
    old = open_checkpoint(remembered, vkey).checkpoint
    new = open_checkpoint(files[CHECKPOINT], vkey).checkpoint
    proof = consistency_proof(old.size, new.size, hash_reader(new.size, lambda *tile: files[tile_path(*tile)]))
    return verify_consistency(old.size, old.root, new.size, new.root, proof)


# The attackers


def flip(files, path: str, place: int = 40) -> None:
    content = bytearray(files[path])
    content[place % len(content)] ^= 1
    files[path] = bytes(content)


def resigned(world: World, entries: list[bytes]) -> MemoryDirectory:
    """The files of another history, sealed with the log's own key by whoever has it."""
    other = World(0)
    other.key = world.key
    other.entries = entries
    directory = MemoryDirectory(other)
    seal(other, directory)
    return directory


def run_notary(world: World, directory: MemoryDirectory | None = None) -> None:
    world.grow(1)
    finished(life(world.sealer(directory or world.directory), compares=True))


def seal(world: World, directory: MemoryDirectory) -> None:
    sealer = world.sealer(directory)

    async def once() -> None:
        await sealer.resume()
        async for _ in sealer.seal_all():
            pass

    finished(once())


def policy_lines(*more: str) -> bytes:
    vkey = signer_key("log", bytes(range(32))).vkey
    return "\n".join([f"log {vkey}", f"witness a {AUDIT.vkey}", f"witness b {BOARD.vkey}", *more, ""]).encode()


def policy():
    return parse_policy(policy_lines("quorum a"))
