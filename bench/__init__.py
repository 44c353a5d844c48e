"""The benchmark: what the numbers of DESIGN, section 9, are here and beside peers in the same run.

    uv run python -m bench                          10 thousand, 100 thousand and 1 million events
    uv run python -m bench --quick --json out.json  10 thousand, once

history.py makes the events, stores.py writes them where we and each peer read them, steps.py is what is timed, each
step in a process of its own, answers.py what must come out equal, report.py the table.
"""
