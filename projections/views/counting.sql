-- Which entries count at (as_known, as_of), and what they are worth.
-- Source: docs/spec/views.md, "Which entries count" and "Money".

-- What makes a statement the newest: the day it is effective from, then its sequence. One number, since two together
-- are compared several times as slowly.
create or replace macro newness(effective_on, sequence) as
    ((effective_on - date '0001-01-01')::bigint * 1099511627776 + sequence);

-- What the outcome of the gate that holds makes of an initiative.
create or replace macro outcome_status(of_outcome) as
    case of_outcome when 'kill' then 'killed' when 'complete' then 'completed' when 'merged' then 'merged'
                    when 'hold' then 'held' else 'active' end;

-- Entries taken out by a void: it works from its own sequence on, at every as_of.
create or replace macro voided(as_known) as table
select reversed_sequence as sequence
from entry_reversed
where kind = 'void' and sequence <= as_known;

-- Every money delta ever recorded, before anything is left out. committed is the open part: an actual that names a
-- commitment lowers it by as much.
create or replace macro money_recorded() as table
select sequence, effective_on, 'funded' as measure, envelope, null::varchar as initiative,
       amount_currency as currency, amount_minor as minor
from envelope_funded
union all
select sequence, effective_on, 'approved', envelope, initiative, amount_currency, amount_minor
from funding_approved
union all
select sequence, effective_on, 'approved', source.envelope, source.initiative, amount_currency, -amount_minor
from funding_reallocated
union all
select sequence, effective_on, 'approved', target.envelope, target.initiative, amount_currency, amount_minor
from funding_reallocated
union all
select sequence, effective_on, 'committed', envelope, initiative, amount_currency, amount_minor
from commitment_posted
union all
select sequence, effective_on, 'actual', envelope, initiative, amount_currency, amount_minor
from actual_posted
union all
select sequence, effective_on, 'committed', envelope, initiative, amount_currency, -amount_minor
from actual_posted
where commitment is not null;

-- The same by names, as it counts: `voided_at` is the sequence of the void that took an entry out, none where it is
-- null. A counter is an entry of its own, with the amount negated, at its own sequence and date.
create or replace macro money_counted() as table
with voids as (
    select reversed_sequence as sequence, min(sequence) as voided_at
    from entry_reversed
    where kind = 'void'
    group by reversed_sequence
)
select m.sequence, m.effective_on, m.measure, m.envelope, m.initiative, m.currency, m.minor, v.voided_at
from money_recorded() m left join voids v on v.sequence = m.sequence
union all
select r.sequence, r.effective_on, m.measure, m.envelope, m.initiative, m.currency, -m.minor, null
from entry_reversed r join money_recorded() m on m.sequence = r.reversed_sequence
where r.kind = 'counter';

-- Money that counts, entry by entry. `money_entries` holds what money_counted() gives, with names as numbers.
create or replace macro money(as_known, as_of) as table
select m.sequence, m.effective_on, m.measure::varchar as measure, e.name as envelope, i.name as initiative,
       c.name as currency, m.minor
from money_entries m
left join names e on e.id = m.envelope_id
left join names i on i.id = m.initiative_id
left join names c on c.id = m.currency_id
where m.sequence <= as_known and m.effective_on <= as_of and m.voided_at > as_known;

-- Money that counts, summed. Names are looked up once a sum.
create or replace macro money_sums(as_known, as_of) as table
with sums as (
    select measure, envelope_id, initiative_id, currency_id, sum(minor)::bigint as minor
    from money_balanced(as_known, as_of)
    group by measure, envelope_id, initiative_id, currency_id
    having sum(entry_count) > 0
)
select s.measure::varchar as measure, e.name as envelope, i.name as initiative, c.name as currency, s.minor
from sums s
left join names e on e.id = s.envelope_id
left join names i on i.id = s.initiative_id
left join names c on c.id = s.currency_id;

-- The same of each initiative, whatever the envelope; of one measure where one is named.
create or replace macro initiative_sums(as_known, as_of, one_measure := null) as table
with sums as (
    select measure, initiative_id, currency_id, sum(minor)::bigint as minor
    from money_balanced(as_known, as_of)
    where one_measure is null or measure = one_measure
    group by measure, initiative_id, currency_id
    having sum(entry_count) > 0
)
select s.measure::varchar as measure, i.name as initiative, c.name as currency, s.minor
from sums s
left join names i on i.id = s.initiative_id
left join names c on c.id = s.currency_id;

-- The same of the whole portfolio.
create or replace macro measure_sums(as_known, as_of) as table
select s.measure::varchar as measure, c.name as currency, s.minor
from (
    select measure, currency_id, sum(minor)::bigint as minor
    from money_balanced(as_known, as_of)
    group by measure, currency_id
    having sum(entry_count) > 0
) s
left join names c on c.id = s.currency_id;

