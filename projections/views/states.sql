-- States: what holds of each field of an initiative, with the sequence that set it; of a sum the last that moved it.
-- origin is the type of the entry that says it, null for a sum.
-- Source: docs/spec/views.md, "state" and "Two moments".

-- What the latest of some moments knows: whatever is behind it need not be read.
create or replace macro newest_of(moments) as list_max(list_transform(moments, lambda m: m.as_known));

-- The states at some moments, a list of {side, as_known, as_of}; of one initiative, or of all. Two moments cost hardly
-- more than one: what is about the initiative is read once.
create or replace macro states_at(moments, of_initiative := null, of_all := false) as table
with moment as materialized (
    select m.side as side, m.as_known as as_known, m.as_of as as_of from (select unnest(moments) as m)
), voids as (
    select reversed_sequence, min(sequence) as sequence from entry_reversed where kind = 'void' group by reversed_sequence
), held as (
    select t.side, s.initiative, any_value(t.as_of) as as_of, arg_max(s.sequence, s.newness) as sequence,
           arg_max(s.origin, s.newness) as origin, arg_max(s.says, s.newness) as says
    from statements s
    left join voids v on v.reversed_sequence = s.sequence
    join moment t on s.sequence <= t.as_known and s.effective_on <= t.as_of and coalesce(v.sequence > t.as_known, true)
    where (of_all or s.initiative = of_initiative) and s.sequence <= newest_of(moments)
    group by t.side, s.initiative, s.slot
), stated as materialized (
    select side, initiative, sequence, origin, s.field as field, s.key as key,
           case when s.field <> 'link' then s.value when s.starts > as_of then 'to come'
                when s.ends < as_of then 'over' else 'live' end as value,
           s.amount_minor as amount_minor, s.currency as currency
    from (select side, initiative, as_of, sequence, origin, unnest(says) as s from held)
    where s.field is not null
), moved as (
    select t.side, m.initiative_id, m.currency_id,
           case when m.voided_at > t.as_known then m.sequence else m.voided_at end as sequence,
           m.voided_at > t.as_known as counted,
           case when m.voided_at > t.as_known then m.minor else -m.minor end as minor, m.measure
    from money_entries m join moment t on m.sequence <= t.as_known and m.effective_on <= t.as_of
    where m.initiative_id is not null and m.measure <> 'funded' and m.sequence <= newest_of(moments)
      and (of_all or m.initiative_id = number_of(of_initiative))
), added as (
    -- What an entry adds to the sums of an initiative, all its amounts together, or a void takes out of them again.
    select side, initiative_id, currency_id, sequence, counted,
           coalesce(sum(minor) filter (measure = 'approved'), 0) as approved,
           coalesce(sum(minor) filter (measure = 'committed'), 0) as committed,
           coalesce(sum(minor) filter (measure = 'actual'), 0) as actual,
           bool_or(measure = 'actual') as is_actual
    from moved
    group by side, initiative_id, currency_id, sequence, counted
), summed as (
    select side, initiative_id, currency_id, bool_or(counted and is_actual) as has_actual,
           coalesce(sum(approved) filter (counted), 0)::bigint as approved,
           coalesce(sum(committed) filter (counted), 0)::bigint as committed,
           coalesce(sum(actual) filter (counted), 0)::bigint as actual,
           max(sequence) filter (approved <> 0) as approved_at,
           max(sequence) filter (committed <> 0) as committed_at,
           max(sequence) filter (actual <> 0) as actual_at,
           max(sequence) filter (approved - committed - actual <> 0) as uncommitted_at
    from added
    group by side, initiative_id, currency_id
    having bool_or(counted)
), sums as materialized (
    select s.*, i.name as initiative, c.name as currency
    from summed s join names i on i.id = s.initiative_id join names c on c.id = s.currency_id
), to_go as (
    -- What is left to spend; nothing, in whatever currency it was spent, where a forecast says so.
    select side, initiative, currency, sum(amount_minor) as minor, any_value(sequence) as sequence
    from stated
    where field = 'to_go'
    group by side, initiative, currency
    union all
    select f.side, f.initiative, s.currency, 0, f.sequence
    from stated f join sums s on s.side = f.side and s.initiative = f.initiative
    where f.field = 'nothing_to_go' and s.has_actual
)
select side, initiative, field, key, value, amount_minor, currency, sequence, origin
from stated
where field not in ('to_go', 'nothing_to_go')
union all
select t.side, t.initiative, 'forecast', null, null, (t.minor + coalesce(s.actual, 0))::bigint, t.currency,
       greatest(t.sequence, s.actual_at), 'ForecastUpdated.v1'
