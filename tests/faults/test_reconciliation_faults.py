"""Each thing that reconciliation guards, broken once: exactly that check fails, at that partition."""

import gzip
import json
import shutil
from itertools import count
from pathlib import Path
from typing import Any

import duckdb
import pytest
from support.northwind import ABSENT, NORTHWIND, build_home, copy_warehouse, write_events

from orchestration.home import Home
from orchestration.reconciliation import reconcile
from orchestration.reconciliation.results import ReconcileResult

pytestmark = pytest.mark.skipif(ABSENT, reason="the Northwind order book is not here")
MONTHS = [f"{month // 12}-{month % 12 + 1:02d}" for month in range(1996 * 12 + 6, 1998 * 12 + 5)]
Place = tuple[str, str]


@pytest.fixture(scope="module")
def northwind(tmp_path_factory: pytest.TempPathFactory) -> Home:
    return build_home(tmp_path_factory.mktemp("northwind") / "home", sorted(NORTHWIND.glob("*.ndjson.gz")))


def places(result: ReconcileResult, verdict: str, severity: str = "critical") -> set[Place]:
    return {
        (check.key, check.partition)
        for check in result.checks
        if (check.verdict, check.severity) == (verdict, severity)
    }


def test_northwind_ties_out(northwind: Home) -> None:
    result = reconcile(northwind)
    assert result.passed
    assert places(result, "failed") == places(result, "failed", "warning") == set()
    assert places(result, "unproven", "warning") == {("control_source", "catalog"), ("control_source", "crm")}
    totals = {check.partition: check for check in result.checks if check.key == "control_total"}
    expected = json.loads((NORTHWIND / "expected.json").read_text())["control_totals"]
    assert expected
    for name, published in expected.items():
        system, month, measure = name.split("/")
        found = totals.get(f"{system}/{measure}/{month}/USD") or totals[f"{system}/{measure}/{month}"]
        assert f"count={published['count']}" in found.left.split()
        assert found.left == found.right
        if "amount=" in found.left:
            assert f"amount={published['amount']}" in found.left.split()
    for key in ("quote_line", "quote_adjustment", "order_line", "invoice_line", "fulfillment_task", "price_identity"):
        assert {
            month for month in MONTHS for check in result.checks if check.key == key and month in check.partition
        } == {*MONTHS}


def one_of(mart: str, key: str, date_key: str, month: int) -> str:
    """A condition that holds for the lines of one quote, order or invoice of a month."""
    within = f"{date_key} between {month}01 and {month}31"
    return f"{within} and {key} = (select min({key}) from marts.{mart} where {within})"


