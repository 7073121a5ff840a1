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

product as (
    select distinct
        line.quote_id,
        line.product_offering_id,
        offering.product_offering_name,
        offering.product_family
    from line
    left join {{ ref("int_product_offering_current") }} as offering on line.product_offering_id = offering.product_offering_id
),

product_list as (
    select
        product.quote_id,
        {{ list_of_structs({
            "product_offering_id": "product.product_offering_id", "name": "product.product_offering_name",
            "family": "product.product_family",
        }) }} as products,
        count(case when product.product_offering_name is null then 1 end) as pending_product_count
    from product
    group by product.quote_id
),

last_submission as (
    select
        submission.quote_id,
        submission.quote_revision,
        submission.submission_sequence,
        submission.decision,
        submission.policy_version,
        row_number() over (
            partition by submission.quote_id, submission.quote_revision order by submission.submission_sequence desc
        ) as recency
    from {{ ref("fact_approval_submission") }} as submission
),

requested as (
    select
        step.quote_id,
        step.quote_revision,
        step.submission_sequence,
        max(step.max_discount_percent) as max_discount_percent
    from {{ ref("fact_approval_step") }} as step
    group by step.quote_id, step.quote_revision, step.submission_sequence
)

select
    'quote' as document_type,
    latest.quote_id,
    latest.quote_number,
    latest.quote_revision,
    latest.revision_status as status,
    latest.is_open,
    last_submission.decision as approval_status,
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
        "max_discount_percent": "requested.max_discount_percent",
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
        "approval_policy_version": "coalesce(last_submission.policy_version, price.policy_version)",
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
left join product_list on latest.quote_id = product_list.quote_id
left join last_submission
    on
        latest.quote_id = last_submission.quote_id
        and latest.quote_revision = last_submission.quote_revision
        and last_submission.recency = 1
left join requested
    on
        last_submission.quote_id = requested.quote_id
        and last_submission.quote_revision = requested.quote_revision
        and last_submission.submission_sequence = requested.submission_sequence
left join {{ ref("int_account_current") }} as account on latest.account_id = account.account_id
