-- Initiatives: one row each, as described, decided, funded and planned.
-- Source: docs/spec/views.md, "initiatives".

create or replace macro initiatives(as_known := 9223372036854775806, as_of := date '9999-12-31') as table
with gates as (
    select initiative,
           arg_max(stage_to, newness(effective_on, sequence)) as stage,
           arg_max(outcome, newness(effective_on, sequence)) as outcome
    from gate_decided
    where sequence <= as_known and effective_on <= as_of
      and sequence not in (from voided(as_known))
    group by initiative
), costed as (
    select *, coalesce(list_sum(list_transform(cost, lambda part: part.amount.minor)), 0)::bigint as cost_minor
    from baseline_set
    where sequence <= as_known and effective_on <= as_of
      and sequence not in (from voided(as_known))
), baselines as (
    select initiative,
           arg_max(number, newness(effective_on, sequence)) as baseline_number,
           arg_max(cost_minor, newness(effective_on, sequence)) filter (number = 1) as first_cost_minor,
           arg_max(cost_minor, newness(effective_on, sequence)) as baseline_cost_minor,
           arg_max_null(finish, newness(effective_on, sequence)) as finish
    from costed
    group by initiative
), sums as (
    select m.initiative,
           sum(m.minor) filter (m.measure = 'approved') as approved_minor,
           sum(m.minor) filter (m.measure = 'committed') as committed_minor,
           sum(m.minor) filter (m.measure = 'actual') as actual_minor
    from initiative_sums(as_known, as_of) m
    where m.currency = (select currency from portfolio_opened limit 1) and m.initiative is not null
    group by m.initiative
), entries as (
    select initiative, sequence from touches where window_number < whole_windows(as_known)
    union all
    select initiative, sequence
    from about
    where sequence > whole_windows(as_known) * window_entries() and sequence <= as_known
), touched as (
    select initiative, max(sequence) as last_sequence from entries group by initiative
)
select d.initiative, d.title, d.value_stream, d.sponsor, d.lead, d.kind, d.horizon, d.eu_class,
       coalesce(g.stage, 'proposed') as stage,
       outcome_status(g.outcome) as status,
       coalesce(s.approved_minor, 0)::bigint as approved_minor,
       coalesce(s.committed_minor, 0)::bigint as committed_minor,
       coalesce(s.actual_minor, 0)::bigint as actual_minor,
       (select currency from portfolio_opened limit 1) as currency,
       b.baseline_number, b.first_cost_minor, b.baseline_cost_minor, b.finish,
       d.proposed_on, t.last_sequence
from described(as_known, as_of) d
left join gates g on g.initiative = d.initiative
left join baselines b on b.initiative = d.initiative
left join sums s on s.initiative = d.initiative
left join touched t on t.initiative = d.initiative
where d.proposed_on is not null
order by d.initiative;
