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

-- The figures of the whole, from whole numbers: total is the money, weighted what of it serves something, and gaps the
-- sum of what the objectives are away from their targets, both times 100,000,000.
create or replace macro orphan_share_of(total, weighted) as
    case when total > 0 then (100000000 * total - weighted) / (100000000 * total) end;

create or replace macro drift_of(total, weighted, gaps) as
    case when total > 0 then (gaps + 100000000 * total - weighted) / (200000000 * total) end;

-- drift x total in minor units, rounded half to even.
create or replace macro must_move_of(total, weighted, gaps) as
    ((gaps + 100000000 * total - weighted) // 200000000 + case
        when (gaps + 100000000 * total - weighted) % 200000000 > 100000000 then 1
        when (gaps + 100000000 * total - weighted) % 200000000 = 100000000
            then (gaps + 100000000 * total - weighted) // 200000000 % 2
        else 0 end)::bigint;

-- Every figure of alignment in one pass: a row an active objective, and one with objective null for the whole.
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
    select any_value(t.amount) as total,
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
select null, null, null, null, total::bigint, null, orphan_share_of(total, weighted), (total - aligned)::bigint,
       drift_of(total, weighted, gaps), 1 - drift_of(total, weighted, gaps), must_move_of(total, weighted, gaps)
from whole;

-- The figures of the whole of what is approved, in the portfolio's currency, and no amount of any objective.
create or replace macro alignment_index(as_known, as_of) as table
with funded as (
    select initiative, minor
    from initiative_sums(as_known, as_of, one_measure := 'approved')
    where minor > 0 and currency = (select currency from portfolio_opened limit 1)
), total as (
    select coalesce(sum(minor), 0)::hugeint as total from funded
), served as (
    select s.objective, sum(f.minor::hugeint * s.weight) as weighted
    from funded f join serving(as_known, as_of) s on s.initiative = f.initiative
    group by s.objective
), whole as (
    select any_value(t.total) as total, coalesce(sum(s.weighted), 0)::hugeint as weighted,
           coalesce(sum(abs(coalesce(s.weighted, 0) - o.weight_bp::hugeint * 10000 * t.total)), 0)::hugeint as gaps
    from total t
    left join objectives(as_known, as_of) o on o.active
    left join served s on s.objective = o.objective
)
select orphan_share_of(total, weighted) as orphan_share, drift_of(total, weighted, gaps) as drift,
       1 - drift_of(total, weighted, gaps) as index, must_move_of(total, weighted, gaps) as must_move_minor
from whole;

-- The same at two moments, in one pass; side is before or after.
create or replace macro objectives_at_both(known_before, of_before, known_after, of_after) as table
select 'before' as side, * from objectives(known_before, of_before)
union all
select 'after', * from objectives(known_after, of_after);

create or replace macro serving_at_both(known_before, of_before, known_after, of_after) as table
with voids as (
    select reversed_sequence, min(sequence) as sequence
    from entry_reversed
    where kind = 'void'
    group by reversed_sequence
), newest as (
    select d.initiative,
           arg_max(d.sequence, newness(d.effective_on, d.sequence)) filter (
               d.sequence <= known_before and d.effective_on <= of_before and coalesce(v.sequence > known_before, true)
           ) as at_before,
           arg_max(d.sequence, newness(d.effective_on, d.sequence)) filter (
               d.sequence <= known_after and d.effective_on <= of_after and coalesce(v.sequence > known_after, true)
           ) as at_after
    from alignment_declared d left join voids v on v.reversed_sequence = d.sequence
    where d.sequence <= greatest(known_before, known_after)
    group by d.initiative
), held as (
    select 'before' as side, at_before as sequence from newest
    union all
    select 'after', at_after from newest
), declared as (
    select h.side, d.initiative, unnest(d.contributions) as c
    from alignment_declared d join held h on h.sequence = d.sequence
), known as (
    from objectives_at_both(known_before, of_before, known_after, of_after)
), passed_on as (
    select d.side, d.initiative, unnest(k.successors) as s, d.c.share_bp as share_bp
    from declared d join known k on k.side = d.side and k.objective = d.c.objective and not k.active
), served as (
    select d.side, d.initiative, d.c.objective as objective, d.c.share_bp * 10000 as weight
    from declared d join known k on k.side = d.side and k.objective = d.c.objective and k.active
    union all
    select p.side, p.initiative, p.s.objective, p.share_bp * p.s.share_bp
    from passed_on p join known k on k.side = p.side and k.objective = p.s.objective and k.active
)
select side, initiative, objective, sum(weight)::bigint as weight
from served
group by side, initiative, objective;

create or replace macro alignment_index_at_both(known_before, of_before, known_after, of_after) as table
with sums as materialized (
    select initiative_id, sum(minor_before) as minor_before, sum(minor_after) as minor_after
    from money_balanced_at_both(known_before, of_before, known_after, of_after)
    where measure = 'approved' and currency_id = number_of((select currency from portfolio_opened limit 1))
    group by initiative_id
), funded as (
    select 'before' as side, i.name as initiative, minor_before as minor
    from sums s left join names i on i.id = s.initiative_id
    where minor_before > 0
    union all
    select 'after', i.name, minor_after
    from sums s left join names i on i.id = s.initiative_id
    where minor_after > 0
), total as (
    select s.side, coalesce(sum(f.minor), 0)::hugeint as total
    from (select unnest(['before', 'after']) as side) s left join funded f on f.side = s.side
    group by s.side
), served as (
    select s.side, s.objective, sum(f.minor::hugeint * s.weight) as weighted
    from funded f join serving_at_both(known_before, of_before, known_after, of_after) s
      on s.side = f.side and s.initiative = f.initiative
    group by s.side, s.objective
), whole as (
    select t.side, any_value(t.total) as total, coalesce(sum(s.weighted), 0)::hugeint as weighted,
           coalesce(sum(abs(coalesce(s.weighted, 0) - o.weight_bp::hugeint * 10000 * t.total)), 0)::hugeint as gaps
    from total t
    left join objectives_at_both(known_before, of_before, known_after, of_after) o on o.side = t.side and o.active
    left join served s on s.side = o.side and s.objective = o.objective
    group by t.side
)
select side, orphan_share_of(total, weighted) as orphan_share, drift_of(total, weighted, gaps) as drift,
       1 - drift_of(total, weighted, gaps) as index, must_move_of(total, weighted, gaps) as must_move_minor
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
