-- Why a figure is what it is: the last entry that moved each sum, and the last that a part of one rests on.
-- Figures: funded, approved, committed, actual; free = funded - approved; uncommitted = approved - committed - actual;
-- forecast = actual + still to be spent.
-- Source: docs/spec/views.md, "What moves a sum" and "why".

-- What money of a measure adds to a figure: 1, -1 or 0.
create or replace macro sign_in(of_figure, of_measure) as case of_figure
    when 'free' then case of_measure when 'funded' then 1 when 'approved' then -1 else 0 end
    when 'uncommitted' then case of_measure when 'approved' then 1 when 'funded' then 0 else -1 end
    else (of_figure = of_measure)::int
end;

-- The last entry that moved a figure of spend, by key, as spend groups it; an entry that moves it back and forth by as
-- much moves nothing. key is the number of a name, or a value stream: a filter on either cuts down what is added up.
create or replace macro figure_moved(as_known, as_of, of_figure, grouped_by, in_currency) as table
with streams as (
    select n.id as envelope_id, s.value_stream
    from envelope_streams(as_known, as_of) s join names n on n.name = s.envelope
    where grouped_by = 'value_stream'
), keyed as (
    select case grouped_by when 'envelope' then m.envelope_id when 'initiative' then m.initiative_id end as key_id,
           s.value_stream, m.sequence, m.minor * sign_in(of_figure, m.measure::varchar) as minor
    from money_moved(as_known, as_of) m left join streams s on s.envelope_id = m.envelope_id
    where m.currency_id = number_of(in_currency) and sign_in(of_figure, m.measure::varchar) <> 0
), moving as (
    select key_id, value_stream, sequence from keyed group by key_id, value_stream, sequence having sum(minor) <> 0
)
select key_id, value_stream, max(sequence) as sequence
from moving
group by key_id, value_stream;

-- The same of the forecast, by initiative: its forecast that holds, or what was spent since.
create or replace macro forecast_moved(as_known, as_of, in_currency) as table
with latest as (
    select initiative, arg_max(sequence, newness(effective_on, sequence)) as sequence
    from forecast_updated
    where sequence <= as_known and effective_on <= as_of and sequence not in (from voided(as_known))
    group by initiative
)
select f.initiative, greatest(l.sequence, m.sequence) as sequence
from initiative_money(as_known, as_of, one_measure := 'forecast') f
join latest l on l.initiative = f.initiative
left join names n on n.name = f.initiative
left join figure_moved(as_known, as_of, 'actual', 'initiative', in_currency) m on m.key_id = n.id
where f.measure = 'forecast' and f.currency = in_currency;

-- The same by initiative, of any figure.
create or replace macro initiative_moved(as_known, as_of, of_figure, in_currency) as table
select n.name as initiative, m.sequence
from figure_moved(as_known, as_of, of_figure, 'initiative', in_currency) m left join names n on n.id = m.key_id
where of_figure <> 'forecast'
union all
select initiative, sequence
from forecast_moved(as_known, as_of, in_currency)
where of_figure = 'forecast';

-- The last entry that the part of an objective rests on: the money of the initiatives that serve it, what they declare,
-- and the set of objectives. `~unaligned` is the part that serves none.
create or replace macro share_moved(as_known, as_of, of_figure, in_currency) as table
with moved as (
    from initiative_moved(as_known, as_of, of_figure, in_currency) where initiative is not null
), weights as (
    from serving(as_known, as_of)
), served as (
    select initiative, sum(weight) as weight from weights group by initiative
), parts as (
    select w.objective as key, m.initiative, m.sequence
    from moved m join weights w on w.initiative = m.initiative
    where w.weight > 0
    union all
    select '~unaligned', m.initiative, m.sequence
    from moved m left join served s on s.initiative = m.initiative
    where coalesce(s.weight, 0) < 100000000
)
select p.key,
       greatest(max(p.sequence), max(d.sequence), (select sequence from objectives_sequence(as_known, as_of))) as sequence
from parts p left join declarations(as_known, as_of) d on d.initiative = p.initiative
group by p.key;

-- The entries that the figures of each benefit rest on: its plan that holds, and the newest measure of each status.
create or replace macro benefit_stated(as_known, as_of) as table
select benefit, 'planned' as status, arg_max(sequence, newness(effective_on, sequence)) as sequence
from benefit_planned
where sequence <= as_known and effective_on <= as_of and sequence not in (from voided(as_known))
group by benefit
union all
select benefit, status, max(sequence)
from benefit_measured
where sequence <= as_known and effective_on <= as_of and sequence not in (from voided(as_known))
group by benefit, status;

-- The first baseline of an initiative.
create or replace macro first_baseline(of_initiative, as_known, as_of) as table
select arg_max(sequence, newness(effective_on, sequence)) as sequence
from baseline_set
where initiative = of_initiative and number = 1 and sequence <= as_known and effective_on <= as_of
  and sequence not in (from voided(as_known));
