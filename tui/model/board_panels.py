"""The panels of a board but its list of initiatives: each makes its lines for a width."""

from __future__ import annotations

from collections.abc import Callable

from projections.rows import NeedRow
from tui.model.board import BoardSeen, Pool
from tui.model.board_drawing import MOST_BAR, Drawing, first_fit, share_of, signed, to_setter, whole_percent, widest
from tui.model.board_headline import MOST_LOAD
from tui.model.chart import figure
from tui.model.figures import percent
from tui.model.pieces import Look, Panel, Piece, Pieces, ToEntry
from tui.model.text import clean, fit

NO_ENVELOPE = "(none)"

NEEDS = {
    "condition_overdue": "condition",
    "decision_open": "decision",
    "model_retiring": "model ends",
    "over_envelope": "over envelope",
}
"""What needs a decision, in the words of a line."""


def alignment(seen: BoardSeen, drawing: Drawing) -> Panel:
    """Return each objective's share of the money against its target, and what serves none."""
    glyphs = drawing.glyphs
    ids = widest([row.objective for row in seen.objectives], 16)
    rest = drawing.width - ids - 1 - len(" 23.6 % / 30.0 %  -6.4 ▼")
    titles = min(widest([row.title for row in seen.objectives], 40), rest - 21) if rest >= 44 else 0
    cells = min(rest - (titles + 1 if titles else 0), MOST_BAR)
    lines: list[Pieces] = []
    for row in seen.objectives:
        target, gap = row.target_bp / 10_000, row.gap or 0.0
        arrow = glyphs.more if gap > 0.0005 else glyphs.less if gap < -0.0005 else glyphs.same
        lines.append(
            (
                *(drawing.name(row.objective, ids), Piece(" ")),
                *((drawing.name(row.title, titles), Piece(" ")) if titles else ()),
                *drawing.bar(row.share, cells, target),
                to_setter("alignment", row.objective, "share", f"{percent(row.share):>7}"),
                Piece(" /"),
                to_setter("alignment", row.objective, "target_bp", f"{percent(target):>7}"),
                Piece(f" {100 * gap:+5.1f} {arrow}"),
            )
        )
    if lines:
        beside = ids + 1 + (titles + 1 if titles else 0)
        words = Piece(fit("serves no objective", cells), "dim")
        lines.append((Piece(" " * beside), words, Piece(f"{percent(seen.orphan_share):>7}")))
    empty = "No objectives yet; SetObjectives sets them."
    return Panel("alignment", f"Alignment by objective: share {glyphs.target} target", lines, empty=empty)


def pipeline(seen: BoardSeen, drawing: Drawing) -> Panel:
    """Return how many initiatives stand in each stage, with which money and for how long."""
    names = widest([each.stage for each in seen.stages], 14)
    most = max((each.count for each in seen.stages), default=1)
    counts = max(len(f"{most:,}"), 3)
    texts = []
    for each in seen.stages:
        money = figure(each.approved_minor, "money", seen.currency)
        held = f", {each.held:,} held" if each.held else ""
        texts.append(f" {each.count:>{counts - 1},} {money:>8} {each.days:>5,} d{held}")
    cells = max(min(drawing.width - names - 1 - max(map(len, texts), default=0), MOST_BAR), 0)
    lines = []
    for each, told in zip(seen.stages, texts, strict=True):
        leads = ToEntry(each.last_sequence) if each.last_sequence is not None else None
        drawn = drawing.bar(each.count / most, cells)
        name = f"pipeline.{each.stage}"
        lines.append((drawing.name(each.stage, names), Piece(" "), *drawn, Piece(told, "plain", leads, name)))
    ended = ", ".join(f"{count} {status}" for status, count in sorted(seen.ended.items()))
    note = f"ended: {ended}" if ended else ""
    empty = "No initiatives yet; ProposeInitiative proposes one."
    return Panel("pipeline", "Pipeline: count, money, median days", lines, note, empty)


