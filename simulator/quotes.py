"""Quote headers: for whom, when, through which channel, how many lines; what is fixed when a quote is created."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from simulator import showcase, text
from simulator.accounts import COUNTRY_TAX
from simulator.money import STEPS
from simulator.text import Text
from simulator.window import DAY, HOUR, Bools, Ints, Window
from simulator.world import World

CHANNELS = ("DIRECT", "PARTNER", "WEB")
KINDS = ("NEW", "RENEWAL", "AMENDMENT")
FREQUENCIES = ("MONTHLY", "QUARTERLY", "ANNUAL")
FREQUENCY_MONTHS: Ints = np.array([1, 3, 12], dtype=np.int64)
NEW, RENEWAL, AMENDMENT = range(3)
MAX_REVISIONS = 3
MAX_LINES = 32
"""More than any quote of the usual size has."""


@dataclass(frozen=True)
class Quotes:
    """A chunk of quotes, in order of creation. Positions in it are rows; `number` counts over the whole run from 0."""

    number: Ints
    created: Ints
    pace: npt.NDArray[np.float64]
    account: Ints
    channel: Ints
    kind: Ints
    partner: Ints
    validity_days: Ints
    term: Ints
    frequency: Ints
    revisions: Ints
    has_bundle: Bools
    base_lines: Ints
    max_lines: int
    currency: Ints
    region: Ints
    country: Ints
    digits: Text
    quote_id: Text
    order_id: Text
    correlation: Text

    def __len__(self) -> int:
        return len(self.number)

    @property
    def step(self) -> Ints:
        """Minor-unit step of each quote's currency."""
        steps: Ints = STEPS[self.currency]
        return steps

    @property
    def tax(self) -> Ints:
        """Tax rate in basis points."""
        return COUNTRY_TAX[self.country]

    def line_ids(self, quote: Ints, number: Ints) -> Ints:
        """A number over the whole run for the lines of that number of the quotes in those rows."""
        ids: Ints = self.number[quote] * self.max_lines + number
        return ids

    @property
    def lead_line(self) -> Ints:
        """The first line that is no bundle header."""
        return self.has_bundle.astype(np.int64)


def _created(number: Ints, world: World) -> Ints:
    """Creation times, rising with the number: evenly over the busy hours of the window."""
    window: Window = world.window
    edges = np.arange(window.start_ms + HOUR, window.end_ms + 1, HOUR, dtype=np.int64)
    hour = edges[:-1] // HOUR
    weekday = (hour // 24 + 3) % 7
    busy = np.where((hour % 24 >= 7) & (hour % 24 < 19), 10, 2) * np.where(weekday < 5, 10, 2)
    load = np.concatenate([[0], np.cumsum(busy)]).astype(np.float64)
    position = (number + world.draws.uniform("quote/created", number)) / world.quotes
    times: Ints = np.interp(position * load[-1], load, edges.astype(np.float64)).astype(np.int64)
    return times


def _base_lines(number: Ints, world: World) -> Ints:
    """How many lines a quote starts with, bundle lines apart."""
    factor = world.mix.line_factor
    usual = 1 + world.draws.weighted("quote/lines", number, [22, 26, 20, 14, 8, 5, 3, 2])
    apart = world.draws.between("quote/lines-apart", number, -(factor // 2), factor // 2)
    return np.where(showcase.showcased(number), usual, usual * factor + apart)


def build_quotes(first: int, last: int, world: World) -> Quotes:
    """Quotes number `first` to `last` (exclusive)."""
    draws = world.draws
    number = np.arange(first, last, dtype=np.int64)
    accounts = world.accounts
    account = (draws.uniform("quote/account", number) ** 2 * len(accounts)).astype(np.int64)
    country = accounts.country[account]
    bound = showcase.showcased(number)
    ordered = showcase.ordered(number)
    channel = draws.weighted("quote/channel", number, [6, 3, 1])
    kind = np.where(bound, NEW, draws.weighted("quote/kind", number, [7, 2, 1]))
    revisions = 1 + draws.weighted("quote/revisions", number, [65, 25, 10])
    revisions = np.where(ordered, 1, revisions)
    one_more = showcase.shows(number, showcase.Shows.REVISION) | showcase.shows(number, showcase.Shows.DENIED_APPROVAL)
    revisions = np.where(one_more, 2, revisions)
    pace = np.array([0.4, 0.7, 1.0])[draws.weighted("quote/pace", number, [2, 4, 4])]
    digits = text.padded(number + 1, 6)
    return Quotes(
        number=number,
        created=_created(number, world),
        pace=np.where(bound, 0.08, pace),
        account=account,
        channel=channel,
        kind=kind,
        partner=np.where(channel == 1, accounts.partner[account], -1),
        validity_days=np.where(bound, 7, np.array([14, 30, 45])[draws.weighted("quote/validity", number, [4, 5, 1])]),
        term=np.array([12, 24, 36])[draws.weighted("quote/term", number, [6, 2, 2])],
        frequency=np.where(bound, 0, draws.weighted("quote/frequency", number, [8, 1, 1])),
        revisions=revisions,
        has_bundle=draws.chance("quote/bundle", number, 0.3) & ~ordered,
        base_lines=_base_lines(number, world),
        max_lines=MAX_LINES * world.mix.line_factor,
        currency=accounts.currency[account],
        region=accounts.region[account],
        country=country,
        digits=digits,
        quote_id=text.joined("Q-", digits),
        order_id=text.joined("O-", digits),
        correlation=text.joined("COR-", digits),
    )


def line_counts(quotes: Quotes, revision: Ints, rows: Ints, world: World) -> Ints:
    """How many lines the given revisions of the given quotes have, bundle lines included."""
    change = world.draws.between("quote/change", quotes.number[rows] * 8 + revision, -1, 1)
    plain = np.maximum(quotes.base_lines[rows] + np.where(revision > 1, change, 0), 1)
    counts: Ints = plain + 3 * quotes.has_bundle[rows]
    return counts


def expiry(quotes: Quotes, from_time: Ints) -> Ints:
    """When a quote offered at that moment expires: midnight after its validity."""
    return (from_time // DAY + 1 + quotes.validity_days) * DAY