MART_BREAKS: dict[str, tuple[str, set[Place]]] = {
    "an amount changed by the last place": (
        "update marts.fact_quote_line_price set net_price_amount = net_price_amount + 0.0001"
        " where quote_id = 'NW-Q-10248' and quote_line_id = '10248-11'",
        {("quote_line", "quote/1996-07/USD")},
    ),
    "lines moved to another month": (
        "update marts.fact_quote_line_price set priced_date_key = 19961001 where "
        + one_of("fact_quote_line_price", "quote_id", "priced_date_key", 199609),
        {("quote_line", "quote/1996-09/USD"), ("quote_line", "quote/1996-10/USD")},
    ),
    "lines twice": (
        "insert into marts.fact_quote_line_price select * from marts.fact_quote_line_price where "
        + one_of("fact_quote_line_price", "quote_id", "priced_date_key", 199612),
        {("quote_line", "quote/1996-12/USD")},
    ),
    "an adjustment of another type": (
        "update marts.fact_quote_line_adjustment set adjustment_type = 'PROMOTION'"
        " where quote_id = 'NW-Q-10248' and quote_line_id = '10248-11'",
        {("quote_adjustment", "quote/1996-07/USD")},
    ),
    "two amounts swapped": (
        "update marts.fact_order_line set net_amount = case order_item_id when 'NW-O-10248-11' then 98 else 168 end"
        " where order_item_id in ('NW-O-10248-11', 'NW-O-10248-42')",
        {("order_line", "order/1996-07/USD")},
    ),
    "lines in another currency": (
        "update marts.fact_invoice_line set currency = 'EUR' where "
        + one_of("fact_invoice_line", "invoice_id", "invoice_date_key", 199607),
        {("invoice_line", "billing/1996-07/USD"), ("invoice_line", "billing/1996-07/EUR")},
    ),
    "lines deleted": (
        "delete from marts.fact_invoice_line where "
        + one_of("fact_invoice_line", "invoice_id", "invoice_date_key", 199609),
        {("invoice_line", "billing/1996-09/USD")},
    ),
    "a task with another outcome": (
        "update marts.fact_order_fulfillment_task set outcome = 'open' where task_id = 'NW-T-10248'",
        {("fulfillment_task", "fulfillment/1996-07")},
    ),
    "an account that is missing": (
        "delete from marts.dim_account where account_id = 'NW-A-VINET'",
        {("aggregate", "aggregate/Account/1996-07")},
    ),
    "an offering under another id": (
        "update marts.dim_product_offering set product_offering_id = 'NW-P-OTHER' where product_offering_id = 'NW-P-1'",
        {("aggregate", "aggregate/ProductOffering/1996-07"), ("aggregate", "aggregate/ProductOffering/none")},
    ),
    "a version of an account that is missing": (
        "delete from marts.dim_account_version where account_id = 'NW-A-ALFKI'",
        {("reference_version", "version/AccountUpserted/1997-08")},
    ),
    "a price book entry of another event": (
        "update marts.dim_price_book_entry set source_event_id = 'x' where price_book_entry_id = 'nw-list:NW-P-2'",
        {
            ("reference_version", "version/PriceBookEntryUpserted/1996-07"),
            ("reference_version", "version/PriceBookEntryUpserted/none"),
        },
    ),
    "an event that the states do not know": (
        "delete from intermediate.int_event_sequenced where event_id = 'nw-cpq-000001'",
        {("event", "event/QuoteCreated/1996-07")},
    ),
    "an event that the states take for stale": (
        "update intermediate.int_event_sequenced set is_applied = false where event_id = 'nw-oms-000001'",
        {("event", "event/OrderSubmitted/1996-07")},
    ),
}
LOSSES: dict[str, tuple[str, set[Place]]] = {
    "an empty mart": ("delete from marts.fact_order_line", {("order_line", f"order/{month}/USD") for month in MONTHS}),
    "a canary made right": (
        "create or replace view reconciliation.recon_canary as select * replace (left_amount as right_amount)"
        " from (select 'canary' as check_key, 'c' as partition, 'canary' as kind, 'critical' as severity,"
        " 0 as left_count, 1 as right_count, 1 as left_amount, 1 as right_amount,"
        " 0 as left_checksum, 1 as right_checksum)",
        {("canary", "c")},
    ),
    "a check that lost its rows": (
        "create or replace view reconciliation.recon_control_source as"
        " select * from (select 'control_source' as check_key, '' as partition, 'source' as kind,"
        " 'warning' as severity, 0 as left_count, 0 as right_count) where false",
        {("control_source", source) for source in ("billing", "catalog", "cpq", "crm", "oms")},
    ),
    "a relation that is gone": ("drop view reconciliation.recon_gap", {("gap", "none")}),
}


@pytest.mark.parametrize("breaks", [MART_BREAKS, LOSSES], ids=["changes", "losses"])
def test_a_changed_warehouse(northwind: Home, tmp_path: Path, breaks: dict[str, tuple[str, set[Place]]]) -> None:
    """Every break at a place of its own, so that each check is seen to fail where it should and nowhere else."""
    home = copy_warehouse(northwind, tmp_path / "home")
    with duckdb.connect(str(home.warehouse)) as connection:
        for statement, _ in breaks.values():
            connection.execute(statement)
    result = reconcile(home)
    failed = places(result, "failed")
    assert {name for name, (_, expected) in breaks.items() if not expected <= failed} == set()
    assert failed == {place for _, expected in breaks.values() for place in expected}
    assert not result.passed


def test_staging_that_lost_an_event(northwind: Home, tmp_path: Path) -> None:
    home = copy_warehouse(northwind, tmp_path / "home")
    with duckdb.connect(str(home.warehouse)) as connection:
        connection.execute("delete from staging.stg_cpq__quote_priced where quote_id = 'NW-Q-10248'")
    failed = places(reconcile(home), "failed")
    assert {place for place in failed if place[0] == "staged_event"} == {("staged_event", "staged/QuotePriced/1996-07")}
    assert ("quote_line", "quote/1996-07/USD") in failed


STAGED_AMOUNTS = {
    "landed/QuotePriced/USD": "update staging.stg_cpq__quote_priced set lines = [struct_update(line, netAmount :="
    " cast(line.netAmount + 0.0001 as decimal(18, 4))) for line in lines if true] where quote_id = 'NW-Q-10248'",
    "landed/InvoiceIssued/USD": "update staging.stg_billing__invoice_issued set total_net_amount = total_net_amount"
    " + 0.0001 where invoice_id = (select min(invoice_id) from staging.stg_billing__invoice_issued)",
    "landed/OrderSubmitted/EUR": "update staging.stg_oms__order_submitted set currency = 'EUR'"
    " where order_id = 'NW-O-10248'",
}


