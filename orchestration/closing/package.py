"""Puts the package of a close together: frozen figures, results, ledger, report; not whether the period may close."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orchestration.closing import evidence, states
from orchestration.closing.freeze import freeze, freeze_results
from orchestration.closing.gates import Case, GateResult
from orchestration.closing.manifest import manifest_of
from orchestration.closing.report import page
from orchestration.closing.roll_forward import RollForward
from orchestration.closing.signers import Signers
from orchestration.closing.signing import SIGNERS_FILE
from orchestration.home import Home
from orchestration.publishing import store
from orchestration.reconciliation import ledger

if TYPE_CHECKING:
    import duckdb

Checkpoint = Callable[[str], None]


def write_package(
    home: Home,
    connection: "duckdb.DuckDBPyConnection",
    case: Case,
    release: store.Release,
    results: Sequence[GateResult],
    rolls: Sequence[RollForward],
    version: int,
    by: str,
    people: Signers,
    checkpoint: Checkpoint,
) -> Path:
    """Freeze the figures of a case, write what was checked and said beside them, and seal all of it; its folder."""
    part = evidence.temporary(home)
    frozen = freeze(connection, part, case.entity, case.period, version)
    checkpoint("frozen")
    frozen += freeze_results(part, case.checks, results, case.breaks, rolls)
    previous = [one for one in states.closed(home, case.entity.name) if one.period < case.period.name]
    excerpt = _excerpt(home, previous[-1].seq if previous else 0)
    (part / evidence.LEDGER).write_text("".join(ledger.canonical(vars(one)) + "\n" for one in excerpt))
    told_breaks = [one.as_json() for one in case.breaks]
    _write_json(part / "breaks.json", told_breaks)
    _write_json(part / "checks.json", list(case.checks))
    (part / "waivers.yml").write_text(case.waivers.text or "waivers: []\n", encoding="utf-8")
    (part / SIGNERS_FILE).write_text(people.text or "signers: []\n", encoding="utf-8")
    manifest = manifest_of(case, release, results, rolls, frozen, version, by)
    manifest["previous_package"] = previous[-1].package if previous else ""
    manifest["ledger"] = {"seq": excerpt[-1].seq, "hash": excerpt[-1].hash, "from_seq": excerpt[0].seq}
    _write_json(part / "close.json", manifest)
    waterfall = _objects(
        connection,
        "select currency, step, sum(amount) as amount, sum(line_count) as line_count, min(step_number) as place"
        f" from read_parquet('{part}/mart_price_waterfall_monthly.parquet')"
        " group by currency, step order by currency, place",
    )
    adjustments = _objects(connection, f"from read_parquet('{part}/adjustment.parquet') order by all")
    (part / "report.html").write_text(page(manifest, told_breaks, waterfall, adjustments), encoding="utf-8")
    checkpoint("reported")
    return evidence.seal(home, part, manifest)


def _excerpt(home: Home, after: int) -> list[ledger.Record]:
    return [record for record in ledger.read(home) if record.seq > after]


def _objects(connection: "duckdb.DuckDBPyConnection", sql: str) -> list[dict[str, Any]]:
    found = connection.execute(sql)
    names = [column[0] for column in found.description or []]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def _write_json(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False) + "\n", encoding="utf-8")
