"""How long evidence is kept: seven full years, whatever day a period ends on."""

from datetime import datetime

import pytest

from orchestration.closing.evidence import retention


@pytest.mark.parametrize(
    ("end", "until"),
    [
        ("2026-10-01", "2033-10-01"),
        ("2026-10-31", "2033-10-31"),
        ("2028-02-29", "2035-03-01"),
        ("2026-12-31", "2033-12-31"),
    ],
)
def test_a_package_is_kept_for_seven_full_years(end: str, until: str) -> None:
    assert retention(datetime.fromisoformat(end)) == {"class": "7_YEARS", "until": until}
