"""What a run of `make proof` showed, as the Markdown table that docs/proofs.md quotes: `… proof_summary FILE.xml`."""

import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path


def summary(report: str) -> str:
    """A row per test of a JUnit report: its name, how it ended, what it counted, and its seconds."""
    rows = ["| proof | ended | what it counted | seconds |", "|---|---|---|---|"]
    for case in ElementTree.fromstring(report).iter("testcase"):
        ended = next((child.tag for child in case if child.tag in ("failure", "error", "skipped")), "passed")
        counted = ", ".join(f"{one.get('name')}: {one.get('value')}" for one in case.iter("property"))
        rows.append(f"| `{case.get('name')}` | {ended} | {counted} | {float(case.get('time') or 0):.0f} |")
    assert len(rows) > 2, "no proof was run"
    return "\n".join(rows)


if __name__ == "__main__":
    print(summary(Path(sys.argv[1]).read_text()))
