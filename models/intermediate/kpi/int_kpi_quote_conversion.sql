-- KPIs 7 and 8: what becomes of accepted quotes, and of the attempts to make orders of them.
with valued as (
    select
        accepted.quote_id,
        accepted.accepted_at,
        accepted.is_converted,
        line.currency,
        sum(line.net_price_amount) as net_amount
    from {{ ref("int_accepted_quote") }} as accepted
    inner join {{ ref("fact_quote_line_price") }} as line
        on accepted.quote_id = line.quote_id and accepted.quote_revision = line.quote_revision
    group by accepted.quote_id, accepted.accepted_at, accepted.is_converted, line.currency
)

select
    {{ kpi_columns(
        "quote_conversion_rate", "accepted.quote_id", "accepted.accepted_at", quote_id="accepted.quote_id",
        numerator=one_if("accepted.is_converted"), denominator="1",
    ) }}
from {{ ref("int_accepted_quote") }} as accepted
{% for measure, condition in {
    "wrong_revision_quote_count": "accepted.has_wrong_revision_order", "unconverted_quote_count": "not accepted.has_order",
}.items() -%}
union all
select
    {{ kpi_columns(measure, "accepted.quote_id", "accepted.accepted_at", quote_id="accepted.quote_id", numerator="1") }}
from {{ ref("int_accepted_quote") }} as accepted
where {{ condition }}
{% endfor -%}
union all
select
    {{ kpi_columns(
        "quote_conversion_by_value", "valued.quote_id", "valued.accepted_at", quote_id="valued.quote_id",
        numerator="case when valued.is_converted then valued.net_amount else 0 end", denominator="valued.net_amount",
        split_value="valued.currency",
    ) }}
from valued
union all
select
    {{ kpi_columns(
        "quote_acceptance_rate", "lifecycle.quote_id", "lifecycle.status_since", quote_id="lifecycle.quote_id",
        numerator=one_if("lifecycle.revision_status = 'ACCEPTED'"), denominator="1",
        exclusion="case when lifecycle.revision_status = 'CANCELLED' then 'cancelled' end",
    ) }}
from {{ ref("fact_quote_lifecycle") }} as lifecycle
where lifecycle.is_latest_revision and lifecycle.revision_status in ('ACCEPTED', 'REJECTED', 'EXPIRED', 'CANCELLED')
union all
select
    {{ kpi_columns(
        "quote_to_order_failure_rate",
        canonical_text([{"name": "attempt.quote_id", "data_type": "varchar"}, {"name": "attempt.idempotency_key", "data_type": "varchar"}]),
        "attempt.attempted_at", quote_id="attempt.quote_id", order_id="attempt.order_id", numerator=one_if("attempt.outcome = 'FAILED'"),
        denominator="1", exclusion="case when attempt.outcome = 'UNKNOWN' then 'unknown_outcome' end",
    ) }}
from {{ ref("fact_quote_conversion_attempt") }} as attempt
