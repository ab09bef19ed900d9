"""Floor 2: what the funds pay for a bill, and why. Pure: a rule, a bill and counters in, an assessment out."""
