"""Forms: a command as fields a person fills in, and the JSON line it is sent as.

What is written is one flat table of texts by path, the paths that refusals name fields by:

    data.amount                   1,250,000.00 USD
    data.conditions               1                       how many there are
    data.conditions.0.condition   COND-1
    data.conditions.0.due         2026-09-30
    data.body.kind                tiers                   which fields follow
    data.reason                   The case holds.         or, in the place of a text that is kept elsewhere,
    data.reason.commitment        ab12...                 its salted hash
    data.reason.vault             vault:42                and where it is kept

A field left empty says nothing; a group is there once one of its fields is. A law: the line of a form's texts, read
again, gives the texts, and every command there is can be written in a form.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, NamedTuple, get_type_hints

import msgspec

from schemas.commands import BY_TYPE, Command
from schemas.receipts import Refused
from schemas.values import Commitment
from tui.model.fields import Spec, spec_of, specs_of, told_of
from tui.model.notation import Unreadable, read, written
from tui.model.text import clean

Texts = dict[str, str]
"""What is written, by path."""

SAID = (
    "time",
    "decidedon",
    "decisionid",
    "basis",
    "flagreason",
    "onbehalfof",
    "causationid",
    "correlationid",
    "sourceref",
)
"""What a person may say of a command besides its data, in the order it is asked."""


class Sender(NamedTuple):
    """What a command says that nobody fills in. seen: the last sequence that was read. recordedtime: in an import."""

    portfolio: str
    commandid: str
    actor: str
    seen: int | None = None
    recordedtime: str | None = None


class Form(NamedTuple):
    """A form for one type of command. name: that type. data: its own fields; said: those of every command.

    help: what it asks for. shape: what its data is made into.
    """

    name: str
    title: str
    help: str
    data: tuple[Spec, ...]
    said: tuple[Spec, ...]
    shape: Any


class Row(NamedTuple):
    """One line of a form as it is shown. depth: how many groups it stands in. place: of an item in its list, from 0."""

    path: str
    spec: Spec
    depth: int
    text: str
    place: int | None = None


class Slip(NamedTuple):
    """What cannot be taken as it is written: the field's path, empty for the command as a whole, and why."""

    path: str
    problem: str


@cache
def form_of(command: type[Command]) -> Form:
    """Return the form of a type of command."""
    hints = get_type_hints(command, include_extras=True)
    told = told_of(Command)
    said = tuple(
        spec_of(name, hints[name], field.is_required(), told.get(name, ""), field.default)
        for name in SAID
        for field in (command.model_fields[name],)
    )
    title = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", command.__name__).capitalize()
    help_ = (command.__doc__ or "").strip().partition("\n")[0]
    return Form(f"{command.__name__}.v1", title, help_, specs_of(hints["data"]), said, hints["data"])


def rows(form: Form, texts: Mapping[str, str]) -> list[Row]:
    """Return the lines of a form with what is written: data first, then what every command may say."""
    return [*_rows(form.data, "data.", texts, 0), *_rows(form.said, "", texts, 0)]


def line_of(form: Form, texts: Mapping[str, str], sender: Sender, *, currency: str | None = None) -> bytes | list[Slip]:
    """Return the command that is written, as the line that is sent, or what of it cannot be read.

    Whether it is complete and will be accepted is said by a verdict. currency: for an amount that names none.
    """
    reader = _Reader(texts, currency)
    data = reader.group(form.data, "data.") or {}
    said = reader.group(form.said, "") or {}
    if reader.slips:
        return reader.slips
    command = {
        "type": form.name,
        "portfolio": sender.portfolio,
        "commandid": sender.commandid,
        "actor": sender.actor,
        "subject": _subject(form, data),
        **{name: value for name in ("seen", "recordedtime") if (value := getattr(sender, name)) is not None},
        **said,
        "data": data,
    }
    return msgspec.json.encode(command)


