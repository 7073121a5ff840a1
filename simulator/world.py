"""What every part of a run shares: the window, the draws and the reference data."""

from dataclasses import dataclass

from simulator.accounts import Accounts, build_accounts
from simulator.catalog import Catalog, build_catalog
from simulator.draws import Draws
from simulator.mix import Mix
from simulator.policies import Policies, build_policies
from simulator.window import Window


@dataclass(frozen=True)
class World:
    """The reference data of one run of `quotes` quotes."""

    quotes: int
    mix: Mix
    window: Window
    draws: Draws
    catalog: Catalog
    policies: Policies
    accounts: Accounts


def build_world(quotes: int, seed: int, window: Window, mix: Mix) -> World:
    """All reference data, from the seed alone; the mix says what becomes of it."""
    draws = Draws(seed)
    return World(
        quotes,
        mix,
        window,
        draws,
        build_catalog(window, draws),
        build_policies(window, draws),
        build_accounts(quotes, draws),
    )
