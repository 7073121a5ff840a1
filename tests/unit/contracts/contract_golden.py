"""The contract once more, written by hand: a required-only payload and the optional fields of every event type."""

PRICED_LINE = {
    "lineId": "L1",
    "productOfferingId": "P1",
    "chargeType": "RECURRING",
    "quantity": 2,
    "listUnitPrice": 50,
    "proratedListAmount": "100.00",
    "adjustments": [{"sequence": 1, "type": "PROMOTION", "amount": -12.3456}],
    "netAmount": "87.6544",
}
BILLED_LINE = {
    "invoiceLineId": "IL1",
    "chargeType": "USAGE",
    "quantity": "0.5",
    "netAmount": 10,
    "taxAmount": "1.9",
}
REVISION = {"quoteRevision": 1}
OVERRIDE = {"quoteRevision": 1, "policyId": "PO1", "policyType": "MARGIN", "by": "U1"}
CASE = {"accountId": "A1", "title": "No dial tone"}

# event type: (aggregate type, stream, payload with exactly the required fields, optional fields of the payload itself)
CONTRACT: dict[str, tuple[str, str, dict[str, object], str]] = {
    "AccountUpserted": (
        "Account",
        "reference",
        {"name": "Acme", "segment": "SMB", "region": "EMEA"},
        "legalName country ownerId partnerId priority isTest",
    ),
    "ProductOfferingUpserted": (
        "ProductOffering",
        "reference",
        {"name": "Line", "family": "Voice", "catalogVersion": "c1"},
        "isActive",
    ),
    "PriceBookEntryUpserted": (
        "PriceBookEntry",
        "reference",
        {
            "priceBookVersion": "b1",
            "productOfferingId": "P1",
            "currency": "EUR",
            "chargeType": "ONE_TIME",
            "listUnitPrice": "9.99",
            "validFrom": "2026-01-01",
        },
        "floorUnitPrice unitCost validTo",
    ),
    "ApprovalPolicyPublished": (
        "ApprovalPolicy",
        "reference",
        {
            "policyVersion": "p1",
            "marginGuardrailPercent": 20,
            "discountThresholdPercent": "15.5",
            "leakageTypes": ["MANUAL_OVERRIDE", "UNCLASSIFIED"],
            "effectiveFrom": "2026-01-01T00:00:00Z",
        },
        "",
    ),
    "BillingAccountUpserted": (
        "BillingAccount",
        "reference",
        {"accountId": "A1", "currency": "USD", "status": "INVALID"},
        "taxJurisdiction",
    ),
    "QuoteCreated": (
        "Quote",
        "quote",
        {
            "quoteNumber": "Q-1",
            "quoteRevision": 1,
            "accountId": "A1",
            "currency": "EUR",
            "channel": "DIRECT",
            "region": "EMEA",
            "salesRepId": "E1",
        },
        "opportunityId salesTeam partnerId expiresAt tags externalReference kind",
    ),
    "QuoteRevised": ("Quote", "quote", {"quoteRevision": 2}, "reason expiresAt"),
    "QuoteConfigurationValidated": (
        "Quote",
        "quote",
        {"quoteRevision": 1, "outcome": "VALID", "trigger": "SYSTEM", "errors": []},
        "",
    ),
    "QuotePriced": (
        "Quote",
        "quote",
        {
            "quoteRevision": 1,
            "trigger": "CATALOG",
            "currency": "EUR",
            "catalogVersion": "c1",
            "priceBookVersion": "b1",
            "lines": [PRICED_LINE],
        },
        "pricingEngineVersion policyVersion",
    ),
    "PolicyOverrideApplied": ("Quote", "quote", OVERRIDE, "lineId"),
    "PolicyOverrideRemoved": ("Quote", "quote", OVERRIDE, "lineId"),
    "QuoteSubmittedForApproval": (
        "Quote",
        "quote",
        {
            "quoteRevision": 1,
            "submissionSequence": 1,
            "approvalRequired": False,
            "policyVersion": "p1",
            "reasonCodes": [],
        },
        "",
    ),
    "QuoteApproved": ("Quote", "quote", REVISION, "reasonCode"),
    "QuoteSent": ("Quote", "quote", REVISION, "reasonCode"),
    "QuoteRejected": ("Quote", "quote", REVISION, "reasonCode"),
    "QuoteExpired": ("Quote", "quote", REVISION, "reasonCode"),
    "QuoteCancelled": ("Quote", "quote", REVISION, "reasonCode"),
    "QuoteAccepted": (
        "Quote",
        "quote",
        {"quoteRevision": 1, "acceptedBy": "C1"},
        "evidenceSha256 contractTerms",
    ),
    "QuoteConversionAttempted": (
        "Quote",
        "quote",
        {"quoteRevision": 1, "idempotencyKey": "k1", "outcome": "UNKNOWN"},
        "orderId failureCode",
    ),
    "ApprovalRequested": (
        "ApprovalRequest",
        "approval",
        {
            "quoteId": "Q1",
            "quoteRevision": 1,
            "submissionSequence": 1,
            "approver": "U2",
            "approverGroup": "DESK",
            "policyVersion": "p1",
            "reasonCodes": ["MARGIN"],
            "requestedBy": "U1",
        },
        "slaDueAt maxDiscountPercent",
    ),
    "ApprovalReassigned": ("ApprovalRequest", "approval", {"approver": "U3"}, "approverGroup"),
    "ApprovalDecided": (
        "ApprovalRequest",
        "approval",
        {"decision": "DENIED", "decidedBy": "U3"},
        "approvedFloorAmounts validUntil",
    ),
    "ApprovalInvalidated": ("ApprovalRequest", "approval", {"reason": "PRICE"}, ""),
    "ApprovalRecalled": ("ApprovalRequest", "approval", {"reason": "OTHER"}, ""),
    "OrderSubmissionAttempted": (
        "Order",
        "order",
        {"idempotencyKey": "k1", "outcome": "REJECTED"},
        "quoteId quoteRevision orderId validationCode",
    ),
    "OrderSubmitted": (
        "Order",
        "order",
        {
            "orderNumber": "O-1",
            "accountId": "A1",
            "currency": "EUR",
            "channel": "DIRECT",
            "region": "EMEA",
            "items": [
                {
                    "orderItemId": "I1",
                    "productOfferingId": "P1",
                    "action": "MODIFY",
                    "chargeType": "USAGE",
                    "quantity": 1,
                    "netAmount": 0,
                }
            ],
        },
        "quoteId quoteRevision billingAccountId catalogVersion priceBookVersion serviceAddress promisedCompletionAt",
    ),
    "OrderStateChanged": ("Order", "order", {"state": "PARTIAL"}, "reasonCode"),
    "OrderItemStateChanged": ("Order", "order", {"orderItemId": "I1", "state": "HELD"}, "milestone"),
    "OrderItemFeasibilityChecked": (
        "Order",
        "order",
        {"orderItemId": "I1", "checkCycle": 1, "outcome": "TIMEOUT"},
        "reasonCode",
    ),
    "OrderDecompositionAttempted": ("Order", "order", {"outcome": "FAILED"}, "failureCode"),
    "OrderCancellationRequested": ("Order", "order", {"requestId": "R1"}, "orderItemIds"),
    "OrderCancellationDecided": ("Order", "order", {"requestId": "R1", "outcome": "REFUSED"}, "conflictReason"),
    "TaskCreated": (
        "FulfillmentTask",
        "fulfillment",
        {
            "orderId": "O1",
            "orderItemId": "I1",
            "taskType": "SHIP",
            "downstreamSystem": "WMS",
            "ownerTeam": "Logistics",
        },
        "slaDueAt dependsOn",
    ),
    "TaskStarted": ("FulfillmentTask", "fulfillment", {}, ""),
    "TaskRetried": ("FulfillmentTask", "fulfillment", {"retryCount": 1, "errorCode": "E1"}, ""),
    "TaskCompleted": ("FulfillmentTask", "fulfillment", {}, ""),
    "TaskFailed": ("FulfillmentTask", "fulfillment", {"errorCode": "E1"}, ""),
    "TaskOutcomeUnknown": ("FulfillmentTask", "fulfillment", {}, "errorCode"),
    "TaskCancelled": ("FulfillmentTask", "fulfillment", {}, ""),
    "FalloutOpened": (
        "FalloutCase",
        "fulfillment",
        {"orderId": "O1", "reasonCode": "E1", "downstreamSystem": "WMS", "ownerTeam": "Repair"},
        "orderItemId taskId priority dueAt nextAction note",
    ),
    "FalloutAssigned": ("FalloutCase", "fulfillment", {"ownerTeam": "Repair"}, "assignee nextAction dueAt"),
    "FalloutRecovered": ("FalloutCase", "fulfillment", {"resolution": "RETRIED"}, ""),
    "FalloutReopened": ("FalloutCase", "fulfillment", {"reasonCode": "E2"}, ""),
    "InvoiceIssued": (
        "Invoice",
        "billing",
        {
            "invoiceNumber": "N1",
            "accountId": "A1",
            "billingAccountId": "B1",
            "currency": "EUR",
            "periodStart": "2026-03-01",
            "periodEnd": "2026-04-01",
            "lines": [BILLED_LINE],
            "totalNetAmount": 10,
            "totalTaxAmount": "1.9",
        },
        "",
    ),
    "CreditNoteIssued": (
        "CreditNote",
        "billing",
        {
            "creditNoteNumber": "C1",
            "accountId": "A1",
            "currency": "EUR",
            "reasonCode": "RETURN",
            "lines": [BILLED_LINE],
            "totalNetAmount": 10,
            "totalTaxAmount": "1.9",
        },
        "invoiceId",
    ),
    "BillingActivated": (
        "Subscription",
        "billing",
        {
            "orderId": "O1",
            "orderItemId": "I1",
            "accountId": "A1",
            "currency": "EUR",
            "recurringNetAmount": 10,
            "billingFrequency": "MONTHLY",
            "startDate": "2026-03-01",
        },
        "assetId billingAccountId endDate",
    ),
    "BillingHandoffFailed": ("Subscription", "billing", {"orderId": "O1", "reasonCode": "E1"}, "orderItemId"),
    "AssetCreated": (
        "Asset",
        "asset",
        {
            "accountId": "A1",
            "orderId": "O1",
            "orderItemId": "I1",
            "productOfferingId": "P1",
            "quantity": 1,
            "currency": "EUR",
            "startDate": "2026-03-01",
        },
        "recurringNetAmount billingAccountId",
    ),
    "AssetChanged": ("Asset", "asset", {}, "quantity recurringNetAmount orderId orderItemId"),
    "AssetTerminated": ("Asset", "asset", {}, "reasonCode"),
    "SupportCaseOpened": ("SupportCase", "support", CASE, "orderId assetId severity"),
    "SupportCaseClosed": ("SupportCase", "support", CASE, "orderId assetId severity"),
    "ControlTotalsPublished": (
        "ControlTotal",
        "control",
        {
            "system": "cpq",
            "periodStart": "2026-03-01",
            "periodEnd": "2026-04-01",
            "totals": [{"measure": "quotes_accepted", "count": 1}],
        },
        "",
    ),
}

