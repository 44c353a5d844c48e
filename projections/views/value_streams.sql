-- Value streams: the money of each, what it should get, what it was promised and what came of it.
--   share = approved / all approved, amounts above zero      ROI = (validated benefits - actual) / actual
-- Money is that of spend by value stream, a row a key and currency, so that totals agree with it.
-- Source: DESIGN, "Figures"; docs/spec/views.md, "value_streams".

-- Each benefit's amounts in whole minor units by the initiatives that bring it: largest remainder, ties to the smaller
-- initiative; initiative null where the plan names none. A negative amount is split as its size.
create or replace macro benefit_parts(as_known, as_of) as table
with held as (
    select benefit, initiatives
    from benefit_planned
    where sequence <= as_known and effective_on <= as_of and sequence not in (from voided(as_known))
    qualify row_number() over (partition by benefit order by effective_on desc, sequence desc) = 1
), shares as (
    select benefit, s.initiative as initiative, s.share_bp as share_bp
    from (select benefit, unnest(initiatives) as s from held)
    union all
    select benefit, null, 10000 from held where len(initiatives) = 0
), amounts as (
    unpivot (
        select benefit, currency, planned_minor, claimed_minor, validated_minor
        from benefits(as_known := as_known, as_of := as_of)
    ) on planned_minor, claimed_minor, validated_minor into name measure value minor
), divided as (
    select a.benefit, a.currency, a.measure, a.minor, s.initiative,
           abs(a.minor)::hugeint * s.share_bp // 10000 as whole, abs(a.minor)::hugeint * s.share_bp % 10000 as remainder
    from amounts a join shares s on s.benefit = a.benefit
), ranked as (
    select *,
           row_number() over (partition by benefit, measure order by remainder desc, initiative) as place,
           abs(minor) - sum(whole) over (partition by benefit, measure) as units_left
    from divided
)
select benefit, currency, measure, initiative, (sign(minor) * (whole + (place <= units_left)::int))::bigint as part_minor
from ranked;

create or replace macro value_streams(as_known := 9223372036854775806, as_of := date '9999-12-31') as table
with own as (
    select currency from portfolio_opened limit 1
), money as materialized (
    from spend(as_known := as_known, as_of := as_of, grouped_by := 'value_stream')
), named as materialized (
    from streams_named(as_known, as_of)
), allocated as materialized (
    from streams_allocated(as_known, as_of)
), ended as (
    select initiative
    from gate_decided
    where sequence <= as_known and effective_on <= as_of and sequence not in (from voided(as_known))
    group by initiative
    having arg_max(outcome, newness(effective_on, sequence)) in ('kill', 'complete', 'merged')
), told as materialized (
    from described(as_known, as_of)
), counts as materialized (
    select value_stream, count(*) filter (initiative not in (from ended)) as active,
           count(*) filter (initiative in (from ended)) as ended
    from told
    where proposed_on is not null
    group by value_stream
), promised as materialized (
    select t.value_stream, p.currency,
           sum(part_minor) filter (measure = 'planned_minor')::bigint as planned_minor,
           sum(part_minor) filter (measure = 'claimed_minor')::bigint as claimed_minor,
           sum(part_minor) filter (measure = 'validated_minor')::bigint as validated_minor
    from benefit_parts(as_known, as_of) p left join told t on t.initiative = p.initiative
    group by t.value_stream, p.currency
), keys as (
    select key as value_stream, currency from money
    union
    select value_stream, currency from promised
    union
    select value_stream, own.currency
    from (select value_stream from counts union select value_stream from named union select value_stream from allocated),
         own
), joined as (
    select k.value_stream, n.title, n.owner, k.currency,
           coalesce(m.funded_minor, 0) as funded_minor, coalesce(m.approved_minor, 0) as approved_minor,
           coalesce(m.committed_minor, 0) as committed_minor, coalesce(m.actual_minor, 0) as actual_minor,
           case when k.currency = (from own) then a.target_bp end as target_bp,
           coalesce(p.planned_minor, 0) as planned_minor, coalesce(p.claimed_minor, 0) as claimed_minor,
           coalesce(p.validated_minor, 0) as validated_minor,
           case when k.currency = (from own) then coalesce(c.active, 0) end as initiatives_active,
           case when k.currency = (from own) then coalesce(c.ended, 0) end as initiatives_ended,
           sum(greatest(m.approved_minor, 0)) over (partition by k.currency) as all_approved
    from keys k
    left join money m on m.key is not distinct from k.value_stream and m.currency = k.currency
    left join promised p on p.value_stream is not distinct from k.value_stream and p.currency = k.currency
    left join named n on n.value_stream = k.value_stream
    left join allocated a on a.value_stream = k.value_stream
    left join counts c on c.value_stream = k.value_stream
), shared as (
    select *, case when all_approved > 0 then greatest(approved_minor, 0) / all_approved end as share
    from joined
)
select value_stream, title, owner, currency, funded_minor, approved_minor, committed_minor, actual_minor,
       share, target_bp, share - target_bp / 10000 as gap, planned_minor, claimed_minor, validated_minor,
       case when actual_minor > 0 then (validated_minor - actual_minor) / actual_minor end as roi,
       initiatives_active, initiatives_ended
from shared
order by value_stream nulls last, currency;
