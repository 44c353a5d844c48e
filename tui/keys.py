"""The key table: every key, what it does and where. Bindings, help, the README and its test are made from it.

A file of JSON, `{"replay.step": "l,right"}`, gives an action other keys: its ids are those of the table. The file is
named by PORTFOLIO_KEYS.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from textual.binding import Binding


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
    Key("all", "help", "question_mark,f1", "app.help", "Help", "this list", True),
    Key("all", "address", "colon", "app.address", "Go to", "go to a sequence, date, %, initiative, finding, +n, tip"),
    Key("all", "back", "u", "app.places(-1)", "Back", "back to the place before"),
    Key("all", "forward", "U", "app.places(1)", "Forward", "forward again"),
    Key("all", "copy", "y", "app.copy_address", "Copy", "copy the address of this place"),
    Key("all", "theme", "ctrl+t", "app.next_theme", "Theme", "the next theme"),
    Key("all", "zoom", "z", "app.zoom", "Zoom", "give the panel in focus the whole screen, and back"),
    Key("all", "quit", "q,ctrl+q", "app.quit", "Quit", "leave"),
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
    Key("suppose", "name", "n", "name", "Name", "give this scenario a name"),
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


class KeysError(Exception):
    """A keys file cannot be used: which, and what next."""


def bindings(where: str, keys: Iterable[Key] = KEYS) -> list[Binding]:
    """Return the bindings of a screen, `all` for those of every one."""
    return [Binding(key.keys, key.action, key.label, show=key.shown, id=key.id) for key in keys if key.where == where]


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
    return told
