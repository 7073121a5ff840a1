"""Approval policies over time: what a deal may give away before someone has to approve it, and their events."""

from dataclasses import dataclass

import numpy as np

from simulator import text
from simulator.draws import Draws
from simulator.events import EventBatch, aggregate_key
from simulator.window import DAY, Ints, Window, milliseconds


@dataclass(frozen=True)
class Policies:
    """Policy versions with the moments that they come into force; percentages in units of 10⁻⁴ percent."""

    starts: Ints
    versions: tuple[str, ...]
    discount_threshold: Ints
    margin_guardrail: Ints

    def at(self, times: Ints) -> Ints:
        """The policy in force."""
        return np.maximum(np.searchsorted(self.starts, times, side="right") - 1, 0)


def build_policies(window: Window, draws: Draws) -> Policies:
    """The first policy holds from the start; a new one comes on the 10th of each month."""
    days = [window.start, *window.days_of_month(10)]
    number = np.arange(len(days), dtype=np.int64)
    return Policies(
        np.array([milliseconds(day) for day in days], dtype=np.int64),
        tuple(f"POL-{day:%Y-%m-%d}" for day in days),
        draws.between("policy/threshold", number, 10, 15) * 10_000,
        draws.between("policy/guardrail", number, 15, 25) * 10_000,
    )


def policy_events(policies: Policies) -> list[EventBatch]:
    """One event per policy version."""
    number = np.arange(len(policies.versions), dtype=np.int64)
    types = ['["LINE_DISCRETIONARY","MANUAL_OVERRIDE"]', '["LINE_DISCRETIONARY","MANUAL_OVERRIDE","RENEWAL_INCENTIVE"]']
    payload = text.record(
        [
            ("policyVersion", text.coded(policies.versions, number)),
            ("marginGuardrailPercent", text.amounts(policies.margin_guardrail)),
            ("discountThresholdPercent", text.amounts(policies.discount_threshold)),
            ("leakageTypes", text.raw(types, np.minimum(number, 1))),
            ("effectiveFrom", text.dates(policies.starts // DAY)),
        ],
        len(number),
    )
    ids = text.repeated("DEAL-POLICY", len(number))
    key = aggregate_key("ApprovalPolicy", np.zeros(len(number), dtype=np.int64))
    return [EventBatch("ApprovalPolicyPublished", key, ids, policies.starts + 1_000, payload)]
