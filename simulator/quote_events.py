"""Quote events but prices: renders the steps of a chunk's journeys. Decides nothing."""

import numpy as np

from simulator import text
from simulator.accounts import PARTNERS, REGIONS
from simulator.events import EventBatch, aggregate_key
from simulator.journeys import REJECTIONS, TRIGGERS, Journeys
from simulator.money import CURRENCY_CODES
from simulator.quotes import CHANNELS, FREQUENCIES, KINDS, Quotes
from simulator.text import Listed, Text
from simulator.timeline import Steps
from simulator.window import DAY, Ints
from simulator.world import World

Fields = list[tuple[str, Text | Listed | str]]

_REASONS = ("DISCOUNT_ABOVE_THRESHOLD", "MANUAL_PRICE_OVERRIDE", "POLICY_OVERRIDE")
_REASON_SETS = [[reason for bit, reason in enumerate(_REASONS) if mask >> bit & 1] for mask in range(8)]
REASON_LISTS = ["[" + ",".join(f'"{reason}"' for reason in reasons) + "]" for reasons in _REASON_SETS]
"""JSON lists of approval reasons by bit mask."""

_TAGS = ('["strategic"]', '["quarter-end","fast-track"]', '["tender"]', "[]")
_REVISION_REASONS = ("CUSTOMER_REQUEST", "SCOPE_CHANGE", "APPROVAL_CONDITION")
_RULES = (
    '{"ruleId":"R-104","ruleType":"COMPATIBILITY","severity":"ERROR","message":"Access is too slow"}',
    '{"ruleId":"R-118","ruleType":"CARDINALITY","severity":"ERROR","message":"More seats than the plan allows"}',
    '{"ruleId":"R-131","ruleType":"DEPENDENCY","severity":"ERROR"}',
    '{"ruleId":"R-207","ruleType":"RECOMMENDATION","severity":"WARNING","message":"A backup line is advised"}',
)
_ERROR_LISTS = ("[]", f"[{_RULES[3]}]", f"[{_RULES[0]}]", f"[{_RULES[1]},{_RULES[3]}]", f"[{_RULES[2]}]")
_POLICIES = ("PAYMENT-TERMS", "MIN-TERM", "CREDIT-LIMIT", "FLOOR-PRICE")
_POLICY_TYPES = ("COMMERCIAL", "COMMERCIAL", "CREDIT", "PRICING")
_CONVERSION_FAILURES = ("BILLING_ACCOUNT_INVALID", "ADDRESS_NOT_VALIDATED", "ORDER_SYSTEM_TIMEOUT")
OUTCOMES = ("SUCCEEDED", "FAILED", "UNKNOWN")


