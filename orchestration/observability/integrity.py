"""Whether ledger, lake, releases, closes and repairs are still what was written, by their hashes; changes nothing."""

from collections.abc import Iterator

from orchestration.errors import Unusable
from orchestration.home import Home
from orchestration.observability.closes import check_closes, check_repairs
from orchestration.observability.findings import Finding
from orchestration.publishing import history, store
from orchestration.reconciliation import ledger
from orchestration.warehouse.compacted import READ_AGAIN, compactions
from orchestration.warehouse.lake import lake_breaks

RESTORE = "restore it from a backup"


def verify(home: Home) -> list[Finding]:
    """Ledger, lake, each release, each close and the repairs, every byte read."""
    whole = check_ledger(home)
    rest = (*check_closes(home), *check_repairs(home)) if whole.ok else ()
    return [whole, check_lake(home, contents=True), *check_compactions(home), *_releases(home), *rest]


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


def check_compactions(home: Home) -> Iterator[Finding]:
    """Whether each compaction holds the very rows of the batches that it is read in place of; nothing without any."""
    from orchestration.landing.compaction import differing_rows_of_all

    try:
        found = compactions(home)
        told = differing_rows_of_all(home)
    except Unusable as error:
        found, told = [], [str(error)]
    if told:
        yield Finding("compactions", False, "; ".join(told), READ_AGAIN)
    elif found:
        yield Finding("compactions", True, f"all {len(found)} hold the rows of their batches")


def unsupported_releases(home: Home) -> dict[str, str]:
    """Releases whose audit the ledger no longer has, and why: a ledger that lost its end looks whole by itself."""
    records = {entry.seq: entry.hash for entry in ledger.read(home)}
    altered = altered_manifests(home)
    return {
        release.release_id: f"it rests on ledger record {position['seq']}, which the ledger no longer has as it was"
        for release in store.list_releases(home)
        if release.release_id not in altered
        and records.get((position := release.manifest["ledger"])["seq"]) != position["hash"]
    }


def altered_manifests(home: Home) -> dict[str, str]:
    """Releases whose manifest is not what the ledger says was published, and what it is."""
    stated = history.manifest_hashes(home)
    found = {folder.name: store.manifest_sha256(folder) for folder in store.folders(home)}
    return {
        name: f"its manifest.json is not what was published: its SHA-256 is {digest or 'none, it is missing'}"
        for name, digest in found.items()
        if name in stated and stated[name] != digest
    }


def _releases(home: Home) -> Iterator[Finding]:
    whole = ledger.walk(home).ok
    unsupported, altered = (unsupported_releases(home), altered_manifests(home)) if whole else ({}, {})
    for release_id, wrong in altered.items():
        yield Finding(f"release {release_id}", False, wrong, "roll back to another release and publish again")
    for release in store.list_releases(home):
        if release.release_id in altered:
            continue
        name = f"release {release.release_id}"
        wrong = store.damage(release)
        if wrong:
            yield Finding(name, False, wrong, "roll back to another release and publish again")
        elif release.release_id in unsupported:
            yield Finding(name, False, unsupported[release.release_id], f"{RESTORE} (the ledger)")
        else:
            yield Finding(name, True, "byte for byte what was published")
