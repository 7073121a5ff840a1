"""What an audit says: one result per check and partition, and the whole of one run."""

from collections import Counter
from dataclasses import asdict, dataclass
from typing import Any, Literal

from orchestration.reconciliation.suites import Kind, Severity

Verdict = Literal["passed", "failed", "waived", "unproven"]
VERDICTS: tuple[Verdict, ...] = ("passed", "failed", "waived", "unproven")


@dataclass(frozen=True)
class CheckResult:
    """One check over one partition; `left` and `right` are both sides as text, such as `count=22 amount=27861.8950`."""

    key: str
    partition: str
    kind: Kind
    severity: Severity
    verdict: Verdict
    left: str
    right: str
    message: str

    @property
    def blocking(self) -> bool:
        return self.verdict == "failed" and self.severity == "critical"

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class ReconcileResult:
    """One audit. `notes` tell what a reader should know besides: waivers that expired, were exceeded or not used."""

    run_id: str
    data_version: str
    checks: tuple[CheckResult, ...]
    notes: tuple[str, ...]

    @property
    def passed(self) -> bool:
        return not any(check.blocking for check in self.checks)

    @property
    def counts(self) -> dict[str, int]:
        """Results per verdict, every verdict named."""
        found = Counter(check.verdict for check in self.checks)
        return {verdict: found[verdict] for verdict in VERDICTS}

    def as_json(self) -> dict[str, Any]:
        return {
            "run_id": self.run_id,
            "data_version": self.data_version,
            "passed": self.passed,
            "counts": self.counts,
            "checks": [check.as_json() for check in self.checks],
            "notes": list(self.notes),
        }
