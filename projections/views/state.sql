-- State of one initiative: one row a field, and the entry that last set it.
--   forecast = actual + still to be spent      uncommitted = approved - committed (open) - actual
-- Every table is cut down to the initiative before anything else is done, so that a long history costs little.
-- Source: docs/spec/views.md, "state".

create or replace macro state(
    of_initiative, as_known := 9223372036854775806, as_of := date '9999-12-31'
) as table
with gone as materialized (
    from voided(as_known)
), said as (
    select sequence, effective_on, title, value_stream, sponsor, lead, kind, horizon, ai.eu_class as eu_class,
           true as proposed
    from initiative_proposed
    where initiative = of_initiative
    union all
    select sequence, effective_on, title, value_stream, sponsor, lead, kind, horizon, ai.eu_class, false
    from initiative_amended
    where initiative = of_initiative
), told as (
    from said
    where sequence <= as_known and effective_on <= as_of and sequence not in (from gone)
), described as (
    select field, arg_max(value, newness(effective_on, sequence)) as value,
           arg_max(sequence, newness(effective_on, sequence)) as sequence
    from (unpivot told on title, value_stream, sponsor, lead, kind, horizon, eu_class into name field value value)
    group by field
), gate as (
    select stage_to, outcome, sequence
    from gate_decided
    where initiative = of_initiative and sequence <= as_known and effective_on <= as_of
      and sequence not in (from gone)
    order by effective_on desc, sequence desc
    limit 1
), staged as (
    select stage_to as stage,
           case outcome when 'kill' then 'killed' when 'complete' then 'completed' when 'merged' then 'merged'
                        when 'hold' then 'held' else 'active' end as status,
           sequence
    from gate
    union all
    select 'proposed', 'active', sequence from told where proposed and not exists (from gate)
), baselines as (
    select sequence, effective_on, number, cost, finish
    from baseline_set
    where initiative = of_initiative and sequence <= as_known and effective_on <= as_of
      and sequence not in (from gone)
), baseline as (
    from baselines order by effective_on desc, sequence desc limit 1
), first_baseline as (
    from baselines where number = 1 order by effective_on desc, sequence desc limit 1
), planned as (
    select 'first_cost' as field, cost, sequence from first_baseline
    union all
    select 'baseline_cost', cost, sequence from baseline
), ranked as (
    select m.rank as rank, m.tier as tier, sequence
    from (
        select sequence, effective_on, unnest(list_filter(moves, lambda m: m.initiative = of_initiative)) as m
        from priority_set
        where sequence <= as_known and effective_on <= as_of and sequence not in (from gone)
    )
    order by effective_on desc, sequence desc
    limit 1
), declared as (
    select unnest(contributions) as c, sequence
    from (
        select sequence, contributions
        from alignment_declared
        where initiative = of_initiative and sequence <= as_known and effective_on <= as_of
          and sequence not in (from gone)
        order by effective_on desc, sequence desc
        limit 1
    )
), rated as (
    select scale, rating, sequence
    from assurance_rated
    where initiative = of_initiative and sequence <= as_known and effective_on <= as_of
      and sequence not in (from gone)
    order by effective_on desc, sequence desc
    limit 1
), scored as (
    select scores, cost_of_delay_minor, cost_of_delay_currency, job_size, sequence
    from initiative_scored
    where initiative = of_initiative and sequence <= as_known and effective_on <= as_of
      and sequence not in (from gone)
    order by effective_on desc, sequence desc
    limit 1
), links as (
    from initiative_linked
    where initiative = of_initiative and sequence <= as_known and effective_on <= as_of
      and sequence not in (from gone)
    qualify row_number() over (partition by kind, role, target order by effective_on desc, sequence desc) = 1
), moved as (
    select sequence, currency_id, counted,
           coalesce(sum(minor) filter (measure = 'approved'), 0) as approved,
           coalesce(sum(minor) filter (measure = 'committed'), 0) as committed,
           coalesce(sum(minor) filter (measure = 'actual'), 0) as actual,
           bool_or(measure = 'actual') as is_actual
    from money_moved(as_known, as_of)
    where initiative_id = number_of(of_initiative)
    group by sequence, currency_id, counted
), sums as (
    select c.name as currency, bool_or(counted and is_actual) as has_actual,
           coalesce(sum(approved) filter (counted), 0)::bigint as approved,
           coalesce(sum(committed) filter (counted), 0)::bigint as committed,
           coalesce(sum(actual) filter (counted), 0)::bigint as actual,
           max(sequence) filter (approved <> 0) as approved_at,
           max(sequence) filter (committed <> 0) as committed_at,
           max(sequence) filter (actual <> 0) as actual_at,
           max(sequence) filter (approved - committed - actual <> 0) as uncommitted_at
    from moved m join names c on c.id = m.currency_id
    group by c.name
    having bool_or(counted)
), forecast as (
    select estimate_to_complete as estimate, progress_bp, finish, sequence
    from forecast_updated
    where initiative = of_initiative and sequence <= as_known and effective_on <= as_of
      and sequence not in (from gone)
    order by effective_on desc, sequence desc
    limit 1
), to_go as (
    select e.amount.currency as currency, sum(e.amount.minor) as minor, any_value(sequence) as sequence
    from (select unnest(estimate) as e, sequence from forecast)
    group by e.amount.currency
    union all
    -- Nothing left to spend, in whatever currency it was spent.
    select s.currency, 0, f.sequence
    from forecast f, sums s
    where len(f.estimate) = 0 and s.has_actual
), stated as (
    select field, null::varchar as key, value, null::bigint as amount_minor, null::varchar as currency, sequence
    from described
    union all
    select 'stage', null, stage, null, null, sequence from staged
    union all
    select 'status', null, status, null, null, sequence from staged
    union all
    select 'baseline', null, number::varchar, null, null, sequence from baseline
    union all
    select field, null, null, list_sum(list_transform(cost, lambda part: part.amount.minor))::bigint,
           cost[1].amount.currency, sequence
    from planned
    where len(cost) > 0
    union all
    select 'finish', null, finish::varchar, null, null, sequence from baseline where finish is not null
    union all
    select 'rank', null, rank::varchar, null, null, sequence from ranked
    union all
    select 'tier', null, tier, null, null, sequence from ranked where tier is not null
    union all
    select 'alignment', c.objective, c.share_bp::varchar, null, null, sequence from declared
    union all
    select 'forecast', null, null, (t.minor + coalesce(s.actual, 0))::bigint, t.currency,
           greatest(t.sequence, s.actual_at)
    from to_go t left join sums s on s.currency = t.currency
    union all
    select 'forecast_finish', null, finish::varchar, null, null, sequence from forecast where finish is not null
    union all
    select 'progress_bp', null, progress_bp::varchar, null, null, sequence from forecast where progress_bp is not null
    union all
    select 'assurance', null, rating, null, null, sequence from rated
    union all
    select 'assurance_scale', null, scale, null, null, sequence from rated
    union all
    select 'approved', null, null, approved, currency, approved_at from sums
    union all
    select 'committed', null, null, committed, currency, committed_at from sums
    union all
    select 'actual', null, null, actual, currency, actual_at from sums
    union all
    select 'uncommitted', null, null, approved - committed - actual, currency, uncommitted_at from sums
    union all
    select 'score', s.criterion, s.score::varchar, null, null, sequence
    from (select unnest(scores) as s, sequence from scored)
    union all
    select 'cost_of_delay', null, null, cost_of_delay_minor, cost_of_delay_currency, sequence
    from scored
    where cost_of_delay_minor is not null
    union all
    select 'job_size', null, job_size::varchar, null, null, sequence from scored where job_size is not null
    union all
    select 'link', concat_ws(' ', kind, role, target),
           case when starts > as_of then 'to come' when ends < as_of then 'over' else 'live' end, null, null, sequence
    from links
)
select field, key, value, amount_minor, currency, sequence
from stated
order by list_position(
    ['title', 'value_stream', 'sponsor', 'lead', 'kind', 'horizon', 'eu_class', 'stage', 'status', 'rank', 'tier',
     'baseline', 'first_cost', 'baseline_cost', 'finish', 'approved', 'committed', 'actual', 'uncommitted', 'forecast',
     'forecast_finish', 'progress_bp', 'assurance', 'assurance_scale', 'alignment', 'score', 'cost_of_delay',
     'job_size', 'link'],
    field
), key nulls first, currency;
