"""Two moments of a portfolio beside each other: what is not the same, since which entry, and by whom."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any, Literal

import msgspec

from projections.moment import Moment
from projections.replica import Replica
from projections.rows import AlignmentRow
from projections.views import Question, View, ask

Kind = Literal["added", "gone", "changed"]
ENDED = ("killed", "completed", "merged")
"""The statuses an initiative does not come back from."""


class FieldChange(msgspec.Struct, frozen=True):
    """One field that is not the same. kind: whether it was not there before, is not there any more, or is another.

    Units: minor_before and minor_after are minor units of the currency; other fields have texts instead.
    sequence: of the entry that set what holds now, or that took out what held; None where no single one did.
    """

    initiative: str
    field: str
    key: str | None
    kind: Kind
    before: str | None
    after: str | None
    minor_before: int | None
    minor_after: int | None
    currency: str | None
    sequence: int | None
    type: str | None
    actor: str | None

    @property
    def ends(self) -> bool:
        """Whether the initiative came to its end by it."""
        return self.field == "status" and self.after in ENDED


class InitiativeChange(msgspec.Struct, frozen=True):
    """An initiative that is not the same. kind: whether it was not there before, or is not there any more.

    sequence: of the proposal that added it, or the void that took it out. fields: what changed; of one that was added,
    what was said of it since, and of one that is gone nothing.
    """

    initiative: str
    title: str | None
    kind: Kind
    sequence: int | None
    actor: str | None
    fields: tuple[FieldChange, ...]

    @property
    def ended(self) -> bool:
        """Whether it came to its end, or is gone."""
        return self.kind == "gone" or any(field.ends for field in self.fields)


class Total(msgspec.Struct, frozen=True):
    """A figure of the whole portfolio that is not the same: worked out from everything, set by no single entry.

    name: a money measure, `index`, `orphan_share`, or `share` of an objective. Units: money in minor units of its
    currency, everything else a share from 0 to 1. before, after: None where it cannot be told.
    """

    name: str
    objective: str | None
    currency: str | None
    before: float | None
    after: float | None


class Compared(msgspec.Struct, frozen=True):
    """Two moments. decisions: how many were recorded between. initiatives: how many there are after.

    totals: the figures that differ. changes: those that ended first, then those added, then those with the most
    approved money moved.
    """

    portfolio: str
    before: Moment
    after: Moment
    decisions: int
    initiatives: int
    totals: tuple[Total, ...]
    changes: tuple[InitiativeChange, ...]

    def count(self, kind: Kind) -> int:
        """Return how many initiatives changed in one way."""
        return sum(change.kind == kind for change in self.changes)


def compare_moments(replica: Replica, before: Moment, after: Moment) -> Compared:
    """Return what is not the same at two moments. Either may be the earlier; *after* is compared with *before*."""
    rows = replica.ask(f"from state_changes({_at(before)}, {_at(after)})")
    _find_what_took_their_place(replica, rows, after)
    titles = [_titles(replica, moment) for moment in (before, after)]
    proposals = _proposals(replica, after)
    setters = {row["set_by"] for row in rows} | set(proposals.values())
    who = _who(replica, [sequence for sequence in setters if sequence is not None])
    changes = []
    for name, found in groupby(rows, key=lambda row: str(row["initiative"])):
        fields = [_field(row, who) for row in found]
        kind: Kind = "changed"
        sequence = None
        if name in titles[0] and name not in titles[1]:
            kind, sequence = "gone", max((field.sequence for field in fields if field.sequence), default=None)
            fields = []
        elif name in titles[1] and name not in titles[0]:
            kind, sequence = "added", proposals.get(name)
            fields = [field for field in fields if field.sequence != sequence]
        title = titles[1].get(name) or titles[0].get(name)
        _, actor = who.get(sequence, (None, None))
        changes.append(InitiativeChange(name, title, kind, sequence, actor, tuple(fields)))
    low, high = sorted((before.sequence, after.sequence))
    decisions = replica.ask("select count(*) as n from events where sequence > ? and sequence <= ?", [low, high])
    return Compared(
        portfolio=replica.portfolio,
        before=before,
        after=after,
        decisions=decisions[0]["n"],
        initiatives=len(titles[1]),
        totals=tuple(_totals(replica, before, after)),
        changes=tuple(sorted(changes, key=_place)),
    )


def _at(moment: Moment) -> str:
    return f"{moment.sequence}, date '{moment.as_of.isoformat()}'"


def _field(row: dict[str, Any], who: dict[int | None, tuple[str, str]]) -> FieldChange:
    kind: Kind = "changed" if row["was_there"] and row["is_there"] else "added" if row["is_there"] else "gone"
    type_, actor = who.get(row["set_by"], (None, None))
    return FieldChange(
        initiative=row["initiative"],
        field=row["field"],
        key=row["key"],
        kind=kind,
        before=row["value_before"],
        after=row["value_after"],
        minor_before=row["minor_before"],
        minor_after=row["minor_after"],
        currency=row["currency"],
        sequence=row["set_by"],
        type=type_,
        actor=actor,
    )


def _place(change: InitiativeChange) -> tuple[bool, bool, int, str]:
    """What ended first, then what is new, then by the approved money that moved, most first."""
    approved = [field for field in change.fields if field.field == "approved"]
    moved = sum(abs((field.minor_after or 0) - (field.minor_before or 0)) for field in approved)
    return (not change.ended, change.kind != "added", -moved, change.initiative)


def _titles(replica: Replica, moment: Moment) -> dict[str, str]:
    """Return the title of every initiative there is at a moment."""
    rows = replica.ask(f"select initiative, title from described({_at(moment)}) where proposed_on is not null")
    return {row["initiative"]: row["title"] for row in rows}


def _proposals(replica: Replica, moment: Moment) -> dict[str, int]:
    """Return the sequence of the proposal of every initiative there is at a moment."""
    rows = replica.ask(
        "select initiative, min(sequence) as sequence from initiative_proposed "
        "where sequence <= ? and effective_on <= ? and sequence not in (from voided(?)) group by initiative",
        [moment.sequence, moment.as_of, moment.sequence],
    )
    return {row["initiative"]: row["sequence"] for row in rows}


def _find_what_took_their_place(replica: Replica, rows: Sequence[dict[str, Any]], after: Moment) -> None:
    """Tell by whom values are gone that no void took out: by the entry of their kind that holds now, without them."""
    gone = [row for row in rows if row["set_by"] is None and not row["is_there"] and row["origin"]]
    if not gone:
        return
    found = replica.ask(
        "select type, subject, arg_max(sequence, (effective_on, sequence)) as sequence from events "
        "where type in (select unnest(?::varchar[])) and subject like 'initiative/%' and sequence <= ? "
        "and effective_on <= ? and sequence not in (from voided(?)) group by type, subject",
        [sorted({row["origin"] for row in gone}), after.sequence, after.as_of, after.sequence],
    )
    holding = {(row["type"], row["subject"]): row["sequence"] for row in found}
    for row in gone:
        row["set_by"] = holding.get((row["origin"], f"initiative/{row['initiative']}"))


def _who(replica: Replica, sequences: Sequence[int]) -> dict[int | None, tuple[str, str]]:
    """Return the type and the actor of some entries."""
    query = "select sequence, type, actor from events where sequence in (select unnest(?::bigint[]))"
    return {row["sequence"]: (row["type"], row["actor"]) for row in replica.ask(query, [list(sequences)])}


def _totals(replica: Replica, before: Moment, after: Moment) -> Iterator[Total]:
    spends = [_money(ask(replica, Question("spend"), moment)) for moment in (before, after)]
    alignments = [ask(replica, Question("alignment"), moment) for moment in (before, after)]
    figures = [{**spend, **_shares(view)} for spend, view in zip(spends, alignments, strict=True)]
    for name, objective, currency in dict.fromkeys([*figures[0], *figures[1]]):
        old, new = (each.get((name, objective, currency), 0 if currency else None) for each in figures)
        if old != new:
            yield Total(name, objective, currency, old, new)


Figures = dict[tuple[str, str | None, str | None], float | None]


def _money(spend: View) -> Figures:
    names = ("funded_minor", "approved_minor", "committed_minor", "actual_minor")
    sums = [total for total in (spend.totals, *spend.totals.get("other_currencies", [])) if total["currency"]]
    return {(name.removesuffix("_minor"), None, total["currency"]): total[name] for total in sums for name in names}


def _shares(alignment: View) -> Figures:
    rows = [row for row in alignment.rows if isinstance(row, AlignmentRow)]
    whole: Figures = {(name, None, None): alignment.totals[name] for name in ("index", "orphan_share")}
    return {**whole, **{("share", row.objective, None): row.share for row in rows}}
