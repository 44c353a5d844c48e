"""OCEL 2.0: events with all the objects they relate to, as JSON or as SQLite.

    {"objectTypes": [...], "eventTypes": [...], "objects": [...], "events": [...]}

The JSON has exactly these keys; attribute values are texts, as the published schema wants them, and typed by what their
type says. In SQLite there is a table for each type, an object's first values stand at 1970-01-01 and each later one in
a row of its own, and numbers are numbers. Objects: initiatives, envelopes, objectives, decisions, models, authorities,
people, bodies, benefits, conditions, risks and what else entries are about. Qualifiers: subject, concerns, funded_from,
transferred_from, transferred_to, aligned_to, decided_by, depends_on, voted_by, authorised_by, recorded_by, sets.

Source: OCEL 2.0 (RWTH, 2023), arXiv 2403.01975, and ocel-standard.org. Written by us, read back by nobody of ours.
"""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any, NamedTuple

from projections.exporters.process import EVENT_ATTRIBUTES, OBJECT_ATTRIBUTES, Step, instant, kind_of

FIRST = "1970-01-01T00:00:00Z"
"""The time of an object's first values."""

LASTING = ("funded_from", "aligned_to", "depends_on")
"""Qualifiers that also tie the objects of an event to each other: its subject to these."""

_SQL_TYPES = {"integer": "INTEGER", "time": "TIMESTAMP", "string": "TEXT"}


class Value(NamedTuple):
    """What an object's attribute is from a time on."""

    name: str
    at: str
    value: str


