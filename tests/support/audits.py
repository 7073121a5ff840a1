"""The marts that breaks are read from, made by hand for tests."""

from collections.abc import Sequence

import duckdb


def legs_of(connection: duckdb.DuckDBPyConnection, legs: Sequence[tuple[str, ...]], assets: Sequence[str] = ()) -> None:
    """Make `fact_commercial_leg` of breaks (leg, key, over, under, class unless price) in USD, with assets."""
    connection.execute("create schema marts")
    connection.execute("create table marts.dim_account (account_id varchar, region varchar)")
    connection.execute(
        "create table marts.fact_commercial_chain (chain_key varchar, account_id varchar, accepted_at timestamp,"
        " submitted_at timestamp)"
    )
    connection.execute(
        "create table marts.fact_commercial_leg (leg varchar, leg_class varchar, currency varchar, chain_key varchar,"
        " asset_id varchar, left_net_amount decimal(18, 4), right_net_amount decimal(18, 4),"
        " difference_net_amount decimal(18, 4), over_net_amount decimal(18, 4), under_net_amount decimal(18, 4),"
        " billing_period_end_month varchar, left_event_ids varchar, right_event_ids varchar, is_break boolean)"
    )
    for number, (leg, key, over, under, *named) in enumerate(legs):
        asset = assets[number] if assets else None
        connection.execute(
            "insert into marts.fact_commercial_leg values"
            " ($1, $6, 'USD', $2, $3, 0, 0, 0, $4, $5, '2026-09', 'l', 'r', true)",
            [leg, key, asset, over, under, named[0] if named else "price"],
        )
