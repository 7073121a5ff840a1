"""What a measure counts, and the monthly figures of it, in pandas; not what counts."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

import pandas as pd


@dataclass(frozen=True)
class Counted:
    """One thing that a measure counts, or leaves out with a reason."""

    measure: str
    at: datetime
    numerator: Decimal = Decimal(0)
    denominator: Decimal = Decimal(0)
    seconds: int | None = None
    split: str = ""
    reason: str | None = None
    since: datetime | None = None
    region: str | None = None


def monthly(counted: Iterable[Counted]) -> dict[tuple[str, str, str, str], tuple[Decimal | None, ...]]:
    """(measure, statistic, month, split) to (numerator, denominator, value); months without a row are left out."""
    table = pd.DataFrame([vars(one) for one in counted])
    table["month"] = [f"{at:%Y-%m-01}" for at in table["at"]]
    found: dict[tuple[str, str, str, str], tuple[Decimal | None, ...]] = {}
    for (measure, split, month), rows in table[table["reason"].isna()].groupby(["measure", "split", "month"]):
        durations = sorted(int(value) for value in rows["seconds"].dropna())
        numerator = sum(rows["numerator"], Decimal(0))
        denominator = sum(rows["denominator"], Decimal(0))
        if durations:
            count = len(durations)
            middle = Fraction(durations[(count - 1) // 2] + durations[count // 2], 2)
            total = Decimal(sum(durations))
            found[measure, "MEDIAN", month, split] = (None, Decimal(count), _places(middle))
            found[measure, "P90", month, split] = (
                None,
                Decimal(count),
                _places(Fraction(durations[-(-9 * count // 10) - 1])),
            )
            found[measure, "MEAN", month, split] = (total, Decimal(count), _places(Fraction(sum(durations), count)))
        else:
            found[measure, "", month, split] = (numerator, denominator, None)
    return found


def excluded(counted: Iterable[Counted]) -> dict[tuple[str, str, str], int]:
    """(measure, month, reason) to how many are left out."""
    found: dict[tuple[str, str, str], int] = defaultdict(int)
    for one in counted:
        if one.reason:
            found[one.measure, f"{one.at:%Y-%m-01}", one.reason] += 1
    return dict(found)


def ratio(numerator: Decimal, denominator: Decimal, scale: int = 1) -> Decimal | None:
    """Six places, half away from zero; None where there is nothing to divide by."""
    return _places(Fraction(numerator) * scale / Fraction(denominator)) if denominator else None


def _places(value: Fraction) -> Decimal:
    exact = Decimal(value.numerator) / Decimal(value.denominator)
    return exact.quantize(Decimal("0.000001"), ROUND_HALF_UP)


def as_test(is_test: bool, counted: Iterator[Counted]) -> Iterator[Counted]:
    for one in counted:
        yield Counted(one.measure, one.at, split=one.split, reason="test_account") if is_test else one
