"""A beancount ledger of the money, by envelope and initiative: funding, approvals, contracts and payments.

    2026-02-01 * "FundingApproved AI-0001" ^D-12
      sequence: 812
      Assets:Uncommitted:Claims:AI-0001      200000.00 USD
      Assets:Free:Claims                    -200000.00 USD

Money goes from Equity:Funded:<envelope> to Assets:Free:<envelope>; by an approval to Assets:Uncommitted:<envelope>:
<initiative>, by a contract to Assets:Committed:..., by a payment to Expenses:Actual:... So the balance of each is a
column of `portfolio view spend`: funded with its sign turned, free, uncommitted, committed and actual. The file ends
with `balance` directives that say so, taken from the view, not from the entries.

An entry that was voided is left out, as the views leave it out; a counter is an entry of its own, on its own day. Ids
become account names: a capital at the front, `_` as `-`; where two become the same, the later one gets a hash. Source:
beancount v3's syntax; written by us, since beancount itself is under the GPL.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator
from hashlib import sha256
from typing import NamedTuple

from ledger.book import LineKey
from ledger.evolve import line_of
from projections.exporters.pack_report import major
from projections.rows import SpendRow
from schemas import subjects
from schemas.envelope import Recorded
from schemas.events import EntryReversed, PortfolioOpened
from schemas.values import Money

NO_INITIATIVE = "No-initiative"

Posting = tuple[str, int]
"""An account, and what is added to it in minor units."""


class Entry(NamedTuple):
    """One transaction. sequence: of the event that made it."""

    day: datetime.date
    sequence: int
    told: str
    decision: str | None
    currency: str
    postings: tuple[Posting, ...]


class BeancountLedger:
    """A ledger as it fills, entry by entry."""

    def __init__(self) -> None:
        self._entries: dict[int, Entry] = {}
        self._keys: dict[int, tuple[LineKey, int]] = {}
        self._names = Names()
        self._reversed: set[int] = set()
        self._title, self._currency = "", "USD"

    def take(self, event: Recorded) -> None:
        """Take the event that follows."""
        fact = event.data
        if isinstance(fact, PortfolioOpened):
            self._title, self._currency = fact.title, fact.currency
        if isinstance(fact, EntryReversed):
            self._reverse(event, fact)
            return
        key, minor = line_of(fact, event.subject, "")
        if not key.moves:
            return
        self._keys[event.at] = (key, minor)
        self._entries[event.at] = self._entry(event, key, minor)

    @property
    def entry_count(self) -> int:
        """How many transactions there are."""
        return len(self._entries)

    def lines(self, spend: Iterable[SpendRow]) -> Iterator[str]:
        """Yield the lines of the file. spend: the rows of the view by envelope, over everything."""
        entries = sorted(self._entries.values(), key=lambda each: (each.day, each.sequence))
        yield f'option "title" "{_quoted(self._title)}"'
        yield f'option "operating_currency" "{self._currency}"'
        rows = [row for row in spend if row.key is not None]
        accounts = {account for each in entries for account, _ in each.postings}
        accounts |= {account for row in rows for account, _ in self._balances(row)}
        first = min((each.day for each in entries), default=datetime.date(1970, 1, 1))
        yield ""
        for account in sorted(accounts):
            yield f"{first} open {account}"
        for each in entries:
            link = f" ^{each.decision}" if each.decision else ""
            yield ""
            yield f'{each.day} * "{_quoted(each.told)}"{link}'
            yield f"  sequence: {each.sequence}"
            for account, minor in each.postings:
                yield f"  {account}  {_amount(minor, each.currency)}"
        # A balance is that at the beginning of its day.
        last = max((each.day for each in entries), default=first)
        if last < datetime.date.max:
            last += datetime.timedelta(days=1)
        yield ""
        for row in rows:
            for account, minor in self._balances(row):
                number, currency = _amount(minor, row.currency).split(" ")
                yield f"{last} balance {account}  {number} ~ {_amount(0, row.currency).split(' ')[0]} {currency}"

    def _reverse(self, event: Recorded, fact: EntryReversed) -> None:
        if fact.sequence not in self._keys or fact.sequence in self._reversed:
            return
        self._reversed.add(fact.sequence)
        if fact.kind == "void":
            del self._entries[fact.sequence]
            return
        key, minor = self._keys[fact.sequence]
        self._entries[event.at] = self._entry(event, key, -minor)

    def _entry(self, event: Recorded, key: LineKey, minor: int) -> Entry:
        sums: dict[str, int] = {}
        for sign, (measure, envelope, initiative, commitment) in key.moves:
            # Sums over parts of these are in the line too, for rules to ask; the parts are what is booked.
            if commitment is None and (measure != "approved" or initiative is not None):
                for account, way in self._accounts(measure, envelope, initiative):
                    sums[account] = sums.get(account, 0) + way * sign * minor
        postings = tuple((account, moved) for account, moved in sums.items() if moved)
        about = event.subject.partition("/")[2]
        told = f"{subjects.bare(event.data.TYPE)} {about}"
        return Entry(event.effective_on, event.at, told, event.decisionid, key.currency, postings)

    def _accounts(self, measure: str, envelope: str, initiative: str | None) -> tuple[tuple[str, int], ...]:
        pot = self._names.of(envelope)
        inner = f"{pot}:{NO_INITIATIVE if initiative is None else self._names.of(initiative)}"
        free, uncommitted = f"Assets:Free:{pot}", f"Assets:Uncommitted:{inner}"
        return {
            "funded": ((free, 1), (f"Equity:Funded:{pot}", -1)),
            "approved": ((uncommitted, 1), (free, -1)),
            "open": ((f"Assets:Committed:{inner}", 1), (uncommitted, -1)),
            "actual": ((f"Expenses:Actual:{inner}", 1), (uncommitted, -1)),
        }[measure]

    def _balances(self, row: SpendRow) -> tuple[Posting, ...]:
        """Return what a row of the view says of its envelope's accounts; beancount adds up those below them."""
        pot = self._names.of(row.key or "")
        return (
            (f"Equity:Funded:{pot}", -row.funded_minor),
            (f"Assets:Free:{pot}", row.free_minor),
            (f"Assets:Uncommitted:{pot}", row.uncommitted_minor),
            (f"Assets:Committed:{pot}", row.committed_minor),
            (f"Expenses:Actual:{pot}", row.actual_minor),
        )


class Names:
    """Ids as parts of account names, one each, the same id always the same."""

    def __init__(self) -> None:
        self._of: dict[str, str] = {}
        self._taken = {NO_INITIATIVE}

    def of(self, name: str) -> str:
        """Return the account name of an id."""
        if name not in self._of:
            made = name.replace("_", "-").lstrip("-") or "X"
            made = made[0].upper() + made[1:]
            if made in self._taken:
                made = f"{made}-{sha256(name.encode()).hexdigest()[:8]}"
            self._taken.add(made)
            self._of[name] = made
        return self._of[name]


def _amount(minor: int, currency: str) -> str:
    return f"{major(Money(minor=minor, currency=currency))} {currency}"


def _quoted(text: str) -> str:
    """Return a text as it may stand between quotes, on one line."""
    plain = "".join(each if each.isprintable() else " " for each in text)
    return plain.replace("\\", "\\\\").replace('"', '\\"')
