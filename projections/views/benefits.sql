-- Benefits: promised, claimed and validated.
--   realised = validated / planned
-- Source: DESIGN, "Figures"; docs/spec/views.md, "benefits".

create or replace macro benefits(as_known := 9223372036854775806, as_of := date '9999-12-31') as table
with plans as (
    from benefit_planned
    where sequence <= as_known and effective_on <= as_of and sequence not in (from voided(as_known))
), held as (
    from plans
    qualify row_number() over (partition by benefit order by effective_on desc, sequence desc) = 1
), priced as (
    select *, coalesce(
        list_filter(target, lambda t: t.money is not null)[1].money.currency,
        (select currency from portfolio_opened limit 1)
    ) as currency
    from held
), planned as (
    select *, coalesce(list_sum(list_transform(
        list_filter(target, lambda t: t.money is not null and t.money.currency = currency), lambda t: t.money.minor
    )), 0)::bigint as planned_minor
    from priced
), measures as (
    from benefit_measured
    where sequence <= as_known and effective_on <= as_of and sequence not in (from voided(as_known))
), newest as (
    from measures
    where status in ('claimed', 'validated')
    qualify row_number() over (partition by benefit, period, status order by effective_on desc, sequence desc) = 1
), sums as (
    select n.benefit,
           sum(n.money_minor) filter (n.status = 'claimed' and n.money_currency = p.currency) as claimed_minor,
           sum(n.money_minor) filter (n.status = 'validated' and n.money_currency = p.currency) as validated_minor
    from newest n join priced p on p.benefit = n.benefit
    group by n.benefit
), touched as (
    select benefit, count(*) filter (is_measure) as measured, max(sequence) as last_sequence
    from (select benefit, sequence, false as is_measure from plans
          union all select benefit, sequence, true from measures)
    group by benefit
)
select p.benefit, p.title, p.type, p.owner, p.objective, p.currency, p.planned_minor,
       coalesce(s.claimed_minor, 0)::bigint as claimed_minor,
       coalesce(s.validated_minor, 0)::bigint as validated_minor,
       case when p.planned_minor > 0 then coalesce(s.validated_minor, 0) / p.planned_minor end as realised,
       coalesce(t.measured, 0) as measured, t.last_sequence
from planned p left join sums s on s.benefit = p.benefit left join touched t on t.benefit = p.benefit
order by p.benefit;
