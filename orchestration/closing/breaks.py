"""The break ledger: what does not tie, since when, who owns it, what became of it; not the legs themselves."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from orchestration.closing.periods import BOOKS, Entity, Period
from orchestration.errors import Refused
from orchestration.home import Home
from orchestration.reconciliation import ledger

if TYPE_CHECKING:
    import duckdb

KIND = "break"
OPEN, EXPLAINED, WAIVED, CLEARED = "open", "explained", "waived", "cleared"
AMOUNTS = ("left_amount", "right_amount", "difference")
# Who looks after a difference between two systems: the team of the system on the right, which has to match the left.
OWNERS = {
    "quote_order": "operations",
    "order_billing": "finance",
    "order_asset": "operations",
    "asset_billing": "finance",
}
LEGS = f"""
select
    leg.leg, leg.leg_class, leg.currency,
    -- Of two assets of one item each is a break of its own.
    case when leg.asset_id is null then leg.chain_key else concat_ws('|', leg.chain_key, leg.asset_id) end as key,
    leg.left_net_amount, leg.right_net_amount,
    leg.difference_net_amount, leg.over_net_amount, leg.under_net_amount,
    coalesce(
        cast(leg.billing_period_end_month || '-01' as timestamp), chain.accepted_at, chain.submitted_at, $as_of
    ) as happened_at,
    concat_ws(', ', leg.left_event_ids, leg.right_event_ids) as event_ids
