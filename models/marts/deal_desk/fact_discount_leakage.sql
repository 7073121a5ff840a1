-- An approval that stands at acceptance sets the minimum in place of the policy's floor; only what lies below it is leakage.
with accepted as (
    select
        line.*,
        revision.accepted_at,
        approval.approved_floor_amount,
        approval.submission_sequence as approval_submission_sequence,
        approval.approval_request_ids,
        scope.scope_adjustment_amount,
        approval.quote_id is not null as has_valid_approval,
        coalesce(scope.is_in_scope, false) as is_in_scope,
        coalesce(scope.is_undecided and not scope.is_in_scope, false) as is_undecided,
        case when approval.quote_id is not null then approval.approved_floor_amount else line.floor_amount end as minimum_amount,
        coalesce(request.has_gap, false) as request_has_gap,
        coalesce(request.has_stale_event, false) as request_has_stale_event,
        coalesce(request.has_open_conflict, false) as request_has_open_conflict
    from {{ ref("fact_quote_line_price") }} as line
    inner join {{ ref("int_quote_accepted_revision") }} as revision
        on line.quote_id = revision.quote_id and line.quote_revision = revision.quote_revision
    left join {{ ref("int_quote_line_approval") }} as approval
        on
            line.quote_id = approval.quote_id
            and line.quote_revision = approval.quote_revision
            and line.quote_line_id = approval.quote_line_id
    left join {{ ref("int_quote_line_leakage_scope") }} as scope
        on
            line.quote_id = scope.quote_id
            and line.quote_revision = scope.quote_revision
            and line.quote_line_id = scope.quote_line_id
    left join {{ ref("int_quote_revision_approval") }} as request
        on line.quote_id = request.quote_id and line.quote_revision = request.quote_revision
),

assessed as (
    select
        accepted.*,
        case
            when accepted.is_undecided then 'UNKNOWN_POLICY'
            when accepted.is_in_scope and accepted.minimum_amount is null then 'NO_FLOOR'
        end as not_assessable_reason,
        case
            when accepted.is_in_scope and accepted.minimum_amount is not null
                then {{ money("greatest(accepted.minimum_amount - accepted.net_price_amount, 0)") }}
        end as leakage_amount,
        case when accepted.is_in_scope then accepted.prorated_list_amount end as scope_list_amount
    from accepted
)

select
    assessed.quote_id,
    assessed.quote_revision,
    assessed.quote_line_id,
    assessed.charge_type,
    assessed.account_id,
    assessed.product_offering_id,
    assessed.product_family,
    assessed.region,
    assessed.channel,
    assessed.policy_version,
    assessed.accepted_at,
    {{ date_key("assessed.accepted_at") }} as accepted_date_key,
    {{ month_text("assessed.accepted_at") }} as period,
    case
        when assessed.not_assessable_reason is not null then 'NOT_ASSESSABLE'
        when not assessed.is_in_scope then 'OUT_OF_SCOPE'
        when assessed.leakage_amount > 0 then 'LEAKED'
        else 'AUTHORISED'
    end as assessment,
    assessed.not_assessable_reason,
    assessed.is_in_scope,
    assessed.has_valid_approval,
    assessed.approval_submission_sequence,
    assessed.approval_request_ids,
    case
        when assessed.has_valid_approval then 'APPROVED_FLOOR'
        when assessed.floor_amount is not null then 'POLICY_FLOOR'
    end as minimum_basis,
    assessed.currency,
    assessed.prorated_list_amount,
    assessed.net_price_amount,
    assessed.floor_amount as policy_floor_amount,
    assessed.approved_floor_amount,
    assessed.minimum_amount as authorised_minimum_amount,
    assessed.scope_adjustment_amount,
    assessed.scope_list_amount,
    assessed.leakage_amount,
    case when assessed.leakage_amount is not null then {{ money("least(assessed.leakage_amount, -assessed.scope_adjustment_amount)") }} end
        as scope_leakage_amount,
    '{{ var("reporting_currency") }}' as reporting_currency,
    {{ reporting_rate_id("assessed.currency", "rate") }} as reporting_rate_id,
    {{ reporting_rate("assessed.currency", "rate") }} as reporting_rate,
    {{ reporting_amount("assessed.scope_list_amount", "assessed.currency", "rate") }} as reporting_scope_list_amount,
    {{ reporting_amount("assessed.leakage_amount", "assessed.currency", "rate") }} as reporting_leakage_amount,
    assessed.source_event_id,
    assessed.has_gap or assessed.request_has_gap as has_gap,
    assessed.has_stale_event or assessed.request_has_stale_event as has_stale_event,
    assessed.has_open_conflict or assessed.request_has_open_conflict as has_open_conflict
from assessed
left join {{ ref("int_exchange_rate_filled") }} as rate
    on assessed.currency = rate.currency and cast(assessed.accepted_at as date) = rate.rate_date
