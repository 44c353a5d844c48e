"""The verbs of the command line as people read them: docs/verbs.md, and the table of them in README.md.

python -m tui.verbs_page           write docs/verbs.md
python -m tui.verbs_page --check   exit 1 where it is not what the verbs take
"""

from __future__ import annotations

import sys
from pathlib import Path

from tui.model.verbs import Option, options_of
from tui.verb_names import VERBS

PAGE = Path(__file__).parents[1] / "docs" / "verbs.md"

INTRODUCTION = """# A verb for each decision

    portfolio approve AI-0042 --envelope claims --kind tranche --amount "50_000 USD" --capex-opex opex --dry-run

A verb makes one command from its options, as the form of the same name in the terminal does, and sends it. What the
ledger knows is filled in: today, the envelope an initiative was funded from, the stage a gate is from; what is given
takes its place.

- `--dry-run` judges the command by the rules that would decide it and prints what would be recorded, with its flags;
  nothing is written.
- `--command-id ID` sends it under an id of your own, so that a script may repeat it: nothing is filled in, `--time` is
  needed, and the same words are the same bytes, recorded once. `--blank` fills in nothing either.
- `--about INITIATIVE` begins as the form about that initiative does, for verbs that do not name one.
  `--recorded-time` is for historic imports.
- `--key FILE` signs it, again for another approver's key; `--passphrase-file` has the passphrase of a key that is under
  one, which is asked for otherwise. [spec/signing.md](spec/signing.md) says what a signature is.
- `--json` prints the receipt, or with `--dry-run` the command, its events and its flags.

Exit codes: 0 recorded, or it would be; 1 refused; 2 wrong use, or a field that cannot be read, told by its option;
3 the world failed, with the line to send again.

**How values are written.** Money `50_000 USD` or `1,250,000.00 USD`, without a code in the portfolio's own currency;
shares `12.5 %`; dates `2026-03-31`. What is so or not is a flag, as `--emergency` and `--no-emergency`. A list takes
its option once an item, by its fields `"condition=C-1; text=Proven on 500 files; owner=ben; due=2026-09-30"`, with
quotes around what holds a semicolon, a group's fields as `cost.amount=5 USD`; or as JSON in the shape the command has;
or from a file, `@FILE`. A text that is kept elsewhere is its commitment as JSON,
`{"commitment": "...", "vault": "..."}`.

Every verb also takes `--portfolio`, `--data`, `--actor`, `--nats` and `--json`, and the options of any decision.
"""


def page() -> str:
    """Return docs/verbs.md: every verb, what it asks for and what it takes."""
    shared = [option for option in options_of("approve") if not option.path.startswith("data.")]
    parts = [INTRODUCTION.rstrip(), "## Of any decision\n\n" + _table(shared)]
    for verb, named in VERBS.items():
        options = options_of(verb)
        told = _table([each for each in options if each not in shared])
        parts.append(f"## `{_typed(verb)}` {named.command}\n\n{named.help}\n\n{told}")
    return "\n\n".join(parts) + "\n"


def readme_rows() -> list[str]:
    """Return the rows of README's table of verbs: what is typed, the command it makes, and what it is for."""
    return [f"| `{_typed(verb)}` | {named.command} | {named.help} |" for verb, named in VERBS.items()]


def main(arguments: list[str]) -> int:
    """Write the page, or check it; return the exit code."""
    wanted = page()
    if "--check" in arguments:
        stale = not PAGE.exists() or PAGE.read_text() != wanted
        if stale:
            print(f"{PAGE.name} is stale; run python -m tui.verbs_page")
        return int(stale)
    PAGE.write_text(wanted)
    return 0


def _typed(verb: str) -> str:
    """Return what is typed of a verb before its options."""
    return " ".join(["portfolio", verb, *(each.name for each in options_of(verb) if not each.name.startswith("--"))])


def _table(options: list[Option]) -> str:
    lines = ["| option | needed | what it says |", "|---|---|---|"]
    for option in options:
        choices = f" One of {', '.join(option.spec.allowed)}." if option.spec.allowed and not option.whole else ""
        told = (option.help + ("" if option.spec.kind == "yes_no" else choices)).replace("|", "\\|")
        lines.append(f"| `{option.name}` | {'yes' if option.needed else ''} | {told} |")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
