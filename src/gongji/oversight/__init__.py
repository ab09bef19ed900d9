"""Watching over the use of shared money: lines that a citizen disputes, and who looked at whose data."""
