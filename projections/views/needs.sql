-- Needs a decision: what cannot be left as it is.
-- Source: docs/spec/views.md, "needs".

create or replace macro needs(as_known := 9223372036854775806, as_of := date '9999-12-31') as table
with own as (
    select currency from portfolio_opened limit 1
), overdrawn as (
    select envelope, currency,
           coalesce(sum(minor) filter (measure = 'funded'), 0) - coalesce(sum(minor) filter (measure = 'approved'), 0)
               as free
    from money_sums(as_known, as_of)
    where measure in ('funded', 'approved')
    group by envelope, currency
    having free < 0
), last_of as (
    select envelope, currency, max(sequence) as sequence
    from money(as_known, as_of)
    where measure in ('funded', 'approved') and envelope in (select envelope from overdrawn)
    group by envelope, currency
), found as (
    select 'condition_overdue' as kind, condition as subject, text as title, due, (as_of - due)::bigint as days,
           null::bigint as amount_minor, sequence
    from conditions_set(as_known, as_of)
    where overdue
    union all
    select 'decision_open', d.decision, d.question, d.due, (as_of - d.due)::bigint,
           case when r.amount_currency = (from own) then r.amount_minor end, d.request_sequence
    from decisions(as_known := as_known, as_of := as_of) d
    join decision_requested r on r.sequence = d.request_sequence
    where d.outcome = 'open'
    union all
    select 'model_retiring', model, name, retires_on, (as_of - retires_on)::bigint, exposed_minor, last_sequence
    from models(as_known := as_known, as_of := as_of)
    where retires_on is not null and without_fallback > 0
    union all
    select 'over_envelope', o.envelope, null, null, null, o.free::bigint, l.sequence
    from overdrawn o join last_of l on l.envelope = o.envelope and l.currency = o.currency
)
from found
order by kind, subject, sequence;
