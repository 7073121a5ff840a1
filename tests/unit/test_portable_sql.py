"""Models, data tests and shared macros keep to SQL that DuckDB and Spark read alike; no engine is started for it."""

import csv
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from orchestration.home import PROJECT_ROOT

# Pattern, an example of it, and what to write instead.
NOT_PORTABLE = [
    (r"::", "amount::text", "cast(... as ...)"),
    (r"\bas varchar\b", "cast(id as varchar)", "cast(... as string): Spark has no varchar without a length"),
    (r"\bconcat\(", "concat(a, b)", "concat_ws('', ...): Spark's concat is NULL where a part is"),
    (r"\b(hugeint|uhugeint|timestamptz)\b", "cast(a as hugeint)", "a type that both have, or a dispatched macro"),
    (r"(?<![:/])//", "a // b", "a dispatched macro"),
    (r"\b(try|try_cast)\(", "try_cast(a as date)", "money() or another dispatched macro"),
    (
        r"\b(list_(sum|transform|filter|aggregate|value)|unnest|struct_pack|map_entries)\(",
        "unnest(lines)",
        "explode() or list_total()",
    ),
    (r"\b(epoch_us|epoch_ms|strftime|strptime|date_diff|range)\(", "epoch_us(a)", "a macro of macros/portability"),
    (r"\b(read_parquet|read_json|glob)\(", "read_parquet('a')", "a macro of macros/lake"),
    (r"\blambda\b", "lambda x: x", "a dispatched macro"),
    (
        r"\bfilter \(where [^)]*\) over\b",
        "count(*) filter (where a) over (b)",
        "an aggregate of a case: Spark filters no window",
    ),
    (
        r"\bover \(\s*(?!partition\b|order\b|rows\b|range\b|\{)\w+\s+(order|rows|range)\b",
        "sum(a) over (one order by b)",
        "the window in full: Spark extends no named window",
    ),
    (r"\barg_(max|min)(_null)?\(", "arg_max(a, b)", "max_by() of what is never NULL, or value_at_last()"),
    (r"\b(qualify|group by all|asof|delete from)\b", "group by all", "standard SQL, or a dispatched macro"),
    (r"\btarget\.(type|name)\b", "{% if target.type == 'spark' %}", "a dispatched macro"),
]
# A macro whose parts are never NULL.
SAFE = {"canonical_text": r"\bconcat\("}
MACRO = re.compile(r"{%-? macro (\w+)\((?:.*?)%}(.*?){%-? endmacro", re.DOTALL)
NUMBERED = re.compile(r"(?<!cast\()\b(?:row_number|rank|dense_rank)\(\) over \((?:[^()]|\([^()]*\))*\) as (\w+)")
OF_ONE_ENGINE = re.compile(r"(duckdb|spark|default|get_incremental|dbt_spark)_\w+")


def plain(sql: str) -> str:
    """Without comments."""
    return re.sub(r"--[^\n]*|{#.*?#}", "", sql, flags=re.DOTALL)


def findings(sql: str, allowed: str = "") -> list[str]:
    """What is not portable in a text of SQL, and what to write instead."""
    return [
        f"{found[0]}: write {instead}"
        for pattern, _, instead in NOT_PORTABLE
        if pattern != allowed
        for found in [re.search(pattern, sql, flags=re.IGNORECASE)]
        if found
    ]


def sources() -> list[Path]:
    return [
        path for folder in ("models", "tests/dbt", "tests/generic") for path in (PROJECT_ROOT / folder).rglob("*.sql")
    ]


def shared_macros() -> list[tuple[str, str]]:
    """Name and body of every macro that both engines run."""
    texts = [plain(path.read_text()) for path in (PROJECT_ROOT / "macros").rglob("*.sql")]
    found = [(name, body) for text in texts for name, body in MACRO.findall(text)]
    return [(name, body) for name, body in found if not OF_ONE_ENGINE.match(name)]


