"""Waivers of the close in waivers.yml: read with entry and field for what is wrong, beside those of the checks."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from orchestration.closing.waivers import load
from orchestration.errors import Unusable
from orchestration.reconciliation.suites import load_checks
from orchestration.reconciliation.waivers import load_waivers

BREAK = "  - {break: order_billing/*, amount_limit: '125.00', reason: known, approver: Ada, expires: 2026-12-31}\n"
GATE = "  - {gate: sources_fresh, partition: crm, reason: down, approver: Ada, expires: 2026-12-31}\n"


def written(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


def test_breaks_and_gates_are_read_and_the_checks_waivers_go_on(tmp_path: Path) -> None:
    file = written(tmp_path / "waivers.yml", f"waivers: []\nbreaks:\n{BREAK}gates:\n{GATE}")
    found = load(file)
    ((one,), (gate,)) = (found.breaks, found.gates)
    assert (one.pattern, one.amount_limit, one.expires) == ("order_billing/*", Decimal("125.00"), date(2026, 12, 31))
    assert (gate.gate, gate.partition, gate.approver) == ("sources_fresh", "crm", "Ada")
    assert found.text == file.read_text()
    assert load_waivers(load_checks(), file) == []


def test_without_a_file_nothing_is_waived(tmp_path: Path) -> None:
    assert load(tmp_path / "waivers.yml").breaks == ()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (f"breaks:\n{BREAK}".replace(", reason: known", ""), r"breaks\[0\].reason: missing"),
        (f"breaks:\n{BREAK}".replace("'125.00'", "125.5"), r"breaks\[0\].amount_limit"),
        (f"breaks:\n{BREAK}".replace("'125.00'", "'-1'"), r"breaks\[0\].amount_limit"),
        (f"breaks:\n{BREAK}".replace("2026-12-31", "soon"), r"breaks\[0\].expires"),
        (f"gates:\n{GATE}{GATE}".replace("partition: crm", "place: crm", 1), r"gates\[0\].partition: missing"),
        (f"gates:\n{GATE}".replace("reason: down", "reason: down, more: 1"), r"gates\[0\].more: unknown field"),
        ("gates:\n  - crm\n", r"gates\[0\]: expected a mapping"),
        ("gates: [", "not YAML"),
        ("gates: [{expires: 2026-15-01}]", "not YAML"),
    ],
)
def test_an_entry_that_cannot_be_read_is_told_with_its_field(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(Unusable, match=told):
        load(written(tmp_path / "waivers.yml", text))


def test_an_unknown_list_in_the_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Unusable, match="expected one field"):
        load_waivers(load_checks(), written(tmp_path / "waivers.yml", "waivers: []\nnonsense: []\n"))