class Ocel:
    """A log of events and objects as it fills. Events are kept as they are to be written."""

    def __init__(self) -> None:
        self._steps: list[Step] = []
        self._objects: dict[str, list[Value]] = {}
        self._links: dict[tuple[str, str, str], None] = {}

    def take(self, step: Step) -> None:
        """Take the event that follows."""
        self._steps.append(step)
        for name, qualifier in step.related:
            self._objects.setdefault(name, [])
            if qualifier in LASTING and name != step.related[0].object:
                self._links[step.related[0].object, name, qualifier] = None
        for name, attribute, value in step.changes:
            values = self._objects.setdefault(name, [])
            known = [each for each in values if each.name == attribute]
            if not known:
                values.append(Value(attribute, FIRST, value))
            elif known[-1].value != value:
                values.append(Value(attribute, instant(step.at), value))

    def as_json(self) -> bytes:
        """Return the log as OCEL 2.0 JSON."""
        links: dict[str, list[tuple[str, str]]] = {}
        for source, target, qualifier in sorted(self._links):
            links.setdefault(source, []).append((target, qualifier))
        told = {
            "objectTypes": [{"name": kind, "attributes": _typed(used)} for kind, used in self._object_types().items()],
            "eventTypes": [
                {"name": kind, "attributes": [{"name": name, "type": EVENT_ATTRIBUTES[name]} for name in used]}
                for kind, used in self._event_types().items()
            ],
            "objects": [
                {
                    "id": _id(name),
                    "type": kind_of(name),
                    "attributes": [{"name": each.name, "value": each.value, "time": each.at} for each in values],
                    "relationships": [
                        {"objectId": _id(target), "qualifier": qualifier} for target, qualifier in links.get(name, ())
                    ],
                }
                for name, values in sorted(self._objects.items())
            ],
            "events": [
                {
                    "id": step.id,
                    "type": step.type,
                    "time": instant(step.at),
                    "attributes": [{"name": name, "value": str(value)} for name, value in step.attributes.items()],
                    "relationships": [
                        {"objectId": _id(each.object), "qualifier": each.qualifier} for each in step.related
                    ],
                }
                for step in self._steps
            ],
        }
        return json.dumps(told, separators=(",", ":")).encode() + b"\n"

    def into_sqlite(self, path: Path) -> None:
        """Write the log as OCEL 2.0 SQLite, into a file that is not there. Errors: sqlite3.Error."""
        with sqlite3.connect(path) as database:
            self._make_tables(database)
            self._fill_events(database)
            self._fill_objects(database)
        database.close()

    def _make_tables(self, database: sqlite3.Connection) -> None:
        for statement in (
            "create table event_map_type (ocel_type text primary key, ocel_type_map text)",
            "create table object_map_type (ocel_type text primary key, ocel_type_map text)",
            "create table event (ocel_id text primary key, ocel_type text references event_map_type (ocel_type))",
            "create table object (ocel_id text primary key, ocel_type text references object_map_type (ocel_type))",
            "create table event_object (ocel_event_id text references event (ocel_id), ocel_object_id text references "
            "object (ocel_id), ocel_qualifier text, primary key (ocel_event_id, ocel_object_id, ocel_qualifier))",
            "create table object_object (ocel_source_id text references object (ocel_id), ocel_target_id text "
            "references object (ocel_id), ocel_qualifier text, "
            "primary key (ocel_source_id, ocel_target_id, ocel_qualifier))",
        ):
            database.execute(statement)
        for kind, used in self._event_types().items():
            columns = "".join(f', "{name}" {_SQL_TYPES[EVENT_ATTRIBUTES[name]]}' for name in used)
            database.execute(
                f'create table "event_{kind}" (ocel_id text primary key references event (ocel_id), '
                f"ocel_time timestamp{columns})"
            )
            database.execute("insert into event_map_type values (?, ?)", [kind, kind])
        for kind, used in self._object_types().items():
            columns = "".join(f', "{name}" TEXT' for name in used)
            database.execute(
                f'create table "object_{kind}" (ocel_id text references object (ocel_id), ocel_time timestamp, '
                f"ocel_changed_field text{columns})"
            )
            database.execute("insert into object_map_type values (?, ?)", [kind, kind])

    def _fill_events(self, database: sqlite3.Connection) -> None:
        used = self._event_types()
        for step in self._steps:
            database.execute("insert into event values (?, ?)", [step.id, step.type])
            values: list[Any] = [step.id, _sql_time(instant(step.at))]
            for name in used[step.type]:
                value = step.attributes.get(name)
                is_time = EVENT_ATTRIBUTES[name] == "time"
                values.append(_sql_time(str(value)) if is_time and value is not None else value)
            places = ", ".join("?" * len(values))
            database.execute(f'insert into "event_{step.type}" values ({places})', values)
        related = [[step.id, _id(each.object), each.qualifier] for step in self._steps for each in step.related]
        database.executemany("insert into event_object values (?, ?, ?)", related)

    def _fill_objects(self, database: sqlite3.Connection) -> None:
        types = self._object_types()
        linked = [[_id(source), _id(target), qualifier] for source, target, qualifier in sorted(self._links)]
        database.executemany("insert into object_object values (?, ?, ?)", linked)
        for name, values in sorted(self._objects.items()):
            kind = kind_of(name)
            database.execute("insert into object values (?, ?)", [_id(name), kind])
            first = {each.name: each.value for each in values if each.at == FIRST}
            rows: list[tuple[str, str | None, dict[str, str]]] = [(FIRST, None, first)]
            rows += [(each.at, each.name, {each.name: each.value}) for each in values if each.at != FIRST]
            for at, changed, told in rows:
                cells = [_id(name), _sql_time(at), changed, *(told.get(column) for column in types[kind])]
                database.execute(f'insert into "object_{kind}" values ({", ".join("?" * len(cells))})', cells)

    def _event_types(self) -> dict[str, list[str]]:
        found: dict[str, set[str]] = {}
        for step in self._steps:
            found.setdefault(step.type, set()).update(step.attributes)
        return {kind: [name for name in EVENT_ATTRIBUTES if name in found[kind]] for kind in sorted(found)}

    def _object_types(self) -> dict[str, list[str]]:
        found: dict[str, set[str]] = {}
        for name, values in self._objects.items():
            found.setdefault(kind_of(name), set()).update(each.name for each in values)
        return {kind: [name for name in OBJECT_ATTRIBUTES if name in found[kind]] for kind in sorted(found)}


def _typed(names: list[str]) -> list[dict[str, str]]:
    return [{"name": name, "type": "string"} for name in names]


def _id(name: str) -> str:
    """Return the id of an object, its stream in front, so that no two types share one."""
    return name.replace("/", ":", 1)


def _sql_time(at: str) -> str:
    return at.replace("T", " ").removesuffix("Z")
