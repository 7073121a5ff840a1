"""Who may read what: only staging reads the lake, marts read intermediate models, marts and seeds."""

import re

import pytest

from orchestration.home import PROJECT_ROOT

MODELS = {path.stem: path for path in (PROJECT_ROOT / "models").rglob("*.sql")}
SEEDS = {path.stem for path in (PROJECT_ROOT / "seeds").glob("*.csv")}
READS_LAKE = re.compile(
    r"\b(close_index|lake_events|lake_files|exchange_rate_snapshots|landed_control_sums)\(|\bsource\("
)
MAY_READ = {
    "staging": set(),
    "intermediate": {"staging", "intermediate", "marts", "seed"},
    "marts": {"intermediate", "marts", "seed"},
    "operations": {"intermediate", "marts", "operations", "seed"},
}


def layer(name: str) -> str:
    return MODELS[name].relative_to(PROJECT_ROOT / "models").parts[0] if name in MODELS else "seed"


def text(name: str) -> str:
    return re.sub(r"--[^\n]*|{#.*?#}", "", MODELS[name].read_text(), flags=re.DOTALL)


def forbidden(reader: str, sql: str) -> list[str]:
    """What a model of this layer names and must not read."""
    named = set(re.findall(r"[\"'](\w+)[\"']", sql)) & (MODELS.keys() | SEEDS)
    return sorted(name for name in named if layer(name) not in MAY_READ[reader])


@pytest.mark.parametrize("reader", [layer_name for layer_name in MAY_READ if layer_name != "staging"])
def test_models_read_only_what_their_layer_may(reader: str) -> None:
    names = [name for name in MODELS if layer(name) == reader]
    assert names
    assert {name: wrong for name in names if (wrong := forbidden(reader, text(name)))} == {}


def test_a_mart_that_folds_events_itself_is_told() -> None:
    sql = 'select * from {{ applied_events("stg_cpq__quote_priced", "Quote") }} join {{ ref("int_quote_line") }}'
    assert forbidden("marts", sql) == ["stg_cpq__quote_priced"]
    assert forbidden("intermediate", sql) == []


def test_only_staging_and_reconciliation_read_the_lake() -> None:
    readers = {layer(name) for name in MODELS if READS_LAKE.search(text(name))}
    assert "staging" in readers
    assert readers <= {"staging", "reconciliation"}
