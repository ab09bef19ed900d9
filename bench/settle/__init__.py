"""Settlements a second, against what the same PostgreSQL does by itself."""
