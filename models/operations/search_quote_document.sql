-- One document per quote, in its latest revision, with everything that people search quotes by; nested as a search engine takes it.
with latest as (
    select revision.*
    from {{ ref("fact_quote_lifecycle") }} as revision
    where revision.is_latest_revision
),

line as (
    select quote_line.*
    from {{ ref("int_quote_line") }} as quote_line
    inner join latest on quote_line.quote_id = latest.quote_id and quote_line.quote_revision = latest.quote_revision
),

price as (
    select
        line.quote_id,
        min(line.currency) as currency,
        min(line.catalog_version) as catalog_version,
        min(line.price_book_version) as price_book_version,
        min(line.policy_version) as policy_version,
        sum(line.net_price_amount) as net_price_amount,
        case when count(*) = count(line.cost_amount) then sum(line.cost_amount) end as cost_amount
    from line
    group by line.quote_id
),

submission as (
    select
        held.quote_id,
        held.quote_revision,
        held.decision,
        held.policy_version,
        max(step.max_discount_percent) as max_discount_percent
    from {{ ref("int_quote_last_submission") }} as held
    left join {{ ref("fact_approval_step") }} as step
        on
            held.quote_id = step.quote_id
            and held.quote_revision = step.quote_revision
            and held.submission_sequence = step.submission_sequence
    group by held.quote_id, held.quote_revision, held.decision, held.policy_version
)

select
    'quote' as document_type,
    latest.quote_id,
    latest.quote_number,
    latest.quote_revision,
    latest.revision_status as status,
    latest.is_open,
    submission.decision as approval_status,
    coalesce(latest.sales_rep_id, 'unassigned') as owner,
    latest.sales_team,
    latest.opportunity_id,
    latest.region,
    latest.channel,
    latest.quote_kind,
    latest.partner_id,
    header.external_reference,
    header.tags,
    {{ struct_of({
        "account_id": "latest.account_id", "name": "account.account_name", "legal_name": "account.legal_name",
        "segment": "account.segment", "owner_id": "account.owner_id",
    }) }} as customer,
    {{ struct_of({
        "currency": "price.currency", "total_contract_value": money("price.net_price_amount"),
        "max_discount_percent": "submission.max_discount_percent",
        "margin_percent": money("100 * " ~ exact_ratio("price.net_price_amount - price.cost_amount", "price.net_price_amount")),
    }) }} as commercial,
    product_list.products,
    {{ struct_of({
        "created_at": "latest.quote_created_at", "priced_at": "latest.last_priced_at", "submitted_at": "latest.last_submitted_at",
        "approved_at": "latest.approved_at", "sent_at": "latest.sent_at", "accepted_at": "latest.accepted_at",
        "expires_at": "term.expires_at",
    }) }} as dates,
    {{ struct_of({
        "catalog_version": "price.catalog_version", "price_book_version": "price.price_book_version",
        "approval_policy_version": "coalesce(submission.policy_version, price.policy_version)",
    }) }} as trace,
    account.account_id is null or coalesce(product_list.pending_product_count, 0) > 0 as is_pending_enrichment,
    latest.has_gap,
    latest.has_open_conflict,
    {{ projection_columns() }}
from latest
inner join {{ ref("int_event_projected") }} as source_event on latest.arrival_seq = source_event.arrival_seq
left join {{ ref("int_quote_header") }} as header on latest.quote_id = header.quote_id
left join {{ ref("int_quote_revision_term") }} as term
    on latest.quote_id = term.quote_id and latest.quote_revision = term.quote_revision
left join price on latest.quote_id = price.quote_id
left join {{ product_lists("line", "quote_id", ref("int_product_offering_current")) }} as product_list
    on latest.quote_id = product_list.quote_id
left join submission on latest.quote_id = submission.quote_id and latest.quote_revision = submission.quote_revision
left join {{ ref("int_account_current") }} as account on latest.account_id = account.account_id
