-- Timeline: every event in the order it was recorded, reversed or not.
-- Source: docs/spec/views.md, "timeline".

create or replace macro timeline(as_known := 9223372036854775806, as_of := date '9999-12-31') as table
select t.sequence, t.recorded_at, t.effective_on, t.type, t.subject, t.actor, t.basis, t.flags, t.commandid,
       r.reversed_by
from events t
left join (
    select reversed_sequence, min(sequence) as reversed_by
    from entry_reversed
    where sequence <= as_known
    group by reversed_sequence
) r on r.reversed_sequence = t.sequence
where t.sequence <= as_known and t.effective_on <= as_of
order by t.sequence;
