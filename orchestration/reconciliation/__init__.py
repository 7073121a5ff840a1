"""Auditing the marts against their sources, and the ledger that keeps the verdicts."""
