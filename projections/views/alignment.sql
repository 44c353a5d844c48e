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
    select initiative, unnest(arg_max(contributions, (effective_on, sequence))) as c
    from alignment_declared
    where sequence <= as_known and effective_on <= as_of
      and sequence not in (from voided(as_known))
    group by initiative
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
create or replace macro initiative_money(as_known, as_of) as table
with latest as (
    select initiative, arg_max(estimate_to_complete, (effective_on, sequence)) as estimate
    from forecast_updated
    where sequence <= as_known and effective_on <= as_of
      and sequence not in (from voided(as_known))
    group by initiative
), sums as (
    select measure, initiative, currency, sum(minor)::bigint as minor
    from money(as_known, as_of)
    where measure <> 'funded'
    group by measure, initiative, currency
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
from forecast;

-- Each initiative's money split into whole minor units over what it serves; objective null is the unaligned rest.
-- Largest remainder: ties go to the smaller objective id, the rest last. A negative sum is split as its size.
create or replace macro split_money(as_known, as_of) as table
with serves as (
    from serving(as_known, as_of)
), weighed as (
    select m.measure, m.initiative, m.currency, m.minor, s.objective, s.weight
    from initiative_money(as_known, as_of) m join serves s on s.initiative = m.initiative
    union all
    select m.measure, m.initiative, m.currency, m.minor, null,
           100000000 - coalesce(t.weight, 0)
    from initiative_money(as_known, as_of) m
    left join (select initiative, sum(weight)::bigint as weight from serves group by initiative) t
      on t.initiative = m.initiative
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

-- The sums all figures of alignment are made of: one row an active objective.
create or replace macro alignment_sums(as_known, as_of, of_measure, in_currency) as table
with parts as (
    from split_money(as_known, as_of)
    where measure = of_measure and minor > 0
      and currency = coalesce(in_currency, (select currency from portfolio_opened limit 1))
), total as (
    select coalesce(sum(minor), 0)::hugeint as minor
    from initiative_money(as_known, as_of)
    where measure = of_measure and minor > 0
      and currency = coalesce(in_currency, (select currency from portfolio_opened limit 1))
)
select o.objective, o.title, o.weight_bp,
       coalesce(sum(p.minor::hugeint * p.weight), 0)::hugeint as weighted,
       coalesce(sum(p.part_minor), 0)::hugeint as amount_minor,
       any_value(t.minor) as total_minor
from objectives(as_known, as_of) o
cross join total t
left join parts p on p.objective = o.objective
where o.active
group by o.objective, o.title, o.weight_bp;

create or replace macro alignment(
    as_known := 9223372036854775807, as_of := date '9999-12-31', of_measure := 'approved', in_currency := null
) as table
select objective, title, weight_bp as target_bp,
       case when total_minor > 0 then weighted / (100000000 * total_minor) end as share,
       amount_minor::bigint as amount_minor,
       case when total_minor > 0
            then (weighted - weight_bp::hugeint * 10000 * total_minor) / (100000000 * total_minor) end as gap
from alignment_sums(as_known, as_of, of_measure, in_currency)
order by objective;

create or replace macro alignment_totals(
    as_known := 9223372036854775807, as_of := date '9999-12-31', of_measure := 'approved', in_currency := null
) as table
with money_of as (
    select coalesce(sum(m.minor), 0)::hugeint as total_minor
    from initiative_money(as_known, as_of) m
    where m.measure = of_measure and m.minor > 0
      and m.currency = coalesce(in_currency, (select currency from portfolio_opened limit 1))
), sums as (
    select any_value(t.total_minor) as total_minor,
           coalesce(sum(s.weighted), 0)::hugeint as weighted,
           coalesce(sum(s.amount_minor), 0)::hugeint as aligned_minor,
           coalesce(sum(abs(s.weighted - s.weight_bp::hugeint * 10000 * s.total_minor)), 0)::hugeint as gaps
    from money_of t
    left join alignment_sums(as_known, as_of, of_measure, in_currency) s on true
), figures as (
    -- drift = over / whole, both whole numbers
    select *, 100000000 * total_minor as whole, gaps + 100000000 * total_minor - weighted as over from sums
)
select total_minor::bigint as amount_minor,
       case when total_minor > 0 then (whole - weighted) / whole end as orphan_share,
       (total_minor - aligned_minor)::bigint as orphan_minor,
       case when total_minor > 0 then over / (2 * whole) end as drift,
       case when total_minor > 0 then 1 - over / (2 * whole) end as index,
       (over // 200000000 + case
           when over % 200000000 > 100000000 then 1
           when over % 200000000 = 100000000 then over // 200000000 % 2
           else 0 end)::bigint as must_move_minor
from figures;
