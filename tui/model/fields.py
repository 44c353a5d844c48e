"""The fields of a form, made from the shape of what it asks for: names, kinds, limits, and what its docstring says."""

from __future__ import annotations

import datetime
import re
import types
import typing
from collections.abc import Mapping
from functools import cache
from typing import Annotated, Any, Literal, NamedTuple, get_args, get_origin, get_type_hints

import msgspec
from msgspec import Meta

from schemas.values import Commitment, Id, Money
from tui.model.notation import Kind, written


class Spec(NamedTuple):
    """One field. name: in JSON. help: what the docstring says of it, and its limits.

    allowed: of a choice or of words, what can be chosen. fields: of a group, or of each item of a list; an item of
    one value is a field without a name. variants: of a variant, the fields by its kind. default: what holds where
    nothing is written, as it is written.
    """

    name: str
    label: str
    kind: Kind
    required: bool
    help: str = ""
    allowed: tuple[str, ...] = ()
    fields: tuple[Spec, ...] = ()
    variants: Mapping[str, tuple[Spec, ...]] = types.MappingProxyType({})
    default: str = ""

    @property
    def item(self) -> Spec | None:
        """Of a list of values, the field each of them is; None where they are groups."""
        return self.fields[0] if self.kind == "list" and self.fields and self.fields[0].name == "" else None


@cache
def specs_of(shape: type[msgspec.Struct]) -> tuple[Spec, ...]:
    """Return the fields of a shape, in its order."""
    hints = get_type_hints(shape, include_extras=True)
    told = told_of(shape)
    return tuple(
        spec_of(field.encode_name, hints[field.name], field.required, told.get(field.name, ""), field.default)
        for field in msgspec.structs.fields(shape)
    )


def spec_of(name: str, hint: Any, required: bool, told: str = "", default: Any = None) -> Spec:
    """Return the field of an annotation. told: what the docstring says of it."""
    plain, metas = _plain(hint)
    said = Spec(name, _label(name), "text", required, told)
    if plain is Money:
        return said._replace(kind="money")
    if get_origin(plain) is tuple:
        return _list(said, get_args(plain)[0], metas)
    if plain is bool:
        made = said._replace(kind="yes_no", allowed=("yes", "no"))
    elif plain is int and name.endswith("_bp"):
        made = said._replace(kind="share")
    elif plain is int:
        made = _limited(said._replace(kind="whole"), metas, "")
    elif plain is datetime.date:
        made = said._replace(kind="date")
    elif get_origin(plain) is Literal:
        made = said._replace(kind="choice", allowed=tuple(map(str, get_args(plain))))
    elif plain == str | Commitment or plain is str:
        made = _limited(said._replace(kind="text" if plain is str else "prose"), metas, " characters")
    else:
        return _group(said, plain)
    given = isinstance(default, str | int)
    return made._replace(default=written(made.kind, default)) if given else made


def _group(said: Spec, plain: Any) -> Spec:
    if isinstance(plain, type) and issubclass(plain, msgspec.Struct):
        return said._replace(kind="group", fields=specs_of(plain))
    if _is_variant(plain):
        variants = {str(part.__struct_config__.tag): specs_of(part) for part in get_args(plain)}
        return said._replace(kind="variant", allowed=tuple(variants), variants=types.MappingProxyType(variants))
    raise TypeError(f"no form is made of {plain}; add its kind to tui/model/fields.py")


def told_of(documented: type) -> dict[str, str]:
    """Return what a docstring says of each field: `amount: delta, never zero. start, finish: both included.`"""
    text = " ".join((documented.__doc__ or "").split()).partition(" Source:")[0]
    names = "|".join(sorted(map(re.escape, getattr(documented, "__annotations__", {}).keys()), key=len, reverse=True))
    names = "|".join([names, *(each for each in _inherited(documented))]).strip("|")
    if not names:
        return {}
    parts = re.split(rf"(?:(?<=\. )|(?<=^))((?:(?:{names})(?:, | and )?)+): ", text)
    told: dict[str, str] = {}
    for listed, said in zip(parts[1::2], parts[2::2], strict=True):
        told |= dict.fromkeys(re.split(", | and ", listed), said.strip())
    return told


def _inherited(documented: type) -> list[str]:
    return [name for base in documented.__mro__[1:] for name in vars(base).get("__annotations__", {})]


def _list(said: Spec, inner: Any, metas: list[Meta]) -> Spec:
    said = _limited(said, metas, " of them")
    plain, _ = _plain(inner)
    if get_origin(plain) is Literal:
        return said._replace(kind="words", allowed=tuple(map(str, get_args(plain))))
    each = spec_of("", inner, True)
    if inner == Id:
        return said._replace(kind="words", help=f"{said.help} Each {each.help}".strip())
    return said._replace(kind="list", fields=each.fields if each.kind == "group" else (each,))


def _plain(hint: Any) -> tuple[Any, list[Meta]]:
    """Return an annotation without its limits and without None, and its limits."""
    if get_origin(hint) is Annotated:
        plain, metas = _plain(get_args(hint)[0])
        return plain, metas + [each for each in get_args(hint)[1:] if isinstance(each, Meta)]
    if get_origin(hint) in (typing.Union, types.UnionType):
        parts = [_plain(part) for part in get_args(hint) if part is not type(None)]
        metas = [meta for _, each in parts for meta in each]
        if len(parts) == 1:
            return parts[0][0], metas
        union: Any = parts[0][0]
        for part, _ in parts[1:]:
            union = union | part
        return union, metas
    return hint, []


def _is_variant(plain: Any) -> bool:
    return get_origin(plain) in (typing.Union, types.UnionType) and all(
        isinstance(part, type) and issubclass(part, msgspec.Struct) for part in get_args(plain)
    )


def _limited(said: Spec, metas: list[Meta], of: str) -> Spec:
    """Return a field whose help tells its limits too. of: what a length counts."""
    told = [said.help, *(_limits(meta, of) for meta in metas)]
    return said._replace(help=" ".join(part for part in told if part))


def _limits(meta: Meta, of: str) -> str:
    """Return limits as a person reads them."""
    if meta.description:
        return meta.description + "."
    least, most = (meta.ge, meta.le) if of == "" else (meta.min_length, meta.max_length)
    if most is None:
        return ""
    if least == most:
        return f"{most:,}{of}."
    if most >= 2**53:
        return f"{least:,} or more{of}."
    return f"{least:,} to {most:,}{of}." if least else f"at most {most:,}{of}."


_LABELS = {
    "time": "effective",
    "decidedon": "decided on",
    "decisionid": "decision",
    "flagreason": "reason for a flag",
    "onbehalfof": "on behalf of",
    "causationid": "because of",
    "correlationid": "story",
    "sourceref": "source",
    "capex_opex": "capex or opex",
    "eu_class": "EU class",
    "kpi": "KPI",
    "ai": "AI use",
    "vkey": "key",
    "amount_minor": "amount in minor units",
}


def _label(name: str) -> str:
    """Return a field's name as a person reads it; the unit is told by its kind."""
    return _LABELS.get(name) or name.removesuffix("_bp").replace("_", " ")
