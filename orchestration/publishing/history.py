"""What the ledger says about releases: which were published, which were rolled back to; nothing is written here."""

from orchestration.home import Home
from orchestration.reconciliation import ledger

PUBLISH = "publish"
ROLLBACK = "rollback"


def published_ids(home: Home) -> set[str]:
    """Ids of every release that the ledger has as published."""
    return {str(entry.body["release_id"]) for entry in ledger.read(home) if entry.kind == PUBLISH}


def manifest_hashes(home: Home) -> dict[str, str]:
    """SHA-256 of each release's manifest as it was published, by the id of the release."""
    return {
        str(entry.body["release_id"]): str(entry.body["manifest_sha256"])
        for entry in ledger.read(home)
        if entry.kind == PUBLISH and "manifest_sha256" in entry.body
    }


def rolled_back_to(home: Home) -> set[str]:
    """The release that the last rollback went to, which retention leaves alone; empty without a rollback."""
    targets = [str(entry.body["release_id"]) for entry in ledger.read(home) if entry.kind == ROLLBACK]
    return set(targets[-1:])


def is_rolled_back(home: Home) -> bool:
    """Whether a person's rollback was the last thing that changed which release is current."""
    kinds = [entry.kind for entry in ledger.read(home) if entry.kind in (PUBLISH, ROLLBACK)]
    return kinds[-1:] == [ROLLBACK]
