-- Priority: initiatives that have not ended, by rank, with what speaks for them.
--   mark of a score x = 100 (x - least) / (most - least)      score = sum_c w_c mark_c / sum_c w_c
--   WSJF = cost of delay / job size      novelty bias = rho(funding, novelty) - rho(funding, value), Spearman
-- Source: DESIGN, "Figures"; Reinertsen for WSJF; docs/spec/views.md, "priority".

create or replace macro priority(as_known := 9223372036854775806, as_of := date '9999-12-31') as table
with ended as (
    select initiative
    from gate_decided
    where sequence <= as_known and effective_on <= as_of and sequence not in (from voided(as_known))
    group by initiative
    having arg_max(outcome, newness(effective_on, sequence)) in ('kill', 'complete', 'merged')
), ranked as (
    select m.initiative as initiative, arg_max(m, newness(effective_on, sequence)) as move,
           arg_max(sequence, newness(effective_on, sequence)) as sequence
    from (
        select sequence, effective_on, unnest(moves) as m
        from priority_set
        where sequence <= as_known and effective_on <= as_of and sequence not in (from voided(as_known))
    )
    group by m.initiative
), scored as materialized (
    from initiative_scored
    where sequence <= as_known and effective_on <= as_of and sequence not in (from voided(as_known))
    qualify row_number() over (partition by initiative order by effective_on desc, sequence desc) = 1
), criteria as materialized (
    select *, sum(weight_bp) over (partition by sort) as sort_weight
    from criteria_held(as_known, as_of)
), given as (
    select initiative, s.criterion as criterion, s.score as score
    from (select initiative, unnest(scores) as s from scored)
), marked as (
    -- Within a sort that weighs nothing as a whole, as novelty should, every criterion weighs the same.
    select s.initiative, c.sort, c.weight_bp,
           case when c.sort_weight = 0 then 1 else c.weight_bp end as weight_in_sort,
           case when c.most > c.least then 100::double * (g.score - c.least) / (c.most - c.least) end as mark
    from scored s cross join criteria c
    left join given g on g.initiative = s.initiative and g.criterion = c.criterion
), judged as (
    -- A score that is missing where it would count leaves the figure undefined.
    select initiative,
           case when bool_and(mark is not null) filter (weight_bp > 0)
                then sum(weight_bp * mark) / sum(weight_bp) end as score,
           case when bool_and(mark is not null) filter (sort = 'value' and weight_in_sort > 0)
                then sum(weight_in_sort * mark) filter (sort = 'value')
                     / sum(weight_in_sort) filter (sort = 'value') end as value,
           case when bool_and(mark is not null) filter (sort = 'novelty' and weight_in_sort > 0)
                then sum(weight_in_sort * mark) filter (sort = 'novelty')
                     / sum(weight_in_sort) filter (sort = 'novelty') end as novelty
    from marked
    group by initiative
), approved as (
    select initiative, sum(minor)::bigint as minor
    from initiative_sums(as_known, as_of, one_measure := 'approved')
    where currency = (select currency from portfolio_opened limit 1)
    group by initiative
)
select d.initiative, d.title, r.move.rank as rank, r.move.was as was, r.move.tier as tier, j.score, j.value, j.novelty,
       s.cost_of_delay_minor, s.cost_of_delay_currency, s.job_size,
       case when s.cost_of_delay_currency = (select currency from portfolio_opened limit 1)
            then s.cost_of_delay_minor / s.job_size end as wsjf,
       coalesce(a.minor, 0)::bigint as approved_minor, (select currency from portfolio_opened limit 1) as currency,
       r.sequence as rank_sequence, s.sequence as score_sequence
from described(as_known, as_of) d
left join ranked r on r.initiative = d.initiative
left join scored s on s.initiative = d.initiative
left join judged j on j.initiative = d.initiative
left join approved a on a.initiative = d.initiative
where d.proposed_on is not null and d.initiative not in (from ended)
order by rank nulls last, d.initiative;

-- Spearman's rho with mean ranks: Pearson's of the ranks, which are doubled to stay whole. Undefined where either side
-- is all the same.
create or replace macro priority_totals(as_known := 9223372036854775806, as_of := date '9999-12-31') as table
with rows_ as materialized (
    from priority(as_known := as_known, as_of := as_of)
), judged as (
    select approved_minor as funding, round(value, 9) as value, round(novelty, 9) as novelty
    from rows_
    where approved_minor > 0 and value is not null and novelty is not null
), placed as (
    select 2 * rank() over (order by funding) + count(*) over (partition by funding) - 1 as f,
           2 * rank() over (order by value) + count(*) over (partition by value) - 1 as v,
           2 * rank() over (order by novelty) + count(*) over (partition by novelty) - 1 as n
    from judged
), sums as (
    select count(*) as judged,
           (count(*) * sum(f::hugeint * v) - sum(f)::hugeint * sum(v))::double as fv,
           (count(*) * sum(f::hugeint * n) - sum(f)::hugeint * sum(n))::double as fn,
           sqrt((count(*) * sum(f::hugeint * f) - sum(f)::hugeint * sum(f))::double) as ff,
           sqrt((count(*) * sum(v::hugeint * v) - sum(v)::hugeint * sum(v))::double) as vv,
           sqrt((count(*) * sum(n::hugeint * n) - sum(n)::hugeint * sum(n))::double) as nn
    from placed
), rhos as (
    select judged, case when ff * vv > 0 then fv / (ff * vv) end as rho_value,
           case when ff * nn > 0 then fn / (ff * nn) end as rho_novelty
    from sums
)
select (select count(*) from rows_) as initiatives, judged, rho_value, rho_novelty,
       rho_novelty - rho_value as novelty_bias
from rhos;
