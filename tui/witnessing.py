"""portfolio witness: an auditor's own key and memory; and the log's side, which asks witnesses to sign."""

from __future__ import annotations

import asyncio
import json
import signal
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from typing import Annotated, Any, Literal

from cyclopts import Parameter

from ledger.access import Access
from ledger.files import replace_file
from ledger.notary.checkpoint import Checkpoint, parse_checkpoint
from ledger.notary.cosignature import cosigned_at_s
from ledger.notary.cosigning import Asked, collect_cosignatures, newest_witnessed
from ledger.notary.note import NoteError, parse_note
from ledger.notary.places import CHECKPOINT, WITNESSED, DirectoryPlace, Place, place_of
from ledger.notary.policy import Log, Policy, PolicyError, parse_policy
from ledger.notary.published import published_place
from ledger.notary.witness import Answer, Witness, WitnessError, new_witness, open_witness, trust_log
from ledger.store import StoreError
from projections.verify import instant
from tui.common import DONE, REFUSED, CommandError, Common, access, host_and_port, read_file
from tui.model.text import clean

NATS = "nats:"
"""What a place begins with that is a portfolio on the NATS server of --nats."""

Action = Literal["new", "trust", "show", "run", "ask"]


async def witness_(
    action: Action,
    directory: Path,
    *,
    name: str | None = None,
    log: str | None = None,
    place: str | None = None,
    serve: str | None = None,
    every: float = 60.0,
    once: Annotated[bool, Parameter(negative="")] = False,
    policy: Path | None = None,
    common: Common | None = None,
) -> int:
    """Witness a log: sign its checkpoints where they go on from those signed before, and keep the evidence otherwise.

    `new` makes a witness in DIRECTORY, `trust` has it look at a log, `show` tells what it has signed, `run` reads the
    places of its logs, signs, and answers whoever asks over HTTP. `ask` is for those who run the log in DIRECTORY:
    it asks the witnesses of a policy, and publishes what a quorum has signed.

    Parameters
    ----------
    name
        With `new`: what the witness's key is called, a name that is nobody else's, such as audit.example.com/w1.
    log
        With `trust`: the log's verifier key, as its notary tells it.
    place
        With `trust`: where the log is read, a directory, a URL, or nats:PORTFOLIO; without it the log has to ask.
    serve
        With `run`: HOST:PORT to answer on over HTTP (C2SP tlog-witness). Port 0 is any that is free.
    every
        With `run` and `ask`: how many seconds pass between two looks.
    once
        With `run` and `ask`: look once, and end.
    policy
        With `ask`: the file that names the witnesses, their URLs, and the quorum.
    """
    common = common or Common()
    if not 0 < every <= 86_400:
        raise CommandError(f"--every is {every:g}; it is a number of seconds, above 0 and at most a day")
    try:
        if action == "new":
            return _new(common, directory, name)
        if action == "trust":
            return _trust(common, directory, log, place)
        if action == "show":
            return _show(common, open_witness(directory, time.time))
        if action == "run":
            return await _run(common, open_witness(directory, time.time), serve, None if once else every)
        return await _ask(common, directory, policy, None if once else every)
    except WitnessError as error:
        raise CommandError(str(error)) from error
    except NoteError as error:
        raise CommandError(f"what is kept in {directory} cannot be read: {error}; put it back from a copy") from error


def _new(common: Common, directory: Path, name: str | None) -> int:
    if name is None:
        raise CommandError("a witness has a name: give --name, such as audit.example.com/w1")
    vkey = new_witness(directory, name)
    told = f"witness {name} in {directory}; its verifier key, for policies: {vkey}"
    print(json.dumps({"vkey": str(vkey)}) if common.json else clean(told))
    return DONE


def _trust(common: Common, directory: Path, log: str | None, place: str | None) -> int:
    open_witness(directory, time.time)
    if log is None:
        raise CommandError("say which log: give --log with its verifier key, as `portfolio notary` tells it")
    trust_log(directory, log, place)
    told = f"{directory} looks at {log}{f' in {place}' if place else ', which has to ask'}"
    print(json.dumps({"log": log, "place": place}) if common.json else clean(told))
    return DONE


