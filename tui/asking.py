"""Commands that ask: view, diff, log and rebuild."""

from __future__ import annotations

import csv
import datetime
import json
import sys
from pathlib import Path
from typing import Annotated, Any

import msgspec
from cyclopts import Parameter

from ledger.reperform import reperform
from projections.diff import DIFFERENT, diff
from projections.moment import Moment, moment
from projections.views import VIEWS, Grouping, Measure, Question, QuestionError, View, ask, question_of
from schemas import codec, subjects
from tui import plain
from tui.bounded import log_bounds
from tui.common import DONE, REFUSED, CommandError, Common, access, progress, progress_of_steps, replica
from tui.model.figures import instant
from tui.model.table import table
from tui.model.text import clean
from tui.plots import as_text, can_plot, chart_of, write_picture

AsKnown = Annotated[str | None, Parameter(help="What had been recorded by a sequence, a date's end or an instant.")]
AsOf = Annotated[str | None, Parameter(help="What was effective on a date; without it, the day of --as-known.")]


async def view(
    name: str,
    *,
    by: Grouping = "envelope",
    measure: Measure = "approved",
    currency: str | None = None,
    initiative: str | None = None,
    as_known: AsKnown = None,
    as_of: AsOf = None,
    csv: Annotated[bool, Parameter(negative="")] = False,
    parquet: Path | None = None,
    plot: Annotated[list[Path] | None, Parameter(consume_multiple=(0, 1), negative="")] = None,
    common: Common | None = None,
) -> int:
    """Show a view of the portfolio at any moment.

    Parameters
    ----------
    name
        spend, alignment, initiatives, decisions, gates, models, benefits, needs, priority, value_streams, capacity,
        conditions, concentration, flow, history, state, refusals or timeline.
    by
        What spend is grouped by.
    measure
        What alignment is measured on.
    currency
        The currency alignment is measured in; without it the portfolio's own.
    initiative
        Whose history or state.
    csv
        Print comma-separated values.
    parquet
        Write the rows to this Parquet file.
    plot
        Draw it: in the terminal, or as a picture in an .svg or .png file. Of alignment, spend, benefits and models.
    """
    common = common or Common()
    question = _question(name, by, measure, currency, initiative)
    if plot is not None:
        can_plot(name, plot)
        if not plot and (common.json or csv):
            raise CommandError("--plot draws where --json and --csv print; choose one, or give --plot a file")
    async with replica(common, refusals=name == "refusals") as made:
        at = moment(made, as_known, as_of, now=_now())
        answer = ask(made, question, at)
        if plot is not None:
            with progress(f"asking {made.portfolio} of every month") as told:
                chart = chart_of(made, question, at, answer, told)
            for path in plot:
                write_picture(chart, path)
    if parquet is not None:
        _write_parquet(answer, parquet)
    if common.json:
        _print_line(msgspec.json.encode(answer))
    elif csv:
        _print_csv(answer)
    elif plot == []:
        print(as_text(chart))
    elif parquet is None and plot is None:
        print(plain.screen(answer))
    return DONE


async def diff_(
    name: str,
    *,
    between: Annotated[
        tuple[str, str],
        Parameter(help="Two moments: sequences, dates or instants.", consume_multiple=True, negative=""),
    ],
    by: Grouping = "envelope",
    measure: Measure = "approved",
    currency: str | None = None,
    as_of: AsOf = None,
    common: Common | None = None,
) -> int:
    """Show what changed in a view between two moments, and which entries made the change.

    Parameters
    ----------
    name
        spend, alignment or initiatives.
    by
        What spend is grouped by.
    measure
        What alignment is measured on.
    currency
        The currency alignment is measured in; without it the portfolio's own.
    """
    common = common or Common()
    if name not in DIFFERENT:
        raise CommandError(f"{name!r} cannot be compared; choose {', '.join(DIFFERENT)}")
    question = _question(name, by, measure, currency)
    async with replica(common) as made:
        before, after = (moment(made, each, as_of, now=_now()) for each in between)
        found = diff(made, question, before, after)
    if common.json:
        told = msgspec.to_builtins(found)
        told["between"] = [_moment_words(told.pop("before")), _moment_words(told.pop("after"))]
        print(json.dumps(told))
    else:
        print(plain.diff_screen(found))
    return DONE


