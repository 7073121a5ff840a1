"""Tieout's own code: landing, warehouse builds, reconciliation, publishing; Dagster definitions and the command line on top."""
