-- States: the state of every initiative at once, for comparing two moments; and what differs between them.
--   states(K, D) holds, for each initiative, the rows of state(initiative, K, D); origin is the type of the entry
--   that says it. A state of one is asked by `state`, which reads what is about that one only.
-- Source: docs/spec/views.md, "state" and "Two moments".

create or replace macro states(as_known, as_of) as table
with gone as materialized (
    from voided(as_known)
), said as (
    select initiative, sequence, effective_on, title, value_stream, sponsor, lead, kind, horizon,
           ai.eu_class as eu_class, true as proposed
    from initiative_proposed
    union all
    select initiative, sequence, effective_on, title, value_stream, sponsor, lead, kind, horizon, ai.eu_class, false
    from initiative_amended
), told as (
    from said
    where sequence <= as_known and effective_on <= as_of and sequence not in (from gone)
), described as (
    select initiative, field, arg_max(value, newness(effective_on, sequence)) as value,
           arg_max(sequence, newness(effective_on, sequence)) as sequence
    from (unpivot told on title, value_stream, sponsor, lead, kind, horizon, eu_class into name field value value)
    group by initiative, field
), gates as (
    select initiative, arg_max(stage_to, newness(effective_on, sequence)) as stage_to,
           arg_max(outcome, newness(effective_on, sequence)) as outcome,
           arg_max(sequence, newness(effective_on, sequence)) as sequence
    from gate_decided
    where sequence <= as_known and effective_on <= as_of and sequence not in (from gone)
    group by initiative
), staged as (
    select initiative, stage_to as stage,
           case outcome when 'kill' then 'killed' when 'complete' then 'completed' when 'merged' then 'merged'
                        when 'hold' then 'held' else 'active' end as status,
           sequence, 'GateDecided.v1' as origin
    from gates
    union all
    select initiative, 'proposed', 'active', sequence, 'InitiativeProposed.v1'
    from told
    where proposed and initiative not in (select initiative from gates)
), baselines as (
    select initiative, sequence, effective_on, number, cost, finish
    from baseline_set
    where sequence <= as_known and effective_on <= as_of and sequence not in (from gone)
), baseline as (
    from baselines
    qualify row_number() over (partition by initiative order by effective_on desc, sequence desc) = 1
), first_baseline as (
    from baselines
    where number = 1
    qualify row_number() over (partition by initiative order by effective_on desc, sequence desc) = 1
), planned as (
    select initiative, 'first_cost' as field, cost, sequence from first_baseline
    union all
    select initiative, 'baseline_cost', cost, sequence from baseline
), ranked as (
    select m.initiative as initiative, m.rank as rank, m.tier as tier, sequence
    from (
        select sequence, effective_on, unnest(moves) as m
        from priority_set
        where sequence <= as_known and effective_on <= as_of and sequence not in (from gone)
    )
    qualify row_number() over (partition by initiative order by effective_on desc, sequence desc) = 1
), declared as (
    select initiative, unnest(contributions) as c, sequence
    from (
        select initiative, arg_max(contributions, newness(effective_on, sequence)) as contributions,
               arg_max(sequence, newness(effective_on, sequence)) as sequence
        from alignment_declared
        where sequence <= as_known and effective_on <= as_of and sequence not in (from gone)
        group by initiative
    )
), rated as (
    select initiative, arg_max(scale, newness(effective_on, sequence)) as scale,
           arg_max(rating, newness(effective_on, sequence)) as rating,
           arg_max(sequence, newness(effective_on, sequence)) as sequence
    from assurance_rated
    where sequence <= as_known and effective_on <= as_of and sequence not in (from gone)
    group by initiative
), scored as (
    select initiative, scores, cost_of_delay_minor, cost_of_delay_currency, job_size, sequence
    from initiative_scored
    where sequence <= as_known and effective_on <= as_of and sequence not in (from gone)
    qualify row_number() over (partition by initiative order by effective_on desc, sequence desc) = 1
), links as (
    from initiative_linked
    where sequence <= as_known and effective_on <= as_of and sequence not in (from gone)
    qualify row_number() over (
        partition by initiative, kind, role, target order by effective_on desc, sequence desc
    ) = 1
), added as (
    -- What each entry adds to the sums of an initiative, all its amounts together.
    select initiative_id, currency_id, sequence, true as counted,
           coalesce(sum(minor) filter (measure = 'approved'), 0) as approved,
           coalesce(sum(minor) filter (measure = 'committed'), 0) as committed,
           coalesce(sum(minor) filter (measure = 'actual'), 0) as actual,
           bool_or(measure = 'actual') as is_actual
    from money_entries
    where sequence <= as_known and effective_on <= as_of and voided_at > as_known and initiative_id is not null
      and measure <> 'funded'
    group by initiative_id, currency_id, sequence
), taken as (
    -- What each void takes out of them again.
    select m.initiative_id, m.currency_id, r.sequence, false as counted,
           coalesce(sum(-m.minor) filter (m.measure = 'approved'), 0) as approved,
           coalesce(sum(-m.minor) filter (m.measure = 'committed'), 0) as committed,
           coalesce(sum(-m.minor) filter (m.measure = 'actual'), 0) as actual,
           bool_or(m.measure = 'actual') as is_actual
    from entry_reversed r join money_entries m on m.sequence = r.reversed_sequence
    where r.kind = 'void' and r.sequence <= as_known and m.effective_on <= as_of and m.initiative_id is not null
      and m.measure <> 'funded'
    group by m.initiative_id, m.currency_id, r.sequence
), summed as (
    select initiative_id, currency_id, bool_or(counted and is_actual) as has_actual,
           coalesce(sum(approved) filter (counted), 0)::bigint as approved,
           coalesce(sum(committed) filter (counted), 0)::bigint as committed,
           coalesce(sum(actual) filter (counted), 0)::bigint as actual,
           max(sequence) filter (approved <> 0) as approved_at,
           max(sequence) filter (committed <> 0) as committed_at,
           max(sequence) filter (actual <> 0) as actual_at,
           max(sequence) filter (approved - committed - actual <> 0) as uncommitted_at
    from (from added union all from taken)
    group by initiative_id, currency_id
    having bool_or(counted)
), sums as (
    select i.name as initiative, c.name as currency, s.*
    from summed s join names i on i.id = s.initiative_id join names c on c.id = s.currency_id
), forecast as (
    select initiative, estimate_to_complete as estimate, progress_bp, finish, sequence
    from forecast_updated
    where sequence <= as_known and effective_on <= as_of and sequence not in (from gone)
    qualify row_number() over (partition by initiative order by effective_on desc, sequence desc) = 1
), to_go as (
    select initiative, e.amount.currency as currency, sum(e.amount.minor) as minor, any_value(sequence) as sequence
    from (select initiative, unnest(estimate) as e, sequence from forecast)
    group by initiative, e.amount.currency
    union all
    -- Nothing left to spend, in whatever currency it was spent.
    select f.initiative, s.currency, 0, f.sequence
    from forecast f join sums s on s.initiative = f.initiative
    where len(f.estimate) = 0 and s.has_actual
)
select initiative, field, null::varchar as key, value, null::bigint as amount_minor, null::varchar as currency,
       sequence, 'InitiativeAmended.v1' as origin