def streams(seen: BoardSeen, drawing: Drawing) -> Panel:
    """Return each value stream's share of the money, against its target where there is one, and its return."""
    glyphs, view = drawing.glyphs, "value_streams"
    aimed = any(row.target_bp is not None for row in seen.streams)
    names = widest([_stream(row.value_stream) for row in seen.streams], 14)
    fixed = names + 1 + len(" 36.7 %   14.3 M ROI  +0.40") + (len(" / 40.0 %") if aimed else 0)
    cells = min(drawing.width - fixed, MOST_BAR)
    promised = any(row.planned_minor or row.validated_minor for row in seen.streams)
    lines = []
    for row in sorted(seen.streams, key=lambda row: -(row.approved_minor or 0)):
        key, target = row.value_stream, None if row.target_bp is None else row.target_bp / 10_000
        told = "" if target is None else f" /{percent(target):>7}"
        lines.append(
            (
                *(drawing.name(_stream(key), names), Piece(" ")),
                *drawing.bar(row.share, cells, target),
                to_setter(view, key, "share", f"{percent(row.share):>7}"),
                *((to_setter(view, key, "target_bp", f"{told:<9}"),) if aimed else ()),
                to_setter(view, key, "approved_minor", f"{figure(row.approved_minor, 'money', row.currency):>9}"),
                Piece(" ROI"),
                to_setter(view, key, "roi", f"{signed(row.roi if promised else None):>7}"),
            )
        )
    title = f"Value streams: share {glyphs.target} target, money" if aimed else "Value streams: share, money, return"
    return Panel("streams", title, lines, empty="No value stream has money yet; FundEnvelope funds one.")


def envelopes(seen: BoardSeen, drawing: Drawing) -> Panel:
    """Return what is spent of each envelope, with a mark where what is approved from it ends, and what is free."""
    names = widest([row.key or NO_ENVELOPE for row in seen.envelopes], 24, 8)
    cells = min(drawing.width - names - 1 - len("     18 M  free  1.25 M !"), MOST_BAR)
    lines = []
    for row in seen.envelopes:
        over = row.free_minor < 0
        funded, free = (figure(minor, "money", row.currency) for minor in (row.funded_minor, row.free_minor))
        spent, approved = (share_of(minor, row.funded_minor) for minor in (row.actual_minor, row.approved_minor))
        look: Look = "problem" if over else "plain"
        lines.append(
            (
                *(drawing.name(row.key or NO_ENVELOPE, names, look), Piece(" ")),
                *drawing.bar(spent, cells, approved),
                to_setter("spend", row.key, "funded_minor", f"{funded:>9}"),
                Piece("  free"),
                to_setter("spend", row.key, "free_minor", f"{free:>8}{drawing.sign(over)}", look),
            )
        )
    title = f"Envelopes: spent {drawing.glyphs.target} approved, funded"
    return Panel("envelopes", title, lines, empty="None is funded; FundEnvelope funds one.")


def needs(seen: BoardSeen, drawing: Drawing) -> Panel:
    """Return what needs a decision: what is late or over first, then what is due first."""
    rows = sorted(seen.needs, key=lambda row: (not _is_late(row), -(row.days or 0), row.kind, row.subject))
    told = [(row, _is_late(row), _due(row), _amount(row, seen.currency)) for row in rows]
    dues = max((len(due) for _, _, due, _ in told), default=0)
    amounts = max((len(amount) for *_, amount in told), default=0)
    lines = []
    for row, late, due, amount in told:
        sign = drawing.glyphs.problem if late else drawing.glyphs.unknown
        tail = f"  {due:>{dues}}  {amount:>{amounts}}".rstrip()
        about = f"{row.subject}  {row.title}" if drawing.width >= 70 and row.title else row.title or row.subject
        kind = NEEDS.get(row.kind, row.kind.replace("_", " "))
        text = drawing.name(f"{sign} {kind}: {about}", max(drawing.width - len(tail), 10)).text
        look: Look = "problem" if late else "plain"
        lines.append((Piece(text + tail, look, ToEntry(row.sequence), f"needs.{row.subject}"),))
    return Panel("needs", f"Needs a decision: {len(lines):,}", lines, empty="Nothing does.")


def _is_late(row: NeedRow) -> bool:
    return row.kind in ("over_envelope", "model_retiring") or (row.days or 0) > 0


def _due(row: NeedRow) -> str:
    if row.days is None:
        return ""
    return f"{row.days:,} d late" if row.days > 0 else f"in {-row.days:,} d"


def _amount(row: NeedRow, currency: str | None) -> str:
    return "" if row.amount_minor is None else figure(row.amount_minor, "money", currency)


