"""What the KPIs need of the business, folded from the events; nothing is counted here."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime

from support.kpi_events import Event, Events, first_of, last_of


class Known:
    """Quotes, orders, approval requests and accounts for tests."""

    def __init__(self, events: Iterable[Event], as_of: datetime, unknown_timeout_seconds: int) -> None:
        self.events, self.as_of, self.timeout = Events(events), as_of, unknown_timeout_seconds
        self.quotes = self.events.of("Quote")
        self.orders = self.events.of("Order")
        self.tests = {
            account for account, happened in self.events.of("Account").items() if happened[-1]["payload"].get("isTest")
        }
        self.requests: dict[tuple[str, int, int], list[list[Event]]] = defaultdict(list)
        for happened in self.events.of("ApprovalRequest").values():
            asked = first_of(happened, "ApprovalRequested")
            if asked:
                said = asked["payload"]
                self.requests[said["quoteId"], said["quoteRevision"], said["submissionSequence"]].append(happened)

    def _is_test_quote(self, quote: str) -> bool:
        created = last_of(self.quotes[quote], "QuoteCreated")
        return created is not None and created["payload"]["accountId"] in self.tests

    def _region(self, quote: str | None, order: str | None) -> str | None:
        """That of the quote, else of the order."""
        for told in (
            last_of(self.quotes.get(quote or "", []), "QuoteCreated"),
            last_of(self.orders.get(order or "", []), "OrderSubmitted"),
        ):
            if told and told["payload"].get("region"):
                return str(told["payload"]["region"])
        return None

    def _is_test(self, order: str) -> bool:
        submitted = last_of(self.orders.get(order, []), "OrderSubmitted")
        return submitted is not None and submitted["payload"]["accountId"] in self.tests