def _show(common: Common, witness: Witness) -> int:
    logs = [_seen(witness, log) for log in witness.logs]
    forks = sorted(str(each) for each in witness.directory.glob("fork-*"))
    if common.json:
        print(json.dumps({"vkey": str(witness.vkey), "logs": logs, "forks": forks}))
        return DONE
    print(clean(f"verifier key  {witness.vkey}"))
    for log in logs:
        signed = f"{log['size']:,} entries at {log['at']}, root {log['root']}" if log["size"] else "nothing signed yet"
        print(clean(f"{log['origin']}  {signed}"))
    for fork in forks:
        print(clean(f"TWO HISTORIES are kept in {fork}"))
    return DONE


def _seen(witness: Witness, log: Log) -> dict[str, Any]:
    note = witness.seen(log.key.name)
    told: dict[str, Any] = {"origin": log.key.name, "log": str(log.key), "place": log.url, "size": 0}
    if note is not None:
        text, lines = parse_note(note)
        checkpoint = parse_checkpoint(text)
        own = max(cosigned_at_s(each.blob) for each in lines if each.key_id == witness.vkey.key_id)
        told |= {"size": checkpoint.size, "root": checkpoint.root.hex(), "at": instant(own)}
    return told


async def _run(common: Common, witness: Witness, serve: str | None, every_s: float | None) -> int:
    pulled = [log for log in witness.logs if log.url]
    if serve is None and not pulled:
        raise CommandError(
            "there is nothing to do: no log has a place to be read from, and --serve is not given. Give a log a place "
            "with `portfolio witness trust DIRECTORY --log VKEY --place PLACE`"
        )
    forked = False
    async with AsyncExitStack() as stack:
        reached = None
        if any((log.url or "").startswith(NATS) for log in pulled):
            reached, settings = await stack.enter_async_context(access(common))
            actor = settings.actor
        if serve is not None:
            from ledger.notary.witness_site import witness_site

            host, port = host_and_port("--serve", serve)
            at = await stack.enter_async_context(witness_site(host, port, witness))
            url = f"http://{host}:{at}"
            print(json.dumps({"serves": url}) if common.json else f"The witness answers at {url}", flush=True)
        ended = _ended()
        while True:
            for log in pulled:
                answer, why = await _pulled(witness, log, reached)
                forked = forked or (answer is not None and answer.fork is not None)
                if answer is not None and answer.signed and reached is not None and (log.url or "").startswith(NATS):
                    why += await _filed(reached, (log.url or "").removeprefix(NATS), actor, witness, log)
                _say(common, log, answer, why)
            if every_s is None or await _ends_within(ended, every_s):
                return REFUSED if forked else DONE


async def _pulled(witness: Witness, log: Log, reached: Access | None) -> tuple[Answer | None, str]:
    """Read one log where it is published, and sign it; return the answer, and in words what came of it."""
    written = log.url or ""
    try:
        place: Place
        if written.startswith(NATS):
            assert reached is not None
            portfolio = written.removeprefix(NATS)
            place = await published_place(
                written, reached.register(portfolio), reached.tiles(portfolio), _size_of(witness.seen(log.key.name))
            )
        else:
            place = await asyncio.to_thread(place_of, written)
        answer = await asyncio.to_thread(witness.pull, place, log.key.name)
    except (StoreError, OSError, NoteError, WitnessError, ValueError) as error:
        return None, f"not read: {error}"
    if answer is None:
        return None, "not read: there is no checkpoint yet"
    if answer.signed:
        return answer, f"{_size_of(witness.seen(log.key.name)):,} entries signed"
    kept = f"; both checkpoints are kept in {answer.fork}" if answer.fork else ""
    return answer, f"NOT SIGNED ({answer.status}): {answer.body.strip()}{kept}"


