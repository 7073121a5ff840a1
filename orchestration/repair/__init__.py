"""Comparing the money of the marts with the lake by account and month, and mending what differs; not the audit."""
