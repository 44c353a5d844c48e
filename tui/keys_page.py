"""The key table as people read it: in the help of a screen, and in docs/keys.md.

python -m tui.keys_page           write docs/keys.md
python -m tui.keys_page --check   exit 1 where it is not what the table says
"""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Mapping
from pathlib import Path

from tui.keys import CHARACTERS, KEYS, Key

PAGE = Path(__file__).parents[1] / "docs" / "keys.md"
EVERYWHERE = "all"
KEY_CELLS, HELP_CELLS = 17, 70
"""How wide the keys and a whole line of the help are."""

TITLES = {EVERYWHERE: "Everywhere", "compare": "Compare two moments", "record": "Record a decision"}

INTRODUCTION = """# Keys

What every key does, in the terminal and in the browser. `?` shows the keys of a screen, `ctrl+p` finds an action by
its name.

A file of JSON gives actions other keys, by the ids below: `{"replay.step": "s,right"}`. Name it with `--keys FILE` or
in `PORTFOLIO_KEYS`. Several keys stand side by side with commas; a comma itself is `comma`. No key may lead to two
actions on one screen.
"""


def title(where: str) -> str:
    """Return what a screen's keys stand under."""
    return TITLES.get(where, where.capitalize())


def spelt(keys: str) -> str:
    """Return keys as they stand on a keyboard."""
    return " ".join("+".join(CHARACTERS.get(part, part) for part in each.split("+")) for each in keys.split(","))


def help_text(where: str, other: Mapping[str, str] | None = None) -> str:
    """Return the keys of a screen and those of every screen as text. other: the keys a file gives, by id.

    In a form the keys of every screen are left out: there a letter is written into a field.
    """
    parts = []
    for name in dict.fromkeys([where, *(() if where == "record" else (EVERYWHERE,))]):
        found = [key for key in KEYS if key.where == name]
        if found:
            parts.append("\n".join([title(name), *(_line(_given(key, other), key.tells) for key in found)]))
    return "\n\n".join(parts)


def page() -> str:
    """Return docs/keys.md: every key of every screen, with the id that a keys file calls its action by."""
    parts = [INTRODUCTION.rstrip()]
    for where in dict.fromkeys(key.where for key in KEYS):
        lines = [f"## {title(where)}", "", "| key | action | what it does | id |", "|---|---|---|---|"]
        for key in (key for key in KEYS if key.where == where):
            keys = " ".join(f"`{each}`" for each in spelt(key.keys).split(" "))
            lines.append(f"| {keys} | {key.label} | {key.tells} | `{key.id}` |")
        parts.append("\n".join(lines))
    return "\n\n".join(parts) + "\n"


def main(arguments: list[str]) -> int:
    """Write the page, or check it; return the exit code."""
    wanted = page()
    if "--check" in arguments:
        stale = not PAGE.exists() or PAGE.read_text() != wanted
        if stale:
            print(f"{PAGE.name} is stale; run python -m tui.keys_page")
        return int(stale)
    PAGE.write_text(wanted)
    return 0


def _line(keys: str, tells: str) -> str:
    """Return a line of the help, what it tells in a column of its own."""
    head = f"  {keys:<{KEY_CELLS}} "
    return head + f"\n{' ' * len(head)}".join(textwrap.wrap(tells, HELP_CELLS - len(head)))


def _given(key: Key, other: Mapping[str, str] | None) -> str:
    return spelt((other or {}).get(key.id, key.keys))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
