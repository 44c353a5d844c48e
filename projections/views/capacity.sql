-- Capacity: of each pool, skill, unit and period what there is, what is planned and what was used.
--   load = planned / supply
-- Source: DESIGN, "Figures"; docs/spec/views.md, "capacity".

create or replace macro capacity(as_known := 9223372036854775806, as_of := date '9999-12-31') as table
with held as (
    from capacity_allocated
    where sequence <= as_known and effective_on <= as_of and sequence not in (from voided(as_known))
    qualify row_number() over (
        partition by initiative, pool, skill, unit, kind, period order by effective_on desc, sequence desc
    ) = 1
), sums as (
    select pool, skill, unit, period,
           coalesce(sum(amount) filter (kind = 'planned'), 0)::bigint as planned,
           coalesce(sum(amount) filter (kind = 'used'), 0)::bigint as used,
           max(sequence) as sequence
    from held
    group by pool, skill, unit, period
)
select coalesce(s.pool, p.pool) as pool, coalesce(s.skill, p.skill) as skill, coalesce(s.unit, p.unit) as unit,
       coalesce(s.period, p.period) as period, p.supply, coalesce(s.planned, 0) as planned,
       coalesce(s.used, 0) as used,
       case when p.supply > 0 then coalesce(s.planned, 0) / p.supply end as load,
       greatest(s.sequence, p.sequence) as last_sequence
from sums s
full join supplied(as_known, as_of) p
  on p.pool = s.pool and p.skill = s.skill and p.unit = s.unit and p.period = s.period
order by 1, 2, 3, 4;
