"""Northwind from its files to a published release by the command line.

Every figure that was computed apart from us, and the same marts for any order, repetition and split of its lines.
"""

import gzip
import json
import os
import random
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from orchestration.cli.app import run
from orchestration.home import PROJECT_ROOT

NORTHWIND = Path(os.environ.get("TIEOUT_NORTHWIND") or PROJECT_ROOT.parent / "shared" / "data" / "northwind")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not (NORTHWIND / "expected.json").exists(), reason="the Northwind order book is not here"),
]

CONTROL_SQL = {
    "quotes_created": """
        select strftime(created_at, '%Y-%m') as month, count(*) as n, 0::decimal(18, 4) as amount
        from (select quote_id, min(strptime(created_date_key::varchar, '%Y%m%d')) as created_at
              from fact_quote_line_price group by quote_id)
        group by 1""",
    "quotes_accepted": """
        select strftime(strptime(accepted_date_key::varchar, '%Y%m%d'), '%Y-%m') as month,
               count(distinct quote_id) as n, sum(net_price_amount) as amount
        from fact_quote_line_price where accepted_date_key is not null group by 1""",
    "orders_submitted": """
        select strftime(submitted_at, '%Y-%m') as month, count(distinct order_id) as n, sum(net_amount) as amount
        from fact_order_line group by 1""",
    "fulfillment_tasks_completed": """
        select strftime(completed_at, '%Y-%m') as month, count(*) as n, 0::decimal(18, 4) as amount
        from fact_order_fulfillment_task where outcome = 'completed' group by 1""",
    "invoices_issued": """
        select strftime(strptime(invoice_date_key::varchar, '%Y%m%d'), '%Y-%m') as month,
               count(distinct invoice_id) as n, sum(net_amount) as amount
        from fact_invoice_line group by 1""",
}

_WATERFALL = "select {by}, sum(amount) as amount from mart_price_waterfall_monthly where {where} group by 1"


