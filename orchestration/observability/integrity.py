"""Whether ledger, lake and releases are still what was written, each by its hashes; changes nothing."""

from collections.abc import Iterator

from orchestration.home import Home
from orchestration.observability.findings import Finding
from orchestration.publishing import store
from orchestration.reconciliation import ledger
from orchestration.warehouse.lake import lake_breaks

RESTORE = "restore it from a backup"


def verify(home: Home) -> list[Finding]:
    """Ledger, lake, then each release, every byte read."""
    return [check_ledger(home), check_lake(home, contents=True), *_releases(home)]


def check_ledger(home: Home) -> Finding:
    """The hash chain of the ledger, from the first record on."""
    result = ledger.walk(home)
    if result.ok:
        torn = (
            f"; a torn last line of {result.torn_bytes} bytes, which the next record repairs"
            if result.torn_bytes
            else ""
        )
        return Finding("ledger", True, f"{result.records} records, chain intact{torn}")
    places = "; ".join(f"record {item.line}: {item.what}" for item in result.breaks)
    return Finding("ledger", False, places, f"{RESTORE}; nothing is published on a broken ledger")


def check_lake(home: Home, *, contents: bool) -> Finding:
    """The lake's manifests and their chain; with `contents` also every file that they name."""
    breaks = lake_breaks(home, contents=contents)
    if breaks:
        return Finding("lake", False, "; ".join(breaks), f"{RESTORE}; nothing is published from a broken lake")
    return Finding("lake", True, "every batch is what was landed")


def _releases(home: Home) -> Iterator[Finding]:
    records = {entry.seq: entry.hash for entry in ledger.read(home)} if ledger.walk(home).ok else {}
    for release in store.list_releases(home):
        name = f"release {release.release_id}"
        wrong = store.damage(release)
        position = release.manifest["ledger"]
        if not wrong and records and records.get(position["seq"]) != position["hash"]:
            wrong = f"it rests on ledger record {position['seq']}, which the ledger no longer has as it was"
        if wrong:
            yield Finding(name, False, wrong, "roll back to another release and publish again")
        else:
            yield Finding(name, True, "byte for byte what was published")
