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
MACRO = re.compile(r"({%-?\s*macro (\w+)\(.*?{%-?\s*endmacro\s*-?%})", re.DOTALL)


@dataclass(frozen=True)
class Fingerprint:
    """What a mart meant when its version was recorded; `reason` says why another text meant the same."""

    semantic_version: int
    sha256: str
    reason: str = ""


def current(root: Path = PROJECT_ROOT) -> dict[str, Fingerprint]:
    """The fingerprint of every mart and read model as it is: SQL, macros and models behind it, description."""
    project = _Project.of(root)
    found = {}
    folders = (root / "models" / layer for layer in ("marts", "operations"))
    for path in sorted(path for folder in folders for path in folder.rglob("*.yml")):
        for model in yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader).get("models", []):
            version = model["config"]["meta"]["semantic_version"]
            found[model["name"]] = Fingerprint(version, _digest(model["name"], _described(model), project))
            for older in model.get("versions", []):
                if older["v"] != model.get("latest_version"):
                    name = f"{model['name']}_v{older['v']}"
                    told = json.dumps([_described(model), older], default=str)
                    found[name] = Fingerprint(older["v"], _digest(name, told, project))
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


@dataclass(frozen=True)
class _Project:
    """What gives a mart its meaning: text by name. `marts` are the models at which the next mart's meaning begins."""

    models: Mapping[str, str]
    marts: frozenset[str]
    seeds: Mapping[str, str]
    macros: Mapping[str, str]

    @classmethod
    def of(cls, root: Path) -> "_Project":
        paths = list((root / "models").rglob("*.sql"))
        macros = "\n".join(_text(path) for path in sorted((root / "macros").rglob("*.sql")))
        return cls(
            models={path.stem: _text(path) for path in paths},
            marts=frozenset(path.stem for path in paths if "marts" in path.parts),
            seeds={path.stem: _text(path) for path in (root / "seeds").glob("*.csv")},
            macros={name: text for text, name in MACRO.findall(macros)},
        )


def _digest(mart: str, described: str, project: _Project) -> str:
    code = {**project.models, **project.macros}
    parts = [_logic(code[name]) if name in code else project.seeds[name] for name in _behind(mart, project)]
    return hashlib.sha256("\0".join([described, *parts]).encode()).hexdigest()


def _behind(mart: str, project: _Project) -> list[str]:
    """The mart, the macros that it calls, the models behind it as far as the next mart, and their seeds.

    An older version reaches its latest. A macro counts with what it is on each engine.
    """
    found, waiting = {mart}, [mart]
    latest = re.sub(r"_v\d+$", "", mart)
    code = {**project.models, **project.macros}
    while waiting:
        text = code[waiting.pop()]
        quoted = re.findall(r"[\"'](\w+)[\"']", text)
        named = {name for name in quoted if name == latest or name not in project.marts}
        called = {engine + name for name in re.findall(r"\b(\w+)\(", text) for engine in ("", "duckdb__", "spark__")}
        new = (named & {*project.models, *project.seeds} | called & set(project.macros)) - found
        found |= new
        waiting += [name for name in new if name in code]
    return sorted(found)


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


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
