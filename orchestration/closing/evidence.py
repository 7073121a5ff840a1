"""Evidence packages: a folder named by the hash of its manifest, which names every file in it; how one is checked."""

import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from orchestration.closing import signing
from orchestration.closing.signers import ROLES, Signers
from orchestration.errors import Refused, Unusable
from orchestration.home import Home
from orchestration.publishing.store import file_sha256, sync_files, sync_folder
from orchestration.reconciliation import ledger

MANIFEST = "manifest.json"
LEDGER = "ledger.ndjson"
DELETED = "evidence_deleted"
RETENTION_CLASS, RETENTION_YEARS = "7_YEARS", 7


@dataclass(frozen=True)
class Finding:
    """One thing that was checked of a package."""

    package: str
    what: str
    ok: bool
    found: str


def canonical(manifest: dict[str, Any]) -> bytes:
    """The manifest's bytes: sorted, so that the same content has the same hash."""
    return (json.dumps(manifest, sort_keys=True, indent=1, ensure_ascii=False) + "\n").encode()


def seal(home: Home, part: Path, manifest: dict[str, Any]) -> Path:
    """Name the files of a finished folder in its manifest, and move it to where its hash says; returns the package.

    The same content is the same package: where it is there already, nothing changes. Files become read-only.
    """
    files = {path.name: file_sha256(path) for path in sorted(part.iterdir()) if path.name != MANIFEST}
    content = canonical({**manifest, "files": files})
    name = hashlib.sha256(content).hexdigest()
    package = home.evidence / name
    if package.exists():
        shutil.rmtree(part)
        return package
    (part / MANIFEST).write_bytes(content)
    sync_files(part.iterdir())
    for path in part.iterdir():
        path.chmod(0o444)
    part.rename(package)
    package.chmod(0o555)
    sync_folder(home.evidence)
    return package


