"""The way of a quote: priced, validated, submitted, approved, sent, revised, and its end. Decides; renders nothing."""

from dataclasses import dataclass

import numpy as np

from simulator import showcase
from simulator.concessions import asked_discount, overrides_price
from simulator.quotes import MAX_REVISIONS, Quotes, expiry
from simulator.showcase import Shows
from simulator.timeline import Steps, Timeline
from simulator.window import DAY, HOUR, MINUTE, Bools, Ints
from simulator.world import World

TRIGGERS = ("USER", "SYSTEM", "CATALOG")
USER, SYSTEM, CATALOG = range(3)
INVALIDATIONS = ("EDIT", "PRICE", "CATALOG", "POLICY", "EXPIRY", "OTHER")
REJECTIONS = ("APPROVAL_DENIED", "PRICE_TOO_HIGH", "LOST_TO_COMPETITOR", "NO_BUDGET")
SUCCEEDED, FAILED, UNKNOWN = range(3)

QUOTE_KINDS = (
    "created", "revised", "priced", "validated", "override_applied", "override_removed", "submitted", "approved",
    "sent", "rejected", "expired", "cancelled", "accepted", "conversion",
)  # fmt: skip
APPROVAL_KINDS = ("requested", "reassigned", "decided", "recalled", "invalidated")


@dataclass(frozen=True)
class Journeys:
    """The steps of a chunk of quotes by kind (QUOTE_KINDS and APPROVAL_KINDS); entities are rows of the chunk."""

    steps: dict[str, Steps]

    def __getitem__(self, kind: str) -> Steps:
        return self.steps[kind]


