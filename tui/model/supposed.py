"""What is supposed: up to three scenarios, each a list of decisions that are left out, replaced or added.

It knows nothing of a screen and nothing of a stream: keys change it, `tui.outcomes` says what comes of it.
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, NamedTuple

from ledger.suppose import Add, Change, LeaveOut, Outcome, Replace
from projections.scenarios import MOST_SCENARIOS

Does = Literal["leaves out", "replaces", "adds"]


class SupposedError(ValueError):
    """Something cannot be supposed: which, and what next."""


class SupposedDecision(NamedTuple):
    """One supposed decision. sequence: of the entry that is left out or replaced, or behind which one is added; None
    for the last one. about: what it is, in clean words. line: the supposed command, empty where one is left out."""

    does: Does
    sequence: int | None
    about: str
    line: bytes = b""
    on: bool = True

    def change(self, last: int) -> Change:
        """Return it as `ledger.suppose` takes it. last: the sequence of the last entry."""
        if self.does == "adds":
            return Add(last if self.sequence is None else self.sequence, self.line, on=self.on)
        assert self.sequence is not None, "what is left out or replaced is a recorded entry"
        if self.does == "replaces":
            return Replace(self.sequence, self.line, on=self.on)
        return LeaveOut(self.sequence, self.on)

    def fork(self, last: int) -> int:
        """Return the last sequence that a history with it shares with the recorded one."""
        if self.sequence is None:
            return last
        return self.sequence if self.does == "adds" else self.sequence - 1


@dataclass
class Scenario:
    """A supposed history. title: what people call it. behind: the entry behind which the next one is added, None for
    the last one."""

    title: str = ""
    behind: int | None = None
    decisions: list[SupposedDecision] = field(default_factory=list)

    @property
    def on(self) -> list[SupposedDecision]:
        """The decisions that are supposed now."""
        return [each for each in self.decisions if each.on]

    def fork(self, last: int) -> int:
        """Return the last sequence it shares with the recorded history; where nothing is supposed, where to begin."""
        return min((each.fork(last) for each in self.on), default=last if self.behind is None else self.behind)

    def changes(self, last: int) -> tuple[Change, ...]:
        """Return what is supposed now. last: the sequence of the last entry."""
        return tuple(each.change(last) for each in self.on)

    def outcomes(self, found: Sequence[Outcome]) -> list[Outcome | None]:
        """Return what came of each decision, None of what is off or causes no event of its own. found: in order."""
        told = iter(found)
        return [next(told, None) if each.on and each.line else None for each in self.decisions]


class WhatIf:
    """Scenarios side by side. focus: the place of the one that keys change. as_of: the day of the figures, None for
    today."""

    def __init__(self, as_of: datetime.date | None = None) -> None:
        self.scenarios = [Scenario()]
        self.focus = 0
        self.as_of = as_of

    @property
    def scenario(self) -> Scenario:
        """The scenario in focus."""
        return self.scenarios[self.focus]

    def title(self, place: int) -> str:
        """Return what a scenario is called."""
        return self.scenarios[place].title or f"scenario {place + 1}"

    # What is supposed

    def leave_out(self, sequence: int, about: str) -> None:
        """Suppose that a recorded decision had not been made. Errors: SupposedError where it is supposed already."""
        self._only(sequence)
        self.scenario.decisions.append(SupposedDecision("leaves out", sequence, about))

    def put_instead(self, sequence: int, line: bytes, about: str) -> None:
        """Suppose a command in the place of a recorded one. Errors: SupposedError where that is supposed already."""
        self._only(sequence)
        self.scenario.decisions.append(SupposedDecision("replaces", sequence, about, line))

    def add(self, line: bytes, about: str) -> None:
        """Suppose one more command, where the scenario says."""
        self.scenario.decisions.append(SupposedDecision("adds", self.scenario.behind, about, line))

    def rewrite(self, place: int, line: bytes, about: str) -> None:
        """Suppose another command in the place of a supposed one."""
        self.scenario.decisions[place] = self.scenario.decisions[place]._replace(line=line, about=about)

    def toggle(self, place: int) -> None:
        """Turn a decision on or off."""
        decision = self.scenario.decisions[place]
        self.scenario.decisions[place] = decision._replace(on=not decision.on)

    def drop(self, place: int) -> None:
        """Forget a decision."""
        del self.scenario.decisions[place]

    def _only(self, sequence: int) -> None:
        for each in self.scenario.decisions:
            if each.does != "adds" and each.sequence == sequence:
                done = "left out" if each.does == "leaves out" else "replaced"
                raise SupposedError(f"entry {sequence:,} is {done} already; space turns that on or off, d drops it")

    # Scenarios

    def turn(self, by: int) -> None:
        """Bring another scenario into focus."""
        self.focus = (self.focus + by) % len(self.scenarios)

    def begin(self, scenario: Scenario | None = None) -> None:
        """Begin one more scenario, an empty one where none is given. Errors: SupposedError where there are enough."""
        if len(self.scenarios) == MOST_SCENARIOS:
            raise SupposedError(f"there are {MOST_SCENARIOS} scenarios, and no more stand side by side; X drops one")
        self.scenarios.append(scenario or Scenario())
        self.focus = len(self.scenarios) - 1

    def copied(self) -> Scenario:
        """Return a scenario that supposes what the one in focus does."""
        title = f"{self.title(self.focus)}, again"
        return replace(self.scenario, title=title, decisions=list(self.scenario.decisions))

    def drop_scenario(self) -> None:
        """Forget the scenario in focus. There is always one."""
        del self.scenarios[self.focus]
        if not self.scenarios:
            self.scenarios.append(Scenario())
        self.focus = min(self.focus, len(self.scenarios) - 1)