def read(package: Path) -> dict[str, Any]:
    """The manifest of a package. Raises Unusable where there is none."""
    try:
        manifest = json.loads((package / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise Unusable(f"{package} is no evidence package: {error}") from None
    return dict(manifest)


def packages(home: Home) -> list[Path]:
    """Every package, by period and version."""
    if not home.evidence.is_dir():
        return []
    found = [path for path in home.evidence.iterdir() if (path / MANIFEST).exists() and not path.name.startswith(".")]
    return sorted(found, key=lambda path: (path.stat().st_mtime_ns, path.name))


def hash_of(package: Path) -> str:
    """The hash of the package as it is now, which its folder was named by; empty where it has no manifest."""
    return file_sha256(package / MANIFEST) if (package / MANIFEST).exists() else ""


def verify(package: Path, people: Signers | None = None) -> Iterator[Finding]:
    """Check a package from itself alone, offline: its name, every file, its piece of the ledger, who signed.

    `people`: who may sign by another copy of signers.yml, which signatures are held to as well as to the package's own.
    """
    yield from verify_content(package)
    yield from _signed(package, people)


def verify_content(package: Path) -> Iterator[Finding]:
    """Check what a package consists of: its name, every file and its piece of the ledger."""
    content = (package / MANIFEST).read_bytes() if (package / MANIFEST).exists() else b""
    found = hashlib.sha256(content).hexdigest()
    named = found == package.name
    yield Finding(package.name, MANIFEST, named, "is what the package is named by" if named else f"its hash is {found}")
    if not named:
        # Nothing that it says of the other files can be trusted.
        return
    try:
        manifest = json.loads(content)
        named_files, _ = dict(manifest["files"]), (manifest["ledger"]["seq"], manifest["ledger"]["hash"])
    except (ValueError, KeyError, TypeError):
        yield Finding(package.name, MANIFEST, False, "cannot be read")
        return
    there = {path.name for path in package.iterdir()} - {MANIFEST}
    files = [_file(package, name, named_files, there) for name in sorted(there | set(named_files))]
    yield from files
    if all(one.ok for one in files if one.what == LEDGER):
        yield _ledger(package, manifest)


def _signed(package: Path, people: Signers | None) -> Iterator[Finding]:
    """Each signature, by the package's own people and by others where they are named; one alone is short of another."""
    digest = hash_of(package)
    try:
        made = signing.objections(package, digest)
        outside = signing.objections(package, digest, people) if people else made
    except (Unusable, UnicodeDecodeError) as error:
        yield Finding(package.name, "signatures", False, str(error))
        return
    for (one, wrong), (_, wrong_today) in zip(made, outside, strict=True):
        told = wrong or wrong_today
        yield Finding(package.name, f"signature {one.role}", told is None, told or f"{one.signer}, {one.signed_at}")
    missing = [role for role in ROLES if role not in {one.role for one, _ in made}]
    if made and missing:
        yield Finding(package.name, f"signature {missing[0]}", False, "is missing: it takes two people")


def verify_chain(home: Home, people: Signers | None = None) -> Iterator[Finding]:
    """Every package of a home, and that each follows on the one that it names as the one before."""
    known = {package.name for package in packages(home)}
    # A broken ledger is told by its own check; packages are looked at without it.
    gone = deleted(home) if ledger.walk(home).ok else set()
    for package in packages(home):
        yield from verify(package, people)
        yield _previous(package, known, gone)


def _previous(package: Path, known: set[str], gone: set[str]) -> Finding:
    try:
        previous = str(read(package).get("previous_package") or "")
    except Unusable as error:
        return Finding(package.name, "previous close", False, str(error))
    told = f"follows on {previous[:12]}…" if previous else "is the first"
    if previous in gone:
        told += ", which was deleted after its retention"
    fine = not previous or previous in known | gone
    return Finding(package.name, "previous close", fine, told if fine else f"{previous} is missing")


def deleted(home: Home) -> set[str]:
    """Packages that were deleted after their retention, as the ledger has it."""
    return {record.body["package"] for record in ledger.read(home) if record.kind == DELETED}


def delete(home: Home, name: str, today: date | None = None) -> None:
    """Remove a package whose retention has ended. Raises Refused before that day, Unusable for an unknown package."""
    chosen = [package for package in packages(home) if package.name.startswith(name)]
    if len(chosen) != 1:
        raise Unusable(f"{name} names {len(chosen)} packages: give enough of its hash.")
    until = date.fromisoformat(read(chosen[0])["retention"]["until"])
    if (today or datetime.now(UTC).date()) <= until:
        raise Refused(f"{chosen[0].name[:12]}… is kept until {until} ({RETENTION_CLASS}): it is not deleted.")
    # Recorded first: a package that is gone without a record would look lost.
    ledger.append(home, DELETED, {"package": chosen[0].name, "kept_until": until.isoformat()})
    chosen[0].chmod(0o755)
    shutil.rmtree(chosen[0])
    shutil.rmtree(signing.folder_of(chosen[0]), ignore_errors=True)


def retention(end: datetime) -> dict[str, str]:
    """Until when the package of a period that ended then is kept: seven years; of a 29 February to 1 March."""
    last, year = end.date(), end.year + RETENTION_YEARS
    until = date(year, 3, 1) if (last.month, last.day) == (2, 29) else last.replace(year=year)
    return {"class": RETENTION_CLASS, "until": until.isoformat()}


def temporary(home: Home) -> Path:
    """An empty folder beside the packages for one that is being made; leftovers of interrupted ones go."""
    home.evidence.mkdir(parents=True, exist_ok=True)
    for path in home.evidence.glob(".part-*"):
        shutil.rmtree(path)
    part = home.evidence / f".part-{os.getpid()}"
    part.mkdir()
    return part


def _file(package: Path, name: str, named: dict[str, str], there: set[str]) -> Finding:
    if name not in there:
        return Finding(package.name, name, False, "is missing")
    if name not in named:
        return Finding(package.name, name, False, "was added")
    found = file_sha256(package / name)
    fine = found == named[name]
    return Finding(package.name, name, fine, "is what was frozen" if fine else f"was changed: its hash is {found}")


def _ledger(package: Path, manifest: dict[str, Any]) -> Finding:
    """The excerpt chains up, and ends where the manifest says."""
    wanted = manifest["ledger"]
    last, lines = (
        None,
        (package / LEDGER).read_text(encoding="utf-8", errors="replace").splitlines()
        if (package / LEDGER).exists()
        else [],
    )
    for line in lines:
        try:
            record = dict(json.loads(line))
            seq, stated, before = record["seq"], record["hash"], record["prev_hash"]
        except (ValueError, KeyError, TypeError):
            return Finding(package.name, LEDGER, False, f"a record after {last['seq'] if last else 'none'} is none")
        rest = {key: value for key, value in record.items() if key != "hash"}
        text = json.dumps(rest, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
        if hashlib.sha256(text.encode()).hexdigest() != stated:
            return Finding(package.name, LEDGER, False, f"record {seq} was changed")
        if last is not None and (before, seq) != (last["hash"], last["seq"] + 1):
            return Finding(package.name, LEDGER, False, f"record {seq} does not follow on the one before")
        last = record
    fine = last is not None and (last["seq"], last["hash"]) == (wanted["seq"], wanted["hash"])
    return Finding(
        package.name, LEDGER, fine, f"{len(lines)} records, chain intact" if fine else "does not end where it should"
    )
