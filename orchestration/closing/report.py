"""The report of a close as one page that needs nothing else: to be read, printed and kept; it computes nothing."""

from collections import Counter
from collections.abc import Iterable, Sequence
from html import escape
from typing import Any

STYLE = """
body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:64rem;padding:0 1rem;color:#1b1f24;background:#fff}
h1{font-size:1.6rem;margin:0}h2{font-size:1.1rem;margin:2rem 0 .5rem;border-bottom:1px solid #d5dae0}
table{border-collapse:collapse;width:100%;font-size:.85rem}th,td{text-align:left;padding:.25rem .5rem;
border-bottom:1px solid #e6e9ed;vertical-align:top}td.n{text-align:right;font-variant-numeric:tabular-nums}
code{font-size:.85em;word-break:break-all}.failed{color:#a40e26;font-weight:600}.waived{color:#8a5a00}
.passed{color:#116329}p.note{color:#57606a;font-size:.85rem}
@media print{body{margin:0;max-width:none}h2{break-after:avoid}}
"""
NUMBERS = {
    *(
        "rows",
        "opening",
        "new",
        "cleared",
        "adjusted",
        "closing",
        "difference",
        "left_amount",
        "right_amount",
        "amount",
        "partitions",
    ),
    *("original_amount", "new_amount", "delta_amount", "explained_amount", "total", "age_days", "line_count"),
}
BREAK_COLUMNS = (
    *("break_id", "leg", "break_class", "left_amount", "right_amount", "difference", "currency", "owner"),
    *("first_seen", "age_days", "status", "note", "explained_amount", "explained_as"),
)
ADJUSTMENT_COLUMNS = (
    *("original_period", "line_type", "line_key", "currency", "original_amount", "new_amount", "delta_amount"),
    *("reason", "causing_event_id"),
)


def page(
    manifest: dict[str, Any],
    breaks: Sequence[dict[str, Any]],
    waterfall: Sequence[dict[str, Any]],
    adjustments: Sequence[dict[str, Any]],
) -> str:
    """The HTML of a close. `manifest`: that of the package, without its files."""
    title = f"{manifest['entity']['title']}: close of {manifest['period']['name']}, version {manifest['version']}"
    totals = [
        {"figure": f"{name}: {key}", "total": total}
        for name, table in manifest["tables"].items()
        for key, total in table["totals"].items()
    ]
    files = [
        {"table": name, "rows": table["rows"], "sha256": table["sha256"]} for name, table in manifest["tables"].items()
    ]
    parts = [
        f"<h1>{escape(title)}</h1>",
        f'<p class="note">{escape(_subtitle(manifest))}</p>',
        f"<p>{escape(_status(manifest, breaks, adjustments))}</p>",
        _section("Gates", _table(_grouped(manifest["gates"]), ("gate", "verdict", "partitions", "what", "owner"))),
        _section("Control totals", _table(totals, ("figure", "total"))),
        _section(
            "Roll-forward of breaks",
            _table(manifest["roll_forward"], ("leg", "currency", "opening", "new", "cleared", "adjusted", "closing")),
        ),
        _section("Breaks", _table(breaks, BREAK_COLUMNS)),
        _section("Price waterfall", _table(waterfall, ("currency", "step", "amount", "line_count"))),
        _section("Adjustments of closed periods, booked here", _table(adjustments, ADJUSTMENT_COLUMNS)),
        _section("Waivers that it rests on", _table(manifest["waivers"], ("what", "reason", "approver", "expires"))),
        _section("Known through", _table(manifest["freshness"], ("source_system", "current_through", "event_count"))),
        _section("Frozen tables", _table(files, ("table", "rows", "sha256"))),
        _section(
            "Made with", _table([{"what": k, "which": v} for k, v in manifest["made_with"].items()], ("what", "which"))
        ),
        _section("Sign-off", _signoff(manifest)),
        _section("How to verify", _how(manifest)),
    ]
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>{escape(title)}</title><style>{STYLE}</style></head><body>\n" + "\n".join(parts) + "\n</body></html>\n"
    )


