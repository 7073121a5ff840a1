"""The KPIs computed anew from landed events, in pandas, by the definitions of docs/kpis.md and not by the SQL."""

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal

from support.billing_by_hand import charges
from support.business_hours import in_business_hours
from support.kpi_events import moment
from support.kpi_figures import Counted, as_test
from support.kpi_orders import Orders
from support.kpi_quotes import Quotes
from support.leakage_by_hand import assessed_lines
from support.replay_by_hand import replayed


class Business(Quotes, Orders):
    """All KPIs of a business."""

    def counted(self) -> list[Counted]:
        """Everything that is measured, accounts for tests left out."""
        found = [*self._quotes(), *self._orders(), *self._leakage(), *self._replay(), *self._billing()]
        return [*found, *in_business_hours(found)]

    def _leakage(self) -> Iterator[Counted]:
        """KPI 17; of a line out of scope nothing is counted."""
        events = (
            event for kind in ("Quote", "ApprovalRequest", "ApprovalPolicy") for event in self.events.all_of(kind)
        )
        for line in assessed_lines(events):
            if line.verdict != "OUT_OF_SCOPE":
                reason = "no_floor" if line.verdict == "NOT_ASSESSABLE" else None
                at, currency = moment(line.accepted_at.isoformat()), line.currency
                leaks = Decimal(line.verdict == "LEAKED")
                found = [
                    Counted("discount_leakage", at, line.leaked, split=currency, reason=reason),
                    Counted("discount_leakage_rate", at, line.leaked, line.listed, split=currency),
                    Counted("discount_leakage_line_rate", at, leaks, Decimal(1), reason=reason),
                ]
                yield from as_test(self._is_test_quote(line.quote_id), iter(found))

    def _replay(self) -> Iterator[Counted]:
        """KPI 21; a replay belongs to the month in which it is made."""
        for line in replayed(self.quotes, self.events.all_of("PriceBookEntry"), self.as_of):
            differs, why = Decimal(line.differs), line.reason
            undrifted = why or ("no_current_price" if line.drifted is None else None)
            by_month = "price_replay_mismatch_by_capture_month"
            found = [
                Counted("price_replay_mismatch_rate", self.as_of, differs, Decimal(1), reason=why),
                Counted(by_month, self.as_of, differs, Decimal(1), split=line.captured_month, reason=why),
                Counted("price_drift_rate", self.as_of, Decimal(bool(line.drifted)), Decimal(1), reason=undrifted),
            ]
            yield from as_test(self._is_test_quote(line.quote_id), iter(found))

    def _billing(self) -> Iterator[Counted]:
        """KPI 20; timing and rounding are no mismatch."""
        told = {kind: self.events.of(kind) for kind in ("Subscription", "Asset", "Invoice", "CreditNote")}
        for charge in charges(self.orders, told, self.as_of):
            found = []
            if charge.leg_class == "timing":
                found.append(Counted("billing_timing_amount", self.as_of, charge.under, split=charge.currency))
            else:
                at = datetime.fromisoformat(f"{charge.month}-01")
                breaks = charge.leg_class not in ("matched", "rounding", "within_tolerance", "credited")
                found.append(Counted("contract_billing_mismatch_rate", at, Decimal(breaks), Decimal(1)))
                if breaks:
                    found += [
                        Counted("contract_billing_mismatches_by_class", at, Decimal(1), split=charge.leg_class),
                        Counted("over_billed_amount", at, charge.over, split=charge.currency),
                        Counted("under_billed_amount", at, charge.under, split=charge.currency),
                    ]
                elif charge.leg_class in ("rounding", "within_tolerance"):
                    distance = charge.over + charge.under
                    found.append(Counted("billing_rounding_amount", at, distance, split=charge.currency))
            yield from as_test(self._is_test(charge.order_id), iter(found))
