"""The first quotes of a run, each bound to show something rare, so that a small run has every event type too."""

from enum import IntEnum

import numpy as np

from simulator.window import Bools, Ints


class Shows(IntEnum):
    """What the quote of this number shows. From `CANCELLED_ORDER` on it is accepted as first sent, and ordered."""

    CUSTOMER_REJECTION = 0
    EXPIRY = 1
    CANCELLED_QUOTE = 2
    DENIED_APPROVAL = 3
    RECALLED_APPROVAL = 4
    INVALIDATED_APPROVAL = 5
    REVISION = 6
    CANCELLED_ORDER = 7
    REFUSED_CANCELLATION = 8
    CONVERSION_RETRY = 9
    FALLOUT = 10
    UNKNOWN_OUTCOME = 11
    FAILED_DECOMPOSITION = 12
    HANDOFF_FAILURE = 13
    CREDIT_NOTE = 14
    ASSET_CHANGE = 15
    TERMINATION = 16
    SUPPORT_CASE = 17
    FEASIBILITY = 18
    POLICY_OVERRIDE = 19


FIRST_ORDERED = Shows.CANCELLED_ORDER
COUNT = len(Shows)


def shows(number: Ints, what: Shows) -> Bools:
    """Where the quote of that number (from 0) is the one that shows it."""
    shown: Bools = number == int(what)
    return shown


def showcased(number: Ints) -> Bools:
    """Where the quote is one of those bound to show something."""
    bound: Bools = number < COUNT
    return bound


def ordered(number: Ints) -> Bools:
    """Where the quote is bound to become an order."""
    bound: Bools = (number >= int(FIRST_ORDERED)) & (number < COUNT)
    return bound


def needs_approval(number: Ints) -> Bools:
    """Where the quote is bound to need an approval."""
    return np.isin(number, [Shows.DENIED_APPROVAL, Shows.RECALLED_APPROVAL, Shows.INVALIDATED_APPROVAL])
