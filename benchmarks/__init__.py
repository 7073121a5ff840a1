"""Measurements: each side in a process of its own, CPU seconds and peak memory; see docs/benchmarks.md."""
