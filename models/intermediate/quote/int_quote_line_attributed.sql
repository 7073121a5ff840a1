{{ config(materialized="incremental", incremental_strategy="touched", unique_key="quote_id", touched="Quote") }}

-- Quote lines as reports count them: once for each basis that the revision meets, in the month of what makes it meet it, with the rate of
-- that day. A line is in several bases, so figures of two bases are never added.
with line as (
    select
        priced.*,
        revision.rejected_at,
        accepted.accepted_at,
        revision.is_latest_revision,
        revision.revision_status
    from {{ ref("int_quote_line") }} as priced
    inner join {{ ref("int_quote_revision") }} as revision
        on priced.quote_id = revision.quote_id and priced.quote_revision = revision.quote_revision
    left join {{ ref("int_quote_accepted_revision") }} as accepted
        on priced.quote_id = accepted.quote_id and priced.quote_revision = accepted.quote_revision
    where {{ is_touched("priced.quote_id", "Quote", or_in=[ids_with_changed_attribution()]) }}
),

submitted as (
    select
        submission.quote_id,
        submission.quote_revision,
        max_by(
            coalesce({{ joined_list("submission.reason_codes") }}, '(none)'), submission.aggregate_version
        ) as approval_reason
    from {{ applied_events("stg_cpq__quote_submitted_for_approval") }} as submission
    where submission.quote_id in (select line.quote_id from line)
    group by submission.quote_id, submission.quote_revision
),

attributed as (
    {% for basis, meets in {
        "QUOTED": ("priced_at", "true"),
        "LATEST": ("priced_at", "line.is_latest_revision"),
        "ACCEPTED": ("accepted_at", "line.accepted_at is not null"),
        "REJECTED": ("rejected_at", "line.revision_status = 'REJECTED'"),
    }.items() -%}
    select
        line.*,
        '{{ basis }}' as basis,
        line.{{ meets[0] }} as attributed_at
    from line
    where {{ meets[1] }}
    {{ "union all" if not loop.last }}
    {% endfor -%}
)

select
    attributed.basis,
    attributed.quote_id,
    attributed.quote_revision,
    attributed.quote_line_id,
    cast(attributed.attributed_at as date) as attributed_date,
    {{ month_text("attributed.attributed_at") }} as period,
    attributed.product_offering_id,
    attributed.charge_type,
    attributed.currency,
    coalesce(offering.product_family, '(unknown)') as product_family,
    coalesce(header.region, '(unknown)') as region,
    coalesce(header.channel, '(unknown)') as channel,
    coalesce(submitted.approval_reason, '(none)') as approval_reason,
    approval.quote_id is not null as has_valid_approval,
    coalesce(
        {{ extended_amount("attributed.quantity", "attributed.list_unit_price", "coalesce(attributed.term_periods, 1)") }},
        attributed.prorated_list_amount
    ) as list_amount,
    attributed.prorated_list_amount,
    attributed.net_price_amount,
    {{ reporting_rate_id("attributed.currency", "rate") }} as rate_id,
    rate.from_rate,
    rate.to_rate
from attributed
left join {{ ref("int_quote_header") }} as header on attributed.quote_id = header.quote_id
left join {{ ref("int_product_offering_current") }} as offering on attributed.product_offering_id = offering.product_offering_id
left join submitted on attributed.quote_id = submitted.quote_id and attributed.quote_revision = submitted.quote_revision
left join {{ ref("int_quote_line_approval") }} as approval
    on
        attributed.quote_id = approval.quote_id
        and attributed.quote_revision = approval.quote_revision
        and attributed.quote_line_id = approval.quote_line_id
left join {{ ref("int_exchange_rate_filled") }} as rate
    on attributed.currency = rate.currency and cast(attributed.attributed_at as date) = rate.rate_date
