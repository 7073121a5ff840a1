"""The demo, as `make demo` runs it, and what docs/marts.md and docs/audit.md say that is found in its release.

After a change that moves a figure, `TIEOUT_UPDATE_DOCS=1 pytest tests/integration/test_demo.py` writes them anew.
"""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.analyst_page import asked, update

from benchmarks import dashboards
from orchestration import demo
from orchestration.cli.publishing import answer_text
from orchestration.home import PROJECT_ROOT, Home
from orchestration.publishing.query import query

# How many questions each page has at least.
PAGES = {PROJECT_ROOT / "docs" / "marts.md": 10, PROJECT_ROOT / "docs" / "audit.md": 8}
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Home, int]]:
    """The demo's home and exit code."""
    root = tmp_path_factory.mktemp("demo") / "home"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TIEOUT_HOME", str(root))
        code = demo.main()
    yield Home(root), code


def test_the_demo_ends_in_a_release(told: tuple[Home, int]) -> None:
    home, code = told
    assert code == 0
    assert (home.releases / "current" / "tieout.duckdb").exists()


def test_every_answer_of_the_pages_is_what_the_release_says(told: tuple[Home, int]) -> None:
    home, _ = told

    def answer(sql: str) -> str:
        # Its last line names the release, which is another one each time.
        return answer_text(query(home, sql)).rpartition("\n")[0].strip()

    for page, least in PAGES.items():
        if os.environ.get("TIEOUT_UPDATE_DOCS"):
            update(page, answer)
        questions = asked(page.read_text(encoding="utf-8"))
        assert len(questions) >= least
        for one in questions:
            assert one.answer.strip() == answer(one.sql), one.question
            assert len(one.answer.strip().splitlines()) > 2, f"no row answers: {one.question}"


def test_both_versions_are_served_and_the_old_one_says_until_when(told: tuple[Home, int]) -> None:
    home, _ = told
    page = (PROJECT_ROOT / "docs" / "versions.md").read_text(encoding="utf-8")
    shown = (query(home, sql).rows for sql in re.findall(r"```sql\n(.*?)```", page, re.DOTALL))
    old, new, by_region, old_reasons, new_reasons = shown
    assert sorted(old) == sorted(new)
    assert sorted(old_reasons) == sorted(new_reasons) != []
    assert len(old) > 0
    assert sum(row[2] for row in by_region) == sum(row[1] for row in new) > 0
    comment = query(home, "select comment from duckdb_tables() where table_name = 'mart_kpi_monthly_v1'").rows[0][0]
    assert "served until 2027-05-31" in comment


def test_dbt_documents_every_public_column(told: tuple[Home, int], tmp_path: Path) -> None:
    """`dbt docs generate` over the warehouse: it ends cleanly, and what the warehouse has is what is described."""
    home, _ = told
    manifest, catalog = generate_docs(home, tmp_path)
    assert catalog["errors"] is None
    public = {key: node for key, node in manifest["nodes"].items() if node.get("access") == "public"}
    assert len(public) > 40
    assert sorted(node["name"] for node in public.values() if not node["description"].strip()) == []
    for key, node in public.items():
        described = {name for name, column in node["columns"].items() if column["description"].strip()}
        assert set(catalog["nodes"][key]["columns"]) == described, key
    older = [node for node in public.values() if node["version"] != node["latest_version"]]
    assert older
    assert [node["unique_id"] for node in older if not node["deprecation_date"]] == []


def generate_docs(home: Home, target: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """dbt's manifest and catalog of a built home; without compiling, which the build did."""
    folders = ["--project-dir", str(PROJECT_ROOT), "--profiles-dir", str(PROJECT_ROOT), "--target-path", str(target)]
    command = [sys.executable, "-c", "from dbt.cli.main import cli; cli()", "docs", "generate", "--no-compile"]
    ended = subprocess.run(
        [*command, *folders, "--log-path", str(target)],
        env={**os.environ, "TIEOUT_WAREHOUSE": str(home.warehouse)},
        capture_output=True,
        text=True,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "[WARNING]" not in ended.stdout, ended.stdout
    manifest = json.loads((home.root / "dbt" / "target" / "manifest.json").read_text())
    return manifest, json.loads((target / "catalog.json").read_text())


def test_dashboard_queries_have_one_answer_on_the_marts_and_on_the_raw_facts(told: tuple[Home, int]) -> None:
    """Measuring stops where the two sides of a query differ (benchmarks/dashboard_queries.py)."""
    home, _ = told
    assert all(query["rows"] for query in dashboards.measure(home, 1, 1)["queries"])