def texts_of(line: bytes) -> tuple[Form, Texts, Sender]:
    """Return a command's line as a form, what is written in it, and what its sender says.

    Errors: ValueError where it is no command of a known type.
    """
    told = msgspec.json.decode(line)
    command = BY_TYPE.get(told.get("type", "")) if isinstance(told, dict) else None
    if command is None:
        raise ValueError("it is no command of a type there is a form for")
    form = form_of(command)
    try:
        texts = texts_in(form, told["data"], told)
        sender = Sender(told["portfolio"], told["commandid"], told["actor"], told.get("seen"), told.get("recordedtime"))
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"{form.name} is not as its form has it: {error}") from error
    return form, texts, sender


def texts_in(form: Form, data: Mapping[str, Any], said: Mapping[str, Any]) -> Texts:
    """Return what is written in a form that says this. data, said: as JSON, complete or not."""
    texts: Texts = {}
    _write(form.data, "data.", data, texts)
    _write(form.said, "", said, texts)
    return texts


def texts_at(spec: Spec, path: str, value: Any) -> Texts:
    """Return what is written in one field that holds a value. value: as JSON has it in a command.

    Errors: LookupError, TypeError, ValueError or AttributeError where it is not as the field has it.
    """
    texts: Texts = {}
    _write_value(spec, path, value, texts)
    return texts


def slips_of(form: Form, texts: Mapping[str, str], refused: Refused) -> list[Slip]:
    """Return what a refusal says, at the field it is about, in a person's words."""
    detail = refused.detail
    said = str(detail.get("problem", refused.reason.meaning))
    if "value" in detail and not str(detail.get("field", "")).endswith(".minor"):  # the amount stands there as written
        said += f" (it is {_plain(detail['value'])})"
    if "allowed" in detail:
        said += f"; allowed: {_plain(detail['allowed'])}"
    return [Slip(_nearest(str(detail.get("field", "")), {row.path for row in rows(form, texts)}), clean(said))]


# Items of a list.


def with_item(texts: Mapping[str, str], path: str) -> Texts:
    """Return what is written, with one more item in a list."""
    return {**texts, path: str(count_of(texts, path) + 1)}


def without_item(texts: Mapping[str, str], path: str, place: int) -> Texts:
    """Return what is written, without an item of a list; those behind it move up."""
    count = count_of(texts, path)
    if not 0 <= place < count:
        return dict(texts)
    left: Texts = {}
    for name, text in texts.items():
        found = re.fullmatch(rf"{re.escape(path)}\.(\d+)(\..*)?", name)
        at = int(found[1]) if found else -1
        if found is None or at < place:
            left[name] = text
        elif at > place:
            left[f"{path}.{at - 1}{found[2] or ''}"] = text
    return {**left, path: str(count - 1)}


def count_of(texts: Mapping[str, str], path: str) -> int:
    """Return how many items a list has."""
    text = texts.get(path, "")
    return int(text) if re.fullmatch(r"\d{1,4}", text) else 0


# What is shown.


def _rows(specs: tuple[Spec, ...], prefix: str, texts: Mapping[str, str], depth: int) -> Iterator[Row]:
    for spec in specs:
        path = prefix + spec.name
        yield Row(path, spec, depth, texts.get(f"{path}.kind" if spec.kind == "variant" else path, ""))
        if spec.kind in ("group", "variant"):
            yield from _rows(_fields(spec, path, texts), f"{path}.", texts, depth + 1)
        elif spec.kind == "prose" and texts.get(f"{path}.commitment"):
            yield from _rows(_COMMITMENT, f"{path}.", texts, depth + 1)
        for place in range(count_of(texts, path) if spec.kind == "list" else 0):
            item = spec.item or Spec("", spec.label, "group", True, fields=spec.fields)
            yield Row(f"{path}.{place}", item, depth + 1, texts.get(f"{path}.{place}", ""), place)
            if spec.item is None:
                yield from _rows(spec.fields, f"{path}.{place}.", texts, depth + 2)


def _fields(spec: Spec, path: str, texts: Mapping[str, str]) -> tuple[Spec, ...]:
    return spec.variants.get(texts.get(f"{path}.kind", ""), ()) if spec.kind == "variant" else spec.fields