def narrow_numbers(sql: str, columns: list[dict[str, Any]]) -> list[str]:
    """The columns that a contract says are bigint but the query numbers without a cast: Spark counts in an int."""
    wide = {column["name"] for column in columns if str(column.get("data_type")).lower() == "bigint"}
    sql = re.sub(r"cast\(\s+", "cast(", sql)
    return [name for name in NUMBERED.findall(sql) if name in wide]


def untyped_columns(header: list[str], seed: dict[str, Any]) -> list[str]:
    """The columns of a seed without a type: DuckDB guesses one from the values, Spark refuses the seed."""
    return sorted(set(header) - set(seed.get("config", {}).get("column_types", {})))


@pytest.mark.parametrize(("pattern", "example", "instead"), NOT_PORTABLE)
def test_the_lint_sees_each_construct(pattern: str, example: str, instead: str) -> None:
    assert any(instead in found for found in findings(f"select {example} from a"))
    assert not findings("select cast(a as string), concat_ws('', 'x', b) as ab from c")


def test_models_and_data_tests_are_portable() -> None:
    paths = sources()
    assert len(paths) > 100
    found = {str(path.relative_to(PROJECT_ROOT)): findings(plain(path.read_text())) for path in paths}
    assert not {path: told for path, told in found.items() if told}


def test_shared_macros_are_portable() -> None:
    macros = shared_macros()
    assert {"date_key", "in_force", "canonical_text", "pair_sides"} <= {name for name, _ in macros}
    found = {name: findings(body, SAFE.get(name, "")) for name, body in macros}
    assert not {name: told for name, told in found.items() if told}


def test_what_differs_is_written_for_both_engines() -> None:
    texts = "".join(path.read_text() for path in (PROJECT_ROOT / "macros").rglob("*.sql"))
    dispatched = set(re.findall(r"adapter\.dispatch\([\"'](\w+)[\"']", texts))
    assert len(dispatched) > 20
    missing = {
        f"{engine}__{name}"
        for name in dispatched
        for engine in ("duckdb", "spark")
        if not re.search(rf"macro ({engine}|default)__{name}\(", texts)
    }
    assert not missing


def test_numbers_of_rows_are_as_wide_as_the_contract() -> None:
    looked_at = 0
    for path in (PROJECT_ROOT / "models").rglob("*.yml"):
        for model in yaml.safe_load(path.read_text()).get("models", []):
            sql = path.parent / f"{model['name']}.sql"
            if sql.exists():
                looked_at += 1
                assert not narrow_numbers(plain(sql.read_text()), model.get("columns", [])), model["name"]
    assert looked_at > 100


@pytest.mark.parametrize(
    ("number", "narrow"),
    [
        ("row_number() over (partition by a order by b) as place", ["place"]),
        ("rank() over (order by coalesce(b, 0)) as place", ["place"]),
        ("cast(row_number() over (order by b) as bigint) as place", []),
        ("cast(\n    row_number() over (order by b) as bigint\n) as place", []),
        ("row_number() over (order by b) as recency", []),
    ],
)
def test_a_number_without_a_cast_is_seen(number: str, narrow: list[str]) -> None:
    columns = [{"name": "place", "data_type": "bigint"}, {"name": "recency", "data_type": "integer"}]
    assert narrow_numbers(f"select {number} from c", columns) == narrow


def test_every_column_of_a_seed_has_a_type() -> None:
    stated = yaml.safe_load((PROJECT_ROOT / "seeds" / "seeds.yml").read_text())["seeds"]
    seeds = {seed["name"]: seed for seed in stated}
    paths = sorted((PROJECT_ROOT / "seeds").glob("*.csv"))
    assert len(paths) > 10
    for path in paths:
        with path.open(encoding="utf-8", newline="") as file:
            assert not untyped_columns(next(csv.reader(file)), seeds.get(path.stem, {})), path.name


def test_a_seed_without_types_is_seen() -> None:
    assert untyped_columns(["a", "b"], {"config": {"column_types": {"a": "varchar"}}}) == ["b"]
    assert untyped_columns(["a"], {}) == ["a"]
