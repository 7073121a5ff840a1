"""Who may sign a close, as what and until when: the people's public keys in `signers.yml`; not signing itself."""

import base64
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from orchestration.errors import Unusable
from orchestration.home import PROJECT_ROOT
from orchestration.reconciliation.waivers import parse_day, parse_text

SIGNERS = PROJECT_ROOT / "signers.yml"
ROLES = ("preparer", "approver")
FIELDS = ("name", "roles", "public_key", "valid_from", "valid_until")
KEY_BYTES = 32


@dataclass(frozen=True)
class Signer:
    """One key of a person: what they may sign as with it, from the first to the last day."""

    name: str
    roles: tuple[str, ...]
    public_key: str
    valid_from: date
    valid_until: date


@dataclass(frozen=True)
class Signers:
    """The keys by their public half, and the file's own text: it is evidence. `told` is where it was read."""

    keys: dict[str, Signer]
    text: str
    told: str

    def objection(self, public_key: str, signer: str, role: str, day: date) -> str | None:
        """Why a signature of that person with that key in that role on that day does not count; None when it does."""
        known = self.keys.get(public_key)
        if known is None:
            return f"the key {public_key} is nobody's by {self.told}"
        if known.name.casefold() != signer.strip().casefold():
            return f"the key {public_key} is {known.name}'s by {self.told}, not {signer}'s"
        if role not in known.roles:
            return f"{known.name} may sign as {' or '.join(known.roles)} by {self.told}, not as {role}"
        if not known.valid_from <= day <= known.valid_until:
            return (
                f"{known.name}'s key counts from {known.valid_from} to {known.valid_until} by {self.told}, not on {day}"
            )
        return None

    def may(self, role: str, day: date) -> set[str]:
        """Who may sign as that on that day."""
        return {
            one.name for one in self.keys.values() if role in one.roles and one.valid_from <= day <= one.valid_until
        }


def load(path: Path | None = None) -> Signers:
    """The people of a file, nobody where it is missing. Raises Unusable, naming entry and field, for what is none."""
    path = path or SIGNERS
    return parse(path.read_text(encoding="utf-8") if path.exists() else "", str(path.name))


def parse(text: str, told: str) -> Signers:
    """The people of a text; `told` names it in objections. Raises Unusable as `load` does."""
    try:
        content = yaml.safe_load(text) or {}
    except (yaml.YAMLError, ValueError) as error:
        raise Unusable(f"{told}: not YAML: {error}") from error
    if not isinstance(content, dict) or not isinstance(content.get("signers") or [], list):
        raise Unusable(f"{told}: expected a list named signers")
    found: dict[str, Signer] = {}
    for number, entry in enumerate(content.get("signers") or []):
        one = _signer(entry, f"{told}: signers[{number}]")
        if one.public_key in found:
            raise Unusable(f"{told}: signers[{number}].public_key: is {found[one.public_key].name}'s already")
        found[one.public_key] = one
    return Signers(found, text, told)


def entry_of(name: str, role: str, public_key: str, today: date) -> str:
    """The entry that would let this key sign: to be added to the file in review."""
    until = today.replace(year=today.year + 1, day=min(today.day, 28))
    return f"  - {{name: {name}, roles: [{role}], public_key: {public_key}, valid_from: {today}, valid_until: {until}}}"


def _signer(entry: Any, where: str) -> Signer:
    if not isinstance(entry, dict) or set(entry) != set(FIELDS):
        raise Unusable(f"{where}: give {', '.join(FIELDS)}, and nothing else")
    roles = entry["roles"]
    if not isinstance(roles, list) or not roles or not set(roles) <= set(ROLES):
        raise Unusable(f"{where}.roles: expected a list of {' and '.join(ROLES)}")
    key = parse_text(entry["public_key"], f"{where}.public_key")
    try:
        length = len(base64.b64decode(key, validate=True))
    except ValueError:
        length = 0
    if length != KEY_BYTES:
        raise Unusable(f"{where}.public_key: is no Ed25519 key: expected the base64 of {KEY_BYTES} bytes")
    name = parse_text(entry["name"], f"{where}.name")
    first = parse_day(entry["valid_from"], f"{where}.valid_from")
    last = parse_day(entry["valid_until"], f"{where}.valid_until")
    return Signer(name, tuple(roles), key, first, last)
