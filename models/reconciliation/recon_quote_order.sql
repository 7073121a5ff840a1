-- Orders against the accepted quotes that they name, line by line, by month of submission and the order's currency. Orders that name no
-- quote have nothing to be held against: unproven.
with covered as (
    select distinct
        {{ month_text("submission.event_time") }} as month,
        submission.currency
    from {{ ref("stg_oms__order_submitted") }} as submission
),

line as (
    select
        {{ month_text("leg.submitted_at") }} as month,
        leg.*
    from {{ ref("int_quote_order_leg") }} as leg
),

without_quote as (
    select
        {{ month_text("order_state.submitted_at") }} as month,
        order_state.currency,
        count(*) as order_count,
        min(order_state.order_id) as example
    from {{ ref("int_order_state") }} as order_state
    where order_state.quote_id is null and order_state.submitted_at is not null
    group by {{ month_text("order_state.submitted_at") }}, order_state.currency
)

select
    'quote_order' as check_key,
    concat_ws('', 'order/', covered.month, '/', covered.currency) as partition,
    'source' as kind,
    'critical' as severity,
    true as is_proven,
    count(line.order_id) as left_count,
    count(*) filter (where line.leg_status = 'matched') as right_count,
    {{ exact_sum("line.quoted_net_amount") }} as left_net_amount,
    {{ exact_sum("line.ordered_net_amount") }} as right_net_amount,
    {{ exact_sum("line.over_net_amount") }} as left_over_amount,
    cast(0 as decimal(38, 4)) as right_over_amount,
    {{ exact_sum("line.under_net_amount") }} as left_under_amount,
    cast(0 as decimal(38, 4)) as right_under_amount,
    min(
        case
            when line.leg_status <> 'matched'
                then concat_ws('', line.order_id, ' line ', line.quote_line_id, ' of quote ', line.quote_id, ': ', line.leg_status)
        end
    ) as example
from covered
left join line on covered.month = line.month and covered.currency = line.currency
group by covered.month, covered.currency
union all
select
    'quote_order' as check_key,
    concat_ws('', 'order/', without_quote.month, '/', without_quote.currency, '/without_quote') as partition,
    'source' as kind,
    'critical' as severity,
    false as is_proven,
    without_quote.order_count as left_count,
    cast(null as bigint) as right_count,
    cast(null as decimal(38, 4)) as left_net_amount,
    cast(null as decimal(38, 4)) as right_net_amount,
    cast(null as decimal(38, 4)) as left_over_amount,
    cast(null as decimal(38, 4)) as right_over_amount,
    cast(null as decimal(38, 4)) as left_under_amount,
    cast(null as decimal(38, 4)) as right_under_amount,
    concat_ws('', 'orders that name no quote: ', cast(without_quote.order_count as string), ', such as ', without_quote.example) as example
from without_quote