class _Walk:
    """State while the quotes of a chunk are walked through their revisions."""

    def __init__(self, quotes: Quotes, world: World) -> None:
        self.quotes = quotes
        self.world = world
        self.number = quotes.number
        self.rows = np.arange(len(quotes), dtype=np.int64)
        self.line = Timeline(world.draws, self.number, quotes.created, world.window.end_ms, quotes.pace)
        self.priced = np.zeros(len(quotes), dtype=np.int64)
        self.expires = expiry(quotes, quotes.created)
        self.live = np.ones(len(quotes), dtype=np.bool_)
        self.approved = np.zeros(len(quotes), dtype=np.bool_)
        self.sent = np.zeros(len(quotes), dtype=np.bool_)
        self.request = np.full(len(quotes), -1, dtype=np.int64)

    def chance(self, question: str, probability: float, revision: int = 0) -> Bools:
        return self.world.draws.chance(f"journey/{question}", self.number * 8 + revision, probability)

    def accident(self, question: str, probability: float, revision: int, what: Shows) -> Bools:
        """What happens by chance, but to none of the showcased quotes except the one that shows it."""
        return self.chance(question, probability, revision) & ~showcase.showcased(self.number) | self.shows(what)

    def shows(self, what: Shows) -> Bools:
        return showcase.shows(self.number, what)

    def price(self, where: Bools, low: float, high: float, revision: int, slot: str, trigger: Ints | int) -> None:
        self.priced = self.priced + where
        self.line.step("priced", where, low, high, slot, revision=revision, ordinal=self.priced, trigger=trigger)

    # --- one revision ---------------------------------------------------------------------------------------------

    def revise(self, where: Bools, revision: int) -> None:
        """A new revision; an approval that is in force falls with it."""
        withdrawn = where & self.approved & (self.request >= 0)
        self.line.step("invalidated", withdrawn, 3_600, 2 * 86_400, f"edit{revision}", request=self.request, reason=0)
        self.approved &= ~where
        self.sent &= ~where
        self.request = np.where(where, -1, self.request)
        times = self.line.after("revised", 120, 86_400, str(revision))
        self.expires = np.where(where, expiry(self.quotes, times), self.expires)
        self.line.step_at("revised", where, times, revision=revision, expires=self.expires)

    def configure(self, where: Bools, revision: int) -> None:
        """Pricing and validation until the revision is fit to be submitted."""
        line, draws = self.line, self.world.draws
        self.price(where, 120, 5_400, revision, f"first{revision}", USER)
        invalid = where & self.accident("invalid", 0.15, revision, Shows.REVISION)
        trigger = np.where(self.chance("sweep", 0.15, revision), SYSTEM, USER)
        line.step("validated", where, 20, 600, f"first{revision}", revision=revision, invalid=invalid, trigger=trigger)
        line.step("validated", invalid, 300, 7_200, f"again{revision}", revision=revision, invalid=0, trigger=USER)
        switch = self.world.catalog.next_book_start(line.clock)
        lag = MINUTE + draws.delay("journey/repricing", self.number * 8 + revision, 0, 1_800)
        catalog = where & (switch < line.clock + 4 * DAY) & self.chance("catalog", 0.6, revision)
        catalog &= ~showcase.showcased(self.number)
        again = where & ~catalog & self.chance("again", 0.35, revision)
        self.priced = self.priced + catalog
        line.step_at("priced", catalog, switch + lag, revision=revision, ordinal=self.priced, trigger=CATALOG)
        by_system = np.where(self.chance("system", 0.2, revision), SYSTEM, USER)
        self.price(again, 300, 14_400, revision, f"again{revision}", by_system)
        applied = where & self.accident("override", 0.08, revision, Shows.POLICY_OVERRIDE)
        line.step("override_applied", applied, 60, 1_800, str(revision), revision=revision)
        removed = applied & (self.chance("unoverride", 0.35, revision) | self.shows(Shows.POLICY_OVERRIDE))
        line.step("override_removed", removed, 60, 3_600, str(revision), revision=revision)
        self.overridden = applied & ~removed

    def submit(self, where: Bools, revision: int) -> Bools:
        """The first submission of a revision; returns those that were denied."""
        policy = self.world.policies.at(self.line.after("submitted", 300, 86_400, f"{revision}-1"))
        asked = asked_discount(self.quotes, self.rows, np.full(len(self.rows), revision), self.world)
        deep = asked * 100 > self.world.policies.discount_threshold[policy]
        by_hand = overrides_price(self.quotes, self.rows, np.full(len(self.rows), revision), self.world)
        reasons = deep * 1 + by_hand * 2 + self.overridden * 4
        required = where & (reasons > 0)
        self._submitted(where, revision, 1, required, reasons, 300, 86_400)
        recalled = required & self.accident("recall", 0.06, revision, Shows.RECALLED_APPROVAL)
        reassign = required & self.accident("reassign", 0.15, revision, Shows.RECALLED_APPROVAL)
        self.line.step("reassigned", reassign, 600, 28_800, str(revision), request=self.request)
        self.line.step("recalled", recalled, 600, 28_800, str(revision), request=self.request, reason=0)
        denied: Bools = required & ~recalled & self.accident("deny", 0.14, revision, Shows.DENIED_APPROVAL)
        if revision > 1:
            denied &= ~self.shows(Shows.DENIED_APPROVAL)
        self._decide(required & ~recalled, denied, revision, "first")
        self._approve(where & ~recalled & ~denied, revision, "first", 0.92)
        self._resubmit(where, recalled, reasons, revision)
        return denied

    def _submitted(
        self, where: Bools, revision: int, sequence: int, required: Bools, reasons: Ints, low: float, high: float
    ) -> None:
        slot = f"{revision}-{sequence}"
        self.line.step(
            "submitted", where, low, high, slot,
            revision=revision, sequence=sequence, required=required, reasons=reasons, ordinal=self.priced,
        )  # fmt: skip
        request = self.number * 8 + (revision - 1) * 2 + sequence - 1
        self.request = np.where(where, np.where(required, request, -1), self.request)
        self.line.step(
            "requested", required, 1, 5, slot,
            request=self.request, revision=revision, sequence=sequence, reasons=reasons, ordinal=self.priced,
        )  # fmt: skip

    def _decide(self, where: Bools, denied: Bools, revision: int, slot: str) -> None:
        self.line.step(
            "decided", where, 900, 2 * 86_400, f"{slot}{revision}",
            request=self.request, denied=denied, ordinal=self.priced,
        )  # fmt: skip

    def _approve(self, where: Bools, revision: int, slot: str, sent: float) -> None:
        self.approved |= where
        self.line.step("approved", where, 1, 60, f"{slot}{revision}", revision=revision, request=self.request)
        send = where & (self.chance(f"send/{slot}", sent, revision) | showcase.showcased(self.number))
        self.line.step("sent", send, 300, 14_400, f"{slot}{revision}", revision=revision)
        self.sent |= send

    def _resubmit(self, where: Bools, recalled: Bools, reasons: Ints, revision: int) -> None:
        """A second round: after a recall, or because what was approved no longer holds."""
        granted = where & self.approved & (self.request >= 0)
        stale = granted & self.accident("stale", 0.1, revision, Shows.INVALIDATED_APPROVAL)
        reason = np.array([1, 2, 3, 5])[self.world.draws.weighted("journey/stale-reason", self.number, [3, 4, 2, 1])]
        self.line.step("invalidated", stale, 3_600, 86_400, f"stale{revision}", request=self.request, reason=reason)
        self.approved &= ~stale
        self.sent &= ~stale
        again = recalled | stale
        trigger = np.where(stale & (reason == 2), CATALOG, USER)
        self.price(again, 120, 7_200, revision, f"stale{revision}", trigger)
        self._submitted(again, revision, 2, again, np.maximum(reasons, 1), 300, 28_800)
        self._decide(again, np.zeros_like(again), revision, "second")
        self._approve(again, revision, "second", 0.95)

    # --- the end --------------------------------------------------------------------------------------------------

    def finish(self) -> None:
        """Acceptance, rejection, expiry, cancellation, or nothing yet."""
        line, draws = self.line, self.world.draws
        outcome = draws.weighted("journey/outcome", self.number, self.world.mix.outcomes)
        for what, code in ((Shows.CUSTOMER_REJECTION, 1), (Shows.EXPIRY, 2), (Shows.CANCELLED_QUOTE, 3)):
            outcome = np.where(self.shows(what), code, outcome)
        outcome = np.where(showcase.ordered(self.number), 0, outcome)
        out = self.live & self.sent
        room = np.minimum(self.expires - line.clock - HOUR, (12 * DAY * self.quotes.pace).astype(np.int64))
        part = draws.uniform("journey/acceptance", self.number) ** 2
        accepted = out & (outcome == 0) & (room > HOUR)
        rejected = out & (outcome == 1) & (room > HOUR)
        answered = line.clock + MINUTE + (room * part).astype(np.int64)
        line.step_at("accepted", accepted, answered, revision=self.revision, ordinal=self.priced)
        lost = 1 + draws.weighted("journey/lost", self.number, [3, 4, 2])
        line.step_at("rejected", rejected, answered, revision=self.revision, reason=lost)
        lapsed = self.live & (self.expires > line.clock) & ~accepted & ~rejected & (outcome == 2)
        line.step_at("expired", lapsed, self.expires, revision=self.revision)
        dropped = self.live & ~accepted & ~rejected & ~lapsed & ((outcome == 3) | (~self.sent & (outcome == 1)))
        line.step("cancelled", dropped, 3_600, 6 * 86_400, revision=self.revision)
        self._convert(accepted)

    def _convert(self, accepted: Bools) -> None:
        """Attempts to turn an accepted quote into an order, under one idempotency key per quote."""
        first = self.world.draws.weighted("journey/conversion", self.number, [88, 7, 5])
        retried = self.shows(Shows.CONVERSION_RETRY)
        first = np.where(retried, FAILED, np.where(showcase.ordered(self.number), SUCCEEDED, first))
        second = np.where(self.chance("conversion/second", 0.75), SUCCEEDED, UNKNOWN)
        second = np.where(retried, UNKNOWN, second)
        given_up = self.chance("conversion/never", 0.2) & ~retried
        code = self.world.draws.between("journey/failure", self.number, 0, 2)
        self.line.step("conversion", accepted, 120, 28_800, "1", revision=self.revision, outcome=first, failure=code)
        on = accepted & (first != SUCCEEDED) & ~given_up
        self.line.step("conversion", on, 600, 43_200, "2", revision=self.revision, outcome=second, failure=code)
        on &= second != SUCCEEDED
        self.line.step("conversion", on, 600, 43_200, "3", revision=self.revision, outcome=SUCCEEDED, failure=code)

    def walk(self) -> Journeys:
        self.line.step_at("created", self.live, self.quotes.created, expires=self.expires)
        self.revision = np.ones(len(self.rows), dtype=np.int64)
        for revision in range(1, MAX_REVISIONS + 1):
            where = self.live & (self.quotes.revisions >= revision)
            last = self.quotes.revisions == revision
            self.revision = np.where(where, revision, self.revision)
            self.revise(where & (revision > 1), revision)
            self.configure(where, revision)
            ready = np.where(last, self.chance("submit", 0.92, revision), self.chance("early", 0.6, revision))
            submitted = where & (ready | showcase.showcased(self.number))
            denied = self.submit(submitted, revision)
            refused = denied & last
            self.line.step("rejected", refused, 60, 7_200, f"denied{revision}", revision=revision, reason=0)
            self.live &= ~refused
        self.finish()
        return Journeys({kind: self.line.steps(kind) for kind in (*QUOTE_KINDS, *APPROVAL_KINDS)})


def walk_quotes(quotes: Quotes, world: World) -> Journeys:
    """All steps of the quotes that fall into the window."""
    return _Walk(quotes, world).walk()
