"""What must come out equal whoever works it out: answers as plain integers, and the fold that every view is held to.

spend        {"env-01": [funded, approved, committed, actual]}                minor units, one currency
alignment    {"OBJ-1": [target_bp, amount_minor], "": [0, amount of no objective]}
initiatives  {"AI-0001": ["pilot", "active", approved, committed, actual]}
"""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from projections.moment import Moment
from projections.replica import Replica
from projections.rows import AlignmentRow, InitiativeRow, SpendRow
from projections.views import Question, ask
from schemas.envelope import Recorded
from schemas.events import (
    ActualPosted,
    AlignmentDeclared,
    CommitmentPosted,
    EntryReversed,
    EnvelopeFunded,
    FundingApproved,
    GateDecided,
    InitiativeProposed,
    ObjectivesSet,
)
from schemas.values import split_by_largest_remainder

Answer = dict[str, list[Any]]
FOREVER = datetime.date(9999, 12, 31)
MEASURES = ("funded", "approved", "committed", "actual")
VIEWS = ("spend", "alignment", "initiatives")
_STATUS = {"kill": "killed", "complete": "completed", "merged": "merged", "hold": "held"}
_PLACES = {name: place for place, name in enumerate(MEASURES)}


def of_replica(replica: Replica, name: str, moment: Moment) -> Answer:
    """Return a view's answer, asked as every user asks."""
    view = ask(replica, Question(name), moment)
    answer: Answer = {}
    for row in view.rows:
        if isinstance(row, SpendRow):
            answer[row.key or ""] = [row.funded_minor, row.approved_minor, row.committed_minor, row.actual_minor]
        elif isinstance(row, AlignmentRow):
            answer[row.objective] = [row.target_bp, row.amount_minor]
        elif isinstance(row, InitiativeRow):
            money = [row.approved_minor, row.committed_minor, row.actual_minor]
            answer[row.initiative] = [row.stage, row.status, *money]
    if name == "alignment":
        answer[""] = [0, view.totals["orphan_minor"]]
    return answer


class Move(NamedTuple):
    """Money as every peer's event says it."""

    measure: str
    envelope: str
    initiative: str
    minor: int
    commitment: str | None = None


class SpendFold:
    """The funding ladder at one moment, event by event; needs no more of an event than its plain values."""

    def __init__(self, as_of: datetime.date = FOREVER) -> None:
        self.as_of = as_of
        self.envelopes: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
        self.initiatives: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
        self.moves: dict[int, tuple[Move, bool]] = {}

    def move(self, sequence: int, effective_on: datetime.date, move: Move) -> None:
        """Take money in."""
        counts = effective_on <= self.as_of
        self.moves[sequence] = (move, counts)
        if counts:
            self._add(move, move.minor)

    def reverse(self, effective_on: datetime.date, kind: str, sequence: int) -> None:
        """Take money back: a void always, a counter from its own day."""
        move, counted = self.moves.get(sequence, (None, False))
        if move is not None and (counted if kind == "void" else effective_on <= self.as_of):
            self._add(move, -move.minor)

    def answer(self) -> Answer:
        """Return the ladder by envelope."""
        return dict(self.envelopes)

    def _add(self, move: Move, minor: int) -> None:
        for sums in (self.envelopes[move.envelope], self.initiatives[move.initiative]):
            sums[_PLACES[move.measure]] += minor
            if move.measure == "actual" and move.commitment is not None:
                sums[_PLACES["committed"]] -= minor


