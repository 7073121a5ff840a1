"""Making a release: gate, new file, atomic switch, ledger record; killed anywhere, a rerun ends the same."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from orchestration.closing.index import index_folder
from orchestration.errors import Refused
from orchestration.home import Home
from orchestration.publishing import store
from orchestration.publishing.gate import Evidence, examine
from orchestration.publishing.history import PUBLISH, ROLLBACK, is_rolled_back, published_ids, rolled_back_to
from orchestration.publishing.store import Release
from orchestration.publishing.writer import Content, warehouse_version, write_database
from orchestration.reconciliation import ledger
from orchestration.settings import Settings
from orchestration.warehouse.dbt_runner import Progress
from orchestration.warehouse.lock import PATIENCE_SECONDS, warehouse_lock
from orchestration.warehouse.record import timestamp_text


def publish(home: Home, *, progress: Progress | None = None, wait_seconds: float = PATIENCE_SECONDS) -> Release:
    """Publish what the ledger proves, and return the release; `is_new` is false where this data version already is one.

    Raises Refused with every reason when the ledger does not prove the very rows that would be published.
    """
    settings = Settings.from_environment()
    with warehouse_lock(home, "publish", wait_seconds=wait_seconds):
        home.releases.mkdir(parents=True, exist_ok=True)
        store.clear_temporary(home)
        evidence = examine(home)
        try:
            release = _resume(home, evidence) or _existing(home, evidence) or _make(home, evidence, progress)
        finally:
            store.clear_temporary(home)
        store.retain(home, settings.retain_releases, rolled_back_to(home))
    return release


def rollback(home: Home, release_id: str, *, wait_seconds: float = PATIENCE_SECONDS) -> Release:
    """Make an earlier (or later) release the current one, in one step, and record it in the ledger.

    Raises Unusable for an unknown release, Refused for one whose file is not what was published.
    """
    with warehouse_lock(home, "roll back", wait_seconds=wait_seconds):
        release = store.find(home, release_id)
        wrong = store.damage(release)
        if wrong:
            raise Refused(f"Release {release_id} cannot be made current: {wrong}. Choose another (`tieout releases`).")
        before = store.current_id(home)
        if before != release_id:
            store.switch(home, release_id)
            ledger.append(home, ROLLBACK, {"release_id": release_id, "from_release_id": before})
    return replace(release, is_current=True)


def _resume(home: Home, evidence: Evidence) -> Release | None:
    """Bring a publish that was killed between its rename and its ledger record to its end, or take its folder away."""
    recorded = published_ids(home)
    finished = None
    for release in store.list_releases(home):
        if release.release_id in recorded:
            continue
        if release.data_version == evidence.data_version and not store.damage(release):
            finished = _make_current(home, release)
        elif release.is_current:
            # Readers have it already, so it did happen: the ledger has to say so.
            _record(home, release)
        else:
            store.remove(home, release.folder)
    return finished


def _existing(home: Home, evidence: Evidence) -> Release | None:
    """The release that already has this data version, provided that the warehouse still has it too.

    It becomes current again when the data went back to it; not when a person rolled back from it.
    """
    for release in reversed(store.list_releases(home)):
        if release.data_version == evidence.data_version and not store.damage(release):
            _require_version(evidence, warehouse_version(home, evidence.build))
            return release if release.is_current or is_rolled_back(home) else _make_current(home, release)
    return None


def _make(home: Home, evidence: Evidence, progress: Progress | None) -> Release:
    created = datetime.now(UTC)
    release_id = f"{created:%Y%m%dT%H%M%S}{created.microsecond // 1000:03d}Z-{evidence.data_version[:8]}"
    folder = home.releases / f"{store.TEMPORARY}{release_id}"
    folder.mkdir()
    if progress:
        progress(f"writing release {release_id}")
    database = folder / store.DATABASE
    properties = _properties(release_id, created, evidence, index_folder(home).name)
    content = write_database(database, home, evidence.build, evidence.checks, properties)
    _require_version(evidence, content.data_version)
    if not content.models:
        raise Refused("Refused to publish: the warehouse has no marts. Run `tieout build`.")
    store.sync_files([database])
    database.chmod(0o444)
    manifest = {**properties, **_figures(evidence, content), "file_sha256": store.file_sha256(database)}
    store.write_manifest(folder, manifest)
    store.sync_folder(folder)
    target = folder.rename(home.releases / release_id)
    store.sync_folder(home.releases)
    return _make_current(home, Release(release_id, target, manifest, is_current=False))


def _make_current(home: Home, release: Release) -> Release:
    store.switch(home, release.release_id)
    _record(home, release)
    return replace(release, is_current=True, is_new=True)


def _record(home: Home, release: Release) -> None:
    body = {name: release.manifest[name] for name in ("data_version", "file_sha256", "ledger")}
    stated = {"release_id": release.release_id, "manifest_sha256": store.manifest_sha256(release.folder)}
    ledger.append(home, PUBLISH, {**stated, **body})


def _require_version(evidence: Evidence, found: str) -> None:
    if found != evidence.data_version:
        raise Refused(
            f"Refused to publish: the audit is of data version {evidence.data_version[:12]}…, but the rows in the "
            f"warehouse make up {found[:12]}…: they changed after the audit. Run `tieout build` and `tieout reconcile`."
        )


def _properties(release_id: str, created: datetime, evidence: Evidence, closes_index: str) -> dict[str, str]:
    build = evidence.build
    return {
        "release_id": release_id,
        "created_at": created.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "as_of": timestamp_text(build.as_of),
        "lake_high_water": str(build.lake_high_water),
        "reporting_currency": build.reporting_currency,
        "build_id": build.build_id,
        "git_revision": build.git_revision,
        "code_hash": build.code_hash,
        "dbt_manifest_hash": build.dbt_manifest_hash,
        "closes_index": closes_index,
        "ledger_seq": str(evidence.audit.seq),
        "ledger_hash": evidence.audit.hash,
    }


def _figures(evidence: Evidence, content: Content) -> dict[str, Any]:
    verdicts = [str(check["verdict"]) for check in evidence.checks]
    return {
        "data_version": content.data_version,
        "models": [
            {"model": item.relation, "row_count": item.row_count, "checksum": str(item.checksum)}
            for item in content.models
        ],
        "freshness": content.freshness,
        "checks": {verdict: verdicts.count(verdict) for verdict in sorted(set(verdicts))},
        "ledger": {"seq": evidence.audit.seq, "hash": evidence.audit.hash},
    }