class QuoteRenderer:
    """Event batches of the quotes of a chunk."""

    def __init__(self, quotes: Quotes, journeys: Journeys, world: World) -> None:
        self.quotes = quotes
        self.journeys = journeys
        self.world = world

    def batch(self, event_type: str, steps: Steps, fields: Fields, cause: Ints | None = None) -> EventBatch:
        quotes, rows = self.quotes, steps.entity
        return EventBatch(
            event_type,
            aggregate_key("Quote", quotes.number[rows]),
            text.at(quotes.quote_id, rows),
            steps.time,
            text.record(fields, len(steps)),
            text.at(quotes.correlation, rows),
            cause,
        )

    def revision(self, steps: Steps) -> tuple[str, Text]:
        return "quoteRevision", text.whole(steps["revision"])

    def batches(self) -> list[EventBatch]:
        """Every quote event except QuotePriced."""
        return [
            self.created(),
            self.revised(),
            self.validated(),
            self.override("PolicyOverrideApplied", "override_applied"),
            self.override("PolicyOverrideRemoved", "override_removed"),
            self.submitted(),
            self.approved(),
            self.plain("QuoteSent", "sent"),
            self.rejected(),
            self.plain("QuoteExpired", "expired"),
            self.cancelled(),
            self.accepted(),
            self.conversion(),
        ]

    def created(self) -> EventBatch:
        quotes, steps, draws = self.quotes, self.journeys["created"], self.world.draws
        rows = steps.entity
        number = quotes.number[rows]
        digits = text.at(quotes.digits, rows)
        year = text.whole(steps.time.astype("datetime64[ms]").astype("datetime64[Y]").astype(np.int64) + 1970)
        rep = quotes.account[rows] * 3 % 40 + 1
        opportunity = text.joined('"OPP-', digits, '"')
        reference = text.joined('"RFQ-', digits, '"')
        fields: Fields = [
            ("quoteNumber", text.joined('"QN-', year, "-", digits, '"')),
            ("quoteRevision", "1"),
            ("accountId", text.quoted(text.at(self.world.accounts.ids, quotes.account[rows]))),
            (
                "opportunityId",
                text.only(opportunity, draws.chance("quote/opportunity", number, 0.8)),
            ),
            ("currency", text.coded(CURRENCY_CODES, quotes.currency[rows])),
            ("channel", text.coded(CHANNELS, quotes.channel[rows])),
            ("region", text.coded(REGIONS, quotes.region[rows])),
            ("salesRepId", text.joined('"REP-', text.padded(rep, 3), '"')),
            ("salesTeam", text.joined('"TEAM-', text.padded(rep % 8 + 1, 2), '"')),
            ("partnerId", text.coded(PARTNERS, quotes.partner[rows])),
            ("expiresAt", text.moments(steps["expires"])),
            ("tags", text.raw(_TAGS, draws.weighted("quote/tags", number, [2, 2, 1, 5]))),
            (
                "externalReference",
                text.only(reference, draws.chance("quote/external", number, 0.3)),
            ),
            ("kind", text.coded(KINDS, quotes.kind[rows])),
        ]
        return self.batch("QuoteCreated", steps, fields)

    def revised(self) -> EventBatch:
        steps = self.journeys["revised"]
        reason = self.world.draws.between("quote/revision-reason", self.quotes.number[steps.entity], 0, 2)
        fields: Fields = [
            self.revision(steps),
            ("reason", text.coded(_REVISION_REASONS, reason)),
            ("expiresAt", text.moments(steps["expires"])),
        ]
        return self.batch("QuoteRevised", steps, fields)

    def validated(self) -> EventBatch:
        steps, draws = self.journeys["validated"], self.world.draws
        ids = self.quotes.number[steps.entity] * 8 + steps["revision"]
        invalid = steps["invalid"] > 0
        warned = draws.chance("quote/warning", ids, 0.2).astype(np.int64)
        errors = np.where(invalid, draws.between("quote/errors", ids, 2, 4), warned)
        fields: Fields = [
            self.revision(steps),
            ("outcome", text.coded(("VALID", "INVALID"), steps["invalid"])),
            ("trigger", text.coded(TRIGGERS, steps["trigger"])),
            ("errors", text.raw(_ERROR_LISTS, errors)),
        ]
        return self.batch("QuoteConfigurationValidated", steps, fields)

    def override(self, event_type: str, kind: str) -> EventBatch:
        steps = self.journeys[kind]
        quotes, draws = self.quotes, self.world.draws
        ids = quotes.number[steps.entity] * 8 + steps["revision"]
        policy = draws.between("quote/policy", ids, 0, len(_POLICIES) - 1)
        on_line = draws.chance("quote/policy-line", ids, 0.5)
        lead = line_id(quotes, steps.entity, quotes.lead_line[steps.entity])
        fields: Fields = [
            self.revision(steps),
            ("lineId", text.only(text.quoted(lead), on_line)),
            ("policyId", text.coded(_POLICIES, policy)),
            ("policyType", text.coded(_POLICY_TYPES, policy)),
            ("by", text.joined('"REP-', text.padded(quotes.account[steps.entity] * 3 % 40 + 1, 3), '"')),
        ]
        return self.batch(event_type, steps, fields)

    def submitted(self) -> EventBatch:
        steps = self.journeys["submitted"]
        policies = self.world.policies
        fields: Fields = [
            self.revision(steps),
            ("submissionSequence", text.whole(steps["sequence"])),
            ("approvalRequired", text.flags(steps["required"] > 0)),
            ("policyVersion", text.coded(policies.versions, policies.at(steps.time))),
            ("reasonCodes", text.raw(REASON_LISTS, steps["reasons"])),
        ]
        return self.batch("QuoteSubmittedForApproval", steps, fields)

    def approved(self) -> EventBatch:
        steps = self.journeys["approved"]
        request = steps["request"]
        by_request = np.where(request >= 0, aggregate_key("ApprovalRequest", request), -1)
        automatic = text.coded(("WITHIN_POLICY",), np.where(request >= 0, -1, 0))
        return self.batch("QuoteApproved", steps, [self.revision(steps), ("reasonCode", automatic)], by_request)

    def plain(self, event_type: str, kind: str) -> EventBatch:
        steps = self.journeys[kind]
        return self.batch(event_type, steps, [self.revision(steps)])

    def rejected(self) -> EventBatch:
        steps = self.journeys["rejected"]
        fields: Fields = [self.revision(steps), ("reasonCode", text.coded(REJECTIONS, steps["reason"]))]
        return self.batch("QuoteRejected", steps, fields)

    def cancelled(self) -> EventBatch:
        steps = self.journeys["cancelled"]
        return self.batch("QuoteCancelled", steps, [self.revision(steps), ("reasonCode", '"WITHDRAWN_BY_SALES"')])

    def accepted(self) -> EventBatch:
        quotes, steps, draws = self.quotes, self.journeys["accepted"], self.world.draws
        rows = steps.entity
        number = quotes.number[rows]
        words = np.stack([draws.words(f"quote/evidence{part}", number) for part in range(4)], axis=1)
        start = steps.time // DAY + 5
        terms: Fields = [
            ("billingFrequency", text.coded(FREQUENCIES, quotes.frequency[rows])),
            ("startDate", text.dates(start)),
            ("endDate", text.dates(months_after(start, quotes.term[rows]))),
        ]
        fields: Fields = [
            self.revision(steps),
            ("acceptedBy", text.joined('"CONTACT-', text.at(quotes.digits, rows), '"')),
            ("evidenceSha256", text.only(text.hexadecimal(words), draws.chance("quote/evidence", number, 0.9))),
            ("contractTerms", text.record(terms, len(steps))),
        ]
        return self.batch("QuoteAccepted", steps, fields)

    def conversion(self) -> EventBatch:
        quotes, steps = self.quotes, self.journeys["conversion"]
        outcome = steps["outcome"]
        order = text.quoted(text.at(quotes.order_id, steps.entity))
        fields: Fields = [
            self.revision(steps),
            ("idempotencyKey", idempotency_key(quotes, steps)),
            ("outcome", text.coded(OUTCOMES, outcome)),
            ("orderId", text.only(order, outcome == 0)),
            ("failureCode", text.coded(_CONVERSION_FAILURES, np.where(outcome == 1, steps["failure"], -1))),
        ]
        return self.batch("QuoteConversionAttempted", steps, fields)


def idempotency_key(quotes: Quotes, steps: Steps) -> Text:
    """The key under which a quote revision is converted; retries repeat it."""
    return text.joined('"CONV-', text.at(quotes.digits, steps.entity), "-", text.whole(steps["revision"]), '"')


def line_id(quotes: Quotes, quote: Ints, number: Ints) -> Text:
    """Raw ids of quote lines; the same line keeps its id over the revisions."""
    names = [f"-L{position:02d}" for position in range(1, quotes.max_lines + 1)]
    return text.joined(text.at(quotes.quote_id, quote), text.raw(names, number))


def months_after(days: Ints, months: Ints) -> Ints:
    """The same day of a later month, the 28th at the latest; the day itself after no months."""
    day = days.astype("datetime64[D]")
    month = day.astype("datetime64[M]")
    in_month = np.minimum((day - month.astype("datetime64[D]")).astype(np.int64), 27)
    later = (month.astype(np.int64) + months).astype("datetime64[M]").astype("datetime64[D]")
    return np.where(months == 0, days, later.astype(np.int64) + in_month)
