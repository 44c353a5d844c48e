"""portfolio log --bounds: between when each event was recorded, by the witnesses' clocks, and which lie outside."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ledger.anchoring import WITNESSED
from ledger.notary.note import NoteError
from ledger.notary.policy import Policy, PolicyError, parse_policy
from projections.bounds import Anchor, Bound, anchors_in, bounds_of
from projections.line import instant_of
from projections.replica import Replica
from projections.sync import synced
from tui.common import DONE, REFUSED, CommandError, Common, access, progress, read_file
from tui.model.table import table
from tui.model.text import clean


async def log_bounds(initiative: str | None, type_: str | None, policy_file: Path | None, common: Common) -> int:
    """List events with their bounds; exit code 1 where one was recorded outside of them."""
    policy = None if policy_file is None else _policy(policy_file)
    async with access(common) as (reached, chosen):
        portfolio = await reached.choose(chosen.portfolio)
        directory = reached.directory(portfolio)
        with progress(f"reading {portfolio}") as moved:
            made = await synced(reached.store(portfolio), directory, portfolio, progress=moved)
        anchors = _anchors(made, policy, directory / WITNESSED)
    rows = [_row(each, anchors) for each in _events(made, initiative, type_, common.actor)]
    outside = sum(row["outside"] is not None for row in rows)
    if common.json:
        told = {"portfolio": portfolio, "checked": policy is not None, "anchors": len(anchors), "outside": outside}
        print(json.dumps({**told, "events": rows}))
    else:
        print(_text(rows, anchors, checked=policy is not None, outside=outside))
    return REFUSED if outside else DONE


def _policy(file: Path) -> Policy:
    try:
        return parse_policy(read_file(file))
    except PolicyError as error:
        raise CommandError(f"{file}: {error}") from error


def _anchors(made: Replica, policy: Policy | None, witnessed: Path) -> list[Anchor]:
    """Return the anchors of a ledger, and what its newest witnessed checkpoint adds where that can be read."""
    try:
        notes = [witnessed.read_bytes()]
    except FileNotFoundError:
        notes = []
    try:
        return anchors_in(made, policy, notes)
    except NoteError:
        return anchors_in(made, policy)  # a file that the policy does not believe bounds nothing


def _events(made: Replica, initiative: str | None, type_: str | None, actor: str | None) -> Iterable[dict[str, Any]]:
    query = (
        "select sequence, type, subject, actor, recorded_at, basis from events where (? is null or subject = ?) "
        "and (? is null or type = ? or split_part(type, '.', 1) = ?) and (? is null or actor = ?) order by sequence"
    )
    about = None if initiative is None else f"initiative/{initiative}"
    return made.ask(query, [about, about, type_, type_, type_, actor, actor])


def _row(event: dict[str, Any], anchors: list[Anchor]) -> dict[str, Any]:
    found = bounds_of(event["sequence"], anchors)
    # What was imported states when its source published it; no clock of ours was there.
    outside = None if event["basis"] == "imported" else found.outside(event["recorded_at"])
    return {
        "sequence": event["sequence"],
        "type": event["type"],
        "subject": event["subject"],
        "recorded": event["recorded_at"].isoformat(),
        "not_before": _told(found.not_before),
        "not_after": _told(found.not_after),
        "outside": outside,
    }


def _told(bound: Bound | None) -> dict[str, Any] | None:
    if bound is None:
        return None
    at = instant_of(bound.at_s * 1_000_000).isoformat()
    return {"at": at, "size": bound.anchor.size, "anchored": bound.anchor.sequence, "checked": bound.anchor.checked}


def _text(rows: list[dict[str, Any]], anchors: list[Anchor], *, checked: bool, outside: int) -> str:
    if not rows:
        return "No such events."
    if not anchors:
        return "No checkpoint with a witness's time is anchored; `portfolio anchor` records one."
    cells = []
    for row in rows:
        bounds = [_shown(row[name]) for name in ("not_before", "not_after")]
        mark = "" if row["outside"] is None else f"✗ {row['outside']}"
        told = [f"{row['sequence']:,}", row["recorded"][:19].replace("T", " "), *bounds, row["type"]]
        cells.append([*told, clean(row["subject"], 40), mark])
    headers = ["sequence", "recorded", "not before", "not after", "type", "subject", "outside"]
    verified = "verified by the policy's keys" if checked else "as witnesses state, NOT CHECKED; --policy verifies them"
    return "\n".join(
        [
            table(headers, cells, [True, *[False] * 6]),
            "",
            f"{len(rows):,} events, {outside:,} outside. Bounds of {len(anchors):,} checkpoints, {verified}.",
        ]
    )


def _shown(bound: dict[str, Any] | None) -> str:
    return "–" if bound is None else bound["at"][:19].replace("T", " ")
