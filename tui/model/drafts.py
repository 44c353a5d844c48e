"""Drafts: commands that are written and not sent, and scenarios that suppose them.

    <data>/<portfolio>/drafts/<id>.json       {"id":"d-1f3a","form":"ApproveFunding.v1","commandid":"...","actor":"ana",
                                               "written":{"data.initiative":"AI-0042",...},"changed_at":"..."}
    <data>/<portfolio>/scenarios/<id>.json    {"id":"keep-the-avatar","changes":[{"leave_out":536},
                                               {"draft":"d-1f3a","after":700,"on":false}]}

A draft keeps what is written in a form, complete or not, and the command id it will be sent under: sent twice, it is
recorded once. A scenario holds no commands of its own, only drafts and where they are supposed, so that the only way
to adopt it is to send its drafts, one by one, as any other.
"""

from __future__ import annotations

import datetime
import secrets
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import msgspec

from ledger.suppose import Add, Change, LeaveOut, Replace
from schemas.commands import BY_TYPE
from schemas.values import Id
from tui.model.forms import Sender, Slip, Texts, form_of, line_of, texts_of
from tui.model.shelf import Shelf, ShelfError


class CommandDraft(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A command that is not sent. form: its type. written: the texts of its form. actor: who will send it.

    recordedtime: stated, in a historic import. note: what the writer wants to remember of it.
    """

    id: Id
    form: str
    commandid: Id
    actor: Id
    written: dict[str, str]
    changed_at: datetime.datetime
    recordedtime: str | None = None
    note: str | None = None

    def __post_init__(self) -> None:
        if self.form not in BY_TYPE:
            raise ValueError(f"there is no form {self.form}")


class Supposed(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One change of a scenario: an entry left out; or a draft, behind an entry, in the place of one, or at the end.

    leave_out, after, replaces: sequences. on: whether it is supposed now.
    """

    draft: Id | None = None
    leave_out: int | None = None
    after: int | None = None
    replaces: int | None = None
    on: bool = True

    def __post_init__(self) -> None:
        if (self.draft is None) == (self.leave_out is None):
            raise ValueError("a change names either a draft or an entry to leave out")
        if (self.after is not None) + (self.replaces is not None) + (self.leave_out is not None) > 1:
            raise ValueError("a draft stands behind an entry or in the place of one, not both")


class Scenario(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A supposed history by its changes. title: what people call it."""

    id: Id
    title: str | None = None
    changes: tuple[Supposed, ...] = ()

    @property
    def drafts(self) -> tuple[str, ...]:
        """The drafts that adopting it means to send, in order; what is left out cannot be adopted."""
        return tuple(each.draft for each in self.changes if each.draft is not None and each.on)


class Laid(NamedTuple):
    """A scenario as what `ledger.suppose` takes. slips: what of a draft cannot be read, by its id."""

    changes: list[Change]
    slips: dict[str, list[Slip]]


def drafts_in(directory: Path) -> Shelf[CommandDraft]:
    """Return the drafts of a portfolio. directory: where its files are kept."""
    return Shelf(directory / "drafts", CommandDraft, "draft")


def scenarios_in(directory: Path) -> Shelf[Scenario]:
    """Return the scenarios of a portfolio. directory: where its files are kept."""
    return Shelf(directory / "scenarios", Scenario, "scenario")


def new_draft(form: str, written: Texts, actor: str, *, at: datetime.datetime, note: str | None = None) -> CommandDraft:
    """Return a draft under an id and a command id of its own."""
    name = f"d-{secrets.token_hex(6)}"
    return CommandDraft(
        id=name, form=form, commandid=str(uuid.uuid4()), actor=actor, written=written, changed_at=at, note=note
    )


def draft_of(line: bytes, *, at: datetime.datetime) -> CommandDraft:
    """Return a draft of a command's line, under its own command id. Errors: ValueError where no form fits it."""
    form, texts, sender = texts_of(line)
    name = f"d-{secrets.token_hex(6)}"
    return CommandDraft(
        id=name,
        form=form.name,
        commandid=sender.commandid,
        actor=sender.actor,
        written=texts,
        changed_at=at,
        recordedtime=sender.recordedtime,
    )


def line_of_draft(
    draft: CommandDraft, portfolio: str, *, seen: int | None = None, currency: str | None = None
) -> bytes | list[Slip]:
    """Return the line a draft is sent as, or what of it cannot be read. portfolio: the ledger's origin."""
    sender = Sender(portfolio, draft.commandid, draft.actor, seen, draft.recordedtime)
    return line_of(form_of(BY_TYPE[draft.form]), draft.written, sender, currency=currency)


def laid_out(
    scenario: Scenario, drafts: Mapping[str, CommandDraft], portfolio: str, last: int, *, currency: str | None = None
) -> Laid:
    """Return the changes of a scenario. last: the sequence that what names no place comes behind.

    Errors: ShelfError where it names a draft that is not there.
    """
    laid = Laid([], {})
    for each in scenario.changes:
        if each.leave_out is not None:
            laid.changes.append(LeaveOut(each.leave_out, each.on))
            continue
        draft = drafts.get(each.draft or "")
        if draft is None:
            raise ShelfError(f"scenario {scenario.id} supposes draft {each.draft}, which is not there; take it out")
        line = line_of_draft(draft, portfolio, currency=currency)
        if isinstance(line, list):
            laid.slips[draft.id] = line
        elif each.replaces is not None:
            laid.changes.append(Replace(each.replaces, line, on=each.on))
        else:
            laid.changes.append(Add(last if each.after is None else each.after, line, on=each.on))
    return laid
