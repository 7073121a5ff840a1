-- What can happen to a commitment happens to one of these aggregates: its quote, the approvals of its revision, its orders and its assets.
with subject as (
    select
        acceptance.quote_id,
        acceptance.quote_revision,
        'QUOTE' as change_kind,
        'Quote' as aggregate_type,
        acceptance.quote_id as aggregate_id
    from {{ ref("int_quote_acceptance") }} as acceptance
    union all
    select
        request.quote_id,
        request.quote_revision,
        'APPROVAL' as change_kind,
        'ApprovalRequest' as aggregate_type,
        request.approval_request_id as aggregate_id
    from {{ ref("int_approval_request_state") }} as request
    union all
    select
        placed.quote_id,
        placed.quote_revision,
        'ORDER' as change_kind,
        'Order' as aggregate_type,
        placed.order_id as aggregate_id
    from {{ ref("int_commitment_order") }} as placed
    union all
    select
        placed.quote_id,
        placed.quote_revision,
        'ASSET' as change_kind,
        'Asset' as aggregate_type,
        asset.asset_id as aggregate_id
    from {{ ref("int_commitment_order") }} as placed
    inner join {{ ref("int_asset_state") }} as asset on placed.order_id = asset.order_id
)

select
    subject.quote_id,
    subject.quote_revision,
    subject.change_kind,
    happened.event_type,
    happened.source_system,
    happened.event_id,
    happened.event_time as happened_at,
    subject.aggregate_type,
    subject.aggregate_id
from {{ ref("int_quote_acceptance") }} as acceptance
inner join subject on acceptance.quote_id = subject.quote_id and acceptance.quote_revision = subject.quote_revision
inner join {{ ref("int_event_sequenced") }} as happened
    on subject.aggregate_type = happened.aggregate_type and subject.aggregate_id = happened.aggregate_id
where
    happened.is_applied
    and case subject.change_kind
        when 'QUOTE' then happened.aggregate_version > acceptance.aggregate_version
        when 'APPROVAL' then happened.event_time > acceptance.accepted_at
        -- All of an order and of an asset comes after the acceptance; most of it is the commitment being carried out.
        when 'ORDER' then happened.event_type in ('OrderCancellationRequested', 'OrderCancellationDecided')
        when 'ASSET' then happened.event_type in ('AssetChanged', 'AssetTerminated')
    end
