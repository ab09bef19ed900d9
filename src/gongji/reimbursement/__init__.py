"""Manual reimbursement (手工报销, 零星报销): a bill that was paid in cash, claimed later, decided line by line and paid by bank."""
