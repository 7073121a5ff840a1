"""Auditing the marts against their sources, and the ledger that keeps the verdicts."""

from orchestration.reconciliation.audit import reconcile
from orchestration.reconciliation.suites import expected_checks

__all__ = ["expected_checks", "reconcile"]
