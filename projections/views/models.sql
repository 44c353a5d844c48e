-- Models: who depends on each AI model, who has a fallback, how much money is at stake and how many days are left.
-- Source: DESIGN, "Figures" (model change); docs/spec/views.md, "models".

-- Links to models that are live on the day.
create or replace macro model_links(as_known, as_of) as table
with held as (
    from initiative_linked
    where kind = 'ai_model' and sequence <= as_known and effective_on <= as_of
      and sequence not in (from voided(as_known))
    qualify row_number() over (partition by initiative, target, role order by effective_on desc, sequence desc) = 1
), ended as (
    select initiative
    from gate_decided
    where sequence <= as_known and effective_on <= as_of and sequence not in (from voided(as_known))
    group by initiative
    having arg_max(outcome, newness(effective_on, sequence)) in ('kill', 'complete', 'merged')
)
select initiative, target as model, role, share_bp
from held
where coalesce(starts <= as_of, true) and coalesce(ends >= as_of, true)
  and initiative not in (from ended);

create or replace macro models(as_known := 9223372036854775806, as_of := date '9999-12-31') as table
with changes as (
    from model_lifecycle_changed
    where sequence <= as_known and effective_on <= as_of and sequence not in (from voided(as_known))
), lifecycle as (
    select model,
           arg_max(name, newness(effective_on, sequence)) as name,
           arg_max(provider, newness(effective_on, sequence)) as provider,
           arg_max(stage, newness(effective_on, sequence)) filter (stage is not null) as stage,
           arg_max(change, newness(effective_on, sequence))
               filter (change in ('retirement_announced', 'rescheduled', 'cancelled')) as retirement,
           arg_max_null(takes_effect_on, newness(effective_on, sequence))
               filter (change in ('retirement_announced', 'rescheduled', 'cancelled')) as retires_on,
           arg_max(coalesce(announced_on, effective_on), newness(effective_on, sequence))
               filter (change = 'retirement_announced') as announced_on,
           max(sequence) as last_sequence
    from changes
    group by model
), links as (
    from model_links(as_known, as_of)
), approved as (
    select initiative, sum(minor) as minor
    from money_sums(as_known, as_of)
    where measure = 'approved' and currency = (select currency from portfolio_opened limit 1)
    group by initiative
    having sum(minor) > 0
), depending as (
    select distinct l.model, l.initiative,
           not exists (
               select 1 from links f
               where f.initiative = l.initiative and f.role = 'fallback' and f.model <> l.model
           ) as exposed
    from links l
    where l.role = 'primary'
), at_stake as (
    select d.model, count(*) as dependents, count(*) filter (exposed) as without_fallback,
           coalesce(sum(a.minor), 0)::bigint as approved_minor,
           coalesce(sum(a.minor) filter (exposed), 0)::bigint as exposed_minor
    from depending d left join approved a on a.initiative = d.initiative
    group by d.model
), named as (
    select model from lifecycle union select model from links
), shown as (
    select n.model, l.name, l.provider, l.stage,
           case when l.retirement <> 'cancelled' then l.retires_on end as retires_on,
           case when l.retirement <> 'cancelled' then l.announced_on end as announced_on,
           coalesce(s.dependents, 0) as dependents, coalesce(s.without_fallback, 0) as without_fallback,
           coalesce(s.approved_minor, 0) as approved_minor, coalesce(s.exposed_minor, 0) as exposed_minor,
           l.last_sequence
    from named n left join lifecycle l on l.model = n.model left join at_stake s on s.model = n.model
), total as (
    select sum(minor) as minor from approved
)
select model, name, provider, stage, announced_on, retires_on, (retires_on - as_of)::bigint as days_left,
       dependents, without_fallback, approved_minor, exposed_minor,
       case when total.minor > 0 then approved_minor / total.minor end as share,
       (select currency from portfolio_opened limit 1) as currency, last_sequence
from shown cross join total
order by model;
