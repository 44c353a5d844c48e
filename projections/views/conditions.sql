-- Conditions: what a decision, a gate or an approval asked for, and what became of it.
--   days overdue = as_of - due, while it is open
-- Source: DESIGN, "Figures" (gates); docs/spec/views.md, "conditions".

create or replace macro conditions(as_known := 9223372036854775806, as_of := date '9999-12-31') as table
with setters as (
    select sequence, effective_on, initiative, null::varchar as decision, unnest(conditions) as c from conditioned
    union all
    select sequence, effective_on, initiative, null, unnest(conditions) from gate_decided
    union all
    select sequence, effective_on, null, decision, unnest(conditions) from decision_closed
), discharged as (
    from condition_discharged
    where sequence <= as_known and effective_on <= as_of and sequence not in (from voided(as_known))
    qualify row_number() over (partition by condition order by effective_on desc, sequence desc) = 1
)
select s.c.condition as condition, s.c.text as text, s.initiative, s.decision, s.c.owner as owner, s.c.due as due,
       s.c.blocking as blocking, coalesce(d.outcome, 'open') as status,
       case when d.condition is null and s.c.due < as_of then (as_of - s.c.due)::bigint end as days_overdue,
       s.sequence, d.effective_on as discharged_on, d.sequence as discharged_sequence
from setters s left join discharged d on d.condition = s.c.condition
where s.sequence <= as_known and s.effective_on <= as_of and s.sequence not in (from voided(as_known))
order by condition, s.sequence;
