"""A verification under way: how far each step is, how fast, and what came of it.

It is moved by the thread that works and read by the screen. It knows of neither: it is told how far a step is, and it
answers by waiting while it is paused, and by raising `Stopped` once it is to end.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from ledger.reperform import Reperformance
from projections.compare import Comparison, Difference
from projections.levels import Finding, Level, levels
from projections.verify import Verified
from tui.model.text import clean

Part = Literal["rebuild", "decide"]
Step = Literal["read", "rebuild", "compare", "decide"]
State = Literal["idle", "running", "stopped", "failed", "done"]

STEPS: dict[Part, tuple[Step, ...]] = {"rebuild": ("read", "rebuild", "compare"), "decide": ("decide",)}
WORDS: dict[Step, str] = {
    "read": "read and hash",
    "rebuild": "rebuild",
    "compare": "compare",
    "decide": "decide again",
}
COUNTED_EACH = 256
"""Events decided again between two looks at whether to go on."""


class Stopped(Exception):
    """The verification was stopped before its end."""


class Problem(NamedTuple):
    """Something that is not as it should be. sequence: the entry to look at, None where it is about no single one."""

    text: str
    sequence: int | None = None


@dataclass
class Gauge:
    """How far one step is. whole: None before it has begun. Pauses do not count."""

    done: int = 0
    whole: int | None = None
    spent_s: float = 0.0

    @property
    def share(self) -> float:
        """How much of it is done, 0 to 1."""
        return 0.0 if self.whole is None else min(self.done / self.whole, 1.0) if self.whole else 1.0

    @property
    def ended(self) -> bool:
        """Whether all of it is done."""
        return self.whole is not None and self.done >= self.whole

    @property
    def rate(self) -> float | None:
        """How much of it is done a second, None where that cannot be told yet."""
        return self.done / self.spent_s if self.done and self.spent_s > 0 else None

    @property
    def left_s(self) -> float | None:
        """How long the rest will take at this rate, None where that cannot be told."""
        return None if self.whole is None or self.rate is None else max(self.whole - self.done, 0) / self.rate


class Verification:
    """One verification at a time, and the last one's findings. drawn: grows whenever there is something new to draw."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        """now: a clock that only goes forward, in seconds."""
        self.state: State = "idle"
        self.parts: tuple[Part, ...] = ()
        self.gauges: dict[Step, Gauge] = {step: Gauge() for step in WORDS}
        self.comparison: Comparison | None = None
        self.reperformance: Reperformance | None = None
        self.proven: Verified | None = None
        self.judged: tuple[Finding, ...] | None = None
        self.failure: Problem | None = None
        self.drawn = 0
        self._now, self._paused_s = now, 0.0
        self._began_s: dict[Step, float] = {}
        self._going, self._stopping = threading.Event(), threading.Event()
        self._counted = 0

    # What the screen asks for

    @property
    def running(self) -> bool:
        """Whether it is under way, paused or not."""
        return self.state == "running"

    @property
    def paused(self) -> bool:
        """Whether it waits to be continued."""
        return self.running and not self._going.is_set()

    @property
    def share(self) -> float:
        """How much of all that was asked for is done, 0 to 1."""
        steps = [step for part in self.parts for step in STEPS[part]]
        return sum(self.gauges[step].share for step in steps) / len(steps) if steps else 0.0

    @property
    def problems(self) -> list[Problem]:
        """Everything found that is not as it should be."""
        found = [Problem(clean(f"{each.where}: {each.what}"), each.sequence) for each in self._differences]
        if self.reperformance and self.reperformance.differs:
            told = f"decided again: {clean(self.reperformance.differs)}"
            found.append(Problem(told, self.reperformance.sequence))
        found += [Problem(clean(f"{level}: {each.text}")) for level, each in self._unproven]
        found += [
            Problem(clean(f"judged again: {each.text}")) for each in self.judged or () if each.standing == "problem"
        ]
        return [*([self.failure] if self.failure else []), *found]

    @property
    def sequence(self) -> int | None:
        """The last entry looked at, None where nothing was."""
        if self.comparison:
            return self.comparison.sequence
        return self.reperformance.last_sequence if self.reperformance else None

    @property
    def levels(self) -> tuple[Level, ...]:
        """Every level, with what it rests on as far as it was looked at."""
        proven = {level.name: level.findings for level in self.proven.levels} if self.proven else None
        return levels(self.comparison, self.reperformance, proven, self.judged)

    @property
    def _unproven(self) -> list[tuple[str, Finding]]:
        """What of the log itself does not hold. That nobody has witnessed it is no difference."""
        found = self.proven.levels if self.proven else ()
        return [
            (level.name, each)
            for level in found
            for each in level.findings
            if each.standing == "problem" and level.name in ("A1", "A2")
        ]

    @property
    def _differences(self) -> Sequence[Difference]:
        return self.comparison.differences if self.comparison else ()

    def pause(self) -> None:
        """Wait, or go on."""
        if self._going.is_set():
            self._going.clear()
        else:
            self._going.set()
        self.drawn += 1

    def stop(self) -> None:
        """End it where it is. Whoever works notices at the next step."""
        self._stopping.set()
        self._going.set()
        self.drawn += 1

    # What the work tells

    def begin(self, parts: Sequence[Part]) -> None:
        """Start anew with these parts; what was found of others stays."""
        self.state, self.parts, self.failure = "running", tuple(parts), None
        self._paused_s, self._counted, self._began_s = 0.0, 0, {}
        for part in parts:
            self.gauges.update((step, Gauge()) for step in STEPS[part])
        if "rebuild" in parts:
            self.comparison = self.proven = None
        if "decide" in parts:
            self.reperformance = self.judged = None
        self._stopping.clear()
        self._going.set()
        self.drawn += 1

    def moved(self, step: Step, done: int, whole: int) -> None:
        """Take note of how far a step is; wait while paused. Errors: Stopped."""
        if not self._going.is_set():
            began = self._now()
            self._going.wait()
            self._paused_s += self._now() - began
        if self._stopping.is_set():
            raise Stopped
        at = self._now() - self._paused_s
        began = self._began_s.setdefault(step, at)
        self.gauges[step] = Gauge(done, whole, at - began)
        self.drawn += 1

    def counter(self, step: Step, whole: int) -> Callable[[int], None]:
        """Return what takes note of a step entry by entry. Making it never waits: the screen's own thread does."""

        def count(more: int) -> None:
            self._counted += more
            if self._counted % COUNTED_EACH == 0 or self._counted == whole:
                self.moved(step, self._counted, whole)

        self.gauges[step] = Gauge(0, whole)
        self._began_s[step] = self._now() - self._paused_s
        self.drawn += 1
        return count

    def end(self, state: State, failure: Problem | None = None) -> None:
        """Take note that it has ended, and why where it failed."""
        self.state, self.failure = state, failure
        self.drawn += 1
