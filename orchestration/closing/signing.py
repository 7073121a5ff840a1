"""Signatures over the hash of an evidence package: two people, Ed25519; not what they sign, nor who may."""

import base64
import json
import os
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from orchestration.closing import signers as registry
from orchestration.closing.signers import ROLES, Signers
from orchestration.errors import Refused, Unusable

SIGNERS_FILE = "signers.yml"


@dataclass(frozen=True)
class Signature:
    """Who signed which package in which role, when, with which key; `signature` is over the text of the rest."""

    role: str
    signer: str
    package: str
    signed_at: str
    public_key: str
    signature: str

    def text(self) -> bytes:
        """What is signed."""
        rest = {name: value for name, value in asdict(self).items() if name != "signature"}
        return json.dumps(rest, sort_keys=True, separators=(",", ":")).encode()

    def file_text(self) -> str:
        """What its file says, to the byte."""
        return json.dumps(asdict(self), indent=1, sort_keys=True) + "\n"


def folder_of(package: Path) -> Path:
    """Where the signatures of a package are: beside it, for it never changes."""
    return package.with_name(f"{package.name}.signatures")


def file_of(package: Path, role: str) -> Path:
    """The file of the signature in a role."""
    return folder_of(package) / f"{role}.json"


def signers_of(package: Path) -> Signers:
    """Who may sign a package: the people as they were when it was closed; nobody where it does not say."""
    path = package / SIGNERS_FILE
    # A byte that is no text spoils one entry, not the reading of the others.
    text = path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""
    return registry.parse(text, f"{SIGNERS_FILE} of the package")


def sign(package: Path, role: str, signer: str, key: Path, signers: Path | None = None) -> Signature:
    """Sign a package. The key file is made where it is missing, for its owner's eyes only.

    `signers`: who may sign today, instead of signers.yml of the project; the package's own people have to agree. Raises
    Refused for an unknown key, or one of somebody else, another role or another time, and where the same person or key
    would sign twice; Unusable for an unknown role or a key that is none.
    """
    if role not in ROLES:
        raise Unusable(f"--as {role} is unknown: choose preparer or approver")
    if not signer.strip():
        raise Unusable("--by is empty: a signature needs a name")
    private = _private_key(key)
    public = base64.b64encode(private.public_key().public_bytes_raw()).decode()
    for other in signatures(package):
        if other.role == role:
            raise Refused(f"{package.name[:12]}… is signed by {other.signer} as {role} already.")
        if other.signer.casefold() == signer.strip().casefold() or other.public_key == public:
            raise Refused(f"{other.signer} signed as {other.role}: preparer and approver are two people with two keys.")
    now = datetime.now(UTC)
    today_s = registry.load(signers)
    for people in (today_s, signers_of(package)):
        if objection := people.objection(public, signer, role, now.date()):
            entry = registry.entry_of(signer.strip(), role, public, now.date())
            advice = (
                f"Have it added to signers.yml, in review:\n{entry}"
                if people is today_s
                else "A package is signed by who could when it was closed: reopen the period and close it again."
            )
            raise Refused(f"Not signed: {objection}. {advice}")
    told = Signature(role, signer.strip(), package.name, now.isoformat(timespec="seconds"), public, "")
    signed = Signature(**{**asdict(told), "signature": base64.b64encode(private.sign(told.text())).decode()})
    folder = folder_of(package)
    folder.mkdir(exist_ok=True)
    part = folder / f".{role}.part"
    part.write_text(signed.file_text(), encoding="utf-8")
    part.replace(file_of(package, role))
    return signed


def public_key(key: Path) -> str:
    """The public half of a key file, which is made where it is missing."""
    return base64.b64encode(_private_key(key).public_key().public_bytes_raw()).decode()


def signatures(package: Path) -> list[Signature]:
    """The signatures of a package as they are filed, valid or not. Raises Unusable for a file that is none."""
    found = []
    folder = folder_of(package)
    for path in sorted(folder.glob("*.json")) if folder.is_dir() else []:
        try:
            text = path.read_text(encoding="utf-8")
            one = Signature(**json.loads(text))
        except (ValueError, TypeError) as error:
            raise Unusable(f"{path} is no signature: {error}") from None
        if text != one.file_text() or path.name != f"{one.role}.json":
            raise Unusable(f"{path} is no signature as it was filed: it was edited")
        found.append(one)
    return found


def objection(package: Path, package_hash: str, one: Signature, people: Signers | None = None) -> str | None:
    """Why a signature is void; None when it holds for this very package.

    `people`: who may sign; without it, as the package itself has them.
    """
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    if one.package != package_hash:
        return f"{one.signer} signed {one.package[:12]}…, this is {package_hash[:12]}…: what was signed has changed"
    try:
        public = Ed25519PublicKey.from_public_bytes(base64.b64decode(one.public_key, validate=True))
        public.verify(base64.b64decode(one.signature, validate=True), one.text())
        day = datetime.fromisoformat(one.signed_at).astimezone(UTC).date()
    except (InvalidSignature, ValueError):
        return f"the signature of {one.signer} as {one.role} in {folder_of(package).name} does not hold"
    return (people or signers_of(package)).objection(one.public_key, one.signer, one.role, day)


def objections(package: Path, package_hash: str, people: Signers | None = None) -> list[tuple[Signature, str | None]]:
    """Every signature with why it is void, None where it holds; two that are of one person are both void."""
    made = signatures(package)
    people = people or signers_of(package)
    owners = [people.keys[one.public_key].name if one.public_key in people.keys else one.signer for one in made]
    persons = [owner.casefold() for owner in owners]
    found = []
    for one, person in zip(made, persons, strict=True):
        wrong = objection(package, package_hash, one, people)
        if wrong is None and persons.count(person) > 1:
            wrong = f"{one.signer} signed as preparer and as approver: it takes two people"
        found.append((one, wrong))
    return found


def _private_key(path: Path) -> Any:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        made = Ed25519PrivateKey.generate()
        text = made.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(text)
        return made
    if path.stat().st_mode & 0o077:
        raise Refused(f"{path} can be read by others: `chmod 600 {path}`, and take another key if it was read.")
    try:
        key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    except (ValueError, TypeError) as error:
        raise Unusable(f"{path} is no private key: {error}") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise Unusable(f"{path} is a key of another kind: Ed25519 is needed")
    return key