_COMMITMENT = specs_of(Commitment)


# From texts to JSON.


class _Reader:
    def __init__(self, texts: Mapping[str, str], currency: str | None) -> None:
        self._texts, self._currency = texts, currency
        self.slips: list[Slip] = []

    def group(self, specs: tuple[Spec, ...], prefix: str) -> dict[str, Any] | None:
        """Return the JSON of some fields, None where nothing is written in any."""
        found = {spec.name: value for spec in specs if (value := self._value(spec, prefix + spec.name)) is not None}
        return found or None

    def _value(self, spec: Spec, path: str) -> Any:
        text = self._texts.get(path, "")
        if spec.kind == "group":
            found = self.group(spec.fields, f"{path}.")
            return {} if found is None and spec.required else found
        if spec.kind == "variant":
            return self._variant(spec, path)
        if spec.kind == "list":
            return self._items(spec, path) if text or spec.required else None
        if spec.kind == "prose" and self._texts.get(f"{path}.commitment"):
            return self.group(_COMMITMENT, f"{path}.")
        if text == "":
            return [] if spec.kind == "words" and spec.required else None
        try:
            return read(spec.kind, text, self._currency)
        except Unreadable as problem:
            self.slips.append(Slip(path, clean(str(problem))))
            return None

    def _variant(self, spec: Spec, path: str) -> Any:
        kind = self._texts.get(f"{path}.kind", "")
        if kind == "" and not spec.required:
            return None
        return {"kind": kind, **(self.group(spec.variants.get(kind, ()), f"{path}.") or {})}

    def _items(self, spec: Spec, path: str) -> list[Any]:
        places = [f"{path}.{place}" for place in range(count_of(self._texts, path))]
        if spec.item is None:
            return [self.group(spec.fields, f"{place}.") or {} for place in places]
        values = [self._value(spec.item, place) for place in places]
        return ["" if value is None else value for value in values]


def _subject(form: Form, data: dict[str, Any]) -> str:
    """Return what the command is about, or what stands for it while the data that says so is not complete."""
    try:
        subject = str(msgspec.convert(data, form.shape).subject())
    except (msgspec.ValidationError, AttributeError):
        subject = ""
    return subject if re.fullmatch(r"[a-z]{1,32}/[A-Za-z0-9_-]{1,64}", subject) else "form/incomplete"


# From JSON to texts.


def _write(specs: tuple[Spec, ...], prefix: str, told: Mapping[str, Any], texts: Texts) -> None:
    unknown = told.keys() - {spec.name for spec in specs} - {"kind"}  # of a variant: it is written already
    if unknown and prefix:
        raise KeyError(prefix + min(unknown))
    for spec in specs:
        if told.get(spec.name) is not None:
            _write_value(spec, prefix + spec.name, told[spec.name], texts)


def _write_value(spec: Spec, path: str, value: Any, texts: Texts) -> None:
    if spec.kind in ("group", "variant") or (spec.kind == "prose" and isinstance(value, Mapping)):
        if spec.kind == "variant":
            texts[f"{path}.kind"] = value["kind"]
        fields = _COMMITMENT if spec.kind == "prose" else _fields(spec, path, texts)
        _write(fields, f"{path}.", value, texts)
        return
    if spec.kind != "list":
        if text := written(spec.kind, value):
            texts[path] = text
        return
    texts[path] = str(len(value))
    for place, item in enumerate(value):
        if spec.item is None:
            _write(spec.fields, f"{path}.{place}.", item, texts)
        else:
            _write_value(spec.item, f"{path}.{place}", item, texts)


# What a refusal is about.


def _nearest(field: str, paths: set[str]) -> str:
    """Return the path of the field that a refusal's field is or stands in: `data.amount` for `data.amount.minor`.

    Steps that name no field, such as the kind of a policy's body, are passed over.
    """
    found = ""
    for step in field.split("."):
        path = f"{found}.{step}" if found else step
        if path in paths or any(each.startswith(f"{path}.") for each in paths):
            found = path
    return found if found in paths else ""


def _plain(value: Any) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    return str(value)