def test_staging_that_reads_another_amount_than_landed(northwind: Home, tmp_path: Path) -> None:
    home = copy_warehouse(northwind, tmp_path / "home")
    with duckdb.connect(str(home.warehouse)) as connection:
        for statement in STAGED_AMOUNTS.values():
            assert connection.execute(statement).fetchone() == (1,)
    failed = places(reconcile(home), "failed")
    assert {partition for key, partition in failed if key == "landed_amount"} == {
        *STAGED_AMOUNTS,
        "landed/OrderSubmitted/USD",
    }


numbers = count(1)


def event(
    source: str, event_type: str, aggregate: str, version: int, time: str, payload: dict[str, Any], **other: Any
) -> dict[str, Any]:
    aggregate_type, aggregate_id = aggregate.split(":", 1)
    return {
        "eventId": f"fault-{next(numbers)}",
        "source": source,
        "eventType": event_type,
        "eventTime": f"{time}T12:00:00Z",
        "aggregateType": aggregate_type,
        "aggregateId": aggregate_id,
        "aggregateVersion": version,
        "payload": payload,
    } | other


def control(source: str, start: str, end: str, totals: list[dict[str, Any]], version: int = 1) -> dict[str, Any]:
    payload = {"system": source, "periodStart": start, "periodEnd": end, "totals": totals}
    name = f"ControlTotal:{source}:{start[:7]}" if end.endswith("-01") else f"ControlTotal:{source}:{start}"
    return event(source, "ControlTotalsPublished", name, version, end, payload)


def bill(kind: str, name: str, time: str, currency: str, lines: list[str], net: str, tax: str = "0") -> dict[str, Any]:
    payload: dict[str, Any] = {
        "accountId": "NW-A-VINET",
        "currency": currency,
        "lines": [
            {
                "invoiceLineId": f"{name}-{number}",
                "chargeType": "ONE_TIME",
                "quantity": "1",
                "netAmount": amount,
                "taxAmount": "0",
            }
            for number, amount in enumerate(lines)
        ],
        "totalNetAmount": net,
        "totalTaxAmount": tax,
    }
    if kind == "CreditNote":
        payload |= {"creditNoteNumber": name, "reasonCode": "ERROR"}
    else:
        payload |= {"invoiceNumber": name, "billingAccountId": f"B-{currency}", "periodStart": time, "periodEnd": time}
    return event("erp", f"{kind}Issued", f"{kind}:{name}", 1, time, payload)


def quote(name: str, time: str, adjustment: str) -> list[dict[str, Any]]:
    created = {
        "quoteNumber": name,
        "quoteRevision": 1,
        "accountId": "NW-A-VINET",
        "currency": "EUR",
        "channel": "DIRECT",
        "region": "EMEA",
        "salesRepId": "R",
    }
    line = {
        "lineId": "1",
        "productOfferingId": "NW-P-1",
        "chargeType": "ONE_TIME",
        "quantity": "1",
        "listUnitPrice": "100.0000",
        "proratedListAmount": "100.0000",
        "adjustments": [{"sequence": 1, "type": "PROMOTION", "amount": adjustment}],
        "netAmount": "90.0000",
    }
    priced = {
        "quoteRevision": 1,
        "trigger": "USER",
        "currency": "EUR",
        "catalogVersion": "c",
        "priceBookVersion": "PB-EUR",
        "lines": [line],
    }
    return [
        event("cpq", "QuoteCreated", f"Quote:{name}", 1, time, created),
        event("cpq", "QuotePriced", f"Quote:{name}", 2, time, priced),
    ]


def other_content_of(event_id: str) -> dict[str, Any]:
    with gzip.open(NORTHWIND / "cpq.ndjson.gz", "rt") as lines:
        found: dict[str, Any] = next(found for found in map(json.loads, lines) if found["eventId"] == event_id)
    found["payload"]["trigger"] = "SYSTEM"
    return found


USD, EUR = {"measure": "invoices_issued", "currency": "USD"}, {"measure": "invoices_issued", "currency": "EUR"}
TASK = {"orderId": "O", "orderItemId": "I", "taskType": "SHIP", "downstreamSystem": "S", "ownerTeam": "T"}
PRICE = {"productOfferingId": "NW-P-1", "chargeType": "ONE_TIME", "listUnitPrice": "100", "validFrom": "1999-01-01"}


