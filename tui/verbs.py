"""A verb for each decision: `portfolio approve AI-0042 --envelope claims --amount "50_000 USD" --capex-opex opex`.

The function of a verb is made when it is first used, from the form of its command (tui/model/verbs.py). A verb begins
as its form in the terminal begins: what the ledger knows is filled in, such as the stage a gate is from; what is given
takes its place. `--dry-run` judges it by the rules that would decide it, and writes nothing.
"""

from __future__ import annotations

import inspect
import json
import secrets
import uuid
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple

import msgspec
from cyclopts import Group, Parameter

from ledger.access import Access
from ledger.book import Book
from ledger.connection import Forbidden
from ledger.settings import Settings
from ledger.store import StoreError
from ledger.writer import Writer, system_clock
from schemas import codec, sent
from schemas import commands as c
from schemas.envelope import Recorded
from schemas.events import ActorEnrolled
from schemas.receipts import Accepted, Receipt, Refused, receipt_as_dict
from schemas.values import zone_of
from tui.apart import kept_apart
from tui.common import WORLD_FAILED, CommandError, Common, access, read_file
from tui.model.fates import in_words
from tui.model.forms import Sender, Texts, form_of, line_of, slips_of, texts_in
from tui.model.stated import fields
from tui.model.templates import TEMPLATES, blank, origin, template
from tui.model.text import clean
from tui.model.verbs import Option, OptionError, command_of, missing, name_of, options_of, texts_given
from tui.model.verdicts import Verdict, verdict
from tui.model.writing import SECTIONS
from tui.recording import exit_code
from tui.signer_keys import Signing
from tui.verb_names import VERBS

GROUPS = {section: Group(section.capitalize(), sort_key=place) for place, section in enumerate(SECTIONS)}
SENDING = Group("How it is sent", sort_key=len(SECTIONS))


@Parameter(name="*", group=SENDING)
@dataclass(frozen=True)
class Sending:
    """How a verb's command is made and sent."""

    dry_run: Annotated[
        bool, Parameter(help="Judge it, and print what would be recorded; nothing is written.", negative="")
    ] = False
    command_id: Annotated[
        str | None,
        Parameter(help="Send it under this id, so that it can be repeated: nothing is filled in, --time is needed."),
    ] = None
    about: Annotated[
        str | None, Parameter(help="Begin as the form about this initiative, where it is not named otherwise.")
    ] = None
    blank: Annotated[bool, Parameter(help="Fill in nothing that is not given.", negative="")] = False
    recorded_time: Annotated[
        str | None, Parameter(help="When it was recorded, such as 2026-03-31T18:00:00Z; in a historic import only.")
    ] = None


class Made(NamedTuple):
    """A command that a verb made, on the book as it stands. payload: as it is sent, signed or not."""

    portfolio: str
    payload: bytes
    texts: Texts

    def signed(self, signing: Signing) -> Made:
        """Return it signed with the keys that are named. Errors: CommandError."""
        return self._replace(payload=signing.signed(self.payload))


Verbal = Callable[..., Coroutine[Any, Any, int]]


def __getattr__(name: str) -> Verbal:
    """Return the function of a verb, under the verb's name. Errors: AttributeError where there is no such verb."""
    if name not in VERBS:
        raise AttributeError(f"there is no verb {name!r}")
    return function_of(name)


def function_of(verb: str) -> Verbal:
    """Return the function of a verb: its parameters are the fields of its form, with their kinds and help."""
    options = {f"field_{place}": option for place, option in enumerate(options_of(verb))}

    async def run(*first: str | None, **given: Any) -> int:
        given |= zip(options, first, strict=False)
        common = given.pop("common", None) or Common()
        sending = given.pop("sending", None) or Sending()
        signing = given.pop("signing", None) or Signing()
        said = {options[name].path: _read(options[name], value) for name, value in given.items() if value is not None}
        return await say(verb, said, sending, signing, common)

    made = [_parameter(name, option) for name, option in options.items()]
    keyword = inspect.Parameter.KEYWORD_ONLY
    made.append(inspect.Parameter("sending", keyword, default=None, annotation=Sending | None))
    made.append(inspect.Parameter("signing", keyword, default=None, annotation=Signing | None))
    made.append(inspect.Parameter("common", keyword, default=None, annotation=Common | None))
    run.__signature__ = inspect.Signature(made, return_annotation=int)  # type: ignore[attr-defined]
    run.__annotations__ = {each.name: each.annotation for each in made} | {"return": int}
    run.__name__ = run.__qualname__ = verb
    run.__doc__ = VERBS[verb].help
    return run


