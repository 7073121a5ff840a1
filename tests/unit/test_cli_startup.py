"""The command line starts fast: what a question does not need is not imported for it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = ("dbt", "dagster", "great_expectations", "pandas", "pyarrow", "numpy", "jsonschema", "currency_converter")
SCRIPT = """
import json, os, sys
sys.argv = ["tieout", *json.loads(sys.argv[1])]
from orchestration.cli import main
try:
    main()
except SystemExit as ended:
    code = ended.code
names = {name.split(".")[0] for name in sys.modules}
sys.stderr.write(json.dumps({"code": code, "modules": sorted(names)}))
"""


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["--help"], 0),
        (["query", "--help"], 0),
        (["status", "--json"], 0),
        (["releases"], 0),
        (["query", "select 1"], 1),
        (["close", "2026-9"], 2),
    ],
)
def test_a_question_imports_nothing_heavy(tmp_path: Path, arguments: list[str], code: int) -> None:
    command = [sys.executable, "-c", SCRIPT, json.dumps(arguments)]
    done = subprocess.run(command, env={"TIEOUT_HOME": str(tmp_path)}, capture_output=True, text=True, check=True)
    told = json.loads(done.stderr.splitlines()[-1])
    assert told["code"] == code
    assert [name for name in HEAVY if name in told["modules"]] == []
    assert "orchestration" in told["modules"]
