"""Papers for people: receipts and statements as PDF, with a code by which anybody can verify their sums."""