# list of objects inside a payload: (required fields, optional fields)
INSIDE = {
    ("QuoteConfigurationValidated", "errors"): ("ruleId ruleType severity", "message"),
    ("QuotePriced", "lines"): (
        "lineId productOfferingId chargeType quantity listUnitPrice proratedListAmount adjustments netAmount",
        "parentLineId termPeriods prorationFactor taxDisplayAmount costAmount floorNetAmount",
    ),
    ("QuotePriced", "lines[].adjustments"): (
        "sequence type amount",
        "basis basisAmount percent reasonCode causeId policyVersion",
    ),
    ("QuoteAccepted", "contractTerms"): ("billingFrequency startDate", "endDate"),
    ("ApprovalDecided", "approvedFloorAmounts"): ("lineId netAmount", ""),
    ("OrderSubmitted", "items"): (
        "orderItemId productOfferingId action chargeType quantity netAmount",
        "quoteLineId dependsOn",
    ),
    ("InvoiceIssued", "lines"): (
        "invoiceLineId chargeType quantity netAmount taxAmount",
        "orderId orderItemId quoteLineId assetId productOfferingId taxJurisdiction",
    ),
    ("CreditNoteIssued", "lines"): (
        "invoiceLineId chargeType quantity netAmount taxAmount",
        "orderId orderItemId quoteLineId assetId productOfferingId taxJurisdiction",
    ),
    ("ControlTotalsPublished", "totals"): ("measure count", "currency amount"),
}

