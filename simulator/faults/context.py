"""What the parts that harm tables share: who is hit, the truth, and the draws. Harms nothing itself."""

from dataclasses import dataclass

import numpy as np

from simulator.draws import Draws
from simulator.faults.truth import Truth
from simulator.faults.victims import Victims
from simulator.money import STEPS
from simulator.order_events import item_id
from simulator.orders import Orders
from simulator.quotes import Quotes


@dataclass(frozen=True)
class Context:
    """The faults of a run, for those that make them. `end` is that of the window, in milliseconds."""

    victims: Victims
    truth: Truth
    draws: Draws
    end: int

    def delta(self, kind: str, number: int, currency: int) -> int:
        """By how much an amount is wrong: some minor units of its currency."""
        units = int(self.draws.between(f"fault/{kind}/delta", np.array([number]), 1, 500)[0])
        return units * int(STEPS[currency])

    def item_id(self, quotes: Quotes, orders: Orders, row: int) -> str:
        """The id of an order item, as its events say it."""
        name: str = item_id(quotes, orders, np.array([row]))[0].as_py()
        return name
