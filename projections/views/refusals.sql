-- Refusals: what was asked and caused nothing, from the stream beside the portfolio's. as_of does not bound them.
-- Source: docs/spec/views.md, "refusals".

create or replace table refusal_kept (
    refusal bigint, recorded_at timestamp, judged_at bigint, reason varchar, actor varchar, type varchar,
    subject varchar, detail varchar, command varchar
);

create or replace macro refusals(as_known := 9223372036854775806, as_of := date '9999-12-31') as table
select refusal, recorded_at, judged_at, reason, actor, type, subject, detail, command
from refusal_kept
where judged_at <= as_known and as_of is not null
order by refusal;
