-- Gates: what each decided, and what became of its conditions.
--   kill rate = kills / (go + conditional_go + kill + recycle + pivot); hold stands apart
-- Source: DESIGN, "Figures"; docs/spec/views.md, "gates".

-- The conditions set by decisions that count, and whether they are discharged.
create or replace macro conditions_set(as_known, as_of) as table
with setters as (
    select sequence, effective_on, unnest(conditions) as c from conditioned
    union all
    select sequence, effective_on, unnest(conditions) from gate_decided
    union all
    select sequence, effective_on, unnest(conditions) from decision_closed
), discharged as (
    select distinct condition
    from condition_discharged
    where sequence <= as_known and effective_on <= as_of and sequence not in (from voided(as_known))
)
select s.sequence, s.c.condition as condition, s.c.text as text, s.c.owner as owner, s.c.due as due,
       s.c.blocking as blocking, d.condition is null as still_open, d.condition is null and s.c.due < as_of as overdue
from setters s left join discharged d on d.condition = s.c.condition
where s.sequence <= as_known and s.effective_on <= as_of and s.sequence not in (from voided(as_known));

create or replace macro gates(as_known := 9223372036854775806, as_of := date '9999-12-31') as table
with set_here as (
    select sequence, count(*) as conditions, count(*) filter (still_open) as conditions_open,
           count(*) filter (overdue) as conditions_overdue
    from conditions_set(as_known, as_of)
    group by sequence
)
select g.sequence, g.initiative, d.title, g.gate, g.stage_from, g.stage_to, g.outcome, g.effective_on,
       coalesce(c.conditions, 0) as conditions, coalesce(c.conditions_open, 0) as conditions_open,
       coalesce(c.conditions_overdue, 0) as conditions_overdue, g.next_gate_on, g.reason
from gate_decided g
left join set_here c on c.sequence = g.sequence
left join described(as_known, as_of) d on d.initiative = g.initiative
where g.sequence <= as_known and g.effective_on <= as_of and g.sequence not in (from voided(as_known))
order by g.sequence;

create or replace macro gates_totals(as_known := 9223372036854775806, as_of := date '9999-12-31') as table
with counts as (
    select count(*) as decisions,
           count(*) filter (outcome = 'kill') as kills,
           count(*) filter (outcome = 'hold') as holds,
           count(*) filter (outcome in ('go', 'conditional_go', 'kill', 'recycle', 'pivot')) as counted
    from gates(as_known := as_known, as_of := as_of)
)
select decisions, kills, holds, case when counted > 0 then kills / counted end as kill_rate
from counts;

-- The gate decision that brought each initiative into the stage it is in; none for one that is where it began.
create or replace macro stages_entered(as_known, as_of) as table
select initiative, arg_max(effective_on, newness(effective_on, sequence)) as effective_on,
       arg_max(sequence, newness(effective_on, sequence)) as sequence
from gate_decided
where sequence <= as_known and effective_on <= as_of and sequence not in (from voided(as_known))
  and stage_from <> stage_to
group by initiative;
