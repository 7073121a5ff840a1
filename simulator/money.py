"""Exact amounts: 64-bit whole numbers of 10⁻⁴ currency units, and currencies with their minor units."""

from dataclasses import dataclass

import numpy as np

from simulator.window import Ints

UNIT = 10_000
"""Amount units per currency unit (four decimals)."""


@dataclass(frozen=True)
class Currency:
    """A selling currency: minor-unit step in amount units, and what 1000 USD of list price costs in it."""

    code: str
    step: int
    per_thousand_usd: int


CURRENCIES = (
    Currency("USD", 100, 1_000),
    Currency("CAD", 100, 1_370),
    Currency("BRL", 100, 5_400),
    Currency("EUR", 100, 920),
    Currency("GBP", 100, 790),
    Currency("CHF", 100, 880),
    Currency("JPY", UNIT, 150_000),
    Currency("AUD", 100, 1_520),
    Currency("SGD", 100, 1_340),
)
CURRENCY_CODES = tuple(currency.code for currency in CURRENCIES)
STEPS: Ints = np.array([currency.step for currency in CURRENCIES], dtype=np.int64)


def divided(amounts: Ints, divisor: int | Ints) -> Ints:
    """Amounts over a positive divisor, halves away from zero."""
    halved = (np.abs(amounts) + np.asarray(divisor, dtype=np.int64) // 2) // divisor
    return np.where(amounts < 0, -halved, halved)


def share(amounts: Ints, basis_points: int | Ints) -> Ints:
    """So many hundredths of a percent of the amounts."""
    return divided(amounts * basis_points, 10_000)


def scaled(amounts: Ints, factor: Ints) -> Ints:
    """Amounts × factor / 10⁴; whole parts and rest apart, so that large amounts do not overflow."""
    whole, rest = np.divmod(amounts, UNIT)
    return whole * factor + divided(rest * factor, UNIT)


def to_minor(amounts: Ints, currency: Ints) -> Ints:
    """Amounts to the nearest minor unit of each one's currency (an index into CURRENCIES)."""
    step = STEPS[currency]
    return divided(amounts, step) * step


def amount_text(units: int) -> str:
    """An amount with all four decimals."""
    whole, rest = divmod(abs(units), UNIT)
    return f"{'-' if units < 0 else ''}{whole}.{rest:04d}"
