-- What moved money: the entries that count, and the voids that took an entry out.
--   An entry moves a sum where what it adds to it is not zero; a void moves what the entry it took out had moved.
-- Source: docs/spec/views.md, "What moves a sum".

-- Every entry that moved money at (as_known, as_of), names as numbers. minor is what it added; of a void what it took
-- out, negated, and counted is false, since the sum of what counts is without it already.
create or replace macro money_moved(as_known, as_of) as table
select case when voided_at > as_known then sequence else voided_at end as sequence, measure, envelope_id,
       initiative_id, currency_id, case when voided_at > as_known then minor else -minor end as minor,
       voided_at > as_known as counted
from money_entries
where sequence <= as_known and effective_on <= as_of;

-- The number of a name, null where no money names it.
create or replace macro number_of(of_name) as (select id from names where name = of_name);
