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
