"""portfolio demo: a made history imported and shown, from nothing."""

from __future__ import annotations

import datetime
from dataclasses import replace

from ledger.importers.made import nyc_capital
from ledger.writer import Writer
from projections.moment import moment
from projections.sync import synced
from projections.views import Question, ask
from tui import plain
from tui.common import Common, access, progress
from tui.recording import import_files, opening_command

PORTFOLIO = "demo"
ORIGIN = "demo-0d3a0d3a"
"""The same at every run, so that a second run meets what the first recorded."""


async def demo(*, common: Common | None = None) -> int:
    """Import a made history of three yearly plans, and show what was known after each.

    Running it again changes nothing. The portfolio is called demo; look into it with `portfolio view`.
    """
    common = replace(common or Common(), portfolio=PORTFOLIO)
    async with access(common) as (reached, chosen):
        store = await reached.create(PORTFOLIO)
        line = opening_command(
            PORTFOLIO,
            ORIGIN,
            "registrar",
            title="Harbour City, information technology and AI (invented)",
            currency="USD",
            fiscal_year_start=7,
            historic=True,
            day=datetime.date(1970, 1, 1),
        )
        await Writer(PORTFOLIO, store).submit(line)
        code = await import_files(store, PORTFOLIO, nyc_capital(), "importer", as_json=common.json)
        with progress("reading demo") as moved:
            replica = await synced(store, reached.directory(PORTFOLIO), PORTFOLIO, progress=moved)
    if common.json:
        return code
    days = replica.ask("select distinct recorded_at::date as day from events where sequence > 1 order by day")
    for row in days:
        at = moment(replica, str(row["day"]), None, now=datetime.datetime.now(datetime.UTC))
        print("\n" + "═" * 100)
        print(plain.board(ask(replica, Question("alignment"), at), ask(replica, Question("spend"), at)))
    last, first = days[-1]["day"], days[0]["day"]
    print(f"\nData: {chosen.data}. Ask on:")
    print("  portfolio view initiatives --portfolio demo")
    print(f"  portfolio view spend --portfolio demo --by objective --as-known {first}")
    print(f"  portfolio diff spend --portfolio demo --between {first} {last}")
    print("  portfolio rebuild --portfolio demo")
    return code
