"""Event batches: rows of one event type before they get their envelope; and who emits which type."""

from dataclasses import dataclass

from simulator.text import Text
from simulator.window import Ints

AGGREGATES = {
    "Account": ("crm", ("AccountUpserted",)),
    "ProductOffering": ("catalog", ("ProductOfferingUpserted",)),
    "PriceBookEntry": ("catalog", ("PriceBookEntryUpserted",)),
    "ApprovalPolicy": ("cpq", ("ApprovalPolicyPublished",)),
    "BillingAccount": ("billing", ("BillingAccountUpserted",)),
    "Quote": (
        "cpq",
        (
            "QuoteCreated",
            "QuoteRevised",
            "QuoteConfigurationValidated",
            "QuotePriced",
            "PolicyOverrideApplied",
            "PolicyOverrideRemoved",
            "QuoteSubmittedForApproval",
            "QuoteApproved",
            "QuoteSent",
            "QuoteRejected",
            "QuoteExpired",
            "QuoteCancelled",
            "QuoteAccepted",
            "QuoteConversionAttempted",
        ),
    ),
    "ApprovalRequest": (
        "cpq",
        ("ApprovalRequested", "ApprovalReassigned", "ApprovalDecided", "ApprovalInvalidated", "ApprovalRecalled"),
    ),
    "Order": (
        "oms",
        (
            "OrderSubmissionAttempted",
            "OrderSubmitted",
            "OrderStateChanged",
            "OrderItemStateChanged",
            "OrderItemFeasibilityChecked",
            "OrderDecompositionAttempted",
            "OrderCancellationRequested",
            "OrderCancellationDecided",
        ),
    ),
    "FulfillmentTask": (
        "oms",
        (
            "TaskCreated",
            "TaskStarted",
            "TaskRetried",
            "TaskCompleted",
            "TaskFailed",
            "TaskOutcomeUnknown",
            "TaskCancelled",
        ),
    ),
    "FalloutCase": ("oms", ("FalloutOpened", "FalloutAssigned", "FalloutRecovered", "FalloutReopened")),
    "Invoice": ("billing", ("InvoiceIssued",)),
    "CreditNote": ("billing", ("CreditNoteIssued",)),
    "Subscription": ("billing", ("BillingActivated", "BillingHandoffFailed")),
    "Asset": ("inventory", ("AssetCreated", "AssetChanged", "AssetTerminated")),
    "SupportCase": ("crm", ("SupportCaseOpened", "SupportCaseClosed")),
}
"""Aggregate type: the source system that owns it, and its event types."""

OWNER = {event_type: (source, kind) for kind, (source, types) in AGGREGATES.items() for event_type in types}
"""Event type: source system and aggregate type. ControlTotalsPublished is apart: every source may publish it."""

SOURCES = ("crm", "catalog", "cpq", "oms", "billing", "inventory")

_CODES = {kind: position for position, kind in enumerate(AGGREGATES)}


def aggregate_key(aggregate_type: str, numbers: Ints) -> Ints:
    """One whole number per aggregate, different for different types; `numbers` identify it within its type."""
    return (_CODES[aggregate_type] << 48) + numbers


@dataclass(frozen=True)
class EventBatch:
    """Rows of one event type, all inside the window, in any order.

    `key` and `aggregate_id` name the aggregate, `time` is in milliseconds, `payload` is JSON text, `correlation` raw
    ids. `cause` is the key of the aggregate whose latest event caused this one; -1: the one before in its own.
    """

    event_type: str
    key: Ints
    aggregate_id: Text
    time: Ints
    payload: Text
    correlation: Text | None = None
    cause: Ints | None = None

    def __len__(self) -> int:
        return len(self.time)
