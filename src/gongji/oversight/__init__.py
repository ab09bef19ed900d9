"""Watching over the use of shared money: disputed lines, freezes, what alerts find, and who looked at whose data."""