class Tieout:
    """The command line over one home."""

    def __init__(self, home: Path, capsys: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        self.home, self.capsys, self.monkeypatch = home, capsys, monkeypatch

    def __call__(self, *arguments: str) -> Any:
        self.monkeypatch.setenv("TIEOUT_HOME", str(self.home))
        self.capsys.readouterr()
        code = run([*arguments, "--json"])
        out, err = self.capsys.readouterr()
        assert code == 0, f"tieout {' '.join(arguments)} ended with {code}:\n{out}\n{err}"
        return json.loads(out)

    def publish_all(self) -> Any:
        self("build")
        self("reconcile")
        return self("publish")

    def value(self, sql: str) -> Any:
        (row,) = self("query", sql)
        (value,) = row.values()
        return value


def _checksums(home: Path) -> dict[str, Any]:
    manifest = json.loads((home / "releases" / "current" / "manifest.json").read_text())
    assert manifest["models"]
    return {model["model"]: (model["row_count"], model["checksum"]) for model in manifest["models"]}


def _write(path: Path, lines: Sequence[bytes]) -> Path:
    path.write_bytes(b"".join(lines))
    return path


def test_every_figure_and_any_order(tmp_path: Path, capsys: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = json.loads((NORTHWIND / "expected.json").read_text())
    tieout = Tieout(tmp_path / "whole", capsys, monkeypatch)

    landed = tieout("land", str(NORTHWIND))
    assert landed["verdicts"] == {
        "accepted": sum(expected["events"].values()),
        "duplicate": 0,
        "conflict": 0,
        "quarantined": 0,
    }
    tieout.publish_all()
    _check_figures(tieout, expected)

    files = sorted(NORTHWIND.glob("*.ndjson.gz"))
    lines = [line for file in files for line in gzip.decompress(file.read_bytes()).splitlines(keepends=True)]
    dice = random.Random(8)
    shuffled = dice.sample(lines, len(lines))
    parts = [shuffled[start::2] for start in range(2)]
    repeated = dice.sample(lines, 700)
    again = Tieout(tmp_path / "split", capsys, monkeypatch)
    again("land", str(_write(tmp_path / "one.ndjson", parts[0])))
    again("build")
    last = again("land", str(_write(tmp_path / "two.ndjson", [*parts[1], *repeated, *repeated])))
    assert last["verdicts"]["duplicate"] >= len(repeated) and not last["verdicts"]["conflict"]
    again.publish_all()
    assert _checksums(again.home) == _checksums(tieout.home)


def _check_figures(tieout: Tieout, expected: Any) -> None:
    counts, amounts = expected["counts"], expected["amounts"]
    figures = {
        "lines": "select count(*) from fact_quote_line_price",
        "discounted_lines": "select count(*) from fact_quote_line_price where line_discretionary_amount <> 0",
        "contracted_lines": "select count(*) from fact_quote_line_price where contracted_price_amount <> 0",
        "completed_tasks": "select count(*) from fact_order_fulfillment_task where outcome = 'completed'",
        "invoices": "select count(distinct invoice_id) from fact_invoice_line",
        # The order book knows days only: due at midnight means due that day, while is_sla_breached goes by the instant.
        "shipped_late": """
            select count(*) from fact_order_fulfillment_task
            where outcome = 'completed' and completed_at::date > sla_due_at::date""",
        "quotes": "select count(distinct quote_id) from fact_quote_line_price",
        "unshipped_orders": "select count(*) from fact_order_fulfillment_task where outcome = 'open'",
    }
    assert figures.keys() == counts.keys()
    assert {name: tieout.value(sql) for name, sql in figures.items()} == counts

    sums = {
        "contracted_price_adjustment_amount": "select sum(contracted_price_amount) from fact_quote_line_price",
        "invoiced_net_amount": "select sum(net_amount) from fact_invoice_line",
        "line_discretionary_adjustment_amount": "select sum(line_discretionary_amount) from fact_quote_line_price",
        "net_amount": "select sum(net_price_amount) from fact_quote_line_price",
        "prorated_list_amount": "select sum(prorated_list_amount) from fact_quote_line_price",
        "unbilled_net_amount": """
            select sum(ordered.net_amount) from fact_order_line as ordered
            where ordered.order_item_id not in (select order_item_id from fact_invoice_line)
        """,
    }
    for name in amounts:
        if name.startswith("net_amount_family:"):
            family = name.removeprefix("net_amount_family:")
            sums[name] = f"select sum(net_price_amount) from fact_quote_line_price where product_family = '{family}'"
    assert sums.keys() == amounts.keys()
    assert {name: tieout.value(sql) for name, sql in sums.items()} == amounts

    found = {}
    for measure, sql in CONTROL_SQL.items():
        system = {"q": "cpq", "o": "oms", "f": "oms", "i": "billing"}[measure[0]]
        for row in tieout("query", sql):
            found[f"{system}/{row['month']}/{measure}"] = {"count": row["n"], "amount": row["amount"]}
    wanted = {
        name: {"count": total["count"], "amount": str(Decimal(total["amount"]).quantize(Decimal("0.0001")))}
        for name, total in expected["control_totals"].items()
    }
    assert found == wanted
    _check_price_reports(tieout, counts, amounts, found)


def _check_price_reports(tieout: Tieout, counts: Any, amounts: Any, control: Any) -> None:
    """The waterfall and the discount report per family and month, and that nothing leaks that cannot be assessed."""
    step = {row["step"]: row["amount"] for row in tieout("query", _WATERFALL.format(by="step", where="true"))}
    assert step.pop("INVOICING") == f"-{amounts['unbilled_net_amount']}"
    assert {name: amount for name, amount in step.items() if Decimal(amount)} == {
        "LIST": amounts["prorated_list_amount"],
        "PRORATED_LIST": amounts["prorated_list_amount"],
        "CONTRACTED_PRICE": amounts["contracted_price_adjustment_amount"],
        "LINE_DISCRETIONARY": amounts["line_discretionary_adjustment_amount"],
        "NET": amounts["net_amount"],
        "INVOICED": amounts["invoiced_net_amount"],
    }
    family = tieout("query", _WATERFALL.format(by="product_family", where="step = 'NET'"))
    wanted = {name: amount for name, amount in amounts.items() if name.startswith("net_amount_family:")}
    assert {f"net_amount_family:{row['product_family']}": row["amount"] for row in family} == wanted
    month = tieout("query", _WATERFALL.format(by="period", where="step = 'NET'"))
    accepted = {name: total["amount"] for name, total in control.items() if name.endswith("/quotes_accepted")}
    assert {f"cpq/{row['period']}/quotes_accepted": row["amount"] for row in month} == accepted
    discounts = tieout(
        "query",
        "select discount_type, sum(line_count) as lines, sum(adjustment_amount) as amount,"
        " sum(unapproved_amount) as bare from mart_discount_monthly"
        " where basis = 'ACCEPTED' and discount_type <> 'NONE' group by 1",
    )
    assert {row["discount_type"]: (row["lines"], row["amount"], row["bare"]) for row in discounts} == {
        kind: (
            counts[f"{lines}_lines"],
            amounts[f"{kind.lower()}_adjustment_amount"],
            amounts[f"{kind.lower()}_adjustment_amount"],
        )
        for kind, lines in {"CONTRACTED_PRICE": "contracted", "LINE_DISCRETIONARY": "discounted"}.items()
    }
    assessed = tieout(
        "query", "select not_assessable_reason as reason, count(*) as n from fact_discount_leakage group by 1"
    )
    assert {row["reason"]: row["n"] for row in assessed} == {
        "NO_FLOOR": counts["discounted_lines"],
        None: counts["lines"] - counts["discounted_lines"],
    }