def models(seen: BoardSeen, drawing: Drawing) -> Panel:
    """Return models that end: how soon, how many depend on them without a fallback, and the money of those."""
    lines = []
    for row in seen.models:
        days, name = row.days_left or 0, clean(row.name or row.model)
        left = f"{days:,} d left" if days >= 0 else f"ended {-days:,} d ago"
        stake = f"{row.without_fallback} of {row.dependents}"
        exposed = figure(row.exposed_minor, "money", row.currency)
        tails = (
            f"  {row.retires_on}, {left}  {stake} without fallback  {exposed}",
            f"  {left}  {stake} without fallback  {exposed}",
            f"  {left}  {stake} exposed  {exposed}",
            f"  {left}  {stake}  {exposed}",
        )
        tail = first_fit(drawing.width - min(len(name) + 2, 20), *tails)
        sign = drawing.glyphs.problem if row.without_fallback else drawing.glyphs.yes
        look: Look = "problem" if row.without_fallback else "plain"
        told = drawing.name(f"{sign} {name}", max(drawing.width - len(tail), 6)).text + tail
        leads = ToEntry(row.last_sequence) if row.last_sequence is not None else None
        lines.append((Piece(told, look, leads, f"models.{row.model}"),))
    return Panel("models", "Models at risk: without fallback, money", lines, empty="No model in use ends.")


def capacity(seen: BoardSeen, drawing: Drawing) -> Panel:
    """Return what is planned of each pool by period, from now on, then what is over."""
    skills = {(each.told.pool, each.told.skill) for each in seen.capacity}
    alone = len({skill for _, skill in skills}) == len(skills)
    names = widest([_pool(each, alone) for each in seen.capacity], 24)
    periods = widest([each.told.period for each in seen.capacity], 9)
    cells = min(drawing.width - periods - names - 2 - len(" 118 % ! over"), MOST_BAR)
    lines = []
    for each in seen.capacity:
        row, over = each.told, drawing.over(each.told.load)
        look: Look = "dim" if each.when == "over" else "problem" if over else "plain"
        mark = None if row.load is None else 1 / MOST_LOAD
        lines.append(
            (
                *(Piece(f"{row.period:<{periods}} ", look), drawing.name(_pool(each, alone), names, look), Piece(" ")),
                *drawing.bar((row.load or 0.0) / MOST_LOAD, cells, mark),
                Piece(f"{whole_percent(row.load):>6}", look, ToEntry(row.last_sequence), f"capacity.{row.period}"),
                Piece(over or (" now" if each.when == "now" else ""), look),
            )
        )
    title = f"Capacity: planned {drawing.glyphs.target} supply"
    return Panel("capacity", title, lines, empty="None is planned; AllocateCapacity does.")


def benefits(seen: BoardSeen, drawing: Drawing) -> Panel:
    """Return what was validated of each benefit's plan, with a mark where the claims are, the greatest plan first."""
    told, fixed = seen.headline, len("   50.6 M   55.9 %") + 2
    names = min(widest([row.title for row in seen.benefits], 60, 12), max(drawing.width - fixed - 10, 12))
    cells = min(drawing.width - names - fixed, MOST_BAR)
    lines: list[Pieces] = []
    if seen.benefits:
        share, claimed = (share_of(each, told.planned_minor) for each in (told.validated_minor, told.claimed_minor))
        amount = Piece(f"{figure(told.planned_minor, 'money', seen.currency):>9}{percent(share):>9}", "strong")
        name = drawing.name("all of them", names, "strong")
        lines.append((name, Piece(" "), *drawing.bar(share, cells, claimed), amount))
    for row in seen.benefits:
        claimed = share_of(row.claimed_minor, row.planned_minor) if row.claimed_minor else None
        drawn = drawing.bar(row.realised, cells, claimed) if row.measured else [Piece(fit("unmeasured", cells), "dim")]
        planned = f"{figure(row.planned_minor, 'money', row.currency):>9}"
        lines.append(
            (
                *(drawing.name(row.title, names), Piece(" "), *drawn),
                to_setter("benefits", row.benefit, "planned_minor", planned),
                to_setter("benefits", row.benefit, "validated_minor", f"{percent(row.realised):>9}"),
            )
        )
    title = f"Benefits: validated {drawing.glyphs.target} claimed, planned"
    return Panel("benefits", title, lines, empty="None is promised; PlanBenefit does.")


PANELS: dict[str, Callable[[BoardSeen, Drawing], Panel]] = {
    "needs": needs,
    "alignment": alignment,
    "pipeline": pipeline,
    "streams": streams,
    "envelopes": envelopes,
    "models": models,
    "capacity": capacity,
    "benefits": benefits,
}
"""The panels that need nothing but what is seen, what asks for something first."""


def _stream(name: str | None) -> str:
    return "(no stream)" if name is None else name


def _pool(pool: Pool, alone: bool) -> str:
    return pool.told.skill if alone else f"{pool.told.pool} {pool.told.skill}"