-- The same at two moments, read once; what counts at one of them alone is 0 at the other.
create or replace macro measure_sums_at_both(known_before, of_before, known_after, of_after) as table
select s.measure::varchar as measure, c.name as currency, s.before, s.after
from (
    select measure, currency_id, sum(minor_before)::bigint as before, sum(minor_after)::bigint as after
    from money_balanced_at_both(known_before, of_before, known_after, of_after)
    group by measure, currency_id
    having sum(count_before) > 0 or sum(count_after) > 0
) s
left join names c on c.id = s.currency_id;

-- What every entry says of an initiative; null where an amendment leaves a field as it is.
create or replace macro said() as table
select sequence, effective_on, initiative, title, value_stream, sponsor, lead, kind, horizon, ai, true as proposed
from initiative_proposed
union all
select sequence, effective_on, initiative, title, value_stream, sponsor, lead, kind, horizon, ai, false
from initiative_amended;

-- What is said of an initiative: field by field the newest statement that counts.
create or replace macro described(as_known, as_of) as table
select initiative,
       arg_max(title, newness(effective_on, sequence)) filter (title is not null) as title,
       arg_max(value_stream, newness(effective_on, sequence)) filter (value_stream is not null) as value_stream,
       arg_max(sponsor, newness(effective_on, sequence)) filter (sponsor is not null) as sponsor,
       arg_max(lead, newness(effective_on, sequence)) filter (lead is not null) as lead,
       arg_max(kind, newness(effective_on, sequence)) filter (kind is not null) as kind,
       arg_max(horizon, newness(effective_on, sequence)) filter (horizon is not null) as horizon,
       arg_max(ai.eu_class, newness(effective_on, sequence)) filter (ai is not null) as eu_class,
       min(effective_on) filter (proposed) as proposed_on
from said()
where sequence <= as_known and effective_on <= as_of
  and sequence not in (from voided(as_known))
group by initiative;

-- The title of one initiative, whatever day it is effective from.
create or replace macro title_of(of_initiative, as_known) as table
select says[1].value as title
from statements
where initiative = of_initiative and slot = 'title' and sequence <= as_known
  and sequence not in (from voided(as_known))
order by effective_on desc, sequence desc
limit 1;

-- The value stream an envelope belongs to.
create or replace macro envelope_streams(as_known, as_of) as table
select envelope, arg_max(value_stream, newness(effective_on, sequence)) as value_stream
from envelope_funded
where sequence <= as_known and effective_on <= as_of
  and sequence not in (from voided(as_known))
group by envelope;

-- The money entries that count at one moment and not at the other, by the sequence that made the change: an entry's
-- own, or that of the void that took it out.
create or replace macro money_changed(known_before, of_before, known_after, of_after) as table
with before_ as (from money(known_before, of_before)),
after_ as (from money(known_after, of_after)),
reversals as (
    select reversed_sequence, min(sequence) as sequence
    from entry_reversed
    where kind = 'void' and sequence <= greatest(known_before, known_after)
    group by reversed_sequence
), changed as (
    (from after_ except from before_) union all (from before_ except from after_)
)
select distinct coalesce(r.sequence, c.sequence) as sequence, c.measure, c.envelope, c.initiative, c.currency
from changed c left join reversals r on r.reversed_sequence = c.sequence
  and not (r.sequence <= least(known_before, known_after));

-- The declaration that holds for each initiative.
create or replace macro declarations(as_known, as_of) as table
select initiative, arg_max(sequence, newness(effective_on, sequence)) as sequence
from alignment_declared
where sequence <= as_known and effective_on <= as_of
  and sequence not in (from voided(as_known))
group by initiative;

-- The set of objectives that holds.
create or replace macro objectives_sequence(as_known, as_of) as table
select arg_max(sequence, newness(effective_on, sequence)) as sequence
from objectives_set
where sequence <= as_known and effective_on <= as_of
  and sequence not in (from voided(as_known));

-- The entries about each initiative that one moment knows or has reached and the other has not.
create or replace macro initiative_changes(known_before, of_before, known_after, of_after) as table
with about as (
    select sequence, effective_on, substr(subject, 12) as initiative, type
    from events
    where subject like 'initiative/%'
    union all
    select r.sequence, r.effective_on, substr(e.subject, 12), e.type
    from entry_reversed r join events e on e.sequence = r.reversed_sequence
    where e.subject like 'initiative/%'
)
select sequence, initiative, type
from about
where (sequence <= known_after and effective_on <= of_after)
      <> (sequence <= known_before and effective_on <= of_before);
