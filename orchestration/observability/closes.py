"""Whether closes and repairs are still what was recorded: packages, signatures, index, evidence; changes nothing."""

from collections.abc import Iterator
from typing import Any

from orchestration.closing import evidence, index, states
from orchestration.closing.close import closed_periods
from orchestration.closing.signoff import SignOff, sign_offs
from orchestration.errors import TieoutError
from orchestration.home import Home
from orchestration.observability.findings import Finding
from orchestration.publishing.store import file_sha256
from orchestration.reconciliation import ledger
from orchestration.repair.repair import KIND as REPAIR

RESTORE = "restore it from a backup"


def check_closes(home: Home) -> Iterator[Finding]:
    """Each package with its signatures, every close that the ledger knows, and the index that the models read."""
    stands = {one.package: one for one in sign_offs(home)}
    known = {one.package for one in states.transitions(home) if one.state == states.CLOSED}
    wrong: dict[str, list[str]] = {}
    for found in evidence.verify_chain(home):
        wrong.setdefault(found.package, [])
        if not found.ok:
            wrong[found.package].append(f"{found.what} {found.found}")
    hashes = {record.seq: record.hash for record in ledger.read(home)}
    for package, told in wrong.items():
        stand = stands.get(package)
        name = f"close {stand.entity} {stand.period} v{stand.version}" if stand else f"close {package[:12]}"
        # What verify tells of a signature it tells in other words than the sign-off: only what it cannot know is added.
        told += [void for void in (stand.void if stand else ()) if "ledger says" in void]
        if not told and not _rests_on(home, package, hashes):
            told.append("the ledger no longer has the record that it ends with")
        if told:
            yield Finding(name, False, "; ".join(told), f"{RESTORE}; what changed is not what was signed")
        else:
            recorded = "" if package in known else "; no record names it: its close was interrupted before it counted"
            yield Finding(name, True, f"byte for byte what was sealed, {_signed_text(stand)}{recorded}")
    for missing in sorted(known - set(wrong) - evidence.deleted(home)):
        yield Finding(f"close {missing[:12]}", False, "the ledger has the close, its package is gone", RESTORE)
    yield from _index(home)


def check_repairs(home: Home) -> Iterator[Finding]:
    """The evidence of each repair by the hash that the ledger has of it."""
    stated = {record.body["evidence"]: record.body["sha256"] for record in ledger.read(home) if record.kind == REPAIR}
    folder = home.root / "repairs"
    there = {path.name for path in folder.glob("*.json")} if folder.is_dir() else set()
    wrong = [f"{name} is gone" for name in sorted(set(stated) - there)]
    wrong += [f"{name} is in no record" for name in sorted(there - set(stated))]
    wrong += [
        f"{name} is not what was kept"
        for name in sorted(there & set(stated))
        if file_sha256(folder / name) != stated[name]
    ]
    if wrong:
        yield Finding("repairs", False, "; ".join(wrong), RESTORE)
    elif stated:
        yield Finding("repairs", True, f"the evidence of {len(stated)} is what was kept")


def check_signatures(home: Home) -> Iterator[Finding]:
    """Signatures that no longer hold, each visibly; nothing is said where nobody has signed."""
    stands = sign_offs(home)
    void = [f"{one.period} of {one.entity} v{one.version}: {told}" for one in stands for told in one.void]
    if void:
        yield Finding(
            "signatures", False, "; ".join(void), "tieout verify says what changed; what is void does not count"
        )
    elif any(one.signed for one in stands):
        yield Finding("signatures", True, f"{sum(one.is_signed_off for one in stands)} closes are signed off")


def closes(home: Home) -> list[dict[str, Any]]:
    """The last state of each period, with who signed its close and what is void, as JSON values."""
    stands = {one.package: one for one in sign_offs(home)}
    last = {(one.entity, one.period): one for one in states.transitions(home)}
    return [
        {
            "entity": one.entity,
            "period": one.period,
            "state": one.state,
            "version": one.version,
            "signed": stands[one.package].signed if one.package in stands else {},
            "void": list(stands[one.package].void) if one.package in stands else [],
        }
        for one in sorted(last.values(), key=lambda one: (one.entity, one.period))
    ]


def _rests_on(home: Home, package: str, hashes: dict[int, str]) -> bool:
    position = evidence.read(home.evidence / package)["ledger"]
    return hashes.get(int(position["seq"])) == str(position["hash"])


def _signed_text(stand: SignOff | None) -> str:
    signed = stand.signed if stand else {}
    return f"signed by {' and '.join(signed.values())}" if signed else "not signed"


def _index(home: Home) -> Iterator[Finding]:
    try:
        wanted = closed_periods(home)
    except TieoutError:
        return
    if not wanted:
        return
    folder = index.index_folder(home)
    wrong = index.altered(folder, wanted)
    if index.contents(folder) != index.told(wanted):
        wrong.append("it has other periods than the ledger")
    if wrong:
        advice = f"`tieout close {wanted[-1].period} --entity {wanted[-1].entity}` makes it anew from the packages"
        yield Finding("index of closes", False, "; ".join(wrong), advice)
    else:
        yield Finding("index of closes", True, f"{len(wanted)} periods as they were frozen")
