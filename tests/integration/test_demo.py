"""The demo, as `make demo` runs it, and what docs/marts.md says that an analyst finds in its release.

After a change that moves a figure, `TIEOUT_UPDATE_DOCS=1 pytest tests/integration/test_demo.py` writes them anew.
"""

import os
from collections.abc import Iterator

import pytest
from support.analyst_page import asked, update

from orchestration import demo
from orchestration.cli.publishing import answer_text
from orchestration.home import PROJECT_ROOT, Home
from orchestration.publishing.query import query

PAGE = PROJECT_ROOT / "docs" / "marts.md"
QUESTIONS = 10
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Home, int]]:
    """The demo's home and exit code."""
    root = tmp_path_factory.mktemp("demo") / "home"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TIEOUT_HOME", str(root))
        code = demo.main()
    yield Home(root), code


def test_the_demo_ends_in_a_release(told: tuple[Home, int]) -> None:
    home, code = told
    assert code == 0
    assert (home.releases / "current" / "tieout.duckdb").exists()


def test_every_answer_of_the_page_is_what_the_release_says(told: tuple[Home, int]) -> None:
    home, _ = told

    def answer(sql: str) -> str:
        # Its last line names the release, which is another one each time.
        return answer_text(query(home, sql)).rpartition("\n")[0].strip()

    if os.environ.get("TIEOUT_UPDATE_DOCS"):
        update(PAGE, answer)
    questions = asked(PAGE.read_text(encoding="utf-8"))
    assert len(questions) >= QUESTIONS
    for one in questions:
        assert one.answer.strip() == answer(one.sql), one.question
        assert len(one.answer.strip().splitlines()) > 2, f"no row answers: {one.question}"
