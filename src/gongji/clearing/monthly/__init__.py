"""Clearing by the month: what one region owes another, and what an agency owes its institutions, out of the books."""
