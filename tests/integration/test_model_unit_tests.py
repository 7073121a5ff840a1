"""dbt's unit tests of the models: they prove code on made-up rows, so a build leaves them out and this runs them."""

import re
from collections.abc import Callable
from pathlib import Path

import yaml
from support.dbt_warehouses import PARSE_KEY, Warehouse
from support.event_lakes import Lake

from orchestration.closing.index import index_folder
from orchestration.home import PROJECT_ROOT
from orchestration.warehouse.dbt_runner import DbtProject


def test_every_unit_test_of_the_models_passes(tmp_path: Path, open_warehouse: Callable[[Lake], Warehouse]) -> None:
    lake = Lake(tmp_path / "lake")
    warehouse = open_warehouse(lake)
    # A unit test of an incremental model asks the warehouse for its columns: the relations have to be there.
    warehouse.build("--empty")
    inputs = {"lake_path": str(lake.path), "lake_high_water": 0, "as_of": "2026-12-01 00:00:00"}
    inputs["closes_path"] = str(index_folder(warehouse.home))
    project = DbtProject(warehouse.home, PROJECT_ROOT, 2)
    nodes = project.run("test", inputs, PARSE_KEY, None, "--select", "test_type:unit").nodes
    assert [f"{node.name}: {node.message}" for node in nodes if not node.ok] == []
    files = [yaml.safe_load(path.read_text()) or {} for path in (PROJECT_ROOT / "models").rglob("*.yml")]
    written = {test["name"] for file in files for test in file.get("unit_tests", [])}
    # dbt names the test of a versioned model with the version behind it.
    assert {re.sub(r"_v\d+$", "", node.name) for node in nodes} == written
    assert written
