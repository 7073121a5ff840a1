"""Lakes with something in quarantine, and what is to be seen of them; shared by the quarantine tests."""

import json
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from pathlib import Path
from typing import Any

import duckdb
import pytest

from orchestration.contracts import registry
from orchestration.home import Home
from orchestration.landing import LandResult, land
from orchestration.landing.resolutions import resolutions
from orchestration.reconciliation import ledger


def quote(event_id: str, version: int = 1, **payload: Any) -> dict[str, Any]:
    made = {
        "quoteNumber": "N-1",
        "quoteRevision": 1,
        "accountId": "A-1",
        "currency": "EUR",
        "channel": "DIRECT",
        "region": "EMEA",
        "salesRepId": "R-1",
    }
    return {
        "eventId": event_id,
        "source": "cpq",
        "eventType": "QuoteCreated",
        "eventTime": "2026-03-01T12:00:00+01:00",
        "aggregateType": "Quote",
        "aggregateId": f"Q-{event_id}",
        "aggregateVersion": version,
        "payload": made | payload,
    }


def landed(home: Home, name: str, *events: dict[str, Any] | bytes) -> LandResult:
    """Lands a file of these events, each on its own line."""
    lines = [e if isinstance(e, bytes) else json.dumps(e).encode() for e in events]
    file = home.root / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(b"\n".join(lines) + b"\n")
    return land(home, [file])


def events(home: Home) -> list[dict[str, Any]]:
    """The accepted events, oldest first."""
    return _query(
        f"select * from read_parquet('{home.lake}/batches/*/events/*/*/*.parquet', {_HIVE}) order by arrival_seq"
    )


def quarantined(home: Home) -> list[dict[str, Any]]:
    """The quarantine rows as they lie in the lake."""
    return _query(
        f"select * from read_parquet('{home.lake}/batches/*/quarantine/*.parquet', {_HIVE}) order by arrival_seq"
    )


_HIVE = "hive_partitioning = true, hive_types = {'batch_seq': bigint}"


def _query(sql: str) -> list[dict[str, Any]]:
    with duckdb.connect() as con:
        result = con.execute(sql)
        names = [column[0] for column in result.description or ()]
        return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


def end_state(home: Home) -> dict[str, Any]:
    """All that a decision leaves behind, without the moments at which it was written."""
    assert ledger.walk(home).ok
    return {
        "events": events(home),
        "quarantined": quarantined(home),
        "resolutions": resolutions(home),
        "ledger": [record.body for record in ledger.read(home)],
        "batches": sorted(path.name for path in (home.lake / "batches").iterdir()),
    }


@contextmanager
def contract_without(event_type: str, field: str, value: str) -> Iterator[None]:
    """As long as this lasts, the contract does not know one value of an enum of an event type's payload."""
    changed = deepcopy(dict(registry.documents()))
    node = changed[event_type]["properties"][field]
    node.get("anyOf", [node])[0]["enum"].remove(value)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(registry, "documents", lambda: changed)
        forget()
        yield
    forget()


def forget() -> None:
    """Empties every cache of what was read from the schemas."""
    for name, module in list(sys.modules.items()):
        if name.startswith("orchestration."):
            for attribute in list(vars(module).values()):
                if hasattr(attribute, "cache_clear"):
                    attribute.cache_clear()


def home_at(path: Path) -> Home:
    return Home(path.resolve())


def copied(home: Home, path: Path) -> Home:
    """A home with the same lake; building one takes longer than copying it."""
    shutil.copytree(home.lake, path / "lake")
    return home_at(path)
