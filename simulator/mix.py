"""What kind of business is simulated: how large its quotes are, and how many of them are won."""

from dataclasses import dataclass

from orchestration.errors import Unusable

WIN_RATE = 58
LARGEST_FACTOR = 50
# Rejected, expired, cancelled, not decided yet: what becomes of quotes that are not won.
_NOT_WON = (14, 12, 6, 10)


@dataclass(frozen=True)
class Mix:
    """`line_factor`: how many times the usual lines a quote has; `win_rate`: percent of quotes that a customer wants.

    Wanted is not yet won: a quote that is never sent, or whose validity leaves no time, is not accepted. Quotes that
    are bound to show something (`simulator.showcase`) are what they are in any mix. Raises Unusable for values that
    make no sense.
    """

    line_factor: int = 1
    win_rate: int = WIN_RATE

    def __post_init__(self) -> None:
        if not 1 <= self.line_factor <= LARGEST_FACTOR:
            raise Unusable(f"--line-factor is {self.line_factor}: 1 to {LARGEST_FACTOR} can be simulated")
        if not 0 <= self.win_rate <= 100:
            raise Unusable(f"--win-rate is {self.win_rate}: it is a percentage")

    @property
    def outcomes(self) -> list[int]:
        """Weights of acceptance, rejection, expiry, cancellation, or nothing yet."""
        not_won = [weight * (100 - self.win_rate) for weight in _NOT_WON]
        return [self.win_rate * sum(_NOT_WON), *not_won]
