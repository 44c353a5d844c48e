-- Windows: what is known of the entries before a moment, so that not all of them are read.
-- Source: docs/spec/views.md, "Windows".

-- How many entries are a window.
create or replace macro window_entries() as 65536;

-- How many windows are whole at as_known; none where nobody says how much was known, so that all entries are read.
-- What is asked otherwise is no further than what is recorded: a moment is checked before it is asked.
create or replace macro whole_windows(as_known) as
    (case when as_known < 4611686018427387904 then as_known // window_entries() else 0 end);

-- What adds up to the money that counts at (as_known, as_of), names as numbers: the balance of each whole window, what
-- moved since, and what a balance holds though it is not effective yet, taken out again. A void takes out what it
-- voids at its own sequence. entry_count: entries that count add 1, a group that comes to 0 has none.
create or replace macro money_balanced(as_known, as_of) as table
select measure, envelope_id, initiative_id, currency_id, minor, entry_count
from balances
where window_number < whole_windows(as_known)
union all
select measure, envelope_id, initiative_id, currency_id, minor, 1
from money_entries
where sequence > whole_windows(as_known) * window_entries() and sequence <= as_known and effective_on <= as_of
union all
select measure, envelope_id, initiative_id, currency_id, minor, -1
from money_voids
where sequence > whole_windows(as_known) * window_entries() and sequence <= as_known and effective_on <= as_of
union all
select measure, envelope_id, initiative_id, currency_id, -minor, -1
from money_entries
where sequence <= whole_windows(as_known) * window_entries() and effective_on > as_of
union all
select measure, envelope_id, initiative_id, currency_id, -minor, 1
from money_voids
where sequence <= whole_windows(as_known) * window_entries() and effective_on > as_of;

-- The same at two moments. Both start from the windows that are whole at both, and what came since is read once.
create or replace macro money_balanced_at_both(known_before, of_before, known_after, of_after) as table
with steps as not materialized (
    select sequence, effective_on, measure, envelope_id, initiative_id, currency_id, minor, 1 as entry_count
    from money_entries
    union all
    select sequence, effective_on, measure, envelope_id, initiative_id, currency_id, minor, -1
    from money_voids
), marked as not materialized (
    select *, (sequence <= known_before and effective_on <= of_before)::int as is_before,
           (sequence <= known_after and effective_on <= of_after)::int as is_after
    from steps
    where sequence > whole_windows(least(known_before, known_after)) * window_entries()
      and sequence <= greatest(known_before, known_after)
    union all
    select *, -(effective_on > of_before)::int, -(effective_on > of_after)::int
    from steps
    where sequence <= whole_windows(least(known_before, known_after)) * window_entries()
      and effective_on > least(of_before, of_after)
)
select measure, envelope_id, initiative_id, currency_id, minor as minor_before, minor as minor_after,
       entry_count as count_before, entry_count as count_after
from balances
where window_number < whole_windows(least(known_before, known_after))
union all
select measure, envelope_id, initiative_id, currency_id, minor * is_before, minor * is_after,
       entry_count * is_before, entry_count * is_after
from marked;