async def say(verb: str, said: dict[str, Any], sending: Sending, signing: Signing, common: Common) -> int:
    """Make a verb's command, sign it, send it or judge it, and tell what came of it. said: what is given, by field.

    Errors: CommandError; StoreError, ServerError, NoSuchPortfolio, SettingsError.
    """
    if command_of(verb) is c.OpenPortfolio:
        return await _open(verb, said, sending, signing, common)
    async with access(common) as (reached, chosen):
        writer = await reached.writer(await reached.choose(chosen.portfolio))
        await writer.catch_up()
        made = _made(verb, said, sending, writer.book, chosen)
        if sending.dry_run:
            return _tell_verdict(
                verb, made, verdict(writer.book, made.signed(signing).payload, now=system_clock()), common
            )
        # What is signed is what is sent: texts are kept apart before.
        made = made._replace(payload=kept_apart(made.payload, chosen.vault)).signed(signing)
        return await _send(verb, made, writer, reached, common)


async def _open(verb: str, said: dict[str, Any], sending: Sending, signing: Signing, common: Common) -> int:
    """Do what say does for the first command of a portfolio, which has no stream yet."""
    name = said.get("data.portfolio") or common.portfolio
    if common.portfolio not in (None, name) or name is None:
        raise CommandError(f"{verb} needs one portfolio to open; name it first, as `portfolio open ai-2026`")
    common = replace(common, portfolio=name)
    made = _made(verb, said, sending, Book(name), common.settings()).signed(signing)
    # Judged on paper first, so that a command that cannot be accepted leaves no stream behind.
    found = verdict(Book(name), made.payload, now=system_clock())
    if sending.dry_run or found.refused is not None:
        return _tell_verdict(verb, made, found, common)
    async with access(common) as (reached, _):
        await reached.create(name)
        return await _send(verb, made, await reached.writer(name), reached, common)


def _made(verb: str, said: dict[str, Any], sending: Sending, book: Book, chosen: Settings) -> Made:
    """Return the command a verb makes on a book. Errors: CommandError, naming the option."""
    command = command_of(verb)
    form = form_of(command)
    bare = sending.blank or sending.command_id is not None
    begun: Texts = {"data.portfolio": book.portfolio} if any(each.name == "portfolio" for each in form.data) else {}
    if not bare:
        begun = _begun(command, said, sending.about, book)
    elif sending.about is not None:
        raise CommandError("--about fills in, and --blank and --command-id leave out; choose one")
    try:
        texts = texts_given(verb, said, begun)
    except OptionError as error:
        raise CommandError(clean(str(error))) from error
    needed = missing(verb, form, texts)
    if needed:
        raise CommandError(f"{verb} still needs {', '.join(needed)}; see `portfolio {verb} --help`")
    sender = Sender(
        origin(book, texts),
        sending.command_id or str(uuid.uuid4()),
        chosen.actor,
        None if bare or book.opened is None else book.sequence,
        sending.recorded_time,
    )
    line = line_of(form, texts, sender, currency=None if book.opened is None else book.opened.currency)
    if isinstance(line, list):
        raise CommandError("; ".join(f"{name_of(verb, slip.path)}: {slip.problem}" for slip in line))
    return Made(book.portfolio, line, texts)


def _begun(command: type[c.Command], said: dict[str, Any], about: str | None, book: Book) -> Texts:
    """Return what is written in a verb's form before anything is given: what the ledger knows."""
    now = system_clock()
    day = now.date() if book.opened is None else now.astimezone(zone_of(book.opened.time_zone)).date()
    about = about or said.get("data.initiative") or said.get("data.to.initiative")
    texts = blank(command, book, day=day)
    if about is not None and command in TEMPLATES:
        texts = template(command, book, about, day=day)
    elif command is c.EnrolActor:
        texts |= _enrolled(book, said.get("data.actor"))
    if command is c.OpenPortfolio:
        texts |= {"data.portfolio": book.portfolio, "data.log_origin": f"{book.portfolio}-{secrets.token_hex(4)}"}
    return texts


def _enrolled(book: Book, actor: str | None) -> Texts:
    """Return what is enrolled of an actor, since an enrolment says all of it anew."""
    known = None if actor is None else book.newest(f"actor/{actor}", ActorEnrolled)
    if known is None:
        return {}
    told = msgspec.to_builtins(known)
    return texts_in(form_of(c.EnrolActor), {name: told[name] for name in STAYS if name in told}, {})


STAYS = ("actor", "person", "roles", "vkey", "valid_from", "valid_to")
"""What of an enrolment stays until another says otherwise."""


