-- Spend: the funding ladder, by envelope, initiative or value stream; by objective it is spend_by_objective.
--   free = funded - approved      uncommitted = approved - committed (open) - actual
-- Money that names no initiative has key null, so that totals agree whatever it is grouped by.
-- Source: DESIGN, "Figures"; docs/spec/views.md, "spend(by)".

create or replace macro spend(
    as_known := 9223372036854775806, as_of := date '9999-12-31', grouped_by := 'envelope'
) as table
with keyed as (
    select case grouped_by when 'envelope' then m.envelope
                           when 'initiative' then m.initiative
                           when 'value_stream' then s.value_stream end as key,
           m.measure, m.currency, m.minor
    from money_sums(as_known, as_of) m
    left join envelope_streams(as_known, as_of) s on grouped_by = 'value_stream' and s.envelope = m.envelope
), titles as (
    select initiative as key, title from described(as_known, as_of) where grouped_by = 'initiative'
), sums as (
    select key, currency,
           coalesce(sum(minor) filter (measure = 'funded'), 0)::bigint as funded_minor,
           coalesce(sum(minor) filter (measure = 'approved'), 0)::bigint as approved_minor,
           coalesce(sum(minor) filter (measure = 'committed'), 0)::bigint as committed_minor,
           coalesce(sum(minor) filter (measure = 'actual'), 0)::bigint as actual_minor
    from keyed
    group by key, currency
)
select s.key, t.title, s.currency, funded_minor, approved_minor, committed_minor, actual_minor,
       funded_minor - approved_minor as free_minor,
       approved_minor - committed_minor - actual_minor as uncommitted_minor
from sums s left join titles t on t.key = s.key
order by s.key nulls last, s.currency;

create or replace macro spend_by_objective(
    as_known := 9223372036854775806, as_of := date '9999-12-31'
) as table
with keyed as (
    select case when p.initiative is null then null else coalesce(p.objective, '~unaligned') end as key,
           p.measure, p.currency, p.part_minor as minor
    from split_money(as_known, as_of) p
    where p.measure <> 'forecast'
    union all
    select null, m.measure, m.currency, m.minor
    from money_sums(as_known, as_of) m
    where m.measure = 'funded'
), sums as (
    select key, currency,
           coalesce(sum(minor) filter (measure = 'funded'), 0)::bigint as funded_minor,
           coalesce(sum(minor) filter (measure = 'approved'), 0)::bigint as approved_minor,
           coalesce(sum(minor) filter (measure = 'committed'), 0)::bigint as committed_minor,
           coalesce(sum(minor) filter (measure = 'actual'), 0)::bigint as actual_minor
    from keyed
    group by key, currency
)
select s.key, o.title, s.currency, funded_minor, approved_minor, committed_minor, actual_minor,
       funded_minor - approved_minor as free_minor,
       approved_minor - committed_minor - actual_minor as uncommitted_minor
from sums s left join objectives(as_known, as_of) o on o.objective = s.key
order by s.key nulls last, s.currency;
