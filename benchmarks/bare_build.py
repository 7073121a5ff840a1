"""The hand-written side of a build (the scripts in benchmarks/bare), and the proof that it makes the same rows."""

import csv
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
# In the order of what they share.
SUBJECTS = (
    "lake",
    "quotes",
    "approvals",
    "orders",
    "billing",
    "fulfillment",
    "reference",
    "prices",
    "monthly",
    "chain",
    "kpis",
    "audit",
)
# Events that are read together, with the fields of all of them.
MERGED = {
    "approval": ("ApprovalRequested", "ApprovalDecided", "ApprovalRecalled"),
    "fallout": ("FalloutOpened", "FalloutAssigned", "FalloutRecovered"),
    "asset": ("AssetCreated", "AssetTerminated"),
}
# Variables of dbt_project.yml that the scripts take.
DAYS = ("fallout_window_days", "billing_grace_days", "order_grace_days")


def marts() -> tuple[str, ...]:
    """The marts that are written by hand: every table of the script that is not temporary."""
    return tuple(re.findall(r"^create table (\w+)", script(), re.MULTILINE))


def bare_build(home: Home, database: Path) -> None:
    """Make the marts of everything in the lake in a new `database`, as of the time that a build takes."""
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
    """The scripts as one, with the contract's payload types and what goes by adjustment type filled in."""
    text = "\n".join((SCRIPTS / f"{name}.sql").read_text(encoding="utf-8") for name in SUBJECTS)
    for name, filling in _fillings().items():
        text = text.replace(f"{{{name}}}", filling)
    return re.sub(r"payload_type\('(\w+)'\)", lambda found: f"'{duckdb_type(found[1])}'", text)


def _fillings() -> dict[str, str]:
    types = list(csv.DictReader((PROJECT_ROOT / "seeds" / "discount_type.csv").open(encoding="utf-8")))
    priced = [row["code"] for row in types if row["code"] != "TAX_DISPLAY"]
    economic = [row["code"] for row in types if row["is_economic_discount"] == "true"]
    chain = [code for code in priced if code != "ROUNDING"]
    names = [code.lower() for code in chain]
    components = ["list_price", "prorated_list", *names, "rounding", "net_price"]
    differences = (
        f"case when is_replayed then difference[{place}] end as {name}_difference_amount"
        for place, name in enumerate(components, start=1)
    )
    variables = yaml.safe_load((PROJECT_ROOT / "dbt_project.yml").read_text(encoding="utf-8"))["vars"]
    return {
        "adjustment_sums": ",\n        ".join(f"{_total([code])} as {code.lower()}_amount" for code in priced),
        "adjustment_names": ", ".join(f"{code.lower()}_amount" for code in priced),
        "discount_sum": _total(economic),
        "chain_types": str(chain),
        "chain_amounts": ", ".join(f"{name}_amount" for name in names),
        "chain_names": ", ".join(f"'{name}'" for name in names),
        "chain_differences": ",\n    ".join(differences),
        **{f"{name}_event": _merged(*event_types) for name, event_types in MERGED.items()},
        **{name: str(variables[name]) for name in DAYS},
    }


def _total(codes: list[str]) -> str:
    among = ", ".join(f"'{code}'" for code in codes)
    kept = f"list_filter(adjustments, lambda a: a.type in ({among}))"
    return f"coalesce(list_sum(list_transform({kept}, lambda a: a.amount)), 0)::decimal(18, 4)"


def _merged(*event_types: str) -> str:
    """The type of an object with the fields of all of these."""
    fields: dict[str, Any] = {}
    for event_type in event_types:
        fields |= json.loads(duckdb_type(event_type))
    return json.dumps(fields)


def differences(home: Home, database: Path) -> list[str]:
    """Marts whose rows in `database` are not those of the built warehouse: count or checksum differs."""
    import duckdb

    found = []
    with duckdb.connect(str(home.warehouse), read_only=True) as con:
        con.execute(f"attach '{database}' as bare (read_only)")
        excluded = excluded_columns(con)
        for name in marts():
            left_out = excluded.get(name, set()) | {"arrival_seq"}
            mart = relation_checksum(con, name, excluded=left_out)
            bare = relation_checksum(con, name, database="bare", schema="main", excluded=left_out)
            if mart != bare or not mart.row_count:
                found.append(f"{name}: {mart} is not {bare}{_columns(con, name, left_out)}")
    return found


def _columns(con: "duckdb.DuckDBPyConnection", mart: str, left_out: set[str]) -> str:
    """Which columns differ, each by its own checksum, or are on one side only."""
    sums: list[dict[str, Any]] = []
    for side in ("marts", "bare.main"):
        names = [row[0] for row in con.execute(f"describe {side}.{mart}").fetchall() if row[0] not in left_out]
        each = ", ".join(f"sum(hash({name}::varchar)::hugeint)" for name in names)
        sums.append(dict(zip(names, con.execute(f"select {each} from {side}.{mart}").fetchall()[0], strict=True)))
    odd = [name for name in sorted({*sums[0], *sums[1]}) if sums[0].get(name) != sums[1].get(name)]
    return f"; columns that differ: {', '.join(odd)}"
