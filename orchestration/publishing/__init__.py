"""Releases: what readers read, and the gate before it."""
