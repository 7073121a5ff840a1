"""The price waterfall: ten kinds of signed adjustments from prorated list to net, exact, in a fixed order."""

from dataclasses import dataclass

import numpy as np

from simulator.money import share, to_minor
from simulator.window import Bools, Ints

ADJUSTMENT_TYPES = (
    "CONTRACTED_PRICE",
    "VOLUME_TERM_SCHEDULE",
    "BUNDLE",
    "PROMOTION",
    "RENEWAL_INCENTIVE",
    "LINE_DISCRETIONARY",
    "MANUAL_OVERRIDE",
    "PARTNER_MARGIN",
    "UNCLASSIFIED",
    "ROUNDING",
)
"""In the order in which they are applied."""

_PLACE = {name: place for place, name in enumerate(ADJUSTMENT_TYPES)}
PERCENTAGES = len(ADJUSTMENT_TYPES) - 1
"""All types but the last are given in percent here."""

SAYS_PERCENT: Bools = np.array(
    [name not in ("MANUAL_OVERRIDE", "UNCLASSIFIED", "ROUNDING") for name in ADJUSTMENT_TYPES]
)
"""Types whose event states the percentage; the others are plain amounts to a reader."""


@dataclass(frozen=True)
class Adjustments:
    """All adjustments, by line and then in order of application; amounts in 10⁻⁴ units, `percent` signed, in 10⁻⁴."""

    line: Ints
    sequence: Ints
    kind: Ints
    amount: Ints
    basis_amount: Ints
    percent: Ints
    net: Ints
    """Per line, not per adjustment: prorated list plus all of its adjustments."""


def no_percentages(lines: int) -> Ints:
    """An empty plan: a row per type but ROUNDING, a column per line; basis points, negative lowers the price."""
    return np.zeros((PERCENTAGES, lines), dtype=np.int64)


def place_of(kind: str) -> int:
    """The row of a type in a plan."""
    return _PLACE[kind]


def apply_adjustments(prorated: Ints, plan: Ints, currency: Ints) -> Adjustments:
    """Apply a plan to prorated list amounts, each percentage to what is left; then round to the minor unit.

    `currency` is an index into CURRENCIES, one per line. Adjustments of zero are left out.
    """
    amount = np.zeros((len(ADJUSTMENT_TYPES), len(prorated)), dtype=np.int64)
    basis = np.zeros_like(amount)
    running = prorated.copy()
    for place in range(PERCENTAGES):
        basis[place] = running
        amount[place] = share(running, plan[place])
        running = running + amount[place]
    basis[-1] = running
    net = to_minor(running, currency)
    amount[-1] = net - running

    line, kind = np.nonzero(amount.T)
    counts = np.bincount(line, minlength=len(prorated))
    sequence = np.arange(len(line), dtype=np.int64) - np.repeat(np.cumsum(counts) - counts, counts) + 1
    percent = np.concatenate([plan * 100, np.zeros((1, len(prorated)), dtype=np.int64)])
    return Adjustments(line, sequence, kind, amount[kind, line], basis[kind, line], percent[kind, line], net)
