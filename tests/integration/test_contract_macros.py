"""The contract's macros as dbt renders them, run on DuckDB."""

import json
import re
from pathlib import Path
from typing import Any

import duckdb
import pytest

from orchestration.contracts import payload_types, registry
from orchestration.home import PROJECT_ROOT


@pytest.fixture(scope="module")
def dbt_project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("macros")
    macros = [str(PROJECT_ROOT / "macros" / folder) for folder in ("generated", "contract")]
    project = {"name": "tieout", "version": "1.0.0", "profile": "tieout", "macro-paths": macros, "model-paths": ["m"]}
    (root / "dbt_project.yml").write_text(json.dumps(project))
    target = {"type": "duckdb", "path": str(root / "t.duckdb")}
    (root / "profiles.yml").write_text(json.dumps({"tieout": {"target": "dev", "outputs": {"dev": target}}}))
    return root


def compiled(project: Path, inline: str) -> str:
    from dbt.cli.main import dbtRunner

    folders = ["--project-dir", str(project), "--profiles-dir", str(project)]
    quiet = ["--quiet", "--no-send-anonymous-usage-stats", "--log-path", str(project / "logs")]
    result = dbtRunner().invoke(["compile", "--inline", inline, *folders, *quiet])
    if not result.success:
        raise RuntimeError(str(result.exception or result.result))
    code: Any = result.result.results[0].node.compiled_code
    return str(code)


def test_payload_type_gives_each_event_type_its_structure(dbt_project: Path) -> None:
    inline = "\n".join(f"{t}={{{{ payload_type('{t}') }}}}" for t in registry.event_types())
    rendered = dict(line.split("=", 1) for line in compiled(dbt_project, inline).splitlines())
    assert rendered == {t: payload_types.duckdb_type(t) for t in registry.event_types()}


def test_payload_type_refuses_an_unknown_event_type(dbt_project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(RuntimeError):
        compiled(dbt_project, "{{ payload_type('QuoteExploded') }}")
    assert "no event type 'QuoteExploded' in the contract" in capsys.readouterr().out


def test_parse_payload_and_rfc3339_to_utc_read_money_and_moments(dbt_project: Path) -> None:
    inline = """
    select
        p.listUnitPrice as amount,
        {{ rfc3339_to_utc('p.validFrom') }} as valid_from,
        {{ rfc3339_to_utc('p.validTo') }} as valid_to,
        {{ rfc3339_to_utc("'2026-03-01t01:30:00.1234567+02:00'") }} as odd,
        {{ rfc3339_to_utc("cast(null as varchar)") }} as nothing
    from (select {{ parse_payload('payload', 'PriceBookEntryUpserted') }} as p from events)
    """
    sql = compiled(dbt_project, inline)
    assert not re.search(r"\{\{|\}\}", sql)
    payload = (
        '{"listUnitPrice": 12345678901234.5678, "validFrom": "2026-03-01", "validTo": "2026-03-31T23:30:00-01:00"}'
    )
    for zone in ("UTC", "America/New_York"):
        with duckdb.connect() as connection:
            connection.execute(f"set timezone = '{zone}'")
            connection.execute("create table events as select ? as payload", [payload])
            row = connection.execute(f"select columns(*)::varchar from ({sql})").fetchone()
        assert row == (
            "12345678901234.5678",
            "2026-03-01 00:00:00",
            "2026-04-01 00:30:00",
            "2026-02-28 23:30:00.123456",
            None,
        )
