"""Waivers: what the file may say, and what a waiver covers."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from orchestration.errors import Unusable
from orchestration.reconciliation.judge import Finding, apply_waivers
from orchestration.reconciliation.results import CheckResult
from orchestration.reconciliation.suites import Check
from orchestration.reconciliation.waivers import Waiver, load_waivers

CHECKS = [
    Check("control_total", "", "recon_control_total", "source", "critical", {"count": False, "amount": True}, ()),
    Check("gap", "", "recon_gap", "source", "critical", {"count": False}, ()),
    Check("quote_line", "", "recon_quote_line", "integrity", "critical", {"count": False}, ()),
]
ENTRY = {
    "check": "control_total",
    "partition": "oms/orders_submitted/2026-10/USD",
    "amount_limit": '"125.00"',
    "reason": "Order 4711 twice",
    "approver": "Ada Lovelace",
    "expires": "2026-12-31",
}


def write(tmp_path: Path, *entries: dict[str, str]) -> Path:
    lines = ["waivers:"]
    for entry in entries:
        lines += [
            f"{'  - ' if number == 0 else '    '}{key}: {value}" for number, (key, value) in enumerate(entry.items())
        ]
    path = tmp_path / "waivers.yml"
    path.write_text("\n".join(lines))
    return path


def test_reads_a_waiver(tmp_path: Path) -> None:
    [waiver] = load_waivers(CHECKS, write(tmp_path, ENTRY))
    assert waiver == Waiver(
        "control_total",
        "oms/orders_submitted/2026-10/USD",
        Decimal("125.00"),
        None,
        "Order 4711 twice",
        "Ada Lovelace",
        date(2026, 12, 31),
    )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"check": "quote_line"}, r"waivers\[0\].check: quote_line is of kind integrity; only source"),
        ({"check": "nothing"}, r"waivers\[0\].check: there is no check 'nothing'"),
        ({"partition": '"oms/*"'}, r"waivers\[0\].partition: .* wildcard"),
        ({"amount_limit": "125.00"}, r"waivers\[0\].amount_limit: 125.0: write the amount in quotes"),
        ({"amount_limit": '"a lot"'}, r"waivers\[0\].amount_limit: 'a lot' is not an amount"),
        ({"amount_limit": '"-1"'}, r"waivers\[0\].amount_limit: '-1': give an amount of 0 or more"),
        ({"amount_limit": '"Infinity"'}, r"waivers\[0\].amount_limit"),
        ({"count_limit": "-1"}, r"waivers\[0\].count_limit: -1: give a whole number"),
        ({"reason": '" "'}, r"waivers\[0\].reason: ' ': give a text"),
        ({"reason": '""'}, r"waivers\[0\].reason: missing"),
        ({"approver": "[a]"}, r"waivers\[0\].approver"),
        ({"expires": "soon"}, r"waivers\[0\].expires: 'soon': give a day"),
        ({"expires": "2026-12-31T00:00:00Z"}, r"waivers\[0\].expires: .*: give a day"),
        ({"until": "2026-12-31"}, r"waivers\[0\].until: unknown field"),
        ({"check": "gap"}, r"waivers\[0\].count_limit: missing; gap compares nothing but counts"),
    ],
)
def test_a_malformed_waiver_is_refused(tmp_path: Path, change: dict[str, str], message: str) -> None:
    with pytest.raises(Unusable, match=message):
        load_waivers(CHECKS, write(tmp_path, ENTRY | change))


@pytest.mark.parametrize("field", list(ENTRY))
def test_every_field_is_required(tmp_path: Path, field: str) -> None:
    with pytest.raises(Unusable, match=rf"waivers\[0\].{field}: missing"):
        load_waivers(CHECKS, write(tmp_path, {key: value for key, value in ENTRY.items() if key != field}))


def test_two_waivers_for_one_place_are_refused(tmp_path: Path) -> None:
    with pytest.raises(Unusable, match="two waivers for control_total"):
        load_waivers(CHECKS, write(tmp_path, ENTRY, ENTRY))


@pytest.mark.parametrize("text", ["[]", "waivers: 3", "other: []", "waivers: [", "- a"])
def test_another_form_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "waivers.yml").write_text(text)
    with pytest.raises(Unusable, match=r"waivers\.yml"):
        load_waivers(CHECKS, tmp_path / "waivers.yml")


def test_a_file_that_was_named_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(Unusable, match="cannot read the waivers"):
        load_waivers(CHECKS, tmp_path / "absent.yml")


def finding(amount: str = "100.00", count: int = 1, waivable: bool = True) -> Finding:
    result = CheckResult(
        "control_total", ENTRY["partition"], "source", "critical", "failed", "count=2", "count=1", "count differs by 1"
    )
    return Finding(result, {"count": Decimal(count), "amount": Decimal(amount)} if waivable else None)


def waiver(**change: object) -> Waiver:
    fields: dict[str, object] = {
        "check": "control_total",
        "partition": ENTRY["partition"],
        "amount_limit": Decimal("100.00"),
        "count_limit": None,
        "reason": "known",
        "approver": "Ada",
        "expires": date(2026, 12, 31),
    }
    return Waiver(**{**fields, **change})  # type: ignore[arg-type]


def test_a_covered_difference_is_waived() -> None:
    [result], notes = apply_waivers([finding()], [waiver()], date(2026, 12, 31))
    assert (result.verdict, result.blocking, notes) == ("waived", False, [])
    assert "waived by Ada until 2026-12-31: known" in result.message


@pytest.mark.parametrize(
    ("found", "held", "today", "told"),
    [
        (finding(), waiver(), date(2027, 1, 1), "expired on 2026-12-31"),
        (finding(amount="100.0001"), waiver(), date(2026, 1, 1), "amount differs by 100.0001, accepted is 100.00"),
        (finding(count=2), waiver(count_limit=1), date(2026, 1, 1), "count differs by 2, accepted is 1"),
    ],
)
def test_what_is_not_covered_stays_failed_and_is_told(found: Finding, held: Waiver, today: date, told: str) -> None:
    [result], notes = apply_waivers([found], [held], today)
    assert result.blocking
    assert told in result.message
    assert told in notes[0]


def test_a_check_that_could_not_be_made_is_never_waived() -> None:
    [result], notes = apply_waivers([finding(waivable=False)], [waiver()], date(2026, 1, 1))
    assert result.blocking
    assert notes == [f"waiver not used: control_total at {ENTRY['partition']} has no difference; remove it"]


def test_a_waiver_counts_only_at_its_partition() -> None:
    [result], notes = apply_waivers([finding()], [waiver(partition="oms/orders_submitted/2026-10")], date(2026, 1, 1))
    assert result.blocking
    assert "not used" in notes[0]
