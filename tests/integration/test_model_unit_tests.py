"""dbt's unit tests of the models: they prove code on made-up rows, so a build leaves them out and this runs them."""

import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from support.dbt_warehouses import PARSE_KEY, Warehouse
from support.event_lakes import Lake

from orchestration.closing.index import index_folder
from orchestration.home import PROJECT_ROOT
from orchestration.warehouse.dbt_runner import DbtProject

# What docs/complaints.md says does not happen, made to happen: the model, what it says, what it says instead, and the
# unit test that has to fail.
BROKEN = (
    (
        "int_quote_line_attributed",
        "cast(attributed.attributed_at as date) = rate.rate_date",
        "rate.rate_date >= cast(attributed.attributed_at as date)",
        "lines_are_attributed_to_each_basis_in_its_own_month",
    ),
    (
        "mart_price_waterfall_monthly",
        "group by order_line.quote_id, order_line.quote_line_id, invoice_line.currency",
        "group by order_line.quote_id, order_line.quote_line_id, invoice_line.currency, invoice_line.net_amount",
        "waterfall_leads_from_list_to_invoice",
    ),
    (
        "int_quote_line_adjusted",
        "case when taxonomy.is_economic_discount then",
        "case when taxonomy.code is not null then",
        "int_quote_line_adjusted_follows_the_taxonomy",
    ),
    (
        "int_quote_line_discount",
        "line.quote_line_id = adjustment.quote_line_id",
        "line.quote_line_id is not null",
        "adjustments_of_one_type_count_a_line_once",
    ),
    (
        "fact_quote_line_price",
        'reporting_amount("priced." ~ amount ~ "_amount", "priced.currency", "rate")',
        'money("priced." ~ amount ~ "_amount")',
        "fact_quote_line_price_amounts",
    ),
    (
        "int_quote_line",
        "max_by(pricing.arrival_seq, pricing.aggregate_version)",
        "min_by(pricing.arrival_seq, pricing.aggregate_version)",
        "int_quote_line_takes_the_last_applied_pricing_of_each_revision",
    ),
    (
        "fact_invoice_line",
        "cast(-line.credited_net_amount",
        "cast(line.credited_net_amount",
        "invoice_line_carries_month_rate_and_flags",
    ),
)


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory, open_warehouse: Callable[[Lake], Warehouse]) -> Warehouse:
    """All relations without rows: a unit test of an incremental model asks the warehouse for its columns."""
    warehouse = open_warehouse(Lake(tmp_path_factory.mktemp("lake") / "lake"))
    warehouse.build("--empty")
    return warehouse


def inputs_of(warehouse: Warehouse) -> dict[str, Any]:
    inputs = {"lake_path": str(warehouse.lake.path), "lake_high_water": 0, "as_of": "2026-12-01 00:00:00"}
    return {**inputs, "closes_path": str(index_folder(warehouse.home))}


def named(name: str) -> str:
    """dbt names the test of a versioned model with the version behind it."""
    return re.sub(r"_v\d+$", "", name)


def test_every_unit_test_of_the_models_passes(empty: Warehouse) -> None:
    project = DbtProject(empty.home, PROJECT_ROOT, 2)
    nodes = project.run("test", inputs_of(empty), PARSE_KEY, None, "--select", "test_type:unit").nodes
    assert [f"{node.name}: {node.message}" for node in nodes if not node.ok] == []
    files = [yaml.safe_load(path.read_text()) or {} for path in (PROJECT_ROOT / "models").rglob("*.yml")]
    written = {test["name"] for file in files for test in file.get("unit_tests", [])}
    assert {named(node.name) for node in nodes} == written
    assert written


def test_what_is_complained_about_fails_its_unit_test(empty: Warehouse, tmp_path: Path) -> None:
    for folder in ("models", "macros", "seeds", "tests/dbt", "tests/generic"):
        shutil.copytree(PROJECT_ROOT / folder, tmp_path / folder)
    for file in ("dbt_project.yml", "profiles.yml"):
        shutil.copy(PROJECT_ROOT / file, tmp_path)
    for model, written, instead, _ in BROKEN:
        (path,) = tmp_path.glob(f"models/**/{model}.sql")
        assert written in path.read_text(), model
        path.write_text(path.read_text().replace(written, instead))
    chosen = [f"{model},test_type:unit" for model, *_ in BROKEN]
    project = DbtProject(empty.home, tmp_path, 2, target=tmp_path / "target")
    nodes = project.run("test", inputs_of(empty), "broken", None, "--select", *chosen).nodes
    failed = {named(node.name) for node in nodes if node.status == "fail"}
    assert {test for *_, test in BROKEN} - failed == set()