from to_go t left join sums s on s.side = t.side and s.initiative = t.initiative and s.currency = t.currency
union all
select side, initiative, m.field, null, null, m.minor, currency, m.sequence, null
from (
    select side, initiative, currency, unnest([
        {'field': 'approved', 'minor': approved, 'sequence': approved_at},
        {'field': 'committed', 'minor': committed, 'sequence': committed_at},
        {'field': 'actual', 'minor': actual, 'sequence': actual_at},
        {'field': 'uncommitted', 'minor': approved - committed - actual, 'sequence': uncommitted_at}
    ]) as m
    from sums
);

-- The state of one initiative.
create or replace macro state(
    of_initiative, as_known := 9223372036854775806, as_of := date '9999-12-31'
) as table
select field, key, value, amount_minor, currency, sequence
from states_at([{'side': 'only', 'as_known': as_known, 'as_of': as_of}], of_initiative := of_initiative)
order by field_place(field), key nulls first, currency;

-- The same at two moments; side is before or after.
create or replace macro state_at_both(of_initiative, known_before, of_before, known_after, of_after) as table
select side, field, key, value, amount_minor, currency, sequence
from states_at([
    {'side': 'before', 'as_known': known_before, 'as_of': of_before},
    {'side': 'after', 'as_known': known_after, 'as_of': of_after}
], of_initiative := of_initiative)
order by side, field_place(field), key nulls first, currency;

-- Every field that is not the same at two moments, but for uncommitted, which follows from others; no money at all and
-- a sum of zero are the same. set_by is the entry that says what holds at the later one; where
-- a void took out what held before, and nothing was said since, the void. It is null where a value is gone and no
-- void took it: then an entry of the same origin, which no longer states it, holds instead.
create or replace macro state_changes(known_a, of_a, known_b, of_b) as table
with held as materialized (
    from states_at([
        {'side': 'a', 'as_known': known_a, 'as_of': of_a}, {'side': 'b', 'as_known': known_b, 'as_of': of_b}
    ], of_all := true)
    where field <> 'uncommitted'
), a as (
    from held where side = 'a'
), b as (
    from held where side = 'b'
), voids as (
    select reversed_sequence, min(sequence) as sequence
    from entry_reversed
    where kind = 'void' and sequence <= known_b
    group by reversed_sequence
), paired as (
    select coalesce(a.initiative, b.initiative) as initiative, coalesce(a.field, b.field) as field,
           coalesce(a.key, b.key) as key, coalesce(a.currency, b.currency) as currency,
           coalesce(b.origin, a.origin) as origin,
           a.initiative is not null as was_there, b.initiative is not null as is_there,
           a.value as value_before, b.value as value_after,
           a.amount_minor as minor_before, b.amount_minor as minor_after,
           a.sequence as sequence_before, b.sequence as sequence_after
    from a full join b
      on a.initiative = b.initiative and a.field = b.field and a.key is not distinct from b.key
      and a.currency is not distinct from b.currency
    where a.initiative is null or b.initiative is null or a.value is distinct from b.value
       or a.amount_minor is distinct from b.amount_minor
)
select p.* exclude (sequence_before, sequence_after), greatest(p.sequence_after, v.sequence) as set_by
from paired p left join voids v on v.reversed_sequence = p.sequence_before
where p.field not in ('approved', 'committed', 'actual') or coalesce(p.minor_before, 0) <> coalesce(p.minor_after, 0)
order by p.initiative, field_place(p.field), p.key nulls first, p.currency;
