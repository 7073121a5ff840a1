"""Models, data tests and shared macros keep to SQL that DuckDB and Spark read alike; no engine is started for it."""

import re
from pathlib import Path

import pytest

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
    (r"\b(qualify|group by all|asof|delete from)\b", "group by all", "standard SQL, or a dispatched macro"),
    (r"\btarget\.(type|name)\b", "{% if target.type == 'spark' %}", "a dispatched macro"),
]
# A macro whose parts are never NULL.
SAFE = {"canonical_text": r"\bconcat\("}
MACRO = re.compile(r"{%-? macro (\w+)\((?:.*?)%}(.*?){%-? endmacro", re.DOTALL)
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