class Fold:
    """All three answers at one moment by folding every event: what one does without views."""

    def __init__(self, as_of: datetime.date = FOREVER) -> None:
        self.spend = SpendFold(as_of)
        self.said: dict[tuple[str, type], dict[int, tuple[datetime.date, Any]]] = defaultdict(dict)
        self.places: dict[int, tuple[str, type]] = {}

    def take(self, event: Recorded) -> None:
        """Take the next event in."""
        fact, sequence, day = event.data, event.at, event.effective_on
        if isinstance(fact, ActualPosted):
            move = Move("actual", fact.envelope, fact.initiative or "", fact.amount.minor, fact.commitment)
            self.spend.move(sequence, day, move)
        elif isinstance(fact, FundingApproved):
            self.spend.move(sequence, day, Move("approved", fact.envelope, fact.initiative, fact.amount.minor))
        elif isinstance(fact, CommitmentPosted):
            move = Move("committed", fact.envelope, fact.initiative or "", fact.amount.minor)
            self.spend.move(sequence, day, move)
        elif isinstance(fact, EnvelopeFunded):
            self.spend.move(sequence, day, Move("funded", fact.envelope, "", fact.amount.minor))
        elif isinstance(fact, EntryReversed):
            self.spend.reverse(day, fact.kind, fact.sequence)
            if fact.sequence in self.places:
                del self.said[self.places[fact.sequence]][fact.sequence]
        else:
            self.places[sequence] = (event.subject, type(fact))
            if day <= self.spend.as_of:
                self.said[event.subject, type(fact)][sequence] = (day, fact)

    def answer(self, name: str) -> Answer:
        """Return one of the views."""
        if name == "spend":
            return self.spend.answer()
        return self._alignment() if name == "alignment" else self._initiatives()

    def _alignment(self) -> Answer:
        declared = self._holding(AlignmentDeclared)
        approved = {initiative: sums[1] for initiative, sums in self.spend.initiatives.items() if initiative}
        serves = {name: {each.objective: each.share_bp for each in d.contributions} for name, d in declared.items()}
        return aligned(approved, serves, next(iter(self._holding(ObjectivesSet).values())))

    def _initiatives(self) -> Answer:
        gates = self._holding(GateDecided)
        found: Answer = {}
        for initiative in self._holding(InitiativeProposed):
            gate, sums = gates.get(initiative), self.spend.initiatives.get(initiative, [0, 0, 0, 0])
            stage, outcome = (gate.stage_to, gate.outcome) if gate else ("proposed", "")
            found[initiative] = [stage, status_after(outcome), *sums[1:]]
        return found

    def _holding(self, of: type) -> dict[str, Any]:
        """Return the fact of a type that holds for each subject."""
        return {
            subject.partition("/")[2]: said[max((day, sequence) for sequence, (day, _) in said.items())[1]][1]
            for (subject, kind), said in self.said.items()
            if kind is of and said
        }


def status_after(outcome: str | None) -> str:
    """Return the status an initiative has after a gate's outcome."""
    return _STATUS.get(outcome or "", "active")


def aligned(approved: Mapping[str, int], serves: Mapping[str, Mapping[str, int]], held: ObjectivesSet) -> Answer:
    """Return the answer of alignment: approved money split over what each initiative serves.

    Units: serves in basis points. A retired objective passes its shares on to its successors.
    """
    active = {each.id: each.weight_bp for each in held.objectives if each.status == "active"}
    heirs = {each.id: {heir.objective: heir.share_bp for heir in each.successors} for each in held.objectives}
    amounts: dict[str, int] = defaultdict(int)
    for initiative, minor in approved.items():
        if minor <= 0:
            continue
        weights: dict[str, int] = defaultdict(int)
        for objective, share_bp in serves.get(initiative, {}).items():
            for heir, part_bp in {objective: 10_000}.items() if objective in active else heirs[objective].items():
                weights[heir] += share_bp * part_bp
        names = [*sorted(weights), ""]
        parts = split_by_largest_remainder(
            minor, [*map(weights.__getitem__, names[:-1]), 10**8 - sum(weights.values())]
        )
        for name, part in zip(names, parts, strict=True):
            amounts[name] += part
    return {name: [target_bp, amounts[name]] for name, target_bp in active.items()} | {"": [0, amounts[""]]}


def folded(events: Iterable[Recorded], as_of: datetime.date = FOREVER) -> Fold:
    """Return the fold of events."""
    fold = Fold(as_of)
    for event in events:
        fold.take(event)
    return fold