def reference_data() -> list[dict[str, Any]]:
    """Billing accounts and the price that the faults name: no fault of theirs."""
    accounts = [
        event(
            "erp",
            "BillingAccountUpserted",
            f"BillingAccount:B-{currency}",
            1,
            "1999-01-01",
            {"accountId": "NW-A-VINET", "currency": currency, "status": "ACTIVE"},
        )
        for currency in ("EUR", "USD")
    ]
    price = PRICE | {"priceBookVersion": "PB-EUR", "currency": "EUR"}
    return [*accounts, event("erp", "PriceBookEntryUpserted", "PriceBookEntry:PB-EUR:NW-P-1", 1, "1999-01-01", price)]


LAKE_FAULTS: list[tuple[str, list[dict[str, Any] | str], set[Place]]] = [
    ("reference data for the faults below", reference_data(), set()),
    (
        "a control total that is wrong in the last place",
        [
            control(
                "cpq",
                "1996-07-01",
                "1996-08-01",
                [
                    {"measure": "quotes_created", "count": 22},
                    {"measure": "quotes_accepted", "currency": "USD", "count": 22, "amount": "27861.8951"},
                ],
                version=2,
            )
        ],
        {("control_total", "cpq/quotes_accepted/1996-07/USD")},
    ),
    (
        "a measure that the source left out of a later publication",
        [
            control(
                "oms", "1996-08-01", "1996-09-01", [{"measure": "fulfillment_tasks_completed", "count": 23}], version=2
            )
        ],
        set(),
    ),
    (
        "a currency that the source does not name",
        [
            bill("Invoice", "E1", "1999-01-05", "EUR", ["10"], "10"),
            bill("Invoice", "E2", "1999-01-05", "USD", ["10"], "10"),
            control("erp", "1999-01-01", "1999-02-01", [USD | {"count": 1, "amount": "10"}]),
        ],
        {("control_total", "erp/invoices_issued/1999-01/EUR")},
    ),
    (
        "a control total of what never landed",
        [control("erp", "1999-02-01", "1999-03-01", [USD | {"count": 1, "amount": "5"}])],
        {("control_total", "erp/invoices_issued/1999-02/USD")},
    ),
    (
        "a source that falls silent on a measure",
        [
            bill("Invoice", "E3", "1999-03-05", "USD", ["10"], "10"),
            control("erp", "1999-03-01", "1999-04-01", [{"measure": "assets_created", "count": 0}]),
        ],
        {("control_total", "erp/invoices_issued/1999-03/USD")},
    ),
    (
        "a window that is no month, and ties out but for its end",
        [
            bill("Invoice", "E4", "1999-04-14", "USD", ["10"], "10"),
            bill("Invoice", "E5", "1999-04-15", "USD", ["10"], "10"),
            control("erp", "1999-04-10", "1999-04-15", [USD | {"count": 1, "amount": "10"}]),
            control("erp", "1999-04-15", "1999-04-20", [USD | {"count": 1, "amount": "11"}]),
        ],
        {("control_total", "erp/invoices_issued/1999-04-15..1999-04-20/USD")},
    ),
    (
        "an amount that the source does not give, a count that it gives wrongly",
        [
            bill("Invoice", "E6", "1999-06-14", "EUR", ["10"], "10"),
            control("erp", "1999-06-01", "1999-07-01", [EUR | {"count": 2}]),
        ],
        {("control_total", "erp/invoices_issued/1999-06/EUR")},
    ),
    (
        "a lost event",
        [event("cpq", "QuoteSent", "Quote:NW-Q-10250", 6, "1999-01-05", {"quoteRevision": 1})],
        {("gap", "Quote/1999-01")},
    ),
    ("a conflict", [other_content_of("nw-cpq-000002")] if not ABSENT else [], {("conflict", "cpq/QuotePriced")}),
    ("a price that does not add up", quote("X1", "1999-01-05", "-10.0001"), {("price_identity", "quote/1999-01/EUR")}),
    (
        "prices whose errors cancel out",
        quote("X2", "1999-02-05", "-10.0001") + quote("X3", "1999-02-05", "-9.9999"),
        {("price_identity", "quote/1999-02/EUR")},
    ),
    (
        "a header that is not its lines",
        [bill("Invoice", "E7", "1999-05-05", "USD", ["10", "0.0001"], "10")],
        {("invoice_header", "invoice/1999-05/USD")},
    ),
    (
        "headers whose errors cancel out, in tax",
        [
            bill("CreditNote", "C1", "1999-05-05", "USD", ["10"], "10", tax="1"),
            bill("CreditNote", "C2", "1999-05-05", "USD", ["10"], "10", tax="-1"),
        ],
        {("credit_note_header", "credit_note/1999-05/USD")},
    ),
    (
        "a stale event, a line that is no event",
        [event("cpq", "QuoteSent", "Quote:NW-Q-10249", 4, "1999-01-05", {"quoteRevision": 1}), "no event"],
        set(),
    ),
    (
        "a task created twice, months apart",
        [event("erp", "TaskCreated", "FulfillmentTask:T1", version, f"1999-0{version}-05", TASK) for version in (1, 2)],
        set(),
    ),
    (
        "months and aggregates with nothing but stale events",
        [
            event("erp", "AccountUpserted", "Account:A1", 1, day, {"name": "A", "segment": "SMB", "region": "EMEA"})
            for day in ("1999-07-05", "1999-08-05")
        ]
        + [
            bill("Invoice", "E8", "1999-07-05", "USD", ["10"], "10"),
            bill("Invoice", "E8", "1999-08-05", "USD", ["20"], "20"),
        ],
        set(),
    ),
]