async def _send(verb: str, made: Made, writer: Writer, reached: Access, common: Common) -> int:
    try:
        receipt = await writer.submit(made.payload)
    except Forbidden:
        raise
    except StoreError as error:
        # It may have been stored: the same line, sent again, is recorded once and gets the receipt.
        line = sent.one_line(*sent.split(made.payload)).decode()
        raise CommandError(
            f"{error}; send the same line again with `portfolio send -`: {line}", WORLD_FAILED
        ) from error
    recorded: list[Recorded] = []
    if isinstance(receipt, Accepted) and reached.may_read(made.portfolio):
        first = receipt.events[0].sequence
        store = reached.store(made.portfolio)
        recorded = [
            codec.decode(entry.payload, portfolio=made.portfolio, sequence=entry.sequence)
            async for entry in store.read(after=first - 1, until=receipt.sequence)
        ]
    return _tell(verb, made, receipt, recorded, common)


def _tell(verb: str, made: Made, receipt: Receipt, recorded: list[Recorded], common: Common) -> int:
    if common.json:
        print(json.dumps(receipt_as_dict(receipt)))
    elif isinstance(receipt, Refused):
        raise CommandError(f"refused: {_why(verb, made, receipt)}", exit_code([receipt]))
    else:
        print("\n".join(_lines(recorded, "is recorded")))
    return exit_code([receipt])


def _tell_verdict(verb: str, made: Made, found: Verdict, common: Common) -> int:
    """Tell what would become of a command, and return the exit code it would have had."""
    refused = [] if found.refused is None else [found.refused]
    if common.json:
        told: dict[str, Any] = {"dry_run": True, "command": msgspec.json.decode(sent.split(found.line).line)}
        if found.refused is not None:
            told |= receipt_as_dict(found.refused)
        elif found.repeats is not None:
            told |= {"status": "repeated", "sequence": found.repeats}
        else:
            told |= {"status": "accepted", "flags": [flag.name for flag in found.flags]}
            told["events"] = [msgspec.json.decode(payload) for payload in found.payloads]
        print(json.dumps(told))
    elif found.refused is not None:
        raise CommandError(f"would be refused: {_why(verb, made, found.refused)}", exit_code(refused))
    elif found.repeats is not None:
        print(f"It is recorded already, at sequence {found.repeats:,}; it would not be recorded again.")
    else:
        print("\n".join(_lines(list(found.events), "would be recorded")))
        print(f"Nothing is written. The command: {clean(sent.one_line(*sent.split(found.line)).decode())}")
    return exit_code(refused)


def _lines(events: list[Recorded], what: str) -> list[str]:
    """Return what is told of events: what each says, and the guardrails they break."""
    lines = []
    for event in events:
        lines.append(f"{event.data.TYPE} {what} at sequence {event.at:,}, effective {event.effective_on}")
        lines += [f"  {name}  {text}" for name, text in fields(event.data).items()]
        if event.flags:
            said = f", because {clean(event.flagreason)}" if event.flagreason else "; nobody said why it passes"
            lines.append(f"  flagged {clean(event.flags)}{said}")
    return lines


def _why(verb: str, made: Made, refused: Refused) -> str:
    """Return a refusal in words, with the option that it is about."""
    form = form_of(command_of(verb))
    path = slips_of(form, made.texts, refused)[0].path
    option = name_of(verb, path) if path else ""
    return f"{option}: {in_words(refused)}" if option.startswith("--") or option.isupper() else in_words(refused)


def _read(option: Option, value: Any) -> Any:
    """Return what is given to an option, with files read where it names them."""
    if option.whole:
        return _contents(value)
    if option.spec.kind == "list":
        return [_contents(each) for each in value]
    return value


def _contents(value: str) -> str:
    if not value.startswith("@"):
        return value
    try:
        return read_file(Path(value[1:])).decode()
    except UnicodeDecodeError as error:
        raise CommandError(f"{value[1:]} is no text in UTF-8; give a file of JSON") from error


def _parameter(name: str, option: Option) -> inspect.Parameter:
    """Return one option of a verb as cyclopts reads it."""
    first = not option.name.startswith("--")
    plain = f"--{option.name.lower()}" if first else option.name
    told: dict[str, Any] = {"help": option.help, "group": GROUPS[option.section], "name": plain}
    kind = option.spec.kind
    if kind == "yes_no":
        annotation: Any = bool
    elif option.spec.allowed and kind in ("choice", "words"):
        annotation = Literal[option.spec.allowed]
    else:
        annotation, told["allow_leading_hyphen"] = str, kind in ("money", "whole") and not first
    if kind in ("list", "words") and not option.whole:
        annotation = list[annotation]
        told["negative"] = ""
    place: Any = inspect.Parameter.POSITIONAL_OR_KEYWORD if first else inspect.Parameter.KEYWORD_ONLY
    if first and plain in ("--actor", "--portfolio"):  # which say who acts, and where
        place = inspect.Parameter.POSITIONAL_ONLY
        del told["name"]
    return inspect.Parameter(name, place, default=None, annotation=Annotated[annotation | None, Parameter(**told)])
