"""From what is supposed to drafts, and back: the only way to adopt a scenario is to send its drafts, one by one."""

from __future__ import annotations

import datetime
import re
from pathlib import Path
from typing import NamedTuple

import msgspec

from tui.model import drafts
from tui.model.commands import about_line
from tui.model.drafts import CommandDraft, draft_of, drafts_in, line_of_draft, scenarios_in
from tui.model.supposed import Scenario, SupposedDecision, SupposedError
from tui.model.text import clean


class Drafted(NamedTuple):
    """What was kept of a scenario. problems: of the commands that no form fits, why."""

    scenario: str
    drafts: list[CommandDraft]
    problems: list[str]


def keep_as_drafts(directory: Path, scenario: Scenario, title: str, *, at: datetime.datetime) -> Drafted:
    """Keep the commands of a scenario that are on as drafts, and the scenario by them. Nothing is sent.

    A command that is a draft already, by its id, stays that draft. directory: of the portfolio's files.
    Errors: OSError.
    """
    shelf = drafts_in(directory)
    known = {draft.commandid: draft.id for draft in shelf.all()[0]}
    kept, problems, supposed = list[CommandDraft](), list[str](), list[drafts.Supposed]()
    for each in scenario.decisions:
        if each.does == "leaves out":
            supposed.append(drafts.Supposed(leave_out=each.sequence, on=each.on))
            continue
        if not each.on:
            continue
        try:
            draft = draft_of(each.line, at=at)
        except ValueError as error:
            problems.append(f"{each.about}: {clean(str(error), 200)}")
            continue
        draft = msgspec.structs.replace(draft, id=known.get(draft.commandid, draft.id), note=f"what-if: {title}"[:200])
        shelf.put(draft)
        kept.append(draft)
        instead = each.does == "replaces"
        after, replaces = (None, each.sequence) if instead else (each.sequence, None)
        supposed.append(drafts.Supposed(draft=draft.id, after=after, replaces=replaces))
    name = re.sub(r"[^A-Za-z0-9]+", "-", title).strip("-")[:64] or "scenario"
    scenarios_in(directory).put(drafts.Scenario(id=name, title=title, changes=tuple(supposed)))
    return Drafted(name, kept, problems)


def taken_up(kept: drafts.Scenario, directory: Path, origin: str, currency: str | None) -> Scenario:
    """Return a kept scenario as it is supposed. origin: the ledger its commands name.

    Errors: SupposedError where one of its drafts is not there or cannot be read.
    """
    by_id = {draft.id: draft for draft in drafts_in(directory).all()[0]}
    found = Scenario(kept.title or kept.id)
    for each in kept.changes:
        if each.leave_out is not None:
            found.decisions.append(SupposedDecision("leaves out", each.leave_out, "a recorded decision", on=each.on))
            continue
        draft = by_id.get(each.draft or "")
        if draft is None:
            raise SupposedError(f"scenario {kept.id} supposes draft {each.draft}, which is not there any more")
        line = line_of_draft(draft, origin, currency=currency)
        if isinstance(line, list):
            raise SupposedError(f"draft {draft.id} cannot be read: {line[0].problem} ({line[0].path})")
        about = about_line(line)
        if each.replaces is None:
            found.decisions.append(SupposedDecision("adds", each.after, about, line, each.on))
        else:
            found.decisions.append(SupposedDecision("replaces", each.replaces, about, line, each.on))
    return found
