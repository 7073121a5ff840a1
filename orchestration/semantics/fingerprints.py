"""Keeps marts and read models from changing their meaning unseen: a fingerprint of each beside its semantic version."""

import argparse
import hashlib
import json
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import yaml

from orchestration.errors import Refused, TieoutError
from orchestration.home import PROJECT_ROOT

RECORD = Path("models/fingerprints.json")
COMMAND = "python -m orchestration.semantics.fingerprints"


@dataclass(frozen=True)
class Fingerprint:
    """What a mart meant when its version was recorded; `reason` says why another text meant the same."""

    semantic_version: int
    sha256: str
    reason: str = ""


def current(root: Path = PROJECT_ROOT) -> dict[str, Fingerprint]:
    """The fingerprint of every mart and read model as it is: its SQL, what is behind it, its description."""
    sources = {path.stem: path for path in (root / "models").rglob("*.sql")}
    seeds = {path.stem: path for path in (root / "seeds").glob("*.csv")}
    found = {}
    folders = (root / "models" / layer for layer in ("marts", "operations"))
    for path in sorted(path for folder in folders for path in folder.rglob("*.yml")):
        for model in yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader).get("models", []):
            version = model["config"]["meta"]["semantic_version"]
            found[model["name"]] = Fingerprint(version, _digest(model["name"], _described(model), sources, seeds))
            for older in model.get("versions", []):
                if older["v"] != model.get("latest_version"):
                    name = f"{model['name']}_v{older['v']}"
                    told = json.dumps([_described(model), older], default=str)
                    found[name] = Fingerprint(older["v"], _digest(name, told, sources, seeds))
    return found


def recorded(root: Path = PROJECT_ROOT) -> dict[str, Fingerprint]:
    """The fingerprints that were recorded last."""
    path = root / RECORD
    held = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    return {name: Fingerprint(**value) for name, value in held.items()}


def problems(root: Path = PROJECT_ROOT) -> list[str]:
    """What is wrong, each with what to do."""
    now, before = current(root), recorded(root)
    changelog = (root / "CHANGELOG.md").read_text(encoding="utf-8")
    told = [f"{name} is gone: run `{COMMAND} record`" for name in sorted(set(before) - set(now))]
    for name, found in now.items():
        held = before.get(name)
        if held is None:
            told.append(f"{name} is new: name it in CHANGELOG.md and run `{COMMAND} record`")
        elif found.semantic_version < held.semantic_version:
            told.append(f"{name}: semantic_version went from {held.semantic_version} back to {found.semantic_version}")
        elif found.semantic_version == held.semantic_version and found.sha256 != held.sha256:
            told.append(
                f"{name}: its logic, seeds or description changed and its version did not. Raise semantic_version in "
                f"its YAML, say in CHANGELOG.md what `{name}` version {found.semantic_version + 1} means, and run "
                f"`{COMMAND} record`. If it means what it meant: `{COMMAND} record --same-meaning 'why'`"
            )
        elif found.sha256 != held.sha256:
            told.append(f"{name}: version {found.semantic_version} is not recorded: run `{COMMAND} record`")
        if found.semantic_version > 1 and not _is_told(name, found.semantic_version, changelog):
            told.append(f"{name}: CHANGELOG.md has no line with `{name}` and 'version {found.semantic_version}'")
    return told


def record(root: Path = PROJECT_ROOT, same_meaning: str = "") -> list[str]:
    """Record what changed; refuses a change under an old version unless it is said why the meaning is the same."""
    now, before = current(root), recorded(root)
    changed = [name for name, found in now.items() if name not in before or found.sha256 != before[name].sha256]
    silent = [n for n in changed if n in before and now[n].semantic_version <= before[n].semantic_version]
    if silent and not same_meaning:
        raise Refused(
            f"changed under the version they had: {', '.join(silent)}. Raise semantic_version in their YAML, or say "
            "with --same-meaning why they mean what they meant"
        )
    kept = {name: before[name] for name in now if name not in changed}
    new = {n: Fingerprint(now[n].semantic_version, now[n].sha256, same_meaning if n in silent else "") for n in changed}
    held = {name: asdict(found) for name, found in sorted({**kept, **new}.items())}
    (root / RECORD).write_text(json.dumps(held, indent=1) + "\n", encoding="utf-8")
    return changed


def _digest(mart: str, described: str, sources: Mapping[str, Path], seeds: Mapping[str, Path]) -> str:
    parts = [described]
    for name in sorted(_behind(mart, sources, seeds)):
        text = (sources.get(name) or seeds[name]).read_text(encoding="utf-8")
        parts.append(_logic(text) if name in sources else text)
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def _behind(mart: str, sources: Mapping[str, Path], seeds: Mapping[str, Path]) -> set[str]:
    """The mart, the models behind it as far as the next mart, and their seeds; an older version reaches its latest."""
    found, waiting = {mart}, [mart]
    latest = re.sub(r"_v\d+$", "", mart)
    while waiting:
        for name in re.findall(r"[\"'](\w+)[\"']", sources[waiting.pop()].read_text(encoding="utf-8")):
            if name in found or (name != latest and "marts" in sources.get(name, Path()).parts):
                continue
            if name in sources or name in seeds:
                found.add(name)
            if name in sources:
                waiting.append(name)
    return found


def _described(model: Mapping[str, Any]) -> str:
    columns = [[one["name"], one.get("data_type"), one.get("description")] for one in model.get("columns", [])]
    return json.dumps([model["name"], model.get("description"), columns])


def _logic(sql: str) -> str:
    """Without comments and lay-out."""
    return " ".join(re.sub(r"--[^\n]*|{#.*?#}", "", sql, flags=re.DOTALL).split())


def _is_told(name: str, version: int, changelog: str) -> bool:
    return any(f"`{name}`" in line and f"version {version}" in line for line in changelog.splitlines())


def main(arguments: Sequence[str] | None = None) -> int:
    """The command: `check` tells what is wrong, `record` records what changed."""
    parser = argparse.ArgumentParser(prog=COMMAND, description=__doc__)
    parser.add_argument("action", choices=["check", "record"])
    parser.add_argument("--same-meaning", default="", metavar="WHY", help="why what changed means what it meant")
    options = parser.parse_args(arguments)
    try:
        if options.action == "record":
            print("\n".join(f"recorded {name}" for name in record(same_meaning=options.same_meaning)) or "no change")
        elif told := problems():
            raise Refused("\n".join(told))
    except TieoutError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
