-- Flow: how work went through each value stream in each period.
--   velocity = items completed      efficiency = active / (active + wait)      load = items in progress
--   distribution: the share of each kind among the completed
-- Source: the Flow Framework; DESIGN, "Figures"; docs/spec/views.md, "flow".

create or replace macro flow(as_known := 9223372036854775806, as_of := date '9999-12-31') as table
with held as (
    select *, completed.feature + completed.defect + completed.risk + completed.debt as velocity
    from flow_reported
    where sequence <= as_known and effective_on <= as_of and sequence not in (from voided(as_known))
    qualify row_number() over (partition by value_stream, period order by effective_on desc, sequence desc) = 1
)
select value_stream, period, velocity::bigint as velocity, flow_time_p50_h, flow_time_p85_h, active_h, wait_h,
       case when active_h + wait_h > 0 then active_h / (active_h + wait_h) end as efficiency, wip as load,
       case when velocity > 0 then completed.feature / velocity end as feature_share,
       case when velocity > 0 then completed.defect / velocity end as defect_share,
       case when velocity > 0 then completed.risk / velocity end as risk_share,
       case when velocity > 0 then completed.debt / velocity end as debt_share,
       sequence
from held
order by value_stream, period;
