"""Commands of the period close: close, reopen, sign, breaks, evidence."""

from datetime import UTC, datetime
from getpass import getuser
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from orchestration.cli.output import AsJson, emit, plural, progress, table
from orchestration.errors import Unusable
from orchestration.home import Home

if TYPE_CHECKING:
    from orchestration.closing.breaks import Break
    from orchestration.closing.close import CloseResult
    from orchestration.closing.gates import GateResult

PeriodName = Annotated[str, typer.Argument(metavar="PERIOD", help="The period, such as 2026-09 (2026-P09 in 4-4-5).")]
EntityName = Annotated[str, typer.Option("--entity", help="Who closes: an entity of seeds/close_entity.csv.")]
By = Annotated[str, typer.Option("--by", help="The person who does this.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("close")(close)
    app.command("reopen")(reopen)
    app.command("sign")(sign)
    breaks = typer.Typer(help="What does not tie, since when, and who owns it.", no_args_is_help=True)
    breaks.command("list")(breaks_list)
    breaks.command("explain")(breaks_explain)
    app.add_typer(breaks, name="breaks")
    evidence = typer.Typer(help="The evidence packages of the closes.", no_args_is_help=True)
    evidence.command("list")(evidence_list)
    evidence.command("key")(evidence_key)
    evidence.command("delete")(evidence_delete)
    app.add_typer(evidence, name="evidence")


def close(
    period: PeriodName,
    by: Annotated[str, typer.Option("--by", help="The person who closes; the user of this computer without it.")] = "",
    entity: EntityName = "group",
    soft: Annotated[
        bool, typer.Option("--soft", help="Look at the gates and record that the close is prepared.")
    ] = False,
    verify: Annotated[
        bool, typer.Option("--verify", help="Build the closed period anew from the lake and compare every byte.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Close a period: look at every gate, freeze its figures, and seal the evidence."""
    from orchestration.closing.close import close as run
    from orchestration.closing.verification import verify_close

    home = Home.from_environment()
    if verify:
        told = verify_close(home, period, entity=entity, progress=progress())
        text = "\n".join(told) or f"{period} of {entity} is byte for byte what was closed."
        emit(as_json, {"entity": entity, "period": period, "differences": told}, text)
        if told:
            raise typer.Exit(1)
        return
    result = run(home, period, by=by or getuser(), entity=entity, soft=soft, progress=progress())
    emit(as_json, close_json(result), close_text(home, result))
    if result.state != "closed" and not (soft and not result.failed):
        raise typer.Exit(1)


def reopen(
    period: PeriodName,
    reason: Annotated[str, typer.Option("--reason", help="Why it is opened again.")],
    approver: Annotated[str, typer.Option("--approver", help="Who allows it.")],
    entity: EntityName = "group",
    as_json: AsJson = False,
) -> None:
    """Open the last closed period again; its package stays beside the one that the next close makes."""
    from orchestration.closing.close import reopen as run

    run(Home.from_environment(), period, reason=reason, approver=approver, entity=entity)
    emit(as_json, {"entity": entity, "period": period, "state": "reopened"}, f"{period} of {entity} is open again.")


def sign(
    period: PeriodName,
    role: Annotated[str, typer.Option("--as", help="preparer or approver.")],
    by: By,
    key: Annotated[Path | None, typer.Option("--key", help="Ed25519 key (PEM); made where it is missing.")] = None,
    entity: EntityName = "group",
    as_json: AsJson = False,
) -> None:
    """Sign the package of a closed period; preparer and approver are two people of signers.yml with two keys."""
    from orchestration.closing.signoff import sign_close

    made, file = sign_close(Home.from_environment(), period, role, by=by, key=key, entity=entity)
    value = {"package": made.package, "role": made.role, "signer": made.signer, "signed_at": made.signed_at}
    emit(as_json, value, f"{made.signer} signed {made.package[:16]}… as {made.role}, with the key {file}.")


def breaks_list(
    status: Annotated[str | None, typer.Option(help="open, explained, waived or cleared.")] = None,
    leg: Annotated[str | None, typer.Option(help="quote_order, order_billing, order_asset or asset_billing.")] = None,
    as_json: AsJson = False,
) -> None:
    """List the breaks that the ledger knows: what stood at the last audit, and what has cleared."""
    from orchestration.closing.breaks import recorded

    found = [
        one
        for one in recorded(Home.from_environment(), datetime.now(UTC).date())
        if status in (None, one.status) and leg in (None, one.leg)
    ]
    emit(as_json, [one.as_json() for one in found], breaks_text(found))


def breaks_explain(
    names: Annotated[list[str], typer.Argument(metavar="BREAK...", help="Ids of breaks, or classes of them.")],
    reason: Annotated[str, typer.Option("--reason", help="Why they are there, and why they will go.")],
    by: By,
    as_json: AsJson = False,
) -> None:
    """Explain open breaks: they no longer stand against the close, and stay listed with the reason."""
    from orchestration.closing.breaks import explain

    done = explain(Home.from_environment(), names, reason=reason, by=by)
    emit(as_json, {"explained": done}, f"Explained {plural(len(done), 'break')}.")


def evidence_list(as_json: AsJson = False) -> None:
    """List the packages with their periods, signatures and how long they are kept."""
    from orchestration.closing import evidence
    from orchestration.closing.signoff import sign_offs

    home = Home.from_environment()
    rows = [
        {
            "package": one.package,
            "entity": one.entity,
            "period": one.period,
            "version": one.version,
            "signed": one.signed,
            "void": list(one.void),
            "kept_until": evidence.read(home.evidence / one.package)["retention"]["until"],
            "report": str(home.evidence / one.package / "report.html"),
        }
        for one in sign_offs(home)
    ]
    text = table(
        ["period", "entity", "version", "package", "preparer", "approver", "kept until", "void"],
        [
            [
                *(r["period"], r["entity"], r["version"], str(r["package"])[:16], *_signers(r["signed"])),
                *(r["kept_until"], "; ".join(r["void"])),
            ]
            for r in rows
        ],
    )
    emit(as_json, rows, text)


def evidence_key(
    by: By,
    role: Annotated[str, typer.Option("--as", help="preparer or approver.")],
    key: Annotated[Path | None, typer.Option("--key", help="Ed25519 key (PEM); made where it is missing.")] = None,
    as_json: AsJson = False,
) -> None:
    """Make a person's key where there is none, and say the entry of signers.yml that lets it sign."""
    from orchestration.closing import signing
    from orchestration.closing.signers import ROLES, entry_of
    from orchestration.closing.signoff import key_file

    if role not in ROLES:
        raise Unusable(f"--as {role} is unknown: choose preparer or approver")
    file = key or key_file(Home.from_environment(), by)
    public = signing.public_key(file)
    entry = entry_of(by.strip(), role, public, datetime.now(UTC).date())
    emit(
        as_json,
        {"key": str(file), "public_key": public, "entry": entry},
        f"{file}: add to signers.yml, in review:\n{entry}",
    )


def evidence_delete(
    package: Annotated[str, typer.Argument(metavar="PACKAGE", help="Hash of a package, or its beginning.")],
    as_json: AsJson = False,
) -> None:
    """Delete a package whose retention has ended; before that day it is refused."""
    from orchestration.closing.evidence import delete

    delete(Home.from_environment(), package)
    emit(as_json, {"deleted": package}, f"Deleted {package}.")


def close_json(result: "CloseResult") -> dict[str, Any]:
    """A close as JSON (docs/cli.md)."""
    return {
        "entity": result.entity,
        "period": result.period,
        "state": result.state,
        "version": result.version,
        "package": result.package or None,
        "is_new": result.is_new,
        "gates": [gate.as_json() for gate in result.gates],
        "breaks": [one.as_json() for one in result.breaks],
        "roll_forward": [roll.as_json() for roll in result.roll_forward],
    }


def close_text(home: Home, result: "CloseResult") -> str:
    """A close for a person: what the gates say, then what is to be done."""
    lines = [gates_text(result.gates)]
    if result.roll_forward:
        rolls = [list(roll.as_json().values()) for roll in result.roll_forward]
        lines.append(table(["leg", "currency", "opening", "new", "cleared", "adjusted", "closing"], rolls))
    if result.state == "closed":
        told = "Closed" if result.is_new else "Was closed already:"
        lines.append(f"{told} {result.period} of {result.entity}, version {result.version}.")
        lines.append(f"Report: {home.evidence / result.package / 'report.html'}")
        lines.append(_next_signature(home, result))
    else:
        lines += [f"{gate.gate} at {gate.partition}: {gate.next_step}" for gate in result.failed if gate.next_step]
        lines.append(f"{result.period} of {result.entity} is {result.state.replace('_', ' ')}: not closed.")
    return "\n".join(lines)


def _next_signature(home: Home, result: "CloseResult") -> str:
    """Who is to sign next, or that nobody can: a close is signed by who was in signers.yml when it was made."""
    from orchestration.closing.signers import ROLES
    from orchestration.closing.signing import signers_of

    people = signers_of(home.evidence / result.package)
    short = [role for role in ROLES if not people.may(role, datetime.now(UTC).date())]
    if short:
        return (
            f"Nobody can sign it as {' or '.join(short)}: signers.yml named nobody. Add them (`tieout evidence key` "
            f"makes a key and says the entry), then `tieout reopen {result.period}` and close it again."
        )
    return f"Next: `tieout sign {result.period} --as preparer --by NAME`, then the approver."


def gates_text(found: "tuple[GateResult, ...]") -> str:
    """A line per gate, and one per partition that did not pass."""
    rows: list[list[object]] = []
    for name in dict.fromkeys(gate.gate for gate in found):
        mine = [gate for gate in found if gate.gate == name]
        wrong = [gate for gate in mine if gate.verdict != "passed"]
        if not wrong:
            rows.append([name, "passed", f"{plural(len(mine), 'partition')}", "", mine[0].message])
        rows += [[name, gate.verdict, gate.partition, gate.amount, gate.message] for gate in wrong]
    return table(["gate", "verdict", "partition", "amount", "what"], rows)


def breaks_text(found: "list[Break]") -> str:
    """Breaks for a person."""
    columns = ["break", "leg", "class", "key", "difference", "currency", "owner", "age", "status", "note"]
    rows = [
        [
            b.break_id,
            b.leg,
            b.break_class,
            b.key,
            b.difference,
            b.currency,
            b.owner,
            f"{b.age_days} d",
            b.status,
            "; ".join(told for told in (b.note, b.lapsed) if told),
        ]
        for b in found
    ]
    return f"{table(columns, rows)}\n{plural(len(found), 'break')}"


def _signers(signed: Any) -> list[str]:
    return [signed.get("preparer", ""), signed.get("approver", "")]
