"""The profile of the warehouse: what does not fit into memory goes to disk, and every later connection still works."""

from pathlib import Path
from typing import Any

import duckdb
import jinja2
import pytest
import yaml
from dbt.adapters.duckdb.credentials import DuckDBCredentials
from dbt.adapters.duckdb.environments.local import LocalEnvironment

from orchestration.home import PROJECT_ROOT

LARGE = "create temp table large as select range as id, md5(cast(range as varchar)) as text from range(3000000)"


def credentials(folder: Path, **changes: Any) -> DuckDBCredentials:
    """Those of the profile, over a database in this folder and with little memory."""
    environment = {
        "TIEOUT_WAREHOUSE": str(folder / "tieout.duckdb"),
        "TIEOUT_MEMORY_LIMIT": "100MB",
        "TIEOUT_TEMP_DIRECTORY": str(folder / "spilled"),
    }
    text = jinja2.Template((PROJECT_ROOT / "profiles.yml").read_text(encoding="utf-8")).render(
        env_var=lambda name, default="": environment.get(name, default)
    )
    output = yaml.safe_load(text)["tieout"]["outputs"]["duckdb"]
    fields = {name: value for name, value in output.items() if name not in ("type", "threads")}
    return DuckDBCredentials.from_dict({**fields, "database": "tieout", **changes})


def spill_and_connect(of: DuckDBCredentials, folder: Path) -> Any:
    environment = LocalEnvironment(of)
    first = environment.handle()
    first.cursor().execute(LARGE)
    assert any((folder / "spilled").iterdir()), "nothing was spilled, so nothing is shown"
    return environment.handle().cursor().execute("select 1").fetchall()


def test_a_connection_after_spilling_works(tmp_path: Path) -> None:
    assert spill_and_connect(credentials(tmp_path), tmp_path) == [(1,)]


def test_a_folder_that_is_set_per_connection_would_break_it(tmp_path: Path) -> None:
    settings = {**(credentials(tmp_path).settings or {}), "temp_directory": str(tmp_path / "spilled")}
    with pytest.raises(duckdb.NotImplementedException, match="temporary directory"):
        spill_and_connect(credentials(tmp_path, settings=settings, config_options=None), tmp_path)
