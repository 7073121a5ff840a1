-- Documents against what their currency follows from: a pricing and its quote, an activation or an asset and its order, an invoice and its
-- billing account. By month of the document; one whose counterpart never landed is not compared here.
with billing_account as (
    select
        account.billing_account_id,
        max_by(account.currency, account.aggregate_version) as currency
    from {{ ref("stg_billing__billing_account_upserted") }} as account
    group by account.billing_account_id
),

document as (
    select
        'quote' as part,
        priced.quote_id as document_id,
        priced.event_time as dated_at,
        priced.currency,
        header.currency as other_currency
    from {{ ref("stg_cpq__quote_priced") }} as priced
    left join {{ ref("int_quote_header") }} as header on priced.quote_id = header.quote_id
    union all
    select
        'invoice' as part,
        issued.invoice_id as document_id,
        issued.event_time as dated_at,
        issued.currency,
        billing_account.currency as other_currency
    from {{ ref("stg_billing__invoice_issued") }} as issued
    left join billing_account on issued.billing_account_id = billing_account.billing_account_id
    union all
    select
        'subscription' as part,
        subscription.subscription_id as document_id,
        subscription.activated_at as dated_at,
        subscription.currency,
        order_state.currency as other_currency
    from {{ ref("int_subscription_state") }} as subscription
    left join {{ ref("int_order_state") }} as order_state on subscription.order_id = order_state.order_id
    where subscription.subscription_state = 'active'
    union all
    select
        'asset' as part,
        created.asset_id as document_id,
        created.event_time as dated_at,
        created.currency,
        order_state.currency as other_currency
    from {{ ref("stg_inventory__asset_created") }} as created
    left join {{ ref("int_order_state") }} as order_state on created.order_id = order_state.order_id
),

compared as (
    select
        document.*,
        document.other_currency is not null as is_compared,
        coalesce(document.currency <> document.other_currency, false) as is_different
    from document
)

select
    'currency' as check_key,
    concat_ws('', compared.part, '/', {{ month_text("compared.dated_at") }}) as partition,
    'source' as kind,
    'critical' as severity,
    count(*) filter (where compared.is_compared) as left_count,
    count(*) filter (where compared.is_compared and not compared.is_different) as right_count,
    min(
        case
            when compared.is_different
                then concat_ws('', compared.document_id, ' in ', compared.currency, ', not in ', compared.other_currency)
        end
    ) as example
from compared
group by compared.part, {{ month_text("compared.dated_at") }}
