"""Who may sign a close: unknown, expired and wrong-role keys, one person twice, and what makes a signature void."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from support.closes import signers_file

from orchestration.closing import evidence, signers, signing
from orchestration.errors import Refused, Unusable

TODAY = datetime.now(UTC).date()


@pytest.fixture
def people(tmp_path: Path) -> Path:
    """Ada prepares, with two keys; Bob approves; Cleo may do both. Eve is in no file."""
    path = signers_file(tmp_path / "people", Ada=["preparer"], Bob=["approver"], Cleo=["preparer", "approver"])
    content = yaml.safe_load(path.read_text())
    second = {**content["signers"][0], "roles": ["approver"], "public_key": signing.public_key(key(path, "second"))}
    path.write_text(yaml.safe_dump({"signers": [*content["signers"], second]}))
    signing.public_key(key(path, "Eve"))
    return path


def key(people: Path, name: str) -> Path:
    return people.parent / f"{name}.pem"


def package_with(folder: Path, people: Path) -> Path:
    """A package of nothing but the people who may sign it."""
    folder.mkdir(exist_ok=True)
    part = folder / "part"
    part.mkdir()
    (part / signing.SIGNERS_FILE).write_text(people.read_text())
    content = evidence.canonical({"files": {}, "ledger": {"seq": 1, "hash": ""}})
    (part / evidence.MANIFEST).write_bytes(content)
    return part.rename(folder / evidence.hash_of(part))


@pytest.fixture
def package(tmp_path: Path, people: Path) -> Path:
    return package_with(tmp_path / "evidence", people)


def changed(people: Path, name: str, **change: Any) -> Path:
    """The file with another value for a person."""
    content = yaml.safe_load(people.read_text())
    for entry in content["signers"]:
        if entry["name"] == name:
            entry.update(change)
    path = people.with_name("changed.yml")
    path.write_text(yaml.safe_dump(content))
    return path


def told(package: Path, by: Path | None = None) -> list[str]:
    """What the verification finds wrong with the signatures."""
    named = signers.load(by) if by else None
    return [one.found for one in evidence.verify(package, named) if one.what.startswith("signature") and not one.ok]


def test_two_people_of_the_file_sign(package: Path, people: Path) -> None:
    ada = signing.sign(package, "preparer", "Ada", key(people, "Ada"), people)
    assert told(package) == ["is missing: it takes two people"]
    signing.sign(package, "approver", "Bob", key(people, "Bob"), people)
    assert told(package) == []
    assert key(people, "Ada").stat().st_mode & 0o077 == 0
    assert "what was signed has changed" in str(signing.objection(package, "0" * 64, ada))


@pytest.mark.parametrize(
    ("signer", "file", "role", "why"),
    [
        ("Eve", "Eve", "approver", "is nobody's by signers.yml"),
        ("Bob", "Eve", "approver", "is nobody's by signers.yml"),
        ("Eve", "Bob", "approver", "is Bob's by signers.yml, not Eve's"),
        ("Bob", "Bob", "preparer", "Bob may sign as approver by signers.yml, not as preparer"),
    ],
)
def test_who_may_not_sign_is_refused(package: Path, people: Path, signer: str, file: str, role: str, why: str) -> None:
    with pytest.raises(Refused, match=why):
        signing.sign(package, role, signer, key(people, file), people)
    assert signing.signatures(package) == []


@pytest.mark.parametrize(
    "days", [{"valid_until": TODAY - timedelta(1)}, {"valid_from": TODAY + timedelta(1)}], ids=["expired", "not yet"]
)
def test_a_key_counts_on_its_days_only(package: Path, people: Path, tmp_path: Path, days: dict[str, date]) -> None:
    past = changed(people, "Bob", **days)
    with pytest.raises(Refused, match="Bob's key counts from"):
        signing.sign(package, "approver", "Bob", key(people, "Bob"), past)
    older = package_with(tmp_path / "older", past)
    with pytest.raises(Refused, match=r"by signers\.yml of the package.*\n?.*close it again"):
        signing.sign(older, "approver", "Bob", key(people, "Bob"), people)


def test_nobody_signs_twice(package: Path, people: Path) -> None:
    signing.sign(package, "preparer", "Ada", key(people, "Ada"), people)
    for signer, file in (("ada ", "second"), ("Bob", "Ada")):
        with pytest.raises(Refused, match="two people with two keys"):
            signing.sign(package, "approver", signer, key(people, file), people)
    with pytest.raises(Refused, match="signed by Ada as preparer already"):
        signing.sign(package, "preparer", "Cleo", key(people, "Cleo"), people)


def filed(package: Path, role: str, signer: str, file: Path, **change: Any) -> None:
    """A signature as somebody files it who does not ask whether they may: it holds by its key."""
    import base64

    private = signing._private_key(file)
    public = signing.public_key(file)
    moment = datetime.now(UTC).isoformat(timespec="seconds")
    made = replace(signing.Signature(role, signer, package.name, moment, public, ""), **change)
    made = replace(made, signature=base64.b64encode(private.sign(made.text())).decode())
    signing.folder_of(package).mkdir(exist_ok=True)
    signing.file_of(package, role).write_text(made.file_text())


def test_the_verification_tells_what_signing_would_have_refused(package: Path, people: Path) -> None:
    filed(package, "preparer", "Ada", key(people, "Ada"))
    filed(package, "approver", "Bob", key(people, "Bob"))
    assert told(package) == []
    filed(package, "approver", "Bob", key(people, "Eve"))
    assert "is nobody's by signers.yml of the package" in told(package)[0]
    filed(package, "approver", "Bob", key(people, "Cleo"))
    assert "is Cleo's by signers.yml of the package, not Bob's" in told(package)[0]
    filed(package, "approver", "Bob", key(people, "Bob"), signed_at="2025-12-31T23:59:59+00:00")
    assert "Bob's key counts from 2026-01-01" in told(package)[0]
    filed(package, "approver", "Ada", key(people, "second"))
    assert told(package) == ["Ada signed as preparer and as approver: it takes two people"] * 2
    filed(package, "preparer", "Bob", key(people, "Bob"))
    assert "Bob may sign as approver by signers.yml of the package, not as preparer" in told(package)


def test_a_key_that_was_revoked_since_is_told_by_the_newer_file(package: Path, people: Path) -> None:
    filed(package, "preparer", "Ada", key(people, "Ada"))
    filed(package, "approver", "Bob", key(people, "Bob"))
    newer = changed(people, "Bob", valid_until=TODAY - timedelta(1))
    assert told(package) == []
    assert [text.partition(" by ")[0] for text in told(package, newer)] == [
        f"Bob's key counts from 2026-01-01 to {TODAY - timedelta(1)}"
    ]


def test_every_byte_of_a_signature_counts(package: Path, people: Path) -> None:
    filed(package, "preparer", "Ada", key(people, "Ada"))
    filed(package, "approver", "Bob", key(people, "Bob"))
    path = signing.file_of(package, "approver")
    whole = path.read_bytes()
    for place in range(len(whole)):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        assert told(package), place
    path.write_bytes(whole)
    assert told(package) == []


def test_a_key_that_others_can_read_and_a_file_that_is_none_do_not_sign(package: Path, people: Path) -> None:
    key(people, "Ada").chmod(0o644)
    with pytest.raises(Refused, match="can be read by others"):
        signing.sign(package, "preparer", "Ada", key(people, "Ada"), people)
    nothing = key(people, "nothing")
    nothing.write_text("no key")
    nothing.chmod(0o600)
    with pytest.raises(Unusable, match="is no private key"):
        signing.sign(package, "preparer", "Ada", nothing, people)


GOOD = {"name": "Ada", "roles": ["preparer"], "public_key": "A" * 43 + "=", "valid_from": date(2026, 1, 1)}


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("signers: [", "not YAML"),
        ("signers: [{valid_from: 2026-15-01}]", "not YAML"),
        ("[]", None),
        ("signers: 1", "expected a list"),
        (yaml.safe_dump({"signers": [GOOD]}), r"signers\[0\]: give name, roles"),
        (yaml.safe_dump({"signers": [{**GOOD, "valid_until": 1}]}), "valid_until: 1: give a day"),
        (yaml.safe_dump({"signers": [{**GOOD, "valid_until": TODAY, "roles": ["boss"]}]}), "roles: expected a list"),
        (yaml.safe_dump({"signers": [{**GOOD, "valid_until": TODAY, "public_key": "AAAA"}]}), "is no Ed25519 key"),
        (yaml.safe_dump({"signers": [{**GOOD, "valid_until": TODAY}] * 2}), "is Ada's already"),
    ],
)
def test_a_file_that_makes_no_sense_is_told(text: str, why: str | None) -> None:
    if why is None:
        assert signers.parse(text, "signers.yml").keys == {}
        return
    with pytest.raises(Unusable, match=why):
        signers.parse(text, "signers.yml")


def test_the_entry_that_is_offered_can_be_read(people: Path) -> None:
    entry = signers.entry_of("Zoe", "approver", signing.public_key(key(people, "Eve")), date(2028, 2, 29))
    (zoe,) = signers.parse(f"signers:\n{entry}\n", "signers.yml").keys.values()
    assert (zoe.name, zoe.roles, zoe.valid_until) == ("Zoe", ("approver",), date(2029, 2, 28))
    assert signers.parse(f"signers:\n{entry}\n", "x").may("approver", date(2028, 3, 1)) == {"Zoe"}


def test_a_missing_file_names_nobody(tmp_path: Path) -> None:
    assert signers.load(tmp_path / "absent.yml").keys == {}
    assert signers.load().told == "signers.yml"
