"""No mart changes its meaning without a version, a line in the changelog and a record of both."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from orchestration.errors import Refused
from orchestration.home import PROJECT_ROOT
from orchestration.semantics.fingerprints import problems, record, recorded

MART, FILES = "fact_policy_override", "models/marts/deal_desk/fact_policy_override"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of what the fingerprints are taken from, all of it recorded."""
    for folder in ("models", "macros", "seeds"):
        shutil.copytree(PROJECT_ROOT / folder, tmp_path / folder)
    shutil.copy(PROJECT_ROOT / "CHANGELOG.md", tmp_path)
    record(tmp_path, "as it is")
    assert problems(tmp_path) == []
    return tmp_path


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def test_every_mart_is_recorded_as_it_is() -> None:
    assert problems() == []


@pytest.mark.parametrize(
    "change",
    [
        lambda root: edit(root / f"{FILES}.sql", "is_in_force", "is_in_use"),
        lambda root: edit(root / f"{FILES}.yml", "Policy that was overridden.", "Policy that was waived."),
        lambda root: edit(root / "models/intermediate/quote/int_policy_override_event.sql", "union all", "union"),
    ],
    ids=["logic", "description", "model behind it"],
)
def test_a_change_needs_a_version_and_a_changelog_line(project: Path, change: Callable[[Path], None]) -> None:
    change(project)
    told = [line for line in problems(project) if line.startswith(f"{MART}:")]
    assert len(told) == 1
    assert "Raise semantic_version" in told[0]
    with pytest.raises(Refused, match=MART):
        record(project)
    edit(project / f"{FILES}.yml", "semantic_version: 1", "semantic_version: 2")
    assert any("not recorded" in line for line in problems(project))
    record(project)
    assert [line for line in problems(project) if MART in line] == [
        f"{MART}: CHANGELOG.md has no line with `{MART}` and 'version 2'"
    ]
    edit(project / "CHANGELOG.md", "## Unreleased\n", f"## Unreleased\n\n- `{MART}` version 2: another meaning.\n")
    assert problems(project) == []


@pytest.mark.parametrize("file", ["mart_kpi_monthly_v1", "mart_kpi_monthly"], ids=["its own", "the latest behind it"])
def test_an_older_version_keeps_what_it_means(project: Path, file: str) -> None:
    edit(project / f"models/marts/kpi/{file}.sql", "'TOTAL'" if file.endswith("v1") else "'REGION'", "'ELSEWHERE'")
    told = [line for line in problems(project) if line.startswith("mart_kpi_monthly_v1:")]
    assert len(told) == 1
    assert "did not" in told[0]


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("incremental/applied_events", "not set_aside.is_applied", "set_aside.is_applied"),
        ("money/money", "decimal(18, 4)", "decimal(18, 2)"),
    ],
    ids=["of a model behind it", "of an engine"],
)
def test_a_macro_is_part_of_what_a_mart_means(project: Path, file: str, old: str, new: str) -> None:
    edit(project / f"macros/{file}.sql", old, new)
    told = [line for line in problems(project) if line.startswith("fact_quote_line_price:")]
    assert len(told) == 1
    assert "Raise semantic_version" in told[0]


def test_the_taxonomy_is_part_of_what_a_discount_means(project: Path) -> None:
    edit(project / "seeds/discount_type.csv", "Bundle", "Bundling")
    assert any(line.startswith("dim_discount_type:") for line in problems(project))


def test_comments_and_layout_mean_nothing(project: Path) -> None:
    edit(project / f"{FILES}.sql", "\nselect\n", "\n-- Another comment.\nselect   \n")
    assert problems(project) == []


def test_the_same_meaning_is_recorded_with_its_reason(project: Path) -> None:
    edit(project / f"{FILES}.yml", "Policy that was overridden.", "The policy that was overridden.")
    record(project, "wording")
    assert problems(project) == []
    assert recorded(project)[MART].reason == "wording"
