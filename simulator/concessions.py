"""What the sales rep asks for in a revision: the discretionary discount and manual overrides that may need approval."""

import numpy as np

from simulator import showcase
from simulator.quotes import Quotes
from simulator.window import Bools, Ints
from simulator.world import World

_ASKS: Ints = np.array([0, 250, 500, 750, 1_000, 1_250, 1_500, 2_000, 2_500, 3_000], dtype=np.int64)
_WEIGHTS = (30, 8, 12, 8, 12, 6, 8, 7, 5, 4)


def asked_discount(quotes: Quotes, rows: Ints, revision: Ints, world: World) -> Ints:
    """The deepest discretionary discount of a revision, in basis points; its lead line gets exactly this."""
    number = quotes.number[rows]
    asked = _ASKS[world.draws.weighted("concession/ask", number * 8 + revision, _WEIGHTS)]
    asked = np.where(showcase.needs_approval(number), 2_500, asked)
    return np.where(showcase.ordered(number), np.minimum(asked, 1_000), asked)


def overrides_price(quotes: Quotes, rows: Ints, revision: Ints, world: World) -> Bools:
    """Whether the price of the lead line is overridden by hand."""
    number = quotes.number[rows]
    return world.draws.chance("concession/override", number * 8 + revision, 0.06) & ~showcase.ordered(number)
