-- What moved money: the entries that count, and the voids that took an entry out.
--   An entry moves a sum where what it adds to it is not zero; a void moves what the entry it took out had moved.
-- Source: docs/spec/views.md, "What set a value".

-- Every entry that moved money at (as_known, as_of). minor is what it added; of a void what it took out, negated, and
-- counted is false, since the sum of what counts is without it already.
create or replace macro money_moved(as_known, as_of) as table
select sequence, measure, envelope, initiative, currency, minor, true as counted
from money(as_known, as_of)
union all
select m.voided_at, m.measure::varchar, e.name, i.name, c.name, -m.minor, false
from money_entries m
left join names e on e.id = m.envelope_id
left join names i on i.id = m.initiative_id
left join names c on c.id = m.currency_id
where m.voided_at <= as_known and m.effective_on <= as_of;
