"""Clearing: an institution's books held against ours, in total and settlement by settlement; what differs is kept."""
