"""docs/cli.md names every command with every option and argument, and nothing that is not there."""

import re
from typing import Any

import typer

from orchestration.cli.app import app
from orchestration.home import PROJECT_ROOT
from orchestration.settings import Settings

DOCS = (PROJECT_ROOT / "docs" / "cli.md").read_text(encoding="utf-8")
EVERYWHERE = {"--json", "--help"}


def commands(group: Any = None, prefix: str = "") -> dict[str, Any]:
    """Full name → command, groups opened."""
    found = {}
    for name, command in (group or typer.main.get_command(app)).commands.items():
        if hasattr(command, "commands"):
            found.update(commands(command, f"{prefix}{name} "))
        else:
            found[prefix + name] = command
    return found


def sections() -> dict[str, str]:
    parts = re.split(r"^## (.+)$", DOCS, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def options(command: Any) -> set[str]:
    return {name for parameter in command.params for name in parameter.opts if name.startswith("--")}


def test_every_command_has_its_section() -> None:
    assert set(sections()) == set(commands())
    assert len(commands()) == 35


def test_every_option_and_argument_is_in_its_section_and_no_other() -> None:
    for name, command in commands().items():
        text = sections()[name]
        assert set(re.findall(r"--[a-z][a-z-]*", text)) == options(command) - EVERYWHERE, name
        for parameter in command.params:
            if parameter.param_type_name == "argument":
                assert (parameter.metavar or parameter.name.upper()) in text, name


def test_every_command_takes_json_and_says_what_it_does() -> None:
    for name, command in commands().items():
        assert "--json" in options(command), name
        assert command.help, name
        assert all(parameter.help for parameter in command.params), name


def test_every_variable_is_named(monkeypatch: Any) -> None:
    asked: set[str] = set()

    class Environment(dict[str, str]):
        def get(self, name: str, default: Any = None) -> Any:
            asked.add(name)
            return default

    monkeypatch.setattr("orchestration.settings.os.environ", Environment())
    Settings.from_environment()
    assert {*asked, "TIEOUT_HOME", "TIEOUT_UI_PORT"} == set(re.findall(r"^\| `(TIEOUT_\w+)`", DOCS, flags=re.MULTILINE))