@pytest.fixture(scope="module")
def faulty(northwind: Home, tmp_path_factory: pytest.TempPathFactory) -> ReconcileResult:
    """Every fault of the lake at once, each at a place of its own: landed on top of Northwind, built incrementally."""
    root = tmp_path_factory.mktemp("faulty")
    shutil.copytree(northwind.root, root / "home")
    events = [found for _, content, _ in LAKE_FAULTS for found in content]
    return reconcile(build_home(root / "home", [write_events(root / "faults.ndjson", events)]))


@pytest.mark.parametrize(("name", "expected"), [(name, expected) for name, _, expected in LAKE_FAULTS if expected])
def test_a_fault_in_the_lake(faulty: ReconcileResult, name: str, expected: set[Place]) -> None:
    assert expected <= places(faulty, "failed")


def test_nothing_but_the_faults_fails(faulty: ReconcileResult) -> None:
    every = {place for _, _, expected in LAKE_FAULTS for place in expected}
    assert places(faulty, "failed") == every
    assert places(faulty, "failed", "warning") == {
        ("stale_event", "Quote/1999-01"),
        ("stale_event", "Account/1999-08"),
        ("stale_event", "Invoice/1999-08"),
        ("quarantine", "unknown"),
        ("dead_letter", "dead_letter"),
        ("dead_letter", "dead_letter/not_json"),
        ("dead_letter", "dead_letter/other_content"),
        ("pending_enrichment", "pending_enrichment/customer_timeline"),
    }
    assert not faulty.passed


def test_what_no_publication_covers_is_unproven(faulty: ReconcileResult) -> None:
    assert places(faulty, "unproven", "warning") == {
        *(("control_source", source) for source in ("catalog", "cpq", "crm", "erp")),
        ("control_total", "cpq/quotes_created/1999-01/EUR"),
        ("control_total", "cpq/quotes_created/1999-02/EUR"),
        ("control_total", "erp/invoices_issued/1999-05/USD"),
        ("control_total", "erp/invoices_issued/1999-07/USD"),
        ("control_total", "erp/invoices_issued/1999-08/USD"),
        ("control_total", "erp/credit_notes_issued/1999-05/USD"),
        *(
            ("order_billing", f"billing/1999-{place}/without_order")
            for place in ("01/EUR", "01/USD", "03/USD", "04/USD", "05/USD", "06/EUR", "07/USD")
        ),
    }


def test_what_is_wrong_is_told(faulty: ReconcileResult) -> None:
    told = {(check.key, check.partition): check for check in faulty.checks}
    wrong = told["control_total", "cpq/quotes_accepted/1996-07/USD"]
    assert (wrong.left, wrong.right) == ("count=22 amount=27861.8950", "count=22 amount=27861.8951")
    assert wrong.message == "amount differs by -0.0001"
    assert told["control_total", "erp/invoices_issued/1999-01/EUR"].right == "count=0 amount=0.0000"
    assert told["control_total", "erp/invoices_issued/1999-06/EUR"].left == "count=1"
    assert told["control_total", "erp/invoices_issued/1999-04-10..1999-04-15/USD"].verdict == "passed"
    assert "NW-Q-10250 before version 6" in told["gap", "Quote/1999-01"].message
    assert "nw-cpq-000002 in faults.ndjson line" in told["conflict", "cpq/QuotePriced"].message
    assert "X1 revision 1 line 1" in told["price_identity", "quote/1999-01/EUR"].message
    assert told["price_identity", "quote/1999-02/EUR"].message.startswith("count differs by 2; for example")
    assert "E7" in told["invoice_header", "invoice/1999-05/USD"].message
    assert "no event" not in told["quarantine", "unknown"].message
    assert "faults.ndjson line" in told["quarantine", "unknown"].message
