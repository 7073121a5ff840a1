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
# Facts that fold events without an intermediate model of their own: a list that may get shorter.
FOLD_EVENTS = {
    "fact_approval_submission",
    "fact_configuration_attempt",
    "fact_order_item_feasibility",
    "fact_order_submission_attempt",
    "fact_policy_override",
    "fact_quote_conversion_attempt",
    "fact_quote_pricing_run",
}


def layer(name: str) -> str:
    return MODELS[name].relative_to(PROJECT_ROOT / "models").parts[0] if name in MODELS else "seed"


def text(name: str) -> str:
    return re.sub(r"--[^\n]*|{#.*?#}", "", MODELS[name].read_text(), flags=re.DOTALL)


@pytest.mark.parametrize("reader", [layer_name for layer_name in MAY_READ if layer_name != "staging"])
def test_models_read_only_what_their_layer_may(reader: str) -> None:
    names = [name for name in MODELS if layer(name) == reader]
    assert names
    read = {name: set(re.findall(r"[\"'](\w+)[\"']", text(name))) & (MODELS.keys() | SEEDS) for name in names}
    wrong = {name: sorted(r for r in found if layer(r) not in MAY_READ[reader]) for name, found in read.items()}
    assert {name: found for name, found in wrong.items() if found and name not in FOLD_EVENTS} == {}
    assert all(wrong[name] for name in FOLD_EVENTS & wrong.keys()), "take it from the list"


def test_only_staging_and_reconciliation_read_the_lake() -> None:
    readers = {layer(name) for name in MODELS if READS_LAKE.search(text(name))}
    assert "staging" in readers
    assert readers <= {"staging", "reconciliation"}
