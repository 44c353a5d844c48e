-- Decisions: what was asked, who voted how, who dissented, what came of it and how long it took.
-- Source: docs/spec/views.md, "decisions".

create or replace macro decisions(as_known := 9223372036854775806, as_of := date '9999-12-31') as table
with requests as (
    from decision_requested
    where sequence <= as_known and effective_on <= as_of and sequence not in (from voided(as_known))
    qualify row_number() over (partition by decision order by effective_on desc, sequence desc) = 1
), votes as (
    select decision, request,
           count(*) filter (vote = 'approve') as approve,
           count(*) filter (vote = 'reject') as reject,
           count(*) filter (vote = 'abstain') as abstain,
           count(*) filter (vote = 'recuse') as recuse,
           count(*) filter (vote = 'advise') as advise,
           string_agg(voter || ': ' || dissent, '; ' order by sequence) filter (dissent is not null) as dissent
    from vote_recorded
    where sequence <= as_known and effective_on <= as_of and sequence not in (from voided(as_known))
    group by decision, request
), closed as (
    from decision_closed
    where sequence <= as_known and effective_on <= as_of and sequence not in (from voided(as_known))
    qualify row_number() over (partition by decision order by effective_on desc, sequence desc) = 1
)
select r.decision, r.kind, r.question, r.effective_on as requested_on, r.due, r.tier, r.body,
       len(r.options)::bigint as options, r.recommended,
       coalesce(v.approve, 0) as approve, coalesce(v.reject, 0) as reject, coalesce(v.abstain, 0) as abstain,
       coalesce(v.recuse, 0) as recuse, coalesce(v.advise, 0) as advise, v.dissent,
       coalesce(c.outcome, 'open') as outcome, c.option, c.effective_on as closed_on,
       (c.effective_on - r.effective_on)::bigint as days_to_decide,
       r.trigger, (c.effective_on - t.effective_on)::bigint as days_since_trigger,
       r.sequence as request_sequence, c.sequence as closed_sequence
from requests r
left join votes v on v.decision = r.decision and v.request = r.sequence
left join closed c on c.decision = r.decision
left join events t on t.sequence = r.trigger
order by r.decision;
