"""Money entries: every delta of money that counts, with names as numbers, so that any moment is a quick sum.

    names          id, name                of envelopes, initiatives and currencies
    money_entries  sequence, effective_on, measure, envelope_id, initiative_id, currency_id, minor, voided_at

It holds what the macro money_counted() gives (views/counting.sql), and no more; voided_at is the sequence of the void
that took an entry out, the greatest number there is where none did.
"""

from __future__ import annotations

import duckdb

NEVER = 9_223_372_036_854_775_807
"""Above every `as_known`, also the one that views have where none is given."""
MONEY_TABLES = ("names", "money_entries")
NEEDED_BY_MONEY = ("money_recorded", "entry_reversed")
"""What `take_money` asks."""


def make_money(database: duckdb.DuckDBPyConnection) -> None:
    """Make the two tables, empty. They are filled by `take_money`."""
    database.execute("create type measure as enum ('funded', 'approved', 'committed', 'actual')")
    database.execute("create table names (id integer, name varchar)")
    database.execute(
        "create table money_entries (sequence bigint, effective_on date, measure measure, envelope_id integer, "
        "initiative_id integer, currency_id integer, minor bigint, voided_at bigint)"
    )


def take_money(
    database: duckdb.DuckDBPyConnection, after: int, *, names: str = "names", entries: str = "money_entries"
) -> int:
    """Take in the money of every event behind a sequence, and what those events void or counter; return the entries.

    names, entries: the tables that new rows go into, where `names` and `money_entries` are views that hold more.
    """
    found = 0
    for statement in (_NAMES, _RECORDED, _COUNTERED, _VOIDED):
        ((changed,),) = database.execute(
            statement.format(after=after, never=NEVER, names=names, entries=entries)
        ).fetchall()
        found += changed
    return found


_NAMES = """
insert into {names}
with found as (
    select distinct envelope, initiative, currency from money_recorded() where sequence > {after}
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
insert into {{entries}}
select m.sequence, m.effective_on, m.measure::measure, e.id, i.id, c.id, m.minor, coalesce(v.sequence, {{never}})
from money_recorded() m {_VOIDS} m.sequence
left join names e on e.name = m.envelope
left join names i on i.name = m.initiative
left join names c on c.name = m.currency
where m.sequence > {{after}}"""

_COUNTERED = f"""
insert into {{entries}}
select r.sequence, r.effective_on, m.measure, m.envelope_id, m.initiative_id, m.currency_id, -m.minor,
       coalesce(v.sequence, {{never}})
from entry_reversed r join money_entries m on m.sequence = r.reversed_sequence {_VOIDS} r.sequence
where r.kind = 'counter' and r.sequence > {{after}}"""

_VOIDED = """
update {entries} as m
set voided_at = v.sequence
from (
    select reversed_sequence, min(sequence) as sequence
    from entry_reversed
    where kind = 'void' and sequence > {after} and reversed_sequence <= {after}
    group by reversed_sequence
) v
where m.sequence = v.reversed_sequence and m.voided_at > v.sequence"""
"""Entries taken in before what takes them out."""
