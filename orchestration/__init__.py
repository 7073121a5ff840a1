"""Tieout's own code: landing, warehouse builds, reconciliation, publishing; Dagster and the command line on top."""
