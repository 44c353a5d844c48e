"""What the What-if screen asks before something is supposed: which decision, how it reads, where it stands."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
from textual import work

from ledger.importers import commands as ndjson
from schemas import commands as c
from schemas.commands import BY_TYPE, Command
from schemas.envelope import Recorded
from tui.common import CommandError, read_file
from tui.going import place_of
from tui.model.commands import about_event, about_line, completed
from tui.model.drafts import CommandDraft, drafts_in, line_of_draft, scenarios_in
from tui.model.drafts import Scenario as KeptScenario
from tui.model.forms import Sender, form_of, texts_of
from tui.model.supposed import Scenario, SupposedError, WhatIf
from tui.model.supposed_drafts import keep_as_drafts, taken_up
from tui.model.templates import TEMPLATES, blank, template
from tui.model.text import clean
from tui.modes import ModeScreen
from tui.outcomes import Outcomes
from tui.screens.ask import AskScreen
from tui.screens.fields import FieldsScreen
from tui.screens.pick import Choice, PickScreen
from tui.session import StoreError

COMMON: tuple[type[Command], ...] = (c.ApproveFunding, c.ReallocateFunding, c.DecideGate)
"""The decisions that are supposed most."""

ADDRESS = "a sequence, +10, 50%, 2024-06-30, AI-0007, tip"


class Asks(ModeScreen):
    """The part of the screen that asks. The rest says where the cursor stands, and shows what changed."""

    outcomes: Outcomes

    @property
    def what_if(self) -> WhatIf:
        """What is supposed."""
        return self.ledger.supposed

    def changed(self, *, more: bool = False) -> None:
        """Take note that something else is supposed. more: the last of the decisions is new."""
        raise NotImplementedError

    def tell(self, text: str) -> None:
        """Say something that went otherwise than asked."""
        self.app.notify(clean(text, 400), severity="warning", markup=False)

    # Adding

    def action_add(self) -> None:
        choices: list[Choice[Any]] = [Choice(form_of(each).title.lower(), each) for each in COMMON]
        choices += [
            Choice("another kind of decision", self._choose_kind),
            Choice("a command as one line of JSON", self._ask_line),
            Choice("the commands of a file", self._ask_file),
        ]
        if drafts := drafts_in(self.ledger.session.directory).all()[0]:
            choices.append(Choice(f"a draft; there are {len(drafts)}", lambda: self._choose_draft(drafts)))

        def chosen(what: Any) -> None:
            if isinstance(what, type):
                self._about(what)
            elif what is not None:
                what()

        self.app.push_screen(PickScreen("Suppose that somebody had decided", choices), chosen)

    def _choose_kind(self) -> None:
        choices = [Choice(form_of(each).title.lower(), each) for each in BY_TYPE.values()]

        def chosen(command: type[Command] | None) -> None:
            if command is not None:
                self._about(command)

        self.app.push_screen(PickScreen("Suppose", choices), chosen)

    @work(exclusive=True, group="asking")
    async def _about(self, command: type[Command]) -> None:
        """Ask which initiative it is about, where it is about one, and show its form."""
        if command not in TEMPLATES:
            self._show_form(command, None)
            return
        try:
            here = await self._event(self.ledger.head.sequence)
        except StoreError:
            here = None  # it would only be suggested
        kind, _, name = ("", "", "") if here is None else here.subject.partition("/")
        value = name if kind == "initiative" else ""
        asked = AskScreen(f"{form_of(command).title}: which initiative", "such as AI-0007", value)

        def given(text: str | None) -> None:
            if text and text.strip():
                self._show_form(command, text.strip())

        self.app.push_screen(asked, given)

    @work(exclusive=True, group="asking")
    async def _show_form(self, command: type[Command], initiative: str | None) -> None:
        """Show the form of a command, begun with what was known where it is added."""
        session, behind = self.ledger.session, self.what_if.scenario.behind
        last = session.replica.sequence
        moment = session.now() if behind is None else session.moment(behind)
        try:
            fork = await self.outcomes.forks.at(last if behind is None else behind, last)
            origin, currency = await self._opened()
        except StoreError as error:
            self.tell(str(error))
            return
        if initiative is None:
            texts = blank(command, fork.book, day=moment.as_of)
        else:
            texts = template(command, fork.book, initiative, day=moment.as_of)
        sender = Sender(origin, str(uuid.uuid4()), session.actor)
        self.app.push_screen(FieldsScreen(form_of(command), texts, sender, currency), self._take)

    def _ask_line(self) -> None:
        hint = '{"type":"ApproveFunding.v1","subject":"initiative/AI-0007","time":"2026-01-15","data":{...}}'
        self.app.push_screen(AskScreen("A command as one line of JSON", hint), self._take_text)

    def _ask_file(self) -> None:
        self.app.push_screen(AskScreen("Commands as NDJSON, one a line", "the path of a file"), self._take_file)

    def _choose_draft(self, drafts: list[CommandDraft]) -> None:
        choices = [
            Choice(
                f"{each.form.partition('.')[0]} {each.written.get('data.initiative', '')} "
                f"{each.written.get('data.amount', '')} by {each.actor}  {each.id}",
                each,
            )
            for each in drafts
        ]
        self.app.push_screen(PickScreen("Drafts", choices), self._take_draft)

    async def _take_text(self, text: str | None) -> None:
        if text and text.strip():
            await self._take_lines([text.strip().encode()])

    async def _take_file(self, path: str | None) -> None:
        if not path or not path.strip():
            return
        try:
            found = await asyncio.to_thread(_commands_in, path.strip())
        except CommandError as error:
            self.tell(str(error))
            return
        if not found:
            self.tell(f"there is no command in {path.strip()}; give a file with one a line")
        await self._take_lines(found)

    async def _take_draft(self, draft: CommandDraft | None) -> None:
        if draft is None:
            return
        origin, currency = await self._opened()
        line = line_of_draft(draft, origin, currency=currency)
        if isinstance(line, list):
            self.tell(f"draft {draft.id} cannot be read: {line[0].path}: {line[0].problem}")
        else:
            self._take(line)

    async def _take_lines(self, found: list[bytes]) -> None:
        """Take lines as they were given, completed as `portfolio suppose` completes them."""
        origin, _ = await self._opened()
        for line in found:
            missing = {"portfolio": origin, "actor": self.ledger.session.actor, "commandid": str(uuid.uuid4())}
            whole = completed(line, missing)
            self.what_if.add(whole, about_line(whole))
        self.changed(more=True)

    def _take(self, line: bytes | None) -> None:
        if line is not None:
            self.what_if.add(line, about_line(line))
            self.changed(more=True)

    # Leaving out and replacing

    def action_leave_out(self) -> None:
        self._ask_entry("Leave out", self._leave_out)

    def action_replace(self) -> None:
        self._ask_entry("Put another decision in the place of", self._replace)

    def _ask_entry(self, title: str, then: Callable[[int, Recorded], Any]) -> None:
        head = self.ledger.head
        value = "" if head.live else str(head.sequence)

        async def given(text: str | None) -> None:
            if not text or not text.strip():
                return
            try:
                sequence = await place_of(self.ledger.session, head, text)
                event = await self._event(sequence)
            except (ValueError, StoreError) as error:
                self.tell(str(error))
                return
            if event is None:
                self.tell(f"entry {sequence:,} is no decision; give another one")
                return
            then(sequence, event)

        self.app.push_screen(AskScreen(title, ADDRESS, value), given)

    def _leave_out(self, sequence: int, event: Recorded) -> None:
        try:
            self.what_if.leave_out(sequence, about_event(event))
        except SupposedError as error:
            self.tell(str(error))
        else:
            self.changed(more=True)

    @work(exclusive=True, group="asking")
    async def _replace(self, sequence: int, event: Recorded) -> None:
        """Show the form of a recorded command, to be changed."""
        first = event
        while first.command is None and first.at > 1:
            try:
                before = await self._event(first.at - 1)
            except StoreError as error:
                self.tell(clean(str(error)))
                return
            if before is None or before.commandid != event.commandid:
                break
            first = before
        if first.command is None:
            self.tell(f"entry {sequence:,} rests on no command, so none can take its place")
            return

        def take(line: bytes | None) -> None:
            if line is None:
                return
            try:
                self.what_if.put_instead(sequence, line, about_line(line))
            except SupposedError as error:
                self.tell(str(error))
            else:
                self.changed(more=True)

        self._edit(first.command.encode(), take, anew=True)

    def rewrite(self, place: int) -> None:
        """Ask how a supposed command should read."""

        def take(line: bytes | None) -> None:
            if line is not None:
                self.what_if.rewrite(place, line, about_line(line))
                self.changed()

        self._edit(self.what_if.scenario.decisions[place].line, take)

    @work(exclusive=True, group="asking")
    async def _edit(self, line: bytes, take: Callable[[bytes | None], None], anew: bool = False) -> None:
        """Show a command in its form, or as a line where no form fits it. anew: it gets a command id of its own."""
        _, currency = await self._opened()
        try:
            form, texts, sender = texts_of(line)
        except (ValueError, msgspec.DecodeError, RecursionError):
            asked = AskScreen("A command as one line of JSON", "", _visible(line))
            self.app.push_screen(asked, lambda text: take(text.encode() if text else None))
            return
        if anew:
            sender = sender._replace(commandid=str(uuid.uuid4()))
        self.app.push_screen(FieldsScreen(form, texts, sender, currency), take)

    # Scenarios

    def action_fork(self) -> None:
        head, scenario = self.ledger.head, self.what_if.scenario
        value = "" if head.live else str(head.sequence)

        async def given(text: str | None) -> None:
            if not text or not text.strip():
                return
            try:
                sequence = await place_of(self.ledger.session, head, text)
            except ValueError as error:
                self.tell(str(error))
                return
            scenario.behind = None if sequence >= self.ledger.session.replica.sequence else sequence
            self.changed()

        self.app.push_screen(AskScreen("Add the next decision behind", ADDRESS, value), given)

    def action_name(self) -> None:
        def given(text: str | None) -> None:
            if text is not None:
                self.what_if.scenario.title = clean(text.strip(), 60)
                self.changed()

        self.app.push_screen(AskScreen("What this scenario is called", "", self.what_if.scenario.title), given)

    def action_new(self) -> None:
        kept = scenarios_in(self.ledger.session.directory).all()[0]
        choices: list[Choice[Any]] = [
            Choice("an empty one", Scenario()),
            Choice("a copy of this", self.what_if.copied()),
        ]
        choices += [Choice(f"kept: {each.title or each.id}", each) for each in kept]

        async def chosen(what: Scenario | KeptScenario | None) -> None:
            try:
                if isinstance(what, KeptScenario):
                    what = taken_up(what, self.ledger.session.directory, *await self._opened())
                    await self._name_left_out(what)
                if what is not None:
                    self.what_if.begin(what)
                    self.changed()
            except (SupposedError, StoreError) as error:
                self.tell(str(error))

        self.app.push_screen(PickScreen("One more scenario", choices), chosen)

    async def _name_left_out(self, scenario: Scenario) -> None:
        for place, each in enumerate(scenario.decisions):
            if each.does == "leaves out" and each.sequence is not None:
                event = await self._event(each.sequence)
                if event is not None:
                    scenario.decisions[place] = each._replace(about=about_event(event))

    def action_drafts(self) -> None:
        """Keep what is supposed as drafts. This writes files beside the archive, and nothing else."""
        session, what_if = self.ledger.session, self.what_if
        title = what_if.title(what_if.focus)
        try:
            found = keep_as_drafts(session.directory, what_if.scenario, title, at=session.clock())
        except OSError as error:
            self.tell(f"the drafts of {title} cannot be kept: {error}")
            return
        for problem in found.problems:
            self.tell(f"no draft of {problem}")
        count = len(found.drafts)
        told = "1 draft is" if count == 1 else f"{count} drafts are"
        self.app.notify(f"{told} kept, and scenario {found.scenario}; nothing was sent", markup=False)

    # What was recorded

    async def _event(self, sequence: int) -> Recorded | None:
        entry = await self.ledger.session.entry(sequence) if sequence else None
        return None if entry is None else entry.event

    async def _opened(self) -> tuple[str, str | None]:
        """Return the ledger that commands name, and the portfolio's currency."""
        session = self.ledger.session
        opened = "select log_origin, currency from portfolio_opened order by sequence limit 1"
        rows = await session.ask(lambda replica: replica.ask(opened))
        return (rows[0]["log_origin"], rows[0]["currency"]) if rows else (session.portfolio, None)


def _visible(line: bytes) -> str:
    """Return a line as text that can be written on: the same JSON with escapes for what is no ASCII, if it is JSON."""
    try:
        return json.dumps(json.loads(line))
    except (ValueError, RecursionError):
        return clean(line.decode(errors="replace"))


def _commands_in(path: str) -> list[bytes]:
    """Return the lines of a file of commands. Errors: CommandError."""
    return [line for _, line in ndjson.commands(read_file(Path(path).expanduser()))]
