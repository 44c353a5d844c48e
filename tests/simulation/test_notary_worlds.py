"""A thousand worlds from one seed: sealers race, fail and are killed at any step, and never sign two things."""

from __future__ import annotations

import random

import pytest

from ledger.notary.checkpoint import Checkpoint, open_checkpoint
from ledger.notary.edge import Edge
from ledger.notary.sealer import CHECKPOINT, HEAD, NotaryAlarm, unpacked_tail
from ledger.store import HoleInStream
from tests.notary_world import ENTRIES, ROOTS, MemoryDirectory, World, finished, killed, life

WORLDS, SEED = 1_000, 20_261_128
STEPS = 120


@pytest.mark.parametrize("part", range(4))
def test_no_two_checkpoints_disagree_and_nothing_stays_unsealed(part):
    kills = 0
    for number in range(part, WORLDS, 4):
        world = World(SEED + number, faults=0.03)
        try:
            kills += lived(world)
            check_world(world)
        except Exception as error:
            error.add_note(f"world {number}")
            raise
    assert kills > WORLDS / 4


def test_every_step_of_a_seal_is_a_place_to_die():
    """Not by chance: a second seal, which completes a bundle, is killed at each point of it, one world a point."""
    points = 0
    while True:
        world = World(0)
        directory = MemoryDirectory(world)
        world.grow(200)
        one = life(world.sealer(directory))
        while world.kept.get(CHECKPOINT) is None or directory.files.get(CHECKPOINT) is None:
            one.send(None)
        world.grow(100)
        for _ in range(points):
            one.send(None)
        done = len(world.signed) == 2 and not any("entries/000.p/" in path for path in directory.files)
        killed(one)
        check_world(world, [directory])
        if done:
            break
        points += 1
        assert points < 200, "the seal never ends"
    assert points > 20


@pytest.mark.parametrize("seed", range(25))
@pytest.mark.parametrize("way", ["changed", "cut off", "anew", "hole", "backup", "register lost"])
def test_a_stream_that_is_not_what_was_sealed_stops_every_sealer_before_it_signs(way, seed):
    world, directory = World(seed), MemoryDirectory(World(seed))
    directory._world = world
    chance = random.Random(seed)
    sizes = sorted(chance.sample(range(1, 900), 2))
    for size in sizes:
        world.grow(size - len(world.entries))
        seal_once(world, directory)
        if size == sizes[0]:
            backup = world.entries.copy(), world.kept.copy(), world.tiles.copy()
    assert [each.size for each in world.signed] == sizes
    place = chance.randrange(sizes[1])
    if way == "changed":
        world.entries[place] = b"forged"
    elif way == "cut off":
        del world.entries[place:]
    elif way == "anew":
        world.entries[place:] = [b"anew %d" % number for number in range(len(world.entries) - place + 40)]
    elif way == "hole":
        world.entries[place] = None
    elif way == "backup":
        world.entries, world.kept, world.tiles = backup
    else:
        del world.kept[HEAD]
    for _ in range(2):
        with pytest.raises((NotaryAlarm, HoleInStream)):
            finished(life(world.sealer(directory), compares=True))
    assert [each.size for each in world.signed] == sizes


def test_an_end_that_was_lost_before_it_was_sealed_and_went_on_otherwise_is_noticed():
    """The sealer had written its files; the stream then forgot those entries, and gave their sequences to others."""
    world = World(0)
    directory = MemoryDirectory(world)
    world.grow(10)
    seal_once(world, directory)
    world.grow(3)
    one = life(world.sealer(directory))
    while "tile/entries/000.p/13" not in directory.files:
        one.send(None)
    killed(one)
    world.entries[10:] = [b"x", b"y", b"z"]
    with pytest.raises(NotaryAlarm, match=r"tile/entries/000\.p/13 differs"):
        finished(life(world.sealer(directory)))
    assert [each.size for each in world.signed] == [10]


def test_another_machine_that_lost_the_same_end_is_told_by_the_tail():
    world = World(0)
    world.grow(10)
    seal_once(world, MemoryDirectory(world))
    world.grow(3)
    one = life(world.sealer(MemoryDirectory(world)))
    while b"13\n" not in world.kept["tail"].value:
        one.send(None)
    killed(one)
    world.entries[10:] = [b"x", b"y", b"z"]
    with pytest.raises(NotaryAlarm, match="tail of log in the register, of size 13, holds other entries"):
        finished(life(world.sealer(MemoryDirectory(world))))


