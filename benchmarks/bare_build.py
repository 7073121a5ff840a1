"""The hand-written side of a full build (bare_build.sql), and the proof that it makes the same rows."""

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from orchestration.contracts.payload_types import duckdb_type
from orchestration.home import PROJECT_ROOT, Home
from orchestration.warehouse.checksums import excluded_columns, relation_checksum
from orchestration.warehouse.lake import read_lake

if TYPE_CHECKING:
    import duckdb

SCRIPTS = PROJECT_ROOT / "benchmarks" / "bare"
SUBJECTS = ("lake", "quotes", "approvals", "orders", "billing", "fulfillment", "reference", "prices", "monthly")  # in the order of what they share
MERGED = {
    "approval": ("ApprovalRequested", "ApprovalDecided", "ApprovalRecalled"),
    "fallout": ("FalloutOpened", "FalloutAssigned", "FalloutRecovered"),
    "asset": ("AssetCreated", "AssetTerminated"),
}
FACTS = (
    "fact_quote_line_adjustment",
    "fact_quote_line_price",
    "fact_order_line",
    "fact_invoice_line",
    "fact_order_fulfillment_task",
)


def bare_build(home: Home, database: Path) -> None:
    """Make the fact tables of everything in the lake in a new `database`, as of the time that a build takes."""
    import duckdb

    with duckdb.connect(str(database), config={"threads": 2, "memory_limit": "4GB"}) as con:
        con.execute("set timezone = 'UTC'; set preserve_insertion_order = false")
        variables = {
            "lake": home.lake,
            "seeds": PROJECT_ROOT / "seeds",
            "as_of": read_lake(home).as_of,
            "reporting_currency": "USD",
        }
        for name, value in variables.items():
            con.execute(f"set variable {name} = '{value}'")
        con.execute(script())


def script() -> str:
    """bare_build.sql with the contract's payload types and one sum per adjustment type filled in."""
    import csv

    types = list(csv.DictReader((PROJECT_ROOT / "seeds" / "discount_type.csv").open(encoding="utf-8")))
    priced = [row["code"] for row in types if row["code"] != "TAX_DISPLAY"]
    economic = [row["code"] for row in types if row["is_economic_discount"] == "true"]

    def total(codes: list[str]) -> str:
        among = ", ".join(f"'{code}'" for code in codes)
        kept = f"list_filter(adjustments, lambda a: a.type in ({among}))"
        return f"coalesce(list_sum(list_transform({kept}, lambda a: a.amount)), 0)::decimal(18, 4)"

    sums = ",\n        ".join(f"{total([code])} as {code.lower()}_amount" for code in priced)
    text = "\n".join((SCRIPTS / f"{name}.sql").read_text(encoding="utf-8") for name in SUBJECTS)
    text = text.replace("{adjustment_sums}", sums).replace("{discount_sum}", total(economic))
    text = text.replace("{adjustment_names}", ", ".join(f"{code.lower()}_amount" for code in priced))
    chain = [code.lower() for code in priced if code != "ROUNDING"]
    components = ["list_price", "prorated_list", *chain, "rounding", "net_price"]
    text = text.replace("{chain_types}", str([code.upper() for code in chain]))
    text = text.replace("{chain_amounts}", ", ".join(f"{code}_amount" for code in chain))
    text = text.replace("{chain_names}", ", ".join(f"'{code}'" for code in chain))
    differing = (
        f"case when is_replayed then difference[{place}] end as {name}_difference_amount"
        for place, name in enumerate(components, start=1)
    )
    text = text.replace("{chain_differences}", ", ".join(differing))
    for stream, event_types in MERGED.items():
        text = text.replace(f"{{{stream}_event}}", _merged(*event_types))
    window = yaml.safe_load((PROJECT_ROOT / "dbt_project.yml").read_text(encoding="utf-8"))["vars"]["fallout_window_days"]
    text = text.replace("{fallout_window_days}", str(window))
    return re.sub(r"payload_type\('(\w+)'\)", lambda found: f"'{duckdb_type(found[1])}'", text)


def _merged(*event_types: str) -> str:
    """The type of an object with the fields of all of these."""
    fields: dict[str, Any] = {}
    for event_type in event_types:
        fields |= json.loads(duckdb_type(event_type))
    return json.dumps(fields)


def differences(home: Home, database: Path) -> list[str]:
    """Facts whose rows in `database` are not those of the built warehouse: count or checksum differs."""
    import duckdb

    found = []
    with duckdb.connect(str(home.warehouse), read_only=True) as con:
        con.execute(f"attach '{database}' as bare (read_only)")
        excluded = excluded_columns(con)
        for fact in FACTS:
            left_out = excluded.get(fact, set()) | {"arrival_seq"}
            mart = relation_checksum(con, fact, excluded=left_out)
            bare = relation_checksum(con, fact, database="bare", schema="main", excluded=left_out)
            if mart != bare or not mart.row_count:
                found.append(f"{fact}: {mart} is not {bare}{_columns(con, fact, left_out)}")
    return found


def _columns(con: "duckdb.DuckDBPyConnection", fact: str, left_out: set[str]) -> str:
    """Which columns differ, each by its own checksum."""
    names = [row[0] for row in con.execute(f"describe marts.{fact}").fetchall() if row[0] not in left_out]
    odd = []
    for name in names:
        sides = [
            con.execute(f"select sum(hash({name}::varchar)::hugeint) from {side}.{fact}").fetchone()
            for side in ("marts", "bare.main")
        ]
        if sides[0] != sides[1]:
            odd.append(name)
    return f"; columns that differ: {', '.join(odd)}"
