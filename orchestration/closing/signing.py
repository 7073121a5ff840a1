"""Signatures over the hash of an evidence package: two people, Ed25519; not what they sign."""

import base64
import json
import os
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from orchestration.errors import Refused, Unusable

ROLES = ("preparer", "approver")


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


def folder_of(package: Path) -> Path:
    """Where the signatures of a package are: beside it, for it never changes."""
    return package.with_name(f"{package.name}.signatures")


def sign(package: Path, role: str, signer: str, key: Path) -> Signature:
    """Sign a package. The key file is made where it is missing, for its owner's eyes only.

    Raises Refused where the same person or key would sign twice, Unusable for an unknown role or a key that is none.
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
    told = Signature(role, signer.strip(), package.name, datetime.now(UTC).isoformat(timespec="seconds"), public, "")
    signed = Signature(**{**asdict(told), "signature": base64.b64encode(private.sign(told.text())).decode()})
    folder = folder_of(package)
    folder.mkdir(exist_ok=True)
    part = folder / f".{role}.part"
    part.write_text(json.dumps(asdict(signed), indent=1, sort_keys=True) + "\n")
    part.rename(folder / f"{role}.json")
    return signed


def signatures(package: Path) -> list[Signature]:
    """The signatures of a package as they are filed, valid or not. Raises Unusable for a file that is none."""
    found = []
    folder = folder_of(package)
    for path in sorted(folder.glob("*.json")) if folder.is_dir() else []:
        try:
            found.append(Signature(**json.loads(path.read_text(encoding="utf-8"))))
        except (ValueError, TypeError) as error:
            raise Unusable(f"{path} is no signature: {error}") from None
    return found


def objection(package: Path, package_hash: str, one: Signature) -> str | None:
    """Why a signature is void; None when it holds for this very package."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    if one.package != package_hash:
        return f"{one.signer} signed {one.package[:12]}…, this is {package_hash[:12]}…: what was signed has changed"
    try:
        public = Ed25519PublicKey.from_public_bytes(base64.b64decode(one.public_key, validate=True))
        public.verify(base64.b64decode(one.signature, validate=True), one.text())
    except (InvalidSignature, ValueError):
        return f"the signature of {one.signer} as {one.role} in {folder_of(package).name} does not hold"
    return None


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
    try:
        key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    except (ValueError, TypeError) as error:
        raise Unusable(f"{path} is no private key: {error}") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise Unusable(f"{path} is a key of another kind: Ed25519 is needed")
    return key
