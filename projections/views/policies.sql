-- Policies: of each kind the one that holds, and what its body says, which is kept as JSON without its defaults.
-- Source: docs/spec/views.md, "Policies".

-- The policy of a kind that holds.
create or replace macro policy_held(of_kind, as_known, as_of) as table
select body, sequence
from policy_adopted
where json_extract_string(body, '$.kind') = of_kind and sequence <= as_known and effective_on <= as_of
  and sequence not in (from voided(as_known))
order by effective_on desc, sequence desc
limit 1;

-- The criteria of the prioritisation policy that holds. least, most: the ends of the scale.
create or replace macro criteria_held(as_known, as_of) as table
with listed as (
    select unnest(from_json(
        json_extract(body, '$.criteria'),
        '[{"id": "varchar", "sort": "varchar", "weight_bp": "bigint", "scale_min": "bigint", "scale_max": "bigint"}]'
    )) as c
    from policy_held('prioritisation', as_known, as_of)
)
select c.id as criterion, c.sort as sort, c.weight_bp as weight_bp, coalesce(c.scale_min, 0) as least,
       coalesce(c.scale_max, 100) as most
from listed;

-- Value streams as the structure policy that holds calls them; of one that is listed twice the last word holds.
create or replace macro streams_named(as_known, as_of) as table
with listed as (
    select from_json(
        json_extract(body, '$.value_streams'), '[{"id": "varchar", "title": "varchar", "owner": "varchar"}]'
    ) as units
    from policy_held('structure', as_known, as_of)
), placed as (
    select unnest(units) as u, generate_subscripts(units, 1) as place from listed
)
select u.id as value_stream, arg_max(u.title, place) as title, arg_max_null(u.owner, place) as owner
from placed
group by u.id;

-- The share of the money each value stream should get, by the allocation policy that holds.
create or replace macro streams_allocated(as_known, as_of) as table
with listed as (
    select unnest(from_json(
        json_extract(body, '$.value_streams'), '[{"name": "varchar", "share_bp": "bigint"}]'
    )) as p
    from policy_held('allocation', as_known, as_of)
)
select p.name as value_stream, sum(p.share_bp)::bigint as target_bp
from listed
group by p.name;

-- What there is of each pool, by the capacity policy that holds; of what is listed twice the last word holds.
create or replace macro supplied(as_known, as_of) as table
with listed as (
    select sequence, from_json(
        json_extract(body, '$.supply'),
        '[{"pool": "varchar", "skill": "varchar", "unit": "varchar", "period": "varchar", "amount": "bigint"}]'
    ) as supplies
    from policy_held('capacity', as_known, as_of)
), placed as (
    select sequence, unnest(supplies) as s, generate_subscripts(supplies, 1) as place from listed
)
select s.pool as pool, s.skill as skill, s.unit as unit, s.period as period, arg_max(s.amount, place) as supply,
       any_value(sequence) as sequence
from placed
group by s.pool, s.skill, s.unit, s.period;
