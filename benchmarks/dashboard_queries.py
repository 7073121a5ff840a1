"""Ten finance dashboard queries, each on the marts and, for the same figures, on the raw facts; not their measurement.

Raw facts are the rows of staging: one relation per event type, one row per accepted event, typed, nothing folded. What
the marts hold ready has to be worked out there by each query: which event of a version applies, which pricing was the
last, which revision was accepted.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Query:
    """One figure, asked of the marts and of the raw facts."""

    name: str
    marts: str
    raw: str


def _applied(relation: str) -> str:
    """The events of a staging relation, of those with one version the one that was recorded first."""
    return (
        f"(select * from staging.{relation} qualify row_number() over (partition by aggregate_id, aggregate_version"
        " order by coalesce(recorded_time, event_time), event_id) = 1)"
    )


def _last(relation: str, *keys: str) -> str:
    """The last applied event per key."""
    return (
        f"(select * from {_applied(relation)} qualify row_number() over (partition by {', '.join(keys)}"
        " order by aggregate_version desc) = 1)"
    )


OFFERING = _last("stg_catalog__product_offering_upserted", "product_offering_id")
ACCEPTED = f"""accepted as (
    select quote_id, quote_revision, event_time as accepted_at
    from {_last("stg_cpq__quote_accepted", "quote_id", "quote_revision")}
    qualify row_number() over (partition by quote_id order by event_time desc, quote_revision desc) = 1
)"""
LINE = f"""line as (
    select
        priced.quote_id, priced.quote_revision, priced.currency, accepted.accepted_at, line.lineId as quote_line_id,
        line.productOfferingId as product_offering_id, line.chargeType as charge_type, line.quantity,
            line.listUnitPrice as list_unit_price,
        coalesce(line.termPeriods, 1) as term_periods, line.proratedListAmount as prorated_list_amount,
            line.netAmount as net_amount,
        line.adjustments
    from {_last("stg_cpq__quote_priced", "quote_id", "quote_revision")} as priced
    inner join accepted on priced.quote_id = accepted.quote_id and priced.quote_revision = accepted.quote_revision
    cross join unnest(priced.lines) as lines (line)
)"""
ADJUSTMENT = """adjustment as (
    select
        line.quote_id, line.quote_line_id, line.currency, line.charge_type, line.accepted_at,
            line.product_offering_id, line.prorated_list_amount,
        coalesce(taxonomy.code, 'UNCLASSIFIED') as discount_type,
        coalesce(taxonomy.is_economic_discount, false) as is_economic_discount, adjustment.amount
    from line
    cross join unnest(line.adjustments) as adjustments (adjustment)
    left join reference.discount_type as taxonomy on adjustment.type = taxonomy.code
)"""
CREATED = _last("stg_cpq__quote_created", "quote_id")
TESTS = f"(select account_id from {_last('stg_crm__account_upserted', 'account_id')} where is_test)"

QUERIES = (
    Query(
        "list, net and invoiced of accepted quotes per month",
        """select period, charge_type, currency, step, sum(amount) as amount from marts.mart_price_waterfall_monthly
        where step in ('PRORATED_LIST', 'NET', 'INVOICED') group by all""",
        f"""with {ACCEPTED}, {LINE},
        item as (
            select submitted.order_id, submitted.quote_id, item.orderItemId as order_item_id,
            item.quoteLineId as quote_line_id
            from {_last("stg_oms__order_submitted", "order_id")} as submitted
            cross join unnest(submitted.items) as items (item)
        ),
        invoiced as (
            select item.quote_id, item.quote_line_id, issued.currency, sum(billed.netAmount) as amount
            from {_last("stg_billing__invoice_issued", "invoice_id")} as issued
            cross join unnest(issued.lines) as lines (billed)
            inner join item on billed.orderId = item.order_id and billed.orderItemId = item.order_item_id
            where item.quote_line_id is not null
            group by all
        )
        select
            strftime(line.accepted_at, '%Y-%m') as period, line.charge_type, line.currency, unnest(['PRORATED_LIST',
            'NET', 'INVOICED']) as step,
            unnest([sum(line.prorated_list_amount), sum(line.net_amount), sum(coalesce(invoiced.amount, 0))]) as amount
        from line
        left join invoiced
            on line.quote_id = invoiced.quote_id and line.quote_line_id = invoiced.quote_line_id
            and line.currency = invoiced.currency
        group by line.charge_type, line.currency, period""",
    ),
    Query(
        "discounts of accepted quotes by type",
        """select period, currency, discount_type, sum(adjustment_amount) as amount,
            sum(adjustment_count) as adjustments
        from marts.mart_discount_monthly where basis = 'ACCEPTED' and is_economic_discount group by all""",
        f"""with {ACCEPTED}, {LINE}, {ADJUSTMENT}
        select strftime(accepted_at, '%Y-%m') as period, currency, discount_type, sum(amount) as amount,
            count(*) as adjustments
        from adjustment where is_economic_discount group by all""",
    ),
    Query(
        "share of the list price discounted per product family",
        """select product_family, currency, charge_type, sum(prorated_list_amount) as list_price,
            sum(discount_amount) as discount,
            cast(100 * sum(discount_amount) / nullif(sum(prorated_list_amount), 0) as decimal(18, 2)) as percent
        from marts.fact_quote_line_price where revision_status = 'ACCEPTED'
        group by product_family, currency, charge_type""",
        f"""with {ACCEPTED}, {LINE}, {ADJUSTMENT},
        discount as (
            select quote_id, quote_line_id, sum(amount) as amount from adjustment where is_economic_discount
            group by quote_id, quote_line_id
        )
        select offering.product_family, line.currency, line.charge_type, sum(line.prorated_list_amount) as list_price,
            sum(coalesce(discount.amount, 0)) as discount,
            cast(100 * sum(coalesce(discount.amount, 0)) / nullif(sum(line.prorated_list_amount), 0) as decimal(18,
            2)) as percent
        from line
        left join discount on line.quote_id = discount.quote_id and line.quote_line_id = discount.quote_line_id
        left join {OFFERING} as offering on line.product_offering_id = offering.product_offering_id
        group by offering.product_family, line.currency, line.charge_type""",
    ),
    Query(
        "invoiced and credited per month",
        """select period, document_type, currency, sum(net_amount) as net, sum(tax_amount) as tax, count(*) as lines
        from marts.fact_invoice_line group by all""",
        f"""select strftime(event_time, '%Y-%m') as period, 'INVOICE' as document_type, currency,
            sum(billed.netAmount) as net,
            sum(billed.taxAmount) as tax, count(*) as lines
        from {_last("stg_billing__invoice_issued", "invoice_id")} cross join unnest(lines) as lines (billed)
        group by period, currency
        union all
        select strftime(event_time, '%Y-%m') as period, 'CREDIT_NOTE' as document_type, currency,
            -sum(credited.netAmount) as net,
            -sum(credited.taxAmount) as tax, count(*) as lines
        from {_last("stg_billing__credit_note_issued", "credit_note_id")}
        cross join unnest(lines) as lines (credited) group by period, currency""",
    ),
    Query(
        "configuration error rate per month (KPI 2)",
        """select month_start_date, numerator, denominator, value from marts.mart_kpi_monthly
        where measure = 'configuration_error_rate' and scope = 'TOTAL' and denominator > 0""",
        f"""with attempt as (
            select validated.event_time, len(list_filter(validated.errors,
            lambda e: e.severity = 'ERROR')) > 0 as has_error
            from {_applied("stg_cpq__quote_configuration_validated")} as validated
            left join {CREATED} as created on validated.quote_id = created.quote_id
            where validated.validation_trigger = 'USER' and coalesce(created.account_id not in {TESTS}, true)
        )
        select cast(date_trunc('month', event_time) as date) as month_start_date,
            cast(count_if(has_error) as decimal(18, 4)) as numerator,
            cast(count(*) as decimal(18, 4)) as denominator,
            cast((2000000 * count_if(has_error) + count(*)) // (2 * count(*)) as decimal(14,
            0)) * 0.000001::decimal(6, 6) as value
        from attempt group by month_start_date""",
    ),
    Query(
        "approver groups and their decisions",
        """select approver_group, count(*) as steps, count(decision) as decided,
            count_if(decision is not null and decided_at > sla_due_at) as late
        from marts.fact_approval_step group by all""",
        f"""with decided as (select * from {_last("stg_cpq__approval_decided", "approval_request_id")}),
        moved as (
            select aggregate_id, approver_group, aggregate_version from {_applied("stg_cpq__approval_requested")}
            union all
            select aggregate_id, approver_group, aggregate_version from {_applied("stg_cpq__approval_reassigned")}
        ),
        held as (select aggregate_id, max_by(approver_group,
            aggregate_version) as approver_group from moved group by all)
        select held.approver_group, count(*) as steps, count(decided.decision) as decided,
            count_if(decided.decision is not null and decided.event_time > requested.sla_due_at) as late
        from held
        left join {_last("stg_cpq__approval_requested", "approval_request_id")} as requested
        on held.aggregate_id = requested.approval_request_id
        left join decided on held.aggregate_id = decided.approval_request_id
        group by all""",
    ),
    Query(
        "ordered net per month, region and product family",
        """select strftime(submitted_at, '%Y-%m') as period, region, product_family, currency, charge_type,
            sum(net_amount) as net, count(*) as lines
        from marts.fact_order_line group by all""",
        f"""select strftime(submitted.event_time, '%Y-%m') as period, submitted.region, offering.product_family,
            submitted.currency,
            item.chargeType as charge_type, sum(item.netAmount) as net, count(*) as lines
        from {_last("stg_oms__order_submitted", "order_id")} as submitted
        cross join unnest(submitted.items) as items (item)
        left join {OFFERING} as offering on item.productOfferingId = offering.product_offering_id
        group by all""",
    ),
    Query(
        "tasks in fallout by system and reason",
        """select downstream_system, fallout_reason_code, count(*) as tasks from marts.fact_order_fulfillment_task
        where fallout_count > 0 group by all""",
        f"""with opened as (
            select task_id, fallout_case_id, event_time, aggregate_version
            from {_applied("stg_oms__fallout_opened")} where task_id is not null
        ),
        reason as (
            select fallout_case_id, reason_code, aggregate_version from {_applied("stg_oms__fallout_opened")}
            union all
            select fallout_case_id, reason_code, aggregate_version from {_applied("stg_oms__fallout_reopened")}
        ),
        last_reason as (select fallout_case_id, max_by(reason_code,
            aggregate_version) as reason_code from reason group by all),
        fallen as (
            select opened.task_id, last_reason.reason_code
            from opened inner join last_reason using (fallout_case_id)
            qualify row_number() over (
                partition by opened.task_id
                order by opened.event_time desc, opened.fallout_case_id desc, opened.aggregate_version
            ) = 1
        )
        select task.downstream_system, fallen.reason_code as fallout_reason_code, count(*) as tasks
        from {_last("stg_oms__task_created", "task_id")} as task inner join fallen
        on task.task_id = fallen.task_id group by all""",
    ),
    Query(
        "segments of accounts when their quotes were made",
        """select version.segment, count(distinct quote.quote_id) as quotes
        from marts.fact_quote_lifecycle as quote
        inner join marts.dim_account_version as version
            on quote.account_id = version.account_id and quote.created_at >= version.valid_from
            and (quote.created_at < version.valid_to or version.valid_to is null)
        group by all""",
        f"""with version as (
            select account_id, segment, event_time as valid_from, min(event_time) over (
                partition by account_id order by aggregate_version rows between 1 following and unbounded following
            ) as valid_to
            from {_applied("stg_crm__account_upserted")}
        ),
        revision as (
            select quote_id, event_time as created_at from {_applied("stg_cpq__quote_created")}
            union all
            select quote_id, event_time as created_at from {_applied("stg_cpq__quote_revised")}
        )
        select version.segment, count(distinct revision.quote_id) as quotes
        from revision
        inner join {CREATED} as created on revision.quote_id = created.quote_id
        inner join version
            on created.account_id = version.account_id and revision.created_at >= version.valid_from
            and (revision.created_at < version.valid_to or version.valid_to is null)
        group by all""",
    ),
    Query(
        "the twenty accounts with the largest discounts",
        """select account_id, currency, sum(discount_amount) as discount, count(distinct quote_id) as quotes
        from marts.fact_quote_line_price
        where revision_status = 'ACCEPTED' and currency = 'USD' and charge_type = 'RECURRING'
        group by account_id, currency order by discount, account_id limit 20""",
        f"""with {ACCEPTED}, {LINE}, {ADJUSTMENT},
        discount as (select quote_id, sum(amount) as discount from adjustment
            where is_economic_discount and currency = 'USD' and charge_type = 'RECURRING' group by all),
        quoted as (select distinct quote_id, currency from line where currency = 'USD' and charge_type = 'RECURRING')
        select created.account_id, quoted.currency, sum(coalesce(discount.discount, 0)) as discount, count(*) as quotes
        from quoted inner join {CREATED} as created on quoted.quote_id = created.quote_id
        left join discount on quoted.quote_id = discount.quote_id
        group by created.account_id, quoted.currency order by discount, created.account_id limit 20""",
    ),
)
