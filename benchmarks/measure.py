"""Running one side in a process of its own and taking what it used; not what the sides do."""

import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from orchestration.home import PROJECT_ROOT

CLI = "import sys; from orchestration.cli import main; sys.exit(main())"


@dataclass(frozen=True)
class Used:
    """CPU seconds (user and system) of a process and its children, and the largest memory (MiB) that it had."""

    cpu_seconds: float
    memory_mib: int

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def python(code: str, *arguments: str, environment: Mapping[str, str] | None = None) -> Used:
    """Run Python code with these arguments. Raises SystemExit with its last words when it fails."""
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(
            [sys.executable, "-c", code, *arguments],
            stdout=said,
            stderr=subprocess.STDOUT,
            cwd=PROJECT_ROOT,
            env={**os.environ, **(environment or {})},
        )
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            said.seek(0)
            told = said.read().decode(errors="replace")[-3000:]
            raise SystemExit(f"a side ended with {process.returncode}: {' '.join(arguments)}\n{told}")
    return Used(round(usage.ru_utime + usage.ru_stime, 2), usage.ru_maxrss // 1024)


def tieout(home: Path, *arguments: str) -> Used:
    """Run a command of Tieout over this home."""
    return python(CLI, *arguments, environment={"TIEOUT_HOME": str(home)})


def machine() -> dict[str, Any]:
    """What the figures depend on besides the code; nothing that names the machine."""
    from importlib.metadata import version

    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "cores": os.cpu_count(),
        "memory_gib": round(memory / 2**30),
        "python": platform.python_version(),
        "duckdb": version("duckdb"),
        "dbt": version("dbt-core"),
    }


def write(path: Path, results: Mapping[str, Any]) -> None:
    """Keep results as JSON."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