from marts.fact_commercial_leg as leg
left join marts.fact_commercial_chain as chain using (chain_key)
left join marts.dim_account as account on chain.account_id = account.account_id
where leg.is_break and {BOOKS.format(regions="$region", region="account.region")}
order by leg.leg, key, leg.leg_class, leg.currency
"""


@dataclass(frozen=True)
class Break:
    """One difference that does not tie. Its id is made of what it is, so that it stays the same from run to run.

    Amounts are in `currency`; `difference` is over plus under, never netted, so it is never negative. An explanation is
    of `explained_amount` at most, and of the class that the break had: `explained_as` names another one.
    """

    break_id: str
    leg: str
    break_class: str
    currency: str
    key: str
    left_amount: Decimal
    right_amount: Decimal
    difference: Decimal
    owner: str
    event_ids: str
    first_seen: date
    age_days: int
    status: str
    note: str = ""
    noted_by: str = ""
    explained_amount: Decimal | None = None
    explained_as: str = ""

    @property
    def lapsed(self) -> str:
        """Why what was explained of it no longer covers it; empty where nothing was, or where it does."""
        if self.status != OPEN:
            return ""
        if self.explained_as:
            return f"{self.break_id} was explained as {self.explained_as}, it is {self.break_class} now"
        if self.explained_amount is not None:
            return f"{self.break_id} was explained up to {self.explained_amount:f}, it is {self.difference:f} now"
        return ""

    def as_json(self) -> dict[str, Any]:
        """With amounts and days as text."""
        amounts = {name: f"{getattr(self, name):f}" for name in AMOUNTS}
        explained = None if self.explained_amount is None else f"{self.explained_amount:f}"
        return {
            **asdict(self),
            **amounts,
            "explained_amount": explained,
            "first_seen": self.first_seen.isoformat(),
        }


def break_id(leg: str, key: str, break_class: str, currency: str) -> str:
    """The identity of a break: what does not tie, not when it was seen."""
    return "B-" + hashlib.sha256("\n".join((leg, key, break_class, currency)).encode()).hexdigest()[:16]


def found(
    connection: "duckdb.DuckDBPyConnection", home: Home, entity: Entity, period: Period, as_of: datetime
) -> list[Break]:
    """The breaks of everything that happened before the end of a period, as a release or a warehouse has them."""
    return standing(connection, home, as_of, region=entity.region, until=period.end)


def standing(
    connection: "duckdb.DuckDBPyConnection",
    home: Home,
    as_of: datetime,
    *,
    region: str = "*",
    until: datetime | None = None,
) -> list[Break]:
    """Every break of a region, or of all, that a release or a warehouse has; `until`: of what happened before it.

    What the ledger knows of a break stays: since when it is there, and that somebody explained it, up to the amount and
    as the class that was explained.
    """
    known = _last_bodies(home)
    today = (until or as_of).date()
    rows = connection.execute(LEGS, {"as_of": as_of, "region": region}).fetchall()
    there = {break_id(leg, key, break_class, currency) for leg, break_class, currency, key, *_ in rows}
    # What was explained and stands under another class now is another break: the explanation says nothing of it.
    explained = (body for name, body in known.items() if body["status"] == EXPLAINED and name not in there)
    classes = {_place(body): body for body in explained}
    breaks = []
    for leg, break_class, currency, key, left, right, _, over, under, happened_at, event_ids in rows:
        if until is not None and happened_at >= until:
            continue
        name = break_id(leg, key, break_class, currency)
        body = known.get(name)
        first_seen = date.fromisoformat(body["first_seen"]) if body else today
        one = Break(
            break_id=name,
            leg=leg,
            break_class=break_class,
            currency=currency,
            key=key,
            left_amount=left,
            right_amount=right,
            difference=over + under,
            owner=OWNERS.get(leg, "finance"),
            event_ids=event_ids,
            first_seen=first_seen,
            age_days=max((today - first_seen).days, 0),
            status=OPEN,
        )
        breaks.append(_as_explained(one, body, classes.get((leg, key, currency))))
    return breaks


def _as_explained(one: Break, body: dict[str, Any] | None, other: dict[str, Any] | None) -> Break:
    """A break with what the ledger has of its explanation; `other`: the same place, explained under another class."""
    amount = _explained_amount(body) if body else None
    if body and amount is not None:
        status = EXPLAINED if one.difference <= amount else OPEN
        return replace(one, status=status, explained_amount=amount, note=body["note"], noted_by=body["noted_by"])
    told = {**other, "explained_as": other["break_class"]} if other else body
    if told and told.get("explained_as"):
        named = {name: told[name] for name in ("note", "noted_by", "explained_as")}
        return replace(one, **named)
    return one


def _explained_amount(body: dict[str, Any]) -> Decimal | None:
    """What was explained of a break that is not cleared; one recorded before amounts were kept: its difference."""
    if body["status"] == CLEARED:
        return None
    told = body.get("explained_amount", body["difference"] if body["status"] == EXPLAINED else None)
    return None if told is None else Decimal(told)


def _place(body: dict[str, Any]) -> tuple[str, str, str]:
    return body["leg"], body["key"], body["currency"]


def record(home: Home, breaks: Iterable[Break]) -> int:
    """Keep in the ledger which breaks are new, changed or gone, of all that stand now. Returns how many."""
    entries = changes(_last_bodies(home), breaks)
    if entries:
        ledger.append_all(home, entries)
    return len(entries)


def changes(last: Mapping[str, dict[str, Any]], breaks: Iterable[Break]) -> list[tuple[str, dict[str, Any]]]:
    """The records that bring what was last recorded of each break up to those that stand now; none for the same."""
    known = {name: body for name, body in last.items() if body["status"] != CLEARED}
    now = {one.break_id: one for one in breaks}
    bodies = {name: one.as_json() | {"age_days": 0} for name, one in now.items()}
    entries = [(KIND, body) for name, body in bodies.items() if known.get(name, {}) != body]
    return entries + [(KIND, {**body, "status": CLEARED}) for name, body in known.items() if name not in now]


def explain(home: Home, names: Sequence[str], *, reason: str, by: str) -> list[str]:
    """Say why breaks are there and will go: they no longer count against the close. `names`: ids, or classes.

    It explains what the last audit found of them, and no more: one that grows is open again.
    Raises Refused for a name that no open break has, and without a reason or a person.
    """
    if not reason.strip() or not by.strip():
        raise Refused("An explanation needs --reason and --by, the person who gives it.")
    known = {name: body for name, body in _last_bodies(home).items() if body["status"] in (OPEN, EXPLAINED)}
    chosen: dict[str, dict[str, Any]] = {}
    for name in names:
        mine = {key: body for key, body in known.items() if name in (key, body["break_class"])}
        if not mine:
            raise Refused(f"No open break is called {name} or is of that class. `tieout breaks` lists them.")
        chosen |= mine
    ledger.append_all(
        home,
        [
            (
                KIND,
                {
                    **body,
                    "status": EXPLAINED,
                    "note": reason.strip(),
                    "noted_by": by.strip(),
                    "explained_amount": body["difference"],
                    "explained_as": "",
                },
            )
            for body in chosen.values()
        ],
    )
    return sorted(chosen)


def recorded(home: Home, today: date) -> list[Break]:
    """Every break that the ledger knows, cleared ones too, by leg and key."""
    found = [from_json(body) for body in _last_bodies(home).values()]
    aged = [replace(one, age_days=max((today - one.first_seen).days, 0)) for one in found]
    return sorted(aged, key=lambda one: (one.leg, one.key, one.break_class, one.currency))


def from_json(told: dict[str, Any]) -> Break:
    """A break as `as_json` told it."""
    amounts = {name: Decimal(told[name]) for name in AMOUNTS}
    explained = {"explained_amount": _explained_amount(told), "first_seen": date.fromisoformat(told["first_seen"])}
    return Break(**{**told, **amounts, **explained})


def _last_bodies(home: Home) -> dict[str, dict[str, Any]]:
    return {record.body["break_id"]: record.body for record in ledger.read(home) if record.kind == KIND}