async def _filed(reached: Access, portfolio: str, actor: str, witness: Witness, log: Log) -> str:
    note = witness.seen(log.key.name)
    assert note is not None
    try:
        await reached.cosignatures(portfolio).file(actor, note)
    except StoreError as error:
        return f", not filed: {error}"
    return f", filed as {actor}"


def _say(common: Common, log: Log, answer: Answer | None, why: str) -> None:
    if common.json:
        told = {"origin": log.key.name, "status": answer.status if answer else None, "told": why}
        print(json.dumps(told | {"fork": str(answer.fork) if answer and answer.fork else None}), flush=True)
    else:
        print(clean(f"{log.key.name}: {why}"), flush=True)


def _size_of(note: bytes | None) -> int:
    return parse_checkpoint(parse_note(note).text).size if note else 0


async def _ask(common: Common, directory: Path, file: Path | None, every_s: float | None) -> int:
    if file is None:
        raise CommandError("say who the witnesses are: give --policy")
    try:
        policy = parse_policy(read_file(file))
    except PolicyError as error:
        raise CommandError(f"{file}: {error}") from error
    async with AsyncExitStack() as stack:
        reached = portfolio = None
        if common.portfolio is not None:
            reached, _ = await stack.enter_async_context(access(common))
            portfolio = await reached.choose(common.portfolio)
        ended, differed = _ended(), False
        while True:
            filed = await reached.cosignatures(portfolio).newest() if reached and portfolio else []
            witnessed, differs = await _asked(common, directory, policy, filed)
            differed = differed or differs  # told once, it is not taken back by a later look
            if every_s is None or await _ends_within(ended, every_s):
                return DONE if witnessed and not differed else REFUSED


async def _asked(common: Common, directory: Path, policy: Policy, filed: Sequence[bytes]) -> tuple[bool, bool]:
    """Ask once, and publish the newest checkpoint a quorum has signed.

    Returns whether there is one, and whether a witness says that the log does not go on from what it has signed.
    """
    place = DirectoryPlace(directory)
    note = place.read(CHECKPOINT)
    if note is None:
        raise CommandError(f"there is no checkpoint in {directory}; run `portfolio notary` first")
    try:
        collected = await collect_cosignatures(note, policy, place)
        before = place.read(WITNESSED)
        known = [collected.note, *filed, *([before] if before else [])]
        found = newest_witnessed(policy, collected.note, known, now_s=int(time.time()))
    except NoteError as error:
        raise CommandError(f"the checkpoint in {directory} cannot be used: {error}") from error
    if found is not None and found != before:
        # A crash before it: the witnesses have signed, and are asked again the next time.
        replace_file(directory / WITNESSED, found, durable=True, mode=0o644)
    _say_asked(common, collected.asked, found)
    return found is not None, any(each.differs for each in collected.asked)


def _say_asked(common: Common, asked: Sequence[Asked], witnessed: bytes | None) -> None:
    found: Checkpoint | None = parse_checkpoint(parse_note(witnessed).text) if witnessed else None
    if common.json:
        told = [
            {"witness": each.witness, "signed": each.line is not None, "differs": each.differs, "told": each.why}
            for each in asked
        ]
        print(json.dumps({"asked": told, "witnessed": found.size if found else None}), flush=True)
        return
    for each in asked:
        no = "NOT SIGNED, this does not go on from what it has signed: " if each.differs else ""
        print(clean(f"{each.witness}: {no}{each.why}"))
    told_size = f"{found.size:,} entries are witnessed" if found else "no quorum has signed yet"
    print(told_size, flush=True)


def _ended() -> asyncio.Event:
    """Return an event that SIGTERM and SIGINT set."""
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for each in (signal.SIGTERM, signal.SIGINT):
        with suppress(NotImplementedError, RuntimeError, ValueError):
            loop.add_signal_handler(each, ended.set)
    return ended


async def _ends_within(ended: asyncio.Event, seconds: float) -> bool:
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await ended.wait()
    return ended.is_set()
