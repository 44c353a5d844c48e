"""portfolio: the command line. Each command lives where its work is; here they get their names.

A verb for each decision is made from its form (tui/verbs.py).
"""

from __future__ import annotations

import asyncio
import importlib.metadata
import os
import sys
from collections.abc import Sequence

import cyclopts

from tui.verb_names import VERBS

PROGRAM = {
    "demo": (
        "tui.demo:demo",
        "Record the portfolio of Northwind Mutual, 40 AI initiatives over three years, "
        "and show its board at three dates.",
    ),
    "init": (
        "tui.recording:init",
        "Make a portfolio: its stream, and its first event.",
    ),
    "import": (
        "tui.recording:import_",
        "Import a history from files. Running it again changes nothing; an interrupted import goes on where it was.",
    ),
    "send": (
        "tui.recording:send",
        "Send commands, one JSON object a line, and print a receipt a line.",
    ),
    "log": (
        "tui.asking:log",
        "List the events; with --json as they are stored, one a line, byte for byte; with --actor those of one actor.",
    ),
    "view": (
        "tui.asking:view",
        "Show a view of the portfolio at any moment.",
    ),
    "diff": (
        "tui.asking:diff_",
        "Show what changed in a view between two moments, and which entries made the change.",
    ),
    "suppose": (
        "tui.supposing:suppose_",
        "Suppose other decisions, and compare what would have come of them with what was recorded. Nothing is written.",
    ),
    "finding": (
        "tui.findings:finding_",
        "File a finding about an entry, or say what became of one. It is kept beside the ledger, and never changed.",
    ),
    "findings": (
        "tui.findings:findings_",
        "List the findings and how they stand; check that the entries they are about are what they were.",
    ),
    "rebuild": (
        "tui.asking:rebuild",
        "Rebuild everything from the stream itself, and compare it with what is kept and shown.",
    ),
    "board": (
        "tui.opening:board",
        "Show where the portfolio stands: alignment, spend, priorities, pipeline, risks, what needs a decision.",
    ),
    "replay": (
        "tui.opening:replay",
        "Replay the history decision by decision: who decided what, why, and what it changed.",
    ),
    "reperform": (
        "tui.asking:reperform_",
        "Decide every event again, byte for byte, check its signatures, and name the first that differs.",
    ),
    "verify": (
        "tui.proving:verify_",
        "Prove a log: hash every entry again, and compare it with what was signed, remembered and witnessed.",
    ),
    "receipt": (
        "tui.receipting:receipt",
        "Tell what was promised for an accepted command, and whether it is sealed; write the proof that it is.",
    ),
    "serve": (
        "tui.serving:serve",
        "Serve a portfolio over NATS: take commands and decide them, answer requests for views, seal what is recorded.",
    ),
    "provision": (
        "tui.provisioning:provision",
        "Write the logins of a site and the configuration of its nats-server: each may do its work, and nothing else.",
    ),
    "notary": (
        "tui.notarizing:notary_",
        "Seal what is recorded under signed checkpoints: within a second, or 256 events.",
    ),
    "recover": (
        "tui.recovering:recover_",
        "Make a lost stream again from its log, byte for byte, as far as it was sealed.",
    ),
    "witness": (
        "tui.witnessing:witness_",
        "Witness a log: sign its checkpoints where they go on from those signed before, "
        "and keep the evidence otherwise.",
    ),
    "anchor": (
        "tui.anchoring:anchor_",
        "Record the newest checkpoint in the ledger itself: what follows is then not older than its witnesses' times.",
    ),
    "export": (
        "tui.exporting:export_",
        "Write what the ledger holds to files that other programs read.",
    ),
    "erase": (
        "tui.erasing:erase_",
        "Erase a text that an entry holds as a commitment: the ledger says so, "
        "then the vault's text goes with its salt.",
    ),
    "vault": (
        "tui.erasing:vault_",
        "Look through a vault: what should be gone and is not, what is damaged or missing, what nothing commits to.",
    ),
    "key": (
        "tui.signing:key",
        "Signer keys: make one, enrol it, replace it, revoke it, list them.",
    ),
    "sign": (
        "tui.signing:sign",
        "Sign commands, one a line, and print them signed, one a line; several approvers sign one after the other.",
    ),
    "doctor": (
        "tui.doctor:doctor",
        "Check what the program stands on: libraries, data directory, server, and every portfolio's archive.",
    ),
}
"""Commands, where each is, and what it does: each is loaded when it is first used, so that no other is waited for."""

DECISIONS = cyclopts.Group("Decisions: a verb for each", sort_key=10)

app = cyclopts.App(
    name="portfolio",
    help="""An event-sourced ledger of portfolio decisions, with an audit trail that can be replayed and proved.

Start with `portfolio demo`, or `portfolio init NAME --currency USD` and `portfolio send FILE`.

Exit codes: 0 done; 1 refused, or the check does not hold; 2 wrong use or malformed input; 3 the world failed.""",
    help_format="plaintext",
    version=lambda: importlib.metadata.version("portfolio-ledger"),
    version_flags=["--version"],
)
for name, (place, does) in PROGRAM.items():
    app.command(place, name=name, help=does)
for verb, named in VERBS.items():
    app.command(f"tui.verbs:{verb}", name=verb, help=named.help, group=DECISIONS)
app.register_install_completion_command()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code. Entry point of the `portfolio` program."""
    try:
        code = app(
            sys.argv[1:] if arguments is None else list(arguments),
            exit_on_error=False,
            print_error=False,
            result_action="return_value",
        )
        sys.stdout.flush()
        return code if isinstance(code, int) else 0
    except cyclopts.CycloptsError as error:
        print(f"portfolio: {' '.join(str(error).split())} See `portfolio --help`.", file=sys.stderr)
        return 2
    except BrokenPipeError:
        # Whoever read our output has gone; there is nobody left to tell.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:
        from tui.troubles import EXPECTED, told

        if not isinstance(error, EXPECTED):
            raise  # a bug of ours, which keeps its traceback
        message, code = told(error)
        print(f"portfolio: {message}", file=sys.stderr)
        return code
    except (KeyboardInterrupt, asyncio.CancelledError):
        print("portfolio: stopped; what was acknowledged is recorded", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
