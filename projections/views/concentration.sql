-- Concentration: how much of the money rides on one initiative, one supplier, one provider of models.
--   share = amount / all amounts of the kind      HHI = sum (100 share)^2, 0 to 10,000
-- Money that names none counts in the whole and not in the sum, so that HHI is the least it can be.
-- Source: DESIGN, "Figures"; Herfindahl and Hirschman; docs/spec/views.md, "concentration".

-- Approved money above zero by the provider of the models it rides on, provider null where it rides on none that is
-- known. That of several models is split in whole minor units: by share_bp where every link states one, else evenly;
-- largest remainder, ties to the smaller model.
create or replace macro provided(as_known, as_of) as table
with approved as (
    select initiative, minor
    from initiative_sums(as_known, as_of, one_measure := 'approved')
    where currency = (select currency from portfolio_opened limit 1)
      and initiative is not null and minor > 0
), links as (
    select initiative, model, share_bp, bool_and(share_bp is not null) over (partition by initiative) as by_share
    from model_links(as_known, as_of)
    where role = 'primary'
), weighed as (
    select a.initiative, l.model, a.minor, case when l.by_share then l.share_bp else 1 end as weight,
           sum(case when l.by_share then l.share_bp else 1 end) over (partition by a.initiative) as weights
    from approved a join links l on l.initiative = a.initiative
), divided as (
    select *, minor::hugeint * weight // weights as whole, minor::hugeint * weight % weights as remainder
    from weighed
), ranked as (
    select *, row_number() over (partition by initiative order by remainder desc, model) as place,
           minor - sum(whole) over (partition by initiative) as units_left
    from divided
), providers as (
    select model, arg_max(provider, newness(effective_on, sequence)) as provider
    from model_lifecycle_changed
    where sequence <= as_known and effective_on <= as_of and sequence not in (from voided(as_known))
    group by model
)
select p.provider, (r.whole + (r.place <= r.units_left)::int)::bigint as minor
from ranked r left join providers p on p.model = r.model
union all
select null, minor from approved where initiative not in (select initiative from links);

-- What was committed to each supplier, whether it was paid since or not.
create or replace macro contracted(as_known, as_of) as table
select sequence, supplier, amount_currency as currency, amount_minor as minor
from commitment_posted
where sequence <= as_known and effective_on <= as_of and sequence not in (from voided(as_known))
union all
select r.sequence, c.supplier, c.amount_currency, -c.amount_minor
from entry_reversed r join commitment_posted c on c.sequence = r.reversed_sequence
where r.kind = 'counter' and r.sequence <= as_known and r.effective_on <= as_of;

create or replace macro concentration(as_known := 9223372036854775806, as_of := date '9999-12-31') as table
with own as (
    select currency from portfolio_opened limit 1
), amounts as (
    select 'initiative' as kind, initiative as key, minor
    from initiative_sums(as_known, as_of, one_measure := 'approved')
    where currency = (from own) and initiative is not null
    union all
    select 'supplier', supplier, minor from contracted(as_known, as_of) where currency = (from own)
    union all
    select 'model_provider', provider, minor from provided(as_known, as_of)
), sums as (
    select kind, key, sum(minor)::bigint as amount_minor
    from amounts
    group by kind, key
    having sum(minor) > 0
)
select s.kind, s.key, d.title, s.amount_minor, s.amount_minor / sum(s.amount_minor) over (partition by s.kind) as share,
       (from own) as currency
from sums s left join described(as_known, as_of) d on s.kind = 'initiative' and d.initiative = s.key
order by s.kind, s.key nulls last;

create or replace macro concentration_totals(
    as_known := 9223372036854775806, as_of := date '9999-12-31'
) as table
with kinds as (
    select unnest(['initiative', 'model_provider', 'supplier']) as kind
)
select k.kind, coalesce(sum(c.amount_minor), 0)::bigint as amount_minor,
       case when count(c.kind) > 0
            then coalesce(sum(pow(100 * c.share, 2)) filter (c.key is not null), 0) end as hhi
from kinds k left join concentration(as_known := as_known, as_of := as_of) c on c.kind = k.kind
group by k.kind
order by k.kind;
