"""portfolio: the command line. Each command lives where its work is; here they get their names."""

from __future__ import annotations

import asyncio
import importlib.metadata
import os
import sys
from collections.abc import Sequence

import cyclopts

from tui.anchoring import anchor_
from tui.asking import diff_, log, rebuild, reperform_, view
from tui.common import EXPECTED, WRONG_USE, told
from tui.demo import demo
from tui.doctor import doctor
from tui.erasing import erase_, vault_
from tui.exporting import export_
from tui.findings import finding_, findings_
from tui.notarizing import notary_
from tui.opening import board, replay
from tui.proving import verify_
from tui.provisioning import provision
from tui.receipting import receipt
from tui.recording import import_, init, send
from tui.recovering import recover_
from tui.serving import serve
from tui.supposing import suppose_
from tui.verb_names import VERBS
from tui.witnessing import witness_

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
app.command(demo, name="demo")
app.command(init, name="init")
app.command(import_, name="import")
app.command(send, name="send")
app.command(log, name="log")
app.command(view, name="view")
app.command(diff_, name="diff")
app.command(suppose_, name="suppose")
app.command(finding_, name="finding")
app.command(findings_, name="findings")
app.command(rebuild, name="rebuild")
app.command(board, name="board")
app.command(replay, name="replay")
app.command(reperform_, name="reperform")
app.command(verify_, name="verify")
app.command(receipt, name="receipt")
app.command(serve, name="serve")
app.command(provision, name="provision")
app.command(notary_, name="notary")
app.command(recover_, name="recover")
app.command(witness_, name="witness")
app.command(anchor_, name="anchor")
app.command(export_, name="export")
app.command(erase_, name="erase")
app.command(vault_, name="vault")
app.command(doctor, name="doctor")
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
        return WRONG_USE
    except BrokenPipeError:
        # Whoever read our output has gone; there is nobody left to tell.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except EXPECTED as error:
        message, code = told(error)
        print(f"portfolio: {message}", file=sys.stderr)
        return code
    except (KeyboardInterrupt, asyncio.CancelledError):
        print("portfolio: stopped; what was acknowledged is recorded", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
