"""Northwind's 23 months closed one after another: every frozen total is the one that the order book says."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
from support.northwind import ABSENT, NORTHWIND, build_home

from orchestration.closing import evidence
from orchestration.closing.close import close
from orchestration.publishing.publish import publish
from orchestration.reconciliation import reconcile

pytestmark = [pytest.mark.proof, pytest.mark.skipif(ABSENT, reason="the Northwind order book is not here")]
MONTHS = 23
# The control total of a source, the table that a close freezes of it, its document and its amount.
FROZEN = {
    "cpq/quotes_accepted": ("fact_discount_leakage", "quote_id", "net_price_amount"),
    "oms/orders_submitted": ("fact_order_line", "order_id", "net_amount"),
    "billing/invoices_issued": ("fact_invoice_line", "document_id", "net_amount"),
}
LINE_TYPES = {
    "cpq/quotes_accepted": "accepted_quote_line",
    "oms/orders_submitted": "order_line",
    "billing/invoices_issued": "invoice_line",
}


def differing(package: Path, month: str, expected: dict[str, Any]) -> dict[str, Any]:
    """Per control total of a month: what the package has where the order book says something else."""
    found: dict[str, Any] = {}
    with duckdb.connect() as connection:
        for name, (table, document, amount) in FROZEN.items():
            source, control = name.split("/")
            told = expected.get(f"{source}/{month}/{control}", {"count": 0, "amount": "0"})
            facts = connection.execute(
                f"select count(distinct {document}), coalesce(sum({amount}), 0) from read_parquet(?)",
                [f"{package / table}.parquet"],
            ).fetchone()
            lines = connection.execute(
                "select coalesce(sum(amount), 0) from read_parquet(?) where line_type = ?",
                [f"{package / 'line.parquet'}", LINE_TYPES[name]],
            ).fetchone()
            assert lines is not None
            if facts != (told["count"], Decimal(told["amount"])) or lines[0] != Decimal(told["amount"]):
                found[name] = (facts, lines[0], told)
    return found


def test_every_month_closes_with_the_totals_of_the_order_book(tmp_path: Path, record_property: Any) -> None:
    expected = json.loads((NORTHWIND / "expected.json").read_text())["control_totals"]
    months = sorted({name.split("/")[1] for name in expected})
    assert len(months) == MONTHS
    home = build_home(tmp_path / "home", sorted(NORTHWIND.glob("*.ndjson.gz")))
    assert reconcile(home).passed
    publish(home)
    for month in months:
        result = close(home, month, by="Ada")
        assert list(result.failed) == []
        assert (result.state, result.version) == ("closed", 1)
        package = home.evidence / result.package
        assert differing(package, month, expected) == {}, month
    # One count more, and it shows.
    (name,) = (key for key in expected if key == f"billing/{months[-2]}/invoices_issued")
    wrong = expected | {name: {**expected[name], "count": expected[name]["count"] + 1}}
    package = evidence.packages(home)[-2]
    assert list(differing(package, months[-2], wrong)) == ["billing/invoices_issued"]
    assert len(evidence.packages(home)) == MONTHS
    assert [finding for finding in evidence.verify_chain(home) if not finding.ok] == []
    record_property("northwind: months closed", MONTHS)
