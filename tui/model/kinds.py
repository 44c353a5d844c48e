"""Kinds of decisions to choose from: drafts, forms about one initiative, and all there are, in groups."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from schemas import commands as c
from tui.model.drafts import CommandDraft
from tui.model.figures import instant
from tui.model.forms import form_of
from tui.model.shelf import Broken
from tui.model.templates import TEMPLATES
from tui.model.text import clean

GROUPS: tuple[tuple[str, tuple[type[c.Command], ...]], ...] = (
    (
        "Money",
        (c.ApproveFunding, c.ReallocateFunding, c.FundEnvelope, c.PostCommitment, c.PostActual, c.UpdateForecast),
    ),
    (
        "Initiatives and gates",
        (
            c.ProposeInitiative,
            c.AmendInitiative,
            c.DecideGate,
            c.DischargeCondition,
            c.SetBaseline,
            c.LinkInitiative,
        ),
    ),
    ("Decisions and votes", (c.RequestDecision, c.RecordVote, c.CloseDecision, c.DeclareInterest)),
    ("Objectives and priority", (c.SetObjectives, c.DeclareAlignment, c.ScoreInitiative, c.SetPriority)),
    (
        "Benefits, risk, capacity, models",
        (
            c.PlanBenefit,
            c.MeasureBenefit,
            c.RateAssurance,
            c.AssessRisk,
            c.AllocateCapacity,
            c.ReportFlow,
            c.ChangeModelLifecycle,
        ),
    ),
    ("Governance", (c.AdoptPolicy, c.SetAuthority, c.SetBody, c.EnrolActor)),
    ("Corrections and periods", (c.ReverseEntry, c.ClosePeriod, c.OpenPortfolio)),
    ("Proof and erasure", (c.AnchorCheckpoint, c.EraseText, c.SetHold)),
)
"""Every command there is, once, most wanted first."""

DIGITS = "123456789"


class Begin(NamedTuple):
    """What a form begins as. about: the initiative it is about. draft: the one that is gone on with."""

    command: type[c.Command]
    about: str | None = None
    draft: CommandDraft | None = None


class Choice(NamedTuple):
    """One line to choose. opens: None for a heading, and for a file that cannot be read. digit: opens it too."""

    title: str
    told: str = ""
    opens: Begin | None = None
    digit: str = ""


def choices(
    search: str,
    drafts: Sequence[CommandDraft] = (),
    broken: Sequence[Broken] = (),
    *,
    about: str | None = None,
    initiatives: Mapping[str, str] | None = None,
) -> list[Choice]:
    """Return what can be chosen: drafts, forms about an initiative, and every kind in its group.

    search: words that all stand in a line; one that is an initiative says what forms are about. about: the initiative
    in sight. initiatives: their titles. Digits stand for the first forms while nothing is searched for.
    """
    titles = initiatives or {}
    told = {name.casefold(): name for name in titles}
    words = search.casefold().split()
    named = [told[word] for word in words if word in told]
    wanted = [word for word in words if word not in told]
    about = named[0] if named else about
    found = [*_under("Drafts", [*map(_of_draft, _newest_first(drafts)), *map(_of_broken, broken)], [*words])]
    if about is not None:
        title = clean(titles.get(about, ""), 40)
        lines = [_of_kind(command, about) for command in TEMPLATES]
        if not search.strip():
            lines = [
                line._replace(digit=DIGITS[place]) if place < len(DIGITS) else line for place, line in enumerate(lines)
            ]
        found += _under(f"About {clean(about)} {title}".rstrip(), lines, wanted)
    for group, commands in GROUPS:
        found += _under(group, [_of_kind(command, None) for command in commands], wanted)
    return found


def summary(draft: CommandDraft) -> str:
    """Return what a draft says, in short and clean: the fields its form needs."""
    form = form_of(c.BY_TYPE[draft.form])
    texts = (draft.written.get(f"data.{spec.name}", "") for spec in form.data if spec.required)
    return ", ".join(clean(text, 30) for text in texts if text) or "nothing yet"


def _newest_first(drafts: Sequence[CommandDraft]) -> list[CommandDraft]:
    return sorted(drafts, key=lambda draft: draft.changed_at, reverse=True)


def _of_draft(draft: CommandDraft) -> Choice:
    command = c.BY_TYPE[draft.form]
    state = "SENT, NO ANSWER YET; " if draft.seen is not None else ""
    note = f"; {clean(draft.note, 60)}" if draft.note else ""
    told = f"{state}{summary(draft)}; {instant(draft.changed_at)[:16]} UTC by {clean(draft.actor)}{note}"
    return Choice(form_of(command).title, told, Begin(command, draft=draft))


def _of_broken(broken: Broken) -> Choice:
    return Choice("cannot be read", clean(f"{broken.path.name}: {broken.problem}", 200))


def _of_kind(command: type[c.Command], about: str | None) -> Choice:
    form = form_of(command)
    return Choice(form.title, form.help, Begin(command, about))


def _under(heading: str, lines: Sequence[Choice], words: Sequence[str]) -> Iterator[Choice]:
    """Yield the lines that hold all words, under their heading; nothing where there are none."""
    found = [line for line in lines if all(word in _searched(heading, line) for word in words)]
    if found:
        yield Choice(heading)
        yield from found


def _searched(heading: str, line: Choice) -> str:
    kind = "" if line.opens is None else f"{line.opens.command.__name__} {line.opens.command.FACT.__name__}"
    return f"{heading} {line.title} {line.told} {kind}".casefold()
