"""Signing the close of a period, recorded in the ledger, and how each close stands with its signatures; no keys."""

from dataclasses import dataclass
from pathlib import Path

from orchestration.closing import evidence, periods, signing, states
from orchestration.closing.signers import ROLES
from orchestration.errors import Refused, Unusable
from orchestration.home import Home
from orchestration.publishing.store import file_sha256
from orchestration.reconciliation import ledger

KIND = "signature"


@dataclass(frozen=True)
class SignOff:
    """The signatures of a package: who signed validly by role, and what is wrong with the others."""

    entity: str
    period: str
    version: int
    package: str
    signed: dict[str, str]
    void: tuple[str, ...]

    @property
    def is_signed_off(self) -> bool:
        """Whether preparer and approver have both signed what is there now."""
        return set(self.signed) == set(ROLES) and not self.void


def sign_close(
    home: Home,
    period: str,
    role: str,
    *,
    by: str,
    key: Path | None = None,
    entity: str = periods.GROUP,
    signers: Path | None = None,
) -> tuple[signing.Signature, Path]:
    """Sign the package of a closed period and record it; returns the signature and the key file that was used.

    Raises Refused for a period that is not closed, a package that is not what was sealed, and who may not sign.
    """
    closed = {one.period: one for one in states.closed(home, entity)}
    if period not in closed:
        raise Refused(f"{period} of {entity} is not closed: there is nothing to sign.")
    package = home.evidence / closed[period].package
    wrong = [f"{one.what}: {one.found}" for one in evidence.verify_content(package) if not one.ok]
    if wrong:
        raise Refused("The package is not what was sealed, so it is not signed:\n" + "\n".join(wrong))
    file = key or key_file(home, by)
    made = signing.sign(package, role, by, file, signers)
    body = {"package": made.package, "role": role, "signer": made.signer, "public_key": made.public_key}
    ledger.append(home, KIND, {**body, "sha256": file_sha256(signing.file_of(package, role))})
    return made, file


def key_file(home: Home, person: str) -> Path:
    """Where a person's key is unless another file is named."""
    return home.root / "keys" / f"{person.strip().casefold().replace(' ', '-') or 'nobody'}.pem"


def sign_offs(home: Home) -> list[SignOff]:
    """How every package stands, oldest first; a signature that the ledger knows and that is gone is told as void."""
    recorded: dict[str, dict[str, str]] = {}
    for record in ledger.read(home):
        if record.kind == KIND:
            recorded.setdefault(record.body["package"], {})[record.body["role"]] = record.body["sha256"]
    return [_sign_off(package, recorded.get(package.name, {})) for package in evidence.packages(home)]


def _sign_off(package: Path, recorded: dict[str, str]) -> SignOff:
    try:
        said = evidence.read(package)
        of = (str(said["entity"]["name"]), str(said["period"]["name"]), int(said["version"]))
    except (Unusable, KeyError, TypeError, ValueError):
        of = ("?", "?", 0)
    signed: dict[str, str] = {}
    void: list[str] = []
    try:
        found = signing.objections(package, evidence.hash_of(package))
    except Unusable as error:
        found, void = [], [str(error)]
    for one, wrong in found:
        if wrong is None:
            signed[one.role] = one.signer
        else:
            void.append(wrong)
    for role, digest in sorted(recorded.items()):
        path = signing.file_of(package, role)
        if not path.exists():
            void.append(f"the signature of the {role} is gone: the ledger says that it was made")
        elif file_sha256(path) != digest and role in signed:
            void.append(f"the signature of the {role} is not the one that the ledger says was made")
    if of == ("?", "?", 0):
        void.append(f"{package.name[:12]}… cannot be read: nobody has signed what is there now")
    return SignOff(*of, package.name, signed, tuple(void))
