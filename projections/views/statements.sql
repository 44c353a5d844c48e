-- Statements: what one entry says of one slot of an initiative, that is of all that the next such entry replaces.
-- Source: docs/spec/views.md, "state".

-- One field as an entry states it. starts, ends: of a link, whose value depends on the day it is asked for.
create or replace macro stating(of_field, of_key, of_value, of_minor, of_currency) as {
    'field': of_field::varchar, 'key': of_key::varchar, 'value': of_value::varchar, 'amount_minor': of_minor::bigint,
    'currency': of_currency::varchar, 'starts': null::date, 'ends': null::date
};

-- What a baseline costs over its periods, null where it has no costs.
create or replace macro cost_stated(of_field, of_cost) as
    case when len(of_cost) > 0 then
        stating(of_field, null, null, list_sum(list_transform(of_cost, lambda part: part.amount.minor)),
                of_cost[1].amount.currency) end;

-- Every statement there is, as facts hold them; the table `statements` keeps them. A proposal is the oldest statement about a stage, whenever it is effective.
create or replace macro statements_recorded() as table
with described as (
    select * exclude (ai, proposed), ai.eu_class as eu_class from said()
)
select initiative, field as slot, sequence, effective_on, newness(effective_on, sequence) as newness,
       'InitiativeAmended.v1' as origin, [stating(field, null, value, null, null)] as says
from (
    unpivot described on title, value_stream, sponsor, lead, kind, horizon, eu_class into name field value value
)
union all
select initiative, 'stage', sequence, effective_on, sequence, 'InitiativeProposed.v1',
       [stating('stage', null, 'proposed', null, null), stating('status', null, 'active', null, null)]
from initiative_proposed
union all
select initiative, 'stage', sequence, effective_on, newness(effective_on, sequence), 'GateDecided.v1',
       [stating('stage', null, stage_to, null, null), stating('status', null, outcome_status(outcome), null, null)]
from gate_decided
union all
select initiative, 'baseline', sequence, effective_on, newness(effective_on, sequence), 'BaselineSet.v1',
       [stating('baseline', null, number, null, null), cost_stated('baseline_cost', cost),
        case when finish is not null then stating('finish', null, finish, null, null) end]
from baseline_set
union all
select initiative, 'first_cost', sequence, effective_on, newness(effective_on, sequence), 'BaselineSet.v1',
       [cost_stated('first_cost', cost)]
from baseline_set
where number = 1
union all
select m.initiative, 'rank', sequence, effective_on, newness(effective_on, sequence), 'PrioritySet.v1',
       [stating('rank', null, m.rank, null, null),
        case when m.tier is not null then stating('tier', null, m.tier, null, null) end]
from (select sequence, effective_on, unnest(moves) as m from priority_set)
union all
select initiative, 'alignment', sequence, effective_on, newness(effective_on, sequence), 'AlignmentDeclared.v1',
       list_transform(contributions, lambda c: stating('alignment', c.objective, c.share_bp, null, null))
from alignment_declared
union all
select initiative, 'assurance', sequence, effective_on, newness(effective_on, sequence), 'AssuranceRated.v1',
       [stating('assurance', null, rating, null, null), stating('assurance_scale', null, scale, null, null)]
from assurance_rated
union all
select initiative, 'score', sequence, effective_on, newness(effective_on, sequence), 'InitiativeScored.v1',
       list_transform(scores, lambda s: stating('score', s.criterion, s.score, null, null))
       || [case when cost_of_delay_minor is not null
                then stating('cost_of_delay', null, null, cost_of_delay_minor, cost_of_delay_currency) end,
           case when job_size is not null then stating('job_size', null, job_size, null, null) end]
from initiative_scored
union all
select initiative, concat_ws(' ', 'link', kind, role, target), sequence, effective_on,
       newness(effective_on, sequence), 'InitiativeLinked.v1',
       [{'field': 'link', 'key': concat_ws(' ', kind, role, target), 'value': null, 'amount_minor': null,
         'currency': null, 'starts': starts, 'ends': ends}]
from initiative_linked
union all
select initiative, 'forecast', sequence, effective_on, newness(effective_on, sequence), 'ForecastUpdated.v1',
       list_transform(estimate_to_complete, lambda e: stating('to_go', null, null, e.amount.minor, e.amount.currency))
       || [case when len(estimate_to_complete) = 0 then stating('nothing_to_go', null, null, null, null) end,
           case when finish is not null then stating('forecast_finish', null, finish, null, null) end,
           case when progress_bp is not null then stating('progress_bp', null, progress_bp, null, null) end]
from forecast_updated;

-- Where a field stands in a list of them.
create or replace macro field_place(of_field) as list_position(
    ['title', 'value_stream', 'sponsor', 'lead', 'kind', 'horizon', 'eu_class', 'stage', 'status', 'rank', 'tier',
     'baseline', 'first_cost', 'baseline_cost', 'finish', 'approved', 'committed', 'actual', 'uncommitted', 'forecast',
     'forecast_finish', 'progress_bp', 'assurance', 'assurance_scale', 'alignment', 'score', 'cost_of_delay',
     'job_size', 'link'],
    of_field
);