async def log(
    *,
    initiative: str | None = None,
    type: str | None = None,
    bounds: Annotated[bool, Parameter(negative="")] = False,
    policy: Path | None = None,
    common: Common | None = None,
) -> int:
    """List the events; with --json as they are stored, one a line, byte for byte; with --actor those of one actor.

    Parameters
    ----------
    initiative
        Only events about this initiative.
    type
        Only events of this type, with or without its version.
    bounds
        Between when each was recorded, as the witnesses of anchored checkpoints say, and which lie outside.
    policy
        For --bounds: your own tlog-policy, whose keys verify what the witnesses say.
    """
    common = common or Common()
    if policy is not None and not bounds:
        raise CommandError("--policy verifies what --bounds shows; give both")
    if bounds:
        return await log_bounds(initiative, type, policy, common)
    wanted_actor = common.actor
    rows: list[list[str]] = []
    async with access(common) as (reached, chosen):
        portfolio = await reached.choose(chosen.portfolio)
        async for entry in reached.store(portfolio).read():
            try:
                event = codec.decode(entry.payload, portfolio=portfolio, sequence=entry.sequence)
            except codec.ForeignEntry as foreign:
                if not (initiative or type or wanted_actor):
                    _log_foreign(rows, entry.sequence, entry.payload, str(foreign), as_json=common.json)
                continue
            name = event.data.TYPE
            about = initiative is None or event.subject == f"initiative/{initiative}"
            of_type = type is None or type in (name, subjects.bare(name))
            if not (about and of_type and wanted_actor in (None, event.actor)):
                continue
            if common.json:
                _print_line(entry.payload)
            else:
                told = [clean(event.subject, 56), clean(event.actor, 20), event.flags or ""]
                at = instant(event.recordedtime)
                rows.append([f"{entry.sequence:,}", at, str(event.effective_on), name, *told])
    if not common.json:
        headers = ["sequence", "recorded", "effective", "type", "subject", "actor", "flags"]
        print(table(headers, rows, [True, *[False] * 6]) if rows else "No such events.")
    return DONE


async def reperform_(*, common: Common | None = None) -> int:
    """Decide every event again, byte for byte, check its signatures, and name the first that differs."""
    common = common or Common()
    async with access(common) as (reached, chosen):
        portfolio = await reached.choose(chosen.portfolio)
        store = reached.store(portfolio)
        with progress(f"deciding {portfolio} again", await store.last_sequence()) as moved:
            found = await reperform(store, portfolio, moved)
    if common.json:
        print(msgspec.json.encode(found).decode())
    elif found.differs is None:
        foreign = f", {found.foreign:,} foreign entries passed over" if found.foreign else ""
        print(f"✓ {found.events:,} events of {found.commands:,} commands come out as they are stored{foreign}.")
        print(f"  Signatures of {found.signed:,} commands were checked and fit; {found.unsigned:,} commands have none.")
    else:
        print(f"✗ sequence {found.sequence} does not come out as it is stored: {clean(found.differs)}")
    return REFUSED if found.differs else DONE


async def rebuild(*, common: Common | None = None) -> int:
    """Rebuild everything from the stream itself, and compare it with what is kept and shown."""
    from projections.compare import compare  # half of what starting would cost otherwise

    common = common or Common()
    async with access(common) as (reached, chosen):
        portfolio = await reached.choose(chosen.portfolio)
        store, directory = reached.store(portfolio), reached.directory(portfolio)
        today = Moment(0, None, _now().date())
        with progress_of_steps() as moved:
            found = await compare(store, directory, portfolio, today, moved=moved)
    if common.json:
        _print_line(msgspec.json.encode(found))
    else:
        print(plain.comparison_screen(found))
    return REFUSED if found.differences else DONE


def _question(
    name: str, by: Grouping, measure: Measure, currency: str | None, initiative: str | None = None
) -> Question:
    try:
        return question_of(name, by, measure, currency, initiative)
    except QuestionError as error:
        raise CommandError(str(error)) from error


def _now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)


def _moment_words(at: dict[str, Any]) -> dict[str, Any]:
    return {"sequence": at["sequence"], "recordedtime": at["recorded_at"], "as_of": at["as_of"]}


def _print_csv(answer: View) -> None:
    fields = VIEWS[answer.view].row.__struct_fields__
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(fields)
    shown = clean if sys.stdout.isatty() else str
    for row in answer.rows:
        values = msgspec.to_builtins(row)
        writer.writerow("" if values[field] is None else shown(str(values[field])) for field in fields)


def _write_parquet(answer: View, path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    fields = VIEWS[answer.view].row.__struct_fields__
    columns = {field: [getattr(row, field) for row in answer.rows] for field in fields}
    pq.write_table(pa.table(columns), path)


def _log_foreign(rows: list[list[str]], sequence: int, payload: bytes, why: str, *, as_json: bool) -> None:
    if as_json:
        _print_line(payload)
    else:
        rows.append([f"{sequence:,}", "", "", "(foreign entry)", clean(why, 80), "", ""])


def _print_line(payload: bytes) -> None:
    """Print JSON, or what is stored, as it is; to a terminal, with every character that could act on it escaped."""
    if sys.stdout.isatty():
        try:
            print(json.dumps(json.loads(payload), separators=(",", ":")))
        except ValueError:
            print(clean(payload.decode(errors="backslashreplace")))
        return
    sys.stdout.buffer.write(payload + b"\n")
