"""Suites that are malformed are refused with the file and the field."""

from pathlib import Path

import pytest

from orchestration.errors import Unusable
from orchestration.reconciliation.suites import load_checks, suites_hash

CANARY = """
suite: canary
relation: recon_canary
checks:
  - {key: canary, title: Must fail, kind: canary, severity: critical, pairs: {amount: exact}}
"""
GOOD = """
suite: lines
relation: recon_lines
checks:
  - key: lines
    title: Lines
    kind: integrity
    severity: critical
    pairs: {count: exact, amount: exact_or_absent}
    expected: [{partition: "quote/{month}", event_types: [QuotePriced]}]
"""


def folder(tmp_path: Path, **suites: str) -> Path:
    for name, text in suites.items():
        (tmp_path / f"{name}.yml").write_text(text)
    return tmp_path


def test_reads_suites(tmp_path: Path) -> None:
    canary, lines = load_checks(folder(tmp_path, canary=CANARY, lines=GOOD))
    assert (canary.key, canary.waivable) == ("canary", False)
    assert lines.pairs == {"count": False, "amount": True}
    assert lines.expected[0].partition == "quote/{month}"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (GOOD.replace("suite: lines", "suite: other"), "suite is 'other', but the file is called lines.yml"),
        (GOOD.replace("recon_lines", "recon lines"), "lines.yml: relation: 'recon lines' is not a name"),
        (GOOD.replace("integrity", "inner"), r"checks\[0\].kind: 'inner' is not one of"),
        (GOOD.replace("critical", "warning"), r"checks\[0\].severity: a check of kind integrity is always critical"),
        (GOOD.replace("count: exact,", "count: about,"), r"checks\[0\].pairs.count: 'about' is not one of"),
        (GOOD.replace("    pairs: {count: exact, amount: exact_or_absent}\n", ""), r"checks\[0\]: pairs missing"),
        (GOOD.replace("{month}", "{year}"), r"expected\[0\].partition: unknown field"),
        (GOOD.replace("title: Lines", "title: Lines\n    tolerance: 1"), "unknown field tolerance"),
        (GOOD[: GOOD.index("    expected")], "expected is missing"),
        ("suite: [", "not YAML"),
        ("suite: 2026-15-01", "not YAML"),
        ("suite: lines\nrelation: recon_lines\nchecks: []", "at least one check"),
    ],
)
def test_malformed_suites_are_refused(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(Unusable, match=message):
        load_checks(folder(tmp_path, canary=CANARY, lines=text))


def test_a_canary_is_required(tmp_path: Path) -> None:
    with pytest.raises(Unusable, match="no canary"):
        load_checks(folder(tmp_path, lines=GOOD))


def test_no_suites_are_refused(tmp_path: Path) -> None:
    with pytest.raises(Unusable, match="no suites"):
        load_checks(tmp_path)


def test_a_key_is_used_once(tmp_path: Path) -> None:
    with pytest.raises(Unusable, match="lines is in two suites"):
        load_checks(folder(tmp_path, canary=CANARY, lines=GOOD, more=GOOD.replace("suite: lines", "suite: more")))


def test_the_hash_follows_the_content(tmp_path: Path) -> None:
    before = suites_hash(folder(tmp_path, canary=CANARY, lines=GOOD))
    assert suites_hash(folder(tmp_path, lines=GOOD.replace("exact_or_absent", "exact"))) != before
