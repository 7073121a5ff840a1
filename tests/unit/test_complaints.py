"""docs/complaints.md names a test for every complaint, and each test that it names exists."""

import re
from functools import cache
from pathlib import Path

import yaml

from orchestration.home import PROJECT_ROOT

NAMED = re.compile(r"`([^`]+)`")
# A product or quotient with a rate: what only the macros that convert may write.
CONVERTS = re.compile(r"(?:\*|(?<!/)/(?!/))\s*(?:\w+\.)?\w*rate\b|\b\w*rate\s*[*/]", re.IGNORECASE)


def complaints() -> dict[str, list[str]]:
    """Each complaint with the tests that its row names."""
    lines = (PROJECT_ROOT / "docs" / "complaints.md").read_text().splitlines()
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("| ")]
    return {row[0]: NAMED.findall(row[3]) for row in rows[1:]}


def missing(name: str) -> bool:
    """Whether the test of this name is not there."""
    path, _, function = name.partition("::")
    if function:
        file = PROJECT_ROOT / path
        return not (file.exists() and re.search(rf"^def {function}\(", file.read_text(), re.MULTILINE))
    if path.endswith(".sql"):
        return not (PROJECT_ROOT / path).exists()
    return name not in unit_tests()


@cache
def unit_tests() -> frozenset[str]:
    """dbt's unit tests as model:name."""
    files = [yaml.load(path.read_text(), yaml.CSafeLoader) or {} for path in (PROJECT_ROOT / "models").rglob("*.yml")]
    return frozenset(f"{test['model']}:{test['name']}" for file in files for test in file.get("unit_tests", []))


def conversions(path: Path) -> list[str]:
    """Where a file multiplies or divides by a rate."""
    code = re.sub(r"--[^\n]*|{#.*?#}", "", path.read_text(), flags=re.DOTALL)
    return [found[0] for found in CONVERTS.finditer(code)]


def test_every_complaint_has_tests_and_all_of_them_exist() -> None:
    named = complaints()
    assert len(named) >= 12
    assert [complaint for complaint, tests in named.items() if not tests] == []
    assert [name for tests in named.values() for name in tests if missing(name)] == []


def test_a_test_that_is_gone_is_found_out() -> None:
    here = "tests/unit/test_complaints.py"
    assert not missing(f"{here}::test_a_test_that_is_gone_is_found_out")
    gone = [
        f"{here}::test_that_never_was",
        "tests/dbt/never_was.sql",
        "fact_invoice_line:never_was",
        "no/file.py::test",
    ]
    assert [name for name in gone if not missing(name)] == []


def test_amounts_are_converted_in_one_place(tmp_path: Path) -> None:
    models = [*(PROJECT_ROOT / "models").rglob("*.sql"), *(PROJECT_ROOT / "tests" / "dbt").rglob("*.sql")]
    assert len(models) > 100
    assert {str(path): found for path in models if (found := conversions(path))} == {}
    wrong = tmp_path / "wrong.sql"
    for sql in ("net * rate.exchange_rate", "net / from_rate", "reporting_rate * net"):
        wrong.write_text(f"select {sql} from line")
        assert conversions(wrong), sql
