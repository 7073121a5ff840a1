"""Which amount of an event type is its principal one: what control sums per currency add up."""

# Path of the amount in the payload; its currency is the payload's own `currency`.
PRINCIPAL_AMOUNTS = {
    "QuotePriced": "lines[].netAmount",
    "OrderSubmitted": "items[].netAmount",
    "InvoiceIssued": "totalNetAmount",
    "CreditNoteIssued": "totalNetAmount",
    "BillingActivated": "recurringNetAmount",
    "AssetCreated": "recurringNetAmount",
    "PriceBookEntryUpserted": "listUnitPrice",
}


def principal_sql(event_type: str) -> str:
    """`control_currency` (VARCHAR) and `control_amount` (DECIMAL(38,4)) from `p`, the payload as a struct."""
    path = PRINCIPAL_AMOUNTS.get(event_type)
    if path is None:
        return "null::varchar as control_currency, null::decimal(38, 4) as control_amount"
    container, of_list, leaf = path.rpartition("[].")
    amount = f'list_sum(list_transform(p."{container}", lambda x: x."{leaf}"))' if of_list else f'p."{leaf}"'
    return f"p.currency as control_currency, {amount}::decimal(38, 4) as control_amount"
