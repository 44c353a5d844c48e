-- What moved money: the entries that count, and the voids that took an entry out.
--   An entry moves a sum where what it adds to it is not zero; a void moves what the entry it took out had moved.
-- Source: docs/spec/views.md, "What set a value".

-- Every entry that moved money at (as_known, as_of). minor is what it added; of a void what it took out, negated, and
-- counted is false, since the sum of what counts is without it already.
create or replace macro money_moved(as_known, as_of) as table
select sequence, measure, envelope, initiative, currency, minor, true as counted
from money(as_known, as_of)
union all
select r.sequence, m.measure, m.envelope, m.initiative, m.currency, -m.minor, false
from entry_reversed r join money_recorded() m on m.sequence = r.reversed_sequence
where r.kind = 'void' and r.sequence <= as_known and m.effective_on <= as_of;
