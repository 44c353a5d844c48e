-- Headline: one row for the whole portfolio, small enough to be asked before and after every decision.
-- Source: docs/spec/views.md, "headline".

create or replace macro headline(as_known := 9223372036854775806, as_of := date '9999-12-31') as table
with own as (
    select currency from portfolio_opened where sequence <= as_known order by sequence limit 1
), sums as (
    select coalesce(sum(minor) filter (measure = 'funded'), 0)::bigint as funded_minor,
           coalesce(sum(minor) filter (measure = 'approved'), 0)::bigint as approved_minor,
           coalesce(sum(minor) filter (measure = 'committed'), 0)::bigint as committed_minor,
           coalesce(sum(minor) filter (measure = 'actual'), 0)::bigint as actual_minor
    from measure_sums(as_known, as_of)
    where currency = (from own)
), asked as (
    select count(distinct decision) as open
    from decision_requested
    where sequence <= as_known and effective_on <= as_of and sequence not in (from voided(as_known))
      and decision not in (
          select decision
          from decision_closed
          where sequence <= as_known and effective_on <= as_of and sequence not in (from voided(as_known))
      )
), late as (
    select count(*) as overdue from conditions(as_known := as_known, as_of := as_of) where days_overdue is not null
), ended as (
    select initiative
    from gate_decided
    where sequence <= as_known and effective_on <= as_of and sequence not in (from voided(as_known))
    group by initiative
    having arg_max(outcome, newness(effective_on, sequence)) in ('kill', 'complete', 'merged')
), living as (
    select count(distinct initiative) as active
    from initiative_proposed
    where sequence <= as_known and effective_on <= as_of and sequence not in (from voided(as_known))
      and initiative not in (from ended)
)
select (from own) as currency, funded_minor, approved_minor, committed_minor, actual_minor, a.index, a.drift,
       a.orphan_share, a.must_move_minor, asked.open as decisions_open, late.overdue as conditions_overdue,
       living.active as initiatives_active
from sums, alignment_index(as_known, as_of) a, asked, late, living;
