"""Great Expectations is imported without what the audit never calls, and judges all the same."""

import subprocess
import sys

LEAN = """
import sys
from decimal import Decimal
from orchestration.reconciliation.expectations import unequal_partitions
rows = [{"partition": p, "left_a": Decimal(1), "right_a": Decimal(r)} for p, r in (("same", 1), ("other", 2))]
assert unequal_partitions("check", rows, {"a": False}) == {"a": {"other"}}
loaded = [name for name in ("scipy.stats._stats_py", "altair.vegalite") if name in sys.modules]
assert not loaded, loaded
from scipy import stats
assert stats.norm.cdf(0) == 0.5
assert "scipy.stats._stats_py" in sys.modules
"""
PLAIN = (
    'import great_expectations, sys; assert "scipy.stats._stats_py" in sys.modules and "altair.vegalite" in sys.modules'
)


def test_unused_libraries_are_loaded_by_their_first_use() -> None:
    _run(LEAN)


def test_without_it_they_are_loaded() -> None:
    _run(PLAIN)


def _run(code: str) -> None:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
