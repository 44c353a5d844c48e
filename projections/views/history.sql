-- History of one initiative: every value ever stated about it, and by which event.
-- Source: docs/spec/views.md, "history".

create or replace macro history(
    of_initiative, as_known := 9223372036854775806, as_of := date '9999-12-31'
) as table
with described as (
    select * exclude (ai, proposed), ai.eu_class as eu_class from said()
), stated as (
    select sequence, effective_on, initiative, field, value
    from (unpivot described on title, value_stream, sponsor, lead, kind, horizon, eu_class into name field value value)
    union all
    select sequence, effective_on, initiative, 'stage', stage_to from gate_decided
    union all
    select sequence, effective_on, initiative, 'status',
           outcome_status(outcome)
    from gate_decided
    union all
    select sequence, effective_on, initiative, 'baseline', number::varchar from baseline_set
    union all
    select sequence, effective_on, initiative, 'cost',
           list_sum(list_transform(cost, lambda part: part.amount.minor))::bigint::varchar
               || ' ' || cost[1].amount.currency
    from baseline_set
    where len(cost) > 0
    union all
    select sequence, effective_on, initiative, 'finish', finish::varchar from baseline_set where finish is not null
    union all
    select sequence, effective_on, initiative, 'alignment',
           case when len(contributions) = 0 then 'none'
                else array_to_string(list_transform(contributions, lambda c: c.objective || ' ' || c.share_bp), ', ')
           end
    from alignment_declared
    union all
    select sequence, effective_on, initiative, 'approved', amount_minor || ' ' || amount_currency || ' from ' || envelope
    from funding_approved
    union all
    select sequence, effective_on, source.initiative, 'approved',
           (-amount_minor) || ' ' || amount_currency || ' from ' || source.envelope
    from funding_reallocated
    union all
    select sequence, effective_on, target.initiative, 'approved',
           amount_minor || ' ' || amount_currency || ' from ' || target.envelope
    from funding_reallocated
    union all
    -- A counter is an entry of its own, with the amount negated.
    select r.sequence, r.effective_on, f.initiative, 'approved',
           (-f.amount_minor) || ' ' || f.amount_currency || ' from ' || f.envelope
    from entry_reversed r join funding_approved f on f.sequence = r.reversed_sequence
    where r.kind = 'counter'
    union all
    select r.sequence, r.effective_on, f.source.initiative, 'approved',
           f.amount_minor || ' ' || f.amount_currency || ' from ' || f.source.envelope
    from entry_reversed r join funding_reallocated f on f.sequence = r.reversed_sequence
    where r.kind = 'counter'
    union all
    select r.sequence, r.effective_on, f.target.initiative, 'approved',
           (-f.amount_minor) || ' ' || f.amount_currency || ' from ' || f.target.envelope
    from entry_reversed r join funding_reallocated f on f.sequence = r.reversed_sequence
    where r.kind = 'counter'
    union all
    select sequence, effective_on, initiative, 'forecast',
           case when len(estimate_to_complete) = 0 then '0'
                else list_sum(list_transform(estimate_to_complete, lambda part: part.amount.minor))::bigint::varchar
                     || ' ' || estimate_to_complete[1].amount.currency end
    from forecast_updated
    union all
    select sequence, effective_on, initiative, 'assurance', rating from assurance_rated
    union all
    select sequence, effective_on, m.initiative, 'rank', m.rank::varchar
    from (select sequence, effective_on, unnest(moves) as m from priority_set)
    union all
    select sequence, effective_on, initiative, 'link', concat_ws(' ', kind, role, target) from initiative_linked
)
select s.sequence, e.recorded_at, s.effective_on, s.field, s.value,
       s.field in ('approved', 'link')
           or row_number() over (partition by s.field order by s.effective_on desc, s.sequence desc) = 1 as holds
from stated s join events e on e.sequence = s.sequence
where s.initiative = of_initiative and s.sequence <= as_known and s.effective_on <= as_of
  and s.sequence not in (from voided(as_known))
order by s.sequence, s.field, s.value;
