-- Every quote line as priced: prorated list plus its adjustments is its net. Lines in all, against lines for which this holds exactly.
with line as (
    select
        priced.quote_id,
        priced.quote_revision,
        priced.currency,
        {{ month_text("priced.event_time") }} as month,
        priced_line.lineId as quote_line_id,
        priced_line.proratedListAmount as prorated_list_amount,
        coalesce({{ list_total("priced_line.adjustments", "amount") }}, 0) as adjustment_amount,
        priced_line.netAmount as net_amount
    from {{ ref("stg_cpq__quote_priced") }} as priced
    {{ explode("priced.lines", "priced_line") }}
),

judged as (
    select
        line.*,
        line.prorated_list_amount + line.adjustment_amount = line.net_amount as is_identical
    from line
)

select
    'price_identity' as check_key,
    concat_ws('', 'quote/', judged.month, '/', judged.currency) as partition,
    'source' as kind,
    'critical' as severity,
    count(*) as left_count,
    count(*) filter (where judged.is_identical) as right_count,
    {{ exact_sum("judged.prorated_list_amount + judged.adjustment_amount") }} as left_amount,
    {{ exact_sum("judged.net_amount") }} as right_amount,
    min(
        case
            when not judged.is_identical
                then concat_ws('', judged.quote_id, ' revision ', cast(judged.quote_revision as string), ' line ', judged.quote_line_id)
        end
    ) as example
from judged
group by judged.month, judged.currency
