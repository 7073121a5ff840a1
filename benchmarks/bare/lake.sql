-- What a good engineer writes by hand for once: marts straight from the lake's Parquet, with nothing tested, kept or explained. One script in the
-- order of bare_build.py, which gives it the variables lake, seeds, as_of and reporting_currency, and fills payload_type(…) in from the contract.
-- It takes a lake without resolved conflicts and a home without closes, as measurements have them.
create temp macro events(stream, event_type) as table
    select * from read_parquet(
        getvariable('lake') || '/batches/batch_seq=*/events/stream=' || stream || '/event_type=' || event_type || '/*.parquet',
        hive_partitioning = true
    );
create temp macro units(amount) as cast(cast(amount as decimal(38, 4)) * 10000 as hugeint);
create temp macro scaled(rate) as cast(cast(rate as decimal(38, 8)) * 100000000 as hugeint);
create temp macro amount_of(units) as try_cast(cast(units as decimal(38, 0)) * 0.0001::decimal(4, 4) as decimal(18, 4));
create temp macro converted(amount, from_rate, to_rate) as
    amount_of((2 * units(amount) * scaled(to_rate) + sign(amount) * scaled(from_rate)) // (2 * scaled(from_rate)));
create temp macro day_key(moment) as
    cast(extract(year from moment) * 10000 + extract(month from moment) * 100 + extract(day from moment) as integer);
create temp macro month_of(moment) as substr(moment::date::varchar, 1, 7);
create temp macro seconds(earlier, later) as ((epoch_us(later) - epoch_us(earlier)) // 1000000)::bigint;
create temp macro as_of() as getvariable('as_of')::timestamp;
create temp macro escaped(t) as replace(replace(t, '\', '\\'), '|', '\|');
create temp macro texts(list) as nullif(array_to_string(list_sort(list_distinct(list_transform(list, lambda t: escaped(t)))), '|'), '');
create temp macro product_of(quantity, price, periods) as amount_of((2 * units(quantity) * units(price) * units(periods)
    + sign(quantity) * sign(price) * sign(periods) * 100000000) // 200000000);
create temp macro to_reporting(amount, currency, from_rate, to_rate) as
    case when currency = getvariable('reporting_currency') then amount else converted(amount, from_rate, to_rate) end;
create temp macro money(amount) as try_cast(amount as decimal(18, 4));
create temp macro utc(moment) as cast(moment as timestamptz) at time zone 'UTC';

-- Stale events and gaps; one pass over all envelopes.
create temp table integrity as
select aggregate_type, aggregate_id, max(aggregate_version) > count(distinct aggregate_version) as has_gap,
    count(*) > count(distinct aggregate_version) as has_stale_event
from events('*', '*') group by all;

create temp table stale as
select arrival_seq from events('*', '*') semi join (from integrity where has_stale_event) using (aggregate_type, aggregate_id)
qualify row_number() over (
    partition by aggregate_type, aggregate_id, aggregate_version order by coalesce(recorded_time, event_time), event_id, source_system
) > 1;

create temp table conflicted as
select distinct aggregate_type, aggregate_id
from read_parquet(getvariable('lake') || '/batches/batch_seq=*/quarantine/*.parquet') where verdict = 'conflict';

create temp table flags as
select aggregate_type, aggregate_id, has_gap, has_stale_event, conflicted.aggregate_id is not null as has_open_conflict
from integrity left join conflicted using (aggregate_type, aggregate_id);

-- The rate of each currency and day: the last published up to seven days before.
create temp table published_rate as
with published as (
    select rate_date, currency, rate from read_parquet(getvariable('lake') || '/exchange_rates/snapshot=*/rates.parquet')
    qualify row_number() over (partition by rate_date, currency order by published_through, snapshot) = 1
), quoted as (
    from published union all select distinct rate_date, 'EUR', 1::decimal(18, 8) from published
), span as (
    select min(event_time)::date - 7 as first_day, max(event_time)::date as last_day from events('*', '*')
)
select f.rate_date, f.currency, f.rate as from_rate, t.rate as to_rate, 'ECB:' || f.rate_date || ':' || f.currency || ':' || t.currency as rate_id,
    cast(cast((2 * scaled(t.rate) * 1000000000000 + scaled(f.rate)) // (2 * scaled(f.rate)) as decimal(38, 0))
        * 0.000000000001::decimal(12, 12) as decimal(28, 12)) as exchange_rate
from quoted as f join quoted as t using (rate_date) join span on rate_date between first_day and last_day
where t.currency = getvariable('reporting_currency') and f.currency <> t.currency;

create temp table rate as
select cast(rate_date + gap.days as date) as day, published_rate.* exclude (rate_date)
from published_rate cross join (select unnest(range(8))::integer as days) as gap
qualify row_number() over (partition by currency, cast(rate_date + gap.days as date) order by rate_date desc) = 1;

create temp table offering_version as
select aggregate_id as product_offering_id, event_time, event_id, aggregate_version as v, unnest(from_json(payload, payload_type('ProductOfferingUpserted')))
from events('reference', 'ProductOfferingUpserted') anti join stale using (arrival_seq);

create temp table offering as
select product_offering_id, arg_max(family, v) as product_family from offering_version group by all;

create temp table taxonomy as from read_csv(getvariable('seeds') || '/discount_type.csv');
create temp table coin as
select currency_code as currency, minor_units::integer as minor_units, numeric_code, currency_name
from read_csv(getvariable('seeds') || '/currency.csv', all_varchar = true);
