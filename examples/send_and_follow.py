"""Fund an envelope, be sure that it is recorded, follow what follows, and see it in a view.

    NATS_URL=nats://127.0.0.1:4222 PORTFOLIO=ai-2026 ACTOR=erp python examples/send_and_follow.py

Prints one JSON object a line: the receipt, the event, and the view before and after it.
"""

from __future__ import annotations

import asyncio
import datetime
import json
import os
from pathlib import Path

from ledger.client import connected
from schemas.events.funding import EnvelopeFunded
from schemas.receipts import Accepted
from schemas.values import Money


async def main() -> None:
    """Run the example."""
    seed, environment = os.environ.get("NATS_SEED_FILE"), os.environ.get
    async with connected(
        os.environ["NATS_URL"],
        os.environ["PORTFOLIO"],
        actor=environment("ACTOR", "erp"),
        origin=environment("ORIGIN"),
        credentials=Path(seed) if seed else None,
        token=environment("NATS_TOKEN"),
    ) as ledger:
        funded = EnvelopeFunded(
            envelope="python",
            value_stream="claims",
            fiscal_period="FY2026",
            capex_opex="opex",
            kind="initial",
            amount=Money(minor=5_000_000, currency="USD"),
            reason="The budget of the year.",
        )
        # The id is ours: an order's number, a row's key. Whatever happens now, the same line is recorded once.
        line = await ledger.command(funded, on=datetime.date(2026, 11, 20), commandid="example-python-1")
        receipt = await ledger.send(line)
        assert isinstance(receipt, Accepted), receipt
        assert await ledger.send(line) == receipt
        print(json.dumps({"receipt": receipt.sequence}))

        async for event in ledger.follow(after=receipt.sequence - 1):
            print(json.dumps({"event": event.data.TYPE, "sequence": event.at, "actor": event.actor}))
            break

        for sequence in (receipt.sequence - 1, receipt.sequence):
            spend = await ledger.view("spend", as_known=sequence, as_of="2026-12-31")
            rows = [row["funded_minor"] for row in spend["rows"] if row["key"] == "python"]
            print(json.dumps({"as_known": sequence, "funded_minor": sum(rows)}))


if __name__ == "__main__":
    asyncio.run(main())