ADJUSTMENTS = (
    "LINE_DISCRETIONARY BUNDLE PROMOTION CONTRACTED_PRICE MANUAL_OVERRIDE RENEWAL_INCENTIVE PARTNER_MARGIN "
    "VOLUME_TERM_SCHEDULE ROUNDING UNCLASSIFIED"
)
CHARGES = "ONE_TIME RECURRING USAGE"
VOID = "EDIT PRICE CATALOG POLICY EXPIRY OTHER"
ENUMS = {
    ("PriceBookEntryUpserted", "chargeType"): CHARGES,
    ("ApprovalPolicyPublished", "leakageTypes[]"): ADJUSTMENTS,
    ("BillingAccountUpserted", "status"): "ACTIVE SUSPENDED CLOSED INVALID",
    ("QuoteCreated", "kind"): "NEW RENEWAL AMENDMENT",
    ("QuoteConfigurationValidated", "outcome"): "VALID INVALID",
    ("QuoteConfigurationValidated", "trigger"): "USER SYSTEM",
    ("QuoteConfigurationValidated", "errors[].severity"): "ERROR WARNING",
    ("QuotePriced", "trigger"): "USER SYSTEM CATALOG",
    ("QuotePriced", "lines[].chargeType"): CHARGES,
    ("QuotePriced", "lines[].adjustments[].type"): ADJUSTMENTS,
    ("QuoteConversionAttempted", "outcome"): "SUCCEEDED FAILED UNKNOWN",
    ("ApprovalDecided", "decision"): "APPROVED DENIED",
    ("ApprovalInvalidated", "reason"): VOID,
    ("ApprovalRecalled", "reason"): VOID,
    ("OrderSubmissionAttempted", "outcome"): "ACCEPTED REJECTED UNKNOWN",
    ("OrderSubmitted", "items[].action"): "ADD MODIFY DELETE",
    ("OrderSubmitted", "items[].chargeType"): CHARGES,
    ("OrderStateChanged", "state"): "ACKNOWLEDGED IN_PROGRESS HELD PENDING COMPLETED PARTIAL FAILED CANCELLED",
    ("OrderItemFeasibilityChecked", "outcome"): "FEASIBLE INFEASIBLE CONDITIONAL TIMEOUT",
    ("OrderDecompositionAttempted", "outcome"): "SUCCEEDED FAILED",
    ("OrderCancellationDecided", "outcome"): "CANCELLED REFUSED WITHDRAWN",
    ("OrderCancellationDecided", "conflictReason"): "IN_FLIGHT_DEPENDENCY POINT_OF_NO_RETURN ALREADY_COMPLETED",
    ("FalloutRecovered", "resolution"): "REPAIRED RETRIED CANCELLED OTHER",
    ("InvoiceIssued", "lines[].chargeType"): CHARGES,
    ("CreditNoteIssued", "lines[].chargeType"): CHARGES,
    ("ControlTotalsPublished", "totals[].measure"): (
        "quotes_created quotes_accepted orders_submitted fulfillment_tasks_completed invoices_issued "
        "credit_notes_issued assets_created"
    ),
}
# Lists whose entries are told apart by these fields; any other list may repeat what it holds.
TOLD_APART = {
    ("QuotePriced", "lines"): ("lineId",),
    ("ApprovalDecided", "approvedFloorAmounts"): ("lineId",),
    ("OrderSubmitted", "items"): ("orderItemId",),
    ("InvoiceIssued", "lines"): ("invoiceLineId",),
    ("CreditNoteIssued", "lines"): ("invoiceLineId",),
    ("ControlTotalsPublished", "totals"): ("measure", "currency"),
}

EMPTY_LISTS = {
    ("QuoteConfigurationValidated", "errors"),
    ("QuotePriced", "lines[].adjustments"),
    ("QuoteSubmittedForApproval", "reasonCodes"),
}