def test_the_root_alone_tells_a_new_machine_that_the_stream_was_changed():
    world = World(0)
    world.grow(300)
    seal_once(world, MemoryDirectory(world))
    world.entries[290] = b"forged"
    del world.kept["tail"]
    with pytest.raises(NotaryAlarm, match="is not the one that was sealed at size 300: its root is"):
        finished(life(world.sealer(MemoryDirectory(world))))


def test_a_file_that_was_changed_stops_the_sealer_that_meets_it():
    world = World(0)
    directory = MemoryDirectory(world)
    world.grow(600)
    seal_once(world, directory)
    directory.files["tile/0/001"] = bytes(8192)
    with pytest.raises(NotaryAlarm, match="tile/0/001 differs"):
        finished(life(world.sealer(directory), compares=True))


def test_a_directory_that_lost_its_files_gets_them_again():
    world = World(0)
    directory = MemoryDirectory(world)
    world.grow(600)
    seal_once(world, directory)
    before = directory.files.copy()
    for path in list(directory.files):
        if path != CHECKPOINT:
            del directory.files[path]
    finished(world.sealer(directory).resume())
    assert directory.files == before


def test_a_stream_of_tiles_that_was_lost_is_made_again():
    world = World(0)
    directory = MemoryDirectory(world)
    world.grow(600)
    seal_once(world, directory)
    before = world.tiles.copy()
    world.tiles.clear()
    finished(world.sealer(directory).resume())
    assert world.tiles == before
    del world.tiles[2:]
    directory.files.pop("tile/0/001")
    with pytest.raises(NotaryAlarm, match="tile/0/001 of log is neither in the stream of tiles nor in the directory"):
        finished(world.sealer(directory)._backfill(512))


# Helpers


def lived(world):
    """Let a world go on for a while, and return how many sealers were killed in it."""
    chance, kills = world.chance, 0
    directories = [MemoryDirectory(world) for _ in range(chance.choice([1, 1, 2]))]
    alive = [None] * len(directories)
    world.directories = directories
    for _ in range(STEPS):
        what = chance.random()
        who = chance.randrange(len(alive))
        if what < 0.06:
            world.grow(chance.choice([1, 2, 30, 255, 256, 300]) if len(world.entries) < 500 else 1)
        elif what < 0.10:
            if alive[who] is not None:
                killed(alive[who])
                alive[who], kills = None, kills + 1
        elif what < 0.11:
            if alive[who] is not None:
                killed(alive[who])
            # A new machine, with nothing.
            directories[who] = MemoryDirectory(world)
            alive[who] = life(world.sealer(directories[who]))
        else:
            if alive[who] is None:
                alive[who] = life(world.sealer(directories[who]))
            for _ in range(chance.randrange(1, 8)):
                alive[who].send(None)
    for each in alive:
        if each is not None:
            killed(each)
    return kills


def check_world(world, directories=None):
    """Whatever happened: all that was signed agrees, and one undisturbed sealer leaves everything sealed."""
    world.faults = 0.0
    world.grow(1)
    for directory in world.directories if directories is None else directories:
        seal_once(world, directory)
        check_sealed(world, directory)
    for size, root in {(each.size, each.root) for each in world.signed}:
        assert root == ROOTS[size], f"signed at size {size}"


def seal_once(world, directory):
    sealer = world.sealer(directory)

    async def once():
        await sealer.resume()
        async for _ in sealer.seal_all():
            pass

    finished(once())


def check_sealed(world, directory):
    size = len(world.entries)
    note = directory.files[CHECKPOINT]
    assert world.kept[CHECKPOINT].value == note
    assert open_checkpoint(note, world.key.vkey).checkpoint == Checkpoint("log", size, ROOTS[size])
    edge = Edge()
    full = edge.extend(ENTRIES[:size])
    assert world.tiles == full
    for path, content in [*full, *edge.partial_files()]:
        assert directory.files[path] == content
    tail = unpacked_tail(world.kept["tail"].value)
    assert (tail.size, tuple(tail.entries)) == (size, edge.entries)
