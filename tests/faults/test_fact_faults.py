"""Each fact of events, broken once on simulated data: exactly its own check fails, at that month."""

from datetime import date
from pathlib import Path

import duckdb
import pytest
from support.northwind import build_home, copy_warehouse

import simulator
from orchestration.home import Home
from orchestration.reconciliation import reconcile

BREAKS: dict[str, str] = {
    "approval_step": "update {mart} set decision = null",
    "approval_submission": "update {mart} set submission_sequence = submission_sequence + 100",
    "quote_lifecycle": "update {mart} set last_priced_at = last_priced_at + interval 1 microsecond",
    "quote_pricing_run": "update {mart} set recurring_net_amount = recurring_net_amount + 0.0001",
    "configuration_attempt": "update {mart} set error_count = error_count + 1",
    "policy_override": "update {mart} set removed_count = removed_count + 1",
    "quote_conversion_attempt": "update {mart} set outcome = 'UNKNOWN'",
    "order_lifecycle": "update {mart} set first_completed_at = first_completed_at + interval 1 microsecond",
    "order_submission_attempt": "update {mart} set outcome = 'UNKNOWN'",
    "fallout_case": "update {mart} set owner_team = 'nobody'",
    "cancellation_request": "update {mart} set outcome = 'WITHDRAWN'",
    "subscription": "update {mart} set recurring_net_amount = recurring_net_amount + 0.0001",
    "asset_state": "update {mart} set asset_version = asset_version + 100",
    "order_item_feasibility": "update {mart} set check_count = check_count + 1",
    "invoice_line": "update {mart} set net_amount = -net_amount",
}
"""What is done to one row of the fact of each check."""
WHICH = {
    "invoice_line": "document_type = 'CREDIT_NOTE'",
    "approval_step": "decision is not null",
    "quote_lifecycle": "last_priced_at is not null",
    "quote_conversion_attempt": "outcome = 'SUCCEEDED'",
    "order_lifecycle": "first_completed_at is not null",
    "order_submission_attempt": "outcome = 'ACCEPTED'",
    "subscription": "recurring_net_amount is not null",
    "cancellation_request": "outcome <> 'WITHDRAWN'",
}
"""Which row, where not any will do."""


@pytest.fixture(scope="module")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> Home:
    root = tmp_path_factory.mktemp("facts")
    simulator.run(60, 7, date(2026, 9, 1), date(2026, 11, 1), root / "events")
    return build_home(root / "home", [root / "events"])


def test_each_broken_fact_fails_its_own_check(simulated: Home, tmp_path: Path) -> None:
    sound = {check.key: check for check in reconcile(simulated).checks if check.key in BREAKS}
    assert sound.keys() == BREAKS.keys()
    assert {check.verdict for check in sound.values()} == {"passed"}
    home = copy_warehouse(simulated, tmp_path / "home")
    with duckdb.connect(str(home.warehouse)) as connection:
        for key, damage in BREAKS.items():
            mart = f"marts.fact_{key}"
            one = f"rowid = (select min(rowid) from {mart} where {WHICH.get(key, 'true')})"
            changed = connection.execute(f"{damage.format(mart=mart)} where {one}").fetchone()
            assert changed == (1,), key
    failed = [check for check in reconcile(home).checks if check.verdict == "failed"]
    assert sorted(check.key for check in failed) == sorted(BREAKS)
    for check in failed:
        assert check.message
