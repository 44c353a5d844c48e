"""What a verb of the command line takes: its options, made from the form of its command, and what they write in it.

    --amount 50_000USD          data.amount
    --quorum-votes 3            data.quorum.votes: a field of a group
    --must "criterion=C; met=yes"    data.must: an item of a list; given again, one more (tui/model/items.py)
    --decided-on 2026-03-31     decidedon: of any command
    --kind tiers --tiers ...    data.body.kind, data.body.tiers: a choice of shapes, and the fields of the chosen

A field that is a share (`progress_bp`) is written as one, without its unit in the option's name.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from types import MappingProxyType
from typing import NamedTuple

from schemas.commands import BY_TYPE, Command
from tui.model.fields import Spec
from tui.model.forms import Form, Texts, form_of
from tui.model.items import json_of, json_texts, list_texts
from tui.model.notation import HOW, Unreadable
from tui.model.writing import SECTIONS, Writing
from tui.verb_names import VERBS

Given = Mapping[str, str | bool | Sequence[str]]
"""What is given to a verb, by the path of the field."""


class OptionError(ValueError):
    """What is given to an option cannot be taken: which option, and why."""


class Option(NamedTuple):
    """One option of a verb. name: as it is given; of what is given first, in capitals. path: the field it writes.

    needed: it must be given, or be known. section: which part of the form it stands in. whole: it takes a choice of
    shapes as JSON. by_kind: where the field is another one for some kinds, each by its kind.
    """

    name: str
    path: str
    spec: Spec
    needed: bool
    section: str
    whole: bool = False
    by_kind: Mapping[str, Spec] = MappingProxyType({})

    @property
    def help(self) -> str:
        """What it says, and how it is written."""
        told = [f"{self.spec.label[:1].upper()}{self.spec.label[1:]}."]
        if self.by_kind:
            told.append(f"Of {', '.join(self.by_kind)}.")
        said = self.spec.help.strip()
        told.append(said if said.endswith(".") or not said else f"{said}.")
        told.append(_how(self))
        if self.spec.default and self.spec.kind != "yes_no":
            told.append(f"Without it {self.spec.default}.")
        text = " ".join(part for part in told if part)
        return re.sub(r"(?<=\. )[a-z]", lambda found: found[0].upper(), text)


def command_of(verb: str) -> type[Command]:
    """Return the command a verb asks for."""
    return BY_TYPE[f"{VERBS[verb].command}.v1"]


@cache
def options_of(verb: str) -> tuple[Option, ...]:
    """Return what a verb takes, in the order of its form: what is given first at the beginning, then its options."""
    form = form_of(command_of(verb))
    found: dict[str, Option] = {}
    for option in [*_options(form.data, "data.", "", True), *_options(form.said, "", "", True)]:
        before = found.get(option.path)
        found[option.path] = option if before is None else _merged(before, option)
    about = VERBS[verb].about
    first = [each for each in found.values() if about is not None and each.name == _flag(about)]
    skipped = [] if about == "portfolio" else ["data.portfolio"]
    rest = [each for each in found.values() if each not in first and each.path not in skipped]
    return (*(each._replace(name=(about or "").upper().replace("_", "-")) for each in first), *rest)


def texts_given(verb: str, given: Given, begun: Mapping[str, str]) -> Texts:
    """Return what is written in a verb's form. begun: what is written before anything is given.

    Errors: OptionError.
    """
    texts = dict(begun)
    for option in options_of(verb):
        if option.path not in given:
            continue
        texts = {name: text for name, text in texts.items() if not _is_within(name, option.path)}
        try:
            texts |= _whole(verb, option, given) if option.whole else _written(option, given[option.path], texts)
        except Unreadable as problem:
            raise OptionError(f"{option.name}: {problem}") from problem
    return texts


def missing(verb: str, form: Form, texts: Mapping[str, str]) -> list[str]:
    """Return the options that are still needed, each once."""
    return list(dict.fromkeys(name_of(verb, row.path) for row in Writing(form, texts).missing))


def name_of(verb: str, path: str) -> str:
    """Return the option that writes a field, and where in what it takes the field stands: `--must (1, met)`."""
    found = max(
        (each for each in options_of(verb) if not each.whole and _is_within(path, each.path.removesuffix(".kind"))),
        key=lambda each: len(each.path),
        default=None,
    )
    if found is None:
        return path
    inner = [step for step in path[len(found.path) + 1 :].split(".") if step]
    told = [str(int(step) + 1) if step.isdigit() else step for step in inner]
    return f"{found.name} ({', '.join(told)})" if told else found.name


def _options(specs: tuple[Spec, ...], path: str, flag: str, needed: bool, kinds: tuple[str, ...] = ()) -> list[Option]:
    found = []
    for spec in specs:
        at, name, must = f"{path}{spec.name}", f"{flag}{spec.name}", needed and spec.required
        if spec.kind == "group":
            found += _options(spec.fields, f"{at}.", f"{name}-", must, kinds)
            continue
        section = SECTIONS[0] if must else SECTIONS[2] if not at.startswith("data.") else SECTIONS[1]
        by_kind = dict.fromkeys(kinds, spec)
        if spec.kind != "variant":
            found.append(Option(_flag(name), at, spec, must, section, by_kind=by_kind))
            continue
        chosen = Spec("kind", f"kind of {spec.label}", "choice", spec.required, allowed=spec.allowed)
        found.append(Option(_flag("kind"), f"{at}.kind", chosen, must, section))
        for kind, fields in spec.variants.items():
            found += _options(fields, f"{at}.", "", False, (kind,))
        found.append(Option(_flag(name), at, spec, False, SECTIONS[1], whole=True))
    return found


def _merged(before: Option, option: Option) -> Option:
    """Return a field that several kinds have."""
    return before._replace(by_kind={**before.by_kind, **option.by_kind})


_FLAGS = {
    "decidedon": "decided-on",
    "decisionid": "decision-id",
    "flagreason": "flag-reason",
    "onbehalfof": "on-behalf-of",
    "causationid": "causation-id",
    "correlationid": "correlation-id",
    "sourceref": "source-ref",
}


def _flag(name: str) -> str:
    return "--" + _FLAGS.get(name, name.removesuffix("_bp").replace("_", "-"))


def _how(option: Option) -> str:
    """Return how a value is written, where it is not plain."""
    spec = option.spec
    if option.whole:
        return "All of it as JSON, or @FILE."
    if spec.kind == "list" and spec.item is None:
        needed = "; ".join(f"{each.name.removesuffix('_bp')}=..." for each in spec.fields if each.required)
        return f'One a time, as "{needed}", or JSON, or @FILE.'
    if spec.kind == "list":
        return "One a time, or JSON, or @FILE."
    if spec.kind == "words":
        return "One a time" + ("." if spec.allowed else ", or several with blanks between.")
    return f"As {HOW[spec.kind]}." if spec.kind in ("money", "share", "date") else ""


def _is_within(name: str, path: str) -> bool:
    return name == path or name.startswith(f"{path}.")


def _whole(verb: str, option: Option, given: Given) -> Texts:
    """Return what a choice of shapes that is given as JSON writes; its kind may be given apart. Errors: Unreadable."""
    kind_at = f"{option.path}.kind"
    beside = [name_of(verb, path) for path in given if path.startswith(f"{option.path}.") and path != kind_at]
    if beside:
        raise Unreadable(f"says all of it; leave {', '.join(beside)} away")
    value = json_of(str(given[option.path]))
    kind = given.get(kind_at)
    if kind is not None and isinstance(value, dict) and value.setdefault("kind", kind) != kind:
        raise Unreadable(f"is a body of {value['kind']}, and not of {kind}")
    return json_texts(option.spec, option.path, value)


def _written(option: Option, value: str | bool | Sequence[str], texts: Texts) -> Texts:
    """Return what one option writes in the form. Errors: Unreadable."""
    path, spec = option.path, option.spec
    if isinstance(value, bool):
        return {path: "yes" if value else "no"}
    if option.by_kind:
        kind = texts.get(path.rpartition(".")[0] + ".kind", "")
        if kind not in option.by_kind:
            raise Unreadable(f"is of {', '.join(option.by_kind)}, not of {kind or 'no kind'}")
        spec = option.by_kind[kind]
    if spec.kind == "list":
        return list_texts(spec, path, [value] if isinstance(value, str) else [*value])
    if not isinstance(value, str):
        return {path: " ".join(value)}
    if spec.kind == "prose" and value.startswith('{"commitment"'):
        return json_texts(spec, path, json_of(value))
    return {path: value}
