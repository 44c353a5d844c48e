"""Money entries: every delta of money that counts, with names as numbers, so that any moment is a quick sum.

    names          id, name                of envelopes, initiatives and currencies
    money_entries  sequence, effective_on, measure, envelope_id, initiative_id, currency_id, minor, voided_at
    money_voids    the same of entries that were taken out, at the sequence of the void, minor negated; no voided_at
    balances       window_number, measure, envelope_id, initiative_id, currency_id, minor, entry_count

`money_entries` holds what the macro money_counted() gives (views/counting.sql), and no more; voided_at is the sequence
of the void that took an entry out, the greatest number there is where none did. A balance is what the entries and the
voids of one whole window come to, whatever day they are effective from, in as many digits as it takes, since a void
behind the window may take them out again; entry_count is entries less voids.
"""

from __future__ import annotations

import duckdb

from projections.counts import count_of
from projections.windows import whole_windows, window_of

NEVER = 9_223_372_036_854_775_807
"""Above every `as_known`, also the one that views have where none is given."""


def make_money(database: duckdb.DuckDBPyConnection) -> None:
    """Make the tables, empty. They are filled by `take_money`."""
    database.execute("create type measure as enum ('funded', 'approved', 'committed', 'actual')")
    database.execute("create table names (id integer, name varchar)")
    database.execute(
        "create table money_entries (sequence bigint, effective_on date, measure measure, envelope_id integer, "
        "initiative_id integer, currency_id integer, minor bigint, voided_at bigint)"
    )
    database.execute("create table money_voids as select * exclude (voided_at) from money_entries")


def take_money(database: duckdb.DuckDBPyConnection, after: int, to: int, *, behind: str = "") -> int:
    """Take in the money of every event behind a sequence up to another, and what those void or counter.

    Returns how many entries were made or changed.
    behind: the end of the names of the tables that new rows go into, where those without it are views that hold more.
    """
    statements = (_NAMES, _RECORDED, _COUNTERED, _VOIDED, _VOIDS_MOVED)
    terms = {"after": after, "to": to, "never": NEVER, "behind": behind}
    return sum(count_of(database, each.format(**terms)) for each in statements)


def make_balances(database: duckdb.DuckDBPyConnection) -> None:
    """Make the table of balances, empty. It is filled by `take_balances`."""
    database.execute(f"create table balances as from ({balanced(0)}) limit 0")


def balanced(after: int, of: str = "") -> str:
    """Return the query for the balances of the windows behind a sequence that ends one. The last may not be whole.

    of: where the tables are, with a dot behind it.
    """
    return (
        f"select {window_of('sequence')} as window_number, measure, envelope_id, initiative_id, currency_id, "
        "sum(minor) as minor, sum(entry_count)::bigint as entry_count "
        f"from (select * exclude (voided_at), 1 as entry_count from {of}money_entries "
        f"union all select *, -1 from {of}money_voids) "
        f"where sequence > {after} group by all"
    )


def take_balances(database: duckdb.DuckDBPyConnection, after: int, until: int) -> int:
    """Take in the balances of the windows between two sequences that each end one, and return how many there are."""
    whole = f"from ({balanced(after)}) where window_number < {whole_windows(until)}"
    return count_of(database, f"insert into balances {whole}")


_NAMES = """
insert into names{behind}
with found as (
    select distinct envelope, initiative, currency from money_recorded() where sequence > {after} and sequence <= {to}
), named as (
    select envelope as name from found union select initiative from found union select currency from found
)
select (select count(*) from names) + row_number() over (), name
from named
where name is not null and name not in (select name from names)"""

_VOIDS = """
left join (
    select reversed_sequence, min(sequence) as sequence
    from entry_reversed
    where kind = 'void'
    group by reversed_sequence
) v on v.reversed_sequence ="""

_RECORDED = f"""
insert into money_entries{{behind}}
select m.sequence, m.effective_on, m.measure::measure, e.id, i.id, c.id, m.minor, coalesce(v.sequence, {{never}})
from money_recorded() m {_VOIDS} m.sequence
left join names e on e.name = m.envelope
left join names i on i.name = m.initiative
left join names c on c.name = m.currency
where m.sequence > {{after}} and m.sequence <= {{to}}"""

_COUNTERED = f"""
insert into money_entries{{behind}}
select r.sequence, r.effective_on, m.measure, m.envelope_id, m.initiative_id, m.currency_id, -m.minor,
       coalesce(v.sequence, {{never}})
from entry_reversed r join money_entries m on m.sequence = r.reversed_sequence {_VOIDS} r.sequence
where r.kind = 'counter' and r.sequence > {{after}} and r.sequence <= {{to}}"""

_VOIDED = """
update money_entries{behind} as m
set voided_at = v.sequence
from (
    select reversed_sequence, min(sequence) as sequence
    from entry_reversed
    where kind = 'void' and sequence > {after} and sequence <= {to} and reversed_sequence <= {after}
    group by reversed_sequence
) v
where m.sequence = v.reversed_sequence and m.voided_at > v.sequence"""
"""Entries taken in before what takes them out."""

_VOIDS_MOVED = """
insert into money_voids{behind}
select greatest(voided_at, sequence), effective_on, measure, envelope_id, initiative_id, currency_id, -minor
from money_entries
where voided_at < {never} and greatest(voided_at, sequence) > {after} and greatest(voided_at, sequence) <= {to}"""
