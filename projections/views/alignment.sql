-- Alignment: where money goes against where it should go.
--   share_o = sum_i m_i a_io / sum_i m_i      orphan u = 1 - sum_o share_o
--   drift   = 1/2 (sum_o |share_o - target_o| + u)      index = 1 - drift      must move = drift x total
-- Weights are whole numbers out of 100,000,000 (a share in basis points times a successor's share), so that every sum
-- is exact until it is shown.
-- Source: DESIGN, "Figures"; docs/spec/views.md, "Alignment".

-- The objectives of the set that holds, active or not.
create or replace macro objectives(as_known, as_of) as table
with held as (
    select objectives
    from objectives_set
    where sequence <= as_known and effective_on <= as_of
      and sequence not in (from voided(as_known))
    order by effective_on desc, sequence desc
    limit 1
), listed as (
    select unnest(objectives) as o from held
)
select o.id as objective, o.title as title, o.weight_bp as weight_bp, o.successors as successors,
       o.status = 'active' and coalesce(o.valid_from <= as_of, true) and coalesce(o.valid_to >= as_of, true) as active
from listed;

-- What each initiative serves, out of 100,000,000; what is left to that serves nothing.
create or replace macro serving(as_known, as_of) as table
with declared as (
    select initiative, unnest(contributions) as c
    from alignment_declared
    where sequence in (select sequence from declarations(as_known, as_of))
), known as (
    from objectives(as_known, as_of)
), passed_on as (
    select d.initiative, unnest(k.successors) as s, d.c.share_bp as share_bp
    from declared d join known k on k.objective = d.c.objective and not k.active
), served as (
    select d.initiative, d.c.objective as objective, d.c.share_bp * 10000 as weight
    from declared d join known k on k.objective = d.c.objective and k.active
    union all
    select p.initiative, p.s.objective, p.share_bp * p.s.share_bp
    from passed_on p join known k on k.objective = p.s.objective and k.active
)
select initiative, objective, sum(weight)::bigint as weight
from served
group by initiative, objective;

-- Each initiative's money, by measure. Money that names no initiative is a row of its own, initiative null.
-- one_measure: of it alone, so that the others need not be summed; none for all.
create or replace macro initiative_money(as_known, as_of, one_measure := null) as table
with latest as (
    select initiative, arg_max(estimate_to_complete, newness(effective_on, sequence)) as estimate
    from forecast_updated
    where sequence <= as_known and effective_on <= as_of
      and sequence not in (from voided(as_known))
      and coalesce(one_measure, 'forecast') = 'forecast'
    group by initiative
), sums as not materialized (
    from initiative_sums(as_known, as_of, one_measure := case when one_measure = 'forecast' then 'actual' else one_measure end)
    where measure <> 'funded'
), estimates as (
    select initiative, e.amount.currency as currency, sum(e.amount.minor)::bigint as minor
    from (select initiative, unnest(estimate) as e from latest)
    group by initiative, e.amount.currency
    union all
    -- Nothing left to spend, in whatever currency it was spent.
    select l.initiative, s.currency, 0
    from latest l join sums s on s.measure = 'actual' and s.initiative = l.initiative
    where len(l.estimate) = 0
), forecast as (
    select 'forecast' as measure, e.initiative, e.currency, (e.minor + coalesce(a.minor, 0))::bigint as minor
    from estimates e left join sums a
      on a.measure = 'actual' and a.initiative = e.initiative and a.currency = e.currency
)
from sums
union all
from forecast
where coalesce(one_measure, 'forecast') = 'forecast';  -- or the plan reads the money for it in vain

-- Each initiative's money split into whole minor units over what it serves; objective null is the unaligned rest.
-- Largest remainder: ties go to the smaller objective id, the rest last. A negative sum is split as its size.
create or replace macro split_money(as_known, as_of, one_measure := null) as table
with serves as (
    from serving(as_known, as_of)
), measured as (
    from initiative_money(as_known, as_of, one_measure := one_measure)
), served as (
    select initiative, sum(weight)::bigint as weight from serves group by initiative
), weighed as (
    select m.measure, m.initiative, m.currency, m.minor, s.objective, s.weight
    from measured m join serves s on s.initiative = m.initiative
    union all
    select m.measure, m.initiative, m.currency, m.minor, null, 100000000 - coalesce(t.weight, 0)
    from measured m left join served t on t.initiative = m.initiative
), divided as (
    select *, abs(minor)::hugeint * weight // 100000000 as whole, abs(minor)::hugeint * weight % 100000000 as remainder
    from weighed
    where weight > 0
), ranked as (
    select *,
           row_number() over (
               partition by measure, initiative, currency order by remainder desc, objective nulls last
           ) as place,
           abs(minor) - sum(whole) over (partition by measure, initiative, currency) as units_left
    from divided
)
select measure, initiative, currency, objective, minor, weight,
       (sign(minor) * (whole + (place <= units_left)::int))::bigint as part_minor
from ranked;

-- Every figure of alignment in one pass: a row an active objective, and one with objective null for the whole.
-- drift = over / whole, both whole numbers; must move is rounded half to even.
create or replace macro alignment_figures(
    as_known := 9223372036854775806, as_of := date '9999-12-31', of_measure := 'approved', in_currency := null
) as table
with parts as (
    from split_money(as_known, as_of, one_measure := of_measure)
    where measure = of_measure and minor > 0
      and currency = coalesce(in_currency, (select currency from portfolio_opened limit 1))
), sums as (
    select objective, sum(minor::hugeint * weight) as weighted, sum(part_minor)::hugeint as amount
    from parts
    group by objective
), total as (
    select coalesce(sum(amount), 0)::hugeint as amount from sums
), rows_ as (
    select o.objective, o.title, o.weight_bp, coalesce(s.weighted, 0)::hugeint as weighted,
           coalesce(s.amount, 0)::hugeint as amount, t.amount as total
    from objectives(as_known, as_of) o cross join total t left join sums s on s.objective = o.objective
    where o.active
), whole as (
    select any_value(t.amount) as total, 100000000 * any_value(t.amount) as whole,
           coalesce(sum(r.weighted), 0)::hugeint as weighted,
           coalesce(sum(r.amount), 0)::hugeint as aligned,
           coalesce(sum(abs(r.weighted - r.weight_bp::hugeint * 10000 * r.total)), 0)::hugeint as gaps
    from total t left join rows_ r on true
)
select objective, title, weight_bp as target_bp,
       case when total > 0 then weighted / (100000000 * total) end as share,
       amount::bigint as amount_minor,
       case when total > 0 then (weighted - weight_bp::hugeint * 10000 * total) / (100000000 * total) end as gap,
       null::double as orphan_share, null::bigint as orphan_minor, null::double as drift, null::double as index,
       null::bigint as must_move_minor
from rows_
union all
select null, null, null, null, total::bigint, null,
       case when total > 0 then (whole - weighted) / whole end,
       (total - aligned)::bigint,
       case when total > 0 then (gaps + whole - weighted) / (2 * whole) end,
       case when total > 0 then 1 - (gaps + whole - weighted) / (2 * whole) end,
       ((gaps + whole - weighted) // 200000000 + case
           when (gaps + whole - weighted) % 200000000 > 100000000 then 1
           when (gaps + whole - weighted) % 200000000 = 100000000 then (gaps + whole - weighted) // 200000000 % 2
           else 0 end)::bigint
from whole;

create or replace macro alignment(
    as_known := 9223372036854775806, as_of := date '9999-12-31', of_measure := 'approved', in_currency := null
) as table
select objective, title, target_bp, share, amount_minor, gap
from alignment_figures(
    as_known := as_known, as_of := as_of, of_measure := of_measure, in_currency := in_currency
)
where objective is not null
order by objective;

create or replace macro alignment_totals(
    as_known := 9223372036854775806, as_of := date '9999-12-31', of_measure := 'approved', in_currency := null
) as table
select amount_minor, orphan_share, orphan_minor, drift, index, must_move_minor
from alignment_figures(
    as_known := as_known, as_of := as_of, of_measure := of_measure, in_currency := in_currency
)
where objective is null;