def _status(manifest: dict[str, Any], breaks: Sequence[dict[str, Any]], adjustments: Sequence[dict[str, Any]]) -> str:
    """The close in a sentence or two."""
    gates = _grouped(manifest["gates"])
    waived = sum(gate["verdict"] == "waived" for gate in gates)
    carried = Counter(one["status"] for one in breaks)
    told = ", ".join(f"{count} {status}" for status, count in sorted(carried.items())) or "none"
    return (
        f"Closed: all {len(gates)} gates hold, {waived} of them by a waiver. Breaks that are carried forward: {told}. "
        f"Adjustments of earlier periods that are booked here: {len(adjustments)}."
    )


def _grouped(gates: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """A row per gate with what it looked at, and below it one per partition that holds by a waiver alone."""
    rows: list[dict[str, Any]] = []
    for name in dict.fromkeys(gate["gate"] for gate in gates):
        mine = [gate for gate in gates if gate["gate"] == name]
        waived = [gate for gate in mine if gate["verdict"] == "waived"]
        verdict = "waived" if waived else "passed"
        told = mine[0]["message"] if len(mine) == 1 else ", ".join(gate["partition"] for gate in mine)
        owner = ", ".join(dict.fromkeys(gate["owner"] for gate in mine))
        rows.append({"gate": name, "verdict": verdict, "partitions": len(mine), "what": told, "owner": owner})
        rows += [{"verdict": "waived", "what": f"{gate['partition']}: {gate['message']}"} for gate in waived]
    return rows


def _subtitle(manifest: dict[str, Any]) -> str:
    period, known = manifest["period"], manifest["knowledge"]
    release = manifest["release"]
    return (
        f"From {period['start']} up to {period['end']} UTC (cutoff in {manifest['entity']['time_zone']}). Known: lake "
        f"batch {known['lake_high_water']}, as of {known['as_of']} UTC. Release {release['release_id']}, data version "
        f"{release['data_version'][:16]}…. Previous close: {manifest['previous_package'][:16] or 'none'}."
    )


def _section(title: str, content: str) -> str:
    return f"<h2>{escape(title)}</h2>\n{content}"


def _table(rows: Iterable[dict[str, Any]], columns: Sequence[str]) -> str:
    listed = list(rows)
    if not listed:
        return '<p class="note">None.</p>'
    head = "".join(f"<th>{escape(column.replace('_', ' '))}</th>" for column in columns)
    body = "\n".join("<tr>" + "".join(_cell(column, row.get(column)) for column in columns) + "</tr>" for row in listed)
    return f"<table><thead><tr>{head}</tr></thead><tbody>\n{body}\n</tbody></table>"


def _cell(column: str, value: Any) -> str:
    text = "" if value is None else escape(str(value))
    if column in ("verdict", "status"):
        return f'<td class="{text}">{text}</td>'
    if column in ("sha256", "line_key", "causing_event_id", "break_id"):
        return f"<td><code>{text}</code></td>"
    return f'<td class="n">{text}</td>' if column in NUMBERS else f"<td>{text}</td>"


def _signoff(manifest: dict[str, Any]) -> str:
    return (
        f"<p>Closed by {escape(manifest['closed_by'])}. A preparer and an approver, two people of "
        "<code>signers.yml</code> in this package, sign its hash; their signatures lie beside it "
        "and are void as soon as one byte of it changes.</p>"
    )


def _how(manifest: dict[str, Any]) -> str:
    return (
        "<p><code>tieout verify --evidence FOLDER</code> checks this package from itself alone: the hash of "
        "<code>manifest.json</code> is the folder's name, it names the SHA-256 of every file, the piece of the ledger "
        f"chains up to record {manifest['ledger']['seq']}, and each signature is over the hash. Any tool that computes "
        "SHA-256 and Ed25519 does the same.</p>"
    )
