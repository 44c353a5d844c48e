"""The key table: every key, what it does and where. Bindings, help, the README and its test are made from it.

A file of JSON, `{"replay.step": "l,right"}`, gives an action other keys: its ids are those of the table. The file is
named by PORTFOLIO_KEYS.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from textual.binding import Binding, InvalidBinding
from textual.keys import Keys


class Key(NamedTuple):
    """One action. where: its screen, `all` for every one. shown: whether the footer has room for it."""

    where: str
    name: str
    keys: str
    action: str
    label: str
    tells: str
    shown: bool = False

    @property
    def id(self) -> str:
        """What a keys file calls it."""
        return f"{self.where}.{self.name}"


KEYS: tuple[Key, ...] = (
    Key(
        "all", "board", "1", "app.go('board')", "Board", "the board: alignment, spend, pipeline, what needs a decision"
    ),
    Key("all", "replay", "2", "app.go('replay')", "Replay", "replay: every decision, one by one, and what it changed"),
    Key("all", "verify", "3", "app.go('verify')", "Verify", "verify: rebuild everything from the stream and compare"),
    Key("all", "suppose", "4", "app.go('suppose')", "What-if", "what-if: suppose decisions on a fork of the history"),
    Key("all", "record", "n", "app.record", "Record", "record a decision: choose its kind, or go on with a draft"),
    Key("all", "palette", "ctrl+p", "app.command_palette", "Find", "find an action, an initiative or a place by name"),
    Key("all", "help", "question_mark,f1", "app.help", "Help", "this list", True),
    Key("all", "address", "colon", "app.address", "Go to", "go to a sequence, date, %, initiative, finding, +n, tip"),
    Key("all", "back", "u", "app.places(-1)", "Back", "back to the place before"),
    Key("all", "forward", "U", "app.places(1)", "Forward", "forward again"),
    Key("all", "copy", "y", "app.copy_address", "Copy", "copy the address of this place"),
    Key("all", "theme", "ctrl+t", "app.next_theme", "Theme", "the next theme"),
    Key("all", "zoom", "z", "app.zoom", "Zoom", "give the panel in focus the whole screen, and back"),
    Key("all", "quit", "q,ctrl+q", "app.quit", "Quit", "leave"),
    Key("board", "open", "enter", "open", "Open", "open it; of a figure, the decision that set it"),
    Key("board", "as_of", "t", "as_of", "As of", "as of a day or quarter, as known on a day", True),
    Key("board", "period_back", "shift+left", "period(-1)", "Quarter back", "as of the end of the quarter before"),
    Key("board", "period_on", "shift+right", "period(1)", "Quarter on", "as of the end of the next quarter"),
    Key("board", "today", "T", "today", "Today", "everything known, as of today", True),
    Key("board", "sort", "s", "sort", "Sort", "by priority, score, value, novelty, money, title", True),
    Key("board", "filter", "slash", "filter", "Filter", "initiatives that hold some words", True),
    Key("board", "clear", "backslash", "clear_filter", "Clear", "all initiatives again"),
    Key("board", "history", "h", "history", "History", "the history of this initiative in the replay", True),
    Key("board", "panel", "tab", "panel(1)", "Panel", "the next panel, those behind it too", True),
    Key("board", "panel_back", "shift+tab", "panel(-1)", "Panel back", "the panel before"),
    Key("replay", "play", "space", "play", "Play", "play or pause", True),
    Key("replay", "step", "full_stop,right", "step(1)", "Step", "one decision on", True),
    Key("replay", "back", "comma,left", "step(-1)", "Back", "one decision back"),
    Key("replay", "cell_on", "shift+right", "cell(1)", "Cell on", "one cell of the scrubber on"),
    Key("replay", "cell_back", "shift+left", "cell(-1)", "Cell back", "one cell of the scrubber back"),
    Key("replay", "page_on", "pagedown", "page(1)", "Page on", "one page on"),
    Key("replay", "page_back", "pageup", "page(-1)", "Page back", "one page back"),
    Key("replay", "first", "home", "first", "First", "the first decision"),
    Key("replay", "last", "end", "last", "Last", "the last decision"),
    Key("replay", "faster", "plus,equals_sign", "faster(1)", "Faster", "play faster"),
    Key("replay", "slower", "minus", "faster(-1)", "Slower", "play slower"),
    Key("replay", "clock", "T", "clock", "Clock", "the other clock: decisions a second, or days a second"),
    Key("replay", "filter", "slash", "filter", "Filter", "step through some decisions only", True),
    Key("replay", "clear", "backslash", "clear_filter", "Clear", "all decisions again"),
    Key("replay", "same_next", "i", "next('initiative')", "Next same", "the next decision about the same", True),
    Key("replay", "same_last", "I", "next('initiative', True)", "Last same", "the one before about the same"),
    Key("replay", "actor_next", "a", "next('actor')", "Next by", "the next one by the same actor"),
    Key("replay", "actor_last", "A", "next('actor', True)", "Last by", "the one before by the same actor"),
    Key("replay", "kind_next", "k", "next('kind')", "Next kind", "the next one of the same kind"),
    Key("replay", "kind_last", "K", "next('kind', True)", "Last kind", "the one before of the same kind"),
    Key("replay", "problem_next", "exclamation_mark", "next('problem')", "Problem", "the next problem", True),
    Key("replay", "problem_last", "at", "next('problem', True)", "Last problem", "the problem before"),
    Key("replay", "mark_next", "right_square_bracket", "next('mark')", "Next mark", "the next mark or finding"),
    Key("replay", "mark_last", "left_square_bracket", "next('mark', True)", "Last mark", "the mark or finding before"),
    Key("replay", "mark", "m", "mark", "Mark", "mark this decision, or take the mark away"),
    Key("replay", "finding", "f", "finding", "Finding", "file a finding on this decision or the field in focus"),
    Key("replay", "a", "x", "set_a", "Set A", "compare from here: set A"),
    Key("replay", "compare", "c", "compare", "Compare", "compare A with this moment", True),
    Key("replay", "base", "d", "base", "Base", "what the state is compared with: the decision before, A, the quarter"),
    Key("replay", "open", "enter,b", "open", "Why", "on a field: the decision that set its value before"),
    Key("replay", "watch", "w", "watch", "Watch", "watch the field in focus: play stops when it changes"),
    Key("replay", "verify", "v", "verify", "Verify", "verify this decision now"),
    Key("replay", "live", "l", "live", "Live", "go to the tip and follow it", True),
    Key("replay", "board", "B", "board", "On board", "this moment on the board"),
    Key("replay", "ruler", "R", "ruler", "Ruler", "the scrubber by time, or by decision"),
    Key("compare", "open", "enter", "open", "Who set it", "the decision that set this value, in replay"),
    Key("compare", "swap", "tab", "swap", "Swap", "swap A and B", True),
    Key("compare", "next", "i", "next(1)", "Next", "the next initiative that changed", True),
    Key("compare", "last", "I", "next(-1)", "Last", "the initiative before"),
    Key("compare", "export", "e", "export", "Export", "write what differs, as text and as JSON", True),
    Key("compare", "leave", "escape", "leave", "Back", "back to replay", True),
    Key("verify", "all", "v", "verify", "Verify all", "read, hash, rebuild, compare and decide everything again", True),
    Key("verify", "rebuild", "r", "rebuild", "Rebuild", "rebuild from the stream, and compare with what is kept", True),
    Key("verify", "decide", "d", "decide", "Decide again", "decide every event again, byte for byte", True),
    Key("verify", "pause", "p", "pause", "Pause", "pause, or go on", True),
    Key("verify", "stop", "s", "stop", "Stop", "stop what is under way"),
    Key("verify", "open", "enter", "open", "Open", "on a problem: the decision it is about, in replay"),
    Key("verify", "report", "e", "report", "Report", "write a report, as text and as JSON", True),
    Key("verify", "leave", "escape", "leave", "Leave", "back to replay; what is under way goes on"),
    Key("record", "send", "ctrl+s", "send", "Record", "record it, once you have read and confirmed it", True),
    Key("record", "draft", "ctrl+d", "draft", "Draft", "keep it as a draft", True),
    Key("record", "event", "ctrl+j", "event", "Event", "the exact event it would become", True),
    Key("record", "judge", "ctrl+r", "judge", "Judge", "judge it now, on all that is known", True),
    Key("record", "editor", "ctrl+e", "editor", "Editor", "write a long text in $VISUAL or $EDITOR", True),
    Key("record", "help", "f1", "app.help", "Help", "this list", True),
    Key("record", "leave", "escape", "leave", "Leave", "leave; what is written is kept as a draft", True),
    Key("record", "next", "down", "move(1)", "Next", "the next field"),
    Key("record", "last", "up", "move(-1)", "Last", "the field before"),
    Key("record", "page_on", "pagedown", "move(8)", "Page on", "eight fields on"),
    Key("record", "page_back", "pageup", "move(-8)", "Page back", "eight fields back"),
    Key("record", "on", "enter", "enter", "On", "the next field; on a list, one more item"),
    Key(
        "record",
        "take",
        "tab",
        "take",
        "Take",
        "take what is offered; where nothing was begun, the next field",
    ),
    Key("record", "back", "shift+tab", "move(-1)", "Back", "the field before"),
    Key("record", "offer_next", "shift+down", "offer(1)", "Next name", "the next name that is offered"),
    Key("record", "offer_last", "shift+up", "offer(-1)", "Last name", "the one before"),
    Key("record", "said_on", "ctrl+down", "scroll(1)", "Verdict on", "more of the verdict and the effect"),
    Key("record", "said_back", "ctrl+up", "scroll(-1)", "Verdict back", "back in them"),
    Key("replay", "suppose", "o", "suppose", "Suppose not", "suppose that this had not been decided"),
    Key("suppose", "add", "a", "add", "Add", "add a decision: by a form, as JSON, from a file, or a draft", True),
    Key("suppose", "leave_out", "o", "leave_out", "Leave out", "leave a recorded decision out", True),
    Key("suppose", "replace", "r", "replace", "Replace", "put another decision in the place of a recorded one"),
    Key("suppose", "toggle", "space", "on_off", "On/off", "turn the decision under the cursor on or off", True),
    Key("suppose", "drop", "d", "drop", "Drop", "drop the decision under the cursor", True),
    Key("suppose", "open", "enter", "open", "Open", "change what is supposed; go to what was recorded"),
    Key("suppose", "fork", "F", "fork", "Fork at", "the entry behind which the next decision is added"),
    Key("suppose", "next", "right_square_bracket", "scenario(1)", "Scenario", "the next scenario", True),
    Key("suppose", "last", "left_square_bracket", "scenario(-1)", "Scenario back", "the scenario before"),
    Key("suppose", "new", "N", "new", "New", "one more scenario: empty, a copy of this, or one that was kept"),
    Key("suppose", "name", "t", "name", "Name", "give this scenario a name"),
    Key("suppose", "drop_scenario", "X", "drop_scenario", "Drop scenario", "drop this scenario"),
    Key(
        "suppose",
        "drafts",
        "ctrl+s",
        "drafts",
        "To drafts",
        "keep this scenario's commands as drafts; sends nothing",
        True,
    ),
    Key("suppose", "again", "ctrl+r", "again", "Again", "decide everything again, with what has arrived since"),
    Key("suppose", "panel", "tab", "panel", "Panel", "the next panel", True),
    Key("suppose", "leave", "escape", "leave", "Leave", "stop what is being decided; else leave"),
)
"""Every key there is. A screen that is added adds its own."""


CHARACTERS = {
    binding.key: character
    for character in map(chr, range(33, 127))
    if character != ","
    for binding in Binding.make_bindings([Binding(character, "none")])
} | {"comma": ","}
"""What the keys that have names print."""

_KNOWN = {name.value.rpartition("+")[2] for name in Keys} | CHARACTERS.keys()


class KeysError(Exception):
    """A keys file cannot be used: which, and what next."""


def bindings(where: str, keys: Iterable[Key] = KEYS, *, first: bool = False) -> list[Binding]:
    """Return the bindings of a screen, `all` for those of every one. first: before what a box to write in does."""
    return [
        Binding(key.keys, key.action, key.label, show=key.shown, id=key.id, priority=first)
        for key in keys
        if key.where == where
    ]


def keymap(path: Path) -> dict[str, str]:
    """Return the keys a file gives to actions, by id. Errors: KeysError."""
    try:
        told = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise KeysError(f"cannot read the keys file {path}: {error}; give a JSON object of ids and keys") from error
    known = {key.id for key in KEYS}
    if not isinstance(told, dict) or not all(isinstance(keys, str) for keys in told.values()):
        raise KeysError(f"the keys file {path} is no JSON object of ids and keys, both text")
    if unknown := sorted(told.keys() - known):
        raise KeysError(f"the keys file {path} names {', '.join(unknown)}; see the ids in docs/keys.md")
    try:
        named = {id_: ",".join(names(keys)) for id_, keys in told.items()}
    except ValueError as error:
        raise KeysError(f"the keys file {path}: {error}; see docs/keys.md for how keys are called") from error
    for where in dict.fromkeys(key.where for key in KEYS):
        for key, ids in clashes(where, named).items():
            raise KeysError(
                f"the keys file {path} leaves {key} to {' and '.join(ids)}, on one screen; give one another"
            )
    return named


def names(keys: str) -> list[str]:
    """Return the names of some keys, each written as a name or as its character. Errors: ValueError."""
    found = []
    for each in keys.split(","):
        try:
            (binding,) = Binding.make_bindings([Binding(each.strip(), "none")])
        except InvalidBinding as error:
            raise ValueError(f"{keys!r} names no key between two commas") from error
        if binding.key.rpartition("+")[2] not in _KNOWN:
            raise ValueError(f"there is no key {each.strip()!r}")
        found.append(binding.key)
    return found


def clashes(where: str, other: Mapping[str, str] | None = None) -> dict[str, list[str]]:
    """Return every key that leads to two actions on one screen, with their ids. other: keys given instead, by id."""
    by_key: dict[str, list[Key]] = {}
    for key in KEYS:
        if key.where in (where, "all"):
            for name in (other or {}).get(key.id, key.keys).split(","):
                by_key.setdefault(name, []).append(key)
    return {name: [key.id for key in found] for name, found in by_key.items() if len({key.action for key in found}) > 1}