from described
union all
select initiative, 'stage', null, stage, null, null, sequence, origin from staged
union all
select initiative, 'status', null, status, null, null, sequence, origin from staged
union all
select initiative, 'baseline', null, number::varchar, null, null, sequence, 'BaselineSet.v1' from baseline
union all
select initiative, field, null, null, list_sum(list_transform(cost, lambda part: part.amount.minor))::bigint,
       cost[1].amount.currency, sequence, 'BaselineSet.v1'
from planned
where len(cost) > 0
union all
select initiative, 'finish', null, finish::varchar, null, null, sequence, 'BaselineSet.v1'
from baseline
where finish is not null
union all
select initiative, 'rank', null, rank::varchar, null, null, sequence, 'PrioritySet.v1' from ranked
union all
select initiative, 'tier', null, tier, null, null, sequence, 'PrioritySet.v1' from ranked where tier is not null
union all
select initiative, 'alignment', c.objective, c.share_bp::varchar, null, null, sequence, 'AlignmentDeclared.v1'
from declared
union all
select t.initiative, 'forecast', null, null, (t.minor + coalesce(s.actual, 0))::bigint, t.currency,
       greatest(t.sequence, s.actual_at), 'ForecastUpdated.v1'
from to_go t left join sums s on s.initiative = t.initiative and s.currency = t.currency
union all
select initiative, 'forecast_finish', null, finish::varchar, null, null, sequence, 'ForecastUpdated.v1'
from forecast
where finish is not null
union all
select initiative, 'progress_bp', null, progress_bp::varchar, null, null, sequence, 'ForecastUpdated.v1'
from forecast
where progress_bp is not null
union all
select initiative, 'assurance', null, rating, null, null, sequence, 'AssuranceRated.v1' from rated
union all
select initiative, 'assurance_scale', null, scale, null, null, sequence, 'AssuranceRated.v1' from rated
union all
select initiative, 'approved', null, null, approved, currency, approved_at, null from sums
union all
select initiative, 'committed', null, null, committed, currency, committed_at, null from sums
union all
select initiative, 'actual', null, null, actual, currency, actual_at, null from sums
union all
select initiative, 'uncommitted', null, null, approved - committed - actual, currency, uncommitted_at, null from sums
union all
select initiative, 'score', s.criterion, s.score::varchar, null, null, sequence, 'InitiativeScored.v1'
from (select initiative, unnest(scores) as s, sequence from scored)
union all
select initiative, 'cost_of_delay', null, null, cost_of_delay_minor, cost_of_delay_currency, sequence,
       'InitiativeScored.v1'
from scored
where cost_of_delay_minor is not null
union all
select initiative, 'job_size', null, job_size::varchar, null, null, sequence, 'InitiativeScored.v1'
from scored
where job_size is not null
union all
select initiative, 'link', concat_ws(' ', kind, role, target),
       case when starts > as_of then 'to come' when ends < as_of then 'over' else 'live' end, null, null, sequence,
       'InitiativeLinked.v1'
from links;

-- Where a field stands in a list of them.
create or replace macro field_place(of_field) as list_position(
    ['title', 'value_stream', 'sponsor', 'lead', 'kind', 'horizon', 'eu_class', 'stage', 'status', 'rank', 'tier',
     'baseline', 'first_cost', 'baseline_cost', 'finish', 'approved', 'committed', 'actual', 'uncommitted', 'forecast',
     'forecast_finish', 'progress_bp', 'assurance', 'assurance_scale', 'alignment', 'score', 'cost_of_delay',
     'job_size', 'link'],
    of_field
);

-- Every field that is not the same at two moments, but for uncommitted, which follows from others; no money at all and
-- a sum of zero are the same. set_by is the entry that says what holds at the later one; where
-- a void took out what held before, and nothing was said since, the void. It is null where a value is gone and no
-- void took it: then an entry of the same origin, which no longer states it, holds instead.
create or replace macro state_changes(known_a, of_a, known_b, of_b) as table
with a as materialized (
    from states(known_a, of_a) where field <> 'uncommitted'
), b as materialized (
    from states(known_b, of_b) where field <> 'uncommitted'
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
